"""Documents that are searched before a request is decided stand by their own chance."""

from __future__ import annotations

from pathlib import Path

import pytest

from router import Gateway
from router.api.compose.document_search import MAX_WAITING, DocumentService
from router.api.compose.mounted.quotable import MOST_CERTAIN, calibrated, quotable_of
from router.library import CALLER
from router.policy.loading import load_policy
from router.routing.decision_record import parse
from router.types import AttemptState, ChatRequest, CostBasis, Message, Sampling
from tests.kits.books.ledger_sql import rows_in
from tests.kits.document_kit import kept
from tests.kits.fakes import Clock

KNOWLEDGE = """
version: 1
name: Shop
intents:
  - id: delivery
    domain: customer_support
    utterances: [how long does delivery take, when does my parcel arrive, delivery time]
    answer: Delivery takes three days.
    source: Delivery guide
  - id: returns
    domain: customer_support
    utterances: [how do I return a parcel, send something back, return an item]
    answer: Print the label and bring the parcel to the post.
    source: Returns guide
"""
POLICY = """
version: 1
name: first
documents: {{collections: [manual]}}
tiers:
  - name: shelf
    level: 1
    answerers:
      - name: approved
        kind: resolver
        knowledge: shop.yaml
        clarify: {{from: 0.05, together: 0.3, most: 3}}
  - name: papers
    level: 2
    answerers:
      - name: quotes
        kind: documents
        quote_at: 0.5
        search_first: {first}
        ability: {{theta: -4.5, labels: 356}}
"""
QUESTION = "Which glue repairs the lamp's ceramic foot?"


@pytest.mark.parametrize("p", [0.5, 0.7, 0.9, 0.95])
def test_chance_of_a_quotation_is_below_that_of_its_passage(p: float) -> None:
    assert 0.0 < calibrated(p) < p
    assert calibrated(p) < calibrated(p + 0.005)


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_chance_at_its_ends_stays_a_chance(p: float) -> None:
    assert 0.0 <= calibrated(p) <= MOST_CERTAIN


async def test_search_that_is_full_refuses_no_request(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files/lamp.md").write_text("The foot of the lamp is repaired with epoxy glue.\n")
    (tmp_path / "shop.yaml").write_text(KNOWLEDGE)
    (path := tmp_path / "first.yaml").write_text(POLICY.format(first="true"))
    kept(tmp_path / "d.db", tmp_path / "files")
    service = DocumentService(str(tmp_path / "d.db"), None, Clock())
    quotable = quotable_of(load_policy(path, {}).policy, service)
    assert quotable is not None
    service._waiting = MAX_WAITING
    assert await quotable(ChatRequest((Message("user", QUESTION),), "auto"), CALLER) is None


@pytest.mark.slow
@pytest.mark.parametrize(("first", "sure"), [(True, True), (False, False)])
async def test_near_passage_counts_by_its_own_chance(
    tmp_path: Path, first: bool, sure: bool
) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files/lamp.md").write_text(
        "# Repairs\nThe ceramic foot of the lamp is repaired with epoxy glue.\n"
    )
    (tmp_path / "shop.yaml").write_text(KNOWLEDGE)
    store, path, database = tmp_path / "d.db", tmp_path / "first.yaml", tmp_path / "ledger.db"
    kept(store, tmp_path / "files")
    path.write_text(POLICY.format(first=str(first).lower()))
    async with Gateway.from_policy(path, database=database, documents=store, environ={}) as gateway:
        near = await gateway.acomplete(QUESTION)
        far = await gateway.acomplete("How long does delivery take?")
        both = ChatRequest((Message("user", QUESTION),), "auto", sampling=Sampling(n=2))
        twice = await gateway.acomplete(both)
    row = rows_in(database)[near.request_id]
    assert near.answer is not None
    assert far.answer is not None
    assert "epoxy" in near.answer.text
    assert twice.answer is not None
    assert [choice.text for choice in twice.answer.choices] == [near.answer.text] * 2
    assert far.answer.text == "Delivery takes three days."
    facts = {fact.answerer: fact.p for fact in parse(row.record).facts}
    assert (facts["quotes"] > 0.5) is sure
    assert far.signals.quotable is None


async def test_a_budget_admits_a_quotation_without_a_price(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files/lamp.md").write_text("The foot of the lamp is repaired with epoxy glue.\n")
    (tmp_path / "shop.yaml").write_text(KNOWLEDGE)
    store, path, database = tmp_path / "d.db", tmp_path / "first.yaml", tmp_path / "ledger.db"
    kept(store, tmp_path / "files")
    path.write_text(POLICY.format(first="true") + "budgets: {'*': {usd_per_day: 1}}\n")
    async with Gateway.from_policy(path, database=database, documents=store, environ={}) as gateway:
        outcome = await gateway.acomplete(QUESTION)
    quoted = rows_in(database)[outcome.request_id].attempts[0]
    assert (quoted.answerer, quoted.state) == ("quotes", AttemptState.SETTLED)
    assert quoted.cost_basis is CostBasis.OWN_COMPUTE
