"""Parts a question for counsel from the text that it is about: a contract, then "should I sign?".

Such a question says nothing of a matter by itself. What it means stands in the text before it, in
the same message or in an earlier turn, and that text is no word of its sender. It knows nothing
about models: `conversation/counselled.py` says what follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from router.triage.framing.given.counsel_words import (
    ASKING,
    ASKS,
    BAITS,
    BINDS,
    CLAIMING,
    CLAIMS,
    DONE,
    MEASURED,
    OWN_WORDS,
    PLAIN,
    PROFESSIONS,
    UNORDERED,
    WARNS,
)
from router.triage.framing.given.handed_passages import Handed
from router.types import Matter

MOST_WORDS = 25
"""Words of a question for counsel: a longer one tells a story, which is read by itself."""
MOST_CHARS = 240
LEAST_WORDS = 5
"""Words of a text: a line of laboratory values is as short. A shorter one is a greeting."""
MOST_TEXT_CHARS = 8_000
"""Characters of a text that is looked at, about four pages: a contract is as long."""

_WORD = re.compile(r"[^\W\d_]+")
_ENDS = re.compile(r"[.!?:]\s+")
_AROUND = " \t\r\n\u00a0\u202f\u00bf"  # what may stand around a question, such as its first mark
_TWO = 2
_KINDS = ((Matter.LEGAL, BINDS), (Matter.MEDICAL_EMERGENCY, MEASURED), (Matter.FRAUD, BAITS))
_KINDS_ONCE_DONE = (*_KINDS, (Matter.POISON, WARNS))


def asks_counsel(text: str) -> bool:
    """Returns True for a few words that ask what to do, or tell that it was done already.

    >>> [asks_counsel(text) for text in ("and if I don't?", "Too late, I did.", "Translate it.")]
    [True, True, False]
    """
    if not text or len(text) > MOST_CHARS or len(text.split()) > MOST_WORDS:
        return False
    if not ASKING.isdisjoint(_WORD.findall(text.lower())) and ASKS.search(text) is not None:
        return True
    return DONE.search(text) is not None or only_asks(text)


def only_asks(text: str) -> bool:
    """Returns True for a question for counsel that has no word of any matter.

    >>> only_asks("and if I don't?"), only_asks("and if I hit him?")
    (True, False)
    """
    return len(text) <= MOST_CHARS and PLAIN.fullmatch(text.strip(_AROUND)) is not None


def claimed(text: str) -> dict[Matter, int] | None:
    """Returns what a short message shows by itself, as `marks_of` does; None for any other message.

    It wants damages, of somebody whose mistakes injure people or else, goes on in spite of a fault,
    or tells of money that is taken for what nobody ordered.

    >>> claimed("The surgeon cut the wrong nerve and I want compensation")
    {<Matter.LEGAL: 'legal'>: 2}
    >>> claimed("The parcel is late, I want compensation"), claimed("I want tea")
    ({}, None)
    """
    if len(text) > MOST_CHARS:
        return None
    if UNORDERED.search(text) is not None:
        return {Matter.FRAUD: 1}
    lowered = text.lower()
    if not any([part in lowered for part in CLAIMING]) or CLAIMS.search(text) is None:
        return None
    return {Matter.LEGAL: _TWO} if PROFESSIONS.search(text) is not None else {}


def counsel_on(message: str) -> Handed | None:
    """Returns a question for counsel and the text that it is about; None for any other message.

    The question is the first or the last line, what stands before a colon, or the first or last
    sentence. Linear in the length of the message.

    >>> told = "Potassium 6.4 mmol/l (3.5-5.1), creatinine 310 umol/l"
    >>> counsel_on(f"{told}\\n\\nwhat should I do?").text == told
    True
    >>> counsel_on(f"{told}\\n\\nTranslate this.")
    """
    message = message.strip()
    if len(message) > MOST_TEXT_CHARS or message.count(" ") < LEAST_WORDS:
        return None
    for asked, text in _cuts(message):
        if has_enough_words(text) and asks_counsel(asked):
            return Handed(asked, text)
    return None


def has_enough_words(text: str) -> bool:
    """Returns True for a text that is long enough to be asked about; it is not read to its end."""
    return len(text.split(None, LEAST_WORDS)) >= LEAST_WORDS


def marks_of(text: str, asked: str) -> dict[Matter, int]:
    """Returns how many different words a text has of each kind that it shows, at most two.

    Warnings count where `asked` tells that something happened: everybody reads them calmly.

    >>> marks_of("The tenant is liable and waives the claim.", "should I sign?")
    {<Matter.LEGAL: 'legal'>: 2}
    >>> marks_of("We wave the flag.", "should I sign?")
    {}
    """
    text = text[:MOST_TEXT_CHARS]
    kinds = _KINDS if DONE.search(asked) is None else _KINDS_ONCE_DONE
    counts = {matter: _different(found.finditer(text)) for matter, found in kinds}
    return {matter: count for matter, count in counts.items() if count}


def is_own_story(message: str, parts: Handed) -> bool:
    """Returns True where the sender speaks in the text, and few words show that it binds.

    >>> is_own_story("Must I pay? My boiler leaks.", Handed("Must I pay?", "My boiler leaks."))
    True
    """
    if OWN_WORDS.search(parts.text, 0, MOST_TEXT_CHARS) is None:
        return False
    return sum(marks_of(message, parts.asked).values()) < _TWO


def _different(found: Iterator[re.Match[str]]) -> int:
    words = set[str]()
    for match in found:
        words.add(match[0].strip().lower())
        if len(words) == _TWO:
            break
    return len(words)


def _cuts(message: str) -> Iterator[tuple[str, str]]:
    """Yields the ways in which a message may be a question and a text."""
    before, line, behind = message.rpartition("\n")
    if line:
        yield behind.strip(), before.strip()
        first, _, rest = message.partition("\n")
        yield first.strip(), rest.strip()
    ends = [match.end() for match in _ENDS.finditer(message, 0, MOST_CHARS)]
    if ends:
        yield message[: ends[0]].strip(), message[ends[0] :].strip()
    start = max(0, len(message) - MOST_CHARS)
    if lasts := [match.end() for match in _ENDS.finditer(message, start)]:
        yield message[lasts[-1] :].strip(), message[: lasts[-1]].strip()
