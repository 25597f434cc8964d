"""Counts time as money does: in milliseconds since the epoch, by the days and months of UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()


def utc_minute(at_ms: int) -> str:
    """Returns a moment for people.

    >>> utc_minute(1_800_000_000_000)
    '2027-01-15 08:00 UTC'
    """
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def utc_day(at_ms: int) -> date:
    """Returns the UTC day of a time in milliseconds since the epoch."""
    return date.fromordinal(_EPOCH_DAY + at_ms // DAY_MS)


def day_start_ms(day: date) -> int:
    """Returns the first millisecond of a UTC day, since the epoch."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


@lru_cache(maxsize=1024)
def month_start(day_ms: int) -> int:
    """Returns the start of the UTC month that contains this day (given by its start)."""
    first = datetime.fromtimestamp(day_ms / 1000, UTC).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    return int(first.timestamp()) * 1000
