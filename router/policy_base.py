"""What all sections of a policy are made of: the base section and the bounded values.

It knows nothing about what the sections mean.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from router.text_forms import NAME, SECRET_NAME
from router.types import NANO_PER_USD

Chance = Annotated[float, Field(ge=0.0, le=1.0)]
Usd = Annotated[float, Field(ge=0.0, le=1e9)]
SecretName = Annotated[str, Field(pattern=SECRET_NAME)]
Name = Annotated[str, Field(pattern=NAME)]

EMBEDDING_MODEL, MODERATION_MODEL = "tiergate-embed", "tiergate-moderation"
OWN_MODELS = (EMBEDDING_MODEL, MODERATION_MODEL)
"""Models that the gateway itself is: the triage encoder and the safety heads, each with an endpoint
of its own. Aliases may lead to them; no tier answers under these names."""


@lru_cache(maxsize=1024)  # the same thresholds are asked for with every request
def usd_to_nano(usd: float) -> int:
    """Dollars as written in a policy to nano-dollars, rounded up (0.01 -> 10_000_000)."""
    return -int(-round(usd * NANO_PER_USD, 3) // 1)


class Section(BaseModel):
    """Base of all sections: frozen, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_enum_values=False)
