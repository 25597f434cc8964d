"""Describes the keys that every kind of answerer has: only the schema."""

from __future__ import annotations

from pydantic import Field

from router.policy.sections.base import Name, Section
from router.policy.sections.judging import AbilitySection, CheckSection, VerifySection
from router.policy.sections.prices import PriceSection


class AnswererBase(Section):
    """Holds the keys that every kind of answerer has."""

    name: Name = Field(description="Unique name in the policy. The ledger and the report use it.")
    verify: VerifySection = Field(
        default_factory=VerifySection, description="Verification of its answers."
    )
    check: CheckSection | None = Field(
        default=None,
        description="Has another model judge its answers. Left out: nobody does.",
    )
    price: PriceSection = Field(default_factory=PriceSection, description="Price of its answers.")
    ability: AbilitySection = Field(
        default_factory=AbilitySection,
        description="Ability of the answerer. Left out: a prior by level.",
    )
    max_output_tokens: int = Field(
        default=1024,
        ge=1,
        le=1_000_000,
        description="Output limit, when the client sends none or asks for more.",
    )
    expected_output_tokens: int = Field(
        default=200,
        ge=1,
        le=1_000_000,
        description="Expected tokens of an answer, for the expected cost in the decision.",
    )
    expected_latency_ms: float = Field(
        default=1000.0,
        ge=0.0,
        description="Expected latency in milliseconds, for the expected loss. For a local model "
        "also for its expected cost.",
    )
    deadline_s: float = Field(default=60.0, gt=0, le=3600, description="Total time of one call.")
    concurrency: int = Field(
        default=64,
        ge=1,
        le=10_000,
        description="Calls at one time to a remote answerer, per worker. A few more wait, and "
        "others are refused (--max-waiting). A local model has `parallel` and `queue`.",
    )
