"""Has likely answers read together with texts, those of several batches in one call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from router.triage.batches.asked import Asked
from router.triage.batches.config import Rerank
from router.triage.batches.templates import Vector
from router.types import Match


class Reranked(NamedTuple):
    """Holds a text that is read with its likely answers, and where its match is kept."""

    text: str
    vector: Vector
    matches: list[Match | None]
    place: int


def to_rerank(asked: Sequence[Asked], matches: Sequence[Match | None]) -> dict[Rerank, list[int]]:
    """Returns the places of texts whose likely answers are read with them, by what reads them.

    A translation of words, and a text in a language that no model reads, is no such text.
    """
    places: dict[Rerank, list[int]] = {}
    for place, (one, match) in enumerate(zip(asked, matches, strict=True)):
        rerank = one.config.rerank
        if rerank is not None and rerank.wants(match) and one.is_read:
            places.setdefault(rerank, []).append(place)
    return places


def rerank(batches: Iterable[Mapping[Rerank, Sequence[Reranked]]]) -> None:
    """Weighs the matches of texts anew, in one call for each file of answers."""
    together: dict[Rerank, list[Reranked]] = {}
    for batch in batches:
        for reader, texts in batch.items():
            together.setdefault(reader, []).extend(texts)
    for reader, texts in together.items():
        vectors = np.stack([one.vector for one in texts])
        matches = [one.matches[one.place] for one in texts]
        weighed = reader([one.text for one in texts], vectors, matches)
        for one, match in zip(texts, weighed, strict=True):
            one.matches[one.place] = match
