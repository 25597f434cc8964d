"""Builds values of JSON reports: money is written twice, as an exact integer and in dollars."""

from __future__ import annotations

from router.types import exact_usd

Json = dict[str, object]


def money(name: str, nano_usd: int | None) -> Json:
    """Writes an amount twice: as an exact integer of nano-dollars, and in dollars as an exact
    string.
    """
    exact = None if nano_usd is None else exact_usd(nano_usd)
    return {f"{name}_nano_usd": nano_usd, f"{name}_usd": exact}
