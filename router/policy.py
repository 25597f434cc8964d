"""What an operator may say in a policy file, as a pydantic schema, and what follows from it.

Every key has a default or is required, unknown keys are refused, and each field's description is
what `docs/policy.md` and the JSON Schema for editors print. Mistakes across keys are in
`policy_cross`, loading a file in `policy_file`. It knows nothing about requests or money spent.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from router.policy_answerers import (
    AbilitySection,
    AnswererBase,
    AnswererSection,
    DeliberationAnswerer,
    LitellmAnswerer,
    LocalAdapter,
    LocalAnswerer,
    LookupSection,
    PriceSection,
    ResolverAnswerer,
    StepName,
    TierSection,
    UpstreamAnswerer,
    VerifySection,
)
from router.policy_base import Chance, Name, SecretName, Section, Usd, usd_to_nano
from router.policy_cross import CrossMistake, cross_mistakes
from router.policy_heads import HeadCondition, HeadSection
from router.policy_specialist import SpecialistSection
from router.types import DecisionMode, Domain, Exhausted, RequestType

__all__ = [
    "AbilitySection",
    "Alias",
    "AnswererBase",
    "AnswererSection",
    "BudgetSection",
    "CacheSection",
    "Chance",
    "CostOfWrong",
    "CurrencyTable",
    "DecisionSection",
    "DeliberationAnswerer",
    "Example",
    "ExampleTurn",
    "ExhaustedSection",
    "HardRule",
    "LitellmAnswerer",
    "LocalAdapter",
    "LocalAnswerer",
    "LookupSection",
    "Name",
    "Policy",
    "PriceSection",
    "PrivacySection",
    "ReportSection",
    "ResolverAnswerer",
    "SecretName",
    "Section",
    "StakesSection",
    "StepName",
    "TermList",
    "TierSection",
    "UpstreamAnswerer",
    "Usd",
    "VerifySection",
    "best_glob",
    "usd_to_nano",
]


def best_glob(names: Iterable[str], name: str) -> str | None:
    """The entry that is `name` itself, else the longest glob that fits it, else None."""
    fits = [glob for glob in names if glob == name or fnmatch.fnmatchcase(name, glob)]
    return name if name in fits else max(fits, key=len, default=None)


# --- decision ----------------------------------------------------------------------------------


class DecisionSection(Section):
    """When a request climbs: the mode, the fixed triggers and the terms of the inequality."""

    mode: DecisionMode = Field(
        default=DecisionMode.GUARDED,
        description="guarded | expected_loss | certified (needs `certificates`).",
    )
    confidence_floor: Chance = Field(
        default=0.85, description="Level 1 answers only at or above this."
    )
    certificates: dict[Domain, Chance] = Field(
        default_factory=dict,
        description="Per domain, the level-1 threshold certified on labelled traffic; mode "
        "`certified` uses it instead of `confidence_floor`, and escalates domains without one.",
    )
    multi_factor_at: Chance = Field(
        default=0.5, description="Multi-factor from this chance on: level 2."
    )
    novel_at: Chance = Field(default=0.5, description="Novel from this chance on: level 2.")
    strategic_at: Chance = Field(default=0.5, description="Strategic from this chance on: level 3.")
    high_risk_at: Chance = Field(
        default=0.2,
        description="High-risk from this chance on: that it is about finance, law, medicine or "
        "engineering safety, times that its stakes are high.",
    )
    domain_at: Chance = Field(default=0.5, description="A domain counts from this chance on.")
    accept_at: Chance = Field(
        default=0.5,
        description="An answer of the last rung below this chance of being right has failed.",
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
    min_gain: Chance = Field(
        default=0.02, description="A rung is called only for at least this gain in p."
    )
    budget_pressure: float = Field(
        default=0.0, ge=0.0, le=1e6, description="Lambda: the price of money."
    )
    usd_per_second: Usd = Field(default=0.0, description="Kappa: what a second of waiting costs.")
    max_rungs: int = Field(default=6, ge=1, le=16, description="The ladder's greatest length.")

    @model_validator(mode="after")
    def _ordered(self) -> DecisionSection:
        if self.level_2_from_usd > self.level_3_from_usd:
            raise ValueError("level_2_from_usd must not be above level_3_from_usd")
        if self.mode is DecisionMode.CERTIFIED and not self.certificates:
            raise ValueError(
                "mode certified needs certificates: thresholds by domain, from labelled traffic"
            )
        return self


class CostOfWrong(Section):
    """What a wrong answer costs in this domain and/or for this type; the dearest match counts."""

    domain: Domain | None = Field(default=None, description="Left out: every domain.")
    type: RequestType | None = Field(default=None, description="Left out: every request type.")
    usd: Usd = Field(description="What a wrong answer costs, before any share of the amount.")


class CurrencyTable(Section):
    """Exchange rates for reading amounts; a dated table, never fetched."""

    as_of: str = Field(
        default="2026-11-01",
        pattern=r"^\d{4}-\d{2}-\d{2}$",
        description="The day of the rates, for people.",
    )
    usd_per_unit: dict[
        Annotated[str, Field(pattern=r"^[A-Z]{3}$")], Annotated[float, Field(gt=0)]
    ] = Field(
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


# --- the rest ----------------------------------------------------------------------------------


class Alias(Section):
    """What a client's model name means here."""

    to: str | None = Field(default=None, description="`auto`, `auto:<policy>` or `tier:<name>`.")
    answerer: Name | None = Field(
        default=None,
        description="The answerer that this name stands for: it answers in mode observe, and its "
        "price is the baseline. In mode route the request is routed all the same, unless `pinned`.",
    )
    pinned: bool = Field(
        default=False,
        description="That answerer and no other, without a ladder, whatever triage says.",
    )

    @model_validator(mode="after")
    def _one(self) -> Alias:
        if (self.to is None) == (self.answerer is None):
            raise ValueError("an alias needs either `to` or `answerer`")
        return self


class BudgetSection(Section):
    """What a tenant may spend over all policies, by the default policy; the calendar is UTC."""

    usd_per_day: Usd | None = Field(default=None, description="Left out: no limit by day.")
    usd_per_month: Usd | None = Field(default=None, description="Left out: no limit by month.")


class CacheSection(Section):
    """Exact repeats of a tenant are answered again at no cost; limits are the default policy's."""

    exact: bool = Field(default=True, description="Whether exact repeats are answered from memory.")
    ttl_s: int = Field(default=3600, ge=1, description="How long an answer is kept.")
    max_entries: int = Field(
        default=10_000, ge=1, le=10_000_000, description="The oldest go first."
    )


class PrivacySection(Section):
    """What is kept of prompts and answers."""

    store: Literal["none", "redacted", "full"] = Field(
        default="none", description="none: digests only. redacted | full: text in a side table."
    )
    retention_days: int = Field(
        default=30, ge=1, le=3650, description="Stored text is purged after that."
    )


class ReportSection(Section):
    """The baselines that savings are measured against."""

    people_usd_per_request: Usd | None = Field(
        default=None, description="What a person costs per request."
    )
    level_2: Name | None = Field(
        default=None, description="Answerer that stands for `all at level 2`."
    )
    level_3: Name | None = Field(
        default=None, description="Answerer that stands for `all at level 3`."
    )
    requested_models: dict[str, PriceSection] = Field(
        default_factory=dict, description="Prices of models that clients ask for (exact or glob)."
    )
    planned_shares: dict[int, Chance] = Field(
        default_factory=lambda: {1: 0.95, 2: 0.04, 3: 0.01},
        description="The shares by level that reports compare with.",
    )


class ExhaustedSection(Section):
    """What happens when the last rung fails."""

    default: Exhausted = Field(
        default=Exhausted.BEST_ANSWER,
        description="best_answer (marked unverified) | refuse | review.",
    )
    by_domain: dict[Domain, Exhausted] = Field(
        default_factory=lambda: {
            Domain.MEDICAL: Exhausted.REVIEW,
            Domain.LEGAL: Exhausted.REVIEW,
            Domain.FINANCE: Exhausted.REVIEW,
            Domain.ENGINEERING_SAFETY: Exhausted.REVIEW,
        },
        description="Instead of `default`; review sends the approved safe answer.",
    )


class ExampleTurn(Section):
    """One turn of an example conversation."""

    role: Literal["system", "user", "assistant"] = Field(description="Who speaks.")
    content: str = Field(description="What is said.")


class Example(Section):
    """A prompt, the tier it must reach, and why; `tiergate check` runs it."""

    prompt: str | None = Field(default=None, description="One user message.")
    messages: list[ExampleTurn] = Field(
        default_factory=list, description="A conversation, instead of `prompt`."
    )
    context: dict[str, str] = Field(
        default_factory=dict, description="`routing.context` of the request: slot values."
    )
    tier: Name = Field(description="The tier it must reach first.")
    reason: str = Field(min_length=3, description="Why, for the people who read the policy.")

    @model_validator(mode="after")
    def _one(self) -> Example:
        if (self.prompt is None) == (not self.messages):
            raise ValueError("an example needs either prompt or messages")
        return self


class Policy(Section):
    """A whole policy file."""

    version: Literal[1] = Field(description="Of this format: 1.")
    name: Name = Field(description="`auto:<name>` asks for it; headers show it with its hash.")
    description: str = Field(default="", description="For people.")
    mode: Literal["route", "observe"] = Field(
        default="route",
        description="observe: the requested model answers unchanged, the decision is recorded.",
    )
    decision: DecisionSection = Field(
        default_factory=DecisionSection, description="When a request climbs."
    )
    stakes: StakesSection = Field(
        default_factory=StakesSection, description="What a wrong answer costs."
    )
    heads: list[HeadSection] = Field(
        default_factory=list, description="Heads of your own, read with the built-in ones."
    )
    specialist: SpecialistSection | None = Field(
        default=None, description="What is said of texts from heads alone."
    )
    terms: list[TermList] = Field(
        default_factory=list, description="Lists of words that hard rules look for."
    )
    hard_rules: list[HardRule] = Field(
        default_factory=list, description="Floors and ceilings that no hint passes."
    )
    lookups: list[LookupSection] = Field(
        default_factory=list, description="The allow-list of lookups for slots."
    )
    tiers: list[TierSection] = Field(min_length=1, description="Where answers come from.")
    aliases: dict[str, Alias | str] = Field(
        default_factory=dict, description="Exact names or globs: `gpt-*: auto`."
    )
    safe_answers: str = Field(
        default="answers/safe_answers.yaml",
        description="Approved safe answers, relative to the policy.",
    )
    exhausted: ExhaustedSection = Field(
        default_factory=ExhaustedSection, description="What happens when the last rung fails."
    )
    budgets: dict[str, BudgetSection] = Field(
        default_factory=dict, description="By tenant; `*` is every tenant without its own."
    )
    cache: CacheSection = Field(default_factory=CacheSection, description="Exact repeats.")
    privacy: PrivacySection = Field(
        default_factory=PrivacySection, description="What is kept of prompts and answers."
    )
    report: ReportSection = Field(
        default_factory=ReportSection, description="What savings are measured against."
    )
    max_body_bytes: int = Field(
        default=2_000_000,
        ge=1_000,
        le=100_000_000,
        description="Larger requests get 413; read from the default policy.",
    )
    examples: list[Example] = Field(
        default_factory=list, description="Prompts with the tier they must reach."
    )

    @model_validator(mode="wrap")
    @classmethod
    def _all_mistakes_at_once(
        cls, raw: object, validate: ModelWrapValidatorHandler[Policy]
    ) -> Policy:
        """The schema's mistakes and the cross mistakes in one error, each with its own key path."""
        try:
            policy = validate(raw)
        except ValidationError as error:
            crossed = cross_mistakes(raw) if isinstance(raw, Mapping) else ()
            raise _error([*map(_again, error.errors()), *map(_detail, crossed)]) from None
        crossed = cross_mistakes(policy.model_dump())
        if crossed:
            raise _error([_detail(mistake) for mistake in crossed])
        return policy

    def rungs(self) -> tuple[tuple[TierSection, AnswererSection], ...]:
        """All answerers in ladder order: by level, then as written."""
        ordered = sorted(self.tiers, key=lambda tier: tier.level)
        return tuple((tier, answerer) for tier in ordered for answerer in tier.answerers)

    def answerer(self, name: str) -> AnswererSection | None:
        """The answerer of this name, None when there is none."""
        return next((a for _, a in self.rungs() if a.name == name), None)

    def alias(self, model: str) -> Alias | None:
        """What `model` means here: the exact alias, else the longest glob that fits, else None."""
        key = best_glob(self.aliases, model)
        found = None if key is None else self.aliases[key]
        return Alias(to=found) if isinstance(found, str) else found

    def requested_price(self, model: str) -> PriceSection | None:
        """The stated price of a model that a client asked for, by exact name or longest glob."""
        key = best_glob(self.report.requested_models, model)
        return None if key is None else self.report.requested_models[key]


def _error(details: list[InitErrorDetails]) -> ValidationError:
    return ValidationError.from_exception_data("Policy", details)


def _detail(mistake: CrossMistake) -> InitErrorDetails:
    kind = PydanticCustomError("cross_mistake", "{expected}", {"expected": mistake.expected})
    return InitErrorDetails(type=kind, loc=mistake.path, input=mistake.found)


def _again(error: ErrorDetails) -> InitErrorDetails:
    """A reported error as one that can be raised again beside others."""
    return InitErrorDetails(
        type=error["type"], loc=error["loc"], input=error["input"], ctx=error.get("ctx", {})
    )
