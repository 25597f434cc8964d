"""Turns of the system within a Messages conversation: words, changes of tools, an effort."""

from __future__ import annotations

import orjson
import pytest

from router.errors import RequestError
from router.types import ChatRequest
from router.wire.anthropic.request import MessagesFormat
from router.wire.anthropic.upstream import messages_body
from router.wire.refusals import SYSTEM_TURNS, Refusal, Unsupported, unsupported_in, without
from tests.wire.test_anthropic import HI, TOOL, read, turn

WORDS = {"type": "text", "text": "Be brief."}
NEW = {"name": "g", "description": "new", "input_schema": {"type": "object"}}
LATER = {**NEW, "name": "later", "defer_loading": True}
HOSTED = {"type": "web_search_20250305", "name": "web_search"}


def named(name: str, kind: str = "tool_reference", **more: object) -> dict[str, object]:
    return {"type": kind, "name": name, **more}


def added(tool: object) -> dict[str, object]:
    return {"type": "tool_addition", "tool": tool}


def defined(tool: object) -> dict[str, object]:
    return added({"type": "tool_definition", "definition": tool})


def removed(tool: object) -> dict[str, object]:
    return {"type": "tool_removal", "tool": tool}


def system(*blocks: object) -> dict[str, object]:
    return turn(*blocks, role="system")


def sent(request: ChatRequest) -> dict[str, object]:
    body = messages_body(request, model="m", max_output_tokens=9, issuer="i")
    return dict(orjson.loads(body))


@pytest.mark.parametrize(
    ("changes", "offered"),
    [
        ([removed(named("f"))], ["later"]),
        ([removed(named("f")), added(named("f"))], ["later", "f"]),
        ([defined(NEW)], ["f", "later", "g"]),
        ([defined({**NEW, "name": "f"})], ["f", "later"]),
        ([defined(HOSTED)], ["f", "later"]),
        ([added(named("nobody"))], ["f", "later"]),
    ],
)
def test_the_tools_are_those_in_effect_at_the_end(
    changes: list[object], offered: list[str]
) -> None:
    request = read(tools=[TOOL, LATER], messages=[HI, system(*changes)])
    assert [tool.name for tool in request.tools] == offered


def test_a_tool_that_is_defined_again_is_the_new_one() -> None:
    request = read(tools=[TOOL], messages=[HI, system(defined({**NEW, "name": "f"}))])
    assert [tool.description for tool in request.tools] == ["new"]


def test_a_hosted_tool_that_comes_later_is_named() -> None:
    request = read(tools=[TOOL], messages=[HI, system(defined(HOSTED), defined(NEW))])
    assert request.unsupported_tools == ("web_search_20250305",)


def test_a_turn_without_words_is_no_message() -> None:
    effort = {"role": "system", "content": [], "output_config": {"effort": "low"}}
    request = read(tools=[TOOL], messages=[HI, system(removed(named("f"))), effort])
    assert [message.text for message in request.messages] == ["hi"]


@pytest.mark.parametrize(
    ("block", "param", "code"),
    [
        ({"type": "tool_removal"}, "tool", "missing_required_parameter"),
        (removed({"name": "f"}), "tool.type", "missing_required_parameter"),
        (removed({"type": "tool_reference"}), "tool.name", "missing_required_parameter"),
        (removed({"type": "tool_definition"}), "tool.type", "invalid_value"),
        (added({"type": "tool_definition"}), "tool.definition", "missing_required_parameter"),
        (defined({"name": "g"}), "tool.definition.input_schema", "missing_required_parameter"),
        (added(named("f", "mcp_tool_reference")), "tool.type", "unsupported_parameter"),
    ],
)
def test_a_wrong_change_is_refused_by_its_place(block: object, param: str, code: str) -> None:
    with pytest.raises(RequestError) as caught:
        read(tools=[TOOL], messages=[HI, system(block)])
    assert (caught.value.code, caught.value.param) == (code, f"messages[1].content[0].{param}")


def test_changes_are_the_systems_alone() -> None:
    with pytest.raises(RequestError, match="tool_removal"):
        read(tools=[TOOL], messages=[turn(removed(named("f")))])


def test_anthropic_gets_them_as_they_were_written() -> None:
    effort = {"role": "system", "content": [], "output_config": {"effort": "low"}}
    messages = [HI, system(WORDS, removed(named("f")), defined(NEW)), effort]
    assert sent(read(tools=[TOOL, LATER], messages=messages))["messages"] == messages


@pytest.mark.parametrize("content", [{}, {"content": None}, {"content": ""}])
def test_a_turn_that_only_says_an_effort_needs_no_content(content: dict[str, object]) -> None:
    effort = {"role": "system", "output_config": {"effort": "low"}, **content}
    said = sent(read(messages=[HI, effort]))["messages"]
    assert said == [HI, {**effort, "content": []}]


def test_changes_of_hosted_tools_reach_nobody() -> None:
    hosted = [removed(named("web_search")), defined({**HOSTED, "name": "other"}), defined(NEW)]
    body = sent(read(tools=[TOOL, HOSTED], messages=[HI, system(*hosted)]))
    assert body["tools"] == [TOOL]
    assert body["messages"] == [HI, system(defined(NEW))]


def test_a_model_that_refuses_them_gets_them_as_the_users() -> None:
    effort = {"role": "system", "content": [], "output_config": {"effort": "low"}}
    spoken = {"role": "system", "content": "Go.", "clear_at": "never"}
    changes = [removed(named("f")), defined(NEW), added(named("later"))]
    request = read(tools=[TOOL, LATER], messages=[HI, system(WORDS, *changes), effort, spoken])
    body = sent(without(request, (SYSTEM_TURNS,)))
    reminder = "<system-reminder>\n{}\n</system-reminder>"
    assert body["messages"] == [
        HI,
        turn({"type": "text", "text": reminder.format("Be brief.")}),
        {"role": "user", "content": reminder.format("Go.")},
    ]
    assert body["tools"] == [{**NEW, "name": "later"}, NEW]


@pytest.mark.parametrize("content", [" \n ", [{"type": "text", "text": " \n "}]])
def test_blanks_are_no_words_of_the_users(content: object) -> None:
    request = read(messages=[HI, {"role": "system", "content": content}])
    assert sent(without(request, (SYSTEM_TURNS,)))["messages"] == [HI]


@pytest.mark.parametrize("given", [[TOOL], [TOOL, HOSTED]])
def test_no_choice_is_sent_where_all_tools_were_removed(given: list[object]) -> None:
    messages = [HI, system(WORDS, removed(named("f")))]
    request = read(tools=given, tool_choice={"type": "auto"}, messages=messages)
    assert {"tools", "tool_choice"} <= sent(request).keys()
    assert not {"tools", "tool_choice"} & sent(without(request, (SYSTEM_TURNS,))).keys()


def test_definitions_in_turns_count_among_the_tools() -> None:
    tools = [{**NEW, "name": f"f{i}"} for i in range(1_000)]
    messages = [HI, system(*map(defined, tools[1:]), defined({**NEW, "name": "f1"}))]
    assert len(read(tools=tools[:1], messages=messages).tools) == 1_000
    with pytest.raises(RequestError, match="at most 1000 tools") as caught:
        read(tools=tools[:1], messages=[*messages, system(defined(NEW))])
    assert caught.value.param == "messages[2].content[0]"


def test_an_effort_that_a_model_refused_leaves_the_turns_too() -> None:
    effort = {"role": "system", "content": [], "output_config": {"effort": "low"}}
    request = read(messages=[HI, effort], output_config={"effort": "high"})
    assert sent(without(request, ("reasoning_effort",)))["messages"] == [HI]


@pytest.mark.parametrize(
    ("message", "lasts"),
    [
        ("role 'system' is not supported on this model", True),
        ('messages: Unexpected role "system". The Messages API accepts a top-level ...', True),
        ("messages.1.content.0: 'tool_addition' does not match any of the expected tags", True),
        (
            "messages.1.content.0: Input tag 'tool_removal' found using 'type' does not match any "
            "of the expected tags: 'text'",
            True,
        ),
        ("The block tool_addition is not supported on this host", True),
        ("messages.0: use the top-level 'system' parameter for the initial system prompt", False),
    ],
)
def test_refused_turns_are_known_by_anthropics_words(message: str, lasts: bool) -> None:
    request = read(messages=[HI, system(WORDS)])
    assert unsupported_in(Refusal(message), request) == Unsupported(SYSTEM_TURNS, lasts=lasts)
    assert unsupported_in(Refusal(message), read()) is None


@pytest.mark.parametrize(
    "message",
    [
        "messages.1.output_config.role 'system' is not supported: Extra inputs are not permitted",
        "messages.1.content.0.tool_removal.: role 'system' is not supported: Extra inputs ...",
        "messages.1.content.0.tool_removal.tool.is not supported: Extra inputs are not permitted",
        "messages.1.content.0: tool_removal names 'x is not supported', which is no tool",
    ],
)
def test_names_of_the_clients_in_a_refusal_prove_nothing(message: str) -> None:
    assert unsupported_in(Refusal(message), read(messages=[HI, system(WORDS)])) is None


@pytest.mark.parametrize("content", [[], "Go."])
def test_a_turn_states_only_its_effort(content: object) -> None:
    config = {"effort": "low", "role 'system' is not supported": 1}
    with pytest.raises(RequestError) as caught:
        read(messages=[HI, {"role": "system", "content": content, "output_config": config}])
    assert caught.value.param == "messages[1].output_config"


def test_details_beside_a_change_are_found() -> None:
    spoken = {**NEW, "note": "Ask Jo Ray", "description": "Ask Al Fox"}
    body = {"model": "auto", "max_tokens": 9, "messages": [HI, system(defined(spoken))]}
    request = MessagesFormat().read(orjson.dumps(body), {}).requests[0]
    assert request.original is not None
    assert request.original.others == ("note: Ask Jo Ray",)
