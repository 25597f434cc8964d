"""Reads points in time as people write them: `24h` ago, a date, a date with a time."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
FIRST_MS, LAST_MS = -62_135_596_800_000, 253_402_300_799_999
"""Ends of the calendar: the first moment of the year 1, and the last one of 9999."""
_AGO = re.compile(r"(\d{1,9})\s*([smhdw])")
_MONTH = re.compile(r"\d{4}-\d{2}")


def now_ms() -> int:
    """Returns milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def moment_ms(text: str, now_ms: int, zone: tzinfo = UTC, option: str | None = None) -> int:
    """Returns milliseconds since the epoch: `24h` and `7d` mean that long before `now_ms`.

    Dates are the zone's: `2026-11-20` is its midnight there, `2026-11` the midnight of the first.
    Raises typer.BadParameter, which names the option.
    """
    ago = _AGO.fullmatch(text.strip().lower())
    if ago:
        return _of_the_calendar(now_ms - int(ago[1]) * UNIT_MS[ago[2]], text)
    try:
        # `fromisoformat` knows no months, so a month becomes its first day.
        month = _MONTH.fullmatch(text.strip())
        moment = datetime.fromisoformat(f"{month[0]}-01" if month else text.strip())
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is no point in time; expected 24h, 7d, 2026-11, 2026-11-20 or "
            "2026-11-20T08:00",
            param_hint=option,
        ) from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    try:
        return round(moment.timestamp() * 1000)
    # In a zone east of Greenwich the first of January of the year 1 is no time in UTC.
    except OverflowError as error:
        raise _beyond(text) from error


def _of_the_calendar(at_ms: int, text: str) -> int:
    """Returns the moment; raises typer.BadParameter where no date can show it."""
    if not FIRST_MS <= at_ms <= LAST_MS:
        raise _beyond(text)
    return at_ms


def _beyond(text: str) -> typer.BadParameter:
    return typer.BadParameter(f"{text!r} leads out of the years 1 to 9999; expected a nearer time")


def period_of(
    since: str | None, until: str | None, now_ms: int, zone: tzinfo = UTC
) -> tuple[int | None, int | None]:
    """Reads `--since` and `--until` as `moment_ms` does. Raises typer.BadParameter."""
    begin = None if since is None else moment_ms(since, now_ms, zone, "--since")
    end = None if until is None else moment_ms(until, now_ms, zone, "--until")
    if begin is not None and end is not None and begin >= end:
        raise typer.BadParameter(
            f"--since {since} is not before --until {until}; expected a time that begins first"
        )
    return begin, end


def length_ms(text: str) -> int:
    """Returns the milliseconds of a length of time: `24h`, `7d`, `0`. Raises typer.BadParameter."""
    if text.strip() == "0":
        return 0
    parts = _AGO.fullmatch(text.strip().lower())
    if parts is None:
        raise typer.BadParameter(f"{text!r} is no length of time; expected 30m, 24h, 7d or 0")
    return int(parts[1]) * UNIT_MS[parts[2]]


def end_ms(text: str, now_ms: int, option: str | None = None) -> int:
    """Returns milliseconds since the epoch: `90d` means that long after `now_ms`.

    Dates are read as in `moment_ms`. Raises typer.BadParameter, which names the option.
    """
    # The same words mean the past in a period, and the future in an expiry.
    later = _AGO.fullmatch(text.strip().lower())
    if later:
        return _of_the_calendar(now_ms + length_ms(text), text)
    return moment_ms(text, now_ms, option=option)


def zone_of(name: str) -> ZoneInfo:
    """Returns the time zone of a name such as `Europe/Berlin`. Raises typer.BadParameter."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise typer.BadParameter(
            f"{name!r} is no time zone known here; expected a name as UTC, Europe/Berlin or "
            "Asia/Kolkata (the system's tzdata lists them)",
            param_hint="--tz",
        ) from error


def shown_time(at_ms: int) -> str:
    """Formats a moment as `2026-11-20 08:00:05`, in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def shown_day(at_ms: int) -> str:
    """Formats the day of a moment as `2026-11-20`, in UTC."""
    return shown_time(at_ms)[:10]
