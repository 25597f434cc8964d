"""Finds all personal details in one text, in their order and without overlaps. Pure.

Encodings are undone first. Rules find identifiers, dates of birth and addresses; the head finds
names and the addresses that rules miss. A part of a name that was found counts wherever it stands.

>>> text = "Anna Keller, born 3 May 1980, anna@example.com"
>>> [(found.kind.value, found.value(text)) for found in find(text)]
[('name', 'Anna Keller'), ('birth_date', '3 May 1980'), ('email', 'anna@example.com')]
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from router.privacy.entities import disguises, head
from router.privacy.entities.addresses import addresses
from router.privacy.entities.birth_dates import birth_dates
from router.privacy.entities.identifiers import identifiers
from router.privacy.entities.kinds import Entity, EntityKind
from router.privacy.entities.words_of_text import Word, everyday, lists, without_accents, words_of

_LEAST_PART = 3
"""A part of a name that is shorter is not looked for elsewhere in the text."""

_MOST_DECODED = 8
"""Bounds the texts in base64 that are read in one text."""


def find(text: str) -> tuple[Entity, ...]:
    """Returns the personal details of a text."""
    plain = disguises.plain(text)
    found = _found(plain.text)
    if plain.starts:
        found = [Entity(one.kind, *plain.origin(one.start, one.end)) for one in found]
    hidden = _in_base64(text) if len(text) >= 16 else []
    return tuple(_apart([*hidden, *found]))


def _found(text: str) -> list[Entity]:
    sure = list(identifiers(text))
    if any(map(text.__contains__, "0123456789")):
        sure += birth_dates(text)
        sure += addresses(text)
    words = words_of(text)
    named = [one for one in head.shipped().entities(words) if _credible(one, text)]
    found = _apart([*sure, *named])
    names = [one for one in found if one.kind is EntityKind.NAME]
    return _apart([*found, *_parts(text, names, words)]) if names else found


def _credible(found: Entity, text: str) -> bool:
    """Returns True for a finding of the head that has what a name or an address needs."""
    value = found.value(text)
    if found.kind is EntityKind.NAME:
        return sum(map(str.isalpha, value)) > 1
    words = value.split()
    street = any("s" in lists().get(without_accents(word.strip(".,")), "") for word in words)
    named = sum([word[0].isupper() for word in words])
    return len(words) > 2 and street and named > 1 and any(map(str.isdigit, value))


def _in_base64(text: str) -> list[Entity]:
    found: list[Entity] = []
    for start, end, content in disguises.base64_texts(text):
        inner = _found(content)
        if inner:
            found.append(Entity(inner[0].kind, start, end))
        if len(found) == _MOST_DECODED:
            break
    return found


def _parts(text: str, names: Sequence[Entity], words: Sequence[Word]) -> list[Entity]:
    """Returns the words that repeat a part of a name found in the same text."""
    parts = {
        part
        for name in names
        for part in re.split(r"[\s.,]+", name.value(text))
        if len(part) >= _LEAST_PART and part[0].isupper() and is_rare(part)
    }
    return [Entity(EntityKind.NAME, word.start, word.end) for word in words if word.text in parts]


def is_rare(part: str) -> bool:
    """Returns True for a word that is hardly ever anything but a name."""
    bare = without_accents(part)
    return bare not in everyday() and not set("cst") & set(lists().get(bare, ""))


_ORDER = {kind: i for i, kind in enumerate((EntityKind.API_KEY, EntityKind.EMAIL, EntityKind.IBAN))}


def _apart(found: Iterable[Entity]) -> list[Entity]:
    """Returns findings without overlaps; those named first stay, and keys before all others."""
    kept: list[Entity] = []
    for one in sorted(found, key=lambda entity: _ORDER.get(entity.kind, len(_ORDER))):
        place = bisect_right(kept, one.start, key=_start)
        free = not place or kept[place - 1].end <= one.start
        if free and one.start < one.end and (place == len(kept) or one.end <= kept[place].start):
            kept.insert(place, one)
    return kept


def _start(entity: Entity) -> int:
    return entity.start
