"""Holds what answerers that need no model or server of their own have in common.

They are ready from the start and hold nothing open. Their facts come from their section.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Iterable

from router.policy.schema import AnswererSection, TierSection
from router.policy.sections.capabilities import complete
from router.types import (
    Answer,
    AnswererFacts,
    AnswererState,
    AnswererStatus,
    Call,
    Capability,
    Delta,
    Work,
)


class OwnAnswerer(ABC):
    """Answers in one piece. `detail` says in its status what it answers from."""

    def __init__(self, facts: AnswererFacts, detail: str = "") -> None:
        self._facts = facts
        self._status = AnswererStatus(AnswererState.READY, detail)

    @property
    def facts(self) -> AnswererFacts:
        return self._facts

    def status(self) -> AnswererStatus:
        return self._status

    # Few have more to start or to close, and those have methods of their own.
    async def start(self) -> None:  # noqa: B027
        """Does nothing: what it needs was read with the policy."""

    async def close(self) -> None:  # noqa: B027
        """Does nothing: nothing is held open."""

    @abstractmethod
    async def answer(self, work: Work, call: Call) -> Answer:
        """Returns the answer. Raises CannotAnswer where there is none."""

    async def stream(self, work: Work, call: Call) -> AsyncGenerator[list[Delta], None]:
        """Yields each choice in one piece."""
        yield in_whole_choices(await self.answer(work, call))


def in_whole_choices(answer: Answer) -> list[Delta]:
    """Returns an answer as one piece for the text of each choice, and the final one."""
    pieces = [Delta(text=choice.text, index=i) for i, choice in enumerate(answer.choices)]
    return [*pieces, Delta(final=answer)]


def facts_of(
    section: AnswererSection,
    tier: TierSection,
    model: str,
    *,
    context_tokens: int = 0,
    capabilities: Iterable[Capability] = (),
) -> AnswererFacts:
    """Returns the facts of an answerer; `model` stands in the place of a model's name."""
    return AnswererFacts(
        name=section.name,
        tier=tier.name,
        level=tier.level,
        kind=section.kind,
        model=model,
        price=section.price.to_price(),
        max_output_tokens=section.output_cap,
        context_tokens=context_tokens,
        capabilities=complete(capabilities),
        expected_output_tokens=section.expected_output_tokens,
        latency_ms=section.expected_latency_ms,
        deadline_ms=int(section.deadline_s * 1000),
    )


def written_tokens(text: str) -> int:
    """Returns about four tokens for three words, rounded up.

    Nothing is paid by this figure; a report's baselines say what a model would have cost by it.
    """
    return -(-len(text.split()) * 4 // 3)
