"""Items of the input that Codex sends for newer models: all of its tools, words among agents."""

from __future__ import annotations

import orjson
import pytest

from router.errors import RequestError
from router.types import ChatRequest
from router.wire.responses.request import ResponsesFormat
from tests.kits.checks.growth import in_proportion

HI = {"role": "user", "content": "hi"}
OWN = {"type": "function", "name": "f", "parameters": {"type": "object"}}
CODE = {"type": "custom", "name": "exec", "description": "Runs a script."}
SPACE = {"type": "namespace", "name": "functions", "description": "d", "tools": [CODE, OWN]}


def added(*tools: object) -> dict[str, object]:
    return {"type": "additional_tools", "role": "developer", "id": "at_1", "tools": list(tools)}


def read(*items: object, **fields: object) -> ChatRequest:
    body = {"model": "auto", "input": list(items), **fields}
    return ResponsesFormat().read(orjson.dumps(body), {}).requests[0]


@pytest.mark.parametrize(
    ("items", "names"),
    [
        ([added(SPACE), HI], ["functions__exec", "functions__f"]),
        ([HI, added(OWN), HI], ["f"]),
        ([added(OWN), HI, added(CODE)], ["f", "exec"]),
        ([added(), HI], []),
    ],
)
def test_the_model_is_offered_what_the_input_adds(items: list[object], names: list[str]) -> None:
    request = read(*items)
    assert [tool.name for tool in request.tools] == names
    assert {message.text for message in request.messages} == {"hi"}


def test_they_follow_the_bodys_own() -> None:
    request = read(added(CODE), HI, tools=[OWN])
    assert [tool.name for tool in request.tools] == ["f", "exec"]


def test_a_later_definition_replaces_an_earlier_one() -> None:
    again = {**OWN, "description": "new"}
    assert [tool.description for tool in read(added(again), HI, tools=[OWN]).tools] == ["new"]


def test_a_choice_may_name_one_of_them() -> None:
    request = read(added(OWN), HI, tool_choice={"type": "function", "name": "f"})
    assert request.forces_tools


def test_hosted_ones_are_left_out_and_named() -> None:
    request = read(added({"type": "web_search"}, OWN), HI, tools=[{"type": "mcp"}])
    assert request.unsupported_tools == ("mcp", "web_search")


def test_a_wrong_one_is_refused_by_its_place() -> None:
    with pytest.raises(RequestError) as caught:
        read(HI, added({"type": "function"}))
    assert str(caught.value.param) == "input[1].tools[0].name"


def test_two_of_one_name_in_two_namespaces_are_refused() -> None:
    flat = {**OWN, "name": "functions__f"}
    with pytest.raises(RequestError, match="two tools whose name is"):
        read(added(SPACE), HI, tools=[flat])


@pytest.mark.parametrize(("own", "later"), [(0, 1_025), (1, 1_024)])
def test_the_sum_of_all_items_has_a_limit(own: int, later: int) -> None:
    tools = [{**OWN, "name": f"f{i}"} for i in range(own + later)]
    assert len(read(*map(added, tools[own:-1]), HI, tools=tools[:own]).tools) == 1_024
    with pytest.raises(RequestError, match="at most 1024 tools") as caught:
        read(*map(added, tools[own:]), HI, tools=tools[:own])
    assert caught.value.param == "input"


def test_many_items_take_time_in_proportion() -> None:
    def work(names: str) -> None:
        read(*[added({**OWN, "name": f"f{i}"}) for i in range(len(names))], HI)

    assert in_proportion(work, "f", short=32)


def test_what_one_agent_tells_another_is_a_users_message() -> None:
    told = [
        {"type": "input_text", "text": "Sender: /lead"},
        {"type": "encrypted_content", "encrypted_content": "List the files."},
    ]
    message = {"type": "agent_message", "author": "/lead", "recipient": "/lead/a", "content": told}
    (asked,) = read(message).messages
    assert (asked.role, asked.text) == ("user", "Sender: /lead\nList the files.")


def test_what_is_really_sealed_is_nobodys_words() -> None:
    def sealed(words: str) -> dict[str, object]:
        return {"type": "encrypted_content", "encrypted_content": words}

    seal = "gAAAAABo" + "x_-9" * 22 + "eA=="
    told = [{"type": "input_text", "text": "Sender: /lead"}, sealed(seal), sealed(seal[1:])]
    messages = read(
        {"type": "agent_message", "content": told},
        {"type": "agent_message", "content": [sealed(seal)]},
        HI,
    ).messages
    assert [message.text for message in messages] == [f"Sender: /lead\n{seal[1:]}", "hi"]


@pytest.mark.parametrize("part", [{"type": "encrypted_content"}, {"type": "video"}, "x"])
def test_a_wrong_part_of_it_is_refused_by_its_place(part: object) -> None:
    with pytest.raises(RequestError) as caught:
        read({"type": "agent_message", "content": [part]})
    assert str(caught.value.param).startswith("input[0].content[0]")


def test_a_wrong_part_after_a_sealed_one_keeps_its_place() -> None:
    sealed = {"type": "encrypted_content", "encrypted_content": "gAAAAABo" + "x_-9" * 24}
    with pytest.raises(RequestError) as caught:
        read({"type": "agent_message", "content": [sealed, sealed, {"type": "video"}]})
    assert caught.value.param == "input[0].content[2].type"
