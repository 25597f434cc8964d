"""Answers at level 1 with approved answers and classification results from a knowledge file.

Triage says which intent fits (`signals.match`). The resolver has the slots filled and says what it
matched, asks the file's own question for a value that is missing, or declines so that the ladder
climbs. It knows nothing about embeddings, thresholds or money.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from router.errors import CannotAnswer
from router.policy.content.knowledge import (
    IntentSection,
    Knowledge,
    classification_task,
    classified_text,
    in_one_line,
    in_scope,
    priority_of,
)
from router.policy.content.offers import Offering, offer_text, only_courteous, together_in
from router.policy.content.shelf_veto import kept_off_shelf
from router.policy.parsing.json_schema import schema_faults
from router.policy.schema import LookupSection, ResolverAnswerer, TierSection
from router.types import (
    Answer,
    AnswererFacts,
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
from tiers.about_words import AboutWords
from tiers.irony import praises_a_trouble
from tiers.offering import LACKS_WORDS, Chosen, Offers, asks_for_none, told_of, worth_offering
from tiers.own_answerer import OwnAnswerer, facts_of, written_tokens
from tiers.slots import Lookup, NotFoundError, Slots, not_shown

BOTH_QUOTED = 0.7
"""Chance of both answers to a request that asks twice, from which quoting both is better than
asking back: the default of `quote_at`."""
_Verdict = tuple[Reason | None, Preview | None, Offers]
"""Holds the reason why level 1 can say nothing to a request, and what it asks back: the preview of
a question, and the intents that this one offers."""

Floor = Callable[[ChatRequest, Signals], float]
"""Returns the chance from which level 1 answers a request."""


def no_floor(request: ChatRequest, signals: Signals) -> float:
    """Returns the floor of a policy without one: every match is sure enough."""
    return 0.0


class _Wording(NamedTuple):
    """Holds the approved words of one language, and what fills their slots."""

    knowledge: Knowledge
    slots: Slots


class Resolver(OwnAnswerer):
    """Implements the Answerer for `kind: resolver`; owns and closes its slots and lookups."""

    def __init__(
        self,
        facts: AnswererFacts,
        knowledge: Knowledge,
        slots: Slots,
        section: ResolverAnswerer,
        floor: Floor,
    ) -> None:
        super().__init__(facts, _status_detail(knowledge))
        self._knowledge = knowledge
        self._slots = slots
        self._wordings = {
            language: _Wording(translation, slots.for_language(translation))
            for language, translation in knowledge.translations.items()
        }
        self._clarify = section.clarify
        self._about = AboutWords(knowledge, section.traffic)
        self._floor = floor
        # Deciding and answering each ask twice in a row about one request.
        self._last: tuple[ChatRequest, Signals, _Verdict] | None = None

    async def close(self) -> None:
        """Closes the lookups."""
        await self._slots.close()

    def declines(self, request: ChatRequest, signals: Signals) -> Reason | None:
        """Returns why this request cannot be resolved, as far as known without a lookup; else None.

        `decide` gets it as `RungFacts.declined`. A slot that a lookup fills may turn out empty.
        """
        (unfit, asks, _), match = self._verdict(request, signals), signals.match
        if unfit or asks or match is None or self.asks_for_class(request):
            return unfit
        filled = self.fillable(match.intent_id, request, match.language)
        return None if filled else Reason.SLOT_UNFILLED

    def asks(self, request: ChatRequest, signals: Signals) -> Preview | None:
        """Returns the preview of a question back to the user; None where it asks nothing."""
        return self._verdict(request, signals)[1]

    def beforehand(self, request: ChatRequest, signals: Signals) -> tuple[str | None, bool]:
        """Returns what goes out in place of the answer, and True where a lookup fills it."""
        match, asks = signals.match, self.asks(request, signals)
        if match is None or asks is not None or self.asks_for_class(request):
            return None, False
        knowledge = self._wording_of(match).knowledge
        intent = knowledge.intents.get(match.intent_id)
        if intent is None:
            return None, False
        looks_up = any(slot.from_ == "lookup" for slot in intent.slots.values())
        if match.confidence >= self._floor(request, signals):
            return None, looks_up
        return self._instead(match, request, knowledge), looks_up

    def offering(self, request: ChatRequest, signals: Signals) -> Offering:
        """Returns for people what is offered, or why nothing is; empty where nothing could be."""
        match, unfit = signals.match, self._unfit(request, signals)
        if match is None or unfit is not None or self.asks_for_class(request):
            return Offering()
        knowledge = self._wording_of(match).knowledge
        return told_of(self._offers(request, signals), match, knowledge, self._clarify)

    def _verdict(self, request: ChatRequest, signals: Signals) -> _Verdict:
        last = self._last
        if last is None or last[0] is not request or last[1] is not signals:
            unfit, asks, match = self._unfit(request, signals), None, signals.match
            offers: Offers = []
            if unfit is None and match is not None and not self.asks_for_class(request):
                asks = self._both(match, request, signals)
                if asks is None:
                    offers, _ = self._offers(request, signals)
                    unfit = self._unsaid(match, request, signals, offers)
                    asks = None if unfit else self._question(match, request, offers)
            last = self._last = request, signals, (unfit, asks, offers)
        return last[2]

    def _both(self, match: Match, request: ChatRequest, signals: Signals) -> Preview | None:
        """Returns the preview of the answers to all that a request asks for; None where they are
        not surely right together, or it says something else too.

        Each is held to what holds for one answer. Their chances are multiplied.
        """
        if not match.asks_only or match.language:
            return None
        if not self._fit([self.fillable(name, request) for name, _ in match.asked], signals):
            return None
        chance = math.prod([p for _, p in match.asked])
        sure = chance >= self._floor(request, signals)
        return Preview(chance, PSource.MATCH, Reason.BOTH_ANSWERED) if sure else None

    def _question(self, match: Match, request: ChatRequest, offers: Offers) -> Preview | None:
        if offers:
            p = together_in(offers, match)
            least = None if self._clarify is None else self._clarify.together
            return Preview(p, PSource.MATCH, Reason.ASKED_WHICH, least)
        words, slots = self._wording_of(match)
        questions = slots.questions(words.intents[match.intent_id], request)
        # One question at a time, and none where an answer could not follow.
        if questions and all(questions):
            return Preview(match.confidence, PSource.MATCH, Reason.ASKED_FOR_SLOT)
        return None

    def _offers(self, request: ChatRequest, signals: Signals) -> Chosen:
        """Returns the intents whose questions are offered; [] for none, with why."""
        section, match = self._clarify, signals.match
        if section is None or match is None:
            return [], ""
        # Of what is surely asked for, the kind of the whole message says nothing.
        if len(match.asked) == 1 and (known := self._asked_for(match, request, signals)):
            return known, ""
        if why := asks_for_none(section, signals, request.last_user_text):
            return [], why
        if both := self._asked_for(match, request, signals):
            fits = len(both) <= section.most
            return (both, "") if fits else ([], "more is asked for than `clarify.most` allows")
        offers, why = worth_offering(
            match,
            section,
            self._floor(request, signals),
            lambda name: self._may_offer(name, match, signals),
        )
        if offers and not self._about.hold(offers, match, request):
            return [], f"those likely have {together_in(offers, match):.2f}, but {LACKS_WORDS}"
        return offers, why

    def _may_offer(self, name: str, match: Match, signals: Signals) -> bool | None:
        """Returns if an intent is offered; None where it is kept off the shelf, which ends a list:
        who means what is too grave is asked nothing else in its place."""
        intent = self._wording_of(match).knowledge.intents.get(name)
        if intent is None:
            return False
        return None if kept_off_shelf(signals, intent) else intent.offered

    def _asked_for(self, match: Match, request: ChatRequest, signals: Signals) -> Offers:
        """Returns all that a request asks for where an answer lacks a value, so that they cannot be
        quoted together, or where there is only one answer; [] for any other request."""
        intents = [self._knowledge.intents.get(name) for name, _ in match.asked]
        fills = all([self.fillable(name, request) for name, _ in match.asked])
        if fills and len(match.asked) != 1:
            return []
        return list(match.asked) if self._fit(intents, signals) else []

    def _fit(self, intents: Sequence[IntentSection | None], signals: Signals) -> bool:
        """Returns True where each of several answers is there, and may be offered."""
        return all([one and one.offered and not kept_off_shelf(signals, one) for one in intents])

    def stems(self, name: str) -> frozenset[str]:
        """Returns the beginnings of all words of an intent."""
        return self._about.stems(name)

    def _unfit(self, request: ChatRequest, signals: Signals) -> Reason | None:
        """Returns why level 1 can say nothing at all to a request."""
        unfit, match = self._unfit_alone(request, signals), signals.match
        if unfit is not None or match is None or not request.is_for_tools:
            return unfit
        sure = match.confidence >= self._floor(request, signals)
        return Reason.TOOLS_OFFERED if sure else Reason.NOTHING_TO_RESOLVE

    def _unfit_alone(self, request: ChatRequest, signals: Signals) -> Reason | None:
        """Returns why level 1 could say nothing even if the request offered no tools."""
        match = signals.match
        task = classification_task(request, self._knowledge)
        if match is None or not in_scope(match.intent_id, task):
            return Reason.NOTHING_TO_RESOLVE
        if task is not None:
            known = [d.id for d in self._knowledge.content.classifications[task].departments]
            if _department(match) not in known:
                return Reason.NOTHING_TO_RESOLVE
        elif (
            match.intent_id not in self._wording_of(match).knowledge.intents
            or request.response_format.kind != "text"
        ):
            return Reason.NOTHING_TO_RESOLVE
        elif kept_off_shelf(signals, intent := self._knowledge.intents[match.intent_id]):
            return Reason.KEPT_OFF_SHELF
        elif not intent.offered and praises_a_trouble(request):
            return Reason.NOTHING_TO_RESOLVE
        return None

    def _unsaid(
        self, match: Match, request: ChatRequest, signals: Signals, offers: Offers
    ) -> Reason | None:
        """Returns why level 1 neither gives the answer that fits nor asks back."""
        if match.asked:
            # What asks twice may be better asked back than quoted both. One is never quoted alone.
            both = math.prod([chance for _, chance in match.asked])
            if not offers or (both >= BOTH_QUOTED and offers != list(match.asked)):
                return Reason.ASKS_TWICE
        idle = not offers and self._idle(match, request, signals)
        return Reason.NOTHING_TO_RESOLVE if idle else None

    def _idle(self, match: Match, request: ChatRequest, signals: Signals) -> bool:
        """Returns True for an unsure answer that is small talk or lacks what the request is about.

        A wrong "goodbye" is worse than no answer, and so is "delete my account" to a question on
        how to get rid of something else.
        """
        if match.confidence >= self._floor(request, signals):
            return False
        if not self._knowledge.intents[match.intent_id].offered:
            return True
        return self._about.lacks(match, request)

    async def answer(self, work: Work, call: Call) -> Answer:
        """Returns the approved answer, the question for what it lacks, or the class as JSON.

        Raises: CannotAnswer with the reason nothing_to_resolve, slot_unfilled, not_capable or
        answer_invalid.
        """
        declined, match = self.declines(work.request, work.signals), work.signals.match
        if declined is not None or match is None:
            what = "nothing" if match is None else match.intent_id
            reason = declined or Reason.NOTHING_TO_RESOLVE
            raise CannotAnswer(f"matched {what}, declined: {reason}", reason=reason)
        if self.asks_for_class(work.request):
            text, facts = self._classified(work.request, match)
            return self._answered(text, facts, work, match)
        knowledge, slots = self._wording_of(match)
        _, asks, offers = self._verdict(work.request, work.signals)
        if asks is not None and asks.because is Reason.BOTH_ANSWERED:
            return await self._answered_both(work, match, asks.p)
        if asks is not None and asks.because is Reason.ASKED_WHICH:
            ids = [name for name, _ in offers]
            facts = tuple(f"offered: {name}" for name in ids)
            text = offer_text(
                ids, knowledge, half=len(match.asked) == 1 and offers == [*match.asked]
            )
            answer = self._answered(text, facts, work, match, asks.because)
            return replace(answer, p=asks.p, matched=None)
        intent = knowledge.intents[match.intent_id]
        facts = (f"source: {intent.source}",)
        if match.language:
            facts = (*facts, f"matched word for word through English from {match.language}")
        if asks is not None:
            question = slots.questions(intent, work.request)[0]
            facts = (*facts, f"lacks: {slots.lacks(intent, work.request)}")
            return self._answered(question, facts, work, match, asks.because)
        try:
            text = await slots.filled(intent, work.request, work.tenant)
        except NotFoundError as error:
            words = knowledge.content.keys[error.key].not_found
            if words is None:
                raise not_shown(intent, error) from None
            return self._answered(in_one_line(words), facts, work, match, Reason.KEY_NOT_FOUND)
        answer = self._answered(text, facts, work, match)
        if match.confidence >= self._floor(work.request, work.signals):
            return answer
        return replace(answer, instead=self._instead(match, work.request, knowledge))

    async def _answered_both(self, work: Work, match: Match, chance: float) -> Answer:
        """Returns the approved answers to all that a request asks for, in its order."""
        intents = [self._knowledge.intents[name] for name, _ in match.asked]
        texts = [await self.filled(intent, work) for intent in intents]
        facts = tuple([f"answered: {intent.id} ({intent.source})" for intent in intents])
        text = "\n\n".join(texts)
        answer = self._answered(text, facts, work, match, Reason.BOTH_ANSWERED)
        return replace(answer, p=chance, matched=None)

    def _instead(self, match: Match, request: ChatRequest, knowledge: Knowledge) -> str:
        """Returns the one question that goes out in place of an answer that is not sure enough.

        It is "" where the approved texts lack what the request is about: nothing is worth asking.
        """
        nothing = only_courteous(request.last_user_text)
        if nothing or not knowledge.intents[match.intent_id].offered:
            return ""
        likeliest = [(match.intent_id, match.confidence)]
        about = self._about.hold(likeliest, match, request)
        return offer_text([match.intent_id], knowledge) if about else ""

    def _answered(
        self,
        text: str,
        facts: tuple[str, ...],
        work: Work,
        match: Match,
        reason: Reason | None = None,
    ) -> Answer:
        return Answer(
            choices=(Choice(text=text, finish_reason="stop"),) * work.request.sampling.n,
            model=self._facts.model,
            usage=Usage(work.signals.input_tokens, output_tokens=written_tokens(text)),
            p=match.confidence,
            matched=match.intent_id,
            approved=True,
            facts=facts,
            reason=reason,
        )

    def fillable(
        self, intent_id: str, request: ChatRequest, language: str = ""
    ) -> IntentSection | None:
        """Returns the intent where all its slots have a value, as far as known without a lookup."""
        knowledge, slots = self._wordings.get(language) or (self._knowledge, self._slots)
        intent = knowledge.intents.get(intent_id)
        if intent is None or slots.questions(intent, request):
            return None
        return intent

    def _wording_of(self, match: Match) -> _Wording:
        """Returns the approved words in the language of a match."""
        return self._wordings.get(match.language) or _Wording(self._knowledge, self._slots)

    def asks_for_class(self, request: ChatRequest) -> bool:
        """Returns True for a request that wants a classification, not an answer."""
        return classification_task(request, self._knowledge) is not None

    async def filled(self, intent: IntentSection, work: Work) -> str:
        """Returns the approved answer with its slots filled.

        Raises: CannotAnswer with the reason slot_unfilled.
        """
        try:
            return await self._slots.filled(intent, work.request, work.tenant)
        except NotFoundError as error:
            raise not_shown(intent, error) from None

    def _classified(self, request: ChatRequest, match: Match) -> tuple[str, tuple[str, ...]]:
        task = match.intent_id.partition("/")[0]
        section = self._knowledge.content.classifications[task]
        department = _department(match)
        text = classified_text(request, task, self._knowledge)
        priority, why = priority_of(text, department, section.priorities)
        values: dict[str, str | float] = {
            "department": department,
            "priority": priority,
            "confidence": round(match.confidence, 4),
        }
        result = {field: values[field] for field in section.fields}
        schema = request.response_format.schema
        faults = () if schema is None else schema_faults(result, schema)
        if faults:
            raise CannotAnswer(
                f"{task} gives {', '.join(section.fields)}, which does not fit the schema asked "
                f"for: {faults[0]}",
                reason=Reason.ANSWER_INVALID,
            )
        facts = (f"source: {self._knowledge.content.name}, {task}", f"priority: {why}")
        return json.dumps(result, ensure_ascii=False), facts


def build_resolver(
    section: ResolverAnswerer,
    tier: TierSection,
    knowledge: Knowledge,
    lookups: Mapping[str, Lookup],
    sections: Sequence[LookupSection],
    floor: Floor = no_floor,
) -> Resolver:
    """Returns the resolver of a policy; it gets those of `lookups` that its section allows."""
    classifies = bool(knowledge.content.classifications)
    # JSON is promised for classifications alone; `declines` turns other JSON requests away.
    promised = {Capability.MULTIPLE_CHOICES, *([Capability.JSON_SCHEMA] if classifies else [])}
    model = f"resolver:{knowledge.label}@{knowledge.digest}"
    facts = facts_of(section, tier, model, capabilities=promised)
    allowed = {name: lookups[name] for name in section.lookups if name in lookups}
    slots = Slots(knowledge, allowed, {s.name: s for s in sections})
    return Resolver(facts, knowledge, slots, section, floor)


def _status_detail(knowledge: Knowledge) -> str:
    """Returns what a resolver answers from, for its status."""
    content = knowledge.content
    kinds = {"answer": content.intents, "classification": content.classifications}
    parts = [f"{len(of)} {kind}{'s' if len(of) != 1 else ''}" for kind, of in kinds.items() if of]
    languages = ", ".join(sorted(knowledge.translations))
    return ", ".join(parts) + (f"; also in {languages}" if languages else "")


def _department(match: Match) -> str:
    return match.intent_id.partition("/")[2]
