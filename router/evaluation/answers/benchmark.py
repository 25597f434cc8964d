"""Reads a benchmark of answers: JSON lines, each with a question and one check.

    {"id": "c1", "prompt": "...", "choices": ["...", "..."], "choice": "B"}
    {"id": "n1", "prompt": "...", "number": 12.5, "tolerance": 0.01}
    {"id": "e1", "prompt": "...", "exact": "Lisbon"}   or   "regex": "^L"
    {"id": "p1", "prompt": "...", "passages": {"a": "..."}, "cites": ["a"]}
    {"id": "t1", "prompt": "...", "tests": "assert double(2) == 4"}

`messages` may stand in place of `prompt`. A mistake names its line, and one run names all of them.
"""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, TypeVar

from router.errors import TrainingDataError
from router.evaluation.answers.checks import CheckKind, Item, lettered
from router.evaluation.table import Line, Table, read, shown
from router.types import Message

_ALWAYS = {"id", "prompt", "messages", "note"}
_BESIDE: Mapping[CheckKind, frozenset[str]] = {
    CheckKind.CHOICE: frozenset({"choices"}),
    CheckKind.NUMBER: frozenset({"tolerance"}),
    CheckKind.EXACT: frozenset(),
    CheckKind.REGEX: frozenset(),
    CheckKind.CITES: frozenset({"passages", "may_cite"}),
    CheckKind.TESTS: frozenset(),
}
MOST_CHOICES = 26
ROLES = ("system", "user", "assistant")


class Question(Protocol):
    """Tells what every row with a question has: its line in the file, and its id."""

    @property
    def line(self) -> int: ...

    @property
    def id(self) -> str: ...


Q = TypeVar("Q", bound=Question)


def read_benchmark(path: Path) -> Table[Item]:
    """Returns the rows of a benchmark. Raises TrainingDataError that names each wrong line."""
    return read_questions(path, _item)


def read_questions(path: Path, parse: Callable[[Line], Q]) -> Table[Q]:
    """Returns rows that each have a question and an id of its own, as `parse` reads them.

    Raises TrainingDataError that names each wrong line, or one whose id another row has.
    """
    table = read(path, (("id",), ("prompt", "messages")), parse)
    counts = Counter(item.id for item in table.items)
    for item in reversed(table.items):
        if counts[item.id] > 1:
            raise TrainingDataError(
                f"{path}:{item.line}: id is {shown(item.id)} in {counts[item.id]} rows; expected "
                "an id of its own for each row"
            )
    return table


def _item(line: Line) -> Item:
    kinds = [kind for kind in CheckKind if kind.value in line.row]
    if len(kinds) != 1:
        checks = " and ".join(kinds) or "no check"
        raise ValueError(f"found {checks}; expected exactly one of {', '.join(CheckKind)}")
    kind = kinds[0]
    foreign = sorted(set(line.row) - _ALWAYS - _BESIDE[kind] - {kind.value})
    if foreign:
        also = ", ".join(sorted({*_ALWAYS, *_BESIDE[kind]}))
        raise ValueError(f"found {', '.join(foreign)} beside {kind}; expected none but {also}")
    name, messages = id_of(line), messages_of(line)
    if kind is CheckKind.CHOICE:
        choices = _choices(line)
        right = line.text("choice").upper()
        if right not in choices:
            raise ValueError(f"choice is {shown(right)}; expected one of {', '.join(choices)}")
        return Item(line.number, name, kind, messages, choice=right, choices=choices)
    if kind is CheckKind.NUMBER:
        number, tolerance = _number(line, "number"), _number(line, "tolerance", 0.0)
        if tolerance < 0:
            raise ValueError(f"tolerance is {tolerance}; expected 0 or more")
        # Decimal fractions are no exact floats: 0.1 + 0.2 is right where 0.3 is wanted.
        least = 1e-9 * max(1.0, abs(number))
        return Item(
            line.number, name, kind, messages, number=number, tolerance=max(tolerance, least)
        )
    if kind is CheckKind.EXACT:
        value = line.row["exact"]
        texts = _texts([value] if isinstance(value, str) else value, "exact")
        return Item(line.number, name, kind, messages, texts=texts)
    if kind is CheckKind.REGEX:
        return Item(line.number, name, kind, messages, pattern=_pattern(line))
    if kind is CheckKind.CITES:
        return _citing(line, name, messages)
    return Item(line.number, name, kind, messages, tests=_tests(line))


def id_of(line: Line) -> str:
    """Returns the id of a row. Raises ValueError where it has none."""
    if not (name := line.text("id")):
        raise ValueError("id is empty; expected a name of the row")
    return name


def messages_of(line: Line) -> tuple[Message, ...]:
    """Returns the messages of a row; `prompt` is one message of a user. Raises ValueError."""
    if "prompt" in line.row and "messages" in line.row:
        raise ValueError("found prompt and messages; expected one of them")
    if "prompt" in line.row:
        if not (prompt := line.text("prompt")):
            raise ValueError("prompt is empty; expected a question")
        return (Message("user", prompt),)
    rows = line.row.get("messages")
    if not isinstance(rows, list) or not rows:
        raise ValueError(f"messages is {shown(rows)}; expected a list of role and content")
    messages = []
    for message in rows:
        content = message.get("content") if isinstance(message, dict) else None
        if not isinstance(content, str) or message.get("role") not in ROLES:
            raise ValueError(
                f"messages has {shown(message)}; expected role ({', '.join(ROLES)}) and content"
            )
        messages.append(Message(message["role"], content))
    if messages[-1].role != "user":
        raise ValueError("the last message is not the user's; expected a question at the end")
    return tuple(messages)


def _choices(line: Line) -> dict[str, str]:
    offered = line.row.get("choices")
    if isinstance(offered, dict):
        choices = {str(letter).upper(): text for letter, text in offered.items()}
    else:
        choices = lettered(_texts(offered, "choices"))
    fits = all(re.fullmatch("[A-Z]", key) and isinstance(choices[key], str) for key in choices)
    if not fits or not 2 <= len(choices) <= MOST_CHOICES:
        raise ValueError(f"choices is {shown(offered)}; expected 2 to {MOST_CHOICES} texts")
    return choices


def _citing(line: Line, name: str, messages: tuple[Message, ...]) -> Item:
    passages = line.row.get("passages")
    if (
        not isinstance(passages, dict)
        or not passages
        or not all(isinstance(text, str) and text for text in passages.values())
    ):
        raise ValueError(f"passages is {shown(passages)}; expected an object of id and text")
    cites = frozenset(_texts(line.row["cites"], "cites", least=0))
    may = frozenset(_texts(line.row.get("may_cite", []), "may_cite", least=0))
    if unknown := sorted((cites | may) - set(passages)):
        raise ValueError(f"cites has {shown(unknown[0])}; expected ids of passages")
    return Item(
        line.number, name, CheckKind.CITES, messages, cites=cites, may_cite=may, passages=passages
    )


def _pattern(line: Line) -> str:
    pattern = line.text("regex")
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"regex is {shown(pattern)}: {error}; expected a pattern") from error
    return pattern


def _tests(line: Line) -> str:
    tests = line.text("tests")
    try:
        body = ast.parse(tests).body
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"tests is no Python ({error}); expected statements") from error
    if not body:
        raise ValueError("tests is empty; expected statements such as assert double(2) == 4")
    return tests


def _number(line: Line, column: str, default: float | None = None) -> float:
    value = line.row.get(column, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{column} is {shown(value)}; expected a number")
    return float(value)


def _texts(value: object, column: str, least: int = 1) -> tuple[str, ...]:
    if (
        not isinstance(value, list)
        or len(value) < least
        or not all(isinstance(text, str) and text.strip() for text in value)
    ):
        raise ValueError(f"{column} is {shown(value)}; expected a list of texts")
    return tuple(value)
