"""What triage says of a request and remembers of a conversation."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from router.types.closed_sets import Domain, RequestType
from router.types.requests import ChatRequest


class Amount(Struct, frozen=True):
    """A sum of money read from text, already converted."""

    text: str
    currency: str  # ISO 4217
    nano_usd: int


class Match(Struct, frozen=True):
    """The approved answer that fits best, and the calibrated chance that it is the right one."""

    intent_id: str
    confidence: float  # 0..1, calibrated
    similarity: float  # cosine of the nearest utterance, -1..1
    margin: float  # by how much its intent's centre is nearer than the next one's, in cosine


class HeadReading(Struct, frozen=True):
    """What a head of the policy says: its likeliest classes, five at most, with their chances."""

    name: str
    classes: tuple[tuple[str, float], ...]  # likeliest first; a head of one chance has one


class Signals(Struct, frozen=True):
    """What triage read in one request; every chance is calibrated, 0..1.

    Immutable and storable: with `triage_version` it is all that `decide` needs to decide again.
    """

    request_type: RequestType
    request_type_p: float
    domain: Domain
    domain_p: float
    difficulty: float  # d(x), on the scale of the answerers' abilities (logits)
    stakes_high: float
    impact_nano_usd: int  # largest amount read in the conversation, 0 when none
    multi_factor: float
    strategic: float
    novelty: float
    toxic: float
    spam: float
    match: Match | None = None
    risk_terms: tuple[str, ...] = ()  # names of the policy's term lists found in the user text
    amounts: tuple[Amount, ...] = ()
    inherited: bool = False  # stakes or domain come from earlier turns
    degraded: bool = False  # the model was not there: rules alone, everything up when unsure
    risk_domain: Domain | None = None  # the likeliest of RISK_DOMAINS
    risk_p: float = 0.0  # chance that it is about any of them
    input_tokens: int = 0  # estimate over the whole request
    triage_version: str = ""
    heads: tuple[HeadReading, ...] = ()  # the policy's own; over turns, each class at its highest


class WarmCache(Struct, frozen=True):
    """What a provider's prompt cache likely holds of a conversation."""

    answerer: str
    model: str
    tokens: int  # of input; 0: a hit was due and none was reported, so its cache is not counted on
    at_ms: int  # when it was last written or read, since the epoch


class SessionMemory(Struct, frozen=True):
    """The highest that a conversation has seen; stakes never fall within it."""

    domain: Domain
    domain_p: float
    request_type: RequestType
    stakes_high: float
    impact_nano_usd: int
    strategic: float
    multi_factor: float
    risk_terms: tuple[str, ...]
    difficulty: float
    last_tier_number: int = 0
    match: Match | None = None
    risk_domain: Domain | None = None
    risk_p: float = 0.0
    heads: tuple[HeadReading, ...] = ()
    prefix: str = ""  # names the messages of the last answered request, which caches may hold
    warm: tuple[WarmCache, ...] = ()


class Triage(Protocol):
    """Text to signals. Never raises for any text; `degraded` says when the model is missing."""

    async def read(self, request: ChatRequest, memory: SessionMemory | None) -> Signals: ...

    async def measured(
        self, request: ChatRequest, memory: SessionMemory | None
    ) -> tuple[Signals, float]:
        """The same, and the core-milliseconds that this request's reading took; 0: not known."""
        ...

    def read_now(self, request: ChatRequest, memory: SessionMemory | None) -> Signals: ...
