"""One head from labelled texts: ridge, weights, balance and calibrator by cross-validation.

Texts with the same opening stay in one fold. The ridge has the least out-of-fold log loss at its
best temperature; embedding and n-grams are read apart and weighed (`mixing`); classes are balanced
by logit adjustment (Menon et al. 2021: the logits minus tau x the log share of the class) only
where macro-F1 gains by it and accuracy hardly loses. The calibrator is fitted on the out-of-fold
logits, so it has seen the head be wrong. Numpy alone; nothing here reads a file.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from router.stats.calibration import (
    Calibrator,
    Floats,
    auroc,
    best_of,
    cross_fitted_ece,
    ece,
    fit_isotonic,
    fit_platt,
    fit_temperature,
)
from router.stats.heads import IDENTITY, UNSCALED, Early, Embeddings, Encoded, Head, HeadKind
from router.stats.measures import Flags, macro_f1
from router.stats.ngrams import Grams, summed
from router.stats.softmax_regression import (
    NEVER,
    Labels,
    Weights,
    as_head,
    fit_grams,
    fit_softmax,
    logits_of,
)
from router.training.heads.labelled_rows import fold_key
from router.training.heads.mix_ngrams import (
    LEAST_HONEST,
    USUAL,
    Mix,
    Parts,
    early_chance,
    early_classes,
    fit_mix,
)
from router.triage.triage_model import Rarity

FOLDS = 5
RIDGES = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5)
"""Tried from the strongest down, each fit begun at the one before. 1e-3 suits ten thousand rows."""
TAUS = (0.0, 0.25, 0.5, 0.75, 1.0)
LEAST_GAIN = 0.005
"""Macro-F1 that balancing must win: below, it is the noise of the folds."""
MOST_LOST = 0.005
"""Accuracy that it may cost. On hate, offence and neither, tau = .25 won 3 points of macro-F1 for
half a point of accuracy at the same ECE; tau = 1 lost 6 points."""
ROWS_TO_CHOOSE = 4_000
"""Of more rows, this many (by a hash) choose the ridge; all of them are then fitted and judged."""

Value = float | int | str
Figures = Mapping[str, Value | Mapping[str, Mapping[str, float]]]


@dataclass(frozen=True, slots=True)
class Fitted:
    """What was fitted of a head before its two readers were put together."""

    name: str
    classes: tuple[str, ...]
    positive: str | None
    parts: Parts  # of two classes where there is a positive one
    offset: npt.NDArray[np.float32]  # (classes,): logit adjustment, taken off
    encoder_sha256: str
    label_source: str

    @property
    def at(self) -> int:
        """The place of the positive class."""
        return self.classes.index(str(self.positive))


@dataclass(frozen=True, slots=True)
class FittedHead:
    """A head with how it was chosen and what it reached on rows that it was not fitted on."""

    head: Head
    chances: Floats  # (rows, classes), out-of-fold, calibrated
    figures: Figures
    fitted: Fitted


def fit_head(
    name: str,
    encoded: Encoded,
    labels: Labels,
    classes: Sequence[str],
    texts: Sequence[str],
    encoder_sha256: str,
    *,
    seed: int,
    rare: Rarity | None,
    positive: str | None = None,
    label_source: str = "given",
    honest: Flags | None = None,
) -> FittedHead:
    """A head over `classes`, or of the one chance of `positive`, and its out-of-fold figures.

    `labels` index `classes`; `texts` say which rows belong together; `rare` is the model's weight
    of n-grams, None for a head without them. `honest` marks the rows that the encoder never trained
    on, None says all: on them readers are weighed and calibrated. The same seed gives the same
    head.
    """
    count = len(classes)
    folds = folds_of(texts, labels, seed)
    ridge = _best_ridge(encoded.vectors, labels, count, folds, texts)
    weights = fit_softmax(encoded.vectors, labels, count, ridge)
    words = None if rare is None else fit_grams(encoded.grams, rare, labels, count)
    parts = Parts(*as_head(weights), *(words or (None, None)))
    by_vectors = _out_of_fold(encoded.vectors, labels, count, folds, ridge, weights)
    by_words = None
    if rare is not None:
        by_words = _words_out_of_fold(encoded.grams, rare, labels, count, folds)
    rows = np.ones(len(labels), bool) if honest is None else honest
    trusted = honest is None or int(rows.sum()) >= LEAST_HONEST
    rows = rows if trusted else np.ones(len(labels), bool)
    mix = Mix(1.0, 0.0) if by_words is None else USUAL
    if trusted and by_words is not None:
        mix = _mix(by_vectors[rows], by_words[rows], labels[rows])
    pool = _pool(by_vectors, by_words, mix)
    shares = np.bincount(labels, minlength=count) / len(labels)
    tau = 0.0 if positive else _best_tau(pool[rows], labels[rows], shares)
    offset = (tau * np.log(shares)).astype(np.float32)
    fitted = Fitted(name, tuple(classes), positive, parts, offset, encoder_sha256, label_source)
    judged = Judged(pool - offset, by_words, labels)
    calibrate = trusted or by_words is None
    head = put_together(fitted, mix, judged[rows] if calibrate else judged, calibrate=calibrate)
    chances = _chances(head, fitted, judged)
    figures = {
        **measured(chances, labels, classes),
        "ece": crossed_ece(head, fitted, judged),
        "ridge": ridge,
        "tau": tau,
        "weight_of_vectors": round(mix.vectors, 3),
        "weight_of_words": round(mix.words, 3),
        "calibrator": str(head.calibrator.to_json()["kind"]),
        "folds": int(folds.max()) + 1,
    }
    return FittedHead(head, chances, figures, fitted)


@dataclass(frozen=True, slots=True)
class Judged:
    """Logits of rows that fitted neither reader: both pooled, and n-grams alone."""

    pool: Floats  # (rows, classes), the offset taken off
    words: Floats | None  # (rows, classes)
    labels: Labels
    weights: Floats | None = None  # (rows,): how much each row counts

    def __getitem__(self, rows: Flags) -> Judged:
        words = None if self.words is None else self.words[rows]
        weights = None if self.weights is None else self.weights[rows]
        return Judged(self.pool[rows], words, self.labels[rows], weights)


def unseen(
    fitted: Fitted, encoded: Encoded, labels: Labels, weights: Floats | None = None
) -> tuple[Mix, Judged]:
    """The weights of both readers, chosen on rows that nobody trained on, and the logits there.

    `weights` (rows,) say how much each row counts.
    """
    by_vectors, by_words = fitted.parts.by_vectors(encoded), fitted.parts.by_words(encoded)
    mix = _mix(by_vectors, by_words, labels, weights)
    return mix, Judged(_pool(by_vectors, by_words, mix) - fitted.offset, by_words, labels, weights)


def _mix(
    by_vectors: Floats, by_words: Floats | None, labels: Labels, weights: Floats | None = None
) -> Mix:
    """What the rows show; with few of them the usual weights."""
    if by_words is None:
        return Mix(1.0, 0.0)
    if len(labels) < LEAST_HONEST:
        return USUAL
    return fit_mix(by_vectors, by_words, labels, weights)


def _pool(by_vectors: Floats, by_words: Floats | None, mix: Mix) -> Floats:
    logits = mix.vectors * by_vectors
    return logits if by_words is None else logits + mix.words * by_words


def put_together(fitted: Fitted, mix: Mix, judged: Judged, *, calibrate: bool = True) -> Head:
    """One head of both readers at their weights, calibrated on the rows that were judged.

    Without `calibrate` its chances are those of its logits, for rows that nobody can trust.
    """
    parts = fitted.parts
    calibrator: Calibrator
    if fitted.positive is not None:
        parts = parts.column(fitted.at)
        classes: tuple[str, ...] = (fitted.positive,)
        right = (judged.labels == fitted.at).astype(float)
        column = _apart(judged.pool, fitted.at)
        calibrator = best_of(column, right, judged.weights) if calibrate else IDENTITY
    else:
        classes = fitted.classes
        calibrator = UNSCALED
        if calibrate:
            calibrator = fit_temperature(judged.pool, judged.labels, judged.weights)
    offset = fitted.offset if fitted.positive is None else np.zeros(1, np.float32)
    bias = np.float32(mix.vectors) * parts.bias - offset
    words, early = None, None
    if parts.table is not None and parts.table_bias is not None and mix.words > 0.0:
        words = np.float32(mix.words) * parts.table
        own_bias = np.float32(mix.words) * parts.table_bias
        bias = bias + own_bias
        early = _early(fitted, mix, judged, calibrator, own_bias - offset)
    kind = HeadKind.CLASSES if fitted.positive is None else HeadKind.CHANCE
    return Head(
        fitted.name, kind, classes, np.float32(mix.vectors) * parts.weight,
        bias.astype(np.float32), calibrator, fitted.encoder_sha256, fitted.label_source, words,
        early,
    )  # fmt: skip


def _early(
    fitted: Fitted, mix: Mix, judged: Judged, calibrator: Calibrator,
    bias: npt.NDArray[np.float32],
) -> Early:  # fmt: skip
    """When n-grams alone are enough, told on the judged rows."""
    assert judged.words is not None
    words = mix.words * judged.words
    if fitted.positive is None:
        return early_classes(words - fitted.offset, judged.pool, judged.labels, bias)
    right = (judged.labels == fitted.at).astype(float)
    chances = calibrator(_apart(judged.pool, fitted.at))
    return early_chance(_apart(words, fitted.at), chances, right, bias)


def _apart(logits: Floats, at: int) -> Floats:
    """Of two classes, what speaks for class `at` against the other, (rows,)."""
    return (logits[:, at] - logits[:, 1 - at]).astype(float)


def _chances(head: Head, fitted: Fitted, judged: Judged) -> Floats:
    """The calibrated chances of judged rows, (rows, classes)."""
    if fitted.positive is None:
        return head.calibrator(judged.pool)
    p = head.calibrator(_apart(judged.pool, fitted.at))
    return np.column_stack([1 - p, p] if fitted.at == 1 else [p, 1 - p])


def crossed_ece(head: Head, fitted: Fitted, judged: Judged) -> float:
    """ECE where each half of the rows is calibrated by what the other half says."""
    if fitted.positive is None:
        return round(top_ece(crossed_temperature(judged.pool, judged.labels), judged.labels), 4)
    fit = fit_platt if head.calibrator.to_json()["kind"] == "platt" else fit_isotonic
    right = (judged.labels == fitted.at).astype(float)
    return round(cross_fitted_ece(fit, _apart(judged.pool, fitted.at), right), 4)


def measured(chances: Floats, labels: Labels, classes: Sequence[str]) -> dict[str, Value]:
    """Accuracy, macro-F1, AUROC (of two classes), the majority's share, and figures per class."""
    said = chances.argmax(axis=1)
    shares = np.bincount(labels, minlength=len(classes)) / len(labels)
    per_class = {
        classes[k]: {
            "rows": float((labels == k).sum()),
            "precision": _ratio((said == k) & (labels == k), said == k),
            "recall": _ratio((said == k) & (labels == k), labels == k),
            "f1": f1_of(said, labels, k),
        }
        for k in range(len(classes))
    }
    figures: dict[str, Value] = {
        "rows": len(labels),
        "accuracy": round(float((said == labels).mean()), 4),
        "majority": round(float(shares.max()), 4),
        "macro_f1": round(macro_f1(said, labels), 4),
    }
    if len(classes) == 2:
        figures["auroc"] = round(auroc(chances[:, 1], labels == 1), 4)
    return {**figures, "per_class": per_class}  # type: ignore[dict-item]


def f1_of(said: npt.NDArray[np.integer], labels: Labels, k: int) -> float:
    """The F1 of class `k`: 2 hits / (said + there), 0 where it neither occurs nor is said."""
    hits = int(((said == k) & (labels == k)).sum())
    total = int((said == k).sum() + (labels == k).sum())
    return round(2 * hits / total, 4) if total else 0.0


def top_ece(chances: Floats, labels: Labels) -> float:
    """ECE of the likeliest class over equal-mass bins."""
    return ece(chances.max(axis=1), (chances.argmax(axis=1) == labels).astype(float))


def folds_of(texts: Sequence[str], labels: Labels, seed: int) -> npt.NDArray[np.int64]:
    """The fold of each row, (rows,): groups of near-duplicates dealt out class by class."""
    groups: dict[str, list[int]] = defaultdict(list)
    for row, text in enumerate(texts):
        groups[fold_key(text)].append(row)
    by_class = np.bincount([int(labels[rows[0]]) for rows in groups.values()])
    count = max(2, min(FOLDS, int(by_class[by_class > 0].min())))
    ordered = sorted(groups, key=lambda key: (int(labels[groups[key][0]]), _hash(key, seed)))
    fold = np.zeros(len(texts), dtype=np.int64)
    for place, key in enumerate(ordered):
        fold[groups[key]] = place % count
    return fold


# --- choosing ------------------------------------------------------------------------------------


def _best_ridge(
    vectors: Embeddings, labels: Labels, classes: int, folds: npt.NDArray[np.int64],
    texts: Sequence[str],
) -> float:  # fmt: skip
    """The ridge of least out-of-fold log loss at its own best temperature."""
    chosen = np.arange(len(labels))
    if len(chosen) > ROWS_TO_CHOOSE:
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
    """The mean log loss of logits at their best temperature."""
    chances = fit_temperature(logits, labels)(logits)
    return -float(np.log(chances[np.arange(len(labels)), labels] + 1e-12).mean())


def _out_of_fold(
    vectors: Embeddings, labels: Labels, classes: int, folds: npt.NDArray[np.int64],
    ridge: float, start: Weights,
) -> Floats:  # fmt: skip
    """Logits of every row by a head that was fitted on the other folds, (rows, classes)."""
    outside = np.zeros((len(labels), classes), dtype=np.float32)
    begin = np.where(start == NEVER, 0.0, start).astype(np.float32)
    for fold in range(int(folds.max()) + 1):
        inside = folds != fold
        weights = fit_softmax(vectors[inside], labels[inside], classes, ridge, begin)
        outside[~inside] = logits_of(weights, vectors[~inside])
    return outside


def _words_out_of_fold(
    grams: Grams, rare: Rarity, labels: Labels, classes: int, folds: npt.NDArray[np.int64]
) -> Floats:
    """The same by n-grams, (rows, classes)."""
    outside = np.zeros((len(labels), classes), dtype=np.float32)
    for fold in range(int(folds.max()) + 1):
        inside = folds != fold
        table, bias = fit_grams(grams[inside], rare, labels[inside], classes)
        outside[~inside] = summed(grams[~inside], table) + bias
    return outside


def _best_tau(outside: Floats, labels: Labels, shares: Floats) -> float:
    """The strength of logit adjustment that wins most macro-F1 at hardly any accuracy."""
    best, said = 0.0, outside.argmax(axis=1)
    top, least = macro_f1(said, labels), float((said == labels).mean()) - MOST_LOST
    for tau in TAUS[1:]:
        said = (outside - tau * np.log(shares)).argmax(axis=1)
        reached = macro_f1(said, labels)
        if reached >= top + LEAST_GAIN and float((said == labels).mean()) >= least:
            best, top = tau, reached
    return best


def crossed_temperature(logits: Floats, labels: Labels) -> Floats:
    """Chances where each half of the rows is calibrated by the other half's temperature."""
    chances = np.empty(logits.shape)
    for half in (0, 1):
        inside, outside = slice(half, None, 2), slice(1 - half, None, 2)
        chances[inside] = fit_temperature(logits[outside], labels[outside])(logits[inside])
    return chances


def _ratio(hits: npt.NDArray[np.bool_], of: npt.NDArray[np.bool_]) -> float:
    return round(float(hits.sum()) / float(of.sum()), 4) if of.any() else math.nan


def _hash(text: str, seed: int) -> bytes:
    return hashlib.blake2b(f"{seed}|{text}".encode("utf-8", "replace"), digest_size=8).digest()
