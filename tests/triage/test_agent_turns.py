"""What a coding agent puts into the user's messages: which of its readings count. No model."""

from __future__ import annotations

from router.triage.conversation.signals import signals_of
from router.triage.facts.turn_facts import find_facts
from router.triage.reading import ModelRow, TurnReading, reading_of
from router.triage.text.amounts import AmountReader
from router.triage.text.terms import TermFinder
from router.triage.text.turns import Turns
from router.types import Domain, Matter, RequestType

PLAIN = ModelRow(
    RequestType.CODING, 0.9, Domain.TECHNOLOGY, 0.9, Domain.FINANCE, 0.01,
    0.0, 0.1, 0.1, 0.1, 0.2, 0.01, 0.02,
)  # fmt: skip


def turn(text: str, **row: object) -> TurnReading:
    found = find_facts(text, AmountReader({"USD": 1.0}), TermFinder({"fraud": ["scam"]}))
    return reading_of(PLAIN._replace(**row), None, found)


def test_terms_sums_and_grave_matters_of_an_agent_count_and_its_stakes_do_not() -> None:
    turns = Turns("Correct it.", ("earlier",), subject="both", apart="told", leans=True)
    told = turn("A scam of $9,000.", stakes_high=0.9, grave=0.8, matter=Matter.MEDICAL_EMERGENCY)
    readings = [turn("Correct it."), turn("earlier"), told, turn("both")]
    found = signals_of(turns, readings, (), None, input_tokens=1, version="test")
    assert (found.grave, found.matter) == (0.8, Matter.MEDICAL_EMERGENCY)
    assert (found.risk_terms, found.impact_nano_usd) == (("fraud",), 9_000 * 10**9)
    assert (found.stakes_high, found.brief) == (PLAIN.stakes_high, True)
