"""Sums of money with a scale in the name of the currency, and what only looks like one."""

from __future__ import annotations

from datetime import date

import pytest

from tiers.exact.tools import solved

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("15% of TEUR 85", "15% of €85,000 = €12,750"),
        ("What's 15% of 85 TEUR?", "15% of €85,000 = €12,750"),
        ("10% of 5 kUSD", "10% of $5,000 = $500"),
        ("20% of k€ 1.5", "20% of €1,500 = €300"),
        ("TEUR 85 + TEUR 15", "€85000 + €15000 = €100,000"),
        ("2% of 3 MGBP", "2% of £3,000,000 = £60,000"),
        ("15% of EUR 85", "15% of €85 = €12.75"),
        ("10% of TEUR 0.125", "10% of €125 = €12.50"),
        ("10% of TEUR 2.5", "10% of €2,500 = €250"),
        ("12.5% of 1.25", "12.5% of 1.25 = 0.15625"),
    ],
)
def test_the_scale_of_a_currency_counts(asked: str, said: str) -> None:
    result = solved(asked, TODAY)
    assert result is not None
    assert result.text == said


@pytest.mark.parametrize(
    "asked",
    [
        "15% of USD 85k",  # twice a scale, or none
        "15% of XEUR 85",
        "15% of TEUR 85,5",
        "15% of 85 TEURO",
        "15% of 85 k$€",
        "10% of 5 kCHF",
        "10% of 5 tusks",
        "10% of 5 meur a day",
        "10% of TEUR 2.500",  # two and a half thousand, or as many millions
        "10% of 2.500 kEUR",
        "10% of k€ 2.500",
        "10% of 2.500 k€",
    ],
)
def test_what_is_no_sum_of_money_gets_no_answer(asked: str) -> None:
    assert solved(asked, TODAY) is None
