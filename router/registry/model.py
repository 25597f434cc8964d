"""Describes versions of models that a registry keeps: heads, adapters, certificates and more."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

VERSION_LETTERS = 12
"""Sets the length of a version's name: 48 bits tell the versions of one model apart."""

ModelSetting = str | int | float | bool | None
"""Holds the value of one hyperparameter."""


class ModelKind(StrEnum):
    """Says what a model is for."""

    HEAD = "head"
    CALIBRATOR = "calibrator"
    CERTIFICATE = "certificate"
    MATCH = "match"
    ADAPTER = "adapter"
    ENCODER = "encoder"


class ModelState(StrEnum):
    """Says how far a version has come. A model has at most one version in each of the states
    shadow, canary and active."""

    CANDIDATE = "candidate"
    SHADOW = "shadow"
    CANARY = "canary"
    ACTIVE = "active"
    RETIRED = "retired"


class ModelFile(Struct, frozen=True):
    """Describes one file of a version."""

    name: str
    sha256: str
    size: int  # bytes


class ModelVersion(Struct, frozen=True):
    """Describes one version of a model: what it was made of, how good it is, and where it stands.

    Only `state` and `tags` ever change. The first file is the one that a policy would name.
    """

    kind: ModelKind
    name: str
    version: str  # from the names and hashes of the files
    files: tuple[ModelFile, ...]
    created_at_ms: int
    state: ModelState = ModelState.CANDIDATE
    tags: tuple[str, ...] = ()
    base: str = ""  # what it needs: sha256 of an encoder, or the name of an adapter's base
    dataset: str = ""  # hash of the dataset that it was made from
    parents: tuple[str, ...] = ()  # versions that it continues, as NAME@VERSION
    hyperparameters: Mapping[str, ModelSetting] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    licence: str = ""
    note: str = ""

    @property
    def id(self) -> str:
        """Returns the name under which rows and commands mention it: `support_head@3fa9c1d20b7e`"""
        return f"{self.name}@{self.version}"


class ModelChange(Struct, frozen=True):
    """Describes one change of a registry, as its history keeps it."""

    at_ms: int
    action: str  # add | move | rollback | tag | untag | remove
    name: str
    version: str
    state: ModelState | None = None  # that a move or a rollback leads to
    tags: tuple[str, ...] = ()
    by: str = ""  # who or what made it
    because: str = ""
