"""Measures routing from the prompt: shipped difficulty and abilities, and heads fitted on labels.

Requests are ranked by the gain p_strong - p_weak, not by difficulty: where both would fail, the
strong model gains nothing. Every figure covers one benchmark. Rows marked `contaminated` are left
out, as RouteLLM leaves them out. `graded_table` reads the models' known results, and
`routing_measures` computes the figures.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from router.errors import TrainingDataError
from router.evaluation import baseline
from router.evaluation.kinds.graded_table import (
    Graded,
    GradedTable,
    pair_of,
    read_graded,
    read_prices,
)
from router.evaluation.kinds.known_models import KnownModels
from router.evaluation.kinds.routing_cascade import cascade_sections
from router.evaluation.kinds.routing_costs import cost_sections
from router.evaluation.kinds.routing_figures import apgr_section, chance_figures, difference
from router.evaluation.kinds.routing_heads import Foretold, foretell, save_pair, saved
from router.evaluation.options import Kind, Options, Report, Section, Subject
from router.evaluation.rows import Row, Sides, both_sides, every_side, judged_side
from router.stats.calibration import Floats
from router.stats.measures import Figure
from router.training.heads.labelled_rows import fold_key

LEAST_ROWS = 20
"""Sets the judged rows that a benchmark needs for figures of its own."""
LEAST_TAUGHT = 40
"""Sets the labelled rows that a head needs: with fewer, each of five folds has under eight."""
FOLDS = 5

Chances = tuple[Floats, Floats]
"""Holds P(right) of the weak and of the strong model, (rows,) each."""


@dataclass(frozen=True, slots=True)
class Part:
    """Holds the judged rows of one benchmark as columns, with the rows that may teach."""

    name: str
    rows: Sequence[Row]
    graded: Sequence[Graded]
    weak: Floats
    strong: Floats
    taught: Sequence[Row]
    taught_graded: Sequence[Graded]
    pair: tuple[str, str]


def evaluate(subject: Subject, path: Path, options: Options) -> Report:
    """Returns the figures of a table of graded answers.

    Raises TrainingDataError where a file cannot be used, or where the two models cannot be
    determined.
    """
    table = read_graded(path)
    pair = pair_of(table, path, options.weak, options.strong)
    train = read_graded(options.train) if options.train else None
    # Only then are rows set apart to learn from.
    fits = bool(
        options.train
        or options.labels
        or options.leave_subjects
        or options.baseline
        or options.five_fits
    )
    if options.five_fits:
        if options.train is not None:
            raise TrainingDataError("--five-fits judges the rows that teach: leave --train out")
        sides = every_side(table.table)
    elif fits:
        sides = both_sides(table.table, train.table if train else None, subject.known, options.dev)
    else:
        sides = judged_side(table.table, subject.known, options.dev)
    parts = _parts(table, train or table, sides, pair)
    if not parts:
        raise TrainingDataError(
            f"{path}: found no benchmark with {LEAST_ROWS} judged rows that both {pair[0]} and "
            f"{pair[1]} answered; expected more rows, or other models by --weak and --strong"
        )
    # With subjects left out there are five heads for each model, and none covers all rows.
    several = options.leave_subjects or options.five_fits
    if options.save_head is not None and (not fits or several):
        raise TrainingDataError(
            "found --save-head where nothing is fitted to be kept; expected it with --labels or "
            "--train, and without --leave-subjects and --five-fits"
        )
    known = KnownModels.load(subject.folder)
    prices = read_prices(options.prices)
    sections: dict[str, Section] = {}
    notes = [*sides.notes, f"weak {pair[0]}, strong {pair[1]}", *_notes(table, sides)]
    for part in parts:
        own_sections, own_notes = _judged(subject, known, part, fits, path, options)
        sections |= {f"{part.name}: {name}": section for name, section in own_sections.items()}
        notes += [note for note in own_notes if note not in notes]
        # The shipped abilities know these rows, so their costs would flatter.
        if options.five_fits:
            continue
        seen, own_notes = cascade_sections(table, train, part.name, pair, prices, options)
        sections |= {f"{part.name}: {name}": section for name, section in seen.items()}
        notes += own_notes
        own = options.of_texts([row.text for row in part.rows])
        costs, own_notes = cost_sections(subject, known, part.rows, part.graded, pair, prices, own)
        sections |= {f"{part.name}: {name}": section for name, section in costs.items()}
        notes += [note for note in own_notes if note not in notes]
    return Report(
        Kind.ROUTING, path.name, table.table.sha256, subject.model.version, sections, tuple(notes)
    )


def _notes(table: GradedTable, sides: Sides) -> list[str]:
    dirty = sum(graded.contaminated for graded in table.of(sides.judged))
    notes = [f"{dirty} contaminated rows left out"] if dirty else []
    if table.scale != 1.0:
        notes.append(f"results divided by {table.scale:g}, the highest there is")
    return notes


def _parts(
    table: GradedTable, train: GradedTable, sides: Sides, pair: tuple[str, str]
) -> list[Part]:
    """Returns the benchmarks of a table, and all of them together where there are several."""
    weak, strong = pair

    def usable(rows: Sequence[Row], source: GradedTable, *, clean: bool) -> list[Row]:
        return [
            row
            for row in rows
            if {weak, strong} <= set(source.graded[row.line].results)
            and not (clean and source.graded[row.line].contaminated)
        ]

    judged = usable(sides.judged, table, clean=True)
    taught = usable(sides.train, train, clean=sides.judged == sides.train)
    names = sorted({row.source for row in judged})
    parts = []
    # A single benchmark is already all there is.
    for name in [*names, *(["all"] if len(names) > 1 else [])]:
        own = judged if name == "all" else [row for row in judged if row.source == name]
        teaching = taught if name == "all" else [row for row in taught if row.source == name]
        # Figures of so few rows would be noise.
        if len(own) < LEAST_ROWS:
            continue
        graded = table.of(own)
        results = [np.array([graded_row.results[model] for graded_row in graded]) for model in pair]
        parts.append(
            Part(
                name or "all",
                own,
                graded,
                results[0],
                results[1],
                teaching,
                train.of(teaching),
                pair,
            )
        )
    return parts


def _judged(
    subject: Subject, known: KnownModels, part: Part, fits: bool, path: Path, options: Options
) -> tuple[dict[str, Section], list[str]]:
    """Returns a benchmark's sections: models, shipped ranking, heads, the rival, differences."""
    sections: dict[str, Section] = {"models": _models(part)}
    chances_of, notes = _by_made_heads(subject, known, part, options)
    if fits:
        fitted, more = _by_fitted_heads(subject, part, path, options)
        chances_of |= fitted
        notes += more
    own = options.of_texts([row.text for row in part.rows])
    ranks: dict[str, Floats] = {}
    for name, (weak, strong) in chances_of.items():
        ranks[name] = _rank(name, strong - weak, part, options)
        sections[name] = {
            **apgr_section(ranks[name], part.weak, part.strong, own),
            **chance_figures(weak, strong, part.weak, part.strong),
        }
    rivals = [name for name in ranks if name.startswith("tf-idf")]
    for name in ranks:
        for rival_name in rivals:
            if name != rival_name:
                sections[f"{name}, minus tf-idf"] = {
                    "apgr": difference(ranks[name], ranks[rival_name], part.weak, part.strong, own)
                }
    return sections, notes


def _by_made_heads(
    subject: Subject, known: KnownModels, part: Part, options: Options
) -> tuple[dict[str, Chances], list[str]]:
    """Returns the chances by what was fitted before, and notes; five fits allow none of it."""
    # With five fits the encoder knows most rows that judge.
    if options.five_fits:
        return {}, ["all rows judge, by five fits of heads that read words only"]
    chances_of: dict[str, Chances] = {}
    notes: list[str] = []
    shipped = known.pair(subject, part.rows, part.pair)
    if shipped is None:
        notes.append("no shipped ability for one of the two models: no shipped ranking")
    else:
        chances_of["shipped"] = shipped
    ready = saved(subject, part.name, part.pair)
    if ready is not None:
        encoded = subject.encode([row.text for row in part.rows])
        weak, strong = (np.asarray(head(encoded), float) for head in ready)
        chances_of["benchmark heads"] = weak, strong
    return chances_of, notes


def _by_fitted_heads(
    subject: Subject, part: Part, path: Path, options: Options
) -> tuple[dict[str, Chances], list[str]]:
    """Returns the chances by heads that are fitted here, and by the rival; notes where none can."""
    taught = taught_rows(part, options)
    # Every fold must have enough rows, so the smallest one decides.
    fewest = min(_rows_outside(part, taught)) if options.leave_subjects else len(taught)
    if fewest < LEAST_TAUGHT:
        why = "outside one of the folds of subjects " if options.leave_subjects else ""
        return {}, [f"{part.name}: {fewest} labelled rows {why}are too few to fit a head"]
    basis = _basis(len(taught), options)
    # The fitted heads come back through this list, so that they can be saved.
    made: list[Foretold] = []
    heads = _by_head(subject, options.train or path, options, made)
    chances_of = {f"head {basis}": _foretold(part, taught, heads, options)}
    notes: list[str] = []
    if options.save_head is not None:
        notes += save_pair(made[0].heads, options.save_head, part.name, part.pair)
    if options.baseline:
        chances_of[f"tf-idf {basis}"] = _foretold(part, taught, baseline_chances, options)
    return chances_of, notes


def _basis(taught: int, options: Options) -> str:
    """Says on how many labels heads are fitted, and how."""
    basis = f"on {taught} labels"
    if options.five_fits:
        drawn = f"{options.labels} labels" if options.labels else "the other folds' labels"
        basis = f"of words on {drawn}, five fits"
    return f"{basis}, subjects left out" if options.leave_subjects else basis


def _rank(name: str, gain: Floats, part: Part, options: Options) -> Floats:
    """Returns the order of rows by what the stronger model gains; of several fits in each fold."""
    # Each fit has a level of its own, which no ranking across fits may read.
    several = options.leave_subjects or options.five_fits
    if several and name.startswith(("head", "tf-idf")):
        return within_folds(gain, _row_folds(part, options))
    return gain


def _models(part: Part) -> Section:
    rows = len(part.rows)
    return {
        "weak_accuracy": Figure(float(part.weak.mean()), rows),
        "strong_accuracy": Figure(float(part.strong.mean()), rows),
        "oracle_accuracy": Figure(float(np.maximum(part.weak, part.strong).mean()), rows),
    }


# -- heads fitted on labels -----------------------------------------------------------------------

Foretell = Callable[[Sequence[Row], Sequence[tuple[float, float]], Sequence[Row]], Chances]


def taught_rows(part: Part, options: Options) -> list[int]:
    """Returns the indexes of the rows that teach: all, or `--labels` of them.

    A hash of their text draws them. With five fits each fit draws its own.
    """
    every = range(len(part.taught))
    return list(every) if options.five_fits else _drawn(part, every, options)


def _drawn(part: Part, places: Iterable[int], options: Options) -> list[int]:
    order = sorted(
        places,
        key=lambda place: hashlib.sha256(
            f"{options.seed}|{part.taught[place].text}".encode("utf-8", "replace")
        ).digest(),
    )
    return sorted(order[: options.labels] if options.labels else order)


def _foretold(part: Part, taught: Sequence[int], foretell: Foretell, options: Options) -> Chances:
    """Returns the chances of the judged rows;

    `--leave-subjects` uses what other subjects taught.
    """

    def results(place: int) -> tuple[float, float]:
        graded = part.taught_graded[place].results
        return graded[part.pair[0]], graded[part.pair[1]]

    if not options.leave_subjects and not options.five_fits:
        return foretell(
            [part.taught[place] for place in taught], list(map(results, taught)), part.rows
        )
    weak, strong = np.zeros(len(part.rows)), np.zeros(len(part.rows))
    folds = _row_folds(part, options)
    if options.leave_subjects:
        fold_of = _folds(part)
        taught_folds = [fold_of[graded_row.subject] for graded_row in part.taught_graded]
    else:
        taught_folds = [text_fold(row.text) for row in part.taught]
    for fold in sorted(set(folds)):
        own = [place for place in taught if taught_folds[place] != fold]
        own = _drawn(part, own, options) if options.five_fits else own
        here = [place for place, number in enumerate(folds) if number == fold]
        rows = [part.rows[place] for place in here]
        fold_chances = foretell([part.taught[p] for p in own], list(map(results, own)), rows)
        weak[here], strong[here] = fold_chances
    return weak, strong


def _folds(part: Part) -> dict[str, int]:
    return subject_folds(graded.subject for graded in (*part.graded, *part.taught_graded))


def _rows_outside(part: Part, taught: Sequence[int]) -> list[int]:
    """Returns the number of labelled rows that teach when each fold of subjects is left out."""
    fold_of = _folds(part)
    own = Counter(fold_of[part.taught_graded[place].subject] for place in taught)
    return [len(taught) - own[fold] for fold in {fold_of[graded.subject] for graded in part.graded}]


def _row_folds(part: Part, options: Options) -> list[int]:
    """Returns the fold of each judged row: by subject where subjects are left out, else by text."""
    if options.leave_subjects:
        fold_of = _folds(part)
        return [fold_of[graded_row.subject] for graded_row in part.graded]
    return [text_fold(row.text) for row in part.rows]


def within_folds(rank: Floats, folds: Sequence[int]) -> Floats:
    """Returns each row's rank as a quantile of its own fold, 0..1.

    A fit without a fold of many gains expects fewer there, so that levels mislead across folds.

    >>> within_folds(np.array([.1, .2, 5., 4.]), [0, 0, 1, 1]).tolist()
    [0.25, 0.75, 0.75, 0.25]
    """
    quantiles = np.zeros(len(rank))
    numbers = np.array(folds)
    for fold in np.unique(numbers):
        own = np.flatnonzero(numbers == fold)
        _, place = np.unique(rank[own], return_inverse=True)
        quantiles[own] = (place + 0.5) / (place.max() + 1)
    return quantiles


def text_fold(text: str) -> int:
    """Returns the fold of a text, 0..4; texts with the same opening have the same."""
    return hashlib.sha256(fold_key(text).encode("utf-8", "replace")).digest()[0] % FOLDS


def subject_folds(subjects: Iterable[str]) -> dict[str, int]:
    """Returns the fold of each subject, 0..4, dealt out in the order of a hash of their names."""
    ordered = sorted(
        set(subjects), key=lambda name: hashlib.sha256(name.encode("utf-8", "replace")).digest()
    )
    return {name: place % FOLDS for place, name in enumerate(ordered)}


def _by_head(subject: Subject, path: Path, options: Options, made: list[Foretold]) -> Foretell:
    """Returns a function that fits two calibrated heads, and appends its result to `made`."""

    def by_head(
        taught: Sequence[Row], results: Sequence[tuple[float, float]], judged: Sequence[Row]
    ) -> Chances:
        made.append(foretell(subject, path, taught, results, judged, options))
        return made[-1].chances

    return by_head


def baseline_chances(
    taught: Sequence[Row], results: Sequence[tuple[float, float]], judged: Sequence[Row]
) -> Chances:
    """Returns the same chances by TF-IDF and logistic regression."""
    columns = [np.array([result[column] for result in results]) for column in (0, 1)]
    weak, strong = baseline.chances(
        [row.text for row in taught], columns, [row.text for row in judged]
    )
    return weak, strong
