"""Turns of blanks through a real server: what an upstream of Anthropic's gets of them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from router.wire.anthropic.own_words import NO_TEXT
from tests.kits.server_kit import Served, Upstream, write_ladder

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with Upstream(folder) as upstream:
        policy = write_ladder(folder, "auto", upstream.url, "echo", wire="anthropic")
        with Served(folder, policy) as server:
            yield server


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/chat/completions"])
def test_a_last_turn_of_blanks_reaches_anthropic_as_a_turn(served: Served, path: str) -> None:
    turns = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": " "},
    ]
    response = served.post(path, {"model": "auto", "max_tokens": 9, "messages": turns})
    assert response.status_code == 200, response.text
    said = response.json()
    of_chat = path == "/v1/chat/completions"
    words = said["choices"][0]["message"]["content"] if of_chat else said["content"][0]["text"]
    assert json.loads(words)["body"]["messages"][-1] == {"role": "user", "content": NO_TEXT}
