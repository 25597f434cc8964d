"""Describes budgets and rates of a policy: `budgets` by tenant, `limits` for anything more.

It knows nothing about money spent. `router.money.budgets` finds the limits of a request.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from router.policy.sections.base import Chance, Section, Usd

Rate = Annotated[int, Field(ge=1, le=1_000_000_000)]
Named = Annotated[str, Field(min_length=1, max_length=200)]
MONEY = ("usd_per_minute", "usd_per_hour", "usd_per_day", "usd_per_month")


class BudgetSection(Section):
    """Limits a tenant's money over all policies, and its rate of requests.

    The default policy sets it. The calendar is UTC.
    """

    usd_per_minute: Usd | None = Field(
        default=None, description="Highest spending per minute, in dollars. Left out: no limit."
    )
    usd_per_hour: Usd | None = Field(
        default=None, description="Highest spending per hour, in dollars. Left out: no limit."
    )
    usd_per_day: Usd | None = Field(
        default=None, description="Highest spending per day, in dollars. Left out: no limit."
    )
    usd_per_month: Usd | None = Field(
        default=None, description="Highest spending per month, in dollars. Left out: no limit."
    )
    soft_share: Chance | None = Field(
        default=None,
        description="When this share of any of these limits is spent or held, the highest level "
        "of a request is one lower, but never below a hard rule's floor.",
    )
    pacing: bool = Field(
        default=False,
        description="`on`: money costs more in the inequality while spending runs ahead of the "
        "clock.",
    )
    unknown_price: Literal["refuse", "allow"] = Field(
        default="refuse",
        description="What happens to calls that these limits of money count and whose price is "
        "unknown: `refuse` passes their answerer over, `allow` lets them go out. They count what "
        "their provider states, or nothing.",
    )
    requests_per_minute: Rate | None = Field(
        default=None,
        description="Highest number of requests per minute. Further ones get 429 "
        "`rate_limit_exceeded`. Left out: no limit.",
    )
    tokens_per_minute: Rate | None = Field(
        default=None,
        description="Highest number of tokens per minute, input and output together. Left out: "
        "no limit.",
    )

    @model_validator(mode="after")
    def _of_money(self) -> BudgetSection:
        steered = self.pacing or self.soft_share is not None
        if steered and all(getattr(self, name) is None for name in MONEY):
            raise ValueError(f"soft_share and pacing need one of {', '.join(MONEY)}")
        return self


class LimitSection(BudgetSection):
    """Sets a limit of its own, read from the default policy.

    All requests that it names count together. Each of `tenant`, `key`, `policy` and `tier` is a
    name, or `*` to count each separately, or left out to count all together.
    """

    tenant: Named | None = Field(default=None, description="Tenant of the requests.")
    key: Named | None = Field(
        default=None, description="Id of the key, `key_...`, as `tiergate keys list` shows it."
    )
    policy: Named | None = Field(default=None, description="Policy that decides the requests.")
    tier: Named | None = Field(
        default=None,
        description="Tier of the calls. A tier of another policy also needs `policy`.",
    )

    @model_validator(mode="after")
    def _of_something(self) -> LimitSection:
        numbers = (*MONEY, "requests_per_minute", "tokens_per_minute")
        if all(getattr(self, name) is None for name in numbers):
            raise ValueError(f"a limit needs one of {', '.join(numbers)}")
        if self.tier is not None and (self.pacing or self.soft_share is not None):
            raise ValueError("soft_share and pacing steer between tiers: leave out `tier`")
        return self
