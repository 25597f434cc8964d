"""Answers to bytes, as the SDKs want them; the openai package's own types are the judge."""

from __future__ import annotations

from itertools import permutations

import orjson
import pytest
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from router import errors
from router.types import Answer, Choice, Delta, JsonText, TokenLogprob, ToolCall, Usage
from router.wire.openai.answers import parse_completion
from router.wire.openai.render import (
    StreamRenderer,
    deltas_of,
    render_completion,
    render_error,
    render_error_event,
    render_model,
    render_models,
)
from router.wire.openai.usage import parse_usage

USAGE = Usage(12, 3, 2, 7, 4, True)
CALL = ToolCall("c1", "look_up", '{"id":1}')
TEXT = Answer((Choice("Hello", "stop"),), "m-1", USAGE)
TOOLS = Answer((Choice("", "tool_calls", (CALL, CALL)),), "m-1", USAGE)


def stream(answer: Answer, *, usage: bool = False, routing: str | None = None) -> list[bytes]:
    renderer = StreamRenderer(id="chatcmpl-1", created=17, model="m-1", include_usage=usage)
    pieces = [renderer.delta(delta) for delta in deltas_of(answer)]
    pieces.append(renderer.finish(answer, None if routing is None else JsonText(routing)))
    events = b"".join(pieces).split(b"\n\n")
    assert events[-2:] == [b"data: [DONE]", b""]
    return [event.removeprefix(b"data: ") for event in events[:-2]]


def test_completion_is_what_the_openai_package_reads() -> None:
    body = render_completion(TEXT, id="chatcmpl-1", created=17)
    read = ChatCompletion.model_validate_json(body)
    assert (read.id, read.object, read.created, read.model) == (
        "chatcmpl-1",
        "chat.completion",
        17,
        "m-1",
    )
    assert read.choices[0].message.content == "Hello"
    assert read.choices[0].finish_reason == "stop"
    assert read.usage is not None
    assert (read.usage.prompt_tokens, read.usage.completion_tokens) == (12, 7)
    assert read.usage.total_tokens == 19


def test_required_keys_of_a_message_are_there_though_empty() -> None:
    choice = orjson.loads(render_completion(TOOLS, id="a", created=1))["choices"][0]
    assert choice["message"]["content"] is None
    assert choice["message"]["refusal"] is None
    assert choice["logprobs"] is None
    assert choice["message"]["tool_calls"][0]["function"]["arguments"] == '{"id":1}'


def test_empty_answer_has_empty_text_rather_than_null() -> None:
    answer = Answer((Choice("", "stop"),), "m", Usage())
    assert orjson.loads(render_completion(answer, id="a", created=1))["choices"][0]["message"] == {
        "role": "assistant",
        "content": "",
        "refusal": None,
    }


def test_cached_tokens_are_part_of_prompt_tokens() -> None:
    usage = orjson.loads(render_completion(TEXT, id="a", created=1))["usage"]
    assert usage["prompt_tokens_details"] == {
        "cached_tokens": 3,
        "audio_tokens": 0,
        "cache_write_tokens": 2,
    }
    assert usage["completion_tokens_details"]["reasoning_tokens"] == 4


def test_routing_stands_in_the_body_only_when_given() -> None:
    plain = orjson.loads(render_completion(TEXT, id="a", created=1))
    routed = orjson.loads(
        render_completion(TEXT, id="a", created=1, routing=JsonText('{"tier":"x"}'))
    )
    assert "routing" not in plain
    assert routed == {**plain, "routing": {"tier": "x"}}


def test_reasoning_refusal_logprobs_are_rendered() -> None:
    token = TokenLogprob("é", float("-inf"), (TokenLogprob("e", -0.5),))
    choice = Choice("é", "content_filter", refusal="no", reasoning="hm", logprobs=(token,))
    body = render_completion(Answer((choice,), "m", Usage()), id="a", created=1)
    read = orjson.loads(body)["choices"][0]
    assert read["message"]["reasoning_content"] == "hm"
    assert read["message"]["refusal"] == "no"
    assert read["logprobs"]["content"][0] == {
        "token": "é",
        "logprob": -9999.0,
        "bytes": [195, 169],
        "top_logprobs": [{"token": "e", "logprob": -0.5, "bytes": [101]}],
    }


def test_lone_surrogate_in_an_answer_does_not_stop_it() -> None:
    answer = Answer((Choice("a\ud800b", "stop"),), "m", Usage())
    body = render_completion(answer, id="a", created=1)
    assert orjson.loads(body)["choices"][0]["message"]["content"] == "a?b"


def test_stream_is_what_the_openai_package_reads() -> None:
    chunks = [ChatCompletionChunk.model_validate_json(event) for event in stream(TEXT)]
    assert {(c.id, c.created, c.model) for c in chunks} == {("chatcmpl-1", 17, "m-1")}
    assert [c.choices[0].delta.role for c in chunks] == ["assistant", None]
    assert chunks[0].choices[0].delta.content == "Hello"
    assert [c.choices[0].finish_reason for c in chunks] == [None, "stop"]


THREE = Answer(tuple([Choice(word, "stop") for word in "abc"]), "m-1", USAGE)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_choices_begin_in_the_order_of_their_numbers(order: tuple[int, ...]) -> None:
    """The openai package's helper puts each new choice at the end of its list."""
    renderer, state = StreamRenderer(id="c", created=1, model="m"), ChatCompletionStreamState()
    pieces = [renderer.delta(Delta(text=THREE.choices[i].text, index=i)) for i in order]
    wire = b"".join([*pieces, renderer.finish(THREE)])
    chunks = [ChatCompletionChunk.model_validate_json(e[6:]) for e in wire.split(b"\n\n")[:-2]]
    for chunk in chunks:
        state.handle_chunk(chunk)
    kept = [(c.message.content, c.finish_reason) for c in state.get_final_completion().choices]
    assert kept == [(c.text, c.finish_reason) for c in THREE.choices]
    assert [c.choices[0].index for c in chunks if c.choices[0].delta.role] == [0, 1, 2]


def test_a_choice_that_speaks_in_its_turn_has_no_chunk_before_its_words() -> None:
    renderer = StreamRenderer(id="c", created=1, model="m")
    pieces = [renderer.delta(Delta(text="x", index=i)) for i in (0, 1, 0)]
    assert [piece.count(b"data: ") for piece in pieces] == [1, 1, 1]


def test_finish_chunk_has_an_empty_delta() -> None:
    assert orjson.loads(stream(TEXT)[-1])["choices"][0]["delta"] == {}


def test_usage_is_null_until_the_last_chunk_when_asked_for() -> None:
    *chunks, last = [orjson.loads(event) for event in stream(TEXT, usage=True)]
    assert [chunk["usage"] for chunk in chunks] == [None, None]
    assert (last["choices"], last["usage"]["total_tokens"]) == ([], 19)


def test_no_chunk_lacks_choices_when_usage_was_not_asked_for() -> None:
    chunks = [orjson.loads(event) for event in stream(TEXT)]
    assert all(chunk["choices"] and "usage" not in chunk for chunk in chunks)


def test_routing_is_in_the_last_chunk() -> None:
    for usage in (True, False):
        chunks = [orjson.loads(event) for event in stream(TEXT, usage=usage, routing='{"a":1}')]
        assert [chunk.get("routing") for chunk in chunks] == [None] * (len(chunks) - 1) + [{"a": 1}]


def test_tool_call_is_named_once_while_its_arguments_come_in_pieces() -> None:
    renderer = StreamRenderer(id="a", created=1, model="m")
    first = Delta(tool_call_index=1, tool_call=ToolCall("c1", "f", ""))
    later = Delta(tool_call_index=1, tool_call=ToolCall("", "", '{"a"'))
    pieces = [orjson.loads(renderer.delta(delta)[6:]) for delta in (first, later)]
    assert [piece["choices"][0]["delta"]["tool_calls"] for piece in pieces] == [
        [
            {
                "index": 1,
                "id": "c1",
                "type": "function",
                "function": {"name": "f", "arguments": ""},
            }
        ],
        [{"index": 1, "function": {"arguments": '{"a"'}}],
    ]


def test_each_choice_has_one_role_one_finish_reason() -> None:
    answer = Answer((Choice("a", "stop"), Choice("", "length")), "m", Usage())
    choices = [orjson.loads(event)["choices"][0] for event in stream(answer)]
    roles = [c["index"] for c in choices if "role" in c["delta"]]
    ends = [(c["index"], c["finish_reason"]) for c in choices if c["finish_reason"]]
    assert (roles, ends) == ([0, 1], [(0, "stop"), (1, "length")])


def test_refusal_is_streamed() -> None:
    answer = Answer((Choice("", "stop", refusal="I won't."),), "m", Usage())
    assert orjson.loads(stream(answer)[0])["choices"][0]["delta"] == {
        "role": "assistant",
        "refusal": "I won't.",
    }


def test_final_delta_renders_nothing_by_itself() -> None:
    assert StreamRenderer(id="a", created=1, model="m").delta(Delta(final=TEXT)) == b""


def every_error() -> list[errors.TiergateError]:
    found: list[type[errors.TiergateError]] = [errors.TiergateError]
    for kind in found:
        found += [sub for sub in kind.__subclasses__() if sub not in found]
    mistake = errors.Mistake("p.yaml", 1, "a", "b", "c")
    given = {errors.PolicyError: ((mistake,),), errors.Stopping: (), errors.NotServing: ()}
    return [kind(*given.get(kind, ("what",))) for kind in found]  # type: ignore[arg-type]


@pytest.mark.parametrize("error", every_error(), ids=lambda error: type(error).__name__)
def test_error_body_has_exactly_four_keys(error: errors.TiergateError) -> None:
    body = orjson.loads(render_error(error))
    assert set(body) == {"error"}
    assert set(body["error"]) == {"message", "type", "param", "code"}
    assert render_error_event(error) == b"data: " + render_error(error) + b"\n\n"


def test_models_are_listed() -> None:
    listed = orjson.loads(render_models([("auto", 1, "tiergate"), ("a/b", 2, "x")]))
    assert listed["object"] == "list"
    assert listed["data"][1] == orjson.loads(render_model("a/b", 2, "x"))
    assert listed["data"][0] == {
        "id": "auto",
        "object": "model",
        "created": 1,
        "owned_by": "tiergate",
    }


@pytest.mark.parametrize(
    ("indices", "texts"),
    [
        ([0, 1, 2], "abc"),
        ([2, 0, 1], "bca"),
        ([0, 0, 1], "abc"),
        ([None, None, None], "abc"),
        ([True, 0, 2], "abc"),
        ([1, 2, 3], "abc"),
    ],
)
def test_choices_stand_where_their_index_says(indices: list[object], texts: str) -> None:
    choices = [
        {"index": index, "message": {"content": text}, "finish_reason": "stop"}
        for index, text in zip(indices, "abc", strict=True)
    ]
    answer = parse_completion(orjson.dumps({"choices": choices}))
    assert "".join(choice.text for choice in answer.choices) == texts


def test_tokens_of_half_a_character_keep_their_bytes() -> None:
    def token(text: str, raw: object) -> dict[str, object]:
        return {"token": text, "logprob": -0.5, "bytes": raw}

    said = [
        {**token("\\xf0\\x9f", [0xF0, 0x9F]), "top_logprobs": [token("\\x98", [0x98])]},
        {**token("é", [0xC3, 0xA9]), "top_logprobs": []},
        {**token("a", None), "top_logprobs": [token("b", [256]), token("c", "x")]},
    ]
    choice = {"message": {"content": "x"}, "finish_reason": "stop", "logprobs": {"content": said}}
    answer = parse_completion(orjson.dumps({"choices": [choice]}))
    shown = orjson.loads(render_completion(answer, id="x", created=1))
    found = shown["choices"][0]["logprobs"]["content"]
    assert [one["bytes"] for one in found] == [[0xF0, 0x9F], [0xC3, 0xA9], [97]]
    assert [[t["bytes"] for t in one["top_logprobs"]] for one in found] == [
        [[0x98]],
        [],
        [[98], [99]],
    ]


@pytest.mark.parametrize(
    ("upstream_id", "expected"),
    [
        ("chatcmpl-1", ["call_1_0", "call_1_1"]),
        ("chatcmpl-2", ["call_2_0", "call_2_1"]),
        ("x" * 99, [f"call_{'x' * 28}_0", f"call_{'x' * 28}_1"]),
        ("é/", ["call_0", "call_1"]),
        (None, ["call_0", "call_1"]),
    ],
)
def test_calls_without_an_id_have_one_of_their_turn(
    upstream_id: str | None, expected: list[str]
) -> None:
    calls = [{"id": none, "function": {"name": "f", "arguments": "{}"}} for none in (None, "")]
    choice = {"message": {"content": None, "tool_calls": calls}, "finish_reason": "stop"}
    answer = parse_completion(orjson.dumps({"id": upstream_id, "choices": [choice]}))
    assert [call.id for call in answer.choices[0].tool_calls] == expected
    assert all(len(call.id) <= 40 for call in answer.choices[0].tool_calls)


def test_cache_writes_are_read_as_proxies_of_litellm_name_them() -> None:
    told = {"prompt_tokens": 5, "prompt_tokens_details": {"cache_creation_tokens": 3}}
    assert parse_usage(told) == Usage(5, 0, 3, reported=True)
