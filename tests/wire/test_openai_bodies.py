"""Our request toward an upstream, and what comes back: whole, in chunks, cut or as nonsense."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from router.errors import AnswererError, StreamCut, UpstreamError, UpstreamInvalid
from router.types import Answer, Choice, Delta, JsonText, ToolCall, Usage
from router.wire.openai.answers import parse_completion
from router.wire.openai.render import StreamRenderer, deltas_of, render_completion
from router.wire.openai.request import parse_chat_request
from router.wire.openai.upstream import upstream_body
from router.wire.openai.upstream_events import ChunkFolder, EventDecoder
from tests.kits.examples import examples
from tests.kits.upstreams.upstream_kit import facts


def sent(fields: dict[str, object], **options: object) -> dict[str, object]:
    body = {"model": "auto", "messages": [{"role": "user", "content": "hi"}], **fields}
    request = parse_chat_request(orjson.dumps(body), {})
    capped = replace(facts(), max_output_tokens=100)
    return dict(orjson.loads(upstream_body(request, capped, model="up-1", **options)))  # type: ignore[arg-type]


def test_an_upstream_gets_only_the_later_of_two_equal_keys() -> None:
    body = (
        b'{"model":"a","mod\\u0065l":"b","messages":[{"role":"user","content":"first"}],'
        b'"messages":[{"role":"user","content":"x","content":"last"}],"max_tokens":9,"max_tokens":7,'
        b'"user":"one","us\\u0065r":"two","tools":[{"type":"function","function":{"name":"look_up",'
        b'"parameters":{"type":"array","type":"object"}}}]}'
    )
    request = parse_chat_request(body, {})
    function = {"name": "look_up", "parameters": {"type": "object"}}
    assert orjson.loads(written := upstream_body(request, facts(), model="up-1")) == {
        "model": "up-1",
        "messages": [{"role": "user", "content": "last"}],
        "max_completion_tokens": 7,
        "user": "two",
        "tools": [{"type": "function", "function": function}],
    }
    assert not any(word in written for word in (b"first", b'"x"', b'"one"', b"array"))


def test_plain_request_reaches_the_upstream_with_its_model_and_cap() -> None:
    assert sent({}) == {
        "model": "up-1",
        "messages": [{"role": "user", "content": "hi"}],
        "max_completion_tokens": 100,
    }


@pytest.mark.parametrize(("asked", "cap"), [(50, 50), (100, 100), (101, 100)])
def test_the_smaller_output_cap_is_sent(asked: int, cap: int) -> None:
    body = sent({"max_tokens": asked}, max_tokens_key="max_tokens")
    assert (body["max_tokens"], body.get("max_completion_tokens")) == (cap, None)


def test_stream_always_asks_for_usage() -> None:
    body = sent({"stream": True, "stream_options": {"include_usage": False}}, stream=True)
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})


def test_hints_stay_behind() -> None:
    assert "routing" not in sent({"routing": {"stakes_usd": 5}, "stream": True})


def test_everything_else_arrives_as_it_was_sent() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    tool = {
        "type": "function",
        "function": {
            "name": "f",
            "description": "d",
            "parameters": {"type": "object"},
            "strict": True,
        },
    }
    parts = [
        {"type": "text", "text": "what is this?", "cache_control": {"type": "ephemeral"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA", "detail": "low"}},
    ]
    fields: dict[str, object] = {
        "messages": [
            {"role": "system", "content": "short", "name": "ops"},
            {"role": "user", "content": parts},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "content": "4", "tool_call_id": "c1"},
        ],
        "tools": [tool],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "parallel_tool_calls": False,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "a", "schema": {"type": "object"}, "strict": True},
        },
        "temperature": 0.5,
        "top_p": 0.9,
        "seed": 7,
        "stop": ["x"],
        "frequency_penalty": 0.1,
        "presence_penalty": 0.2,
        "logprobs": True,
        "top_logprobs": 2,
        "n": 2,
        "reasoning_effort": "low",
        "user": "u",
        "metadata": {"a": "b"},
        "logit_bias": {"1": -100},
        "top_k": 40,
    }
    body = sent(fields)
    assert {key: body[key] for key in fields} == fields
    assert set(body) == {*fields, "model", "max_completion_tokens"}


def test_the_role_developer_is_sent_as_system_since_only_openai_knows_it() -> None:
    roles = ["system", "developer", "user", "developer", "assistant", "user"]
    messages = [{"role": role, "content": f"{i}"} for i, role in enumerate(roles)]
    expected = [{**item, "role": item["role"].replace("developer", "system")} for item in messages]
    assert sent({"messages": messages})["messages"] == expected


def test_earlier_refusal_is_said_as_a_part() -> None:
    body = sent({"messages": [{"role": "assistant", "content": None, "refusal": "no"}]})
    assert body["messages"] == [
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]}
    ]


def test_earlier_refusal_that_stands_in_the_text_too_goes_on_once() -> None:
    earlier = {"role": "assistant", "content": "no", "refusal": "no"}
    assert sent({"messages": [earlier]})["messages"] == [{"role": "assistant", "content": "no"}]


def test_preferred_schema_is_asked_for_unless_the_client_wants_a_format() -> None:
    schema = JsonText('{"type":"object"}')
    preferred = sent({}, prefer_schema=schema)["response_format"]
    assert preferred == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": {"type": "object"}},
    }
    asked = {"type": "json_object"}
    assert sent({"response_format": asked}, prefer_schema=schema)["response_format"] == asked


CALL = ToolCall("c1", "f", '{"a":1}')
OTHER_CALL = ToolCall("c2", "f", '{"a":1}')
ANSWERS = [
    Answer((Choice("Hello", "stop"),), "m", Usage(3, 1, 0, 2, 1, True)),
    Answer(
        (Choice("", "tool_calls", (CALL, OTHER_CALL)),),
        "m",
        Usage(3, output_tokens=9, reported=True),
    ),
    Answer((Choice("a", "stop", reasoning="hm"), Choice("b", "length")), "m", Usage()),
    Answer((Choice("", "content_filter", refusal="no"),), "m", Usage()),
]


@pytest.mark.parametrize("answer", ANSWERS)
def test_what_we_render_we_read_again(answer: Answer) -> None:
    read = parse_completion(render_completion(answer, id="a", created=1))
    assert read.choices == answer.choices
    assert read.model == "m"


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_streamed_answer_folds_to_the_same_answer(answer: Answer, size: int) -> None:
    renderer = StreamRenderer(id="a", created=1, model="m", include_usage=True)
    wire = b"".join([*(renderer.delta(d) for d in deltas_of(answer)), renderer.finish(answer)])
    decoder, folder = EventDecoder(), ChunkFolder()
    for at in range(0, len(wire), size):
        for event in decoder.feed(wire[at : at + size]):
            folder.fold(event)
    assert folder.done
    assert folder.finish().choices == answer.choices


GARBAGE = [
    b"",
    b"<html>",
    b"[]",
    b"{}",
    b'{"choices":[]}',
    b'{"choices":{}}',
    b'{"choices":[1]}',
    b'{"choices":[{"message":null}]}',
    b'{"choices":[{"message":{"content":5}}]}',
    b'{"choices":[{"message":{"tool_calls":[{}]}}]}',
    b'{"choices":[{"message":{"tool_calls":[{"function":{"name":"f","arguments":4}}]}}]}',
    b'{"choices":[' + b'{"message":{"content":"x"}},' * 8 + b'{"message":{"content":"x"}}]}',
]


@pytest.mark.parametrize("body", GARBAGE)
def test_garbage_instead_of_a_completion_is_invalid(body: bytes) -> None:
    with pytest.raises(UpstreamInvalid):
        parse_completion(body)


def test_error_object_under_status_200_is_an_error_that_shows_no_text() -> None:
    body = b'{"error":{"message":"key sk-secret","code":"context_length_exceeded"}}'
    with pytest.raises(UpstreamError) as caught:
        parse_completion(body)
    assert caught.value.code == "context_length_exceeded"
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("arguments", [None, "", {}])
@pytest.mark.parametrize(
    ("reason", "found"),
    [("tool_calls", "{}"), ("stop", "{}"), ("length", ""), ("content_filter", "")],
)
def test_a_call_without_arguments_has_an_empty_object(
    arguments: object, reason: str, found: str
) -> None:
    """Clients read `arguments` as JSON; only where the cap cut the call may they be none."""
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": arguments}}
    choice = {"message": {"content": None, "tool_calls": [call]}, "finish_reason": reason}
    answer = parse_completion(orjson.dumps({"choices": [choice]}))
    assert answer.choices[0].tool_calls[0].arguments == ("{}" if arguments == {} else found)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 1_000])
def test_events_are_found_whatever_the_line_ends_and_pieces(end: bytes, size: int) -> None:
    told = b": hi|data: one||event: x|data:two|data: three|||data:||data: |"
    wire = end.join(told.split(b"|")) + end
    decoder = EventDecoder()
    events = [e for at in range(0, len(wire), size) for e in decoder.feed(wire[at : at + size])]
    assert events == [b"one", b"two\nthree"]


@pytest.mark.parametrize("size", [1, 2, 1_000])
def test_a_byte_order_mark_before_a_stream_hides_no_event(size: int) -> None:
    wire = b"\xef\xbb\xbfdata: one\n\n\xef\xbb\xbfdata: of no known field\n\ndata: two\n\n"
    decoder = EventDecoder()
    events = [e for at in range(0, len(wire), size) for e in decoder.feed(wire[at : at + size])]
    assert events == [b"one", b"two"]


def chunk(delta: object, **more: object) -> bytes:
    return orjson.dumps({"choices": [{"index": 0, "delta": delta, **more}]})


def fold(*events: bytes) -> tuple[list[Delta], ChunkFolder]:
    folder = ChunkFolder()
    return [delta for event in events for delta in folder.fold(event)], folder


def test_usage_on_any_chunk_counts() -> None:
    early = orjson.dumps({"choices": [], "usage": {"prompt_tokens": 4, "completion_tokens": 1}})
    _, folder = fold(early, chunk({"content": "x"}, finish_reason="stop"), b"[DONE]")
    assert folder.finish().usage == Usage(4, output_tokens=1, reported=True)


@pytest.mark.parametrize(("said", "kept"), [("gen-1", "gen-1"), (7, ""), ("x" * 300, "x" * 256)])
def test_the_providers_own_id_is_kept_to_reconcile_by(said: object, kept: str) -> None:
    body = orjson.dumps({"id": said, "choices": [{"message": {"content": "x"}}]})
    assert parse_completion(body).upstream_id == kept
    first = orjson.dumps({"id": said, "choices": [{"index": 0, "delta": {"content": "x"}}]})
    _, folder = fold(first, chunk({}, finish_reason="stop"), b"[DONE]")
    assert folder.finish().upstream_id == kept


@pytest.mark.parametrize(
    "events",
    [
        [],
        [b"[DONE]"],
        [chunk({"content": "x"})],
        [chunk({"content": "x"}), b"[DONE]"],
        [
            orjson.dumps(
                {"choices": [{"index": 0, "finish_reason": "stop"}, {"index": 1, "delta": {}}]}
            )
        ],
    ],
)
def test_stream_without_every_finish_reason_is_cut(events: list[bytes]) -> None:
    with pytest.raises(StreamCut):
        fold(*events)[1].finish()


USED = orjson.dumps(
    {"choices": [], "model": "m", "usage": {"prompt_tokens": 9, "total_tokens": 12}}
)


@pytest.mark.parametrize(
    ("events", "charged"),
    [
        ([chunk({"content": "x"}), USED, b"[DONE]"], 3),
        ([USED, b"[DONE]"], 3),
        ([chunk({"content": "x"}), USED], None),  # nobody knows what the server went on to write
        ([USED, chunk({"content": "x"}), b"[DONE]"], None),
        ([chunk({"content": "x"}), b"[DONE]"], None),
    ],
)
def test_a_stream_without_an_end_is_charged_what_its_server_counts(
    events: list[bytes], charged: int | None
) -> None:
    """Its whole hold was booked as a cost that nobody knows."""
    with pytest.raises(StreamCut) as raised:
        fold(*events)[1].finish()
    cost = raised.value.charged
    assert (None if cost is None else (cost.usage.output_tokens, cost.model)) == (
        None if charged is None else (charged, "m")
    )


ENDED = [chunk({"content": "x"}), chunk({}, finish_reason=""), USED, b"[DONE]"]


def test_an_empty_reason_ends_what_a_server_has_counted_and_ended() -> None:
    (choice,) = fold(*ENDED)[1].finish().choices
    assert (choice.text, choice.finish_reason) == ("x", "stop")


@pytest.mark.parametrize("left_out", [1, 2, 3])
def test_an_empty_reason_alone_ends_nothing(left_out: int) -> None:
    with pytest.raises(StreamCut):
        fold(*[event for place, event in enumerate(ENDED) if place != left_out])[1].finish()


def test_a_stream_without_an_end_keeps_what_its_provider_charged() -> None:
    usage = {"prompt_tokens": 9, "total_tokens": 12, "cost": 0.5}
    used = orjson.dumps({"choices": [], "model": "m", "service_tier": "flex", "usage": usage})
    with pytest.raises(StreamCut) as raised:
        fold(chunk({"content": "x"}), used, b"[DONE]")[1].finish()
    cost = raised.value.charged
    assert cost is not None
    assert (cost.provider_cost_nano_usd, cost.service_tier) == (500_000_000, "flex")


def test_error_event_is_an_error() -> None:
    with pytest.raises(UpstreamError):
        fold(b'{"error":{"message":"overloaded"}}')


@pytest.mark.parametrize(
    "event",
    [
        b"nonsense",
        b"[]",
        b'{"choices":{}}',
        b'{"choices":[5]}',
        b'{"choices":[{"index":-1}]}',
        b'{"choices":[{"index":8}]}',
        b'{"choices":[{"delta":"x"}]}',
        b'{"choices":[{"delta":{"content":{}}}]}',
        b'{"choices":[{"delta":{"tool_calls":{}}}]}',
        b'{"choices":[{"delta":{"tool_calls":[{"index":1000000000}]}}]}',
        b'{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{"}}]}}]}',
    ],
)
def test_garbage_chunk_is_invalid(event: bytes) -> None:
    with pytest.raises(UpstreamInvalid):
        fold(event)


def test_tool_call_pieces_are_joined() -> None:
    def piece(call: dict[str, object]) -> bytes:
        return chunk({"tool_calls": [call]})

    deltas, folder = fold(
        piece({"index": 0, "id": "c1", "function": {"name": "f", "arguments": ""}}),
        piece({"index": 0, "function": {"arguments": '{"a"'}}),
        piece({"index": 0, "id": "c1", "function": {"name": "f", "arguments": ":1}"}}),
        chunk({}, finish_reason="tool_calls"),
    )
    assert [delta.tool_call for delta in deltas] == [
        ToolCall("c1", "f", ""),
        ToolCall("", "", '{"a"'),
        ToolCall("", "", ":1}"),
    ]
    assert folder.finish().choices[0].tool_calls == (CALL,)


@pytest.mark.parametrize(
    ("reason", "found"),
    [
        ("stop", "tool_calls"),
        ("tool_calls", "tool_calls"),
        ("odd", "tool_calls"),
        ("length", "length"),
    ],
)
def test_a_call_never_ends_in_a_plain_stop(reason: str, found: str) -> None:
    call = {"index": 0, "id": "c1", "function": {"name": "f", "arguments": "{}"}}
    message = {"message": {"content": None, "tool_calls": [call]}, "finish_reason": reason}
    (whole,) = parse_completion(orjson.dumps({"choices": [message]})).choices
    _, folder = fold(chunk({"tool_calls": [call]}), chunk({}, finish_reason=reason))
    assert whole.finish_reason == folder.finish().choices[0].finish_reason == found


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.sampled_from(["a", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "delta",
                    "message",
                    "content",
                    "tool_calls",
                    "function",
                    "usage",
                    "name",
                ]
            ),
            inner,
        )
    ),
    max_leaves=15,
)


@examples(150)
@given(st.dictionaries(st.sampled_from(["choices", "usage", "model", "error"]), JSON))
def test_any_upstream_json_is_read_or_refused(found: dict[str, object]) -> None:
    body = orjson.dumps(found)
    for read in (parse_completion, ChunkFolder().fold):
        try:
            outcome: object = read(body)
        except AnswererError as error:
            outcome = error
        assert outcome is not None


@examples(200)
@given(st.lists(st.binary(max_size=30), max_size=8))
def test_any_bytes_are_decoded(pieces: list[bytes]) -> None:
    one, many = EventDecoder(), EventDecoder()
    assert one.feed(b"".join(pieces)) == [e for piece in pieces for e in many.feed(piece)]
