"""Exploration and shadows in a whole gateway: wired, booked, and drained before it closes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from router import Gateway
from router.api.compose.books import Books
from router.routing.decision_record import parse
from router.types import Hints, RequestRow
from tests.kits.upstreams.fake_upstream import FakeUpstream

pytestmark = pytest.mark.process

POLICY = """
version: 1
name: learning
decision:
  mode: expected_loss
  explore: {{share: 0.5, max_stakes_usd: 1000}}
shadow: {{share: 0.5, answerer: third, max_usd_per_day: 1, max_at_once: 64}}
tiers:
  - name: llm
    level: 2
    answerers:
      - {{name: first, kind: upstream, model: instant, base_urls: ["{url}"], price: {price}}}
      - {{name: second, kind: upstream, model: instant, base_urls: ["{url}"], price: {price}}}
      - {{name: third, kind: upstream, model: instant, base_urls: ["{url}"], price: {price}}}
"""
PRICE = "{input_usd_per_mtok: 1, output_usd_per_mtok: 2}"
REQUESTS = 40
"""Of which none explored, or none shadowed, is a chance of 2^-40."""


async def played(folder: Path) -> tuple[list[RequestRow], bool]:
    path, database = folder / "learning.yaml", folder / "ledger.db"
    async with FakeUpstream() as fake:
        path.write_text(POLICY.format(url=fake.url, price=PRICE), encoding="utf-8")
        async with Gateway.from_policy(path, database=database, environ={}) as gateway:
            for number in range(REQUESTS):
                await gateway.acomplete(f"Explain how tides work, part {number}.")
    with Books.open(database) as books:
        return list(books.rows(None, None, None)), books.verify(None).whole


async def test_gateway_explores_and_shadows_with_its_books_whole(tmp_path: Path) -> None:
    rows, whole = await played(tmp_path)
    own = [row for row in rows if row.endpoint != "shadow"]
    shadows = [row for row in rows if row.endpoint == "shadow"]
    assert whole
    assert len(own) == REQUESTS
    assert len(Counter(row.answerer for row in own)) > 1
    assert shadows
    assert {row.answerer for row in shadows} == {"third"}
    assert {row.state.value for row in rows} == {"settled"}
    named = {row.request_id for row in own}
    assert all((note := parse(row.record).shadow) and note.of in named for row in shadows)


async def test_dry_run_neither_explores_nor_shadows(tmp_path: Path) -> None:
    path, database = tmp_path / "learning.yaml", tmp_path / "ledger.db"
    path.write_text(POLICY.format(url="http://127.0.0.1:9", price=PRICE), encoding="utf-8")
    async with Gateway.from_policy(path, database=database, environ={}) as gateway:
        asked = [
            await gateway.acomplete("Explain how tides work.", hints=Hints(dry_run=True))
            for _ in range(REQUESTS)
        ]
    assert {outcome.rung.answerer for outcome in asked} == {"first"}
