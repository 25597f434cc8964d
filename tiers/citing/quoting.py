"""The answerer of `kind: documents`: quotes the sentences of documents that answer best.

No model writes the answer, so it holds nothing that a document does not say. A local model may put
the quotation into its own words; what no passage supports is then left out, and where nothing is
left the quotation goes out word for word.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from router.errors import CannotAnswer, TiergateError
from router.policy.schema import DocumentsAnswerer, TierSection
from router.types import (
    Answer,
    AnswererFacts,
    Call,
    Capability,
    Choice,
    DocumentPassage,
    Reason,
    Usage,
    Work,
)
from tiers.citing.document_context import (
    NOTHING_FOUND,
    DocumentContext,
    Shown,
    source_notes,
    sources_below,
    words_of,
)
from tiers.citing.fence import listed, mark_of
from tiers.citing.fitting import quoted_of
from tiers.own_answerer import OwnAnswerer, facts_of, written_tokens
from tiers.rephrasing import draft_of

MODEL = "documents"
"""Stands in the place of a model: none wrote the words."""

MOST_CERTAIN = 0.95
REPHRASED_TOKENS = 200


def _nothing(why: str) -> CannotAnswer:
    return CannotAnswer(why, reason=Reason.NO_PASSAGE, words=NOTHING_FOUND)


class Quoting(OwnAnswerer):
    """The Answerer for `kind: documents`. All policies share the store, which others close."""

    def __init__(
        self, section: DocumentsAnswerer, facts: AnswererFacts, documents: DocumentContext
    ) -> None:
        super().__init__(facts)
        self._section = section
        self._documents = documents

    async def close(self) -> None:
        """Closes the lookups of rows."""
        await self._documents.close()

    async def answer(self, work: Work, call: Call) -> Answer:
        """Returns the quotation, or what a model made of it. Raises CannotAnswer."""
        request = work.request
        if request.is_for_tools or request.response_format.kind != "text":
            raise CannotAnswer("quoted documents keep no schema and call no tool")
        result = await self._documents.passages(work, self._section.at_most)
        near = tuple(passage for passage in result.passages if passage.p >= self._section.quote_at)
        if not near:
            raise _nothing("no passage of the documents is near enough to be quoted")
        question = request.last_user_text
        quoted = [quoted_of(passage.text, question) for passage in near]
        quotation = "\n\n".join(f"{text} [{n}]" for n, text in enumerate(quoted, start=1) if text)
        numbers = [n for n, text in enumerate(quoted, start=1) if text]
        if not quotation:
            raise _nothing("the nearest passages hold nothing but orders to a model")
        answer = Answer(
            choices=(Choice(f"{quotation}\n\n{sources_below(near, numbers)}", "stop"),),
            model=MODEL,
            usage=Usage(work.signals.input_tokens, output_tokens=written_tokens(quotation)),
            p=min(near[0].p, MOST_CERTAIN),
            facts=tuple(f"quoted: [{n}] {near[n - 1].place}" for n in numbers),
            sources=source_notes(near, numbers),
            passages=words_of(near),
            gathered=result.notes,
        )
        answer = await self._rephrased(answer, work, call, near)
        return replace(answer, choices=answer.choices * request.sampling.n)

    async def _rephrased(
        self, answer: Answer, work: Work, call: Call, near: Sequence[DocumentPassage]
    ) -> Answer:
        """Returns the answer in a model's words where the passages bear them out."""
        if self._section.rephrase is None:
            return answer
        shown = listed(near, mark_of(work.request_id))
        try:
            draft = await draft_of(shown, self._section.rephrase, work, call, REPHRASED_TOKENS)
            # Whatever comes now, the draft is paid for.
            answer = replace(answer, refined=(False,))
            whole = replace(draft, choices=(Choice(draft.text, "stop"),), facts=())
            checked = await self._documents.checked(work.request, whole, Shown(tuple(near)))
        except TiergateError:
            return answer  # the quotation is good without it
        if checked.verified is False or not any(note.cited for note in checked.sources):
            return answer
        return replace(
            answer,
            choices=checked.choices,
            sources=checked.sources,
            passages=checked.passages,
            refined=(True,),
        )


def build_quoting(
    section: DocumentsAnswerer, tier: TierSection, documents: DocumentContext
) -> Quoting:
    """Returns the answerer of a policy's section."""
    facts = facts_of(section, tier, MODEL, capabilities=[Capability.MULTIPLE_CHOICES])
    return Quoting(section, facts, documents)
