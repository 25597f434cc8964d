"""Reads with caution what the record of a row says: its names, what was expected, who judged.

Pure functions of one row, as in `row_reading`. Roll-ups read each record once, with these.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from router.ledger.replies import NO_ANSWER, Shortfall
from router.ledger.row_reading import UNKNOWN_NAME, RecordNames, closed_names, row_names
from router.types import Action, JudgeNote, PSource, ReasoningNote, RequestRow, Verdict

READ_IN_ANSWER = "answer"
"""The grounds of a chance that was read in the answer itself: by log-probabilities, by a trained
head, or by a judge whose scores were calibrated."""

_OF_RUNG = frozenset({"rung", "samples", ""})
"""Sources of a verification whose chance is the rung's; samples that differ only lower it. In older
rows samples may also stand in the place of what was read in the answer."""

_SOURCES = frozenset(source.value for source in PSource)
_SHORTFALLS = frozenset(one.value for one in Shortfall)


class Prospect(msgspec.Struct):
    """Holds what was expected of one answerer before any call: chance to be right, and cost."""

    answerer: str = ""
    level: int = 0
    p: float = 0.0
    p_source: str = ""
    cost_nano_usd: int = 0
    cost_basis: str = ""
    missing: tuple[str, ...] = ()
    declined: str | None = None  # why a resolver had nothing for the request


class _Evidence(msgspec.Struct):
    tokens: int = 0  # log-probabilities that gave the chance
    p_answer: float | None = None


class _Turn(msgspec.Struct):
    rung: int = 0
    p_source: str = ""
    evidence: _Evidence | None = None

    @property
    def read_in_answer(self) -> bool:
        """Returns True where the answer gave its chance, also where samples lowered it later."""
        if self.p_source not in _OF_RUNG and self.p_source != PSource.MATCH:
            return True
        evidence = self.evidence
        # Older rows name the samples in place of what gave the chance.
        if self.p_source != "samples" or evidence is None:
            return False
        return evidence.tokens > 0 or evidence.p_answer is not None


class _Record(RecordNames):
    facts: tuple[Prospect, ...] = ()
    steps: tuple[_Turn, ...] = ()
    shortfall: str = ""


class AnswerNote(msgspec.Struct):
    """Holds what a record notes of its answer, each only where it is so."""

    opened: bool = False  # words on whom to call went out with it
    shortfall: str = ""  # a `Shortfall`


_RECORD = msgspec.json.Decoder(_Record)
_NOTE = msgspec.json.Decoder(AnswerNote)


class Read(NamedTuple):
    """Holds what a row's record says: domain, request type, and prospects of each answerer."""

    domain: str
    request_type: str
    prospects: tuple[Prospect, ...]
    grounds: str = UNKNOWN_NAME  # what the chance of the answer rests on: `grounds_of`
    shortfall: str = ""  # a `Shortfall` of the answer; "": it shows none

    @property
    def lowest_level(self) -> int:
        """Returns the lowest level of the policy that decided: every answerer is a prospect."""
        return min((prospect.level for prospect in self.prospects if prospect.level > 0), default=1)


def read_record(row: RequestRow) -> Read:
    """Returns the record's names and prospects; `unknown` and none where it has none."""
    try:
        record = _RECORD.decode(row.record)
    except (msgspec.DecodeError, UnicodeError):
        return Read(*row_names(row), ())
    grounds = grounds_of(row.answerer, record)
    shortfall = record.shortfall if record.shortfall in _SHORTFALLS else ""
    return Read(*closed_names(record), record.facts, grounds, shortfall)


def grounds_of(answerer: str, record: _Record) -> str:
    """Returns what the chance of an answer rests on: a `PSource`, READ_IN_ANSWER or `unknown`.

    An answer whose own text or tokens gave its chance is READ_IN_ANSWER. Any other one rests on
    what its answerer's chance rests on, also one from a cache, which had no turn.
    """
    at = next((i for i, one in enumerate(record.facts) if one.answerer == answerer), None)
    if at is None:
        return UNKNOWN_NAME
    turn = next((turn for turn in reversed(record.steps) if turn.rung == at), _Turn())
    if turn.read_in_answer:
        return READ_IN_ANSWER
    source = record.facts[at].p_source
    return source if source in _SOURCES else UNKNOWN_NAME


_OF_WORDS = frozenset(verdict.value for verdict in Verdict if verdict.of_words)


def confidence_source(verdict: str, reason: str, answerer: str, record: str) -> str:
    """Returns what the confidence of a row rests on, as `grounds_of` does; "" without a verdict.

    A rule says it of words that go out in place of an answer.
    """
    if not verdict:
        return ""
    if verdict in _OF_WORDS or reason in NO_ANSWER:
        return PSource.KNOWN.value
    try:
        return grounds_of(answerer, _RECORD.decode(record))
    except (msgspec.DecodeError, UnicodeError):
        return UNKNOWN_NAME


def source_of(row: RequestRow) -> str:
    """Returns what the confidence of a row rests on."""
    return confidence_source(row.verdict, row.reason, row.answerer, row.record)


def note_in(row: RequestRow) -> AnswerNote:
    """Returns what the record of a row notes of its answer."""
    try:
        return _NOTE.decode(row.record)
    except (msgspec.DecodeError, UnicodeError):
        return AnswerNote()


def is_opened(row: RequestRow) -> bool:
    """Returns True where words on whom to call went out with the answer of a row."""
    return note_in(row).opened


class _Accepted(msgspec.Struct, frozen=True):
    action: str


class _Judged(msgspec.Struct, frozen=True):
    judged: JudgeNote | None = None


class _Step(msgspec.Struct, frozen=True):
    said: _Accepted
    evidence: _Judged | None = None


class _Steps(msgspec.Struct, frozen=True):
    steps: tuple[_Step, ...] = ()


_STEPS = msgspec.json.Decoder(_Steps)


def judged_of(text: str) -> JudgeNote | None:
    """Returns a judge's verdict on the answer of a stored row; None where nobody judged it.

    That is the accepted answer, or the last judged one where none was accepted.
    """
    if '"judged":{' not in text:
        return None  # a search is quicker than parsing
    steps = _STEPS.decode(text).steps
    accepted = [step for step in steps if step.said.action == Action.ACCEPT.value]
    notes = [step.evidence.judged for step in accepted or steps if step.evidence is not None]
    return next((note for note in reversed(notes) if note is not None), None)


class _Reasoned(msgspec.Struct, frozen=True):
    reasoning: ReasoningNote | None = None


_REASONED = msgspec.json.Decoder(_Reasoned)


def reasoning_of(text: str) -> ReasoningNote | None:
    """Returns the note of a stored row's deliberation; None where it had none."""
    if '"reasoning":' not in text:
        return None  # nearly all rows; a search is quicker than parsing
    return _REASONED.decode(text).reasoning
