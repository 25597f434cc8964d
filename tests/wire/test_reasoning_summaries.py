"""Summaries of sealed thoughts in a stream: the order of their events, and what has none."""

from __future__ import annotations

import orjson
import pytest

from router.errors import StreamCut
from router.types import (
    BETWEEN_PARTS,
    Answer,
    Choice,
    Delta,
    JsonText,
    Sealed,
    SummaryPlace,
    Usage,
)
from router.wire.anthropic.render import MessageStream
from router.wire.openai.render import StreamRenderer
from router.wire.responses.answers import ResponseFolder
from router.wire.responses.stream import ResponseStream
from tests.kits.server_kit import events_of

TWO_PARTS = [
    {"type": "summary_text", "text": "First."},
    {"type": "summary_text", "text": "Then."},
]
THOUGHT = {"id": "rs_up", "type": "reasoning", "summary": TWO_PARTS, "encrypted_content": "gAAA"}


def said_of(item: dict[str, object], before: Delta | None = None) -> list[dict[str, object]]:
    """Returns the events of one sealed item, after those of `before`."""
    stream = ResponseStream(id="r", created=0, model="m", echoed=b'{"store":false}')
    if before is not None:
        stream.delta(before)
    sealed = Sealed("reasoning", JsonText(orjson.dumps(item).decode()), "here", 0)
    return [said for _, said in events_of(stream.delta(Delta(sealed=sealed)).decode())]


def names_of(events: list[dict[str, object]]) -> list[str]:
    return [str(event["type"]).removeprefix("response.") for event in events]


PART = [
    "reasoning_summary_part.added",
    "reasoning_summary_text.delta",
    "reasoning_summary_text.done",
    "reasoning_summary_part.done",
]


def test_each_part_of_a_summary_has_its_events_and_its_number() -> None:
    added, *parts, done = said_of(THOUGHT)
    shown = {**THOUGHT, "encrypted_content": "tg1.here.gAAA"}
    assert added["item"] == {**shown, "summary": []}
    assert done["item"] == shown
    assert names_of(parts) == PART * 2
    assert [part["summary_index"] for part in parts] == [0] * 4 + [1] * 4
    assert parts[5] == {
        "type": "response.reasoning_summary_text.delta",
        "sequence_number": 6,
        "item_id": "rs_up",
        "output_index": 0,
        "summary_index": 1,
        "delta": "Then.",
    }


def test_a_summary_after_a_message_has_the_second_index() -> None:
    events = said_of(THOUGHT, before=Delta(text="Hello."))
    assert names_of(events)[2:5] == ["output_item.done", "output_item.added", PART[0]]
    assert {event["output_index"] for event in events[3:]} == {1}


def test_an_item_with_a_status_begins_in_progress() -> None:
    added, *_, done = said_of({**THOUGHT, "status": "completed"})
    statuses = [event["item"]["status"] for event in (added, done)]  # type: ignore[index]
    assert statuses == ["in_progress", "completed"]


@pytest.mark.parametrize(
    "odd",
    [
        {"summary": []},
        {"summary": None},
        {"summary": "First."},
        {"summary": ["First."]},
        {"summary": [*TWO_PARTS, {"type": "summary_text", "text": None}]},
        {"id": None},
    ],
)
def test_an_item_without_a_summary_comes_at_once(odd: dict[str, object]) -> None:
    events = said_of({**THOUGHT, **odd})
    assert names_of(events) == ["output_item.added", "output_item.done"]
    assert events[0]["item"] == events[1]["item"]


PIECES = [("rs_up", 0, "Fir"), ("rs_up", 0, "st."), ("rs_up", 1, "Then.")]
PLACE, NEXT, GAP = (SummaryPlace("rs_up", part) for part in (0, 1, BETWEEN_PARTS))
LIVE = [
    Delta(reasoning="Fir", summary=PLACE),
    Delta(reasoning="st.", summary=PLACE),
    Delta(reasoning="\n\n", summary=GAP),
    Delta(reasoning="Then.", summary=NEXT),
]
SEALED = Delta(sealed=Sealed("reasoning", JsonText(orjson.dumps(THOUGHT).decode()), "us", 0))


def summarised(folder: ResponseFolder, *pieces: tuple[object, object, str]) -> list[Delta]:
    kind = {"type": "response.reasoning_summary_text.delta"}
    events = [
        {**kind, "item_id": item_id, "summary_index": index, "delta": words}
        for item_id, index, words in pieces
    ]
    return [delta for event in events for delta in folder.fold(orjson.dumps(event))]


def ended(folder: ResponseFolder, item: dict[str, object]) -> list[Delta]:
    return folder.fold(orjson.dumps({"type": "response.output_item.done", "item": item}))


def test_a_summary_is_told_while_it_is_written() -> None:
    folder = ResponseFolder("us")
    assert summarised(folder, *PIECES) == LIVE
    assert ended(folder, THOUGHT) == [SEALED]
    assert folder.unsaid == 0


def test_items_that_are_named_anew_in_each_event_are_one() -> None:
    odd = [(f"rs_{i}", index, words) for i, (_, index, words) in enumerate(PIECES)]
    told = summarised(ResponseFolder("us"), *odd)
    assert {delta.summary.item_id for delta in told if delta.summary} == {"rs_0"}
    assert [delta.reasoning for delta in told] == [delta.reasoning for delta in LIVE]


def test_a_second_item_begins_after_a_blank_line() -> None:
    folder = ResponseFolder("us")
    summarised(folder, *PIECES)
    ended(folder, THOUGHT)
    told = summarised(folder, ("rs_2", 0, "Now."))
    assert [delta.reasoning for delta in told] == ["\n\n", "Now."]
    assert told[1].summary == SummaryPlace("rs_2", 0)


@pytest.mark.parametrize("item_id", [None, "", 7])
def test_a_summary_of_an_item_without_a_name_comes_with_it(item_id: object) -> None:
    folder = ResponseFolder("us")
    assert summarised(folder, (item_id, 0, "First.")) == []
    (delta,) = ended(folder, THOUGHT)
    assert (delta.reasoning, delta.summary) == ("First.\n\nThen.", None)


def live(*deltas: Delta) -> list[dict[str, object]]:
    stream = ResponseStream(id="r", created=0, model="m", echoed=b'{"store":false}')
    told = b"".join([stream.delta(delta) for delta in deltas])
    answer = Answer((Choice("Hi.", "stop", reasoning="First.\n\nThen."),), "m", Usage())
    return [said for _, said in events_of((told + stream.finish(answer)).decode())]


def test_pieces_of_a_summary_are_events_of_one_item() -> None:
    events = live(*LIVE, SEALED)
    assert names_of(events)[:11] == [
        "output_item.added",
        *PART[:2],
        *PART[1:],
        *PART,
        "output_item.done",
    ]
    shown = {**THOUGHT, "encrypted_content": "tg1.us.gAAA"}
    assert events[10]["item"] == shown
    output = events[-1]["response"]["output"]  # type: ignore[index]
    assert [item["type"] for item in output] == ["reasoning", "message"]
    assert output[0] == shown
    assert [event["sequence_number"] for event in events] == list(range(len(events)))


def test_parts_that_no_piece_told_come_with_the_item() -> None:
    events = live(*LIVE[:2], SEALED)
    assert names_of(events)[:11] == [
        "output_item.added",
        *PART[:2],
        *PART[1:],
        *PART,
        "output_item.done",
    ]


def test_a_summary_without_a_seal_is_whole_when_text_follows() -> None:
    events = live(*LIVE, Delta(text="Hi."))
    item = {"id": "rs_up", "type": "reasoning", "summary": TWO_PARTS, "status": "completed"}
    assert next(e["item"] for e in events if e["type"] == "response.output_item.done") == item
    assert [item["type"] for item in events[-1]["response"]["output"]] == [  # type: ignore[index]
        "reasoning",
        "message",
    ]


def test_a_failure_keeps_the_part_of_a_summary_that_came() -> None:
    stream = ResponseStream(id="r", created=0, model="m", echoed=b'{"store":false}')
    stream.delta(LIVE[0])
    said = [event for _, event in events_of(stream.failure(StreamCut("It broke off.")).decode())]
    (item,) = said[-1]["response"]["output"]
    part = {"type": "summary_text", "text": "Fir"}
    assert (item["status"], item["summary"]) == ("incomplete", [part])


def test_other_formats_show_a_summary_as_it_comes() -> None:
    chat = StreamRenderer(id="1", created=0, model="m")
    anthropic = MessageStream(id="1", model="m", usage=Usage(), shows_thinking=True)
    for delta in LIVE:
        words = orjson.dumps(delta.reasoning)
        assert b'"reasoning_content":' + words in chat.delta(delta)
        assert b'"thinking":' + words in anthropic.delta(delta)
    assert (chat.delta(SEALED), anthropic.delta(SEALED)) == (b"", b"")
