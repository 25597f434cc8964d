"""Checks what the guide for those who come from LiteLLM says of Tiergate."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import ROOT
from tests.kits.server_kit import ROUTINE, Served, Upstream, tiergate, write_policy

GUIDE = (ROOT / "docs" / "guides" / "coming-from.md").read_text("utf-8")
POLICY_KEYS = (ROOT / "docs" / "reference" / "policy.md").read_text("utf-8")
SETTINGS = GUIDE.partition("\n## LiteLLM's settings")[2].partition("\n### Keys of the body")[0]
REFUSED, LEFT_OUT = re.findall(
    r"^- (.+?)(?=\n-|\n\n)", GUIDE.partition("### Keys of the body")[2], re.M | re.S
)
VALUES = {
    "fallbacks": ["other"],
    "api_base": "http://127.0.0.1:9",
    "metadata": {"tags": ["a"]},
    "guardrails": ["a"],
    "tags": ["a"],
    "cache": {"no-cache": True},
    "litellm_metadata": {},
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("moved")
    with (
        Upstream(folder) as upstream,
        Served(folder, write_policy(folder, upstream.url)) as server,
    ):
        yield server


def keys_in(text: str) -> list[str]:
    """Returns the words in backticks that could be keys."""
    return re.findall(r"`([a-z_]+)(?:`|: )", text)


def test_settings_lead_to_keys_that_a_policy_has() -> None:
    rows = re.findall(r"^\| `?[^|]+ \| ([^|]+) \|$", SETTINGS, re.MULTILINE)
    named = {key for right in rows for key in keys_in(right)}
    assert len(named) > 20
    assert sorted(key for key in named if f"`{key}`" not in POLICY_KEYS) == []


def test_guide_says_which_settings_have_no_counterpart() -> None:
    none = re.findall(r"^\| (`[^|]+) \| None", SETTINGS, re.MULTILINE)
    assert {"`weight`", "`alerting`, `spend_report_frequency`"} <= set(none)


@pytest.mark.parametrize("key", [k for k in keys_in(REFUSED) if k not in ("metadata", "routing")])
def test_keys_that_the_guide_calls_refused_are_refused(served: Served, key: str) -> None:
    answer = served.post("/v1/chat/completions", {**ROUTINE, key: VALUES.get(key, "x")})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, key)


def test_tags_inside_metadata_are_refused(served: Served) -> None:
    body = {**ROUTINE, "metadata": VALUES["metadata"]}
    assert served.post("/v1/chat/completions", body).json()["error"]["param"] == "metadata.tags"


@pytest.mark.parametrize("key", keys_in(LEFT_OUT))
def test_keys_that_the_guide_calls_left_out_are_named(served: Served, key: str) -> None:
    answer = served.post("/v1/chat/completions", {**ROUTINE, key: VALUES.get(key, 1)})
    assert (answer.status_code, answer.headers["x-tiergate-dropped"]) == (200, key)


def test_path_without_v1_is_unknown(served: Served) -> None:
    answer = served.post("/chat/completions", ROUTINE)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_url")


@pytest.mark.process
def test_books_are_read_when_the_server_is_gone(tmp_path: Path) -> None:
    with Served(tmp_path, write_policy(tmp_path, "http://127.0.0.1:9")) as server:
        server.chat()
    exported = tmp_path / "spend.csv"
    for command in (
        ("ledger", "export", "--out", str(exported)),
        ("ledger", "verify"),
        ("report",),
    ):
        run = tiergate(*command, "--database", server.database)
        assert run.returncode == 0, run.stderr
    assert exported.read_text("utf-8").startswith("request_id,")
