"""A misspelt key of a body stands in the log and in the decision; the request is answered."""

from __future__ import annotations

import json
import sys

import pytest

from router.api.observability.event_lines import line_of
from router.request.intake import MOST_TOLD_KEYS
from router.routing.decision_record import parse
from router.types import (
    Committed,
    JsonText,
    KeysLeftOut,
    RequestRow,
    Sampling,
    Verdict,
)
from router.wire.body_keys import named
from router.wire.openai.request import parse_chat_request
from tests.kits.books.open_ledgers import requests_in
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, Houses, ask
from tests.kits.gateway_kit import RISKY, deep, drain, low, mid
from tests.kits.upstreams.upstream_tier_kit import Listener

MISSPELT = {"temprature": JsonText("0.2")}


def told(listener: Listener) -> list[KeysLeftOut]:
    return [event for event in listener.events if isinstance(event, KeysLeftOut)]


async def test_a_misspelt_key_is_told_once_with_what_may_have_been_meant(houses: Houses) -> None:
    listener = Listener()
    house = houses([low(), mid()], events=listener)
    for _ in range(3):
        outcome = await house.gateway.complete(replace(ask("hello"), extra=MISSPELT), ALICE)
        assert outcome.dropped == ("temprature",)
    (event,) = told(listener)
    assert (event.endpoint, event.keys, event.likely) == (
        ask("hello").endpoint,
        ("temprature",),
        ("temperature",),
    )
    line = line_of(event)
    assert (line.name, line.warns) == ("keys_left_out", False)
    assert line.fields["did_you_mean"] == ["temperature"]
    assert line.fields["keys"] == ["temprature"]


@pytest.mark.parametrize("key", ["reasoning.summary", "prompt_cache_options"])
async def test_a_key_of_the_api_is_no_misspelling(houses: Houses, key: str) -> None:
    listener = Listener()
    house = houses([low(), mid()], events=listener)
    extra = {key: JsonText('"auto"')}  # as Codex and pydantic-ai send
    await house.gateway.complete(replace(ask("hello"), extra=extra), ALICE)
    (event,) = told(listener)
    assert (event.keys, event.likely) == ((key,), ())


async def test_the_decision_keeps_the_keys_that_did_not_reach_the_answerer(houses: Houses) -> None:
    house = houses([low(), mid()])
    await house.gateway.complete(replace(ask("hello"), extra=MISSPELT), ALICE)
    await house.gateway.complete(ask("hello"), ALICE)
    await house.gateway.drain()
    rows: list[RequestRow] = list(requests_in(house.ledger))
    with_key, without = sorted(rows, key=lambda row: row.created_at_ms)
    assert parse(with_key.record).dropped == ("temprature",)
    assert '"dropped"' not in without.record


@pytest.mark.parametrize(
    ("endpoint", "sampling", "left_out"),
    [
        ("chat.completions", Sampling(max_output_tokens=1, stop=("or",)), ("max_tokens", "stop")),
        ("messages", Sampling(max_output_tokens=4, stop=("or",)), ("stop_sequences",)),
        ("responses", Sampling(max_output_tokens=2), ("max_output_tokens",)),
        ("chat.completions", Sampling(max_output_tokens=400, stop=("END",)), ()),
    ],
)
async def test_an_approved_answer_goes_out_whole_and_says_which_bound_it_passed(
    houses: Houses, endpoint: str, sampling: Sampling, left_out: tuple[str, ...]
) -> None:
    """Nobody approved the half of an answer; the bounds were ignored without a word."""
    house = houses([low(text="three days or four"), mid()])
    request = replace(ask("hello"), endpoint=endpoint, sampling=sampling)
    outcome = await house.gateway.complete(request, ALICE)
    assert outcome.answer is not None
    assert (outcome.answer.text, outcome.answer.approved) == ("three days or four", True)
    assert outcome.dropped == left_out
    [event] = [one for one in await drain(house, request) if isinstance(one, Committed)]
    assert event.dropped == left_out
    await house.gateway.drain()
    assert all((parse(row.record).dropped or ()) == left_out for row in requests_in(house.ledger))


@pytest.mark.parametrize("key", ["max_tokens", "max_completion_tokens"])
async def test_a_bound_that_was_passed_has_the_name_that_the_body_has(
    houses: Houses, key: str
) -> None:
    body = {"model": "auto", "messages": [{"role": "user", "content": "hello"}], key: 1}
    house = houses([low(text="three days or four"), mid()])
    request = parse_chat_request(json.dumps(body).encode(), {})
    assert (await house.gateway.complete(request, ALICE)).dropped == (key,)


async def test_a_safe_answer_is_not_cut_either(houses: Houses) -> None:
    rules = {"default": "review", "by_domain": {"medical": "review"}}
    house = houses([mid(p=0.1), deep(p=0.1)], signals=RISKY, exhausted=rules)
    request = replace(ask("hello"), sampling=Sampling(max_output_tokens=1))
    outcome = await house.gateway.complete(request, ALICE)
    assert (outcome.verdict, outcome.dropped) == (Verdict.SAFE_ANSWER, ("max_tokens",))


async def test_a_models_answer_names_no_bound_that_its_model_got(houses: Houses) -> None:
    house = houses([mid(text="three days or four")])
    request = replace(ask("hello"), sampling=Sampling(max_output_tokens=1))
    assert (await house.gateway.complete(request, ALICE)).dropped == ()


async def test_what_looks_like_no_name_is_told_nowhere(houses: Houses) -> None:
    listener = Listener()
    house = houses([low(), mid()], events=listener)
    secret = {"my card is 4111 1111": JsonText("1")}
    await house.gateway.complete(replace(ask("hello"), extra=secret), ALICE)
    await house.gateway.drain()
    (row,) = requests_in(house.ledger)
    assert told(listener) == []
    assert "4111" not in row.record


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcdefghijklmnopqrstuvwx",
        "AKIAIOSFODNN7EXAMPLE",
        "DE89370400440532013000",
        "d41d8cd98f00b204e9800998ecf8427e",  # of no known form, but no word either
    ],
)
async def test_a_secret_as_a_key_is_told_nowhere(houses: Houses, secret: str) -> None:
    listener = Listener()
    house = houses([low(), mid()], events=listener)
    asked = replace(ask("hello"), extra={secret: JsonText("1")}, dropped=(f"messages[].{secret}",))
    await house.gateway.complete(asked, ALICE)
    await house.gateway.drain()
    (row,) = requests_in(house.ledger)
    assert told(listener) == []
    assert secret not in row.record


async def test_one_tenant_silences_no_other(houses: Houses) -> None:
    """A thousand names of one tenant filled the bound that all tenants shared."""
    listener = Listener()
    house = houses([low(), mid()], events=listener)
    for start in range(0, 2 * MOST_TOLD_KEYS, 10):
        invented = {f"k{start + n}": JsonText("1") for n in range(10)}
        await house.gateway.complete(replace(ask("hello"), extra=invented), ALICE)
    assert sum(len(event.keys) for event in told(listener)) == MOST_TOLD_KEYS
    other = replace(ALICE, tenant="other")
    await house.gateway.complete(replace(ask("hello"), extra=MISSPELT), other)
    assert (told(listener)[-1].tenant, told(listener)[-1].keys) == ("other", ("temprature",))


def test_keys_of_megabytes_are_not_kept_in_memory() -> None:
    """Five hundred of them took half a gigabyte, in a cache of a thousand."""
    long = "a" * 1_000_000
    assert named([long, f"messages[].{long}"]) == ()
    assert sys.getrefcount(long) <= 2  # this name's, and that of the call that counts


def test_names_are_bounded() -> None:
    assert named(["a" * 65, "ok", "messages[].x", "a b", "ä", *(f"k{n}" for n in range(20))]) == (
        "ok",
        "messages[].x",
        *(f"k{n}" for n in range(8)),
    )
