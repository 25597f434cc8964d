"""Describes the gateway's two reports on a request: one at the commit, one at the end."""

from __future__ import annotations

from msgspec import Struct

from router.types.answers import Answer, Delta, Usage
from router.types.decisions import APPROVED_WORDS, Decision, Rung
from router.types.enums import NO_ANSWER_MODEL, Reason, Verdict
from router.types.ledger import AttemptRow, Baselines
from router.types.signals import Signals
from router.types.stores import RateState


class Begun(Struct, frozen=True):
    """Says that a request is decided, and that nobody knows yet which rung's answer goes out."""

    request_id: str
    decision: Decision
    policy: str
    policy_hash: str
    rates: tuple[RateState, ...] = ()


class WordsAhead(Struct, frozen=True):
    """Begins a stream with words on whom to call, before anybody knows whose answer follows."""

    model: str  # that is asked first
    usage: Usage  # the input as triage counts it
    pieces: list[Delta]


class Committed(Struct, frozen=True):
    """Marks the commit: this rung's answer reaches the client from here on, and nothing earlier."""

    request_id: str
    decision: Decision
    rung: Rung
    model: str
    policy: str
    policy_hash: str
    escalations: int
    rates: tuple[RateState, ...] = ()
    review_id: str = ""  # set when approved words go out and a person will look at the request
    cache: str = ""  # exact, semantic, miss; "" when no cache was read
    usage: Usage = Usage()  # of a complete answer; otherwise the input as triage counts it
    dropped: tuple[str, ...] = ()  # keys of the body that did not reach the answerer
    unsupported_tools: tuple[str, ...] = ()  # types of tools that were left out
    redirects: tuple[str, ...] = ()  # "requested -> answered", as far as it is known at the commit
    max_output_tokens: int | None = None  # the answerer's limit, when the client asked for more
    reason: Reason = Reason.FALLBACK  # why this rung answers, as the ledger's row says it
    confidence: float = 0.0  # of the whole answer where there is one, else of the rung
    verdict: Verdict | None = None  # None: the answer's end is not known yet
    disclaimer: str = ""  # the policy's sentence for an answer to a question of knowledge


class Timings(Struct, frozen=True):
    """Holds the milliseconds of each stage, for `Server-Timing`."""

    triage_ms: float = 0.0
    decide_ms: float = 0.0
    answer_ms: float = 0.0
    ledger_ms: float = 0.0
    total_ms: float = 0.0


class Foreseen(Struct, frozen=True):
    """Says what a dry run knows of the answer that a call would give."""

    words: str  # what goes out, and what only the call can tell; one line, for people
    sure: bool  # False: the verdict is that of an answer against which nothing speaks
    asks: bool  # an answerer is asked whose answer nobody knows before
    error: str = ""  # the code of the error that a client would get in place of an answer
    unoffered: str = ""  # for people: why level 1 offers no question, though an answer matches
    offered: tuple[tuple[str, float], ...] = ()  # questions that go out, with their chances
    offered_from: float | None = None  # chance from which they go out together; None: no bound


class Outcome(Struct, frozen=True):
    """Holds the result of one request. `answer` is None for a dry run only.

    The verdict, the reason and the rung of a dry run are those that a call would have, as far as
    `foretold` knows them.
    """

    request_id: str
    signals: Signals
    decision: Decision
    policy: str
    policy_hash: str
    answer: Answer | None
    rung: Rung
    verdict: Verdict
    reason: Reason  # says why this tier answered
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
    # "requested -> answered", for calls that another model answered
    redirects: tuple[str, ...] = ()
    max_output_tokens: int | None = None  # as in Committed
    disclaimer: str = ""  # as in Committed
    observed: bool = False  # the requested model answered, whatever the decision was
    foretold: Foreseen | None = None  # of a dry run; None: it was answered
    opened: bool = False  # words on whom to call stand at the answer; of a dry run: would stand

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Returns why something is said in place of an answer, then why the first rung was taken.

        A harmful request is refused before any of its rungs counts: their reasons led nowhere.
        """
        answer, refused = self.answer, self.decision.refused
        spoken = answer is None or self.reason in (answer.reason, refused)
        told = (self.reason,) if spoken else ()
        harmful = () if refused is None or self.observed else (refused,)
        of_rung = () if harmful else self.decision.first_rung.reasons
        without = answer is not None and answer.model == NO_ANSWER_MODEL
        capped = (Reason.OVER_MAX_COST,) if without and self.decision.kept_by_cap else ()
        reasons = dict.fromkeys((*harmful, *told, *capped, *of_rung))
        if self.verdict is Verdict.SAFE_ANSWER:  # its words are those of the matter, for any model
            reasons.pop(Reason.NO_MODEL, None)
        return tuple(reasons)

    @property
    def words_alone(self) -> bool:
        """Returns True where approved words take the place of an answer and nobody is asked."""
        return self.verdict.of_words and (self.foretold is None or not self.foretold.asks)

    @property
    def answers_as(self) -> str:
        """Returns who speaks: the answerer, or approved words where nobody is asked."""
        unasked = self.rung.level == 0 or (self.foretold is not None and self.words_alone)
        return APPROVED_WORDS if unasked else self.rung.answers_as

    @property
    def saved_nano_usd(self) -> int | None:
        """Returns the signed saving against the requested model, or None when its price is unknown.

        Returns None also when routing only observed: then it saved nothing.
        """
        if self.observed:
            return None
        price = self.baselines.requested_model
        return None if price is None or not self.cost_known else price - self.cost_nano_usd


StreamEvent = Committed | Delta | Outcome
"""Covers a stream: one Committed, Deltas, one Outcome. A failure raises TiergateError.

A Delta with words on whom to call may come before the Committed."""

StreamStep = Begun | WordsAhead | Committed | list[Delta] | Outcome
"""Covers the same after one Begun, with the Deltas that came together in one list."""
