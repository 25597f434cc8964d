"""The sections of a policy that buy knowledge: exploration and shadow answers, both off by default.

It knows nothing about how a rung is drawn (`exploration`) or a shadow is called (`shadow`).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from router.policy.sections.base import Name, Section, Usd


class ExploreSection(Section):
    """A rung other than the chosen one is tried first, by chance; never against a hard rule."""

    share: Annotated[float, Field(ge=0, le=0.5)] = Field(
        default=0.0,
        description="Of the requests that may be explored, this share is; spread evenly over the "
        "other rungs that are allowed. 0: off.",
    )
    max_stakes_usd: Usd = Field(
        default=0.5,
        description="Where a wrong answer costs more than this (S), nothing is explored.",
    )


class ShadowSection(Section):
    """A second answerer is called once the client has its answer, and its answer is thrown away."""

    share: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.0, description="Of the answered requests; 0: off."
    )
    answerer: Name | None = Field(default=None, description="Who is asked; else `level` says it.")
    level: int | None = Field(
        default=None,
        ge=1,
        le=9,
        description="The first answerer of this level; the highest level where neither is given.",
    )
    max_usd_per_day: Usd = Field(
        default=1.0,
        description="No shadow is called once those of the day (UTC) could cost more; each worker "
        "counts its own.",
    )
    max_at_once: int = Field(
        default=4, ge=1, le=256, description="Shadows that run at the same time in a worker."
    )

    @model_validator(mode="after")
    def _one(self) -> ShadowSection:
        if self.answerer is not None and self.level is not None:
            raise ValueError("a shadow needs either `answerer` or `level`, not both")
        return self
