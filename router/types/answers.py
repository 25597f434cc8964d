"""What an answerer returns: whole, or in pieces."""

from __future__ import annotations

from msgspec import Struct

from router.types.requests import Sealed, ToolCall


class Usage(Struct, frozen=True):
    """Token counts as an upstream reports them; cached is part of input, reasoning of output."""

    input_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    reported: bool = False  # False: estimated by us

    @property
    def total_tokens(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens


class TokenLogprob(Struct, frozen=True):
    token: str
    logprob: float
    top: tuple[TokenLogprob, ...] = ()  # without alternatives of their own
    utf8: bytes | None = None  # where the text stands for other bytes, as of half a character


class Choice(Struct, frozen=True):
    text: str
    finish_reason: str  # stop | length | tool_calls | content_filter
    tool_calls: tuple[ToolCall, ...] = ()
    refusal: str | None = None
    reasoning: str | None = None
    logprobs: tuple[TokenLogprob, ...] = ()
    sealed: tuple[Sealed, ...] = ()


class Answer(Struct, frozen=True):
    """What an answerer returned; `p` is its own calibrated chance of being right, if it has one."""

    choices: tuple[Choice, ...]
    model: str
    usage: Usage
    p: float | None = None
    matched: str | None = None  # what level 1 matched: intent id
    approved: bool = False  # the text comes from an approved answer
    verified: bool | None = None  # None: not judged by the answerer itself
    facts: tuple[str, ...] = ()
    provider_cost_nano_usd: int | None = None
    compute_ms: float = 0.0
    adapter: str | None = None
    upstream_id: str = ""  # the provider's own id of this answer, to reconcile by

    @property
    def text(self) -> str:
        """The text of the first choice, "" without any."""
        return self.choices[0].text if self.choices else ""


class Delta(Struct, frozen=True):
    """One piece of a streamed answer. The last one carries `final`.

    With `sealed`, `reasoning` are the words that stand in that item too.
    """

    text: str = ""
    reasoning: str = ""
    tool_call_index: int | None = None
    tool_call: ToolCall | None = None  # id and name once, arguments in pieces
    index: int = 0  # choice
    logprobs: tuple[TokenLogprob, ...] = ()
    sealed: Sealed | None = None
    final: Answer | None = None
