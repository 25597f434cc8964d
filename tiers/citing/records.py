"""Joins rows of lookups to the passages: an order, an account, a case, as one more source.

A row is shown only to the one it belongs to, wherever its key comes from: each field that the
lookup's `must_match` names must equal what the caller has. A row of somebody else and no row at all
get the same note. It holds the fields that the policy lists, and no others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from router.errors import CannotAnswer
from router.policy.content.keys import written_keys
from router.policy.sections.answering.documents import RecordSection
from router.policy.sections.answering.without_model import TENANT, LookupSection, TypedSection
from router.types import DocumentPassage, Work
from tiers.slots import Lookup, belongs, slot_value

COLLECTION = "lookup"
"""Stands in the place of a collection: the ledger shows that a source is a row."""

RECORD_P = 0.6
"""Chance that a row helps, where a key leads to it. A prior: nobody has measured it."""


class Records:
    """Finds the rows that belong to a request and to its caller. It owns its lookups."""

    def __init__(
        self,
        sections: Sequence[RecordSection],
        lookups: Mapping[str, Lookup],
        rights: Mapping[str, LookupSection],
    ) -> None:
        """Takes the lookups by name, and their sections, which say whose their rows are."""
        self._sections = tuple(sections)
        self._lookups = lookups
        self._rights = rights

    async def close(self) -> None:
        """Closes the lookups; a later question opens them again."""
        for lookup in self._lookups.values():
            await lookup.close()

    async def rows_of(self, work: Work) -> tuple[list[DocumentPassage], list[str]]:
        """Returns the rows as passages, and a note on each that is not there."""
        passages: list[DocumentPassage] = []
        notes: list[str] = []
        for section in self._sections:
            key = _key_of(section, work)
            if key is None:
                continue
            typed = self._rights[section.lookup].typed
            assert isinstance(typed, TypedSection)  # the policy's checks say so
            context = work.request.hints.context
            owners = (name for name in typed.must_match.values() if name != TENANT)
            lacking = [f"`{name}`" for name in owners if not context.get(name)]
            if lacking:
                missing = " and ".join(lacking)
                notes.append(f"{section.lookup}: `routing.context` has no {missing}")
                continue
            try:
                row = await self._lookups[section.lookup].row(key)
            except CannotAnswer:
                notes.append(f"{section.lookup}: could not be looked up")
                continue
            if row is None or not belongs(row, typed, context, work.tenant):
                notes.append(f"{section.lookup}: no row of this caller has the key")
                continue
            passages.append(_passage(section, key, row))
        return passages, notes


def _key_of(section: RecordSection, work: Work) -> str | None:
    """Returns the key in the context, else the one that the user's last words hold."""
    asked = work.asked
    known = asked.hints.context.get(section.key)
    if known is not None:
        return slot_value(known)
    written = written_keys(asked.last_user_text, section.pattern)
    # With two keys it is unclear which one the user means.
    return next(iter(written)) if len(written) == 1 else None


def _passage(section: RecordSection, key: str, row: Mapping[str, str]) -> DocumentPassage:
    title = section.title or section.lookup
    values = [(name, slot_value(row[name])) for name in section.fields if name in row]
    lines = [f"The {name.replace('_', ' ')} of {title} {key} is {v}." for name, v in values if v]
    return DocumentPassage(
        f"row:{section.lookup}", "\n".join(lines), title, section.lookup, COLLECTION, p=RECORD_P
    )
