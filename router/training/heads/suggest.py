"""Which unlabelled texts teach a head most: uncertain, typical of the pool, unlike one another.

Uncertainty is the margin between the two likeliest classes (uncertainty sampling: Lewis and Gale
1994; margins: Scheffer et al. 2001). It is weighed by density, the mean cosine of a text's nearest
neighbours in the pool, so that outliers, uncertain as they are, come late (information density:
Settles and Craven 2008). Texts are taken one by one, each counting less the nearer it is to one
taken already (maximal marginal relevance: Carbonell and Goldstein 1998). Numpy alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.errors import TrainingDataError
from router.stats import heads
from router.stats.calibration import Floats
from router.stats.heads import Embeddings, Head, HeadKind
from router.training.data.curate import normalised
from router.training.heads.train_head import THREADS, seen_by, text_digest
from router.triage.triage_model import DEFAULT_FOLDER, TriageModel

NEIGHBOURS = 20
POOL = 5_000
"""Texts that density is measured among, and the most uncertain ones that are chosen from."""
MOST_TEXTS = 50_000
"""Of more texts, this many (by a hash) are read: a minute of two cores."""


@dataclass(frozen=True, slots=True)
class Unlabelled:
    """A text and what its source calls it: a line number or a request id."""

    ref: str
    text: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text worth labelling, with what the head says of it now; `score` is 0..1."""

    ref: str
    text: str
    label: str
    confidence: float
    score: float


@dataclass(frozen=True, slots=True)
class Suggested:
    """The suggestions, best first, and what was left out of the pool before."""

    suggestions: tuple[Suggestion, ...]
    read: int
    repeated: int
    taught: int  # texts that the head was trained on
    beyond: int  # texts beyond MOST_TEXTS


def suggest(
    pool: Sequence[Unlabelled], head: Path | str, count: int, *, model_dir: Path | None
) -> Suggested:
    """The `count` texts of a pool most worth labelling for a head: a file of one, or a built-in.

    Raises TrainingDataError for an empty pool and for a head that has no classes, ModelFileError
    for a head that does not fit the encoder.
    """
    model = TriageModel.load(model_dir or DEFAULT_FOLDER, threads=THREADS)
    reader, seen = _head(head, model)
    first: dict[str, Unlabelled] = {}
    for one in pool:
        if one.text.strip():
            first.setdefault(normalised(one.text) or one.text, one)
    fresh = [one for one in first.values() if text_digest(one.text) not in seen]
    kept = sorted(
        fresh, key=lambda one: hashlib.sha256(one.text.encode("utf-8", "replace")).digest()
    )
    kept = kept[:MOST_TEXTS]
    if not kept:
        raise TrainingDataError(
            f"none of {len(pool)} texts is left to suggest: give texts that are neither empty nor "
            "among those that the head was trained on"
        )
    encoded = model.encode([one.text for one in kept])
    labels, confidence, unsure = uncertainty(reader, reader(encoded))
    chosen, scores = choose(encoded.vectors, unsure, count)
    found = tuple(
        Suggestion(kept[i].ref, kept[i].text, labels[i], float(confidence[i]), float(score))
        for i, score in zip(chosen, scores, strict=True)
    )
    return Suggested(
        found, len(pool), len(pool) - len(first), len(first) - len(fresh), len(fresh) - len(kept)
    )


def uncertainty(head: Head, chances: Floats) -> tuple[list[str], Floats, Floats]:
    """The likeliest label of each row, its chance, and how unsure it is: 1 minus the margin."""
    if head.kind is HeadKind.CHANCE:
        label = head.classes[0]
        labels = [label if p >= 0.5 else f"not {label}" for p in chances]
        confidence = np.maximum(chances, 1 - chances)
        return labels, confidence, 2 * (1 - confidence)
    ordered = np.sort(chances, axis=1)
    labels = [head.classes[k] for k in chances.argmax(axis=1)]
    return labels, ordered[:, -1], 1 - (ordered[:, -1] - ordered[:, -2])


def choose(vectors: Embeddings, unsure: Floats, count: int) -> tuple[list[int], list[float]]:
    """The rows to label, best first, and their scores: unsure x density x distance to the chosen.

    Of two uncertain texts that say the same, one is taken; an outlier comes after a typical one.
    """
    pool = np.argsort(-unsure, kind="stable")[:POOL]
    around = vectors[np.linspace(0, len(vectors) - 1, min(len(vectors), POOL)).astype(int)]
    worth = unsure[pool] * density(vectors[pool], around)
    candidates = vectors[pool]
    nearest = np.zeros(len(pool))  # cosine to the nearest chosen one
    chosen: list[int] = []
    scores: list[float] = []
    for _ in range(min(count, len(pool))):
        gain = worth * (1 - nearest)
        best = int(np.argmax(gain))
        chosen.append(int(pool[best]))
        scores.append(round(float(gain[best]), 4))
        nearest = np.maximum(nearest, np.clip(candidates @ candidates[best], 0, 1))
        worth[best] = -1.0
    return chosen, scores


def density(vectors: Embeddings, around: Embeddings) -> npt.NDArray[np.float32]:
    """The mean cosine of each row to its nearest neighbours in a sample, 0..1."""
    found = np.empty(len(vectors), dtype=np.float32)
    take = min(NEIGHBOURS + 1, len(around))  # one of them may be the text itself
    for start in range(0, len(vectors), 512):
        near = vectors[start : start + 512] @ around.T
        top = np.partition(near, -take, axis=1)[:, -take:]
        found[start : start + 512] = top.mean(axis=1)
    return np.clip(found, 0, 1)


def _head(named: Path | str, model: TriageModel) -> tuple[Head, frozenset[bytes]]:
    """A head by file or built-in name, and digests of the texts that taught it."""
    if isinstance(named, Path):
        head = heads.load(named.parent, named.stem, encoder_sha256=model.encoder.sha256)
        seen = seen_by(named.parent, named.stem)
    else:
        built_in = model.stack.heads.get(named)
        if built_in is None:
            raise TrainingDataError(
                f"there is no head {named!r}; built-in are {', '.join(model.stack.heads)}"
            )
        head, seen = built_in, frozenset[bytes]()
    if head.kind is HeadKind.VALUE:
        raise TrainingDataError(f"head {head.name} gives a value; labels teach classes and chances")
    return head, seen
