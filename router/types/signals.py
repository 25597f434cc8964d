"""Describes the signals of triage, and the memory of a conversation."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from msgspec import UNSET, Struct, UnsetType

from router.types.enums import Domain, MatchBasis, Matter, RequestType
from router.types.requests import ChatRequest


class Amount(Struct, frozen=True):
    """Holds a sum of money read from text, already converted."""

    text: str
    currency: str  # ISO 4217
    nano_usd: int
    quoted: bool = False  # in a document that the user only asks to read: nothing is at stake
    period: str = ""  # "month", "year" ...: the sum is due so often, for an unknown time
    # What a question, code or arithmetic works with, until a later turn is none of these; `quoted`
    # as well. A sum at stake has no such key.
    material: bool | UnsetType = UNSET


class Match(Struct, frozen=True):
    """Holds the best approved answer, and the calibrated chance that it is the right one."""

    intent_id: str
    confidence: float  # 0..1, calibrated
    similarity: float  # cosine of the nearest utterance, -1..1
    margin: float  # how much nearer its intent's centre is than the next one's, in cosine
    others: tuple[tuple[str, float], ...] = ()  # the next intents, each with its own chance
    basis: MatchBasis = MatchBasis.FOREIGN  # what the confidence rests on
    together: float = 0.0  # the chance that it or one of the next two is the right one; 0: unknown
    language: str = ""  # of a request that was matched through a glossary; "": matched as it is
    # Answers to each of several things that the request asks for; none where one answers it, and
    # one alone where the others have no answer.
    asked: tuple[tuple[str, float], ...] = ()
    asks_only: bool = False  # these things are all that the request says
    worth_reading: bool = False  # the gate lets it pass, and nothing has read it with its answers
    field_odds: float = 0.0  # what speaks for the file's field, for whoever reads it with answers

    @property
    def likeliest(self) -> tuple[tuple[str, float], ...]:
        """Returns the intent and the next ones, each with its chance."""
        return (self.intent_id, self.confidence), *self.others


class HeadReading(Struct, frozen=True):
    """Holds the output of a policy's head: at most five likeliest classes and their chances."""

    name: str
    # Likeliest first; a head with a single chance has one class.
    classes: tuple[tuple[str, float], ...]


class TurnDanger(Struct, frozen=True):
    """Holds what one user turn of a conversation says by itself of a grave matter."""

    back: int  # user turns after it; 0: it is the last one
    risk_terms: tuple[str, ...] = ()
    grave: float = 0.0
    matter: Matter | None = None
    language: str = ""  # that it was read in
    knowledge: float = 0.0  # chance that it asks for general knowledge only
    few_words: bool = False  # in such a reply the reader hears more than it says


class Signals(Struct, frozen=True):
    """Holds what triage read in one request. Every chance is calibrated, 0..1.
    `grave` is stated as if half of all requests were grave, `novelty` as if one in five were
    nonsense, `multi_factor` as of requests of all kinds, of which one in twenty weighs several
    considerations. `knowledge` is the chance of general knowledge about what grave matters are
    about; facts of other subjects have a low one.

    The value is immutable and storable. Together with `triage_version` it is enough for `decide` to
    decide again.
    """

    request_type: RequestType
    request_type_p: float
    domain: Domain
    domain_p: float
    difficulty: float  # d(x), on the scale of the answerers' abilities (logits)
    stakes_high: float
    impact_nano_usd: int  # the largest amount of the conversation not quoted; 0 without any
    multi_factor: float
    strategic: float
    novelty: float
    toxic: float
    spam: float
    match: Match | None = None
    risk_terms: tuple[str, ...] = ()  # names of the policy's term lists that match the user text
    amounts: tuple[Amount, ...] = ()
    inherited: bool = False  # stakes, domain or what is asked for come from earlier turns
    degraded: bool = False  # the model was missing: only rules decide, and unsure requests go up
    risk_domain: Domain | None = None  # the likeliest of RISK_DOMAINS
    risk_p: float = 0.0  # chance that the request belongs to any of them
    input_tokens: int = 0  # an estimate over the whole request
    triage_version: str = ""
    # The policy's own heads; over several turns, each class at its highest.
    heads: tuple[HeadReading, ...] = ()
    grave: float = 0.0  # chance of somebody's grave matter; over several turns the highest
    matter: Matter | None = None  # the likeliest one
    matter_language: str = ""  # of the turn that it was read in; "" where nothing tells it
    knowledge: float = 0.0  # chance that the last turn asks for general knowledge only
    brief: bool = False  # all that was read and is remembered is short messages
    letter: bool = False  # the same of messages of a letter's length
    briefly: bool = False  # its terms and its likeliest grave matter stand in short messages
    language: str = ""  # as in `de`: of the last turn, or of what it continues; "" for none
    # Chance that a quotation of documents answers it; None: nobody searched before deciding.
    quotable: float | None = None
    unread: bool = False  # there is more text, or an image, than triage could read
    # Least chance, of the turns that have `risk_terms`, to ask for general knowledge only.
    terms_knowledge: float = 0.0
    # False where the heads of these cannot read the language: domain and type are guesses then.
    domain_read: bool = True
    request_type_read: bool = True
    # Which turns speak of a grave matter, newest first. A request of one turn has no such key.
    dangers: tuple[TurnDanger, ...] | UnsetType = UNSET
    # A program hands over a text with what it asks: the text's own matters do not count, and no
    # approved answer or exact tool knows it. Other requests have no such key.
    given_text: bool | UnsetType = UNSET
    # Chance that such a text is a cry for help; in a user's own message, that it tells of a danger
    # to people, or where somebody speaks in it, of any grave matter; also where the text was then
    # read as the user's own words. A person looks at it, and nothing else changes.
    text_despair: float | UnsetType = UNSET

    @property
    def known_domain(self) -> Domain:
        """Returns the domain that was read; the general one where it is only guessed."""
        return self.domain if self.domain_read else Domain.GENERAL


class WarmCache(Struct, frozen=True):
    """Describes the likely content of a provider's prompt cache for a conversation."""

    answerer: str
    model: str
    tokens: int  # of input; 0: an expected hit was not reported, so its cache no longer counts
    at_ms: int  # when it was last written or read, since the epoch


class SessionMemory(Struct, frozen=True):
    """Holds the highest values of a conversation. Stakes never fall within it."""

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
    loop_from: int = 0  # the level that an outage moved a tool loop away from; 0 for none
    match: Match | None = None
    risk_domain: Domain | None = None
    risk_p: float = 0.0
    heads: tuple[HeadReading, ...] = ()
    quoted_nano_usd: int = 0  # the largest amount that was only quoted
    grave: float = 0.0
    matter: Matter | None = None
    matter_language: str = ""
    language: str = ""  # that the conversation is in
    terms_knowledge: float = 0.0  # the least of the turns that have `risk_terms`
    brief: bool = False  # all that was read is short messages
    letter: bool = False  # the same of messages of a letter's length
    briefly: bool = False  # its terms and its likeliest grave matter stand in short messages
    domain_read: bool = True  # as in Signals
    prefix: str = ""  # names the messages of the last answered request, which caches may hold
    warm: tuple[WarmCache, ...] = ()


NO_WARMTH: Mapping[str, WarmCache] = MappingProxyType({})


class RememberedConversation(Struct, frozen=True):
    """Holds what is known of a conversation before its next turn is decided."""

    memory: SessionMemory | None = None
    named: SessionMemory | None = None  # the memory where the client named the session, for triage
    caches: tuple[WarmCache, ...] = ()  # of this very beginning, young enough to be there still

    @property
    def warm(self) -> Mapping[str, WarmCache]:
        """Returns the caches that a hit is expected of, by answerer."""
        if not self.caches:
            return NO_WARMTH
        return {cache.answerer: cache for cache in self.caches if cache.tokens}


NOTHING_REMEMBERED = RememberedConversation()


class Triage(Protocol):
    """Turns text into signals. Never raises for any text; `degraded` marks a missing model."""

    async def read(self, request: ChatRequest, memory: SessionMemory | None) -> Signals:
        """Returns the signals of a request."""
        ...

    async def measured(
        self, request: ChatRequest, memory: SessionMemory | None
    ) -> tuple[Signals, float]:
        """Returns the same, with the core-milliseconds of this request's reading; 0: not known."""
        ...

    def read_now(self, request: ChatRequest, memory: SessionMemory | None) -> Signals:
        """Returns the signals, read on the calling thread."""
        ...
