"""Describes what a batch needs of a triage model: vectors, n-grams, and what its heads say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from router.stats.calibration import Floats
from router.stats.heads import Encoded
from router.stats.ngrams import Grams
from router.triage.disguises.known_words import Knows
from router.triage.grave import GraveReader
from router.triage.own_heads import OwnHeads
from router.triage.text.spelling import Mend
from router.types import HeadReading

_Array = npt.NDArray[np.floating]


class Outputs(Protocol):
    """Holds the heads' readings of a batch: one row per text; every chance is calibrated."""

    @property
    def request_type(self) -> _Array: ...  # (texts, types)
    @property
    def domain(self) -> _Array: ...  # (texts, domains)
    @property
    def difficulty(self) -> _Array: ...  # (texts,), as all below
    @property
    def stakes_high(self) -> _Array: ...
    @property
    def multi_factor(self) -> _Array: ...
    @property
    def strategic(self) -> _Array: ...
    @property
    def novelty(self) -> _Array: ...
    @property
    def toxic(self) -> _Array: ...
    @property
    def spam(self) -> _Array: ...
    @property
    def own(self) -> Sequence[tuple[HeadReading, ...]]: ...  # where own heads were asked for
    @property
    def followed(self) -> Mapping[str, Floats]: ...  # by head, where close readers follow it


class Model(Protocol):
    """Describes what is needed of the triage model; safe to call from several threads."""

    @property
    def version(self) -> str: ...
    @property
    def request_types(self) -> Sequence[str]: ...
    @property
    def domains(self) -> Sequence[str]: ...
    def encode(self, texts: Sequence[str]) -> Encoded: ...
    def grams(self, texts: Sequence[str]) -> Grams: ...
    def read(self, encoded: Encoded, own: OwnHeads | None = None) -> Outputs: ...
    @property
    def knows(self) -> Knows: ...
    @property
    def mended(self) -> Mend: ...
    @property
    def grave(self) -> GraveReader | None: ...
