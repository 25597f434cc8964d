"""Answers end at the client's stop sequences also where their upstream has no word for them."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest

from router.types import Delta
from router.wire.openai.upstream_events import ChunkFolder
from router.wire.responses.answers import ResponseFolder
from tests.kits.server_kit import Served, Upstream, events_of, write_ladder
from tests.kits.upstreams.upstream_wire import TEXT, chunk
from tiers.upstream.stopped import StoppedFolder

STOP = TEXT[13:16]  # begins within a word of the stream and ends within the next one
USER = {"role": "user", "content": "Where is my parcel?"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with Upstream(folder) as upstream:
        policies = [
            write_ladder(folder, wire, upstream.url, "answer", wire=wire)
            for wire in ("responses", "anthropic")
        ]
        with Served(folder, *policies) as server:
            yield server


def chat(served: Served, model: str, stream: bool, **given: object) -> tuple[str, str]:
    body = {"model": model, "messages": [USER], "stream": stream, **given}
    response = served.post("/v1/chat/completions", body)
    assert response.status_code == 200, response.text
    if not stream:
        (choice,) = response.json()["choices"]
        return choice["message"]["content"], choice["finish_reason"]
    lines = [line[6:] for line in response.text.splitlines() if line.startswith("data: {")]
    chunks = [orjson.loads(line)["choices"][0] for line in lines]
    return "".join([c["delta"].get("content", "") for c in chunks]), chunks[-1]["finish_reason"]


@pytest.mark.parametrize("stream", [False, True])
def test_responses_end_at_a_stop_sequence(served: Served, stream: bool) -> None:
    assert " " in STOP.strip()
    assert chat(served, "auto:responses", stream, stop=STOP) == (TEXT[:13], "stop")


@pytest.mark.parametrize("stream", [False, True])
def test_a_sequence_that_does_not_come_changes_nothing(served: Served, stream: bool) -> None:
    stop = f"{TEXT[-3:]}!"  # its beginning is held back to the end
    assert chat(served, "auto:responses", stream, stop=stop) == (TEXT, "stop")


@pytest.mark.parametrize("stream", [False, True])
def test_anthropics_answers_end_at_blanks(served: Served, stream: bool) -> None:
    first = TEXT.split(" ")[0]
    assert chat(served, "auto:anthropic", stream, stop=" ") == (first, "stop")


@pytest.mark.parametrize("model", ["auto:responses", "auto:anthropic"])
@pytest.mark.parametrize("stream", [False, True])
def test_messages_say_which_sequence_it_was(served: Served, model: str, stream: bool) -> None:
    body = {"model": model, "max_tokens": 99, "messages": [USER], "stop_sequences": [" "]}
    response = served.post("/v1/messages", {**body, "stream": stream})
    end = response.json() if not stream else events_of(response.text)[-2][1]["delta"]
    assert (end["stop_reason"], end["stop_sequence"]) == ("stop_sequence", " ")


def test_the_whole_answer_is_paid(served: Served) -> None:
    costs = []
    for given in ({}, {"stop": STOP}):
        body = {"model": "auto:responses", "messages": [USER], **given}
        response = served.post("/v1/chat/completions", body)
        (attempt,) = [a for a in served.row(response)["attempts"] if a["role"] == "answer"]
        costs.append(attempt["cost_nano_usd"])
    assert costs[0] == costs[1] > 0


def test_log_probabilities_wait_for_their_text() -> None:
    folder = StoppedFolder(ResponseFolder("us"), (" END",))
    deltas: list[Delta] = []
    for word in ("one", " E", "ND", " two"):
        event = {"type": "response.output_text.delta", "delta": word}
        tokens = [{"token": word, "logprob": -0.5, "top_logprobs": []}]
        deltas += folder.fold(orjson.dumps({**event, "logprobs": tokens}))
    assert [(delta.text, [t.token for t in delta.logprobs]) for delta in deltas] == [
        ("one", ["one"])
    ]
    assert folder.left() == []


def test_what_begins_no_sequence_is_left_at_the_end() -> None:
    folder = StoppedFolder(ResponseFolder("us"), (" END",))
    event = {"type": "response.output_text.delta"}
    folder.fold(orjson.dumps({**event, "delta": "one"}))
    assert folder.fold(orjson.dumps({**event, "delta": " E"})) == []
    assert folder.left() == [Delta(text=" E")]
    assert folder.left() == []


CALL: dict[str, object] = {
    "tool_calls": [{"index": 0, "id": "c1", "function": {"name": "f", "arguments": "{}"}}]
}
THOUGHT: dict[str, object] = {"reasoning_content": "Hm."}


def said(*pieces: str | dict[str, object]) -> tuple[list[str], int]:
    """Returns what goes out of a stream with the stop sequence END, and its bytes that do not."""
    folder = StoppedFolder(ChunkFolder("us"), ("END",))
    deltas: list[Delta] = []
    for piece in pieces:
        delta: dict[str, object] = {"content": piece} if isinstance(piece, str) else piece
        deltas += folder.fold(orjson.dumps(chunk(delta)))
    deltas += folder.left()
    return ["call" if d.tool_call else d.text or d.reasoning for d in deltas], folder.unsaid


@pytest.mark.parametrize(
    ("pieces", "order", "unsaid"),
    [
        (("one E", CALL), ["one ", "E", "call"], 0),
        (("one E", THOUGHT, " two"), ["one ", "E", "Hm.", " two"], 0),
        (("EN", CALL, "EN", THOUGHT, "x"), ["EN", "call", "EN", "Hm.", "x"], 0),
        (("E", CALL, "N", "D two"), [], len("E" + "f{}" + "ND two")),
        (("one", CALL, "END"), ["one", "call"], 3),
        (("END", CALL, THOUGHT), [], len("END" + "f{}" + "Hm.")),
    ],
)
def test_what_comes_behind_held_text_goes_out_behind_it(
    pieces: tuple[str | dict[str, object], ...], order: list[str], unsaid: int
) -> None:
    assert said(*pieces) == (order, unsaid)


def test_text_behind_a_stop_sequence_counts_as_written() -> None:
    folder = StoppedFolder(ResponseFolder("us"), ("END",))
    written = 0
    for text in ("words ", "and EN", "D more", "x" * 100):
        event = {"type": "response.output_text.delta", "item_id": "m", "delta": text}
        said = sum([len(delta.text) for delta in folder.fold(orjson.dumps(event))])
        written += len(text) - said
        assert folder.unsaid == written
    assert written == len("END more") + 100
