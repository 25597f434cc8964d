"""Turns a dataset's rows into the files that the commands of this project train on. Pure.

A row whose texts the policy lets nobody keep any more is left out and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from enum import StrEnum

import msgspec
from msgspec import Struct

from router.errors import TrainingDataError
from router.learning.rows import DatasetRow, Kind, Source, Split

WORDS = {
    Kind.GRADED: "judged answers",
    Kind.CORRECTION: "corrections",
    Kind.LABEL: "labels",
}


class Target(StrEnum):
    """Names who reads the file."""

    HEAD = "head"  # tiergate train head: text, label
    ANSWERS = "answers"  # tiergate train answers: prompt, answer, right, answerer
    OUTCOMES = "outcomes"  # tiergate tune and replay: request_id, correct
    PAIRS = "pairs"  # preference training: prompt, chosen, rejected
    MESSAGES = "messages"  # supervised training: messages


class Exported(Struct, frozen=True):
    """Holds the lines of a file, and how many rows were left out because their time is over."""

    lines: tuple[bytes, ...]
    expired: int


def export(
    rows: Sequence[DatasetRow],
    target: Target,
    parts: Iterable[Split],
    head: str,
    now_ms: int,
    answerer: str = "",
) -> Exported:
    """Returns the lines for `target` of these splits, of all answerers or of one.

    Raises TrainingDataError when several heads have labels and none is named, when a judge of
    answers would learn from those of several answerers, and when no row is left.
    """
    heads = sorted({row.head for row in rows if row.kind is Kind.LABEL})
    if target is Target.HEAD and not head and len(heads) > 1:
        raise TrainingDataError(f"there are labels for {', '.join(heads)}; name one by --head")
    wanted, wide = set(parts), _FORMS[target]
    chosen = [
        row
        for row in rows
        if row.split in wanted
        and row.kind in _KINDS[target]
        and (target is not Target.HEAD or not head or row.head == head)
    ]
    if target is not Target.MESSAGES:
        # An answerer's texts may teach words; they say nothing of how often answers are right.
        chosen = [row for row in chosen if row.source is not Source.SYNTHETIC]
    chosen = _by_answerer(chosen, target, answerer)
    usable = [row for row in chosen if row.expires_at_ms > now_ms]
    if not usable:
        why = f"; the time of {len(chosen)} is over" if chosen else _lacking(rows, wanted, target)
        raise TrainingDataError(
            f"the dataset has no row for {target.value} in {', '.join(sorted(wanted))}{why}"
        )
    lines = tuple(msgspec.json.encode(line) + b"\n" for row in usable for line in wide(row))
    return Exported(lines, len(chosen) - len(usable))


def _by_answerer(rows: list[DatasetRow], target: Target, answerer: str) -> list[DatasetRow]:
    """Returns the rows of one answerer, all of them where none is named.

    What shows that an answerer is wrong differs from one to the next, and most of all from approved
    words, so a judge learns from one answerer's answers.
    """
    present = Counter(row.answerer for row in rows)
    there = ", ".join(f"{name or 'unknown'} ({n})" for name, n in sorted(present.items()))
    if answerer and rows and answerer not in present:
        raise TrainingDataError(
            f"the dataset has no row of {answerer} for {target.value}; it has those of {there}"
        )
    if target is Target.ANSWERS and not answerer and len(present) > 1:
        raise TrainingDataError(f"there are answers of {there}; name one by --answerer")
    return [row for row in rows if not answerer or row.answerer == answerer]


def _lacking(rows: Sequence[DatasetRow], wanted: Set[Split], target: Target) -> str:
    """Says which rows a target needs, and which there are, such as labels alone."""
    needed = " or ".join(sorted(WORDS[kind] for kind in _KINDS[target]))
    present = Counter(WORDS[row.kind] for row in rows if row.split in wanted)
    counts = ", ".join(f"{name} ({number})" for name, number in sorted(present.items()))
    return f": expected {needed}, found {counts or 'nothing'}"


def _head(row: DatasetRow) -> list[Mapping[str, object]]:
    return [{"text": row.text, "label": row.label, "weight": row.weight}]


def _answers(row: DatasetRow) -> list[Mapping[str, object]]:
    return [
        {
            "prompt": row.text,
            "answer": row.answer,
            "right": int(bool(row.right)),
            "answerer": row.answerer,
            "weight": row.weight,
        }
    ]


def _outcomes(row: DatasetRow) -> list[Mapping[str, object]]:
    """Returns one line for each decision that was merged into the row: all count for a rate."""
    return [
        {"request_id": decision.removeprefix("dec_"), "correct": bool(row.right)}
        for decision in row.decisions
    ]


def _pairs(row: DatasetRow) -> list[Mapping[str, object]]:
    return [{"prompt": row.prompt, "chosen": row.preferred, "rejected": row.answer}]


def _messages(row: DatasetRow) -> list[Mapping[str, object]]:
    best = row.preferred if row.kind is Kind.CORRECTION else row.answer
    if row.kind is Kind.GRADED and not row.right:
        return []
    messages = [
        {"role": "user", "content": row.text},
        {"role": "assistant", "content": best},
    ]
    if row.source is Source.SYNTHETIC:
        return [{"messages": messages, "synthetic": True, "weight": row.weight}]
    return [{"messages": messages}]


_KINDS: Mapping[Target, frozenset[Kind]] = {
    Target.HEAD: frozenset({Kind.LABEL}),
    Target.ANSWERS: frozenset({Kind.GRADED}),
    Target.OUTCOMES: frozenset({Kind.GRADED}),
    Target.PAIRS: frozenset({Kind.CORRECTION}),
    Target.MESSAGES: frozenset({Kind.CORRECTION, Kind.GRADED}),
}
_FORMS: Mapping[Target, Callable[[DatasetRow], list[Mapping[str, object]]]] = {
    Target.HEAD: _head,
    Target.ANSWERS: _answers,
    Target.OUTCOMES: _outcomes,
    Target.PAIRS: _pairs,
    Target.MESSAGES: _messages,
}
