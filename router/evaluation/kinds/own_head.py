"""Judges a head of `tiergate train head` on labelled rows that taught it nothing.

It says how sure the head is and how often it is right there, so that a user can see on rows of
their own if a stated .95 is right 95 times in 100.
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from router.errors import ModelFileError, TrainingDataError
from router.evaluation.judging import chance_section, class_section
from router.evaluation.options import Kind, Options, Report, Section, Subject
from router.stats import heads
from router.stats.calibration import Flags, Floats
from router.stats.heads import HeadKind, label_key
from router.stats.measures import Figure, share_figure
from router.training.heads.labelled_rows import (
    MAX_LINES_NAMED,
    MISTYPED_ALIKE,
    LabelledRow,
    named,
    places_of,
    rows_of_file,
)
from router.training.heads.train_head import seen_by, text_digest

LEVELS = (0.5, 0.7, 0.9, 0.95, 0.99)


def evaluate(subject: Subject, path: Path, options: Options) -> Report:
    """Returns the figures of the head `options.own_head` on a file with `options.columns`.

    Rows that taught it are left out. Labels that a head of classes does not know have a section of
    their own: it is wrong there whatever it says. Raises TrainingDataError where no row is left,
    ModelFileError for a head that cannot be read, or that gives a value and no chance.
    """
    assert options.own_head is not None
    folder, name = options.own_head.parent, options.own_head.name.removesuffix(".json")
    head = heads.load(folder, name, encoder_sha256=subject.model.encoder.sha256)
    if head.kind is HeadKind.VALUE:
        raise ModelFileError(
            f"head {name} gives a value, which no label judges; expected a head of classes or of "
            "one chance, as `tiergate train head` writes"
        )
    told = rows_of_file(path, *options.columns)
    seen = seen_by(folder, name)
    rows = [row for row in told.rows if text_digest(row.text) not in seen]
    again = [row.line for row in told.rows if text_digest(row.text) in seen]
    if not told.rows:
        raise TrainingDataError(f"{path}: found no row with a text and a label; expected some")
    if not rows:
        raise TrainingDataError(
            f"{path}: found no row that did not teach the head {name}; expected others. What it "
            f"reached on rows held out from it stands in {name}.card.json"
        )
    notes = [str(repair) for repair in told.repairs]
    if again:
        notes.append(f"{len(again)} rows left out, which taught the head (lines {named(again)})")
    chances = np.asarray(head(subject.encode([row.text for row in rows])), float)
    truth = places_of(rows, head.classes)
    sections: dict[str, Section] = {}
    options = options.of_texts([row.text for row in rows])
    if head.kind is HeadKind.CHANCE:
        yes = truth == 0
        sections[name] = chance_section(chances, yes, options)
        sure, right = np.maximum(chances, 1.0 - chances), (chances > 0.5) == yes
    else:
        sure, right = chances.max(axis=1), chances.argmax(axis=1) == truth
        known = truth >= 0
        if known.any():
            sections[name] = class_section(chances[known], truth[known], options.part(known))
        if not known.all():
            unknown = list(itertools.compress(rows, (~known).tolist()))
            notes.append(_unknown(unknown, int(known.sum()), head.classes))
            strange = options.part(~known)
            said = {f"says_{u:g}_or_more": _share(sure[~known] >= u, strange) for u in LEVELS}
            sections[f"{name}, labels that it does not know"] = said
        sure, right, options = sure[known], right[known], options.part(known)
    if len(sure):
        sections[f"{name}, stated and right"] = _stated(sure, right, options)
    version = subject.model.version
    return Report(Kind.HEAD, path.name, told.sha256, version, sections, tuple(notes))


def _unknown(rows: Sequence[LabelledRow], others: int, classes: Sequence[str]) -> str:
    """Returns which labels are no class of the head, on which lines, and which may be mistyped."""
    by_key = {label_key(label): label for label in classes}
    lines: dict[str, list[int]] = {}
    for row in rows:
        lines.setdefault(row.label, []).append(row.line)
    told = list[str]()
    for label in sorted(lines, key=lambda label: -len(lines[label]))[:MAX_LINES_NAMED]:
        (near,) = difflib.get_close_matches(label_key(label), by_key, 1, MISTYPED_ALIKE) or ("",)
        meant = f", is it {by_key[near]!r} mistyped?" if near else ""
        word = "line" if len(lines[label]) == 1 else "lines"
        told.append(f"{label!r} ({word} {named(lines[label])}{meant})")
    more = len(lines) - MAX_LINES_NAMED
    told += [f"and {more} more"] if more > 0 else []
    have = "row has a label" if len(rows) == 1 else "rows have labels"
    noun = "row" if others == 1 else "rows"
    rest = f"the figures of its classes are of the other {others:,} {noun}"
    return f"{len(rows):,} {have} that the head does not know: {', '.join(told)}; {rest}"


def _stated(sure: Floats, right: Flags, options: Options) -> Section:
    """Returns, by level of confidence, what is said on average there and what is right."""
    figures: dict[str, Figure] = {}
    for level in LEVELS:
        reached = sure >= level
        if reached.any():
            mean = Figure(float(sure[reached].mean()), int(reached.sum()))
            figures[f"stated_from_{level:g}"] = mean
            figures[f"right_from_{level:g}"] = _share(right[reached], options.part(reached))
    return figures


def _share(flags: Flags, options: Options) -> Figure:
    return share_figure(flags, options.draws)
