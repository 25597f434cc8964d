"""The answerer of `kind: exact`: exact tools first, then approved small talk.

It answers a request only where a tool or the file of small talk understands all of it, and declines
every other one before the ladder is decided. Where a sum lacks only a rate, it asks for one, and
reads it from the reply: clients send the whole conversation. So "times two" goes on with the sum
before it. It reads the day from its clock, calls nothing and costs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date

from msgspec import Struct

from router.errors import CannotAnswer
from router.money.days import utc_day
from router.policy.content.offers import only_courteous
from router.policy.content.small_talk import SmallTalk
from router.policy.schema import ExactAnswerer as ExactSection
from router.policy.schema import TierSection
from router.types import (
    Answer,
    AnswererFacts,
    Call,
    Capability,
    ChatRequest,
    Choice,
    Clock,
    Message,
    Preview,
    PSource,
    Reason,
    Signals,
    Usage,
    Work,
)
from tiers.exact.continued import continued
from tiers.exact.tools import Solved, compile_forms, solved, solved_with_more, solved_with_rate
from tiers.irony import praises_a_trouble
from tiers.own_answerer import OwnAnswerer, facts_of, written_tokens

P_RIGHT = 0.99
"""Results are exact; what is left is that a question was understood in another way than meant."""


Cores = Callable[[str, str], tuple[str, ...]]
"""Returns what is left of a message in a language without its signature, and without its frame."""


def no_cores(text: str, language: str) -> tuple[str, ...]:
    """Returns no further reading of a message: it is understood as it is, or not."""
    return ()


class _Known(Struct, frozen=True):
    """Holds an answer that is known before the call."""

    text: str
    because: Reason
    facts: tuple[str, ...]
    matched: str | None = None


class ExactTier(OwnAnswerer):
    """Implements the Answerer for `kind: exact`."""

    def __init__(
        self,
        section: ExactSection,
        facts: AnswererFacts,
        talk: SmallTalk | None,
        clock: Clock,
        cores: Cores,
    ) -> None:
        phrases = 0 if talk is None else len(talk.by_phrase)
        # No rate of exchange is known here.
        shown = {"currency": "currency at a stated rate"}
        tools = ", ".join([shown.get(tool, tool) for tool in section.tools])
        known = f"; {phrases} phrase{'' if phrases == 1 else 's'} of small talk" if phrases else ""
        super().__init__(facts, f"{tools}{known}")
        self._tools = frozenset(section.tools)
        self._talk = talk
        self._clock = clock
        self._cores = cores
        self._compiling: asyncio.Future[None] | None = None

    async def start(self) -> None:
        """Begins to compile the forms of the tools, in a thread; nobody need wait for it."""
        self._compiling = asyncio.ensure_future(asyncio.to_thread(compile_forms))

    async def close(self) -> None:
        """Waits for the thread."""
        if self._compiling is not None:
            await self._compiling

    def preview(self, request: ChatRequest, signals: Signals) -> Preview | None:
        """Returns the chance of the exact answer to this request; None without such an answer."""
        known = self._known(request, signals.language)
        return None if known is None else Preview(P_RIGHT, PSource.KNOWN, known.because)

    async def answer(self, work: Work, call: Call) -> Answer:
        """Returns the result or the approved words. Raises CannotAnswer where there is neither."""
        known = self._known(work.request, work.signals.language)
        if known is None:
            raise CannotAnswer("no exact tool and no small talk fits all of this request")
        return Answer(
            choices=(Choice(text=known.text, finish_reason="stop"),) * work.request.sampling.n,
            model=self._facts.model,
            usage=Usage(work.signals.input_tokens, output_tokens=written_tokens(known.text)),
            p=P_RIGHT,
            matched=known.matched,
            approved=True,
            facts=known.facts,
            reason=known.because if known.because is Reason.ASKED_FOR_SLOT else None,
        )

    def _known(self, request: ChatRequest, language: str) -> _Known | None:
        if request.response_format.kind != "text" or request.is_for_tools:
            return None
        text = request.last_user_text
        opens = sum(message.role in ("user", "assistant") for message in request.messages) == 1
        known = self._read(text, opens)
        if known is not None and known.matched and _is_no_talk(request, known.matched):
            return None
        if known is None and not opens and (replied := self._replied(request)) is not None:
            return _computed(replied)
        if known is not None:
            return known
        cores = (self._read(core, opens) for core in self._cores(text, language))
        return next((known for known in cores if known is not None), None)

    def _read(self, text: str, opens: bool) -> _Known | None:
        """Returns the answer to a text of which a tool or the small talk understands every word."""
        result = solved(text, self._today(), self._tools, opens=opens)
        if result is not None:
            return _computed(result)
        reply = None if self._talk is None else self._talk.reply(text, opens=opens)
        if reply is None:
            return None
        return _Known(reply.answer, Reason.SMALL_TALK, (f"small talk: {reply.id}",), reply.id)

    def _replied(self, request: ChatRequest) -> Solved | None:
        """Returns the sum of the turn before with the rate that we asked for, or a reduction."""
        talk = [m for m in request.messages if m.role not in ("system", "developer")]
        if [turn.role for turn in talk[-3:]] != ["user", "assistant", "user"]:
            return None
        asked, ours, reply = (turn.text for turn in talk[-3:])
        rated = solved_with_rate(asked, ours, reply) if "currency" in self._tools else None
        more = rated or solved_with_more(asked, ours, reply, self._today(), self._tools)
        if more is not None:
            return more
        goes_on = continued(_by_turns(talk))
        return None if goes_on is None else solved(goes_on, self._today(), self._tools)

    def _today(self) -> date:
        return utc_day(self._clock.now_ms())


def _is_no_talk(request: ChatRequest, matched: str) -> bool:
    """Returns True for words that are no small talk here: irony, or "that's it" to an offer."""
    if praises_a_trouble(request):
        return True
    ours = request.messages[-2].text.splitlines() if len(request.messages) > 1 else []
    offers = len(ours) > 2 and ours[0].rstrip().endswith("?")
    return offers and matched == "goodbye" and not only_courteous(request.last_user_text)


def _by_turns(talk: Sequence[Message]) -> list[str]:
    """Returns the texts at the end of a talk in which the user and we took turns."""
    texts: list[str] = []
    for message in reversed(talk):
        if message.role != ("assistant" if len(texts) % 2 else "user"):
            break
        texts.append(message.text)
    return texts[::-1][1 - len(texts) % 2 :]


def _computed(result: Solved) -> _Known:
    tool = f"tool: {result.tool}"
    if result.lacks:
        return _Known(result.text, Reason.ASKED_FOR_SLOT, (tool, f"lacks: {result.lacks}"))
    return _Known(result.text, Reason.EXACT_TOOL, (tool,))


def build_exact(
    section: ExactSection,
    tier: TierSection,
    talk: SmallTalk | None,
    clock: Clock,
    cores: Cores = no_cores,
) -> ExactTier:
    """Returns the answerer of a policy's section. `cores`: what a message is without its frame."""
    facts = facts_of(section, tier, "exact:tools", capabilities=[Capability.MULTIPLE_CHOICES])
    return ExactTier(section, facts, talk, clock, cores)
