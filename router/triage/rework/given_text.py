"""Parts a message into the writer's own words and a text that it gives. Pure.

A text is given between quotation marks of any language, in a fence, in lines with ">", behind a
line break or a colon, or before the writer's words. It must be longer than these. It reads folded
text and knows nothing about what is asked.
"""

# ruff: noqa: RUF001 - quotation marks of other languages are needed

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from router.regexes.late import late_regex
from router.triage.text.folding import words_of
from router.triage.text.quotes import marked_spans, outside

LEAST_GIVEN = 12
"""Words of a given text; a shorter one may be a name or a title."""
MOST_OWN = 600
"""Characters of what somebody writes about a text that needs no judgement."""
ENOUGH = 400
"""Characters of a text that has LEAST_GIVEN words in any language, so that nobody counts them."""

MAY_GIVE = re.compile("[\n:\"'>`„“”«»‹›「『]")
"""Finds a sign without which no text is given. An apostrophe may be a quotation mark."""

# A mark within a word is an apostrophe. Each branch stops at the next mark, so that time is linear.
_QUOTED = late_regex(
    r'(?<![^\s([:,;>\-])"(?=\S)[^"]*"(?!\w)'
    r"|(?<![^\s([:,;>\-])'(?=\S)(?:[^'\n]|(?<=\w)'(?=\w))*'(?!\w)"
    r"|[„“”](?=\S)[^„“”]*[“”]|»[^«»]*«(?!\w)|«[^«»]*»|‹[^‹›]*›|「[^「」]*」|『[^『』]*』"
)
_BREAK = late_regex(r"\n(?:[ ]*\n)+|(?:\n|\A)[ ]*(?:-{3,}|_{3,}|={3,}|\*{3,})[ ]*(?:\n|\Z)")
NOT_OWN = ("-- \n", "subject:", "from:", "to:", "re:", "fw:", "fwd:")
"""Begins what a mail has at its ends: its head, and what a program writes below it."""
_COLON = late_regex(r":(?=\s|\W)")
ENDS = ".!?\n。؟।"
"""Signs that end a sentence."""


class Parted(NamedTuple):
    """Holds a message in two parts. `open` is a given text without an end that shows: words of the
    writer may stand in it, too."""

    own: str
    open: str = ""


def parted(text: str, asks: Callable[[str], bool]) -> Parted | None:
    """Returns the own words and the given text of a folded message; None where none is given.

    `asks` tells if words may be those that ask for something to be done with a text. Where no mark
    shows what is given, the own words are the first or the last ones that ask.

    >>> parted("Shorten: the shop is closed on Monday, and opens on Tuesday at nine in the morning",
    ...        lambda own: own == "Shorten").own
    'Shorten'
    """
    spans = [*marked_spans(text), *[match.span() for match in _QUOTED.finditer(text)]]
    spans = [span for span in spans if _size(text[slice(*span)]) >= LEAST_GIVEN]
    if spans:
        own = outside(text, sorted(spans))
        if _is_shorter(own.strip(), max([text[slice(*span)] for span in spans], key=len)):
            return Parted(own)
    for own, rest in _splits(text):
        if not own.startswith(NOT_OWN) and _is_shorter(own, rest) and asks(own):
            return Parted(own, rest)
    return None


def last_sentence(text: str) -> str:
    """Returns the last sentence of a text, with the sign that ends it.

    >>> last_sentence("All is well. Shall we pay? ")
    'Shall we pay?'
    """
    text = text.strip()
    end = len(text.rstrip(f"{ENDS} "))
    start = max([text.rfind(sign, 0, end) for sign in ENDS]) + 1
    return text[start:].lstrip()


def _splits(text: str) -> list[tuple[str, str]]:
    """Returns the ways to part a text: at its first or last break, line or colon."""
    text = text.strip()
    splits = list[tuple[str, str]]()
    breaks = [match.span() for match in _BREAK.finditer(text)]
    first = next(((start, end) for start, end in breaks if text[:start].strip()), None)
    last = next(((start, end) for start, end in reversed(breaks) if text[end:].strip()), None)
    if first is not None:
        splits.append((text[: first[0]], text[first[1] :]))
    line, _, rest = text.partition("\n")
    if rest:
        splits.append((line, rest))
    if (colon := _COLON.search(text)) is not None:
        splits.append((text[: colon.start()], text[colon.end() :]))
    if last is not None:
        splits.append((text[last[1] :], text[: last[0]]))
    rest, _, line = text.rpartition("\n")
    if rest:
        splits.append((line, rest))
    return splits


def _is_shorter(own: str, given: str) -> bool:
    """Returns True where own words are few, and fewer than those of the given text."""
    if not (0 < len(own) < len(given)) or len(own) > MOST_OWN:
        return False
    return len(given) > ENOUGH or _size(given) >= LEAST_GIVEN


def _size(text: str) -> int:
    return len(words_of(text))
