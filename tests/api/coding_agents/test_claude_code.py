"""Tests what Claude Code needs: its first block, its names of models, its unknown keys."""

from __future__ import annotations

import json
from typing import Any

import pytest

from router.request.prompt_cache import earlier_messages, prefix_name
from router.types import Usage
from router.wire.anthropic.request import MessagesExchange, MessagesFormat
from router.wire.anthropic.upstream import messages_body
from tests.kits.opened import held_open
from tests.kits.server_kit import Served, answering, events_of

ATTRIBUTION = "x-anthropic-billing-header: cc_version=2.1.329.aed; cc_entrypoint=cli; cch={};"
SYSTEM = [
    {"type": "text", "text": ATTRIBUTION},
    {"type": "text", "text": "You edit files.", "cache_control": {"type": "ephemeral"}},
]
ASKED = [{"role": "user", "content": "Where is my parcel?"}]
TOOL = {"name": "f", "description": "d", "input_schema": {"type": "object"}}
KEYS: dict[str, object] = {
    "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
    "thinking": {"type": "adaptive", "display": "omitted", "cache_control": {"type": "ephemeral"}},
    "output_config": {"effort": "medium"},
    "tools": [
        TOOL,
        {**TOOL, "name": "g", "defer_loading": True, "eager_input_streaming": True},
    ],
    "metadata": {"user_id": '{"session_id":"1"}'},
}
"""What Claude Code 2.1.329 sends beside a conversation, and what its beta headers announce."""
ALIASES = {"claude-*": "auto:echo", "claude-tiergate": "auto"}


served = held_open(lambda folder: answering(folder, aliases=ALIASES))


def body(cch: str = "00000", **fields: object) -> dict[str, object]:
    first = {"type": "text", "text": ATTRIBUTION.format(cch)}
    system = [first, *SYSTEM[1:]]
    asked = {"model": "claude-opus-5-5", "max_tokens": 100, "system": system, "messages": ASKED}
    return {**asked, **fields}


def read(cch: str, **fields: object) -> MessagesExchange:
    return MessagesFormat().read(json.dumps(body(cch, **fields)).encode(), {})


@pytest.mark.parametrize(
    "system", [SYSTEM, [SYSTEM[0]], ATTRIBUTION + "\nYou edit files."], ids=["two", "alone", "text"]
)
def test_attribution_is_no_part_of_the_system_prompt(system: object) -> None:
    messages = read("1", system=system).request.messages
    assert "billing" not in "".join(message.text for message in messages)
    assert [message.role for message in messages[:-1]] in (["system"], [])


def test_attribution_that_changes_names_the_same_conversation() -> None:
    answer = {"role": "assistant", "content": "In Ghent."}
    first = read("aaaaa").request
    second = read("bbbbb", messages=[*ASKED, answer, *ASKED]).request
    named = [prefix_name(m, (), b"key") for m in (first.messages, earlier_messages(second))]
    assert named[0] == named[1]


def test_what_keeps_tools_deferred_is_offered_to_claude_alone() -> None:
    kept = {**TOOL, "name": "DeferredToolPlaceholder", "defer_loading": True}
    asked = body(tools=[TOOL, kept, {**TOOL, "name": "later", "defer_loading": True}])
    request = MessagesFormat().read(json.dumps(asked).encode(), {}).request
    assert [tool.name for tool in request.tools] == ["f", "later"]
    assert request.unsupported_tools == ()
    sent = json.loads(messages_body(request, model="m", max_output_tokens=9, issuer=""))
    assert sent["tools"] == asked["tools"]


@pytest.mark.process
def test_an_upstream_that_is_not_anthropics_gets_no_attribution(served: Served) -> None:
    said = served.post("/v1/messages", body()).json()["content"][0]["text"]
    assert json.loads(said)["body"]["messages"] == [
        {"role": "system", "content": "You edit files."},
        *ASKED,
    ]


@pytest.mark.process
@pytest.mark.parametrize("key", KEYS)
def test_a_key_that_claude_code_sends_is_accepted(served: Served, key: str) -> None:
    response = served.post("/v1/messages?beta=true", body(**{key: KEYS[key]}))
    assert response.status_code == 200, response.text


@pytest.mark.process
def test_keys_of_anthropics_reach_no_other_upstream(served: Served) -> None:
    said = served.post("/v1/messages", body(**{**KEYS, "tools": []})).json()["content"][0]["text"]
    sent = json.loads(said)["body"]
    assert not {"context_management", "thinking", "output_config", "system"} & sent.keys()


@pytest.mark.process
def test_a_stream_that_was_held_back_begins_with_its_input_tokens(served: Served) -> None:
    response = served.post("/v1/messages", body(model="auto:calls", tools=[TOOL], stream=True))
    name, begun = events_of(response.text)[0]
    assert (name, begun["message"]["usage"]["input_tokens"]) == ("message_start", 20)


@pytest.mark.process
def test_a_stream_that_goes_out_as_it_comes_ends_with_its_input_tokens(served: Served) -> None:
    response = served.post("/v1/messages", body(model="auto", tools=[TOOL], stream=True))
    events = events_of(response.text)
    assert events[0][1]["message"]["usage"]["input_tokens"] > 0  # as triage counts them
    name, ended = events[-2]
    assert (name, ended["usage"]["input_tokens"]) == ("message_delta", 20)


def test_a_stream_that_is_not_whole_begins_with_an_estimate() -> None:
    stream = read("1").stream(id="1", created=1, model="m", usage=Usage(input_tokens=7))
    assert b'"input_tokens":7' in stream.begin()


@pytest.mark.process
def test_models_are_listed_as_anthropics_clients_read_them(served: Served) -> None:
    headers = {"anthropic-version": "2023-06-01"}
    page = served.client.get("/v1/models?limit=1000", headers=headers).json()
    listed = {model["id"]: model for model in page["data"]}
    assert listed["claude-tiergate"]["type"] == "model"
    assert listed["claude-tiergate"]["display_name"] == "claude-tiergate"
    assert listed["claude-tiergate"]["created_at"].endswith("Z")
    assert (page["has_more"], page["first_id"]) == (False, page["data"][0]["id"])
    assert not [name for name in listed if "*" in name]
    one = served.client.get("/v1/models/claude-tiergate", headers=headers).json()
    assert one == listed["claude-tiergate"]


@pytest.mark.process
def test_models_are_listed_in_the_pages_that_were_asked_for(served: Served) -> None:
    headers = {"anthropic-version": "2023-06-01"}

    def page(**query: object) -> dict[str, Any]:
        response = served.client.get("/v1/models", headers=headers, params=query)
        assert response.status_code == 200, response.text
        return dict(response.json())

    known = [model["id"] for model in page()["data"]]
    assert len(known) > 3
    listed, query = list[str](), {"limit": 2}
    while len(listed) < len(known):
        part = page(**query)
        listed += [model["id"] for model in part["data"]]
        assert part["has_more"] == (len(listed) < len(known))
        query = {"limit": 2, "after_id": part["last_id"]}
    assert listed == known
    assert page(after_id=known[-1])["data"] == []
    before = page(limit=2, before_id=known[3])
    assert [model["id"] for model in before["data"]] == known[1:3]
    assert before["has_more"]
    for wrong in ("limit=0", "limit=1001", "limit=x", "after_id=nobody", "before_id=nobody"):
        response = served.client.get(f"/v1/models?{wrong}", headers=headers)
        assert response.status_code == 400, wrong
        assert response.json()["error"]["type"] == "invalid_request_error"
