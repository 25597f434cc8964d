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
"""Intents are ranked by the mean cosine of their three nearest utterances: on left-out utterances
of a file of 106 intents that was right in 51.6 %, the nearest one alone in 45.6 %."""

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
        self._members = _padded(owner, len(self.intent_ids))  # (intents, longest), -1 after the end

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
        same = np.array([[key == known for known in self._keys] for key in map(_key, texts)])
        ranked = self._ranked(np.where(kept > 0, cosines, -1.0))  # (rows, intents, TOP_K)
        top, top3 = ranked[:, :, 0], _mean_known(ranked)
        exact = np.maximum.reduceat(same & (kept > 0), self._starts, axis=1)  # (rows, intents)
        rank = top3 + exact
        rows = np.arange(len(cosines))
        best = rank.argmax(axis=1)
        overlap = [
            self._overlap(
                words(asked), self._words[self._nearest(cosines[row] * kept[row], best[row])]
            )
            for row, asked in enumerate(texts)
        ]
        features = np.column_stack(
            [
                np.ones(len(rows)),
                top[rows, best],
                _lead(top3, best),
                top3[rows, best],
                _lead(mean, best),
                overlap,
                exact[rows, best],
            ]
        )
        return Evidence(best, top[rows, best], _lead(top, best), features)

    def _ranked(self, cosines: Floats) -> Floats:
        """The TOP_K highest cosines of every intent, falling, -1 where it has fewer."""
        wide = np.where(self._members >= 0, cosines[:, self._members], -1.0)
        count = min(TOP_K, wide.shape[2])
        highest = np.partition(wide, wide.shape[2] - count, axis=2)[:, :, -count:]
        return -np.sort(-highest, axis=2)

    def _nearest(self, cosines: Floats, intent: int) -> int:
        """The utterance of an intent with the highest cosine."""
        members = self._members[intent]
        inside = members[members >= 0]
        return int(inside[cosines[inside].argmax()])

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


def _padded(owner: npt.NDArray[np.int64], intents: int) -> npt.NDArray[np.int64]:
    """The utterances of each intent as rows of equal length, -1 where a row has ended."""
    groups = [np.flatnonzero(owner == intent) for intent in range(intents)]
    table = np.full((intents, max(map(len, groups))), -1, dtype=np.int64)
    for row, group in enumerate(groups):
        table[row, : len(group)] = group
    return table


def _mean_known(ranked: Floats) -> Floats:
    """The mean over the last axis of what is not padding (-1); -1 where there is nothing."""
    known = ranked > -1.0
    count = known.sum(axis=2)
    total = np.where(known, ranked, 0.0).sum(axis=2)
    means: Floats = np.where(count > 0, total / np.maximum(count, 1), -1.0)
    return means


def _lead(values: Floats, best: npt.NDArray[np.int64]) -> Floats:
    """How far the chosen intent is above the highest of the others, (rows,); 0 for a lone one."""
    rows = np.arange(len(values))
    chosen = values[rows, best]
    if values.shape[1] < 2:
        return np.zeros(len(values))
    others = values.copy()
    others[rows, best] = -np.inf
    lead: Floats = chosen - others.max(axis=1)
    return lead


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
