"""Where answers come from, what they cost, and how they reach one another."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from enum import StrEnum
from typing import Protocol, runtime_checkable

from msgspec import Struct

from router.types.answers import Answer, Delta
from router.types.closed_sets import Capability, Role
from router.types.requests import ChatRequest, JsonText
from router.types.signals import Signals


class Price(Struct, frozen=True):
    """Nano-dollars per million tokens, or one stated price per request; None: unknown, never 0."""

    input_nano_usd: int | None = None
    cached_input_nano_usd: int | None = None
    cache_write_nano_usd: int | None = None
    output_nano_usd: int | None = None
    per_request_nano_usd: int | None = None
    per_second_nano_usd: int = 0  # own compute
    reasoning_nano_usd: int | None = None  # None: reasoning costs what output costs
    image_nano_usd: int | None = None  # per image of the request, beside its tokens; None: nothing
    version: str = ""  # which list, and from which day on it holds; every row that it priced has it


class BodyRules(Struct, frozen=True):
    """Which keys of clients' bodies an answerer is sent beside those known for its kind."""

    pass_through: frozenset[str] = frozenset()  # that the policy names
    wire: str = "openai"  # the format that an upstream is asked in
    may_store: bool = False  # the provider may keep the request and its answer
    stores_unasked: bool = False  # the provider keeps them unless it is told not to


class AnswererFacts(Struct, frozen=True):
    """What the gateway knows of an answerer before calling it."""

    name: str
    tier: str
    level: int
    kind: str  # resolver | local | upstream | litellm | deliberation
    model: str
    price: Price
    max_output_tokens: int
    context_tokens: int
    capabilities: frozenset[Capability]
    expected_output_tokens: int
    latency_ms: float
    deadline_ms: int
    hides_reasoning: bool = False  # bills tokens it doesn't show: a cut answer counts at its hold
    cores: int = 0  # that a local model decodes on; 0: it runs elsewhere, or computes nothing
    image_tokens: int = 0  # that one image counts as, at most
    added_input_tokens: int = 0  # that it puts before a request by itself, at most
    issuer: str = ""  # who seals what this answerer thinks; "" where nobody does
    body: BodyRules = BodyRules()


class AnswererState(StrEnum):
    READY = "ready"
    LOADING = "loading"
    FAILED = "failed"
    OPEN_BREAKER = "open_breaker"
    KEY_REFUSED = "key_refused"  # by every replica of its upstream


class AnswererStatus(Struct, frozen=True):
    state: AnswererState
    detail: str = ""
    due: bool = False  # out of use, and the next call may find it well again

    @property
    def may_be_called(self) -> bool:
        """Is True when a call is worth its while: to one that works, is loading, or is due."""
        return self.due or self.state in (AnswererState.READY, AnswererState.LOADING)


class Work(Struct, frozen=True):
    """One request as an answerer sees it: the request, what triage read, and the time left."""

    request: ChatRequest
    signals: Signals
    deadline_at_ms: int
    role: Role
    tenant: str
    request_id: str
    prefer_schema: JsonText | None = None


class Call(Protocol):
    """How an answerer reaches another one: every priced call goes through the gateway.

    Holds the worst case, records, settles, checks deadline and depth.
    Raises: BudgetExceeded, DeadlineExceeded, DepthExceeded, UpstreamError and its kin.
    """

    async def __call__(self, answerer: str, request: ChatRequest, role: Role) -> Answer: ...


@runtime_checkable
class TokenCounter(Protocol):
    """An answerer whose provider counts the tokens of a request without answering it. Raises
    nothing."""

    async def count_tokens(self, request: ChatRequest) -> int | None:
        """The provider's count, None where it has none to give."""
        ...


class Answerer(Protocol):
    """Something answers come from. Raises errors.AnswererError and its kin, nothing else."""

    @property
    def facts(self) -> AnswererFacts: ...

    def status(self) -> AnswererStatus: ...

    async def answer(self, work: Work, call: Call) -> Answer: ...

    def stream(self, work: Work, call: Call) -> AsyncGenerator[Delta, None]: ...

    async def start(self) -> None: ...

    async def close(self) -> None: ...
