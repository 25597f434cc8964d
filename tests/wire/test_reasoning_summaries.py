"""Summaries of sealed thoughts in a stream: the order of their events, and what has none."""

from __future__ import annotations

import orjson
import pytest

from router.types import Delta, JsonText, Sealed
from router.wire.responses.stream import ResponseStream
from tests.kits.server_kit import events_of

TWO_PARTS = [
    {"type": "summary_text", "text": "First."},
    {"type": "summary_text", "text": "Then."},
]
THOUGHT = {"id": "rs_up", "type": "reasoning", "summary": TWO_PARTS, "encrypted_content": "gAAA"}


def said_of(item: dict[str, object], before: Delta | None = None) -> list[dict[str, object]]:
    """Returns the events of one sealed item, after those of `before`."""
    stream = ResponseStream(id="r", created=0, model="m", echoed=b"{}")
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
