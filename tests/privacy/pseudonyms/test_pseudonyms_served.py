"""Checks pseudonyms from the client's first byte to its last, in every wire format."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import orjson
import pytest

from router import Gateway
from router.api.compose.books import Books
from router.errors import TooLongToHide
from router.types import (
    ChatRequest,
    Hints,
    JsonText,
    Message,
    ResponseFormat,
    Sampling,
    ToolCall,
    ToolSpec,
)
from tests.kits.books.ledger_files import ledger_bytes
from tests.kits.upstreams.fake_upstream import FakeUpstream
from tests.request.test_library import under_uvicorn

POLICY = """
version: 1
name: clinic
cache: {{exact: true}}
privacy:
  store: full
  pseudonyms: {section}
exhausted: {{default: {exhausted}}}
tiers:
  - name: llm
    level: 2
    answerers:
      - name: mini
        kind: upstream
        model: {model}
        wire: {wire}
        base_urls: ["{url}"]
        capabilities: [tools, json_mode, json_schema, images, files]
        price: {{input_usd_per_mtok: 1, output_usd_per_mtok: 2}}
"""
LETTER = (
    "Summarise: Anneliese Wackernagel, born 3 May 1980, MRN: 00483921, lives at 12 Elm Street, "
    'Boston, MA 02118, mail a.wacker@example.com, phone +1 (415) 555-0132. She says "Wackernagel". '
    "She owes $4,200 since 1 June 2025."
)
HIDDEN = (
    "Anneliese", "Wackernagel", "3 May 1980", "00483921", "Elm Street", "a.wacker@", "555-0132"
)  # fmt: skip


@contextlib.asynccontextmanager
async def clinic(
    folder: Path,
    url: str,
    model: str = "mirror",
    section: str = "{}",
    wire: str = "openai",
    exhausted: str = "best_answer",
) -> AsyncIterator[Gateway]:
    path = folder / "clinic.yaml"
    fields = {"model": model, "section": section, "wire": wire, "exhausted": exhausted}
    path.write_text(POLICY.format(url=url, **fields))
    async with Gateway.from_policy(path, database=folder / "ledger.db", environ={}) as gateway:
        yield gateway


def seen_by(fake: FakeUpstream) -> str:
    return "\n".join([exchange.body.decode() for exchange in fake.seen])


CHAT = {"model": "auto", "messages": [{"role": "user", "content": LETTER}]}
TOOL = {"name": "f", "description": "d", "parameters": {"type": "object"}}
WIRES = {
    "chat": ("/v1/chat/completions", CHAT),
    "tools": ("/v1/chat/completions", {**CHAT, "tools": [{"type": "function", "function": TOOL}]}),
    "parts": (
        "/v1/chat/completions",
        {
            "model": "auto",
            "user": "anneliese.wackernagel@example.com",
            "messages": [{"role": "user", "content": [{"type": "text", "text": LETTER}]}],
        },
    ),
    "json": ("/v1/chat/completions", {**CHAT, "response_format": {"type": "json_object"}}),
    "completions": ("/v1/completions", {"model": "auto", "prompt": LETTER}),
    "responses": ("/v1/responses", {"model": "auto", "input": LETTER}),
    "messages": ("/v1/messages", {**CHAT, "max_tokens": 500}),
}


def texts_in(value: object) -> str:
    """Returns all strings in the pieces of an answer, in their order, arguments read as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(map(texts_in, value))
    if isinstance(value, dict):
        kept = ("choices", "message", "delta", "content", "text", "tool_calls", "function",
                "arguments", "output", "input", "partial_json")  # fmt: skip
        return "".join([texts_in(value[key]) for key in kept if key in value])
    return ""


@pytest.mark.parametrize("stream", [False, True])
async def test_provider_sees_no_detail_that_the_client_gets_back(
    tmp_path: Path, stream: bool
) -> None:
    async with FakeUpstream() as fake, clinic(tmp_path, fake.url) as gateway:
        async with under_uvicorn(gateway.asgi(), "auto") as url, aiohttp.ClientSession() as client:
            for name, (path, body) in WIRES.items():
                async with client.post(url + path, json={**body, "stream": stream}) as response:
                    text = await response.text()
                    assert response.status == 200, (name, text)
                said = _said(text) if stream else texts_in(json.loads(text))
                if name == "tools":
                    said = json.loads(said)["text"] if name != "messages" else said
                if name == "json":
                    said = json.loads(said)["answer"]
                assert said == LETTER, name
        sent = seen_by(fake)
        assert len(fake.seen) == len(WIRES)
        assert [word for word in (*HIDDEN, "anneliese") if word in sent] == []
        assert "$4,200" in sent
        assert "1 June 2025" in sent


def _said(events: str) -> str:
    """Returns the text of a stream's pieces."""
    said = []
    for line in events.splitlines():
        if not line.startswith("data: {"):
            continue
        piece = json.loads(line[6:])
        kind = piece.get("type", "")
        if kind == "response.output_text.delta":
            said.append(piece["delta"])
        elif kind == "content_block_delta" or "choices" in piece:
            said.append(texts_in(piece))
    return "".join(said)


async def test_anthropic_upstream_sees_no_detail(tmp_path: Path) -> None:
    async with FakeUpstream() as fake, clinic(tmp_path, fake.url, "echo", wire="anthropic") as own:
        outcome = await own.acomplete(LETTER)
        assert outcome.answer is not None
        assert LETTER.replace('"', '\\\\\\"')[:60] in outcome.answer.text
        assert [word for word in HIDDEN if word in seen_by(fake)] == []


async def test_arguments_and_results_of_tools_are_hidden(tmp_path: Path) -> None:
    call = ToolCall("c1", "f", '{"patient": "Anneliese Wackernagel", "n": 3}')
    request = ChatRequest(
        (
            Message("user", "Look Anneliese Wackernagel up."),
            Message("assistant", "", tool_calls=(call,)),
            Message("tool", '{"patient":"Anneliese Wackernagel"}', tool_call_id="c1"),
        ),
        "auto",
        tools=(ToolSpec("f", "d", JsonText("{}")),),
        extra={"user": JsonText('"a.wacker@example.com"')},
    )
    async with FakeUpstream() as fake, clinic(tmp_path, fake.url) as gateway:
        outcome = await gateway.acomplete(request)
        assert outcome.answer is not None
        arguments = outcome.answer.choices[0].tool_calls[0].arguments
        assert json.loads(arguments) == {"text": '{"patient":"Anneliese Wackernagel"}'}
        assert "Wackernagel" not in seen_by(fake)
        assert "a.wacker" not in seen_by(fake)


async def test_value_keeps_its_tag_over_turns(tmp_path: Path) -> None:
    first = Message("user", "I am Anneliese Wackernagel.")
    later = (first, Message("assistant", "Hello Anneliese Wackernagel."), Message("user", "So?"))
    async with FakeUpstream() as fake, clinic(tmp_path, fake.url) as gateway:
        await gateway.acomplete(ChatRequest((first,), "auto"))
        await gateway.acomplete(ChatRequest(later, "auto"))
        one, two = [orjson.loads(seen.body)["messages"] for seen in fake.seen]
        assert two[0] == one[0]
        assert two[1]["content"][6:-1] in one[0]["content"]


async def test_two_conversations_share_no_tag(tmp_path: Path) -> None:
    async with FakeUpstream() as fake, clinic(tmp_path, fake.url) as gateway:
        for session in ("one", "two"):
            await gateway.acomplete("I am Anneliese Wackernagel.", hints=Hints(session=session))
        one, two = [orjson.loads(seen.body)["messages"][0]["content"] for seen in fake.seen]
        assert one != two


@pytest.mark.parametrize(
    ("section", "hidden"),
    [
        ("{trusted: [mini]}", False),
        ("{tenants: [other]}", False),
        ("{kinds: [iban]}", False),
        ("{kinds: [name]}", True),
    ],
)
async def test_policy_says_what_is_hidden_from_whom(
    tmp_path: Path, section: str, hidden: bool
) -> None:
    async with FakeUpstream() as fake, clinic(tmp_path, fake.url, section=section) as gateway:
        await gateway.acomplete("I am Anneliese Wackernagel.")
        assert ("Wackernagel" not in seen_by(fake)) is hidden


async def test_books_have_counts_and_stores_have_tags(tmp_path: Path) -> None:
    async with FakeUpstream() as fake, clinic(tmp_path, fake.url) as gateway:
        await gateway.acomplete(LETTER)
    stored = ledger_bytes(tmp_path / "ledger.db")
    assert [word for word in HIDDEN if word.encode() in stored] == []
    assert b'"pseudonyms":{' in stored
    with Books.open(tmp_path / "ledger.db") as books:
        assert not books.verify(None).findings
        assert books.privacy_figures().hidden["medical_record"] == 1


async def test_cached_answer_comes_back_with_its_names(tmp_path: Path) -> None:
    asked = ChatRequest((Message("user", LETTER),), "auto", sampling=Sampling(temperature=0.0))
    async with FakeUpstream() as fake, clinic(tmp_path, fake.url) as gateway:
        first = await gateway.acomplete(asked)
        other_session = ChatRequest(
            asked.messages, "auto", sampling=asked.sampling, hints=Hints(session="s")
        )
        again = await gateway.acomplete(other_session)
        assert again.cache == "exact"
        assert first.answer is not None
        assert again.answer is not None
        assert again.answer.text == first.answer.text == LETTER
        assert len(fake.seen) == 1


async def test_question_for_a_person_is_kept_with_tags(tmp_path: Path) -> None:
    doubted = {"model": "status:503", "exhausted": "hold"}
    async with FakeUpstream() as fake, clinic(tmp_path, fake.url, **doubted) as gateway:
        outcome = await gateway.acomplete(LETTER)
        assert outcome.review_id
    with Books.open(tmp_path / "ledger.db") as books:
        (item,) = await asyncio.to_thread(books.reviews, None)
    assert "born [BIRTH_DATE_" in item.question
    assert [word for word in HIDDEN if word in item.question or word in str(item.facts)] == []
    stored = ledger_bytes(tmp_path / "ledger.db")
    assert [word for word in HIDDEN if word.encode() in stored] == []


async def test_request_longer_than_the_policy_reads_is_refused(tmp_path: Path) -> None:
    section = "{most_characters: 1000}"
    async with FakeUpstream() as fake, clinic(tmp_path, fake.url, section=section) as gateway:
        await gateway.acomplete("a " * 400)
        with pytest.raises(TooLongToHide, match="most_characters"):
            await gateway.acomplete("a " * 600)
        assert fake.count == 1


async def test_object_with_a_name_for_its_key_comes_back(tmp_path: Path) -> None:
    text = '{"Anneliese Wackernagel": {"a.wacker@example.com": 3}}'
    request = ChatRequest(
        (Message("user", text),), "auto", response_format=ResponseFormat("json_object")
    )
    async with FakeUpstream() as fake, clinic(tmp_path, fake.url) as gateway:
        outcome = await gateway.acomplete(request)
        assert outcome.answer is not None
        assert json.loads(outcome.answer.text) == {"answer": text}
        assert "acker" not in seen_by(fake)


@pytest.mark.parametrize(("exhausted", "streams"), [("review", False), ("best_answer", True)])
async def test_a_letter_streams_only_where_its_answer_may_go_out_unchecked(
    tmp_path: Path, exhausted: str, streams: bool
) -> None:
    """The guide says so: `review`, the default in medicine, holds an answer until it is whole."""
    rule = f"{exhausted}, by_domain: {{medical: {exhausted}, finance: {exhausted}}}"
    body = {**CHAT, "stream": True}
    async with (
        FakeUpstream() as fake,
        clinic(tmp_path, fake.url, exhausted=rule) as gateway,
        under_uvicorn(gateway.asgi(), "auto") as url,
        aiohttp.ClientSession() as client,
        client.post(f"{url}/v1/chat/completions", json=body) as response,
    ):
        text = await response.text()
    assert len(fake.seen) == 1
    pieces = [line for line in text.splitlines() if '"content":"' in line]
    assert (len(pieces) > 1) is streams
