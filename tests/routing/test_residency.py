"""Checks that personal details reach only the answerers that a policy allows."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from router import Gateway
from router.errors import NotCapable, PolicyError
from router.types import ChatRequest, ContentPart, JsonText, Message, Reason
from tests.kits.upstreams.fake_upstream import FakeUpstream

POLICY = """
version: 1
name: clinic
privacy:
  residency:
    - {{kinds: [medical_record, name], only: [{only}], unread: true}}
tiers:
  - name: llm
    level: 2
    answerers:
      - name: abroad
        kind: upstream
        model: abroad
        base_urls: ["{url}"]
        capabilities: [images]
      - {{name: home, kind: upstream, model: home, base_urls: ["{url}"], capabilities: [images]}}
"""
LETTER = "Summarise the letter about Anneliese Wackernagel, MRN: 00483921."


@contextlib.asynccontextmanager
async def clinic(folder: Path, url: str, only: str = "home") -> AsyncIterator[Gateway]:
    path = folder / "clinic.yaml"
    path.write_text(POLICY.format(url=url, only=only))
    async with Gateway.from_policy(path, database=folder / "ledger.db", environ={}) as gateway:
        yield gateway


async def asked(tmp_path: Path, request: str | ChatRequest, only: str = "home") -> set[str]:
    """Returns the models that the upstream was asked for."""
    async with FakeUpstream() as fake, clinic(tmp_path, fake.url, only) as gateway:
        await gateway.acomplete(request)
        return {str(seen.fields["model"]) for seen in fake.seen}


async def test_details_go_only_where_they_may(tmp_path: Path) -> None:
    assert await asked(tmp_path, LETTER) == {"home"}


async def test_text_without_details_goes_anywhere(tmp_path: Path) -> None:
    assert await asked(tmp_path, "Summarise how tides work.") == {"abroad"}


async def test_image_counts_as_unread(tmp_path: Path) -> None:
    image = JsonText(
        '{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}'
    )
    message = Message("user", "What is this?", parts=(ContentPart("image_url", image),))
    assert await asked(tmp_path, ChatRequest((message,), "auto")) == {"home"}


async def test_decision_says_why_a_rung_was_passed_over(tmp_path: Path) -> None:
    async with FakeUpstream() as fake, clinic(tmp_path, fake.url) as gateway:
        rungs = gateway.route(LETTER).decision.rungs
        assert [rung.reasons[0] is Reason.RESIDENCY for rung in rungs] == [True, False]


@pytest.mark.parametrize("model", ["auto", "tier:llm"])
async def test_request_that_may_go_nowhere_is_refused(tmp_path: Path, model: str) -> None:
    request = ChatRequest((Message("user", LETTER),), model)
    async with FakeUpstream() as fake, clinic(tmp_path, fake.url, "") as gateway:
        with pytest.raises(NotCapable, match=r"privacy\.residency"):
            await gateway.acomplete(request)
        assert not fake.seen


async def test_rule_for_an_answerer_that_nobody_has_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "clinic.yaml"
    text = POLICY.format(url="http://127.0.0.1:9", only="hoem")
    path.write_text(text.replace("privacy:\n", "privacy:\n  pseudonyms: {trusted: [abraod]}\n"))
    with pytest.raises(PolicyError) as raised:
        Gateway.from_policy(path, database=tmp_path / "ledger.db", environ={})
    said = raised.value.message
    assert "did you mean `home`?" in said
    assert "did you mean `abroad`?" in said
    assert f"{path}:7: privacy.residency[0].only[0]" in said
