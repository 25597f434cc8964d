"""Describes answerers: their facts and prices, their state, and the two Protocols of a call."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from enum import StrEnum
from typing import Protocol, runtime_checkable

from msgspec import Struct

from router.types.answers import Answer, Delta, Usage
from router.types.enums import Capability, CostBasis, PSource, Reason, Role
from router.types.measured import measured_once
from router.types.requests import ChatRequest, JsonText
from router.types.signals import Signals


class Price(Struct, frozen=True, dict=True):
    """Holds nano-dollars per million tokens, or one price per request. None is unknown, never 0."""

    input_nano_usd: int | None = None
    cached_input_nano_usd: int | None = None
    cache_write_nano_usd: int | None = None
    output_nano_usd: int | None = None
    per_request_nano_usd: int | None = None
    per_second_nano_usd: int = 0  # for the time on our own machine
    reasoning_nano_usd: int | None = None  # None: reasoning costs the price of output
    # Per image of the request, in addition to its tokens; None: free.
    image_nano_usd: int | None = None
    # None: sound costs the price of input, where `covers_sound`.
    audio_input_nano_usd: int | None = None
    # False: only the price of text is known, and vendors charge several times as much for sound.
    covers_sound: bool = False
    # Names the list and the day from which it is valid; every row priced with it has it.
    version: str = ""
    hour_write_nano_usd: int | None = None  # None: twice the price of input

    @measured_once
    def basis(self) -> CostBasis:
        """Returns what the cost of every call at this price rests on."""
        if self.per_request_nano_usd is not None:
            return CostBasis.LIST_PRICE
        if self.input_nano_usd is None or self.output_nano_usd is None:
            return CostBasis.OWN_COMPUTE if self.per_second_nano_usd else CostBasis.UNKNOWN
        return CostBasis.TOKEN_PRICE

    @measured_once
    def saves_by_caches(self) -> bool:
        """Returns True when a cache hit costs less than fresh input, as far as prices are known."""
        cached, fresh = self.cached_input_nano_usd, self.input_nano_usd
        return cached is not None and fresh is not None and cached < fresh

    @measured_once
    def dearest_input(self) -> int:
        """Returns the highest price of a million input tokens, cached or not; unknown counts 0."""
        prices = (self.input_nano_usd, self.cached_input_nano_usd, self.cache_write_nano_usd)
        return max([price or 0 for price in prices])

    @measured_once
    def hour_write(self) -> int | None:
        """Returns the price of a million input tokens that are written to a cache for an hour.

        All of Claude's models have twice that of input (November 2026); no other vendor sells it.
        """
        stated, fresh = self.hour_write_nano_usd, self.input_nano_usd
        return 2 * fresh if stated is None and fresh is not None else stated

    @measured_once
    def dearest_output(self) -> int:
        """Returns the highest price of a million output tokens; unknown counts 0."""
        return max(self.output_nano_usd or 0, self.reasoning_nano_usd or 0)


WITHOUT_MODEL = ("resolver", "exact", "extractor", "passages", "documents")
"""Lists the kinds of answerers that look their answers up or compute them."""

REMOTE = ("upstream", "litellm")
"""Lists the kinds of answerers that ask a provider: what they are sent leaves this machine, and it
bills them. Pseudonyms, residency and budgets go by this list."""


class BodyRules(Struct, frozen=True):
    """Lists the body keys that an answerer receives beyond those known for its kind."""

    pass_through: frozenset[str] = frozenset()  # named by the policy
    wire: str = "openai"  # the wire format of requests to this upstream
    may_store: bool = False  # the provider may store the request and its answer
    stores_unasked: bool = False  # the provider stores them unless a request forbids it


class AnswererFacts(Struct, frozen=True, dict=True):
    """Holds the facts about an answerer that the gateway knows before a call."""

    name: str
    tier: str
    level: int
    kind: str  # of WITHOUT_MODEL or REMOTE, or local | deliberation
    model: str
    price: Price
    max_output_tokens: int
    context_tokens: int
    capabilities: frozenset[Capability]
    expected_output_tokens: int
    latency_ms: float
    deadline_ms: int
    # Bills hidden tokens: without a usage the bytes of an answer bound nothing.
    hides_reasoning: bool = False
    cores: int = 0  # used by a local model to decode; 0: it runs elsewhere or computes nothing
    image_tokens: int = 0  # per image, at most
    added_input_tokens: int = 0  # put before each request by the answerer itself, at most
    issuer: str = ""  # names the provider whose seals this answerer accepts; "" for none
    reasoning_key: str = ""  # of a message, in which it expects open thoughts back; "" for none
    body: BodyRules = BodyRules()
    takes_service_tier: bool = False  # receives the key, so that its provider may serve it dearer
    # How far its cap of output may be lowered for one call; None: not at all, the policy states it.
    least_output_tokens: int | None = None

    @property
    def fewest_output_tokens(self) -> int:
        """Returns the smallest cap of output that its wire format takes: 16 in OpenAI's responses.

        A smaller one is refused there with 400. 0: the format has no such bound.
        """
        return 16 if self.body.wire == "responses" else 0

    @measured_once
    def speaks_anthropic(self) -> bool:
        """Returns True for an upstream of Anthropic's wire format."""
        return self.kind == "upstream" and self.body.wire == "anthropic"

    @measured_once
    def takes_cache_points(self) -> bool:
        """Returns True for an answerer that is sent the cache points on parts of messages.

        OpenAI's own servers refuse them, and other compatible ones pass them on or do not read
        them. Without a price of writes nobody could book what a point costs at Anthropic.
        """
        if self.speaks_anthropic:
            return self.price.cache_write_nano_usd is not None
        speaks_chat = self.kind == "litellm" or (
            self.kind == "upstream" and self.body.wire == "openai"
        )
        return speaks_chat and not self.body.stores_unasked

    @measured_once
    def without_model(self) -> bool:
        """Returns True for approved words and exact tools: no model writes the answer."""
        return self.kind in WITHOUT_MODEL

    @measured_once
    def is_remote(self) -> bool:
        """Returns True for a provider's model: what it is sent leaves this machine."""
        return self.kind in REMOTE


class Preview(Struct, frozen=True):
    """Holds what an answerer knows of its answer before it is called."""

    p: float  # the chance of being right
    p_source: PSource
    because: Reason  # names the kind of answer, first among the reasons of its rung
    least: float | None = None  # from which p it may go out; None: from the confidence floor on


class AnswerCalls(Struct, frozen=True):
    """Counts the model calls of one answer, none of them repaired, and their tokens."""

    calls: int
    added_input_tokens: int  # beside the question, which each call reads: instructions, drafts
    output_tokens: int  # of all calls


class AnswererState(StrEnum):
    """Says whether an answerer can be called."""

    READY = "ready"
    LOADING = "loading"
    FAILED = "failed"
    OPEN_BREAKER = "open_breaker"
    KEY_REFUSED = "key_refused"  # by every replica of its upstream


class AnswererStatus(Struct, frozen=True):
    """Holds the state of an answerer, with a detail for people."""

    state: AnswererState
    detail: str = ""
    due: bool = False  # it is out of use, but the next call may find it working again
    # No call of this process has shown anything of it: its key may be wrong.
    untried: bool = False
    probing: bool = False  # a call finds that out just now, and no other is let through
    rest_s: float = 0.0  # until a call may find that out

    @property
    def may_be_called(self) -> bool:
        """Returns True when a call may succeed: the answerer works, is loading, or is due."""
        return (self.due and not self.probing) or self.state in (
            AnswererState.READY,
            AnswererState.LOADING,
        )


class Hiding(Protocol):
    """Keeps personal details from an answerer whose request has tags in their place."""

    @property
    def asked(self) -> ChatRequest:
        """Returns the request in its own words, to search with; it goes nowhere."""
        ...

    async def hidden(self, texts: Sequence[str]) -> list[str]:
        """Returns texts that are put beside the request, with tags as it has them."""
        ...


def _unheard(report: object) -> None:
    pass


class Work(Struct, frozen=True):
    """Holds one request for an answerer: the request, its signals, and the time left."""

    request: ChatRequest
    signals: Signals
    deadline_at_ms: int
    role: Role
    tenant: str
    request_id: str
    prefer_schema: JsonText | None = None
    hiding: Hiding | None = None  # None: the answerer may see the words of the request
    attempt_id: str = ""  # names the row of this call
    key_id: str = ""  # of the caller
    # Told the provider's id of an answer that streams, by which a bill finds a call that is cut.
    name_answer: Callable[[str], None] = _unheard
    # Told which replica is asked, host and port, each time that one is.
    tell_host: Callable[[str], None] = _unheard
    # Told False while nothing goes out, such as in a queue, and True before the first byte does.
    # An answerer that says neither may have sent something at any time.
    tell_sent: Callable[[bool], None] = _unheard
    # Told False where the upstream gives a whole answer, though its client may want pieces: such a
    # model writes on when nobody waits.
    tell_streams: Callable[[bool], None] = _unheard
    # Told what the provider says that a stream has used so far, each time that it says so.
    tell_usage: Callable[[Usage], None] = _unheard
    # Told how many bytes of a stream came that no piece has said so far, each time they change.
    tell_unsaid: Callable[[int], None] = _unheard
    # Told the pieces of a whole answer whose upstream streams it, as they come; first with none,
    # as soon as it is known that the answer is streamed.
    tell_pieces: Callable[[list[Delta]], None] = _unheard
    # Told which parameters of sampling the model did not take, so that it was asked without them.
    tell_left_out: Callable[[tuple[str, ...]], None] = _unheard

    @property
    def asked(self) -> ChatRequest:
        """Returns the request as its client wrote it, with the details that are hidden."""
        return self.request if self.hiding is None else self.hiding.asked


class Call(Protocol):
    """Lets an answerer call another one. Every priced call goes through the gateway.

    The gateway holds the worst-case cost, records and settles the call, and checks deadline and
    depth. Raises BudgetExceeded, DeadlineExceeded, DepthExceeded, UpstreamError and its subclasses.
    """

    async def __call__(self, answerer: str, request: ChatRequest, role: Role) -> Answer: ...


@runtime_checkable
class TokenCounter(Protocol):
    """Marks an answerer whose provider can count a request's tokens without answering it.

    Raises nothing.
    """

    async def count_tokens(self, request: ChatRequest) -> int | None:
        """Returns the provider's count, or None when it gives none."""
        ...


class Answerer(Protocol):
    """Produces answers. Raises errors.AnswererError and its subclasses, nothing else."""

    @property
    def facts(self) -> AnswererFacts:
        """Returns the facts about this answerer."""
        ...

    def status(self) -> AnswererStatus:
        """Returns the current state."""
        ...

    async def answer(self, work: Work, call: Call) -> Answer:
        """Returns the whole answer."""
        ...

    def stream(self, work: Work, call: Call) -> AsyncGenerator[list[Delta], None]:
        """Yields the pieces of an answer, in one list those that came together, never none.

        The last piece carries `final`.
        """
        ...

    async def start(self) -> None:
        """Begins to make the answerer ready; `status` tells when it is."""
        ...

    async def close(self) -> None:
        """Closes all that the answerer opened."""
        ...
