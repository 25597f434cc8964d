"""Records one request: every argument of decide, next_rung and verify, and their results.

The record is stored as JSON in the ledger row, so that replay decides a stored row again to the
identical ladder. Prompts and answers are not in it.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from router.privacy.redact import redact
from router.routing.constraints import Asked, Shape
from router.routing.next_rung import Left, Turn
from router.routing.verification import Verification
from router.types import (
    NO_PRESSURE,
    Answer,
    Decision,
    Domain,
    JsonText,
    JudgeNote,
    PairNote,
    Pressure,
    Reason,
    ReasoningNote,
    RolloutNote,
    RungFacts,
    Signals,
    SourceNote,
    Step,
    VerifyMode,
)


class Evidence(Struct, frozen=True):
    """Holds what verification read of an answer, so that another calibration can judge it again."""

    mode: VerifyMode
    p_answer: float | None  # the answerer's own calibrated chance
    vouched: bool | None  # Answer.verified
    tokens: int  # log-probabilities read
    mean_logprob: float
    min_logprob: float
    refused: bool
    # A row without a judge has no such key.
    judged: JudgeNote | msgspec.UnsetType = msgspec.UNSET
    # Where a structure breaks: the tool, and the place in its schema. Others have no such key.
    fault: str | msgspec.UnsetType = msgspec.UNSET


def evidence(mode: VerifyMode, answer: Answer, verification: Verification) -> Evidence:
    """Returns what the record keeps of a judged answer: figures, no text."""
    return Evidence(
        mode=mode,
        p_answer=answer.p,
        vouched=answer.verified,
        tokens=verification.tokens,
        mean_logprob=verification.mean_logprob,
        min_logprob=verification.min_logprob,
        refused=verification.failure is Reason.ANSWER_REFUSED,
        judged=msgspec.UNSET if answer.judged is None else answer.judged,
        fault=msgspec.UNSET if verification.fault is None else redact(verification.fault.place),
    )


class StepRecord(Struct, frozen=True):
    """Holds one turn: the arguments of next_rung after a rung, and its result."""

    rung: int
    p: float | None
    p_source: str
    failure: Reason | None
    left: Left
    verified: bool
    said: Step
    evidence: Evidence | None = None
    stranded: bool = False
    in_hand: float | None = None  # the chance of the best usable answer so far, this one included
    doubt: Reason | None = None  # why that answer may not go out as accepted
    # Models that take no prompt of this length. Only a step after such a refusal has this key.
    outgrown: tuple[int, ...] | msgspec.UnsetType = msgspec.UNSET

    @classmethod
    def of(
        cls, turn: Turn, p_source: str, step: Step, evidence: Evidence | None = None
    ) -> StepRecord:
        """Returns the record of a turn and of the step that followed it."""
        return cls(
            turn.rung,
            turn.p,
            p_source,
            turn.failure,
            turn.left,
            turn.verified,
            step,
            evidence,
            turn.stranded,
            turn.in_hand,
            turn.doubt,
            turn.outgrown or msgspec.UNSET,
        )

    @property
    def turn(self) -> Turn:
        """Returns what next_rung was given."""
        return Turn(
            self.rung,
            self.p,
            self.failure,
            self.left,
            self.verified,
            self.stranded,
            self.in_hand,
            self.doubt,
            () if self.outgrown is msgspec.UNSET else self.outgrown,
        )


class ShadowNote(Struct, frozen=True):
    """Holds the shadow of a request.

    In an answered request's row: the shadow it may have got, and its chance. In a shadow's own row:
    the request that it shadows, and how far the two answers agree.
    """

    answerer: str
    share: float  # the chance of a shadow for this request; 0 where none could be called
    of: str = ""  # a shadow's own row: the request whose answer the client got
    shown: str = ""  # the answerer of that answer
    agreement: float | None = None  # 0..1, overlap in words; None where the shadow failed
    # Which answer a judge prefers. A row whose policy names no judge has no such key.
    judged: PairNote | msgspec.UnsetType = msgspec.UNSET


class RefusalNote(Struct, frozen=True):
    """Holds why no call was made: the limit, the call's worst case and the rest, in nano-dollars.

    `ledger.row_reading.Refusal` reads it.
    """

    limit: str
    needed_nano_usd: int
    left_nano_usd: int


class FailureNote(Struct, frozen=True):
    """Holds why a call of the request failed or was refused, without any address."""

    attempt: int  # the ordinal of the call among the row's attempts
    answerer: str
    tier: str
    code: str
    status: int | None  # the upstream's, where it sent one
    message: str


class Record(Struct, frozen=True):
    """Holds everything that decided one request, without any of its text."""

    version: int
    signals: Signals
    facts: tuple[RungFacts, ...]
    asked: Asked
    decision: Decision
    steps: tuple[StepRecord, ...]
    observed: int | None = None  # mode observe: the rung that answered whatever was decided
    pressure: Pressure = NO_PRESSURE  # of the budgets, on decide
    draw: float | None = None  # the chance number that `decide` was given; None: none
    shape: Shape | None = None  # None in rows of version 0.1.0
    shadow: ShadowNote | None = None
    redirects: tuple[str, ...] = ()  # "asked -> answered", where they are not one model
    refusal: RefusalNote | None = None  # of a request that a limit of money refused
    would_cost_nano_usd: int | None = None  # mode observe: what the ladder would have cost
    # How many details of each kind were hidden from providers; None: the policy hides none.
    pseudonyms: Mapping[str, int] | None = None
    sources: tuple[SourceNote, ...] = ()  # what the answer was given to cite
    # A row without a deliberation has no such key.
    reasoning: ReasoningNote | msgspec.UnsetType = msgspec.UNSET
    # Nor has a request that was on no side of a split.
    rollout: RolloutNote | msgspec.UnsetType = msgspec.UNSET
    # NAME@VERSION of the registered models that read or judged it; only a policy that names some.
    models: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    # What was unusual in gathering sources; only where something was.
    gathered: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    # Keyed by tenant, of the cited passages' words as they are stored; only where they are.
    passages_digest: str | msgspec.UnsetType = msgspec.UNSET
    # The calls that failed; only a request with such calls has it.
    failures: tuple[FailureNote, ...] | msgspec.UnsetType = msgspec.UNSET
    # Names of keys of the body that did not reach the answerer; only where there are some.
    dropped: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    # Under which a person takes the matter; only where triage read another.
    domain: Domain | msgspec.UnsetType = msgspec.UNSET
    # True where somebody may need help now, as its text may say; only such a request has it.
    acute: bool | msgspec.UnsetType = msgspec.UNSET
    # True where words on whom to call stand at the answer; only such a request has it.
    opened: bool | msgspec.UnsetType = msgspec.UNSET
    # A `Shortfall`: the answer refuses, knows nothing, or was cut; only such an answer has it.
    shortfall: str | msgspec.UnsetType = msgspec.UNSET


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Record)


def encode(record: Record) -> JsonText:
    """Returns the record as the JSON text of a ledger row; `parse` reads it."""
    return JsonText(_ENCODER.encode(record).decode())


def parse(text: str) -> Record:
    """Returns the record of a stored row. Raises msgspec.ValidationError for anything else."""
    return _DECODER.decode(text)
