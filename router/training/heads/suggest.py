"""Suggests which unlabelled texts teach a head most: uncertain, typical, unlike one another.

Uncertainty is the margin between the two likeliest classes (uncertainty sampling: Lewis and Gale
1994; margins: Scheffer et al. 2001). It is weighed by density, the mean cosine of a text's nearest
neighbours in the pool, so that outliers, although uncertain, come late (information density:
Settles and Craven 2008). Texts are taken one by one, and each counts less the nearer it is to a
taken one (maximal marginal relevance: Carbonell and Goldstein 1998). A text that is new to triage
counts like one that the head is unsure of: the head may be sure and wrong there. With a budget of
minutes the gain is per minute, so that long texts must be worth their time. Uses numpy only.
"""

from __future__ import annotations

import hashlib
import math
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
"""Texts among which density is measured, and the most uncertain ones to choose from."""
MOST_TEXTS = 20_000
"""From a larger pool, this many texts (by a hash) are read: about half a minute of two cores. Of so
many, fifty suggestions are one in 400 already; reading more changes which of many alike are shown.
"""


@dataclass(frozen=True, slots=True)
class Unlabelled:
    """Holds a text and its name in its source: a line number or a request id."""

    ref: str
    text: str
    novelty: float = 0.0  # 0..1, as triage read it
    minutes: float = 1.0  # what a label of it takes


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Holds a text worth labelling, with the head's present answer; `score` is 0..1."""

    ref: str
    text: str
    label: str
    confidence: float
    score: float
    minutes: float = 1.0


@dataclass(frozen=True, slots=True)
class Suggested:
    """Holds the suggestions, best first, and the counts of what was left out of the pool."""

    suggestions: tuple[Suggestion, ...]
    read: int
    repeated: int
    taught: int  # texts on which the head was trained
    beyond: int  # texts beyond those that are read
    classes: tuple[str, ...] = ()  # of the head, among which a label is chosen


def suggest(
    pool: Sequence[Unlabelled],
    head: Path | str,
    count: int,
    *,
    model_dir: Path | None,
    budget: float = math.inf,
    most: int = MOST_TEXTS,
) -> Suggested:
    """Returns at most `count` texts of a pool most worth labelling within `budget` minutes.

    Of a larger pool `most` texts are read, or four for each that is wanted if that is more.
    `head` is the file of one, or the name of a built-in one. Raises TrainingDataError for an empty
    pool and for a head that has no classes, ModelFileError for a head that does not fit the
    encoder.
    """
    model = TriageModel.load(model_dir or DEFAULT_FOLDER, threads=THREADS)
    reader, seen = _head(head, model)
    first: dict[str, Unlabelled] = {}
    for entry in pool:
        if entry.text.strip():
            first.setdefault(normalised(entry.text) or entry.text, entry)
    fresh = [entry for entry in first.values() if text_digest(entry.text) not in seen]
    # The hash orders texts by chance but the same on every run.
    kept = sorted(
        fresh, key=lambda entry: hashlib.sha256(entry.text.encode("utf-8", "replace")).digest()
    )
    kept = kept[: max(most, 4 * count)]
    if not kept:
        raise TrainingDataError(
            f"none of {len(pool)} texts is left to suggest: give texts that are neither empty nor "
            "among those that the head was trained on"
        )
    encoded = model.encode([entry.text for entry in kept])
    labels, confidence, unsure = uncertainty(reader, reader(encoded))
    new = np.array([entry.novelty for entry in kept])
    minutes = np.array([entry.minutes for entry in kept])
    chosen, scores = choose(encoded.vectors, 1 - (1 - unsure) * (1 - new), count, minutes, budget)
    suggestions = tuple(
        Suggestion(
            kept[i].ref,
            kept[i].text,
            labels[i],
            float(confidence[i]),
            float(score),
            kept[i].minutes,
        )
        for i, score in zip(chosen, scores, strict=True)
    )
    return Suggested(
        suggestions,
        len(pool),
        len(pool) - len(first),
        len(first) - len(fresh),
        len(fresh) - len(kept),
        _classes(reader),
    )


def _classes(head: Head) -> tuple[str, ...]:
    """Returns the labels that a head knows; a head of one chance also knows what is none."""
    if head.kind is HeadKind.CHANCE:
        return (head.classes[0], f"not {head.classes[0]}")
    return tuple(head.classes)


def uncertainty(head: Head, chances: Floats) -> tuple[list[str], Floats, Floats]:
    """Returns each row's likeliest label, its probability, and its uncertainty: 1 minus the
    margin."""
    if head.kind is HeadKind.CHANCE:
        label = head.classes[0]
        labels = [label if p >= 0.5 else f"not {label}" for p in chances]
        confidence = np.maximum(chances, 1 - chances)
        return labels, confidence, 2 * (1 - confidence)
    ordered = np.sort(chances, axis=1)
    labels = [head.classes[k] for k in chances.argmax(axis=1)]
    return labels, ordered[:, -1], 1 - (ordered[:, -1] - ordered[:, -2])


def choose(
    vectors: Embeddings,
    unsure: Floats,
    count: int,
    minutes: Floats | None = None,
    budget: float = math.inf,
) -> tuple[list[int], list[float]]:
    """Returns the rows to label, best first, and their scores, whose minutes fit the budget.

    A score is uncertainty x density x distance to the chosen rows, per minute. Of two uncertain
    texts that say the same, one is taken; an outlier comes after a typical text.
    """
    pool = np.argsort(-unsure, kind="stable")[:POOL]
    # A regular sample of the pool stands for it: all pairs would take too long.
    around = vectors[np.linspace(0, len(vectors) - 1, min(len(vectors), POOL)).astype(int)]
    cost = np.ones(len(pool)) if minutes is None else np.maximum(minutes[pool], 1e-3)
    worth = unsure[pool] * density(vectors[pool], around) / cost
    candidates = vectors[pool]
    nearest = np.zeros(len(pool))  # cosine to the nearest chosen row
    chosen: list[int] = []
    scores: list[float] = []
    left = budget
    for _ in range(min(count, len(pool))):
        gain = np.where(cost <= left + 1e-9, worth * (1 - nearest), -1.0)
        best = int(np.argmax(gain))
        if gain[best] < 0:
            break
        left -= float(cost[best])
        chosen.append(int(pool[best]))
        scores.append(round(float(gain[best]), 4))
        nearest = np.maximum(nearest, np.clip(candidates @ candidates[best], 0, 1))
        # A negative worth is never the largest, so no text is taken twice.
        worth[best] = -1.0
    return chosen, scores


def density(vectors: Embeddings, around: Embeddings) -> npt.NDArray[np.float32]:
    """Returns the mean cosine of each row to its nearest neighbours in a sample, 0..1."""
    mean_cosine = np.empty(len(vectors), dtype=np.float32)
    take = min(NEIGHBOURS + 1, len(around))  # one of them may be the text itself
    for start in range(0, len(vectors), 512):
        near = vectors[start : start + 512] @ around.T
        top = np.partition(near, -take, axis=1)[:, -take:]
        mean_cosine[start : start + 512] = top.mean(axis=1)
    return np.clip(mean_cosine, 0, 1)


def _head(named: Path | str, model: TriageModel) -> tuple[Head, frozenset[bytes]]:
    """Returns a head by file or built-in name, and digests of the texts that taught it."""
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
