"""Tests streams whose upstream fails after the commit, at every endpoint that answers.

A real server calls a real upstream. Another answerer is ready, and its text must not appear.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from tests.kits.server_kit import Served, Upstream, write_ladder

pytestmark = pytest.mark.process

FAILURES = {
    "cut": ("cut", "stream_cut"),
    "lost": ("lost", "stream_cut"),
    "told": ("error-event", "upstream_error"),
    "garbled": ("garbled", "upstream_invalid"),
    "unfinished": ("no-finish", "stream_cut"),
    "silent": ("hang", "deadline_exceeded"),
}
"""How the upstream fails, by the policy's name, and the code that clients are told."""
OTHERS_TEXT = "42"  # what the answerer that stands ready says
GOOD_ENDS = ("[DONE]", "response.completed", "message_stop", 'finish_reason":"stop')
ASKED = [{"role": "user", "content": "Where is my parcel?"}]
BODIES = {
    "/v1/chat/completions": {"messages": ASKED},
    "/v1/responses": {"input": ASKED},
    "/v1/messages": {"messages": ASKED, "max_tokens": 60},
    "/v1/completions": {"prompt": "Where is my parcel?"},
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with Upstream(folder) as upstream:
        policies = [
            write_ladder(
                folder, name, upstream.url, model, "json", deadline_s=1.0, breaker_failures=1000
            )
            for name, (model, _) in FAILURES.items()
        ]
        with Served(folder, *policies) as server:
            yield server


def last_event(path: str, text: str) -> dict[str, object]:
    """The error that the stream ends in, by the words of its endpoint."""
    last = re.findall(r"^data: (.+)$", text, re.MULTILINE)[-1]
    parsed = json.loads(last)
    if path == "/v1/responses":
        assert parsed["type"] == "response.failed"
        assert parsed["response"]["status"] == "failed"
        (told,) = re.findall(r"^event: error\ndata: (.+)$", text, re.MULTILINE)
        return dict(json.loads(told))
    if path == "/v1/messages":
        assert parsed["type"] == "error"
    return dict(parsed["error"])


@pytest.mark.parametrize("path", list(BODIES))
@pytest.mark.parametrize("name", list(FAILURES))
def test_a_stream_that_fails_after_the_commit_ends_in_an_error_event(
    served: Served, name: str, path: str
) -> None:
    model, code = FAILURES[name]
    body = {"model": f"auto:{name}", "stream": True, **BODIES[path]}
    response = served.post(path, body)
    assert response.status_code == 200, response.text
    assert "Your" in response.text
    assert OTHERS_TEXT not in "".join(
        re.findall(r'"(?:content|delta|text)":"[^"]*"', response.text)
    )
    assert not [end for end in GOOD_ENDS if end in response.text]
    told = last_event(path, response.text)
    if path != "/v1/messages":  # Anthropic's errors have a type and words
        assert told["code"] == code, model
    assert "sk-upstream-secret" not in response.text
    _failed_at_a_cost(served.finished_row(response), code)


def _failed_at_a_cost(row: dict[str, object], code: str) -> None:
    """The row knows what the call cost or at most cost, and that nobody else was asked."""
    assert (row["state"], row["error_code"], row["verdict"]) == ("failed", code, "")
    (attempt,) = [line for line in row["attempts"] if line["role"] != "triage"]
    assert attempt["error_code"] == code
    assert attempt["estimated"]
    assert row["cost_nano_usd"] == attempt["cost_nano_usd"] > 0


@pytest.mark.parametrize("path", list(BODIES))
def test_whole_answers_of_such_upstreams_come_from_the_next_answerer(
    served: Served, path: str
) -> None:
    """Nothing was committed, so a failure costs the client nothing."""
    response = served.post(path, {"model": "auto:garbled", **BODIES[path]})
    assert response.status_code == 200
    row = served.row(response)
    assert (row["answerer"], row["verdict"], row["escalations"]) == ("rung-1", "accepted", 1)
