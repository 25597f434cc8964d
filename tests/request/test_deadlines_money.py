"""A call that a deadline ends: a stream costs its time, and a whole answer its hold.

Its upstream sees a stream closed then, as it does where a client leaves. A call of which nothing
went out, since its upstream took no connection or it waited for its turn, costs nothing.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from router.request.calls.call_books import MOST_THOUGHT_PER_SECOND
from tests.kits.server_kit import Served, Upstream, eventually, write_ladder

pytestmark = pytest.mark.process

MOST = 400_000
"""Tokens that no stream can have been charged for half of within these deadlines."""
HELD_NANO_USD = MOST * 10_000  # at $10 a million tokens
SHORT = {"deadline_ms": 1_000}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with ExitStack() as opened, Served(folder, *_policies(folder, upstream.url, opened)) as server:
        yield server


def _policies(folder: Path, url: str, opened: ExitStack) -> list[Path]:
    """Writes a policy for each way to wait; `unheard` waits for a connection that never stands."""
    deaf = opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
    for _ in range(4):  # as many as its queue takes, and more
        full = opened.enter_context(socket.socket())
        full.setblocking(False)
        full.connect_ex(deaf.getsockname())
    unheard = f"http://127.0.0.1:{deaf.getsockname()[1]}/v1"
    waiting = {"max_output_tokens": MOST, "connect_timeout_s": 60.0}
    return [
        write_ladder(folder, "hangs", url, "slow:3600", max_output_tokens=MOST),
        write_ladder(folder, "ends", url, "slow:3600", max_output_tokens=MOST, deadline_s=1.0),
        write_ladder(folder, "idle", url, "slow:3600", max_output_tokens=MOST, idle_s=1.0),
        write_ladder(
            folder, "streamed", url, "slow:3600", max_output_tokens=MOST, first_byte_s=1.0
        ),
        write_ladder(folder, "unheard", unheard, "answer", **waiting),
        write_ladder(
            folder, "refined", url, "slow:3600", max_output_tokens=MOST, steps=["solve", "refine"]
        ),
        write_ladder(folder, "single", url, "slow:3600", concurrency=1, max_output_tokens=MOST),
    ]  # fmt: skip


def call_of(served: Served, policy: str, **fields: object) -> dict[str, Any]:
    """Returns the call of a request that its deadline ended."""
    response = served.chat(f"auto:{policy}", **fields)
    assert response.status_code == 504 or b"deadline" in response.content, response.text
    row: dict[str, Any] = served.finished_row(response)
    (call,) = [call for call in row["attempts"] if call["role"] == "answer"]
    assert call["error_code"] == "deadline_exceeded"
    return call


@pytest.mark.parametrize(
    ("policy", "fields"),
    [
        ("hangs", {"stream": True, "routing": SHORT}),
        ("ends", {"stream": True}),
        ("idle", {"stream": True}),
        ("streamed", {"stream": False}),
    ],
)
def test_a_stream_that_a_deadline_ends_costs_its_time(
    served: Served, upstream: Upstream, policy: str, fields: dict[str, Any]
) -> None:
    before = upstream.seen()["aborted"]
    call = call_of(served, policy, **fields)
    eventually(lambda: upstream.seen()["aborted"] == before + 1)  # its upstream is told
    assert (call["state"], call["estimated"]) == ("settled", True)
    assert call["usage"]["output_tokens"] >= 0.9 * MOST_THOUGHT_PER_SECOND
    assert 0 < call["cost_nano_usd"] < HELD_NANO_USD / 2


def test_a_whole_answer_that_a_deadline_ends_costs_its_hold(served: Served) -> None:
    call = call_of(served, "hangs", stream=False, routing=SHORT)
    assert (call["state"], call["estimated"]) == ("unknown_cost", True)
    assert call["cost_nano_usd"] >= HELD_NANO_USD


def test_a_whole_answer_for_a_client_that_streams_costs_its_hold(served: Served) -> None:
    call = call_of(served, "refined", stream=True, routing=SHORT)
    assert (call["state"], call["estimated"]) == ("unknown_cost", True)
    assert call["cost_nano_usd"] >= HELD_NANO_USD


@pytest.mark.parametrize("stream", [False, True])
def test_a_call_that_a_deadline_ends_before_it_was_sent_costs_nothing(
    served: Served, stream: bool
) -> None:
    call = call_of(served, "unheard", stream=stream, routing=SHORT)
    assert (call["state"], call["cost_nano_usd"], call["cost_basis"]) == ("failed", 0, "none")


def test_a_client_that_leaves_before_its_call_was_sent_pays_nothing(
    served: Served, upstream: Upstream
) -> None:
    before = upstream.seen()["count"]
    with left_open(served, "single"):
        eventually(lambda: upstream.seen()["count"] == before + 1)
        for policy in ("unheard", "single"):  # it waits for a connection, and for its turn
            with left_open(served, policy):
                eventually(lambda p=policy: _state(served, p) == "open")
            eventually(lambda p=policy: _state(served, p) == "cancelled")
            (call,) = [one for one in _last(served, policy)["attempts"] if one["role"] == "answer"]
            assert (call["state"], call["cost_nano_usd"]) == ("released", 0)


def left_open(served: Served, policy: str) -> socket.socket:
    """Returns a connection over which a request for a whole answer was sent."""
    body = {"model": f"auto:{policy}", "messages": [{"role": "user", "content": "Where is it?"}]}
    content, client = json.dumps(body).encode(), served.connect()
    head = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    client.sendall(f"{head}content-length: {len(content)}\r\n\r\n".encode() + content)
    return client


def _last(served: Served, policy: str) -> dict[str, Any]:
    rows = [row for row in served.rows() if row["requested_model"] == f"auto:{policy}"]
    return max(rows, key=lambda row: str(row["request_id"]), default={})


def _state(served: Served, policy: str) -> str:
    return str(_last(served, policy).get("state"))
