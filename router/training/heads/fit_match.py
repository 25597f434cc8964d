"""Fits the coefficients that turn match evidence into the probability that a match is right.

This is stage 5c. Real intent sets play the operator: some intents, with 5 to 12 utterances each,
form a knowledge file. Dev requests of those intents should match; requests of the other intents and
of other sets should not. Each set is judged by coefficients fitted on the others; the shipped ones
are fitted on all sets.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from router.stats.calibration import Floats, auroc, ece, fit_logistic, sigmoid
from router.stats.heads import Embeddings
from router.training.data.sources import Example
from router.triage.match import FEATURES, OUTSIDE_SHARE, KnowledgeIndex
from router.triage.utterances import Utterances

SETS = ("clinc150", "banking77", "hwu64", "hint3")
FOREIGN = (
    "template_medical", "template_legal", "template_finance", "template_technology", "tatqa", "sms",
    "template_science_math", "template_business", "template_engineering", "llmrouter_", "medquad",
    "written_medical", "written_legal", "written_engineering", "written_business",
)  # fmt: skip
"""Sources whose requests no intent of SETS can answer; the sets themselves overlap in subject."""

ROUNDS = 24
UTTERANCES = (5, 12)
INSIDE_SHARE = (0.3, 0.7)
"""Share of a set's intents that the knowledge file of one round holds, from and to."""

REQUESTS = 260
THRESHOLD = 0.85
DEFAULT = np.array([-9.0, 0.3, 4.0, 1.0, 3.0, 3.0, 0.5, 2.0, 2.0])
"""Coefficients for a folder without an intent set: set by hand, never called calibrated."""


@dataclass(frozen=True, slots=True)
class FittedMatch:
    """Holds coefficients, and their figures on sets on which they were not fitted."""

    coefficients: Floats
    figures: Mapping[str, float]


def fit(
    train: tuple[Sequence[Example], Embeddings],
    dev: tuple[Sequence[Example], Embeddings],
    seed: int,
) -> FittedMatch:
    """Returns the coefficients (DEFAULT without a set of 8 intents), and figures from two sets
    on."""
    rng = random.Random(seed)
    sets = [name for name in SETS if len(_by_intent(dev[0], name)) >= 8]
    if not sets:
        return FittedMatch(DEFAULT, {})
    names = [sets[i % len(sets)] for i in range(ROUNDS)]
    rounds = [_round(train, dev, name, rng) for name in names]
    if len(sets) == 1:
        # Without a second set there is nothing to judge the coefficients on.
        return FittedMatch(_coefficients(rounds), {})
    chances, truths = [], []
    # Leave one set out: its rounds are judged by coefficients of the other sets.
    for held in sets:
        others = [made for made, name in zip(rounds, names, strict=True) if name != held]
        own = [made for made, name in zip(rounds, names, strict=True) if name == held]
        fitted = _coefficients(others)
        chances += [sigmoid(x @ fitted) for x, _, _ in own]
        truths += [y for _, y, _ in own]
    return FittedMatch(
        _coefficients(rounds), _figures(np.concatenate(chances), np.concatenate(truths))
    )


def _coefficients(rounds: Sequence[tuple[Floats, Floats, Floats]]) -> Floats:
    x, y, w = (np.concatenate(parts) for parts in zip(*rounds, strict=True))
    return fit_logistic(x, y, DEFAULT, np.full(len(FEATURES), 1.0), w)


def _figures(chance: Floats, right: Floats) -> dict[str, float]:
    taken = chance >= THRESHOLD
    return {
        "requests": len(right),
        "auroc": round(auroc(chance, right > 0.5), 4),
        "ece": round(ece(chance, right), 4),
        "taken_at_0.85": round(float(taken.mean()), 4),
        "right_among_taken": round(float(right[taken].mean()), 4) if taken.any() else 0.0,
        "taken_of_right_intents": round(float(taken[right > 0.5].mean()), 4),
    }


def _by_intent(examples: Sequence[Example], source: str) -> dict[str, list[int]]:
    task = f"intent/{source}"
    rows: dict[str, list[int]] = {}
    for index, example in enumerate(examples):
        name = example.labels.get(task)
        if name is not None and name != "oos":
            rows.setdefault(name, []).append(index)
    return rows


def _round(
    train: tuple[Sequence[Example], Embeddings],
    dev: tuple[Sequence[Example], Embeddings],
    source: str,
    rng: random.Random,
) -> tuple[Floats, Floats, Floats]:
    """Returns features, correctness and weights of one simulated knowledge file."""
    stock, requests_of = _by_intent(train[0], source), _by_intent(dev[0], source)
    names = sorted(stock)
    chosen = rng.sample(names, max(4, int(len(names) * rng.uniform(*INSIDE_SHARE))))
    lines = [
        (name, rng.sample(stock[name], min(len(stock[name]), rng.randint(*UTTERANCES))))
        for name in chosen
    ]
    flat = [i for _, rows in lines for i in rows]
    owner = np.array([k for k, (_, rows) in enumerate(lines) for _ in rows], dtype=np.int64)
    texts = tuple(train[0][i].text for i in flat)
    index = KnowledgeIndex(Utterances(tuple(chosen), texts, owner, train[1][flat]), DEFAULT)

    inside = [(i, name) for name in chosen for i in requests_of.get(name, [])]
    left_out = [i for name in names if name not in set(chosen) for i in requests_of.get(name, [])]
    foreign = [i for i, e in enumerate(dev[0]) if e.source.startswith(FOREIGN)]
    foreign += [i for i, e in enumerate(dev[0]) if e.labels.get(f"intent/{source}") == "oos"]
    # Requests outside the file come half from intents left out, half from other sources.
    inside = rng.sample(inside, min(REQUESTS, len(inside)))
    outside = rng.sample(left_out, min(REQUESTS // 4, len(left_out)))
    outside += rng.sample(foreign, min(REQUESTS // 4, len(foreign)))
    requests = [i for i, _ in inside] + outside
    evidence = index.evidence(dev[1][requests], [dev[0][i].text for i in requests])
    right = np.zeros(len(requests))
    for row, (_, name) in enumerate(inside):
        right[row] = float(chosen[int(evidence.intent[row])] == name)
    # The shares of requests inside and outside the file are fixed, whatever was drawn.
    weight = np.full(len(requests), OUTSIDE_SHARE / max(1, len(outside)))
    weight[: len(inside)] = (1 - OUTSIDE_SHARE) / max(1, len(inside))
    return evidence.features, right, weight * len(requests)
