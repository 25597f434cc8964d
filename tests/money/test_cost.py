"""Usage times price: examples worked by hand, and that a hold is never too small."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.money.cost import (
    at_dearest,
    attempt_cost,
    calls_cost,
    hides_reasoning,
    input_bound,
    most_image_tokens,
    own_compute,
    token_parts,
    worst_case,
    worst_of_calls,
)
from router.types import (
    AnswerCalls,
    AnswererFacts,
    ChatRequest,
    ContentPart,
    CostBasis,
    JsonText,
    Message,
    Price,
    Sampling,
    ToolSpec,
    Usage,
    exact_usd,
)
from tests.kits.changed import replace

PRICE = Price(1_000_000_000, 100_000_000, 2_000_000_000, 4_000_000_000)
"""$1 a million input tokens, $0.10 cached, $2 written to a cache, $4 output."""
FACTS = AnswererFacts(
    "a", "llm", 2, "upstream", "m", PRICE, 100, 8_000, frozenset(), 50, 500.0, 10_000
)
HELLO = ChatRequest((Message("user", "hello"),), "auto")  # 5 bytes and 8 of overhead


@pytest.mark.parametrize(
    ("usage", "nano_usd"),
    [
        (Usage(1_000, 200, 0, 50), 800 * 1_000 + 200 * 100 + 50 * 4_000),
        (Usage(1_000, 0, 300, 0), 700 * 1_000 + 300 * 2_000),
        (Usage(), 0),
    ],
)
def test_tokens_cost_what_the_price_says(usage: Usage, nano_usd: int) -> None:
    paid = attempt_cost(PRICE, usage, 0.0)
    assert (paid.nano_usd, paid.basis) == (nano_usd, CostBasis.TOKEN_PRICE)


THINKER = replace(PRICE, reasoning_nano_usd=3_000_000_000, image_nano_usd=1_100_000)
"""As PRICE, with $3 a million tokens of reasoning and $0.0011 an image."""
CLASSES = {"input", "cache_read", "cache_write", "hour_write"}
CLASSES |= {"output", "reasoning", "images", "sound"}


def test_reasoning_costs_its_own_price_where_it_has_one() -> None:
    # 50 tokens of output, 40 of them thought: 10 x $4 and 40 x $3 a million.
    usage = Usage(0, 0, 0, 50, 40)
    assert attempt_cost(THINKER, usage, 0.0).nano_usd == 10 * 4_000 + 40 * 3_000


def test_reasoning_costs_what_output_costs_where_it_has_no_price() -> None:
    assert attempt_cost(PRICE, Usage(0, 0, 0, 50, 40), 0.0).nano_usd == 50 * 4_000


def test_images_are_charged_beside_their_tokens() -> None:
    assert attempt_cost(THINKER, Usage(100), 0.0, images=3).nano_usd == 100 * 1_000 + 3 * 1_100_000


def test_images_without_a_price_cost_their_tokens_alone() -> None:
    assert attempt_cost(PRICE, Usage(100), 0.0, images=3).nano_usd == 100 * 1_000


def test_images_of_all_messages_are_counted() -> None:
    picture = ContentPart("image_url", JsonText("{}"))
    turns = (
        Message("user", "", (picture, picture)),
        Message("user", "x"),
        Message("user", "", (picture,)),
    )
    assert ChatRequest(turns, "auto").images == 3


prices = st.builds(
    Price,
    input_nano_usd=st.integers(0, 10**11),
    cached_input_nano_usd=st.none() | st.integers(0, 10**11),
    cache_write_nano_usd=st.none() | st.integers(0, 10**11),
    hour_write_nano_usd=st.none() | st.integers(0, 10**11),
    output_nano_usd=st.integers(0, 10**11),
    reasoning_nano_usd=st.none() | st.integers(0, 10**11),
    image_nano_usd=st.none() | st.integers(0, 10**9),
    audio_input_nano_usd=st.none() | st.integers(0, 10**11),
)
usages = st.tuples(*[st.integers(0, 10**6)] * 7).map(
    lambda n: Usage(
        sum(n[:3]) + n[5] + n[6],
        n[1],
        n[2] + n[6],
        n[3] + n[4],
        n[4],
        audio_input_tokens=n[5],
        hour_write_tokens=n[6],
    )
)


def test_a_write_for_an_hour_costs_twice_the_input_unless_stated() -> None:
    """100 tokens at $1: 40 are written at $1.25, 10 of these for an hour at $2 or the stated $3."""
    price = Price(10**9, cache_write_nano_usd=125 * 10**7, output_nano_usd=0)
    usage = Usage(100, cache_write_tokens=40, hour_write_tokens=10)
    assert attempt_cost(price, usage, 0.0).nano_usd == 60 * 1_000 + 30 * 1_250 + 10 * 2_000
    stated = replace(price, hour_write_nano_usd=3 * 10**9)
    assert attempt_cost(stated, usage, 0.0).nano_usd == 60 * 1_000 + 30 * 1_250 + 10 * 3_000
    untold = replace(usage, hour_write_tokens=None)
    assert attempt_cost(price, untold, 0.0).nano_usd == 60 * 1_000 + 40 * 1_250


def test_sound_has_a_price_of_its_own() -> None:
    """100 tokens, 40 of them sound and 30 cached: 30 x $1, 30 x $0.10, 40 x $40 a million."""
    price = Price(
        10**9, cached_input_nano_usd=10**8, output_nano_usd=0, audio_input_nano_usd=40 * 10**9
    )
    usage = Usage(100, 30, 0, 0, 0, True, 40)
    assert attempt_cost(price, usage, 0.0).nano_usd == 30 * 1_000 + 30 * 100 + 40 * 40_000
    # Sound that was cached counts as sound; together they are never more than the input.
    cached = replace(usage, cached_input_tokens=90)
    assert attempt_cost(price, cached, 0.0).nano_usd == 60 * 100 + 40 * 40_000
    without = replace(price, audio_input_nano_usd=None)
    assert attempt_cost(without, usage, 0.0).nano_usd == 70 * 1_000 + 30 * 100


@given(prices, usages, st.integers(0, 20))
def test_the_parts_sum_to_the_total_to_the_nano_dollar(
    price: Price, usage: Usage, images: int
) -> None:
    parts = token_parts(price, usage, images)
    total = attempt_cost(price, usage, 0.0, images).nano_usd
    assert parts.keys() == CLASSES
    assert total * 10**6 - 10**6 < sum(parts.values()) <= total * 10**6  # rounded up, once


@given(prices, usages, usages, st.integers(0, 20))
def test_more_of_anything_never_costs_less(
    price: Price, one: Usage, more: Usage, images: int
) -> None:
    both = Usage(
        one.input_tokens + more.input_tokens,
        one.cached_input_tokens + more.cached_input_tokens,
        one.cache_write_tokens + more.cache_write_tokens,
        one.output_tokens + more.output_tokens,
        one.reasoning_tokens + more.reasoning_tokens,
        audio_input_tokens=one.audio_input_tokens + more.audio_input_tokens,
        hour_write_tokens=(one.hour_write_tokens or 0) + (more.hour_write_tokens or 0),
    )
    before = attempt_cost(price, one, 1_000.0, images).nano_usd
    assert attempt_cost(price, both, 1_000.0, images + 1).nano_usd >= before


@given(prices, prices, usages, st.integers(0, 20))
def test_a_price_that_is_dearer_in_every_class_never_costs_less(
    one: Price, more: Price, usage: Usage, images: int
) -> None:
    def added(a: int | None, b: int | None) -> int | None:
        return None if a is None else a + (b or 0)

    # A class without a price follows its whole, so it must stay without one.
    dearer = Price(
        added(one.input_nano_usd, more.input_nano_usd),
        added(one.cached_input_nano_usd, more.cached_input_nano_usd),
        added(one.cache_write_nano_usd, more.cache_write_nano_usd),
        added(one.output_nano_usd, more.output_nano_usd),
        reasoning_nano_usd=added(one.reasoning_nano_usd, more.reasoning_nano_usd),
        image_nano_usd=added(one.image_nano_usd, more.image_nano_usd),
        audio_input_nano_usd=added(one.audio_input_nano_usd, more.audio_input_nano_usd),
        hour_write_nano_usd=added(one.hour_write_nano_usd, more.hour_write_nano_usd),
    )
    before = attempt_cost(one, usage, 0.0, images).nano_usd
    assert attempt_cost(dearer, usage, 0.0, images).nano_usd >= before


@given(prices, usages)
def test_no_split_of_tokens_costs_more_than_the_dearest(price: Price, usage: Usage) -> None:
    most = attempt_cost(price, at_dearest(price, usage, hours=True), 0.0)
    assert attempt_cost(price, usage, 0.0).nano_usd <= most.nano_usd


def test_a_fraction_of_a_nano_dollar_is_rounded_up() -> None:
    cheap = Price(input_nano_usd=1, output_nano_usd=1)
    assert attempt_cost(cheap, Usage(1), 0.0).nano_usd == 1


def test_a_list_price_covers_everything() -> None:
    paid = attempt_cost(replace(PRICE, per_request_nano_usd=7), Usage(10**6, 0, 0, 10**6), 1e6)
    assert (paid.nano_usd, paid.basis) == (7, CostBasis.LIST_PRICE)


def test_own_compute_is_added_to_token_prices() -> None:
    paid = attempt_cost(replace(PRICE, per_second_nano_usd=1_000), Usage(1), 2_500.0)
    assert paid.nano_usd == 1_000 + 2_500


def test_an_unknown_price_is_not_free() -> None:
    assert attempt_cost(Price(), Usage(1_000), 100.0).basis is CostBasis.UNKNOWN


def test_own_compute_alone_is_a_price() -> None:
    paid = attempt_cost(Price(per_second_nano_usd=36_000), Usage(1_000), 100.0)
    assert (paid.nano_usd, paid.basis) == (3_600, CostBasis.OWN_COMPUTE)


@given(
    per_request=st.none() | st.integers(0, 10),
    tokens=st.tuples(st.none() | st.integers(0, 10), st.none() | st.integers(0, 10)),
    per_second=st.integers(0, 10),
    usage=st.builds(Usage, input_tokens=st.integers(0, 10), output_tokens=st.integers(0, 10)),
)
def test_every_call_at_a_price_has_the_basis_of_the_price(
    per_request: int | None,
    tokens: tuple[int | None, int | None],
    per_second: int,
    usage: Usage,
) -> None:
    price = Price(
        input_nano_usd=tokens[0],
        output_nano_usd=tokens[1],
        per_request_nano_usd=per_request,
        per_second_nano_usd=per_second,
    )
    assert attempt_cost(price, usage, 1.0).basis is price.basis


@pytest.mark.parametrize(
    ("price", "basis"),
    [
        (Price(1, output_nano_usd=1, per_request_nano_usd=0), CostBasis.LIST_PRICE),
        (Price(0, output_nano_usd=0, per_second_nano_usd=1), CostBasis.TOKEN_PRICE),
        (Price(1, per_second_nano_usd=1), CostBasis.OWN_COMPUTE),
        (Price(1), CostBasis.UNKNOWN),
    ],
)
def test_a_price_says_what_costs_at_it_rest_on(price: Price, basis: CostBasis) -> None:
    assert price.basis is basis


def test_calls_cost_their_questions_and_what_they_read_and_write_beside() -> None:
    """Three times 100 tokens of a question, 400 of instructions, 600 of output at $1 and $4."""
    calls = AnswerCalls(3, 400, 600)
    assert calls_cost(FACTS, calls, 100).nano_usd == 3_100_000
    warm = calls_cost(FACTS, AnswerCalls(1, 0, 10), 20, cached_tokens=50)
    assert warm == attempt_cost(FACTS.price, Usage(20, 20, 0, 10), 0.0)


def test_calls_to_an_answerer_with_a_list_price_cost_it_each() -> None:
    listed = replace(FACTS, price=Price(per_request_nano_usd=7, version="stated"))
    assert calls_cost(listed, AnswerCalls(3, 400, 600), 100).nano_usd == 21
    assert worst_of_calls(listed, HELLO, AnswerCalls(3, 400, 600)) == 21


@pytest.mark.parametrize("kind", ["local", "upstream", "litellm"])
def test_calls_at_a_price_of_own_compute_cost_the_time_of_each(kind: str) -> None:
    local = replace(FACTS, kind=kind, latency_ms=100.0, price=Price(per_second_nano_usd=36_000))
    assert calls_cost(local, AnswerCalls(3, 400, 600), 100).nano_usd == 3 * 3_600


def test_worst_case_of_calls_reads_the_request_in_each() -> None:
    one = worst_case(FACTS, HELLO)
    output = FACTS.max_output_tokens
    assert worst_of_calls(FACTS, HELLO, AnswerCalls(1, 0, output)) == one
    assert worst_of_calls(FACTS, HELLO, AnswerCalls(2, 0, 2 * output)) == 2 * one


@pytest.mark.parametrize(
    ("request_", "tokens"),
    [
        (HELLO, 13),
        (ChatRequest((Message("user", "grüß"),), "auto"), 6 + 8),
        (
            ChatRequest(
                (Message("user", "", (ContentPart("image_url", JsonText("{}")),)),), "auto"
            ),
            8 + 2_000,
        ),
        (replace(HELLO, tools=(ToolSpec("f", "do", JsonText("{}")),)), 13 + 1 + 2 + 2 + 16),
        (replace(HELLO, extra={"user": JsonText('"x"')}), 13 + 4 + 3),
    ],
)
def test_the_input_bound_counts_bytes_with_overheads(request_: ChatRequest, tokens: int) -> None:
    assert input_bound(request_, 2_000) == tokens


def test_the_worst_case_is_the_dearest_input_with_all_output() -> None:
    assert worst_case(FACTS, HELLO) == 13 * 2_000 + 100 * 4_000


def test_the_worst_case_pays_every_image_as_the_answerer_counts_it() -> None:
    two = (ContentPart("image_url", JsonText("{}")),) * 2
    pictured = replace(HELLO, messages=(Message("user", "hello", two),))
    facts = replace(FACTS, image_tokens=48_169)
    assert worst_case(facts, pictured) - worst_case(FACTS, HELLO) == 2 * 48_169 * 2_000


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("gpt-4o-mini", 50_000),
        ("openai/gpt-4o-mini-2024-07-18", 50_000),
        ("gpt-4o", 4_000),
        ("anthropic/claude-sonnet-4-5", 5_000),
    ],
)
def test_an_image_counts_by_the_models_name(model: str, tokens: int) -> None:
    assert most_image_tokens(model) == tokens


def test_the_worst_case_pays_every_choice() -> None:
    twice = replace(HELLO, sampling=Sampling(n=2))
    assert worst_case(FACTS, twice) - worst_case(FACTS, HELLO) == 100 * 4_000


@given(
    text=st.text(),
    parts=st.tuples(*[st.floats(0.0, 1.0)] * 4),
    ms=st.floats(0.0, 10_000.0),
    per_second=st.integers(0, 10**6),
)
def test_no_call_within_its_bounds_costs_more_than_its_hold(
    text: str, parts: tuple[float, ...], ms: float, per_second: int
) -> None:
    dear = replace(THINKER, per_second_nano_usd=per_second, reasoning_nano_usd=5_000_000_000)
    facts = replace(FACTS, price=dear, image_tokens=3_000)
    picture = ContentPart("image_url", JsonText("{}"))
    request = replace(HELLO, messages=(Message("user", text, (picture,)),))
    tokens = int(parts[0] * input_bound(request, facts.image_tokens))
    cached = int(parts[1] * tokens)
    written = int(parts[2] * (tokens - cached))
    output = int(parts[3] * facts.max_output_tokens)
    usage = Usage(tokens, cached, written, output, output // 2)
    assert attempt_cost(facts.price, usage, ms, 1).nano_usd <= worst_case(facts, request)


@given(ms=st.floats(0.0, 1e6), per_second=st.integers(0, 10**9))
def test_own_compute_is_never_understated(ms: float, per_second: int) -> None:
    assert own_compute(Price(per_second_nano_usd=per_second), ms) >= int(ms) * per_second // 1000


@pytest.mark.parametrize(
    ("nano", "text"),
    [(55_000_000_000, "55.00"), (1, "0.000000001"), (-1_500_000_000, "-1.50"), (0, "0.00")],
)
def test_exact_dollars_lose_nothing(nano: int, text: str) -> None:
    assert exact_usd(nano) == text


def test_exact_dollars_have_as_many_places_as_asked() -> None:
    assert (exact_usd(0, 1), exact_usd(12_500_000, 1)) == ("0.0", "0.0125")


@pytest.mark.parametrize(
    ("model", "hidden"),
    [
        ("gpt-5.5", True),
        ("openai/gpt-5-mini-2025-08-07", True),
        ("o3", True),
        ("bedrock/eu.anthropic.claude-opus-5-5", True),
        ("gemini/gemini-2.5-pro", True),
        ("gpt-4o", False),
        ("gpt-4.1-mini", False),
        ("llama-3.3-70b", False),
    ],
)
def test_models_that_bill_thoughts_unseen_are_known_by_name(model: str, hidden: bool) -> None:
    assert hides_reasoning(model) is hidden


def sound(form: str, characters: int, *, covered: bool) -> tuple[AnswererFacts, ChatRequest]:
    audio = {"type": "input_audio", "input_audio": {"data": "A" * characters, "format": form}}
    part = ContentPart("input_audio", JsonText(orjson.dumps(audio).decode()))
    price = Price(10**9, output_nano_usd=10**9, covers_sound=covered)
    return replace(FACTS, price=price), ChatRequest((Message("user", "", (part,)),), "auto")


@pytest.mark.parametrize(
    ("form", "covered", "least", "most"),
    [
        ("wav", True, 1_000, 1_001),
        ("mp3", True, 1_000, 1_001),
        ("mp3", False, 16_000, 16_016),  # its price may be 16 times that of text
        ("flac", True, 40_000, 40_000),  # silence is short in it
    ],
)
def test_a_hold_counts_the_seconds_of_sound(
    form: str, covered: bool, least: int, most: int
) -> None:
    facts, request = sound(form, 40_000, covered=covered)
    _, silent = sound(form, 0, covered=covered)
    more = worst_case(facts, request) - worst_case(facts, silent)
    assert least * 1_000 <= more <= most * 1_000
