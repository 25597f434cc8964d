"""The answerer of `kind: extractor`: what rules read for an endpoint by domain, before routing.

It answers no other request. Where fields are wanted that only a model writes, it leaves the request
to one, unless the policy has none.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator

from router.errors import CannotAnswer
from router.policy.schema import ExtractorAnswerer, TierSection
from router.policy.sections.capabilities import complete
from router.types import (
    Answer,
    AnswererFacts,
    AnswererState,
    AnswererStatus,
    Call,
    Capability,
    ChatRequest,
    Choice,
    Delta,
    Preview,
    PSource,
    Reason,
    Signals,
    Usage,
    Work,
)

MODEL = "extractor:rules"


class ExtractorTier:
    """The Answerer for `kind: extractor`."""

    def __init__(self, facts: AnswererFacts, endpoints: int, *, alone: bool) -> None:
        """Takes the count of the policy's endpoints; `alone` says that no model writes there."""
        self._facts = facts
        self._alone = alone
        self._status = AnswererStatus(AnswererState.READY, f"{endpoints} endpoints by domain")

    @property
    def facts(self) -> AnswererFacts:
        return self._facts

    def status(self) -> AnswererStatus:
        return self._status

    async def start(self) -> None:
        """Does nothing: the rules were read with the policy."""

    async def close(self) -> None:
        """Does nothing: nothing is held open."""

    def preview(self, request: ChatRequest, signals: Signals) -> Preview | None:
        """Returns what is known of the answer to this request, None where there is none."""
        prepared = request.prepared
        if prepared is None or not (prepared.whole or self._alone):
            return None
        return Preview(prepared.p, PSource.LABELLED, Reason.READ_BY_RULES)

    async def answer(self, work: Work, call: Call) -> Answer:
        """Returns what rules read. Raises CannotAnswer for a request of another endpoint."""
        prepared = work.request.prepared
        if prepared is None:
            raise CannotAnswer("rules read only requests of endpoints by domain")
        return Answer(
            choices=(Choice(text=prepared.answer, finish_reason="stop"),),
            model=self._facts.model,
            usage=Usage(work.signals.input_tokens),
            p=prepared.p,
        )

    async def stream(self, work: Work, call: Call) -> AsyncGenerator[Delta, None]:
        """Yields the answer in one piece."""
        answer = await self.answer(work, call)
        yield Delta(text=answer.text)
        yield Delta(final=answer)


def build_extractor(
    section: ExtractorAnswerer, tier: TierSection, endpoints: int, *, alone: bool
) -> ExtractorTier:
    """Returns the answerer of a policy's section."""
    facts = AnswererFacts(
        name=section.name,
        tier=tier.name,
        level=tier.level,
        kind=section.kind,
        model=MODEL,
        price=section.price.to_price(),
        max_output_tokens=section.max_output_tokens,
        context_tokens=0,
        capabilities=complete((Capability.JSON_SCHEMA,)),
        expected_output_tokens=section.expected_output_tokens,
        latency_ms=section.expected_latency_ms,
        deadline_ms=int(section.deadline_s * 1000),
    )
    return ExtractorTier(facts, endpoints, alone=alone)
