"""A contract for $2M is decided by a strong upstream, and its dossier can be verified."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from router import Gateway
from router.analysis.dossier.dossier import (
    NO_PASSAGES,
    _cost_usd,
    dossier_faults,
    read_dossier,
)
from router.analysis.dossier.dossier_html import _afterwards, _sources, _told, dossier_page
from router.api.compose.books import Books
from router.cli.commands import app
from router.types import CostBasis, Outcome, Verdict
from router.wire.public_ids import decision_id
from tests import ROOT
from tests.kits.document_kit import Placed, kept, pdf_of
from tests.kits.thinking_kit import QUESTION
from tests.kits.upstreams.fake_upstream import FakeUpstream

PARTS = ("knowledge", "lookups", "answers", "deliberation", "terms")
CLI = CliRunner()


def enterprise_policy(folder: Path, url: str, *, store: str = "full") -> Path:
    """Writes the shipped enterprise policy with a strong upstream under its deliberation."""
    tree = yaml.safe_load((ROOT / "policies/enterprise_decisions.yaml").read_text())
    for part in PARTS:
        (folder / part).symlink_to(ROOT / "policies" / part)
    tree["privacy"] = {"store": store}
    reasoning = tree["tiers"][-1]["answerers"]
    deliberation = next(one for one in reasoning if one["kind"] == "deliberation")
    deliberation |= {"over": "strong", "trusted": True, "context": True}
    strong = {
        "name": "strong", "kind": "upstream", "model": "decider", "base_urls": [url],
        "context_tokens": 128_000, "max_output_tokens": 8_000,
        "price": {"input_usd_per_mtok": 3, "output_usd_per_mtok": 15, "version": "tests"},
    }  # fmt: skip
    local = tree["tiers"][1]["answerers"]
    tree["tiers"][1]["answerers"] = [one for one in local if one["kind"] != "local"] + [strong]
    tree["report"]["level_2"] = "strong"
    path = folder / "enterprise.yaml"
    path.write_text(yaml.safe_dump(tree))
    return path


@pytest.fixture
async def decided(tmp_path: Path) -> AsyncIterator[tuple[Outcome, str]]:
    async with FakeUpstream() as fake:
        policy = enterprise_policy(tmp_path, fake.url)
        place = tmp_path / "ledger.db"
        async with Gateway.from_policy(policy, database=place, environ={}) as gateway:
            outcome = await gateway.acomplete(QUESTION)
        yield outcome, str(place)


@pytest.mark.slow
async def test_dossier_names_the_page_that_the_decision_cites(tmp_path: Path) -> None:
    files, store, place = tmp_path / "files", tmp_path / "documents.db", tmp_path / "ledger.db"
    files.mkdir()
    page = (
        "The supply contract with Harlow Stone Ltd runs for three years until 30 June 2030.\n"
        "Liability is limited to $2,000,000 for each year of supply."
    )
    (files / "terms.pdf").write_bytes(pdf_of(["Terms of supply.", page]))
    kept(store, files, Placed("*", "contracts"))
    async with FakeUpstream() as fake:
        policy = enterprise_policy(tmp_path, fake.url)
        tree = yaml.safe_load(policy.read_text())
        tree["documents"] = {"collections": ["contracts"]}
        policy.write_text(yaml.safe_dump(tree))
        gateway = Gateway.from_policy(policy, database=place, documents=store, environ={})
        async with gateway:
            outcome = await gateway.acomplete(QUESTION)
        asked = [str(seen.body) for seen in fake.seen]
    assert any("[d1] " in text and "Liability is limited" in text for text in asked)
    html = tmp_path / "dossier.html"
    name = decision_id(outcome.request_id)
    run("decisions", "export", name, "--database", str(place), "--html", str(html))
    document = read_dossier(html.read_text())
    assert [one["place"] for one in document["sources"] if one["cited"]] == ["terms.pdf, page 2"]
    assert "terms.pdf, page 2" in html.read_text()
    words = "Liability is limited to $2,000,000 for each year of supply."
    (passage,) = document["passages"].values()
    assert words in passage
    assert words in html.read_text().partition("The dossier as JSON")[0]
    assert "whole" in run("decisions", "verify", str(html), "--database", str(place))
    other = {**document, "sources": []}
    assert "the sources are not those in the row" in dossier_faults(other)
    with Books.open(place) as books:
        assert books.verify(None).whole
        row = books.chain_row(outcome.request_id)
        (cited,) = document["passages"]
        softer = {**document, "passages": {cited: "Liability has no limit."}}
        faults = dossier_faults(softer, row, books.digest)
        assert "the words of the passages do not fit the digest that the chain has" in faults


def run(*arguments: str) -> str:
    result = CLI.invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.slow
async def test_contract_is_decided_with_a_dossier_that_verifies(
    decided: tuple[Outcome, str], tmp_path: Path
) -> None:
    outcome, place = decided
    assert outcome.answer is not None
    assert outcome.rung.answerer == "deliberation"
    assert outcome.verdict in (Verdict.ACCEPTED, Verdict.UNVERIFIED), outcome.reason
    assert "Go or no go: Go, under conditions" in outcome.answer.text
    assert "stated by the model, no outcomes yet" in outcome.answer.text
    calls = [one for one in outcome.attempts if one.role.value == "deliberation"]
    assert len(calls) >= 9
    assert sum(one.cost_nano_usd for one in outcome.attempts) == outcome.cost_nano_usd
    name = decision_id(outcome.request_id)
    page, file = tmp_path / "dossier.html", tmp_path / "dossier.json"
    run("decisions", "export", name, "--database", place, "--html", str(page), "--json", str(file))
    for one in (page, file):
        assert "whole" in run("decisions", "verify", str(one), "--database", place)
        assert "fits its file" in run("decisions", "verify", str(one))
    printed = CLI.invoke(
        app, ["decisions", "export", name, "--database", place, "--html", "-", "--json", str(file)]
    )
    assert printed.stdout.startswith("<!DOCTYPE html>")
    assert printed.stdout.rstrip().endswith("</html>")
    assert read_dossier(printed.stdout)["decision_id"] == name
    changed = tmp_path / "changed.html"
    changed.write_text(page.read_text().replace("$2,000,000", "$2,000", 1))
    refused = CLI.invoke(app, ["decisions", "verify", str(changed)])
    assert refused.exit_code != 0
    assert "the page does not show what its JSON says" in refused.output
    told = page.read_text().partition("What the client was told")[2].partition("</section>")[0]
    assert "The client got this decision" in told
    assert "I have read this dossier. The decision is mine." in page.read_text()
    assert "The questions behind it" in page.read_text()
    document = read_dossier(page.read_text())
    assert document["at_stake_usd"] == 2_000_000
    assert "Sign the contract" in json.dumps(document["reasoning"])
    with Books.open(place) as books:
        assert books.verify(None).whole


@pytest.mark.slow
async def test_changed_dossier_is_found(decided: tuple[Outcome, str]) -> None:
    outcome, place = decided
    name = decision_id(outcome.request_id)
    document = json.loads(run("decisions", "export", name, "--database", place))
    assert dossier_faults(document) == []
    assert ">unknown<" in dossier_page({**document, "cost_usd": None})
    softened = {**document, "cost_usd": 0.0}
    assert dossier_faults(softened) == ["the dossier was changed after its hash was made"]
    other = json.loads(json.dumps(document))
    other["reasoning_note"]["marks"] = 7
    assert "the note of the reasoning is not the one in the row" in dossier_faults(other)
    claimed = {**document, "models": ["support_head@3fa9c1d20b7e"]}
    assert "the versions of models are not those in the row" in dossier_faults(claimed)
    assert "Models: support_head@3fa9c1d20b7e." in dossier_page(claimed)
    steps = json.loads(json.dumps(document))
    steps["reasoning"]["steps"][0]["state"] = "failed"
    with Books.open(place) as books:
        faults = dossier_faults(steps, books.chain_row(outcome.request_id), books.digest)
    assert "the steps do not fit the digest that the chain has" in faults


@pytest.mark.slow
async def test_edited_steps_are_found_in_the_ledger(decided: tuple[Outcome, str]) -> None:
    _, place = decided
    with Books.open(place) as books:
        with books._database.writing() as connection:  # the edit of somebody with the file
            connection.exec_driver_sql(
                "UPDATE texts SET content = replace(content, 'Sign', 'Burn') WHERE kind = 'steps'"
            )
        details = [finding.detail for finding in books.verify(None).findings]
    assert "the stored steps do not fit their digest" in details


@pytest.mark.slow
async def test_policy_that_stores_nothing_keeps_only_the_digest(tmp_path: Path) -> None:
    async with FakeUpstream() as fake:
        policy = enterprise_policy(tmp_path, fake.url, store="none")
        place = tmp_path / "ledger.db"
        async with Gateway.from_policy(policy, database=place, environ={}) as gateway:
            outcome = await gateway.acomplete(QUESTION)
    name = decision_id(outcome.request_id)
    document = json.loads(run("decisions", "export", name, "--database", str(place)))
    assert document["reasoning"] is None
    assert document["reasoning_note"]["steps_digest"]
    assert "Harlow" not in json.dumps(document)
    page = tmp_path / "dossier.html"
    told = run("decisions", "export", name, "--database", str(place), "--html", str(page))
    assert "nothing to sign. The ledger has no text of this decision" in told
    assert "Nothing to sign." in page.read_text()
    assert "The decision is mine" not in page.read_text()


@pytest.mark.slow
async def test_outcome_ends_the_wait_and_counts(decided: tuple[Outcome, str]) -> None:
    outcome, place = decided
    name = decision_id(outcome.request_id)
    assert "0 due" in run("decisions", "due", "--database", place)
    told = run("decisions", "outcome", name, "--wrong", "--loss-usd", "1000", "--database", place)
    assert "recorded" in told
    document = json.loads(run("decisions", "export", name, "--database", place))
    assert "1 outcome so far" in document["confidence"]["basis"]


def test_cost_without_a_price_is_no_zero() -> None:
    assert _cost_usd(0, [CostBasis.TOKEN_PRICE, CostBasis.UNKNOWN]) is None
    assert _cost_usd(2_500_000_000, [CostBasis.TOKEN_PRICE]) == 2.5


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"format": "tiergate-dossier/1", "decision_id": "dec_1"}']
)
def test_a_file_that_is_no_dossier_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="dossier"):
        read_dossier(text)


@pytest.mark.parametrize(
    ("passages", "shown"),
    [
        ({"passages": {"p1": "Thirty days."}}, "<blockquote>Thirty days.</blockquote>"),
        ({"passages": None}, NO_PASSAGES),
        ({}, ""),  # a dossier of before
    ],
)
def test_words_of_a_cited_passage_are_shown_or_why_not(
    passages: dict[str, object], shown: str
) -> None:
    source = {"id": "p1", "place": "a.pdf, page 1", "collection": "manual", "cited": True}
    page = _sources({"sources": [source], **passages}, deliberated=False)
    assert page.partition("</table>")[2].count(shown or "blockquote") == bool(shown)
    assert ("not here" in page) == (shown == NO_PASSAGES)


def test_approved_answer_is_cited_by_its_id_and_its_words_are_in_no_document() -> None:
    source = {
        "id": "refund_time",
        "place": "Returns guide",
        "collection": "approved answers",
        "cited": True,
    }
    page = _sources({"sources": [source], "passages": None}, deliberated=False)
    assert "[refund_time]" in page
    assert NO_PASSAGES not in page


def test_what_was_told_is_shown_without_what_was_left_out() -> None:
    document: dict[str, object] = {
        "feedback": [
            {"source": "client", "recorded_at": 1_795_356_036_182, "correct": True,
             "loss_usd": None, "outcome": {"csat": None, "handle_minutes": 3}}
        ]
    }  # fmt: skip
    page = _afterwards(document)
    assert "recorded at: 2026-11-22T" in page
    assert "handle minutes: 3" in page
    assert "csat" not in page


def test_words_in_place_of_a_decision_are_shown() -> None:
    document: dict[str, object] = {"verdict": "safe_answer", "answered": "Please sign nothing."}
    page = _told(document, deliberated=True)
    assert "did not get this decision" in page
    assert "Please sign nothing." in page
