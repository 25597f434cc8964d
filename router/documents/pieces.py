"""Describes what readers make of a file, and what chunking makes of that."""

from __future__ import annotations

from msgspec import Struct

FAR = 10**6
"""Stands for a day that never comes, in days since 1970."""


class Block(Struct, frozen=True):
    """Holds one block of a file, as its format marks it."""

    text: str
    page: int = 0  # 1-based; 0: the format has no pages
    level: int = 0  # 1..6: a heading of that level; 0: text below it
    whole: bool = False  # a row, a ticket or a function: it shares no chunk with its neighbours


class Reading(Struct, frozen=True):
    """Holds what a reader found in one file."""

    title: str  # "" where the file states none
    blocks: tuple[Block, ...]


class Chunk(Struct, frozen=True):
    """Holds one piece of a document, small enough to be read in one go by the encoder."""

    text: str
    section: str = ""  # the headings above it: `Returns > Deadlines`
    page: int = 0
