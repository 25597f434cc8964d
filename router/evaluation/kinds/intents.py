"""Intents: a benchmark head on the frozen encoder, in scope and out of it.

The head comes from the training file, from the rows outside the dev cut, or is one that was saved
for exactly these intents. Out-of-scope rows teach nothing; each novelty score is measured on them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.errors import TrainingDataError
from router.evaluation import baseline
from router.evaluation.judging import (
    WEIGHED,
    Half,
    early_section,
    fitted,
    flips,
    save,
    unknown_judges,
    weighed,
)
from router.evaluation.options import Kind, Novelty, Options, Report, Section, Subject
from router.evaluation.rows import Row, Sides, both_sides, judged_side
from router.evaluation.shapes import Shape, load_shape, save_shape
from router.evaluation.table import Line, Table, read
from router.stats.calibration import Floats
from router.stats.heads import Embeddings, Encoded, Head
from router.stats.measures import (
    Figure,
    Flags,
    Labels,
    auroc_figure,
    ece_figures,
    paired_bootstrap,
    recall_at_rejection,
    share_figure,
)
from router.training.heads.fit_novelty import distance, shape_of, strangeness
from router.triage.novelty import mahalanobis

OUT_OF_SCOPE = ("oos", "NO_NODES_DETECTED")
"""Names of the intent that is none: CLINC150's and HINT3's."""

NEIGHBOURS = 5
"""Of 1, 5 and 10 nearest rows, five told CLINC150's strangers best (AUROC .993, .995, .994)."""

BLOCK = 512
"""Rows compared with all taught ones at once: five thousand at once took a gigabyte."""

DEFAULT_NOVELTY = Novelty.NEAREST
WITHOUT_ROWS = Novelty.MAHALANOBIS
"""What counts where a saved head is judged: nearness needs the rows that taught it."""
WITHOUT_SHAPE = Novelty.ENERGY
"""The same where the head kept nothing of where its intents lie."""


def evaluate(subject: Subject, path: Path, options: Options) -> Report:
    """The figures of a file of intents.

    Raises TrainingDataError where a file cannot be used, or no head can be had.
    """
    table = read_intents(path)
    saved = None if options.train else subject.benchmark_head(_classes(table.items))
    if saved is None:
        train = read_intents(options.train) if options.train else None
        sides = both_sides(table, train, subject.known, options.dev)
    else:
        sides = judged_side(table, subject.known, options.dev)
    taught = [row for row in sides.train if not row.outside]
    source = options.train or path
    fit = None if saved else fitted(subject, "intent", taught, options, source)
    head = fit.head if fit else saved
    assert head is not None
    asked = _known_intents(sides, head)
    inside = [row for row in asked if not row.outside]
    shape = load_shape(subject.benchmark_heads / head.name, head) if saved else None
    if not inside:
        raise TrainingDataError(
            f"{path}: found no in-scope row whose intent was taught; expected some: is --train "
            "the file of the same intents?"
        )
    encoded, truth = subject.encode([row.text for row in inside]), _truth(head, inside)
    notes = (*sides.notes, *_notes(sides, asked, saved, shape, table.sha256 in subject.known))
    halves: Sequence[Half] = ()
    if fit and unknown_judges(subject, taught, inside, source):
        head, chances, halves = weighed(fit, encoded, truth, _reader(inside, encoded))
        notes += (WEIGHED,)
    else:
        chances = head.read(scoped(head, inside, encoded))
    sections: dict[str, Section] = {"in scope": _in_scope(chances, truth, options)}
    early = early_section(head, encoded, truth, halves)
    sections |= {"first pass": early} if early else {}
    sections |= _outside(subject, head, asked, taught, shape, options)
    sections["flips"] = flips(subject, head, [row.text for row in inside])
    if options.baseline and taught:
        sections["tf-idf + linear svm"] = _baseline(taught, inside, options)
    if options.save_head is not None:
        kept = shape if saved else _shape(subject, taught)
        notes += (save(head, options.save_head),)
        save_shape(kept, options.save_head, head.encoder_sha256)
    return Report(Kind.INTENT, path.name, table.sha256, subject.model.version, sections, notes)


def _shape(subject: Subject, taught: Sequence[Row]) -> Shape | None:
    """Where the taught intents lie; None where they are told apart by the bot that is asked."""
    if any(row.scope for row in taught):
        return None
    labels = np.array([row.label for row in taught])
    return shape_of(subject.encode([row.text for row in taught]).vectors, labels)


def read_intents(path: Path) -> Table[Row]:
    """Reads text, intent; optional oos (0/1) and bot. Raises TrainingDataError as `read` does."""

    def parse(line: Line) -> Row | None:
        text, intent = line.text("text"), line.text("intent")
        bot = line.optional("bot")
        outside = line.flag("oos") or intent in OUT_OF_SCOPE
        label = f"{bot}:{intent}" if bot else intent
        return Row(line.number, text, label, outside=outside, scope=bot) if text else None

    return read(path, (("text",), ("intent",)), parse)


def _classes(rows: Sequence[Row]) -> frozenset[str]:
    return frozenset(row.label for row in rows if not row.outside)


def _known_intents(sides: Sides, head: Head) -> list[Row]:
    """Judged rows but those of an intent that nobody taught: no head could be right on them."""
    known = set(head.classes)
    return [row for row in sides.judged if row.outside or row.label in known]


def _notes(
    sides: Sides, asked: Sequence[Row], saved: Head | None, shape: Shape | None, known: bool
) -> list[str]:
    notes = []
    if saved is not None:
        missing = "nearest is" if shape else "mahalanobis and nearest are"
        notes.append(
            f"judged by the saved head {saved.name}: its rows are not here, so {missing} left out"
        )
        if known:
            notes.append(
                "the head was weighed and calibrated on these dev rows (three numbers): other rows "
                "judge it better"
            )
    if len(asked) < len(sides.judged):
        notes.append(f"{len(sides.judged) - len(asked)} rows of intents never taught left out")
    if not any(row.outside for row in asked):
        notes.append("no out-of-scope row: no novelty figures")
    return notes


def scoped(head: Head, rows: Sequence[Row], encoded: Encoded) -> Floats:
    """Logits, (rows, classes); of a row with a scope, only the classes of that scope can be said.

    The bot that is asked is known when it is asked, so another bot's intents are no candidates.
    """
    logits = np.asarray(head.logits(encoded), float)
    scopes = np.array([name.partition(":")[0] if ":" in name else "" for name in head.classes])
    for place, row in enumerate(rows):
        if row.scope and (scopes == row.scope).any():
            logits[place, scopes != row.scope] = -1e9
    return logits


def _truth(head: Head, rows: Sequence[Row]) -> Labels:
    number = {name: place for place, name in enumerate(head.classes)}
    return np.array([number[row.label] for row in rows])


def _reader(rows: Sequence[Row], encoded: Encoded) -> Callable[[Head, Flags], Floats]:
    def read(head: Head, chosen: Flags) -> Floats:
        own = [row for row, mine in zip(rows, chosen.tolist(), strict=True) if mine]
        return head.read(scoped(head, own, encoded[chosen]))

    return read


def _in_scope(chances: Floats, truth: Labels, options: Options) -> dict[str, Figure]:
    right = chances.argmax(axis=1) == truth
    return {
        "accuracy": share_figure(right, resamples=options.resamples, seed=options.seed),
        **ece_figures(chances.max(axis=1), right.astype(float), options.seed),
    }


def distances(
    rows: Sequence[Row], vectors: Embeddings, taught: Sequence[Row], taught_vectors: Embeddings
) -> dict[Novelty, Floats]:
    """How far each row is from those that taught its scope, (rows,) each.

    Mahalanobis to the nearest intent's mean (Lee et al. 2018), and 1 - the mean cosine to the
    five nearest rows.
    """
    far: dict[Novelty, Floats] = {
        name: np.empty(len(rows)) for name in (Novelty.MAHALANOBIS, Novelty.NEAREST)
    }
    scopes = np.array([row.scope for row in rows])
    taught_scopes = np.array([row.scope for row in taught])
    intents = np.array([row.label for row in taught])
    for scope in np.unique(scopes):
        here, own = scopes == scope, taught_scopes == scope
        if not own.any():
            own[:] = True  # nothing was taught for this bot: all that is known must do
        shape = shape_of(taught_vectors[own], intents[own])
        far[Novelty.MAHALANOBIS][here] = mahalanobis(*shape, vectors[here])
        for block in np.array_split(np.flatnonzero(here), 1 + here.sum() // BLOCK):
            bank = taught_vectors[own]
            far[Novelty.NEAREST][block] = distance(bank, vectors[block], NEIGHBOURS)
    return far


def _outside(
    subject: Subject,
    head: Head,
    rows: Sequence[Row],
    taught: Sequence[Row],
    shape: Shape | None,
    options: Options,
) -> dict[str, Section]:
    """One section per novelty score, the chosen one first; none without an out-of-scope row."""
    strange = np.array([row.outside for row in rows])
    if not strange.any():
        return {}
    encoded = subject.encode([row.text for row in rows])
    vectors = encoded.vectors
    found = strangeness(scoped(head, rows, encoded))
    scores = {Novelty(name): values for name, values in found.items()}
    if taught:
        known = subject.encode([row.text for row in taught]).vectors
        scores |= distances(rows, vectors, taught, known)
    elif shape is not None:
        scores[Novelty.MAHALANOBIS] = mahalanobis(*shape, vectors)
    without = WITHOUT_SHAPE if shape is None else WITHOUT_ROWS
    chosen = options.novelty or (DEFAULT_NOVELTY if taught else without)
    if chosen not in scores:
        raise TrainingDataError(
            f"the score {chosen} needs the rows that taught the head; expected --train FILE, or "
            f"one of {', '.join(name for name in Novelty if name in scores)}"
        )
    ordered = [chosen, *(name for name in Novelty if name in scores and name is not chosen)]
    sections: dict[str, Section] = {}
    for name in ordered:
        mark = " (chosen)" if name is chosen else ""
        sections[f"out of scope: {name}{mark}"] = _novelty_figures(scores[name], strange, options)
    return sections


def _novelty_figures(
    values: Floats, strange: npt.NDArray[np.bool_], options: Options
) -> Mapping[str, Figure]:
    """AUROC over all rows, recall over the strange ones."""
    span = paired_bootstrap(
        lambda rows: recall_at_rejection(values[rows], strange[rows]),
        len(values),
        resamples=options.resamples,
        seed=options.seed,
    )
    recall = recall_at_rejection(values, strange)
    return {
        "auroc": auroc_figure(values, strange, resamples=options.resamples, seed=options.seed),
        "recall_at_5_percent": Figure(recall, int(strange.sum()), *span),
    }


def _baseline(taught: Sequence[Row], rows: Sequence[Row], options: Options) -> dict[str, Figure]:
    """Accuracy of the rival on the in-scope rows; scopes are fitted apart."""
    said = np.empty(len(rows), dtype=object)
    for scope in sorted({row.scope for row in rows}):
        own = [row for row in taught if row.scope == scope]
        here = [place for place, row in enumerate(rows) if row.scope == scope]
        said[here] = baseline.classes(
            [row.text for row in own], [row.label for row in own], [rows[i].text for i in here]
        )[0]
    right = said == np.array([row.label for row in rows], dtype=object)
    return {"accuracy": share_figure(right, resamples=options.resamples, seed=options.seed)}
