"""Integers over 64 bits: which values lost digits, and how these are read with all of them."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.types import Answer, Choice, ToolCall, Usage
from router.wire.anthropic.answers import MessageFolder
from router.wire.anthropic.render import MessageStream, render_message
from router.wire.digits import loads_exactly, lost_digits

VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**300), 10**300),
        st.integers(-(2**65), 2**65),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(),
    ),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=10,
)


@given(VALUES)
def test_what_is_read_exactly_is_written_as_it_was(value: object) -> None:
    text = json.dumps(value)
    assert json.loads(orjson.dumps(loads_exactly(text))) == value
    if json.loads(orjson.dumps(orjson.loads(text))) != value:
        assert lost_digits([orjson.loads(text)])


@pytest.mark.parametrize("number", [2**64 - 1, -(2**63) + 1, 0.5, 1e18])
def test_numbers_of_64_bits_lose_nothing(number: float) -> None:
    assert not lost_digits(orjson.loads(json.dumps({"a": [number]})))
    assert loads_exactly(json.dumps(number)) == number


@pytest.mark.parametrize("text", ["NaN", "[1e999]", "{", '"\\ud800"', "9" * 400])
def test_what_orjson_refuses_is_refused(text: str) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        loads_exactly(text)


def test_nesting_that_only_orjson_reads_loses_digits_and_no_request() -> None:
    value = loads_exactly("[" * 1_000 + "9" * 30 + "]" * 1_000)
    while isinstance(value, list):
        (value,) = value
    assert isinstance(value, float | orjson.Fragment)  # a later Python may read it


NUMBERS = [
    "-9300000000000000001",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "-123456789012345678901",
    "1e300",
    "1.5",
]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_call_is_shown_with_all_digits_of_its_numbers(number: str) -> None:
    call = ToolCall("c", "f", f'{{"id":{number}}}')
    answer = Answer((Choice("", "tool_calls", (call,)),), "m", Usage())
    (block,) = json.loads(render_message(answer, id="1", shows_thinking=False))["content"]
    assert block["input"] == json.loads(call.arguments)
    stream = MessageStream(id="1", model="m", usage=Usage(), shows_thinking=False)
    lines = [line for line in stream.finish(answer).split(b"\n") if b"partial_json" in line]
    (piece,) = [json.loads(line[6:])["delta"]["partial_json"] for line in lines]
    assert json.loads(piece) == json.loads(call.arguments)


@pytest.mark.parametrize("number", [*NUMBERS, "0.1234567890123456789", "1.10"])
def test_an_input_that_comes_with_its_block_keeps_all_digits(number: str) -> None:
    block = '{"type":"tool_use","id":"c","name":"f","input":{"id":[NUMBER]}}'.replace(
        "NUMBER", number
    )
    folder = MessageFolder("us")
    started = f'{{"type":"content_block_start","index":0,"content_block":{block}}}'
    assert folder.fold(started.encode()) == []
    (delta,) = folder.fold(b'{"type":"content_block_stop","index":0}')
    assert delta.tool_call == ToolCall("c", "f", f'{{"id":[{number}]}}')
