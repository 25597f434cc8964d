"""Knows a text that shows by itself where it begins and ends: a letter, a talk, a list.

People paste them without marks. A short line at an end of a text may be one more request of who
pastes it; the name below a letter, what somebody says in a talk and an item of a list are not. It
knows nothing about what is asked of the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from router.regexes.late import late_regex
from router.triage.framing.signatures import signs
from router.types import measured_once

SHORT_WORDS = 12
"""Words of a line at an end of a text, which may be one more request."""
MOST_NAMES = 4
"""Lines below the closing of a letter: a name, an office, a firm, a number."""
LEAST_TURNS = 3
"""Lines of a talk. Two may be somebody's notes."""
LEAST_ITEMS = 3
"""Items of a list of messages. Two may be what one person wrote."""

_GREETING = late_regex(
    r"(?:dear|hi|hello|hey|good (?:morning|afternoon|evening)|to (?:whom it may concern|the)|"
    r"sehr geehrte\w*|guten (?:tag|morgen)|hallo|liebe[rs]?|madame|monsieur|bonjour|chère?s?|"
    r"estimad[oa]s?|buen[oa]s (?:días|tardes)|hola|querid[oa]s?)\b[^.!?\n]{0,60}(?:[,:.!]|\Z)",
    re.IGNORECASE,
)
"""Matches a greeting at the beginning of a line."""
_CLOSING = late_regex(
    r"(?:(?:(?:with )?(?:kind(?:est)?|best|warm|many) )?(?:regards|wishes|thanks)|thank you|cheers|"
    r"best|yours|(?:yours )?(?:sincerely|faithfully|truly)|(?:mit )?(?:freundlichen?|herzlichen?|"
    r"besten?|lieben?|viele) (?:grü(?:ß|ss)en?|dank)|grüße|gruß|hochachtungsvoll|cordialement|"
    r"bien à vous|veuillez agréer[^.\n]{0,80}|salutations|atentamente|un (?:cordial )?saludo|"
    r"saludos(?: cordiales)?)[\s,.!]*",
    re.IGNORECASE,
)
"""Matches a line that closes a letter."""
_ITEM = re.compile(r"(?:\(?(?:\d{1,2}|[a-z])[).:]|[-*\u2022\u2013])\s+\S", re.IGNORECASE)
_SAYS = re.compile(r"([^\W\d_][\w.'\u2019-]{0,19}(?: [\w.'\u2019-]{1,19})?):\s+\S")


class GivenText(Struct, frozen=True, dict=True):
    """Holds a text that work is set on. What it shows by itself is worked out at first use."""

    text: str

    @measured_once
    def is_letter(self) -> bool:
        """Is True as `is_letter` says of the text."""
        return is_letter(self.text)

    @measured_once
    def is_letter_or_talk(self) -> bool:
        """Is True where a name at its end belongs to it, and who speaks mostly is not its sender.

        It is what `is_letter` or `is_talk` says of the text.
        """
        return self.is_letter or is_talk(self.text)


def is_letter(text: str) -> bool:
    r"""Returns True for a text with a greeting, a closing line, and names below, and no more.

    >>> is_letter("Dear Ms Lee,\nyou owe us 900 pounds.\nYours faithfully\nG. Hallam")
    True
    >>> is_letter("Dear Ms Lee,\nyou owe us 900 pounds.\nYours faithfully\nmust I pay?")
    False
    """
    lines = _lines(text)
    if len(lines) < 3 or not _GREETING.match(lines[0]):
        return False
    for number in range(max(1, len(lines) - 1 - MOST_NAMES), len(lines) - 1):
        if _CLOSING.fullmatch(lines[number]) and all(map(signs, lines[number + 1 :])):
            return True
    return False


def is_talk(text: str) -> bool:
    r"""Returns True for a text of which each line tells who says it, two persons at least.

    >>> is_talk("Kim: the alarm never rang\nLee: did we get the log?\nKim: no")
    True
    """
    spoken = [_SAYS.match(line) for line in _lines(text)]
    names = {match[1].lower() for match in spoken if match is not None}
    return len(spoken) >= LEAST_TURNS and len(names) > 1 and all(spoken)


def is_list(text: str) -> bool:
    r"""Returns True for a text of which each line is an item, three at least.

    >>> is_list("1. The lamp broke.\n2. Where is it?\n3. Thanks"), is_list("1. One\n2. Two")
    (True, False)
    """
    lines = _lines(text)
    return len(lines) >= LEAST_ITEMS and all(map(_ITEM.match, lines))


def may_end_in_a_request(given: GivenText) -> bool:
    r"""Returns True where the first or last line is short, and no part of a letter, talk or list.

    >>> may_end_in_a_request(GivenText("A page long ago written.\nThen sign for me."))
    True
    >>> may_end_in_a_request(GivenText("1. The lamp is broken.\n2. Where is my invoice?"))
    False
    """
    lines = _lines(given.text)
    if len(lines) < 2 or given.is_letter_or_talk:
        return False
    items = [_ITEM.match(line) is not None for line in lines]
    listed = sum(items) > 1
    return any(_is_short(lines[end]) and not (listed and items[end]) for end in (0, -1))


def _is_short(line: str) -> bool:
    return len(line.split()) < SHORT_WORDS


def _lines(text: str) -> Sequence[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]
