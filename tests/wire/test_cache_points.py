"""Cache points: what clients of OpenAI's formats set or do not set, as Anthropic is sent them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from msgspec.structs import replace

from router.types import BodyRules, ChatRequest
from router.wire.anthropic.request import MessagesFormat
from router.wire.anthropic.upstream import messages_body
from router.wire.body_keys import dropped
from router.wire.openai.request import parse_chat_request
from router.wire.openai.upstream import upstream_body
from router.wire.responses.request import ResponsesFormat
from tests.kits.server_kit import Served, Upstream, write_ladder
from tests.kits.upstreams.upstream_kit import facts

POINT = {"type": "ephemeral"}
HOUR = {"type": "ephemeral", "ttl": "1h"}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
LOOP = [
    {"role": "system", "content": "You edit files."},
    {"role": "user", "content": "Correct the greeting."},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "Done."},
]
IN_PARTS = "messages[].content[].cache_control"


def marked(text: str) -> dict[str, object]:
    return {"type": "text", "text": text, "cache_control": POINT}


def parsed(*messages: object) -> ChatRequest:
    return parse_chat_request(orjson.dumps({"model": "auto", "messages": messages}), {})


def to_claude(request: ChatRequest, *, marks_turns: bool = True) -> dict[str, object]:
    body = messages_body(
        request, model="claude", max_output_tokens=100, issuer="us", marks_turns=marks_turns
    )
    return dict(orjson.loads(body))


def points_in(value: object) -> int:
    return json.dumps(value).count('"cache_control"')


def test_points_on_parts_reach_claude_where_the_client_set_them() -> None:
    body = to_claude(
        parsed(
            {"role": "system", "content": [{"type": "text", "text": "Be short."}, marked("Law.")]},
            {"role": "user", "content": [marked("First."), {"type": "text", "text": "Second."}]},
            {"role": "assistant", "content": [marked("Yes.")], "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "c1", "content": [marked("Done.")]},
        )
    )
    assert body["system"] == [{"type": "text", "text": "Be short."}, marked("Law.")]
    user, assistant, result = body["messages"]  # type: ignore[misc]
    assert user["content"] == [marked("First."), {"type": "text", "text": "Second."}]
    assert assistant["content"][0] == marked("Yes.")
    assert result["content"][0]["cache_control"] == POINT
    assert points_in(body) == 4  # as many as the client set, and none of ours


def test_an_image_keeps_its_point() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    body = to_claude(parsed({"role": "user", "content": [{**image, "cache_control": POINT}]}))
    assert body["messages"][0]["content"][0]["cache_control"] == POINT  # type: ignore[index]


def test_words_of_ours_follow_a_marked_system_prompt() -> None:
    request = parse_chat_request(
        orjson.dumps(
            {
                "model": "auto",
                "response_format": {"type": "json_object"},
                "messages": [
                    {"role": "system", "content": [marked("Law, in JSON.")]},
                    {"role": "user", "content": "Hi"},
                ],
            }
        ),
        {},
    )
    first, ours = to_claude(request)["system"]  # type: ignore[misc]
    assert first == marked("Law, in JSON.")
    assert ours["text"].startswith("Answer with one JSON object")


def test_a_conversation_that_goes_on_gets_points_behind_its_last_two_turns() -> None:
    body = to_claude(parsed(*LOOP))
    first, call, result = body["messages"]  # type: ignore[misc]
    assert first["content"] == [marked("Correct the greeting.")]
    assert points_in(call) == 0
    assert result["content"][-1]["cache_control"] == POINT
    longer = [
        *LOOP,
        {"role": "assistant", "content": "It is done."},
        {"role": "user", "content": "More."},
    ]
    assert [points_in(turn) for turn in to_claude(parsed(*longer))["messages"]] == [0, 0, 1, 0, 1]  # type: ignore[attr-defined]


def test_points_change_nothing_else() -> None:
    with_points, without = to_claude(parsed(*LOOP)), to_claude(parsed(*LOOP), marks_turns=False)
    assert points_in(without) == 0
    bare = orjson.loads(
        json.dumps(with_points).replace(f', "cache_control": {json.dumps(POINT)}', "")
    )
    assert bare == without


def test_a_single_question_gets_none_since_a_write_costs_more_than_a_read() -> None:
    assert points_in(to_claude(parsed({"role": "user", "content": "Which boat is faster?"}))) == 0


def test_codex_is_a_client_of_responses_and_gets_points_too() -> None:
    items = [
        {"role": "user", "content": "Correct the greeting."},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "Done."},
    ]
    body = orjson.dumps({"model": "auto", "input": items})
    assert points_in(to_claude(ResponsesFormat().read(body, {}).request)) == 2


def test_openais_own_servers_are_sent_no_points_and_others_are() -> None:
    request = parsed({"role": "user", "content": [marked("Hi")]})
    other = facts()
    openais = replace(other, body=BodyRules(stores_unasked=True))
    assert b"cache_control" in upstream_body(request, other, model="m")
    assert b"cache_control" not in upstream_body(request, openais, model="m")
    assert b'"text":"Hi"' in upstream_body(request, openais, model="m")
    assert IN_PARTS in dropped(request, openais)
    assert IN_PARTS not in dropped(request, other)


@pytest.mark.parametrize("wire", ["responses", ""])
def test_formats_without_points_say_so(wire: str) -> None:
    request = parsed({"role": "user", "content": [marked("Hi")]})
    assert IN_PARTS in dropped(request, replace(facts(), body=BodyRules(wire=wire)))


def test_a_request_without_points_drops_none() -> None:
    request = parsed({"role": "user", "content": [{"type": "text", "text": 'Say "cache_control"'}]})
    assert dropped(request, replace(facts(), body=BodyRules(stores_unasked=True))) == ()


@pytest.mark.parametrize(
    ("place", "point", "said"),
    [
        ("system", HOUR, ("cache_control.ttl",)),
        ("messages", HOUR, ("cache_control.ttl",)),
        ("tools", HOUR, ("cache_control.ttl",)),
        ("top", HOUR, ("cache_control.ttl",)),
        ("messages", {"type": "ephemeral", "ttl": "5m"}, ()),
        ("messages", POINT, ()),
    ],
)
def test_an_hour_that_claude_is_not_asked_for_is_named(
    place: str, point: object, said: tuple[str, ...]
) -> None:
    block = {"type": "text", "text": "Long.", "cache_control": point}
    body: dict[str, object] = {"model": "m", "max_tokens": 9}
    body["messages"] = [{"role": "user", "content": [block] if place == "messages" else "Hi"}]
    if place == "system":
        body["system"] = [block]
    elif place == "tools":
        tool = {"name": "f", "input_schema": {"type": "object"}}
        body["tools"] = [{**tool, "cache_control": point}]
    elif place == "top":
        body["cache_control"] = point
    assert MessagesFormat().read(orjson.dumps(body), {}).request.dropped == said


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("served")
    with Upstream(folder) as upstream:
        price = {"input_usd_per_mtok": 1, "output_usd_per_mtok": 10, "version": "tests"}
        priced = {"wire": "anthropic", "price": {**price, "cache_write_usd_per_mtok": 1.25}}
        clients = {**priced, "cache_points": "client"}
        policies = [
            write_ladder(folder, "unpriced", upstream.url, "echo", wire="anthropic"),
            write_ladder(folder, "priced", upstream.url, "echo", **priced),
            write_ladder(folder, "clients", upstream.url, "echo", **clients),
        ]
        with Served(folder, *policies) as server:
            yield server


@pytest.mark.parametrize(("name", "points"), [("priced", 2), ("unpriced", 0), ("clients", 0)])
def test_ours_are_set_where_a_write_has_a_price(served: Served, name: str, points: int) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    response = served.post(
        "/v1/chat/completions", {"model": f"auto:{name}", "messages": LOOP, "tools": [tool]}
    )
    assert response.status_code == 200, response.text
    sent = json.loads(response.json()["choices"][0]["message"]["content"])["body"]
    assert points_in(sent) == points
