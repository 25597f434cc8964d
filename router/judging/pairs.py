"""Holds who compares two answers by what, and turns both orders into one note. Pure."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from router.judging.asking import (
    MOST_ANSWER,
    MOST_QUESTION,
    TOKENS_BESIDE,
    TOKENS_EACH,
    Asked,
    comparing,
    described,
    fitted,
    talk,
)
from router.judging.verdicts import FIRST, SECOND, Compared, preference, read_compared
from router.policy.content.rubrics import Rubric
from router.policy.judge_checks import same_model
from router.types import AnswererFacts, ChatRequest, PairNote

SHOWN, SHADOW, NEITHER = "shown", "shadow", "same"
ORDERS = 2
_FRAME_BYTES = 3_000
"""Bounds what stands around texts and rubric: the rules, the task, and the schema of a verdict."""
_BYTES = 4  # of one character, at most


class PairJudge(Struct, frozen=True):
    """Holds who compares the answer that a client got with its shadow."""

    rubric: Rubric
    digest: str  # of the rubric
    judge: AnswererFacts
    own_model: bool = False  # the judge may compare answers of its own model

    def bars(self, *models: str) -> bool:
        """Returns True where the judge's own model wrote one of the answers."""
        own = any(same_model(model, self.judge.model) for model in models)
        return own and not self.own_model

    def most(self, request: ChatRequest, shown: str, shadow_tokens: int) -> AnswererFacts:
        """Returns the judge with what one verdict takes at most, as tokens that are added.

        `shadow_tokens` bounds the answer that is not written yet.
        """
        count = len(self.rubric.criteria)
        _, question = talk(request.messages)
        characters = min(len(question), MOST_QUESTION) + min(len(shown), MOST_ANSWER)
        characters += min(_BYTES * shadow_tokens, MOST_ANSWER)
        beside = len(described(self.rubric).encode()) + _FRAME_BYTES + 300 * count
        verdict = TOKENS_BESIDE + TOKENS_EACH * count
        hidden = self.judge.hides_reasoning  # then its own limit holds
        return replace(
            self.judge,
            added_input_tokens=self.judge.added_input_tokens + _BYTES * characters + beside,
            max_output_tokens=self.judge.max_output_tokens
            if hidden
            else min(self.judge.max_output_tokens, verdict),
        )

    def asked(self, request: ChatRequest, shown: str, shadow: str) -> tuple[Asked, Asked]:
        """Returns both orders: the shown answer first, then the shadow first."""
        pairs = ((shown, shadow), (shadow, shown))
        shown_first, shadow_first = (
            fitted(comparing(self.rubric, request.messages, first, second), self.judge)
            for first, second in pairs
        )
        return shown_first, shadow_first

    def read(self, text: str, asked: Asked) -> Compared | None:
        """Returns the verdict of one order; None for words that are none."""
        return read_compared(text, self.rubric, asked.mark)

    def note(self, forward: Compared, swapped: Compared, *models: str) -> PairNote:
        """Returns what both orders come to; `models` wrote the two answers."""
        preferred = preference(forward, swapped)
        better = {FIRST: SHOWN, SECOND: SHADOW}.get(preferred.better, NEITHER)
        own = any(same_model(model, self.judge.model) for model in models)
        return replace(
            self.without(""),
            better=better,
            flipped=preferred.flipped,
            steers=preferred.steers,
            own_model=own,
        )

    def without(self, fault: str) -> PairNote:
        """Returns the note of a pair without a verdict, and why."""
        return PairNote(self.rubric.name, self.digest, self.judge.name, fault=fault)
