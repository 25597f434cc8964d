"""Finds the limits that apply to a request, from the policy's sections.

A scope tells whose money counts together. Its fields `tenant`, `key_id`, `policy` and `tier` each
name one, or are "" for all together. Windows follow the UTC calendar. Pure. It knows nothing about
past spending.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

from msgspec import Struct

from router.errors import PriceUnknown
from router.money.days import DAY_MS, HOUR_MS, MINUTE_MS, month_start
from router.policy.sections.budgets import BudgetSection, LimitSection
from router.types import WITHOUT_KEY, AttemptRow, CostBasis, usd_to_nano

V = TypeVar("V")


class WindowKind(StrEnum):
    """Names the length of a budget's window.

    Each window begins and ends with the UTC calendar's own.
    """

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


LENGTH_MS = {WindowKind.MINUTE: MINUTE_MS, WindowKind.HOUR: HOUR_MS, WindowKind.DAY: DAY_MS}


def window_start(kind: WindowKind, at_ms: int) -> int:
    """Returns the start of the window that holds `at_ms`, in milliseconds since the epoch.

    Raises ValueError, OverflowError or OSError for a time outside the calendar.
    """
    if kind is not WindowKind.MONTH:
        # These windows have a fixed length and begin at the epoch, so no calendar is needed.
        return at_ms - at_ms % LENGTH_MS[kind]
    return month_start(at_ms - at_ms % DAY_MS)


def window_end(kind: WindowKind, start_ms: int) -> int:
    """Returns the end of the window that began at `start_ms`. A month has 28 to 31 days."""
    if kind is not WindowKind.MONTH:
        return start_ms + LENGTH_MS[kind]
    return month_start(start_ms + 32 * DAY_MS)  # always a day of the next month


class Payer(Struct, frozen=True):
    """Identifies the payer of a call, its policy and its tier. The tier is "" before a call."""

    tenant: str
    key_id: str = ""
    policy: str = ""
    tier: str = ""


class BudgetScope(Struct, frozen=True):
    """Names the requests that count together; "" covers all."""

    tenant: str = ""
    key_id: str = ""
    policy: str = ""
    tier: str = ""

    @property
    def named(self) -> tuple[str, ...]:
        """Returns the names of the fields that are set, in their order."""
        return tuple(name for name in NAMES if getattr(self, name))

    def __str__(self) -> str:
        words = {"key_id": "key"}
        named = {name: f"{words.get(name, name)} {getattr(self, name)!r}" for name in self.named}
        if self.key_id == WITHOUT_KEY:
            named["key_id"] = "requests without a key"
        return ", ".join(named.values()) or "all requests"


NAMES = ("tenant", "key_id", "policy", "tier")


class WindowLimit(Struct, frozen=True):
    """Limits the money spent within one window of a scope, in nano-dollars."""

    scope: BudgetScope
    kind: WindowKind
    nano_usd: int
    soft_share: float | None = None
    pacing: bool = False
    unpriced: bool = False  # True: calls of unknown price go out, and count as nothing

    @property
    def steers(self) -> bool:
        """Returns True when decisions react to spending before the limit is reached."""
        return self.pacing or self.soft_share is not None


class RateLimit(Struct, frozen=True):
    """Limits the requests and tokens of a minute. None: no limit."""

    scope: BudgetScope
    requests: int | None
    tokens: int | None


class _Rule(Struct, frozen=True):
    """Holds one section with its names; "*" means each separately, "" all together."""

    names: tuple[str, str, str, str]
    section: BudgetSection

    def scope(self, payer: Payer) -> BudgetScope | None:
        """Returns the scope in which this payer counts, or None when the rule does not apply."""
        counted = []
        for stated, value in zip(self.names, _values(payer), strict=True):
            if stated not in ("", "*", value) or (stated and not value):
                return None
            counted.append(value if stated else "")
        return BudgetScope(*counted)


def _values(payer: Payer) -> tuple[str, str, str, str]:
    return payer.tenant, payer.key_id, payer.policy, payer.tier


# Bounds the payers whose limits are cached; a gateway has some hundred keys and few tiers.
KEPT = 4096


class Budgets:
    """Holds all limits of a policy. Every request asks, so the limits of a payer are cached."""

    def __init__(
        self,
        budgets: Mapping[str, BudgetSection] | None = None,
        limits: Sequence[LimitSection] = (),
    ) -> None:
        self._tenants = budgets or {}
        self._rules = tuple(_Rule(_stated(section), section) for section in limits)
        self.any_rate = any(
            section.requests_per_minute or section.tokens_per_minute
            for section in (*self._tenants.values(), *limits)
        )
        self.unlimited = not self._tenants and not self._rules
        self._money: dict[Payer, tuple[WindowLimit, ...]] = {}
        self._rates: dict[Payer, tuple[RateLimit, ...]] = {}

    def money(self, payer: Payer) -> tuple[WindowLimit, ...]:
        """Returns every window that a call of this payer must fit in."""
        if self.unlimited:
            return ()
        limits = self._money.get(payer)
        if limits is None:
            limits = tuple(
                limit
                for scope, section in self._holding(payer)
                for limit in _windows(scope, section)
            )
            _remember(self._money, payer, limits)
        return limits

    def rates(self, payer: Payer) -> tuple[RateLimit, ...]:
        """Returns every rate that counts a request (tier "") or a call (its tier) of this payer."""
        if self.unlimited:
            return ()
        limits = self._rates.get(payer)
        if limits is None:
            limits = tuple(
                RateLimit(scope, section.requests_per_minute, section.tokens_per_minute)
                for scope, section in self._holding(payer)
                if section.requests_per_minute or section.tokens_per_minute
                # A request counts in rates without a tier, a call in rates of its own tier.
                if bool(scope.tier) == bool(payer.tier)
            )
            _remember(self._rates, payer, limits)
        return limits

    def _holding(self, payer: Payer) -> Iterator[tuple[BudgetScope, BudgetSection]]:
        # A tenant's own section replaces the section for every tenant (`*`).
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
            unpriced = section.unknown_price == "allow"
            nano_usd = usd_to_nano(usd)
            yield WindowLimit(scope, kind, nano_usd, section.soft_share, section.pacing, unpriced)


def check_priced(limits: Sequence[WindowLimit], attempt: AttemptRow) -> None:
    """Raises PriceUnknown for a call of unknown price where one of its limits counts it."""
    # Where something is held, a price bounds it: of an own machine, or of a whole answer.
    if attempt.cost_basis is not CostBasis.UNKNOWN or attempt.held_nano_usd:
        return
    for limit in limits:
        if not limit.unpriced:
            kind = limit.kind.value
            raise PriceUnknown(
                f"The model {attempt.model} (answerer {attempt.answerer}) has no known price, so "
                f"the {kind}'s budget of {limit.scope} cannot bound its calls. Who keeps the "
                "gateway's policy may state one (`price` of the answerer, or the model in the "
                "price book, `prices`), or let such calls go out all the same (`unknown_price: "
                "allow` beside the budget).",
                limit=f"usd_per_{kind}",
                scope=str(limit.scope),
                hopeless=True,
            )


def _remember(known: dict[Payer, V], payer: Payer, limits: V) -> None:
    if len(known) >= KEPT:
        # Clearing all is simple; the next request of each payer fills its entry again.
        known.clear()
    known[payer] = limits
