"""Measures intents: a benchmark head on the frozen encoder, in scope and out of it.

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
from router.evaluation.intent_shapes import Shape, load_shape, save_shape
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
    with_width,
)
from router.training.heads.fit_novelty import distance, shape_of, strangeness
from router.triage.novelty import mahalanobis

OUT_OF_SCOPE = ("oos", "NO_NODES_DETECTED")
"""Names the intent of out-of-scope rows: CLINC150's and HINT3's."""

NEIGHBOURS = 5
"""Sets the number of nearest rows that are compared.

Of 1, 5 and 10 rows, five separated CLINC150's out-of-scope requests best (AUROC .993, .995, .994).
"""

BLOCK = 512
"""Bounds the rows that are compared with all taught rows at once.

Five thousand at once took a gigabyte.
"""

COMBINED_OF = (Novelty.ENERGY, Novelty.MAHALANOBIS)
"""Names the two scores whose ranks `combined` adds: how little any intent fits, and how far the
nearest one lies. On CLINC150's ten domains, each left out in turn, their AUROC is .980 and .972
alone and .982 together, recall at 5 % .913, .886 and .924; on its 200 out-of-scope rows .992, .991
and .995. A third score (nearest rows, log-odds, words shared) and a logistic regression of six
gained less than .002."""

DEFAULT_NOVELTY = Novelty.COMBINED
WITHOUT_SHAPE = Novelty.ENERGY
"""Names the score for a saved head without its intents' positions."""


def evaluate(subject: Subject, path: Path, options: Options) -> Report:
    """Returns the figures of a file of intents.

    Raises TrainingDataError where a file cannot be used, or where no head is available.
    """
    table = read_intents(path)
    # A head that was saved for exactly these intents needs no fitting.
    saved = None if options.train else subject.benchmark_head(_classes(table.items))
    if saved is None:
        train = read_intents(options.train) if options.train else None
        sides = both_sides(table, train, subject.known, options.dev)
    else:
        sides = judged_side(table, subject.known, options.dev)
    # An out-of-scope row has no intent to teach.
    taught = [row for row in sides.train if not row.outside]
    source = options.train or path
    fit = None if saved else fitted(subject, "intent", taught, options, source)
    head = fit.head if fit else saved
    assert head is not None
    judged = _known_intents(sides, head)
    inside = [row for row in judged if not row.outside]
    shape = load_shape(subject.benchmark_heads / head.name, head) if saved else None
    # Most likely the two files hold intents of different projects.
    if not inside:
        raise TrainingDataError(
            f"{path}: found no in-scope row whose intent was taught; expected some: is --train "
            "the file of the same intents?"
        )
    encoded, truth = subject.encode([row.text for row in inside]), _truth(head, inside)
    notes = (*sides.notes, *_notes(sides, judged, saved, shape, table.sha256 in subject.known))
    halves: Sequence[Half] = ()
    if fit and unknown_judges(subject, taught, inside, source):
        head, chances, halves = weighed(fit, encoded, truth, _reader(inside, encoded))
        notes += (WEIGHED,)
    else:
        chances = head.read(scoped(head, inside, encoded))
    own = options.of_texts([row.text for row in inside])
    sections: dict[str, Section] = {"in scope": _in_scope(chances, truth, own)}
    early = early_section(head, encoded, truth, halves)
    sections |= {"first pass": early} if early else {}
    sections |= _outside(subject, head, judged, taught, shape, options)
    sections["flips"] = flips(subject, head, [row.text for row in inside])
    if options.baseline and taught:
        sections["tf-idf + linear svm"] = _baseline(taught, inside, options)
    if options.save_head is not None:
        kept = shape if saved else _shape(subject, taught)
        notes += (save(head, options.save_head),)
        save_shape(kept, options.save_head, head.encoder_sha256)
    return Report(Kind.INTENT, path.name, table.sha256, subject.model.version, sections, notes)


def _shape(subject: Subject, taught: Sequence[Row]) -> Shape | None:
    """Returns the positions of the taught intents.

    Returns None where rows have a scope: then each bot has its own intents.
    """
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
    """Returns the judged rows without those of untaught intents: no head could be right on them."""
    known = set(head.classes)
    return [row for row in sides.judged if row.outside or row.label in known]


def _notes(
    sides: Sides, judged: Sequence[Row], saved: Head | None, shape: Shape | None, known: bool
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
    if len(judged) < len(sides.judged):
        notes.append(f"{len(sides.judged) - len(judged)} rows of intents never taught left out")
    if not any(row.outside for row in judged):
        notes.append("no out-of-scope row: no novelty figures")
    return notes


def scoped(head: Head, rows: Sequence[Row], encoded: Encoded) -> Floats:
    """Returns logits, (rows, classes); a row with a scope can only get the classes of that scope.

    The bot is known when a request comes, so another bot's intents are no candidates.
    """
    logits = np.asarray(head.logits(encoded), float)
    # Labels of a file with bots are written "bot:intent".
    scopes = np.array([name.partition(":")[0] if ":" in name else "" for name in head.classes])
    for place, row in enumerate(rows):
        if row.scope and (scopes == row.scope).any():
            # A logit this low leaves no chance to the class.
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
        "accuracy": share_figure(right, options.draws),
        **ece_figures(chances.max(axis=1), right.astype(float), options.seed),
    }


def distances(
    rows: Sequence[Row], vectors: Embeddings, taught: Sequence[Row], taught_vectors: Embeddings
) -> dict[Novelty, Floats]:
    """Returns each row's distance to the rows that taught its scope, (rows,) each.

    One is Mahalanobis to the nearest intent's mean (Lee et al. 2018), the other 1 - the mean cosine
    to the five nearest rows.
    """
    distance_of: dict[Novelty, Floats] = {
        name: np.empty(len(rows)) for name in (Novelty.MAHALANOBIS, Novelty.NEAREST)
    }
    scopes = np.array([row.scope for row in rows])
    taught_scopes = np.array([row.scope for row in taught])
    intents = np.array([row.label for row in taught])
    for scope in np.unique(scopes):
        here, own = scopes == scope, taught_scopes == scope
        if not own.any():
            own[:] = True  # nothing was taught for this bot, so all taught rows are used
        shape = shape_of(taught_vectors[own], intents[own])
        distance_of[Novelty.MAHALANOBIS][here] = mahalanobis(*shape, vectors[here])
        for block in np.array_split(np.flatnonzero(here), 1 + here.sum() // BLOCK):
            bank = taught_vectors[own]
            distance_of[Novelty.NEAREST][block] = distance(bank, vectors[block], NEIGHBOURS)
    return distance_of


def _outside(
    subject: Subject,
    head: Head,
    rows: Sequence[Row],
    taught: Sequence[Row],
    shape: Shape | None,
    options: Options,
) -> dict[str, Section]:
    """Returns one section per novelty score, the chosen one first; none without an out-of-scope
    row.
    """
    strange = np.array([row.outside for row in rows])
    if not strange.any():
        return {}
    encoded = subject.encode([row.text for row in rows])
    vectors = encoded.vectors
    strangeness_of = strangeness(scoped(head, rows, encoded))
    scores = {Novelty(name): values for name, values in strangeness_of.items()}
    if taught:
        known = subject.encode([row.text for row in taught]).vectors
        scores |= distances(rows, vectors, taught, known)
    elif shape is not None:
        scores[Novelty.MAHALANOBIS] = mahalanobis(*shape, vectors)
    if all(name in scores for name in COMBINED_OF):
        scores[Novelty.COMBINED] = combined([scores[name] for name in COMBINED_OF], ~strange)
    # Without positions, the best score that is still possible.
    chosen = options.novelty or (DEFAULT_NOVELTY if DEFAULT_NOVELTY in scores else WITHOUT_SHAPE)
    if chosen not in scores:
        raise TrainingDataError(
            f"the score {chosen} needs the rows that taught the head; expected --train FILE, or "
            f"one of {', '.join(name for name in Novelty if name in scores)}"
        )
    ordered = [chosen, *(name for name in Novelty if name in scores and name is not chosen)]
    own = options.of_texts([row.text for row in rows])
    sections: dict[str, Section] = {}
    for name in ordered:
        mark = " (chosen)" if name is chosen else ""
        sections[f"out of scope: {name}{mark}"] = _novelty_figures(scores[name], strange, own)
    return sections


def combined(scores: Sequence[Floats], inside: Flags) -> Floats:
    """Returns the sum of each row's ranks among the rows in scope, (rows,).

    A rank is the share of rows in scope whose score is lower, 0..1, so that no score's own scale
    counts.

    >>> combined([np.array([1., 2., 3.])] * 2, np.array([True, True, False])).tolist()
    [0.0, 1.0, 2.0]
    """
    ranks = [np.searchsorted(np.sort(own[inside]), own) / inside.sum() for own in scores]
    total: Floats = np.sum(ranks, axis=0)
    return total


def _novelty_figures(
    values: Floats, strange: npt.NDArray[np.bool_], options: Options
) -> Mapping[str, Figure]:
    """Returns the AUROC over all rows, and the recall over the strange ones."""
    span = paired_bootstrap(
        lambda rows: recall_at_rejection(values[rows], strange[rows]), len(values), options.draws
    )
    recall = recall_at_rejection(values, strange)
    return {
        "auroc": auroc_figure(values, strange, options.draws),
        "recall_at_5_percent": Figure(
            recall, int(strange.sum()), *with_width(span, options.draws.units(strange))
        ),
    }


def _baseline(taught: Sequence[Row], rows: Sequence[Row], options: Options) -> dict[str, Figure]:
    """Returns the rival's accuracy on the in-scope rows; each scope is fitted separately."""
    predicted = np.empty(len(rows), dtype=object)
    for scope in sorted({row.scope for row in rows}):
        own = [row for row in taught if row.scope == scope]
        here = [place for place, row in enumerate(rows) if row.scope == scope]
        predicted[here] = baseline.classes(
            [row.text for row in own], [row.label for row in own], [rows[i].text for i in here]
        )[0]
    right = predicted == np.array([row.label for row in rows], dtype=object)
    options = options.of_texts([row.text for row in rows])
    return {"accuracy": share_figure(right, options.draws)}
