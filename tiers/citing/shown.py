"""Describes the passages that a request was given. It imports no other part of this folder."""

from __future__ import annotations

from msgspec import Struct

from router.types import DocumentPassage


class Shown(Struct, frozen=True):
    """Holds the passages that a request was given, in the order of their numbers."""

    passages: tuple[DocumentPassage, ...]
    notes: tuple[str, ...] = ()  # what was unusual in finding and showing them
