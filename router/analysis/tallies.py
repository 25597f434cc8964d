"""Running sums over the ledger's rows: one pass, memory bounded by the number of groups.

Rows come in any order and the sums are the same. What a row says about itself is trusted only as
far as it is in a closed set; names from outside (tier, model) open at most MAX_GROUPS groups.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from router.analysis.figures import GroupFigures, ProviderFigures
from router.analysis.quantiles import DurationHistogram
from router.analysis.savings import PairedCosts
from router.analysis.wording import clean
from router.types import (
    AttemptRow,
    AttemptState,
    Baselines,
    CostBasis,
    Domain,
    Reason,
    RequestRow,
    RequestState,
    RequestType,
    Role,
    Verdict,
)

MAX_GROUPS = 256
"""More models than any policy names; beyond it new ones share the group OTHER."""

MAX_NAMED = 20
"""Requests of unknown cost that are named one by one; `tiergate ledger rows` has them all."""

OTHER = "(other)"
NO_ANSWER = "(not answered)"
SHADOWS = "(shadow)"
UNKNOWN_NAME = "unknown"
EMBEDDINGS = "embeddings"
"""The endpoint whose rows are not routed: they count in no level's share."""

SHADOW = "shadow"
"""The endpoint of calls that answered nobody: they cost, and no baseline would have them."""

ANSWERING = frozenset({Role.ANSWER, Role.REFINE})
"""Roles that try to answer at their tier; checks, samples and deliberation steps help another's."""

_DOMAINS = frozenset(domain.value for domain in Domain)
_REQUEST_TYPES = frozenset(kind.value for kind in RequestType)
_REASONS = frozenset(reason.value for reason in Reason)
_ENDS = frozenset(
    {
        Reason.ANSWER_ACCEPTED.value,
        Reason.GAIN_BELOW_COST.value,
        Reason.BUDGET_EXHAUSTED.value,
        Reason.TIME_EXHAUSTED.value,
        Reason.LADDER_EXHAUSTED.value,
    }
)
"""Reasons in a row that say why the climb ended, so they explain no escalation."""


class _SignalNames(msgspec.Struct):
    domain: str = ""
    request_type: str = ""


class _RecordNames(msgspec.Struct):
    signals: _SignalNames = msgspec.field(default_factory=_SignalNames)


_RECORD = msgspec.json.Decoder(_RecordNames)


def row_names(row: RequestRow) -> tuple[str, str]:
    """Domain and request type as triage read them, `unknown` where the record does not say."""
    try:
        signals = _RECORD.decode(row.record).signals
    except (msgspec.DecodeError, UnicodeError):
        return UNKNOWN_NAME, UNKNOWN_NAME
    domain = signals.domain if signals.domain in _DOMAINS else UNKNOWN_NAME
    kind = signals.request_type if signals.request_type in _REQUEST_TYPES else UNKNOWN_NAME
    return domain, kind


def attempt_cost_known(attempt: AttemptRow) -> bool:
    """Whether the attempt's cost is a fact: a price was known and the outcome too.

    A released attempt spent nothing; a held one, or one with unknown outcome, counts at its hold.
    """
    if attempt.state is AttemptState.RELEASED:
        return True
    if attempt.state in (AttemptState.HELD, AttemptState.UNKNOWN_COST):
        return False
    return attempt.cost_basis is not CostBasis.UNKNOWN


def provider_difference(attempt: AttemptRow) -> int | None:
    """What the provider says the call cost less what its tokens cost by our price, nano-dollars.

    None where the provider said nothing, or where no token price stands behind our cost.
    """
    by_token = attempt.cost_basis is CostBasis.TOKEN_PRICE and attempt_cost_known(attempt)
    if attempt.provider_cost_nano_usd is None or not by_token:
        return None
    return attempt.provider_cost_nano_usd - attempt.cost_nano_usd


def cost_known(row: RequestRow) -> bool:
    """Whether the request's cost is a fact, so that it may be compared."""
    if row.state in (RequestState.UNKNOWN_COST, RequestState.OPEN):
        return False
    return all(attempt_cost_known(attempt) for attempt in row.attempts)


def answered(row: RequestRow) -> bool:
    """Whether the client got an answer, and so a tier and a verdict."""
    settled = row.state is RequestState.SETTLED and row.endpoint != SHADOW
    return settled or (row.state is RequestState.UNKNOWN_COST and row.verdict != "")


@dataclass(slots=True)
class GroupTally:
    """The running sums of one group of requests."""

    requests: int = 0
    spend: int = 0
    unknown_cost: int = 0
    judged: int = 0
    accepted: int = 0
    escalated: int = 0
    latency: DurationHistogram = field(default_factory=DurationHistogram)

    def add(self, row: RequestRow, known: bool) -> None:
        """Count one finished row; `known` says whether its cost is a fact."""
        self.requests += 1
        self.spend += row.cost_nano_usd
        self.unknown_cost += not known
        self.latency.add(row.latency_ms)
        if answered(row):
            self.judged += 1
            self.accepted += row.verdict == Verdict.ACCEPTED.value

    def figures(self, total: int) -> GroupFigures:
        """The sums as figures, shares of `total` requests."""
        return GroupFigures(
            requests=self.requests,
            share=self.requests / total if total else 0.0,
            spend_nano_usd=self.spend,
            unknown_cost=self.unknown_cost,
            p50_ms=self.latency.quantile(0.50),
            p95_ms=self.latency.quantile(0.95),
            judged=self.judged,
            accepted=self.accepted,
            escalated=self.escalated,
        )


@dataclass(slots=True)
class TierTally(GroupTally):
    tried: int = 0
    own_spend: int = 0


@dataclass(slots=True)
class ReasonTally:
    first_requests: int = 0
    first_spend: int = 0
    any_requests: int = 0
    any_spend: int = 0


@dataclass(slots=True)
class RoleTally:
    attempts: int = 0
    spend: int = 0
    discarded: int = 0
    discarded_spend: int = 0


@dataclass(slots=True)
class ProviderTally:
    """Calls whose cost the provider told, beside what their tokens cost by our prices."""

    calls: int = 0
    booked: int = 0
    reported: int = 0

    def add(self, attempt: AttemptRow) -> None:
        """Count an attempt, where its provider told its cost and a token price is behind ours."""
        difference = provider_difference(attempt)
        if difference is not None:
            self.calls += 1
            self.booked += attempt.cost_nano_usd
            self.reported += attempt.cost_nano_usd + difference

    def figures(self) -> ProviderFigures:
        """The sums."""
        return ProviderFigures(self.calls, self.booked, self.reported)


@dataclass(slots=True)
class SavingTally:
    """One baseline: which rows could be compared, and the sums over them."""

    of: Callable[[Baselines], int | None]
    pairs: PairedCosts = field(default_factory=PairedCosts)
    compared: int = 0
    not_compared: int = 0
    without_answer: int = 0

    def add(self, row: RequestRow, known: bool) -> None:
        """Pair the row's cost with its baseline, never in favour of the saving.

        A failed request gave no answer, so its baseline is nothing while its cost counts; a
        cancelled one keeps its own baseline, where it has one.
        """
        baseline = self.of(row.baselines)
        if (
            row.state is RequestState.FAILED
            or row.endpoint == SHADOW
            or (row.state is RequestState.CANCELLED and baseline is None)
        ):
            baseline = 0
            self.without_answer += known
        elif baseline is not None and known:
            self.compared += 1
        else:
            self.not_compared += 1
        if baseline is not None and known:
            self.pairs.add(baseline, row.cost_nano_usd)


TierKey = tuple[int, str, str]  # level, tier, model


class Tally:
    """All running sums of one report."""

    def __init__(self, lowest_level: int) -> None:
        self.lowest_level = lowest_level
        self.whole = GroupTally()
        self.tiers: dict[TierKey, TierTally] = {}
        self.levels: Counter[int] = Counter()
        self.domains: dict[str, GroupTally] = {}
        self.request_types: dict[str, GroupTally] = {}
        self.reasons: dict[str, ReasonTally] = {}
        self.roles: dict[Role, RoleTally] = {}
        self.bases: dict[CostBasis, tuple[int, int]] = {}
        self.provider = ProviderTally()
        self.states: Counter[str] = Counter()
        self.verdicts: Counter[str] = Counter()
        self.reviews = 0
        self.cache_hits = 0
        self.observed = 0
        self.attempt_spend = 0
        self.named_unknown: list[str] = []
        self.held_unknown = 0
        self.open_held = 0
        self.first_row_ms: int | None = None
        self.last_row_ms: int | None = None
        self.savings = {
            "requested_model": SavingTally(lambda baselines: baselines.requested_model),
            "all_level_2": SavingTally(lambda baselines: baselines.all_level_2),
            "all_level_3": SavingTally(lambda baselines: baselines.all_level_3),
            "people": SavingTally(lambda baselines: baselines.people),
        }

    def add(self, row: RequestRow) -> None:
        """Count one row in every breakdown; an open one is no outcome yet and only counted."""
        self.states[row.state.value] += 1
        if row.state is RequestState.OPEN:
            self.open_held += row.cost_nano_usd
            return
        known = cost_known(row)
        escalated = self._escalated(row)
        domain, request_type = row_names(row)
        own_key = self._tier_key(row)
        groups = (
            self.whole,
            self.domains.setdefault(domain, GroupTally()),
            self.request_types.setdefault(request_type, GroupTally()),
        )
        for group in groups:
            group.add(row, known)
            group.escalated += escalated
        self.tiers[own_key].add(row, known)
        if own_key[0]:
            self.levels[own_key[0]] += 1
        self._count(row, known)
        self._add_attempts(row, own_key)
        if escalated:
            self._add_reasons(row)
        for saving in self.savings.values():
            saving.add(row, known)

    def _count(self, row: RequestRow, known: bool) -> None:
        if answered(row):
            self.verdicts[row.verdict if row.verdict in _VERDICTS else UNKNOWN_NAME] += 1
        self.reviews += bool(row.review_id)
        self.cache_hits += any(attempt.role is Role.CACHE for attempt in row.attempts)
        self.observed += row.mode == "observe"
        at = row.created_at_ms
        self.first_row_ms = at if self.first_row_ms is None else min(at, self.first_row_ms)
        self.last_row_ms = at if self.last_row_ms is None else max(at, self.last_row_ms)
        if not known:
            self.held_unknown += sum(
                a.held_nano_usd for a in row.attempts if not attempt_cost_known(a)
            )
            if len(self.named_unknown) < MAX_NAMED:
                self.named_unknown.append(clean(row.request_id))

    def _escalated(self, row: RequestRow) -> bool:
        """Answered above the lowest level; an observed request was answered as it was asked."""
        return answered(row) and row.mode != "observe" and row.tier_number > self.lowest_level

    def _tier_key(self, row: RequestRow) -> TierKey:
        """Tier of a row; what is not routed (embeddings) has one of its own, at no level."""
        key = (0, NO_ANSWER, "")
        if row.endpoint == SHADOW:
            key = (0, SHADOWS, clean(row.model))
        if answered(row) and (row.tier_number > 0 or row.endpoint == EMBEDDINGS):
            key = (row.tier_number, clean(row.tier), clean(row.model))
        return self._open(key)

    def _open(self, key: TierKey) -> TierKey:
        """The key under which a group is kept, opened where it is new; bounded."""
        if key not in self.tiers:
            if len(self.tiers) >= MAX_GROUPS:
                # Levels are bounded by the policy schema; a row's may be anything.
                key = (key[0] if 0 <= key[0] <= 9 else 0, OTHER, OTHER)
            self.tiers.setdefault(key, TierTally())
        return key

    def _add_attempts(self, row: RequestRow, own_key: TierKey) -> None:
        tried: set[TierKey] = set()
        for attempt in row.attempts:
            key = self._open((attempt.level, clean(attempt.tier), clean(attempt.model)))
            self.tiers[key].own_spend += attempt.cost_nano_usd
            self.attempt_spend += attempt.cost_nano_usd
            if attempt.role in ANSWERING:
                tried.add(key)
            role = self.roles.setdefault(attempt.role, RoleTally())
            role.attempts += 1
            role.spend += attempt.cost_nano_usd
            if attempt.discarded:
                role.discarded += 1
                role.discarded_spend += attempt.cost_nano_usd
            self.provider.add(attempt)
            calls, spend = self.bases.get(attempt.cost_basis, (0, 0))
            self.bases[attempt.cost_basis] = (calls + 1, spend + attempt.cost_nano_usd)
        if answered(row) and own_key[0]:
            tried.add(own_key)
        for key in tried:
            self.tiers[key].tried += 1
            self.tiers[key].escalated += answered(row) and key[0] < row.tier_number

    def _add_reasons(self, row: RequestRow) -> None:
        first = row.reason if row.reason in _REASONS else UNKNOWN_NAME
        told = {reason for reason in row.reasons if reason in _REASONS - _ENDS}
        tally = self.reasons.setdefault(first, ReasonTally())
        tally.first_requests += 1
        tally.first_spend += row.cost_nano_usd
        for reason in told | {first}:
            tally = self.reasons.setdefault(reason, ReasonTally())
            tally.any_requests += 1
            tally.any_spend += row.cost_nano_usd


_VERDICTS = frozenset(verdict.value for verdict in Verdict)
