"""The sections of a policy that say when a request climbs: triggers, stakes, terms, hard rules.

`policy.schema` holds the whole file and gives out these names too. It knows nothing about how a
ladder is decided from them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from router.policy.sections.base import Chance, Name, Section, Usd
from router.policy.sections.heads import HeadCondition
from router.policy.sections.learning import ExploreSection
from router.policy.sections.text_forms import CURRENCY, DAY
from router.types import DecisionMode, Domain, RequestType, usd_to_nano


class SpeculateSection(Section):
    """Borderline requests call the next rung at once, beside the one whose turn it is."""

    between: list[Chance] = Field(
        min_length=2,
        max_length=2,
        description="Two bounds, such as `[0.2, 0.6]`: a rung whose chance of being wrong (1 - p) "
        "lies between them has the next rung called beside it.",
    )
    max_usd: Usd = Field(
        description="Only where that call can cost no more than this, such as 0.02."
    )

    @model_validator(mode="after")
    def _ordered(self) -> SpeculateSection:
        if self.between[0] > self.between[1]:
            raise ValueError("the first bound of between must not be above the second")
        return self


class DecisionSection(Section):
    """When a request climbs: the mode, the fixed triggers and the terms of the inequality."""

    mode: DecisionMode = Field(
        default=DecisionMode.GUARDED,
        description="guarded | expected_loss | certified (needs `certificate` or `certificates`).",
    )
    confidence_floor: Chance = Field(
        default=0.85, description="Level 1 answers only at or above this."
    )
    certificates: dict[Domain, Chance] = Field(
        default_factory=dict,
        description="Per domain, the level-1 threshold certified on labelled traffic; mode "
        "`certified` uses it instead of `confidence_floor`, and escalates domains without one.",
    )
    certificate: str | None = Field(
        default=None,
        description="A file of `tiergate tune`, relative to the policy: its thresholds are the "
        "`certificates`, checked when the policy is loaded. Instead of `certificates`.",
    )
    multi_factor_at: Chance = Field(
        default=0.5, description="Multi-factor from this chance on: level 2."
    )
    high_stakes_at: Chance = Field(
        default=0.6, description="High stakes in any domain from this chance on: level 2."
    )
    novel_at: Chance = Field(default=0.5, description="Novel from this chance on: level 2.")
    strategic_at: Chance = Field(default=0.5, description="Strategic from this chance on: level 3.")
    high_risk_at: Chance = Field(
        default=0.25,
        description="High-risk from this chance on: that it is about finance, law, medicine or "
        "engineering safety, times that its stakes are high.",
    )
    domain_at: Chance = Field(default=0.5, description="A domain counts from this chance on.")
    accept_at: Chance = Field(
        default=0.5,
        description="An answer of the last rung below this chance of being right has failed; that "
        "of a pinned tier goes out `unverified`.",
    )
    unsafe_at: Chance = Field(
        default=0.8, description="Toxic or spam from this chance on: level 2."
    )
    level_2_from_usd: Usd = Field(
        default=5_000.0, description="Impact from here on: level 2 or higher."
    )
    level_3_from_usd: Usd = Field(default=10_000.0, description="Impact from here on: level 3.")
    level_3_not_below_usd: Usd = Field(
        default=1_000.0,
        description="Below this impact level 3 is passed over, unless a hard rule or the client "
        "names it.",
    )
    outage_lifts: list[Literal["level_3_not_below_usd", "soft_share"]] = Field(
        default_factory=list,
        description="Ceilings of money that give way where every answerer below them has failed or "
        "is not ready: `level_3_not_below_usd`, and the `soft_share` of budgets. Limits of money "
        "themselves always hold. Left out: the ceilings hold, and a lower level stands in if a "
        "hard rule does not forbid it, or the request fails.",
    )
    min_gain: Chance = Field(
        default=0.02, description="A rung is called only for at least this gain in p."
    )
    budget_pressure: float = Field(
        default=0.0, ge=0.0, le=1e6, description="Lambda: the price of money."
    )
    usd_per_second: Usd = Field(default=0.0, description="Kappa: what a second of waiting costs.")
    speculate: SpeculateSection | None = Field(
        default=None,
        description="When the next rung is called beside one that is likely to fail; left out: "
        "never.",
    )
    max_rungs: int = Field(default=6, ge=1, le=16, description="The ladder's greatest length.")
    explore: ExploreSection = Field(
        default_factory=ExploreSection,
        description="How often another rung is tried first, to learn; off by default.",
    )

    @model_validator(mode="after")
    def _ordered(self) -> DecisionSection:
        if self.level_2_from_usd > self.level_3_from_usd:
            raise ValueError("level_2_from_usd must not be above level_3_from_usd")
        if self.certificate is not None and self.certificates:
            raise ValueError("give either `certificate` or `certificates`, not both")
        certified = bool(self.certificates) or self.certificate is not None
        if self.mode is DecisionMode.CERTIFIED and not certified:
            raise ValueError(
                "mode certified needs certificates: thresholds by domain, from labelled traffic"
            )
        return self


class TriageSection(Section):
    """The text of a request that the rules read.

    Terms and amounts in it can start a hard rule and raise stakes. They never lower either. The
    model reads user text alone. Example: `triage: {read: [user, developer, tool]}`.
    """

    read: list[Literal["user", "developer", "system", "tool"]] = Field(
        default=["user"],
        description="user (always) | developer (also written system: the instructions of system "
        "and developer messages) | tool (tool results, and the arguments of tool calls). At most "
        "65,536 characters of a request are read, the user's first; a request with more is novel.",
    )

    @model_validator(mode="after")
    def _users_are_read(self) -> TriageSection:
        if "user" not in self.read:
            raise ValueError("read must contain user: the user's text is always read")
        return self

    @property
    def roles(self) -> frozenset[str]:
        """The roles that are read, `system` under its other name `developer`."""
        return frozenset("developer" if role == "system" else role for role in self.read)


class CostOfWrong(Section):
    """What a wrong answer costs in this domain and/or for this type; the dearest match counts."""

    domain: Domain | None = Field(default=None, description="Left out: every domain.")
    type: RequestType | None = Field(default=None, description="Left out: every request type.")
    usd: Usd = Field(description="What a wrong answer costs, before any share of the amount.")


class CurrencyTable(Section):
    """Exchange rates for reading amounts; a dated table, never fetched."""

    as_of: str = Field(
        default="2026-11-01",
        pattern=DAY,
        description="The day of the rates, for people.",
    )
    usd_per_unit: dict[Annotated[str, Field(pattern=CURRENCY)], Annotated[float, Field(gt=0)]] = (
        Field(
            default_factory=lambda: {
                "USD": 1.0,
                "EUR": 1.16,
                "GBP": 1.32,
                "CHF": 1.24,
                "JPY": 0.0065,
                "CAD": 0.71,
                "AUD": 0.65,
                "INR": 0.0113,
                "CNY": 0.14,
            },
            description="Dollars for one unit, by ISO 4217 code.",
        )
    )


class StakesSection(Section):
    """S: cost_of_wrong[domain, type] + loss_share[domain] x amount, in dollars."""

    default_cost_of_wrong_usd: Usd = Field(
        default=0.05, description="What a wrong answer costs at least."
    )
    cost_of_wrong: list[CostOfWrong] = Field(
        default_factory=list, description="By domain and/or request type; the dearest match counts."
    )
    default_loss_share: Chance = Field(
        default=0.01, description="Share of the amount lost when wrong."
    )
    loss_share: dict[Domain, Chance] = Field(
        default_factory=dict, description="By domain, instead of `default_loss_share`."
    )
    currencies: CurrencyTable = Field(
        default_factory=CurrencyTable, description="How amounts in other currencies are read."
    )

    def cost_of_wrong_nano_usd(self, domain: Domain, request_type: RequestType) -> int:
        """The dearest entry that fits domain and type, in nano-dollars."""
        fits = [
            row.usd
            for row in self.cost_of_wrong
            if row.domain in (None, domain) and row.type in (None, request_type)
        ]
        return usd_to_nano(max(fits, default=self.default_cost_of_wrong_usd))

    def share(self, domain: Domain) -> float:
        """The domain's share of an amount that is lost when wrong, 0..1."""
        return self.loss_share.get(domain, self.default_loss_share)


class TermList(Section):
    """Words and phrases found in the user's text in linear time, whole words, any case."""

    name: Name = Field(description="What hard rules call it.")
    domain: Domain | None = Field(
        default=None, description="The domain a hit speaks for; left out: none in particular."
    )
    terms: list[Annotated[str, Field(min_length=2, max_length=80)]] = Field(
        min_length=1, description="2 to 80 characters each."
    )


class HardRule(Section):
    """When all the given conditions hold, the level is a floor or a ceiling that no hint passes."""

    name: Name = Field(description="For people; no other hard rule may have it.")
    terms: list[Name] = Field(
        default_factory=list, description="Any of these term lists was found."
    )
    domains: list[Domain] = Field(default_factory=list, description="The domain is any of these.")
    request_types: list[RequestType] = Field(
        default_factory=list, description="The request type is any of these."
    )
    stakes_high_at: Chance | None = Field(
        default=None, description="The chance of high stakes is this or more."
    )
    impact_from_usd: Usd | None = Field(
        default=None, description="The amount read is this or more."
    )
    heads: list[HeadCondition] = Field(
        default_factory=list, description="Any of these heads says so."
    )
    floor: int | None = Field(default=None, ge=1, le=9, description="No tier below this level.")
    ceiling: int | None = Field(default=None, ge=1, le=9, description="No tier above this level.")

    @model_validator(mode="after")
    def _says_something(self) -> HardRule:
        if self.floor is None and self.ceiling is None:
            raise ValueError("a hard rule needs floor or ceiling")
        given = (
            self.terms,
            self.domains,
            self.request_types,
            self.stakes_high_at,
            self.impact_from_usd,
            self.heads,
        )
        if not any(item not in ([], None) for item in given):
            raise ValueError("a hard rule needs at least one condition")
        if self.floor is not None and self.ceiling is not None and self.floor > self.ceiling:
            raise ValueError("floor must not be above ceiling")
        return self
