"""Cuts labelled rows into folds, and chooses ridge and balance on rows outside the fitted folds.

Texts with the same opening stay in one fold, so that no row is judged by a fit on
its near-duplicate. Contains pure functions of arrays and texts; `fit_one_head.py` uses them.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from router.stats.calibration import Floats, Isotonic, fit_temperature
from router.stats.heads import Embeddings, Likeness
from router.stats.measures import macro_f1
from router.stats.ngrams import Grams, summed
from router.stats.softmax_regression import (
    GRAMS_C,
    NEVER,
    Labels,
    Weights,
    fit_grams,
    fit_softmax,
    logits_of,
)
from router.training.heads.labelled_rows import fold_key
from router.triage.triage_model import Rarity

FOLDS = 5
RIDGES = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5)
"""Tried from the strongest down; each fit starts at the last. 1e-3 suits ten thousand rows."""
TAUS = (0.0, 0.25, 0.5, 0.75, 1.0)
LEAST_GAIN = 0.005
"""Macro-F1 that balancing must win; less than that is the noise of the folds."""
MOST_LOST = 0.005
"""Accuracy that balancing may cost. On hate, offence and neither, tau = .25 won 3 points of
macro-F1 for half a point of accuracy at the same ECE; tau = 1 lost 6 points."""
FAR_SHARE = 0.1
"""Share of taught rows that lie so far from the other folds that a text as far away is doubted. Of
.05, .1 and .2 each step takes a quarter to a half of the sure readings of texts about other
matters, and 4 and 8 % of those of the head's own."""
_FULL_TRUST = Isotonic((0.0,), (1.0,))
ROWS_TO_CHOOSE = 4_000
"""With more rows, this many (by a hash) choose the ridge; then all of them are fitted and
judged."""


def folds_of(texts: Sequence[str], labels: Labels, seed: int) -> npt.NDArray[np.int64]:
    """Returns the fold of each row, (rows,): groups of near-duplicates dealt out class by class."""
    groups: dict[str, list[int]] = defaultdict(list)
    for row, text in enumerate(texts):
        groups[fold_key(text)].append(row)
    groups = _split_up(groups, labels)
    by_class = np.bincount([int(labels[rows[0]]) for rows in groups.values()])
    # No more folds than the rarest class has groups, so that each fold has a row of it.
    count = max(2, min(FOLDS, int(by_class[by_class > 0].min())))
    # Sorted by class and then by hash, so that dealing spreads every class over all folds.
    ordered = sorted(groups, key=lambda key: (int(labels[groups[key][0]]), _hash(key, seed)))
    fold = np.zeros(len(texts), dtype=np.int64)
    for place, key in enumerate(ordered):
        fold[groups[key]] = place % count
    return fold


def _split_up(groups: Mapping[str, list[int]], labels: Labels) -> dict[str, list[int]]:
    """Returns the groups with those split into single rows that no fold can hold.

    A group of several classes that is larger than a fold is one form, filled in by many. Where all
    rows of a class are one group, no fit would see the class that it is judged on.
    """
    class_groups = Counter(k for rows in groups.values() for k in set(labels[rows].tolist()))
    split: dict[str, list[int]] = {}
    for key, rows in groups.items():
        own = set(labels[rows].tolist())
        form = len(rows) > len(labels) / FOLDS and len(own) > 1
        alone = len(rows) > 1 and any(class_groups[k] == 1 for k in own)
        if form or alone:
            split |= {f"{key}|{place}": [row] for place, row in enumerate(rows)}
        else:
            split[key] = rows
    return split


def best_ridge(
    vectors: Embeddings,
    labels: Labels,
    classes: int,
    folds: npt.NDArray[np.int64],
    texts: Sequence[str],
) -> float:
    """Returns the ridge of least out-of-fold log loss at its own best temperature."""
    chosen = np.arange(len(labels))
    if len(chosen) > ROWS_TO_CHOOSE:
        # By hash, so that the same data choose the same rows.
        order = sorted(range(len(texts)), key=lambda row: _hash(texts[row], 0))
        chosen = np.sort(np.array(order[:ROWS_TO_CHOOSE]))
    vectors, labels, folds = vectors[chosen], labels[chosen], folds[chosen]
    starts: dict[int, Weights] = {}
    losses: list[float] = []
    for ridge in RIDGES:
        outside = np.zeros((len(labels), classes), dtype=np.float32)
        for fold in range(int(folds.max()) + 1):
            inside = folds != fold
            if not inside.any() or inside.all():
                continue
            start = starts.get(fold)
            starts[fold] = fit_softmax(vectors[inside], labels[inside], classes, ridge, start)
            outside[~inside] = logits_of(starts[fold], vectors[~inside])
        losses.append(log_loss(outside, labels))
        if len(losses) > 2 and losses[-1] > losses[-2] > losses[-3]:
            break  # weaker ridges only overfit more
    return RIDGES[int(np.argmin(losses))]


def log_loss(logits: Floats, labels: Labels) -> float:
    """Returns the mean log loss of logits at their best temperature."""
    chances = fit_temperature(logits, labels)(logits)
    return -float(np.log(chances[np.arange(len(labels)), labels] + 1e-12).mean())


def out_of_fold(
    vectors: Embeddings,
    labels: Labels,
    classes: int,
    folds: npt.NDArray[np.int64],
    ridge: float,
    start: Weights,
) -> Floats:
    """Returns logits of every row by a head that was fitted on the other folds, (rows, classes)."""
    outside = np.zeros((len(labels), classes), dtype=np.float32)
    # A class that was never seen has an extreme bias, from which no fit would come back.
    begin = np.where(start == NEVER, 0.0, start).astype(np.float32)
    for fold in range(int(folds.max()) + 1):
        inside = folds != fold
        weights = fit_softmax(vectors[inside], labels[inside], classes, ridge, begin)
        outside[~inside] = logits_of(weights, vectors[~inside])
    return outside


def words_out_of_fold(
    grams: Grams,
    rare: Rarity,
    labels: Labels,
    classes: int,
    folds: npt.NDArray[np.int64],
    strength: float = GRAMS_C,
) -> Floats:
    """Returns the same from n-grams, (rows, classes)."""
    outside = np.zeros((len(labels), classes), dtype=np.float32)
    for fold in range(int(folds.max()) + 1):
        inside = folds != fold
        table, bias = fit_grams(grams[inside], rare, labels[inside], classes, strength=strength)
        outside[~inside] = summed(grams[~inside], table) + bias
    return outside


def likeness_of(
    vectors: Embeddings, labels: Labels, folds: npt.NDArray[np.int64], usual: float
) -> Likeness:
    """Returns how like the taught rows a text is, judged by rows against the other folds.

    `vectors` are (rows, width), `labels` and `folds` (rows,); `usual` is the chance of who knows
    nothing, 0..1. The trust of a text is the share of these rows that are as far away or farther,
    in units of FAR_SHARE: 1 from nine in ten of them on. It never reaches 0, so that no order
    changes.
    """
    outside = np.empty(len(labels))
    for fold in range(int(folds.max()) + 1):
        inside = folds != fold
        others = Likeness(_centres(vectors[inside], labels[inside]), _FULL_TRUST, usual)
        outside[~inside] = others.cosines(vectors[~inside])
    shares = np.linspace(0.0, FAR_SHARE, 11)
    # The text itself counts among the rows that are as far away.
    trust = np.minimum((shares * len(labels) + 1) / (len(labels) + 1) / FAR_SHARE, 1.0)
    cosines = np.quantile(outside, shares)
    curve = Isotonic(tuple(cosines.round(6).tolist()), tuple(trust.round(6).tolist()))
    return Likeness(_centres(vectors, labels), curve, usual)


def _centres(vectors: Embeddings, labels: Labels) -> Embeddings:
    """Returns the mean of each class that has rows, as unit columns, (width, classes)."""
    means = np.stack([vectors[labels == k].mean(axis=0) for k in np.unique(labels)], axis=1)
    unit: Embeddings = (means / np.maximum(np.linalg.norm(means, axis=0), 1e-9)).astype(np.float32)
    return unit


def best_tau(outside: Floats, labels: Labels, shares: Floats) -> float:
    """Returns the strength of logit adjustment that wins most macro-F1 at hardly any accuracy."""
    best, guesses = 0.0, outside.argmax(axis=1)
    top, least = macro_f1(guesses, labels), float((guesses == labels).mean()) - MOST_LOST
    for tau in TAUS[1:]:
        guesses = (outside - tau * np.log(shares)).argmax(axis=1)
        reached = macro_f1(guesses, labels)
        if reached >= top + LEAST_GAIN and float((guesses == labels).mean()) >= least:
            best, top = tau, reached
    return best


def crossed_temperature(logits: Floats, labels: Labels) -> Floats:
    """Returns probabilities, each half of the rows calibrated by the other half's temperature."""
    chances = np.empty(logits.shape)
    for half in (0, 1):
        inside, outside = slice(half, None, 2), slice(1 - half, None, 2)
        chances[inside] = fit_temperature(logits[outside], labels[outside])(logits[inside])
    return chances


def _hash(text: str, seed: int) -> bytes:
    return hashlib.blake2b(f"{seed}|{text}".encode("utf-8", "replace"), digest_size=8).digest()
