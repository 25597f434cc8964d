"""A client that leaves: its upstream's call is cancelled, whatever was asked and however.

How soon is measured by `python -m benchmarks first_token`; here only that it happens at all, by an
upstream that would go on for an hour under a deadline of a minute.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from router.request.calls.call_books import MOST_THOUGHT_PER_SECOND
from tests.kits.server_kit import Served, Upstream, eventually, write_ladder

pytestmark = pytest.mark.process

ASKED = [{"role": "user", "content": "Where is my parcel?"}]
BODIES: dict[str, dict[str, object]] = {
    "/v1/chat/completions": {"messages": ASKED},
    "/v1/responses": {"input": ASKED},
    "/v1/messages": {"messages": ASKED, "max_tokens": 60},
    "/v1/completions": {"prompt": "Where is my parcel?"},
}
DEADLINE_S = 60.0
NOTHING = {"default": "none", "hard_rule": "none"}
MOST = int(2 * DEADLINE_S) * MOST_THOUGHT_PER_SECOND + 10_000
"""Tokens that no stream can have been charged for half of within the deadline."""
DOMAIN = "/api/v1/test/notes/batch"
NOTES = {
    "domain": "test",
    "task": "notes",
    "description": "Notes of a test.",
    "write": {"summary": {"type": "string"}},
    "instruction": "Sum it up.",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    policies = [
        write_ladder(
            folder, "waits", upstream.url, "hang", deadline_s=DEADLINE_S, max_output_tokens=MOST,
            sections={"endpoints": [NOTES]},
        ),
        write_ladder(
            folder, "races", upstream.url, "slow:0.3", "hang", deadline_s=DEADLINE_S,
            ability={"theta": 6, "labels": 100}, verify={"default": "full"},
            sections={"decision": {"speculate": {"between": [0, 1], "max_usd": 1}}},
        ),
        write_ladder(folder, "speaks", upstream.url, "paced:0,0.05,1000", verify=NOTHING),
        write_ladder(folder, "counts", upstream.url, "counting:0,0.05,1000", verify=NOTHING),
        write_ladder(folder, "claude", upstream.url, "waits", wire="anthropic", verify=NOTHING),
    ]  # fmt: skip
    with Served(folder, *policies) as server:
        yield server


def _left_open(served: Served, path: str, body: object) -> socket.socket:
    """Returns a connection over which a request was sent."""
    parts, content = urlsplit(served.url), json.dumps(body).encode()
    client = socket.create_connection((parts.hostname, parts.port))
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    client.sendall(f"{head}content-length: {len(content)}\r\n\r\n".encode() + content)
    return client


def _left_rows(served: Served) -> dict[str, int]:
    """Returns what the requests cost whose clients left, by their id."""
    rows = [row for row in served.rows() if row["state"] == "cancelled"]
    return {str(row["request_id"]): int(str(row["cost_nano_usd"])) for row in rows}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", list(BODIES))
def test_a_client_that_leaves_cancels_the_upstreams_call(
    served: Served, upstream: Upstream, path: str, stream: bool
) -> None:
    before = upstream.seen()
    with _left_open(served, path, {"model": "auto", "stream": stream, **BODIES[path]}) as client:
        eventually(lambda: upstream.seen()["count"] == before["count"] + 1)
        if stream:
            assert client.recv(100).startswith(b"HTTP/1.1 200")
    eventually(lambda: upstream.seen()["aborted"] == before["aborted"] + 1)


def test_a_client_that_leaves_a_batch_cancels_all_its_calls(
    served: Served, upstream: Upstream
) -> None:
    before = upstream.seen()
    with _left_open(served, DOMAIN, {"texts": ["Two parcels came.", "No parcel came."]}):
        eventually(lambda: upstream.seen()["count"] == before["count"] + 2)
    eventually(lambda: upstream.seen()["aborted"] == before["aborted"] + 2)
    states = [row["state"] for row in served.rows() if row["endpoint"] == "test/notes"]
    assert states == ["cancelled", "cancelled"]


def test_each_of_them_left_a_cancelled_row(served: Served) -> None:
    eventually(lambda: all(row["state"] == "cancelled" for row in served.rows()))
    assert all(row["cost_nano_usd"] > 0 for row in served.rows())


def test_a_stream_left_before_its_first_byte_costs_its_time_and_a_whole_answer_its_hold(
    served: Served, upstream: Upstream
) -> None:
    path, costs = "/v1/chat/completions", []
    for stream in (True, False):
        called, known = upstream.seen()["count"], _left_rows(served).keys()
        body = {"model": "auto:waits", "stream": stream, "max_tokens": MOST, **BODIES[path]}
        with _left_open(served, path, body):
            eventually(lambda n=called: upstream.seen()["count"] == n + 1)
        eventually(lambda old=known: _left_rows(served).keys() > old)
        costs += [cost for name, cost in _left_rows(served).items() if name not in known]
    assert costs[1] >= MOST * 10_000
    assert 0 < costs[0] < costs[1] / 2  # whenever it ended, and however slow this machine is


def _left_amid(served: Served, policy: str, question: str) -> tuple[str, dict[str, Any]]:
    """Leaves a stream once some words have come; returns these and its call's tokens."""
    known, words = _left_rows(served).keys(), b""
    messages = [{"role": "user", "content": question}]
    body = {"model": f"auto:{policy}", "stream": True, "messages": messages}
    with _left_open(served, "/v1/chat/completions", body) as client:
        while words.count(b'"content"') < 3:
            more = client.recv(1_000)
            assert more, words
            words += more
    eventually(lambda: _left_rows(served).keys() > known)
    (left,) = [
        row for row in served.rows() if row["request_id"] in _left_rows(served).keys() - known
    ]
    said = "".join(re.findall(r'"content":"([^"]+)"', words.decode()))
    (call,) = [call for call in left["attempts"] if call["role"] == "answer"]
    assert (call["state"], call["estimated"]) == ("cancelled", True)
    return said, call["usage"]


LONG = "My parcel has the number 4711 and should have come last week. Where may it be now? " * 20


def test_a_stream_left_amid_costs_the_tokens_that_its_words_can_have(served: Served) -> None:
    said, used = _left_amid(served, "speaks", LONG)
    assert len(LONG) / 4 < used["input_tokens"] < len(LONG) * 0.8
    assert used["output_tokens"] >= len(said.split())


def test_a_stream_left_amid_costs_what_its_provider_had_counted_by_then(served: Served) -> None:
    said, used = _left_amid(served, "counts", "Where is my parcel?")
    assert used["input_tokens"] == 20  # as the provider says; our bound is another
    assert used["output_tokens"] >= len(said.split())


def test_a_stream_left_amid_costs_the_input_that_anthropic_said_at_first(served: Served) -> None:
    said, used = _left_amid(served, "claude", "Where is my parcel?")
    assert (used["input_tokens"], used["cached_input_tokens"]) == (20, 5)
    assert used["output_tokens"] >= len(said.split())


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", list(BODIES))
def test_a_call_made_early_that_is_not_needed_is_cancelled_upstream(
    served: Served, upstream: Upstream, path: str, stream: bool
) -> None:
    before = upstream.seen()
    response = served.post(path, {"model": "auto:races", "stream": stream, **BODIES[path]})
    assert response.status_code == 200
    eventually(lambda: upstream.seen()["aborted"] == before["aborted"] + 1)
    assert upstream.seen()["count"] == before["count"] + 2
    row = served.finished_row(response)
    told = [
        (a["answerer"], a["state"], a["discarded"])
        for a in row["attempts"]
        if a["role"] != "triage"
    ]
    assert told == [("rung-0", "settled", False), ("rung-1", "cancelled", True)]
    assert sum(a["cost_nano_usd"] for a in row["attempts"]) == row["cost_nano_usd"]
