"""Tests how far the usual cap of output shrinks, and which caps are too small to think in."""

from __future__ import annotations

import pytest

from router.money.cost import output_cap, worst_case
from router.money.output_caps import (
    output_cap_warnings,
    with_least_cap,
    within_room,
    within_window,
)
from router.policy.schema import Policy
from router.policy.sections.answering.remote import usual_cap
from router.types import AnswererFacts, ChatRequest, Message, Price, Sampling
from tests.kits.changed import replace
from tests.kits.upstreams.upstream_kit import facts

USUAL = replace(
    facts(),
    price=Price(1_000_000_000, None, None, 4_000_000_000),
    max_output_tokens=16_384,
    least_output_tokens=1_024,
    context_tokens=128_000,
)
STATED = replace(USUAL, least_output_tokens=None)
LEAST = 4_096_000 + 13_000  # 1,024 tokens of output and the input, nano-dollars


def asked(cap: int | None = None) -> ChatRequest:
    return ChatRequest((Message("user", "hello"),), "auto", Sampling(max_output_tokens=cap))


@pytest.mark.parametrize(
    ("model", "window", "cap"),
    [
        ("gpt-5.5", 128_000, 16_384),
        ("own-model", 128_000, 16_384),
        ("own-model", 8_192, 2_048),
        ("own-model", 2_048, 1_024),
        ("gpt-4-turbo", 128_000, 4_096),
        ("openai/gpt-4-turbo-2024-04-09", 128_000, 4_096),
        ("gpt-4.1-mini", 1_000_000, 16_384),
        ("anthropic/claude-3-haiku-20240307", 200_000, 4_096),
        ("claude-3-5-sonnet-20241022", 200_000, 8_192),
        ("claude-3-7-sonnet", 200_000, 16_384),
        ("deepseek/deepseek-chat", 128_000, 8_192),
    ],
)
def test_usual_cap_is_no_more_than_a_model_gives(model: str, window: int, cap: int) -> None:
    assert usual_cap(model, window) == cap


@pytest.mark.parametrize(
    ("input_tokens", "cap"), [(100, 16_384), (120_000, 8_000), (127_500, 1_024), (200_000, 1_024)]
)
def test_cap_leaves_room_for_the_request_in_the_window(input_tokens: int, cap: int) -> None:
    assert output_cap(USUAL, within_window(USUAL, asked(), input_tokens)) == cap
    assert within_window(STATED, asked(), input_tokens) == asked()


@pytest.mark.parametrize("client", [None, 2_000, 32_000])
def test_cap_shrinks_to_half_of_the_room(client: int | None) -> None:
    smaller = within_room(USUAL, asked(client), 2 * LEAST + 400_000)
    assert smaller is not None
    assert 1_024 < output_cap(USUAL, smaller) < 1_100
    assert worst_case(USUAL, smaller) <= LEAST + 400_000


def test_cap_shrinks_to_the_least_where_half_of_the_room_is_not_enough() -> None:
    smaller = within_room(USUAL, asked(), LEAST)
    assert smaller is not None
    assert worst_case(USUAL, smaller) == LEAST == worst_case(USUAL, with_least_cap(USUAL, asked()))


@pytest.mark.parametrize("room", [LEAST - 4_000, 0, -1])
def test_least_cap_is_tried_where_the_room_pays_for_less(room: int) -> None:
    least = within_room(USUAL, asked(), room)
    assert least is not None
    assert least.sampling.max_output_tokens == 1_024
    assert within_room(USUAL, least, room) is None


@pytest.mark.parametrize(
    ("answerer", "client", "room"),
    [
        (USUAL, None, None),
        (USUAL, 1_000, LEAST),  # the client wants so few that nothing is left out
        (STATED, None, LEAST),
        (replace(USUAL, price=Price(per_request_nano_usd=10**9)), None, LEAST),
    ],
)
def test_cap_does_not_shrink(answerer: AnswererFacts, client: int | None, room: int | None) -> None:
    assert within_room(answerer, asked(client), room) is None


@pytest.mark.parametrize(
    ("changes", "warned"),
    [
        ({"level": 3, "max_output_tokens": 4_095}, True),
        ({"level": 3, "max_output_tokens": 4_096}, False),
        ({"level": 2, "max_output_tokens": 1_024}, False),
        ({"level": 2, "max_output_tokens": 1_024, "hides_reasoning": True}, True),
        ({"level": 3, "max_output_tokens": 1_024, "kind": "deliberation"}, False),
    ],
)
def test_small_cap_of_a_model_that_thinks_is_warned_of(
    changes: dict[str, object], warned: bool
) -> None:
    answerer = {
        "kind": "upstream",
        "name": "up",
        "model": "m",
        "base_urls": ["http://127.0.0.1/v1"],
    }
    tier = {"name": "two", "level": 3, "answerers": [answerer]}
    policy = Policy.model_validate({"version": 1, "name": "p", "tiers": [tier]})
    warnings = output_cap_warnings(policy, [replace(USUAL, **changes)])
    assert bool(warnings) is warned
    assert all("tiers[0].answerers[0].max_output_tokens" in str(warning) for warning in warnings)


@pytest.mark.parametrize(
    ("section", "cap", "advice"),
    [
        ({"max_output_tokens": 2_000}, 2_000, "state 4096 or more, or leave it out"),
        ({"context_tokens": 8_000}, 2_000, "a quarter of `context_tokens`, which is 8000"),
    ],
)
def test_advice_against_a_small_cap_names_its_cause(
    section: dict[str, object], cap: int, advice: str
) -> None:
    answerer = {"kind": "upstream", "name": "up", "model": "m", "base_urls": ["http://[::1]/v1"]}
    tier = {"name": "two", "level": 3, "answerers": [answerer | section]}
    policy = Policy.model_validate({"version": 1, "name": "p", "tiers": [tier]})
    facts = replace(USUAL, level=3, max_output_tokens=cap)
    (warning,) = output_cap_warnings(policy, [facts])
    assert advice in str(warning)
    assert ("leave it out" in str(warning)) is ("max_output_tokens" in section)
