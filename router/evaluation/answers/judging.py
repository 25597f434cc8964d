"""Has answers judged by a rubric: one grade by criterion, and pairs in both orders.

Whoever measures passes in functions that ask a policy's gateway. A judge never judges an answer of
its own model, unless that is allowed and marked. Every call counts into one purse.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct

from router.evaluation.answers.asking import Ask, ModelReply
from router.evaluation.answers.judged_rows import JudgedItem
from router.evaluation.answers.results import AT_ONCE
from router.judging.asking import Asked, comparing, fitted, grading
from router.judging.verdicts import (
    Compared,
    Graded,
    Preference,
    preference,
    read_compared,
    read_graded,
)
from router.policy.content.rubrics import Rubric
from router.policy.judge_checks import same_model
from router.types import AnswererFacts, ChatRequest

AskJudge = Callable[[ChatRequest], ModelReply]
"""Asks the judge; may be called from several threads."""

OWN_MODEL = "an answer of the judge's own model"
NO_MONEY = "the budget of this run is spent"
NO_VERDICT = "the judge's words are no verdict"


class Judge(Struct, frozen=True):
    """Holds who judges by what, and whether answers of its own model count."""

    rubric: Rubric
    facts: AnswererFacts
    ask: AskJudge
    models: Mapping[str, str]  # of each answerer
    own_model: bool = False


class JudgedRow(Struct, frozen=True):
    """Holds one row with its answers and verdicts; `left_out` says why a verdict is missing."""

    item: JudgedItem
    reply: ModelReply
    other: ModelReply | None = None
    graded: Graded | None = None
    preferred: Preference | None = None
    left_out: tuple[str, ...] = ()
    own_model: bool = False  # judged by the model that wrote it
    cut: bool = False
    judge_cost_nano_usd: int = 0
    judge_cost_known: bool = True


class Purse:
    """Counts what a run costs, over all threads; no call begins when it is empty."""

    def __init__(self, most_nano_usd: int | None) -> None:
        self._most = most_nano_usd
        self._spent = 0
        self._lock = threading.Lock()

    @property
    def is_empty(self) -> bool:
        """Returns True when nothing is left. Calls that run may still cost more than was left."""
        with self._lock:
            return self._most is not None and self._spent >= self._most

    def pay(self, reply: ModelReply) -> ModelReply:
        """Counts what a call cost, and returns its reply."""
        with self._lock:
            self._spent += reply.cost_nano_usd
        return reply


def judge_all(
    items: Sequence[JudgedItem], ask: Ask, versus: Ask | None, judge: Judge, purse: Purse
) -> list[JudgedRow]:
    """Returns every row with its verdicts, in the order of the rows."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(lambda item: _Row(item, judge, purse).judged(ask, versus), items))


class _Row:
    """Judges one row, and notes what went wrong on the way."""

    def __init__(self, item: JudgedItem, judge: Judge, purse: Purse) -> None:
        self._item = item
        self._judge = judge
        self._purse = purse
        self._left_out: list[str] = []
        self._cost = 0
        self._known = True
        self._cut = False

    def judged(self, ask: Ask, versus: Ask | None) -> JudgedRow:
        item = self._item
        reply = self._reply(item.answer, item.author, ask)
        other = self._reply(item.other, item.other_author, versus)
        graded, preferred = None, None
        own = [text for text in (reply, other) if text is not None and self._is_own(text)]
        if reply is not None and not reply.fault and self._may_judge(own):
            graded = self._graded(reply)
            if other is not None and not other.fault:
                preferred = self._preferred(reply, other)
        return JudgedRow(
            item,
            reply or ModelReply("", fault=NO_MONEY),
            other,
            graded,
            preferred,
            tuple(self._left_out),
            bool(own) and graded is not None,
            self._cut,
            self._cost,
            self._known,
        )

    def _reply(self, text: str, author: str, ask: Ask | None) -> ModelReply | None:
        """Returns the answer that the file gives, or the gateway's; None where there is none."""
        if text:
            return ModelReply(text, author, author)
        if ask is None:
            return None
        if self._purse.is_empty:
            self._left_out.append(NO_MONEY)
            return None
        reply = self._purse.pay(ask(self._item.messages))
        if reply.fault:
            self._left_out.append(f"no answer: {reply.fault}")
        return reply

    def _is_own(self, reply: ModelReply) -> bool:
        facts = self._judge.facts
        written_by = (reply.model, self._judge.models.get(reply.answerer, ""))
        return any(same_model(model, facts.model) for model in written_by)

    def _may_judge(self, own: Sequence[ModelReply]) -> bool:
        if own and not self._judge.own_model:
            self._left_out.append(OWN_MODEL)
            return False
        return True

    def _graded(self, reply: ModelReply) -> Graded | None:
        item, judge = self._item, self._judge
        asked = grading(judge.rubric, item.messages, reply.text, item.reference)
        text = self._said(asked)
        return None if text is None else self._or_noted(read_graded(text, judge.rubric, asked.mark))

    def _preferred(self, reply: ModelReply, other: ModelReply) -> Preference | None:
        orders: list[Compared] = []
        for first, second in ((reply, other), (other, reply)):
            rubric = self._judge.rubric
            asked = comparing(rubric, self._item.messages, first.text, second.text)
            text = self._said(asked)
            verdict = None if text is None else read_compared(text, rubric, asked.mark)
            if verdict is None:
                if text is not None:
                    self._left_out.append(NO_VERDICT)
                return None
            orders.append(verdict)
        return preference(orders[0], orders[1])

    def _or_noted(self, graded: Graded | None) -> Graded | None:
        if graded is None:
            self._left_out.append(NO_VERDICT)
        return graded

    def _said(self, asked: Asked) -> str | None:
        """Returns the judge's words; None, with the reason noted, where it gave none."""
        if self._purse.is_empty:
            self._left_out.append(NO_MONEY)
            return None
        self._cut = self._cut or asked.cut
        reply = self._purse.pay(self._judge.ask(fitted(asked, self._judge.facts).request))
        self._cost += reply.cost_nano_usd
        self._known = self._known and reply.cost_known
        if reply.fault:
            self._left_out.append(f"no verdict: {reply.fault}")
            return None
        return reply.text
