"""A budget that running calls hold for seconds: who is asked to wait, and who cannot."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import httpx
import pytest
import yaml

from tests.kits.dashboard_kit import answerer
from tests.kits.server_kit import Served, Upstream, eventually

pytestmark = pytest.mark.process

LEGAL = "The indemnity clause caps liability at $2M. Do we sign?"
EMERGENCY = "I want to kill myself"
COSTLY = 100.0  # dollars per million tokens: one call holds $0.03 and costs far less
ROOM_FOR_ONE = 0.05


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Upstream]]:
    """A server with room for one call at a time, each of which takes seconds."""
    folder = tmp_path_factory.mktemp("held")
    with Upstream(folder) as upstream:
        thinker = answerer("thinker", "slow:8", upstream.url, COSTLY)
        policy = folder / "held.yaml"
        content = {
            "version": 1,
            "name": "held",
            "tiers": [{"name": "reasoning", "level": 3, "answerers": [thinker]}],
            "budgets": {"*": {"usd_per_day": ROOM_FOR_ONE}},
        }
        policy.write_text(yaml.safe_dump(content), "utf-8")
        with Served(folder, policy) as server:
            yield server, upstream


def asked(served: Served, text: str, *, stream: bool = False) -> httpx.Response:
    messages = [{"role": "user", "content": text}]
    return served.chat(messages=messages, max_completion_tokens=250, stream=stream)


@pytest.mark.parametrize("stream", [False, True])
def test_a_grave_matter_waits_for_money_that_running_calls_hold(
    place: tuple[Served, Upstream], *, stream: bool
) -> None:
    served, upstream = place
    calls = upstream.seen()["count"]
    answers: list[httpx.Response] = []
    running = threading.Thread(target=lambda: answers.append(asked(served, LEGAL)))
    running.start()
    eventually(lambda: upstream.seen()["count"] > calls)
    refused = asked(served, LEGAL, stream=stream)
    urgent = asked(served, EMERGENCY, stream=stream)
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "1"
    assert "x-should-retry" not in refused.headers
    assert "when running calls have ended" in refused.json()["error"]["message"]
    assert urgent.status_code == 200
    assert urgent.headers["x-tiergate-verdict"] == "safe_answer"
    running.join()
    assert answers[0].status_code == 200
    again = asked(served, LEGAL, stream=stream)
    assert again.status_code == 200
    assert upstream.seen()["count"] == calls + 2
