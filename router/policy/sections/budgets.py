"""What a policy says of budgets and rates: `budgets` by tenant, `limits` of anything else.

It knows nothing about money spent; `budgets` makes these sections ready to be asked.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from router.policy.sections.base import Chance, Section, Usd

Rate = Annotated[int, Field(ge=1, le=1_000_000_000)]
Named = Annotated[str, Field(min_length=1, max_length=200)]
MONEY = ("usd_per_minute", "usd_per_hour", "usd_per_day", "usd_per_month")


class BudgetSection(Section):
    """What a tenant may spend over all policies, and how fast it may ask, by the default policy;
    the calendar is UTC.
    """

    usd_per_minute: Usd | None = Field(default=None, description="Left out: no limit by minute.")
    usd_per_hour: Usd | None = Field(default=None, description="Left out: no limit by hour.")
    usd_per_day: Usd | None = Field(default=None, description="Left out: no limit by day.")
    usd_per_month: Usd | None = Field(default=None, description="Left out: no limit by month.")
    soft_share: Chance | None = Field(
        default=None,
        description="From this share of any of these limits on, spent or held, the highest level "
        "that a request may go to is one lower, but never below a hard rule's floor.",
    )
    pacing: bool = Field(
        default=False,
        description="`on`: money gets dearer in the inequality while spending runs ahead of the "
        "clock.",
    )
    requests_per_minute: Rate | None = Field(
        default=None, description="Beyond it 429 `rate_limit_exceeded`. Left out: no limit."
    )
    tokens_per_minute: Rate | None = Field(
        default=None, description="Of input and output together. Left out: no limit."
    )

    @model_validator(mode="after")
    def _of_money(self) -> BudgetSection:
        steered = self.pacing or self.soft_share is not None
        if steered and all(getattr(self, name) is None for name in MONEY):
            raise ValueError(f"soft_share and pacing need one of {', '.join(MONEY)}")
        return self


class LimitSection(BudgetSection):
    """A limit of its own, read from the default policy: what it names is counted together. Each of
    `tenant`, `key`, `policy` and `tier` is a name, or `*` for each by itself, or left out for all
    together.
    """

    tenant: Named | None = Field(default=None, description="Whose requests.")
    key: Named | None = Field(default=None, description="By the key's id, `key_...`.")
    policy: Named | None = Field(default=None, description="Decided by this policy.")
    tier: Named | None = Field(
        default=None,
        description="Of calls to this tier; a tier of another policy needs `policy` beside it.",
    )

    @model_validator(mode="after")
    def _of_something(self) -> LimitSection:
        numbers = (*MONEY, "requests_per_minute", "tokens_per_minute")
        if all(getattr(self, name) is None for name in numbers):
            raise ValueError(f"a limit needs one of {', '.join(numbers)}")
        if self.tier is not None and (self.pacing or self.soft_share is not None):
            raise ValueError("soft_share and pacing steer between tiers: leave out `tier`")
        return self
