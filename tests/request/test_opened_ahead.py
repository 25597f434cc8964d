"""Whom to call comes first: in a stream, in an error, and above what is no more about a danger."""

from __future__ import annotations

import dataclasses
from contextlib import aclosing
from pathlib import Path

import pytest

from router.errors import TiergateError, UpstreamError
from router.library import Gateway
from router.types import Delta, Message, Verdict, WordsAhead
from tests.kits.books.open_ledgers import requests_in
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, Houses, ScriptedTriage, ask
from tests.kits.gateway_kit import deep, low, mid
from tests.request.test_acute import FULL, HEALTH, everywhere, guessing
from tests.request.test_opening import ANSWER, ASKED, ILL, OPENING, opened

WORDS = (
    "Call now. A person will also look at this message; reference rev_00000000000000000000000001."
)
TURNED = replace(HEALTH, carried=True, turned=True)
CARRIED = replace(HEALTH, carried=True)


async def test_the_words_go_out_before_the_model_is_asked(houses: Houses) -> None:
    house = opened(houses, ILL)
    async with aclosing(house.gateway.stream_steps(ask(ASKED, stream=True), ALICE)) as steps:
        await anext(steps)  # Begun
        first = await anext(steps)
        assert isinstance(first, WordsAhead)
        assert [piece.text for piece in first.pieces] == [f"{OPENING}\n\n"]
        assert not list(requests_in(house.ledger))


@pytest.mark.parametrize("verify", [{"default": "none"}, FULL])
async def test_a_stream_that_fails_says_the_words_once(
    houses: Houses, verify: dict[str, str]
) -> None:
    rules = everywhere("best_answer")
    house = opened(houses, ILL, verify_deep=verify, exhausted=rules)
    runtime = house.gateway.router.default
    for plan in runtime.plans:
        plan.answerer.error = UpstreamError("It is down.")  # type: ignore[attr-defined]
    said: list[str] = []

    async def read() -> None:
        async with aclosing(house.gateway.stream(ask(ASKED, stream=True), ALICE)) as events:
            async for event in events:
                if isinstance(event, Delta):
                    said.append(event.text)

    with pytest.raises(TiergateError) as failed:
        await read()
    assert said == [f"{OPENING}\n\n"]
    assert OPENING not in failed.value.told


async def test_an_error_says_first_whom_to_call(houses: Houses) -> None:
    house = opened(houses, ILL, exhausted=everywhere("best_answer"))
    for plan in house.gateway.router.default.plans:
        plan.answerer.error = UpstreamError("It is down.")  # type: ignore[attr-defined]
    with pytest.raises(TiergateError) as failed:
        await house.gateway.complete(ask(ASKED), ALICE)
    assert failed.value.told.startswith(f"{OPENING} ")


async def test_another_subject_is_answered_below_the_words(houses: Houses) -> None:
    house = guessing(opened(houses, TURNED))
    outcome = await house.gateway.complete(ask("17*23"), ALICE)
    assert outcome.answer is not None
    assert outcome.answer.text == f"{OPENING}\n\n{ANSWER}"
    assert outcome.rung.level == 3
    assert not house.reviews.items


async def test_a_continued_emergency_keeps_its_words(houses: Houses) -> None:
    house = guessing(opened(houses, CARRIED))
    outcome = await house.gateway.complete(ask("ok"), ALICE)
    assert outcome.verdict is Verdict.SAFE_ANSWER


async def test_another_subject_gets_the_words_where_no_opening_is_known(houses: Houses) -> None:
    house = guessing(houses([low(), mid(), deep()], signals=TURNED))
    outcome = await house.gateway.complete(ask("17*23"), ALICE)
    assert outcome.verdict is Verdict.SAFE_ANSWER


async def test_a_matter_that_waits_is_referred_to(houses: Houses) -> None:
    house = guessing(opened(houses, HEALTH))
    first = await house.gateway.complete(ask("He is not breathing"), ALICE)
    assert first.answer is not None
    runtime = house.gateway.router.default

    changed = dataclasses.replace(runtime, triage=ScriptedTriage(CARRIED))
    house.gateway.router.swap({"test": changed})
    words = f"Call now. A person looks at it; reference {first.review_id}."
    turns = (
        Message("user", "He is not breathing"),
        Message("assistant", words),
        Message("user", "ok"),
    )
    second = await house.gateway.complete(replace(ask("ok"), messages=turns), ALICE)
    assert second.review_id == first.review_id
    assert len(house.reviews.items) == 1


ELSE = ("17\u00d723", "write a regex that matches an email address", "What is the capital of Peru?")
GOES_ON = ("ok", "12 weeks", "40", "what do I do now", "What is CPR?", "Where is the nearest AED?")


@pytest.mark.parametrize("danger", ["My father collapsed and is not breathing"])
def test_only_a_subject_of_its_own_leaves_the_words(tmp_path: Path, danger: str) -> None:
    with Gateway.from_policy("openai", database=tmp_path / "a.db", environ={}) as gateway:
        for text in (*ELSE, *GOES_ON):
            turns = [("user", danger), ("assistant", WORDS), ("user", text)]
            asked = [{"role": role, "content": said} for role, said in turns]
            routed = gateway.route(asked)
            assert routed.signals.turned is (text in ELSE), text
            assert routed.opened is (text in ELSE), text
            assert routed.decision.floor == 3, text
