"""Tests present value, internal rate, payback, break-even: by hand, by others, as properties."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from router.plan.present_value import (
    BreakEven,
    Crossing,
    break_even,
    internal_rate,
    payback,
    present_values,
    return_on,
)

flows_of = st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=12)
rates = st.integers(0, 300).map(lambda permille: Fraction(permille, 1000))
amounts = st.integers(0, 10**12).map(Fraction)


def fractions(*flows: float) -> list[Fraction]:
    return [Fraction(str(flow)) for flow in flows]


def present_value(flows: list[Fraction], rate: Fraction) -> Fraction:
    return sum(present_values(flows, rate), Fraction(0))


def test_present_value_by_hand() -> None:
    # -1,000 + 500/1.1 + 500/1.21 + 500/1.331 = 243.4260...
    flows = fractions(-1000, 500, 500, 500)
    assert present_value(flows, Fraction(1, 10)) == Fraction(324000, 1331)
    assert float(Fraction(324000, 1331)) == pytest.approx(243.4260, abs=5e-5)


def test_five_years_at_eight_percent_have_the_annuity_factor_of_the_tables() -> None:
    # 3.9927 in the annuity tables of every textbook (Brealey, Myers and Allen, appendix).
    value = present_value(fractions(0, 1, 1, 1, 1, 1), Fraction(8, 100))
    assert round(float(value), 4) == 3.9927


@given(flows_of, rates)
def test_present_value_is_what_decimal_arithmetic_by_recursion_gives(
    flows: list[int], rate: Fraction
) -> None:
    with localcontext() as context:
        context.prec = 60
        growth = 1 + Decimal(rate.numerator) / Decimal(rate.denominator)
        expected = Decimal(0)
        for flow in reversed(flows):  # backwards: what comes later is divided once more
            expected = expected / growth + flow
        found = present_value([Fraction(flow) for flow in flows], rate)
        assert abs(Decimal(found.numerator) / found.denominator - expected) < Decimal("1e-30")


@given(flows_of)
def test_at_rate_zero_present_value_is_the_plain_sum(flows: list[int]) -> None:
    assert present_value([Fraction(flow) for flow in flows], Fraction(0)) == sum(flows)


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=8), rates, rates)
def test_a_higher_rate_makes_later_income_worth_less(
    flows: list[int], one: Fraction, other: Fraction
) -> None:
    low, high = sorted((one, other))
    income = [Fraction(flow) for flow in flows]
    assert present_value(income, high) <= present_value(income, low)


def test_internal_rate_by_hand() -> None:
    # 110 after a year for 100: 10 %. 121 after two: 10 %.
    assert internal_rate(fractions(-100, 110)) == pytest.approx(0.10, abs=1e-8)
    assert internal_rate(fractions(-100, 0, 121)) == pytest.approx(0.10, abs=1e-8)
    assert internal_rate(fractions(-100, 50)) == pytest.approx(-0.50, abs=1e-8)


@given(
    st.integers(1, 10**6),
    st.lists(st.integers(1, 10**5), min_size=1, max_size=8),
)
@example(1, [524_290])  # below the highest rate, and above its half
def test_internal_rate_is_a_root_of_the_polynomial(invested: int, income: list[int]) -> None:
    flows = [-invested, *income]
    found = internal_rate([Fraction(flow) for flow in flows])
    # In x = 1 + rate the sum of present values times x^n is a polynomial: eigenvalues, no search.
    roots = np.roots(flows)
    (expected,) = (root.real - 1 for root in roots if abs(root.imag) < 1e-9 and root.real > 0)
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    "flows",
    [
        (100, 50),  # nothing was put in
        (-100, -50),  # nothing ever comes
        (-100, 300, -210),  # two rates solve it: 0 % and 110 %
        (0, 0),
        (),
    ],
)
def test_there_is_no_internal_rate_where_no_single_one_exists(flows: tuple[int, ...]) -> None:
    assert internal_rate(fractions(*flows)) is None


@pytest.mark.parametrize(
    ("invested", "flows", "months"),
    [
        (100, (40, 40, 40), Fraction(5, 2)),
        (100, (100,), Fraction(1)),  # on the last day
        (100, (99,), None),  # a dollar short
        (0, (1,), Fraction(0)),
        (0, (), Fraction(0)),
        (100, (-50, 150), Fraction(2)),  # a bad first month has to be made up for
        (100, (-1, -1), None),
    ],
)
def test_payback(invested: int, flows: tuple[int, ...], months: Fraction | None) -> None:
    assert payback(Fraction(invested), fractions(*flows)) == months


def test_return_on_what_was_put_in() -> None:
    assert return_on(Fraction(200), Fraction(500)) == Fraction(3, 2)
    assert return_on(Fraction(200), Fraction(-100)) == Fraction(-3, 2)
    assert return_on(Fraction(0), Fraction(500)) is None


def test_break_even_by_hand() -> None:
    # $500 fixed; $0.002 against $0.0001: each request covers $0.0019.
    crossing = break_even(Fraction(500), Fraction("0.0001"), Fraction("0.002"))
    assert crossing == BreakEven(Crossing.REACHED, Fraction(5_000_000, 19))
    assert 263_157 < crossing.requests < 263_158  # type: ignore[operator]


@pytest.mark.parametrize(
    ("fixed", "own", "general", "crossing"),
    [
        (500, 1, 2, Crossing.REACHED),
        (500, 2, 2, Crossing.NEVER),  # the same each: nothing covers what is fixed
        (500, 3, 2, Crossing.NEVER),
        (0, 3, 2, Crossing.NEVER),
        (0, 2, 2, Crossing.NEVER),  # all the same: nothing is gained
        (0, 1, 2, Crossing.AT_ONCE),
        (-500, 1, 2, Crossing.AT_ONCE),
        (-500, 2, 2, Crossing.AT_ONCE),
        (-500, 3, 2, Crossing.UP_TO),  # the fee that is saved is spent after 500 requests
    ],
)
def test_break_even_cases(fixed: int, own: int, general: int, crossing: Crossing) -> None:
    found = break_even(Fraction(fixed), Fraction(own), Fraction(general))
    assert found.crossing is crossing
    assert (found.requests is None) == (crossing in (Crossing.NEVER, Crossing.AT_ONCE))


@given(amounts, amounts, amounts)
def test_at_the_break_even_both_ways_cost_the_same(
    fixed: Fraction, own: Fraction, general: Fraction
) -> None:
    crossing = break_even(fixed, own, general)
    assume(crossing.requests is not None)
    assert crossing.requests is not None
    assert fixed + own * crossing.requests == general * crossing.requests


@given(amounts, amounts, amounts)
def test_more_fixed_costs_move_the_break_even_up(
    fixed: Fraction, own: Fraction, general: Fraction
) -> None:
    assume(general > own)
    less, more = break_even(fixed, own, general), break_even(fixed + 1, own, general)
    assert (less.requests or 0) < (more.requests or 0)
