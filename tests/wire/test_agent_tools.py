"""Tools of coding agents (namespaces, free text, hosted ones) become functions, and are shown as
they were."""

from __future__ import annotations

import json

import pytest

from router.errors import RequestError
from router.types import Answer, Choice, Delta, JsonText, Message, Sealed, ToolCall, Usage
from router.wire.openai.render import deltas_of
from router.wire.responses.request import CompactFormat, ResponsesExchange, ResponsesFormat
from router.wire.responses.tools import flat_name
from tests.kits.server_kit import events_of

GRAMMAR = {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"}
PATCH = {"type": "custom", "name": "apply_patch", "description": "Edits files.", "format": GRAMMAR}
SPAWN = {"type": "function", "name": "spawn", "parameters": {"type": "object"}, "strict": False}
AGENTS = {"type": "namespace", "name": "agents", "description": "Helpers.", "tools": [SPAWN]}
SEARCH = {"type": "web_search", "external_web_access": True}
USER = {"role": "user", "content": "Fix it."}
JSON_ANSWER = {"format": {"type": "json_object"}}


def read(tools: object = (), items: object = (USER,), **fields: object) -> ResponsesExchange:
    body = {"model": "auto", "input": list(items), "tools": list(tools), **fields}  # type: ignore[call-overload]
    return ResponsesFormat().read(json.dumps(body).encode(), {})


def calling(exchange: ResponsesExchange, *calls: ToolCall) -> tuple[list[dict], list[dict]]:
    """The items of an answer with these calls, whole and streamed."""
    answer = Answer((Choice("", "tool_calls", calls),), "m", Usage())
    whole = json.loads(exchange.whole(answer, id="1", created=2))
    stream = exchange.stream(id="1", created=2, model="m", usage=Usage())
    text = stream.begin() + b"".join(stream.delta(d) for d in deltas_of(answer) if not d.final)
    events = events_of((text + stream.finish(answer)).decode())
    return whole["output"], [told["item"] for kind, told in events if kind.endswith("item.done")]


def test_a_namespace_is_flattened() -> None:
    (tool,) = read([AGENTS]).request.tools
    assert (tool.name, tool.namespace, tool.own_name) == ("agents__spawn", "agents", "spawn")


def test_a_call_into_a_namespace_is_shown_by_its_own_name() -> None:
    whole, streamed = calling(read([AGENTS]), ToolCall("c1", "agents__spawn", "{}"))
    assert whole == streamed
    assert (whole[0]["namespace"], whole[0]["name"]) == ("agents", "spawn")


def test_history_of_a_namespace_is_flattened_too() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "spawn", "arguments": "{}"}
    (_, said) = read([AGENTS], [USER, {**call, "namespace": "agents"}]).request.messages
    assert said.tool_calls == (ToolCall("c", "agents__spawn", "{}"),)


def test_a_choice_in_a_namespace_is_flattened_upstream_alone() -> None:
    chosen = {"type": "function", "name": "spawn", "namespace": "agents"}
    exchange = read([AGENTS], tool_choice=chosen)
    wanted = {"type": "function", "function": {"name": "agents__spawn"}}
    assert json.loads(exchange.request.tool_choice or "") == wanted
    assert json.loads(exchange.echoed)["tool_choice"] == chosen


def test_two_tools_of_one_flat_name_are_refused() -> None:
    other = {**SPAWN, "name": "agents__spawn"}
    with pytest.raises(RequestError) as caught:
        read([AGENTS, other])
    assert caught.value.param == "tools"
    assert "'spawn' of the namespace 'agents'" in caught.value.message
    assert "Rename one" in caught.value.message


def test_the_longest_names_stay_apart() -> None:
    first, second = (flat_name("n" * 40, "t" * 40 + end) for end in "ab")
    assert len(first) == len(second) == 64
    assert first != second


def test_a_custom_tool_is_a_function_of_one_text() -> None:
    (tool,) = read([PATCH]).request.tools
    assert json.loads(tool.parameters)["required"] == ["input"]
    assert "start: /.+/" in tool.description
    assert json.loads(tool.custom or "") == PATCH


@pytest.mark.parametrize("arguments", ['{"input":"*** Begin"}', "*** Begin"])
def test_a_custom_call_is_shown_as_text(arguments: str) -> None:
    whole, streamed = calling(read([PATCH]), ToolCall("c1", "apply_patch", arguments))
    assert whole == streamed
    assert whole == [
        {
            "id": "ctc_1_0",
            "type": "custom_tool_call",
            "call_id": "c1",
            "name": "apply_patch",
            "input": "*** Begin",
            "status": "completed",
        }
    ]


def test_a_custom_call_comes_back_as_it_went_upstream() -> None:
    call = {"type": "custom_tool_call", "call_id": "c", "name": "apply_patch", "input": "é\n"}
    output = {"type": "custom_tool_call_output", "call_id": "c", "output": "Done."}
    (_, said, result) = read([PATCH], [USER, call, output]).request.messages
    assert json.loads(said.tool_calls[0].arguments) == {"input": "é\n"}
    assert result == Message("tool", "Done.", tool_call_id="c")


def test_tools_that_no_tier_has_are_left_out_by_name() -> None:
    exchange = read([SEARCH, SPAWN, {"type": "image_generation"}])
    assert [tool.name for tool in exchange.request.tools] == ["spawn"]
    assert exchange.request.unsupported_tools == ("web_search", "image_generation")


def test_a_choice_of_what_no_tier_has_is_left_out_too() -> None:
    request = read([SPAWN], tool_choice={"type": "web_search"}).request
    assert request.tool_choice is None
    assert request.unsupported_tools == ("web_search",)


def test_the_response_repeats_tools_as_they_came() -> None:
    said = json.loads(read([AGENTS, PATCH, SEARCH]).echoed)["tools"]
    assert said == [AGENTS, PATCH]


def test_what_a_provider_ran_is_left_out_of_the_history() -> None:
    items = [USER, {"type": "web_search_call", "id": "ws_1"}, {"type": "tool_search_output"}]
    assert read([], items).request.messages == (Message("user", "Fix it."),)


def test_words_between_a_call_and_its_result_join_the_call() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    words = {"role": "assistant", "content": "One moment."}
    output = {"type": "function_call_output", "call_id": "c", "output": "ok"}
    messages = read([], [USER, call, words, output]).request.messages
    assert [m.role for m in messages] == ["user", "assistant", "tool"]
    assert messages[1].text == "One moment."


def test_a_picture_that_a_tool_returns_follows_its_result() -> None:
    url = "data:image/png;base64,AAAA"
    output = {
        "type": "function_call_output",
        "call_id": "c",
        "output": [{"type": "input_image", "image_url": url}],
    }
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    messages = read([], [USER, call, output, {**call, "call_id": "d"}]).request.messages
    assert [m.role for m in messages] == ["user", "assistant", "tool", "user", "assistant"]
    assert messages[2].text
    assert [part.kind for part in messages[3].parts] == ["image_url"]


LONG = [USER, {"role": "assistant", "content": "I will."}]
SUMMED_UP = Answer((Choice("Greeting fixed; tests left.", "stop"),), "m", Usage())


def test_a_trigger_asks_for_a_summary_without_calls() -> None:
    exchange = read([SPAWN], [*LONG, {"type": "compaction_trigger"}], text=JSON_ANSWER)
    assert exchange.request.messages[:2] == read([], LONG).request.messages
    assert "Summarize" in exchange.request.last_user_text
    assert exchange.request.tool_choice == '"none"'
    assert exchange.request.response_format.kind == "text"


def test_a_summary_is_one_item_that_later_turns_read() -> None:
    exchange = read([], [*LONG, {"type": "compaction_trigger"}])
    (item,) = json.loads(exchange.whole(SUMMED_UP, id="1", created=2))["output"]
    assert item["type"] == "compaction"
    first, second = read([], [item, USER]).request.messages
    assert first.role == "user"
    assert first.text.endswith("Greeting fixed; tests left.")
    assert second.text == "Fix it."


def test_a_streamed_summary_is_the_same_item() -> None:
    exchange = read([], [*LONG, {"type": "compaction_trigger"}], stream=True)
    stream = exchange.stream(id="1", created=2, model="m", usage=Usage())
    text = b"".join([*map(stream.delta, deltas_of(SUMMED_UP)), stream.finish(SUMMED_UP)])
    events = events_of(text.decode())
    assert [kind for kind, _ in events] == [
        "response.output_item.added",
        "response.output_item.done",
        "response.completed",
    ]
    whole = json.loads(exchange.whole(SUMMED_UP, id="1", created=2))
    assert events[2][1]["response"]["output"] == whole["output"]


def test_what_was_sealed_between_calls_comes_between_them_in_a_stream_too() -> None:
    """Its issuer reads thoughts only in their place. The stream goes out as it comes."""
    calls = (ToolCall("c1", "spawn", "{}"), ToolCall("c2", "spawn", "{}"))
    thoughts = [{"type": "thinking", "thinking": f"{i}", "signature": "s"} for i in range(3)]
    seals = tuple(
        Sealed("thinking", JsonText(json.dumps(thought)), "issuer", at)
        for thought, at in zip(thoughts, (0, 1, 2), strict=True)
    )
    answer = Answer((Choice("Hm.", "tool_calls", calls, sealed=seals),), "m", Usage())
    exchange = read([SPAWN])
    stream = exchange.stream(id="1", created=2, model="m", usage=Usage())
    pieces = [Delta(sealed=seals[0]), Delta(text="Hm."), *[Delta(sealed=s) for s in seals[1:]]]
    text = b"".join([*map(stream.delta, pieces), stream.finish(answer)]).decode()
    items = [told["item"] for kind, told in events_of(text) if kind.endswith("item.done")]
    whole = json.loads(exchange.whole(answer, id="1", created=2))["output"]
    assert [item["type"] for item in items] == [item["type"] for item in whole]
    assert [item["type"] for item in items[-3:]] == ["function_call", "reasoning", "function_call"]


def test_what_another_server_compacted_is_left_out() -> None:
    item = {"type": "compaction", "encrypted_content": "gAAAA"}
    assert read([], [item, USER]).request.messages == (Message("user", "Fix it."),)


def test_compacting_keeps_what_the_user_said() -> None:
    body = {"model": "auto", "input": LONG, "stream": True}
    exchange = CompactFormat().read(json.dumps(body).encode(), {})
    assert not exchange.request.stream
    parsed = json.loads(exchange.whole(SUMMED_UP, id="1", created=2))
    assert parsed["object"] == "response.compaction"
    kept, item = parsed["output"]
    assert kept == {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": "Fix it."}],
    }
    assert item["type"] == "compaction"
