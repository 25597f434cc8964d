"""The knowledge index: which approved answer a request asks for, and the chance that it is right.

The operator's utterances are embedded once. A request's evidence (cosines, the margin to the next
intent, words shared) goes through a logistic model. Its coefficients come with the triage model and
are adjusted to the operator's own file: each utterance is left out in turn (its intent should
still win), and so is each whole intent (nothing should win).
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from router.calibration import Floats, fit_logistic, sigmoid
from router.errors import ModelFileError
from router.types import Match

FEATURES = ("one", "top", "margin", "top3", "mean_margin", "overlap", "exact")
TOP_K = 3
PRIOR_ROWS = 200.0
"""How many left-out utterances weigh as much as the shipped coefficients: a file of 60 intents with
10 utterances each moves them clearly, one of ten utterances hardly."""

OUTSIDE_SHARE = 0.3
"""Share of requests assumed to ask for nothing in the file, when chances are fitted."""

_WORD = re.compile(r"[a-z0-9]+")
_DULL_WORDS = "a an the my your our i you we it is are was be do does did to of for in on at and or"
_DULL = frozenset(_DULL_WORDS.split())


class Embedder(Protocol):
    """What the index needs of the triage model."""

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]: ...

    @property
    def match_coefficients(self) -> Floats: ...


def words(text: str) -> frozenset[str]:
    """The distinct words of a text that carry meaning, lower case, plural s cut."""
    found = _WORD.findall(text.lower().replace("'", ""))
    return frozenset(
        w[:-1] if len(w) > 3 and w.endswith("s") else w for w in found if w not in _DULL
    )


@dataclass(frozen=True, slots=True)
class Evidence:
    """The best intent per request and its features."""

    intent: npt.NDArray[np.int64]  # (rows,)
    similarity: Floats  # (rows,) cosine of the nearest utterance
    margin: Floats  # (rows,) similarity minus the next intent's
    features: Floats  # (rows, len(FEATURES))


class KnowledgeIndex:
    """Utterances of a knowledge file, searched by cosine; immutable after `build`."""

    def __init__(
        self,
        intent_ids: Sequence[str],
        texts: Sequence[str],
        owner: npt.NDArray[np.int64],
        vectors: npt.NDArray[np.float32],
        coefficients: Floats,
    ) -> None:
        self.intent_ids = tuple(intent_ids)
        self.owner = owner  # (utterances,), ascending
        self.vectors = vectors  # (utterances, width)
        self.coefficients = coefficients
        self._words = [words(text) for text in texts]
        self._keys = [_key(text) for text in texts]
        counts = Counter(word for found in self._words for word in found)
        self._rarity = {w: math.log(1 + len(texts) / c) for w, c in counts.items()}
        self._rarity_unseen = math.log(1 + len(texts))
        self._starts = np.searchsorted(owner, np.arange(len(self.intent_ids)))

    @classmethod
    def build(cls, model: Embedder, intents: Sequence[tuple[str, Sequence[str]]]) -> KnowledgeIndex:
        """Returns the index of `intents`, (id, utterances); those without utterances are left out.

        Coefficients are adjusted to the file when it has at least two intents of two utterances.
        """
        filled = [(name, list(lines)) for name, lines in intents if lines]
        texts = [text for _, lines in filled for text in lines]
        owner = np.array([i for i, (_, lines) in enumerate(filled) for _ in lines], dtype=np.int64)
        if not texts:
            raise ValueError("a knowledge index needs at least one utterance")
        names = [name for name, _ in filled]
        index = cls(names, texts, owner, model.encode(texts), model.match_coefficients)
        index.coefficients = index._adjusted(texts)
        return index

    def match(self, embeddings: npt.NDArray[np.float32], texts: Sequence[str]) -> list[Match]:
        """Returns the best intent per request with the calibrated chance that it is right."""
        found = self.evidence(embeddings, texts)
        chances = sigmoid(found.features @ self.coefficients)
        return [
            Match(
                intent_id=self.intent_ids[int(found.intent[row])],
                confidence=float(chances[row]),
                similarity=float(found.similarity[row]),
                margin=float(found.margin[row]),
            )
            for row in range(len(texts))
        ]

    def evidence(
        self,
        embeddings: npt.NDArray[np.float32],
        texts: Sequence[str],
        *,
        leave_out: npt.NDArray[np.bool_] | None = None,
    ) -> Evidence:
        """Returns the best intent and its features; `leave_out`, (rows, utterances), hides some."""
        cosines = embeddings @ self.vectors.T  # (rows, utterances)
        kept = np.ones_like(cosines) if leave_out is None else 1.0 - leave_out
        mean = np.add.reduceat(cosines * kept, self._starts, axis=1)  # (rows, intents)
        mean /= np.maximum(np.add.reduceat(kept, self._starts, axis=1), 1.0)
        if leave_out is not None:
            cosines = np.where(leave_out, -1.0, cosines)
        per_intent = np.maximum.reduceat(cosines, self._starts, axis=1)  # (rows, intents)
        rows = np.arange(len(cosines))
        best = per_intent.argmax(axis=1)
        top = per_intent[rows, best]
        others = per_intent.copy()
        others[rows, best] = -1.0
        second = others.max(axis=1) if others.shape[1] > 1 else np.zeros(len(rows))
        own_mean = mean[rows, best].copy()
        mean[rows, best] = -1.0
        next_mean = mean.max(axis=1) if mean.shape[1] > 1 else np.zeros(len(rows))
        features = np.empty((len(rows), len(FEATURES)))
        for row, asked in enumerate(texts):
            inside = cosines[row] * (self.owner == best[row]) - 2.0 * (self.owner != best[row])
            ranked = np.sort(inside)[::-1][:TOP_K]
            known = ranked[ranked > -1.0]
            nearest = int(inside.argmax())
            features[row] = (
                1.0,
                top[row],
                top[row] - second[row],
                float(known.mean()) if len(known) else top[row],
                own_mean[row] - next_mean[row],
                self._overlap(words(asked), self._words[nearest]),
                float(_key(asked) == self._keys[nearest]),
            )
        return Evidence(best, top, top - second, features)

    def _overlap(self, asked: frozenset[str], known: frozenset[str]) -> float:
        """Share of the rarity of the words of both texts that they have in common, 0..1."""
        union = sum(self._rarity.get(word, self._rarity_unseen) for word in asked | known)
        if not union:
            return 0.0
        return sum(self._rarity.get(word, self._rarity_unseen) for word in asked & known) / union

    def _adjusted(self, texts: Sequence[str]) -> Floats:
        counts = np.bincount(self.owner, minlength=len(self.intent_ids))
        judged = np.flatnonzero(counts[self.owner] >= 2)
        if len(judged) < 4 or len(self.intent_ids) < 2:
            return self.coefficients
        vectors, asked = self.vectors[judged], [texts[int(i)] for i in judged]
        same_intent = self.owner[judged][:, None] == self.owner[None, :]
        itself = judged[:, None] == np.arange(len(self.owner))[None, :]
        inside = self.evidence(vectors, asked, leave_out=itself)
        outside = self.evidence(vectors, asked, leave_out=same_intent)
        right = (inside.intent == self.owner[judged]).astype(float)
        x = np.concatenate([inside.features, outside.features])
        y = np.concatenate([right, np.zeros(len(judged))])
        weight = np.concatenate(
            [np.full(len(judged), 1 - OUTSIDE_SHARE), np.full(len(judged), OUTSIDE_SHARE)]
        )
        return fit_logistic(x, y, self.coefficients, precision(), weight)


def precision() -> Floats:
    """How firmly the shipped coefficients hold, per feature, against an operator's utterances."""
    return np.full(len(FEATURES), PRIOR_ROWS * 0.01)


def _key(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))


def save(coefficients: Floats, path: Path, encoder_sha256: str) -> None:
    """Writes the shipped coefficients as JSON."""
    described = {
        "format": 1,
        "encoder_sha256": encoder_sha256,
        "coefficients": dict(zip(FEATURES, coefficients.round(6).tolist(), strict=True)),
    }
    path.write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")


def load(path: Path, encoder_sha256: str) -> Floats:
    """Reads the shipped coefficients; raises ModelFileError as the heads do."""
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        if described["encoder_sha256"] != encoder_sha256:
            raise ModelFileError(f"{path.name} was fitted on another encoder; refit it")
        return np.array([float(described["coefficients"][name]) for name in FEATURES])
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelFileError(f"{path} is malformed: {error}") from error
