"""A budget of thoughts that an upstream of Anthropic's wire gets: below the cap of output.

A real server before a real upstream that refuses a budget of `max_tokens` or more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from router.money.cost import THINKING_CAP, own_cap
from router.types import BodyRules, ChatRequest, Original
from router.wire.anthropic.thinking import fitted
from tests.kits.changed import replace
from tests.kits.server_kit import Served, Upstream, write_ladder
from tests.kits.upstreams.upstream_kit import facts

EDITS = {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}
CLAUDE_CODE: dict[str, object] = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 32_000,
    "thinking": {"budget_tokens": 31_999, "type": "enabled"},
    "messages": [{"role": "user", "content": [{"type": "text", "text": "Correct the greeting."}]}],
    "tools": [{"name": "Read", "description": "d", "input_schema": {"type": "object"}}],
    "metadata": {"user_id": "user_1"},
}
"""What Claude Code sends first to a model that it takes for Claude Sonnet 4.5."""

USUAL = replace(
    facts(),
    max_output_tokens=16_384,
    least_output_tokens=1_024,
    context_tokens=200_000,
    body=BodyRules(wire="anthropic"),
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with Upstream(folder) as upstream:
        named = {"wire": "anthropic", "context_tokens": 200_000}
        aliases = {"aliases": {"claude-*": "auto:usual"}}
        policies = [
            write_ladder(folder, "usual", upstream.url, "echo", sections=aliases, **named),
            write_ladder(folder, "short", upstream.url, "echo", max_output_tokens=8_000, **named),
            write_ladder(folder, "least", upstream.url, "echo", max_output_tokens=1_024, **named),
            write_ladder(folder, "own", upstream.url, "echo", wire="anthropic"),
            write_ladder(folder, "given", upstream.url, "echo", pass_through=["thinking"], **named),
        ]
        with Served(folder, *policies) as server:
            yield server


def asked(served: Served, **fields: object) -> httpx.Response:
    response = served.post("/v1/messages?beta=true", {**CLAUDE_CODE, **fields})
    assert response.status_code == 200, response.text
    return response


def sent(response: httpx.Response) -> dict[str, object]:
    return dict(json.loads(response.json()["content"][0]["text"])["body"])


@pytest.mark.process
def test_claude_code_thinks_as_far_as_it_asks(served: Served) -> None:
    response = asked(served)
    assert sent(response) == CLAUDE_CODE | {"model": "echo"}
    assert "x-tiergate-dropped" not in response.headers
    assert "x-tiergate-max-output-tokens" not in response.headers


@pytest.mark.process
def test_a_cap_without_a_budget_above_it_stays_the_usual_one(served: Served) -> None:
    thinking = {"type": "enabled", "budget_tokens": 10_000}
    response = asked(served, thinking=thinking)
    assert sent(response)["max_tokens"] == 16_384
    assert sent(response)["thinking"] == thinking
    assert response.headers["x-tiergate-max-output-tokens"] == "16384"


@pytest.mark.process
def test_a_stated_cap_lowers_the_budget_and_says_so(served: Served) -> None:
    response = asked(served, model="auto:short")
    assert sent(response)["max_tokens"] == 8_000
    assert sent(response)["thinking"] == {"type": "enabled", "budget_tokens": 6_000}
    assert response.headers["x-tiergate-dropped"] == "thinking.budget_tokens"
    assert response.headers["x-tiergate-max-output-tokens"] == "8000"


@pytest.mark.process
def test_where_no_budget_fits_nothing_is_thought(served: Served) -> None:
    response = asked(served, model="auto:least", context_management=EDITS)
    assert not {"thinking", "context_management"} & sent(response).keys()
    assert response.headers["x-tiergate-dropped"] == "thinking"


@pytest.mark.process
def test_a_cap_that_little_money_lowers_takes_the_budget_with_it(served: Served) -> None:
    response = asked(served, routing={"max_cost_usd": 0.2})
    cap = sent(response)["max_tokens"]
    assert 1_024 < cap < 16_384
    assert sent(response)["thinking"]["budget_tokens"] == cap * 3 // 4
    assert response.headers["x-tiergate-dropped"] == "thinking.budget_tokens"


@pytest.mark.process
def test_a_budget_that_a_policy_lets_chat_clients_send_is_lowered_too(served: Served) -> None:
    thinking = {"type": "enabled", "budget_tokens": 20_000}
    response = served.chat("auto:given", thinking=thinking)
    body = json.loads(response.json()["choices"][0]["message"]["content"])["body"]
    assert (body["max_tokens"], body["thinking"]["budget_tokens"]) == (16_384, 12_288)
    assert response.headers["x-tiergate-dropped"] == "thinking.budget_tokens"


@pytest.mark.process
def test_a_chat_client_is_told_that_its_budget_does_not_fit_below_its_own_cap(
    served: Served,
) -> None:
    thinking = {"type": "enabled", "budget_tokens": 20_000}
    response = served.chat("auto:given", thinking=thinking, max_tokens=1_000)
    body = json.loads(response.json()["choices"][0]["message"]["content"])["body"]
    assert "thinking" not in body
    assert response.headers["x-tiergate-dropped"] == "thinking"


def test_a_budget_above_the_clients_own_cap_is_for_anthropic_to_judge() -> None:
    assert fitted(50_000, 8_000, 8_000) == 50_000


@pytest.mark.parametrize(
    ("budget", "more", "cap"),
    [
        (16_383, {}, 16_384),
        (16_384, {}, THINKING_CAP),
        (31_999, {"least_output_tokens": None}, 16_384),
        (31_999, {"context_tokens": 100_000}, 25_000),
    ],
)
def test_only_a_cap_that_nobody_stated_gives_way(
    budget: int, more: dict[str, object], cap: int
) -> None:
    usual = replace(USUAL, **more)
    request = ChatRequest((), "auto", original=Original(b"", {}, (), (), thinking_tokens=budget))
    assert own_cap(usual, request) == cap
