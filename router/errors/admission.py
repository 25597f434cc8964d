"""Defines the errors of a request that is refused for now: a budget, a rate or a full queue."""

from __future__ import annotations

from router.errors.base import TiergateError
from router.types import RateState


class BudgetExceeded(TiergateError):
    """Reports that the worst-case cost of a call is above the rest of a limit.

    `limit` is the limit's name in the policy or the request. `scope` says in words whose spending
    the limit counts together, and `window` names it in the ledger. `room_nano_usd` is the rest of
    the limit, and `needed_nano_usd` the worst-case cost (None: unknown). `hopeless` is True when
    that cost is above the whole limit, so that waiting does not help. `retry_after_s` is set where
    only what running calls hold is in the way: they mostly cost less, and give the rest back when
    they end.
    """

    code = "insufficient_quota"
    other_codes: tuple[str, ...] = ("max_cost_exceeded",)
    refuses = True
    status = 429
    type = "insufficient_quota"
    window: tuple[str, str, str, str, str, int] | None = None

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        limit: str = "",
        scope: str = "",
        room_nano_usd: int | None = None,
        needed_nano_usd: int | None = None,
        hopeless: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, param=param, code=code)
        self.limit = limit
        self.scope = scope
        self.room_nano_usd = room_nano_usd
        self.needed_nano_usd = needed_nano_usd
        self.hopeless = hopeless
        self.retry_after_s = retry_after_s


class PriceUnknown(BudgetExceeded):
    """Reports a call that a budget counts and whose price nobody states, so that none bounds it.

    The client cannot change it: who keeps the policy states a price, or lets such calls go out.
    """

    code = "unknown_price"
    other_codes = ()
    status = 503
    type = "api_error"


class RateLimited(TiergateError):
    """Reports more requests or tokens in a minute than a rate limit allows.

    `rates` holds the rest of each rate, for the response headers. `retry_after_ms` is -1 where no
    waiting helps. `scope` says in words which requests the limit counts together.
    """

    code = "rate_limit_exceeded"
    refuses = True
    status = 429
    type = "requests"  # OpenAI names the exceeded rate here: "requests" or "tokens"

    def __init__(
        self,
        message: str,
        *,
        unit: str = type,
        rates: tuple[RateState, ...] = (),
        retry_after_ms: int = -1,
        scope: str = "",
    ) -> None:
        super().__init__(message)
        self.type = unit
        self.scope = scope
        self.rates = rates
        self.retry_after_ms = retry_after_ms


class Overloaded(TiergateError):
    """Reports that a bounded queue is full."""

    code = "overloaded"
    refuses = True
    status = 503
    retryable = True

    def __init__(self, message: str, *, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Stopping(Overloaded):
    """Reports a request that still ran when the server's time to drain was over."""

    code = "server_stopping"
    refuses = False

    def __init__(self) -> None:
        super().__init__("The server is stopping, and this answer was not ready. Try again.")


class GatewayClosed(TiergateError):
    """Reports a call to a Gateway of the library that its program has closed."""

    code = "gateway_closed"
    status = 503


class NotServing(Overloaded):
    """Reports a request that came while none of the server's workers could be started."""

    code = "no_worker"
    refuses = False

    def __init__(self) -> None:
        super().__init__(
            "No worker of this server serves now; one is started again. Try again in a moment; "
            "operators find the cause in the log.",
            retry_after_s=5.0,
        )


class LedgerFull(Overloaded):
    """Reports that the ledger's queue of unwritten rows is full."""

    code = "ledger_full"
    retryable = False  # every rung writes to the same ledger
