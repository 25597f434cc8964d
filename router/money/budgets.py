"""Which limits hold for a request: scopes, calendar windows, and the policy's sections made ready.

A scope says whose money is counted together: `tenant`, `key_id`, `policy` and `tier` each name one,
or are "" for all together. Windows are of the UTC calendar. Pure; it knows nothing about what was
spent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

from msgspec import Struct

from router.policy.sections.budgets import BudgetSection, LimitSection
from router.types import usd_to_nano

V = TypeVar("V")
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000


class WindowKind(StrEnum):
    """How long a budget's window is; each begins and ends with the UTC calendar's own."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


LENGTH_MS = {WindowKind.MINUTE: MINUTE_MS, WindowKind.HOUR: HOUR_MS, WindowKind.DAY: DAY_MS}


def window_start(kind: WindowKind, at_ms: int) -> int:
    """When the window that holds `at_ms` began, milliseconds since the epoch.

    Raises ValueError, OverflowError or OSError for a time outside the calendar.
    """
    if kind is not WindowKind.MONTH:
        return at_ms - at_ms % LENGTH_MS[kind]
    return month_start(at_ms - at_ms % DAY_MS)


def window_end(kind: WindowKind, start_ms: int) -> int:
    """When the window that began at `start_ms` ends: a month has 28 to 31 days."""
    if kind is not WindowKind.MONTH:
        return start_ms + LENGTH_MS[kind]
    return month_start(start_ms + 32 * DAY_MS)


@lru_cache(maxsize=1024)
def month_start(day_ms: int) -> int:
    """The start of the UTC month that this day (its start) is in."""
    first = datetime.fromtimestamp(day_ms / 1000, UTC).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    return int(first.timestamp()) * 1000


class Payer(Struct, frozen=True):
    """Who spends, by what and where; the tier is "" before one is called."""

    tenant: str
    key_id: str = ""
    policy: str = ""
    tier: str = ""


class BudgetScope(Struct, frozen=True):
    """What is counted together; "" stands for all."""

    tenant: str = ""
    key_id: str = ""
    policy: str = ""
    tier: str = ""

    @property
    def named(self) -> tuple[str, ...]:
        """Which of the four it names, in their order."""
        return tuple(name for name in NAMES if getattr(self, name))

    def __str__(self) -> str:
        words = {"key_id": "key"}
        named = [f"{words.get(name, name)} {getattr(self, name)!r}" for name in self.named]
        return ", ".join(named) or "all requests"


NAMES = ("tenant", "key_id", "policy", "tier")


class WindowLimit(Struct, frozen=True):
    """What may be spent within one window of a scope, nano-dollars."""

    scope: BudgetScope
    kind: WindowKind
    nano_usd: int
    soft_share: float | None = None
    pacing: bool = False

    @property
    def steers(self) -> bool:
        """Whether decisions follow what was spent, before the limit is reached."""
        return self.pacing or self.soft_share is not None


class RateLimit(Struct, frozen=True):
    """How much may be asked in a minute; None: no limit."""

    scope: BudgetScope
    requests: int | None
    tokens: int | None


class _Rule(Struct, frozen=True):
    """One section with what it names; "*" is each by itself, "" all together."""

    names: tuple[str, str, str, str]
    section: BudgetSection

    def scope(self, payer: Payer) -> BudgetScope | None:
        """The scope in which this payer counts, None where the rule isn't about it."""
        counted = []
        for stated, found in zip(self.names, _values(payer), strict=True):
            if stated not in ("", "*", found) or (stated and not found):
                return None
            counted.append(found if stated else "")
        return BudgetScope(*counted)


def _values(payer: Payer) -> tuple[str, str, str, str]:
    return payer.tenant, payer.key_id, payer.policy, payer.tier


KEPT = 4096  # payers whose limits are remembered; a gateway has some hundred keys and few tiers


class Budgets:
    """All limits of a policy. Asked with every request, so what holds for a payer is remembered."""

    def __init__(
        self,
        budgets: Mapping[str, BudgetSection] | None = None,
        limits: Sequence[LimitSection] = (),
    ) -> None:
        self._tenants = budgets or {}
        self._rules = tuple(_Rule(_stated(one), one) for one in limits)
        self.any_rate = any(
            one.requests_per_minute or one.tokens_per_minute
            for one in (*self._tenants.values(), *limits)
        )
        self.unlimited = not self._tenants and not self._rules
        self._money: dict[Payer, tuple[WindowLimit, ...]] = {}
        self._rates: dict[Payer, tuple[RateLimit, ...]] = {}

    def money(self, payer: Payer) -> tuple[WindowLimit, ...]:
        """Every window that a call of this payer must fit in."""
        if self.unlimited:
            return ()
        found = self._money.get(payer)
        if found is None:
            found = tuple(
                limit
                for scope, section in self._holding(payer)
                for limit in _windows(scope, section)
            )
            _remember(self._money, payer, found)
        return found

    def rates(self, payer: Payer) -> tuple[RateLimit, ...]:
        """Every rate that a request (tier "") or a call (its tier) of this payer counts in."""
        if self.unlimited:
            return ()
        found = self._rates.get(payer)
        if found is None:
            found = tuple(
                RateLimit(scope, section.requests_per_minute, section.tokens_per_minute)
                for scope, section in self._holding(payer)
                if section.requests_per_minute or section.tokens_per_minute
                if bool(scope.tier) == bool(payer.tier)
            )
            _remember(self._rates, payer, found)
        return found

    def _holding(self, payer: Payer) -> Iterator[tuple[BudgetScope, BudgetSection]]:
        own = self._tenants.get(payer.tenant, self._tenants.get("*"))
        if payer.tenant and own is not None:
            yield BudgetScope(payer.tenant), own
        for rule in self._rules:
            scope = rule.scope(payer)
            if scope is not None:
                yield scope, rule.section


def _stated(limit: LimitSection) -> tuple[str, str, str, str]:
    return limit.tenant or "", limit.key or "", limit.policy or "", limit.tier or ""


def _windows(scope: BudgetScope, section: BudgetSection) -> Iterator[WindowLimit]:
    for kind in WindowKind:
        usd = getattr(section, f"usd_per_{kind.value}")
        if usd is not None:
            yield WindowLimit(scope, kind, usd_to_nano(usd), section.soft_share, section.pacing)


def _remember(known: dict[Payer, V], payer: Payer, found: V) -> None:
    if len(known) >= KEPT:
        known.clear()
    known[payer] = found
