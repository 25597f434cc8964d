"""Fits one difficulty for every prompt and one ability for every known model (stage 5b).

The model is item response theory with a linear reader: P(model i answers x right) =
sigmoid(a (theta_i - d(x))), d(x) = w.e(x) + b. Abilities and w are fitted together on the public
per-question tables, so that a model's ability holds across tables; per-domain abilities follow with
d fixed. Prompts of no table (small talk, support, strategy) get a stated anchor, so that d is
sensible outside exam questions too.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from router.stats.calibration import Floats, auroc, ece, fit_logistic, sigmoid
from router.stats.heads import IDENTITY, Early, Embeddings, Encoded, Head, HeadKind
from router.stats.ngrams import BUCKETS, Grams, summed
from router.stats.softmax_regression import Design
from router.training.data import templates
from router.training.data.sources import Example
from router.training.heads.mix_ngrams import Mix
from router.training.sparse_products import quick_design
from router.triage.triage_model import Rarity

ANCHORS: Mapping[str, float] = {
    "small_talk": -3.0,
    "follow_up": -2.0,
    "status": -2.5,
    "faq": -2.5,
    "transaction": -2.5,
    "classification": -1.5,
}
"""Difficulty of request types that no table covers; 0 is the average question."""
ANCHOR_STRATEGIC, ANCHOR_GRAVE = 1.2, 0.6
HINT_LOW, HINT_HIGH = -2.0, 1.6
"""d of the lowest and of the highest level that a source gives (grade school to competition 5)."""

ANCHOR_WEIGHT = 0.15
RIDGE = 3e-4 / 192
"""For unit vectors; it was chosen for vectors scaled by the root of their width, 192."""
RIDGE_WORDS = 3e-5
LEAST_WEIGHED = 50
THETA_RIDGE = 1e-3
LEAST_PER_DOMAIN = 80


@dataclass(frozen=True, slots=True)
class Answers:
    """Holds graded answers as parallel arrays: example, model, correctness 0..1, weight."""

    example: npt.NDArray[np.int64]
    model: npt.NDArray[np.int64]
    right: Floats
    weight: Floats


@dataclass(frozen=True, slots=True)
class KnownModel:
    """Holds a model's ability and the number of graded answers behind it, in all and per domain."""

    theta: float
    answers: int
    per_domain: Mapping[str, tuple[float, int]]


@dataclass(frozen=True, slots=True)
class Fitted:
    """Holds the difficulty head, the abilities, the slope `a`, and their figures on dev answers."""

    head: Head
    models: Mapping[str, KnownModel]
    a: float
    dev: Mapping[str, Mapping[str, float]]


def answers(examples: Sequence[Example], models: Sequence[str]) -> Answers:
    """Returns the graded answers of `examples`; each benchmark weighs by the root of its size."""
    number = {name: place for place, name in enumerate(models)}
    rows = [
        (i, number[model], right, e.benchmark)
        for i, e in enumerate(examples)
        for model, right in e.outcomes.items()
        if model in number
    ]
    sizes: dict[str, int] = {}
    for *_, benchmark in rows:
        sizes[benchmark] = sizes.get(benchmark, 0) + 1
    # Each of n answers weighs n^-0.5, so a benchmark weighs n^0.5 in all.
    weight = np.array([sizes[benchmark] ** -0.5 for *_, benchmark in rows])
    return Answers(
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([row[1] for row in rows], dtype=np.int64),
        np.array([row[2] for row in rows], dtype=float),
        weight / weight.sum() if len(weight) else weight,
    )


def anchors(examples: Sequence[Example]) -> tuple[npt.NDArray[np.int64], Floats]:
    """Returns the indices of examples with a stated difficulty, and that difficulty."""
    index, target = [], []
    for i, example in enumerate(examples):
        value = _anchor(example)
        if value is not None:
            index.append(i)
            target.append(value)
    return np.array(index, dtype=np.int64), np.array(target)


def _anchor(example: Example) -> float | None:
    # In order of trust: a level that the source gives, then the labels, then the request type.
    if example.difficulty_hint is not None:
        return HINT_LOW + (HINT_HIGH - HINT_LOW) * example.difficulty_hint
    if example.labels.get("strategic") == "yes":
        return ANCHOR_STRATEGIC
    if example.source.startswith(templates.SOURCES) and example.labels.get("stakes") == "high":
        return ANCHOR_GRAVE
    return ANCHORS.get(example.labels.get("request_type", ""))


def fit(
    train: tuple[Sequence[Example], Encoded],
    dev: tuple[Sequence[Example], Encoded],
    encoder_sha256: str,
    rare: Rarity,
) -> Fitted:
    """Returns the difficulty head and the abilities; without a table, from anchors only.

    The embedding and the n-grams are fitted apart and weighed on the dev answers.
    """
    examples, read = train
    models = sorted({name for example in examples for name in example.outcomes})
    graded, stated = answers(examples, models), anchors(examples)
    # Rows without an answer or an anchor say nothing about d.
    used = np.unique(np.concatenate([graded.example, stated[0]]))
    known_rows = _among(used, graded, stated)
    weight, bias, theta = _joint(_dense(read.vectors[used]), known_rows, len(models), RIDGE)
    table, table_bias, _ = _joint_words(read.grams[used], rare, known_rows, len(models))
    dev_graded = answers(dev[0], models)
    by_vectors = dev[1].vectors @ weight + bias
    by_words = summed(dev[1].grams, table[:, None])[:, 0] + table_bias
    mix, level = _weighed(by_vectors, by_words, theta, dev_graded)
    # N-grams alone replace the embedding's part by its mean over dev.
    usual = mix.vectors * float(by_vectors.mean()) if len(by_vectors) else 0.0
    early = Early(np.array([usual + mix.words * table_bias + level], np.float32), IDENTITY, 0.0)
    head = Head(
        "difficulty",
        HeadKind.VALUE,
        ("d",),
        (mix.vectors * weight[:, None]).astype(np.float32),
        np.array([mix.vectors * bias + mix.words * table_bias + level], np.float32),
        IDENTITY,
        encoder_sha256,
        "mixed",
        (mix.words * table[:, None]).astype(np.float32),
        early,
    )
    # (answers,): ability minus difficulty, whose sign is the more likely outcome.
    gap = theta[dev_graded.model] - head(dev[1])[dev_graded.example]
    a = _slope(gap, dev_graded)
    known = _known(examples, head(read), graded, models, theta, a)
    return Fitted(head, known, a, _judge(dev[0], dev_graded, a * gap))


def _weighed(
    by_vectors: Floats, by_words: Floats, theta: Floats, graded: Answers
) -> tuple[Mix, float]:
    """Returns the weight of each reader of d, and the shift, of least log loss on dev answers."""
    if len(graded.right) < LEAST_WEIGHED:
        return Mix(1.0, 0.0), 0.0
    x = np.column_stack(
        [
            theta[graded.model],
            -by_vectors[graded.example],
            -by_words[graded.example],
            -np.ones(len(graded.right)),
        ]
    )
    weights = graded.weight * len(x) / graded.weight.sum()
    prior, firm = np.array([1.0, 0.5, 0.5, 0.0]), np.full(4, 1e-3)
    coefficients = fit_logistic(x, graded.right, prior, firm, weights)
    for reader in (1, 2):  # a reader with a negative weight is left out, and the rest is refitted
        if coefficients[reader] < 0.0:
            firm[reader], prior = 1e9, np.where(np.arange(4) == reader, 0.0, prior)
            coefficients = fit_logistic(x, graded.right, prior, firm, weights)
    slope = max(float(coefficients[0]), 0.2)
    shares = (float(value) / slope for value in coefficients[1:])
    return Mix(*(max(value, 0.0) for value in itertools.islice(shares, 2))), float(
        coefficients[3]
    ) / slope


@dataclass(frozen=True, slots=True)
class _Asked:
    """Holds the graded answers and the stated difficulties, by the rows of one matrix."""

    graded: Answers
    rows: int
    anchored: npt.NDArray[np.int64]
    target: Floats


def _among(
    used: npt.NDArray[np.int64], graded: Answers, stated: tuple[npt.NDArray[np.int64], Floats]
) -> _Asked:
    example = np.searchsorted(used, graded.example)
    return _Asked(
        replace(graded, example=example), len(used), np.searchsorted(used, stated[0]), stated[1]
    )


def _dense(vectors: Embeddings) -> Design:
    x = vectors.astype(np.float64)
    return Design(len(x), x.shape[1], lambda w: x @ w, lambda slopes: x.T @ slopes)


def _joint_words(
    grams: Grams, rare: Rarity, known_rows: _Asked, models: int
) -> tuple[Floats, float, Floats]:
    """Returns the same from n-grams: d's table (BUCKETS,), its bias, and abilities."""
    used, column = np.unique(grams.buckets, return_inverse=True)
    design = quick_design(grams, column, len(used), rare)

    def forward(w: Floats) -> Floats:
        return design.forward(w[:, None].astype(np.float32))[:, 0].astype(np.float64)

    def back(slopes: Floats) -> Floats:
        return design.back(slopes[:, None].astype(np.float32))[:, 0].astype(np.float64)

    single = Design(design.count, design.width, forward, back)
    weight, bias, theta = _joint(single, known_rows, models, RIDGE_WORDS)
    table = np.zeros(BUCKETS, np.float32)
    table[used] = weight * rare[used]
    return table, bias, theta


def _joint(
    design: Design, known_rows: _Asked, models: int, ridge: float
) -> tuple[Floats, float, Floats]:
    """Returns weight and bias of d and all abilities, by L-BFGS.

    A small ridge gives abilities the mean 0. The weight is for rows as the design has them; `ridge`
    is for rows of unit mean square.
    """
    # Imported here, because serving does not install scipy.
    from scipy.optimize import minimize

    width = design.width
    graded, anchored, target = known_rows.graded, known_rows.anchored, known_rows.target
    example, rows = graded.example, known_rows.rows

    def objective(flat: Floats) -> tuple[float, Floats]:
        w, b, theta = flat[:width], flat[width], flat[width + 1 :]
        d = design.forward(w) + b
        z = theta[graded.model] - d[example]
        # Log loss of a Bernoulli outcome with logit z, without overflow.
        loss = float(graded.weight @ (np.logaddexp(0, z) - graded.right * z))
        error = graded.weight * (sigmoid(z) - graded.right)
        by_d = -np.bincount(example, weights=error, minlength=rows).astype(float)
        by_theta = np.bincount(graded.model, weights=error, minlength=models).astype(float)
        if len(anchored):
            # Anchors pull d towards the stated value by squared error.
            off = d[anchored] - target
            loss += ANCHOR_WEIGHT * float((off**2).mean()) / 2
            by_d += np.bincount(anchored, weights=ANCHOR_WEIGHT * off / len(off), minlength=rows)
        loss += ridge * float(w @ w) + THETA_RIDGE * float((theta**2).mean() if models else 0.0)
        by_theta = by_theta + (2 * THETA_RIDGE * theta / models if models else 0.0)
        return loss, np.concatenate([design.back(by_d) + 2 * ridge * w, [by_d.sum()], by_theta])

    start = np.zeros(width + 1 + models)
    solution = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 400}).x
    return solution[:width], float(solution[width]), solution[width + 1 :]


def _slope(gap: Floats, graded: Answers) -> float:
    """Returns `a`, fitted on dev: the steepness of correctness over ability minus difficulty."""
    if len(gap) < 50:
        return 1.0
    weights = graded.weight * len(gap) / graded.weight.sum()
    slope = fit_logistic(gap[:, None], graded.right, np.ones(1), np.full(1, 1e-3), weights)
    return float(np.clip(slope[0], 0.2, 5.0))


def _known(
    examples: Sequence[Example],
    d: Floats,
    graded: Answers,
    models: Sequence[str],
    theta: Floats,
    a: float,
) -> dict[str, KnownModel]:
    """Returns abilities: one number per model and domain, pulled towards the model's own."""
    # A domain's ability starts from the model's own, so few answers move it little.
    domains = np.array([example.labels.get("domain", "") for example in examples])
    of_answer = domains[graded.example] if len(graded.example) else np.array([], dtype=str)
    known = {}
    for number, name in enumerate(models):
        mine = graded.model == number
        per_domain = {}
        for domain in sorted({str(value) for value in of_answer[mine]} - {""}):
            rows = mine & (of_answer == domain)
            if rows.sum() >= LEAST_PER_DOMAIN:
                own = _ability(d[graded.example[rows]], graded.right[rows], theta[number], a)
                per_domain[domain] = (round(own, 3), int(rows.sum()))
        known[name] = KnownModel(round(float(theta[number]), 3), int(mine.sum()), per_domain)
    return known


def _ability(d: Floats, right: Floats, prior: float, a: float) -> float:
    """Returns the most probable ability given difficulties and results, with a weak prior.

    The prior is worth ten answers: an answer at even odds has a curvature of 1/4, the prior 2.5.
    """
    theta = prior
    for _ in range(30):
        p = sigmoid(a * (theta - d))
        gradient = a * (p - right).sum() + 2.5 * (theta - prior)
        curve = a * a * (p * (1 - p)).sum() + 2.5
        theta -= gradient / curve
    return float(theta)


def _judge(examples: Sequence[Example], graded: Answers, z: Floats) -> dict[str, dict[str, float]]:
    """Returns AUROC and ECE of the predicted correctness per benchmark, over all its models."""
    benchmark = np.array([example.benchmark for example in examples])
    of_answer = benchmark[graded.example] if len(graded.example) else np.array([], dtype=str)
    report = {}
    for name in sorted(set(of_answer.tolist())):
        rows = of_answer == name
        right = graded.right[rows]
        report[name] = {
            "answers": int(rows.sum()),
            "auroc": round(auroc(z[rows], right > 0.5), 4),
            "ece": round(ece(sigmoid(z[rows]), right), 4),
        }
    return report
