"""A question of what rates and prices will do gets no answer of what holds now."""

from __future__ import annotations

import pytest

from router.triage.facts.forecasts import is_forecast
from router.triage.matching.denials import words_in

OWN = words_in("What interest do you pay on savings? Easy Saver pays 3.1 % a year.")

FORECASTS = """
what will interest rates do next year
will the savings rate go up in spring
do you think mortgage rates will fall by summer
are rates going to drop soon
how will your share price develop
forecast for the euro against the pound
predict the base rate for the end of the year
when will interest rates come down
is inflation expected to fall this year
will prices for the oak desk fall before christmas
"""
OTHERS = """
what is the savings rate
will my rent go up next year
will you raise my card limit
can my overdraft be increased next month
will the payment be taken tomorrow
will the standing order go out on sunday
do rates change during the fixed year
what will a transfer cost
when will the price list come
the price went up yesterday, why
will my shares be sold if the price falls below 5
"""


@pytest.mark.parametrize("text", FORECASTS.strip().splitlines())
def test_question_of_what_will_come_is_told(text: str) -> None:
    assert is_forecast(text, words_in(text), OWN)


@pytest.mark.parametrize("text", OTHERS.strip().splitlines())
def test_other_question_about_rates_is_none(text: str) -> None:
    assert not is_forecast(text, words_in(text), OWN)


def test_answer_that_tells_of_a_rise_is_for_who_asks_for_one() -> None:
    rise = words_in("From January fees rise by 2 %.")
    for text in ("will the fees rise next year", "do you think the fees will rise next year"):
        assert is_forecast(text, words_in(text), OWN)
        assert not is_forecast(text, words_in(text), rise)


def test_answer_with_a_word_of_every_text_tells_of_no_rise() -> None:
    """ "Do", "up" and "down" stand in many answers that say nothing of what comes."""
    words = words_in("Do rates go up when I top up? No, they do not go down, either.")
    for text in ("what will rates do next year", "will rates go up next year"):
        assert is_forecast(text, words_in(text), words)
