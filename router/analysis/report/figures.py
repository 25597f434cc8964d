"""The values a report is made of: what `build_report` returns and every renderer reads.

Money is an integer of nano-dollars, shares are 0..1, `None` means unknown or not applicable and is
never 0. It knows nothing about rows, files or how figures are shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from router.ledger.aggregates import Ending, Waste
from router.types import CostBasis, Role


@dataclass(frozen=True, slots=True)
class Period:
    """[since, until), in milliseconds since the epoch; None: as the rows begin or end."""

    since_ms: int | None
    until_ms: int | None
    first_row_ms: int | None
    last_row_ms: int | None
    generated_at_ms: int
    zone: str = "UTC"  # whose midnights cut the days


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """What one group of requests did. Groups of one breakdown add up to the whole."""

    requests: int
    share: float  # of all requests of the report
    spend_nano_usd: int  # of these requests, what they spent on the way included
    unknown_cost: int  # requests whose cost is not known; they add nothing to the spend
    p50_ms: float | None
    p95_ms: float | None
    judged: int  # requests that ended with an answer and a verdict
    accepted: int
    escalated: int  # of a tier: tried here, answered higher; else: answered above the lowest level
    refused: int = 0  # a limit did not admit them
    failed: int = 0  # or were cancelled

    @property
    def acceptance(self) -> float | None:
        """Accepted answers as a share of those with a verdict; None when there is none."""
        return self.accepted / self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class TierFigures:
    """Requests answered by one model of one tier; level 0 stands for requests without an answer."""

    tier: str
    level: int
    model: str
    figures: GroupFigures
    tried: int  # requests that called for an answer here, whoever answered in the end
    own_spend_nano_usd: int  # what the calls made here cost, whoever answered in the end


@dataclass(frozen=True, slots=True)
class NamedFigures:
    """One row of a breakdown by name: a domain, a request type, a tenant, a key, a day ..."""

    name: str
    figures: GroupFigures
    label: str = ""  # what people know it by, where that is not the name: a key's own

    @property
    def shown(self) -> str:
        """For people."""
        return self.label or self.name


@dataclass(frozen=True, slots=True)
class LevelShare:
    """Answered requests of one level as a share of all answered, against the plan."""

    level: int
    requests: int
    share: float
    planned: float | None


@dataclass(frozen=True, slots=True)
class ReasonFigures:
    """Why requests went where they went, and what those requests cost.

    `first_*` counts each request once, under the reason that decided, so it adds up to all of them;
    `any_*` counts a request under every reason that it carries.
    """

    reason: str
    first_requests: int
    first_spend_nano_usd: int
    any_requests: int
    any_spend_nano_usd: int


@dataclass(frozen=True, slots=True)
class RoleFigures:
    """What calls of one role cost, and how much of it was discarded: the client never saw it."""

    role: Role
    attempts: int
    spend_nano_usd: int
    discarded: int
    discarded_nano_usd: int


@dataclass(frozen=True, slots=True)
class BasisFigures:
    """How the price of attempts is known."""

    basis: CostBasis
    attempts: int
    spend_nano_usd: int


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval; `low` <= `high`."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Saving:
    """Signed savings against one baseline: negative means that routing cost more.

    Over `compared` requests alone. `not_compared` ended with an answer, but the baseline or the own
    cost is unknown. `without_answer` failed or were cancelled: their cost counts, and their
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
    saved_share: float | None  # of the baseline; None when that is 0 or below a tenth of it
    share_interval: Interval | None
    by_blocks: bool = False  # whether the intervals are the bootstrap's over stretches of time
    accepted: int | None = 0  # of the compared ones, answers that were accepted; None: never made
    accepted_saved_nano_usd: int | None = None  # by these alone, signed


@dataclass(frozen=True, slots=True)
class EndingFigures:
    """Requests that gave no answer: how they ended, by which error code, what they cost.

    A limit of money that refused says what was missing: of `told` requests, `short` in all.
    """

    ending: Ending
    code: str
    requests: int
    spend_nano_usd: int
    told: int
    short_nano_usd: int


@dataclass(frozen=True, slots=True)
class Quality:
    """Answers that went out, and how many of them passed verification or went out unverified.

    `observed` answers were passed on as the model that was asked for gave them, without a check.
    """

    answered: int
    accepted: int
    unverified: int
    observed: int = 0

    @property
    def unverified_share(self) -> float | None:
        """Of the answers; None without any, and where all were observed: nothing checked those."""
        checked = self.answered > self.observed or self.unverified
        return self.unverified / self.answered if checked else None


@dataclass(frozen=True, slots=True)
class WasteFigures:
    """Calls of one kind that cost money and whose answer the client did not get."""

    kind: Waste
    calls: int
    spend_nano_usd: int


@dataclass(frozen=True, slots=True)
class CacheFigures:
    """Exact repeats, and what they would have cost at the mean of fresh answers of their model.

    `priced` of the `hits` have such a mean in the period; `value` is theirs, None where none has.
    """

    hits: int
    priced: int
    value_nano_usd: int | None


@dataclass(frozen=True, slots=True)
class FixedModel:
    """The best single model for all routed requests that spends no more than routing did.

    Chances are those the decisions recorded, before anything was asked: predictions.
    """

    answerer: str | None  # None: there is none, and `why` says why
    why: str
    requests: int
    p: float | None
    mean_cost_nano_usd: int | None
    own_p: float | None
    own_mean_cost_nano_usd: int | None


@dataclass(frozen=True, slots=True)
class Measure:
    """An outcome that people ask for; `value` None where nobody measured it."""

    key: str
    label: str
    unit: str  # share | minutes | score | usd
    value: float | None
    interval: Interval | None
    count: int  # of answers or requests that were measured


@dataclass(frozen=True, slots=True)
class Forecast:
    """Spend to the end of the month, in the report's time zone; None with `why` where refused."""

    month: str  # 2026-11
    why: str
    days: int  # complete days that it rests on
    spent_nano_usd: int
    expected_nano_usd: int | None
    low_nano_usd: int | None
    high_nano_usd: int | None


@dataclass(frozen=True, slots=True)
class Counts:
    """Requests by what became of them."""

    requests: int  # finished ones; open ones stand in `states` alone
    states: tuple[tuple[str, int], ...]
    verdicts: tuple[tuple[str, int], ...]
    escalated: int
    reviews: int
    cache_hits: int
    observed: int


@dataclass(frozen=True, slots=True)
class EstimatedCost:
    """Calls whose usage nobody told: booked at a bound that is never too low, within the spend.

    Below 0 where a bill corrected more, in this period, of calls of an earlier one.
    """

    calls: int
    spend_nano_usd: int


@dataclass(frozen=True, slots=True)
class UnknownCost:
    """Requests whose cost is not known, the first few by name, and what they held at most.

    `afterwards` are rows that book money for an earlier request (reviews, shadows, bills) at a cost
    that is not known, by endpoint; they are no requests.
    """

    requests: int
    named: tuple[str, ...]
    held_nano_usd: int
    afterwards: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ProviderFigures:
    """Calls whose cost the provider told, beside what their tokens cost by our prices."""

    calls: int
    booked_nano_usd: int
    reported_nano_usd: int

    @property
    def difference_nano_usd(self) -> int:
        """Signed: above 0 the provider charges more than our prices say."""
        return self.reported_nano_usd - self.booked_nano_usd


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a report says. Renderers add nothing but form."""

    headline: str
    period: Period
    counts: Counts
    spend_nano_usd: int
    discarded_nano_usd: int
    unattributed_nano_usd: int  # request costs that no attempt explains; 0 in balanced books
    p50_ms: float | None
    p95_ms: float | None
    levels: tuple[LevelShare, ...]
    tiers: tuple[TierFigures, ...]
    domains: tuple[NamedFigures, ...]
    request_types: tuple[NamedFigures, ...]
    tenants: tuple[NamedFigures, ...]
    keys: tuple[NamedFigures, ...]
    models: tuple[NamedFigures, ...]
    adapters: tuple[NamedFigures, ...]
    policies: tuple[NamedFigures, ...]
    tags: tuple[NamedFigures, ...]  # by all tags of a request together: each request once
    each_tag: tuple[NamedFigures, ...]  # a request under each tag it has: they do not add up
    endpoints: tuple[NamedFigures, ...]
    days: tuple[NamedFigures, ...]  # by day, by month where there are more than MAX_DAYS
    escalation_reasons: tuple[ReasonFigures, ...]  # of answers above the lowest level
    reasons: tuple[ReasonFigures, ...]  # of all requests
    endings: tuple[EndingFigures, ...]
    roles: tuple[RoleFigures, ...]
    bases: tuple[BasisFigures, ...]
    savings: tuple[Saving, ...]
    observed_savings: tuple[Saving, ...]  # what routing would have saved where it only observed
    leading: str | None  # the baseline of `savings` that the headline names
    quality: Quality
    waste: tuple[WasteFigures, ...]
    cache: CacheFigures
    fixed_model: FixedModel
    outcomes: tuple[Measure, ...]
    forecast: Forecast
    unknown: UnknownCost
    estimated: EstimatedCost
    provider: ProviderFigures
    assumptions: tuple[str, ...]
    notes: tuple[str, ...]
    places: int = 2  # decimals of amounts for people; `Dollars` writes them
    chosen: tuple[tuple[str, tuple[str, ...]], ...] = ()  # filters: what by, and which

    @property
    def leading_saving(self) -> Saving | None:
        """The saving that the headline names."""
        return next((saving for saving in self.savings if saving.key == self.leading), None)
