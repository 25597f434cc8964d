"""Defines the events that are worth a line in the log, and the Protocol of their listener.

An event tells what happened to whom. It never holds a prompt, an answer or a key, and of the words
of an upstream only those about a request that it refused, fit to be shown. The listener decides how
often it writes a line.
"""

from __future__ import annotations

import hashlib
from contextvars import ContextVar
from typing import Literal, Protocol

from msgspec import Struct

from router.types.enums import Domain
from router.types.ledger import RequestRow


class Trace(Struct, frozen=True):
    """Holds the W3C trace context that a request came with, or that we began for it."""

    trace_id: str  # 32 digits of hex; "" for a row that no traced request made
    parent_id: str = ""  # the client's span, 16 digits of hex; "" where we began the trace
    sampled: bool = True
    state: str = ""  # what other systems keep in `tracestate`

    def headers(self, attempt_id: str) -> dict[str, str]:
        """Returns what tells an upstream that the call of this row is its parent."""
        flags = "01" if self.sampled else "00"
        headers = {"traceparent": f"00-{self.trace_id}-{span_id(attempt_id)}-{flags}"}
        return {**headers, "tracestate": self.state} if self.state else headers


def span_id(row_id: str) -> str:
    """Returns the id of the span of a request or of a call. Spans are made later, from the row."""
    return hashlib.blake2b(row_id.encode(), digest_size=8).hexdigest()


# A context variable, so that no function between HTTP and an upstream must pass it on.
TRACE: ContextVar[Trace | None] = ContextVar("trace", default=None)
"""Holds the trace of the request under way; None where no traces are exported."""


class CallFailed(Struct, frozen=True):
    """Reports a call of an answerer that returned no answer."""

    answerer: str
    host: str  # the replica's host and port; "" when none was called
    status: int | None  # from the upstream
    code: str  # of our own error
    next: str  # the next step, in words
    retried: bool  # the answerer itself tries again, so the call is not over
    request_id: str
    reason: str = ""  # such as "its certificate has expired"
    url: str = ""  # that the upstream does not have


class BreakerTurned(Struct, frozen=True):
    """Reports that the breaker of a replica opened, so that no call goes there, or closed again."""

    answerer: str
    host: str
    open: bool
    rest_s: float  # how long no call goes there
    key_refused: bool = False  # it opened because the replica refuses our key
    key_id: str = ""  # of the one client whose calls alone it stops; "": those of all


class StoreTurned(Struct, frozen=True):
    """Reports that a store no longer answers, or answers again."""

    store: Literal["ledger", "rates", "redis", "documents", "embedder"]
    lost: bool
    reason: str = ""
    name: str = ""  # of the embedder


class CallRefused(Struct, frozen=True):
    """Reports a request or a call that a limit of its payer, or a full queue, refused."""

    tenant: str
    key_id: str
    code: str  # of our own error
    # As the policy or the request names it: usd_per_day, tokens_per_minute ...; "" for a queue.
    limit: str
    scope: str  # in words: whose money or rate counts together
    answerer: str  # "" when the request itself was refused
    hopeless: bool  # it exceeds the whole limit, so waiting does not help
    request_id: str


class CallRedirected(Struct, frozen=True):
    """Reports that another model answered than the requested one."""

    asked: str
    answered: str
    priced: bool  # its price is known, so the call is booked at that price
    request_id: str


class PriceDiffers(Struct, frozen=True):
    """Reports that a provider states another cost of a call than its price here gives."""

    answerer: str
    model: str
    booked_nano_usd: int
    stated_nano_usd: int
    request_id: str
    believed: bool = True  # False: no call costs that much, so budgets do not count it


class HoldPassed(Struct, frozen=True):
    """Reports that a call cost more than was held for it, so that a budget may be passed."""

    answerer: str
    model: str
    held_nano_usd: int
    booked_nano_usd: int
    request_id: str


class ThoughtsUnseen(Struct, frozen=True):
    """Reports, once in a process, a model whose usage proved thoughts that it bills unseen."""

    answerer: str
    model: str


class KeysLeftOut(Struct, frozen=True):
    """Reports keys of a body that no answerer of the policy receives, such as a misspelt one."""

    endpoint: str
    keys: tuple[str, ...]
    likely: tuple[str, ...]  # the keys that may have been meant
    tenant: str
    key_id: str


class CertificateTurned(Struct, frozen=True):
    """Reports that traffic left the range of a certificate, so that it no longer counts, or that it
    counts again.
    """

    policy: str
    domain: Domain
    suspended: bool
    share: float  # of recent requests that looked unfamiliar
    certified: float  # up to which share the certificate holds


class RowUnwritten(Struct, frozen=True):
    """Reports that a row that nobody waits for was not written: its client left, or it failed."""

    request_id: str
    code: str  # of our own error


class LostCall(Struct, frozen=True):
    """Describes a call of a row that is lost, as a bill is booked: by its attempt and its cost."""

    attempt_id: str
    tier: str
    answerer: str
    model: str
    upstream_id: str  # the provider's id; "" where it never answered
    state: str
    started_at_ms: int
    cost_nano_usd: int


class RowLost(Struct, frozen=True):
    """Reports a row that nothing will write any more: the ledger closed, or had no room for it."""

    request_id: str
    tenant: str
    key_id: str  # "" with `policy` where only a call of the request was owed
    policy: str
    cost_nano_usd: int
    calls: tuple[LostCall, ...]  # to be booked; none where no money was spent


CallEvent = CallFailed | CallRefused | CallRedirected | PriceDiffers | HoldPassed | ThoughtsUnseen
Stands = BreakerTurned | StoreTurned | CertificateTurned
Event = CallEvent | Stands | KeysLeftOut | RowUnwritten | RowLost


class Events(Protocol):
    """Receives events. Raises nothing, never blocks, may be called from any thread."""

    def happened(self, event: Event) -> None:
        """Receives one event."""
        ...

    def finished(self, row: RequestRow) -> None:
        """Receives the row of a request that is over, answered or not."""
        ...


class _Nobody:
    """Ignores all events."""

    def happened(self, event: Event) -> None:
        return

    def finished(self, row: RequestRow) -> None:
        return


NOBODY: Events = _Nobody()
