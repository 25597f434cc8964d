"""Defines the errors of one rung: its answerer declined, failed or did not answer in time."""

from __future__ import annotations

import re

from router.errors.base import TiergateError
from router.types import Answer


class AnswererError(TiergateError):
    """Reports that one rung failed; the next rung may succeed.

    `host` is the host and port of the replica that failed, "" where no replica was called.
    """

    host = ""
    code = "answerer_failed"
    status = 502
    type = "server_error"  # OpenAI's word, by which agents know that they may ask again
    retryable = True


class AnswererNotReady(AnswererError):
    """Reports an answerer that cannot take calls now.

    `retry_after_s` is the time until a call may go there again, None where it is unknown.
    `key_refused` is True where the provider refuses our key: then asking again is of no use.
    """

    code = "answerer_not_ready"
    status = 503

    def __init__(
        self, message: str, *, retry_after_s: float | None = None, key_refused: bool = False
    ) -> None:
        super().__init__(message)
        self.key_refused = key_refused
        self.retry_after_s = retry_after_s


_ENDS = (".", "!", "?", "…", "。")


class CannotAnswer(AnswererError):
    """Reports that the answerer declines by its own rules, so that the ladder climbs.

    `reason` is a value of `types.Reason`. `words` tell a client so where nothing else answers; ""
    for an answerer that has none. `passes` is True where the next try may find it: a lookup of a
    system that did not answer.
    """

    passes = False
    code = "cannot_answer"

    def __init__(
        self, message: str, *, reason: str = "nothing_to_resolve", words: str = ""
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.words = words

    @property
    def told(self) -> str:
        """Returns the message for clients as a sentence: the log has it as a note."""
        said = self.message[:1].upper() + self.message[1:]
        said = said if said.endswith(_ENDS) else f"{said}."
        return " ".join(filter(None, (self.first, said, self.tried)))


class NoUsableAnswer(AnswererError):
    """Reports that every rung was tried and paid for, and that none gave a usable answer.

    Who repeats the request pays for the whole ladder again. Many clients repeat what ends with 5xx,
    whatever its headers say, so it is a 4xx. `declined` is True where nobody was paid: all that may
    answer have no answer to it.
    """

    declined = False
    code = "no_usable_answer"
    status = 422
    type = "invalid_request_error"


_TRY_AGAIN = re.compile(r"; try again in \d+ s(?=\.)| Try again in a moment\.")


class UpstreamError(AnswererError):
    """Reports that a call to an upstream failed.

    `sent` is True when the request may have reached the upstream, which may then charge for it.
    `url` is the address that the upstream does not have, for the log: clients read no address.
    `charged` says what the upstream used before it failed, where it said so: an answer without
    choices. `words` are the provider's own about a refused request, fit to be shown: the log and
    the record have them, and the message where the client can act on them. `final` is True where
    the provider says that asking it again is of no use (`x-should-retry: false`). `step` is what a
    client can do, "" where the message itself says so. `advice` is for who runs this gateway: the
    log and the record have it, clients do not.
    """

    step = "Try again in a moment; if it fails again, tell who runs this gateway."
    url = ""
    advice = ""
    words = ""
    charged: Answer | None = None
    final = False
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

    @property
    def told(self) -> str:
        """Returns the message for clients, which agrees with the header that stops their tries."""
        said, step = self.message, self.step
        if self.final:
            said = _TRY_AGAIN.sub("", said)
            step = "The provider says that asking again is of no use."
        if step:
            said = f"{said if said.endswith(_ENDS) else f'{said}.'} {step}"
        return " ".join(filter(None, (self.first, said, self.tried)))

    @property
    def noted(self) -> str:
        """Returns the message with the provider's words, and with what to mend."""
        new = self.words and self.words not in self.message
        return " ".join(filter(None, (self.message, says(self.words) if new else "", self.advice)))


def says(words: str) -> str:
    """Returns a sentence with a provider's own words.

    >>> says("max_tokens is too large")
    'It says: max_tokens is too large.'
    """
    end = "" if words.endswith(_ENDS) else "."
    return f"It says: {words}{end}"


class UpstreamUnreachable(UpstreamError):
    """Reports that no connection to an upstream could be made or used."""

    code = "upstream_unreachable"


class UpstreamRejected(UpstreamError):
    """Reports a 4xx answer that our request or our key caused.

    Its status is 502 until `blames_request` makes it the client's 400.
    """

    step = ""
    code = "upstream_rejected"

    def blames_request(self) -> None:
        """Notes that the client has to change its request: it is told so as by the provider.

        Many clients send again what ended with 502, whatever its headers say.
        """
        self.status, self.type = 400, "invalid_request_error"


class UpstreamContentRefused(UpstreamRejected):
    """Reports that an upstream's own rules about content refuse this request.

    Neither our key nor the form of the request is wrong; another provider may take it.
    """

    code = "upstream_content_refused"
    status = 400
    type = "invalid_request_error"


class UpstreamTooLong(UpstreamRejected):
    """Reports that an upstream takes no request of so many tokens: the client must shorten it.

    Its status and code are those by which agents know that they must compact a conversation. The
    limit is the model's window, whoever finds it too small.
    """

    code = "context_length_exceeded"
    refuses = True
    status = 400
    type = "invalid_request_error"


QUOTA = "insufficient_quota"
"""Is OpenAI's code and type where money is spent; clients know by it that waiting is of no use."""
QUOTA_EXHAUSTED = "upstream_quota_exhausted"
"""Code of an UpstreamRateLimited where our money at the provider is spent: asking again is of no
use, neither here nor for the client, who reads `QUOTA` in its place."""


class UpstreamOverloaded(UpstreamError):
    """Reports that an upstream is overloaded (503, Anthropic's 529): a later call may succeed."""

    step = ""
    code = "upstream_overloaded"
    status = 503


class UpstreamRateLimited(UpstreamError):
    """Reports that an upstream refused a call because of its own rate limit."""

    step = ""
    code = "upstream_rate_limited"
    status = 429
    type = "rate_limit_error"


class UpstreamInvalid(UpstreamError):
    """Reports bytes from an upstream that are not an answer."""

    code = "upstream_invalid"


class UpstreamPage(UpstreamInvalid):
    """Reports a page for people in place of an answer: a login, a proxy, another server.

    The next call would get it too, and nobody can see if the model was asked, and is billed.
    """

    step = ""


class UpstreamTooMuch(UpstreamInvalid):
    """Reports an answer beyond a bound of ours: of its bytes, or of its tool calls.

    A model that repeats itself without end does so at one request, so its upstream is not at fault.
    """

    step = ""


class StreamCut(UpstreamError):
    """Reports a stream that ended before the answer did."""

    code = "stream_cut"


class DeadlineExceeded(AnswererError):
    """Reports that an answer was not ready in time.

    `by_request` is True where the request's own time ended first: no answerer failed.
    """

    by_request = False

    code = "deadline_exceeded"
    status = 504


class DepthExceeded(AnswererError):
    """Reports calls that are nested too deeply, or too many calls for one request."""

    code = "depth_exceeded"
    status = 500
    retryable = False
