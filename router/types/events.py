"""What is worth a line in the log, and who is told of it.

An event says what happened to whom. It never holds a prompt, an answer, a key or the words of an
upstream. How often it is written is for whoever listens.
"""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from router.types.ledger import RequestRow


class CallFailed(Struct, frozen=True):
    """A call of an answerer that came to no answer."""

    answerer: str
    host: str  # of the replica that was asked, with its port; "" where none was
    status: int | None  # that the upstream sent
    code: str  # of our error
    next: str  # in words
    retried: bool  # the answerer itself tries again: the call is not over
    request_id: str


class BreakerTurned(Struct, frozen=True):
    """A replica's breaker opened, so that no call goes there, or closed again."""

    answerer: str
    host: str
    open: bool
    rest_s: float  # how long no call goes there
    key_refused: bool = False  # it opened because the replica refuses our key


class StoreTurned(Struct, frozen=True):
    """Tells that a store (`ledger`, `redis`) stopped to answer, or answers again."""

    store: str
    lost: bool
    reason: str = ""


class CallRefused(Struct, frozen=True):
    """A request or a call that a limit of its payer did not let begin."""

    tenant: str
    key_id: str
    code: str  # of our error
    limit: str  # as the policy or the request names it: usd_per_day, tokens_per_minute, ...
    scope: str  # in words: whose money or rate is counted together
    answerer: str  # "" where the request itself was refused
    hopeless: bool  # it does not fit the whole limit, so that waiting does not help
    request_id: str


class CallRedirected(Struct, frozen=True):
    """Another model answered than the one that was asked for."""

    asked: str
    answered: str
    priced: bool  # its price is known, so that the call is booked at it
    request_id: str


Event = CallFailed | BreakerTurned | StoreTurned | CallRefused | CallRedirected


class Events(Protocol):
    """Is told what happened. Raises nothing, never blocks, may be called from any thread."""

    def happened(self, event: Event) -> None: ...

    def finished(self, row: RequestRow) -> None:
        """A request is over, answered or not; this is its row."""
        ...


class _Nobody:
    """Listens to nothing."""

    def happened(self, event: Event) -> None:
        return

    def finished(self, row: RequestRow) -> None:
        return


NOBODY: Events = _Nobody()
