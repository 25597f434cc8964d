"""Keeps encoders' vectors of texts that come again with other numbers in them.

"Where is order 48121?" and "Where is order 90377?" mean the same to the encoder: its vector hardly
moves, and every rule, n-gram and reader of characters reads the real text all the same. So a number
that names something is masked, and the vector is kept by a keyed digest of what is left. Nothing of
a text is kept, and another client can learn from it no more than how long a request takes.

Only a calm reading is kept, and only a calm one is made from what is kept: far from every bound, so
that a vector that is moved a little decides nothing. What is not calm is encoded.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Set
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from router.triage.batches.turn_cache import TurnCache
from router.triage.own_heads import CloseVectors
from router.triage.reading import ModelRow
from router.types import HeadReading, Match

ENTRIES = 4_096
"""Texts whose vectors are kept, 1 to 3 kB each."""

MOST_CHARS = 400
"""A longer text is a document: its numbers are sums and years, and few documents come again."""

_UNITS = (
    "mg mcg ug g kg ml cl l litres liters km m miles ft feet kw kwh mw w watts v volts kv a amps "
    "bar psi pa hpa rpm nm kn n tons tonnes iu ppm mah c f degrees celsius fahrenheit kcal "
    "people employees staff patients customers users tablets pills capsules doses units bottles "
    "usd eur gbp chf dollars euros pounds francs yen bucks rows records servers"
)
NAMING = re.compile(
    # It begins with a letter or digit, at which alone the search stops.
    r"[A-Z\d](?<![\w.,$\u20ac\u00a3\u00a5%-][A-Z\d])"
    r"(?:(?<=\d)\d{3,}|(?<=[A-Z])[A-Z]{0,4}[-#]?\d{4,})"
    rf"(?![\w%]|[.,]\d|[ -](?i:{'|'.join(_UNITS.split())})\b|\s?[\u20ac\u00a3\u00a5\u00b0$])",
)
"""Finds numbers of orders, customers, tickets and rooms, and years: four digits and more, with no
sign of money, share or measure beside them. A bare number may still be a sum; what reads sums reads
the text itself."""
_DIGIT = re.compile(r"\d")
_FOUR_DIGITS = re.compile(r"\d\d{3}")
"""Most texts lack them, and this tells it ten times as fast: the search stops at a first digit."""

CALM_BELOW = 0.3
"""A chance below it is far from every bound of shipped policies; above 1 minus it, it is too."""
CALM_STAKES = 0.15
"""Stakes weigh the expected loss, so they count from lower chances on."""
CALM_MANY = 0.15
"""Shipped policies ask for level 2 from .2 on, where several considerations have to be weighed."""
CALM_MATCH = 0.2
"""From here on an answer may be offered or given, and a small step decides which."""

Vector = npt.NDArray[np.float32]


class Kept(NamedTuple):
    """Holds what is kept of a text: the encoder's vector, and those of the larger encoders by which
    it was read closely, by what `CloseReader.network` says."""

    vector: Vector
    close: CloseVectors = MappingProxyType({})


class Templates:
    """Keeps vectors by masked text; threads may share it."""

    def __init__(self, entries: int = ENTRIES) -> None:
        self._secret = secrets.token_bytes(32)
        self._kept = TurnCache[Kept](entries)

    def __len__(self) -> int:
        return len(self._kept)

    def key(self, text: str) -> bytes | None:
        """Returns the digest of a text without its numbers; None for one that has none to mask."""
        if len(text) > MOST_CHARS or _FOUR_DIGITS.search(text) is None:
            return None
        masked, numbers = NAMING.subn(_masked, text)
        return self._digest(masked) if numbers else None

    def get(self, key: bytes) -> Kept | None:
        """Returns the vectors of a text with this key, None when it is not kept."""
        return self._kept.get(key)

    def put(self, key: bytes, kept: Kept) -> None:
        """Keeps copies of the vectors."""
        close = {name: vector.copy() for name, vector in kept.close.items()}
        self._kept.put(key, Kept(kept.vector.copy(), close))

    def _digest(self, masked: str) -> bytes:
        raw = masked.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(raw, key=self._secret, digest_size=16).digest()


def _masked(match: re.Match[str]) -> str:
    return _DIGIT.sub("0", match[0])


def is_calm(row: ModelRow, match: Match | None, momentary: Set[str]) -> bool:
    """Returns True for a reading that is far from every bound.

    A head of one turn (`momentary`) counts by its chance alone: what kind of harm a harmless text
    comes nearest to says nothing.
    """
    return (
        row.stakes_high < CALM_STAKES
        and row.grave < CALM_BELOW
        and row.toxic < CALM_BELOW
        and row.multi_factor < CALM_MANY
        and row.strategic < CALM_BELOW
        and _is_clear(row.novelty)
        and (match is None or max(match.confidence, match.together) < CALM_MATCH)
        and all([_is_calm_head(reading, momentary) for reading in row.heads])
    )


def _is_calm_head(reading: HeadReading, momentary: Set[str]) -> bool:
    if reading.name not in momentary:
        return all([_is_clear(chance) for _, chance in reading.classes])
    return len(reading.classes) > 1 or reading.classes[0][1] < CALM_BELOW


def _is_clear(chance: float) -> bool:
    return chance < CALM_BELOW or chance > 1.0 - CALM_BELOW
