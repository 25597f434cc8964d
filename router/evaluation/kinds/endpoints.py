"""Measures what rules read for endpoints by domain, on labelled texts: fields, verdicts, chances.

A line of a file is an object: `text`, `verdict`, `findings` (the ids that are right), and fields of
items. An item is words of the text, or words and value. Of obligations only the beginning counts,
since where one ends is a matter of taste. Lines with an even number (from 0) may be looked at when
rules are mended, and they give the chances of findings; the others only judge.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field

from router.errors import TrainingDataError
from router.evaluation.kinds.privacy import Counts
from router.extraction.items import Item
from router.extraction.patterns import Patterns
from router.extraction.reading import Reading, read
from router.extraction.result import result_of
from router.policy.head_conditions import Chances
from router.policy.sections.answering.endpoints import EndpointSection
from router.triage.text.amounts import AmountReader
from router.types import Amount

LEAST_OVERLAP = 0.5
HowCounts = Mapping[str, tuple[int, int]]
Heads = Callable[[str], Mapping[str, Chances] | None]


class LabelledText(Struct, frozen=True):
    """Holds one line of a file."""

    text: str
    fields: Mapping[str, Sequence[object]]
    verdict: str = ""


class FieldFigures(Struct, frozen=True):
    """Holds one field's figures."""

    name: str
    items: int
    precision: float
    recall: float
    f1: float


class EndpointFigures(Struct, frozen=True):
    """Holds the figures of one endpoint on one half of its texts."""

    path: str
    texts: int
    fields: tuple[FieldFigures, ...]
    verdicts_right: int
    all_right: int  # texts whose labelled fields and verdict are all right
    stated: float  # mean confidence of all items
    found_right: float  # share of them that is right
    items: int
    how: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # right and all, by rule

    @property
    def right(self) -> float:
        """Returns the chance that all is right: one right and one wrong text are added."""
        return (self.all_right + 1) / (self.texts + 2)


def read_labelled(path: Path) -> list[LabelledText]:
    """Returns the texts of a file. Raises TrainingDataError."""
    texts = []
    # `splitlines` would also cut at characters of a text, such as U+2028.
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            text, verdict = row.pop("text"), row.pop("verdict", "")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            expected = 'an object as {"text": "...", "verdict": "...", "findings": []}'
            raise TrainingDataError(f"{path}:{number}: {error}; expected {expected}") from error
        texts.append(LabelledText(text, row, verdict))
    if not texts:
        raise TrainingDataError(f"{path} has no text")
    return texts


def halves(texts: Sequence[LabelledText]) -> tuple[list[LabelledText], list[LabelledText]]:
    """Returns the half that may be looked at, and the half that judges."""
    return list(texts[::2]), list(texts[1::2])


def measure(
    section: EndpointSection,
    texts: Sequence[LabelledText],
    reader: AmountReader,
    patterns: Patterns | None,
    heads: Heads,
    counts: HowCounts,
) -> EndpointFigures:
    """Returns the figures of one endpoint on these texts."""
    by_field: dict[str, Counts] = {}
    how: dict[str, tuple[int, int]] = {}
    stated: list[float] = []
    verdicts = whole = 0
    for labelled in texts:
        reading = read(section, labelled.text, {}, reader, patterns, counts)
        clean = True
        for name, gold in labelled.fields.items():
            judged = _judged(name, section, labelled.text, reading, gold)
            by_field[name] = by_field.get(name, Counts()).plus(judged.counts)
            clean = clean and not judged.counts.wrong and not judged.counts.missed
            for item, right in judged.items:
                before = how.get(item.how, (0, 0))
                how[item.how] = (before[0] + right, before[1] + 1)
                stated.append(item.confidence)
        result = result_of(
            section,
            section.fields,
            labelled.text,
            reading,
            heads(labelled.text),
            _stated(reading),
            None,
        )
        verdict_right = result.verdict == labelled.verdict
        verdicts += verdict_right
        whole += clean and verdict_right
    count = sum(pair[1] for pair in how.values())
    return EndpointFigures(
        section.path,
        len(texts),
        tuple(_figures(name, one) for name, one in by_field.items()),
        verdicts,
        whole,
        sum(stated) / len(stated) if stated else 0.0,
        sum(pair[0] for pair in how.values()) / count if count else 1.0,
        count,
        how,
    )


def _figures(name: str, counts: Counts) -> FieldFigures:
    return FieldFigures(
        name, counts.right + counts.missed, counts.precision, counts.recall, counts.f1
    )


class _Judged(Struct):
    counts: Counts
    items: list[tuple[Item, bool]]


def _judged(
    name: str, section: EndpointSection, text: str, reading: Reading, gold: Sequence[object]
) -> _Judged:
    items = reading.items.get(name, ())
    if name == "findings":
        ids = {str(item.values["id"]) for item in items}
        wanted = {str(one) for one in gold}
        counts = Counts(len(ids & wanted), len(ids - wanted), len(wanted - ids))
        return _Judged(counts, [(item, str(item.values["id"]) in wanted) for item in items])
    left = [_placed(text, one) for one in gold]
    judged: list[tuple[Item, bool]] = []
    for item in items:
        match = next((one for one in left if _fits(one, item, section.extract[name])), None)
        if match is not None:
            left.remove(match)
        judged.append((item, match is not None))
    right = sum(ok for _, ok in judged)
    return _Judged(Counts(right, len(judged) - right, len(left)), judged)


def _placed(text: str, gold: object) -> tuple[int, int, object]:
    words, value = (gold[0], gold[1]) if isinstance(gold, list) else (gold, None)
    start = text.find(str(words))
    if start < 0:
        raise TrainingDataError(f"{words!r} does not occur in {text[:60]!r}")
    return start, start + len(str(words)), value


def _fits(gold: tuple[int, int, object], item: Item, kind: str) -> bool:
    start, end, value = gold
    if kind == "obligation":
        return item.start == start
    shared = min(end, item.end) - max(start, item.start)
    both = max(end, item.end) - min(start, item.start)
    return shared >= LEAST_OVERLAP * both and value in (None, item.values.get("value"))


def _stated(reading: Reading) -> list[Amount]:
    """Returns the amounts of the text, in place of those that triage would read."""
    amounts: list[Amount] = []
    for items in reading.items.values():
        for item in items:
            usd = item.values.get("usd")
            if isinstance(usd, float):
                amounts.append(Amount("", str(item.values["currency"]), round(usd * 1e9)))
    return amounts


def how_counts(figures: Iterable[EndpointFigures]) -> dict[str, tuple[int, int]]:
    """Returns by rule how many findings were right, and all, over several endpoints."""
    total: dict[str, tuple[int, int]] = {}
    for one in figures:
        for how, (right, count) in one.how.items():
            before = total.get(how, (0, 0))
            total[how] = (before[0] + right, before[1] + count)
    return dict(sorted(total.items()))
