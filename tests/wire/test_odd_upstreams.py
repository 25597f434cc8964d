"""Oddities of upstreams that clients survive: indexes and arguments of calls, half characters."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import orjson
import pytest

from router.errors import StreamCut, UpstreamInvalid
from router.types import Answer, ToolCall
from router.wire.anthropic.answers import MessageFolder, parse_message
from router.wire.openai.answers import MAX_TOOL_CALLS, parse_completion, upstream_object
from router.wire.openai.streams.split_characters import MOST_WAITING, SplitCharacters
from router.wire.openai.upstream_events import ChunkFolder
from router.wire.responses.answers import ResponseFolder, parse_response


def chunk(delta: object, finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return orjson.dumps({"choices": [choice]})


def streamed(*deltas: list[dict[str, object]]) -> Answer:
    """Returns the answer of a stream whose chunks have these tool calls.

    Its pieces, joined by their numbers as clients join them, must give the same calls, but for the
    empty object of a call without arguments.
    """
    folder = ChunkFolder()
    joined: list[ToolCall] = []
    for calls in deltas:
        for delta in folder.fold(chunk({"tool_calls": calls})):
            piece, number = delta.tool_call, delta.tool_call_index
            assert piece is not None
            assert number is not None
            if number == len(joined):
                joined.append(piece)
            else:
                before = joined[number]
                joined[number] = ToolCall(
                    before.id, before.name, before.arguments + piece.arguments
                )
    folder.fold(chunk({}, "tool_calls"))
    answer = folder.finish()
    whole = [ToolCall(one.id, one.name, one.arguments or "{}") for one in joined]
    assert answer.choices[0].tool_calls == tuple(whole)
    return answer


def call(
    arguments: object, name: str | None = "f", call_id: str | None = None, **more: object
) -> dict[str, object]:
    function = {"arguments": arguments, **({"name": name} if name else {})}
    return {"function": function, **({"id": call_id} if call_id else {}), **more}


ONE, TWO = '{"a":1}', '{"a":2}'
BOTH = [ToolCall("c1", "f", ONE), ToolCall("c2", "f", TWO)]
STREAMS = {
    "-1 as the only index": ([[call(ONE, call_id="c1", index=-1)]], BOTH[:1]),
    "null as index": ([[call(ONE, call_id="c1", index=None)]], BOTH[:1]),
    "text as index": ([[call(ONE, call_id="c1", index="0")]], BOTH[:1]),
    "indexes with gaps": (
        [[call(ONE, call_id="c1", index=3)], [call(TWO, call_id="c2", index=7)]],
        BOTH,
    ),
    "0 for each call": (
        [[call(ONE, call_id="c1", index=0)], [call(TWO, call_id="c2", index=0)]],
        BOTH,
    ),
    "no index in one chunk": ([[call(ONE, call_id="c1"), call(TWO, call_id="c2")]], BOTH),
    "no index in two chunks": ([[call(ONE, call_id="c1")], [call(TWO, call_id="c2")]], BOTH),
    "one id for two calls of one tool": (
        [[call(ONE, call_id="c1")], [call(TWO, call_id="c1")]],
        [BOTH[0], ToolCall("call_1", "f", TWO)],
    ),
    "one id for calls of two tools": (
        [[call("", call_id="c1")], [call(TWO, "g", call_id="c1")]],
        [ToolCall("c1", "f", "{}"), ToolCall("call_1", "g", TWO)],
    ),
    "neither index nor id": (
        [[call('{"a"')], [call(":1}", None)], [call(TWO)]],
        [ToolCall("call_0", "f", ONE), ToolCall("call_1", "f", TWO)],
    ),
    "name and id in each piece": (
        [[call('{"a"', call_id="c1")], [call(":{}", call_id="c1")], [call("}", call_id="c1")]],
        [ToolCall("c1", "f", '{"a":{}}')],
    ),
    "one whole call twice": (
        [[call(ONE, call_id="c1")], [call(ONE, call_id="c1")]],
        [ToolCall("c1", "f", ONE + ONE)],  # which is no JSON, so it is refused
    ),
    "a call that begins empty": (
        [[call("{}", call_id="c1")], [call(ONE, call_id="c1")]],
        [ToolCall("c1", "f", "{}" + ONE)],  # no JSON either
    ),
    "a call that grows": (
        [[call(ONE, call_id="c1")], [call('{"a":1, "b":2}', call_id="c1")]],
        [ToolCall("c1", "f", ONE + '{"a":1, "b":2}')],
    ),
    "a call whose number has more digits": (
        [[call(ONE, call_id="c1")], [call('{"a":12}', call_id="c1")]],
        [BOTH[0], ToolCall("call_1", "f", '{"a":12}')],
    ),
    "one index and id": (
        [[call(ONE, call_id="c1", index=0)], [call(TWO, call_id="c1", index=0)]],
        [ToolCall("c1", "f", ONE + TWO)],
    ),
    "a name in pieces": (
        [[call("", "f", "c1", index=0)], [call(ONE, "_g", index=0)]],
        BOTH[:1],
    ),
    "an id that changes without a name": (
        [[call('{"a"', call_id="c1", index=0)], [call(":1}", None, "other", index=0)]],
        BOTH[:1],
    ),
    "an object as arguments": ([[call({"a": 1}, call_id="c1", index=0)]], BOTH[:1]),
    "null as arguments": (
        [[call(None, call_id="c1", index=0)], [call(ONE, None, index=0)]],
        BOTH[:1],
    ),
}


@pytest.mark.parametrize("name", STREAMS)
def test_calls_of_a_stream_are_told_apart(name: str) -> None:
    deltas, calls = STREAMS[name]
    assert streamed(*deltas).choices[0].tool_calls == tuple(calls)


@pytest.mark.parametrize("arguments", [None, ""])
@pytest.mark.parametrize(
    ("reason", "found"),
    [("tool_calls", "{}"), ("stop", "{}"), ("length", ""), ("content_filter", "")],
)
def test_a_streamed_call_without_arguments_has_an_empty_object(
    arguments: object, reason: str, found: str
) -> None:
    """As in a whole answer: only where the cap or a filter cut the call may they be none."""
    folder = ChunkFolder()
    folder.fold(chunk({"tool_calls": [call(arguments, call_id="c1", index=0)]}))
    folder.fold(chunk({}, reason))
    assert folder.finish().choices[0].tool_calls == (ToolCall("c1", "f", found),)


SAME = [call(ONE, call_id="c1", index=0), call(TWO, call_id="c1", index=1)]


def test_calls_of_one_id_get_ids_of_their_own() -> None:
    """Clients would take the result of the first for that of the second."""
    whole = {"id": "chatcmpl-9f", "choices": [{"message": {"tool_calls": SAME}}]}
    read = parse_completion(orjson.dumps(whole)).choices[0].tool_calls
    assert [made.id for made in read] == ["c1", "call_9f_1"]
    folded = streamed(SAME, [call("", call_id="c1", index=1)]).choices[0].tool_calls
    assert [(made.id, made.arguments) for made in folded] == [("c1", ONE), ("call_1", TWO)]


def test_an_id_of_our_own_is_none_that_another_call_has() -> None:
    same = [call(ONE, call_id="call_1", index=0), call(TWO, call_id="", index=1)]
    read = parse_completion(orjson.dumps({"choices": [{"message": {"tool_calls": same}}]}))
    assert [made.id for made in read.choices[0].tool_calls] == ["call_1", "call_2"]
    folded = streamed(same).choices[0].tool_calls
    assert [made.id for made in folded] == ["call_1", "call_2"]


@pytest.mark.parametrize("arguments", [[1], 3, True])
def test_arguments_that_are_neither_text_nor_an_object_are_refused_alike(arguments: object) -> None:
    calls = [call(arguments, call_id="c1", index=0)]
    with pytest.raises(UpstreamInvalid, match="arguments"):
        streamed(calls)
    with pytest.raises(UpstreamInvalid, match="arguments"):
        parse_completion(orjson.dumps({"choices": [{"message": {"tool_calls": calls}}]}))


@pytest.mark.parametrize(
    ("count", "refused"), [(MAX_TOOL_CALLS, False), (MAX_TOOL_CALLS + 1, True)]
)
def test_calls_of_a_stream_are_bounded(count: int, refused: bool) -> None:
    deltas = [[call("", call_id=f"c{i}", index=0)] for i in range(count)]
    if refused:
        with pytest.raises(UpstreamInvalid, match="more than"):
            streamed(*deltas)
    else:
        assert len(streamed(*deltas).choices[0].tool_calls) == count


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        (rb"caf\u00e9 \ud83d", "caf\u00e9 \ufffd"),
        (rb"\uDE00 ok", "\ufffd ok"),
        (rb"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (rb"\\ud83d \ud83d", "\\ud83d \ufffd"),
        (b"caf\xc3 ok", "caf\ufffd ok"),  # a server cut a token within a letter
    ],
)
def test_half_a_character_costs_no_answer(escaped: bytes, text: str) -> None:
    whole = b'{"choices":[{"message":{"content":"%b"},"finish_reason":"stop"}]}' % escaped
    assert parse_completion(whole).text == text
    folder = ChunkFolder()
    folder.fold(b'{"choices":[{"delta":{"content":"%b"},"finish_reason":"stop"}]}' % escaped)
    assert folder.finish().text == text


def halves(
    *pieces: bytes,
) -> dict[str, tuple[ChunkFolder | MessageFolder | ResponseFolder, list[bytes]]]:
    """Returns, for each wire format, its reader and events that hold these pieces of a text."""
    chat = b'{"choices":[{"index":0,"delta":{"content":"%b"}}]}'
    block = b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%b"}}'
    item = b'{"type":"response.output_text.delta","output_index":0,"delta":"%b"}'
    begin = b'{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}'
    return {
        "chat": (ChunkFolder(), [chat % piece for piece in pieces]),
        "messages": (MessageFolder(""), [begin, *[block % piece for piece in pieces]]),
        "responses": (ResponseFolder(""), [item % piece for piece in pieces]),
    }


@pytest.mark.parametrize("wire", ["chat", "messages", "responses"])
@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ((rb"Hi \ud83d", rb"\ude00!"), "Hi \U0001f600!"),
        ((rb"\ud83d", b"", rb"\uDE00\uD83D", rb"\udc4d"), "\U0001f600\U0001f44d"),
        ((rb"\ud83d", b"no", rb"\ude00"), "\ufffdno\ufffd"),
    ],
)
def test_a_character_in_two_pieces_is_whole(
    wire: str, pieces: tuple[bytes, ...], text: str
) -> None:
    folder, events = halves(*pieces)[wire]
    assert "".join(delta.text for event in events for delta in folder.fold(event)) == text


@pytest.mark.parametrize("key", ["content", "reasoning_content", "refusal"])
@pytest.mark.parametrize("last", [{}, {"content": None}, {"content": "", "reasoning_content": ""}])
def test_a_half_that_waits_goes_out_with_the_end_of_its_choice(
    key: str, last: dict[str, object]
) -> None:
    folder = ChunkFolder()
    events = [b'{"choices":[{"index":0,"delta":{"%b":"Hi \\ud83d"}}]}' % key.encode()]
    deltas = [delta for event in [*events, chunk(last, "length")] for delta in folder.fold(event)]
    (choice,) = folder.finish().choices
    said = {
        "content": choice.text,
        "reasoning_content": choice.reasoning,
        "refusal": choice.refusal,
    }
    assert {name for name, words in said.items() if words} == {key}
    assert said[key] == "Hi \ufffd"
    if key == "content":
        assert "".join(delta.text for delta in deltas) == "Hi \ufffd"


def test_halves_of_two_choices_are_not_joined() -> None:
    folder, texts = ChunkFolder(), {0: "", 1: ""}
    for index, piece in [(0, rb"\ud83d"), (1, rb"\ud83d"), (0, rb"\ude00"), (1, rb"\udc4d")]:
        event = b'{"choices":[{"index":%d,"delta":{"content":"%b"}}]}' % (index, piece)
        for delta in folder.fold(event):
            texts[delta.index] += delta.text
    assert texts == {0: "\U0001f600", 1: "\U0001f44d"}


def test_halves_of_two_calls_without_an_index_are_not_joined() -> None:
    folder = ChunkFolder()
    made = b'{"id":"%b","function":{"name":"f","arguments":"{\\"a\\":\\"%b"}}'
    more = b'{"function":{"arguments":"%b\\"}"}}'
    ends = made % (b"c1", rb"\ud83d"), made % (b"c2", rb"b")
    for calls in (ends, (more % rb"\ude00", more % b"")):
        folder.fold(b'{"choices":[{"delta":{"tool_calls":[%b,%b]}}]}' % calls)
    folder.fold(chunk({}, "tool_calls"))
    both = folder.finish().choices[0].tool_calls
    assert [one.arguments for one in both] == ['{"a":"\U0001f600"}', '{"a":"b"}']


def test_a_log_probability_keeps_half_a_character_to_itself() -> None:
    folder = ChunkFolder()
    token = b'"logprobs":{"content":[{"token":"%b","logprob":-1,"top_logprobs":[]}]}'
    event = b'{"choices":[{"index":0,"delta":{"content":"%b"},%b}]}'
    deltas = [
        delta
        for half in (rb"\ud83d", rb"\ude00")
        for delta in folder.fold(event % (half, token % half))
    ]
    assert "".join(delta.text for delta in deltas) == "\U0001f600"
    assert [one.token for delta in deltas for one in delta.logprobs] == ["\ufffd", "\ufffd"]


@pytest.mark.parametrize(("waiting", "whole"), [(MOST_WAITING, True), (MOST_WAITING + 1, False)])
def test_halves_that_wait_are_bounded(waiting: int, whole: bool) -> None:
    characters = SplitCharacters()
    for index in range(waiting):
        characters.joined({"index": index, "text": "\ud83d"})
    last = characters.joined({"index": waiting - 1, "text": "\ude00"})
    assert last == {"index": waiting - 1, "text": "\U0001f600" if whole else "\ufffd"}


@pytest.mark.parametrize(
    "body",
    [
        b'{"choices":[{"message":{"tool_calls":[{"function":{"name":"f","arguments":"%b"}}]}}]}',
        b'{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"%b"}}]}}]}',
        b'{"content":[{"type":"tool_use","name":"f","input":{"path":"%b"}}]}',
        b'{"type":"content_block_delta","delta":{"type":"input_json_delta","partial_json":"%b"}}',
        b'{"output":[{"type":"function_call","name":"f","arguments":"%b"}]}',
        b'{"type":"response.function_call_arguments.delta","delta":"%b"}',
    ],
)
def test_arguments_that_are_no_utf8_are_refused_not_altered(body: bytes) -> None:
    with pytest.raises(UpstreamInvalid, match="arguments"):
        upstream_object(body % b"/caf\xe9")
    assert upstream_object(body % "/caf\ufffd".encode())  # the model's own word
    assert upstream_object(body % rb"\ud800")  # a character cut in two: no name of a file


def test_byte_order_mark_before_an_answer_is_dropped() -> None:
    whole = b'\xef\xbb\xbf{"choices":[{"message":{"content":"hi"}}]}'
    assert parse_completion(whole).text == "hi"


@pytest.mark.parametrize("reason", ["error", "abort", "insufficient_system_resource", "ERROR"])
def test_an_answer_that_a_fault_ended_is_no_answer(reason: str) -> None:
    message = {"role": "assistant", "content": "Your parcel is"}
    whole = {"choices": [{"index": 0, "message": message, "finish_reason": reason}]}
    with pytest.raises(StreamCut):
        parse_completion(orjson.dumps(whole))
    with pytest.raises(StreamCut):
        ChunkFolder().fold(chunk({"content": "Your parcel is"}, reason))


@pytest.mark.parametrize(
    ("given", "reason"),
    [("eos", "stop"), ("STOP", "stop"), ("MAX_TOKENS", "length"), ("SAFETY", "content_filter")],
)
def test_reasons_in_other_words_are_read(given: str, reason: str) -> None:
    folder = ChunkFolder()
    folder.fold(chunk({"content": "Your parcel"}, given))
    assert folder.finish().choices[0].finish_reason == reason


def test_an_empty_error_beside_an_answer_is_none() -> None:
    choice = {"index": 0, "message": {"content": "Hello"}, "finish_reason": "stop"}
    for error in (None, False, "", {}):
        answer = parse_completion(orjson.dumps({"error": error, "choices": [choice]}))
        assert answer.text == "Hello"


NOTHING = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def test_counts_of_nothing_are_no_report() -> None:
    choice = {"index": 0, "message": {"content": "Hello"}, "finish_reason": "stop"}
    answer = parse_completion(orjson.dumps({"choices": [choice], "usage": NOTHING}))
    assert not answer.usage.reported


@pytest.mark.parametrize("last", [NOTHING, {}])
def test_usage_that_says_nothing_takes_no_usage_back(last: dict[str, int]) -> None:
    folder = ChunkFolder()
    folder.fold(chunk({"content": "Hello"}, "stop"))
    used = {"prompt_tokens": 20, "completion_tokens": 12, "total_tokens": 32}
    for usage in (used, last):
        folder.fold(orjson.dumps({"choices": [], "usage": usage}))
    usage = folder.finish().usage
    assert (usage.input_tokens, usage.output_tokens, usage.reported) == (20, 12, True)


def test_a_reason_of_calls_without_a_call_is_an_end() -> None:
    folder = ChunkFolder()
    folder.fold(chunk({"content": "Hello"}, "tool_calls"))
    assert folder.finish().choices[0].finish_reason == "stop"


def test_a_choice_whose_index_is_null_is_the_first() -> None:
    choice = {"index": None, "delta": {"content": "Hello"}, "finish_reason": "stop"}
    folder = ChunkFolder()
    folder.fold(orjson.dumps({"choices": [choice]}))
    assert folder.finish().text == "Hello"


DEEP = b'{"a":' * 400 + b"1" + b"}" * 400
NESTED: dict[str, tuple[Callable[[bytes], Answer], bytes]] = {
    "arguments of a chat completion": (
        parse_completion,
        b'{"choices":[{"message":{"tool_calls":[{"function":{"name":"f","arguments":%b}}]}}]}',
    ),
    "input of a message": (
        partial(parse_message, issuer="us"),
        b'{"type":"message","content":[{"type":"tool_use","id":"c","name":"f","input":%b}]}',
    ),
    "signed thought of a message": (
        partial(parse_message, issuer="us"),
        b'{"type":"message","content":[{"type":"thinking","signature":"s","x":%b}]}',
    ),
    "sealed item of a response": (
        partial(parse_response, issuer="us"),
        b'{"status":"completed","output":[{"type":"reasoning","encrypted_content":"s","x":%b}]}',
    ),
}


@pytest.mark.parametrize("kind", NESTED)
def test_nesting_too_deep_to_be_written_is_invalid(kind: str) -> None:
    read, body = NESTED[kind]
    read(body % b'{"a":1}')
    with pytest.raises(UpstreamInvalid, match="nesting"):
        read(body % DEEP)
