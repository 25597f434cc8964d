"""The answerer of `kind: extractor`: what rules read for an endpoint by domain, before routing.

It answers no other request. Where fields are wanted that only a model writes, it leaves the request
to one, unless the policy has none.
"""

from __future__ import annotations

from router.errors import CannotAnswer
from router.policy.schema import ExtractorAnswerer, TierSection
from router.types import (
    Answer,
    AnswererFacts,
    Call,
    Capability,
    ChatRequest,
    Choice,
    Preview,
    PSource,
    Reason,
    Signals,
    Usage,
    Work,
)
from tiers.own_answerer import OwnAnswerer, facts_of

MODEL = "extractor:rules"


class ExtractorTier(OwnAnswerer):
    """The Answerer for `kind: extractor`."""

    def __init__(self, facts: AnswererFacts, endpoints: int, *, alone: bool) -> None:
        """Takes the count of the policy's endpoints; `alone` says that no model writes there."""
        super().__init__(facts, f"{endpoints} endpoints by domain")
        self._alone = alone

    def preview(self, request: ChatRequest, signals: Signals) -> Preview | None:
        """Returns the chance of what rules read for this request; None where they read nothing."""
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


def build_extractor(
    section: ExtractorAnswerer, tier: TierSection, endpoints: int, *, alone: bool
) -> ExtractorTier:
    """Returns the answerer of a policy's section."""
    facts = facts_of(section, tier, MODEL, capabilities=(Capability.JSON_SCHEMA,))
    return ExtractorTier(facts, endpoints, alone=alone)
