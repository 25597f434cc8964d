"""Spend to the end of the month from the days so far: by weekday, with a prediction interval.

Days are taken as independent given their weekday. With n complete days in k weekday groups of n_g
days, the residual variance is s² = SSE / (n - k); the sum over the m days to come, m_g of each
group, has the prediction variance s² · (m + Σ m_g² / n_g), and the interval is the t distribution's
with n - k degrees (Montgomery, Peck and Vining, Introduction to Linear Regression Analysis, 5th
ed., section 3.5, for a regression on weekday indicators). It knows nothing about why spend moves.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta

from router.analysis.report.calendar import days_between, month_days
from router.analysis.report.figures import Forecast

MIN_DAYS = 3
"""Fewer complete days say nothing about the next one's spread."""

WEEKDAY_DAYS = 14
"""From here on every weekday has been seen twice, and each gets its own mean."""

LOOK_BACK_DAYS = 56
"""Older days say little about this month; eight weeks see each weekday eight times."""

_T_975 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""The t distribution's 0.975 quantile for 1 to 30 degrees of freedom."""


def t_975(degrees: int) -> float:
    """The t distribution's 0.975 quantile, within 0.002: 12.706 for 1, 1.984 for 100.

    Above 30 degrees by Hill's expansion in the normal quantile (CACM algorithm 396).
    """
    if degrees <= len(_T_975):
        return _T_975[degrees - 1]
    z = 1.959963984540054
    return z + (z**3 + z) / (4 * degrees) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)


def forecast(
    spend: Mapping[date, int], today: date, first_complete: date | None, begins: date | None
) -> Forecast:
    """The forecast for `today`'s month from nano-dollars by day.

    `first_complete` is the first day that is whole in `spend` (None: there is none); days after it
    without an entry had no spend. `begins` is the first day of the report, None where it is not
    bounded. Three days of $10.00 before the 4th of a month of 30 days: $300.00 expected, and the
    interval is as narrow, since they do not differ.
    """
    month = today.replace(day=1)
    name = f"{month:%Y-%m}"
    spent = sum(nano for day, nano in spend.items() if month <= day <= today)
    if begins is not None and begins > month:
        return _refused(
            name,
            f"the report begins on {begins}, after the month did; expected --since {month}",
            0,
            spent,
        )
    yesterday = today - timedelta(days=1)
    start = None if first_complete is None else max(
        first_complete, today - timedelta(days=LOOK_BACK_DAYS)
    )  # fmt: skip
    seen = [] if start is None else days_between(start, yesterday)
    if len(seen) < MIN_DAYS:
        days = "1 complete day" if len(seen) == 1 else f"{len(seen)} complete days"
        return _refused(name, f"there are {days} so far; {MIN_DAYS} are needed", len(seen), spent)
    to_come = days_between(today, month.replace(day=month_days(month)))
    expected, half = _predicted([(day, spend.get(day, 0)) for day in seen], to_come)
    # What today has cost already is part of what is expected of today, and never less.
    before = spent - spend.get(today, 0)
    return Forecast(
        month=name,
        why="",
        days=len(seen),
        spent_nano_usd=spent,
        expected_nano_usd=max(spent, before + round(expected)),
        low_nano_usd=max(spent, before + round(expected - half)),
        high_nano_usd=max(spent, before + round(expected + half)),
    )


def _predicted(seen: list[tuple[date, int]], to_come: list[date]) -> tuple[float, float]:
    """The expected sum over the days to come, and half the width of its 95 % interval."""
    by_weekday = len(seen) >= WEEKDAY_DAYS

    def group(day: date) -> int:
        return day.weekday() if by_weekday else 0

    numbers = Counter(group(day) for day, _ in seen)
    sums: Counter[int] = Counter()
    for day, nano in seen:
        sums[group(day)] += nano
    means = {one: sums[one] / numbers[one] for one in numbers}
    squares = sum((nano - means[group(day)]) ** 2 for day, nano in seen)
    degrees = len(seen) - len(numbers)
    ahead = Counter(group(day) for day in to_come)
    expected = sum(means[one] * number for one, number in ahead.items())
    leverage = len(to_come) + sum(m * m / numbers[one] for one, m in ahead.items())
    half = t_975(degrees) * math.sqrt(squares / degrees * leverage)
    return expected, half


def _refused(month: str, why: str, days: int, spent: int) -> Forecast:
    return Forecast(month, why, days, spent, None, None, None)
