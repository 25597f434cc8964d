"""Pages that a model cites, and what its server says of itself, go on in the client's format."""

from __future__ import annotations

import json

import openai
import orjson
import pytest
from openai.lib.streaming.chat import ChatCompletionStreamState

from router.types import Answer, Choice, Citation, Delta, Usage, citations_left
from router.wire.anthropic.render import render_message
from router.wire.openai.answers import parse_completion
from router.wire.openai.citations import MAX_CITATIONS, parse_annotations
from router.wire.openai.render import StreamRenderer, deltas_of, render_completion
from router.wire.openai.upstream_events import ChunkFolder
from router.wire.responses.answers import ResponseFolder, parse_response
from router.wire.responses.render import render_response
from router.wire.responses.stream import ResponseStream
from router.wire.stop_sequences import stopped_answer
from tests.kits.server_kit import events_of

FIELDS = {"start_index": 4, "end_index": 8, "url": "https://a.test", "title": "A"}
IN_CHAT = {"type": "url_citation", "url_citation": FIELDS}
IN_RESPONSES = {"type": "url_citation", **FIELDS}
CITED = Citation("https://a.test", "A", 4, 8)
TEXT = "See that page."
ORIGIN = {"service_tier": "default", "system_fingerprint": "fp_1"}
ECHOED = b'{"store":false}'


def answer(*choices: Choice) -> Answer:
    said = choices or (Choice(TEXT, "stop", citations=(CITED,)),)
    return Answer(said, "m", Usage(), service_tier="default", system_fingerprint="fp_1")


def response(*messages: list[dict[str, object]]) -> dict[str, object]:
    output = [{"type": "message", "role": "assistant", "content": parts} for parts in messages]
    return {"status": "completed", "output": output, "model": "m", "id": "r"}


def part(text: str, *annotations: object) -> dict[str, object]:
    return {"type": "output_text", "text": text, "annotations": list(annotations)}


@pytest.mark.parametrize("entry", [IN_CHAT, IN_RESPONSES])
def test_both_forms_are_read(entry: object) -> None:
    assert parse_annotations([entry]) == (CITED,)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "url_citation",
        [None],
        [{"type": "file_citation", "file_id": "f", "index": 4}],
        [{**IN_RESPONSES, "url": ""}],
        [{**IN_RESPONSES, "start_index": None}],
        [{**IN_RESPONSES, "start_index": 9}],
        [{**IN_RESPONSES, "end_index": 2**31}],
        [{**IN_RESPONSES, "start_index": True}],
    ],
)
def test_what_is_no_citation_of_a_page_is_left_out(value: object) -> None:
    assert parse_annotations(value) == ()


def test_citations_are_bounded() -> None:
    assert len(parse_annotations([IN_CHAT] * (MAX_CITATIONS + 1))) == MAX_CITATIONS
    folder = ChunkFolder()
    for _ in range(2):
        delta = {"content": "x", "annotations": [IN_CHAT] * MAX_CITATIONS}
        folder.fold(orjson.dumps({"choices": [{"delta": delta, "finish_reason": "stop"}]}))
    assert len(folder.finish().choices[0].citations) == MAX_CITATIONS
    assert folder.unsaid == MAX_CITATIONS * len("https://a.testA")


def test_chat_completions_are_read_whole_and_streamed() -> None:
    message = {"role": "assistant", "content": TEXT, "annotations": [IN_CHAT]}
    ended = {"message": message, "finish_reason": "stop"}
    whole = parse_completion(orjson.dumps({"choices": [ended], "model": "m", **ORIGIN}))
    folder = ChunkFolder()
    for delta in ({"content": TEXT}, {"annotations": [IN_CHAT]}):
        chunk = {"choices": [{"index": 0, "delta": delta}], "model": "m", **ORIGIN}
        folder.fold(orjson.dumps(chunk))
    folder.fold(orjson.dumps({"choices": [{"delta": {}, "finish_reason": "stop"}]}))
    assert whole == folder.finish() == answer()


def test_places_count_from_the_beginning_of_all_messages() -> None:
    said = response([part("One."), part(TEXT, IN_RESPONSES)], [part(TEXT, IN_RESPONSES)])
    (choice,) = parse_response(orjson.dumps(said), "us").choices
    words = [choice.text[one.start : one.end] for one in choice.citations]
    assert words == [TEXT[4:8]] * 2
    assert [one.start for one in choice.citations] == [8, 24]


def test_a_stream_of_responses_ends_with_its_citations() -> None:
    folder, said = ResponseFolder("us"), response([part(TEXT, IN_RESPONSES)])
    folder.fold(orjson.dumps({"type": "response.completed", "response": {**said, **ORIGIN}}))
    whole = folder.finish()
    assert (whole.choices[0].citations, whole.service_tier) == ((CITED,), "default")


def test_chat_clients_get_them_whole() -> None:
    said = json.loads(render_completion(answer(), id="1", created=2))
    assert said["choices"][0]["message"]["annotations"] == [IN_CHAT]
    assert {key: said[key] for key in ORIGIN} == ORIGIN


def test_an_answer_without_them_has_no_keys_for_them() -> None:
    said = json.loads(
        render_completion(Answer((Choice("x", "stop"),), "m", Usage()), id="1", created=2)
    )
    assert "annotations" not in said["choices"][0]["message"]
    assert (said["system_fingerprint"], "service_tier" in said) == (None, False)


def test_an_sdk_that_streams_chat_completions_collects_them() -> None:
    stream = StreamRenderer(id="1", created=2, model="m", include_usage=True)
    told = b"".join([stream.delta(delta) for delta in deltas_of(answer()) if not delta.final])
    told += stream.finish(answer())
    state = ChatCompletionStreamState()
    lines = [line[6:] for line in told.split(b"\n") if line.startswith(b"data: {")]
    for line in lines:
        state.handle_chunk(openai.types.chat.ChatCompletionChunk.model_validate_json(line))
    collected = state.get_final_completion()
    (annotation,) = collected.choices[0].message.annotations or []
    assert annotation.model_dump() == IN_CHAT
    assert collected.system_fingerprint == "fp_1"
    assert json.loads(lines[-1])["service_tier"] == "default"


def test_responses_clients_get_them_whole_and_streamed() -> None:
    whole = json.loads(render_response(answer(), id="r", created=2, echoed=ECHOED))
    assert whole["output"][0]["content"][0]["annotations"] == [IN_RESPONSES]
    stream = ResponseStream(id="r", created=2, model="m", echoed=ECHOED)
    told = stream.delta(Delta(text=TEXT)) + stream.finish(answer())
    events = [event for _, event in events_of(told.decode())]
    assert events[-1]["response"]["output"] == whole["output"]
    (added,) = [e for e in events if e["type"] == "response.output_text.annotation.added"]
    assert (added["annotation"], added["annotation_index"]) == (IN_RESPONSES, 0)
    assert added["item_id"] == whole["output"][0]["id"]


def test_messages_have_no_place_for_them() -> None:
    said = json.loads(render_message(answer(), id="1", shows_thinking=False))
    assert said["content"] == [{"type": "text", "text": TEXT}]


@pytest.mark.parametrize(("stop", "left"), [(" page", (CITED,)), ("at", ())])
def test_a_citation_of_words_that_were_cut_goes(stop: str, left: tuple[Citation, ...]) -> None:
    assert stopped_answer(answer(), (stop,)).choices[0].citations == left


def test_a_citation_stays_where_its_words_stay() -> None:
    assert citations_left((CITED,), TEXT, f"{TEXT} More.") == (CITED,)
    assert citations_left((CITED,), TEXT, TEXT[2:]) == ()
