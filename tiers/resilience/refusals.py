"""Turns an upstream's refusal into our error, and decides whether to ask again. Pure.

It knows HTTP's status codes and headers but no HTTP client, so that every remote tier says the
same thing in the same words. What of an upstream's own words may be repeated is settled in
`provider_words`: they may hold a key.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit, urlunsplit

from msgspec import Struct

from router.errors import (
    QUOTA,
    QUOTA_EXHAUSTED,
    UpstreamContentRefused,
    UpstreamError,
    UpstreamInvalid,
    UpstreamOverloaded,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTooLong,
)
from router.errors.answerer import says
from router.wire.openai.upstream_errors import CONTENT_REFUSED

# Statuses after which nothing was billed and the same request may well succeed. 409 is a lock that
# somebody else holds, 425 a request that came too early, 529 Anthropic's word for overloaded. A
# lost connection is not here: what was sent may be billed.
OF_THE_MOMENT = frozenset({408, 409, 425})
WORTH_RETRYING = OF_THE_MOMENT | frozenset({429, 500, 502, 503, 529})
OVERLOADED = frozenset({503, 529})
# With these a proxy says that it waits no longer (524 is Cloudflare's). The model behind it may go
# on, and be billed, as where we stop waiting ourselves.
OF_A_PROXY = frozenset({504, 524})
MAX_WAIT_S = 5.0  # beyond this the next rung is the better use of the time
FIRST_BACKOFF_S = 0.1
MOST_ASKED_S = 1e9  # nobody means thirty years: such a wait is none, in seconds or as a date
LONGEST_REST_S = 60  # a server that asks for a longer wait is asked again after a minute
UNKNOWN_MODEL = frozenset({"model_not_found", "unknown_model", "invalid_model"})
_DELAY = re.compile(r'"retryDelay": ?"(\d{1,6}(?:\.\d{1,9})?)s"')
_DELAY_WITHIN = 8_000  # characters: some limits and a link for each stand before it
VERSION = re.compile(r"/v\d+(beta\d*)?/")


class Asked(Struct, frozen=True):
    """Says what was asked of an upstream, for the words of its refusal."""

    answerer: str
    model: str
    url: str  # without credentials


def error_for_status(
    status: int,
    code: str | None = None,
    retry_after_s: float | None = None,
    asked: Asked | None = None,
    advice: str = "",
    words: str = "",
) -> UpstreamError:
    """Returns the error for a status that has no answer.

    `code` is the upstream's, when it may be shown. `advice` says what the policy needs, where the
    upstream refuses the request for something that the policy can change. `words` are the
    provider's own, where its client can act on them.

    401 and 403 mean our key, not the client's: UpstreamRejected, 502. With `words` it is the
    client's request that is refused: 400. Without `upstream_status` the call may be billed, and is
    not made again.
    """
    shown_code = f" ({code})" if code else ""
    if status == 404 and asked is not None:
        shown_status = f"status 404 ({code})" if code else "status 404"
        refused = UpstreamRejected(
            f"The upstream of {asked.answerer} has nothing at the address that was asked "
            f"({shown_status}). Tell who runs this gateway.",
            upstream_status=status,
        )
        refused.advice, refused.url = _not_there(asked, code), asked.url
        return refused
    if status in (401, 403):
        refused = UpstreamRejected(
            f"The upstream refused Tiergate's own key with status {status}{shown_code}. "
            "Tell who runs this gateway.",
            upstream_status=status,
        )
        refused.advice = "Check the answerer's api_key."
        return refused
    spent = status == 402 or code == QUOTA
    if status == 429 or spent:
        wait = "" if retry_after_s is None else f"; try again in {told_s(retry_after_s)} s"
        if spent:  # waiting brings no money
            wait = ""
        found = (
            "Our money at the upstream is spent" if spent else "The upstream is limiting our rate"
        )
        return UpstreamRateLimited(
            f"{found}{shown_code}{wait}.",
            upstream_status=status,
            code=QUOTA_EXHAUSTED if spent else None,
            retry_after_s=retry_after_s,
        )
    if status in OF_A_PROXY:
        return UpstreamError(
            "A proxy waited in vain for the upstream's answer, and said status "
            f"{status}{shown_code}.",
            retry_after_s=retry_after_s,
        )
    if status in OVERLOADED:
        return UpstreamOverloaded(
            f"The upstream is overloaded (status {status}). Try again in a moment.",
            upstream_status=status,
            retry_after_s=retry_after_s,
        )
    if status in OF_THE_MOMENT or status >= 500:
        return UpstreamError(
            f"The upstream failed with status {status}{shown_code}.",
            upstream_status=status,
            retry_after_s=retry_after_s,
        )
    if code == UpstreamTooLong.code and 400 <= status < 500:
        said = f"The prompt is too long for the upstream (status {status}). Shorten it."
        return UpstreamTooLong(f"{said} {says(words)}" if words else said, upstream_status=status)
    if 400 <= status < 500:
        whose = f"The upstream of {asked.answerer}" if asked else "The upstream"
        said = f"{whose} refused the request with status {status}{shown_code}."
        parts = (said, says(words) if words else "", advice)
        kind = UpstreamContentRefused if code in CONTENT_REFUSED else UpstreamRejected
        refused = kind(" ".join(filter(None, parts)), upstream_status=status)
        if words and not advice:  # advice is for the policy, which nobody but its keeper can mend
            refused.blames_request()
        return refused
    redirected = 300 <= status < 400
    what = "redirects, which is not followed," if redirected else "answers"
    return UpstreamInvalid(
        f"The upstream {what} with status {status}; expected 200.", upstream_status=status
    )


def told_s(retry_after_s: float) -> int:
    """Returns the wait that a client is told: whole seconds, as its header `Retry-After` has them.

    A date years away, as a wrong clock gives, is a minute, after which we ask again ourselves.

    >>> told_s(0.2), told_s(16.5), told_s(3.47e8)
    (1, 17, 60)
    """
    return min(max(1, math.ceil(retry_after_s)), LONGEST_REST_S)


def _not_there(asked: Asked, code: str | None) -> str:
    """Says what is likely wrong in the policy after a 404. It names no address."""
    if code in UNKNOWN_MODEL:
        return f"It does not know the model {asked.model!r}; check the answerer's model."
    path = urlsplit(asked.url).path
    if VERSION.search(path):
        return f"Check the answerer's base_urls, and that it knows {asked.model!r} as model."
    return "base_urls may lack `/v1` at its end."


def shown_url(url: str) -> str:
    """Returns an address without user, password, query and fragment, to be shown."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, host_of(url), parts.path, "", ""))


def host_of(url: str) -> str:
    """Returns host and port of an address, without user and password."""
    return urlsplit(url).netloc.rpartition("@")[2]


def read_retry_after(headers: Mapping[str, str], now_ms: int) -> float | None:
    """Returns the seconds to wait: `retry-after-ms`, otherwise `Retry-After`, otherwise None.

    `Retry-After` gives seconds or a date.
    """
    milliseconds = _seconds(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000.0
    value = headers.get("retry-after")
    seconds = _seconds(value)
    if seconds is not None or value is None:
        return seconds
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # a year or a zone of twenty digits overflows
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    seconds = max(0.0, date.timestamp() - now_ms / 1000.0)
    return seconds if seconds < MOST_ASKED_S else None


def read_retry_delay(said: str) -> float | None:
    """Returns the seconds to wait that Gemini writes into its refusal's body, None without any.

    >>> read_retry_delay('{"error": {"code": 429, "details": [{"retryDelay": "34.5s"}]}}')
    34.5
    """
    found = _DELAY.search(said[:_DELAY_WITHIN])
    return None if found is None else float(found[1])


def forbids_retry(headers: Mapping[str, str]) -> bool:
    """Returns True where the upstream says that the same request would be refused again."""
    return headers.get("x-should-retry") == "false"


def _seconds(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if 0.0 <= number < MOST_ASKED_S else None


def worth_retrying(error: UpstreamError) -> bool:
    """Returns True for a call that certainly cost nothing and may succeed when repeated."""
    if not error.sent:
        return True
    return error.upstream_status in WORTH_RETRYING and error.code != QUOTA_EXHAUSTED


def wait_s(error: UpstreamError, tried: int, time_left_s: float) -> float | None:
    """Returns the seconds to wait before try number `tried` + 1, None when a wait is useless.

    It is what the upstream asks for, otherwise 0.1 s doubling (0.1, 0.2, 0.4 for tried 1, 2, 3).
    """
    asked = error.retry_after_s
    wait = FIRST_BACKOFF_S * 2 ** (tried - 1) if asked is None else asked
    return wait if wait <= MAX_WAIT_S and wait < time_left_s else None


class RetryBudget:
    """Limits retries to a share of calls, so that a failing upstream is not asked twice as often.

    Every call earns `share` of a retry, up to ten; two are there from the start, since the first
    call of the day deserves a second try. Example: share 0.2, one retry in five calls.
    """

    MOST = 10.0
    FIRST = 2.0

    def __init__(self, share: float) -> None:
        self._share = share
        self._left = self.FIRST if share > 0 else 0.0

    def earn(self) -> None:
        """Counts one call."""
        self._left = min(self.MOST, self._left + self._share)

    def spend(self) -> bool:
        """Takes one retry; False when there is none."""
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
