"""Writes blanks of any width, hyphens, and digits of full width as those of ASCII.

Word processors and phones put blanks and hyphens that do not break into numbers of cards and
accounts; some keyboards write digits of full width. One character becomes one, so no place in the
text moves. The long dash (U+2014) and digits of other scripts stay as they are. Pure.
"""

from __future__ import annotations

import re

from router.regexes.late import late_regex
from router.regexes.pieces import PIECE, matches, search

_NEVER_OF_RANGES = "\u2010\u2011\u2012\uff0d"  # hyphens, the dash of telephone numbers, full width
DASHES = "\u2013\u2212"  # the dash of ranges, and minus
HYPHENS = _NEVER_OF_RANGES + DASHES
_BLANKS = "\u00a0\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))  # of every width
_TABLE = {
    **dict.fromkeys(map(ord, _BLANKS), " "),
    **{0xFF10 + digit: str(digit) for digit in range(10)},
    0xFF0B: "+",
}
_ANY = late_regex("[" + HYPHENS + "".join(map(chr, _TABLE)) + "]")
# Right before a number, and behind none, a dash divides a sentence: no id begins there.
_IN_PLACE = r"(?:(?<=[0-9)].)|(?<=[0-9)] .)|(?![+(]?[0-9]))"
_HYPHEN = late_regex(rf"[{HYPHENS}]{_IN_PLACE}")
_HYPHEN_BUT_DASHES = late_regex(rf"[{_NEVER_OF_RANGES}]{_IN_PLACE}")


def plain(text: str) -> str:
    """Returns a text of the same length, in which numbers are written as in ASCII.

    >>> plain("4111\\u00a01111\\u20111111\\u2013\\uff11\\uff12\\uff13\\uff14")
    '4111 1111-1111-1234'
    >>> plain("call\\u20130301234567").isascii()
    False
    """
    return _plain(text, _HYPHEN)


def plain_but_dashes(text: str) -> str:
    """Returns what `plain` does, but with the dashes of ranges: "10\\u201320" stays two numbers."""
    return _plain(text, _HYPHEN_BUT_DASHES)


def _plain(text: str, hyphen: re.Pattern[str]) -> str:
    if text.isascii() or search(_ANY, text) is None:
        return text
    pieces = (text[start : start + PIECE] for start in range(0, len(text), PIECE))
    text = "".join([piece.translate(_TABLE) for piece in pieces])
    kept, position = list[str](), 0
    for match in matches(hyphen, text):
        kept += [text[position : match.start()], "-"]
        position = match.end()
    return "".join([*kept, text[position:]])
