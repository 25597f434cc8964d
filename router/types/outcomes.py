"""What the gateway says of a request: once when it commits, once when all is over."""

from __future__ import annotations

from msgspec import Struct

from router.types.answers import Answer, Delta, Usage
from router.types.closed_sets import Reason, Verdict
from router.types.decisions import Decision, Rung
from router.types.ledger import AttemptRow, Baselines
from router.types.rates import RateState
from router.types.signals import Signals


class Committed(Struct, frozen=True):
    """From here on the answer of this rung reaches the client; nothing before it did."""

    request_id: str
    decision: Decision
    rung: Rung
    model: str
    policy: str
    policy_hash: str
    escalations: int
    rates: tuple[RateState, ...] = ()
    review_id: str = ""  # approved words go out, and a person looks at the matter
    cache: str = ""  # exact, semantic, miss; "" where no cache was asked
    usage: Usage = Usage()  # of an answer that is here whole, else the input as triage counts it
    dropped: tuple[str, ...] = ()  # keys of the body that did not reach what answers
    unsupported_tools: tuple[str, ...] = ()  # types of tools that were left out
    redirects: tuple[str, ...] = ()  # "asked -> answered", as far as is known at the commit
    max_output_tokens: int | None = None  # of the answerer, where the client asked for more


class Timings(Struct, frozen=True):
    """Milliseconds per stage, for `Server-Timing`."""

    triage_ms: float = 0.0
    decide_ms: float = 0.0
    answer_ms: float = 0.0
    ledger_ms: float = 0.0
    total_ms: float = 0.0


class Outcome(Struct, frozen=True):
    """What became of one request. `answer` is None for a dry run only."""

    request_id: str
    signals: Signals
    decision: Decision
    policy: str
    policy_hash: str
    answer: Answer | None
    rung: Rung
    verdict: Verdict
    reason: Reason  # why this tier answered
    confidence: float
    escalations: int
    cost_nano_usd: int
    cost_known: bool
    baselines: Baselines
    timings: Timings
    attempts: tuple[AttemptRow, ...] = ()
    review_id: str = ""
    rates: tuple[RateState, ...] = ()
    cache: str = ""  # as in Committed
    dropped: tuple[str, ...] = ()  # as in Committed
    unsupported_tools: tuple[str, ...] = ()
    redirects: tuple[str, ...] = ()  # "asked -> answered", of calls that another model answered
    max_output_tokens: int | None = None  # as in Committed
    observed: bool = False  # the model that was asked for answered, whatever was decided

    @property
    def saved_nano_usd(self) -> int | None:
        """Signed, against the model the client asked for; None where its price is unknown.

        None too where routing only observed: it saved nothing.
        """
        if self.observed:
            return None
        asked = self.baselines.requested_model
        return None if asked is None or not self.cost_known else asked - self.cost_nano_usd


StreamEvent = Committed | Delta | Outcome
"""A stream is: one Committed, any Deltas, one Outcome. It raises TiergateError instead."""
