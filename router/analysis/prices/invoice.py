"""Compares a provider's bill with the ledger by model and day, and explains each difference.

It is pure. Each difference is divided among its causes so that they sum to it exactly. What a bill
gives back comes first, in its lines below 0. Then come counts: calls that failed here, and calls
that only one side has. Then calls of unknown or estimated cost explain at most what they are booked
at. Rounding explains at most half of a bill's last decimal. Prices explain the remainder. It knows
nothing about files, currencies or printing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from router.analysis.calendar import local_day
from router.errors import UpstreamUnreachable
from router.ledger.row_reading import CORRECTION_PREFIX, FREE, Doubt, doubt_of, was_made
from router.money.model_redirects import same_model, undated
from router.types import AttemptRow, AttemptState, CostBasis, RequestRow, Role

UNBILLED_ROLES = frozenset({Role.CACHE, Role.RESOLVER, Role.TRIAGE, Role.REVIEW})

Cell = tuple[date, str]  # day, model


class Cause(StrEnum):
    """Lists what explains a difference, in the order in which causes are tried."""

    CREDITS = "credits"  # lines below 0: what the provider gives back
    FAILED_CALLS = "failed_calls"  # their provider said an error; they are booked at nothing
    CALLS_LACKING = "calls_lacking"  # the bill counts more calls than the ledger, or fewer
    UNKNOWN_CALLS = "unknown_calls"  # they count at their hold, the worst case
    ESTIMATED_CALLS = "estimated_calls"  # they count at a bound, mostly too high
    ROUNDING = "rounding"
    PRICES = "prices"
    NOT_IN_LEDGER = "not_in_ledger"  # the ledger has no call of this model or day
    NOT_ON_BILL = "not_on_bill"  # the bill has this model, but not this day


@dataclass(frozen=True, slots=True)
class BillLine:
    """Holds a line of a bill, in nano-dollars; `rounding_nano_usd` is half of its last decimal."""

    day: date
    model: str
    billed_nano_usd: int
    rounding_nano_usd: int
    calls: int | None = None


@dataclass(slots=True)
class Booked:
    """Holds the ledger's calls of one model on one day. Failed ones are apart, at no cost."""

    calls: int = 0
    booked_nano_usd: int = 0
    unknown_calls: int = 0
    unknown_nano_usd: int = 0  # the booked cost of those calls
    estimated_calls: int = 0
    estimated_nano_usd: int = 0
    failed_calls: int = 0


@dataclass(frozen=True, slots=True)
class Compared:
    """Compares one model on one day. `causes` sum to the difference, in nano-dollars."""

    day: date
    model: str
    booked: Booked
    billed_nano_usd: int
    billed_calls: int | None
    causes: Mapping[Cause, int]

    @property
    def difference_nano_usd(self) -> int:
        """Returns billed minus booked; above 0 the bill is higher than the ledger."""
        return self.billed_nano_usd - self.booked.booked_nano_usd

    @property
    def more_calls(self) -> int:
        """Returns how many calls the bill has more than the ledger; 0 where it counts none."""
        return 0 if self.billed_calls is None else self.billed_calls - self.booked.calls


@dataclass(frozen=True, slots=True)
class InvoiceCheck:
    """Compares a bill with the ledger over its days; models that only the ledger has are apart."""

    first: date
    last: date
    cells: tuple[Compared, ...]
    elsewhere: Mapping[str, Booked] = field(default_factory=dict)  # by model: other bills' calls

    @property
    def booked_nano_usd(self) -> int:
        """Sums the ledger's costs of the models on the bill."""
        return sum(cell.booked.booked_nano_usd for cell in self.cells)

    @property
    def billed_nano_usd(self) -> int:
        """Sums the bill."""
        return sum(cell.billed_nano_usd for cell in self.cells)

    @property
    def difference_nano_usd(self) -> int:
        """Returns billed minus booked; above 0 the bill is higher than the ledger."""
        return self.billed_nano_usd - self.booked_nano_usd

    @property
    def causes(self) -> dict[Cause, int]:
        """Sums each cause over all cells; together they are the difference."""
        return {cause: sum(cell.causes.get(cause, 0) for cell in self.cells) for cause in Cause}


def is_billed(attempt: AttemptRow) -> bool:
    """Returns True for a call that providers bill: not own compute, people's minutes or a cache."""
    return attempt.role not in UNBILLED_ROLES and attempt.cost_basis not in FREE


def failed_there(attempt: AttemptRow) -> bool:
    """Returns True for a call whose provider said an error: booked at nothing, maybe billed."""
    failed = attempt.state is AttemptState.FAILED and attempt.cost_basis is CostBasis.NONE
    reached = was_made(attempt) and attempt.error_code != UpstreamUnreachable.code
    return failed and reached and attempt.role not in UNBILLED_ROLES


def compare(
    lines: Sequence[BillLine], rows: Iterable[RequestRow], names: Mapping[str, str] | None = None
) -> InvoiceCheck:
    """Compares the bill with the attempts that began, in UTC, from its first to its last day.

    `names` maps the bill's names of models to the ledger's. Other models match without a provider's
    prefix and without a date at their end. Rows may be of any time. `lines` must not be empty.
    """
    first, last = min(line.day for line in lines), max(line.day for line in lines)
    ledger: dict[Cell, Booked] = {}
    corrections: dict[str, AttemptRow] = {}  # by the call that each settles
    calls: list[tuple[date, AttemptRow]] = []
    failed: Counter[Cell] = Counter()
    for row in rows:
        for attempt in row.attempts:
            day = local_day(attempt.started_at_ms)
            if attempt.role is Role.RECONCILE:
                corrections[attempt.attempt_id.removeprefix(CORRECTION_PREFIX)] = attempt
            # The provider bills calls by the day on which they began, in UTC.
            elif day is None or not first <= day <= last:
                continue
            elif is_billed(attempt) or failed_there(attempt):
                calls.append((day, attempt))
    # A second pass: a correction may come before its call in the rows. It counts on the day of its
    # call: where that month was closed, it has a later date of its own.
    named = names or {}
    billed, own = _lines_of({line.model: named.get(line.model) for line in lines}, calls)
    for day, attempt in calls:
        correction, model = corrections.get(attempt.attempt_id), own[attempt.model]
        if correction is None and not is_billed(attempt):
            failed[day, model] += 1
            continue
        booked = ledger.setdefault((day, model), Booked())
        _add(booked, attempt, correction is not None)
        if correction is not None:
            booked.booked_nano_usd += correction.cost_nano_usd
    bill: dict[Cell, list[BillLine]] = {}
    for line in lines:
        bill.setdefault((line.day, billed[line.model]), []).append(line)
    # A failed call alone makes no line: most bills have none of them.
    for cell in failed.keys() & (ledger.keys() | bill.keys()):
        ledger.setdefault(cell, Booked()).failed_calls = failed[cell]
    billed_models = {model for _, model in bill}
    elsewhere: dict[str, Booked] = {}
    for (_, model), booked in ledger.items():
        # Several providers may bill one ledger; this bill says nothing about their models.
        if model not in billed_models:
            _merge(elsewhere.setdefault(model, Booked()), booked)
    # Days of a billed model that the bill leaves out are differences too.
    cells = sorted(bill.keys() | {cell for cell in ledger if cell[1] in billed_models})
    return InvoiceCheck(
        first,
        last,
        tuple(_compared(cell, ledger.get(cell), bill.get(cell, [])) for cell in cells),
        dict(sorted(elsewhere.items())),
    )


def _add(booked: Booked, attempt: AttemptRow, settled: bool) -> None:
    cost = attempt.cost_nano_usd
    if attempt.state is AttemptState.HELD:
        # An open call is booked at its hold, its worst case.
        cost = attempt.held_nano_usd
    booked.booked_nano_usd += cost
    booked.calls += 1
    # A call that a bill corrected has a known cost now.
    doubt = None if settled else doubt_of(attempt)
    if doubt is Doubt.UNKNOWN:
        booked.unknown_calls += 1
        booked.unknown_nano_usd += cost
    elif doubt is Doubt.ESTIMATED:
        booked.estimated_calls += 1
        booked.estimated_nano_usd += cost


def _merge(total: Booked, booked: Booked) -> None:
    total.calls += booked.calls
    total.booked_nano_usd += booked.booked_nano_usd
    total.unknown_calls += booked.unknown_calls
    total.unknown_nano_usd += booked.unknown_nano_usd
    total.estimated_calls += booked.estimated_calls
    total.estimated_nano_usd += booked.estimated_nano_usd
    total.failed_calls += booked.failed_calls


def _lines_of(
    mapped: Mapping[str, str | None], calls: Iterable[tuple[date, AttemptRow]]
) -> tuple[dict[str, str], dict[str, str]]:
    """Returns the name under which each name of the bill, and each of the ledger, is compared.

    `mapped` has the bill's names, each with the ledger's name for it that somebody stated, or None.
    The ledger has a model under the name with which it answered, mostly one with a day, and calls
    that got no answer under the name that was asked for. Bills know one of the two, so a name of
    the ledger without a line of its own counts in the line of the same model: in the only one, and
    never a day's name in that of another day. Where the ledger names two providers of one model, or
    a name with a provider and the same without, these are different calls and stay apart.
    """
    known = {attempt.model for _, attempt in calls}
    billed = {name: stated or _ledger_name(name, known) for name, stated in mapped.items()}
    compared = set(billed.values())
    own: dict[str, str] = {}
    for name in known:
        like = [line for line in compared if _same_but_for_day(name, line)]
        alone = name not in compared and len(like) == 1 and not _of_another(name, like[0], known)
        own[name] = like[0] if alone else name
    return billed, own


def _of_another(name: str, line: str, known: Set[str]) -> bool:
    """Returns True for a name of the ledger that may be of another provider than a line's."""
    providers = {other.rpartition("/")[0] for other in known if undated(other) == undated(name)}
    bare = {name.rpartition("/")[2], line.rpartition("/")[2]}
    return len(providers - {""}) > 1 or (line in known and len(bare) == 1)


def _same_but_for_day(name: str, other: str) -> bool:
    """Returns True for two names of one model of which one has no day at its end."""
    bare, plain = undated(name).lower(), undated(other).lower()
    return bare == plain and (_without_day(name) or _without_day(other))


def _without_day(name: str) -> bool:
    return undated(name) == name.rpartition("/")[2]


def _ledger_name(model: str, known: set[str]) -> str:
    """Returns the ledger's name of a model on the bill; the bill's own where none is like it."""
    if model in known:
        return model
    like = [name for name in known if same_model(name, model)]
    return like[0] if len(like) == 1 else model


def _compared(cell: Cell, booked: Booked | None, lines: Sequence[BillLine]) -> Compared:
    credited = sum(line.billed_nano_usd for line in lines if line.billed_nano_usd < 0)
    charges = [line for line in lines if line.billed_nano_usd >= 0]
    charged = sum(line.billed_nano_usd for line in charges)
    counts = [line.calls for line in charges if line.calls is not None]
    # A count is known only if every line of the cell states one; a credit bills no call.
    calls = sum(counts) if charges and len(counts) == len(charges) else None
    own = booked or Booked()
    if booked is None:
        causes = {Cause.NOT_IN_LEDGER: charged}
    elif not charges:
        causes = {Cause.NOT_ON_BILL: -own.booked_nano_usd}
    else:
        rounding = sum(line.rounding_nano_usd for line in lines) + own.calls
        causes = explained(own, charged, calls, rounding)
    causes = {Cause.CREDITS: credited, **causes}
    billed = charged + credited
    return Compared(cell[0], cell[1], own, billed, calls, {c: n for c, n in causes.items() if n})


def explained(
    booked: Booked, billed_nano_usd: int, billed_calls: int | None, rounding_nano_usd: int
) -> dict[Cause, int]:
    """Divides the difference among its causes, in their order; they sum to it.

    Booked $10, of which $3 for calls of unknown cost, and billed $8: -$2 by unknown calls. Billed
    $6 instead: -$3 by unknown calls, -$1 by prices. Rounding comes late, since it may be anything
    up to its bound. Otherwise it would absorb a call that only one side counts.
    """
    rest = billed_nano_usd - booked.booked_nano_usd
    causes: dict[Cause, int] = {}

    def take(cause: Cause, amount: int) -> None:
        nonlocal rest
        causes[cause] = amount
        rest -= amount

    for cause, amount in _by_count(booked, rest, billed_calls, rounding_nano_usd).items():
        take(cause, amount)
    if rest < 0:
        take(Cause.UNKNOWN_CALLS, max(rest, -booked.unknown_nano_usd))
        take(Cause.ESTIMATED_CALLS, max(rest, -booked.estimated_nano_usd))
    if rest:
        take(Cause.ROUNDING, max(-rounding_nano_usd, min(rest, rounding_nano_usd)))
    if rest:
        take(Cause.PRICES, rest)
    return causes


def _by_count(
    booked: Booked, rest: int, billed_calls: int | None, rounding: int
) -> dict[Cause, int]:
    """Returns what calls cost that one side counts and the other does not, at a known call's mean.

    Calls that only the bill has may hide behind estimates that are too high, so they count up to
    what those can make up for. Where the bill has fewer, calls of unknown cost are the first that
    may be on no bill; they explain their share by their holds. A bill without counts is higher by
    failed calls only as far as rounding does not explain it.
    """
    doubted = booked.unknown_nano_usd + booked.estimated_nano_usd
    known = booked.calls - booked.unknown_calls - booked.estimated_calls
    mean = (booked.booked_nano_usd - doubted) // known if known > 0 else 0
    if billed_calls is None:
        more = rest - rounding
        most = booked.failed_calls * mean if booked.calls else more  # else nothing else is known
        return {Cause.FAILED_CALLS: min(more, most)} if more > 0 and most > 0 else {}
    lacking = billed_calls - booked.calls
    if lacking > 0:
        room = rest + doubted
        amount = max(0, min(lacking * mean if known > 0 else rest, room))
        failed = amount * min(lacking, booked.failed_calls) // lacking
        return {Cause.FAILED_CALLS: failed, Cause.CALLS_LACKING: amount - failed}
    fewer = lacking + booked.unknown_calls
    # Missing calls explain a difference only if it points the same way.
    return {Cause.CALLS_LACKING: max(fewer * mean, rest)} if fewer < 0 and rest < 0 else {}
