"""The answerer of `kind: passages`: quotes the nearest approved answers, with their sources.

Triage names the likeliest intents and their chances. As few answers are quoted as make it likely
enough that the right one is among them; where even the most allowed do not reach `quote_at`, or do
not hold the words of the question, none is. A local model may put the quoted answers into its own
words. Each of its sentences must then be borne out by them (`grounding`); where none is, the
quotation goes out word for word. The answer's `sources` name the approved answers that its words
bear out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from router.errors import CannotAnswer, TiergateError
from router.policy.content.knowledge import IntentSection
from router.policy.content.offers import together_in
from router.policy.content.shelf_veto import kept_off_shelf
from router.policy.schema import PassagesAnswerer, TierSection
from router.types import (
    Answer,
    AnswererFacts,
    AnswererStatus,
    Call,
    Capability,
    ChatRequest,
    Choice,
    Match,
    Preview,
    PSource,
    Reason,
    Signals,
    Usage,
    Work,
)
from tiers.approved_sources import quoted_sources, used_in
from tiers.grounding import covers, grounded
from tiers.own_answerer import OwnAnswerer, facts_of, written_tokens
from tiers.rephrasing import draft_of
from tiers.resolver import Resolver

LEAST_EACH = 0.03
"""An answer below this chance is not quoted: it would rather confuse than help."""
MOST_CERTAIN = 0.99
REPHRASED_TOKENS = 160

SEVERAL = "These approved answers are the nearest to your question:"


class Passages(OwnAnswerer):
    """Implements the Answerer for `kind: passages`.

    `resolver` holds the approved answers and fills slots.
    """

    def __init__(self, section: PassagesAnswerer, facts: AnswererFacts, resolver: Resolver) -> None:
        super().__init__(facts)
        self._section = section
        self._resolver = resolver

    def status(self) -> AnswererStatus:
        """Returns the status of the resolver, which is started and closed as an own answerer."""
        return self._resolver.status()

    def preview(self, request: ChatRequest, signals: Signals) -> Preview | None:
        """Returns the chance that a quoted answer is right, None where nothing is near enough."""
        p = _chance(self._nearest(request, signals), signals)
        return Preview(min(p, MOST_CERTAIN), PSource.MATCH, Reason.QUOTED) if p else None

    async def answer(self, work: Work, call: Call) -> Answer:
        """Returns the quoted answers, or what a model made of them.

        Raises CannotAnswer with the reason nothing_to_resolve, or slot_unfilled where a lookup
        found nothing.
        """
        nearest = self._nearest(work.request, work.signals)
        if not nearest:
            raise CannotAnswer("no approved answer is near enough to be quoted")
        texts, quoted, empty = [], [], None
        for intent, chance in nearest:
            try:
                texts.append((intent, await self._resolver.filled(intent, work)))
                quoted.append((intent, chance))
            except CannotAnswer as error:
                empty = error
        p = _chance(quoted, work.signals)
        half = len(quoted) < len(nearest) and _asks_twice(work.signals)
        if empty is not None and (half or p < self._section.quote_at):
            raise empty
        answer = Answer(
            choices=(Choice(text=_quoted(texts), finish_reason="stop"),) * work.request.sampling.n,
            model=self._resolver.facts.model,
            usage=Usage(work.signals.input_tokens, output_tokens=written_tokens(_quoted(texts))),
            p=min(p, MOST_CERTAIN),
            matched=texts[0][0].id,
            approved=True,
            facts=tuple(f"quoted: {intent.id} ({intent.source})" for intent, _ in texts),
        )
        by_id = {intent.id: text for intent, text in texts}
        answer, cited = await self._rephrased(answer, work, call, by_id)
        places = {intent.id: intent.source for intent, _ in texts}
        return replace(answer, sources=quoted_sources(places, cited))

    def _nearest(self, request: ChatRequest, signals: Signals) -> list[tuple[IntentSection, float]]:
        """Returns the fewest answers that are likely enough, [] where all allowed are not."""
        section, match = self._section, signals.match
        plain = request.response_format.kind == "text" and not request.is_for_tools
        if match is None or not plain or self._resolver.asks_for_class(request):
            return []
        if match.language:  # the sources are in English
            return []
        if match.asked:
            return self._for_each(request, signals, match)
        chosen: list[tuple[IntentSection, float]] = []
        for name, chance in match.likeliest:
            intent = self._resolver.fillable(name, request)
            if intent is None or chance < LEAST_EACH or kept_off_shelf(signals, intent):
                continue
            if not intent.offered:  # small talk is no source
                continue
            chosen.append((intent, chance))
            if _chance(chosen, signals) >= section.enough or len(chosen) == section.at_most:
                break
        if _chance(chosen, signals) < section.quote_at:
            return []
        known = frozenset().union(*[self._resolver.stems(intent.id) for intent, _ in chosen])
        return chosen if covers(request.last_user_text, known) else []

    def _for_each(
        self, request: ChatRequest, signals: Signals, match: Match
    ) -> list[tuple[IntentSection, float]]:
        """Returns the answer to each thing that a request asks for; [] where one has none."""
        answers = [(self._resolver.fillable(name, request), p) for name, p in match.asked]
        chosen = [
            (intent, p)
            for intent, p in answers
            if intent is not None and intent.offered and not kept_off_shelf(signals, intent)
        ]
        whole = 1 < len(chosen) == len(answers) <= self._section.at_most
        likely = _chance(chosen, signals) >= self._section.quote_at
        return chosen if whole and likely else []

    async def _rephrased(
        self, answer: Answer, work: Work, call: Call, texts: Mapping[str, str]
    ) -> tuple[Answer, Sequence[str]]:
        """Returns the answer in a model's words where the passages bear them out, else as it is.

        Beside it stand the ids of the passages that it holds.
        """
        if self._section.rephrase is None:
            return answer, tuple(texts)
        model, passages = self._section.rephrase, "\n".join(texts.values())
        try:
            draft = await draft_of(passages, model, work, call, REPHRASED_TOKENS)
        except TiergateError:
            return answer, tuple(texts)  # the quotation is good without it
        whole = draft.text if draft.choices[0].finish_reason == "stop" else _whole(draft.text)
        kept = grounded(whole, tuple(texts.values()))
        if not kept:
            return replace(answer, refined=(False,)), tuple(texts)
        choices = (Choice(text=kept, finish_reason="stop"),) * work.request.sampling.n
        answer = replace(answer, choices=choices, approved=False, refined=(True,))
        return answer, used_in(kept, texts)


def build_passages(section: PassagesAnswerer, tier: TierSection, resolver: Resolver) -> Passages:
    """Returns the answerer of a policy's section, over the resolver that it names."""
    facts = facts_of(
        section, tier, resolver.facts.model, capabilities=[Capability.MULTIPLE_CHOICES]
    )
    return Passages(section, facts, resolver)


def _asks_twice(signals: Signals) -> bool:
    return signals.match is not None and bool(signals.match.asked)


def _chance(nearest: Sequence[tuple[IntentSection, float]], signals: Signals) -> float:
    """Returns the chance that one of some answers is right; of each, where each is asked for."""
    if _asks_twice(signals):
        return math.prod([chance for _, chance in nearest]) if nearest else 0.0
    if signals.match is None:
        return 0.0
    fitted = together_in([(intent.id, chance) for intent, chance in nearest], signals.match)
    # Never more than the answers state, so that none is quoted before it is given or offered.
    return min(fitted, sum([chance for _, chance in nearest]))


def _quoted(texts: Sequence[tuple[IntentSection, str]]) -> str:
    """Returns the quotation: one answer with its source below, or a list with theirs before."""
    if len(texts) == 1:
        intent, text = texts[0]
        return f"{text}\n\n(Source: {intent.source})"
    listed = "\n\n".join(f"{intent.source}: {text}" for intent, text in texts)
    return f"{SEVERAL}\n\n{listed}"


def _whole(text: str) -> str:
    """Returns a text that was cut short up to its last whole sentence."""
    end = max(text.rfind(mark) for mark in ".!?")
    return text[: end + 1]
