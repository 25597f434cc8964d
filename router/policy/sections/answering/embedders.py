"""Describes embedding models of upstreams, which aliases of `/v1/embeddings` lead to."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from router.policy.sections.base import BASE_URL, ModelName, Name, SecretName, Section
from router.policy.sections.prices import PriceSection


class EmbedderSection(Section):
    """Names one embedding model of a server with OpenAI's `/v1/embeddings`."""

    name: Name = Field(description="Name in aliases: `text-embedding-3-small: embed:<name>`.")
    model: ModelName = Field(
        description="Name of the model on that server.",
    )
    base_url: Annotated[str, Field(pattern=BASE_URL)] = Field(
        description="Its address, which ends in /v1."
    )
    api_key: SecretName | None = Field(
        default=None, description="API key, only as ${ENV}. Read when it is first used."
    )
    price: PriceSection = Field(
        default_factory=PriceSection,
        description="Price of its input; `output_usd_per_mtok` is 0. Left out: the price book's.",
    )
    deadline_s: float = Field(default=30.0, gt=0, le=600, description="Total time of one call.")
    concurrency: int = Field(
        default=16, ge=1, le=1_000, description="Calls at one time, per worker. Others get 503."
    )
