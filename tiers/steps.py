"""Runs the steps of a level-2 answer around any answerer: context, solve, refine, check.

`context` looks passages up and costs nothing; `solve` is the answerer's own call, already in the
books; `refine` and `check` are further calls through the gateway, so each is an attempt of its own.
A later step that fails leaves the answer as it was. It knows nothing about money, models or wires.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import re
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from router.errors import TiergateError
from router.money.cost import message_bound
from router.policy.parsing.code_fence import without_fence
from router.types import (
    Answer,
    AnswerCalls,
    Answerer,
    AnswererFacts,
    Call,
    ChatRequest,
    Clock,
    Delta,
    JsonText,
    Match,
    Message,
    ResponseFormat,
    Role,
    Sampling,
    Signals,
    Work,
)
from router.wire.openai.render import deltas_of
from tiers.approved_sources import cited_in, quoted_sources
from tiers.wrapping import WrappingAnswerer, ends_at

if TYPE_CHECKING:  # a policy without documents loads none of it
    from tiers.citing.document_context import DocumentContext

PASSAGES = 4  # about 250 tokens of approved answers: room in a context of 1,024
LIKELY, MOST_LIKELY = 0.03, 3  # chance from which triage's answers are shown, and how many of them
RELATIVE_FLOOR = 0.5  # a passage that scores below half of the best one is noise
K1, B = 1.2, 0.75  # BM25's usual constants (Robertson and Zaragoza 2009)
CONTEXT_NAME = "context"  # marks the message as ours: a client's own system text still stands
CHECK_TOKENS = 60
BYTES_OF_A_TOKEN = 4  # of English text, about
CHECK_SCHEMA = JsonText(
    '{"type":"object","properties":{"problem":{"type":"string","maxLength":120},'
    '"right":{"type":"boolean"}},"required":["problem","right"],"additionalProperties":false}'
)
STEPPED_ROLES = frozenset({Role.ANSWER, Role.SAMPLE})

_CONTEXT = (
    "Use these approved passages where they fit, and cite those you use as [id]. State nothing "
    "about this company's own offers, prices, times and rules that they do not say: where they do "
    "not answer the question, say so.\n"
)
_NO_CONTEXT = (
    "No approved passage fits this question. State nothing about this company's own offers, "
    "prices, times and rules: where the question is about them, say that you do not know."
)
_REFINE = (
    "Improve your answer: correct what is wrong, leave out what was not asked. Write the improved "
    "answer only."
)
_CHECK = (
    "Does the answer above answer the question and contradict nothing in it? Name the problem, or "
    "write none."
)


class Passage(Struct, frozen=True):
    """One thing that may be cited: an approved answer, with the document it comes from."""

    id: str
    text: str
    source: str
    asked_as: str = ""  # ways of asking for it: searched, never shown


class Passages:
    """A fixed list of passages, searched by BM25 over their words."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages = tuple(passages)
        self._counts = [Counter(_words(f"{p.asked_as} {p.text}")) for p in self._passages]
        self._mean_length = sum(c.total() for c in self._counts) / max(1, len(self._counts))
        holders = Counter(word for count in self._counts for word in count)
        total = len(self._passages)
        self._by_id = {one.id: one for one in self._passages}
        self._rarity = {
            word: math.log(1 + (total - n + 0.5) / (n + 0.5)) for word, n in holders.items()
        }

    def find(self, question: str, limit: int = PASSAGES) -> tuple[Passage, ...]:
        """Returns the passages that fit best, best first; none when no rare word is shared."""
        wanted = set(_words(question))
        scored = [
            (self._fit(count, wanted), -at, passage)
            for at, (count, passage) in enumerate(zip(self._counts, self._passages, strict=True))
        ]
        ranked = sorted((s for s in scored if s[0] > 0), key=lambda s: s[:2], reverse=True)
        return tuple(p for fit, _, p in ranked[:limit] if fit >= RELATIVE_FLOOR * ranked[0][0])

    def shown_for(self, question: str, match: Match | None) -> tuple[Passage, ...]:
        """Returns the passages to show: those that triage finds likely, then by rare words.

        The answers to each of several things that are asked for come first: none of them is left
        out for another that is likely for one. Triage knows a question in other words, and in other
        languages; words find what it misses.
        """
        named = () if match is None else match.likeliest
        asked = () if match is None else match.asked
        each = [self._by_id[name] for name, _ in asked if name in self._by_id]
        likely = [self._by_id[name] for name, p in named if p >= LIKELY and name in self._by_id]
        found = dict.fromkeys((*each, *likely[:MOST_LIKELY], *self.find(question)))
        return tuple(itertools.islice(found, PASSAGES))

    @property
    def most_bytes(self) -> int:
        """Returns the most bytes that the passages of `shown_for` take as they are shown."""
        lengths = sorted((len(_shown(one).encode()) for one in self._passages), reverse=True)
        return sum(lengths[:PASSAGES]) + PASSAGES

    @property
    def usual_bytes(self) -> int:
        """Returns the bytes that PASSAGES of them take on the average as they are shown."""
        lengths = [len(_shown(one).encode()) for one in self._passages]
        return min(PASSAGES, len(lengths)) * sum(lengths) // max(1, len(lengths))

    def _fit(self, count: Counter[str], wanted: set[str]) -> float:
        norm = K1 * (1 - B + B * count.total() / self._mean_length)
        return sum(
            self._rarity[word] * count[word] * (K1 + 1) / (count[word] + norm)
            for word in wanted
            if word in count
        )


class _Noted(Struct, frozen=True):
    """Holds what an answer notes of the passages that its author was given."""

    passages: tuple[Passage, ...] = ()
    texts: tuple[str, ...] = ()  # as they were shown

    def on(self, answer: Answer) -> Answer:
        """Returns the answer with its material, for steps and judges that read it."""
        if not self.passages:
            return answer
        facts = tuple(f"[{p.id}] {p.source}" for p in self.passages)
        material = (_CONTEXT + "\n".join(self.texts),)
        return replace(answer, facts=answer.facts + facts, material=material)

    def told(self, answer: Answer) -> Answer:
        """Returns the answer as it goes out, with what its words cite of the passages."""
        if not self.passages:
            return answer
        shown = {p.id: text for p, text in zip(self.passages, self.texts, strict=True)}
        said = "\n".join(choice.text for choice in answer.choices)
        cited, doubtful = cited_in(said, shown)
        notes = tuple(f"{id} is cited for more than its words say" for id in doubtful)
        places = {p.id: p.source for p in self.passages}
        sources = quoted_sources(places, cited)
        return replace(answer, sources=sources, gathered=(*answer.gathered, *notes))


_NOTHING = _Noted()


def _shown(passage: Passage) -> str:
    return f"[{passage.id}] {passage.text}"


class SteppedAnswerer(WrappingAnswerer):
    """Wraps an answerer whose answers pass the named steps, in order: context to check."""

    def __init__(
        self,
        inner: Answerer,
        steps: Sequence[str],
        passages: Passages | None = None,
        *,
        clock: Clock,
        documents: DocumentContext | None = None,
    ) -> None:
        """Takes approved answers or documents for the step `context`; documents go first."""
        super().__init__(inner)
        self._clock = clock
        self._steps = frozenset(steps)
        self._documents = documents if "context" in self._steps else None
        cites = "context" in self._steps and documents is None
        self._passages = passages if cites else None
        added = Message("system", _CONTEXT, name=CONTEXT_NAME)
        self._added = 0 if self._documents is None else self._documents.most_bytes
        usual = 0 if self._documents is None else self._documents.usual_bytes
        if self._passages is not None:
            self._added = message_bound(added) + self._passages.most_bytes
            usual = message_bound(added) + self._passages.usual_bytes
        self._usual_tokens = usual // BYTES_OF_A_TOKEN

    @property
    def facts(self) -> AnswererFacts:
        """Returns the inner answerer's, with what passages may add to a request."""
        facts = self._inner.facts
        if not self._added:
            return facts
        return replace(facts, added_input_tokens=facts.added_input_tokens + self._added)

    def calls(self, signals: Signals | None, each: int) -> AnswerCalls:
        """Returns the calls of one answer of `each` tokens: its own, then `refine` and `check`.

        Each reads passages of usual length, and each later one the answer before it.
        """
        calls, read, output = 1, self._usual_tokens, each
        if "refine" in self._steps:
            calls, output = calls + 1, output + each
            read += self._usual_tokens + each + len(_REFINE) // BYTES_OF_A_TOKEN
        if "check" in self._steps:
            calls, output = calls + 1, output + min(each, CHECK_TOKENS)
            read += self._usual_tokens + each + len(_CHECK + CHECK_SCHEMA) // BYTES_OF_A_TOKEN
        return AnswerCalls(calls, read, output)

    async def close(self) -> None:
        """Closes the answerer, and what the step `context` asks."""
        await super().close()
        if self._documents is not None:
            await self._documents.close()

    async def answer(self, work: Work, call: Call) -> Answer:
        """Returns the inner answer after all steps; `verified` is the result of `check`, if any.

        `usage` is that of `solve`, since the gateway books the other steps as their own attempts.
        """
        if work.role not in STEPPED_ROLES:  # one of our own steps, or a deliberation's
            return await self._inner.answer(work, call)
        until = ends_at(work, self._clock)
        if self._documents is not None:
            return await self._from_documents(self._documents, work, call, until)
        solved, noted = await self._with_context(work)
        answer = noted.on(await self._inner.answer(solved, call))
        return noted.told(await self._after(solved.request, answer, call, until))

    async def _from_documents(
        self, documents: DocumentContext, work: Work, call: Call, until: float
    ) -> Answer:
        """Returns an answer from documents; its citations are checked after all other steps."""
        again = bool(self._steps & {"refine", "check"})
        solved, shown = await documents.gather(work, self._inner.facts, read_again=again)
        words = documents.nothing(shown)
        if words is not None:
            return words
        answer = await self._inner.answer(solved, call)
        answer = await self._after(solved.request, answer, call, until)
        answer = await documents.checked(work.request, answer, shown)
        texts = [f"[{n}] {one.text}" for n, one in enumerate(shown.passages, start=1)]
        return replace(answer, material=tuple(texts))

    async def stream(self, work: Work, call: Call) -> AsyncGenerator[list[Delta], None]:
        """Streams through if nothing follows `solve`, otherwise yields the whole answer at once."""
        if work.role in STEPPED_ROLES and (
            self._documents is not None or self._steps & {"refine", "check"}
        ):
            answer = await self.answer(work, call)
            yield list(deltas_of(answer))
            return
        solved, noted = work, _NOTHING
        if work.role in STEPPED_ROLES:
            solved, noted = await self._with_context(work)
        async with aclosing(self._inner.stream(solved, call)) as steps:
            async for pieces in steps:
                final = pieces[-1].final
                if final is not None and noted.passages:
                    final = noted.told(noted.on(final))
                    pieces = [*pieces[:-1], replace(pieces[-1], final=final)]
                yield pieces

    async def _with_context(self, work: Work) -> tuple[Work, _Noted]:
        """Returns the request with the passages it may cite, and the citations for its answer."""
        if self._passages is None:
            return work, _NOTHING
        asked = work.asked
        passages = self._passages.shown_for(asked.last_user_text, work.signals.match)
        texts = [_shown(passage) for passage in passages]
        if passages and work.hiding is not None:
            texts = list(await work.hiding.hidden(texts))
        listed = _CONTEXT + "\n".join(texts) if passages else _NO_CONTEXT
        messages = (Message("system", listed, name=CONTEXT_NAME), *work.request.messages)
        request = replace(work.request, messages=messages)
        return replace(work, request=request), _Noted(passages, tuple(texts))

    async def _after(
        self, request: ChatRequest, answer: Answer, call: Call, until: float
    ) -> Answer:
        """Runs `refine` and `check` on one text; a tool call or several choices stay as they are.

        The answer is paid for. So when a step fails, or does not end by `until` (the loop's
        time), the answer in hand remains the answer; `verified` then stays None.
        """
        if len(answer.choices) != 1 or answer.choices[0].tool_calls or not answer.text:
            return answer
        try:
            async with asyncio.timeout_at(until):
                if "refine" in self._steps:
                    asked = _follow_up(request, answer.text, _REFINE)
                    refined = await call(self.facts.name, asked, Role.REFINE)
                    choices = refined.choices if refined.text else answer.choices
                    told = (*answer.refined, bool(refined.text))
                    answer = replace(answer, choices=choices, refined=told)
                if "check" in self._steps:
                    asked = _as_check(_follow_up(request, answer.text, _CHECK))
                    verdict = await call(self.facts.name, asked, Role.CHECK)
                    answer = replace(answer, verified=_reads_right(verdict.text))
        except (TiergateError, TimeoutError):
            return answer
        return answer


def _follow_up(request: ChatRequest, draft: str, instruction: str) -> ChatRequest:
    messages = (*request.messages, Message("assistant", draft), Message("user", instruction))
    return replace(request, messages=messages, tools=(), tool_choice=None, stream=False)


def _as_check(request: ChatRequest) -> ChatRequest:
    form = ResponseFormat("json_schema", "check", CHECK_SCHEMA, strict=True)
    sampling = Sampling(temperature=0.0, seed=request.sampling.seed, max_output_tokens=CHECK_TOKENS)
    return replace(request, response_format=form, sampling=sampling)


def _reads_right(text: str) -> bool | None:
    """Returns the verdict of the check; None when it cannot be read."""
    try:
        right = json.loads(without_fence(text))["right"]
    except (ValueError, KeyError, TypeError, RecursionError):  # the last: brackets without end
        return None
    return right if isinstance(right, bool) else None


def _words(text: str) -> list[str]:
    """Returns lower-case words and numbers, with the commonest endings cut.

    >>> _words("Refunded my parcels?")
    ['refund', 'my', 'parcel']
    """
    words = re.findall(r"[a-z0-9]+", text.lower())
    return [re.sub(r"(?<=[a-z]{4})(?:ing|ed|es|s)$", "", word) for word in words]
