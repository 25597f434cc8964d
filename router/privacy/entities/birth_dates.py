"""Finds dates of birth: a date with a word of birth near it. Other dates are nobody's. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from router.privacy.entities.contexts import (
    BORN,
    BORN_AFTER,
    BORN_PARTS,
    NOT_BORN,
    Window,
)
from router.privacy.entities.kinds import Entity, EntityKind
from router.regexes.late import late_regex

_MONTH = (
    r"(?:jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|févr?(?:ier)?|mar(?:ch|s|zo)?|märz|apr(?:il)?"
    r"|avr(?:il)?|abr(?:il)?"
    r"|ma[yi]o?|june?|juni?|juin|junio|july?|juli|juil(?:let)?|julio|aug(?:ust)?|août|agosto"
    r"|sept?(?:ember|embre)?"
    r"|septiembre|oct(?:ober|obre|ubre)?|okt(?:ober)?|nov(?:ember|embre|iembre)?"
    r"|de[cz](?:ember)?|déc(?:embre)?"
    r"|dic(?:iembre)?|enero|febrero"
    r"|gen(?:naio)?|febbraio|aprile|mag(?:gio)?|giu(?:gno)?|lug(?:lio)?|sett(?:embre)?"
    r"|ott(?:obre)?|dicembre"
    r"|stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|września|października|listopada"
    r"|grudnia)\.?"
)
_DAY = r"(?:0?[1-9]|[12][0-9]|3[01])"
_YEAR = r"(?:(?:19|20)[0-9]{2})"
DATE = late_regex(
    r"(?<![\w.,/\-])(?:"
    rf"{_YEAR}[-/.](?:0?[1-9]|1[0-2])[-/.]{_DAY}"
    rf"|{_DAY}\s?[-/.]\s?{_DAY}\s?[-/.]\s?(?:{_YEAR}|[0-9]{{2}})"
    rf"|{_DAY}(?:st|nd|rd|th|er|º|°|\.)?[ \-](?:of |de |d['\u2019])?{_MONTH}(?:,)?[ \-](?:de "
    rf"|del )?(?:{_YEAR}|['\u2019]?[0-9]{{2}}(?!:))"
    rf"|{_MONTH} {_DAY}(?:st|nd|rd|th)?,? (?:{_YEAR}|['\u2019][0-9]{{2}})"
    rf"|(?:19|20)[0-9]{{2}}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
    r")(?![\w/]|[.\-][0-9])",
    re.I,
)
_REACH = 40
_NOT_OF_BIRTH = late_regex(
    r"appointment|seen|admitted|discharg|visit|expir|issued|due|deadline|termin|gültig|rendez-vous"
    r"|cita|delivered|invoice|died|passed away|gestorben|décéd|falleci|married|filed|ordered"
    r"|company|founded|gegründet|updated|hired|effective|\bsince\b"
    r"|appuntamento|ricover|scaden|fattur|decedut|\bmort[oa]\b|wizyt|zmarł|przyjęt|faktur|ważn"
)
_STAR = late_regex(r"[*✶]\s?$")


def birth_dates(text: str) -> Iterator[Entity]:
    """Yields each date with a word of birth before it, or right after it.

    >>> text = "She was born on 3 May 1980 and came on 4 May 2021."
    >>> [found.value(text) for found in birth_dates(text)]
    ['3 May 1980']
    """
    lower = text.lower()
    # BORN tries every letter, so that few texts should come as far.
    spoken = any(map(lower.__contains__, BORN_PARTS)) and BORN.search(lower) is not None
    if not spoken and "*" not in text and "✶" not in text:
        return
    told = 0
    persons = NOT_BORN.sub(_blanks, text) if spoken else text
    for match in DATE.finditer(text):
        start, end = match.span()
        window = Window(persons, start, _REACH)
        born = window.distance_to(BORN)
        # A word that tells of the date before it tells nothing of this one.
        before = 0 <= born < start - told and not (0 <= window.distance_to(_NOT_OF_BIRTH) < born)
        if before and (
            "\n\n" in text[start - born : start] or _has_date(text, start - born, start)
        ):
            before = False
        after = BORN_AFTER.match(text[end : end + 50])
        if after is not None:
            told = end + after.end()
        if before or after is not None or _STAR.search(text, max(0, start - 3), start):
            yield Entity(EntityKind.BIRTH_DATE, start, end)


def _has_date(text: str, begin: int, end: int) -> bool:
    return DATE.search(text, begin, end) is not None


def _blanks(match: re.Match[str]) -> str:
    return " " * len(match[0])
