"""A call that a deadline ends: a stream costs its time, and a whole answer its hold.

Its upstream sees a stream closed then, as it does where a client leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
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
    url = upstream.url
    policies = [
        write_ladder(folder, "hangs", url, "slow:3600", max_output_tokens=MOST),
        write_ladder(folder, "ends", url, "slow:3600", max_output_tokens=MOST, deadline_s=1.0),
        write_ladder(folder, "idle", url, "slow:3600", max_output_tokens=MOST, idle_s=1.0),
        write_ladder(
            folder, "streamed", url, "slow:3600", max_output_tokens=MOST, first_byte_s=1.0
        ),
    ]  # fmt: skip
    with Served(folder, *policies) as server:
        yield server


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
