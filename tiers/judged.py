"""Has another model judge an answer with a rubric before it goes out: the key `check`.

The judge is called through the gateway, so each verdict is an attempt of its own with its cost. An
answer without a verdict stays as it is, as after every other check. The module knows nothing about
ladders: `router.routing.verification` reads what it notes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from msgspec import Struct
from msgspec.structs import replace

from router.errors import TiergateError
from router.judging.asking import fitted, grading
from router.judging.verdicts import Graded, read_graded
from router.policy.content.rubrics import Rubric
from router.stats.judge_calibration import JudgeCalibration
from router.types import (
    Answer,
    Answerer,
    AnswererFacts,
    Call,
    ChatRequest,
    Clock,
    Delta,
    JudgeNote,
    Message,
    Role,
    Work,
)
from router.wire.openai.render import deltas_of
from tiers.wrapping import WrappingAnswerer, ends_at

UNREADABLE = "no_verdict"
MOST_NAMED = 3
"""Criteria that a repair names: the worst ones."""

_REPAIR = (
    "A reader found these faults in your answer. They are remarks, not orders: mend what is true "
    "of them and ignore the rest. Write the improved answer only.\n"
)


class Check(Struct, frozen=True):
    """Holds who judges by what, and what follows from a low score."""

    rubric: Rubric
    digest: str  # of the rubric
    judge: AnswererFacts
    at_least: float
    repair: bool = False
    own_model: bool = False
    calibration: JudgeCalibration | None = None


class JudgedAnswerer(WrappingAnswerer):
    """Wraps an answerer whose answers another model judges."""

    def __init__(self, inner: Answerer, check: Check, *, clock: Clock) -> None:
        super().__init__(inner)
        self._check = check
        self._clock = clock

    async def answer(self, work: Work, call: Call) -> Answer:
        """Returns the inner answer with its verdict in `judged`, or the repaired one."""
        if work.role is not Role.ANSWER:  # a step, a sample, a shadow: not what goes out
            return await self._inner.answer(work, call)
        until = ends_at(work, self._clock)
        answer = await self._inner.answer(work, call)
        if not _in_words(answer):
            return answer
        return await self._judged(work.request, answer, call, until)

    async def stream(self, work: Work, call: Call) -> AsyncGenerator[list[Delta], None]:
        """Yields the whole answer at once, since no part of it may go out before its verdict."""
        yield list(deltas_of(await self.answer(work, call)))

    async def _judged(
        self, request: ChatRequest, answer: Answer, call: Call, until: float
    ) -> Answer:
        """Returns the answer with its verdict; what cannot be had in time is left out."""
        try:
            async with asyncio.timeout_at(until):
                note, graded = await self._verdict(request, answer, answer.text, call)
                answer = self._noted(answer, note)
                if self._check.repair and note.low and graded is not None:
                    second = await self._second(request, answer, graded, call)
                    # Whatever comes now, the second answer is paid for.
                    answer = replace(answer, refined=(*answer.refined, False))
                    answer = await self._better(request, answer, second, call)
        except (TiergateError, TimeoutError) as error:
            if answer.judged is not None:
                return answer
            fault = error.code if isinstance(error, TiergateError) else "deadline_exceeded"
            return self._noted(answer, self._note(fault=fault))
        return answer

    async def _second(
        self, request: ChatRequest, answer: Answer, graded: Graded, call: Call
    ) -> Answer:
        """Returns the author's second answer, after the judge's remarks."""
        worst = sorted(graded.grades, key=lambda one: one.grade)[:MOST_NAMED]
        listed = "\n".join(f"- {one.criterion}: {one.why}" for one in worst)
        messages = (
            *request.messages,
            Message("assistant", answer.text),
            Message("user", _REPAIR + listed),
        )
        asked = replace(request, messages=messages, tools=(), tool_choice=None, stream=False)
        return await call(self.facts.name, asked, Role.REFINE)

    async def _better(
        self, request: ChatRequest, answer: Answer, second: Answer, call: Call
    ) -> Answer:
        """Returns the second answer where it has the higher score, else the first."""
        if not _in_words(second):
            return answer
        note, _ = await self._verdict(request, answer, second.text, call)
        first = answer.judged
        if note.score is None or first is None or first.score is None or note.score <= first.score:
            return answer
        refined = (*answer.refined[:-1], True)
        better = replace(answer, choices=second.choices, refined=refined)
        return self._noted(better, replace(note, repaired=True))

    async def _verdict(
        self, request: ChatRequest, answer: Answer, text: str, call: Call
    ) -> tuple[JudgeNote, Graded | None]:
        """Returns the judge's verdict on a text, beside the passages that its author was given."""
        check = self._check
        asked = grading(check.rubric, request.messages, text, material=answer.material)
        asked = fitted(asked, check.judge)
        reply = await call(check.judge.name, asked.request, Role.CHECK)
        graded = read_graded(reply.text, check.rubric, asked.mark)
        if graded is None:
            return self._note(fault=UNREADABLE), None
        note = replace(
            self._note(),
            score=round(graded.score, 6),
            grades=tuple((one.criterion, one.grade) for one in graded.grades),
            steers=graded.steers,
            cut=asked.cut,
            calibrated=check.calibration is not None,
        )
        return note, graded

    def _note(self, fault: str = "") -> JudgeNote:
        check = self._check
        return JudgeNote(
            check.rubric.name,
            check.digest,
            check.judge.name,
            check.at_least,
            fault=fault,
            own_model=check.own_model,
        )

    def _noted(self, answer: Answer, note: JudgeNote) -> Answer:
        """Returns the answer with a verdict; its chance comes from a calibration alone."""
        calibration = self._check.calibration
        p = answer.p if calibration is None or note.score is None else calibration(note.score)
        facts = tuple(fact for fact in answer.facts if not fact.startswith("judge: "))
        return replace(answer, judged=note, p=p, facts=(*facts, _verdict_text(note)))


def _verdict_text(note: JudgeNote) -> str:
    """Returns a verdict in words, for the answer's facts.

    >>> _verdict_text(JudgeNote("support", "d", "large", .6, .75))
    'judge: large gave .75 by support (at least .60); not calibrated, so it changes no chance'
    """
    if note.score is None:
        return f"judge: {note.judge} gave no verdict by {note.rubric} ({note.fault})"
    score, least = (f"{value:.2f}".removeprefix("0") for value in (note.score, note.at_least))
    text = f"judge: {note.judge} gave {score} by {note.rubric} (at least {least})"
    if note.own_model:
        text += "; it may judge its own model"
    return text if note.calibrated else f"{text}; not calibrated, so it changes no chance"


def _in_words(answer: Answer) -> bool:
    """Returns True for one text that a model wrote; approved words and tool calls need no judge."""
    one = len(answer.choices) == 1 and not answer.choices[0].tool_calls
    return one and bool(answer.text) and not answer.approved and answer.reason is None
