"""Anthropic's answers, whole and in events, as ours; and bodies for it, from requests of others."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from router.errors import StreamCut, UpstreamError, UpstreamInvalid
from router.privacy.provider_seals import shown
from router.types import (
    Answer,
    ChatRequest,
    Choice,
    Delta,
    JsonText,
    Message,
    Sealed,
    ToolCall,
    Usage,
)
from router.wire.anthropic.answers import MessageFolder, parse_message, parse_message_usage
from router.wire.anthropic.blocks import read_tools
from router.wire.anthropic.render import MessageStream, render_message
from router.wire.anthropic.request import MessagesFormat
from router.wire.anthropic.upstream import count_body, messages_body
from router.wire.openai.render import deltas_of
from tests.kits.upstreams.upstream_messages import _events

TEXT = st.text(max_size=20)
BLOCKS = st.lists(
    st.one_of(
        st.builds(lambda words: {"type": "text", "text": words}, TEXT),
        st.builds(lambda words: {"type": "thinking", "thinking": words, "signature": "s"}, TEXT),
        st.builds(lambda words: {"type": "redacted_thinking", "data": f"d{words}"}, TEXT),
        st.builds(
            lambda name, given: {"type": "tool_use", "id": "c", "name": f"f{name}", "input": given},
            TEXT,
            st.dictionaries(TEXT, st.integers(-9, 9) | TEXT, max_size=3),
        ),
    ),
    min_size=1,
    max_size=6,
)
USAGE = {"input_tokens": 1, "output_tokens": 2}


def message(*blocks: object, **fields: object) -> dict[str, object]:
    said = {"type": "message", "id": "m", "model": "claude", "content": list(blocks)}
    return {**said, "stop_reason": "end_turn", "usage": USAGE, **fields}


def folded(
    found: dict[str, object], cut: int = 0, without: str = ""
) -> tuple[list[Delta], MessageFolder]:
    """Folds the message's events but for the last `cut`, and for those of the type `without`."""
    folder = MessageFolder("us")
    events = list(_events(found, found["content"], "end_turn"))  # type: ignore[arg-type]
    events = [event for event in events if event["type"] != without]
    deltas = [d for event in events[: len(events) - cut] for d in folder.fold(orjson.dumps(event))]
    return deltas, folder


@pytest.mark.parametrize("without", ["", "content_block_stop"])
@given(BLOCKS)
def test_events_add_up_to_the_whole_message(without: str, blocks: list[dict[str, object]]) -> None:
    found = message(*blocks)
    deltas, folder = folded(found, without=without)
    whole, streamed = parse_message(orjson.dumps(found), "us"), folder.finish()
    assert streamed.choices == whole.choices
    assert "".join(delta.text for delta in deltas) == whole.text
    sealed = tuple(delta.sealed for delta in deltas if delta.sealed is not None)
    assert sealed == whole.choices[0].sealed


@pytest.mark.parametrize("cut", [2, 3])
def test_a_stream_without_its_end_is_cut(cut: int) -> None:
    _, folder = folded(message({"type": "text", "text": "Hi"}), cut)
    with pytest.raises(StreamCut):
        folder.finish()


def test_a_message_with_its_stop_reason_is_whole_without_its_last_event() -> None:
    _, folder = folded(message({"type": "text", "text": "Hi"}), cut=1)
    answer = folder.finish()
    assert (answer.text, answer.usage.output_tokens) == ("Hi", 12)


def test_a_stop_reason_within_a_block_is_no_end() -> None:
    folder = MessageFolder("us")
    folder.fold(b'{"type":"content_block_start","content_block":{"type":"text","text":"Hi"}}')
    folder.fold(b'{"type":"message_delta","delta":{"stop_reason":"end_turn"}}')
    with pytest.raises(StreamCut):
        folder.finish()


@pytest.mark.parametrize(
    "after",
    [
        b"[DONE]",
        b'{"type":"error","error":{"type":"overloaded_error","message":"x"}}',
        b'{"type":"content_block_start","content_block":{"type":"text","text":"More"}}',
    ],
)
@pytest.mark.parametrize("end", [b'{"type":"message_stop"}', b"[DONE]"])
def test_nothing_after_the_end_is_read(end: bytes, after: bytes) -> None:
    _, folder = folded(message({"type": "text", "text": "Hi"}), cut=1)
    assert folder.fold(end) == []
    assert folder.fold(after) == []
    assert folder.finish().text == "Hi"


def test_tokens_at_the_beginning_are_no_report_of_the_answer() -> None:
    """Anthropic writes 1 there; only `message_delta` says how many there were."""
    begun = {"type": "message_start", "message": {"usage": {"input_tokens": 9, "output_tokens": 1}}}
    folder = MessageFolder("us")
    for event in (begun, {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}):
        folder.fold(orjson.dumps(event))
    assert folder.finish().usage == Usage(9, output_tokens=0, reported=True)


def test_a_signature_that_is_no_text_seals_nothing() -> None:
    thought = {"type": "thinking", "thinking": "Hm.", "signature": 5}
    (choice,) = parse_message(orjson.dumps(message(thought)), "us").choices
    assert (choice.reasoning, choice.sealed) == ("Hm.", ())


@pytest.mark.parametrize(
    ("event", "error"),
    [
        (
            {"type": "error", "error": {"type": "overloaded_error", "message": "sk-x"}},
            UpstreamError,
        ),
        ({"type": "content_block_delta", "delta": {"type": "text_delta"}}, UpstreamInvalid),
        ({"type": "content_block_stop"}, UpstreamInvalid),
        ({"type": "content_block_start", "content_block": None}, UpstreamInvalid),
    ],
)
def test_a_bad_event_is_told_in_our_words(
    event: dict[str, object], error: type[UpstreamError]
) -> None:
    with pytest.raises(error) as raised:
        MessageFolder("us").fold(orjson.dumps(event))
    assert "sk-x" not in raised.value.message


@pytest.mark.parametrize("body", [b"{}", b"[]", b"x", b'{"type":"message","content":"Hi"}'])
def test_what_is_no_message_is_invalid(body: bytes) -> None:
    with pytest.raises(UpstreamInvalid):
        parse_message(body, "us")


def test_an_unknown_event_says_nothing() -> None:
    assert MessageFolder("us").fold(b'{"type": "ping"}') == []


@pytest.mark.parametrize(
    ("said", "usage"),
    [
        (None, Usage()),
        ({"output_tokens": 3}, Usage()),
        ({"input_tokens": 0, "output_tokens": 3}, Usage()),
        (
            {"input_tokens": 0, "cache_read_input_tokens": 11, "output_tokens": 3},
            Usage(11, 11, 0, 3, 0, True),
        ),
        ({"input_tokens": -1, "output_tokens": 3}, Usage()),
        ({"input_tokens": 1, "output_tokens": 2**62}, Usage()),
        ({"input_tokens": 60_000_000, "cache_read_input_tokens": 60_000_000}, Usage()),
        ({"input_tokens": 1, "iterations": [{"input_tokens": 10**8}] * 2}, Usage()),
        ({"input_tokens": 5, "cache_read_input_tokens": -50, "output_tokens": 3}, Usage()),
        ({"input_tokens": 5, "output_tokens": 3}, Usage(5, 0, 0, 3, 0, True)),
        ({"input_tokens": 5.0, "output_tokens": 3.0}, Usage(5, 0, 0, 3, 0, True)),
        ({"input_tokens": 5.5, "output_tokens": 3}, Usage()),
        (
            {
                "input_tokens": 5,
                "cache_creation_input_tokens": 7,
                "cache_read_input_tokens": 11,
                "output_tokens": 3,
                "output_tokens_details": {"thinking_tokens": 2},
            },
            Usage(23, 11, 7, 3, 2, True),
        ),
        (
            {
                "input_tokens": 5,
                "output_tokens": 3,
                "iterations": [
                    {"type": "compaction", "input_tokens": 100, "output_tokens": 20},
                    {"type": "message", "input_tokens": 5, "output_tokens": 3},
                ],
            },
            Usage(105, 0, 0, 23, 0, True),
        ),
    ],
)
def test_all_that_is_billed_counts(said: object, usage: Usage) -> None:
    assert parse_message_usage(said) == usage


def test_counts_of_nothing_at_the_end_take_none_back() -> None:
    start = {"type": "message_start", "message": {"usage": {"input_tokens": 20}}}
    ended = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}
    folder = MessageFolder("us")
    for event in (
        start,
        {**ended, "usage": {"input_tokens": 0, "output_tokens": 12}},
        {"type": "message_stop"},
    ):
        folder.fold(orjson.dumps(event))
    usage = folder.finish().usage
    assert (usage.input_tokens, usage.output_tokens) == (20, 12)


def test_seals_stand_where_their_issuer_put_them() -> None:
    seals = [
        Sealed("thinking", JsonText(orjson.dumps({"type": "thinking", "n": at}).decode()), who, at)
        for who, at in (("us", 0), ("them", 0), ("us", 1), ("us", 2))
    ]
    calls = (ToolCall("a", "f", "{}"), ToolCall("b", "g", "no json"))
    said = Message("assistant", "Words", tool_calls=calls, sealed=tuple(seals))
    request = ChatRequest((Message("user", "Hi"), said, Message("user", "On")), "auto")
    body = orjson.loads(messages_body(request, model="m", max_output_tokens=9, issuer="us"))
    told = [block.get("n", block["type"]) for block in body["messages"][1]["content"]]
    assert told == [0, "text", 1, "tool_use", 2, "tool_use"]
    assert body["messages"][1]["content"][-1]["input"] == {"input": "no json"}


def test_no_text_without_words_reaches_anthropic() -> None:
    stamped = shown(Sealed("thinking", JsonText('{"type":"thinking","signature":"s"}'), "us"))
    empty, hi = {"type": "text", "text": " \n"}, {"type": "text", "text": "Hi"}
    call = {"type": "tool_use", "id": "c", "name": "f", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "c"}
    turns = [
        {"role": "user", "content": [empty, hi]},
        {"role": "assistant", "content": [stamped, empty]},
        {"role": "user", "content": [hi]},
        {"role": "assistant", "content": [stamped, empty, call]},
        {"role": "user", "content": [{**result, "content": [empty, hi]}]},
    ]
    asked = {"model": "m", "max_tokens": 9, "messages": turns, "system": [empty, hi]}
    (request,) = MessagesFormat().read(orjson.dumps(asked), {}).requests
    thought = {"type": "thinking", "signature": "s"}
    sent = orjson.loads(messages_body(request, model="m", max_output_tokens=9, issuer="us"))
    assert (sent["system"], sent["messages"]) == (
        [hi],
        [
            {"role": "user", "content": [hi]},
            {"role": "user", "content": [hi]},
            {"role": "assistant", "content": [thought, call]},
            {"role": "user", "content": [{**result, "content": [hi]}]},
        ],
    )


def test_a_translated_turn_of_blanks_is_left_out() -> None:
    turns = (Message("user", "Hi"), Message("assistant", " "), Message("user", "Well?"))
    request = ChatRequest(turns, "m")
    sent = orjson.loads(messages_body(request, model="m", max_output_tokens=9, issuer="us"))
    (only,) = sent["messages"]
    assert [block["text"] for block in only["content"]] == ["Hi", "Well?"]


SIGNED = Sealed("thinking", JsonText('{"type":"thinking","thinking":"Hm.","signature":"s"}'), "us")


def streamed_blocks(answer: Answer) -> list[str]:
    """Returns the types of the blocks that a stream of the answer begins."""
    stream = MessageStream(id="1", model="m", usage=Usage(), shows_thinking=True)
    pieces = [stream.delta(delta) for delta in deltas_of(answer) if delta.final is None]
    lines = b"".join([stream.begin(), *pieces, stream.finish(answer)]).split(b"\n")
    events = [orjson.loads(line[6:]) for line in lines if line.startswith(b"data: ")]
    return [e["content_block"]["type"] for e in events if e["type"] == "content_block_start"]


@pytest.mark.parametrize(
    ("choice", "kinds"),
    [
        (Choice("", "length", reasoning="Hm.", sealed=(SIGNED,)), ["thinking"]),
        (Choice("", "length", reasoning="Hm."), ["thinking"]),
        (
            Choice("", "tool_calls", (ToolCall("c", "f", "{}"),), reasoning="Hm."),
            ["thinking", "tool_use"],
        ),
        (Choice("", "stop"), []),
        (Choice("", "stop", refusal="No."), ["text"]),
        (Choice("Hi", "stop", reasoning="Hm.", sealed=(SIGNED,)), ["thinking", "text"]),
    ],
)
def test_an_answer_has_no_block_of_text_without_words(choice: Choice, kinds: list[str]) -> None:
    answer = Answer((choice,), "m", Usage())
    content = orjson.loads(render_message(answer, id="1", shows_thinking=True))["content"]
    assert [block["type"] for block in content] == kinds
    assert streamed_blocks(answer) == kinds


def test_an_answer_without_blocks_comes_back_as_a_turn_of_no_words() -> None:
    hi = {"role": "user", "content": "Hi"}
    turns = [hi, {"role": "assistant", "content": []}, hi]
    body = orjson.dumps({"model": "m", "max_tokens": 9, "messages": turns})
    said = MessagesFormat().read(body, {}).requests[0].messages
    assert [(message.role, message.text) for message in said] == [
        ("user", "Hi"),
        ("assistant", ""),
        ("user", "Hi"),
    ]


LARGE = '{"id":123456789012345678901234567890,"x":1.5}'


def test_large_integers_of_a_call_keep_their_digits() -> None:
    call = ToolCall("c", "f", LARGE)
    turns = (Message("user", "Hi"), Message("assistant", "", tool_calls=(call,)))
    sent = messages_body(ChatRequest(turns, "m"), model="m", max_output_tokens=9, issuer="us")
    assert f'"input":{LARGE}'.encode() in sent
    answer = Answer((Choice("", "tool_calls", (call,)),), "m", Usage())
    said = json.loads(render_message(answer, id="1", shows_thinking=False))
    assert said["content"][0]["input"] == json.loads(LARGE)
    stream = MessageStream(id="1", model="m", usage=Usage(), shows_thinking=False)
    assert b"123456789012345678901234567890" in stream.finish(answer)


LARGE_CALL = f'{{"type":"tool_use","id":"c","name":"f","input":{LARGE}}}'


@pytest.mark.parametrize(
    "number", ["18446744073709551616", "-9223372036854775809", "123456789012345678901234567890"]
)
def test_a_call_in_a_whole_answer_keeps_large_integers(number: str) -> None:
    given = f'{{"id":[{{"of":{number}}}],"x":1.5,"y":1e300,"half":"\\ud800"}}'
    body = orjson.dumps(message(CALL)).replace(b'"input":{}', f'"input":{given}'.encode())
    arguments = parse_message(body, "us").choices[0].tool_calls[0].arguments
    assert f'"of":{number}' in arguments
    said = json.loads(arguments)
    assert (said["x"], said["y"], said["half"]) == (1.5, 1e300, "\ufffd")


def test_a_call_in_a_clients_history_keeps_large_integers() -> None:
    turns = f"""[{{"role":"user","content":"Hi"}}, {{"role":"assistant","content":[{LARGE_CALL}]}},
        {{"role":"user","content":[{{"type":"tool_result","tool_use_id":"c","content":"ok"}}]}}]"""
    body = f'{{"model":"m","max_tokens":9,"messages":{turns}}}'.encode()
    (request,) = MessagesFormat().read(body, {}).requests
    assert request.messages[1].tool_calls == (ToolCall("c", "f", LARGE),)
    for sent_on in (request, replace(request, original=None)):
        sent = messages_body(sent_on, model="m", max_output_tokens=9, issuer="us")
        assert f'"input":{LARGE}'.encode() in sent
        assert f'"input":{LARGE}'.encode() in count_body(sent_on, model="m", issuer="us")


def test_a_number_with_too_many_digits_to_be_read_is_shown_as_text() -> None:
    arguments = f'{{"id":{"9" * 5000}}}'
    answer = Answer((Choice("", "tool_calls", (ToolCall("c", "f", arguments),)),), "m", Usage())
    (block,) = json.loads(render_message(answer, id="1", shows_thinking=False))["content"]
    assert block["input"] == {"arguments": arguments}


CALL = {"type": "tool_use", "id": "c", "name": "f", "input": {}}


@pytest.mark.parametrize(
    ("blocks", "text"),
    [
        (["Look.", CALL, "Done."], "Look.\n\nDone."),
        (["Look.", CALL, CALL, "Done.", "Bye."], "Look.\n\nDone.\nBye."),
        (["Look.", "Done.", CALL], "Look.\nDone."),
        ([CALL, "Done."], "Done."),
        (["", CALL, "Done."], "\nDone."),
        (["Look.\n", CALL, "Done."], "Look.\n\nDone."),
        (["Look.", CALL, "\nDone."], "Look.\n\nDone."),
        (["Look.", CALL, "", "Done."], "Look.\n\nDone."),
        (["Look.", CALL, "", CALL, "Done."], "Look.\n\nDone."),
        (["Look.\n\n", CALL, "Done."], "Look.\n\n\nDone."),
    ],
)
def test_texts_with_another_block_between_them_stay_apart(blocks: list[object], text: str) -> None:
    content = [{"type": "text", "text": b} if isinstance(b, str) else b for b in blocks]
    hi = {"role": "user", "content": "Hi"}
    turns = [hi, {"role": "assistant", "content": content}, hi]
    body = orjson.dumps({"model": "m", "max_tokens": 9, "messages": turns})
    (request,) = MessagesFormat().read(body, {}).requests
    assert request.messages[1].text == text


THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": "s"}


@pytest.mark.parametrize(
    ("blocks", "text"),
    [
        (["Look.", CALL, "Done."], "Look.\n\nDone."),
        (["Look.", CALL, CALL, "Done.", " Bye."], "Look.\n\nDone. Bye."),
        (["Look.", THOUGHT, "Done."], "Look.\n\nDone."),
        (["Look.", CALL, "", "Done."], "Look.\n\nDone."),
        (["Look.", " Done.", CALL], "Look. Done."),
        ([THOUGHT, CALL, "Done.", " Bye."], "Done. Bye."),
        (["", CALL, "Done."], "Done."),
        (["Look.", CALL, ""], "Look."),
    ],
)
def test_texts_of_an_answer_with_another_block_between_them_stay_apart(
    blocks: list[object], text: str
) -> None:
    content = [{"type": "text", "text": b} if isinstance(b, str) else b for b in blocks]
    found = message(*content)
    answer = parse_message(orjson.dumps(found), "us")
    assert answer.text == text
    deltas, folder = folded(found)
    assert "".join(delta.text for delta in deltas) == folder.finish().text == text


def test_words_that_come_with_the_start_of_a_text_stay_apart_too() -> None:
    folder = MessageFolder("us")
    started = [{"type": "text", "text": "Look."}, CALL, {"type": "text", "text": "Done."}]
    said = ""
    for block in started:
        for event in (
            {"type": "content_block_start", "content_block": block},
            {"type": "content_block_stop"},
        ):
            said += "".join(delta.text for delta in folder.fold(orjson.dumps(event)))
    folder.fold(b'{"type":"message_delta","delta":{"stop_reason":"end_turn"}}')
    assert said == folder.finish().text == "Look.\n\nDone."


def test_a_call_by_its_long_name_is_one_of_an_offered_tool() -> None:
    name = f"mcp__{'n' * 60}"
    answer = parse_message(orjson.dumps(message({**CALL, "name": name})), "us")
    (tool,) = read_tools([{"name": name, "input_schema": {"type": "object"}}], "tools").own
    assert (answer.choices[0].tool_calls[0].name, tool.own_name) == (tool.name, name)


def test_a_history_with_calls_names_their_tools_where_the_request_names_none() -> None:
    call = ToolCall("c", "lookup", "{}")
    turns = (Message("user", "Hi"), Message("assistant", "", tool_calls=(call, call)))
    body = messages_body(ChatRequest(turns, "m"), model="m", max_output_tokens=9, issuer="us")
    sent = orjson.loads(body)
    assert sent["tools"] == [{"name": "lookup", "input_schema": {"type": "object"}}]
    assert sent["tool_choice"] == {"type": "none"}
