"""Names the release that runs."""

from __future__ import annotations


def own_version() -> str:
    """Returns the version of the package; "unknown" in a checkout that is not installed."""
    # Slow to import, and a command that answers at once never asks.
    import importlib.metadata

    try:
        return importlib.metadata.version("tiergate")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
