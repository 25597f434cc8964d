"""What OpenAI's responses say beside text: the phase of a message, and the wanted summary."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from router.types import Answer, BodyRules, ChatRequest
from router.wire.body_keys import PHASE, dropped, narrowed
from router.wire.openai.render import deltas_of
from router.wire.refusals import Refusal, unsupported_in, without
from router.wire.responses.answers import ResponseFolder, parse_response
from router.wire.responses.request import ResponsesFormat
from router.wire.responses.stream import ResponseStream
from router.wire.responses.upstream import response_body
from tests.kits.server_kit import events_of
from tests.kits.upstreams.upstream_kit import facts

ISSUER = "5f2c0d1e2b3a"
CHAT = replace(facts(), body=BodyRules(wire="openai"))
RESPONSES = replace(facts(), model="m", issuer=ISSUER, body=BodyRules(wire="responses"))
CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
RESULT = {"type": "function_call_output", "call_id": "c1", "output": "done"}
REASONING = {"effort": "low", "summary": "auto", "context": "all_turns"}


def said(text: str, phase: str | None) -> dict[str, object]:
    part = {"type": "output_text", "text": text}
    item: dict[str, object] = {"type": "message", "role": "assistant", "content": [part]}
    return item if phase is None else {**item, "phase": phase}


def parsed(*output: object) -> Answer:
    ended = {"status": "completed", "output": list(output), "model": "m", "id": "r"}
    return parse_response(orjson.dumps(ended), ISSUER)


def asked(*items: object, **fields: object) -> ChatRequest:
    body = {"model": "auto", "input": [{"role": "user", "content": "hi"}, *items], **fields}
    return ResponsesFormat().read(json.dumps(body).encode(), {}).request


def upstream_body(request: ChatRequest) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(response_body(request, RESPONSES))
    return body


def new_stream() -> ResponseStream:
    return ResponseStream(id="r", created=0, model="m", echoed=b'{"store":false}')


def phases(events: bytes) -> list[object]:
    """Returns the phases of the message, as its events say them, and of the whole response."""
    found = []
    for _, said in events_of(events.decode()):
        event: dict[str, Any] = said
        items = event["response"]["output"] if "response" in event else [event.get("item")]
        found += [item.get("phase") for item in items if item and item["type"] == "message"]
    return found


def test_a_message_goes_to_the_client_with_its_phase() -> None:
    answer = parsed(said("Let me look.", "commentary"), CALL)
    body = json.dumps({"model": "auto", "input": "hi"}).encode()
    whole = ResponsesFormat().read(body, {}).whole(answer, id="1", created=2)
    message, call = json.loads(whole)["output"]
    assert message["phase"] == "commentary"
    assert "phase" not in call


def test_the_last_phase_counts_for_messages_that_become_one() -> None:
    answer = parsed(said("Done?", "commentary"), said("Done.", "final_answer"))
    assert answer.choices[0].phase == "final_answer"


def test_a_streamed_message_begins_and_ends_with_its_phase() -> None:
    item = said("Hi you.", "commentary")
    folder, stream = ResponseFolder(ISSUER), new_stream()
    events = stream.begin()
    for event in (
        {"type": "response.output_item.added", "item": {**item, "content": []}},
        {"type": "response.output_text.delta", "delta": "Hi "},
        {"type": "response.output_text.delta", "delta": "you."},
        {"type": "response.output_item.done", "item": item},
        {"type": "response.completed", "response": {"status": "completed", "output": [item]}},
    ):
        for delta in folder.fold(orjson.dumps(event)):
            events += stream.delta(delta)
    events += stream.finish(folder.finish())
    assert phases(events) == ["commentary"] * 3


def test_an_answer_that_was_held_back_has_its_phase() -> None:
    stream, answer = new_stream(), parsed(said("Hi.", "final_answer"))
    pieces = [stream.delta(piece) for piece in deltas_of(answer) if piece.final is None]
    assert phases(b"".join(pieces) + stream.finish(answer)) == ["final_answer"] * 3


def test_a_message_without_a_phase_gets_none() -> None:
    stream, answer = new_stream(), parsed(said("Hi.", None))
    assert phases(stream.finish(answer)) == [None] * 3


def test_a_phase_returns_to_the_upstream_with_its_message() -> None:
    turn = [said("Let me look.", "commentary"), CALL, RESULT, said("Done.", "final_answer")]
    items = upstream_body(asked(*turn))["input"]
    assert [item.get("phase") for item in items] == [None, "commentary", None, None, "final_answer"]


def test_a_phase_that_reaches_no_model_is_named() -> None:
    request = asked(said("Done.", "final_answer"), {"role": "user", "content": "more"})
    assert dropped(request, CHAT) == (PHASE,)
    assert dropped(request, RESPONSES) == ()


def test_the_wanted_summary_reaches_an_upstream_of_this_format() -> None:
    request = asked(reasoning=REASONING)
    assert upstream_body(request)["reasoning"] == REASONING
    assert dropped(request, RESPONSES) == ()


def test_a_summary_alone_asks_for_no_effort() -> None:
    assert upstream_body(asked(reasoning={"summary": "detailed"}))["reasoning"] == {
        "summary": "detailed"
    }


def test_what_no_upstream_here_takes_is_named() -> None:
    request = narrowed(asked(reasoning={**REASONING, "mode": "pro"}), [CHAT])
    assert dropped(request, CHAT) == ("reasoning.summary", "reasoning.context", "reasoning.mode")
    assert request.extra == {}


def test_a_key_of_reasoning_that_we_do_not_know_stays_here() -> None:
    request = asked(reasoning={**REASONING, "mode": "pro"})
    assert upstream_body(request)["reasoning"] == REASONING
    assert dropped(request, RESPONSES) == ("reasoning.mode",)


@pytest.mark.parametrize("code", ["unsupported_value", "unsupported_parameter"])
def test_a_summary_that_is_refused_is_left_out(code: str) -> None:
    words = "Your organization must be verified to generate reasoning summaries."
    refusal, request = Refusal(words, code, "reasoning.summary"), asked(reasoning=REASONING)
    refused = unsupported_in(refusal, request)
    assert refused is not None
    assert (refused.name, refused.lasts) == ("reasoning.summary", True)
    left = upstream_body(without(request, ("reasoning.summary",)))["reasoning"]
    assert left == {"effort": "low", "context": "all_turns"}
    assert unsupported_in(refusal, asked(reasoning={"effort": "low"})) is None
