"""Turns of the system that Claude's earlier models refuse: a real server, and such an upstream."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.kits.server_kit import Served, Upstream, write_ladder

HI = {"role": "user", "content": "hi"}
TURNS = [HI, {"role": "system", "content": "Be brief."}]
REMINDER = {"role": "user", "content": "<system-reminder>\nBe brief.\n</system-reminder>"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with Upstream(folder) as upstream:
        policies = [
            write_ladder(folder, name, upstream.url, name, wire="anthropic")
            for name in ("echo", "older", "oldest")
        ]
        with Served(folder, *policies) as server:
            yield server


def asked(served: Served, name: str) -> httpx.Response:
    body = {"model": f"auto:{name}", "max_tokens": 1_000, "messages": TURNS}
    response = served.post("/v1/messages", body)
    assert response.status_code == 200, response.text
    return response


def sent(response: httpx.Response) -> list[object]:
    return list(json.loads(response.json()["content"][0]["text"])["body"]["messages"])


@pytest.mark.process
@pytest.mark.parametrize("name", ["older", "oldest"])
def test_a_model_that_refuses_them_is_asked_again_and_remembered(served: Served, name: str) -> None:
    first, second = asked(served, name), asked(served, name)
    assert sent(first) == sent(second) == [HI, REMINDER]
    assert first.headers["x-tiergate-dropped"] == "messages[].role"
    assert first.headers["x-tiergate-escalations"] == "0"


@pytest.mark.process
def test_a_model_that_takes_them_gets_them(served: Served) -> None:
    response = asked(served, "echo")
    assert sent(response) == TURNS
    assert "x-tiergate-dropped" not in response.headers
