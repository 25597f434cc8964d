"""Everything that can go wrong, as one tree. `code` is for machines, `status` is HTTP, `retryable`
says whether the next rung (or another replica) may help.

    TiergateError
    ├── RequestError                  400  the client must change something
    │   ├── BodyTooLarge              413
    │   ├── UnsupportedMedia          415
    │   ├── RequestTimeout            408  the request did not arrive in time
    │   ├── HeadTooLarge              431
    │   ├── MalformedHttp             400  not HTTP at all
    │   ├── AuthenticationFailed      401
    │   │   └── TooManyWrongKeys      429  from one address; Retry-After
    │   ├── PermissionDenied          403
    │   ├── NotFound                  404
    │   │   └── ModelNotFound         404
    │   ├── MethodNotAllowed          405
    │   ├── KeyReused                 422  an idempotency key with another request
    │   ├── FeedbackRefused           409  too many words on one decision
    │   ├── ReviewConflict            409  a review that is decided, or can't be decided so
    │   └── NotCapable                400  no allowed tier can do what is asked
    │       └── MaxCostTooLow         400  max_cost_usd is below the worst case of any call
    ├── BudgetExceeded                429  insufficient_quota; never retried
    ├── RateLimited                   429  rate_limit_exceeded; Retry-After
    ├── Overloaded                    503  a bounded queue is full; Retry-After
    │   └── LedgerFull                503
    ├── AnswererError                 502  one rung failed
    │   ├── AnswererNotReady          503
    │   ├── CannotAnswer              502  the answerer declines: nothing matches, slot unfilled
    │   ├── UpstreamError             502
    │   │   ├── UpstreamUnreachable   502
    │   │   ├── UpstreamRejected      502  4xx that is our fault or the key's
    │   │   ├── UpstreamRateLimited   429
    │   │   ├── UpstreamInvalid       502  garbage instead of an answer
    │   │   └── StreamCut             502
    │   ├── DeadlineExceeded          504
    │   └── DepthExceeded             500
    ├── ClientGone                    499  the client closed the connection
    ├── PolicyError                   -    a policy file is wrong; carries all mistakes
    │   └── PlanError                 -    the same of a plan (`tiergate plan`)
    ├── CannotListen                  -    the address is taken or may not be used
    ├── ModelFileError                -    a model file is missing or corrupt
    ├── TrainingDataError             -    training data cannot be used
    ├── ClassifyError                 -    a file of texts cannot be used, or not gone on with
    └── LedgerError                   500
        ├── LedgerUnavailable         503
        └── LedgerCorrupt             500
"""

from __future__ import annotations

from msgspec import Struct

from router.types import RateState


class TiergateError(Exception):
    """Base of all. `message` says what was found, what was expected and what to do."""

    code = "internal_error"
    status = 500
    type = "server_error"
    retryable = False

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.request_id = ""  # of the request that failed so, once it has one
        self.param = param
        if code is not None:
            self.code = code

    @property
    def told(self) -> str:
        """The message as clients get it, without what only operators may know."""
        return self.message


class RequestError(TiergateError):
    code = "invalid_value"
    status = 400
    type = "invalid_request_error"


class BodyTooLarge(RequestError):
    code = "body_too_large"
    status = 413


class UnsupportedMedia(RequestError):
    code = "unsupported_media_type"
    status = 415


class RequestTimeout(RequestError):
    code = "request_timeout"
    status = 408


class HeadTooLarge(RequestError):
    code = "headers_too_large"
    status = 431


class MalformedHttp(RequestError):
    code = "malformed_http"


class AuthenticationFailed(RequestError):
    code = "invalid_api_key"
    status = 401


class TooManyWrongKeys(AuthenticationFailed):
    """Wrong keys keep coming from one address; good ones from there are let in all the same."""

    code = "too_many_wrong_keys"
    status = 429

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class PermissionDenied(RequestError):
    code = "permission_denied"
    status = 403


class NotFound(RequestError):
    code = "unknown_url"
    status = 404


class ModelNotFound(NotFound):
    code = "model_not_found"


class MethodNotAllowed(RequestError):
    """`allow`: the methods that the path takes, as the header of that name lists them."""

    code = "method_not_allowed"
    status = 405

    def __init__(self, message: str, *, allow: str = "") -> None:
        super().__init__(message)
        self.allow = allow


class KeyReused(RequestError):
    code = "idempotency_key_reused"
    status = 422


class FeedbackRefused(RequestError):
    code = "feedback_refused"
    status = 409


class ReviewConflict(RequestError):
    code = "review_conflict"
    status = 409


class NotCapable(RequestError):
    code = "unsupported_capability"


class MaxCostTooLow(NotCapable):
    """The client's own cap of money is below the worst case of a call to any tier in reach.

    `answerer` is the cheapest of those, `needed_nano_usd` its worst case.
    """

    code = "max_cost_too_low"

    def __init__(self, message: str, *, answerer: str = "", needed_nano_usd: int = 0) -> None:
        super().__init__(message, param="routing.max_cost_usd")
        self.answerer = answerer
        self.needed_nano_usd = needed_nano_usd


class BudgetExceeded(TiergateError):
    """The worst case of a call does not fit what is left of a limit.

    `limit` is its name in the policy or the request, `scope` says in words whose money is counted
    together, `room_nano_usd` is what is left of it and `needed_nano_usd` the worst case (None:
    nobody says). `hopeless`: that is beyond the whole limit, so that waiting does not help.
    """

    code = "insufficient_quota"
    status = 429
    type = "insufficient_quota"

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
    ) -> None:
        super().__init__(message, param=param, code=code)
        self.limit = limit
        self.scope = scope
        self.room_nano_usd = room_nano_usd
        self.needed_nano_usd = needed_nano_usd
        self.hopeless = hopeless


class RateLimited(TiergateError):
    """Too much was asked within a minute. `rates` are what is left of each, for the headers.

    `retry_after_ms` is -1 where no waiting helps; `scope` says in words what is counted together.
    """

    code = "rate_limit_exceeded"
    status = 429
    type = "requests"  # as OpenAI has it: which of the two rates

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
    code = "overloaded"
    status = 503
    retryable = True

    def __init__(self, message: str, *, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Stopping(Overloaded):
    """The server ends, and the request still ran when the time to drain was over."""

    code = "server_stopping"

    def __init__(
        self, message: str = "The server is stopping, and this answer was not ready. Try again."
    ) -> None:
        super().__init__(message)


class LedgerFull(Overloaded):
    code = "ledger_full"
    retryable = False


class AnswererError(TiergateError):
    """`host` is that of the replica which failed so, with its port; "" where none was asked."""

    host = ""
    code = "answerer_failed"
    status = 502
    type = "api_error"
    retryable = True


class AnswererNotReady(AnswererError):
    """`retry_after_s`: when a call may go there again; None: nobody knows."""

    code = "answerer_not_ready"
    status = 503

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class CannotAnswer(AnswererError):
    """The answerer declines by its own rules; the ladder climbs. `reason`: a types.Reason value."""

    code = "cannot_answer"

    def __init__(self, message: str, *, reason: str = "nothing_to_resolve") -> None:
        super().__init__(message)
        self.reason = reason


class NoUsableAnswer(AnswererError):
    """Every rung was tried, and paid for; an SDK that tries again pays the whole ladder again."""

    code = "no_usable_answer"


class UpstreamError(AnswererError):
    """`sent` says whether the request may have reached the upstream, so that it may be billed."""

    code = "upstream_error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        sent: bool = True,
        upstream_status: int | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.sent = sent
        self.upstream_status = upstream_status
        self.retry_after_s = retry_after_s


class UpstreamUnreachable(UpstreamError):
    code = "upstream_unreachable"


class UpstreamRejected(UpstreamError):
    code = "upstream_rejected"


class UpstreamRateLimited(UpstreamError):
    code = "upstream_rate_limited"
    status = 429
    type = "rate_limit_error"


class UpstreamInvalid(UpstreamError):
    code = "upstream_invalid"


class StreamCut(UpstreamError):
    code = "stream_cut"


class DeadlineExceeded(AnswererError):
    code = "deadline_exceeded"
    status = 504


class DepthExceeded(AnswererError):
    code = "depth_exceeded"
    status = 500
    retryable = False


class ClientGone(TiergateError):
    code = "client_gone"
    status = 499


class Mistake(Struct, frozen=True):
    """One mistake in a policy or plan file; `line` is 1-based, 0 when unknown."""

    file: str
    line: int
    key_path: str
    found: str
    expected: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: {self.key_path}"
        return f"{place}: found {self.found}; expected {self.expected}"


class PolicyError(TiergateError):
    code = "invalid_policy"
    file_is = "policy"

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        lines = "\n".join(f"  {mistake}" for mistake in mistakes)
        count = len(mistakes)
        super().__init__(
            f"{count} mistake{'' if count == 1 else 's'} in the {self.file_is}:\n{lines}"
        )
        self.mistakes = mistakes


class PlanError(PolicyError):
    code = "invalid_plan"
    file_is = "plan"


class PriceBookError(PolicyError):
    code = "invalid_prices"
    file_is = "price book"


class CannotListen(TiergateError):
    code = "cannot_listen"


class ModelFileError(TiergateError):
    code = "model_file"


class TrainingDataError(TiergateError):
    code = "training_data"


class ClassifyError(TiergateError):
    code = "classify"


class LedgerError(TiergateError):
    code = "ledger_error"

    @property
    def told(self) -> str:
        """Nothing of the database: its address, its user and its own words stay here."""
        return "The ledger cannot be used now, and nothing goes out unbooked. Try again later."


class LedgerUnavailable(LedgerError):
    """The database cannot be written now: a full disk, a lock, a server that restarts.

    What is owed is tried again.
    """

    code = "ledger_unavailable"
    status = 503
    retry_after_s = 1.0


NOT_ADMITTED = (BudgetExceeded, RateLimited, LedgerFull, LedgerUnavailable)
"""A call was not made: its limits refuse it, or whoever keeps them does not answer. A draft that is
paid for goes out then, where the policy lets it."""


class LedgerCorrupt(LedgerError):
    code = "ledger_corrupt"
