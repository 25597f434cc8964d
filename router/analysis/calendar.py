"""Computes calendar days and months in a time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo


def local_day(at_ms: int, zone: tzinfo = UTC) -> date | None:
    """Returns the day of a moment by that zone's clocks; None for times outside any calendar."""
    try:
        return datetime.fromtimestamp(at_ms / 1_000, UTC).astimezone(zone).date()
    except (ValueError, OverflowError, OSError):
        return None


def month_days(day: date) -> int:
    """Returns the number of days of the day's month: 29 in February 2028."""
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return (following - timedelta(days=1)).day


def days_between(first: date, last: date) -> list[date]:
    """Returns all days from the first to the last, both included; none if last is before first."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
