"""Reads litellm's price table from its file, without importing litellm (which takes seconds).

The table has the age of the installed litellm, so its version is the price's version. It holds the
plain token price, without prices above a context length, for batches or for priority tiers.
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
    """Returns prices by litellm's model name, or None when litellm or its file is missing."""
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
    """Returns the prices of all models with token prices.

    Entries without token prices are left out, and also entries whose tokens cost 0. The table
    writes 0 for models of a subscription, for other units (seconds, pages) and for unknown prices.
    Users of a free model state the price 0 in the policy. Prices per image are not read: the table
    has them in addition to the token prices of the same images. Example: 2.5e-06 dollars a token
    are 2_500_000_000 nano-dollars per million.
    """
    prices: dict[str, Price] = {}
    for model, entry in table.items() if isinstance(table, dict) else ():
        sound = _per_mega(entry, "input_cost_per_audio_token")
        price = Price(
            input_nano_usd=_per_mega(entry, "input_cost_per_token"),
            cached_input_nano_usd=_per_mega(entry, "cache_read_input_token_cost"),
            cache_write_nano_usd=_per_mega(entry, "cache_creation_input_token_cost"),
            hour_write_nano_usd=_per_mega(entry, "cache_creation_input_token_cost_above_1hr"),
            output_nano_usd=_per_mega(entry, "output_cost_per_token"),
            reasoning_nano_usd=_per_mega(entry, "output_cost_per_reasoning_token"),
            audio_input_nano_usd=sound or None,
            covers_sound=bool(sound),
            version=version,
        )
        both = price.input_nano_usd is not None and price.output_nano_usd is not None
        free = not (price.input_nano_usd or price.output_nano_usd)
        if both and not free and model != "sample_spec":
            prices[model] = price
    return prices


def _per_mega(entry: object, key: str) -> int | None:
    usd_per_token = entry.get(key) if isinstance(entry, dict) else None
    if (
        isinstance(usd_per_token, bool)
        or not isinstance(usd_per_token, int | float)
        or not 0 <= usd_per_token < 1
    ):
        return None
    return usd_to_nano(usd_per_token * MEGA)


def find_price(prices: Mapping[str, Price], model: str) -> Price | None:
    """Returns the price of `provider/name`. The table may list it with or without its provider."""
    return prices.get(model) or prices.get(model.partition("/")[2])
