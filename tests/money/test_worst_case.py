"""A refusal for money says which number of the request causes it, and what would fit."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import BudgetExceeded, MaxCostTooLow
from router.money.cost import output_that_fits, worst_case
from router.money.worst_case import cost_explained, explained
from router.types import ChatRequest, Hints, Message, Price, Sampling
from tests.kits.changed import replace
from tests.kits.upstreams.upstream_kit import facts

PRICED = replace(facts(), price=Price(1_000_000_000, None, None, 4_000_000_000))


def asked(text: str = "hello", cap: int | None = None, n: int = 1) -> ChatRequest:
    sampling = Sampling(max_output_tokens=cap, n=n)
    return ChatRequest((Message("user", text),), "auto", sampling)


def refusal(room: int | None) -> BudgetExceeded:
    return BudgetExceeded("it is too much.", room_nano_usd=room, limit="usd_per_day")


def test_output_that_fits_by_hand() -> None:
    """13 input tokens at $1 and 100 output tokens at $4 per million are 13,000 + 400,000."""
    assert output_that_fits(PRICED, asked(), 413_000) == 100


@given(
    room=st.integers(-1_000, 3_000_000),
    n=st.integers(1, 4),
    text=st.text(max_size=200),
    out=st.integers(1, 9_999_999_999),
    thought=st.integers(0, 9_999_999_999),
    image=st.integers(0, 10_000),
    second=st.integers(0, 1_000),
)
def test_output_that_fits_is_the_largest_that_does(
    room: int, n: int, text: str, out: int, thought: int, image: int, second: int
) -> None:
    price = Price(1_234_567_891, None, None, out, None, second, thought, image)
    priced = replace(facts(), price=price, max_output_tokens=10**13)
    most = output_that_fits(priced, asked(text, n=n), room)
    assert most is not None
    if most:
        assert worst_case(priced, asked(text, most, n)) <= room
    assert worst_case(priced, asked(text, most + 1, n)) > room


@pytest.mark.parametrize(
    ("request_", "room", "said", "param"),
    [
        (
            asked(cap=200),
            413_000,
            "`max_tokens`, which is 200. With `max_tokens` of at most 100",
            1,
        ),
        (asked(), 413_000, "No `max_tokens` was sent, so the cap of up counts, 256. With", 1),
        (asked(cap=200, n=2), 413_000, "for each of 2 choices. With `max_tokens` of at most 50", 1),
        (
            asked(cap=4_000),
            413_000,
            "`max_tokens` was 4000; up gives 256 at most, and these are the cause. With",
            1,
        ),
        (asked(), 14_000, "No `max_tokens` fits: what is left does not pay for one token", None),
        (
            replace(asked(cap=200), cap_key="max_completion_tokens"),
            413_000,
            "`max_completion_tokens`, which is 200",
            "max_completion_tokens",
        ),
        (asked("x" * 500), 413_000, "The input alone can cost more than what is left", "messages"),
        (asked("x" * 500), 1_000, "Not even the shortest request to up fits what is left", None),
        (asked(cap=5), 0, "Nothing is left for any call", None),
        *[
            (
                replace(asked(cap=200), endpoint=endpoint),
                413_000,
                "`max_output_tokens`, which is 200",
                "max_output_tokens",
            )
            for endpoint in ("responses", "responses.compact")
        ],
    ],
)
def test_refusal_says_which_number_causes_it(
    request_: ChatRequest, room: int, said: str, param: object
) -> None:
    error = explained(refusal(room), PRICED, request_, 1)
    assert said in error.message
    assert error.message.startswith("it is too much. ")
    assert error.param == ("max_tokens" if param == 1 else param)
    assert (error.code, error.limit) == ("insufficient_quota", "usd_per_day")


def test_value_that_is_named_fits() -> None:
    error = explained(refusal(413_000), PRICED, asked(cap=200), 1)
    (most,) = re.findall(r"at most (\d+)", error.message)
    assert worst_case(PRICED, asked(cap=int(most))) <= 413_000


def test_price_for_each_request_is_no_matter_of_numbers() -> None:
    listed = replace(PRICED, price=Price(per_request_nano_usd=10**9))
    error = explained(refusal(413_000), listed, asked(cap=200), 10**9)
    assert "held at $1.00, whatever is asked for" in error.message
    assert error.param is None


def test_refusal_that_nobody_knows_the_room_of_stays_as_it_is() -> None:
    error = refusal(None)
    assert explained(error, PRICED, asked(), 1) is error


@pytest.mark.parametrize(
    ("request_", "room", "said"),
    [
        (asked(cap=200), 413_000, "`max_tokens`, which is 200. With `max_tokens` of at most 100"),
        (asked("x" * 500), 100_000, "The input alone can cost more"),
        (asked(), 14_000, "No `max_tokens` fits"),
        (asked(), 29_000, "pays for 4 tokens of output, too few"),
        (asked(), 77_000, "With `max_tokens` of at most 16"),
    ],
)
def test_clients_own_cap_of_money_is_explained_by_what_would_fit(
    request_: ChatRequest, room: int, said: str
) -> None:
    capped = replace(request_, hints=Hints(max_cost_nano_usd=room))
    needed = worst_case(PRICED, capped)
    error = MaxCostTooLow("it is too much.", answerer="up", needed_nano_usd=needed)
    told = cost_explained(error, PRICED, capped, composite=False)
    assert told.message.startswith("it is too much. ")
    assert said in told.message
    assert told.message.endswith("Raise max_cost_usd, or leave it out.")
    assert (told.code, told.param) == ("max_cost_too_low", "routing.max_cost_usd")


def test_sum_of_a_lowered_cap_is_explained_by_that_cap() -> None:
    """100 tokens are 400,000 and 11 of input 11,000; the cap of 256 would be 1,035,000."""
    usual = replace(PRICED, least_output_tokens=100)
    needed = worst_case(usual, asked(cap=100))
    for cap, said in ((None, "No `max_tokens` was sent"), (5_000, "`max_tokens` was 5000")):
        capped = replace(asked(cap=cap), hints=Hints(max_cost_nano_usd=needed - 4_000))
        error = MaxCostTooLow("it is too much.", answerer="up", needed_nano_usd=needed)
        told = cost_explained(error, usual, capped, composite=False).message
        assert f"{said}, and a call to up counts at 100 tokens of output, the smallest" in told
        assert "`max_tokens` of at most 99 the call would fit" in told
    held = asked(cap=150)
    told = explained(refusal(needed), usual, asked(), worst_case(usual, held), held).message
    assert "counts at 150 tokens of output. With `max_tokens` of at most 100" in told


def test_value_that_would_fit_leaves_room_for_the_judge() -> None:
    """Of 813,000 the judge takes 400,000, so that 413,000 are left for the call."""
    capped = replace(asked(cap=200), hints=Hints(max_cost_nano_usd=813_000))
    needed = worst_case(PRICED, capped) + 400_000
    error = MaxCostTooLow("it is too much.", answerer="up", needed_nano_usd=needed)
    told = cost_explained(error, PRICED, capped, composite=False).message
    assert "With `max_tokens` of at most 100 the call would fit" in told


def test_no_number_is_named_where_nobody_states_the_price() -> None:
    capped = replace(asked(cap=200), hints=Hints(max_cost_nano_usd=1))
    error = MaxCostTooLow("it is too much.", answerer="up", needed_nano_usd=None)
    told = cost_explained(error, replace(PRICED, price=Price()), capped, composite=False)
    assert told.message == "it is too much. Raise max_cost_usd, or leave it out."
