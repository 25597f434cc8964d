"""Forecasts the spend to the end of the month by weekday, with a prediction interval.

Days are assumed to be independent given their weekday. With n complete days in k weekday groups of
n_g days, the residual variance is s² = SSE / (n - k). The sum over the m days to come, m_g of each
group, has the prediction variance s² · (m + Σ m_g² / n_g), and the interval is that of the t
distribution with n - k degrees (Montgomery, Peck and Vining, Introduction to Linear Regression
Analysis, 5th ed., section 3.5, for a regression on weekday indicators). Today counts as what it has
cost so far where that is more than its mean: the days after it still cost theirs. It knows nothing
about why spend moves.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, timedelta, tzinfo
from zoneinfo import ZoneInfo

from router.analysis.calendar import days_between, local_day, month_days
from router.analysis.report.figures import Forecast, Period
from router.ledger.aggregates import Cell
from router.money.days import DAY_MS
from router.rendering.figures_in_words import counted
from router.stats.wilson import Z_95

MIN_DAYS = 3
"""Sets the complete days that a forecast needs; fewer say nothing about the next one's spread."""

WEEKDAY_DAYS = 14
"""Sets the days from which each weekday gets its own mean: each was seen twice by then."""

LOOK_BACK_DAYS = 56
"""Bounds the days used: older ones say little of this month; eight weeks hold each weekday 8 times.
"""

_T_975 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""Lists the t distribution's 0.975 quantile for 1 to 30 degrees of freedom."""


def t_975(degrees: int) -> float:
    """Returns the t distribution's 0.975 quantile, within 0.002: 12.706 for 1, 1.984 for 100.

    Above 30 degrees it uses Hill's expansion in the normal quantile (CACM algorithm 396).
    """
    if degrees <= len(_T_975):
        return _T_975[degrees - 1]
    z = Z_95
    return z + (z**3 + z) / (4 * degrees) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)


def forecast(
    spend: Mapping[date, int], today: date, first_complete: date | None, begins: date | None
) -> Forecast:
    """Returns the forecast for `today`'s month from nano-dollars by day.

    `first_complete` is the first day that is whole in `spend` (None: there is none). Days after it
    without an entry had no spend. `begins` is the first day that the report has whole, None where
    it is not bounded. Three days of $10.00 before the 4th of a month of 30 days: $300.00 expected,
    and no interval, since days that do not differ say nothing of how far others may be off. With
    $50.00 on the 4th so far it is $340.00: 30 for the days before, 50, and 260 for those after it.
    """
    month = today.replace(day=1)
    name = f"{month:%Y-%m}"
    spent = sum(nano for day, nano in spend.items() if month <= day <= today)
    # Without the month's first days, "spent so far" would be too low.
    if begins is not None and begins > month:
        return _refused(
            name,
            f"the first whole day of the report is {begins}, after the month began; expected "
            f"--since {month}",
            0,
            spent,
        )
    yesterday = today - timedelta(days=1)
    start = (
        None
        if first_complete is None
        else max(first_complete, today - timedelta(days=LOOK_BACK_DAYS))
    )
    seen = [] if start is None else days_between(start, yesterday)
    if len(seen) < MIN_DAYS:
        days = "1 complete day" if len(seen) == 1 else f"{len(seen)} complete days"
        return _refused(name, f"there are {days} so far; {MIN_DAYS} are needed", len(seen), spent)
    to_come = days_between(today, month.replace(day=month_days(month)))
    so_far = spend.get(today, 0)
    further, half = _predicted([(day, spend.get(day, 0)) for day in seen], to_come, so_far)
    expected, low, high = (spent + round(further + way * half) for way in (0, -1, 1))
    return Forecast(
        month=name,
        why="",
        days=len(seen),
        spent_nano_usd=spent,
        expected_nano_usd=expected,
        # What is spent stays spent.
        low_nano_usd=max(spent, low) if half else None,
        high_nano_usd=high if half else None,
    )


def _predicted(
    seen: list[tuple[date, int]], to_come: list[date], so_far: int
) -> tuple[float, float]:
    """Returns what is expected beyond `so_far` of today, and half its interval's width.

    No day is expected to give money back: corrections by bills can make a mean negative.
    """
    by_weekday = len(seen) >= WEEKDAY_DAYS

    def group(day: date) -> int:
        return day.weekday() if by_weekday else 0

    numbers = Counter(group(day) for day, _ in seen)
    sums: Counter[int] = Counter()
    for day, nano in seen:
        sums[group(day)] += nano
    means = {weekday: sums[weekday] / numbers[weekday] for weekday in numbers}
    squares = sum((nano - means[group(day)]) ** 2 for day, nano in seen)
    # MIN_DAYS and WEEKDAY_DAYS leave at least two degrees of freedom.
    degrees = len(seen) - len(numbers)
    ahead = Counter(group(day) for day in to_come)
    today, *later = to_come
    expected = max(0.0, means[group(today)] - max(0, so_far))
    expected += sum(max(0.0, means[group(day)]) for day in later)
    leverage = len(to_come) + sum(m * m / numbers[weekday] for weekday, m in ahead.items())
    half = t_975(degrees) * math.sqrt(squares / degrees * leverage)
    return expected, half


def _refused(month: str, why: str, days: int, spent: int) -> Forecast:
    return Forecast(month, why, days, spent, None, None, None)


def forecast_of(
    by_day: Mapping[date | None, Cell], period: Period, lost: int, *, by_rows: bool
) -> Forecast:
    """Returns the forecast of a report made at `period.generated_at_ms`, or why there is none.

    `lost` purged requests may be of the period and are in no day; `by_rows` says of any day.
    """
    days = {day: cell for day, cell in by_day.items() if day is not None}
    clock = UTC if period.zone == "UTC" else ZoneInfo(period.zone)
    # A clock outside any calendar must not break the report.
    today = local_day(period.generated_at_ms, clock) or date(1970, 1, 1)
    if period.until_ms is not None and period.until_ms < period.generated_at_ms:
        reason = "the period is over"
        return Forecast(f"{today:%Y-%m}", reason, 0, 0, None, None, None)
    if lost and by_rows:
        requests = counted(lost, "purged request is", "purged requests are")
        return Forecast(f"{today:%Y-%m}", f"up to {requests} in no figure", 0, 0, None, None, None)
    begins = None if period.since_ms is None else _first_whole(period.since_ms, lost, clock)
    first = min(days, default=None)
    # A period that begins at midnight contains all of its first day; a ledger's first row may come
    # after a day's beginning, so only the next is complete.
    complete = first if first is None or first == begins else first + timedelta(days=1)
    spend = {day: cell.spend_nano_usd for day, cell in days.items()}
    return forecast(spend, today, complete, begins)


def _first_whole(since_ms: int, lost: int, clock: tzinfo) -> date | None:
    """Returns the first day of which nothing is missing; None for times outside any calendar."""
    # Purged requests may be of any time of the UTC day that the period cuts.
    whole_ms = -(-since_ms // DAY_MS) * DAY_MS if lost else since_ms
    begins = local_day(whole_ms, clock)
    at_midnight = local_day(whole_ms - 1, clock) != begins
    if begins in (None, date.max) or at_midnight:
        return begins
    return begins + timedelta(days=1)
