"""Describes prices in policies and price books, and turns them into nano-dollars.

It knows nothing about usage and costs.
"""

from __future__ import annotations

from typing import Self

from msgspec.structs import replace
from pydantic import Field, model_validator

from router.policy.sections.base import Section, Usd
from router.types import NANO_PER_USD, Price, usd_to_nano

SECONDS_PER_HOUR = 3600.0


class TokenPrices(Section):
    """Holds USD per million tokens, or one price per request. Leave out unknown prices."""

    input_usd_per_mtok: Usd | None = Field(default=None, description="Input that is not cached.")
    cached_input_usd_per_mtok: Usd | None = Field(
        default=None, description="Input read from a cache."
    )
    cache_write_usd_per_mtok: Usd | None = Field(
        default=None, description="Input written to a cache."
    )
    cache_write_1h_usd_per_mtok: Usd | None = Field(
        default=None,
        description="Input written to a cache for an hour. Without it twice the price of input.",
    )
    output_usd_per_mtok: Usd | None = Field(
        default=None, description="Output, including reasoning."
    )
    reasoning_usd_per_mtok: Usd | None = Field(
        default=None, description="Reasoning, if its price differs from the rest of the output."
    )
    audio_input_usd_per_mtok: Usd | None = Field(
        default=None, description="Sound of the request, if its price differs from other input."
    )
    image_usd: Usd | None = Field(
        default=None,
        description="Each image of the request, if it is charged in addition to tokens.",
    )
    list_price_usd: Usd | None = Field(
        default=None, description="Price per answered request. It includes everything."
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.input_usd_per_mtok is None) != (self.output_usd_per_mtok is None):
            raise ValueError("input_usd_per_mtok and output_usd_per_mtok come together")
        return self

    def token_price(self, version: str) -> Price:
        """Returns the same prices in nano-dollars. A missing price stays unknown."""
        return Price(
            input_nano_usd=_nano(self.input_usd_per_mtok),
            cached_input_nano_usd=_nano(self.cached_input_usd_per_mtok),
            cache_write_nano_usd=_nano(self.cache_write_usd_per_mtok),
            hour_write_nano_usd=_nano(self.cache_write_1h_usd_per_mtok),
            output_nano_usd=_nano(self.output_usd_per_mtok),
            per_request_nano_usd=_nano(self.list_price_usd),
            reasoning_nano_usd=_nano(self.reasoning_usd_per_mtok),
            image_nano_usd=_nano(self.image_usd),
            audio_input_nano_usd=_nano(self.audio_input_usd_per_mtok),
            covers_sound=self.audio_input_usd_per_mtok is not None,
            version=version,
        )


class PriceSection(TokenPrices):
    """Holds USD per million tokens, or one price per request.

    Leave out unknown prices. Leave out the whole section when the price book has the model's price.
    """

    compute_usd_per_hour: Usd = Field(default=0.0, description="Price of an hour of own compute.")
    version: str = Field(
        default="policy", description="Name and day of the price list. Every row carries it."
    )

    @classmethod
    def of(cls, price: Price) -> Self:
        """Returns a price of tokens or of a request as a section, the same to the nano-dollar."""
        return cls(
            input_usd_per_mtok=_usd(price.input_nano_usd),
            output_usd_per_mtok=_usd(price.output_nano_usd),
            list_price_usd=_usd(price.per_request_nano_usd),
            version=price.version,
        )

    def to_price(self) -> Price:
        """Returns the same prices in nano-dollars. A missing price stays unknown."""
        per_second = usd_to_nano(self.compute_usd_per_hour / SECONDS_PER_HOUR)
        # Who states a price for one answerer states it for all that is sent there.
        price = self.token_price(self.version)
        return replace(price, per_second_nano_usd=per_second, covers_sound=True)


def _usd(nano_usd: int | None) -> float | None:
    return None if nano_usd is None else nano_usd / NANO_PER_USD


def _nano(usd: float | None) -> int | None:
    return None if usd is None else usd_to_nano(usd)
