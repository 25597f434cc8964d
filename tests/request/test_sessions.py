"""Conversations: how they are known again, what keeps them where they are, and tool loops."""

from __future__ import annotations

import orjson
import pytest

from router.api.http.server import WIRE_FORMATS
from router.errors import UpstreamRateLimited, UpstreamRejected
from router.routing.decision_record import parse
from router.types import (
    Answer,
    ChatRequest,
    Choice,
    Hints,
    Identity,
    Message,
    Price,
    Reason,
    ToolCall,
    ToolSpec,
    Usage,
)
from tests.kits.books.open_ledgers import requests_in
from tests.kits.changed import replace
from tests.kits.checks.decided_again import differs
from tests.kits.fakes import ALICE, House, Houses, ScriptedTier
from tests.kits.gateway_kit import UNSURE, low

CACHED_PRICE = Price(1_000_000_000, 100_000_000, None, 2_000_000_000, version="test")
LONG = "x" * 8_000  # 2,000 tokens by triage's estimate, as the scripted usage says


class Calling(ScriptedTier):
    """Calls the tool `look` instead of saying anything."""

    def _answer(self, text: str) -> Answer:
        call = ToolCall("call_1", "look", "{}")
        return Answer((Choice("", "tool_calls", (call,)),), f"{self.name}-model", self.usage)


def reported(tokens: int, cached: int = 0) -> Usage:
    return Usage(tokens, cached, 0, 5, reported=True)


def tier(name: str, level: int = 2, **more: object) -> ScriptedTier:
    given = {"price": CACHED_PRICE, "usage": reported(2_000)}
    return ScriptedTier(name, f"t{level}", level, **(given | more))


def turns(*said: str, **more: object) -> ChatRequest:
    """A conversation, user and assistant in turn."""
    roles = ("user", "assistant")
    messages = tuple(Message(roles[i % 2], text) for i, text in enumerate(said))
    return replace(ChatRequest(messages, "auto"), **more)


async def answerer_of(house: House, request: ChatRequest, who: Identity = ALICE) -> str:
    return (await house.gateway.complete(request, who)).rung.answerer


# `a` and `b` cost and know the same; `a` is written first and goes first, unless `b` is warm.
def two_equals(houses: Houses, **more: object) -> House:
    tiers = [low(), tier("a"), tier("b"), tier("c", 3)]
    signals = replace(UNSURE, input_tokens=2_000)
    house = houses(tiers, signals=signals, thetas={}, **more)
    house.triage.signals = signals
    return house


PINNED = {"aliases": {"to-b": {"answerer": "b", "pinned": True}}}
OPENING = turns(LONG, requested_model="to-b")
NEXT = turns(LONG, "an answer", "and then?")


async def test_the_next_turn_of_a_conversation_stays_where_its_prompt_is_cached(
    houses: Houses,
) -> None:
    house = two_equals(houses, **PINNED)
    assert await answerer_of(house, NEXT) == "a"
    await house.gateway.complete(OPENING, ALICE)
    outcome = await house.gateway.complete(NEXT, ALICE)
    assert outcome.rung.answerer == "b"
    assert Reason.WARM_CACHE in outcome.rung.reasons
    assert outcome.rung.cache_nano_usd == 2_000 * 900  # $1 - $0.10 per million


async def test_a_row_decided_with_a_warm_cache_decides_again_alike(houses: Houses) -> None:
    house = two_equals(houses, **PINNED)
    await house.gateway.complete(OPENING, ALICE)
    await house.gateway.complete(NEXT, ALICE)
    await house.gateway.drain()
    row = max(requests_in(house.ledger), key=lambda found: found.request_id)
    record = parse(row.record)
    assert record.decision.first_rung.reasons[-1] is Reason.WARM_CACHE
    policy = house.gateway.router.default.policy
    assert differs(record, policy) is None
    cold = tuple(
        replace(f, cost_nano_usd=f.cost_nano_usd + f.cache_nano_usd, cache_nano_usd=0)
        for f in record.facts
    )
    assert differs(replace(record, facts=cold), policy) == "ladder"


async def test_another_conversation_finds_no_cache(houses: Houses) -> None:
    house = two_equals(houses, **PINNED)
    await house.gateway.complete(OPENING, ALICE)
    assert await answerer_of(house, turns(LONG + "!", "an answer", "and then?")) == "a"


async def test_another_tenant_finds_no_cache(houses: Houses) -> None:
    house = two_equals(houses, **PINNED)
    await house.gateway.complete(OPENING, ALICE)
    assert await answerer_of(house, NEXT, replace(ALICE, tenant="other")) == "a"


async def test_a_request_with_other_tools_finds_no_cache(houses: Houses) -> None:
    house = two_equals(houses, **PINNED)
    await house.gateway.complete(OPENING, ALICE)
    assert await answerer_of(house, replace(NEXT, tools=(LOOK,))) == "a"


@pytest.mark.parametrize(("waited_s", "answers"), [(299, "b"), (301, "a")])
async def test_a_cache_is_warm_as_long_as_providers_keep_it(
    houses: Houses, waited_s, answers
) -> None:
    house = two_equals(houses, **PINNED)
    await house.gateway.complete(OPENING, ALICE)
    house.clock.now += 1_000 * waited_s - 100
    assert await answerer_of(house, NEXT) == answers


@pytest.mark.parametrize(("tokens", "answers"), [(1_023, "a"), (1_024, "b")])
async def test_short_prompts_are_not_cached(houses: Houses, tokens, answers) -> None:
    tiers = [low(), tier("a"), tier("b", usage=reported(tokens)), tier("c", 3)]
    house = houses(tiers, signals=replace(UNSURE, input_tokens=2_000), **PINNED)
    await house.gateway.complete(OPENING, ALICE)
    assert await answerer_of(house, NEXT) == answers


async def test_sessions_that_are_not_sticky_find_no_cache(houses: Houses) -> None:
    house = two_equals(houses, sessions={"sticky": False}, **PINNED)
    await house.gateway.complete(OPENING, ALICE)
    assert await answerer_of(house, NEXT) == "a"


async def test_a_cache_that_was_due_and_not_hit_is_not_counted_on_again(houses: Houses) -> None:
    house = two_equals(houses, **PINNED)
    await house.gateway.complete(OPENING, ALICE)
    assert await answerer_of(house, NEXT) == "b"  # which reports no cached token
    third = turns(LONG, "an answer", "and then?", "an answer", "so?")
    assert await answerer_of(house, third) == "a"


async def test_a_cache_that_is_hit_stays_counted_on(houses: Houses) -> None:
    tiers = [low(), tier("a"), tier("b", usage=reported(2_000, 1_900)), tier("c", 3)]
    house = houses(tiers, signals=replace(UNSURE, input_tokens=2_000), **PINNED)
    await house.gateway.complete(OPENING, ALICE)
    assert await answerer_of(house, NEXT) == "b"
    third = turns(LONG, "an answer", "and then?", "an answer", "so?")
    assert await answerer_of(house, third) == "b"


async def test_an_answerer_without_a_price_of_cached_input_keeps_nobody(houses: Houses) -> None:
    plain = replace(CACHED_PRICE, cached_input_nano_usd=None)
    tiers = [low(), tier("a"), tier("b", price=plain), tier("c", 3)]
    house = houses(tiers, signals=replace(UNSURE, input_tokens=2_000), **PINNED)
    await house.gateway.complete(OPENING, ALICE)
    assert not len(house.sessions)  # nothing hangs on this conversation, so nothing is kept
    assert await answerer_of(house, NEXT) == "a"


async def test_a_named_session_is_sticky_too(houses: Houses) -> None:
    house = two_equals(houses, **PINNED)
    hints = Hints(session="s")
    await house.gateway.complete(replace(OPENING, hints=hints), ALICE)
    assert await answerer_of(house, replace(NEXT, hints=hints)) == "b"


async def test_a_named_session_whose_history_changed_finds_no_cache(houses: Houses) -> None:
    house = two_equals(houses, **PINNED)
    hints = Hints(session="s")
    await house.gateway.complete(replace(OPENING, hints=hints), ALICE)
    edited = turns("summary of what was said", "an answer", "and then?", hints=hints)
    assert await answerer_of(house, edited) == "a"


LOOK = ToolSpec("look", "", '{"type":"object"}')
GRAVE = replace(UNSURE, impact_nano_usd=20_000 * 10**9)
CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
FUNCTION = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
ASKED = {"role": "user", "content": "Look it up."}
FIRST_TURNS = {
    "/v1/chat/completions": {"messages": [ASKED], "tools": [FUNCTION]},
    "/v1/responses": {"input": [ASKED], "tools": [{"type": "function", **FUNCTION["function"]}]},
    "/v1/messages": {
        "messages": [ASKED],
        "max_tokens": 50,
        "tools": [{"name": "look", "input_schema": {"type": "object"}}],
    },
}
RESULTS: dict[str, list[object]] = {
    "/v1/chat/completions": [
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "42"},
    ],
    "/v1/responses": [
        {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": "42"},
    ],
    "/v1/messages": [
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "call_1", "name": "look", "input": {}}],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "call_1", "content": "42"},
                {"type": "text", "text": "There it is."},
            ],
        },
    ],
}


def read(path: str, *more: object) -> ChatRequest:
    """The first turn at this endpoint, and what follows it."""
    body = dict(FIRST_TURNS[path])
    turns_at = "input" if path == "/v1/responses" else "messages"
    body[turns_at] = [*body[turns_at], *more]
    (request,) = WIRE_FORMATS[path].read(orjson.dumps({"model": "auto", **body}), {}).requests
    return request


RESULTS_PATH = "/v1/chat/completions"
LIFTED = {"decision": {"outage_lifts": ["level_3_not_below_usd"]}}


def a_loop(houses: Houses) -> House:
    plain = Price(1_000_000_000, None, None, 2_000_000_000, version="test")
    tiers = [low(), tier("a", price=plain), Calling("c", "t3", 3, price=plain)]
    return houses(tiers, signals=GRAVE, thetas={"a": 5.0, "c": 5.0})


@pytest.mark.parametrize("path", list(FIRST_TURNS))
async def test_a_tool_loop_never_goes_down_where_no_session_is_named(houses: Houses, path) -> None:
    house = a_loop(houses)
    assert await answerer_of(house, read(path)) == "c"
    house.triage.signals = UNSURE
    outcome = await house.gateway.complete(read(path, *RESULTS[path]), ALICE)
    assert outcome.rung.answerer == "c"
    assert outcome.rung.reasons[0] is Reason.TOOL_LOOP


async def test_a_named_turn_is_written_as_it_begins_and_once_when_it_is_answered(
    houses: Houses,
) -> None:
    """It is kept under its name and under its own start, which took a write each."""
    house = a_loop(houses)
    named = replace(read(RESULTS_PATH), hints=Hints(session="s"))
    assert await answerer_of(house, named) == "c"
    assert (len(house.sessions), house.sessions.writes) == (2, 2)


@pytest.mark.parametrize("path", list(FIRST_TURNS))
async def test_a_conversation_whose_tool_loop_is_over_may_go_down(houses: Houses, path) -> None:
    house = a_loop(houses)
    assert await answerer_of(house, read(path)) == "c"
    house.triage.signals = UNSURE
    over = [{"role": "assistant", "content": "It is 42."}, {"role": "user", "content": "Thanks."}]
    assert await answerer_of(house, read(path, *RESULTS[path], *over)) == "a"


@pytest.mark.parametrize("path", list(FIRST_TURNS))
async def test_a_tool_loop_comes_back_after_an_outage(houses: Houses, path: str) -> None:
    """Two 429s of an agent's model moved all later steps of its task to the dearer one."""
    plain = Price(1_000_000_000, None, None, 2_000_000_000, version="test")
    first, higher = Calling("a", "t2", 2, price=plain), Calling("c", "t3", 3, price=plain)
    house = houses([low(), first, higher], signals=UNSURE, thetas={"a": 5.0, "c": 5.0}, **LIFTED)
    first.error = UpstreamRateLimited("Limited.", upstream_status=429)
    assert await answerer_of(house, read(path)) == "c"
    first.error = None
    outcome = await house.gateway.complete(read(path, *RESULTS[path]), ALICE)
    assert outcome.rung.answerer == "a"


@pytest.mark.parametrize("sticky", [True, False])
async def test_a_loop_stays_where_coming_back_costs_more_than_its_cache(
    houses: Houses, *, sticky: bool
) -> None:
    plain, path = Price(1_000_000_000, None, None, 2_000_000_000, version="test"), RESULTS_PATH
    first = Calling("a", "t2", 2, price=plain, usage=reported(2_000))
    higher = Calling("c", "t3", 3, price=CACHED_PRICE, usage=reported(2_000))
    more = {"sessions": {"sticky": sticky}, **LIFTED}
    house = houses([low(), first, higher], signals=UNSURE, thetas={"a": 5.0, "c": 5.0}, **more)
    house.triage.signals = replace(UNSURE, input_tokens=2_000)
    first.error = UpstreamRateLimited("Limited.", upstream_status=429)
    assert await answerer_of(house, read(path)) == "c"
    first.error = None
    assert await answerer_of(house, read(path, *RESULTS[path])) == ("c" if sticky else "a")
    house.clock.now += 600_000  # the cache is gone, and the loop remembers where it came from
    again = await answerer_of(house, read(path, *RESULTS[path], *RESULTS[path]))
    assert again == "a"


async def test_a_loop_that_a_refusal_moved_up_stays_there(houses: Houses) -> None:
    plain = Price(1_000_000_000, None, None, 2_000_000_000, version="test")
    first, higher = Calling("a", "t2", 2, price=plain), Calling("c", "t3", 3, price=plain)
    house = houses([low(), first, higher], signals=UNSURE, thetas={"a": 5.0, "c": 5.0}, **LIFTED)
    first.error = UpstreamRejected("It takes no such thing.", upstream_status=400)
    path = "/v1/chat/completions"
    assert await answerer_of(house, read(path)) == "c"
    first.error = None
    assert await answerer_of(house, read(path, *RESULTS[path])) == "c"


async def test_a_tool_loop_that_nobody_knows_is_decided_as_it_reads(houses: Houses) -> None:
    house = a_loop(houses)
    house.triage.signals = UNSURE
    path = "/v1/chat/completions"
    assert await answerer_of(house, read(path, *RESULTS[path])) == "a"
