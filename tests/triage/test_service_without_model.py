"""Tests the service without a model: rules alone read, and what they see of risk."""

from __future__ import annotations

import pytest

from router.triage.batches.config import TriageConfig
from router.triage.engine import TriageEngine
from router.triage.service import TriageService
from router.triage.text.amounts import AmountReader
from router.triage.text.terms import TermFinder
from router.types import ChatRequest, Domain, Message


def config() -> TriageConfig:
    return TriageConfig(TermFinder({"fraud": ["scam"]}), AmountReader({"USD": 1.0}))


def ask(text: str) -> ChatRequest:
    return ChatRequest((Message("user", text),), "auto")


def test_without_a_model_everything_goes_up():
    service = TriageService(TriageEngine(None), config())
    reading = service.read_now(ask("What are your opening hours?"), None)
    assert reading.degraded
    assert reading.novelty == 1.0
    assert reading.match is None
    assert reading.triage_version == "rules-1"


RISKY = [
    ("my chest pain is back", Domain.MEDICAL),
    ("can my landlord evict me", Domain.LEGAL),
    ("should I invest my pension", Domain.FINANCE),
    ("which breaker for this voltage", Domain.ENGINEERING_SAFETY),
]


@pytest.mark.parametrize(("text", "domain"), RISKY)
def test_rules_alone_see_risk(text, domain):
    reading = TriageService(TriageEngine(None), config()).read_now(ask(text), None)
    assert reading.domain is domain
    assert reading.stakes_high >= 0.5


@pytest.mark.parametrize("text", [text for text, _ in RISKY])
def test_stakes_of_a_turn_stay_over_a_long_conversation(text):
    turns = (text, *(f"question {number}" for number in range(64)))
    asked = ChatRequest(tuple(Message("user", turn) for turn in turns), "auto")
    reading = TriageService(TriageEngine(None), config()).read_now(asked, None)
    assert reading.stakes_high >= 0.5


@pytest.mark.parametrize("text", ["refund my $5,000", "is this a scam"])
def test_rules_alone_see_sums_or_terms_as_stakes(text):
    reading = TriageService(TriageEngine(None), config()).read_now(ask(text), None)
    assert reading.stakes_high >= 0.5


async def test_without_a_model_the_worker_reads_too():
    engine = TriageEngine(None)
    found = await TriageService(engine, config()).read(ask("hello"), None)
    engine.close()
    assert found.degraded
