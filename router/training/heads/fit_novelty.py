"""Measures which score separates new requests from known ones, and fits the score that ships.

This is stage 5d. Two questions judge every score. CLINC150: out-of-scope dev requests against
in-scope ones, with everything fitted on in-scope training rows. Whole mix: our own nonsense against
all dev requests, with everything fitted on the whole training mix, as the shipped model must judge.
The reader of nonsense is judged on kinds of nonsense on which it was not fitted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from router.stats.calibration import Floats, auroc, ece, fit_logistic, sigmoid, softmax
from router.stats.heads import Embeddings
from router.training.data import nonsense
from router.training.data.sources import Example
from router.training.heads.fit_heads import softmax_regression
from router.triage.novelty import FEATURES, Novelty, mahalanobis

BANK = 2_048
"""References of the nearest-neighbour scores on the whole mix."""

NOVEL_SHARE = 0.2
"""Share of novel requests assumed when calibrating, which no data set can give. Its cost decided:
at .2 some 1.4 % of usual dev requests are called novel, at .3 2.6 %."""

LEAST_CLASS = 8


@dataclass(frozen=True, slots=True)
class FittedNovelty:
    """Holds the shipped evidence, and AUROC and recall of every score tried."""

    novelty: Novelty
    trials: Mapping[str, Mapping[str, float]]
    figures: Mapping[str, float]

    def as_card(self) -> Mapping[str, Mapping[str, Mapping[str, float] | float]]:
        """Returns the section `novelty` of the figures of a model's card."""
        return {"trials": self.trials, "shipped": self.figures}


def fit(
    train: tuple[Sequence[Example], Embeddings],
    dev: tuple[Sequence[Example], Embeddings],
    encode: Callable[[Sequence[str]], Embeddings],
    seed: int,
) -> FittedNovelty:
    """Returns the evidence with its coefficients and the comparison of scores.

    `encode` embeds our own nonsense. The reader of nonsense that judges one kind was fitted on the
    others; the shipped one is fitted on all.
    """
    train, dev = _meaningful(train), _meaningful(dev)
    trials = _clinc(train, dev)
    known = _sampled(train[0], 20_000, seed)
    vectors = train[1][known]
    sources = np.array([train[0][i].source for i in known])
    usual = dev[1][_sampled(dev[0], 4_000, seed)]
    bank = vectors[spread(vectors, BANK, seed)]
    whitening, centres = shape_of(vectors, sources)
    # These texts judge novelty; the encoder was trained on others (`nonsense.examples`).
    texts, kind_of = nonsense.nonsense(seed)
    odd, kinds = encode(texts), np.asarray(kind_of)
    judged = np.concatenate([odd, usual])
    novel = np.arange(len(judged)) < len(odd)
    for name, values in _scores(vectors, sources, judged, bank).items():
        trials.setdefault(name, {}).update(_figures("nonsense", values, novel))

    unseen_kind = np.empty(len(judged))
    half = np.arange(len(usual)) % 2  # a reader judges half of the usual rows; it saw none of them
    for fold, kind in enumerate(np.unique(kinds)):
        reader = _reader(odd[kinds != kind], vectors)
        unseen_kind[: len(odd)][kinds == kind] = (odd[kinds == kind] @ reader[:-1]) + reader[-1]
        if fold < 2:
            rows = np.flatnonzero(half == fold) + len(odd)
            unseen_kind[rows] = judged[rows] @ reader[:-1] + reader[-1]
    trials["nonsense_reader"] = _figures("nonsense", unseen_kind, novel)

    evidence = np.column_stack(
        [np.ones(len(judged)), mahalanobis(whitening, centres, judged), unseen_kind]
    )
    # Novel and usual rows weigh as if they came in the assumed shares.
    weight = np.where(novel, NOVEL_SHARE / len(odd), (1 - NOVEL_SHARE) / len(usual)) * len(judged)
    target = novel.astype(float)
    prior, firm = np.zeros(len(FEATURES)), np.full(len(FEATURES), 1e-2)
    # Even rows fit the judge of odd rows; the shipped coefficients use all of them.
    even, uneven = slice(0, None, 2), slice(1, None, 2)
    judge = fit_logistic(evidence[even], target[even], prior, firm, weight[even])
    chance, truth = sigmoid(evidence[uneven] @ judge), novel[uneven]
    trials["combined"] = _figures("nonsense", chance, truth)
    coefficients = fit_logistic(evidence, target, prior, firm, weight)
    # ECE takes no weights, so rows are repeated in proportion to theirs.
    times = np.maximum(1, np.round(weight[uneven] * 4)).astype(int)
    repeated = np.repeat(np.arange(len(chance)), times)  # rows by weight, for the ECE
    figures = {
        "ece": round(ece(chance[repeated], truth[repeated].astype(float)), 4),
        "usual_above_half": round(float((chance[~truth] > 0.5).mean()), 4),
        "nonsense_above_half": round(float((chance[truth] > 0.5).mean()), 4),
    }
    shipped = Novelty(whitening, centres, _reader(odd, vectors), coefficients)
    return FittedNovelty(shipped, trials, figures)


def _meaningful(
    part: tuple[Sequence[Example], Embeddings],
) -> tuple[Sequence[Example], Embeddings]:
    """Returns the rows that are not the nonsense on which the encoder was trained."""
    rows = [i for i, e in enumerate(part[0]) if e.labels.get(nonsense.TASK) != "no"]
    return [part[0][i] for i in rows], part[1][rows]


def _reader(odd: Embeddings, usual: Embeddings) -> npt.NDArray[np.float32]:
    """Returns a linear reader of nonsense against usual text: weights and, last, the bias."""
    vectors = np.concatenate([odd, usual])
    labels = (np.arange(len(vectors)) < len(odd)).astype(np.int64)
    # Usual text weighs three times as much: to call it nonsense is the worse error.
    weights = np.where(labels == 1, 1.0 / len(odd), 3.0 / len(usual))
    weight, bias = softmax_regression(vectors, labels, 2, weights, ridge=1e-4, steps=80)
    return np.append(weight[:, 1] - weight[:, 0], bias[1] - bias[0]).astype(np.float32)


def shape_of(
    vectors: Embeddings, groups: npt.NDArray[np.str_]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Returns a matrix that whitens the spread within groups, and the groups' whitened means."""
    names, labels = np.unique(groups, return_inverse=True)
    means = np.stack([vectors[labels == k].mean(axis=0) for k in range(len(names))])
    centred = vectors - means[labels]
    # The small ridge keeps the covariance invertible when rows are few.
    inverse = np.linalg.inv(centred.T @ centred / len(centred) + 1e-5 * np.eye(vectors.shape[1]))
    whitening = np.linalg.cholesky(inverse)
    return whitening.astype(np.float32), (means @ whitening).astype(np.float32)


def distance(bank: Floats, embeddings: Floats, neighbours: int) -> Floats:
    """Returns 1 - the mean cosine to the `neighbours` nearest rows of `bank`, (rows,)."""
    count = min(neighbours, len(bank))
    cosines = embeddings @ bank.T  # (rows, references)
    nearest = np.partition(cosines, len(bank) - count, axis=1)[:, -count:]
    far: Floats = 1.0 - nearest.mean(axis=1)
    return far


def spread(embeddings: Floats, count: int, seed: int) -> npt.NDArray[np.integer]:
    """Returns indices of `count` rows that cover the others well, by k-means++ seeding.

    The distance is the cosine's. The next row is drawn in proportion to its squared distance from
    the chosen rows, so that dense regions get few references and the edges of the data get theirs.
    """
    rng = np.random.default_rng(seed)
    chosen = [int(rng.integers(len(embeddings)))]
    far = 1.0 - embeddings @ embeddings[chosen[0]]
    while len(chosen) < min(count, len(embeddings)):
        weight = np.maximum(far, 0.0) ** 2
        total = weight.sum()
        if total <= 0:
            break
        index = int(rng.choice(len(embeddings), p=weight / total))
        chosen.append(index)
        far = np.minimum(far, 1.0 - embeddings @ embeddings[index])
    return np.array(sorted(chosen))


def _sampled(examples: Sequence[Example], count: int, seed: int) -> npt.NDArray[np.int64]:
    """Returns row indices, sources drawn by the root of their size."""
    rng = np.random.default_rng(seed)
    sizes = Counter(example.source for example in examples)
    weight = np.array([sizes[example.source] ** -0.5 for example in examples])
    size = min(count, len(examples))
    return np.sort(rng.choice(len(examples), size=size, replace=False, p=weight / weight.sum()))


def _clinc(
    train: tuple[Sequence[Example], Embeddings], dev: tuple[Sequence[Example], Embeddings]
) -> dict[str, dict[str, float]]:
    """Returns every score on CLINC150's own question; empty when the folder lacks the set."""
    task = "intent/clinc150"
    rows = [i for i, e in enumerate(train[0]) if e.labels.get(task, "oos") != "oos"]
    judged = [i for i, e in enumerate(dev[0]) if task in e.labels]
    outside = np.array([dev[0][i].labels[task] == "oos" for i in judged], dtype=bool)
    if len(rows) < 200 or outside.sum() < 5:
        return {}
    vectors = train[1][rows]
    intents = np.array([train[0][i].labels[task] for i in rows])
    values = _scores(vectors, intents, dev[1][judged], vectors)
    return {name: _figures("clinc", score, outside) for name, score in values.items()}


def _scores(
    vectors: Embeddings, groups: npt.NDArray[np.str_], judged: Embeddings, bank: Embeddings
) -> dict[str, Floats]:
    """Returns each candidate score of `asked`, higher for newer rows; classes are `groups`."""
    names, labels = np.unique(groups, return_inverse=True)
    frequent = np.bincount(labels)[labels] >= LEAST_CLASS
    weight, bias = softmax_regression(
        vectors[frequent], labels[frequent], len(names), np.ones(int(frequent.sum())), steps=80
    )
    return {
        **strangeness(judged @ weight + bias),
        "mahalanobis": mahalanobis(*shape_of(vectors, groups), judged),
        "nearest_1": distance(bank, judged, 1),
        "nearest_5": distance(bank, judged, 5),
    }


def strangeness(logits: Floats) -> dict[str, Floats]:
    """Returns scores of strangeness from a head's logits, (rows,) each, higher for stranger rows.

    They are 1 - max softmax (Hendrycks and Gimpel 2017), entropy, and energy -logsumexp(z) (Liu et
    al. 2020).

    >>> strangeness(np.array([[0.0, 0.0]]))["max_probability"]
    array([0.5])
    """
    chance = softmax(logits)
    top = logits.max(axis=1, keepdims=True)
    return {
        "max_probability": 1.0 - chance.max(axis=1),
        "entropy": -(chance * np.log(chance + 1e-12)).sum(axis=1),
        "energy": -(top[:, 0] + np.log(np.exp(logits - top).sum(axis=1))),
    }


def _figures(what: str, values: Floats, novel: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Returns AUROC, and recall of the novel rows when 5 % of the usual ones are rejected."""
    threshold = np.quantile(values[~novel], 0.95)
    return {
        f"{what}_auroc": round(auroc(values, novel), 4),
        f"{what}_recall_at_5": round(float((values[novel] > threshold).mean()), 4),
        f"{what}_novel": int(novel.sum()),
    }
