"""Defines the values of a report: `build_report` returns them and every renderer reads them.

Money is an integer of nano-dollars, shares are 0..1. `None` means unknown or not applicable and is
never 0. This module knows nothing about rows, files or how figures are shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from router.analysis.report.headlines.told_sentences import Sentences
from router.analysis.report.replies import Replies
from router.ledger.aggregates import Ending, Waste
from router.types import CostBasis, Role


@dataclass(frozen=True, slots=True)
class Period:
    """Holds [since, until), in milliseconds since the epoch; None: where the rows begin or end."""

    since_ms: int | None
    until_ms: int | None
    first_row_ms: int | None
    last_row_ms: int | None
    generated_at_ms: int
    zone: str = "UTC"  # its midnights separate the days


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """Holds the figures of one group of requests. Groups of one breakdown add up to the whole."""

    requests: int
    share: float  # of all requests of the report
    spend_nano_usd: int  # of these requests, with what they spent on the way
    unknown_cost: int  # requests whose cost is not known; the spend has them at what was held
    p50_ms: float | None
    p95_ms: float | None
    judged: int  # requests that ended with an answer or words in its place: no question back
    accepted: int  # of these; `on_prior` of them on a chance that nobody measured
    escalated: int  # of a tier: tried here, answered higher; else: answered above the lowest level
    refused: int = 0  # not admitted: by a limit, or as impossible here
    failed: int = 0  # or were cancelled
    in_words: int = 0  # of those judged, words in place of an answer, which nobody accepts
    on_prior: int = 0

    @property
    def acceptance(self) -> float | None:
        """Returns accepted answers as a share of `judged`; None without any."""
        return self.accepted / self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class TierFigures:
    """Holds requests answered by one model of a tier; level 0 means requests without an answer."""

    tier: str
    level: int
    model: str
    figures: GroupFigures
    tried: int  # requests that called for an answer here, whoever answered finally
    own_spend_nano_usd: int  # cost of the calls made here, whoever answered finally
    # Names that the model gave itself, with requests and their spend; none where there is one.
    names: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class NamedFigures:
    """Holds one row of a breakdown by name: a domain, a request type, a tenant, a key, a day ..."""

    name: str
    figures: GroupFigures
    label: str = ""  # the name that people know, if another: a key's own name

    @property
    def shown(self) -> str:
        """Returns the name for people."""
        return self.label or self.name


@dataclass(frozen=True, slots=True)
class LevelShare:
    """Holds one level's share of all answered requests, and its planned share."""

    level: int
    requests: int
    share: float
    planned: float | None
    without_model: int = 0  # of the requests, those that got words which no model wrote


@dataclass(frozen=True, slots=True)
class ReasonFigures:
    """Counts requests by the reason for their route, and their cost.

    `first_*` counts each request once, under the reason that decided, so it adds up to all of them.
    `any_*` counts a request under every reason that it carries.
    """

    reason: str
    first_requests: int
    first_spend_nano_usd: int
    any_requests: int
    any_spend_nano_usd: int


@dataclass(frozen=True, slots=True)
class RoleFigures:
    """Holds the cost of calls of one role, and its discarded part, which the client never saw."""

    role: Role
    attempts: int
    spend_nano_usd: int
    discarded: int
    discarded_nano_usd: int


@dataclass(frozen=True, slots=True)
class BasisFigures:
    """Counts attempts by the source of their price."""

    basis: CostBasis
    attempts: int
    spend_nano_usd: int


@dataclass(frozen=True, slots=True)
class Interval:
    """Holds a 95 % interval; `low` <= `high`."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Saving:
    """Holds the signed saving against one baseline: negative means that routing cost more.

    It covers only the `compared` requests. `not_compared` ended with an answer, but the baseline or
    the own cost is unknown. `without_answer` failed or were cancelled: their cost counts, and their
    baseline is nothing unless a cancelled one has its own.
    """

    key: str  # requested_model | all_level_2 | all_level_3 | people
    label: str
    compared: int
    not_compared: int
    without_answer: int
    baseline_nano_usd: int | None
    own_nano_usd: int | None
    saved_nano_usd: int | None
    saved_interval: Interval | None  # nano-dollars; None below MIN_FOR_INTERVAL requests
    # Of the baseline; None where that is 0, or bills of earlier calls made the own cost negative.
    saved_share: float | None
    share_interval: Interval | None
    by_blocks: bool = False  # True: bootstrap intervals over stretches of time
    accepted: int | None = 0  # of the compared ones, answers that were accepted; None: never made
    accepted_baseline_nano_usd: int | None = None  # of these only
    accepted_own_nano_usd: int | None = None  # what their own requests cost; shadows are not in it
    silent: bool = False  # True: the level answers nothing by itself, so nobody would have paid it
    few: bool = False  # True: it rests on fewer answers than an interval needs
    asked: int = 0  # of the compared ones, questions back
    asked_saved_nano_usd: int = 0  # what these saved, signed
    share_without_asked: float | None = None  # `saved_share` without them; None where that is none
    apart: int = 0  # answers and questions back of `not_compared`: nobody knows their baseline
    in_vain: int = 0  # requests that tried this level, where none of them was answered there
    apart_nano_usd: int = 0  # what these cost
    partly_silent: bool = False  # True: a policy of some of its requests names a silent model

    @property
    def accepted_saved_nano_usd(self) -> int | None:
        """Returns what accepted replies alone saved, signed; None where nothing was compared."""
        base, own = self.accepted_baseline_nano_usd, self.accepted_own_nano_usd
        return None if base is None or own is None else base - own

    @property
    def may_be_chance(self) -> bool:
        """Returns True where the interval holds 0 and has a width: it may be a gain or a loss."""
        ends = self.share_interval
        return ends is not None and ends.low < ends.high and ends.low <= 0.0 <= ends.high

    @property
    def tellable(self) -> bool:
        """Returns True where a sentence or a picture may name it."""
        return self.compared > 0 and not (self.silent or self.few)


@dataclass(frozen=True, slots=True)
class EndingFigures:
    """Counts requests without an answer by ending and error code, and their cost.

    A limit of money that refused states what was missing: for `told` requests, `short` in all.
    """

    ending: Ending
    code: str
    requests: int
    spend_nano_usd: int
    told: int
    short_nano_usd: int


@dataclass(frozen=True, slots=True)
class Quality:
    """Counts answers that went out, by those that passed verification and those unverified.

    Words in place of an answer and questions back are none.
    `observed` answers were passed on as the requested model gave them, without a check.
    """

    answered: int
    accepted: int
    unverified: int
    observed: int = 0
    unverified_nano_usd: int | None = None  # what the unverified ones cost; None: not known

    @property
    def unverified_share(self) -> float | None:
        """Returns unverified answers as a share of all.

        It is None without any answer, and where all were observed: nothing checked those.
        """
        checked = self.answered > self.observed or self.unverified
        return self.unverified / self.answered if checked else None


@dataclass(frozen=True, slots=True)
class WasteFigures:
    """Counts calls of one kind that cost money and whose answer the client did not get."""

    kind: Waste
    calls: int
    spend_nano_usd: int


@dataclass(frozen=True, slots=True)
class CacheFigures:
    """Counts exact repeats, and estimates their cost at the mean of fresh answers of their model.

    `priced` of the `hits` have such a mean in the period; `value` is theirs, None where none has.
    """

    hits: int
    priced: int
    value_nano_usd: int | None
    replays: int = 0  # of the hits, retries that got their first answer again: in no saving


@dataclass(frozen=True, slots=True)
class FixedModel:
    """Holds the best single model for all routed requests that spends no more than routing did.

    Its chances are predictions: the decisions recorded them before any call.
    """

    answerer: str | None  # None: there is none, and `why` gives the reason
    why: str
    requests: int
    p: float | None
    mean_cost_nano_usd: int | None
    own_p: float | None
    own_mean_cost_nano_usd: int | None


@dataclass(frozen=True, slots=True)
class Measure:
    """Holds an outcome that people ask for; `value` is None where nobody measured it."""

    key: str
    label: str
    unit: str  # share | minutes | score | kappa | usd
    value: float | None
    interval: Interval | None
    count: int  # measured answers or requests


@dataclass(frozen=True, slots=True)
class Forecast:
    """Holds the spend to the end of the month, in the report's time zone.

    Its figures are None, with `why`, where no forecast can be made.
    """

    month: str  # 2026-11
    why: str
    days: int  # complete days behind it
    spent_nano_usd: int
    expected_nano_usd: int | None
    low_nano_usd: int | None
    high_nano_usd: int | None


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts requests by their result."""

    requests: int  # finished ones; open ones are only in `states`
    states: tuple[tuple[str, int], ...]
    verdicts: tuple[tuple[str, int], ...]
    escalated: int
    reviews: int
    cache_hits: int
    observed: int
    lowest_level: int | None = 1  # answers above it are escalated; None: policies differ in it
    single_level: bool = False  # True: the policies have no other level, so nothing can escalate
    climbed: int | None = None  # replies at a level after another tier's turn; None: not known


@dataclass(frozen=True, slots=True)
class EstimatedCost:
    """Counts calls whose usage nobody reported, booked at a bound that is never too low.

    The spend has them. The sum is below 0 where a bill of this period corrected calls of an
    earlier one by more.
    """

    calls: int
    spend_nano_usd: int


@dataclass(frozen=True, slots=True)
class UnknownCost:
    """Counts requests whose cost is not known, names the first few, and sums their highest holds.

    `afterwards` counts rows, by endpoint, that book money beside requests (reviews, shadows,
    bills) at a cost that is not known; they are not requests.
    """

    requests: int
    named: tuple[str, ...]
    held_nano_usd: int
    afterwards: tuple[tuple[str, int], ...] = ()
    settled: int = 0  # further requests of unknown cost, which bills made known since


@dataclass(frozen=True, slots=True)
class LaterBills:
    """Counts calls of the period that bills corrected after it, and by how much.

    That money is in the spend of the days on which it was booked, so in no figure of this period.
    """

    calls: int = 0
    spend_nano_usd: int = 0
    first_ms: int = 0
    last_ms: int = 0


@dataclass(frozen=True, slots=True)
class ProviderFigures:
    """Compares the costs that providers reported with the cost of their tokens at our prices."""

    calls: int
    booked_nano_usd: int
    reported_nano_usd: int

    @property
    def difference_nano_usd(self) -> int:
        """Returns reported minus booked; above 0 the provider charges more than our prices say."""
        return self.reported_nano_usd - self.booked_nano_usd


def tells_shares(spend_nano_usd: int, corrected_nano_usd: int) -> bool:
    """Returns False where bills of earlier calls are more than a tenth of the spend, or below 0.

    Then a share of the spend says nothing about requests, and the first sentence names the bills.
    """
    return 10 * abs(corrected_nano_usd) <= max(0, spend_nano_usd)


@dataclass(frozen=True, slots=True)
class Report:
    """Holds every figure and sentence of a report. Renderers add only form."""

    told: Sentences  # what the person who pays must know, the most important first
    period: Period
    counts: Counts
    spend_nano_usd: int
    discarded_nano_usd: int
    unattributed_nano_usd: int  # request costs that no attempt explains; 0 in balanced books
    p50_ms: float | None
    p95_ms: float | None
    levels: tuple[LevelShare, ...]
    tiers: tuple[TierFigures, ...]
    days: tuple[NamedFigures, ...]  # by day, by month where there are more than MAX_DAYS
    escalation_reasons: tuple[ReasonFigures, ...]  # of answers above the lowest level
    reasons: tuple[ReasonFigures, ...]  # of all requests
    replies: Replies
    endings: tuple[EndingFigures, ...]
    roles: tuple[RoleFigures, ...]
    bases: tuple[BasisFigures, ...]
    savings: tuple[Saving, ...]
    observed_savings: tuple[Saving, ...]  # the savings of observed requests, had they been routed
    leading: str | None  # the baseline of `savings` that the headline names
    leading_observed: str | None  # that of `observed_savings`
    passed_over: str  # why the headline names its baseline and none that comes before it
    unsaved: str  # why the headline names no saving, in some words; "" where it does
    quality: Quality
    waste: tuple[WasteFigures, ...]
    cache: CacheFigures
    fixed_model: FixedModel
    outcomes: tuple[Measure, ...]
    forecast: Forecast
    unknown: UnknownCost
    estimated: EstimatedCost
    later: LaterBills
    provider: ProviderFigures
    assumptions: tuple[str, ...]
    notes: tuple[str, ...]
    places: int = 2  # decimals of amounts for people; `Dollars` writes them
    chosen: tuple[tuple[str, tuple[str, ...]], ...] = ()  # filters: their kind and their names
    domains: tuple[NamedFigures, ...] = ()
    request_types: tuple[NamedFigures, ...] = ()
    tenants: tuple[NamedFigures, ...] = ()
    keys: tuple[NamedFigures, ...] = ()
    models: tuple[NamedFigures, ...] = ()
    adapters: tuple[NamedFigures, ...] = ()
    policies: tuple[NamedFigures, ...] = ()
    tags: tuple[NamedFigures, ...] = ()  # by all tags of a request together: each request once
    each_tag: tuple[NamedFigures, ...] = ()  # a request under each tag it has: these do not add up
    endpoints: tuple[NamedFigures, ...] = ()

    @property
    def shared_nano_usd(self) -> int:
        """Returns the spend that shares are of; 0 where they say nothing."""
        corrected = sum(row.spend_nano_usd for row in self.roles if row.role is Role.RECONCILE)
        told = tells_shares(self.spend_nano_usd, corrected)
        return self.spend_nano_usd if told else 0

    @property
    def sentences(self) -> tuple[str, ...]:
        """Returns all first sentences."""
        return self.told.all

    @property
    def headline(self) -> str:
        """Returns all first sentences as one text."""
        return " ".join(self.sentences)

    @property
    def leading_saving(self) -> Saving | None:
        """Returns the saving that the headline names."""
        return next((saving for saving in self.savings if saving.key == self.leading), None)

    @property
    def leading_observed_saving(self) -> Saving | None:
        """Returns the saving of observed requests that the headline names."""
        return next((s for s in self.observed_savings if s.key == self.leading_observed), None)
