"""Finds faults in texts: the filters of the data folder, as pure functions.

They drop texts that teach nothing because they are broken: no hard cases and no opinions. Texts in
another language are recognised, and dropped only when the caller wants it, since their labels are
sound. The written nonsense, which is strange on purpose, is not filtered.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from enum import StrEnum


class Fault(StrEnum):
    """Names the reasons for dropping a text, in the order of the filters."""

    TOO_SHORT = "too short"
    TOO_LONG = "too long"
    MOJIBAKE = "mojibake"
    NON_LETTERS = "mostly non-letters"
    BOILERPLATE = "boilerplate"


ENGLISH, OTHER_LANGUAGE = "English", "another language"

LEAST_CHARS, MOST_CHARS = 2, 50_000
"""One letter says nothing (`hi` and `no` are requests). A text above the upper bound is a file, of
which the encoder would read 3,000 characters."""

LEAST_MARKS, MARKS_SHARE = 3, 0.01
"""People write a single wrong pound sign in an SMS; three in a hundred letters are damage."""

LEAST_SIGNS, LETTER_SHARE = 8, 0.3
"""With so many visible signs or more, at least this share must be letters or digits. Formulas and
code have more; tables drawn with dashes and lines of emoji have fewer."""

LEAST_FOREIGN_LETTERS = 4
LEAST_FOREIGN_WORDS, FOREIGN_SHARE = 3, 0.12
"""Function words of one other language that a text must have, different ones, and their share of
all words. Names and song titles bring two or three; in sentences every fourth word is one."""

_MARKS = re.compile("\ufffd|[\x80-\x9f]|[ÃÂ][\x80-\xbf]|[â][\x80\u20ac][\x80-\xbf\u2018-\u2122]")
"""Matches the replacement sign, control codes, and UTF-8 read as Latin-1 or Windows-1252."""

_BOILERPLATE = re.compile(
    r"\W*(?:(?:this|the) (?:message|comment|post|content|item|account) (?:has been|was|is) "
    r"(?:deleted|removed|unavailable|encrypted)(?: by \w+(?: \w+)?)?"
    r"|removed|deleted|redacted|n/?a|nan|null|undefined|todo|tbd|no (?:text|content|subject|body)"
    r"|lorem ipsum\b.*|(?:automatic reply|auto(?:matic)? ?response|out of (?:the )?office)\s*:.*"
    r"|undeliverable: .*|delivery status notification.*)\W*",
    re.I | re.S,
)
"""Matches a whole text that a program wrote; `none` and `test` are answers and requests."""

_WORD = re.compile(r"[^\W\d_]+")


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_ENGLISH = _words(
    "the of and to a in is it you that for on are with as i this be have from or had by not but "
    "what all were when we there can your if how do my me please was will would an no at so"
)
FUNCTION_WORDS: Mapping[str, frozenset[str]] = {
    "German": _words("der die das und ist nicht ich ein eine einen zu mit auf für von sie wir den"
                     " dem wie auch kann mir mein meine wird bei oder wenn ist haben"),
    "French": _words("le la les des une est et pas je vous nous pour dans que qui ce cette mon ma"
                     " mes avec sur au aux du être ai comment plus"),
    "Spanish": _words("el la los las una es y no que de en por para con mi su se lo como pero"
                      " cómo está qué del al muy más yo puedo"),
    "Italian": _words("il lo gli una è e non che di per con mio mia come sono del della nel alla"
                      " questo posso cosa anche ho"),
    "Portuguese": _words("o os uma é não que de em por para com meu minha se como mas do da no na"
                         " está você ao mais eu"),
    "Dutch": _words("de het een en is niet ik je van op met voor dat zijn wat hoe mijn kan naar"
                    " aan ook maar heb wordt"),
}  # fmt: skip
"""Words without which hardly any sentence is written; some belong to several languages."""


def fault(text: str) -> Fault | None:
    """Returns the fault of a text, None when it has none.

    >>> fault("where is my order"), str(fault("?")), str(fault("[deleted]"))
    (None, 'too short', 'boilerplate')
    """
    if len(text) < LEAST_CHARS or not any(sign.isalnum() for sign in text):
        return Fault.TOO_SHORT
    if len(text) > MOST_CHARS:
        return Fault.TOO_LONG
    marks = len(_MARKS.findall(text))
    if marks >= LEAST_MARKS and marks > MARKS_SHARE * len(text):
        return Fault.MOJIBAKE
    signs = [sign for sign in text if not sign.isspace()]
    if len(signs) >= LEAST_SIGNS and sum(map(str.isalnum, signs)) < LETTER_SHARE * len(signs):
        return Fault.NON_LETTERS
    return Fault.BOILERPLATE if _BOILERPLATE.fullmatch(text) else None


def language(text: str) -> str:
    """Returns the language of a text; English without evidence, since short texts say little.

    A text is in another script when most of its letters are. A language in Latin letters is
    recognised by its function words: enough of them, and more than there are English ones.

    >>> language("ich kann mein Paket nicht finden"), language("order a latte per favore")
    ('German', 'English')
    """
    letters = [sign for sign in text if sign.isalpha()]
    foreign = sum(sign > "\u024f" for sign in letters)  # beyond the extended Latin letters
    if foreign >= LEAST_FOREIGN_LETTERS and foreign > len(letters) / 2:
        return "another script"
    words = set(_WORD.findall(text.lower()))
    least = max(
        LEAST_FOREIGN_WORDS, len(words & _ENGLISH) + 1, math.ceil(FOREIGN_SHARE * len(words))
    )
    counts = {name: len(words & known) for name, known in FUNCTION_WORDS.items()}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] >= least else ENGLISH
