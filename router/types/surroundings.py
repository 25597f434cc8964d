"""What the gateway is given beside triage, answerers and ledger: stores, a clock, ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from msgspec import Struct

from router.types.answers import Answer
from router.types.closed_sets import Domain
from router.types.decisions import Pressure
from router.types.requests import Identity
from router.types.signals import SessionMemory


class SessionStore(Protocol):
    """What conversations have seen; the tenant is part of every key. Raises nothing."""

    async def get(self, tenant: str, session: str) -> SessionMemory | None: ...

    async def put(self, tenant: str, session: str, memory: SessionMemory) -> None: ...


class CachedAnswer(Struct, frozen=True):
    """An answer that may be given again, and whose it was."""

    answer: Answer
    tier: str
    level: int
    answerer: str


class AnswerCache(Protocol):
    """Exact repeats only; the tenant is part of every key. Raises nothing."""

    async def get(self, tenant: str, digest: str) -> CachedAnswer | None: ...

    async def put(self, tenant: str, digest: str, cached: CachedAnswer) -> None: ...


class NearCache(Protocol):
    """Answers to questions in other words, of one tenant and scope. Raises nothing."""

    def find(
        self, tenant: str, scope: str, vector: bytes, text: str, threshold: float
    ) -> CachedAnswer | None: ...

    def put(
        self, tenant: str, scope: str, vector: bytes, text: str, cached: CachedAnswer
    ) -> None: ...


class AnswerCaches(Protocol):
    """The caches of each policy, by its name and its limits. Raises nothing."""

    def exact(self, policy: str, ttl_s: int, max_entries: int) -> AnswerCache: ...

    def near(self, policy: str, ttl_s: int, max_entries: int) -> NearCache: ...


class Reply(Struct, frozen=True):
    """A whole answer as it went out, kept under a client's idempotency key."""

    request_id: str  # whose row paid for it
    headers: tuple[tuple[bytes, bytes], ...]
    pieces: tuple[bytes, ...]  # of the body, one each for the events of a stream


class Standing(Struct, frozen=True):
    """Holds what is known of an idempotency key: one of these holds."""

    same: bool = True  # False: another request came under it before
    reply: Reply | None = None  # the answer
    running: str = ""  # another process answers it now, under this token
    token: str = ""  # nothing was known: it is the asker's to answer, under this token


class ReplyStore(Protocol):
    """Answers by idempotency key; the tenant is part of every key. Raises LedgerError."""

    async def claim(self, tenant: str, key: str, fingerprint: str) -> Standing: ...

    async def renew(self, tenant: str, key: str, token: str) -> None: ...

    async def keep(self, tenant: str, key: str, token: str, reply: Reply) -> None: ...

    async def release(self, tenant: str, key: str, token: str) -> None: ...


class ReviewItem(Struct, frozen=True):
    """A matter handed to a person. Text lives in memory unless the policy stores it."""

    review_id: str
    request_id: str
    tenant: str
    domain: Domain
    created_at_ms: int
    status: str = "pending"
    question: str = ""
    facts: tuple[str, ...] = ()
    store: Literal["none", "redacted", "full"] = "none"
    """What the request's policy stores. Of a matter read from the ledger: `full` where it
    holds a question, or an erasure left it an empty one; else `none`."""


class ReviewQueue(Protocol):
    """Where matters wait for a person; adding one twice changes nothing. Raises LedgerError."""

    async def add(self, item: ReviewItem) -> None: ...


class TextKeeper(Protocol):
    """Keeps prompts and answers as a policy's `privacy` says. Raises LedgerError."""

    async def put(
        self,
        request_id: str,
        tenant: str,
        kind: Literal["prompt", "answer", "draft"],
        text: str,
        *,
        store: Literal["none", "redacted", "full"],
        retention_days: int,
    ) -> None: ...


class Embedded(Struct, frozen=True):
    """Texts as vectors: each little-endian float32 as bytes, of length 1."""

    vectors: tuple[bytes, ...]
    tokens: int  # read of all texts together
    cut: int  # texts that reach the limit, of which head and tail alone are read
    compute_ms: float = 0.0  # core-milliseconds of the thread that read them


class Embedder(Protocol):
    """Texts to vectors. Raises AnswererNotReady without a model, Overloaded."""

    @property
    def width(self) -> int: ...

    @property
    def version(self) -> str: ...

    async def embed(self, texts: Sequence[str], dimensions: int | None = None) -> Embedded: ...


class KeyStore(Protocol):
    """API keys. `identify` returns None for an unknown or revoked key. Raises LedgerError."""

    async def identify(self, secret: str) -> Identity | None: ...

    async def any(self) -> bool: ...


class BudgetLeft(Struct, frozen=True):
    """One window of a budget: its limit, what is neither spent nor held, and when it ends."""

    limit_nano_usd: int
    left_nano_usd: int
    reset_ms: int  # from now


class BudgetGauge(Protocol):
    """How budgets press on decisions before they are reached. Raises nothing."""

    async def pressure(self, identity: Identity, policy: str) -> Pressure: ...

    async def left(self, identity: Identity, policy: str) -> BudgetLeft | None:
        """Returns what is left of the scarcest budget window; None without one, or unreadable."""
        ...


class Clock(Protocol):
    """The time: since the epoch for records, monotonic for durations."""

    def now_ms(self) -> int: ...

    def monotonic_ms(self) -> float: ...


class Ids(Protocol):
    """Names for new requests and review items."""

    def new(self) -> str:
        """A fresh, sortable, unguessable id without prefix."""
        ...
