"""`tiergate dataset synthesize` with a real gateway: booked, asked about, approved, a row."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from router.api.compose.books import Books
from router.cli.commands import app
from router.learning.dataset import Options, build
from router.learning.folder import write
from router.ledger.row_reading import SYNTHESIZE
from tests.kits.books.feedback_kit import learning, said
from tests.kits.upstreams.fake_upstream import FakeUpstream

pytestmark = pytest.mark.process

POLICY = """
version: 1
name: writing
privacy: {{store: redacted}}
tiers:
  - name: llm
    level: 2
    answerers:
      - {{name: writer, kind: upstream, model: instant, base_urls: ["{url}"], price: {price}}}
"""
PRICE = "{input_usd_per_mtok: 1, output_usd_per_mtok: 2}"


def run(*arguments: str | Path) -> str:
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


async def test_a_text_is_booked_and_becomes_a_row_once_approved(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        house.clock.at_ms = 4_000_000_000_000  # texts of the past would have expired
        await house.answered("r1")
        for kind, text in (
            ("prompt", "user: I am Anna Keller\n\nassistant: Hi\n\nuser: Where is my parcel?"),
            ("answer", "It is on its way."),
        ):
            await house.texts.put("r1", "acme", kind, text, store="redacted", retention_days=3650)
        await house.feedback.add(said("r1", correct=True))
        ledger = house.path
    policy = tmp_path / "writing.yaml"
    with Books.open(ledger) as books:
        folder = write(build(books.past_requests(None, None, None, {}), Options()), tmp_path)
    async with FakeUpstream() as fake:
        policy.write_text(POLICY.format(url=fake.url, price=PRICE), encoding="utf-8")
        asked = ("--policy", policy, "--answerer", "writer", "--count", "1", "--json")
        asked = ("--tenant", "acme", *asked)
        shown = await asyncio.to_thread(
            run, "dataset", "synthesize", folder, "--database", ledger, *asked
        )
    queued = json.loads(shown)
    assert queued["cost_nano_usd"] > 0
    (review_id,) = queued["queued"]
    with Books.open(ledger) as books:
        (row,) = [row for row in books.rows(None, None, None) if row.endpoint == SYNTHESIZE]
        assert row.cost_nano_usd == queued["cost_nano_usd"]
        assert row.tenant == "acme"
    before = json.loads(
        await asyncio.to_thread(
            run, "dataset", "build", "--database", ledger, "--json", "--dev", "0"
        )
    )
    assert before["dropped"]["not_approved"] == 1
    decide = ("review", "decide", review_id, "--database", ledger, "--verdict", "approve")
    await asyncio.to_thread(run, *decide, "--minutes", "0.1")
    after = json.loads(
        await asyncio.to_thread(
            run, "dataset", "build", "--database", ledger, "--json", "--dev", "0"
        )
    )
    assert after["sources"] == {"client": 1, "synthetic": 1}
    # What was written from a person's request is about that person too, by whatever words.
    report = await asyncio.to_thread(run, "privacy", "report", "--database", ledger)
    assert "  2 prompts, details left out, not encrypted" in report
    erased = await asyncio.to_thread(
        run, "privacy", "erase", "Anna Keller", "--yes", "--database", ledger
    )
    assert erased.splitlines()[0] == (
        "2 texts of 2 requests found, and all texts of these requests erased; 0 texts could not be "
        "read (key missing)."
    )
    with Books.open(ledger) as books:
        left = [one.texts for one in books.past_requests(None, None, None, {})]
        assert left == [{}, {}, {}]  # the source, what was written, the minutes of its review
