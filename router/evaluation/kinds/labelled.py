"""Measures spam, toxicity, departments, safety: with the shipped head, or one fitted here.

A head fitted here is one more linear reader of the frozen encoder, as `tiergate train head` makes
them. It shows what the embedding holds, and not what the gateway answers today.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from router.errors import TrainingDataError
from router.evaluation import baseline
from router.evaluation.judging import (
    WEIGHED,
    Half,
    chance_section,
    class_section,
    crossed,
    early_section,
    fitted,
    flips,
    macro_figure,
    save,
    unknown_judges,
    weighed,
)
from router.evaluation.kinds.safety import BOUNDS, read_safety, refused_sections, refused_wrongly
from router.evaluation.options import Kind, Options, Report, Section, Subject, WrongRow
from router.evaluation.rows import Row, both_sides, judged_side, never_taught
from router.evaluation.table import Line, Table, need_classes, read
from router.stats.heads import Encoded, Head, HeadKind
from router.stats.measures import Figure, Labels, auroc_figure, share_figure
from router.training.heads.fit_one_head import FittedHead
from router.triage.grave import told_of

TOXICITY = ("hate", "offensive", "neither")
More = tuple[Mapping[str, Section], tuple[str, ...], tuple[WrongRow, ...]]
"""Holds what a reading adds for the shipped head: sections, notes, and rows read wrongly."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Describes one way to read a file's labels: a head, and the label that it should give.

    `positive` makes it a chance of that label; "" makes it a choice of classes. `more` adds
    sections of one source for the shipped head, notes, and rows read wrongly.
    """

    section: str
    head: str
    positive: str
    table: Table[Row]
    more: Callable[[Subject, Head, Sequence[Row], Encoded], More] | None = None


def _spam(path: Path) -> list[Reading]:
    table = read(path, (("text",), ("label",)), _spam_row)
    need_classes(path, [row.label for row in table.items], "label")
    return [Reading("spam", "spam", "spam", table)]


def _toxicity(path: Path) -> list[Reading]:
    fine = read(path, (("text",), ("label",)), _toxic_row)
    need_classes(path, [row.label for row in fine.items], "label")
    # One file answers two questions: toxic or not, and which of three classes.
    coarse = _relabelled(fine, lambda row: "ok" if row.label == "neither" else "toxic")
    return [
        Reading("toxic or not", "toxic", "toxic", coarse),
        Reading("hate, offensive or neither", "toxic_kind", "", fine),
    ]


def _department(path: Path) -> list[Reading]:
    table = read(path, (("text",), ("department",)), _department_row)
    need_classes(path, [row.label for row in table.items], "department")
    return [Reading("department", "department", "", table)]


def _safety(path: Path) -> list[Reading]:
    """Returns the reading of a safety file.

    A single class is no mistake here: AdvBench has only harmful requests.
    """
    table = read_safety(path)
    if any(row.source == "moderation" for row in table.items):
        return [Reading("moderation", "toxic", "toxic", table)]
    return [Reading("safety", "harm", "harm", table, _refused)]


def _refused(subject: Subject, head: Head, rows: Sequence[Row], encoded: Encoded) -> More:
    """Returns the shares that are refused, after the close reading as in a policy, and the rest."""
    # Another head than the shipped one of harm has other chances.
    if head.name != "harm" or head.kind is not HeadKind.CHANCE:
        return {}, (), ()
    chances, reader = head(encoded), subject.close_reader(head.name)
    if reader is not None:
        texts = [row.text for row in rows]
        read = reader.read(texts, list(map(told_of, texts)), chances.tolist())
        for place, chance in read.chances.items():
            chances[place] = chance
    return refused_sections(chances, rows), (BOUNDS,), refused_wrongly(chances, rows)


READERS: Mapping[Kind, Callable[[Path], list[Reading]]] = {
    Kind.SPAM: _spam,
    Kind.TOXICITY: _toxicity,
    Kind.DEPARTMENT: _department,
    Kind.SAFETY: _safety,
}


def evaluate(kind: Kind, subject: Subject, path: Path, options: Options) -> Report:
    """Returns the figures of a file of spam, toxicity, departments or safety.

    Spam: accuracy, AUROC and ECE, with e-mail and SMS apart. Toxicity: toxic or not, and three
    classes. Departments: accuracy and macro-F1. Safety: requests for harm against harmless
    look-alikes, or moderated text against the toxic head. Raises TrainingDataError where a file
    cannot be used.
    """

    readings = READERS[kind](path)

    def tables(train: Path) -> list[Table[Row]]:
        taught = READERS[kind](train)
        # A safety file may hold requests or moderated text, which different heads judge.
        if [reading.head for reading in taught] != [reading.head for reading in readings]:
            raise TrainingDataError(
                f"{train}: found rows of {taught[0].section}; expected rows of "
                f"{readings[0].section}, as {path} has: their labels do not mean the same"
            )
        return [reading.table for reading in taught]

    return report_of(kind, subject, path, readings, options, tables)


# -- rows -----------------------------------------------------------------------------------------


def _spam_row(line: Line) -> Row | None:
    text, label = line.text("text"), line.one_of("label", ("spam", "ham", "ok"))
    # Only the e-mail file grades how hard a ham is; its spam begins with the subject line.
    mail = "group" in line.row or text.startswith("Subject:")
    source = line.optional("source") or ("email" if mail else "sms")
    return Row(line.number, text, label if label == "spam" else "ok", source) if text else None


def _toxic_row(line: Line) -> Row | None:
    text, label = line.text("text"), line.one_of("label", TOXICITY)
    return Row(line.number, text, label) if text else None


def _department_row(line: Line) -> Row | None:
    text, label = line.text("text"), line.text("department")
    return Row(line.number, text, label) if text else None


def _relabelled(table: Table[Row], label: Callable[[Row], str]) -> Table[Row]:
    return replace(table, items=tuple(replace(row, label=label(row)) for row in table.items))


# -- figures --------------------------------------------------------------------------------------


def report_of(
    kind: Kind,
    subject: Subject,
    path: Path,
    readings: Sequence[Reading],
    options: Options,
    parse: Callable[[Path], Sequence[Table[Row]]],
) -> Report:
    """Returns the sections of all readings of a file;

    `parse` reads the training file the same way.
    """
    trained = parse(options.train) if options.train else [None] * len(readings)
    sections: dict[str, Section] = {}
    notes: list[str] = []
    wrong: list[WrongRow] = []
    heads: list[Head] = []
    for reading, train in zip(readings, trained, strict=True):
        own_sections, own_notes, own_wrong, fit = _judged(subject, path, reading, train, options)
        sections |= own_sections
        heads += fit
        notes += [note for note in own_notes if note not in notes]
        wrong += own_wrong
    if options.save_head is not None:
        notes.append(_saved(heads, options.save_head))
    table = readings[0].table
    model = subject.model.version
    return Report(kind, path.name, table.sha256, model, sections, tuple(notes), wrong)


def _judged(
    subject: Subject, path: Path, reading: Reading, train: Table[Row] | None, options: Options
) -> tuple[dict[str, Section], tuple[str, ...], list[WrongRow], list[Head]]:
    """Returns a reading's sections by source, its notes, rows read wrongly, and the fitted head."""
    shipped, shipped_notes = _shipped(subject, reading, options)
    # Only a head or a rival that is fitted here needs rows to learn from.
    if shipped is None or options.train or options.baseline:
        sides = both_sides(reading.table, train, subject.known, options.dev)
    else:
        sides = judged_side(reading.table, subject.known, options.dev)
    if shipped is not None:
        sides = never_taught(sides, subject.seen_by(reading.head), shipped.name, path)
    heads: dict[str, Head] = {"shipped head": shipped} if shipped is not None else {}
    notes = sides.notes + shipped_notes
    halves: Sequence[Half] = ()
    if shipped is None or options.train:
        taught_by = options.train or path
        fit = fitted(
            subject,
            reading.head,
            sides.train,
            options,
            taught_by,
            positive=reading.positive or None,
        )
        heads["fitted head"] = fit.head
        if unknown_judges(subject, sides.train, sides.judged, taught_by):
            heads["fitted head"], halves = _weighed(subject, fit, sides.judged)
            notes += (WEIGHED,) if halves else ()
    if shipped is None:
        notes += (_fitted_here(subject, reading.head, len(sides.train)),)
    sections: dict[str, Section] = {}
    wrong: list[WrongRow] = []
    # Sources differ in kind, so one figure over all would hide the weak one.
    for source in sorted({row.source for row in sides.judged}):
        here = np.array([row.source == source for row in sides.judged])
        rows = list(itertools.compress(sides.judged, here.tolist()))
        place = f"{reading.section}, {source}" if source else reading.section
        encoded = subject.encode([row.text for row in rows])
        for name, head in heads.items():
            own = [(half, mine[here]) for half, mine in halves] if name == "fitted head" else []
            sections[f"{place}: {name}"] = figures(head, rows, encoded, reading, options, own)
            early = early_section(head, encoded, _truth(head, rows, reading), own)
            sections |= {f"{place}: {name}, first pass": early} if early else {}
            sections[f"{place}: {name}, flips"] = flips(subject, head, [row.text for row in rows])
        if reading.more is not None and shipped is not None:
            more_sections, more_notes, more_wrong = reading.more(subject, shipped, rows, encoded)
            notes += more_notes
            wrong += more_wrong
            sections |= {f"{place}: {name}": section for name, section in more_sections.items()}
        if options.baseline:
            sections[f"{place}: tf-idf + linear svm"] = rival(sides.train, rows, reading, options)
    fitted_heads = [heads["fitted head"]] if "fitted head" in heads else []
    return sections, notes, wrong, fitted_heads


def _fitted_here(subject: Subject, name: str, rows: int) -> str:
    """Returns the note of a head that was fitted on some rows of the file, and why."""
    if subject.head(name) is None:
        return f"no head {name} ships: fitted here on {rows} rows"
    return f"in its place a head {name} was fitted here on {rows} rows"


def _shipped(
    subject: Subject, reading: Reading, options: Options
) -> tuple[Head | None, tuple[str, ...]]:
    """Returns the head that judges a reading, None where one is to be fitted; and notes.

    A file of other departments or classes than the shipped head's is none of its business.
    """
    labels = {row.label for row in reading.table.items}
    head = subject.head(reading.head)
    if head is not None and head.kind is HeadKind.CLASSES and not labels <= set(head.classes):
        strange = ", ".join(sorted(labels - set(head.classes))[:5])
        return None, (f"the shipped head {head.name} does not know {strange}",)
    # One class teaches nothing, but a head that is used in its place can still be judged.
    if head is None and reading.head == "harm" and len(labels) == 1 and options.train is None:
        note = "this model has no head `harm`; judged by `toxic`, which `unsafe_at` reads"
        return subject.head("toxic"), (note,)
    return head, ()


def _weighed(subject: Subject, fit: FittedHead, rows: Sequence[Row]) -> tuple[Head, Sequence[Half]]:
    """Returns a fitted head weighed on the judged rows, and the two that judge halves of them.

    With a label that was never taught, nothing is weighed, and `figures` reports that label.
    """
    number = {name: place for place, name in enumerate(fit.fitted.classes)}
    if any(row.label not in number for row in rows):
        return fit.head, ()
    labels = np.array([number[row.label] for row in rows])
    encoded = subject.encode([row.text for row in rows])
    head, _, halves = weighed(fit, encoded, labels, lambda half, mine: half(encoded[mine]))
    return head, halves


def _saved(heads: Sequence[Head], path: Path) -> str:
    """Saves the fitted head; of several the last, which no model ships."""
    if not heads:
        raise TrainingDataError(
            f"{path}: found nothing to save: the head judged ships already; expected --train FILE "
            "to fit one, or no --save-head"
        )
    return save(heads[-1], path)


def figures(
    head: Head,
    rows: Sequence[Row],
    encoded: Encoded,
    reading: Reading,
    options: Options,
    halves: Sequence[Half] = (),
) -> dict[str, Figure]:
    """Returns a head's figures on rows of one source, or those of `halves` that cross-judge its
    rows.

    Raises TrainingDataError for a label that the head does not know.
    """
    options = options.of_texts([row.text for row in rows])
    if head.kind is HeadKind.CHANCE:
        positive = np.array([row.label == reading.positive for row in rows])
        return chance_section(crossed(head, encoded, halves), positive, options)
    number = {name: place for place, name in enumerate(head.classes)}
    # No accuracy can be given for a label that the head cannot predict.
    strange = [row for row in rows if row.label not in number]
    if strange:
        raise TrainingDataError(
            f"line {strange[0].line}: found the label {strange[0].label!r}; the head {head.name} "
            f"knows {', '.join(head.classes)}: give --train FILE to fit one that knows it"
        )
    return class_section(crossed(head, encoded, halves), _truth(head, rows, reading), options)


def _truth(head: Head, rows: Sequence[Row], reading: Reading) -> Labels:
    """Returns the index of each row's label in the head; for a chance head 1 is the
    counted label.
    """
    if head.kind is HeadKind.CHANCE:
        return np.array([int(row.label == reading.positive) for row in rows])
    number = {name: place for place, name in enumerate(head.classes)}
    return np.array([number[row.label] for row in rows])


def rival(
    taught: Sequence[Row], rows: Sequence[Row], reading: Reading, options: Options
) -> dict[str, Figure]:
    """Returns the same figures of TF-IDF + linear SVM; it has no chances, so no ECE."""
    predicted, margins = baseline.classes(
        [row.text for row in taught], [row.label for row in taught], [row.text for row in rows]
    )
    truth = np.array([row.label for row in rows])
    draws = options.of_texts([row.text for row in rows]).draws
    right = share_figure(predicted == truth, draws)
    figures_of = {"accuracy": right}
    if reading.positive:
        # scikit-learn's margin is for the last label in order.
        above = margins if max(row.label for row in taught) == reading.positive else -margins
        figures_of["auroc"] = auroc_figure(above, truth == reading.positive, draws)
        return figures_of
    names, codes = np.unique(np.concatenate([truth, predicted]), return_inverse=True)
    assert len(names)
    figures_of["macro_f1"] = macro_figure(codes[len(truth) :], codes[: len(truth)], options)
    return figures_of
