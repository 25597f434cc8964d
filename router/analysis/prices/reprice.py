"""Prices the usage in the ledger's rows at other prices: signed, by tier, model, tenant, day.

It is pure and makes one pass; the number of groups bounds memory. No row is changed: rows record
what was spent, and a chain covers them. Calls that cannot be priced again are left out of both
sides of every difference and are named separately, so booked and left out sum to the ledger's
spend.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from router.analysis.report.tallies import MAX_GROUPS, MAX_PAYERS, OTHER, ProviderTally
from router.ledger.row_reading import FREE
from router.money import cost
from router.rendering.figures_in_words import clean, moment
from router.types import AttemptRow, AttemptState, CostBasis, Price, RequestRow, Role

MAX_DAYS = 4_000
"""Bounds the days to eleven years; later days share the group OTHER."""

MAX_VERSIONS = 200
"""Bounds the versions of policies that are counted one by one; later ones share OTHER."""


PriceOf = Callable[[RequestRow, AttemptRow], Price | None]
"""Returns the price of an attempt's usage; None where it is not known."""


class Origins(Protocol):
    """Says which policy a price rests on."""

    def policy_gone(self, row: RequestRow) -> bool:
        """Returns True where the policy that made this row's calls is needed and not readable."""

    def other_model(self, row: RequestRow, attempt: AttemptRow) -> tuple[str, str] | None:
        """Returns the model that made the call, and the other one whose price it gets."""


class PricedAs(StrEnum):
    """Names the result of pricing one attempt again."""

    PRICED = "priced"
    UNCHANGED = "unchanged"  # it costs nothing at any price: released, from cache, covered
    NEWLY_KNOWN = "newly_known"  # its price was unknown when it was booked
    NO_PRICE = "no_price"
    NO_POLICY = "no_policy"  # the policy that made it had a price of its own, and is not readable
    NO_USAGE = "no_usage"  # booked at its hold or by a bill, since nobody reported its usage
    OPEN = "open"


COMPARED = frozenset({PricedAs.PRICED, PricedAs.UNCHANGED})


@dataclass(frozen=True, slots=True)
class Again:
    """Holds one attempt priced again; `nano_usd` is None where that cannot be computed."""

    outcome: PricedAs
    nano_usd: int | None = None


def priced_again(attempt: AttemptRow, price: Price | None) -> Again:
    """Returns the cost of this attempt's usage at `price`.

    1,000 input and 50 output tokens booked at $1 and $4 a million (1,200,000 nano-dollars) are
    600,000 at $0.50 and $2. At the price that it was booked at, an attempt costs the booked amount,
    however it ended: each way of booking is undone here.
    """
    if attempt.state is AttemptState.HELD:
        return Again(PricedAs.OPEN)
    if attempt.role is Role.REVIEW:  # people's minutes have no price by model
        known = attempt.cost_basis is not CostBasis.UNKNOWN
        return (
            Again(PricedAs.UNCHANGED, attempt.cost_nano_usd) if known else Again(PricedAs.NO_PRICE)
        )
    # Such money follows from no usage, so no other price changes it in a known way.
    if attempt.role is Role.RECONCILE or _at_its_hold(attempt):
        return Again(PricedAs.NO_USAGE)
    if _costs_nothing(attempt):
        return Again(PricedAs.UNCHANGED, 0)
    # Without an answer there is no list price to pay, only the time.
    if _broke_off(attempt) and price is not None:
        return Again(PricedAs.PRICED, cost.own_compute(price, attempt.compute_ms))
    paid = cost.Cost(0, CostBasis.UNKNOWN)
    if price is not None:
        paid = cost.attempt_cost(price, attempt.usage, attempt.compute_ms, attempt.images)
    if paid.basis is CostBasis.UNKNOWN:
        # Own compute that had no price then has no price now either.
        unmetered = attempt.cost_basis is CostBasis.OWN_COMPUTE and not attempt.cost_nano_usd
        return Again(PricedAs.UNCHANGED, 0) if unmetered else Again(PricedAs.NO_PRICE)
    known = attempt.cost_basis is not CostBasis.UNKNOWN
    return Again(PricedAs.PRICED if known else PricedAs.NEWLY_KNOWN, paid.nano_usd)


def _costs_nothing(attempt: AttemptRow) -> bool:
    """Returns True for a call that was not made, was not billed, or came from a cache.

    It is also True for a call that its own calls or a list price above it already paid for.
    """
    if attempt.cost_nano_usd:
        return False
    if attempt.state is AttemptState.RELEASED or attempt.role is Role.CACHE:
        return True
    covered = attempt.cost_basis is CostBasis.LIST_PRICE
    unmeasured = attempt.cost_basis in FREE and not attempt.compute_ms
    return covered or unmeasured


def _broke_off(attempt: AttemptRow) -> bool:
    """Returns True for a call to our own machine without an answer; it costs time, not a list
    price.
    """
    unanswered = attempt.state in (AttemptState.FAILED, AttemptState.CANCELLED)
    return unanswered and attempt.cost_basis is CostBasis.OWN_COMPUTE


def _at_its_hold(attempt: AttemptRow) -> bool:
    """Returns True when an attempt is booked at its worst case: an unknown outcome or a high bound.

    Where the price was unknown too, the hold is 0; then such a call has no usage. An answered call
    costs its list price whatever it used.
    """
    if not attempt.estimated:
        return False
    if attempt.cost_basis is CostBasis.UNKNOWN:
        return not attempt.usage.total_tokens
    if attempt.cost_nano_usd != attempt.held_nano_usd:
        return False
    if attempt.cost_basis is CostBasis.TOKEN_PRICE:
        return True
    measured = attempt.usage.total_tokens or attempt.compute_ms or not attempt.cost_nano_usd
    return attempt.state is not AttemptState.SETTLED and not measured


@dataclass(slots=True)
class Sums:
    """Sums one group, in nano-dollars. `booked` and `again` cover the same, comparable calls."""

    calls: int = 0
    booked_nano_usd: int = 0
    again_nano_usd: int = 0
    left_out: int = 0
    left_out_nano_usd: int = 0  # the booked cost of those calls
    newly_known_nano_usd: int = 0

    @property
    def compared(self) -> bool:
        """Returns True when any call could be priced again. If not, the difference is unknown."""
        return self.calls > self.left_out

    @property
    def difference_nano_usd(self) -> int:
        """Returns again minus booked; above 0 the other prices cost more."""
        return self.again_nano_usd - self.booked_nano_usd

    def add(self, attempt: AttemptRow, again: Again) -> None:
        """Counts one attempt."""
        self.calls += 1
        if again.outcome in COMPARED and again.nano_usd is not None:
            self.booked_nano_usd += attempt.cost_nano_usd
            self.again_nano_usd += again.nano_usd
            return
        # Left out of both sides: comparing it with 0 would show a saving that nobody made.
        self.left_out += 1
        self.left_out_nano_usd += attempt.cost_nano_usd
        self.newly_known_nano_usd += again.nano_usd or 0


class Repricing:
    """Holds all sums of one repricing; groups are keyed by the names that people use."""

    def __init__(self) -> None:
        self.total = Sums()
        self.tiers: dict[str, Sums] = {}
        self.models: dict[str, Sums] = {}
        self.tenants: dict[str, Sums] = {}
        self.days: dict[str, Sums] = {}
        self.outcomes: Counter[PricedAs] = Counter()
        self.no_price: Counter[str] = Counter()  # calls by model
        self.versions: Counter[str] = Counter()  # calls by the version they were priced again at
        self.policies: Counter[tuple[str, str]] = Counter()  # calls by name and hash that made them
        self.gone: Counter[tuple[str, str]] = Counter()  # calls left out for want of their policy
        self.others: Counter[tuple[str, str, str]] = Counter()  # answerer, its model, priced as
        self.provider = ProviderTally()

    @property
    def groups(self) -> dict[str, dict[str, Sums]]:
        """Returns the four groupings of the same calls, each in the order of its names."""
        named = {
            "tiers": self.tiers,
            "models": self.models,
            "tenants": self.tenants,
            "days": self.days,
        }
        return {name: dict(sorted(group.items())) for name, group in named.items()}

    def add(
        self,
        row: RequestRow,
        attempt: AttemptRow,
        price: Price | None,
        origins: Origins | None = None,
    ) -> None:
        """Counts one attempt at this price."""
        again = priced_again(attempt, price)
        if again.outcome is PricedAs.NO_PRICE and origins and origins.policy_gone(row):
            again = Again(PricedAs.NO_POLICY)
        model = clean(attempt.model)
        places = (
            (self.tiers, f"{attempt.level} {clean(attempt.tier)}", MAX_GROUPS),
            (self.models, model, MAX_GROUPS),
            (self.tenants, clean(row.tenant), MAX_PAYERS),
            (self.days, moment(attempt.started_at_ms)[:10], MAX_DAYS),
        )
        self.total.add(attempt, again)
        for group, name, limit in places:
            _open(group, name, limit).add(attempt, again)
        self.outcomes[again.outcome] += 1
        self.provider.add(attempt)
        self._add_versions(row, attempt, again, origins)
        if again.outcome is PricedAs.NO_PRICE:
            known = model in self.no_price or len(self.no_price) < MAX_GROUPS
            self.no_price[model if known else OTHER] += 1
        elif again.outcome in (PricedAs.PRICED, PricedAs.NEWLY_KNOWN) and price is not None:
            # Versions come from files that people edit, so their number needs a bound too.
            known = price.version in self.versions or len(self.versions) < MAX_GROUPS
            self.versions[price.version if known else OTHER] += 1

    def _add_versions(
        self, row: RequestRow, attempt: AttemptRow, again: Again, origins: Origins | None
    ) -> None:
        """Counts which version of a policy made a call, and where that one did not price it."""
        made_by = (clean(row.policy), clean(row.policy_hash))
        _count(self.policies, made_by, (OTHER, ""))
        if again.outcome is PricedAs.NO_POLICY:
            _count(self.gone, made_by, (OTHER, ""))
        priced = again.outcome in _USES_PRICE
        other = origins.other_model(row, attempt) if origins and priced else None
        if other is not None:
            models = (clean(attempt.answerer), clean(other[0]), clean(other[1]))
            _count(self.others, models, (OTHER, "", ""))


_USES_PRICE = frozenset({PricedAs.PRICED, PricedAs.NEWLY_KNOWN})

KeyT = TypeVar("KeyT")


def _count(counts: Counter[KeyT], key: KeyT, other: KeyT) -> None:
    counts[key if key in counts or len(counts) < MAX_VERSIONS else other] += 1


def _open(group: dict[str, Sums], name: str, limit: int) -> Sums:
    # A ledger may hold any number of names, so late ones share a group.
    if name not in group and len(group) >= limit:
        name = OTHER
    return group.setdefault(name, Sums())


def reprice(
    rows: Iterable[RequestRow], price_of: PriceOf, origins: Origins | None = None
) -> Repricing:
    """Prices the attempts of all rows at the prices of `price_of`, in one pass over the rows."""
    repricing = Repricing()
    for row in rows:
        for attempt in row.attempts:
            repricing.add(row, attempt, price_of(row, attempt), origins)
    return repricing
