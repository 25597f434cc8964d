"""Answers at level 1 with approved answers and classification results from a knowledge file.

Triage says which intent fits (`signals.match`); the resolver fills the slots and says what it
matched, or declines so that the ladder climbs. Values are data: cleaned, length-limited and put in
once, never read as a template. It knows nothing about embeddings, thresholds or money.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import AsyncGenerator, Mapping
from typing import Protocol

from router.errors import CannotAnswer
from router.policy.content.knowledge import (
    SLOT,
    IntentSection,
    Knowledge,
    SlotSection,
    classification_task,
    classified_text,
    in_scope,
    priority_of,
    written_key,
)
from router.policy.content.shelf_veto import kept_off_shelf
from router.policy.parsing.json_schema import schema_faults
from router.policy.schema import ResolverAnswerer, TierSection
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
    Match,
    Reason,
    Signals,
    Usage,
    Work,
)

MAX_SLOT_CHARACTERS = 300
"""A longer value is no value: cut short, a link or a sum would be wrong instead of missing."""
MAX_ROWS = 8
"""Lookups asked for one answer; our longest answer needs one."""
DELTA_WORDS = 8


class Lookup(Protocol):
    """A row of values by key. Raises: CannotAnswer."""

    async def row(self, key: str) -> Mapping[str, str] | None: ...

    async def close(self) -> None: ...


class Resolver:
    """The Answerer for `kind: resolver`. It owns its lookups, and closes them."""

    def __init__(
        self, facts: AnswererFacts, knowledge: Knowledge, lookups: Mapping[str, Lookup]
    ) -> None:
        self._facts = facts
        self._knowledge = knowledge
        self._lookups = lookups
        content = knowledge.content
        detail = f"{len(content.intents)} answers, {len(content.classifications)} classifications"
        self._status = AnswererStatus(AnswererState.READY, detail)

    @property
    def facts(self) -> AnswererFacts:
        return self._facts

    def status(self) -> AnswererStatus:
        return self._status

    async def start(self) -> None:
        """Does nothing: the knowledge file was read with the policy."""

    async def close(self) -> None:
        for lookup in self._lookups.values():
            await lookup.close()

    def declines(self, request: ChatRequest, signals: Signals) -> Reason | None:
        """Returns why this request cannot be resolved, as far as known without a lookup; else None.

        `decide` is told so as `RungFacts.declined`. A slot that a lookup fills may turn out empty.
        """
        match = signals.match
        task = classification_task(request, self._knowledge)
        if match is None or request.tools:
            return Reason.NOTHING_TO_RESOLVE
        if not in_scope(match.intent_id, task):
            return Reason.NOTHING_TO_RESOLVE
        if task is not None:
            known = [d.id for d in self._knowledge.content.classifications[task].departments]
            if _department(match) not in known:
                return Reason.NOTHING_TO_RESOLVE
            return Reason.NOT_CAPABLE if request.sampling.n > 1 else None
        intent = self._knowledge.intents.get(match.intent_id)
        if intent is None or request.response_format.kind != "text":
            return Reason.NOTHING_TO_RESOLVE
        if kept_off_shelf(signals, intent):
            return Reason.KEPT_OFF_SHELF
        if request.sampling.n > 1:
            return Reason.NOT_CAPABLE  # there is an answer, but no second one beside it
        for name, slot in intent.slots.items():
            if self._given(name if slot.from_ == "context" else slot.key or "", request) is None:
                return Reason.SLOT_UNFILLED
        return None

    async def answer(self, work: Work, call: Call) -> Answer:
        """Returns the approved answer, or the class as JSON.

        Raises: CannotAnswer with the reason nothing_to_resolve, slot_unfilled, not_capable or
        answer_invalid.
        """
        declined = self.declines(work.request, work.signals)
        match = work.signals.match
        if declined is not None or match is None:
            what = "nothing" if match is None else match.intent_id
            reason = declined or Reason.NOTHING_TO_RESOLVE
            raise CannotAnswer(f"matched {what}, declined: {reason}", reason=reason)
        task = classification_task(work.request, self._knowledge)
        if task is not None:
            text, facts = self._classified(work.request, task, match)
        else:
            intent = self._knowledge.intents[match.intent_id]
            text = await self._filled(intent, work.request)
            facts = (f"source: {intent.source}",)
        return Answer(
            choices=(Choice(text=text, finish_reason="stop"),),
            model=self._facts.model,
            usage=Usage(work.signals.input_tokens, output_tokens=_tokens(text)),
            p=match.confidence,
            matched=match.intent_id,
            approved=True,
            facts=facts,
        )

    async def stream(self, work: Work, call: Call) -> AsyncGenerator[Delta, None]:
        """Yields the answer in pieces of DELTA_WORDS words, then the final one."""
        answer = await self.answer(work, call)
        words = answer.text.split(" ")
        for start in range(0, len(words), DELTA_WORDS):
            blank = " " if start else ""
            yield Delta(text=blank + " ".join(words[start : start + DELTA_WORDS]))
        yield Delta(final=answer)

    async def _filled(self, intent: IntentSection, request: ChatRequest) -> str:
        values: dict[str, str] = {}
        rows: dict[tuple[str, str], Mapping[str, str] | None] = {}
        for name, slot in intent.slots.items():
            found = await self._slot(name, slot, request, rows)
            value = None if found is None else slot_value(found)
            if value is None:
                raise CannotAnswer(
                    f"matched {intent.id}, but the slot {name} has no value",
                    reason=Reason.SLOT_UNFILLED,
                )
            values[name] = value
        return SLOT.sub(lambda place: values[place.group(1)], intent.answer)

    async def _slot(
        self,
        name: str,
        slot: SlotSection,
        request: ChatRequest,
        rows: dict[tuple[str, str], Mapping[str, str] | None],
    ) -> str | None:
        if slot.from_ == "context":
            return self._given(name, request)
        key = self._given(slot.key or "", request)
        lookup = self._lookups.get(slot.lookup or "")
        if key is None or lookup is None:
            return None
        place = (slot.lookup or "", key)
        if place not in rows:
            if len(rows) == MAX_ROWS:
                return None
            rows[place] = await lookup.row(key)
        row = rows[place]
        return None if row is None else row.get(slot.field or "")

    def _given(self, name: str, request: ChatRequest) -> str | None:
        """Returns the context's value of `name`, or what the user wrote in its declared form."""
        given = request.hints.context.get(name)
        if given is not None:
            return given if slot_value(given) is not None else None
        return written_key(name, request.last_user_text, self._knowledge)

    def _classified(
        self, request: ChatRequest, task: str, match: Match
    ) -> tuple[str, tuple[str, ...]]:
        section = self._knowledge.content.classifications[task]
        department = _department(match)
        text = classified_text(request, task, self._knowledge)
        priority, why = priority_of(text, department, section.priorities)
        said: dict[str, str | float] = {
            "department": department,
            "priority": priority,
            "confidence": round(match.confidence, 4),
        }
        result = {field: said[field] for field in section.fields}
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
) -> Resolver:
    """Returns the resolver of a policy; it gets those of `lookups` that its section allows."""
    classifies = bool(knowledge.content.classifications)
    facts = AnswererFacts(
        name=section.name,
        tier=tier.name,
        level=tier.level,
        kind=section.kind,
        model=f"resolver:{knowledge.label}@{knowledge.digest}",
        price=section.price.to_price(),
        max_output_tokens=section.max_output_tokens,
        context_tokens=0,
        # JSON is promised for classifications alone; `declines` turns other JSON requests away.
        capabilities=complete({Capability.JSON_SCHEMA} if classifies else ()),
        expected_output_tokens=section.expected_output_tokens,
        latency_ms=section.expected_latency_ms,
        deadline_ms=int(section.deadline_s * 1000),
    )
    allowed = {name: lookups[name] for name in section.lookups if name in lookups}
    return Resolver(facts, knowledge, allowed)


def slot_value(value: str) -> str | None:
    """Returns a value that may go into an answer: one line, no control characters; else None.

    >>> slot_value(" A-1\\n\\x1b"), slot_value("\\u202e")
    ('A-1', None)
    """
    if len(value) > 4 * MAX_SLOT_CHARACTERS:
        return None
    spaced = "".join(" " if c.isspace() else c for c in value)
    visible = "".join(c for c in spaced if unicodedata.category(c)[0] != "C")
    clean = " ".join(visible.split())
    return clean if 0 < len(clean) <= MAX_SLOT_CHARACTERS else None


def _department(match: Match) -> str:
    return match.intent_id.partition("/")[2]


def _tokens(text: str) -> int:
    """Returns about four tokens for three words, rounded up; nothing is paid by this figure."""
    return -(-len(text.split()) * 4 // 3)
