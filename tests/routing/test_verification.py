"""Tests what makes an answer unusable whatever its log-probabilities, and which cuts do not."""

from __future__ import annotations

import pytest

from router.routing.answers.answer_faults import fault_of
from router.routing.verification import (
    AnswerCalibration,
    cut_by_client,
    judged_by_samples,
    one_call,
    structure_failure,
    verify,
)
from router.stats.answer_head import AnswerHead
from router.types import (
    Answer,
    ChatRequest,
    Choice,
    CostBasis,
    JsonText,
    Message,
    PSource,
    Reason,
    ResponseFormat,
    Rung,
    Sampling,
    TokenLogprob,
    ToolCall,
    ToolSpec,
    Usage,
    VerifyMode,
)
from tests.kits.changed import replace

TOOLS = tuple(ToolSpec(name, "", JsonText('{"type":"object"}')) for name in ("f", "g"))
NAMED = '{"type":"function","function":{"name":"f"}}'
BROKEN = Choice('{"city": "Gh', "length")


def asking(**fields: object) -> ChatRequest:
    return ChatRequest((Message("user", "Hello!"),), "auto", **fields)  # type: ignore[arg-type]


def said(*choices: Choice) -> Answer:
    return Answer(choices, "m", Usage())


def calling(*names: str) -> Answer:
    calls = tuple(ToolCall(f"call_{name}", name, "{}") for name in names)
    return said(Choice("" if calls else "words", "tool_calls" if calls else "stop", calls))


@pytest.mark.parametrize(
    ("choice", "called", "kept"),
    [
        (None, (), True),
        (None, ("g",), True),
        ('"auto"', (), True),
        ('"auto"', ("f", "g"), True),
        ('"none"', (), True),
        ('"none"', ("f",), False),
        ('"required"', ("g",), True),
        ('"required"', (), False),
        (NAMED, ("f",), True),
        (NAMED, ("f", "f"), True),
        (NAMED, (), False),
        (NAMED, ("g",), False),
        (NAMED, ("f", "g"), False),
    ],
)
def test_tools_are_called_as_the_choice_says(
    choice: str | None, called: tuple[str, ...], kept: bool
) -> None:
    request = asking(tools=TOOLS, tool_choice=choice)
    failure = structure_failure(calling(*called), request)
    assert failure is (None if kept else Reason.ANSWER_INVALID)


@pytest.mark.parametrize(("parallel", "left"), [(None, 2), (True, 2), (False, 1)])
def test_one_call_is_left_where_parallel_ones_are_forbidden(
    parallel: bool | None, left: int
) -> None:
    request = asking(tools=TOOLS, parallel_tool_calls=parallel)
    (choice,) = one_call(calling("f", "g"), request).choices
    assert [call.name for call in choice.tool_calls] == ["f", "g"][:left]


def test_what_a_filter_left_empty_is_refused() -> None:
    assert structure_failure(said(Choice("", "content_filter")), asking()) is Reason.ANSWER_REFUSED
    assert structure_failure(said(Choice("", "stop")), asking()) is Reason.ANSWER_INVALID


FOUND = (Message("user", "Look it up."), Message("tool", "18 degrees", tool_call_id="c"))
REMINDED = Message("user", "<system-reminder>No to-dos.</system-reminder>")


@pytest.mark.parametrize(
    ("messages", "kept"),
    [
        (FOUND, True),
        ((*FOUND, REMINDED), True),
        ((*FOUND, Message("user", "And tomorrow?")), False),
        (FOUND[:1], False),
    ],
)
def test_a_turn_may_end_without_a_word_where_nothing_is_asked(
    messages: tuple[Message, ...], kept: bool
) -> None:
    request = replace(asking(tools=TOOLS), messages=messages)
    failure = structure_failure(said(Choice("", "stop", ended=True)), request)
    assert failure is (None if kept else Reason.ANSWER_INVALID)


def test_what_a_filter_cut_half_way_is_refused() -> None:
    cut = said(Choice("Partial words", "content_filter"))
    assert structure_failure(cut, asking()) is Reason.ANSWER_REFUSED


OBJECT = ResponseFormat("json_object")
WHOLE = Choice("{}", "stop")
HALF_A_CALL = Choice("", "length", (ToolCall("call_1", "f", '{"a"'),))


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        (Choice("[" * 5_000, "stop"), {"response_format": OBJECT}),
        (
            Choice('{"a":' * 5_000, "stop"),
            {"response_format": ResponseFormat("json_schema", "s", JsonText("{}"))},
        ),
        (Choice("", "tool_calls", (ToolCall("call_1", "f", '{"a":' * 5_000),)), {"tools": TOOLS}),
    ],
)
def test_brackets_without_end_are_an_unusable_answer(
    choice: Choice, wanted: dict[str, object]
) -> None:
    """Small models that are to write JSON sometimes open brackets until their cap."""
    assert structure_failure(said(choice), asking(**wanted)) is Reason.ANSWER_INVALID


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_json_does_not_have_is_an_unusable_answer(number: str) -> None:
    """Python reads it, and no client in another language does."""
    text = f'{{"a": {number}}}'
    call = Choice("", "tool_calls", (ToolCall("call_1", "f", text),))
    shaped = ResponseFormat("json_schema", "s", JsonText("{}"))
    assert structure_failure(said(call), asking(tools=TOOLS)) is Reason.ANSWER_INVALID
    for wanted in (OBJECT, shaped):
        asked = asking(response_format=wanted)
        answer = said(Choice(text, "stop"))
        assert structure_failure(answer, asked) is Reason.ANSWER_INVALID
        assert fault_of(answer, asked).words == "its text is no JSON"


@pytest.mark.parametrize(
    ("choices", "cap", "cut"),
    [
        ((BROKEN,), 20, True),
        ((BROKEN,), 100, True),  # the answerer's own, too
        ((BROKEN,), 101, False),
        ((BROKEN,), None, False),
        ((WHOLE, BROKEN), 20, True),
        ((Choice("", "length"),), 20, True),  # all of it went into thoughts
        ((HALF_A_CALL,), 20, True),
        ((replace(HALF_A_CALL, tool_calls=(ToolCall("call_1", "rm", "{"),)),), 20, False),
        ((replace(BROKEN, finish_reason="stop"),), 20, False),
        ((replace(BROKEN, finish_reason="stop"), BROKEN), 20, False),
    ],
)
def test_an_answer_is_cut_by_the_client_where_its_own_cap_holds(
    choices: tuple[Choice, ...], cap: int | None, cut: bool
) -> None:
    request = asking(
        tools=TOOLS,
        response_format=OBJECT,
        sampling=Sampling(max_output_tokens=cap, n=len(choices)),
    )
    assert cut_by_client(said(*choices), request, 100) is cut


@pytest.mark.parametrize(
    ("text", "fields", "cut"),
    [
        ("", {"sampling": Sampling(stop=("a",))}, True),
        ("", {}, False),
        ("", {"sampling": Sampling(stop=("a",)), "response_format": OBJECT}, False),
        ("", {"sampling": Sampling(stop=("a",)), "tools": TOOLS}, False),
        ("words", {"sampling": Sampling(stop=("a",))}, False),
    ],
)
def test_an_empty_text_is_cut_by_the_client_where_it_named_a_stop(
    text: str, fields: dict[str, object], cut: bool
) -> None:
    assert cut_by_client(said(Choice(text, "stop")), asking(**fields), 100) is cut


FAILING = AnswerHead(1.0, {"sum_fails": (-4.0, 0.0, 1.0)}, 100, {})
SAMPLING = AnswerHead(-2.0, {"agreement": (4.0, 0.0, 1.0)}, 100, {})


def taken(p: float = 0.9) -> Rung:
    return Rung(
        "mid", "llm", 2, True, (Reason.LOWEST_EXPECTED_LOSS,), p, PSource.PRIOR, 0, 0,
        CostBasis.LIST_PRICE, 0.0, 0, 1.0,
    )  # fmt: skip


@pytest.mark.parametrize(("text", "p"), [("2 + 2 = 4", 0.731), ("2 + 2 = 5", 0.0474)])
def test_a_head_of_answers_gives_the_chance_of_a_whole_answer(text: str, p: float) -> None:
    verdict = verify(said(Choice(text, "stop")), asking(), taken(), VerifyMode.FULL, FAILING)
    assert verdict.p == pytest.approx(p, abs=1e-3)
    assert verdict.source == "head"


@pytest.mark.parametrize(
    ("mode", "fields"),
    [
        (VerifyMode.NONE, {}),
        (VerifyMode.PREFIX, {}),
        (VerifyMode.FULL, {"sampling": Sampling(max_output_tokens=3)}),
        (VerifyMode.FULL, {"response_format": ResponseFormat("json_object")}),
    ],
)
def test_a_head_of_answers_leaves_other_answers_to_the_rung(
    mode: VerifyMode, fields: dict[str, object]
) -> None:
    answer = said(Choice('{"a": "2 + 2 = 5"}', "stop"))
    verdict = verify(answer, asking(**fields), taken(), mode, FAILING)
    assert (verdict.p, verdict.source) == (0.9, "rung")


def test_a_head_that_learned_from_samples_weighs_them() -> None:
    first = verify(said(Choice("It is 4", "stop")), asking(), taken(), VerifyMode.FULL, SAMPLING)
    again = judged_by_samples(first, ["It is 4", "It is 4", "It is 5"], asking(), SAMPLING)
    assert first.p == pytest.approx(0.8808, abs=1e-3)
    assert (again.p, again.source) == (pytest.approx(0.5), "head")


def test_a_chance_that_was_read_in_the_answer_stays_so_after_samples() -> None:
    spoken = replace(Choice("one two", "stop"), logprobs=(TokenLogprob("one two", -0.1),))
    judge = AnswerCalibration(0.0, 0.5, 1.0, 0.0, 200)
    first = verify(said(spoken), asking(), taken(), VerifyMode.FULL, judge)
    again = judged_by_samples(first, ["one two", "one two", "three four"], asking(), judge)
    assert (first.source, again.source) == ("answer", "answer")
    assert again.p == pytest.approx(first.p / 2)


def test_a_head_without_samples_is_lowered_in_proportion() -> None:
    first = verify(said(Choice("one two", "stop")), asking(), taken(), VerifyMode.FULL, FAILING)
    again = judged_by_samples(first, ["one two", "one two", "three four"], asking(), FAILING)
    assert again.p == pytest.approx(first.p / 2)
