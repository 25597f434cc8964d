"""Every wire format reads or refuses any body, and answers every body that it reads."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.api.http.server import WIRE_FORMATS
from router.api.openapi.document import openapi
from router.api.openapi.schemas import BODIES as BODIES_DESCRIBED
from router.errors import RequestError, StreamCut
from router.types import Answer, Choice, ToolCall, Usage
from router.wire.openai.render import deltas_of
from tests.kits.examples import examples
from tests.kits.inputs.wire_bodies import BODIES, changed, nodes
from tests.kits.wire_kit import HELLO

CALL = ToolCall("c1", "f", '{"a":1}')
ANSWERS = [
    Answer((Choice("hi", "stop", reasoning="hm"),), "m", Usage(3, 1, 1, 2, 1, True)),
    Answer((Choice("", "tool_calls", (CALL, CALL)),), "m", Usage()),
    Answer((Choice("a", "length"), Choice("", "stop", refusal="no")), "m", Usage()),
    Answer((Choice("a\ud800b", "content_filter"),), "m", Usage()),
    Answer((Choice("", "tool_calls", (ToolCall("c", "f", "{\ud800"),)),), "m", Usage()),
]

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | WORDS
    | st.sampled_from(["user", "assistant", "text", "tool_use", "function", "\x00"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=8,
)


REFUSED = Answer((Choice("I cannot.", "stop", refusal="I cannot."),), "m", Usage())


@pytest.mark.parametrize(
    ("path", "body", "piece", "times"),
    [
        # Where the wire has a place for refusals, the words stand there and in the text.
        ("/v1/chat/completions", {"messages": HELLO}, b'"delta"', 2),
        ("/v1/responses", {"input": "hi"}, b".delta", 2),
        ("/v1/messages", {"messages": HELLO, "max_tokens": 9}, b"_delta", 1),
        ("/v1/completions", {"prompt": "hi"}, b'"choices"', 1),
    ],
)
def test_plain_clients_read_a_refusal_of_ours_once(
    path: str, body: dict[str, object], piece: bytes, times: int
) -> None:
    exchange = WIRE_FORMATS[path].read(orjson.dumps({"model": "m", **body}), {})
    assert exchange.whole(REFUSED, id="1", created=1).count(b"I cannot.") == times
    stream = exchange.stream(id="1", created=1, model="m", usage=Usage())
    pieces = [stream.begin(), *map(stream.delta, deltas_of(REFUSED)), stream.finish(REFUSED)]
    told = [event for event in b"".join(pieces).split(b"\n\n") if piece in event]
    assert sum(event.count(b"I cannot.") for event in told) == times


def answer_all(path: str, body: bytes) -> None:
    """Read a body, and say every answer to what it asks; only RequestError may be raised."""
    try:
        exchange = WIRE_FORMATS[path].read(body, {})
    except RequestError as error:
        check_refusal(path, error)
        return
    for answer in ANSWERS:
        whole = orjson.loads(exchange.whole(answer, id="1", created=1))
        assert whole["id"].endswith("1")
        stream = exchange.stream(id="1", created=1, model="m", usage=Usage())
        pieces = [stream.begin(), *map(stream.delta, deltas_of(answer)), stream.finish(answer)]
        for event in b"".join(pieces).split(b"\n\n"):
            said = event.rpartition(b"data: ")[2]
            assert said in (b"", b"[DONE]") or orjson.loads(said)
    failing = exchange.stream(id="1", created=1, model="m", usage=Usage())
    assert b"[DONE]" not in failing.begin() + failing.failure(StreamCut("The answer broke off."))


def check_refusal(path: str, error: RequestError) -> None:
    assert error.status == 400
    assert error.param or error.code in ("invalid_json", "invalid_type"), error.message
    said = orjson.loads(WIRE_FORMATS[path].error(error, "1"))
    assert said["error"]["message"] == error.message


@pytest.mark.parametrize("path", WIRE_FORMATS)
def test_a_full_body_is_read(path: str) -> None:
    exchange = WIRE_FORMATS[path].read(orjson.dumps(BODIES[path]), {})
    assert exchange.requests[0].stream == (path != "/v1/responses/compact")
    assert exchange.requests[0].hints.stakes_nano_usd == 5 * 10**9
    assert exchange.requests[0].extra["other"] == '{"a":[1]}'
    answer_all(path, orjson.dumps(BODIES[path]))


@pytest.mark.parametrize("path", WIRE_FORMATS)
def test_what_is_read_stands_in_the_api_description(path: str) -> None:
    described = openapi()["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    schema = BODIES_DESCRIBED[described["schema"]["$ref"].rpartition("/")[2]]
    assert {*BODIES[path]} - {"user", "other"} <= {*schema["properties"]}
    assert {*schema["required"]} <= {*BODIES[path]}


@pytest.mark.parametrize("path", WIRE_FORMATS)
def test_a_body_with_a_node_gone_is_read_or_refused(path: str) -> None:
    for node in nodes(BODIES[path]):
        answer_all(path, orjson.dumps(changed(BODIES[path], node, ...)))


@pytest.mark.parametrize("path", WIRE_FORMATS)
@pytest.mark.parametrize("value", [7, -1, 1e300, "", "x", "\x00", True, [], {}, [[]], [{}], [None]])
def test_a_body_with_a_node_of_another_kind_is_read_or_refused(path: str, value: object) -> None:
    for node in nodes(BODIES[path]):
        answer_all(path, orjson.dumps(changed(BODIES[path], node, value)))


@pytest.mark.parametrize("path", WIRE_FORMATS)
def test_nothing_nests_too_deep_to_be_read_or_refused(path: str) -> None:
    for node in nodes(BODIES[path]):
        body = orjson.dumps(changed(BODIES[path], node, "HERE"))
        for depth in (245, 251, 260, 900, 5_000):
            answer_all(path, body.replace(b'"HERE"', b"[" * depth + b"]" * depth))
            answer_all(path, body.replace(b'"HERE"', b'{"a":' * depth + b"1" + b"}" * depth))


@pytest.mark.parametrize("path", WIRE_FORMATS)
@pytest.mark.parametrize("bad", [b'"\\ud800"', b'"\xff"', b"NaN", b"1e999", b"\x00", b"1" * 400])
def test_what_is_no_json_is_refused_wherever_it_stands(path: str, bad: bytes) -> None:
    for node in nodes(BODIES[path]):
        body = orjson.dumps(changed(BODIES[path], node, "HERE"))
        answer_all(path, body.replace(b'"HERE"', bad))


@pytest.mark.parametrize("path", WIRE_FORMATS)
@examples(200)
@given(st.data())
def test_any_change_of_a_body_is_read_or_refused(path: str, data: st.DataObject) -> None:
    body: object = BODIES[path]
    for _ in range(data.draw(st.integers(1, 3))):
        body = changed(body, data.draw(st.sampled_from(list(nodes(body)))), data.draw(JSON))
    answer_all(path, orjson.dumps(body))


@pytest.mark.parametrize("path", WIRE_FORMATS)
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"[" * 50_000])
def test_a_body_that_is_no_object_is_refused(path: str, body: bytes) -> None:
    with pytest.raises(RequestError):
        WIRE_FORMATS[path].read(body, {})
