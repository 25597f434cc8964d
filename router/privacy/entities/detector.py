"""Finds all personal details in one text, in their order and without overlaps. Pure.

Encodings are undone first. Rules find identifiers, dates of birth and addresses; the head finds
names and the addresses that rules miss. A part of a name that was found counts wherever it stands.

>>> text = "Anna Keller, born 3 May 1980, anna@example.com"
>>> [(found.kind.value, found.value(text)) for found in find(text)]
[('name', 'Anna Keller'), ('birth_date', '3 May 1980'), ('email', 'anna@example.com')]
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from router.privacy import look_alikes
from router.privacy.entities import disguises, head
from router.privacy.entities.addresses import addresses
from router.privacy.entities.birth_dates import birth_dates
from router.privacy.entities.identifiers import identifiers, keys
from router.privacy.entities.kinds import Entity, EntityKind
from router.privacy.entities.names_by_form import names_by_form
from router.privacy.entities.words_of_text import (
    Word,
    everyday,
    lists,
    marks_of,
    without_accents,
    words_of,
)
from router.regexes.late import late_regex

_PARTICLES = frozenset(
    ("de", "la", "du", "des", "le", "van", "von", "der", "den", "dem", "ten", "ter", "di", "da",
     "del", "della", "dos", "al", "el", "bin")
)  # fmt: skip
"""Stand between a given name and a family name, in small letters."""

_MOST_BESIDE = 3
"""Bounds the words that a name takes on each side."""

_LEAST_PART = 3
"""A part of a name that is shorter is not looked for elsewhere in the text."""

_MOST_LAYERS = 3
"""Bounds the encodings that are undone one after the other: base64 of a percent sign of a percent
sign is read."""

_PIECE, _BEFORE, _BEHIND = 16_000, 200, 1_000
"""Characters that are read in one go, so that other threads get their turn every few milliseconds;
and those before and behind, which are more than any rule looks at and any detail has."""

_DIGIT = late_regex("[0-9]")
_CODE = late_regex(r"[\\#\[\](){}<>_/=|]|(?<!Mc)(?<!Mac)(?<!De)(?<!Di)(?<!Fitz)(?<=[a-z])[A-Z]")
"""Finds what stands in code and headings, and in no name."""

_MOST_DECODED = 8
"""Bounds the texts in base64 that are read in one text."""


def find(text: str) -> tuple[Entity, ...]:
    """Returns the personal details of a text."""
    return tuple(_find(text, _MOST_LAYERS))


def _find(text: str, layers: int) -> list[Entity]:
    """Returns the details of a text in which so many encodings may lie in one another."""
    undone: list[disguises.Plain] = []
    inner = text
    for _ in range(layers):
        plain = disguises.plain(inner)
        if not plain.starts:
            break
        undone.append(plain)
        inner = plain.text
    entities = _found(inner) if len(inner) <= _PIECE else _found_in_pieces(inner)
    for plain in reversed(undone):
        entities = [Entity(one.kind, *plain.origin(one.start, one.end)) for one in entities]
    hidden = _in_base64(text, layers - 1) if len(text) >= 16 and layers else []
    return _apart([*hidden, *entities])


def _found_in_pieces(text: str) -> list[Entity]:
    """Returns the details of a long text, read piece by piece, each with some of its neighbours.

    Keys may be longer than the neighbours; they are found in the whole text.
    """
    entities = list(keys(text))
    for begin in range(0, len(text), _PIECE):
        start = max(0, begin - _BEFORE)
        for one in _found(text[start : begin + _PIECE + _BEHIND]):
            if begin <= one.start + start < begin + _PIECE:
                entities.append(Entity(one.kind, one.start + start, one.end + start))
    return _apart(entities)


def _found(text: str) -> list[Entity]:
    numbered = look_alikes.plain(text)
    sure = list(identifiers(numbered, text))
    if _DIGIT.search(numbered) is not None:
        sure += birth_dates(numbered)
        sure += addresses(numbered)
    words = words_of(text)
    by_form = [*names_by_form(text), *_listed_pairs(words)]
    named = [one for one in head.shipped().entities(words) if _credible(one, text)]
    entities = _apart([*sure, *_whole([*by_form, *named], words)])
    names = [one for one in entities if one.kind is EntityKind.NAME]
    return _apart([*entities, *_parts(text, names, words)]) if names else entities


def _credible(entity: Entity, text: str) -> bool:
    """Returns True for a finding of the head that has what a name or an address needs."""
    value = entity.value(text)
    words = value.split()
    if entity.kind is EntityKind.NAME:
        if _DIGIT.search(value) is not None or _CODE.search(value) is not None:
            return False
        # "TIN" and "Yt" are names of nobody, unless a list has them.
        loud = value.isupper() and len(value) < 6
        return not (len(words) == 1 and (loud or len(value) < 3)) or _is_listed(value)
    street = any("s" in lists().get(without_accents(word.strip(".,")), "") for word in words)
    named = sum([word[0].isupper() for word in words])
    return len(words) > 2 and street and named > 1 and any(map(str.isdigit, value))


def _listed_pairs(words: Sequence[Word]) -> Iterator[Entity]:
    """Yields a given name, which is no other word, with the family name behind it.

    >>> text = "So JEAN WACKERNAGEL met Ingrid van der Berg."
    >>> [one.value(text) for one in _listed_pairs(words_of(text))]
    ['JEAN WACKERNAGEL', 'Ingrid van der Berg']
    """
    for place, first in enumerate(words):
        if not first.text[0].isupper() or set("gocbst") & set(marks_of(first.text)) != {"g"}:
            continue
        after = place + 1
        while after < place + 4 and _joined(words, after - 1) and words[after].text in _PARTICLES:
            after += 1
        if not _joined(words, after - 1) or without_accents(first.text) in everyday():
            continue
        second = words[after]
        if not second.text[0].isupper() or second.text.isupper() is not first.text.isupper():
            continue
        marks = set("focbst") & set(marks_of(second.text))
        linked = after > place + 1 and marks.isdisjoint("cst")  # "Ingrid van der Berg"
        loud = first.text.isupper() and not marks and len(second.text) > 2
        if linked or loud or marks in ({"f"}, {"f", "o"}):
            yield Entity(EntityKind.NAME, first.start, second.end)


def _whole(entities: Sequence[Entity], words: Sequence[Word]) -> Iterator[Entity]:
    """Yields findings; a name takes the words beside it that can only belong to it.

    >>> text = "Ask Bartholomew Quill."
    >>> name = Entity(EntityKind.NAME, 16, 21)
    >>> [one.value(text) for one in _whole([name], words_of(text))]
    ['Bartholomew Quill']
    """
    starts = [word.start for word in words]
    for one in entities:
        if one.kind is not EntityKind.NAME:
            yield one
            continue
        first, last = bisect_left(starts, one.start), bisect_left(starts, one.end) - 1
        for _ in range(_MOST_BESIDE):
            before = first and _joined(words, first - 1) and _belongs(words[first - 1].text)
            behind = _joined(words, last) and _belongs(words[last + 1].text)
            if not before and not behind:
                break
            first, last = first - bool(before), last + behind
        yield Entity(one.kind, min(one.start, words[first].start), max(one.end, words[last].end))


def _joined(words: Sequence[Word], place: int) -> bool:
    """Returns True where only a blank stands between a word and the next one."""
    return place + 1 < len(words) and words[place + 1].start - words[place].end == 1


@lru_cache(maxsize=20_000)
def _belongs(word: str) -> bool:
    """Returns True for a word with a capital that can be part of a name, and is nothing else."""
    if not word[0].isupper() or word.isupper() or not word.isalpha() or len(word) < 3:
        return False
    bare = without_accents(word)
    return bare not in everyday() and set("ocbst").isdisjoint(lists().get(bare, ""))


def _is_listed(word: str) -> bool:
    """Returns True for a word that is in a list of names."""
    return not set("gf").isdisjoint(lists().get(without_accents(word), ""))


def _in_base64(text: str, layers: int) -> list[Entity]:
    entities: list[Entity] = []
    for start, end, content in disguises.base64_texts(text):
        inner = _find(content, layers)
        if inner:
            entities.append(Entity(inner[0].kind, start, end))
        if len(entities) == _MOST_DECODED:
            break
    return entities


def _parts(text: str, names: Sequence[Entity], words: Sequence[Word]) -> list[Entity]:
    """Returns the words that repeat a part of a name found in the same text."""
    parts = {
        part
        for name in names
        for part in re.split(r"[\s.,]+", name.value(text))
        if len(part) >= _LEAST_PART and is_rare(part)
        if part[0].isupper() or name.value(text).islower()
    }
    return [Entity(EntityKind.NAME, word.start, word.end) for word in words if word.text in parts]


@lru_cache(maxsize=20_000)
def is_rare(part: str) -> bool:
    """Returns True for a word that is hardly ever anything but a name."""
    bare = without_accents(part)
    return bare not in everyday() and not set("cst") & set(lists().get(bare, ""))


_ORDER = {kind: i for i, kind in enumerate((EntityKind.API_KEY, EntityKind.EMAIL, EntityKind.IBAN))}


def _apart(entities: Iterable[Entity]) -> list[Entity]:
    """Returns findings without overlaps; those named first stay, and keys before all others.

    Each rule names its findings in their order, so a few runs of findings are merged.
    """
    kept: list[Entity] = []
    run: list[Entity] = []
    for one in sorted(entities, key=_rank):
        if run and one.start < run[-1].start:
            kept, run = _merged(kept, run), []
        run.append(one)
    return _merged(kept, run)


def _rank(entity: Entity) -> int:
    return _ORDER.get(entity.kind, len(_ORDER))


def _merged(kept: Sequence[Entity], more: Sequence[Entity]) -> list[Entity]:
    """Returns the kept findings with those others that overlap none of them; both are in order."""
    merged: list[Entity] = []
    place, count, end = 0, len(kept), 0
    for one in more:
        while place < count and kept[place].start <= one.start:
            merged.append(kept[place])
            end = kept[place].end
            place += 1
        if end <= one.start < one.end and (place == count or one.end <= kept[place].start):
            merged.append(one)
            end = one.end
    return [*merged, *kept[place:]]
