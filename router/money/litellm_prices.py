"""The prices that come with litellm, read from its file without importing it (that takes seconds).

The table is as old as the installed litellm, so its version is the price's version. Prices above a
context length, for batches and for priority tiers are not in it: it holds the plain token price.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Mapping
from pathlib import Path

import orjson

from router.types import Price, usd_to_nano

PRICE_FILE = "model_prices_and_context_window_backup.json"
MEGA = 1_000_000


def load_litellm_prices() -> dict[str, Price] | None:
    """Price by litellm's model name; None when litellm or its price file is not there."""
    spec = importlib.util.find_spec("litellm")
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0]) / PRICE_FILE
    try:
        version = f"litellm {importlib.metadata.version('litellm')}"
        table = orjson.loads(path.read_bytes())
    except (importlib.metadata.PackageNotFoundError, OSError, orjson.JSONDecodeError):
        return None
    return read_prices(table, version)


def read_prices(table: object, version: str) -> dict[str, Price]:
    """Prices of all models with token prices; entries without any are left out.

    Left out, too, are entries whose tokens cost 0: the table writes that for what a subscription
    covers, for other units (seconds, pages) and for what nobody looked up. Who pays nothing states
    it. Prices per image are not read: the table's stand beside those of the same images' tokens.
    Example: 2.5e-06 dollars a token are 2_500_000_000 nano-dollars per million.
    """
    found: dict[str, Price] = {}
    for model, entry in table.items() if isinstance(table, dict) else ():
        price = Price(
            input_nano_usd=_per_mega(entry, "input_cost_per_token"),
            cached_input_nano_usd=_per_mega(entry, "cache_read_input_token_cost"),
            cache_write_nano_usd=_per_mega(entry, "cache_creation_input_token_cost"),
            output_nano_usd=_per_mega(entry, "output_cost_per_token"),
            reasoning_nano_usd=_per_mega(entry, "output_cost_per_reasoning_token"),
            version=version,
        )
        both = price.input_nano_usd is not None and price.output_nano_usd is not None
        free = not (price.input_nano_usd or price.output_nano_usd)
        if both and not free and model != "sample_spec":
            found[model] = price
    return found


def _per_mega(entry: object, key: str) -> int | None:
    usd = entry.get(key) if isinstance(entry, dict) else None
    if isinstance(usd, bool) or not isinstance(usd, int | float) or not 0 <= usd < 1:
        return None
    return usd_to_nano(usd * MEGA)


def find_price(prices: Mapping[str, Price], model: str) -> Price | None:
    """The price of `provider/name`, which the table may have with or without its provider."""
    return prices.get(model) or prices.get(model.partition("/")[2])
