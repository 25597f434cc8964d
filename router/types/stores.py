"""Describes the stores that the gateway receives, its rate limiter, its clock and ids.

The Protocols of triage, answerers and the ledger are in modules of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from msgspec import Struct

from router.types.answers import Answer
from router.types.decisions import Pressure
from router.types.enums import Domain, Urgency
from router.types.requests import ContentPart, Identity
from router.types.signals import SessionMemory

TextKind = Literal["prompt", "answer", "draft", "steps", "passages", "question", "facts"]
"""Names the texts of a request that a policy may keep."""


class SessionStore(Protocol):
    """Keeps the memory of conversations. The tenant is part of every key. Raises nothing."""

    async def get(self, tenant: str, session: str) -> SessionMemory | None:
        """Returns the memory of a session, or None."""
        ...

    async def put(self, tenant: str, sessions: Sequence[str], memory: SessionMemory) -> None:
        """Replaces the memory of each of these sessions, in one write."""
        ...


class CachedAnswer(Struct, frozen=True):
    """Holds an answer that may be given again, with the answerer that wrote it."""

    answer: Answer
    tier: str
    level: int
    answerer: str


class AnswerCache(Protocol):
    """Keeps answers for exact repeats only. The tenant is part of every key. Raises nothing."""

    async def get(self, tenant: str, digest: str) -> CachedAnswer | None:
        """Returns the answer under a digest, or None."""
        ...

    async def put(self, tenant: str, digest: str, cached: CachedAnswer) -> None:
        """Keeps an answer under a digest."""
        ...


class NearCache(Protocol):
    """Keeps answers to questions in other words, per tenant and scope. Raises nothing."""

    def find(
        self, tenant: str, scope: str, vector: bytes, text: str, threshold: float
    ) -> CachedAnswer | None:
        """Returns the answer to the nearest question that asks the same, or None."""
        ...

    def put(self, tenant: str, scope: str, vector: bytes, text: str, cached: CachedAnswer) -> None:
        """Keeps an answer under its question."""
        ...


class AnswerCaches(Protocol):
    """Returns the caches of each policy, by its name and its limits. Raises nothing."""

    def exact(self, policy: str, ttl_s: int, max_entries: int) -> AnswerCache:
        """Returns the policy's cache for exact repeats."""
        ...

    def near(self, policy: str, ttl_s: int, max_entries: int) -> NearCache:
        """Returns the policy's cache for the same question in other words."""
        ...


class Reply(Struct, frozen=True):
    """Holds a complete answer as it went out, to be stored under a client's idempotency key."""

    request_id: str  # of the row that paid for it
    headers: tuple[tuple[bytes, bytes], ...]
    pieces: tuple[bytes, ...]  # of the body, one for each event of a stream


class Standing(Struct, frozen=True):
    """Describes the state of an idempotency key. Exactly one of these fields applies."""

    same: bool = True  # False: another request used this key before
    reply: Reply | None = None  # the answer
    running: str = ""  # another process is answering it now, under this token
    token: str = ""  # the key is new: the caller must answer, under this token


class ReplyStore(Protocol):
    """Keeps answers by idempotency key. The tenant is part of every key. Raises LedgerError."""

    async def claim(self, tenant: str, key: str, fingerprint: str) -> Standing:
        """Claims a key for a request, and returns what is known of the key."""
        ...

    async def renew(self, tenant: str, key: str, token: str) -> None:
        """Extends a claim: the request is still being answered."""
        ...

    async def keep(self, tenant: str, key: str, token: str, reply: Reply) -> None:
        """Keeps the answer under the claimed key."""
        ...

    async def release(self, tenant: str, key: str, token: str) -> None:
        """Gives up a claim without an answer, so that the next request may try again."""
        ...


ASKS_LABEL = "label."
"""Begins the id of an item that asks for a label: `label.HEAD.REQUEST`."""
_SUGGESTED, _CLASSES, _BETWEEN_CLASSES = "suggested label: ", "classes: ", " | "


def label_facts(suggested: str, classes: Sequence[str]) -> tuple[str, ...]:
    """Returns the facts by which an item names the label it suggests and its head's classes.

    `ReviewItem.suggested` and `ReviewItem.classes` read them.
    """
    named = (f"{_CLASSES}{_BETWEEN_CLASSES.join(classes)}",) if classes else ()
    return (f"{_SUGGESTED}{suggested}", *named)


class ReviewItem(Struct, frozen=True):
    """Holds an item for a reviewer. Its text is kept as `store` says, for `retention_days` days."""

    review_id: str
    request_id: str
    tenant: str
    domain: Domain
    created_at_ms: int
    status: str = "pending"
    question: str = ""
    facts: tuple[str, ...] = ()
    store: Literal["none", "redacted", "full"] = "none"
    """Says what the request's policy keeps of it. For an item read from the ledger: `none` where
    the policy keeps no text, otherwise `full`, also when the text is over or erased."""
    retention_days: int = 30
    urgency: Urgency = Urgency.ORDINARY

    @property
    def head(self) -> str:
        """Returns the head for which a label is asked; "" where an answer is to be judged."""
        if not self.review_id.startswith(ASKS_LABEL):
            return ""
        return self.review_id[len(ASKS_LABEL) : -len(self.request_id) - 1]

    @property
    def suggested(self) -> str:
        """Returns the label that a head suggests; "" where none is asked for."""
        facts = (fact for fact in self.facts if fact.startswith(_SUGGESTED))
        return next(facts, "").removeprefix(_SUGGESTED)

    @property
    def shown_facts(self) -> tuple[str, ...]:
        """Returns the facts for whoever decides; where a label is asked, the classes alone."""
        return tuple([f for f in self.facts if not self.head or f.startswith(_CLASSES)])

    @property
    def classes(self) -> tuple[str, ...]:
        """Returns the classes of the head that asks for a label; () where nobody noted them."""
        for fact in self.facts if self.head else ():
            if fact.startswith(_CLASSES):
                return tuple(fact.removeprefix(_CLASSES).split(_BETWEEN_CLASSES))
        return ()


class ReviewQueue(Protocol):
    """Queues items for a reviewer. Adding one twice changes nothing. Raises LedgerError."""

    async def add(self, item: ReviewItem) -> None:
        """Adds an item for a reviewer."""
        ...


class TextKeeper(Protocol):
    """Keeps prompts and answers according to a policy's `privacy`. Raises LedgerError."""

    async def put(
        self,
        request_id: str,
        tenant: str,
        kind: TextKind,
        text: str,
        *,
        store: Literal["none", "redacted", "full"],
        retention_days: int,
    ) -> None:
        """Keeps a text as `store` says, for `retention_days` days.

        The steps of a deliberation come redacted already, since they are JSON.
        """
        ...


class TextReader(Protocol):
    """Reads texts that a policy stored. Raises LedgerError."""

    async def get(
        self,
        request_id: str,
        tenant: str | None,
        kind: TextKind,
    ) -> str | None:
        """Returns a stored text of that tenant (None: any); None when missing or expired."""
        ...


class Embedded(Struct, frozen=True):
    """Holds texts as vectors of length 1, each as bytes of little-endian float32."""

    vectors: tuple[bytes, ...]
    tokens: int  # read in all texts together
    cut: int  # texts that reach the limit; only their head and tail are read
    compute_ms: float = 0.0  # core-milliseconds of the thread that read them


class ImageReader(Protocol):
    """Reads the words in images on this machine. Raises nothing."""

    async def read(self, part: ContentPart) -> str | None:
        """Returns the words of an image, None where they cannot be read."""
        ...


class OutsideVectors(Struct, frozen=True):
    """Holds vectors of an upstream, as little-endian float32, in the order of the texts."""

    vectors: tuple[bytes, ...]
    tokens: int
    reported: bool  # False: the upstream named no tokens, or fewer than there are texts
    model: str
    upstream_id: str = ""  # by which the provider names the call
    provider_cost_nano_usd: int | None = None  # as the provider states it


class Embedder(Protocol):
    """Turns texts into vectors. Raises AnswererNotReady without a model, and Overloaded."""

    @property
    def width(self) -> int:
        """Returns the length of the vectors without `dimensions`."""
        ...

    @property
    def version(self) -> str:
        """Returns the version of the model."""
        ...

    async def embed(
        self, texts: Sequence[str], dimensions: int | None = None, tenant: str = ""
    ) -> Embedded:
        """Returns the vectors of texts, cut to `dimensions` numbers if given.

        Tenants take turns.
        """
        ...


class KeyStore(Protocol):
    """Keeps API keys. `identify` returns None for an unknown or revoked key. Raises LedgerError."""

    async def identify(self, secret: str) -> Identity | None:
        """Returns the identity behind a secret key.

        Raises AuthenticationFailed for one that has expired.
        """
        ...

    async def by_id(self, key_id: str) -> Identity | None:
        """Returns the identity of a valid key by its public id."""
        ...

    async def any(self) -> bool:
        """Returns True when a key was ever created."""
        ...


class BudgetLeft(Struct, frozen=True):
    """Holds one window of a budget: its limit, the money neither spent nor held, and its end."""

    limit_nano_usd: int
    left_nano_usd: int
    reset_ms: int  # from now


class BudgetGauge(Protocol):
    """Tells how budgets press on decisions before they are reached. Raises nothing."""

    async def pressure(self, identity: Identity, policy: str) -> Pressure:
        """Returns the pressure of all budgets that count this identity's requests."""
        ...

    async def left(self, identity: Identity, policy: str) -> BudgetLeft | None:
        """Returns the rest of the scarcest budget window; None without one or if unreadable."""
        ...


class RateAsk(Struct, frozen=True):
    """Asks for an amount of one rate. The bucket carries the tenant ("" for a limit of several)."""

    tenant: str
    name: str  # the other parts of the limit's name, and the unit
    unit: str  # requests | tokens
    limit: int  # per minute
    amount: int  # negative to correct an estimate that was too high


class RateState(Struct, frozen=True):
    """Holds the rest of one rate."""

    unit: str
    limit: int
    remaining: int
    reset_ms: int  # until the whole limit is free again


class RateTaken(Struct, frozen=True):
    """Holds the result of asking several rates at once: all were taken from, or none.

    `refused` is the index of the rate that was farthest from admitting the request. It will admit
    it in `retry_ms`. A `retry_ms` of -1 means never: the request asks for more than a whole minute
    allows.
    """

    states: tuple[RateState, ...]
    refused: int | None = None
    retry_ms: int = 0


class RateLimiter(Protocol):
    """Limits the rates of all tenants. The tenant is part of every key. Raises LedgerError."""

    async def take(self, asks: Sequence[RateAsk]) -> RateTaken:
        """Takes from all of these rates, or from none."""
        ...

    async def correct(self, asks: Sequence[RateAsk]) -> None:
        """Takes more, or returns the excess of an estimate. Never refuses."""
        ...


class Clock(Protocol):
    """Tells the time: since the epoch for records, monotonic for durations."""

    def now_ms(self) -> int:
        """Returns milliseconds since the epoch."""
        ...

    def monotonic_ms(self) -> float:
        """Returns milliseconds of a clock that never goes back."""
        ...


class Ids(Protocol):
    """Makes ids for new requests and review items."""

    def new(self) -> str:
        """Returns a fresh, sortable, unguessable id without prefix."""
        ...
