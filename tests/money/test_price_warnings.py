"""Prices that lack a class: an answerer at Anthropic without one of cache writes."""

from __future__ import annotations

import pytest

from router.money.price_warnings import cache_write_warnings
from router.types import BodyRules, Price
from tests.kits.changed import replace
from tests.kits.upstreams.upstream_kit import facts
from tests.policy.test_warnings import policy

READ = Price(input_nano_usd=3_000_000_000, output_nano_usd=15_000_000_000)
WRITES = replace(READ, cache_write_nano_usd=3_750_000_000)
FREE = Price(input_nano_usd=0, output_nano_usd=0)
LISTED = replace(READ, per_request_nano_usd=1_000)


@pytest.mark.parametrize(
    ("wire", "price", "warned"),
    [
        ("anthropic", READ, True),
        ("anthropic", WRITES, False),
        ("anthropic", FREE, False),
        ("anthropic", LISTED, False),
        ("anthropic", Price(), False),  # it has the warning of no price at all
        ("openai", READ, False),
    ],
)
def test_a_price_without_cache_writes_is_told_at_anthropic(
    wire: str, price: Price, warned: bool
) -> None:
    answerer = replace(facts(body=BodyRules(wire=wire)), name="remote", price=price)
    found = cache_write_warnings(policy(), [answerer])
    assert [one.key_path for one in found] == ["tiers[1].answerers[0].price"] * warned
    assert all("remote has no price of cache writes: " in one.message for one in found)
