"""Tools that an answer may call leave out answers without a model; other tools change nothing."""

from __future__ import annotations

import pytest

from router import Gateway
from router.api.http.decision_headers import outcome_headers
from router.types import ChatRequest, JsonText, Message, Outcome, Reason, ToolCall, ToolSpec
from tests.kits.opened import gateway_of

pytestmark = pytest.mark.slow

TOOL = ToolSpec("get_weather", "", JsonText('{"type":"object"}'))
KNOWN = {
    "How long does delivery take?": "Standard delivery takes",
    "What is 12 * 14?": "168",
    "thanks a lot": "",
}
NONE, AUTO = JsonText('"none"'), JsonText('"auto"')


gateway = gateway_of("default")


def asked(gateway: Gateway, text: str, choice: JsonText | None, *more: Message) -> Outcome:
    messages = (Message("user", text), *more)
    return gateway.complete(ChatRequest(messages, "auto", tools=(TOOL,), tool_choice=choice))


@pytest.mark.parametrize("text", KNOWN)
def test_tools_that_no_answer_may_call_change_nothing(gateway: Gateway, text: str) -> None:
    alone, told = gateway.complete(text), asked(gateway, text, NONE)
    assert told.answer is not None
    assert alone.answer is not None
    assert told.answer.text == alone.answer.text
    assert KNOWN[text] in told.answer.text
    assert (told.rung.level, told.reason) == (alone.rung.level, alone.reason)


@pytest.mark.parametrize("text", KNOWN)
@pytest.mark.parametrize("choice", [None, AUTO])
def test_a_reason_says_that_tools_leave_out_an_answer(
    gateway: Gateway, text: str, choice: JsonText | None
) -> None:
    told = asked(gateway, text, choice)
    assert Reason.TOOLS_OFFERED in told.decision.first_rung.reasons
    headers = dict(outcome_headers(told))
    assert headers[b"x-tiergate-reason"] == b"tools_offered, no_model"


def test_what_level_1_would_not_answer_is_not_left_out_for_tools(gateway: Gateway) -> None:
    told = asked(gateway, "Write a poem about rain.", None)
    assert all([Reason.TOOLS_OFFERED not in rung.reasons for rung in told.decision.rungs])


def test_the_result_of_a_tool_waits_for_a_model(gateway: Gateway) -> None:
    call = Message("assistant", "", tool_calls=(ToolCall("c1", "get_weather", JsonText("{}")),))
    result = Message("tool", "sunny", tool_call_id="c1")
    told = asked(gateway, "How long does delivery take?", NONE, call, result)
    assert told.rung.level > 1
