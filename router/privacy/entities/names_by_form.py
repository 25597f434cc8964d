"""Finds names by where they stand: behind "my name is", in the lines of a letter's head, before a
comma and a first name. Pure; every repeat is bounded.

These places tell of a name in any letters. The head, which goes by capitals and neighbours, finds
the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from router.privacy.entities.kinds import Entity, EntityKind
from router.privacy.entities.words_of_text import FOLDER, everyday, lists, without_accents
from router.regexes.late import late_regex

_LETTER = r"[^\W\d_]"
_WORD = rf"{_LETTER}(?:{_LETTER}|['\u2019\-](?={_LETTER})){{1,30}}+"
_NAME = rf"{_WORD}(?: (?:{_LETTER}\. ?)?{_WORD}){{0,3}}"
_INTRODUCED = late_regex(
    r"(?i:\b(?:my (?:full |first |last |legal |maiden )?name(?: is|[\u2019']s|:)"
    r"|the name(?: is|[\u2019']s)|(?:her|his) name(?: is| was|[\u2019']s)"
    r"|(?:i am|she is|he is|i'm) called|(?:who|which) goes by|please call me"
    r"|(?:mein|ihr|sein) name (?:ist|lautet)|ich hei(?:ß|ss)e"
    r"|je m['\u2019]appelle|(?:mon|son) nom (?:est|:)|(?:me|se) llamo|(?:mi|su) nombre es))"
    rf"[ \t]{{1,2}}(?P<name>{_NAME})"
)
_TELLING = ("name", "called", "call me", "goes by", "ich hei", "appelle", "nom ", "llamo", "nombre")
"""Are in every text with an introduction."""

_HEADS = tuple(
    [
        word + colon
        for word in ("From", "To", "Cc", "cc", "Sender", "Attn", "Von", "An", "Kopie", "De", "À",
                     "Para")
        for colon in (":", " :")
    ]
)  # fmt: skip
_HEAD = late_regex(
    r"(?m)^[>\s]{0,6}(?:From|(?:Reply-)?To|B?[Cc]c|Sender|Attn|Von|An|Kopie|De|À|Para) ?:[ \t]*+"
    r"(?P<people>[^\n]{2,20000})"
)
_TURNED_SHOWN = rf"{_WORD}, {_WORD}(?: {_LETTER}\.)?(?=[\"']? ?<)"
_PERSON = late_regex(
    rf"(?:^|[,;])\s{{0,3}}[\"']?(?P<name>{_TURNED_SHOWN}|{_NAME})[\"']?\s{{0,3}}(?=[<(\[,;]|$)"
)
_SHOWN = late_regex(
    rf"(?<![\w\"'])[\"']?(?P<name>{_TURNED_SHOWN}|{_WORD}(?: (?:{_LETTER}\. ?)?{_WORD}){{1,3}})"
    r"[\"']? ?<[\w.%+\-]{1,64}@"
)
_UPPER = r"[^\W\d_a-zß-öø-ÿ]"
_TURNED = late_regex(
    rf"(?<![\w.])(?P<family>{_UPPER}(?:{_LETTER}|['\u2019\-](?={_LETTER})){{1,30}}+), "
    rf"(?P<given>{_UPPER}[a-zß-öø-ÿ]{{1,20}}+|{_UPPER}{{2,20}}+)(?: {_UPPER}\.)?(?![\w@])"
)


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset((FOLDER / f"{name}.txt").read_text(encoding="utf-8").split())


_TITLED = late_regex(
    r"(?<!\w)(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof)\.? (?P<one>[A-Z][a-z]{1,4})"
    r" (?P<two>[A-Z][a-z]{1,4})(?!\w)"
)
"""Two short words behind a title: syllables such as "Li Na" are rare in what the head learnt."""


def names_by_form(text: str) -> Iterator[Entity]:
    """Yields names that stand where a text introduces a name; two such places may hold one name.

    >>> text = "To: Obi, Chidi <c@x.io>\\nhi, my name is priyanka and i need help"
    >>> sorted({found.value(text) for found in names_by_form(text)})
    ['Obi, Chidi', 'priyanka']
    """
    lower = text.lower()
    if any(map(lower.__contains__, _TELLING)):
        for match in _INTRODUCED.finditer(text):
            end = _end_of_name(text, *match.span("name"))
            if end is not None:
                yield Entity(EntityKind.NAME, match.start("name"), end)
    if ":" in text and any(map(text.__contains__, _HEADS)):
        for line in _HEAD.finditer(text):
            yield from _people(line["people"], line.start("people"))
    if "<" in text and "@" in text:
        for match in _SHOWN.finditer(text):
            if not _is_team(match["name"]):
                yield Entity(EntityKind.NAME, *match.span("name"))
    for match in _TITLED.finditer(text):
        both = {match["one"].lower(), match["two"].lower()}
        listed = any(set("gf") & set(lists().get(word, "")) for word in both)
        if listed and both.isdisjoint(_words("after_names") | _words("no_names")):
            yield Entity(EntityKind.NAME, match.start("one"), match.end("two"))
    if ", " in text:
        for match in _TURNED.finditer(text):
            if _is_turned(match["family"], match["given"]):
                yield Entity(EntityKind.NAME, *match.span())


def _end_of_name(text: str, start: int, end: int) -> int | None:
    """Returns where a name ends that began after "my name is"; None where no name follows."""
    last: int | None = None
    for word in re.finditer(rf"{_LETTER}\.|{_WORD}", text[start:end]):
        lower = word[0].lower()
        if lower in _words("after_names") or (last is None and lower in _words("no_names")):
            break
        if last is not None and word[0].islower() and not _is_named(lower):
            break
        last = start + word.end()
    return last


def _is_named(lower: str) -> bool:
    marks = lists().get(without_accents(lower), "")
    return "o" not in marks or ("g" in marks and lower not in everyday())


def _people(people: str, begin: int) -> Iterator[Entity]:
    for match in _PERSON.finditer(people):
        name = match["name"]
        capitals = [word for word in re.findall(_WORD, name) if word[0].isupper()]
        if not _is_team(name) and (capitals or "<" in people):
            start = begin + match.start("name")
            yield Entity(EntityKind.NAME, start, start + len(name))


def _is_team(name: str) -> bool:
    words = [without_accents(word) for word in re.findall(_WORD, name)]
    known = lists()
    plain = [
        set("ocbs") & set(known.get(word, "")) and "g" not in known.get(word, "") for word in words
    ]
    return any([word in _words("teams") for word in words]) or (bool(plain) and all(plain))


def _is_turned(family: str, given: str) -> bool:
    """Returns True for a family name before a comma and a given name: "OKONKWO, Adaeze"."""
    known = lists()
    own, other = known.get(without_accents(family), ""), known.get(without_accents(given), "")
    if (
        family.lower() in _words("no_names")
        or given.lower() in everyday()
        or set("cbst") & set(other + own)
    ):
        return False
    loud = family.isupper() and len(family) > 2 and given[1:].islower()
    if loud:
        return "g" in other or ("o" not in other and "o" not in own)
    return "g" in other and "o" not in other and "f" in own and "g" not in own
