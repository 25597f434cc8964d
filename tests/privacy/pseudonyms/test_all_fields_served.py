"""Puts a detail into each text of rich bodies, one at a time, and looks at what a provider gets.

A field that is added to these bodies, or to the types, is tried without a further line here.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import orjson
import pytest

from router.types import ChatRequest, ContentPart, Message, ToolCall, ToolSpec
from tests.kits.upstreams.fake_upstream import FakeUpstream
from tests.privacy.pseudonyms.test_pseudonyms_served import clinic, seen_by
from tests.request.test_library import under_uvicorn

DETAIL = "jane.doe77@corp-mail.com"
PDF = "data:application/pdf;base64,JVBERi0xLjQK"
IMAGE = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
CHAT = {
    "model": "auto",
    "user": "u-1",
    "metadata": {"place": "north"},
    "prediction": {"type": "content", "content": "Hello there"},
    "messages": [
        {"role": "system", "content": "Be kind.", "name": "rules"},
        {"role": "user", "content": [{"type": "text", "text": "Look."}], "name": "asker"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Read this."},
                {"type": "file", "file": {"file_data": PDF, "filename": "letter.pdf"}},
            ],
        },
        {
            "role": "assistant",
            "content": "I look.",
            "name": "helper",
            "reasoning_content": "Look first.",
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "f", "arguments": '{"q": "who"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "nobody"},
        {"role": "assistant", "content": None, "refusal": "I cannot say."},
        {"role": "user", "content": "Again?"},
        {"role": "assistant", "content": "Well, no.", "refusal": "I really cannot."},
        {"role": "user", "content": "Why?"},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "It is so."},
                {"type": "refusal", "refusal": "No more."},
            ],
        },
        {"role": "user", "content": "Go on."},
    ],
    "tools": [
        {
            "type": "function",
            "function": {"name": "f", "description": "Looks.", "parameters": {"title": "Query"}},
        }
    ],
    "stop": ["END"],
}
RESPONSES = {
    "model": "auto",
    "instructions": "Be kind.",
    "user": "u-1",
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "Look."}]},
        {
            "role": "user",
            "content": [{"type": "input_file", "file_data": PDF, "filename": "letter.pdf"}],
        },
        {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "Look first."}]},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"q": "who"}'},
        {"type": "function_call_output", "call_id": "c1", "output": "nobody"},
        {"type": "custom_tool_call", "call_id": "c2", "name": "g", "input": "who else"},
        {
            "type": "custom_tool_call_output",
            "call_id": "c2",
            "output": [{"type": "input_text", "text": "nobody else"}],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "output_text", "text": "Well, no."},
                {"type": "refusal", "refusal": "I cannot say."},
            ],
        },
        {"role": "user", "content": "Why?"},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No more."}]},
        {"role": "user", "content": "Go on."},
    ],
    "tools": [
        {"type": "function", "name": "f", "description": "Looks.", "parameters": {"title": "Q"}},
        {"type": "custom", "name": "g", "description": "Looks too."},
    ],
}
MESSAGES = {
    "model": "auto",
    "max_tokens": 100,
    "system": [{"type": "text", "text": "Be kind.", "cache_control": {"type": "ephemeral"}}],
    "metadata": {"user_id": "u-1"},
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Look."},
                {"type": "image", "source": IMAGE},
                {
                    "type": "document",
                    "title": "A letter",
                    "context": "It came today.",
                    "source": {"type": "text", "media_type": "text/plain", "data": "Dear all"},
                },
                {
                    "type": "document",
                    "title": "letter.pdf",
                    "source": {**IMAGE, "media_type": "application/pdf"},
                },
            ],
        },
        {
            "role": "assistant",
            "content": [
                {
                    "type": "text",
                    "text": "It says all.",
                    "citations": [
                        {
                            "type": "char_location",
                            "cited_text": "Dear all",
                            "document_title": "A letter",
                            "document_index": 0,
                            "start_char_index": 0,
                            "end_char_index": 8,
                        }
                    ],
                },
                {"type": "tool_use", "id": "c1", "name": "f", "input": {"q": "who"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "c1",
                    "content": [
                        {"type": "text", "text": "nobody"},
                        {
                            "type": "search_result",
                            "title": "A page",
                            "source": "page 1",
                            "content": [{"type": "text", "text": "words"}],
                        },
                    ],
                },
                {"type": "text", "text": "Go on."},
            ],
        },
    ],
    "tools": [
        {
            "name": "f",
            "description": "Looks.",
            "input_schema": {"type": "object", "title": "Query"},
            "input_examples": [{"q": "who"}],
        }
    ],
    "stop_sequences": ["END"],
    "context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]},
}
PATHS = {
    "chat": ("/v1/chat/completions", CHAT),
    "responses": ("/v1/responses", RESPONSES),
    "messages": ("/v1/messages", MESSAGES),
}
OWN_WORDS = ("id", "call_id", "tool_call_id", "tool_use_id", "stop", "stop_sequences",
             "input_schema", "parameters", "description")  # fmt: skip
"""Keys under which docs/guides/privacy.md says that a detail stays: ids, stop texts, and what is
the application's own."""
NO_WORDS = (PDF, IMAGE["data"])

Place = tuple[str | int, ...]


def places(value: object, place: Place = ()) -> Iterator[Place]:
    """Yields the place of each text in a body, and one of a key of tomorrow in each object."""
    if isinstance(value, dict):
        yield (*place, "of_tomorrow")
        for key, inner in value.items():
            if key not in OWN_WORDS:
                yield from places(inner, (*place, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from places(inner, (*place, number))
    elif isinstance(value, str) and value not in NO_WORDS:
        yield place


def with_detail(body: object, place: Place) -> dict[str, object]:
    """Returns the body with the detail at a place."""
    changed = copy.deepcopy(body)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]  # type: ignore[index]
    said = f"Mail {DETAIL}" if place[-1] not in ("user", "user_id", "name") else DETAIL
    if place[-1] == "arguments":
        said = orjson.dumps({"q": said}).decode()
    inner[place[-1]] = said  # type: ignore[index]
    assert isinstance(changed, dict)
    return changed


@pytest.mark.parametrize("wire", ["openai", "responses", "anthropic"])
@pytest.mark.parametrize("endpoint", list(PATHS))
async def test_no_text_of_a_body_takes_a_detail_to_a_provider(
    tmp_path: Path, endpoint: str, wire: str
) -> None:
    path, body = PATHS[endpoint]
    tried = 0
    async with (
        FakeUpstream() as fake,
        clinic(tmp_path, fake.url, "answer", wire=wire) as gateway,
        under_uvicorn(gateway.asgi(), "auto") as url,
        aiohttp.ClientSession() as client,
    ):
        for place in places(body):
            fake.seen.clear()
            sent = with_detail(body, place)
            async with client.post(url + path, json=sent) as response:
                status, text = response.status, await response.text()
            assert status in (200, 400, 404), (place, text)
            assert bool(fake.seen) is (status == 200), (place, text)
            assert DETAIL not in seen_by(fake), place
            tried += status == 200
    assert tried > 20


async def test_residency_reads_what_no_message_holds(tmp_path: Path) -> None:
    cases: list[tuple[str, Place]] = [
        ("chat", ("messages", 5, "refusal")),
        ("chat", ("messages", 2, "content", 1, "file", "filename")),
        ("responses", ("input", 9, "content", 0, "refusal")),
        ("messages", ("messages", 1, "content", 0, "citations", 0, "cited_text")),
        ("messages", ("tools", 0, "input_examples", 0, "q")),
        ("messages", ("messages", 0, "of_tomorrow")),
    ]
    section = "{}\n  residency: [{kinds: [email], only: []}]"
    async with (
        FakeUpstream() as fake,
        clinic(tmp_path, fake.url, section=section) as gateway,
        under_uvicorn(gateway.asgi(), "auto") as url,
        aiohttp.ClientSession() as client,
    ):
        for endpoint, place in cases:
            path, body = PATHS[endpoint]
            async with client.post(url + path, json=with_detail(body, place)) as response:
                assert "residency" in await response.text(), place
        assert not fake.seen


def test_every_field_of_a_request_is_decided() -> None:
    """Fails for a new field: say in `texts.texts_of` whether it leaves, then name it here."""
    assert set(Message.__struct_fields__) == {
        "role", "text", "parts", "tool_calls", "tool_call_id", "name", "sealed", "reasoning",
        "phase",
    }  # fmt: skip
    assert set(ContentPart.__struct_fields__) == {"kind", "payload"}
    assert set(ToolCall.__struct_fields__) == {"id", "name", "arguments"}
    assert set(ToolSpec.__struct_fields__) == {
        "name", "description", "parameters", "strict", "namespace", "own_name", "custom",
        "native"
    }  # fmt: skip
    assert set(ChatRequest.__struct_fields__) == {
        "messages", "requested_model", "sampling", "response_format", "tools", "tool_choice",
        "parallel_tool_calls", "stream", "include_usage", "hints", "unsupported_tools", "endpoint",
        "compacts", "extra", "dropped", "cap_key", "original", "repeated", "prepared"
    }  # fmt: skip
