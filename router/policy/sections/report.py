"""Describes the sections that reports read: baselines of savings, and the price of a review.

It knows nothing about the computation of a saving.
"""

from __future__ import annotations

from pydantic import Field

from router.policy.sections.base import Chance, Name, Section, Usd
from router.policy.sections.prices import PriceSection


class ReportSection(Section):
    """Sets the baselines of savings."""

    people_usd_per_request: Usd | None = Field(
        default=None, description="Cost of a person per request."
    )
    level_2: Name | None = Field(
        default=None,
        description="Answerer for the baseline `all at level 2`. Left out: the first model of that "
        "level.",
    )
    level_3: Name | None = Field(
        default=None,
        description="Answerer for the baseline `all at level 3`. Left out: the first model of that "
        "level.",
    )
    requested_models: dict[str, PriceSection] = Field(
        default_factory=dict,
        description="Prices of models that clients ask for (exact or glob). They win over the "
        "price book.",
    )
    decisions_right_before: Chance | None = Field(
        default=None,
        description="Share of decisions that were right before, as you know or assume it. With "
        "outcomes, the report tells the gain: value at stake x (right after - right before).",
    )
    planned_shares: dict[int, Chance] = Field(
        default_factory=dict,
        description="Planned shares by level, which reports compare with. Left out: reports show "
        "no plan.",
    )


class ReviewSection(Section):
    """Sets the price of a person's review of an answer."""

    reviewer_usd_per_minute: Usd | None = Field(
        default=None,
        description="Price of a reviewer's minute. Left out: the price in the price book. If both "
        "are missing, the cost of a review is unknown, never 0.",
    )
