"""Reads the core of a question: one line, lower case, without courtesies and framing words.

It changes no number, so what a tool reads is what was written. It knows nothing about the tools.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from msgspec import Struct

from router.regexes.late import late_regex

MAX_CHARACTERS = 240
"""Bounds a question that a tool reads: three lines. A longer text asks for more."""

_SIGNS = str.maketrans(
    {
        **dict.fromkeys("\u00d7\u00b7\u22c5", "*"),  # times, dots
        "\u00f7": "/",
        **dict.fromkeys("\u2212\u2013\u2014", "-"),  # minus, dashes
        **dict.fromkeys("\u2019\u2018\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u2033", '"'),
        "\u221a": " sqrt ",
    }
)

_OPENING = late_regex(
    r"(?:(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening)|excuse me)(?: there| all)?"
    r"|ok(?:ay)?|so|well|please|pls|plz|thanks|just|quick(?:ly)?"
    r"|(?:a )?quick (?:question|one|maths?(?: question)?)|(?:i have a )?question)[\s,.:!;-]+"
)
_CLOSING = late_regex(
    r"[\s,.:!;?-]+(?:please|pls|plz|thanks(?: a lot| in advance)?|thank you(?: very much)?|cheers"
    r"|for me|exactly|quickly|asap)$"
)
_LAST_WORDS = "please pls plz thanks lot advance you much cheers me exactly quickly asap"
_LAST = tuple(_LAST_WORDS.split())
"""Ends every text that `_CLOSING` fits; to look for that form in a whole text takes longer."""
_POLITE = late_regex(
    r"(?:can|could|would|will) you (?:please |kindly |quickly |just )?"
    r"(?=tell|give|show|say|help|let|calculate|compute|work|figure|solve|find|evaluate|do|convert"
    r"|add|subtract|multiply|divide|increase|decrease|reduce)"
)
_FRAME = late_regex(
    r"(?:tell me|give me|show me|say|help me|let me know|do you know|you know|find(?: out)?"
    r"|(?:i'd|i would) like to know|i (?:need|want|have) to(?: know)?|i was wondering|i wonder"
    r"|what(?:'s|s| is| are| does| do)(?! the (?:weather|time))|how much(?:'s| is| are| does| do)"
    r"|the (?:result|answer|value) (?:of|to|for)) +"
)
_COMMAND = late_regex(
    r"(?:calculate|compute|work out|figure out|solve|evaluate|the calculation|do the maths?:?) +"
)
_TURNED = late_regex(r"what ((?!day|date|percent|%|is\b).+) (?:is|are|was|equals)")
FRACTIONS = {
    "half": 2,
    "third": 3,
    "quarter": 4,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
    "twelfth": 12,
    "twentieth": 20,
    "hundredth": 100,
}
"""Gives the lower number of fractions that are written in words."""

_STEPS = 6  # framing words in a row that are taken away; people write two or three


class Question(Struct, frozen=True):
    """Holds the core of a question.

    `commanded`: it says that something is to be calculated. `asked`: it is more than a fragment,
    which may be a reply such as "two weeks ago".
    """

    text: str
    commanded: bool = False
    asked: bool = True


def holds(text: str, cues: Iterable[str]) -> bool:
    """Returns True where one of the cues stands in a text: words that any form of a tool has."""
    return any([cue in text for cue in cues])


def begins(text: str, beginnings: tuple[str, ...]) -> bool:
    """Returns True for a text that begins with a digit or with one of the beginnings.

    One look at the first word tells what no form fits, in a hundredth of the time of the forms.
    """
    return text.startswith(beginnings) or text[:1].isdecimal()


def first_fit(
    forms: Iterable[tuple[str, re.Pattern[str]]], text: str
) -> tuple[str, re.Match[str]] | None:
    """Returns the kind and the match of the first form that all of a text fits, else None."""
    for kind, form in forms:
        match = form.fullmatch(text)
        if match is not None:
            return kind, match
    return None


def question(text: str) -> Question | None:
    """Returns the core of a question, None for a text that is too long, empty or not one line.

    >>> question("Hi! Could you please calculate 12 x 7 for me?")
    Question(text='12 x 7', commanded=True, asked=True)
    """
    if len(text) > MAX_CHARACTERS:
        return None
    signs = text if text.isascii() else unicodedata.normalize("NFC", text).translate(_SIGNS)
    core = " ".join(signs.lower().split())
    equals = core.removesuffix("?").rstrip().endswith("=")
    commanded, asked = equals, equals or core.endswith("?")
    core = core.rstrip(" ?.!=")
    for _ in range(_STEPS):
        before = core
        core = _OPENING.sub("", core, count=1) if _OPENING.match(core) else core
        core = _CLOSING.sub("", core) if core.endswith(_LAST) else core
        for pattern in (_POLITE, _FRAME, _COMMAND):
            match = pattern.match(core)
            if match:
                core = core[match.end() :]
                commanded, asked = commanded or pattern is _COMMAND, True
        turned = _TURNED.fullmatch(core)
        if turned:  # "tell me what 30% off 279 is"
            core, asked = turned[1], True
        if core == before:
            break
    core = core.rstrip(" ?.!=,:").lstrip(" ?!=,:")
    half = core.startswith(".") and core[1:2].isdecimal()  # ".5"
    core = core if half else core.lstrip(" .")
    return Question(core, commanded, asked) if core else None
