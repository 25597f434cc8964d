"""Describes the keys that every kind of answerer has: only the schema."""

from __future__ import annotations

from pydantic import Field

from router.policy.sections.base import Name, Section
from router.policy.sections.judging import AbilitySection, CheckSection, VerifySection
from router.policy.sections.prices import PriceSection

LEAST_TOKENS = 1_024
"""The cap of output on this machine. The usual cap of remote models shrinks to it, no further,
where a budget, the client's `max_cost_usd` or the context window has no room for more."""


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
    max_output_tokens: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        description="Output limit in tokens, hidden reasoning included, when the client sends none "
        "or asks for more. Left out: 1,024 for models on this machine. For others 16,384, or less "
        "for models known to give less, and at most a quarter of `context_tokens`. Where a budget "
        "or the window has no room for that, it shrinks, to no less than 1,024.",
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
    deadline_s: float = Field(
        default=60.0,
        gt=0,
        le=3600,
        description="Total time of one call. Left out: 600 for `upstream`, `litellm` and "
        "`deliberation`. A client's `deadline_ms` ends it earlier.",
    )
    concurrency: int = Field(
        default=64,
        ge=1,
        le=10_000,
        description="Calls at one time to a remote answerer, per worker. A few more wait, and "
        "others are refused (--max-waiting). A local model has `parallel` and `queue`.",
    )

    @property
    def output_cap(self) -> int:
        """Returns the cap of output in tokens: the stated one, or the usual one of this kind."""
        return self.max_output_tokens or LEAST_TOKENS

    @property
    def least_output_tokens(self) -> int | None:
        """Returns how far that cap may be lowered for one call; None: not at all."""
        return None
