"""A server that is killed in the middle of a stream leaves the provider's id of the call."""

from __future__ import annotations

import signal
from pathlib import Path

import httpx
import pytest

from tests.kits.server_kit import Served, Upstream, eventually, write_ladder

pytestmark = pytest.mark.crash

ASKED = {
    "model": "auto",
    "stream": True,
    "messages": [{"role": "user", "content": "Tell a story."}],
}


def calls_of(served: Served) -> list[dict[str, object]]:
    """Returns the calls of models of all requests."""
    calls = [call for row in served.rows() for call in row["attempts"]]  # type: ignore[attr-defined]
    return [call for call in calls if call["role"] != "triage"]


def test_a_killed_stream_is_found_in_a_bill(address: str, tmp_path: Path) -> None:
    with Upstream(tmp_path) as upstream:
        policy = write_ladder(tmp_path, "tested", upstream.url, "hang", deadline_s=300.0)
        with Served(tmp_path, policy, ledger=address) as served:
            url = f"{served.url}/v1/chat/completions"
            with httpx.stream("POST", url, json=ASKED, timeout=30.0):
                eventually(lambda: any(call["upstream_id"] for call in calls_of(served)))
                served.end(signal.SIGKILL)
        with Served(tmp_path, policy, ledger=address) as again:
            eventually(lambda: calls_of(again)[0]["state"] == "unknown_cost")
            (call,) = calls_of(again)
            assert again.end() == 0
    assert call["upstream_id"]
    assert call["error_code"] == "interrupted"
