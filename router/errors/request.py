"""Defines the errors that the client must repair: its body, its key, its path or its hints."""

from __future__ import annotations

from router.errors.base import TiergateError
from router.types import Capability


class RequestError(TiergateError):
    """Reports a request that the client must change."""

    code = "invalid_value"
    status = 400
    type = "invalid_request_error"


class BodyTooLarge(RequestError):
    """Reports a body with more bytes than the server takes."""

    code = "body_too_large"
    status = 413


class TooLongToHide(RequestError):
    """Reports a request that is longer than the policy reads for personal details."""

    code = "too_long_to_hide"
    status = 413


class UnsupportedMedia(RequestError):
    """Reports a body whose media type or coding the server does not read."""

    code = "unsupported_media_type"
    status = 415


class RequestTimeout(RequestError):
    """Reports a request that did not arrive completely in time."""

    code = "request_timeout"
    status = 408


class HeadTooLarge(RequestError):
    """Reports a request line and headers that are longer than the server reads."""

    code = "headers_too_large"
    status = 431


class MalformedHttp(RequestError):
    """Reports bytes that are not HTTP."""

    code = "malformed_http"


class AuthenticationFailed(RequestError):
    """Reports a missing, unknown, expired or revoked API key."""

    code = "invalid_api_key"
    status = 401


class TooManyWrongKeys(AuthenticationFailed):
    """Reports that one address keeps sending wrong keys.

    Requests with a valid key from the same address are still served.
    """

    code = "too_many_wrong_keys"
    status = 429

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class PermissionDenied(RequestError):
    """Reports a caller that may not do what the request wants."""

    code = "permission_denied"
    status = 403


class NotFound(RequestError):
    """Reports a path or an object that does not exist for this caller."""

    code = "unknown_url"
    status = 404


class ModelNotFound(NotFound):
    """Reports a model name that is unknown here."""

    code = "model_not_found"


class MethodNotAllowed(RequestError):
    """Reports a method that the path does not take.

    `allow` lists the methods that it takes, in the form of the `Allow` header.
    """

    code = "method_not_allowed"
    status = 405

    def __init__(self, message: str, *, allow: str = "") -> None:
        super().__init__(message)
        self.allow = allow


class KeyReused(RequestError):
    """Reports an idempotency key that was sent before with another request."""

    code = "idempotency_key_reused"
    status = 422


class InputInvalid(RequestError):
    """Reports facts or a text that an endpoint by domain cannot take; `param` names the key."""

    code = "input_invalid"
    status = 422


class FeedbackRefused(RequestError):
    """Reports that a decision already has as many feedback entries as it may have."""

    code = "feedback_refused"
    status = 409


class RolloutRefused(RequestError):
    """Reports a change of a rollout that may not be made now."""

    code = "rollout_refused"
    status = 409


class ReviewConflict(RequestError):
    """Reports a review that is decided already, or that cannot be decided in this way."""

    code = "review_conflict"
    status = 409


class NotCapable(RequestError):
    """Reports that no tier which the request may use can do what it needs.

    `missing` names the capabilities that it needs, () where something else is in the way.
    """

    code = "unsupported_capability"
    other_codes: tuple[str, ...] = ("context_length_exceeded", "no_tier_allowed", "residency")
    refuses = True

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        missing: tuple[Capability, ...] = (),
    ) -> None:
        super().__init__(message, param=param, code=code)
        self.missing = missing


class MaxCostTooLow(NotCapable):
    """Reports that the client's own `max_cost_usd` is below the worst case of every allowed call.

    `answerer` names the cheapest answerer among those tiers. `needed_nano_usd` is the worst-case
    cost of a call to it, None where nobody states its price.
    """

    code = "max_cost_too_low"
    other_codes = ()

    def __init__(
        self, message: str, *, answerer: str = "", needed_nano_usd: int | None = 0
    ) -> None:
        super().__init__(message, param="routing.max_cost_usd")
        self.answerer = answerer
        self.needed_nano_usd = needed_nano_usd
