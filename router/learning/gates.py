"""Leaves out rows that would teach something nobody meant, each with its reason. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from router.learning.near_duplicates import plain, representatives
from router.learning.rows import DatasetRow, Dropped, Kind
from router.stats.heads import label_key

LEAST_LETTERS, MOST_CHARACTERS = 3, 20_000
BROKEN_SHARE = 0.05
"""A text with more replacement or control characters was decoded wrongly."""
_BROKEN = re.compile(r"[\ufffd\x00-\x08\x0b\x0c\x0e-\x1f]")
_PLACEHOLDER = re.compile(r"\[[A-Z]+(?:_[A-Z0-9]+)?\]")
_LETTER = re.compile(r"[^\W\d_]")


def sound(rows: Iterable[DatasetRow], dropped: Counter[Dropped]) -> list[DatasetRow]:
    """Returns the rows whose texts can teach; counts the others by reason."""
    kept = []
    for row in rows:
        fault = fault_of(row)
        if fault is None:
            kept.append(row)
        else:
            dropped[fault] += 1
    return kept


def fault_of(row: DatasetRow) -> Dropped | None:
    """Returns why a row cannot teach, None where it can."""
    if len(_LETTER.findall(row.text[:200])) < LEAST_LETTERS:
        return Dropped.SHORT
    if len(row.prompt) > MOST_CHARACTERS or len(row.preferred) > MOST_CHARACTERS:
        return Dropped.LONG
    if len(_BROKEN.findall(row.text)) > BROKEN_SHARE * len(row.text):
        return Dropped.BROKEN
    if 2 * len(_PLACEHOLDER.findall(row.text)) >= len(row.text.split()):
        return Dropped.PLACEHOLDERS
    if row.kind is Kind.CORRECTION and plain(row.preferred) == plain(row.answer):
        return Dropped.NOTHING_NEW
    return None


def spelt_alike(rows: Sequence[DatasetRow]) -> tuple[list[DatasetRow], int]:
    """Returns the rows with the most frequent spelling of each head's label, and how many changed.

    Labels that differ only in case or spaces are one class: as two they would contradict each
    other, and a head would learn both.
    """
    spellings: dict[tuple[str, str], Counter[str]] = {}
    for row in rows:
        if row.kind is Kind.LABEL:
            spellings.setdefault((row.head, label_key(row.label)), Counter())[row.label] += 1
    usual = {key: counts.most_common(1)[0][0] for key, counts in spellings.items()}
    alike = [
        replace(row, label=usual[row.head, label_key(row.label)]) if row.kind is Kind.LABEL else row
        for row in rows
    ]
    changed = sum(row.label != new.label for row, new in zip(rows, alike, strict=True))
    return alike, changed


def distinct(rows: Sequence[DatasetRow], dropped: Counter[Dropped]) -> list[DatasetRow]:
    """Returns the rows without repeats and contradictions; the first of equal rows stays.

    Rows that teach the same are merged: the one that stays names the decisions of all. Of rows of
    one text that contradict each other, those with the most frequent label stay, or none.
    """
    agreed = _agreed(rows, dropped)
    exact: dict[tuple[str, ...], list[DatasetRow]] = {}
    for row in agreed:
        exact.setdefault(_content(row), []).append(row)
    firsts = [_merged(same) for same in exact.values()]
    dropped[Dropped.EXACT] += len(agreed) - len(firsts)
    stands_for = representatives(
        [_compared(row) for row in firsts], [(row.kind, row.head, _class(row)) for row in firsts]
    )
    near: dict[int, list[DatasetRow]] = {}
    for row, first in zip(firsts, stands_for, strict=True):
        near.setdefault(first, []).append(row)
    kept = [_merged(same) for same in near.values()]
    dropped[Dropped.NEAR] += len(firsts) - len(kept)
    return kept


def _agreed(rows: Sequence[DatasetRow], dropped: Counter[Dropped]) -> list[DatasetRow]:
    groups: dict[tuple[str, ...], list[DatasetRow]] = {}
    for row in rows:
        groups.setdefault(_question(row), []).append(row)
    settled: dict[tuple[str, ...], str | None] = {}
    for question, same in groups.items():
        votes = Counter(row.claim for row in same).most_common()
        torn = len(votes) > 1 and votes[0][1] == votes[1][1]
        # Two right answers to one question may both be right; two labels may not.
        free = same[0].kind is Kind.CORRECTION
        settled[question] = None if torn and not free else votes[0][0]
        if free:
            settled.pop(question)
        elif torn:
            dropped[Dropped.TORN] += len(same)
        else:
            dropped[Dropped.OUTVOTED] += sum(row.claim != votes[0][0] for row in same)
    return [row for row in rows if settled.get(_question(row), row.claim) == row.claim]


def _question(row: DatasetRow) -> tuple[str, ...]:
    """Returns what a row says something about."""
    answer = plain(row.answer) if row.kind is not Kind.LABEL else ""
    asked = plain(row.text if row.kind is Kind.LABEL else row.prompt)
    return (row.kind, row.head, asked or row.text, answer)


def _content(row: DatasetRow) -> tuple[str, ...]:
    return (*_question(row), row.claim)


def _compared(row: DatasetRow) -> str:
    return row.text if row.kind is Kind.LABEL else f"{row.prompt} {row.answer} {row.preferred}"


def _class(row: DatasetRow) -> str:
    """Returns what near-duplicates must share: a small change may be what makes the difference."""
    return "" if row.kind is Kind.CORRECTION else row.claim


def _merged(same: Sequence[DatasetRow]) -> DatasetRow:
    """Returns the first of these rows with the lineage of all."""
    if len(same) == 1:
        return same[0]
    decisions = dict.fromkeys(decision for row in same for decision in row.decisions)
    return replace(same[0], decisions=tuple(decisions))


def capped(rows: Sequence[DatasetRow], most: int, dropped: Counter[Dropped]) -> list[DatasetRow]:
    """Returns at most `most` rows of each class and kind, chosen by their names; 0: all."""
    if not most:
        return list(rows)
    chosen: Counter[tuple[Kind, str]] = Counter()
    kept = set()
    for row in sorted(rows, key=lambda row: row.row_id):
        chosen[row.kind, row.class_name] += 1
        if chosen[row.kind, row.class_name] <= most:
            kept.add(row.row_id)
    dropped[Dropped.CAPPED] += len(rows) - len(kept)
    return [row for row in rows if row.row_id in kept]
