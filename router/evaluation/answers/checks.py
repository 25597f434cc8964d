"""Checks an answer against one row of a benchmark. Pure.

Five kinds: multiple choice, number, exact text or pattern, cited passages, and code. Code is run
elsewhere (`code_runner`); this module takes it out of the answer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from router.types import Message

LONGEST = 20_000
"""Bounds the characters of an answer that are read: a benchmark's answers are short."""


class CheckKind(StrEnum):
    """Names the kinds of checks; a row has exactly one."""

    CHOICE = "choice"
    NUMBER = "number"
    EXACT = "exact"
    REGEX = "regex"
    CITES = "cites"
    TESTS = "tests"


class Item(Struct, frozen=True):
    """Holds one row of a benchmark; only the fields of its kind are set."""

    line: int
    id: str
    kind: CheckKind
    messages: tuple[Message, ...]
    choice: str = ""
    choices: Mapping[str, str] = {}
    number: float = 0.0
    tolerance: float = 0.0
    texts: tuple[str, ...] = ()
    pattern: str = ""
    cites: frozenset[str] = frozenset()
    may_cite: frozenset[str] = frozenset()
    passages: Mapping[str, str] = {}
    tests: str = ""


class Marked(Struct, frozen=True):
    """Holds the verdict of a check, with what was read in the answer."""

    right: bool
    read: str


_ANSWER = re.compile(r"\banswer\b[^\S\n]{0,3}(?:is|:|=)", re.IGNORECASE)
_LETTER = re.compile(r"[\s*(\[`]{0,6}([A-Z])(?![A-Za-z'])", re.IGNORECASE)
_ALONE = re.compile(r"[\s*(\[`]{0,6}([A-Z])[*)\].:`]{0,4}(?:\s|$)", re.IGNORECASE)
_MARKED = re.compile(r"(?<![^\s(])([A-Z])[).:](?=\s|$)")
_NUMBER = re.compile(
    r"(?<![\w.,])[-+]?(?:\d{1,3}(?:[,' ]\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d{1,3})?(?!\w*\d)"
)
_BLOCK = re.compile(r"^```[ \t]*(?:python|py)?[ \t]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
_CITED = re.compile(r"\[([^\[\]\n]{1,80})\]")


def asked(item: Item) -> tuple[Message, ...]:
    """Returns the messages of a row, with what its check needs after the last one."""
    more = _more(item)
    if not more:
        return item.messages
    last = item.messages[-1]
    return (*item.messages[:-1], Message(last.role, f"{last.text}\n\n{more}"))


def _more(item: Item) -> str:
    if item.kind is CheckKind.CHOICE:
        listed = "\n".join(f"{letter}. {text}" for letter, text in item.choices.items())
        return f"{listed}\n\nEnd with a line such as: Answer: A"
    if item.kind is CheckKind.NUMBER:
        return "End with a line such as: Answer: 12.5"
    if item.kind is CheckKind.CITES:
        listed = "\n".join(f"[{name}] {text}" for name, text in item.passages.items())
        return f"Passages:\n{listed}\n\nCite each passage that bears your answer out, as in [id]."
    if item.kind is CheckKind.TESTS:
        return "Answer with one block of Python code (```python)."
    return ""


def marked(item: Item, answer: str) -> Marked:
    """Returns True when an answer passes its row's check; code is not for this function."""
    text = answer[:LONGEST].strip()
    if item.kind is CheckKind.CHOICE:
        letter = letter_of(text, item.choices)
        return Marked(letter == item.choice, letter or "no letter")
    if item.kind is CheckKind.NUMBER:
        number = number_of(text)
        near = number is not None and abs(number - item.number) <= item.tolerance
        return Marked(near, "no number" if number is None else f"{number:.12g}")
    if item.kind is CheckKind.CITES:
        cited = cited_in(text, item.passages)
        fits = item.cites <= cited <= (item.cites | item.may_cite)
        return Marked(fits, ", ".join(sorted(cited)) or "no passage")
    if item.kind is CheckKind.REGEX:
        return Marked(re.search(item.pattern, text) is not None, text)
    plain = _plain(text)
    return Marked(any(plain == _plain(wanted) for wanted in item.texts), text)


def letter_of(answer: str, choices: Mapping[str, str]) -> str:
    """Returns the letter that an answer chooses, "" where it names none or several.

    >>> letter_of("B is tempting.\\nAnswer: C", {"A": "", "B": "", "C": ""})
    'C'
    """
    for announced in reversed(list(_ANSWER.finditer(answer))):
        if (letter := _LETTER.match(answer, announced.end())) and letter[1].upper() in choices:
            return letter[1].upper()
    lines = answer.splitlines() or [""]
    for line in (lines[-1], lines[0]):
        if (letter := _ALONE.fullmatch(line)) and letter[1].upper() in choices:
            return letter[1].upper()
    marks: set[str] = {name for name in _MARKED.findall(answer) if name in choices}
    if len(marks) == 1:
        return marks.pop()
    same = [letter for letter, text in choices.items() if _plain(text) == _plain(answer)]
    return same[0] if len(same) == 1 else ""


def number_of(answer: str) -> float | None:
    """Returns the number behind the last "Answer:", or the last number; None without one.

    >>> number_of("5 boxes of 12.\\nAnswer: $1,260.50"), number_of("none")
    (1260.5, None)
    """
    plain = answer.replace("\u2212", "-").replace("\u00a0", " ").replace("\u202f", " ")
    for announced in reversed(list(_ANSWER.finditer(plain))):
        line = plain[announced.end() :].partition("\n")[0]
        if numbers := _NUMBER.findall(_open(line)):
            return _float(numbers[0])
    numbers = _NUMBER.findall(_open(plain))
    return _float(numbers[-1]) if numbers else None


def _open(text: str) -> str:
    """Returns a text whose amounts stand apart from signs of currency and of emphasis.

    >>> _open("-$5"), _open("**4**")
    (' -5', '  4  ')
    """
    signs = re.sub(r"([-+])[$\u20ac\u00a3]", r" \1", text)
    return re.sub(r"[*_$\u20ac\u00a3=]", " ", signs)


def _float(digits: str) -> float | None:
    value = float(re.sub(r"[,' ]", "", digits))
    return value if math.isfinite(value) else None


def cited_in(answer: str, passages: Mapping[str, str]) -> frozenset[str]:
    """Returns the ids that an answer cites; one that names no passage stays, and is wrong.

    >>> sorted(cited_in("It is blue [a, b]. It is [x].", {"a": "", "b": ""}))
    ['a', 'b', 'x']
    """
    cited = set[str]()
    for inside in _CITED.findall(answer):
        cited |= {inside} if inside in passages else {part.strip() for part in inside.split(",")}
    return frozenset(cited - {""})


def code_of(answer: str) -> str:
    """Returns the code blocks of an answer, one after the other; the whole answer without any."""
    blocks: list[str] = _BLOCK.findall(answer[:LONGEST])
    return "\n\n".join(blocks) if blocks else answer[:LONGEST]


def _plain(text: str) -> str:
    """Returns a text without case, outer marks and double blanks.

    >>> _plain(' "Paris. "')
    'paris'
    """
    return " ".join(text.split()).strip(" .!\"'`*").casefold()


def lettered(choices: Sequence[str]) -> dict[str, str]:
    """Returns a list of choices under the letters from A on."""
    return {chr(ord("A") + place): text for place, text in enumerate(choices)}
