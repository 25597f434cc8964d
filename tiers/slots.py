"""Fills the slots of approved answers: from the request's context, and from rows of lookups.

A key that somebody typed opens a row only where the lookup's section in the policy says so, and
only a row that belongs to the one who asks. Whoever asks for another's row learns nothing: it and a
row that does not exist get the same words, after the same steps. Values are data: cleaned,
length-limited and put in once, never read as a template.
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

from router.errors import CannotAnswer
from router.policy.content.keys import KeySection, keys_in
from router.policy.content.knowledge import SLOT, IntentSection, Knowledge, in_one_line
from router.policy.content.leaning import MAX_BACK
from router.policy.content.replies import SlotReply, reply_of
from router.policy.schema import LookupSection
from router.policy.sections.answering.without_model import TENANT, TypedSection
from router.types import ChatRequest, Reason

MAX_SLOT_CHARACTERS = 300
"""A longer value is no value: cut short, a link or a sum would be wrong instead of missing."""
MAX_ROWS = 8
"""Lookups asked for one answer; our longest answer needs one."""

Row = Mapping[str, str]


class Lookup(Protocol):
    """A row of values by key. Raises: CannotAnswer."""

    async def row(self, key: str) -> Row | None: ...

    async def close(self) -> None: ...


class NotFoundError(Exception):
    """Says that a typed key has no row that may be shown."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class _Value(NamedTuple):
    text: str
    typed: bool  # by the user; else the context has it


class Slots:
    """Fills the slots of one knowledge file's answers. It owns its lookups, and closes them."""

    def __init__(
        self,
        knowledge: Knowledge,
        lookups: Mapping[str, Lookup],
        sections: Mapping[str, LookupSection],
    ) -> None:
        self._knowledge = knowledge
        self._lookups = lookups
        self._sections = sections

    def for_language(self, knowledge: Knowledge) -> Slots:
        """Returns slots of the same lookups for the words of another language."""
        return Slots(knowledge, self._lookups, self._sections)

    async def close(self) -> None:
        for lookup in self._lookups.values():
            await lookup.close()

    def questions(self, intent: IntentSection, request: ChatRequest) -> tuple[str, ...]:
        """Returns the approved question for each value that an answer lacks, "" where none helps.

        It needs no lookup. A question helps where its answer could be used: where the key may be
        typed, or has no written form and comes with the context.
        """
        before = _last_reply(request)
        names = self._missing(intent, request)
        return tuple(self._question(name, intent, before) for name in names)

    def lacks(self, intent: IntentSection, request: ChatRequest) -> str:
        """Returns the first value that an answer lacks, and where it may come from, for operators.

        It says nothing of the conversation, and goes into the decision, never into an answer.
        """
        name = self._missing(intent, request)[0]
        typed = " or in the user's words" if self._needs(name, intent) is not None else ""
        return f"{name}, in routing.context{typed}"

    def _missing(self, intent: IntentSection, request: ChatRequest) -> tuple[str, ...]:
        if not intent.slots:
            return ()
        reply = reply_of(request, self._knowledge)
        lacking = [self._lacking(key, intent, request, reply) for key in _keys(intent)]
        return tuple(dict.fromkeys(name for names in lacking for name in names))

    def _question(self, name: str, intent: IntentSection, before: str) -> str:
        section = self._knowledge.content.keys.get(name)
        if section is None or section.ask is None:
            return ""
        usable = section.pattern is None or self._needs(name, intent) is not None
        if not usable:
            return ""
        asked, again = in_one_line(section.ask), in_one_line(section.ask_again or section.ask)
        return again if before in (asked, again) else asked

    async def filled(self, intent: IntentSection, request: ChatRequest, tenant: str) -> str:
        """Returns the approved answer with its values.

        Raises: NotFoundError for a typed key, CannotAnswer (slot_unfilled) for any other value.
        """
        if not intent.slots:
            return intent.answer
        reply = reply_of(request, self._knowledge)
        given = {key: self._given(key, intent, request, reply) for key in _keys(intent)}
        rows: dict[tuple[str, str], Row | None] = {}
        for slot in intent.slots.values():
            place = (slot.lookup or "", slot.key or "")
            value = given.get(place[1])
            if slot.from_ == "lookup" and value is not None and place not in rows:
                rows[place] = await self._row(place[0], value, len(rows))
        for (lookup, key), row in rows.items():
            value = given[key]
            if value is not None and value.typed and not self._shown(lookup, row, request, tenant):
                raise NotFoundError(key)
        values: dict[str, str] = {}
        for name, slot in intent.slots.items():
            if slot.from_ == "context":
                value = given[name]
                filling = None if value is None else value.text
            else:
                filling = (rows.get((slot.lookup or "", slot.key or "")) or {}).get(
                    slot.field or ""
                )
            clean = None if filling is None else slot_value(filling)
            if clean is None:
                raise CannotAnswer(
                    f"matched {intent.id}, but the slot {name} has no value",
                    reason=Reason.SLOT_UNFILLED,
                )
            values[name] = self._knowledge.values.translated(clean)
        return SLOT.sub(lambda place: values[place.group(1)], intent.answer)

    async def _row(self, name: str, key: _Value, asked: int) -> Row | None:
        lookup = self._lookups.get(name)
        # An empty key is a typed one of another form, which no row can have.
        if lookup is None or asked == MAX_ROWS or not key.text:
            return None
        return await lookup.row(key.text)

    def _shown(self, name: str, row: Row | None, request: ChatRequest, tenant: str) -> bool:
        """Returns True for a row that the one who typed its key may see."""
        typed = self._sections[name].typed
        if row is None or typed is None:
            return False
        return typed == "anyone" or belongs(row, typed, request.hints.context, tenant)

    def _lacking(
        self, key: str, intent: IntentSection, request: ChatRequest, reply: SlotReply | None
    ) -> Iterator[str]:
        """Yields `key` where it has no value, or the names that a typed one needs beside it."""
        if _of_context(key, request) is not None:
            return
        needs = self._needs(key, intent)
        unknown = [name for name in needs or () if _of_context(name, request) is None]
        if unknown:
            yield from unknown
        elif self._given(key, intent, request, reply) is None:
            yield key

    def _given(
        self, key: str, intent: IntentSection, request: ChatRequest, reply: SlotReply | None
    ) -> _Value | None:
        """Returns the context's value of a key, or the one that the user typed and may type."""
        known = _of_context(key, request)
        if known is not None:
            return _Value(known, typed=False)
        needs = self._needs(key, intent)
        if needs is None or any(_of_context(name, request) is None for name in needs):
            return None
        typed = self._typed(key, request, reply)
        return None if typed is None else _Value(typed, typed=True)

    def _needs(self, key: str, intent: IntentSection) -> tuple[str, ...] | None:
        """Returns what the context must hold for a typed key; None where none may be typed.

        Every lookup that the answer opens with the key must allow it: the number alone, put into
        the answer, would be as good as a row that nobody checked.
        """
        opened = {slot.lookup or "" for slot in intent.slots.values() if slot.key == key}
        needs = [
            self._sections[name].typed_needs if name in self._sections else None for name in opened
        ]
        allowed = [names for names in needs if names is not None]
        if not opened or len(allowed) < len(needs):
            return None
        return tuple(dict.fromkeys(name for names in allowed for name in names))

    def _typed(self, key: str, request: ChatRequest, reply: SlotReply | None) -> str | None:
        """Returns the one value that the user typed for a key, "" for one of another form."""
        section = self._knowledge.content.keys.get(key)
        if section is None:
            return None
        if reply is not None and key in reply.keys:
            return reply.keys[key]
        subject = "" if reply is None else reply.subject
        texts = (request.last_user_text, subject, *self._earlier(request, section))
        for written in (keys_in(text, section) for text in texts):
            if written:
                # With two numbers it is unclear which one the user means.
                return next(iter(written)) if len(written) == 1 else None
        return None

    def _earlier(self, request: ChatRequest, section: KeySection) -> list[str]:
        """Returns the user's last messages, newest first: whoever gave a number need not again.

        After "not found" there are none, since that number would not be found again.
        """
        not_found = section.not_found is not None and in_one_line(section.not_found)
        if _last_reply(request) == not_found:
            return []
        texts = [message.text for message in request.messages if message.role == "user"]
        return texts[-2 : -2 - MAX_BACK : -1]


def _last_reply(request: ChatRequest) -> str:
    """Returns what the assistant said last, in one line; "" for nothing."""
    replies = [message for message in request.messages if message.role == "assistant"]
    return in_one_line(replies[-1].text) if replies else ""


def _keys(intent: IntentSection) -> tuple[str, ...]:
    """Returns the names that the values of an answer stand under, each once."""
    names = [
        name if slot.from_ == "context" else slot.key or "" for name, slot in intent.slots.items()
    ]
    return tuple(dict.fromkeys(names))


def _of_context(name: str, request: ChatRequest) -> str | None:
    value = request.hints.context.get(name)
    return None if value is None or slot_value(value) is None else value


def belongs(row: Row, typed: TypedSection, context: Mapping[str, str], tenant: str) -> bool:
    """Returns True for a row whose fields equal what its owner has."""
    matching = [
        _same(row.get(field), tenant if owner == TENANT else context.get(owner))
        for field, owner in typed.must_match.items()
    ]
    return all(matching)


def _same(value: str | None, expected: str | None) -> bool:
    """Returns True for two equal values, in a time that does not depend on where they differ."""
    if not value or not expected:
        return False
    return hmac.compare_digest(value.encode(), expected.encode())


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


def not_shown(intent: IntentSection, error: NotFoundError) -> CannotAnswer:
    """Returns why an approved answer is not given: no row may be shown for its key."""
    return CannotAnswer(
        f"matched {intent.id}, but no row may be shown for its {error.key}",
        reason=Reason.SLOT_UNFILLED,
    )
