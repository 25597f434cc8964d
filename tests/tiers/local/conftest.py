"""Starts the model that a module describes as SECTION: one child process for each module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kits.local_kit import answerer_at, until_ready
from tiers.local.answerer import LocalModelAnswerer
from tiers.local.host import LocalModelHost, specs_for


@pytest.fixture(scope="module")
def host(request: pytest.FixtureRequest) -> Iterator[LocalModelHost]:
    section = request.module.SECTION
    running = LocalModelHost(specs_for([section])[section.model])
    running.start()
    yield running
    running.close()


@pytest.fixture
async def local(request: pytest.FixtureRequest, host: LocalModelHost) -> LocalModelAnswerer:
    answerer = answerer_at(request.module.SECTION, host.address)
    await until_ready(answerer)
    return answerer
