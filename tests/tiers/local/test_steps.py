"""The steps around an answerer: what is called, in which order, and what a failed step leaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator

import pytest

from router.api.compose.clock import SystemClock
from router.errors import (
    BudgetExceeded,
    DeadlineExceeded,
    LedgerUnavailable,
    RateLimited,
    TiergateError,
)
from router.money.cost import input_bound
from router.policy.schema import LocalAnswerer as LocalSection
from router.types import (
    Answer,
    AnswererFacts,
    AnswererState,
    AnswererStatus,
    Call,
    ChatRequest,
    Choice,
    Delta,
    Match,
    Role,
    ToolCall,
    Usage,
    Work,
)
from tests.kits.changed import replace
from tests.kits.local_kit import facts_of, never_called, work
from tiers.steps import Passage, Passages, SteppedAnswerer
from tiers.wrapping import HAND_OVER_S, ends_at

REFUND = Passage("refund_time", "We refund within 3 working days.", "Returns guide", "when refund")
SHIPPING = Passage("shipping", "Delivery takes 3 to 5 days.", "Delivery guide", "how long delivery")
SECTION = LocalSection(kind="local", name="local")
CLOCK = SystemClock()


class Writer:
    """A tier that answers from a list and remembers what it was asked."""

    def __init__(self, *choices: Choice) -> None:
        self.choices = list(choices)
        self.asked: list[Work] = []

    @property
    def facts(self) -> AnswererFacts:
        return facts_of(SECTION)

    def status(self) -> AnswererStatus:
        return AnswererStatus(AnswererState.READY)

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def answer(self, work: Work, call: Call) -> Answer:
        self.asked.append(work)
        return Answer((self.choices.pop(0),), "writer", Usage(10, output_tokens=5, reported=True))

    async def stream(self, work: Work, call: Call) -> AsyncGenerator[list[Delta], None]:
        answer = await self.answer(work, call)
        yield [Delta(text=answer.text), Delta(final=answer)]


class Books:
    """`call` as the gateway gives it: runs the stepped answerer again, one role deeper."""

    def __init__(self, error: TiergateError | None = None) -> None:
        self.error = error
        self.roles: list[Role] = []
        self.stepped: SteppedAnswerer | None = None

    async def __call__(self, answerer: str, request: ChatRequest, role: Role) -> Answer:
        self.roles.append(role)
        if self.error is not None:
            raise self.error
        assert self.stepped is not None
        return await self.stepped.answer(replace(work(""), request=request, role=role), self)


def said(text: str) -> Choice:
    return Choice(text, "stop")


def stepped(
    books: Books, writer: Writer, *steps: str, passages: Passages | None = None
) -> SteppedAnswerer:
    books.stepped = SteppedAnswerer(writer, steps, passages, clock=CLOCK)
    return books.stepped


async def test_solve_alone_is_the_answerers_own_call() -> None:
    writer = Writer(said("draft"))
    local = SteppedAnswerer(writer, ["solve"], clock=CLOCK)
    answer = await local.answer(work("Hello!"), never_called)
    assert answer.text == "draft"
    assert answer.verified is None


async def test_context_is_cited() -> None:
    writer = Writer(said("Within 3 days [refund_time]."))
    local = SteppedAnswerer(writer, ["context", "solve"], Passages([SHIPPING, REFUND]), clock=CLOCK)
    answer = await local.answer(work("When is my refund paid?"), never_called)
    assert answer.facts == ("[refund_time] Returns guide",)
    assert "We refund within 3 working days." in writer.asked[0].request.messages[0].text


@pytest.mark.parametrize("steps", [["solve"], ["context", "solve"]])
async def test_passages_are_within_what_is_held_for_a_call(steps: list[str]) -> None:
    writer = Writer(said("Within 3 days."))
    local = SteppedAnswerer(writer, steps, Passages([SHIPPING, REFUND]), clock=CLOCK)
    asked = work("When is my refund paid, and how long does delivery take?")
    await local.answer(asked, never_called)
    sent, added = input_bound(writer.asked[0].request, 0), local.facts.added_input_tokens
    assert sent <= input_bound(asked.request, 0) + added
    assert (added > 0) == ("context" in steps)


@pytest.mark.parametrize(
    "steps", [["solve"], ["solve", "refine"], ["context", "solve", "refine", "check"]]
)
async def test_as_many_calls_are_counted_as_are_made(steps: list[str]) -> None:
    draft = said("Within 3 days. " * 10)
    books, writer = Books(), Writer(*[draft] * 3)
    local = stepped(books, writer, *steps, passages=Passages([SHIPPING, REFUND]))
    asked = work("When is my refund paid, and how long does delivery take?")
    await local.answer(asked, books)
    each = len(draft.text) // 4
    counted = local.calls(None, each)
    assert counted.calls == len(writer.asked)
    assert counted.output_tokens == each * counted.calls
    read = [sum(len(m.text) for m in one.request.messages) for one in writer.asked]
    read += [len(one.request.response_format.schema or "") for one in writer.asked]
    question = counted.calls * len(asked.request.last_user_text)
    beside = sum(read) - question
    assert 0.75 * beside <= 4 * counted.added_input_tokens <= 1.33 * beside


async def test_a_question_without_passage_goes_on_with_the_order_to_guess_nothing() -> None:
    writer = Writer(said("draft"))
    local = SteppedAnswerer(writer, ["context", "solve"], Passages([SHIPPING, REFUND]), clock=CLOCK)
    asked = work("Xyzzy?")
    await local.answer(asked, never_called)
    order, question = writer.asked[0].request.messages
    assert (order.role, question.text) == ("system", "Xyzzy?")
    assert "No approved passage fits" in order.text


async def test_a_refined_answer_replaces_the_draft() -> None:
    books, writer = Books(), Writer(said("draft"), said("better"))
    local = stepped(books, writer, "solve", "refine")
    answer = await local.answer(work("Hello!"), books)
    assert answer.text == "better"
    assert books.roles == [Role.REFINE]


async def test_usage_is_that_of_solve_alone() -> None:
    books, writer = Books(), Writer(said("draft"), said("better"))
    answer = await stepped(books, writer, "solve", "refine").answer(work("Hello!"), books)
    assert answer.usage.total_tokens == 15


@pytest.mark.parametrize(
    ("text", "verified"),
    [
        (json.dumps({"problem": "none", "right": True}), True),
        (json.dumps({"problem": "wrong day", "right": False}), False),
        ('```json\n{"problem": "none", "right": true}\n```', True),
        ("{", None),
        ("[" * 100_000, None),
        (json.dumps({"right": "yes"}), None),
    ],
)
async def test_a_check_says_whether_the_answer_is_right(text: str, verified: bool | None) -> None:
    books, writer = Books(), Writer(said("draft"), said(text))
    answer = await stepped(books, writer, "solve", "check").answer(work("Hello!"), books)
    assert answer.text == "draft"
    assert answer.verified is verified


async def test_a_check_is_asked_for_as_json() -> None:
    books, writer = Books(), Writer(said("draft"), said("{}"))
    await stepped(books, writer, "solve", "check").answer(work("Hello!"), books)
    assert writer.asked[1].role is Role.CHECK
    assert writer.asked[1].request.response_format.kind == "json_schema"


@pytest.mark.parametrize(
    "error",
    [
        BudgetExceeded("spent"),
        DeadlineExceeded("late"),
        RateLimited("too many calls to this tier"),
        LedgerUnavailable("locked"),
    ],
)
async def test_a_failed_step_leaves_the_draft(error: TiergateError) -> None:
    books, writer = Books(error), Writer(said("draft"))
    answer = await stepped(books, writer, "solve", "refine", "check").answer(work("Hi!"), books)
    assert answer.text == "draft"
    assert answer.verified is None


async def test_a_step_that_does_not_end_in_time_leaves_the_draft() -> None:
    async def hanging(answerer: str, request: ChatRequest, role: Role) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")

    writer = Writer(said("draft"))
    local = SteppedAnswerer(writer, ["solve", "check"], clock=CLOCK)
    asked = work("Hi!", deadline_s=1.0)
    # Before the deadline of the call that solve and check are of; the clock counts milliseconds.
    assert ends_at(asked, CLOCK) <= asyncio.get_running_loop().time() + 1.001 - HAND_OVER_S
    async with asyncio.timeout(60.0):
        answer = await local.answer(asked, hanging)
    assert answer.text == "draft"
    assert answer.verified is None


async def test_a_tool_call_is_neither_refined_nor_checked() -> None:
    call = Choice("", "tool_calls", (ToolCall("1", "f", "{}"),))
    local = SteppedAnswerer(Writer(call), ["solve", "refine", "check"], clock=CLOCK)
    answer = await local.answer(work("Hello!"), never_called)
    assert answer.choices == (call,)


async def test_solve_streams_through() -> None:
    local = SteppedAnswerer(Writer(said("draft")), ["solve"], clock=CLOCK)
    deltas = [d async for pieces in local.stream(work("Hello!"), never_called) for d in pieces]
    assert [d.text for d in deltas] == ["draft", ""]


async def test_a_stream_with_later_steps_holds_the_draft_back() -> None:
    books, writer = Books(), Writer(said("draft"), said("better"))
    local = stepped(books, writer, "solve", "refine")
    deltas = [d async for pieces in local.stream(work("Hello!"), books) for d in pieces]
    assert [d.text for d in deltas] == ["better", ""]
    assert deltas[-1].final is not None


async def test_a_deliberations_call_takes_no_steps() -> None:
    local = SteppedAnswerer(Writer(said("draft")), ["solve", "refine"], clock=CLOCK)
    asked = work("Hello!", role=Role.DELIBERATION)
    assert (await local.answer(asked, never_called)).text == "draft"


def test_the_best_passage_comes_first() -> None:
    analysis = Passages([SHIPPING, REFUND]).find("How long does the delivery take?")
    assert analysis[0].id == "shipping"


def test_no_passages_find_nothing() -> None:
    assert Passages([]).find("anything") == ()


def test_the_answer_to_each_thing_that_is_asked_for_is_shown() -> None:
    others = [Passage(f"other{n}", f"Prices of kennels, part {n}.", "Guide") for n in range(4)]
    passages = Passages([*others, SHIPPING, REFUND])
    likeliest = tuple((one.id, 0.2) for one in others[1:])
    asked = ((SHIPPING.id, 0.9), (REFUND.id, 0.99))
    match = Match(others[0].id, 0.3, 0.5, 0.1, likeliest, asked=asked)
    shown = passages.shown_for("What are the prices of kennels?", match)
    assert shown == (SHIPPING, REFUND, *others[:2])


def test_what_triage_finds_likely_is_shown_before_what_shares_words() -> None:
    passages = Passages([SHIPPING, REFUND])
    match = Match(REFUND.id, 0.4, 0.5, 0.1, ((SHIPPING.id, 0.02), ("unknown", 0.3)))
    assert passages.shown_for("in other words", match) == (REFUND,)
    assert passages.shown_for("in other words", None) == ()
    shown = passages.shown_for("How long does the delivery take?", match)
    assert shown[0] == REFUND
    assert SHIPPING in shown
