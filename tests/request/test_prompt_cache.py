"""What a provider's cache is thought to hold after a turn, by what the provider reported."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from router.request.prompt_cache import Cacheable, warmed
from router.types import Price, Usage, WarmCache
from tests.kits.books.ledger_rows import NOW_MS
from tests.kits.books.report_rows import an_attempt

PRICE = Price(
    input_nano_usd=1_000, output_nano_usd=4_000, cached_input_nano_usd=100, version="tests"
)
CLAUDES = replace(PRICE, cache_write_nano_usd=1_250)
BEFORE = WarmCache("nano", "m", 10_000, NOW_MS - 1)


def held(usage: Usage, price: Price, *caches: WarmCache) -> list[int]:
    attempt = replace(an_attempt("r", 1, 0), answerer="nano", usage=usage)
    after = warmed([Cacheable(attempt, "m", price)], caches, 1_024, NOW_MS)
    return [cache.tokens for cache in after]


def used(read: int = 0, written: int = 0) -> Usage:
    return Usage(12_000, cached_input_tokens=read, cache_write_tokens=written, reported=True)


@pytest.mark.parametrize(
    ("usage", "caches", "tokens"),
    [
        (used(), (), 0),  # a first turn sets no point
        (used(written=12_000), (), 12_000),
        (used(written=12_000), (BEFORE,), 12_000),
        (used(read=10_000, written=2_000), (BEFORE,), 12_000),
        (used(), (BEFORE,), 0),
    ],
)
def test_where_writes_have_a_price_only_what_is_reported_is_warm(
    usage: Usage, caches: tuple[WarmCache, ...], tokens: int
) -> None:
    assert held(usage, CLAUDES, *caches) == [tokens]


def test_a_provider_that_keeps_prompts_unasked_is_thought_warm_once() -> None:
    assert held(used(), PRICE) == [12_000]
    assert held(used(), PRICE, BEFORE) == [0]
