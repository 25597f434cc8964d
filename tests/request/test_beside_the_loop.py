"""Work that may take long leaves the event loop free: schemas of clients, and long texts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine

import pytest

from router.request.answer_verification import judged
from router.request.progress import Candidate
from router.types import (
    LONG_CHARACTERS,
    Answer,
    ChatRequest,
    Choice,
    JsonText,
    Reason,
    ResponseFormat,
    ToolCall,
    ToolSpec,
    Usage,
)
from tests.kits.fakes import ALICE, Houses, ask
from tests.kits.gateway_kit import UNSURE, mid

KINDS = [{"type": "object", "required": [f"k{i}"]} for i in range(200)]
MANY = JsonText(json.dumps({"type": "array", "items": {"anyOf": KINDS}}))
FORMAT = ResponseFormat(kind="json_schema", schema=MANY)
TOOL = ToolSpec("look", "", JsonText(json.dumps({"properties": {"at": {"anyOf": KINDS}}})))


def said(text: str = "", *calls: ToolCall) -> Answer:
    return Answer((Choice(text, "stop", tool_calls=calls),), "m", Usage(1, output_tokens=1))


async def judging(
    houses: Houses, request: ChatRequest, answer: Answer
) -> Coroutine[None, None, Candidate]:
    house = houses([mid()], signals=UNSURE)
    routed = house.gateway.router.route_now(request, ALICE)
    return judged(routed, routed.decision.first, answer)


@pytest.mark.parametrize(
    ("request_", "answer", "failure"),
    [
        (ask(response_format=FORMAT), said(json.dumps([{"b": 1}] * 50)), Reason.ANSWER_INVALID),
        (
            ask(tools=(TOOL,)),
            said("", ToolCall("c", "look", '{"at": {"b": 1}}')),
            Reason.ANSWER_INVALID,
        ),
        (ask("parcel " * LONG_CHARACTERS), said("In the depot."), None),
        (
            ask(),
            said("In the depot. " + "It waits there. " * LONG_CHARACTERS),
            Reason.ANSWER_GARBLED,
        ),
    ],
    ids=["schema", "tool", "long request", "long answer"],
)
async def test_answer_is_judged_beside_the_loop(
    houses: Houses, request_: ChatRequest, answer: Answer, failure: Reason | None
) -> None:
    task = asyncio.ensure_future(await judging(houses, request_, answer))
    await asyncio.sleep(0)  # what the loop itself judges is done now
    assert not task.done()
    assert (await task).verification.failure is failure


async def test_short_answer_needs_no_thread(houses: Houses) -> None:
    task = asyncio.ensure_future(await judging(houses, ask(), said("In the depot.")))
    await asyncio.sleep(0)
    assert task.done()
