"""A model that must get its thoughts back ends its tool loop, from each endpoint of clients."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kits.server_kit import Served, Upstream, write_ladder

ASKED = {"role": "user", "content": "Where is my parcel?"}
THOUGHTS = "The order 4711 first."
PARAMETERS = {"type": "object", "properties": {}}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("thinking")
    key = {"send_reasoning_as": "reasoning_content"}
    with Upstream(folder) as upstream:
        back = write_ladder(folder, "back", upstream.url, "thinking-loop", **key)
        lost = write_ladder(folder, "lost", upstream.url, "thinking-loop")
        full = {**key, "context_tokens": 256}
        tight = write_ladder(folder, "tight", upstream.url, "thinking-loop", **full)
        with Served(folder, back, lost, tight) as server:
            yield server


def chat(served: Served, policy: str, *messages: object) -> dict[str, object]:
    tool = {"type": "function", "function": {"name": "f", "parameters": PARAMETERS}}
    body = {"model": f"auto:{policy}", "messages": [ASKED, *messages], "tools": [tool]}
    answer: dict[str, object] = served.post("/v1/chat/completions", body).json()
    return answer


def test_chat_completions_give_the_thoughts_back(served: Served) -> None:
    called = chat(served, "back")["choices"][0]["message"]  # type: ignore[index]
    assert called["reasoning_content"] == THOUGHTS
    result = {"role": "tool", "tool_call_id": "c1", "content": "On its way."}
    answered = chat(served, "back", called, result)
    assert answered["choices"][0]["message"]["content"] == f"I thought: {THOUGHTS}"  # type: ignore[index]


def test_thoughts_that_the_model_got_are_not_told_as_dropped(served: Served) -> None:
    turns = [{"role": "assistant", "content": "Hello.", "reasoning": "A greeting."}, ASKED]
    body = {"model": "auto:back", "messages": [ASKED, *turns]}
    answered = served.post("/v1/chat/completions", body)
    assert answered.json()["choices"][0]["message"]["content"] == "I thought: A greeting."
    assert "x-tiergate-dropped" not in answered.headers


def test_thoughts_that_a_client_dropped_stop_no_loop(served: Served) -> None:
    called = chat(served, "back")["choices"][0]["message"]  # type: ignore[index]
    del called["reasoning_content"]
    result = {"role": "tool", "tool_call_id": "c1", "content": "On its way."}
    assert "choices" in chat(served, "back", called, result)


def test_without_the_key_a_refused_second_turn_says_what_to_set(served: Served) -> None:
    called = chat(served, "lost")["choices"][0]["message"]  # type: ignore[index]
    result = {"role": "tool", "tool_call_id": "c1", "content": "On its way."}
    error = chat(served, "lost", called, result)["error"]
    assert error["code"] == "upstream_rejected"  # type: ignore[index]
    wanted = "set `send_reasoning_as: reasoning_content` in"
    assert wanted in error["message"]  # type: ignore[index]


@pytest.mark.parametrize(("words", "code"), [(1, None), (300, "context_length_exceeded")])
def test_thoughts_that_fill_the_window_are_the_clients_to_shorten(
    served: Served, words: int, code: str | None
) -> None:
    turns = [{"role": "assistant", "content": "Hi.", "reasoning": "Hm. " * words}, ASKED]
    body = {"model": "auto:tight", "messages": [ASKED, *turns]}
    response = served.post("/v1/chat/completions", body)
    said = response.json()
    assert said.get("error", {}).get("code") == code
    if code is None:
        (fact,) = served.row(response)["record"]["facts"]
        assert fact["thought_tokens"] == 1


def test_messages_give_the_thoughts_back(served: Served) -> None:
    def ask(*messages: object) -> list[dict[str, object]]:
        body = {
            "model": "auto:back",
            "max_tokens": 2_000,
            "thinking": {"type": "enabled", "budget_tokens": 1_024},
            "tools": [{"name": "f", "input_schema": PARAMETERS}],
            "messages": [ASKED, *messages],
        }
        blocks: list[dict[str, object]] = served.post("/v1/messages", body).json()["content"]
        return blocks

    blocks = ask()
    assert [block["type"] for block in blocks] == ["thinking", "tool_use"]
    result = {"type": "tool_result", "tool_use_id": "c1", "content": "On its way."}
    answered = ask({"role": "assistant", "content": blocks}, {"role": "user", "content": [result]})
    assert answered[-1]["text"] == f"I thought: {THOUGHTS}"


def test_responses_give_the_thoughts_back(served: Served) -> None:
    def ask(*items: object) -> list[dict[str, object]]:
        tool = {"type": "function", "name": "f", "parameters": PARAMETERS, "strict": False}
        body = {"model": "auto:back", "input": [ASKED, *items], "tools": [tool]}
        output: list[dict[str, object]] = served.post("/v1/responses", body).json()["output"]
        return output

    output = ask()
    assert [item["type"] for item in output] == ["reasoning", "function_call"]
    result = {"type": "function_call_output", "call_id": "c1", "output": "On its way."}
    answered = ask(*output, result)
    assert answered[-1]["content"][0]["text"] == f"I thought: {THOUGHTS}"  # type: ignore[index]
