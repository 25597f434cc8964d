"""The values every part of Tiergate speaks in, and the Protocols between the parts.

This is the contract: frozen, slotted values and Protocols of few methods, standard library only.
It knows nothing about HTTP, databases, models or policies. JSON becomes these types in the wire
modules; rows become these types in the ledger's store. Money is an integer of nano-dollars
(1 USD = 1_000_000_000), times are milliseconds since the epoch (`*_at_ms`) or durations (`*_ms`).

All is imported from here. The modules follow a request: `requests`, `signals` (triage),
`decisions` (the ladder), `answerers`, `answers`, `outcomes`, `ledger`; `closed_sets` are what
reports count, `surroundings` what else the gateway is given.
"""

from __future__ import annotations

from router.types.answerers import (
    NANO_PER_USD,
    Answerer,
    AnswererFacts,
    AnswererState,
    AnswererStatus,
    Call,
    Price,
    Work,
)
from router.types.answers import Answer, Choice, Delta, TokenLogprob, Usage
from router.types.closed_sets import (
    RISK_DOMAINS,
    AttemptState,
    Capability,
    CostBasis,
    DecisionMode,
    Domain,
    EncoderUse,
    Exhausted,
    PSource,
    Reason,
    RequestState,
    RequestType,
    Role,
    Scope,
    Verdict,
    VerifyMode,
)
from router.types.decisions import Action, Decision, Rung, RungFacts, Step
from router.types.ledger import AttemptRow, Baselines, Ledger, RequestRow
from router.types.outcomes import Committed, Outcome, StreamEvent, Timings
from router.types.requests import (
    ChatRequest,
    ContentPart,
    Hints,
    Identity,
    JsonText,
    Message,
    ResponseFormat,
    Sampling,
    ToolCall,
    ToolSpec,
)
from router.types.signals import Amount, HeadReading, Match, SessionMemory, Signals, Triage
from router.types.surroundings import (
    AnswerCache,
    CachedAnswer,
    Clock,
    Embedded,
    Embedder,
    Ids,
    KeyStore,
    Reply,
    ReplyStore,
    ReviewItem,
    ReviewQueue,
    SessionStore,
    TextKeeper,
)

__all__ = [
    "NANO_PER_USD",
    "RISK_DOMAINS",
    "Action",
    "Amount",
    "Answer",
    "AnswerCache",
    "Answerer",
    "AnswererFacts",
    "AnswererState",
    "AnswererStatus",
    "AttemptRow",
    "AttemptState",
    "Baselines",
    "CachedAnswer",
    "Call",
    "Capability",
    "ChatRequest",
    "Choice",
    "Clock",
    "Committed",
    "ContentPart",
    "CostBasis",
    "Decision",
    "DecisionMode",
    "Delta",
    "Domain",
    "Embedded",
    "Embedder",
    "EncoderUse",
    "Exhausted",
    "HeadReading",
    "Hints",
    "Identity",
    "Ids",
    "JsonText",
    "KeyStore",
    "Ledger",
    "Match",
    "Message",
    "Outcome",
    "PSource",
    "Price",
    "Reason",
    "Reply",
    "ReplyStore",
    "RequestRow",
    "RequestState",
    "RequestType",
    "ResponseFormat",
    "ReviewItem",
    "ReviewQueue",
    "Role",
    "Rung",
    "RungFacts",
    "Sampling",
    "Scope",
    "SessionMemory",
    "SessionStore",
    "Signals",
    "Step",
    "StreamEvent",
    "TextKeeper",
    "Timings",
    "TokenLogprob",
    "ToolCall",
    "ToolSpec",
    "Triage",
    "Usage",
    "Verdict",
    "VerifyMode",
    "Work",
]
