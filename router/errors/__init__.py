"""Defines everything that can go wrong, as one tree.

`code` is for machines and never changes. `status` is the HTTP status. `retryable` is True when the
next rung (or another replica) may help. `refuses` is True when a limit declined the request; the
codes of these are `REFUSED_CODES`. Import every name from here.

    TiergateError
    ├── RequestError                  400  the client must change something
    │   ├── BodyTooLarge              413
    │   ├── TooLongToHide             413  more text than the policy reads for personal details
    │   ├── UnsupportedMedia          415
    │   ├── RequestTimeout            408  the request did not arrive in time
    │   ├── HeadTooLarge              431
    │   ├── MalformedHttp             400  the bytes are not HTTP
    │   ├── AuthenticationFailed      401
    │   │   └── TooManyWrongKeys      429  many from one address; Retry-After
    │   ├── PermissionDenied          403
    │   ├── NotFound                  404
    │   │   └── ModelNotFound         404
    │   ├── MethodNotAllowed          405
    │   ├── KeyReused                 422  the idempotency key came before with another request
    │   ├── InputInvalid              422  an endpoint by domain cannot take this input
    │   ├── FeedbackRefused           409  the decision has its most feedback entries
    │   ├── RolloutRefused            409  no rollout runs, or its gates have not passed
    │   ├── ReviewConflict            409  the review is decided, or cannot be decided so
    │   └── NotCapable                400  no allowed tier can do what the request needs
    │       └── MaxCostTooLow         400  max_cost_usd is below every call's worst case
    ├── BudgetExceeded                429  insufficient_quota; never retried
    │   └── PriceUnknown              503  a budget counts a call whose price nobody states
    ├── RateLimited                   429  rate_limit_exceeded; Retry-After
    ├── Overloaded                    503  a bounded queue is full; Retry-After
    │   ├── Stopping                  503  the server ended while the request ran
    │   ├── NotServing                503  no worker of the server can be started
    │   └── LedgerFull                503
    ├── AnswererError                 502  one rung failed
    │   ├── AnswererNotReady          503
    │   ├── CannotAnswer              502  it declines; told to clients where a lookup failed
    │   ├── NoUsableAnswer            422  every rung was paid for, none answered
    │   ├── UpstreamError             502
    │   │   ├── UpstreamUnreachable   502
    │   │   ├── UpstreamRejected      502  a 4xx of our key; 400 if of the request
    │   │   │   ├── UpstreamContentRefused  400  its rules refuse what is asked or said
    │   │   │   └── UpstreamTooLong   400  more tokens than the upstream takes
    │   │   ├── UpstreamOverloaded    503  it says so, by 503 or 529
    │   │   ├── UpstreamRateLimited   429
    │   │   ├── UpstreamInvalid       502  the bytes are not an answer
    │   │   │   ├── UpstreamTooMuch   502  more bytes or tool calls than are read
    │   │   │   └── UpstreamPage      502  a page for people, as of a login
    │   │   └── StreamCut             502
    │   ├── DeadlineExceeded          504
    │   └── DepthExceeded             500
    ├── GatewayClosed                 503  the program has closed its Gateway, or closes it
    ├── ClientGone                    499  the client closed the connection
    ├── PolicyError                   -    a policy file is wrong; holds all mistakes
    │   ├── PlanError                 -    a plan file is wrong (`tiergate plan`)
    │   └── PriceBookError            -    a price book is wrong
    ├── CannotListen                  -    the address is taken or may not be used
    ├── ModelFileError                -    a model file is missing or corrupt
    ├── DeviceMissing                 -    there is no such device (`--device cuda`)
    ├── TrainingDataError             -    training data cannot be used
    ├── WorseModel                    -    a refitted model is worse than before
    ├── ClassifyError                 -    a file of texts cannot be classified or continued
    ├── DocumentError                 -    a document, or their store, cannot be read or written
    ├── RegistryError                 -    a model's version, or their registry, cannot be used
    └── LedgerError                   500
        ├── LedgerUnavailable         503
        │   └── RatesUnavailable      503
        └── LedgerCorrupt             500
"""

from __future__ import annotations

from router.errors.admission import (
    BudgetExceeded,
    GatewayClosed,
    LedgerFull,
    NotServing,
    Overloaded,
    PriceUnknown,
    RateLimited,
    Stopping,
)
from router.errors.answerer import (
    QUOTA,
    QUOTA_EXHAUSTED,
    AnswererError,
    AnswererNotReady,
    CannotAnswer,
    DeadlineExceeded,
    DepthExceeded,
    NoUsableAnswer,
    StreamCut,
    UpstreamContentRefused,
    UpstreamError,
    UpstreamInvalid,
    UpstreamOverloaded,
    UpstreamPage,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTooLong,
    UpstreamTooMuch,
    UpstreamUnreachable,
)
from router.errors.base import ClientGone, TiergateError
from router.errors.configuration import (
    CannotListen,
    ClassifyError,
    DeviceMissing,
    DocumentError,
    Mistake,
    ModelFileError,
    PlanError,
    PolicyError,
    PriceBookError,
    RegistryError,
    TrainingDataError,
    WorseModel,
)
from router.errors.ledger import (
    NOT_ADMITTED,
    LedgerCorrupt,
    LedgerError,
    LedgerUnavailable,
    RatesUnavailable,
)
from router.errors.refusing import IMPOSSIBLE_CODES, REFUSED_CODES
from router.errors.request import (
    AuthenticationFailed,
    BodyTooLarge,
    FeedbackRefused,
    HeadTooLarge,
    InputInvalid,
    KeyReused,
    MalformedHttp,
    MaxCostTooLow,
    MethodNotAllowed,
    ModelNotFound,
    NotCapable,
    NotFound,
    PermissionDenied,
    RequestError,
    RequestTimeout,
    ReviewConflict,
    RolloutRefused,
    TooLongToHide,
    TooManyWrongKeys,
    UnsupportedMedia,
)

__all__ = [
    "IMPOSSIBLE_CODES",
    "NOT_ADMITTED",
    "QUOTA",
    "QUOTA_EXHAUSTED",
    "REFUSED_CODES",
    "AnswererError",
    "AnswererNotReady",
    "AuthenticationFailed",
    "BodyTooLarge",
    "BudgetExceeded",
    "CannotAnswer",
    "CannotListen",
    "ClassifyError",
    "ClientGone",
    "DeadlineExceeded",
    "DepthExceeded",
    "DeviceMissing",
    "DocumentError",
    "FeedbackRefused",
    "GatewayClosed",
    "HeadTooLarge",
    "InputInvalid",
    "KeyReused",
    "LedgerCorrupt",
    "LedgerError",
    "LedgerFull",
    "LedgerUnavailable",
    "MalformedHttp",
    "MaxCostTooLow",
    "MethodNotAllowed",
    "Mistake",
    "ModelFileError",
    "ModelNotFound",
    "NoUsableAnswer",
    "NotCapable",
    "NotFound",
    "NotServing",
    "Overloaded",
    "PermissionDenied",
    "PlanError",
    "PolicyError",
    "PriceBookError",
    "PriceUnknown",
    "RateLimited",
    "RatesUnavailable",
    "RegistryError",
    "RequestError",
    "RequestTimeout",
    "ReviewConflict",
    "RolloutRefused",
    "Stopping",
    "StreamCut",
    "TiergateError",
    "TooLongToHide",
    "TooManyWrongKeys",
    "TrainingDataError",
    "UnsupportedMedia",
    "UpstreamContentRefused",
    "UpstreamError",
    "UpstreamInvalid",
    "UpstreamOverloaded",
    "UpstreamPage",
    "UpstreamRateLimited",
    "UpstreamRejected",
    "UpstreamTooLong",
    "UpstreamTooMuch",
    "UpstreamUnreachable",
    "WorseModel",
]
