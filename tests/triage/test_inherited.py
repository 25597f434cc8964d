"""Signals say `inherited` where earlier turns gave something, and nowhere else. Needs no model."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from router.triage.conversation.signals import signals_of
from router.triage.facts.turn_facts import find_facts
from router.triage.reading import ModelRow, TurnReading, reading_of
from router.triage.text.amounts import AmountReader
from router.triage.text.terms import TermFinder
from router.triage.text.turns import Turns
from router.types import Domain, Match, RequestType, Signals

PLAIN = ModelRow(
    RequestType.FAQ, 0.9, Domain.CUSTOMER_SUPPORT, 0.9, Domain.FINANCE, 0.01,
    0.0, 0.1, 0.1, 0.1, 0.2, 0.01, 0.02,
)  # fmt: skip
STATUS = Match("order_status", 0.95, 0.9, 0.3)
WRITTEN, MEANT = "Where is order A-10442?", "Where is my order?"
NAMED = Turns(WRITTEN, subject=MEANT, plain=True, named=True)


def _turn(text: str, match: Match | None = None, **row: object) -> TurnReading:
    facts = find_facts(text, AmountReader({"USD": 1.0}), TermFinder({}))
    return reading_of(PLAIN._replace(**row), match, facts)


def _signals(turns: Turns, *readings: TurnReading) -> Signals:
    return signals_of(turns, readings, (), None, input_tokens=1, version="test")


@pytest.mark.parametrize("row", [{}, {"domain": Domain.GENERAL, "stakes_high": 0.4}])
def test_a_single_line_with_names_for_its_keys_inherits_nothing(row: dict[str, object]) -> None:
    read = _signals(NAMED, _turn(WRITTEN), _turn(MEANT, STATUS, **row))
    assert read.match == STATUS
    assert not read.inherited


def test_a_line_with_names_for_its_keys_inherits_the_stakes_of_an_earlier_turn() -> None:
    turns = replace(NAMED, earlier=("My chest",))
    earlier = _turn("My chest", stakes_high=0.9)
    assert _signals(turns, _turn(WRITTEN), earlier, _turn(MEANT, STATUS)).inherited


def test_a_value_inherits_what_an_earlier_turn_asked_for() -> None:
    turns = Turns("A-10442", (MEANT,), subject=MEANT, plain=True)
    read = _signals(turns, _turn("A-10442"), _turn(MEANT, STATUS), _turn(MEANT, STATUS))
    assert read.inherited
