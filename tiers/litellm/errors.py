"""Turns the errors of litellm into ours, by class name, so that litellm need not be installed.

Its words are not repeated, because they may hold a key. It knows nothing about calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from router.errors import (
    QUOTA,
    QUOTA_EXHAUSTED,
    AnswererError,
    DeadlineExceeded,
    StreamCut,
    UpstreamContentRefused,
    UpstreamError,
    UpstreamInvalid,
    UpstreamOverloaded,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTooLong,
    UpstreamUnreachable,
)
from router.wire.openai.upstream_errors import shown_code
from tiers.resilience.refusals import OF_A_PROXY, forbids_retry, read_retry_after, read_retry_delay

# litellm's exception, our error, and the status it stands for when the provider gave one. Without a
# status the call may have been billed.
ERRORS: dict[str, tuple[type[UpstreamError], int | None]] = {
    "AuthenticationError": (UpstreamRejected, 401),
    "PermissionDeniedError": (UpstreamRejected, 403),
    "NotFoundError": (UpstreamRejected, 404),
    "BadRequestError": (UpstreamRejected, 400),
    "InvalidRequestError": (UpstreamRejected, 400),
    "ImageFetchError": (UpstreamRejected, 400),
    "VectorStoreSearchError": (UpstreamRejected, 400),
    "RejectedRequestError": (UpstreamRejected, 400),
    "ContextWindowExceededError": (UpstreamTooLong, 400),
    "ContentPolicyViolationError": (UpstreamContentRefused, 400),
    "UnsupportedParamsError": (UpstreamRejected, 400),
    "LiteLLMUnknownProvider": (UpstreamRejected, 400),
    "PaymentRequiredError": (UpstreamRateLimited, 402),
    "UnprocessableEntityError": (UpstreamRejected, 422),
    "ModelNotMappedError": (UpstreamRejected, 400),
    "BudgetExceededError": (UpstreamRejected, 400),
    "GuardrailRaisedException": (UpstreamRejected, 400),
    "BlockedPiiEntityError": (UpstreamRejected, 400),
    "ModifyResponseException": (UpstreamRejected, 400),
    "SensitiveDataRouteException": (UpstreamRejected, 400),
    "RateLimitError": (UpstreamRateLimited, 429),
    "BadGatewayError": (UpstreamError, 502),
    "ServiceUnavailableError": (UpstreamOverloaded, 503),
    "InternalServerError": (UpstreamError, None),
    "APIError": (UpstreamError, None),
    "MockException": (UpstreamError, None),
    "OpenAIError": (UpstreamError, None),
    "APIConnectionError": (UpstreamUnreachable, None),
    "APIResponseValidationError": (UpstreamInvalid, None),
    "JSONSchemaValidationError": (UpstreamInvalid, None),
    "MidStreamFallbackError": (StreamCut, None),
}

_READ = 1_000  # characters of litellm's words, which begin with the provider's
_DEEPEST = 8  # errors that were handled one within the other; litellm's have four
_REFUSALS = (UpstreamRateLimited, UpstreamRejected)

# What litellm's own code lets through when a provider answers in an unforeseen way.
_SLIPS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


def to_ours(
    error: BaseException,
    now_ms: int = 0,
    asked: str = "",
    advice: str = "",
    lacking: tuple[str, ...] = (),
) -> AnswererError:
    """Returns our error for one that litellm raised, by the nearest class that ERRORS names.

    `asked` says which answerer asked for which model, and `advice` what the policy needs before
    the provider takes such a request. `lacking` are parameters that its client can leave out.
    """
    starts = getattr(error, "is_pre_first_chunk", False)
    if starts:
        # litellm asks some providers (Gemini) only when the first chunk is read. It then raises
        # their refusal as if a stream had broken, and a refused call would count as a paid one.
        error = getattr(error, "original_exception", None) or error
    name = type(error).__name__
    bases = [base.__name__ for base in type(error).__mro__]
    if "Timeout" in bases or isinstance(error, TimeoutError):
        return DeadlineExceeded(f"The provider did not answer in time (litellm {name}).")
    known = next((base for base in bases if base in ERRORS), None)
    if known is None:
        return UpstreamInvalid(f"litellm could not make sense of the provider's answer ({name}).")
    kind, status = ERRORS[known]
    said = shown_code({"error": {"message": str(error)[:_READ]}})
    spent = status == 402 or (said == QUOTA and issubclass(kind, _REFUSALS))
    if spent:
        kind = UpstreamRateLimited
    elif known == "InternalServerError" and "overloaded" in str(error)[:_READ].lower():
        kind, status = UpstreamOverloaded, 529  # litellm has one word for Anthropic's 500 and 529
    elif kind in (UpstreamError, UpstreamUnreachable) and status is None:
        status = _failed_with(error)
        kind = kind if status is None else UpstreamError
    if starts and _refused_with(error) is None:
        status = None  # an error within a stream that began (200) has its input billed
    headers = _headers(error)
    waits = None if headers is None else read_retry_after(headers, now_ms)
    if waits is None and status == 429:
        waits = read_retry_delay(str(error))
    message = _message(kind, name, status, asked, advice)
    if lacking:
        message = (
            f"The provider takes no {' and no '.join(lacking)} (litellm {name}). Leave that out of "
            "the request, or ask another model."
        )
    ours = kind(
        message,
        upstream_status=status,
        code=QUOTA_EXHAUSTED if spent else None,
        retry_after_s=waits,
    )
    ours.final = headers is not None and forbids_retry(headers)
    if lacking and isinstance(ours, UpstreamRejected):
        ours.blames_request()
    return ours


def _message(
    kind: type[UpstreamError], name: str, status: int | None, asked: str, advice: str
) -> str:
    """Returns what is told of an error that litellm raised by this name."""
    if status == 404 and asked:
        return f"The provider has nothing for {asked} (litellm {name}): check the answerer's model."
    if kind is StreamCut:
        return f"The provider's answer broke off (litellm {name})."
    message = f"The provider failed or refused the request (litellm {name})."
    return f"{message} {advice}" if status == 400 and advice else message


def _headers(error: BaseException) -> Mapping[str, str] | None:
    """Returns the headers of the provider's refusal.

    litellm keeps them in an attribute of its own, and makes up a response without any.
    """
    kept = getattr(error, "litellm_response_headers", None)
    return kept or getattr(getattr(error, "response", None), "headers", None)


def _failed_with(error: BaseException) -> int | None:
    """Returns the status of a provider's own failure, which it bills to nobody, otherwise None.

    litellm has one class for it and for answers that cannot be read, which may be billed.
    """
    status = _refused_with(error) or 0
    return status if status >= 500 and status not in OF_A_PROXY else None


def _refused_with(error: BaseException) -> int | None:
    """Returns the HTTP status of a refusal: only that is raised while HTTPStatusError is handled.

    litellm gives a status to errors within a stream too, which came with a 200.
    """
    raised: BaseException | None = error
    for _ in range(_DEEPEST):
        if type(raised).__name__ == "HTTPStatusError":
            return int(getattr(getattr(raised, "response", None), "status_code", 0))
        raised = raised and (raised.__cause__ or raised.__context__)
    return None


def foreign_classes(litellm: ModuleType) -> tuple[type[BaseException], ...]:
    """Returns the classes that ERRORS names, and what slips through litellm."""
    named = [getattr(litellm.exceptions, name, None) for name in ERRORS]
    return (*[kind for kind in named if kind is not None], *_SLIPS, litellm.exceptions.Timeout)
