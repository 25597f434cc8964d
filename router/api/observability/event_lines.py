"""Turns events into log lines, and limits how often a line is written.

    event -> subject, fields -> LineLimit -> a line now, or counted in the next line

A subject names one trouble as an operator would: this answerer at this replica with this status.
Its first event is written at once. Further events within `EVERY_MS` are counted, and the next line
shows their number as `repeated`. What turns has two lines in that time, so that the end of a short
outage is told at once. The functions are pure: the caller passes the time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from router.privacy.redact import redact
from router.types import (
    NOBODY,
    BreakerTurned,
    CallFailed,
    CallRedirected,
    CallRefused,
    CertificateTurned,
    Event,
    Events,
    HoldPassed,
    KeysLeftOut,
    PriceDiffers,
    RequestRow,
    RowLost,
    RowUnwritten,
    StoreTurned,
    ThoughtsUnseen,
    exact_usd,
)

EVERY_MS = 10_000.0
"""Bounds a subject to six lines a minute: an operator sees that an outage lasts and can read."""
MOST_SUBJECTS = 200
"""Bounds the subjects whose lines are limited one by one.

Further subjects share one line for each kind of event, so that a thousand tenants at their limits
write at most twenty lines a second.
"""

STORES = {
    "ledger": ("ledger_lost", "ledger_back"),
    "rates": ("rates_lost", "rates_back"),
    "redis": ("redis_lost", "redis_back"),
    "documents": ("documents_lost", "documents_back"),
    "embedder": ("embedder_lost", "embedder_back"),
}
"""Names the events of each store that `StoreTurned` may name."""

Subject = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """Describes one line of the log; without a subject it is never held back."""

    name: str
    fields: dict[str, object]
    warns: bool = True
    subject: Subject = ()
    turns: bool = False  # it says that a part is lost or back; both have one subject


def line_of(event: Event) -> Line:
    """Returns the line of an event, without fields that are empty."""
    if isinstance(event, CallFailed):
        return _call_failed(event)
    if isinstance(event, BreakerTurned):
        name = "breaker_opened" if event.open else "breaker_closed"
        whose = "of this key " if event.key_id else ""
        turned: dict[str, object] = {
            "answerer": event.answerer,
            "host": event.host,
            "next": f"no call {whose}goes there for {event.rest_s:g} s, then one tries it"
            if event.open
            else f"calls {whose}go there again",
        }
        if event.key_id:
            turned["key_id"] = event.key_id
        if event.key_refused:
            turned["reason"] = "it refuses our key; check the answerer's api_key"
        return Line(
            name,
            turned,
            event.open,
            ("breaker", event.answerer, event.host, event.key_id),
            turns=True,
        )
    if isinstance(event, CertificateTurned):
        name = "certificate_suspended" if event.suspended else "certificate_counts_again"
        certificate: dict[str, object] = {
            "policy": event.policy,
            "domain": event.domain.value,
            "unfamiliar_share": round(event.share, 3),
            "certified_share": round(event.certified, 3),
            "next": "level 1 answers from confidence_floor on"
            if event.suspended
            else "level 1 answers from its certified threshold on",
        }
        subject = ("certificate", event.policy, event.domain.value)
        return Line(name, certificate, event.suspended, subject, turns=True)
    if isinstance(event, CallRedirected):
        return _redirected(event)
    if isinstance(event, PriceDiffers):
        return _price_differs(event)
    if isinstance(event, HoldPassed):
        return _hold_passed(event)
    if isinstance(event, ThoughtsUnseen):
        return _thoughts_unseen(event)
    if isinstance(event, StoreTurned):
        lost, back = STORES[event.store]
        name = lost if event.lost else back
        fields = _filled(embedder=event.name, reason=redact(event.reason))
        return Line(name, fields, event.lost, (event.store, event.name), turns=True)
    if isinstance(event, KeysLeftOut):
        return _keys_left_out(event)
    if isinstance(event, RowUnwritten):
        fields = _filled(request_id=_named(event.request_id), code=event.code)
        return Line("row_not_written", fields, True, ("row_not_written", event.code))
    if isinstance(event, RowLost):
        return _row_lost(event)
    return _refused(event)


def _keys_left_out(event: KeysLeftOut) -> Line:
    fields = _filled(
        endpoint=event.endpoint,
        keys=list(event.keys),
        did_you_mean=list(event.likely) or None,
        tenant=event.tenant,
        key_id=event.key_id,
        next="requests are answered without them; x-tiergate-dropped names them",
    )
    return Line("keys_left_out", fields, False)


def _call_failed(event: CallFailed) -> Line:
    fields = _filled(
        answerer=event.answerer,
        host=event.host,
        status=event.status,
        code=event.code,
        reason=redact(event.reason),
        url=event.url,
        next=event.next,
        request_id=_named(event.request_id),
    )
    subject = ("call_failed", event.answerer, event.host, str(event.status), event.code)
    return Line("call_failed", fields, True, (*subject, str(event.retried)))


def _row_lost(event: RowLost) -> Line:
    """Returns a line that is never held back where it has calls: nothing else says them."""
    fields = _filled(
        request_id=_named(event.request_id),
        tenant=event.tenant,
        key_id=event.key_id,
        policy=event.policy,
        cost_usd=exact_usd(event.cost_nano_usd),
        next="calls that were held count at their hold from the next start on; book each by "
        "`tiergate ledger reconcile --attempt ATTEMPT --cost-usd COST`"
        if event.calls
        else "no call of it is left to book",
        calls=[
            _filled(
                attempt=call.attempt_id,
                cost_usd=exact_usd(call.cost_nano_usd),
                state=call.state,
                tier=call.tier,
                answerer=call.answerer,
                model=call.model,
                upstream_id=call.upstream_id,
                started_at_ms=call.started_at_ms,
            )
            for call in event.calls
        ]
        or None,
    )
    return Line("row_lost", fields, True, () if event.calls else ("row_lost",))


def _redirected(event: CallRedirected) -> Line:
    priced = "it is booked at the price of the model that answered"
    unpriced = "nobody states that model's price: it counts at its hold until it is reconciled"
    fields = _filled(
        asked=event.asked,
        answered=event.answered,
        next=priced if event.priced else unpriced,
        request_id=_named(event.request_id),
    )
    return Line("call_redirected", fields, True, ("call_redirected", event.asked, event.answered))


def _price_differs(event: PriceDiffers) -> Line:
    counted = "budgets count the higher one; check the model's price"
    ignored = "no call costs that much, so budgets count what is booked; ask the provider"
    fields = _filled(
        answerer=event.answerer,
        model=event.model,
        booked_usd=exact_usd(event.booked_nano_usd),
        stated_usd=exact_usd(event.stated_nano_usd),
        next=counted if event.believed else ignored,
        request_id=_named(event.request_id),
    )
    subject = ("price_differs", event.model, str(event.believed))
    return Line("price_differs", fields, True, subject)


def _hold_passed(event: HoldPassed) -> Line:
    fields = _filled(
        answerer=event.answerer,
        model=event.model,
        held_usd=exact_usd(event.held_nano_usd),
        booked_usd=exact_usd(event.booked_nano_usd),
        next="budgets count all of it, so they may be passed; the provider does not keep to the "
        "cap on output, adds to prompts, or counts wrongly",
        request_id=_named(event.request_id),
    )
    return Line("hold_passed", fields, True, ("hold_passed", event.answerer, event.model))


def _thoughts_unseen(event: ThoughtsUnseen) -> Line:
    fields = _filled(
        answerer=event.answerer,
        model=event.model,
        next="its calls without usage count at their hold from now on, its cut streams by their "
        "silence too; state `hidden_reasoning: true`, and compare earlier ones with the bill "
        "(tiergate ledger reconcile)",
    )
    return Line("thoughts_unseen", fields, True, ("thoughts_unseen", event.answerer, event.model))


def _refused(event: CallRefused) -> Line:
    fields = _filled(
        tenant=event.tenant,
        key_id=event.key_id,
        code=event.code,
        limit=event.limit,
        scope=event.scope,
        answerer=event.answerer,
        never_fits=event.hopeless or None,
        request_id=_named(event.request_id),
    )
    subject = ("refused", event.tenant, event.code, event.limit, event.scope, str(event.hopeless))
    return Line("refused", fields, True, subject)


def _filled(**fields: object) -> dict[str, object]:
    """Returns the fields that have a value."""
    return {name: value for name, value in fields.items() if value not in ("", None)}


def _named(request_id: str) -> str:
    return f"req_{request_id}" if request_id else ""


@dataclass(slots=True)
class _Kept:
    """Keeps the last line of a subject, and how many lines were held back since."""

    written_ms: float
    last: Line
    held_back: int = 0
    before_ms: float = -math.inf  # when the line before that one was written

    @property
    def due_ms(self) -> float:
        """Returns from when on the next line may be written."""
        return EVERY_MS + (self.before_ms if self.last.turns else self.written_ms)


@dataclass(slots=True)
class LineLimit:
    """Lets one line of each subject pass in every `EVERY_MS`."""

    subjects: dict[Subject, _Kept] = field(default_factory=dict)

    def pass_on(self, line: Line, now_ms: float) -> Line | None:
        """Returns the line to write now, with the number held back before it; None when it is held
        back.
        """
        subject = line.subject
        if not subject:
            return line
        kept = self.subjects.get(subject)
        # A new subject beyond the bound shares one entry per kind of event.
        if kept is None and len(self.subjects) >= MOST_SUBJECTS:
            subject = (line.name, "others")
            kept = self.subjects.get(subject)
        if kept is None:
            self.subjects[subject] = _Kept(now_ms, line)
            return line
        kept.last = line
        # The line itself is kept, so that the next one shows the latest state.
        if now_ms < kept.due_ms:
            kept.held_back += 1
            return None
        return _with_repeats(kept, now_ms)

    def overdue(self, now_ms: float, *, all_of_them: bool = False) -> list[Line]:
        """Returns the lines that were held back and are due; forgets subjects with nothing new."""
        lines = []
        for subject, kept in list(self.subjects.items()):
            if kept.held_back and (all_of_them or now_ms >= kept.due_ms):
                kept.held_back -= 1  # the last of them is the line itself
                lines.append(_with_repeats(kept, now_ms))
            elif not kept.held_back and now_ms - kept.written_ms >= EVERY_MS:
                del self.subjects[subject]
        return lines


def _with_repeats(kept: _Kept, now_ms: float) -> Line:
    line, count = kept.last, kept.held_back
    kept.before_ms, kept.written_ms, kept.held_back = kept.written_ms, now_ms, 0
    return replace(line, fields={**line.fields, "repeated": count}) if count else line


class Relay:
    """Passes events on to the present listener, so that parts built before it can send events."""

    def __init__(self) -> None:
        self.listener: Events = NOBODY

    def happened(self, event: Event) -> None:
        """Passes an event on."""
        self.listener.happened(event)

    def finished(self, row: RequestRow) -> None:
        """Passes on that a request is over."""
        self.listener.finished(row)
