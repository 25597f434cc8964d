"""Tiergate's gateway package. `from router import Gateway` is the library; see `router.library`.

Importing it loads nothing: the name is resolved when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.library import Gateway

__all__ = ["Gateway"]


def __getattr__(name: str) -> object:
    if name == "Gateway":
        from router.library import Gateway

        return Gateway
    raise AttributeError(f"module 'router' has no attribute {name!r}")
