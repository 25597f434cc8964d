"""Points in time as people write them: `24h` ago, a date, a date with a time."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import typer

UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_AGO = re.compile(r"(\d{1,9})\s*([smhdw])")


def moment_ms(text: str, now_ms: int) -> int:
    """Milliseconds since the epoch: `24h` and `7d` are that long before `now_ms`; dates are UTC.

    `2026-11-20` is its midnight. Raises typer.BadParameter.
    """
    ago = _AGO.fullmatch(text.strip().lower())
    if ago:
        return now_ms - int(ago[1]) * UNIT_MS[ago[2]]
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is no point in time; expected 24h, 7d, 2026-11-20 or 2026-11-20T08:00"
        ) from error
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return round(found.timestamp() * 1000)


def length_ms(text: str) -> int:
    """Milliseconds of a length of time: `24h`, `7d`, `0`. Raises typer.BadParameter."""
    if text.strip() == "0":
        return 0
    found = _AGO.fullmatch(text.strip().lower())
    if found is None:
        raise typer.BadParameter(f"{text!r} is no length of time; expected 30m, 24h, 7d or 0")
    return int(found[1]) * UNIT_MS[found[2]]


def end_ms(text: str, now_ms: int) -> int:
    """Milliseconds since the epoch: `90d` is that long after `now_ms`; dates as in `moment_ms`.

    Raises typer.BadParameter.
    """
    later = _AGO.fullmatch(text.strip().lower())
    return now_ms + length_ms(text) if later else moment_ms(text, now_ms)


def shown_time(at_ms: int) -> str:
    """`2026-11-20 08:00:05`, UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
