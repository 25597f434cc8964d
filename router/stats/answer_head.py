"""Gives the chance that an answer is right by its own signals: a head of answers in a JSON file.

It is a logistic model of `answer_signals`, fitted on graded answers of one answerer by `tiergate
train answers`. It needs no encoder, so it outlives every triage model. Reading it is plain Python.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from router.errors import ModelFileError
from router.files.writing import write_all
from router.stats.answer_signals import SIGNALS, Reading, signals

FORMAT = 1
KIND = "answers"
MOST_LOGIT = 40.0


@dataclass(frozen=True, slots=True)
class AnswerHead:
    """Holds the weight of each signal; `rows` graded answers taught it.

    P(right) = sigmoid(bias + sum of weight * (signal - mean) / scale).
    """

    bias: float
    weights: Mapping[str, tuple[float, float, float]]  # by signal: weight, mean, scale
    rows: int
    figures: Mapping[str, float]

    @property
    def reads_samples(self) -> bool:
        """Returns True when further samples of an answer change its chance."""
        return "agreement" in self.weights

    def __call__(self, reading: Reading) -> float:
        """Returns the chance that the answer is right, 0..1."""
        values = signals(reading)
        z = self.bias
        for name, (weight, mean, scale) in self.weights.items():
            z += weight * (values[name] - mean) / scale
        return 1.0 / (1.0 + math.exp(-max(-MOST_LOGIT, min(MOST_LOGIT, z))))


def save(head: AnswerHead, path: Path, card: Mapping[str, object]) -> None:
    """Writes a head of answers to `path`, with the `card` that says how it was made.

    An older file stays whole where the new one cannot be written. Raises OSError.
    """
    document = {
        "format": FORMAT,
        "kind": KIND,
        "bias": round(head.bias, 6),
        "signals": {
            name: {"weight": round(weight, 6), "mean": round(mean, 6), "scale": round(scale, 6)}
            for name, (weight, mean, scale) in head.weights.items()
        },
        "rows": head.rows,
        "figures": dict(head.figures),
        "card": dict(card),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_all({path: f"{json.dumps(document, indent=1, ensure_ascii=False)}\n".encode()})


def load(path: Path) -> AnswerHead:
    """Reads a head of answers. Raises ModelFileError where the file is missing or malformed."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["kind"] != KIND or document["format"] != FORMAT:
            raise ModelFileError(
                f"{path} has kind {document['kind']!r} and format {document['format']!r}; expected "
                f"{KIND!r} and {FORMAT}"
            )
        weights = {
            str(name): (_finite(row["weight"]), _finite(row["mean"]), _finite(row["scale"]))
            for name, row in document["signals"].items()
        }
        unknown = sorted(set(weights) - set(SIGNALS))
        if unknown:
            raise ModelFileError(f"{path} weighs signals that are not read: {', '.join(unknown)}")
        if not all(scale > 0 for *_, scale in weights.values()):
            raise ModelFileError(f"{path} has a signal whose scale is not above 0")
        figures = {str(name): float(value) for name, value in document["figures"].items()}
        return AnswerHead(_finite(document["bias"]), weights, int(document["rows"]), figures)
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelFileError(f"{path} is no head of answers: {error}") from error


def card_of(path: Path) -> Mapping[str, object]:
    """Returns the card in the file of a head, empty where it has none. Raises ModelFileError."""
    try:
        card = json.loads(path.read_text(encoding="utf-8")).get("card")
    except (OSError, ValueError, AttributeError) as error:
        raise ModelFileError(f"{path} is no head of answers: {error}") from error
    return card if isinstance(card, dict) else {}


def _finite(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number")
    return float(value)
