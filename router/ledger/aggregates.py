"""Defines the values of roll-ups: sums of groups of rows that merge, and their JSON.

They are integer sums, counts and histograms only. So cells of parts add up to the cell of the
whole, in any order and to the last nano-dollar. `rollup.contribute` adds a row to its cells.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple, TypeVar

import msgspec

from router.ledger.replies import ReplyKind
from router.stats.duration_histogram import DurationHistogram
from router.types import Baselines, RequestRow, RequestState, Verdict

NO_ANSWER = "(not answered)"
NAMED_UNKNOWN = 20
"""Number of requests of unknown cost that are named; `tiergate ledger rows` lists all of them."""

PPM = 1_000_000
"""Chances are summed in millionths, rounded: whole numbers add up alike in any order."""

_Key = TypeVar("_Key")
VERDICTS = frozenset(verdict.value for verdict in Verdict)


class Kind(StrEnum):
    """Says what a cell's name is a name of."""

    WHOLE = "whole"  # of a tenant; the name is empty
    TIME = "time"  # of a tenant, by time; the name is empty
    TIER = "tier"  # a `TierName`
    DOMAIN = "domain"
    REQUEST_TYPE = "request_type"
    KEY = "key"
    POLICY = "policy"  # name@hash
    TAG = "tag"  # all tags of a request together, as `tags_name` writes them
    ENDPOINT = "endpoint"


class TierName(msgspec.Struct, frozen=True, array_like=True):
    """Names where an answer came from; level 0 without an answer, and for unrouted requests."""

    level: int
    tier: str
    model: str
    adapter: str = ""


class Ending(StrEnum):
    """Says how a request ended that gave its client no answer."""

    REFUSED = "refused"  # a limit did not admit it: a budget, a rate, a bounded queue, a capability
    FAILED = "failed"
    CANCELLED = "cancelled"


class Waste(StrEnum):
    """Names money spent on work that the client did not get; a call is in one of these at most."""

    FAILED = "failed_calls"  # and so the calls that were made again
    DRAFTS = "discarded_drafts"
    CHECKS = "checks"  # checks, samples and shadows, which judge another's answer


class SavingSums(msgspec.Struct, omit_defaults=True):
    """Sums one baseline: the rows that could be compared, and their (baseline, own) pairs.

    `accepted*` are the part of the compared rows whose answer was accepted, `asked*` those that got
    a question back, `apart*` the answers and questions back, and the labels or vectors that another
    baseline prices, which could not be compared.
    """

    compared: int = 0
    not_compared: int = 0
    without_answer: int = 0
    pairs: int = 0
    base: int = 0
    own: int = 0
    base_base: int = 0
    own_own: int = 0
    base_own: int = 0
    accepted: int = 0
    accepted_base: int = 0
    accepted_own: int = 0
    asked: int = 0
    asked_base: int = 0
    asked_own: int = 0
    apart: int = 0
    apart_own: int = 0

    def pair(self, baseline_nano_usd: int, own_nano_usd: int) -> None:
        """Counts one pair."""
        self.pairs += 1
        self.base += baseline_nano_usd
        self.own += own_nano_usd
        self.base_base += baseline_nano_usd * baseline_nano_usd
        self.own_own += own_nano_usd * own_nano_usd
        self.base_own += baseline_nano_usd * own_nano_usd

    def add(
        self,
        row: RequestRow,
        baseline: int | None,
        known: bool,
        reply: ReplyKind | None,
        *,
        comparable: bool,
    ) -> None:
        """Pairs the row's cost with its baseline, never in favour of the saving.

        A failed request gave no answer, so its baseline is nothing while its cost counts; a
        cancelled one keeps its own baseline, where it has one. A request without an answer whose
        cost is unknown is no answer that could be compared. `reply` is None where it got none, and
        `comparable` says that some baseline could price it.
        """
        own = row.cost_nano_usd
        if row.state is RequestState.FAILED or (
            row.state is RequestState.CANCELLED and baseline is None
        ):
            baseline = 0
            self.without_answer += known
        elif baseline is not None and known:
            self._compare(baseline, own, row.verdict)
            if reply is ReplyKind.QUESTION:
                self.asked += 1
                self.asked_base += baseline
                self.asked_own += own
        else:
            self.not_compared += reply is not None
            if comparable:
                self.apart += 1
                self.apart_own += own
        if baseline is not None and known:
            self.pair(baseline, own)

    def add_observed(
        self, verdict: str, baseline: int | None, own: int | None, *, answered: bool
    ) -> None:
        """Pairs the baseline of an observed request with the cost of routing it.

        Without an answer there is nothing to compare: routing had no part in the failure.
        """
        if not answered:
            self.without_answer += 1
        elif baseline is None or own is None:
            self.not_compared += 1
        else:
            self._compare(baseline, own, verdict)
            self.pair(baseline, own)

    def _compare(self, baseline: int, own: int, verdict: str) -> None:
        self.compared += 1
        if verdict == Verdict.ACCEPTED.value:
            self.accepted += 1
            self.accepted_base += baseline
            self.accepted_own += own

    def merge(self, other: SavingSums) -> None:
        """Adds all pairs of `other`."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


Sums = dict[str, list[int]]


class Whole(msgspec.Struct, omit_defaults=True):
    """Counts what belongs to all requests of a tenant, not to one name."""

    states: dict[str, int] = {}
    verdicts: dict[str, int] = {}
    replies: Sums = {}
    """By `ReplyKind`: requests, their spend, those accepted, those marked unverified. Of `computed`
    the last two are those that any baseline prices, and the spend of these."""
    grounds: Sums = {}
    """By what the chance of an accepted answer rests on (`row_reading.grounds_of`): requests, their
    spend. Rows that an older version purged are in none."""
    shortfalls: Sums = {}
    """By `Shortfall`: answers, their spend, those accepted. Rows of older versions are in none."""
    unverified: list[int] = msgspec.field(default_factory=lambda: [0, 0])
    """Answers that were marked unverified, their spend. Older purged rows are not in it."""
    climbed: list[int] = msgspec.field(default_factory=lambda: [0, 0])
    """Replies at a level, and those of them after another tier's turn. Older rows are in none."""
    unrouted: list[int] = msgspec.field(default_factory=lambda: [0, 0])
    """Labels and vectors that no baseline prices, of rows that an older version purged: `replies`
    has them as answers there. Their spend."""
    taught: Sums = {}  # what teaches a model (labels, texts to train on) by endpoint: rows, spend
    assumed: list[int] = msgspec.field(default_factory=lambda: [0, 0])
    """Reviews and labels whose minutes have the price that a price book assumes, their spend."""
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
    """By rank of the answer's level (below 1: UNANSWERED and others), then reason: requests that it
    decided, their spend, requests that carry it, their spend. Each request is in one rank."""
    endings: Sums = {}
    """Requests without an answer by `ending_name`: how many, their spend, how many of them a limit
    refused that said what was missing, and what was missing in all."""
    faults: dict[str, int] = {}
    """By `ANSWERER CODE`: requests with such a failed call; by `ANSWERER any`: with any of these.
    Older purged rows are in none, or in none of the latter."""
    prospects: Sums = {}  # by answerer: requests, sum of p in PPM, sum of expected costs
    routed: list[int] = msgspec.field(default_factory=lambda: [0, 0, 0])
    """The same of what routing did with those requests: requests, sum of p, sum of costs."""
    held_unknown_nano_usd: int = 0
    held_unknown: Sums = {}
    """The same by `ReplyKind` or `Ending`: requests, what was held. Older rows are in none."""
    named_unknown: list[tuple[int, str]] = []  # the first NAMED_UNKNOWN by time
    settled: int = 0  # requests of unknown cost that bills made known: in no other figure of these
    named_settled: list[tuple[int, str]] = []
    """The first NAMED_UNKNOWN of them, so all that `named_unknown` still names are here."""
    estimated: list[int] = msgspec.field(default_factory=lambda: [0, 0])
    """Calls booked at an estimate that is never too low, their sum; a bill takes its call out."""
    unknown_afterwards: dict[str, int] = {}  # rows of unknown cost that are no request, by endpoint
    settles_afterwards: dict[int, dict[str, int]] = {}  # of purged ones, as `Cell.settles` has them
    settles_held: dict[int, Sums] = {}  # of these: what was held, as in `held_unknown`
    first_ms: int | None = None
    last_ms: int | None = None

    def merge(self, other: Whole) -> None:
        """Adds all that `other` counts."""
        add_counts(self.states, other.states)
        add_counts(self.verdicts, other.verdicts)
        add_counts(self.unknown_afterwards, other.unknown_afterwards)
        add_counts(self.faults, other.faults)
        for at, counts in other.settles_afterwards.items():
            add_counts(self.settles_afterwards.setdefault(at, {}), counts)
        for at, sums in other.settles_held.items():
            add_sums(self.settles_held.setdefault(at, {}), sums)
        for name in _WHOLE_COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in _WHOLE_LISTS:
            add_lists(getattr(self, name), getattr(other, name))
        for ours, theirs in (
            (self.replies, other.replies),
            (self.grounds, other.grounds),
            (self.shortfalls, other.shortfalls),
            (self.roles, other.roles),
            (self.bases, other.bases),
            (self.waste, other.waste),
            (self.prospects, other.prospects),
            (self.endings, other.endings),
            (self.taught, other.taught),
            (self.held_unknown, other.held_unknown),
        ):
            add_sums(ours, theirs)
        for level, sums in other.reasons.items():
            add_sums(self.reasons.setdefault(level, {}), sums)
        self.named_unknown = _first_named(self.named_unknown, other.named_unknown)
        self.named_settled = _first_named(self.named_settled, other.named_settled)
        if other.first_ms is not None and other.last_ms is not None:
            self.saw(other.first_ms)
            self.saw(other.last_ms)

    def saw(self, at_ms: int) -> None:
        """Notes that a row was created at this moment."""
        self.first_ms = at_ms if self.first_ms is None else min(at_ms, self.first_ms)
        self.last_ms = at_ms if self.last_ms is None else max(at_ms, self.last_ms)


class Cell(msgspec.Struct, omit_defaults=True):
    """Sums one group of finished requests. Money is nano-dollars."""

    requests: int = 0
    spend_nano_usd: int = 0
    unknown_cost: int = 0
    judged: int = 0
    in_words: int = 0  # of these, words in place of an answer; none of older purged rows
    accepted: int = 0
    on_prior: int = 0  # of those accepted, on a chance that nobody measured; none of older rows
    refused: int = 0
    failed: int = 0  # or cancelled
    # Answered by routing, by the rank of the level that answered: 1 is the lowest of its policy.
    # Rows that an older version purged count by the level itself.
    routed_by_level: dict[int, int] = {}
    latency: DurationHistogram = msgspec.field(default_factory=DurationHistogram)
    # of a tier
    tried: int = 0  # requests that called for an answer here, whoever answered in the end
    moved_on: int = 0  # of these, answered at a higher level
    own_spend_nano_usd: int = 0
    cache_hits: int = 0  # requests answered by what this tier said to an exact repeat
    # of a bill's day, by the quarter hour of a purged request that the bill settled: requests
    # whose unknown cost is known since, what was held for them; in `unknown_cost` of their own day
    settles: dict[int, list[int]] = {}
    # of a policy
    unpriced: dict[str, int] = {}  # by baseline of a level: requests that have no price at it
    # of the whole and by time
    savings: dict[str, SavingSums] = {}
    whole: Whole | None = None

    def merge(self, other: Cell) -> None:
        """Adds all requests of `other`."""
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        add_counts(self.routed_by_level, other.routed_by_level)
        add_counts(self.unpriced, other.unpriced)
        add_sums(self.settles, other.settles)
        self.latency.merge(other.latency)
        for key, sums in other.savings.items():
            self.savings.setdefault(key, SavingSums()).merge(sums)
        if other.whole is not None:
            self.whole = self.whole or Whole()
            self.whole.merge(other.whole)


class PlacedCell(NamedTuple):
    """Holds a cell and names its group. Starts are UTC: a day's, a quarter hour's for TIME."""

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
    "in_words",
    "accepted",
    "on_prior",
    "refused",
    "failed",
    "tried",
    "moved_on",
    "own_spend_nano_usd",
    "cache_hits",
)

_WHOLE_LISTS = ("provider", "estimated", "routed", "unverified", "unrouted", "assumed", "climbed")

_WHOLE_COUNTS = (
    "reviews",
    "cache_hits",
    "observed",
    "attempts_nano_usd",
    "unpriced_compute",
    "held_unknown_nano_usd",
    "settled",
)

CellOf = Callable[[Kind, str], Cell]
"""Returns the cell of a name, and opens it where it is new."""

BASELINES: dict[str, Callable[[Baselines], int | None]] = {
    "requested_model": lambda baselines: baselines.requested_model,
    "all_level_2": lambda baselines: baselines.all_level_2,
    "all_level_3": lambda baselines: baselines.all_level_3,
    "people": lambda baselines: baselines.people,
}

LEVEL_BASELINES = {"all_level_2": 2, "all_level_3": 3}
"""The baselines that are all requests at one level, which a policy's answerers name."""

OBSERVED = "observed:"
"""Prefix of the key of a baseline whose pairs are of requests that were only observed."""

UNANSWERED, OBSERVED_ONLY, AFTERWARDS_LEVEL = 0, -1, -2
"""Levels in `Whole.reasons` of requests that routing answered at no level."""

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Cell)
_TIER_NAME = msgspec.json.Decoder(TierName)
_TAGS = msgspec.json.Decoder(tuple[str, ...])


def encode(cell: Cell) -> str:
    """Returns the cell as JSON text; `decode` gives an equal cell."""
    return _ENCODER.encode(cell).decode()


def decode(text: str) -> Cell:
    """Reads the text of `encode`. Raises msgspec.DecodeError."""
    return _DECODER.decode(text)


def tier_name(text: str) -> TierName:
    """Returns the parts of a TIER cell's name. Raises msgspec.DecodeError."""
    return _TIER_NAME.decode(text)


@lru_cache(maxsize=4096)
def tags_name(tags: tuple[str, ...]) -> str:
    """Returns the name of a TAG cell: each request is in one, for any number of tags.

    >>> tags_name(("b", "a", "b"))
    '["a","b"]'
    """
    return _ENCODER.encode(sorted(set(tags))).decode()


def tags_of(name: str) -> tuple[str, ...] | None:
    """Returns the tags of such a name; None for a name of several (others, erased ones)."""
    try:
        return _TAGS.decode(name)
    except msgspec.DecodeError:
        return None


def ending_name(ending: Ending, code: str) -> str:
    """Returns the name under which `Whole.endings` counts.

    >>> ending_name(Ending.REFUSED, "insufficient_quota")
    'refused insufficient_quota'
    """
    return f"{ending.value} {code}"


def ending_parts(name: str) -> tuple[Ending, str]:
    """Returns the parts of such a name."""
    ending, _, code = name.partition(" ")
    return Ending(ending), code


def _first_named(
    ours: list[tuple[int, str]], theirs: list[tuple[int, str]]
) -> list[tuple[int, str]]:
    return sorted({*ours, *theirs})[:NAMED_UNKNOWN]


def add_counts(ours: dict[_Key, int], theirs: dict[_Key, int]) -> None:
    for key, number in theirs.items():
        ours[key] = ours.get(key, 0) + number


def add_lists(ours: list[int], theirs: list[int]) -> None:
    for at, number in enumerate(theirs):
        ours[at] += number


def add_sums(ours: dict[_Key, list[int]], theirs: dict[_Key, list[int]]) -> None:
    for key, numbers in theirs.items():
        if key in ours:
            add_lists(ours[key], numbers)
        else:
            ours[key] = list(numbers)
