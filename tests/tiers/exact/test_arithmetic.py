"""Sums and percentages are exact, and read only where all of a question is one."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kits.examples import examples
from tiers.exact.arithmetic import arithmetic
from tiers.exact.numbers import digits_for_words, number, written
from tiers.exact.percentages import percentage
from tiers.exact.tools import solved
from tiers.exact.wording import MAX_CHARACTERS, Question, question


def _answer(text: str) -> str | None:
    core = question(text)
    return None if core is None else percentage(core) or arithmetic(core)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("What is 12 x 7?", "12 * 7 = 84"),
        ("What is 12 x7?", "12 * 7 = 84"),
        ("what is sqrt16 x4²", "sqrt 16 * 4^2 = 64"),
        ("(1 + 2)x4 + 1", "(1 + 2) * 4 + 1 = 13"),
        ("hi, could you please tell me what is 7 times 8? thanks", "7 * 8 = 56"),
        ("2+2", "2 + 2 = 4"),
        ("(3+4)*-2", "(3 + 4) * -2 = -14"),
        ("0.1 + 0.2", "0.1 + 0.2 = 0.3"),
        ("-2^2", "-2^2 = -4"),
        ("2^3^2", "2^3^2 = 512"),
        ("2^-3", "2^-3 = 0.125"),
        ("1 / 3", "1 / 3 is about 0.3333333333"),
        ("square root of 144", "sqrt 144 = 12"),
        ("sqrt(2)", "sqrt(2) is about 1.414213562"),
        ("five hundred and twelve divided by eight", "512 / 8 = 64"),
        ("average of 80, 90 and 100", "(80 + 90 + 100) / 3 = 90"),
        ("subtract 3 from 10", "10 - 3 = 7"),
        ("$19.99 * 3", "$19.99 * 3 = $59.97"),
        ("144/12", "144 / 12 = 12"),
        ("calculate 24/7", "24 / 7 is about 3.428571429"),
        ("2/3 of 90", "2 / 3 * 90 = 60"),
        ("17 mod 5", "17 mod 5 = 2"),
        ("what's 15% of 240", "15% of 240 = 36"),
        ("12.5% of 1.25", "12.5% of 1.25 = 0.15625"),
        ("3% of 0.25", "3% of 0.25 = 0.0075"),
        ("reduce 2.55 by 12.5%", "2.55 less 12.5% = 2.23125"),
        ("2.55 plus 12.5%", "2.55 plus 12.5% = 2.86875"),
        ("12.5% of $1.25", "12.5% of $1.25 = $0.16, rounded to cents"),
        ("add 8.25% tax to 19.99", "19.99 plus 8.25% = 21.64, rounded to cents"),
        ("what percent of 80 is 20", "20 is 25% of 80"),
        ("how many percent is 9 of 36", "9 is 25% of 36"),
        ("add 8% tax to 150", "150 plus 8% = 162"),
        ("what's the price after a 25% discount on 48", "48 less 25% = 36"),
        ("3 out of 7 as a percentage", "3 is about 42.86% of 7"),
        ("can you tell me what 30% off 279 is", "279 less 30% = 195.3"),
        ("what is the sum of 3 plus 5", "3 + 5 = 8"),
        ("increase 240 by 15%", "240 plus 15% = 276"),
        ("240 + 15%", "240 plus 15% = 276"),
        ("20% off $45", "$45 less 20% = $36"),
        ("percentage change from 50 to 65", "From 50 to 65 is an increase of 30%"),
        ("a 20% tip on $45.50", "20% of $45.50 = $9.10"),
        ("how much is 30% of two million?", "30% of 2,000,000 = 600,000"),
        ("what is 15% of 240 plus 10", "(15% of 240) + 10 = 46"),
        ("fifteen percent of two hundred and forty, plus ten", "(15% of 240) + 10 = 46"),
        ("200 - 10% of 50", "200 - (10% of 50) = 195"),
        ("10 per cent of 50 + 20 pct of 10", "(10% of 50) + (20% of 10) = 7"),
        ("(15% of 240) + 10", "(15% of 240) + 10 = 46"),
        ("15% of (240 + 10)", "15% of (240 + 10) = 37.5"),
        ("15% of 20% of 240 plus 1", "(15% of 20% of 240) + 1 = 8.2"),
        ("15% of 240 divided by 4", "(15% of 240) / 4 = 9"),
        ("240 * 15% + 10", "240 * 15% + 10 = 46"),
        ("20% of $45.50 plus $3", "(20% of $45.50) + $3 = $12.10"),
    ],
)
def test_a_sum_is_read_with_its_result(asked: str, said: str) -> None:
    assert _answer(asked) == said


@pytest.mark.parametrize(
    "asked",
    [
        "24/7",
        "what is 9/11",
        "4x4",
        "50/50",
        "2024/25",
        "call 1-800-555",
        "10-4",
        "42",
        "1,5+2",  # 1.5, or a list
        "1.234,5 + 1",
        "$5 + 3",
        "10/0",
        "0^0",
        "9**9**9",
        "what is 2 + 2 and why",
        "15% of 240 plus 5%",
        "240 + 15% + 10",
        "15% + 10",
        "100 / 10% of 50",
        "2^15% of 3",
        "sqrt 15% of 240 + 1",
        "15% of 240 squared + 1",
        "15% of 240 mod 7",
        "15% of half of 240 plus 1",
        "15% of $240 plus 10",
        "15% of + 10",
        "15% of (240 + 10",
        "15%% of 240 + 1",
        "of 240 + 1",
        "3 of 5 + 1",
        "17 % 5",
        "15% of 240 plus tax",
        "15% off 240 plus 10",
        "15% of the sum of 240 plus 10",
        "half of the sum of 3 plus 5",
        "10 minus the sum of 3 plus 5",
        "is 2 + 2 = 5?",
        "what percent of 0 is 5",
        "percentage change from $5 to €6",
        "sqrt(-1)",
        "__import__('os')",
        "()",
        "+",
    ],
)
def test_a_doubtful_sum_gets_no_answer(asked: str) -> None:
    assert _answer(asked) is None


@pytest.mark.parametrize("asked", ["100 / 0", "what is 100 / 0?", "what is 10/0?", "5 mod (3-3)"])
def test_a_division_by_zero_says_that_it_has_no_result(asked: str) -> None:
    said = _answer(asked)
    assert said is not None
    assert said.endswith(" has no result: nothing can be divided by zero.")


@pytest.mark.parametrize(("opens", "answered"), [(True, True), (False, False)])
def test_a_bare_division_by_zero_is_a_score_where_it_may_be_a_reply(
    opens: bool, answered: bool
) -> None:
    assert (solved("1/0", date(2026, 11, 21), opens=opens) is not None) is answered


def test_a_power_without_end_is_refused_before_it_is_computed() -> None:
    assert arithmetic(Question("99999999999999999999^200^9")) is None


def test_a_text_beyond_the_limit_is_no_question() -> None:
    assert question("1+" * (MAX_CHARACTERS // 2)) is not None
    assert question("1+" * (MAX_CHARACTERS // 2) + "1") is None


@pytest.mark.parametrize(
    ("words", "digits"),
    [
        ("twenty five", "25"),
        ("a hundred and five", "105"),
        ("two thousand and twelve", "2012"),
        ("3.5 million", "3500000"),
        ("ten dollars", "$10"),
        ("twenty thirty", "twenty thirty"),
        ("five five", "five five"),
        ("2 and a half million dollars", "$2500000"),
        ("3k euros", "€3000"),
        ("eighty-one bucks", "$81"),
        ("eur .50", "€.50"),
        ("someone often phones", "someone often phones"),
    ],
)
def test_number_words_become_digits_where_they_are_one_number(words: str, digits: str) -> None:
    assert digits_for_words(words) == digits


@pytest.mark.parametrize(
    "closing",
    [
        "please",
        "pls",
        "plz",
        "thanks",
        "thanks a lot",
        "thanks in advance",
        "thank you",
        "thank you very much",
        "cheers",
        "for me",
        "exactly",
        "quickly",
        "asap",
    ],
)
def test_courtesy_at_the_end_is_no_part_of_a_question(closing: str) -> None:
    core = question(f"12 x 7, {closing}!")
    assert core is not None
    assert core.text == "12 x 7"


_SUMS = st.recursive(
    st.integers(0, 999).map(str),
    lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map(
        lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
    ),
    max_leaves=8,
)


@given(_SUMS)
@examples(100)
def test_sums_agree_with_fractions_of_the_language(text: str) -> None:
    exact = text
    for digits in sorted({*_numbers(text)}, key=len, reverse=True):
        assert digits.isdecimal()
    said = arithmetic(Question(f"{exact} + 0", commanded=True))
    try:
        value = _by_hand(text)
    except ZeroDivisionError:
        assert said is None or "has no result" in said
        return
    assert said is not None
    assert said.split("= ")[-1].split("about ")[-1] == written(value)


def _numbers(text: str) -> list[str]:
    return [part for part in text.replace("(", " ").replace(")", " ").split() if part.isalnum()]


def _by_hand(text: str) -> Fraction:
    """Returns the value, read independently: innermost brackets first."""
    if not text.startswith("("):
        return Fraction(int(text))
    depth = 0
    inner = text[1:-1]
    for at, sign in enumerate(inner):
        depth += (sign == "(") - (sign == ")")
        if depth == 0 and sign == " ":
            left, operator, right = inner[:at], inner[at + 1], inner[at + 3 :]
            a, b = _by_hand(left), _by_hand(right)
            return {"+": a + b, "-": a - b, "*": a * b}[operator] if operator != "/" else a / b
    raise AssertionError(text)


@given(st.decimals(0, 10**12, places=4))
@examples(50)
def test_a_number_is_read_as_it_is_written(value: object) -> None:
    exact = Fraction(str(value))
    assert number(written(exact)) == exact


@given(st.text(max_size=80))
@examples(200)
def test_no_text_makes_the_tools_fail(text: str) -> None:
    _answer(text)
