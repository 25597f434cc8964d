"""Describes the sections that spend money to learn: exploration and shadow answers.

Both are off by default. This module knows nothing about the choice of a rung
(`router.routing.exploration`) or the call of a shadow (`router.request.shadow`).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from router.policy.sections.base import Name, Section, Usd


class ExploreSection(Section):
    """Tries a rung other than the chosen one first, by chance, never against a hard rule."""

    share: Annotated[float, Field(ge=0, le=0.5)] = Field(
        default=0.0,
        description="This share of the requests that may be explored is explored, evenly over "
        "the other allowed rungs. 0: off.",
    )
    max_stakes_usd: Usd = Field(
        default=0.5,
        description="Nothing is explored when a wrong answer costs more than this (S).",
    )


class PairJudgeSection(Section):
    """Has another model compare a shadow's answer with the one that the client got."""

    rubric: str = Field(description="File of the rubric, relative to the policy.")
    judge: Name = Field(description="The local, upstream or litellm answerer that compares.")
    own_model: bool = Field(
        default=False,
        description="Lets a model compare its own answer with another's, and marks it.",
    )


class ShadowSection(Section):
    """Calls a second answerer after the client has its answer, and discards that second answer."""

    share: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.0, description="Share of the answered requests. 0: off."
    )
    answerer: Name | None = Field(
        default=None, description="The answerer to call. Left out: `level` chooses it."
    )
    level: int | None = Field(
        default=None,
        ge=1,
        le=9,
        description="Calls the first answerer of this level. Without `answerer` and `level`: of "
        "the highest level.",
    )
    max_usd_per_day: Usd = Field(
        default=1.0,
        description="Highest spending on shadows per day (UTC), in dollars. No shadow is called "
        "when the day's shadows could cost more. Each worker counts its own.",
    )
    judged: PairJudgeSection | None = Field(
        default=None,
        description="Has a judge compare both answers, in both orders. Its calls count as the "
        "shadow's. Left out: only words are compared.",
    )
    max_at_once: int = Field(
        default=4, ge=1, le=256, description="Shadows that run at the same time in a worker."
    )

    @model_validator(mode="after")
    def _one(self) -> ShadowSection:
        if self.answerer is not None and self.level is not None:
            raise ValueError("a shadow needs either `answerer` or `level`, not both")
        return self
