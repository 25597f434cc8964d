"""Documents whose vectors an upstream makes: found by meaning, booked, refused, and without it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from router import Gateway
from router.analysis.report.build import build_report
from router.analysis.report.replies import AFTERWARDS_WORDS
from router.cli.commands import app
from router.errors import PolicyError
from router.library import CALLER
from router.policy.loading import load_policy
from router.routing.decision_record import parse
from router.types import Outcome, RequestRow
from tests.kits.books.open_ledgers import requests_in
from tests.kits.changed import replace
from tests.kits.document_kit import reader_tier
from tests.kits.upstreams.fake_upstream import FakeUpstream

POLICY = """
version: 1
name: manual
documents: {{collections: [manual], embedder: {embedder}, {more}}}
embedders:
  - name: large
    model: {model}
    base_url: "{url}"
    price: {{input_usd_per_mtok: 2, output_usd_per_mtok: 0}}
{budgets}
"""
FOREIGN = "Kann ich die Ware zurueckgeben?"
"""Shares no word with the manual: the upstream's vectors alone find it."""
NOW_MS = 1_795_600_000_000
NANO_PER_CALL = 2_000_000  # 1,000 tokens at $2 a million, in nano-dollars


class Manual:
    """A store of one page, made by the command, and policies over a scripted upstream."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.store, self.database = folder / "documents.db", folder / "ledger.db"
        self.files = folder / "files"
        self.files.mkdir()
        self.rows: list[RequestRow] = []
        (self.files / "returns.md").write_text("Goods are taken back within 30 days.\n")

    def policy(self, name: str = "manual", **fields: str) -> Path:
        path = self.folder / f"{name}.yaml"
        given = {"embedder": "large", "model": "large", "more": "", "budgets": "", **fields}
        path.write_text(POLICY.format(url=self.url, **given) + reader_tier(self.url))
        return path

    async def run(self, verb: str, *arguments: object) -> Result:
        options = ["--documents", str(self.store)]
        if verb != "remove":
            options += ["--database", str(self.database)]
        command = ["knowledge", verb, *map(str, arguments), *options]
        return await asyncio.to_thread(CliRunner().invoke, app, command)

    async def added(self, policy: Path) -> Result:
        return await self.run("add", self.files, "-c", "manual", "--policy", policy)

    async def ask(self, policy: Path, question: str = FOREIGN) -> tuple[Outcome, list[RequestRow]]:
        """Returns the outcome of a question, and the rows of vectors in the ledger."""
        async with Gateway.from_policy(
            policy, database=self.database, documents=self.store, environ={}
        ) as gateway:
            outcome = await gateway.acomplete(question, identity=replace(CALLER, tenant="shop"))
            running = gateway._app
            assert running is not None
            await running.gateway.drain()
            self.metrics = running.metrics.page().decode()
            rows = list(requests_in(running.ledger))
            self.rows = rows
            self.record = next(r.record for r in rows if r.request_id == outcome.request_id)
        return outcome, [row for row in rows if row.endpoint == "vectors"]


@pytest.fixture
async def manual(tmp_path: Path) -> AsyncIterator[Manual]:
    async with FakeUpstream() as fake:
        yield Manual(tmp_path, fake.url)


@pytest.mark.slow
async def test_question_is_found_by_the_vectors_of_an_upstream(manual: Manual) -> None:
    policy = manual.policy()
    added = await manual.added(policy)
    assert added.exit_code == 0, added.output
    outcome, rows = await manual.ask(policy)
    assert outcome.answer is not None
    assert [note.place for note in outcome.answer.sources] == ["returns.md"]
    assert outcome.answer.gathered == ()
    # One call put the page into the store, one was for the question; each is a row with its cost.
    assert [row.cost_nano_usd for row in rows] == [NANO_PER_CALL, NANO_PER_CALL]
    assert [row.tenant for row in rows] == ["library", "shop"]
    assert {tuple(row.tags) for row in rows} == {("documents",)}
    # Nobody sent them, so a report counts one request, and their cost beside it.
    report = build_report(manual.rows, since_ms=None, until_ms=None, now_ms=NOW_MS)
    (beside,) = [line for line in report.replies.lines if line.words == AFTERWARDS_WORDS]
    assert (report.counts.requests, beside.spend_nano_usd) == (1, 2 * NANO_PER_CALL)
    assert f'tiergate_cost_usd_total{{tier="(vectors)"}} {NANO_PER_CALL / 1e9}' in manual.metrics


@pytest.mark.slow
async def test_embedder_that_fails_leaves_the_words_and_the_decision_says_so(
    manual: Manual,
) -> None:
    await manual.added(manual.policy())
    # The same model by its name, at an address where nobody answers.
    gone = manual.policy("gone").read_text().replace(f'base_url: "{manual.url}"', "base_url: X")
    policy = manual.folder / "gone.yaml"
    policy.write_text(gone.replace("base_url: X", 'base_url: "http://127.0.0.1:9/v1"'))
    outcome, rows = await manual.ask(policy, "Within how many days are goods taken back?")
    assert outcome.answer is not None
    assert "within 30 days [1]" in outcome.answer.text
    (note,) = outcome.answer.gathered
    assert note.startswith("documents were searched by words alone: large gave no vector")
    assert parse(manual.record).gathered == (note,)
    assert 'tiergate_store_up{store="embedder:large"} 0.0' in manual.metrics
    assert rows[-1].cost_nano_usd == 0


@pytest.mark.slow
async def test_budget_that_is_spent_leaves_the_words(manual: Manual) -> None:
    await manual.added(manual.policy())
    spent = manual.policy("spent", budgets='budgets: {"*": {usd_per_day: 0.000001}}')
    text = spent.read_text().replace("input_usd_per_mtok: 1,", "input_usd_per_mtok: 0,")
    spent.write_text(text.replace("output_usd_per_mtok: 2}", "output_usd_per_mtok: 0}"))
    outcome, rows = await manual.ask(spent, "Within how many days are goods taken back?")
    assert outcome.answer is not None
    assert "budget" in outcome.answer.gathered[0] or "quota" in outcome.answer.gathered[0]
    assert "embedder:large" not in manual.metrics  # nothing was lost
    assert len(rows) == 1


@pytest.mark.slow
async def test_another_embedder_is_refused_until_the_documents_are_added_again(
    manual: Manual,
) -> None:
    await manual.added(manual.policy())
    other = manual.policy("other", model="small")
    refused = await manual.added(other)
    assert refused.exit_code == 2
    told = " ".join(refused.output.replace("│", " ").split())
    assert "vectors of embed:large, these would be of embed:small" in told
    assert "remove --all --collection manual --tenant '*'" in told
    # Until then the other policy compares words, and says why.
    outcome, rows = await manual.ask(other, "Within how many days are goods taken back?")
    assert outcome.answer is not None
    assert "the store has vectors of embed:large" in outcome.answer.gathered[0]
    assert len(rows) == 1
    await manual.run("remove", "--all", "-c", "manual")
    assert (await manual.added(other)).exit_code == 0


@pytest.mark.slow
async def test_command_searches_with_the_embedder_too(manual: Manual) -> None:
    policy = manual.policy()
    await manual.added(policy)
    found = await manual.run("search", FOREIGN, "--policy", policy, "--json")
    assert [passage["source"] for passage in json.loads(found.stdout)] == ["returns.md"]


@pytest.mark.parametrize(
    ("fields", "mistake"),
    [({"embedder": "none"}, "one of large"), ({"more": "dimensions: 3"}, "dimensions")],
)
def test_embedder_that_is_not_there_is_a_mistake(
    tmp_path: Path, fields: dict[str, str], mistake: str
) -> None:
    path = Manual(tmp_path, "http://127.0.0.1:9/v1").policy(**fields)
    with pytest.raises(PolicyError, match=mistake):
        load_policy(path, {})
