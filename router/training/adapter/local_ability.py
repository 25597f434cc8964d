"""Measures the ability of the embedded model, and how well its log-probabilities show correctness.

`measure` lets SmolLM2 answer graded questions through the served runtime. It keeps, per question,
right or wrong and the mean and least token log-probability, never the text. `fit` turns these into
an ability theta on the scale of the difficulties d(x), and into the calibrator that verification
uses. Difficulties come from the triage model or, without one, from the tables' mean correctness.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from router.stats.calibration import Floats, auroc, ece, fit_logistic, logit, sigmoid
from router.training.adapter.graded import (
    ANSWER_TOKENS,
    INSTRUCTIONS,
    Question,
    is_right,
    read_questions,
)
from router.training.adapter.measure import open_runtime
from router.training.adapter.train import MODEL_FILE, packaged_model
from router.training.progress import track
from router.triage.triage_model import TriageModel

ABILITY_FILE = "smollm2_ability.json"
GRADED_FILE = "smollm2_graded.jsonl"
PER_SOURCE = {"trivia_qa": 60, "natural_qa": 60, "gsm8k": 40, "mmlu_pro": 160}
LEAST_PER_DOMAIN = 25  # a domain with fewer graded answers gets no ability of its own
PRIOR_ANSWERS = 10.0  # so many answers pull a domain's ability towards the overall one
FOLDS = 5
TINY_P = 0.02  # moves shares of 0 and 1 among a dozen models inwards


@dataclass(frozen=True, slots=True)
class Graded:
    """Holds one answered question, without its text."""

    key: str
    source: str
    domain: str
    right: bool
    mean_logprob: float
    min_logprob: float
    tokens: int
    table_mean: float


def measure(questions: Sequence[Question], shown: bool = False) -> list[Graded]:
    """Answers all questions greedily, four at a time, and grades them."""
    server = open_runtime(packaged_model(), context_tokens=1024)
    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(_graded, server, question) for question in questions]
        return [answer.result() for answer in track(running, "smollm2", shown)]


def measure_ability(
    data: Path,
    out: Path,
    *,
    triage: Path | None = None,
    command: str = "",
    shown: bool = False,
    again: bool = False,
) -> dict[str, object]:
    """Measures unless GRADED_FILE exists (or with `again`), fits, writes ABILITY_FILE to `out`.

    `triage` is the folder of a triage model, for d(x); None uses the tables' mean correctness.
    Raises TrainingDataError and ModelFileError.
    """
    questions, files = read_questions(data, PER_SOURCE)
    stored = out / GRADED_FILE
    if again or not stored.is_file():
        out.mkdir(parents=True, exist_ok=True)
        graded = measure(questions, shown)
        stored.write_text("".join(json.dumps(asdict(row)) + "\n" for row in graded), "utf-8")
    graded = [Graded(**json.loads(line)) for line in stored.read_text("utf-8").splitlines()]
    texts = {question.key: question.text for question in questions}
    graded = [row for row in graded if row.key in texts]
    d, slope, how = _difficulties(graded, texts, triage)
    card: dict[str, object] = {
        "model": "smollm2-135m",
        "weights": {
            "file": MODEL_FILE,
            "sha256": sha256(packaged_model().read_bytes()).hexdigest(),
        },
        **fit(graded, d, slope),
        "difficulty": how,
        "slope": round(slope, 4),
        "command": command,
        "data": files,
        "graded_sha256": sha256(stored.read_bytes()).hexdigest(),
        "sources": {
            name: {
                "n": len(rows),
                "right": round(sum(row.right for row in rows) / len(rows), 4),
            }
            for name in PER_SOURCE
            if (rows := [row for row in graded if row.source == name])
        },
    }
    (out / ABILITY_FILE).write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    return card


def fit(graded: Sequence[Graded], d: Floats, slope: float) -> dict[str, object]:
    """Returns ability over all and per domain, and the answer calibrator with its figures.

    The figures are cross-fitted.
    """
    right = np.array([row.right for row in graded], dtype=float)
    domains = np.array([row.domain for row in graded])
    theta = ability(d, right, slope, prior=0.0, weight=0.0)
    by_domain = {
        str(name): round(
            ability(d[rows_of_domain], right[rows_of_domain], slope, theta, PRIOR_ANSWERS), 3
        )
        for name in np.unique(domains)
        if (rows_of_domain := domains == name).sum() >= LEAST_PER_DOMAIN
    }
    p = sigmoid(slope * (theta - d))
    features = np.column_stack(
        [
            np.ones(len(graded)),
            logit(np.clip(p, 1e-4, 1 - 1e-4)),
            [row.mean_logprob for row in graded],
            [row.min_logprob for row in graded],
        ]
    )  # (n, 4), in the order in which router.routing.verification multiplies them
    w = _calibrator(features, right)
    chances = _cross_fitted(features, right)
    return {
        "theta": round(theta, 3),
        "labels": len(graded),
        "right": round(float(right.mean()), 4),
        "by_domain": by_domain,
        "answer_calibration": {
            "formula": "sigmoid(w0 + w1*logit(p_i) + w2*mean_logprob + w3*min_logprob)",
            "w0": round(float(w[0]), 4),
            "w1": round(float(w[1]), 4),
            "w2": round(float(w[2]), 4),
            "w3": round(float(w[3]), 4),
            "n": len(graded),
            "auroc": round(auroc(chances, right > 0.5), 4),
            "ece": round(ece(chances, right, bins=5), 4),
            "auroc_of_prior_alone": round(auroc(p, right > 0.5), 4),
            "figures": f"{FOLDS}-fold cross-fitted, ece over 5 bins of equal mass",
        },
    }


def ability(d: Floats, right: Floats, slope: float, prior: float, weight: float) -> float:
    """Returns the likeliest theta of P(right) = sigma(a (theta - d)) with a prior.

    `weight` answers pull it towards `prior`. Newton's steps climb a concave likelihood; with all
    right or all wrong theta stays within 6 of zero.
    """
    theta = prior
    # One answer at even odds has the curvature a^2 / 4; the small constant bounds theta.
    pull = weight * slope * slope / 4 + 1e-3
    for _ in range(50):
        p = sigmoid(slope * (theta - d))
        gradient = slope * float((right - p).sum()) - pull * (theta - prior)
        curve = slope * slope * float((p * (1 - p)).sum()) + pull
        step = max(-1.0, min(1.0, gradient / curve))
        theta = max(-6.0, min(6.0, theta + step))
        if abs(step) < 1e-6:
            break
    return float(theta)


def _calibrator(features: Floats, right: Floats) -> Floats:
    """Returns coefficients under a prior that trusts the prediction and ignores the tokens."""
    prior = np.array([0.0, 1.0, 0.0, 0.0])
    return fit_logistic(features, right, prior, np.array([0.01, 1.0, 0.5, 0.5]))


def _cross_fitted(features: Floats, right: Floats) -> Floats:
    """Returns each row's probability by a calibrator that never saw its fold."""
    chances = np.zeros(len(right))
    fold = np.arange(len(right)) % FOLDS
    for k in range(FOLDS):
        w = _calibrator(features[fold != k], right[fold != k])
        chances[fold == k] = sigmoid(features[fold == k] @ w)
    return chances


def _difficulties(
    graded: Sequence[Graded], texts: dict[str, str], triage: Path | None
) -> tuple[Floats, float, str]:
    """Returns d(x) per row, the slope a, and a description of their origin."""
    if triage is None:
        share = np.clip([row.table_mean for row in graded], TINY_P, 1 - TINY_P)
        return -logit(share), 1.0, "tables: d = -logit(share of the table's models that were right)"
    model = TriageModel.load(triage)
    slope = float(json.loads((triage / "known_models.json").read_text("utf-8"))["a"])
    d = model.read(model.encode([texts[row.key] for row in graded])).difficulty
    return np.asarray(d, dtype=float), slope, f"triage model {model.version}"


def _graded(server: Any, question: Question) -> Graded:
    body = {
        "messages": [
            {"role": "user", "content": f"{question.text}\n{INSTRUCTIONS[question.kind]}"}
        ],
        "max_tokens": ANSWER_TOKENS[question.kind],
        "temperature": 0.0,
        "cache_prompt": False,
        "logprobs": True,
        "top_logprobs": 1,
    }
    choice = server.handle_chat_completions(body)["choices"][0]
    # A token that the runtime rounds to probability 0 would make the mean infinite.
    logprobs = [max(t["logprob"], -20.0) for t in choice["logprobs"]["content"]] or [-20.0]
    return Graded(
        key=question.key,
        source=question.source,
        domain=question.domain,
        right=is_right(question, choice["message"]["content"]),
        mean_logprob=round(math.fsum(logprobs) / len(logprobs), 4),
        min_logprob=round(min(logprobs), 4),
        tokens=len(logprobs),
        table_mean=round(question.table_mean, 4),
    )
