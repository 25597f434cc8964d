"""Streams of coding agents through a real server: words at once, calls once they are whole."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.kits.server_kit import Served, Upstream, write_ladder, write_policy
from tests.kits.upstreams.upstream_behaviours import PASSAGE

pytestmark = pytest.mark.process

SCHEMA = {"type": "object", "properties": {"i": {"type": "integer"}}, "required": ["i"]}
USER = [{"role": "user", "content": "Where is my parcel?"}]
FUNCTION = {"name": "f", "description": "d", "parameters": SCHEMA}
BODIES = {
    "/v1/chat/completions": {
        "messages": USER,
        "tools": [{"type": "function", "function": FUNCTION}],
    },
    "/v1/responses": {"input": USER, "tools": [{"type": "function", **FUNCTION}]},
    "/v1/messages": {
        "messages": USER,
        "max_tokens": 100,
        "tools": [{"name": "f", "input_schema": SCHEMA}],
    },
}
ENDS = {
    "/v1/chat/completions": "[DONE]",
    "/v1/responses": "response.completed",
    "/v1/messages": "message_stop",
}
FAILS = {
    "/v1/chat/completions": '"code":"upstream_invalid"',
    "/v1/responses": "response.failed",
    "/v1/messages": "event: error",
}
WORDS, EACH_S = 40, 0.05
PACE = f"0,{EACH_S},{WORDS}"
WORD = PASSAGE[1]  # among the first that come, and in nothing else of a stream


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with Upstream(folder) as upstream:
        url = upstream.url
        paths = [
            write_policy(folder, url),
            write_ladder(folder, "acting", url, f"acting:{PACE}"),
            write_ladder(folder, "misacting", url, f"misacting:{PACE}", "answer"),
        ]
        with Served(folder, *paths) as server:
            yield server


def streamed(served: Served, path: str, model: str, **of_tool: object) -> tuple[str, float, float]:
    """Returns the stream's text, and the seconds until its first word and its end."""
    (tool,) = BODIES[path]["tools"]
    tool = {**tool, **of_tool}
    if "function" in tool:
        tool = {"type": "function", "function": {**FUNCTION, **of_tool}}
    body = {**BODIES[path], "tools": [tool], "model": model, "stream": True}
    began, first, text = time.monotonic(), 0.0, ""
    with served.client.stream("POST", path, json=body) as response:
        assert response.status_code == 200
        for piece in response.iter_text():
            text += piece
            if not first and WORD in text:
                first = time.monotonic() - began
    return text, first, time.monotonic() - began


@pytest.mark.parametrize("path", BODIES)
def test_words_come_while_the_model_still_works(served: Served, path: str) -> None:
    text, first_s, end_s = streamed(served, path, "auto:acting")
    assert WORD in text
    assert end_s - first_s > 0.5 * WORDS * EACH_S
    assert ENDS[path] in text
    assert text.count("call_0") > 0
    assert text.count("call_1") > 0


@pytest.mark.parametrize("path", BODIES)
def test_a_call_that_does_not_fit_follows_the_words(served: Served, path: str) -> None:
    """No other rung can answer then, and the agent tells its model what is wrong."""
    text, _, _ = streamed(served, path, "auto:misacting")
    assert ENDS[path] in text
    assert FAILS[path] not in text
    assert all(name in text for name in (WORD, "call_0", "call_1"))


@pytest.mark.parametrize("path", BODIES)
def test_a_bad_call_of_a_strict_tool_after_words_ends_the_stream_in_an_error(
    served: Served, path: str
) -> None:
    text, _, _ = streamed(served, path, "auto:misacting", strict=True)
    assert WORD in text
    assert FAILS[path] in text
    assert ENDS[path] not in text
    assert "call_" not in text


@pytest.mark.parametrize("path", BODIES)
def test_a_stream_of_words_and_calls_is_booked_at_what_it_used(served: Served, path: str) -> None:
    body = {**BODIES[path], "model": "auto:acting", "stream": True}
    row = served.finished_row(served.post(path, body))
    (attempt,) = [call for call in row["attempts"] if call["role"] == "answer"]
    assert (row["state"], row["verdict"]) == ("settled", "accepted")
    assert (attempt["usage"]["output_tokens"], attempt["usage"]["reported"]) == (WORDS, True)
    assert attempt["cost_nano_usd"] == 20 * 1_000 + WORDS * 10_000
