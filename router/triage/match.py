"""Finds the approved answer that a request asks for, and the chance that it is right.

The operator's utterances are embedded once. A softmax regression over them says which intent fits
best; its log-odds, the nearest utterance, the words shared and how typical the request is of the
intent (by the shrunken covariance within intents) go through a logistic model to the chance that
the match is right. The coefficients come with the triage model and are adjusted
to the operator's own file: utterances held out (a fifth, by a hash of their text) should find their
intent, and none where their intent is missing. The encoder was not trained on that fifth of the
shipped file, so that what is found there holds for requests nobody has seen.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from router.errors import ModelFileError
from router.stats.calibration import Floats, fit_logistic, sigmoid
from router.stats.softmax_regression import Weights, as_head
from router.triage.utterances import Shape, Utterances
from router.types import Match

FEATURES = (
    "one",
    "odds",
    "nearest",
    "top3",
    "centre",
    "centre_lead",
    "typical",
    "overlap",
    "exact",
)
TOP_K = 3

STEPS_WITHOUT = 12
"""Steps after which a regression has forgotten intents that were left out of it: 10, 20 and 200
come to the same figures, 5 do not."""

OTHERS = 3
"""Further intents that a match names: readers of quoted answers take three at most."""

LOG_ODDS_LIMIT = 12.0
FOLDS = 5

PRIOR_ROWS = 50.0
"""How many held-out utterances weigh as much as the shipped coefficients: a file of 60 intents with
10 utterances each has 120 and moves them clearly, one of ten utterances hardly."""

CURVATURE = 0.1
"""p (1 - p) of an ordinary held-out utterance: what one row adds to the precision of a coefficient,
in units of its feature's variance."""

HELD_SHARE = 0.2
HELD_SALT = b"tiergate-knowledge-v1|"

OUTSIDE_SHARE = 0.3
"""Share of requests assumed to ask for nothing in the file, when the shipped chances are fitted."""

NEAR_SHARE = 0.1
"""Share of requests assumed to ask for something akin that an operator's file lacks. Foreign ones
are told apart by the shipped coefficients; near misses are what only the file itself can show, and
.3 of them would be a file with a third of its answers missing."""

_OPENING = re.compile(
    r"^(?:(?:hi|hello|hey|hiya|greetings|excuse me|dear (?:team|all|sir|madam|support)"
    r"|good (?:morning|afternoon|evening|day))(?: there| again| all| team| everyone)? )+"
)
_CLOSING = re.compile(
    r"(?: (?:please tell me|please|pls|thanks in advance|thanks a lot|many thanks"
    r"|thank you(?: very much| so much)?|thanks|cheers|kind regards|best regards)){1,4}$"
)
"""At most four: with any number, 9,000 thanks before another word were tried for six seconds."""
_WORD = re.compile(r"[a-z0-9]+")
_ANY_WORD = re.compile(r"[^\W_]+")
_DULL_WORDS = "a an the my your our i you we it is are was be do does did to of for in on at and or"
_DULL = frozenset(_DULL_WORDS.split())


class Embedder(Protocol):
    """Describes what the index needs of the triage model."""

    def vectors(self, texts: Sequence[str]) -> npt.NDArray[np.float32]: ...

    @property
    def match_coefficients(self) -> Floats: ...


class Fit(NamedTuple):
    """Holds what is fitted to a knowledge file.

    It depends only on the file and the triage model.
    """

    weights: Weights  # (width + 1, intents)
    coefficients: Floats  # (len(FEATURES),)


class FitMemory(Protocol):
    """Keeps fits from one start to the next, for one version of the triage model."""

    def recall(self, key: bytes) -> Fit | None: ...

    def keep(self, key: bytes, fit: Fit) -> None: ...


def held_out(text: str) -> bool:
    """Returns True for an utterance that judges instead of teaching: a fifth of them do."""
    letters = "".join(_WORD.findall(text.lower()))  # the triage model's own cut hangs on this
    digest = hashlib.sha256(HELD_SALT + letters.encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 < HELD_SHARE


def words(text: str) -> frozenset[str]:
    """Returns the distinct words of a text that carry meaning, lower case, plural s cut."""
    found = _WORD.findall(text.lower().replace("'", ""))
    return frozenset(
        w[:-1] if len(w) > 3 and w.endswith("s") else w for w in found if w not in _DULL
    )


class Evidence(Struct, frozen=True):
    """The best intent per request and its features."""

    intent: npt.NDArray[np.int64]  # (rows,)
    similarity: Floats  # (rows,) cosine of the intent's nearest utterance
    margin: Floats  # (rows,) by how much its centre is nearer than the next intent's, in cosine
    features: Floats  # (rows, len(FEATURES))


class KnowledgeIndex:
    """The intents of a knowledge file as a classifier; immutable."""

    def __init__(
        self, utterances: Utterances, coefficients: Floats, weights: Weights | None = None
    ) -> None:
        """Takes the `weights` of the regression where it was fitted already."""
        self.utterances = utterances
        self.intent_ids = utterances.intent_ids
        self.coefficients = coefficients
        texts, owner = utterances.texts, utterances.owner
        self._words = [words(text) for text in texts]
        self._keys = [_key(text) for text in texts]
        self._written = _written([plain(key) for key in self._keys], owner.tolist())
        self._told: dict[int, Match] = {}
        counts = Counter(word for found in self._words for word in found)
        self._rarity = {w: math.log(1 + len(texts) / c) for w, c in counts.items()}
        self._rarity_unseen = math.log(1 + len(texts))
        self._whole_rarity = [sum(self._rarity[w] for w in found) for found in self._words]
        self._members = _padded(owner, len(self.intent_ids))  # (intents, longest), -1 after the end
        self._shape = Shape.of(utterances.vectors, owner, len(self.intent_ids))
        self._weights = utterances.regression() if weights is None else weights
        self._weight, self._bias = as_head(self._weights)  # (width, intents), (intents,)

    @classmethod
    def build(
        cls,
        model: Embedder,
        intents: Sequence[tuple[str, Sequence[str]]],
        memory: FitMemory | None = None,
    ) -> KnowledgeIndex:
        """Returns the index of `intents`, (id, utterances); those without utterances are left out.

        Coefficients are adjusted to the file where utterances of several intents are held out.
        What `memory` recalls of the same file is not fitted again.
        """
        filled = [(name, list(lines)) for name, lines in intents if lines]
        texts = tuple(line for _, lines in filled for line in lines)
        if not texts:
            raise ValueError("a knowledge index needs at least one utterance")
        owner = np.array([k for k, (_, lines) in enumerate(filled) for _ in lines], dtype=np.int64)
        names = tuple(name for name, _ in filled)
        whole = Utterances(names, texts, owner, model.vectors(texts))
        key = _fit_key(whole)
        fit = memory.recall(key) if memory is not None else None
        if fit is None or fit.weights.shape != (whole.vectors.shape[1] + 1, len(names)):
            fit = cls._fitted(whole, model.match_coefficients)
            if memory is not None:
                memory.keep(key, fit)
        return cls(whole, fit.coefficients, fit.weights)

    @classmethod
    def _fitted(cls, whole: Utterances, coefficients: Floats) -> Fit:
        """Returns the regression over all utterances, and `coefficients` adjusted to them."""
        asked = np.array([held_out(text) for text in whole.texts])
        taught = whole.part(~asked)
        if not asked.any() or len(taught.intent_ids) < 2:
            return Fit(whole.regression(), coefficients)
        judged = cls(taught, coefficients)
        adjusted = judged.adjusted_to(whole.part(asked))
        near = judged._weights if len(taught.intent_ids) == len(whole.intent_ids) else None
        return Fit(whole.regression(near), adjusted)

    def match(self, embeddings: npt.NDArray[np.float32], texts: Sequence[str]) -> list[Match]:
        """Returns the best intent per request with the calibrated chance that it is right."""
        found = self.evidence(embeddings, texts)
        chances = sigmoid(found.features @ self.coefficients)
        others = self._others(embeddings, found.intent, chances)
        return [
            Match(self.intent_ids[intent], confidence, similarity, margin, following)
            for intent, confidence, similarity, margin, following in zip(
                found.intent.tolist(),
                chances.tolist(),
                found.similarity.tolist(),
                found.margin.tolist(),
                others,
                strict=True,
            )
        ]

    def _others(
        self,
        embeddings: npt.NDArray[np.float32],
        best: npt.NDArray[np.int64],
        chances: Floats,
    ) -> list[tuple[tuple[str, float], ...]]:
        """Returns the intents that come next, with their chances, likeliest first.

        The regression shares its softmax out among the intents as if one of them were asked for.
        The calibrated chance of the best one says how likely that is: chance .3 where its share is
        .6 halves the shares of the others. All chances together never exceed 1.
        """
        rows = np.arange(len(best))
        scores = embeddings @ self._weight + self._bias  # (rows, intents)
        shares = np.exp(scores - scores.max(axis=1)[:, None])
        shares /= shares.sum(axis=1)[:, None]
        own = np.maximum(shares[rows, best], 1e-9)
        rest = np.maximum(1.0 - own, 1e-9)
        inside = np.minimum(np.minimum(chances / own, 1.0), (1.0 - chances) / rest)
        shares[rows, best] = 0.0
        most = min(OTHERS, shares.shape[1])
        order = np.argpartition(-shares, most - 1, axis=1)[:, :most]
        told = []
        for row, scale in enumerate(inside.tolist()):
            nexts = [
                (self.intent_ids[j], round(scale * float(shares[row, j]), 4)) for j in order[row]
            ]
            nexts.sort(key=lambda other: -other[1])
            told.append(tuple(other for other in nexts if other[1] > 0.0))
        return told

    def written(self, text: str) -> tuple[str, Match] | None:
        """Returns the utterance that a text repeats, courtesies aside, with its match; else None.

        It is told without an embedding: as much is sure of it as of the utterance itself.
        """
        i = self._written.get(plain(_key(text)))
        return None if i is None else (self.utterances.texts[i], self._match_of(i))

    def _match_of(self, i: int) -> Match:
        told = self._told.get(i)
        if told is None:
            vector = self.utterances.vectors[i : i + 1]
            told = self._told[i] = self.match(vector, self.utterances.texts[i : i + 1])[0]
        return told

    def evidence(self, embeddings: npt.NDArray[np.float32], texts: Sequence[str]) -> Evidence:
        """Returns the best intent per request and its features."""
        rows = np.arange(len(texts))
        scores = embeddings @ self._weight + self._bias  # (rows, intents)
        best = scores.argmax(axis=1)
        keys = [_key(text) for text in texts]
        same = [self._written.get(plain(key)) for key in keys]
        written = [row for row, utterance in enumerate(same) if utterance is not None]
        best[written] = [self.utterances.owner[i] for i in same if i is not None]
        members = self._members[best]  # (rows, longest)
        cosines = np.einsum("rmw,rw->rm", self.utterances.vectors[members], embeddings)
        cosines = np.where(members >= 0, cosines, -1.0)
        ranked = -np.sort(-cosines, axis=1)[:, :TOP_K]
        known = ranked > -1.0
        nearest = members[rows, cosines.argmax(axis=1)]
        centre = embeddings @ self._shape.centres.T  # (rows, intents)
        features = np.empty((len(rows), len(FEATURES)))
        features[:, 0] = 1.0
        features[:, 1] = _log_odds(scores, best)
        features[written, 1] = LOG_ODDS_LIMIT  # the operator wrote that very text there
        features[:, 2] = ranked[:, 0]
        features[:, 3] = np.where(known, ranked, 0.0).sum(axis=1) / known.sum(axis=1)
        features[:, 4] = centre[rows, best]
        features[:, 5] = _lead(centre, best)
        features[:, 6] = self._shape.typical(embeddings, best)
        for row, (asked, i) in enumerate(zip(texts, nearest.tolist(), strict=True)):
            features[row, 7] = self._overlap(words(asked), i)
            features[row, 8] = float(keys[row] == self._keys[i])
        return Evidence(best, ranked[:, 0], features[:, 5], features)

    def _overlap(self, asked: frozenset[str], i: int) -> float:
        """Returns the share of the rarity of all words that text and utterance `i` share, 0..1."""
        rarity, known = self._rarity, self._words[i]
        common = beside = 0.0
        for word in asked:
            if word in known:
                common += rarity[word]
            else:
                beside += rarity.get(word, self._rarity_unseen)
        union = self._whole_rarity[i] + beside
        return common / union if union else 0.0

    def adjusted_to(self, asked: Utterances) -> Floats:
        """Returns the coefficients, fitted on what this index finds of utterances it does not hold.

        Each utterance is asked twice: of all intents, where it should find its own, and of only the
        other intents, where it should find none.
        """
        truth = np.array(asked.intent_ids)[asked.owner]
        names = np.array(self.intent_ids)
        found = self.evidence(asked.vectors, asked.texts)
        right = (names[found.intent] == truth).astype(float)
        outside = []
        for fold in range(FOLDS):
            away = np.arange(len(names)) % FOLDS == fold
            mine = np.isin(truth, names[away])
            if mine.any() and (~away).sum() >= 2:
                texts = list(itertools.compress(asked.texts, mine.tolist()))
                outside.append(self._without(away).evidence(asked.vectors[mine], texts).features)
        if len(outside) < 2:
            return self.coefficients
        none = np.concatenate(outside)
        x = np.concatenate([found.features, none])
        y = np.concatenate([right, np.zeros(len(none))])
        weight = np.full(len(y), NEAR_SHARE * len(y) / len(none))
        weight[: len(right)] = (1 - NEAR_SHARE) * len(y) / len(right)
        return fit_logistic(x, y, self.coefficients, precision(x), weight)

    def _without(self, away: npt.NDArray[np.bool_]) -> KnowledgeIndex:
        """Returns the index of a file without some intents.

        Leaving out their columns of the regression is not enough: what asks for one of them then
        seems more doubtful than it is to a file that never heard of it (4 % above .7, not 8 %).
        """
        rest = self.utterances.part(~away[self.utterances.owner])
        weights = rest.regression(self._weights[:, ~away], STEPS_WITHOUT)
        return KnowledgeIndex(rest, self.coefficients, weights)


def _written(keys: Sequence[str], owner: Sequence[int]) -> dict[str, int]:
    """Returns the first utterance of each text that only one intent has."""
    intents: dict[str, set[int]] = {}
    first: dict[str, int] = {}
    for i, (key, intent) in enumerate(zip(keys, owner, strict=True)):
        intents.setdefault(key, set()).add(intent)
        first.setdefault(key, i)
    return {key: i for key, i in first.items() if key and len(intents[key]) == 1}


def _log_odds(scores: Floats, best: npt.NDArray[np.int64]) -> Floats:
    """Returns log p(best) / (1 - p(best)) of a softmax over scores, limited."""
    rows = np.arange(len(scores))
    above = scores - scores[rows, best][:, None]
    others = np.exp(np.maximum(above, -50.0))
    others[rows, best] = 0.0
    odds: Floats = -np.log(np.maximum(others.sum(axis=1), math.exp(-LOG_ODDS_LIMIT)))
    return np.clip(odds, -LOG_ODDS_LIMIT, LOG_ODDS_LIMIT)


def _padded(owner: npt.NDArray[np.int64], intents: int) -> npt.NDArray[np.int64]:
    """Returns the utterances of each intent as rows of equal length, -1 where a row has ended."""
    groups = [np.flatnonzero(owner == intent) for intent in range(intents)]
    table = np.full((intents, max(map(len, groups))), -1, dtype=np.int64)
    for row, group in enumerate(groups):
        table[row, : len(group)] = group
    return table


def _lead(values: Floats, best: npt.NDArray[np.int64]) -> Floats:
    """Returns the lead of the chosen intent over the next one, (rows,); 0 for a lone one."""
    rows = np.arange(len(values))
    chosen = values[rows, best]
    if values.shape[1] < 2:
        return np.zeros(len(values))
    others = values.copy()
    others[rows, best] = -np.inf
    lead: Floats = chosen - others.max(axis=1)
    return lead


def precision(features: Floats) -> Floats:
    """Returns the weight of the shipped coefficients against an operator's utterances."""
    spread = features.var(axis=0)
    spread[0] = 1.0
    firm: Floats = PRIOR_ROWS * CURVATURE * np.maximum(spread, 1e-3)
    return firm


FIT_FORMAT = 3
"""Raised when what is fitted changes, so that no start takes over what an older release fitted."""


def _fit_key(utterances: Utterances) -> bytes:
    """Names a knowledge file by its intents and texts, 16 bytes."""
    rows = [utterances.intent_ids, utterances.texts, utterances.owner.tolist(), FIT_FORMAT]
    return hashlib.blake2b(json.dumps(rows).encode(), digest_size=16).digest()


def _key(text: str) -> str:
    """Returns the words of a text in any alphabet, lower case.

    Words around the utterance count.
    """
    return " ".join(_ANY_WORD.findall(text.lower()))


def plain(key: str) -> str:
    """Returns a text of lower-case words without courtesies; all of it where nothing would be left.

    >>> plain("good morning where is my order please thank you"), plain("thank you")
    ('where is my order', 'thank you')
    """
    return _CLOSING.sub("", _OPENING.sub("", key)) or key


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
