"""Reads with caution what a ledger row says about itself; reports and roll-ups count by this.

Pure functions of one row. A word of a row is trusted only when it is in a closed set.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import StrEnum

import msgspec

from router.errors import REFUSED_CODES, AnswererNotReady, CannotAnswer, Overloaded
from router.ledger.aggregates import Ending
from router.types import (
    ASKS_LABEL,
    NO_ANSWER_MODEL,
    AttemptRow,
    AttemptState,
    CostBasis,
    Domain,
    Reason,
    RequestRow,
    RequestState,
    RequestType,
    Role,
    Turn,
)

UNKNOWN_NAME = "unknown"
SPECIALIST = "specialist"
"""Tier and answerer of rows that the classifier heads answered. No ladder leads there."""

SHADOW = "shadow"
"""Endpoint of a second answer to a request that has its answer; the two are compared."""

RECONCILE = "reconcile"
"""Endpoint of a correction by a provider's bill."""

CORRECTION_PREFIX = f"{RECONCILE}-"
"""Begins the id of a correction; the id of the call that it corrects follows."""

REVIEW = "review"
"""Endpoint of a reviewer's minutes."""

ROLLOUT = "rollout"
"""Endpoint of a rollout's changes of stage. They have no tenant and no money, and count nowhere."""

SYNTHESIZE = "synthesize"
"""Endpoint of a text that an answerer wrote to train on: nobody sent it."""

VECTORS = "vectors"
"""Endpoint of vectors by an upstream of documents, and of a request's question to them."""

AFTERWARDS = frozenset({RECONCILE, REVIEW, SHADOW, ROLLOUT, SYNTHESIZE, VECTORS})
"""Endpoints whose rows book money beside requests. They count in the spend, but not as requests."""

EMBEDDINGS = "embeddings"
"""Endpoint whose rows are not routed: they count in no level's share."""

ANSWERING = frozenset({Role.ANSWER, Role.RESOLVER, Role.REFINE})
"""Roles that try to answer at their tier; checks, samples and deliberation steps help another's."""

_REFUSED_UNSENT = frozenset({AnswererNotReady.code, Overloaded.code})
"""Codes by which older rows say `failed` of a call that nobody made."""

_BROKE_OFF = frozenset({AttemptState.FAILED, AttemptState.CANCELLED, AttemptState.HELD})

_DOMAINS = frozenset(domain.value for domain in Domain)
_REQUEST_TYPES = frozenset(kind.value for kind in RequestType)
REASONS = frozenset(reason.value for reason in Reason)
ENDS = frozenset(
    {
        Reason.ANSWER_ACCEPTED.value,
        Reason.GAIN_BELOW_COST.value,
        Reason.BUDGET_EXHAUSTED.value,
        Reason.TIME_EXHAUSTED.value,
        Reason.LADDER_EXHAUSTED.value,
    }
)
"""Reasons in a row that say why the climb ended, so they explain no escalation."""


FREE = frozenset({CostBasis.OWN_COMPUTE, CostBasis.NONE})
"""Bases of what no provider bills."""


class Doubt(StrEnum):
    """Says why the booked cost of a call is no fact; a provider's bill can still state it."""

    UNKNOWN = "unknown"  # its outcome or its price is unknown: it counts at its hold
    ESTIMATED = "estimated"  # its usage is unknown: it counts at a bound, never too low


class Refusal(msgspec.Struct):
    """Names the limit that refused a request, the cost of its next call and what was left."""

    limit: str = ""
    needed_nano_usd: int = 0
    left_nano_usd: int = 0

    @property
    def short_nano_usd(self) -> int:
        """Returns the amount that was missing: the next call's cost less what was left."""
        return self.needed_nano_usd - self.left_nano_usd


class Corrected(msgspec.Struct):
    """Describes the call that a provider's bill corrects, from the correction's record."""

    request_id: str = ""
    booked_nano_usd: int = 0
    estimated: bool = False
    # The baselines that its request was compared with, none of an unknown cost; True in older rows.
    compared: bool | tuple[str, ...] = False
    answered: bool = True  # its request got an answer or a question back; older rows do not say


class SignalNames(msgspec.Struct):
    """Holds what triage named, as a record has it."""

    domain: str = ""
    request_type: str = ""
    domain_read: bool = True  # False: its head cannot read the language, so that it is a guess
    request_type_read: bool = True


class RecordNames(msgspec.Struct):
    """Holds what a record names: what triage read, and the domain under which a person took it."""

    signals: SignalNames = msgspec.field(default_factory=SignalNames)
    domain: str = ""  # "": as triage read it


class _Rung(msgspec.Struct):
    taken: bool = False
    p: float = 0.0
    cost_nano_usd: int = 0
    cost_basis: str = CostBasis.UNKNOWN.value


class _Ladder(msgspec.Struct):
    first: int = 0
    rungs: tuple[_Rung, ...] = ()


class _Observed(msgspec.Struct):
    decision: _Ladder = msgspec.field(default_factory=_Ladder)
    would_cost_nano_usd: int | None = None


class _Refused(msgspec.Struct):
    refusal: Refusal | None = None


class _Reconciles(msgspec.Struct):
    reconciles: Corrected = msgspec.field(default_factory=Corrected)


_RECONCILES = msgspec.json.Decoder(_Reconciles)
_OBSERVED = msgspec.json.Decoder(_Observed)
_REFUSED = msgspec.json.Decoder(_Refused)
_NAMES = msgspec.json.Decoder(RecordNames)


def row_names(row: RequestRow) -> tuple[str, str]:
    """Returns domain and request type of a row, `unknown` where the record has none."""
    try:
        names = _NAMES.decode(row.record)
    except (msgspec.DecodeError, UnicodeError):
        return UNKNOWN_NAME, UNKNOWN_NAME
    return closed_names(names)


def derived_values(record: str) -> tuple[str, str]:
    """Returns domain and request type of a record, as its row's columns have them; "" for none."""
    try:
        return _open_names(_NAMES.decode(record))
    except (msgspec.DecodeError, UnicodeError):
        return "", ""


def _open_names(names: RecordNames) -> tuple[str, str]:
    """Returns domain and type as triage read them, "" for a guess in a language not read.

    A matter that a person took stands under its own domain.
    """
    read = names.signals
    domain = names.domain or (read.domain if read.domain_read else "")
    return domain, read.request_type if read.request_type_read else ""


def closed_names(names: RecordNames) -> tuple[str, str]:
    """Returns the same two, `unknown` for none and outside the sets."""
    domain, kind = _open_names(names)
    return (
        domain if domain in _DOMAINS else UNKNOWN_NAME,
        kind if kind in _REQUEST_TYPES else UNKNOWN_NAME,
    )


def call_failed(attempt: AttemptRow | Turn) -> bool:
    """Returns True when a call gave no whole answer, though it may have cost money.

    Such a call names its error, also where what it cost is settled: a stream that was cut. One of
    unknown cost without an error gave an answer whose price nobody knows.
    """
    if attempt.state is AttemptState.RELEASED:
        return False
    return bool(attempt.error_code) or attempt.state in _BROKE_OFF


def was_made(attempt: AttemptRow | Turn) -> bool:
    """Returns True when a call was made: the one rule by which all tables count calls.

    What was refused before anything was sent is `released` and no call: by a limit, a full queue, a
    store, an answerer that is out of use. An answerer that looks and declines was asked. Approved
    words that stand in for a missing model are no call of one.
    """
    if isinstance(attempt, AttemptRow) and attempt.model == NO_ANSWER_MODEL:
        return False
    if attempt.state is AttemptState.RELEASED:
        return attempt.error_code == CannotAnswer.code
    return attempt.error_code not in _REFUSED_UNSENT


def basis_of(attempt: AttemptRow) -> CostBasis:
    """Returns what a call's cost rests on; older rows say own compute of one that nobody billed."""
    idle = attempt.cost_basis is CostBasis.OWN_COMPUTE and not attempt.compute_ms
    if idle and not attempt.cost_nano_usd and (call_failed(attempt) or not was_made(attempt)):
        return CostBasis.NONE
    return attempt.cost_basis


def attempt_cost_known(attempt: AttemptRow) -> bool:
    """Returns True when the attempt's cost is a fact: its price and its outcome are known.

    A released attempt spent nothing; a held one, or one with unknown outcome, counts at its hold.
    """
    if attempt.state is AttemptState.RELEASED:
        return True
    if attempt.state in (AttemptState.HELD, AttemptState.UNKNOWN_COST):
        return False
    return attempt.cost_basis is not CostBasis.UNKNOWN


def call_price_unknown(attempt: AttemptRow) -> bool:
    """Returns True if no amount can be told: the price is unknown, or the call still runs.

    A released attempt spent nothing, and one of unknown outcome counts at its hold.
    """
    unknown = attempt.cost_basis is CostBasis.UNKNOWN or attempt.state is AttemptState.HELD
    return unknown and attempt.state is not AttemptState.RELEASED


def price_unknown(row: RequestRow) -> bool:
    """Returns True when one of its calls has no known price, so that their sum has none either."""
    return any(call_price_unknown(attempt) for attempt in row.attempts)


def doubt_of(attempt: AttemptRow) -> Doubt | None:
    """Returns why a bill may still correct the attempt; None where its cost is a fact.

    A stream that was cut counts its bytes as tokens: estimated. A worker that died in mid-call left
    a hold: unknown. Own compute is on no bill, and an answer at a list price costs it whatever it
    used.
    """
    free = attempt.cost_basis in FREE
    if attempt.state is AttemptState.UNKNOWN_COST:
        return Doubt.UNKNOWN
    if attempt.state is AttemptState.HELD:
        return None if free else Doubt.UNKNOWN
    if not attempt.estimated or free or attempt.state is AttemptState.RELEASED:
        return None
    if attempt.cost_basis is CostBasis.UNKNOWN:
        return Doubt.UNKNOWN
    answered_at_list_price = attempt.state is AttemptState.SETTLED and not attempt.error_code
    if attempt.cost_basis is CostBasis.LIST_PRICE and (
        answered_at_list_price or not attempt.cost_nano_usd
    ):
        return None
    return Doubt.ESTIMATED


def corrected_request(record: str) -> str:
    """Returns the id of the request that a correction's record names; "" where it names none."""
    try:
        return _RECONCILES.decode(record).reconciles.request_id
    except (msgspec.DecodeError, UnicodeError):
        return ""


def corrected_call(row: RequestRow) -> Corrected | None:
    """Returns the call that this row corrects by a bill; None where it corrects none."""
    if row.endpoint != RECONCILE:
        return None
    try:
        return _RECONCILES.decode(row.record).reconciles
    except (msgspec.DecodeError, UnicodeError):
        return None


def provider_difference(attempt: AttemptRow) -> int | None:
    """Returns the provider's cost of the call less our cost of its tokens, nano-dollars.

    None where the provider stated no cost, or where our cost is not by a token price.
    """
    by_token = attempt.cost_basis is CostBasis.TOKEN_PRICE and attempt_cost_known(attempt)
    if attempt.provider_cost_nano_usd is None or not by_token:
        return None
    return attempt.provider_cost_nano_usd - attempt.cost_nano_usd


def cost_known(row: RequestRow) -> bool:
    """Returns True when the request's cost is a fact, so that it may be compared."""
    if row.state in (RequestState.UNKNOWN_COST, RequestState.OPEN):
        return False
    return all(attempt_cost_known(attempt) for attempt in row.attempts)


def answered(row: RequestRow) -> bool:
    """Returns True when the client got an answer, and so a tier and a verdict."""
    return row.state is RequestState.SETTLED or (
        row.state is RequestState.UNKNOWN_COST and row.verdict != ""
    )


def teaches(row: RequestRow) -> bool:
    """Returns True for money that teaches a model: a label's minutes, a text to train on."""
    is_label = row.endpoint == REVIEW and row.review_id.startswith(ASKS_LABEL)
    return is_label or row.endpoint == SYNTHESIZE


def ending_of(row: RequestRow) -> Ending | None:
    """Returns the end of a finished request that was not answered; None where it was."""
    if answered(row):
        return None
    if row.state is RequestState.CANCELLED:
        return Ending.CANCELLED
    return Ending.REFUSED if row.error_code in REFUSED_CODES else Ending.FAILED


def refusal_of(row: RequestRow) -> Refusal | None:
    """Returns the limit that refused the request, and the amount; None without one in the row."""
    if ending_of(row) is not Ending.REFUSED:
        return None
    try:
        return _REFUSED.decode(row.record).refusal
    except (msgspec.DecodeError, UnicodeError):
        return None


def reading_cost(row: RequestRow) -> int:
    """Returns the cost of reading the request, nano-dollars; it is paid whoever answers."""
    return sum(a.cost_nano_usd for a in row.attempts if a.role is Role.TRIAGE)


def would_have_cost(row: RequestRow) -> int | None:
    """Returns the cost of an observed request if routed, nano-dollars; None where it is unknown.

    It adds the cost of reading and of the ladder. Each rung counts as often as those below it were
    expected to be wrong, at the tokens of the answer that went out. Rows of versions that did not
    record this count at the costs that the decision expected.
    """
    try:
        record = _OBSERVED.decode(row.record)
    except (msgspec.DecodeError, UnicodeError):
        return None
    would = record.would_cost_nano_usd
    if would is None:
        ladder = [rung for rung in record.decision.rungs[record.decision.first :] if rung.taken]
        if not ladder or any(rung.cost_basis == CostBasis.UNKNOWN for rung in ladder):
            return None
        would = expected_cost([(rung.p, rung.cost_nano_usd) for rung in ladder])
    return reading_cost(row) + would


def expected_cost(ladder: Iterable[tuple[float, int]]) -> int:
    """Returns nano-dollars, rounded up, of rungs in order, each a chance to be right and a cost.

    A rung at $1 that is right 9 times in 10, then one at $5: 1 + 0.1 x 5 = $1.50.

    >>> expected_cost([(0.9, 1_000), (0.5, 5_000)])
    1500
    """
    cost, reached = 0.0, 1.0
    for p, own in ladder:
        cost += reached * own
        reached *= 1.0 - p
    return math.ceil(cost - 1e-6)


def answering_adapter(row: RequestRow) -> str:
    """Returns the adapter of the call whose answer went out, "" for none."""
    for attempt in reversed(row.attempts):
        same = attempt.level == row.tier_number and attempt.model == row.model
        if same and attempt.role in ANSWERING and not attempt.discarded:
            return attempt.adapter
    return ""
