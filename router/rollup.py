"""Roll-ups: what any number of finished ledger rows add up to, in a form that merges.

A `Cell` holds integer sums, counts and histograms, so cells of parts add up to the cell of the
whole, in any order and to the last nano-dollar. `contribute` says what one row adds to which cells;
the ledger stores them (`router.ledger.rollups`), and reports are made from nothing else, so that a
report over rows and one over stored cells cannot differ. It knows nothing about tables and days.

Each row counts once in every kind of cell (one domain, one key, one policy ...), never in a cross
product of them: so the number of cells is the sum of the numbers of names, not their product.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple, TypeVar

import msgspec

from router.quantiles import DurationHistogram, place
from router.row_facts import (
    AFTERWARDS,
    ANSWERING,
    EMBEDDINGS,
    ENDS,
    FAILED_STATES,
    REASONS,
    UNKNOWN_NAME,
    Prospect,
    answered,
    answering_adapter,
    attempt_cost_known,
    cost_known,
    provider_difference,
    read_record,
)
from router.types import (
    AttemptRow,
    Baselines,
    CostBasis,
    Reason,
    RequestRow,
    RequestState,
    Role,
    Verdict,
)

NO_ANSWER = "(not answered)"
NAMED_UNKNOWN = 20
"""Requests of unknown cost that are named one by one; `tiergate ledger rows` has them all."""

PPM = 1_000_000
"""Chances are summed in millionths, rounded: whole numbers add up alike in any order."""

_Key = TypeVar("_Key")
_VERDICTS = frozenset(verdict.value for verdict in Verdict)


class Kind(StrEnum):
    """What a cell's name is a name of."""

    WHOLE = "whole"  # of a tenant; the name is empty
    TIME = "time"  # of a tenant, by time; the name is empty
    TIER = "tier"  # a `TierName`
    DOMAIN = "domain"
    REQUEST_TYPE = "request_type"
    KEY = "key"
    POLICY = "policy"  # name@hash


class TierName(msgspec.Struct, frozen=True, array_like=True):
    """Where an answer came from; level 0 without an answer, and for what is not routed."""

    level: int
    tier: str
    model: str
    adapter: str = ""


class Waste(StrEnum):
    """Money spent on what the client did not get; each call is in one of these at most."""

    FAILED = "failed_calls"  # and so the calls that were made again
    DRAFTS = "discarded_drafts"
    CHECKS = "checks"  # checks, samples and shadows, which judge another's answer


class SavingSums(msgspec.Struct, omit_defaults=True):
    """One baseline: which rows could be compared, and sums over (baseline, own) pairs."""

    compared: int = 0
    not_compared: int = 0
    without_answer: int = 0
    pairs: int = 0
    base: int = 0
    own: int = 0
    base_base: int = 0
    own_own: int = 0
    base_own: int = 0

    def pair(self, baseline_nano_usd: int, own_nano_usd: int) -> None:
        """Count one pair."""
        self.pairs += 1
        self.base += baseline_nano_usd
        self.own += own_nano_usd
        self.base_base += baseline_nano_usd * baseline_nano_usd
        self.own_own += own_nano_usd * own_nano_usd
        self.base_own += baseline_nano_usd * own_nano_usd

    def add(self, row: RequestRow, baseline: int | None, known: bool) -> None:
        """Pair the row's cost with its baseline, never in favour of the saving.

        A failed request gave no answer, so its baseline is nothing while its cost counts; a
        cancelled one keeps its own baseline, where it has one.
        """
        if row.state is RequestState.FAILED or (
            row.state is RequestState.CANCELLED and baseline is None
        ):
            baseline = 0
            self.without_answer += known
        elif baseline is not None and known:
            self.compared += 1
        else:
            self.not_compared += 1
        if baseline is not None and known:
            self.pair(baseline, row.cost_nano_usd)

    def merge(self, other: SavingSums) -> None:
        """Add all pairs of `other` too."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


Sums = dict[str, list[int]]


class Whole(msgspec.Struct, omit_defaults=True):
    """What is counted once for all requests of a tenant, not per name."""

    states: dict[str, int] = {}
    verdicts: dict[str, int] = {}
    reviews: int = 0
    cache_hits: int = 0
    observed: int = 0
    attempts_nano_usd: int = 0
    unpriced_compute: int = 0  # lines of own compute that was measured and has no rate
    provider: list[int] = msgspec.field(default_factory=lambda: [0, 0, 0])
    """Calls whose provider told their cost, what is booked for them, what the provider says."""
    roles: Sums = {}  # calls, spend, discarded calls, their spend
    bases: Sums = {}  # calls, spend
    waste: Sums = {}  # calls, spend
    reasons: dict[int, Sums] = {}
    """By level of the answer, then reason: requests it decided, their spend, requests that carry
    it, their spend."""
    prospects: Sums = {}  # by answerer: requests, sum of p in PPM, sum of expected costs
    routed: list[int] = msgspec.field(default_factory=lambda: [0, 0, 0])
    """The same of what routing did with those requests: requests, sum of p, sum of costs."""
    held_unknown_nano_usd: int = 0
    named_unknown: list[tuple[int, str]] = []  # the first NAMED_UNKNOWN by time
    first_ms: int | None = None
    last_ms: int | None = None

    def merge(self, other: Whole) -> None:
        """Add all that `other` counts."""
        _add_counts(self.states, other.states)
        _add_counts(self.verdicts, other.verdicts)
        for name in ("reviews", "cache_hits", "observed", "attempts_nano_usd", "unpriced_compute"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.held_unknown_nano_usd += other.held_unknown_nano_usd
        _add_lists(self.provider, other.provider)
        _add_lists(self.routed, other.routed)
        for ours, theirs in (
            (self.roles, other.roles),
            (self.bases, other.bases),
            (self.waste, other.waste),
            (self.prospects, other.prospects),
        ):
            _add_sums(ours, theirs)
        for level, sums in other.reasons.items():
            _add_sums(self.reasons.setdefault(level, {}), sums)
        self.named_unknown = sorted({*self.named_unknown, *other.named_unknown})[:NAMED_UNKNOWN]
        if other.first_ms is not None and other.last_ms is not None:
            self.saw(other.first_ms)
            self.saw(other.last_ms)

    def saw(self, at_ms: int) -> None:
        """A row was created then."""
        self.first_ms = at_ms if self.first_ms is None else min(at_ms, self.first_ms)
        self.last_ms = at_ms if self.last_ms is None else max(at_ms, self.last_ms)


class Cell(msgspec.Struct, omit_defaults=True):
    """The sums of one group of finished requests. Money is nano-dollars."""

    requests: int = 0
    spend_nano_usd: int = 0
    unknown_cost: int = 0
    judged: int = 0
    accepted: int = 0
    routed_by_level: dict[int, int] = {}  # answered by routing, by the level that answered
    latency: DurationHistogram = msgspec.field(default_factory=DurationHistogram)
    # of a tier
    tried: int = 0  # requests that called for an answer here, whoever answered in the end
    moved_on: int = 0  # of these, answered at a higher level
    own_spend_nano_usd: int = 0
    cache_hits: int = 0  # requests answered by what this tier said to an exact repeat
    # of the whole and by time
    savings: dict[str, SavingSums] = {}
    whole: Whole | None = None

    def merge(self, other: Cell) -> None:
        """Add all requests of `other` too."""
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        _add_counts(self.routed_by_level, other.routed_by_level)
        self.latency.merge(other.latency)
        for key, sums in other.savings.items():
            self.savings.setdefault(key, SavingSums()).merge(sums)
        if other.whole is not None:
            self.whole = self.whole or Whole()
            self.whole.merge(other.whole)


class PlacedCell(NamedTuple):
    """A cell with what it is the sum of. Starts are UTC: a day's, a quarter hour's for TIME."""

    kind: Kind
    start_ms: int
    tenant: str
    name: str
    cell: Cell


_COUNTS = (
    "requests",
    "spend_nano_usd",
    "unknown_cost",
    "judged",
    "accepted",
    "tried",
    "moved_on",
    "own_spend_nano_usd",
    "cache_hits",
)

CellOf = Callable[[Kind, str], Cell]
"""The cell of a name, opened where it is new."""

BASELINES: dict[str, Callable[[Baselines], int | None]] = {
    "requested_model": lambda baselines: baselines.requested_model,
    "all_level_2": lambda baselines: baselines.all_level_2,
    "all_level_3": lambda baselines: baselines.all_level_3,
    "people": lambda baselines: baselines.people,
}

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Cell)
_TIER_NAME = msgspec.json.Decoder(TierName)


def encode(cell: Cell) -> str:
    """The cell as JSON text; `decode` gives an equal cell."""
    return _ENCODER.encode(cell).decode()


def decode(text: str) -> Cell:
    """The cell of such a text. Raises msgspec.DecodeError."""
    return _DECODER.decode(text)


def tier_name(text: str) -> TierName:
    """The parts of a TIER cell's name. Raises msgspec.DecodeError."""
    return _TIER_NAME.decode(text)


def contribute(row: RequestRow, cell_of: CellOf) -> None:
    """Add one finished row to the cells it belongs to; an open row is no outcome yet."""
    if row.state is RequestState.OPEN:
        return
    if row.endpoint in AFTERWARDS:
        _book_afterwards(row, cell_of)
        return
    known, is_answered = cost_known(row), answered(row)
    domain, request_type, prospects = read_record(row)
    own = _own_tier(row, is_answered)
    whole, by_time = cell_of(Kind.WHOLE, ""), cell_of(Kind.TIME, "")
    its_tier = cell_of(Kind.TIER, _name(own))
    groups = (
        whole,
        by_time,
        its_tier,
        cell_of(Kind.DOMAIN, domain),
        cell_of(Kind.REQUEST_TYPE, request_type),
        cell_of(Kind.KEY, row.key_id),
        cell_of(Kind.POLICY, f"{row.policy}@{row.policy_hash}"),
    )
    _count(row, groups, known, is_answered)
    for key, of in BASELINES.items():
        baseline = of(row.baselines)
        for cell in (whole, by_time):
            cell.savings.setdefault(key, SavingSums()).add(row, baseline, known)
    if whole.whole is None:
        whole.whole = Whole()
    _count_whole(row, whole.whole, known, is_answered)
    _add_attempts(row, own, is_answered, whole.whole, cell_of)
    its_tier.cache_hits += row.reason == Reason.CACHE_HIT.value
    if prospects and row.mode != "observe":
        _add_prospects(row, prospects, whole.whole, is_answered)


def _book_afterwards(row: RequestRow, cell_of: CellOf) -> None:
    """Money for an earlier request: a sum wherever that request's cost is one.

    What a reviewer or a second answerer was paid lowers every saving. A corrected call does not:
    its cost was unknown, so that its request was compared with nothing.
    """
    known, own = cost_known(row), TierName(0, NO_ANSWER, "")
    whole, by_time = cell_of(Kind.WHOLE, ""), cell_of(Kind.TIME, "")
    domain, request_type, _ = read_record(row)
    for cell in (
        whole,
        by_time,
        cell_of(Kind.TIER, _name(own)),
        cell_of(Kind.DOMAIN, domain),
        cell_of(Kind.REQUEST_TYPE, request_type),
        cell_of(Kind.KEY, row.key_id),
        cell_of(Kind.POLICY, f"{row.policy}@{row.policy_hash}"),
    ):
        cell.spend_nano_usd += row.cost_nano_usd
        cell.unknown_cost += not known
    if known and row.endpoint != Role.RECONCILE.value:
        for cell in (whole, by_time):
            for key in BASELINES:
                cell.savings.setdefault(key, SavingSums()).pair(0, row.cost_nano_usd)
    if whole.whole is None:
        whole.whole = Whole()
    _add_attempts(row, own, False, whole.whole, cell_of)


def _own_tier(row: RequestRow, is_answered: bool) -> TierName:
    """Tier of a row; what is not routed (embeddings) has one of its own, at no level."""
    if is_answered and (row.tier_number > 0 or row.endpoint == EMBEDDINGS):
        return TierName(row.tier_number, row.tier, row.model, answering_adapter(row))
    return TierName(0, NO_ANSWER, "")


@lru_cache(maxsize=4096)
def _name(tier: TierName) -> str:
    return msgspec.json.encode(tier).decode()


def _count(row: RequestRow, groups: tuple[Cell, ...], known: bool, is_answered: bool) -> None:
    ms, bucket = place(row.latency_ms)
    accepted = row.verdict == Verdict.ACCEPTED.value
    routed = is_answered and row.mode != "observe"
    for cell in groups:
        cell.requests += 1
        cell.spend_nano_usd += row.cost_nano_usd
        cell.unknown_cost += not known
        cell.latency.add_in(ms, bucket)
        if is_answered:
            cell.judged += 1
            cell.accepted += accepted
        if routed:
            by_level = cell.routed_by_level
            by_level[row.tier_number] = by_level.get(row.tier_number, 0) + 1


def _count_whole(row: RequestRow, whole: Whole, known: bool, is_answered: bool) -> None:
    _add_counts(whole.states, {row.state.value: 1})
    if is_answered:
        _add_counts(whole.verdicts, {row.verdict if row.verdict in _VERDICTS else UNKNOWN_NAME: 1})
        if row.mode != "observe":
            _add_reasons(row, whole.reasons.setdefault(row.tier_number, {}))
    whole.reviews += bool(row.review_id)
    whole.cache_hits += any(attempt.role is Role.CACHE for attempt in row.attempts)
    whole.observed += row.mode == "observe"
    whole.saw(row.created_at_ms)
    if not known:
        whole.held_unknown_nano_usd += sum(
            a.held_nano_usd for a in row.attempts if not attempt_cost_known(a)
        )
        insort(whole.named_unknown, (row.created_at_ms, row.request_id))
        del whole.named_unknown[NAMED_UNKNOWN:]


def _add_reasons(row: RequestRow, reasons: Sums) -> None:
    first = row.reason if row.reason in REASONS else UNKNOWN_NAME
    told = {reason for reason in row.reasons if reason in REASONS - ENDS}
    _add_sums(reasons, {first: [1, row.cost_nano_usd, 0, 0]})
    for reason in told | {first}:
        _add_sums(reasons, {reason: [0, 0, 1, row.cost_nano_usd]})


def _add_attempts(
    row: RequestRow, own: TierName, is_answered: bool, whole: Whole, cell_of: CellOf
) -> None:
    tried: dict[tuple[int, str, str], TierName] = {}
    for attempt in row.attempts:
        tier = TierName(attempt.level, attempt.tier, attempt.model, attempt.adapter)
        cost = attempt.cost_nano_usd
        cell_of(Kind.TIER, _name(tier)).own_spend_nano_usd += cost
        whole.attempts_nano_usd += cost
        if attempt.role in ANSWERING:
            tried.setdefault((tier.level, tier.tier, tier.model), tier)
        gone = (1, cost) if attempt.discarded else (0, 0)
        _add_sums(whole.roles, {attempt.role.value: [1, cost, *gone]})
        _add_sums(whole.bases, {attempt.cost_basis.value: [1, cost]})
        own_compute = attempt.cost_basis is CostBasis.OWN_COMPUTE and attempt.compute_ms > 0
        whole.unpriced_compute += own_compute and not cost
        wasted = waste_of(attempt)
        if wasted is not None:
            _add_sums(whole.waste, {wasted.value: [1, cost]})
        difference = provider_difference(attempt)
        if difference is not None:
            _add_lists(whole.provider, [1, cost, cost + difference])
    if is_answered and own.level:
        tried.setdefault((own.level, own.tier, own.model), own)
    for tier in tried.values():
        cell = cell_of(Kind.TIER, _name(tier))
        cell.tried += 1
        cell.moved_on += is_answered and tier.level < row.tier_number


def waste_of(attempt: AttemptRow) -> Waste | None:
    """Which waste a call is, None where its answer went out or helped to make the one that did."""
    if attempt.role in ANSWERING and attempt.state in FAILED_STATES:
        return Waste.FAILED
    if attempt.discarded and attempt.role is not Role.SHADOW:
        return Waste.DRAFTS
    return Waste.CHECKS if attempt.role in (Role.CHECK, Role.SAMPLE, Role.SHADOW) else None


def _add_prospects(
    row: RequestRow, prospects: tuple[Prospect, ...], whole: Whole, is_answered: bool
) -> None:
    """What each answerer was expected to be worth for this request, beside what routing did.

    One that lacks what the request needs would have been right never, at no cost.
    """
    p_own = round(row.confidence * PPM) if is_answered else 0
    _add_lists(whole.routed, [1, p_own, row.cost_nano_usd])
    for prospect in prospects:
        able = not prospect.missing
        p, cost = (round(prospect.p * PPM), prospect.cost_nano_usd) if able else (0, 0)
        _add_sums(whole.prospects, {prospect.answerer: [1, p, cost]})


def _add_counts(ours: dict[_Key, int], theirs: dict[_Key, int]) -> None:
    for key, number in theirs.items():
        ours[key] = ours.get(key, 0) + number


def _add_lists(ours: list[int], theirs: list[int]) -> None:
    for at, number in enumerate(theirs):
        ours[at] += number


def _add_sums(ours: Sums, theirs: Sums) -> None:
    for key, numbers in theirs.items():
        if key in ours:
            _add_lists(ours[key], numbers)
        else:
            ours[key] = list(numbers)
