"""Defines the events that are worth a line in the log, and the Protocol of their listener.

An event tells what happened to whom. It never holds a prompt, an answer, a key or the words of an
upstream. The listener decides how often it writes a line.
"""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from router.types.enums import Domain
from router.types.ledger import RequestRow


class CallFailed(Struct, frozen=True):
    """Reports a call of an answerer that returned no answer."""

    answerer: str
    host: str  # the replica's host and port; "" when none was called
    status: int | None  # from the upstream
    code: str  # of our own error
    next: str  # the next step, in words
    retried: bool  # the answerer itself tries again, so the call is not over
    request_id: str


class BreakerTurned(Struct, frozen=True):
    """Reports that the breaker of a replica opened, so that no call goes there, or closed again."""

    answerer: str
    host: str
    open: bool
    rest_s: float  # how long no call goes there
    key_refused: bool = False  # it opened because the replica refuses our key


class StoreTurned(Struct, frozen=True):
    """Reports that a store (`ledger`, `redis`, `documents`) no longer answers, or answers again."""

    store: str
    lost: bool
    reason: str = ""


class CallRefused(Struct, frozen=True):
    """Reports a request or a call that a limit of its payer refused."""

    tenant: str
    key_id: str
    code: str  # of our own error
    limit: str  # as the policy or the request names it: usd_per_day, tokens_per_minute, ...
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


class CertificateTurned(Struct, frozen=True):
    """Reports that traffic left the range of a certificate, so that it no longer counts, or that it
    counts again.
    """

    policy: str
    domain: Domain
    suspended: bool
    share: float  # of recent requests that looked unfamiliar
    certified: float  # up to which share the certificate holds


Event = CallFailed | BreakerTurned | StoreTurned | CallRefused | CallRedirected | CertificateTurned


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
