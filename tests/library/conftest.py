"""An upstream in a thread of its own, and gateways over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from router import Gateway
from tests.kits.library_kit import POLICY, a_gateway, upstream_in_thread, within
from tests.kits.upstreams.fake_upstream import FakeUpstream


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    with upstream_in_thread() as fake:
        yield fake


@pytest.fixture
def opened(tmp_path: Path, upstream: FakeUpstream) -> Iterator[Callable[..., Gateway]]:
    """Opens gateways, and closes them in the end, also when the test fails."""
    made: list[Gateway] = []

    def opening(policy: str = POLICY) -> Gateway:
        made.append(a_gateway(tmp_path, upstream.url, policy))
        return made[-1]

    yield opening
    for gateway in made:
        within(60, gateway.close)
