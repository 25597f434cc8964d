"""Reads labelled pairs of a sentence and a source, and fits the weights of `documents.support`.

    python -m tests.kits.support_pairs

prints the weights fitted on the pairs of `dev.txt` and the figures on those of `test.txt`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from msgspec import Struct

from router.documents.index.matrix import Floats
from router.documents.support import FEATURES, WEIGHTS, Supporter
from router.triage.triage_model import TriageModel

FOLDER = Path(__file__).parents[1] / "documents" / "pairs"
RIDGE = 0.3

SUPPORTED_AT = 0.6
"""The default of `documents.supported_at`: chosen on dev pairs in the same way."""


class Pair(Struct, frozen=True):
    """Holds a sentence, a source, and True where the source bears the sentence out."""

    source: str
    sentence: str
    borne: bool


class Figures(Struct, frozen=True):
    """Holds how well sentences are told apart at a threshold."""

    precision: float
    recall: float
    f1: float
    balanced: float
    f1_unsupported: float


def pairs_of(name: str) -> list[Pair]:
    """Returns the pairs of a file."""
    made, source = [], ""
    for line in (FOLDER / f"{name}.txt").read_text("utf-8").splitlines():
        mark, _, text = line.partition(" ")
        if mark == ">":
            source = text
        elif mark in "+-":
            made.append(Pair(source, text, mark == "+"))
    return made


def changed(pairs: Sequence[Pair]) -> list[Pair]:
    """Returns pairs made of the sources themselves: repeated, and with one fact changed."""
    made = []
    for source in dict.fromkeys(pair.source for pair in pairs):
        for sentence in re.split(r"(?<=[.!?])\s+", source):
            made.append(Pair(source, sentence, True))
            if number := re.search(r"\d+", sentence):
                other = str(int(number[0]) + 3)
                wrong = sentence[: number.start()] + other + sentence[number.end() :]
                made.append(Pair(source, wrong, False))
            if verb := re.search(r"\b(?:is|are|may|can|must|has|have)\b(?! not)", sentence):
                wrong = sentence[: verb.end()] + " not" + sentence[verb.end() :]
                if " not " not in sentence and "never" not in sentence:
                    made.append(Pair(source, wrong, False))
    return made


def features_of(pairs: Sequence[Pair], supporter: Supporter) -> Floats:
    """Returns the features of each pair, (pairs, features)."""
    return np.array([supporter.features([p.sentence], [p.source])[0][0] for p in pairs])


def figures(chances: Floats, borne: Floats, at: float = SUPPORTED_AT) -> Figures:
    """Returns precision, recall and F1 of "borne out", and the mean of both recalls."""
    said = chances >= at
    right = float((said & borne).sum())
    precision, recall = right / max(1.0, float(said.sum())), right / float(borne.sum())
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    out = float((~said & ~borne).sum())
    rejected = out / float((~borne).sum())
    unsupported = 2 * out / float((~said).sum() + (~borne).sum())
    return Figures(precision, recall, f1, (recall + rejected) / 2, unsupported)


def fit(values: Floats, borne: Floats, ridge: float = RIDGE) -> Floats:
    """Returns the weights of a logistic regression, by Newton's method."""
    weights = np.zeros(values.shape[1])
    penalty = ridge * np.eye(values.shape[1])
    penalty[0, 0] = 1e-6
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-values @ weights))
        slope = values.T @ (p - borne) + penalty @ weights
        curve = (values * (p * (1 - p))[:, None]).T @ values + penalty
        weights -= np.linalg.solve(curve, slope)
    return weights


def main() -> None:
    dev, test = pairs_of("dev"), pairs_of("test")
    borne, judged = np.array([p.borne for p in dev]), np.array([p.borne for p in test])
    for name, encoder in (("with the encoder", TriageModel.load()), ("words alone", None)):
        supporter = Supporter(encoder)
        values, others = features_of(dev, supporter), features_of(test, supporter)
        more = changed(dev)
        weights = fit(
            np.vstack([values, features_of(more, supporter)]),
            np.concatenate([borne, [p.borne for p in more]]),
        )
        if encoder is not None:
            print("WEIGHTS =", tuple(round(float(w), 2) for w in weights))
            print("of     ", FEATURES)
        for what, w in (("as fitted", weights), ("as shipped", np.array(WEIGHTS))):
            for which, x, y in (("dev", values, borne), ("test", others, judged)):
                print(name, what, which, figures(1 / (1 + np.exp(-x @ w)), y))
        if encoder is not None:
            chances = 1 / (1 + np.exp(-values @ weights))
            for pair, p in zip(dev, chances, strict=True):
                if (p >= 0.5) != pair.borne:
                    print(f"  dev {p:.2f} {pair.borne} {pair.sentence} | {pair.source}")


if __name__ == "__main__":
    main()
