"""Opens what the tests of a module share, in a folder of its own: a gateway, a server, an upstream.

Each `..._of`, and `held_open`, returns a fixture. pytest names it after the variable that holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from router import Gateway
from router.api.compose.core import Core, Settings, load_policies

Opened = TypeVar("Opened")


@contextmanager
def opened_gateway(
    folders: pytest.TempPathFactory, policy: str, **environ: str
) -> Iterator[Gateway]:
    """Holds a gateway over a shipped policy, with a ledger and documents of its own."""
    folder = folders.mktemp("gateway")
    with Gateway.from_policy(
        policy, database=folder / "ledger.db", documents=folder / "documents.db", environ=environ
    ) as gateway:
        yield gateway


def gateway_of(policy: str, **environ: str) -> Callable[..., Iterator[Gateway]]:
    """Returns a fixture: a gateway over a shipped policy, as a program embeds it."""

    @pytest.fixture(scope="module")
    def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
        with opened_gateway(tmp_path_factory, policy, **environ) as gateway:
            yield gateway

    return opened


def held_open(
    opening: Callable[[Path], AbstractContextManager[Opened]],
) -> Callable[..., Iterator[Opened]]:
    """Returns a fixture: what `opening` opens in an empty folder, until the module's tests end."""

    @pytest.fixture(scope="module")
    def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
        with opening(tmp_path_factory.mktemp("opened")) as value:
            yield value

    return opened


def core_of(policy: str) -> Callable[[], Core]:
    """Returns a fixture: what a server decides by, over a shipped policy, without its ledger."""

    @pytest.fixture(scope="module")
    def opened() -> Core:
        settings, environ = Settings(policies=(policy,)), {"OPENAI_API_KEY": "none"}
        return Core(settings, load_policies(settings, environ), environ)

    return opened
