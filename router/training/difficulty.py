"""Stage 5b: one difficulty for every prompt and one ability for every known model.

Item response theory with a linear reader: P(model i answers x right) = sigmoid(a (theta_i - d(x))),
d(x) = w.e(x) + b. Abilities and w are fitted together on the public per-question tables, so that a
model's ability holds across tables; per-domain abilities follow with d fixed. Prompts of no table
(small talk, support, strategy) get a stated anchor, so that d is sane off the exam bench.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from router.calibration import Floats, auroc, ece, fit_logistic, sigmoid
from router.heads import IDENTITY, Head, HeadKind
from router.training import templates
from router.training.sources import Example
from router.triage.encoder import Embeddings

ANCHORS: Mapping[str, float] = {
    "small_talk": -3.0, "follow_up": -2.0, "status": -2.5, "faq": -2.5, "transaction": -2.5,
    "classification": -1.5,
}  # fmt: skip
"""Request types whose difficulty no table gives, on the scale where 0 is the average question."""
ANCHOR_STRATEGIC, ANCHOR_GRAVE = 1.2, 0.6
HINT_LOW, HINT_HIGH = -2.0, 1.6
"""d of the lowest and highest level that a source gives (grade school .. competition level 5)."""

ANCHOR_WEIGHT = 0.15
RIDGE = 3e-4
THETA_RIDGE = 1e-3
LEAST_PER_DOMAIN = 80


@dataclass(frozen=True, slots=True)
class Answers:
    """Graded answers as parallel arrays: example, model, correctness 0..1, weight."""

    example: npt.NDArray[np.int64]
    model: npt.NDArray[np.int64]
    right: Floats
    weight: Floats


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model's ability, how many graded answers stand behind it, and the same per domain."""

    theta: float
    answers: int
    per_domain: Mapping[str, tuple[float, int]]


@dataclass(frozen=True, slots=True)
class Fitted:
    """The difficulty head, the abilities, the slope `a`, and how well they foretell dev answers."""

    head: Head
    models: Mapping[str, KnownModel]
    a: float
    dev: Mapping[str, Mapping[str, float]]


def answers(examples: Sequence[Example], models: Sequence[str]) -> Answers:
    """The graded answers of `examples`; each benchmark weighs by the root of its size."""
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
    weight = np.array([sizes[benchmark] ** -0.5 for *_, benchmark in rows])
    return Answers(
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([row[1] for row in rows], dtype=np.int64),
        np.array([row[2] for row in rows], dtype=float),
        weight / weight.sum() if len(weight) else weight,
    )


def anchors(examples: Sequence[Example]) -> tuple[npt.NDArray[np.int64], Floats]:
    """Indices of examples with a stated difficulty, and that difficulty."""
    index, target = [], []
    for i, example in enumerate(examples):
        value = _anchor(example)
        if value is not None:
            index.append(i)
            target.append(value)
    return np.array(index, dtype=np.int64), np.array(target)


def _anchor(example: Example) -> float | None:
    if example.difficulty_hint is not None:
        return HINT_LOW + (HINT_HIGH - HINT_LOW) * example.difficulty_hint
    if example.labels.get("strategic") == "yes":
        return ANCHOR_STRATEGIC
    if example.source.startswith(templates.SOURCES) and example.labels.get("stakes") == "high":
        return ANCHOR_GRAVE
    return ANCHORS.get(example.labels.get("request_type", ""))


def fit(
    train: tuple[Sequence[Example], Embeddings],
    dev: tuple[Sequence[Example], Embeddings],
    encoder_sha256: str,
) -> Fitted:
    """Returns the difficulty head and the abilities; without a table, from anchors alone."""
    examples, vectors = train
    models = sorted({name for example in examples for name in example.outcomes})
    graded = answers(examples, models)
    weight, bias, theta = _joint(vectors, graded, len(models), *anchors(examples))
    head = Head(
        "difficulty", HeadKind.VALUE, ("d",), weight[:, None].astype(np.float32),
        np.array([bias], np.float32), IDENTITY, encoder_sha256, "mixed",
    )  # fmt: skip
    dev_graded = answers(dev[0], models)
    d_dev = head(dev[1])
    gap = theta[dev_graded.model] - d_dev[dev_graded.example]
    a = _slope(gap, dev_graded)
    known = _known(examples, head(vectors), graded, models, theta, a)
    return Fitted(head, known, a, _judge(dev[0], dev_graded, a * gap))


def _joint(
    vectors: Embeddings, graded: Answers, models: int, index: npt.NDArray[np.int64], target: Floats
) -> tuple[Floats, float, Floats]:
    """Weight and bias of d and all abilities, by L-BFGS; abilities have mean 0 by a small ridge."""
    from scipy.optimize import minimize

    width = vectors.shape[1]
    scale = np.sqrt(width)
    used = np.unique(np.concatenate([graded.example, index]))
    x = vectors[used].astype(np.float64) * scale
    example = np.searchsorted(used, graded.example)
    anchored = np.searchsorted(used, index)

    def objective(flat: Floats) -> tuple[float, Floats]:
        w, b, theta = flat[:width], flat[width], flat[width + 1 :]
        d = x @ w + b
        z = theta[graded.model] - d[example]
        loss = float(graded.weight @ (np.logaddexp(0, z) - graded.right * z))
        error = graded.weight * (sigmoid(z) - graded.right)
        by_d = -np.bincount(example, weights=error, minlength=len(x)).astype(float)
        by_theta = np.bincount(graded.model, weights=error, minlength=models).astype(float)
        if len(anchored):
            off = d[anchored] - target
            loss += ANCHOR_WEIGHT * float((off**2).mean()) / 2
            by_d += np.bincount(anchored, weights=ANCHOR_WEIGHT * off / len(off), minlength=len(x))
        loss += RIDGE * float(w @ w) + THETA_RIDGE * float((theta**2).mean() if models else 0.0)
        by_theta = by_theta + (2 * THETA_RIDGE * theta / models if models else 0.0)
        return loss, np.concatenate([x.T @ by_d + 2 * RIDGE * w, [by_d.sum()], by_theta])

    start = np.zeros(width + 1 + models)
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 400}).x
    return found[:width] * scale, float(found[width]), found[width + 1 :]


def _slope(gap: Floats, graded: Answers) -> float:
    """`a` fitted on dev: how sharply correctness follows ability minus difficulty."""
    if len(gap) < 50:
        return 1.0
    weights = graded.weight * len(gap) / graded.weight.sum()
    found = fit_logistic(gap[:, None], graded.right, np.ones(1), np.full(1, 1e-3), weights)
    return float(np.clip(found[0], 0.2, 5.0))


def _known(
    examples: Sequence[Example], d: Floats, graded: Answers, models: Sequence[str],
    theta: Floats, a: float,
) -> dict[str, KnownModel]:  # fmt: skip
    """Abilities per domain: one number per model and domain, pulled towards the model's own."""
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
    """The ability of most chance given difficulties and results, with a prior worth ten answers."""
    theta = prior
    for _ in range(30):
        p = sigmoid(a * (theta - d))
        gradient = a * (p - right).sum() + 2.5 * (theta - prior)
        curve = a * a * (p * (1 - p)).sum() + 2.5
        theta -= gradient / curve
    return float(theta)


def _judge(examples: Sequence[Example], graded: Answers, z: Floats) -> dict[str, dict[str, float]]:
    """AUROC and ECE of the foretold correctness per benchmark, over all its models."""
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
