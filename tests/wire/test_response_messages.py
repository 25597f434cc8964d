"""Several messages of one response become one text, the same whole and streamed."""

from __future__ import annotations

import orjson
import pytest

from router.wire.responses.answers import ResponseFolder, parse_response

CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}


def message(*texts: str) -> dict[str, object]:
    parts = [{"type": "output_text", "text": text} for text in texts]
    return {"type": "message", "role": "assistant", "content": parts}


def whole(output: list[dict[str, object]]) -> str:
    found = {"status": "completed", "output": output, "model": "m", "id": "r"}
    return parse_response(orjson.dumps(found), "us").text


def streamed(output: list[dict[str, object]], indexed: bool) -> tuple[str, str]:
    """Returns the text of the pieces, and that of the answer at their end."""
    folder, words = ResponseFolder("us"), ""
    for i, item in enumerate(output):
        place = {"output_index": i} if indexed else {}
        parts = item.get("content", [])
        assert isinstance(parts, list)
        for piece in [piece for part in parts for piece in (*part["text"], "")]:
            event = {"type": "response.output_text.delta", "delta": piece, **place}
            words += "".join([delta.text for delta in folder.fold(orjson.dumps(event))])
        folder.fold(orjson.dumps({"type": "response.output_item.done", "item": item, **place}))
    end = {"status": "completed", "output": output}
    folder.fold(orjson.dumps({"type": "response.completed", "response": end}))
    return words, folder.finish().text


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ([message("One."), message("Two.")], "One.\n\nTwo."),
        ([message("One."), CALL, message("Two.")], "One.\n\nTwo."),
        ([message("One.\n"), message("Two.")], "One.\nTwo."),
        ([message("One."), message(" Two.")], "One. Two."),
        ([message("One."), message(""), message("Two.")], "One.\n\nTwo."),
        ([message("", "One."), message("Two.")], "One.\n\nTwo."),
        ([message("One", "One.")], "OneOne."),
        ([message(""), message("Two.")], "Two."),
    ],
)
@pytest.mark.parametrize("indexed", [True, False])
def test_a_blank_line_parts_messages_without_one(
    output: list[dict[str, object]], text: str, indexed: bool
) -> None:
    assert whole(output) == text
    assert streamed(output, indexed) == (text, text)
