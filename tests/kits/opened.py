"""Opens a gateway over a shipped policy, as a program does that embeds it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from router import Gateway


@contextmanager
def opened_gateway(
    folders: pytest.TempPathFactory, policy: str, **environ: str
) -> Iterator[Gateway]:
    """Holds a gateway with a ledger and documents of its own."""
    folder = folders.mktemp("gateway")
    with Gateway.from_policy(
        policy, database=folder / "ledger.db", documents=folder / "documents.db", environ=environ
    ) as gateway:
        yield gateway
