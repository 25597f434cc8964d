"""The step `context` over an operator's own documents: finds passages, and checks what cites them.

It asks a DocumentSearch under the rights of the caller and knows nothing about how that works.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from router.errors import CannotAnswer
from router.money.cost import message_bound
from router.policy.sections.answering.documents import DocumentsSection
from router.types import (
    NO_ANSWER_MODEL,
    Answer,
    AnswererFacts,
    ChatRequest,
    Choice,
    DocumentPassage,
    DocumentSearch,
    Hiding,
    Message,
    Reason,
    Rights,
    SearchResult,
    SourceNote,
    Usage,
    Work,
    citations_left,
)
from tiers.citing.citations import checked, sentences_of
from tiers.citing.fence import INSTRUCTIONS, Readings, as_written, cleaned, listed, mark_of
from tiers.citing.fitting import fitted
from tiers.citing.records import Records

NAME = "context"
"""Marks the messages as ours: a client's own system text still stands."""

MOST_PASSAGE_BYTES = 1_600
USUAL_PASSAGE_BYTES = 550
"""A passage as it is shown: 458 characters are the mean of the 751 passages of our own guides, and
its source stands beside it."""
"""Bytes of one passage as it is shown, marks and place included, at most. A chunk has 700
characters; one in letters of three bytes is cut."""

MOST_TEXT_BYTES, MOST_HEADING, MOST_SOURCE = 1_000, 60, 60
"""Bytes of its text; characters of its headings and of the name of its file."""

MOST_CHECKED = 400
"""Sentences of one answer that are held against passages; those after them are left out. A long
answer of a model has some hundred."""

NOTHING_FOUND = "I found nothing about this in the documents that I may read."
NOTHING_SUPPORTED = (
    "I found passages about this in the documents, but no answer that they support. Please look "
    "there:"
)


class Shown(Struct, frozen=True):
    """Holds the passages that a request was given, in the order of their numbers."""

    passages: tuple[DocumentPassage, ...]
    notes: tuple[str, ...] = ()  # what was unusual in finding and showing them


class DocumentContext:
    """Adds passages of documents to a request, and holds the answer against them."""

    def __init__(
        self,
        section: DocumentsSection,
        search: DocumentSearch,
        records: Records | None = None,
        readings: Readings = as_written,
    ) -> None:
        """Takes what finds passages and the rows beside them, and what undoes disguises."""
        self._readings = readings
        self._section = section
        self._search = search
        self._records = records
        added = message_bound(Message("system", INSTRUCTIONS, name=NAME))
        fence = message_bound(Message("user", "", name=NAME))
        shown = section.passages + len(section.records)
        self.most_bytes = added + fence + shown * MOST_PASSAGE_BYTES + 64
        self.usual_bytes = added + fence + shown * USUAL_PASSAGE_BYTES

    async def close(self) -> None:
        """Closes the lookups of rows; a later question opens them again."""
        if self._records is not None:
            await self._records.close()

    async def passages(self, work: Work, limit: int | None = None) -> SearchResult:
        """Returns the passages for a request that its caller may read, best first, then its rows.

        Raises AnswererNotReady where the store cannot be read, and Overloaded.
        """
        section = self._section
        collections, labels = frozenset(section.collections), frozenset(section.access)
        rights = Rights(work.tenant, collections, labels, work.key_id)
        # Tags find nothing: the search is on this machine and may have the request's own words.
        question = asked_in(work.asked)
        result = await self._search.find(question, rights, limit or section.passages)
        near = [passage for passage in result.passages if passage.p >= section.near_at]
        notes = list(result.notes)
        if self._records is not None:
            rows, missed = await self._records.rows_of(work)
            near += rows
            notes += missed
        return SearchResult(
            tuple([_cut(passage) for passage in cleaned(near, self._readings)]), tuple(notes)
        )

    async def gather(
        self, work: Work, facts: AnswererFacts, *, read_again: bool = False
    ) -> tuple[Work, Shown]:
        """Returns the request with the passages before its question, as many as its model can read.

        With `read_again` a later step reads the answer too. Raises CannotAnswer where passages are
        there, none fits, and the model may not answer without.
        """
        search = await self.passages(work)
        passages, notes = search.passages, search.notes
        if not passages:
            return work, Shown((), notes)
        if work.hiding is not None:
            passages = await _hidden(passages, work.hiding)
        mark = mark_of(work.request_id)
        fit = fitted(passages, work.request, facts, mark, read_again=read_again)
        passages, notes = fit.passages, (*notes, fit.note) if fit.note else notes
        if not passages:
            if self._section.without == "say_so":
                raise CannotAnswer(fit.note, reason=Reason.NOT_CAPABLE)
            return work, Shown((), notes)
        rules = Message("system", INSTRUCTIONS.format(mark=mark), name=NAME)
        shown = Message("user", listed(passages, mark), name=NAME)
        messages = work.request.messages
        last = max((i for i, m in enumerate(messages) if m.role == "user"), default=len(messages))
        request = replace(work.request, messages=(rules, *messages[:last], shown, *messages[last:]))
        return replace(work, request=request), Shown(passages, notes)

    def nothing(self, shown: Shown) -> Answer | None:
        """Returns the words for a question that no passage fits; None: the model is asked."""
        if shown.passages or self._section.without == "answer":
            return None
        choice = Choice(NOTHING_FOUND, "stop")
        # Nothing was asked, so no tokens are estimated either.
        usage = Usage(reported=True)
        return Answer(
            (choice,),
            NO_ANSWER_MODEL,
            usage,
            p=0.0,
            approved=True,
            verified=False,
            reason=Reason.NO_PASSAGE,
            gathered=shown.notes,
        )

    async def checked(self, request: ChatRequest, answer: Answer, shown: Shown) -> Answer:
        """Returns the answer with only what its sources bear out, and their places below it.

        A tool call, JSON and several choices have no sentences: they pass, with their sources.
        """
        answer = replace(answer, gathered=shown.notes) if shown.notes else answer
        if not shown.passages:
            return answer
        plain = request.response_format.kind == "text" and len(answer.choices) == 1
        if not self._section.check or not plain or answer.choices[0].tool_calls or not answer.text:
            return replace(
                answer,
                sources=source_notes(shown.passages, ()),
                passages=words_of(shown.passages),
                facts=_facts(answer, shown),
            )
        stated = sentences_of(answer.text)
        sentences = stated[:MOST_CHECKED]
        support = await self._search.support(
            [sentence.text for sentence in sentences],
            [passage.words for passage in shown.passages],
        )
        left = checked(sentences, support, self._section.supported_at)
        dropped = left.dropped + len(stated) - len(sentences)
        if not left.text:
            places = sources_below(shown.passages, range(1, 1 + min(3, len(shown.passages))))
            text = f"{NOTHING_SUPPORTED}\n{places}"
            answer = replace(answer, p=0.0, reason=Reason.NO_PASSAGE)  # the words answer nothing
            verified: bool | None = False
        else:
            below = sources_below(shown.passages, left.used)
            text = f"{left.text}\n\n{below}" if below else left.text
            verified = answer.verified
        said = answer.choices[0]
        cited = citations_left(said.citations, said.text, text)
        choice = replace(said, text=text, logprobs=(), citations=cited)
        return replace(
            answer,
            choices=(choice,),
            verified=verified,
            sources=source_notes(shown.passages, left.used),
            passages=words_of(shown.passages),
            facts=(*_facts(answer, shown), f"sentences left out: {dropped}"),
        )


async def _hidden(
    passages: Sequence[DocumentPassage], hiding: Hiding
) -> tuple[DocumentPassage, ...]:
    """Returns the passages with tags in place of personal details."""
    parts = [text for one in passages for text in (one.text, one.title, one.section, one.source)]
    texts = iter(await hiding.hidden(parts))
    return tuple(
        [
            _cut(replace(one, text=text, title=title, section=section, source=source))
            for one, text, title, section, source in zip(
                passages, texts, texts, texts, texts, strict=True
            )
        ]
    )


def asked_in(request: ChatRequest) -> str:
    """Returns the question; a short one with the turn before it, which it leans on."""
    asked = [m.text for m in request.messages if m.role == "user" and m.text.strip()]
    if not asked:
        return ""
    short = len(asked[-1].split()) <= 4 and len(asked) > 1
    return f"{asked[-2]}\n{asked[-1]}"[-2_000:] if short else asked[-1][:2_000]


def source_notes(
    passages: Sequence[DocumentPassage], used: Sequence[int]
) -> tuple[SourceNote, ...]:
    """Returns what the ledger keeps of the passages."""
    return tuple(
        SourceNote(passage.id, passage.collection, passage.place, n in used)
        for n, passage in enumerate(passages, start=1)
    )


def words_of(passages: Sequence[DocumentPassage]) -> tuple[str, ...]:
    """Returns the words of the passages, for the texts that a policy keeps."""
    return tuple(passage.words for passage in passages)


def sources_below(passages: Sequence[DocumentPassage], used: Sequence[int]) -> str:
    """Returns a line for each cited passage: `[1] returns.pdf, page 3`."""
    return "\n".join(f"[{n}] {passages[n - 1].place}" for n in used)


def _facts(answer: Answer, shown: Shown) -> tuple[str, ...]:
    places = (f"[{n}] {passage.place}" for n, passage in enumerate(shown.passages, start=1))
    return (*answer.facts, *places)


def _cut(passage: DocumentPassage) -> DocumentPassage:
    """Returns a passage that fits MOST_PASSAGE_BYTES as it is shown."""
    text = passage.text.encode()[:MOST_TEXT_BYTES].decode("utf-8", "ignore")
    section, source = passage.section[-MOST_HEADING:], passage.source[-MOST_SOURCE:]
    return replace(passage, text=text, section=section, source=source)
