"""Reads what a judge shall judge, and what people said of the same answers: JSON lines.

    {"id": "a1", "prompt": "...", "answer": "...", "author": "gpt-5", "reference": "..."}
    {"id": "a2", "prompt": "...", "answer": "...", "other": "..."}      two answers to compare
    {"id": "a1", "grades": {"correct": 4}, "right": true, "better": "first"}      a person's word

Without `answer`, the policy is asked. A mistake names its line, and one run names all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from router.errors import TrainingDataError
from router.evaluation.answers.benchmark import id_of, messages_of, read_questions
from router.evaluation.table import Line, Table, read, shown
from router.judging.asking import SIDES
from router.policy.content.rubrics import GRADES, HIGHEST, LOWEST, Rubric
from router.types import Message

_COLUMNS = {
    "id",
    "prompt",
    "messages",
    "note",
    "reference",
    "answer",
    "author",
    "other",
    "other_author",
}
_SAID = ("grades", "right", "better")


class JudgedItem(Struct, frozen=True):
    """Holds one question with the answers that there are; "" for what the file does not give."""

    line: int
    id: str
    messages: tuple[Message, ...]
    reference: str = ""  # what a right answer holds
    answer: str = ""
    author: str = ""  # the model that wrote the answer
    other: str = ""
    other_author: str = ""


class HumanWord(Struct, frozen=True):
    """Holds what one person said of one answer, or of two."""

    line: int
    id: str
    grades: Mapping[str, int]
    right: bool | None = None
    better: str = ""


def read_judged(path: Path) -> Table[JudgedItem]:
    """Returns the rows to judge. Raises TrainingDataError that names each wrong line."""
    return read_questions(path, _item)


def read_words(path: Path, rubric: Rubric, known: set[str]) -> Table[HumanWord]:
    """Returns people's verdicts; several people may judge one answer, each in a row.

    Raises TrainingDataError that names each wrong line, such as an id that is not in `known`.
    """

    def parse(line: Line) -> HumanWord:
        name = id_of(line)
        if name not in known:
            raise ValueError(f"id is {shown(name)}, which no judged row has; expected one of them")
        if not any(key in line.row for key in _SAID):
            raise ValueError(f"found no verdict; expected one of {', '.join(_SAID)}")
        if foreign := sorted(set(line.row) - {"id", "by", "note", *_SAID}):
            raise ValueError(f"found {', '.join(foreign)}; expected none but {', '.join(_SAID)}")
        right = line.row.get("right")
        if right is not None and not isinstance(right, bool):
            raise ValueError(f"right is {shown(right)}; expected true or false")
        better = line.one_of("better", SIDES) if "better" in line.row else ""
        return HumanWord(line.number, name, _grades(line, rubric), right, better)

    return read(path, (("id",),), parse)


def _item(line: Line) -> JudgedItem:
    if foreign := sorted(set(line.row) - _COLUMNS):
        raise ValueError(
            f"found {', '.join(foreign)}; expected none but {', '.join(sorted(_COLUMNS))}"
        )
    texts = {
        name: line.text(name) if name in line.row else ""
        for name in ("reference", "answer", "author", "other", "other_author")
    }
    if texts["other"] and not texts["answer"]:
        raise ValueError("found other without answer; expected both, or neither")
    return JudgedItem(line.number, id_of(line), messages_of(line), **texts)


def _grades(line: Line, rubric: Rubric) -> dict[str, int]:
    grades = line.row.get("grades", {})
    if not isinstance(grades, dict) or not set(grades) <= set(rubric.weights):
        wanted = ", ".join(rubric.weights)
        raise ValueError(f"grades is {shown(grades)}; expected grades of {wanted}")
    for grade in grades.values():
        if isinstance(grade, bool) or grade not in GRADES:
            raise ValueError(f"grades has {shown(grade)}; expected {LOWEST} to {HIGHEST}")
    return grades


def need_pairs(path: Path, items: tuple[JudgedItem, ...], versus: str | None) -> None:
    """Raises TrainingDataError where a second answerer is named and the file has second answers."""
    pairs = [item for item in items if item.other]
    if versus is not None and pairs:
        raise TrainingDataError(
            f"{path}:{pairs[0].line}: found other, and --versus {versus}; expected one of them, "
            "since only one second answer is compared"
        )
