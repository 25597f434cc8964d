"""Sums that people tell in sentences, and texts that look like one and must get no answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.kits.examples import examples
from tiers.exact.numbers import written
from tiers.exact.told import (
    areas,
    budgets,
    clock_sums,
    fractions_of_one,
    growth,
    mixed_units,
    months,
    numerals,
    proportions,
    remainders,
    stated_day,
    statistics,
    travel,
)
from tiers.exact.told.asking import _TOOLS, told
from tiers.exact.told.in_turn import in_turn
from tiers.exact.tools import solved
from tiers.exact.wording import begins, holds

TODAY = date(2026, 12, 1)

SUMS = {
    "Double 3.75 and take away 1.": "3.75 * 2 - 1 = 6.5",
    "take 7 and double it": "7 * 2 = 14",
    "Start with 12, add 5 and then halve it": "(12 + 5) / 2 = 8.5",
    "Add 4 to 9 and multiply by 3, what do I get?": "(4 + 9) * 3 = 39",
    "9 times 8 then minus 5": "9 * 8 - 5 = 67",
    "what is 30 minus 6, then divide it by 4?": "(30 - 6) / 4 = 6",
    "subtract 4 from 10 and square it": "(10 - 4)^2 = 36",
    "start with $20, subtract $4.50 and double it": "($20 - $4.5) * 2 = $31",
    "If I start at 100, take 30 away, then divide by 7 and add 1": "(100 - 30) / 7 + 1 = 11",
    "triple 15 then take 5 off": "15 * 3 - 5 = 40",
    "from 1200 take away 3 payments of 89.50": "1,200 - 3 * 89.50 = 931.50",
    "I had 50, spent 12.30 and 8.45, what's left?": "50 - 12.30 - 8.45 = 29.25",
    "I earn 2,450 and pay 980 rent, what is left?": "2,450 - 980 = 1,470",
    "If we have $90 and spend $35 on food, how much is left?": "$90 - $35 = $55",
    "change from 20 if I spend 13.37": "20 - 13.37 = 6.63",
    "if i save 150 a month how much is it in two years": "24 * 150 = 3,600",
    "150 a month for 2 years": "24 * 150 = 3,600",
    "12 payments of 49.99": "12 * 49.99 = 599.88",
    "How much is 24 monthly payments of £31.50?": "24 * £31.50 = £756",
    "what's 1250 per month in a year": "12 * 1,250 = 15,000",
    "4.2% interest on 10000 for 3 years compounded": (
        "10,000 at 4.2% a year for 3 years, interest added once a year = 11,313.66 "
        "(interest: 1,313.66), rounded to cents"
    ),
    "compound interest on $2000 at 5% for 2 years": (
        "$2,000 at 5% a year for 2 years, interest added once a year = $2,205 (interest: $205)"
    ),
    "1000 at 6% compounded monthly for 1 year": (
        "1,000 at 6% a year for 1 year, interest added every month = 1,061.68 "
        "(interest: 61.68), rounded to cents"
    ),
    "2% interest on 500 for a year": (
        "500 at 2% a year for 1 year, interest added once a year = 510 (interest: 10)"
    ),
    "60 km at 80 km/h, how long?": "60 km at 80 km/h: 45 minutes",
    "how far in 2.5 hours at 90 km/h": "2.5 hours at 90 km/h: 225 km",
    "How long does it take to drive 100 miles at 60 mph?": (
        "100 miles at 60 mph: 1 hour 40 minutes"
    ),
    "average speed for 150 km in 1 hour 40 minutes": "150 km in 1 hour 40 minutes: 90 km/h",
    "how many months from March 2027 to January 2029": (
        "22 months, from March 2027 to January 2029 (the first month is not counted)."
    ),
    "What is 3/8 as a decimal?": "3/8 = 0.375",
    "what's 0.125 as a fraction": "0.125 = 1/8",
    "7/20 in percent": "7/20 = 35%",
    "2/3 as a percentage": "2/3 is about 66.66666667%",
    "what's left over when 45 is divided by 6": "45 / 6 = 7, remainder 3",
    "remainder of 45 / 6": "45 / 6 = 7, remainder 3",
    "20 percent of 20 percent of 500": "20% of 20% of 500 = 20",
    "what number is 30% of 90": "30% of 90 = 27",
    "90 is 30% of what?": "90 is 30% of 300",
    "20% of what number is $9.50?": "$9.50 is 20% of $47.50",
    "64 after a 20% discount, what was the original price?": "64 after 20% off: 80 before",
    "I had 100 and spent 20 on monday, what's left?": "100 - 20 = 80",
    "remainder when 45 is divided into 6": "45 / 6 = 7, remainder 3",
    "1 km at 60 km/h, how long": "1 km at 60 km/h: 1 minute",
    "64.50 after 7% discount, what was the original price?": (
        "64.50 after 7% off: 69.35 before, rounded to cents"
    ),
    "from 80 to 92 is what percent increase": "From 80 to 92 is an increase of 15%",
    "the price went from 80 to 60, percent drop?": "From 80 to 60 is a decrease of 25%",
    "2 to the 10th": "2^10 = 1,024",
    "GST 18% on 1500": "18% of 1,500 = 270 (together 1,770)",
    "1500 including 20% VAT, how much is VAT?": (
        "1,500 with 20% tax included: 1,250 without tax, 250 tax"
    ),
}

NO_SUMS = """
take 2, then take 2
take 2 tablets and double it
start with 10 and take 2 a day
start with 10, add 10%
from 9 to 5, take 1 off
double 10 minus 2 and halve it
half of 7 plus 2
double or nothing
start with $5 and add 3
add 5 to cart and remove 2
add 2 to my basket and take 1 away
subtract 5 from my bill and add tax
I have 100 and spend 20 a day, what's left?
I earn 30000 and pay 20% tax, what is left?
I had 3 apples and ate one
I have $50 and spend €12, what is left?
I had 20 and spent 25, what's left?
I got 50 and paid 30 for shoes, what is left of my voucher?
I had 100 and spent 20 on each, what's left?
I have 100 and spend 20 on weekdays, what's left?
how much is left of 500 if I spend 20 on weekends
I have 500 and spend 20 on average, how much is left?
I had 500 and paid 20 for everyone, how much is left?
I had 500 and lost 20 in percent, what's left?
I had 500 and paid 20 in euros, how much is left?
remainder when 7 is divided into 45
what's left over when 6 is divided into 45
0.3 km at 100 km/h, how long
1 km in 300 hours, average speed
how far in 0.01 hours at 0.1 km/h
5 per week in a month
50 a week in a year
if I pay 50 a month how much is it in 5 weeks
I pay 50 a month for 2 years, can I cancel?
1 payment of 20
5% compound interest on 2000
2000 at 5% compounded daily for 3 years
2000 at 5% for 3 years
2000 at 90% compounded for 3 years
how long does it take at 80 km/h
how far is Berlin at 100 km/h
100 km at 60 mph, how long
0 km at 0 km/h, how long
average speed for 150 km in 1 hour 90 minutes
how many months from January 2029 to March 2027
what percentage is 7/0
remainder of 45 / 0
remainder of my order 45 / 6
what is left over of my 45 credit
price went from 80 to 60 percent
0% of what is 9
64 after a 100% discount, original price
64 after discount, original price
"""

WRITTEN = settings(
    examples(400),
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)


@pytest.mark.parametrize(("text", "answer"), SUMS.items())
def test_told_sum_is_worked_out(text: str, answer: str) -> None:
    result = solved(text, TODAY, opens=True)
    assert result is not None
    assert result.text == answer


@pytest.mark.parametrize("text", NO_SUMS.strip().splitlines())
def test_near_sum_gets_no_answer(text: str) -> None:
    assert solved(text, TODAY, opens=True) is None


def test_tool_that_a_policy_leaves_out_answers_nothing() -> None:
    assert told("7/20 in percent", ["percentages"], opens=True) is not None
    assert told("7/20 in percent", ["arithmetic"], opens=True) is None


@pytest.mark.parametrize(
    ("reply", "asks"),
    [
        ("12 payments of 49.99", False),
        ("150 a month for 2 years", False),
        ("How much is 12 payments of 49.99?", True),
        ("150 a month for 2 years?", True),
        ("double 3.75 and take away 1", True),
    ],
)
def test_sum_that_may_be_a_reply_gets_no_answer_within_a_conversation(
    reply: str, asks: bool
) -> None:
    assert (solved(reply, TODAY, opens=False) is not None) is asks


STEPS: dict[str, Callable[[Fraction, int], Fraction]] = {
    "add {}": lambda value, n: value + n,
    "subtract {}": lambda value, n: value - n,
    "multiply it by {}": lambda value, n: value * n,
    "divide that by {}": lambda value, n: value / n,
    "double it": lambda value, n: value * 2,
    "halve it": lambda value, n: value / 2,
    "square it": lambda value, n: value**2,
}


@given(
    st.integers(0, 999),
    st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(1, 99)), min_size=1, max_size=5),
)
def test_steps_give_what_each_does_in_turn(start: int, steps: list[tuple[str, int]]) -> None:
    value = Fraction(start)
    for step, number in steps:
        value = STEPS[step](value, number)
    text = f"start with {start}, " + " then ".join(step.format(n) for step, n in steps)
    line = in_turn(text)
    assert line is None or re.split(" = | is about ", line)[1] == written(value)
    assert line is not None or value.numerator.bit_length() > 400


@given(st.integers(1, 99_999), st.integers(1, 4_900), st.integers(1, 40))
def test_compound_interest_is_that_of_the_formula(whole: int, hundredths: int, years: int) -> None:
    rate = Fraction(hundredths, 100)
    line = growth.growth(f"compound interest on {whole} at {float(rate)}% for {years} years")
    assert line is not None
    grown = Fraction(line.split(" = ")[1].split(" ")[0].replace(",", ""))
    assert abs(grown - whole * (1 + rate / 100) ** years) <= Fraction(1, 200)


FORMS = [
    *(("budget", form) for forms in budgets._FORMS.values() for form in forms),
    *(("growth", form) for form in growth._FORMS),
    *(("journey", form) for forms in travel._FORMS.values() for form in forms),
    *(("remainder", form) for form in remainders._FORMS),
    ("months_between", months._FORM),
    *(("turned", form) for _, form in fractions_of_one._FORMS),
    *(("clock_sum", form) for form in (*clock_sums._ADDED, *clock_sums._SPANS)),
    *(("proportion", form) for form in (*proportions._PRICES, *proportions._RECIPES)),
    *(("area", form) for _, form in areas._FORMS),
    *(("numeral", form) for _, form in numerals._FORMS),
    *(("counted", form) for _, form in statistics._FORMS),
    *(("mixed", form) for _, form in mixed_units._FORMS),
    *(("weekday_then", form) for form in stated_day._WEEKDAYS),
]


@given(st.data())
@WRITTEN
def test_no_form_is_passed_by_after_a_look_at_its_beginning(data: st.DataObject) -> None:
    name, form = data.draw(st.sampled_from(FORMS))
    text = data.draw(st.from_regex(re.compile(form.pattern, re.ASCII), fullmatch=True))
    (tool,) = [tool for tool in _TOOLS if tool.answer.__name__ == name]
    assert begins(text.strip(), tool.beginnings)
    assert holds(text, tool.cues)
