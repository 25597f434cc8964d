"""Whom to call comes first, in a stream and in an error, and stays in later turns."""

from __future__ import annotations

import dataclasses
from contextlib import aclosing
from pathlib import Path

import pytest

from router.errors import TiergateError, UpstreamError
from router.library import Gateway
from router.types import Delta, Outcome, WordsAhead
from tests.kits.books.open_ledgers import requests_in
from tests.kits.fakes import ALICE, Houses, ask
from tests.kits.gateway_kit import drain
from tests.request.test_acute import FULL, everywhere
from tests.request.test_opening import ASKED, ILL, OPENING, opened

WORDS = (
    "Call now. A person will also look at this message; reference rev_00000000000000000000000001."
)


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


NUMBERS = "If somebody may be in danger, call now (112 in Europe), before you read on."


@pytest.mark.parametrize("stream", [False, True])
async def test_words_below_the_words_ahead_say_the_numbers_once(
    houses: Houses, *, stream: bool
) -> None:
    """A stream had begun, its model failed, and the safe answer said all numbers again."""
    house = opened(houses, ILL, exhausted=everywhere("review"))
    runtime = house.gateway.router.default
    words = "Call your local number (112 in Europe) or the poison centre (030 19240)."
    changed = dataclasses.replace(
        runtime, opening=lambda _: NUMBERS, safe_answer=lambda case: f"{words} {case.review_id}"
    )
    house.gateway.router.swap({"test": changed})
    for plan in runtime.plans:
        plan.answerer.error = UpstreamError("It is down.")  # type: ignore[attr-defined]
    events = await drain(house, ask(ASKED, stream=stream))
    outcome = events[-1]
    assert isinstance(outcome, Outcome)
    assert outcome.answer is not None
    said = "".join(event.text for event in events if isinstance(event, Delta))
    text = said or outcome.answer.text
    assert text.count("112 in Europe") == 1
    assert "030 19240" in text
    assert text.startswith(NUMBERS) is stream


async def test_an_error_says_first_whom_to_call(houses: Houses) -> None:
    house = opened(houses, ILL, exhausted=everywhere("best_answer"))
    for plan in house.gateway.router.default.plans:
        plan.answerer.error = UpstreamError("It is down.")  # type: ignore[attr-defined]
    with pytest.raises(TiergateError) as failed:
        await house.gateway.complete(ask(ASKED), ALICE)
    assert failed.value.told.startswith(f"{OPENING} ")


LATER = (
    "ok",
    "12 weeks",
    "what do I do now",
    "What is a tourniquet made of?",
    "Write a checklist for chest compressions",
    "0.01*25",
    "17\u00d723",
    "it was in the film",
)


def test_a_later_turn_keeps_the_words(tmp_path: Path) -> None:
    danger = "My father collapsed and is not breathing"
    with Gateway.from_policy("openai", database=tmp_path / "a.db", environ={}) as gateway:
        told = gateway.route([{"role": "user", "content": danger}])
        assert told.decision.floor == 3
        for text in LATER:
            turns = [("user", danger), ("assistant", WORDS), ("user", text)]
            routed = gateway.route([{"role": role, "content": said} for role, said in turns])
            assert routed.decision.floor == 3, text
            assert not routed.opened, text
