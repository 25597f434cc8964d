"""Holds an answer against its sources, sentence by sentence. Pure.

A sentence stays if a passage that it cites bears it out; if another passage does, the citation is
corrected; if none does, the sentence goes. Words that state nothing (a greeting, a heading, that
the documents do not say) stay as long as something else does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

_CITATION = re.compile(r"[ \t]?\[(\d{1,2}(?:\s{0,2},\s{0,2}\d{1,2}){0,4})\]")
_END = re.compile(
    r"(?<=[.!?])(?P<cited>(?:[ \t]?\[\d{1,2}(?:\s{0,2},\s{0,2}\d{1,2}){0,4}\])*)(?=\s|$)"
)
_LISTED = re.compile(r"\s{0,12}(?:[-*+\u2022]|\d{1,3}[.)])\s+")
_WORD = re.compile(r"[^\W\d_]{2,}|\d")
_SAYS_NOTHING = re.compile(
    r"(?:the )?(?:documents?|passages?|sources?|text)s?\b[^.\n]{0,60}\b(?:do(?:es)? not|don't"
    r"|doesn't|no|not)\b|\bnot (?:stated|mentioned|covered|found)\b|\b(?:i|we) (?:do not|don't|"
    r"could not|cannot|can't) (?:know|find|say|tell|answer)\b",
    re.IGNORECASE,
)
LONGEST_ABBREVIATION = 8
"""Characters of the longest abbreviation, with its full stop and the character before it."""
_ABBREVIATION = re.compile(
    r"\b(?:e\.g|i\.e|etc|no|nr|art|approx|vs|dr|mr|mrs|st)\.$", re.IGNORECASE
)


class Sentence(Struct, frozen=True):
    """Holds one sentence of an answer, without its citations."""

    text: str
    cited: tuple[int, ...]  # numbers of passages, from 1
    lead: str = ""  # the mark of a list before it
    line: int = 0
    states: bool = True  # False: it says nothing that needs a source


class Cited(Struct, frozen=True):
    """Holds the part of an answer that its sources bear out."""

    text: str
    used: tuple[int, ...]  # numbers of passages that it cites, ascending
    dropped: int  # sentences that were left out


def sentences_of(answer: str) -> list[Sentence]:
    """Returns the sentences of an answer, each with the passages that it cites."""
    made: list[Sentence] = []
    for number, line in enumerate(answer.split("\n")):
        lead = _LISTED.match(line)
        rest = line[lead.end() :] if lead else line.strip()
        begin = lead[0] if lead else ""
        for part in _split(rest):
            cited = [int(n) for numbers in _CITATION.findall(part) for n in numbers.split(",")]
            plain = " ".join(_CITATION.sub("", part).split())
            plain = re.sub(r"\s+([.,;:!?])", r"\1", plain)
            if plain or cited:
                states = _states(plain)
                made.append(Sentence(plain, tuple(dict.fromkeys(cited)), begin, number, states))
                begin = ""
    return made


def checked(sentences: Sequence[Sentence], support: Sequence[Sequence[float]], at: float) -> Cited:
    """Returns the sentences that their sources bear out, with a citation each.

    `support` holds the chance that each passage bears each sentence out, (sentences, passages).
    """
    kept: list[tuple[Sentence, tuple[int, ...]]] = []
    dropped = stated = 0
    for sentence, chances in zip(sentences, support, strict=True):
        if not sentence.states:
            kept.append((sentence, ()))
            continue
        own = tuple(n for n in sentence.cited if 0 < n <= len(chances) and chances[n - 1] >= at)
        best = max(range(len(chances)), key=chances.__getitem__, default=-1)
        if not own and best >= 0 and chances[best] >= at:
            own = (best + 1,)
        if own:
            kept.append((sentence, own))
            stated += 1
        else:
            dropped += 1
    if not stated:
        # A statement that the documents do not say it may stand alone; a greeting may not.
        kept = [(s, own) for s, own in kept if _SAYS_NOTHING.search(s.text)]
    used = sorted({n for _, own in kept for n in own})
    return Cited(_joined(kept), tuple(used), dropped)


def _joined(kept: Sequence[tuple[Sentence, tuple[int, ...]]]) -> str:
    """Returns the sentences in their lines again."""
    text, line = "", -1
    for sentence, own in kept:
        gap = "" if line < 0 else " " if sentence.line == line else "\n"
        marks = "".join(f" [{n}]" for n in own)
        text += f"{gap}{sentence.lead}{_with(sentence.text, marks)}"
        line = sentence.line
    return text


def _with(text: str, marks: str) -> str:
    """Returns a sentence with its citations before the full stop."""
    if marks and text[-1:] in ".!?":
        return f"{text[:-1]}{marks}{text[-1]}"
    return f"{text}{marks}"


def _split(line: str) -> list[str]:
    parts: list[str] = []
    start = 0
    for end in _END.finditer(line):
        # Its end alone is read: a line of nothing but abbreviations would cost its square.
        if _ABBREVIATION.search(line, max(start, end.start() - LONGEST_ABBREVIATION), end.start()):
            continue
        parts.append(line[start : end.end()])
        start = end.end()
    parts.append(line[start:])
    return [part for part in parts if part.strip()]


def _states(text: str) -> bool:
    """Returns False for a text that needs no source, such as a question or a greeting."""
    if text.endswith(("?", ":")) or _SAYS_NOTHING.search(text):
        return False
    return len(_WORD.findall(text)) >= 3
