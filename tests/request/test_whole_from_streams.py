"""Whole answers whose upstream streams them (`first_byte_s`): what they cost where they break off.

A stream and a whole answer of the same upstream cost the same: what had come is known of both.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.kits.server_kit import Served, Upstream, eventually, write_ladder

pytestmark = pytest.mark.process

ASKED = [{"role": "user", "content": "Where is my parcel?"}]
PATH = "/v1/chat/completions"
STREAMED = {"first_byte_s": 100.0, "max_output_tokens": 100_000}
HELD_NANO_USD = 100_000 * 10_000  # at $10 a million tokens
NOTHING = {"default": "none", "hard_rule": "none"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    policies = [
        write_ladder(folder, "cut", upstream.url, "cut", verify=NOTHING, **STREAMED),
        write_ladder(
            folder, "unasked", upstream.url, "always-streams:cut", max_output_tokens=100_000
        ),
        write_ladder(
            folder, "mute", upstream.url, "always-streams:mute", max_output_tokens=100_000
        ),
        write_ladder(folder, "speaks", upstream.url, "paced:0,0.05,1000", **STREAMED),
        write_ladder(folder, "waits", upstream.url, "hang", **STREAMED),
    ]
    with Served(folder, *policies) as server:
        yield server


def call_of(row: dict[str, Any]) -> dict[str, Any]:
    """Returns the row's call of a model."""
    (call,) = [call for call in row["attempts"] if call["role"] == "answer"]
    return dict(call)


def test_a_whole_answer_that_breaks_off_costs_what_its_stream_would(served: Served) -> None:
    calls = []
    for stream in (True, False):
        response = served.chat("auto:cut", stream=stream)
        calls.append(call_of(served.finished_row(response)))
    streamed, whole = calls
    assert whole["error_code"] == "stream_cut"
    assert (whole["state"], whole["estimated"]) == ("settled", True)
    assert whole["usage"] == streamed["usage"]
    assert 0 < whole["cost_nano_usd"] == streamed["cost_nano_usd"] < HELD_NANO_USD / 100


def test_a_stream_that_nobody_asked_for_costs_what_came(served: Served) -> None:
    whole = call_of(served.finished_row(served.chat("auto:unasked")))
    assert whole["error_code"] == "stream_cut"
    assert whole["state"] == "settled"
    assert 0 < whole["cost_nano_usd"] < HELD_NANO_USD / 100


@pytest.mark.parametrize(("policy", "least"), [("speaks", 1), ("waits", 0), ("mute", 0)])
def test_a_client_that_leaves_pays_no_hold(
    served: Served, upstream: Upstream, policy: str, least: int
) -> None:
    before, known = upstream.seen(), {row["request_id"] for row in served.rows()}
    parts = urlsplit(served.url)
    content = json.dumps({"model": f"auto:{policy}", "messages": ASKED}).encode()
    with socket.create_connection((parts.hostname, parts.port)) as client:
        head = f"POST {PATH} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        client.sendall(f"{head}content-length: {len(content)}\r\n\r\n".encode() + content)
        eventually(lambda: upstream.seen()["count"] == before["count"] + 1)
        time.sleep(0.5)  # the client's patience
    eventually(lambda: upstream.seen()["aborted"] == before["aborted"] + 1)

    def left() -> list[dict[str, Any]]:
        return [
            row
            for row in served.rows()
            if row["request_id"] not in known and row["state"] == "cancelled"
        ]

    eventually(lambda: len(left()) == 1)
    call = call_of(left()[0])
    assert (call["state"], call["estimated"]) == ("cancelled", True)
    assert call["usage"]["output_tokens"] >= least
    assert 0 < call["cost_nano_usd"] < HELD_NANO_USD / 2
