"""Gives approved words in place of a model that may not answer by itself (`alone: false`).

The words say what this installation cannot do. They go out at once, as an answer that nobody
vouches for, so that the policy's `exhausted` decides and the verdict is `unverified`. The model
behind is still there for steps of others, such as rephrasing quoted passages.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

from msgspec.structs import replace

from router.errors import CannotAnswer
from router.types import (
    NO_ANSWER_MODEL,
    Answer,
    Answerer,
    AnswererFacts,
    AnswererState,
    AnswererStatus,
    Call,
    Capability,
    ChatRequest,
    Choice,
    Delta,
    Domain,
    Preview,
    PSource,
    Reason,
    Role,
    Signals,
    Usage,
    Work,
)
from tiers.own_answerer import in_whole_choices
from tiers.wrapping import WrappingAnswerer

OWN_ROLES = frozenset({Role.ANSWER, Role.SAMPLE, Role.SHADOW})
"""What a rung asks for itself; every other role is a step of another answerer."""

NO_SHAPE = "approved words are no JSON, no call of a tool and no summary (alone: false)"


class WordsOnly(WrappingAnswerer):
    """Wraps an answerer whose own answers are approved words; `inner` does the steps of others."""

    def __init__(self, inner: Answerer, words: Callable[[Domain, str], str]) -> None:
        super().__init__(inner)
        self._words = words

    @property
    def facts(self) -> AnswererFacts:
        """Returns the model's facts without its name, which wrote no word, and its list price.

        Words have no log probabilities, so a request for them is not answered by words.
        """
        facts = self._inner.facts
        unlisted = replace(facts.price, per_request_nano_usd=None)
        kept = facts.capabilities - {Capability.LOGPROBS}
        return replace(facts, model=NO_ANSWER_MODEL, price=unlisted, capabilities=kept)

    def status(self) -> AnswererStatus:
        """Returns READY, whatever the model does: words are always there."""
        inner = self._inner.status().detail
        detail = f"approved words only (alone: false){'; ' if inner else ''}{inner}"
        return AnswererStatus(AnswererState.READY, detail)

    def preview(self, request: ChatRequest, signals: Signals) -> Preview | None:
        """Returns that no answer of a model will come: the chance of being right is 0."""
        return Preview(0.0, PSource.KNOWN, Reason.NO_MODEL)

    async def answer(self, work: Work, call: Call) -> Answer:
        """Returns the words, or the inner answer for a step of another answerer.

        Raises CannotAnswer where words cannot take the promised shape.
        """
        if work.role not in OWN_ROLES:
            return await self._inner.answer(work, call)
        request = work.request
        if request.needs_shape:
            raise CannotAnswer(NO_SHAPE, reason=Reason.NO_MODEL)
        text = self._words(work.signals.known_domain, work.signals.language)
        choice = Choice(text=text, finish_reason="stop")
        return Answer(
            choices=(choice,) * request.sampling.n,
            model=NO_ANSWER_MODEL,
            usage=Usage(),  # as of all words in place of an answer: nobody sold a token
            p=0.0,
            approved=True,
            verified=False,
            facts=("no model answers this by itself: see `alone` in the policy",),
        )

    async def stream(self, work: Work, call: Call) -> AsyncGenerator[list[Delta], None]:
        """Yields the words in one piece, or the inner pieces for a step of another answerer."""
        if work.role not in OWN_ROLES:
            async for pieces in self._inner.stream(work, call):
                yield pieces
            return
        yield in_whole_choices(await self.answer(work, call))
