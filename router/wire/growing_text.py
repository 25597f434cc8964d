"""Collects a text that comes a few letters at a time, in little more memory than its letters."""

from __future__ import annotations

JOINED_AT = 512
"""Pieces that are kept apart. A piece of one token takes ten times its letters, and an answer may
stay open for as long as its client reads slowly."""


class GrowingText:
    """Holds the text so far: joined blocks, and the newest pieces."""

    __slots__ = ("_blocks", "_pieces")

    def __init__(self) -> None:
        self._blocks: list[str] = []
        self._pieces: list[str] = []

    def add(self, piece: str) -> None:
        """Appends a piece."""
        if not piece:
            return
        pieces = self._pieces
        pieces.append(piece)
        if len(pieces) >= JOINED_AT:
            self._blocks.append("".join(pieces))
            pieces.clear()

    @property
    def whole(self) -> str:
        """Returns the text so far."""
        return "".join([*self._blocks, *self._pieces])
