"""Reads texts closely where that may change what a policy does with them.

It knows what heads, the reader of grave matters and the approved answers say of each text, and
nothing of how a text is encoded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from router.stats.calibration import Floats, one_among
from router.stats.heads import Embeddings
from router.triage.batches.asked import Asked
from router.triage.batches.config import Knowledge
from router.triage.batches.templates import Vector
from router.triage.close_reading.guess import NEAR, Bounds
from router.triage.close_reading.reader import Seen
from router.triage.grave import GraveReading, Told
from router.triage.own_heads import Close, CloseVectors, OwnHeads
from router.types import Match

ANY_CHANCE = Bounds()


class Known(NamedTuple):
    """Holds what is known of a text before it is read closely."""

    asked: Asked
    match: Match | None
    told: Told
    grave: GraveReading | None  # None without a reader


def read_closely(
    own: OwnHeads,
    texts: Sequence[Known],
    vectors: Embeddings,
    chances: Mapping[str, Floats],
    kept: Mapping[int, CloseVectors],
) -> dict[int, Close]:
    """Returns by place the readings of texts of which a head or the reader of grave matters is
    unsure.

    `vectors` (texts, width) are the encoder's, and `chances` (texts,) those of the heads that close
    readers follow; `kept` holds by place what their larger encoders need not compute.
    """

    among = [one.asked.among for one in texts]

    def seen(name: str) -> Seen:
        return Seen(vectors, partial(_may_change, texts, vectors, name), among)

    told, grave = [one.told for one in texts], [one.grave for one in texts if one.grave]
    return own.read_closely([one.asked.text for one in texts], told, chances, seen, grave, kept)


def _may_change(
    texts: Sequence[Known],
    vectors: Embeddings,
    name: str,
    places: Sequence[int],
    highest: Floats,
) -> npt.NDArray[np.bool_]:
    """Returns where a head may change what is done with the texts at some places, by the highest
    chances that it may have there."""
    changes = []
    for place, of_text in zip(places, highest.tolist(), strict=True):
        asked, match = texts[place].asked, texts[place].match
        config, chance = asked.config, one_among(asked.among, of_text)
        bounds, may = config.bounds.get(name, ANY_CHANCE), False
        if chance >= bounds.apart:
            may = True
        elif chance >= bounds.near and config.knowledge is not None:
            may = _is_near(config.knowledge, vectors[place], match)
        changes.append(may)
    return np.array(changes, bool)


def _is_near(knowledge: Knowledge, vector: Vector, match: Match | None) -> bool:
    """Returns True for a text near an approved question: mostly that which it matches."""
    return (match is not None and match.similarity >= NEAR) or knowledge.nearest(vector) >= NEAR
