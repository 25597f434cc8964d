"""Level 1 gives the approved answers to two questions only where both are surely right."""

from __future__ import annotations

import pytest

from router.types import Match, Reason, Work
from tests.kits.changed import replace
from tests.tiers.test_resolver import _answer, _resolver, _work
from tiers.resolver import Resolver

HOURS, TIMES = ("opening_hours", 0.94), ("shipping_times", 0.94)
BOTH = Match("shipping_times", 0.44, 0.8, 0.1, asked=(HOURS, TIMES), asks_only=True)


def asking(match: Match, **signals: object) -> Work:
    work = _work("shipping_times", "When are you open and how long does delivery take?")
    return replace(work, signals=replace(work.signals, match=match, **signals))


def resolver(floor: float = 0.85) -> Resolver:
    return _resolver(floor=lambda request, signals: floor)


async def test_two_sure_questions_get_both_answers_in_their_order() -> None:
    one, work = resolver(), asking(BOTH)
    asks = one.asks(work.request, work.signals)
    assert asks is not None
    assert (asks.because, asks.p) == (Reason.BOTH_ANSWERED, pytest.approx(0.94 * 0.94))
    assert one.declines(work.request, work.signals) is None
    answer = await _answer(one, work)
    first, second = answer.text.split("\n\n")
    assert first.startswith("Customer service is there Monday to Friday")
    assert second.startswith("Standard delivery takes 3 to 5 working days")
    assert (answer.p, answer.matched) == (pytest.approx(0.94 * 0.94), None)
    assert answer.facts[0].startswith("answered: opening_hours (")


@pytest.mark.parametrize(
    ("match", "signals"),
    [
        (replace(BOTH, asks_only=False), {}),  # it says something else, too
        (replace(BOTH, asked=(HOURS, ("shipping_times", 0.9))), {}),  # together .846
        (replace(BOTH, asked=(HOURS, ("gift_card_balance", 0.99))), {}),  # it lacks a value
        (replace(BOTH, asked=(HOURS, ("goodbye", 0.99))), {}),  # small talk answers nothing
        (replace(BOTH, language="de"), {}),
        (BOTH, {"toxic": 0.9}),
        (BOTH, {"grave": 0.97}),
    ],
)
def test_otherwise_no_two_answers_are_put_together(
    match: Match, signals: dict[str, object]
) -> None:
    one, work = resolver(), asking(match, **signals)
    asks = one.asks(work.request, work.signals)
    assert asks is None or asks.because is not Reason.BOTH_ANSWERED
    assert one.declines(work.request, work.signals) is not None or asks is not None
