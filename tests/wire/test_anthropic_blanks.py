"""Texts of blanks: none reaches Anthropic or its clients, and nothing else is lost with them."""

from __future__ import annotations

import orjson
import pytest

from router.privacy.provider_seals import shown
from router.types import Answer, ChatRequest, Choice, Delta, JsonText, Sealed, ToolCall, Usage
from router.wire.anthropic.own_words import GO_ON, NO_TEXT
from router.wire.anthropic.render import MessageStream, render_message
from router.wire.anthropic.request import MessagesFormat
from router.wire.anthropic.upstream import messages_body
from router.wire.openai.request import parse_chat_request

HI = {"role": "user", "content": "Hi"}
HELLO = {"role": "assistant", "content": "Hello"}
CALL = {"type": "tool_use", "id": "c", "name": "f", "input": {}}
THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": "s"}
SEALED = Sealed("thinking", JsonText(orjson.dumps(THOUGHT).decode()), "us")
BLANK = {"type": "text", "text": " \n"}


def text(words: str) -> dict[str, object]:
    return {"type": "text", "text": words}


def sent(request: ChatRequest) -> dict[str, object]:
    body = orjson.loads(messages_body(request, model="m", max_output_tokens=9, issuer="us"))
    assert isinstance(body, dict)
    return body


def unchanged(*turns: object, **fields: object) -> dict[str, object]:
    """Returns what Anthropic gets of its own client's body."""
    body = {"model": "m", "max_tokens": 9, "messages": list(turns), **fields}
    return sent(MessagesFormat().read(orjson.dumps(body), {}).requests[0])


def translated(*turns: object) -> dict[str, object]:
    """Returns what Anthropic gets of a chat completion."""
    return sent(parse_chat_request(orjson.dumps({"model": "m", "messages": list(turns)}), {}))


LAST = {"role": "user", "content": NO_TEXT}
UNCHANGED = [
    ([HI, HELLO, {"role": "user", "content": " \n"}], [HI, HELLO, LAST]),
    ([HI, HELLO, {"role": "user", "content": [BLANK]}], [HI, HELLO, LAST]),
    ([{"role": "user", "content": " "}], [LAST]),
    ([{"role": "user", "content": [BLANK, BLANK]}], [LAST]),
    ([HI, {"role": "assistant", "content": " "}, {"role": "user", "content": " "}], [HI]),
    ([HI, {"role": "user", "content": " "}], [HI]),
    ([{"role": "user", "content": " "}, HELLO, HI], [HELLO, HI]),
    ([HI, HELLO, HI], [HI, HELLO, HI]),
    ([{"role": "user", "content": " Hi "}], [{"role": "user", "content": " Hi "}]),
]


@pytest.mark.parametrize(("turns", "expected"), UNCHANGED)
def test_a_turn_of_blanks_is_left_out_and_the_last_turn_stays(
    turns: list[object], expected: list[object]
) -> None:
    assert unchanged(*turns)["messages"] == expected


@pytest.mark.parametrize("system", [" ", "", [BLANK]])
def test_a_system_prompt_of_blanks_is_left_out(system: object) -> None:
    assert "system" not in unchanged(HI, system=system)


@pytest.mark.parametrize("system", [" Be brief.", [text("Be brief.")]])
def test_a_system_prompt_with_words_stays_as_it_is(system: object) -> None:
    assert unchanged(HI, system=system)["system"] == system


@pytest.mark.parametrize(("words", "kept"), [(" ", ""), ("", ""), (" 7", " 7")])
def test_a_result_of_blanks_is_empty(words: str, kept: str) -> None:
    result = {"type": "tool_result", "tool_use_id": "c", "content": words}
    said = [HI, {"role": "assistant", "content": [CALL]}, {"role": "user", "content": [result]}]
    assert unchanged(*said)["messages"] == [
        *said[:2],
        {"role": "user", "content": [{**result, "content": kept}]},
    ]
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    called = {"role": "assistant", "content": None, "tool_calls": [call]}
    turns = translated(HI, called, {"role": "tool", "tool_call_id": "c", "content": words})
    assert turns["messages"][-1]["content"] == [{**result, "content": kept}]  # type: ignore[index]


TRANSLATED = [
    ([HI, HELLO, {"role": "user", "content": " \n"}], ["user", "assistant", "user"], NO_TEXT),
    ([{"role": "user", "content": " "}], ["user"], NO_TEXT),
    ([{"role": "system", "content": "Be brief."}], ["user"], NO_TEXT),
    ([HI, {"role": "user", "content": " "}], ["user"], None),
    ([HI, HELLO], ["user", "assistant", "user"], GO_ON),
]


@pytest.mark.parametrize(("turns", "roles", "last"), TRANSLATED)
def test_a_translated_body_ends_with_the_user(
    turns: list[object], roles: list[str], last: str | None
) -> None:
    messages = translated(*turns)["messages"]
    assert isinstance(messages, list)
    assert [message["role"] for message in messages] == roles
    assert last is None or messages[-1]["content"] == last


def test_a_translated_system_prompt_has_no_blanks() -> None:
    system = {"role": "system", "content": " "}
    assert "system" not in translated(system, HI)
    assert translated(system, {"role": "system", "content": "Be brief."}, HI)["system"] == (
        "Be brief."
    )


@pytest.mark.parametrize("words", [" ", "", "Look."])
def test_a_thought_after_a_text_of_blanks_comes_back_before_its_call(words: str) -> None:
    blocks = [text(words), shown(SEALED), CALL]
    turns = [HI, {"role": "assistant", "content": blocks}, HI]
    body = orjson.dumps({"model": "m", "max_tokens": 9, "messages": turns})
    (request,) = MessagesFormat().read(body, {}).requests
    # Another path, such as a policy that changes the request, translates it.
    as_chat = ChatRequest(request.messages, "m")
    kept = [text(words)] if words.strip() else []
    for told in (sent(request), sent(as_chat)):
        assert told["messages"][1]["content"] == [*kept, THOUGHT, CALL]  # type: ignore[index]


def streamed(answer: Answer, *deltas: Delta) -> list[dict[str, object]]:
    """Returns the blocks that the events of a stream add up to."""
    stream = MessageStream(id="1", model="m", usage=Usage(), shows_thinking=True)
    events = b"".join([stream.begin(), *map(stream.delta, deltas), stream.finish(answer)])
    blocks: list[dict[str, object]] = []
    for line in events.split(b"\n"):
        event = orjson.loads(line[6:]) if line.startswith(b"data: ") else {}
        if event.get("type") == "content_block_start":
            blocks.append(event["content_block"])
        elif event.get("type") == "content_block_delta":
            delta, block = event["delta"], blocks[-1]
            key = delta["type"].removesuffix("_delta")
            if key == "input_json":
                block["input"] = orjson.loads(delta["partial_json"])
            else:
                block[key] = str(block[key]) + delta[key]
    return blocks


def answer_of(words: str, *sealed: Sealed, refusal: str | None = None, calls: int = 1) -> Answer:
    called = tuple([ToolCall("c", "f", "{}")] * calls)
    return Answer((Choice(words, "tool_calls", called, refusal, sealed=sealed),), "m", Usage())


AFTER_TEXT = Sealed(SEALED.kind, SEALED.payload, SEALED.issuer, 1)
AFTER_CALL = Sealed(SEALED.kind, SEALED.payload, SEALED.issuer, 2)
ANSWERS = [
    # the answer, the pieces of its stream, the kinds of its blocks
    (answer_of("\n\n"), [Delta(text="\n"), Delta(text="\n")], ["tool_use"]),
    (answer_of("\n\nHi"), [Delta(text="\n\n"), Delta(text="Hi")], ["text", "tool_use"]),
    (answer_of("Hi\n\n"), [Delta(text="Hi"), Delta(text="\n\n")], ["text", "tool_use"]),
    (
        answer_of("\n\n", AFTER_TEXT),
        [Delta(text="\n\n"), Delta(sealed=AFTER_TEXT)],
        ["thinking", "tool_use"],
    ),
    (
        answer_of("\n\n", AFTER_CALL, calls=2),
        [Delta(text="\n\n"), Delta(sealed=AFTER_CALL)],
        ["tool_use", "thinking", "tool_use"],
    ),
    (
        answer_of("\n\n", refusal="No.", calls=0),
        [Delta(text="\n\n")],
        ["text"],
    ),
]


@pytest.mark.parametrize(("answer", "deltas", "kinds"), ANSWERS)
def test_an_answer_of_blanks_is_no_block(
    answer: Answer, deltas: list[Delta], kinds: list[str]
) -> None:
    whole = orjson.loads(render_message(answer, id="1", shows_thinking=True))["content"]
    assert [block["type"] for block in whole] == kinds
    assert streamed(answer, *deltas) == whole


def test_blanks_after_a_thought_begin_no_block_of_their_own() -> None:
    deltas = [Delta(text="Hi"), Delta(sealed=AFTER_TEXT), Delta(text="\n"), Delta(text=" ")]
    blocks = streamed(answer_of("Hi\n ", AFTER_TEXT, calls=0), *deltas)
    assert [block["type"] for block in blocks] == ["text", "thinking"]
    blocks = streamed(answer_of("Hi\n So", AFTER_TEXT, calls=0), *deltas, Delta(text="So"))
    assert [block.get("text") for block in blocks] == ["Hi", None, "\n So"]


def test_a_held_answer_keeps_its_blanks_before_words() -> None:
    assert streamed(answer_of("\nHi", calls=0)) == [text("\nHi")]
