"""Prices that lack a class: an answerer at Anthropic without one of cache writes or reads."""

from __future__ import annotations

import pytest

from router.money.price_warnings import cache_price_warnings
from router.types import BodyRules, Price
from tests.kits.changed import replace
from tests.kits.upstreams.upstream_kit import facts
from tests.policy.test_warnings import policy

READ = Price(input_nano_usd=3_000_000_000, output_nano_usd=15_000_000_000)
WRITES = replace(READ, cache_write_nano_usd=3_750_000_000)
HOURS = replace(READ, hour_write_nano_usd=6_000_000_000)
CACHED = replace(WRITES, cached_input_nano_usd=300_000_000)
FREE = Price(input_nano_usd=0, output_nano_usd=0)
LISTED = replace(READ, per_request_nano_usd=1_000)


@pytest.mark.parametrize(
    ("wire", "price", "told"),
    [
        ("anthropic", READ, "has no price of cache writes: "),
        ("anthropic", HOURS, "cache writes for five minutes, only for an hour, which it is never"),
        ("anthropic", WRITES, "has no price of cache reads: they are booked as input"),
        ("anthropic", CACHED, None),  # an hour's writes cost twice the input: decision 231
        ("anthropic", replace(CACHED, hour_write_nano_usd=6_000_000_000), None),
        ("anthropic", FREE, None),
        ("anthropic", LISTED, None),
        ("anthropic", Price(), None),  # it has the warning of no price at all
        ("openai", READ, None),
    ],
)
def test_each_class_of_a_cache_without_a_price_is_told_at_anthropic(
    wire: str, price: Price, told: str | None
) -> None:
    answerer = replace(facts(body=BodyRules(wire=wire)), name="remote", price=price)
    found = cache_price_warnings(policy(), [answerer])
    assert [one.key_path for one in found] == ["tiers[1].answerers[0].price"] * (told is not None)
    assert all(str(told) in one.message for one in found)
    assert all(str(one).endswith(" [cache_price_missing]") for one in found)


def test_a_warning_names_only_the_cache_prices_that_lack() -> None:
    price = replace(READ, cached_input_nano_usd=300_000_000)
    answerer = replace(facts(body=BodyRules(wire="anthropic")), name="remote", price=price)
    [found] = cache_price_warnings(policy(), [answerer])
    assert found.message.endswith("; state cache_write_usd_per_mtok")
