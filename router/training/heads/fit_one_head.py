"""Fits one head on labelled texts; cross-validation chooses ridge, weights, balance, calibrator.

Texts with the same opening stay in one fold. The ridge has the least out-of-fold log loss at its
best temperature. Embedding and n-grams are fitted apart and weighed (`mix_ngrams`). Classes are
balanced by logit adjustment (Menon et al. 2021: the logits minus tau x the log share of the class)
only when macro-F1 gains by it and accuracy hardly loses. The calibrator is fitted on the
out-of-fold logits, so it has seen the head be wrong. Uses numpy only; nothing here reads a file.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

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
    most_supported,
    within,
)
from router.stats.heads import IDENTITY, UNSCALED, Early, Encoded, Head, HeadKind
from router.stats.measures import Flags, macro_f1
from router.stats.softmax_regression import (
    GRAMS_C,
    Labels,
    as_head,
    fit_grams,
    fit_softmax,
)
from router.training.heads.cross_validation import (
    best_ridge,
    best_tau,
    crossed_temperature,
    folds_of,
    likeness_of,
    out_of_fold,
    words_out_of_fold,
)
from router.training.heads.mix_ngrams import (
    LEAST_HONEST,
    NEVER_SURE,
    USUAL,
    Mix,
    Parts,
    early_chance,
    early_classes,
    fit_mix,
)
from router.triage.triage_model import Rarity

Value = float | int | str
Figures = Mapping[str, Value | Mapping[str, Mapping[str, float]]]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Says which head is fitted, and how."""

    name: str
    classes: Sequence[str]
    encoder_sha256: str
    rare: Rarity | None  # the model's weight of n-grams; None: a head without them
    positive: str | None = None  # the class whose one probability the head gives; None: of each
    label_source: str = "given"
    strength: float = GRAMS_C  # of the labels against the ridge for n-grams
    smooth: bool = False  # the calibrator of one probability has no steps
    bounded: bool = False  # it says no more than its rows support, and less of unlike texts


@dataclass(frozen=True, slots=True)
class TaughtRows:
    """Holds the rows that teach a head."""

    encoded: Encoded
    labels: Labels  # (rows,): places of the recipe's classes
    texts: Sequence[str]  # those that begin alike stay in one fold
    honest: Flags | None = None  # (rows,): True where the encoder never trained; None: everywhere


@dataclass(frozen=True, slots=True)
class Fitted:
    """Holds what was fitted of a head before its two readers are combined."""

    name: str
    classes: tuple[str, ...]
    positive: str | None
    parts: Parts  # over two classes when there is a positive one
    offset: npt.NDArray[np.float32]  # (classes,): logit adjustment, which is subtracted
    encoder_sha256: str
    label_source: str
    smooth: bool = False  # calibrated without steps, within which nothing is ranked

    @property
    def at(self) -> int:
        """Returns the place of the positive class."""
        return self.classes.index(str(self.positive))


@dataclass(frozen=True, slots=True)
class FittedHead:
    """Holds a head, the choices made for it, and its figures on rows on which it was not fitted."""

    head: Head
    chances: Floats  # (rows, classes), out-of-fold, calibrated
    figures: Figures
    fitted: Fitted


def fit_head(recipe: Recipe, taught: TaughtRows, seed: int) -> FittedHead:
    """Returns the head of a recipe, and its out-of-fold figures.

    Both readers are weighed and calibrated on the honest rows. The same seed gives the same head.
    """
    encoded, labels, rare = taught.encoded, taught.labels, recipe.rare
    count = len(recipe.classes)
    folds = folds_of(taught.texts, labels, seed)
    ridge = best_ridge(encoded.vectors, labels, count, folds, taught.texts)
    weights = fit_softmax(encoded.vectors, labels, count, ridge)
    by_vectors = out_of_fold(encoded.vectors, labels, count, folds, ridge, weights)
    words, by_words = None, None
    if rare is not None:
        strength = recipe.strength
        words = fit_grams(encoded.grams, rare, labels, count, strength=strength)
        by_words = words_out_of_fold(encoded.grams, rare, labels, count, folds, strength)
    parts = Parts(*as_head(weights), *(words or (None, None)))
    rows = np.ones(len(labels), bool) if taught.honest is None else taught.honest
    # Too few honest rows: all rows are used, with the usual weights and without calibration.
    trusted = taught.honest is None or int(rows.sum()) >= LEAST_HONEST
    rows = rows if trusted else np.ones(len(labels), bool)
    mix = Mix(1.0, 0.0) if by_words is None else USUAL
    if trusted and by_words is not None:
        mix = _mix(by_vectors[rows], by_words[rows], labels[rows])
    pool = _pool(by_vectors, by_words, mix)
    # A head of one probability needs no balance: its calibrator sets the level.
    shares = np.bincount(labels, minlength=count) / len(labels)
    tau = 0.0 if recipe.positive else best_tau(pool[rows], labels[rows], shares)
    offset = (tau * np.log(shares)).astype(np.float32)
    fitted = Fitted(
        recipe.name,
        tuple(recipe.classes),
        recipe.positive,
        parts,
        offset,
        recipe.encoder_sha256,
        recipe.label_source,
        recipe.smooth,
    )
    judged = Judged(pool - offset, by_words, labels)
    calibrate = trusted or by_words is None
    head = put_together(fitted, mix, judged[rows] if calibrate else judged, calibrate=calibrate)
    if recipe.bounded:
        head = _bounded(head, fitted, _chances(head, fitted, judged), taught, folds)
    chances = _chances(head, fitted, judged)
    figures = {
        **measured(chances, labels, recipe.classes),
        "ece": crossed_ece(head, fitted, judged),
        "ridge": ridge,
        "tau": tau,
        "weight_of_vectors": round(mix.vectors, 3),
        "weight_of_words": round(mix.words, 3),
        "calibrator": str(head.calibrator.to_json()["kind"]),
        "folds": int(folds.max()) + 1,
    }
    return FittedHead(head, chances, figures, fitted)


def _bounded(
    head: Head, fitted: Fitted, chances: Floats, taught: TaughtRows, folds: Labels
) -> Head:
    """Returns a head that says no more than `chances` (rows, classes) of out-of-fold rows support.

    It also keeps where its texts lie, and is less sure of others. So no text is read by n-grams
    alone: they do not show how like the taught ones it is.
    """
    labels, usual = taught.labels, 1.0 / len(fitted.classes)
    least, most = 0.0, most_supported(chances.max(axis=1), chances.argmax(axis=1) == labels)
    if fitted.positive is not None:
        yes, chance = labels == fitted.at, chances[:, fitted.at]
        least, most = 1.0 - most_supported(1.0 - chance, ~yes), most_supported(chance, yes)
        usual = float(yes.mean())
    early = head.early and replace(
        head.early, calibrator=within(head.early.calibrator, least, most), sure=NEVER_SURE
    )
    return replace(
        head,
        calibrator=within(head.calibrator, least, most),
        early=early,
        likeness=likeness_of(taught.encoded.vectors, labels, folds, usual),
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """Holds logits of rows on which no reader was fitted: of both readers, and of n-grams only."""

    pool: Floats  # (rows, classes), the offset subtracted
    words: Floats | None  # (rows, classes)
    labels: Labels
    weights: Floats | None = None  # (rows,): the weight of each row

    def __getitem__(self, rows: Flags) -> Judged:
        words = None if self.words is None else self.words[rows]
        weights = None if self.weights is None else self.weights[rows]
        return Judged(self.pool[rows], words, self.labels[rows], weights)


def unseen(
    fitted: Fitted, encoded: Encoded, labels: Labels, weights: Floats | None = None
) -> tuple[Mix, Judged]:
    """Returns the weights of both readers, chosen on rows that nobody trained on, and the logits.

    `weights` (rows,) says how much each row counts.
    """
    by_vectors, by_words = fitted.parts.by_vectors(encoded), fitted.parts.by_words(encoded)
    mix = _mix(by_vectors, by_words, labels, weights)
    return mix, Judged(_pool(by_vectors, by_words, mix) - fitted.offset, by_words, labels, weights)


def _mix(
    by_vectors: Floats, by_words: Floats | None, labels: Labels, weights: Floats | None = None
) -> Mix:
    """Returns the weights that the rows show; with few of them the usual weights."""
    if by_words is None:
        return Mix(1.0, 0.0)
    if len(labels) < LEAST_HONEST:
        return USUAL
    return fit_mix(by_vectors, by_words, labels, weights)


def _pool(by_vectors: Floats, by_words: Floats | None, mix: Mix) -> Floats:
    logits = mix.vectors * by_vectors
    return logits if by_words is None else logits + mix.words * by_words


def put_together(fitted: Fitted, mix: Mix, judged: Judged, *, calibrate: bool = True) -> Head:
    """Returns one head of both readers at their weights, calibrated on the judged rows.

    Without `calibrate` its probabilities are those of its logits, for rows that nobody can trust.
    """
    parts = fitted.parts
    calibrator: Calibrator
    if fitted.positive is not None:
        parts = parts.column(fitted.at)
        classes: tuple[str, ...] = (fitted.positive,)
        right = (judged.labels == fitted.at).astype(float)
        column = _apart(judged.pool, fitted.at)
        fit = fit_platt if fitted.smooth else best_of
        calibrator = fit(column, right, judged.weights) if calibrate else IDENTITY
    else:
        classes = fitted.classes
        calibrator = UNSCALED
        if calibrate:
            calibrator = fit_temperature(judged.pool, judged.labels, judged.weights)
    # The bias of the whole head holds both readers' biases; the early head only that of words.
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
        fitted.name,
        kind,
        classes,
        np.float32(mix.vectors) * parts.weight,
        bias.astype(np.float32),
        calibrator,
        fitted.encoder_sha256,
        fitted.label_source,
        words,
        early,
    )


def _early(
    fitted: Fitted,
    mix: Mix,
    judged: Judged,
    calibrator: Calibrator,
    bias: npt.NDArray[np.float32],
) -> Early:
    """Finds, on the judged rows, the confidence from which n-grams need no encoder."""
    assert judged.words is not None
    words = mix.words * judged.words
    if fitted.positive is None:
        return early_classes(words - fitted.offset, judged.pool, judged.labels, bias)
    right = (judged.labels == fitted.at).astype(float)
    chances = calibrator(_apart(judged.pool, fitted.at))
    return early_chance(_apart(words, fitted.at), chances, right, bias)


def _apart(logits: Floats, place: int) -> Floats:
    """Returns, for two classes, the logit of class `place` against the other, (rows,)."""
    return (logits[:, place] - logits[:, 1 - place]).astype(float)


def _chances(head: Head, fitted: Fitted, judged: Judged) -> Floats:
    """Returns the calibrated probabilities of judged rows, (rows, classes)."""
    if fitted.positive is None:
        return head.calibrator(judged.pool)
    p = head.calibrator(_apart(judged.pool, fitted.at))
    return np.column_stack([1 - p, p] if fitted.at == 1 else [p, 1 - p])


def crossed_ece(head: Head, fitted: Fitted, judged: Judged) -> float:
    """Returns the ECE when each half of the rows is calibrated by the other half."""
    if fitted.positive is None:
        return round(top_ece(crossed_temperature(judged.pool, judged.labels), judged.labels), 4)
    fit = fit_platt if head.calibrator.to_json()["kind"] == "platt" else fit_isotonic
    right = (judged.labels == fitted.at).astype(float)
    return round(cross_fitted_ece(fit, _apart(judged.pool, fitted.at), right), 4)


def measured(chances: Floats, labels: Labels, classes: Sequence[str]) -> dict[str, Value]:
    """Returns accuracy, macro-F1, AUROC (of two classes), the majority's share, figures per
    class."""
    guesses = chances.argmax(axis=1)
    shares = np.bincount(labels, minlength=len(classes)) / len(labels)
    per_class = {
        classes[k]: {
            "rows": float((labels == k).sum()),
            "precision": _ratio((guesses == k) & (labels == k), guesses == k),
            "recall": _ratio((guesses == k) & (labels == k), labels == k),
            "f1": f1_of(guesses, labels, k),
        }
        for k in range(len(classes))
    }
    figures: dict[str, Value] = {
        "rows": len(labels),
        "accuracy": round(float((guesses == labels).mean()), 4),
        "majority": round(float(shares.max()), 4),
        "macro_f1": round(macro_f1(guesses, labels), 4),
    }
    if len(classes) == 2:
        figures["auroc"] = round(auroc(chances[:, 1], labels == 1), 4)
    return {**figures, "per_class": per_class}  # type: ignore[dict-item]


def f1_of(predicted: npt.NDArray[np.integer], labels: Labels, k: int) -> float:
    """Returns the F1 of class `k`: 2 hits / (predicted + true rows); 0 when there are neither."""
    hits = int(((predicted == k) & (labels == k)).sum())
    total = int((predicted == k).sum() + (labels == k).sum())
    return round(2 * hits / total, 4) if total else 0.0


def top_ece(chances: Floats, labels: Labels) -> float:
    """Returns the ECE of the likeliest class over equal-mass bins."""
    return ece(chances.max(axis=1), (chances.argmax(axis=1) == labels).astype(float))


def _ratio(hits: npt.NDArray[np.bool_], of: npt.NDArray[np.bool_]) -> float:
    return round(float(hits.sum()) / float(of.sum()), 4) if of.any() else math.nan
