"""What is wrong with an answer is named: the tool, the argument, the place in the schema."""

from __future__ import annotations

import pytest

from router.routing.answers.answer_faults import MOST_SHOWN, NOTHING_SAID, fault_of
from router.types import (
    Answer,
    ChatRequest,
    Choice,
    JsonText,
    Message,
    ResponseFormat,
    ToolCall,
    ToolSpec,
    Usage,
)

DAYS = JsonText('{"type":"object","properties":{"days":{"type":"integer"}},"required":["days"]}')
TOOL = ToolSpec("forecast", "", DAYS)
STRICT = ToolSpec("forecast", "", DAYS, strict=True)
FORCED = JsonText('{"type":"function","function":{"name":"forecast"}}')
MISFIT = '{"days":"two"}'


def asked(**fields: object) -> ChatRequest:
    return ChatRequest((Message("user", "Hi"),), "auto", **fields)  # type: ignore[arg-type]


def said(text: str = "", *calls: ToolCall) -> Answer:
    return Answer((Choice(text, "stop", calls),), "m", Usage())


def call(arguments: str, name: str = "forecast") -> ToolCall:
    return ToolCall("c1", name, arguments)


@pytest.mark.parametrize(
    ("arguments", "words", "place"),
    [
        (MISFIT, "`days`: 'two' is not of type 'integer'", "properties.days.type"),
        ("{}", "'days' is a required property", "schema required"),
        ('{"days":', "are no JSON", "no JSON"),
        ("[1]", "are no JSON object", "no object"),
    ],
)
def test_arguments_are_named(arguments: str, words: str, place: str) -> None:
    fault = fault_of(said("", call(arguments)), asked(tools=(TOOL,)))
    assert words in fault.words
    assert place in fault.place
    assert "forecast" in fault.words
    assert "two" not in fault.place  # the record quotes no answer
    assert fault.misfit


@pytest.mark.parametrize(
    "request_",
    [asked(tools=(STRICT,)), asked(tools=(TOOL,), tool_choice=FORCED)],
    ids=["strict", "forced"],
)
def test_a_promised_shape_is_no_mere_misfit(request_: ChatRequest) -> None:
    assert not fault_of(said("", call(MISFIT)), request_).misfit


def test_one_call_that_is_not_offered_makes_all_of_them_bad() -> None:
    calls = (call(MISFIT), call("{}", "other"))
    assert not fault_of(said("", *calls), asked(tools=(TOOL,))).misfit


def test_silence_is_named() -> None:
    assert fault_of(said(" "), asked(tools=(TOOL,))) == NOTHING_SAID
    assert fault_of(Answer((), "m", Usage()), asked()) == NOTHING_SAID


@pytest.mark.parametrize(
    ("choice", "answer", "words"),
    [
        ('"required"', said("Sure."), "should have called a tool (`tool_choice`) and called none"),
        (FORCED, said("", call("{}", "other")), "called the tool forecast (`tool_choice`) and"),
        ('"none"', said("", call(MISFIT)), "though `tool_choice` is none"),
        ('"auto"', said("", call("{}", "other")), "called other, which is not offered"),
    ],
)
def test_another_choice_of_tools_is_named(choice: str, answer: Answer, words: str) -> None:
    fault = fault_of(answer, asked(tools=(TOOL,), tool_choice=JsonText(choice)))
    assert words in fault.words
    assert not fault.misfit


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"```json\n{MISFIT}\n```", "its text is no JSON"),
        (MISFIT, "`days`: 'two' is not of type 'integer' (at properties.days.type"),
    ],
)
def test_json_that_does_not_fit_is_named(text: str, words: str) -> None:
    wanted = ResponseFormat("json_schema", "answer", DAYS)
    assert words in fault_of(said(text), asked(response_format=wanted)).words


def test_an_invented_name_is_bounded() -> None:
    fault = fault_of(said("", call("{}", "x\n" * 500)), asked(tools=(TOOL,)))
    assert len(fault.place) < MOST_SHOWN + 10
    assert "\n" not in fault.words
