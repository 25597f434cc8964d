"""Describes the sections that decide about escalation: triggers, stakes, terms, hard rules.

`policy.schema` holds the whole file and exports these names too. This module knows nothing about
the decision of a ladder from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from router.policy.sections.base import CURRENCY, DAY, Chance, Name, Section, Usd
from router.policy.sections.heads import HeadCondition
from router.policy.sections.learning import ExploreSection
from router.types import DecisionMode, Domain, RequestType, usd_to_nano


class SpeculateSection(Section):
    """Calls the next rung at once, together with the current one, for borderline requests."""

    between: list[Chance] = Field(
        min_length=2,
        max_length=2,
        description="Two bounds, such as `[0.2, 0.6]`. If a rung's chance of being wrong (1 - p) "
        "lies between them, the next rung is called together with it.",
    )
    max_usd: Usd = Field(
        description="Highest cost of that second call in dollars, such as 0.02. A call that may "
        "cost more is not made."
    )

    @model_validator(mode="after")
    def _ordered(self) -> SpeculateSection:
        if self.between[0] > self.between[1]:
            raise ValueError("the first bound of between must not be above the second")
        return self


class DecisionSection(Section):
    """Sets the mode, the fixed triggers and the terms of the inequality."""

    mode: DecisionMode = Field(
        default=DecisionMode.GUARDED,
        description="guarded | expected_loss | certified (needs `certificate` or `certificates`).",
    )
    confidence_floor: Chance = Field(
        default=0.85, description="Level 1 answers only at or above this confidence."
    )
    certificates: dict[Domain, Chance] = Field(
        default_factory=dict,
        description="Per domain, the threshold of level 1 certified on labelled traffic. Mode "
        "`certified` uses it instead of `confidence_floor`, and escalates domains without one.",
    )
    certificate: str | None = Field(
        default=None,
        description="A file of `tiergate tune`, relative to the policy. Its thresholds become the "
        "`certificates`, and are checked when the policy is loaded. Use it instead of "
        "`certificates`.",
    )
    multi_factor_at: Chance = Field(
        default=0.22, description="Multi-factor from this chance on: level 2."
    )
    high_stakes_at: Chance = Field(
        default=0.34, description="High stakes in any domain from this chance on: level 2."
    )
    novel_at: Chance = Field(
        default=0.5,
        description="Novel from this chance on: level 2. What triage cannot read, such as another "
        "language than English or a disguise, is novel at any value.",
    )
    strategic_at: Chance = Field(
        default=0.5,
        description="Strategic from this chance on, a decision about a whole organisation: level "
        "3. So is a phrase of `strategy` in `triage.terms`, but in a short message whose chance is "
        "below .01.",
    )
    high_risk_at: Chance = Field(
        default=0.22,
        description="High-risk from this value on: the chance of finance, law, medicine or "
        "engineering safety, times the chance of high stakes.",
    )
    grave_at: Chance = Field(
        default=0.7,
        description="A grave matter of somebody from this chance on: level 3. It covers health, "
        "self-harm, violence, poison, fraud, law, engineering safety and large money (a house, a "
        "pension, debts that grow), in everyday words. The chance is at even odds: as if half of "
        "all requests were grave.",
    )
    grave_at_other_languages: Chance = Field(
        default=0.8,
        description="The same for other languages than English. 1.0: only the phrases of "
        "`triage.terms` count there. Whatever both are set to, no canned text of level 1 goes out "
        "from a chance of 0.8 on.",
    )
    calm_below: Chance = Field(
        default=0.7,
        description="Below this chance of a grave matter, what sounds like health, law or "
        "engineering safety in a short message is a way of speaking or a subject: it starts no "
        "high-risk trigger, no review and no safe answer. In languages that the heads cannot "
        "read it is no matter of high stakes either. 0: domain and stakes count in any case.",
    )
    calm_letter_below: Chance = Field(
        default=0.5,
        description="The same for a longer message in English, of 150 words at most, which may ask "
        "for help with a text that only mentions trouble. High stakes still count there. 0: domain "
        "and stakes count in any case.",
    )
    knowledge_at: Chance = Field(
        default=0.6,
        description="From this chance on a request asks for general knowledge only. Its domain and "
        "its stakes then start no trigger, no review and no safe answer. Terms and amounts still "
        "count, but for lists that are `not_for_knowledge`.",
    )
    domain_at: Chance = Field(default=0.55, description="A domain counts from this chance on.")
    accept_at: Chance = Field(
        default=0.5,
        description="An answer of the last rung below this chance of being right counts as "
        "failed. An answer of a pinned tier goes out `unverified` instead.",
    )
    unverified_from: Chance | None = Field(
        default=None,
        description="Chance from which an answer of level 1 may go out `unverified`, where a "
        "trigger looks higher but every other rung is known to be right less often. Below it no "
        "approved answer goes out unverified. Left out: S / (S + cost_of_wrong[domain, type]), at "
        "least `accept_at`. That is one half where no amount is at stake, and more with one.",
    )
    unsafe_at: Chance = Field(
        default=0.8, description="Toxic or spam from this chance on: level 2."
    )
    level_2_from_usd: Usd = Field(
        default=5_000.0, description="Impact from this amount on: level 2 or higher."
    )
    level_3_from_usd: Usd = Field(
        default=10_000.0, validate_default=True, description="Impact from this amount on: level 3."
    )
    level_3_not_below_usd: Usd = Field(
        default=1_000.0,
        description="Below this impact level 3 is passed over, unless a hard rule, the client or "
        "`level_3_gain_usd` leads there.",
    )
    level_2_gain_usd: Usd = Field(
        default=0.5,
        description="Where a chance is only a prior and a model would answer at level 1, level 2 "
        "goes first if its expected loss is lower by this much, by the `cost_of_wrong` of a "
        "domain that is surer than `domain_at`.",
    )
    level_3_gain_usd: Usd = Field(
        default=10.0, description="The same for level 3 and higher, beside level 2 too."
    )
    outage_lifts: list[Literal["level_3_not_below_usd", "soft_share"]] = Field(
        default_factory=list,
        description="Money ceilings that give way when every answerer below them has failed or is "
        "not ready: `level_3_not_below_usd`, and the `soft_share` of budgets. Money limits "
        "themselves always apply. Left out: the ceilings apply. A lower level then replaces the "
        "failed one, unless a hard rule forbids it; otherwise the request fails.",
    )
    min_gain: Chance = Field(
        default=0.02, description="A rung is called only if p rises by at least this much."
    )
    budget_pressure: float = Field(
        default=0.0, ge=0.0, le=1e6, description="Lambda: the price of money."
    )
    usd_per_second: Usd = Field(default=0.0, description="Kappa: the cost of a second of waiting.")
    speculate: SpeculateSection | None = Field(
        default=None,
        description="Calls the next rung together with one that is likely to fail. Left out: "
        "never.",
    )
    max_rungs: int = Field(
        default=6,
        ge=1,
        le=16,
        description="Greatest length of the ladder. A policy has at most so many answerers, "
        "without those that an alias pins.",
    )
    explore: ExploreSection = Field(
        default_factory=ExploreSection,
        description="Tries another rung first now and then, to learn. Off by default.",
    )

    @field_validator("level_3_from_usd")
    @classmethod
    def _in_order(cls, level_3: float, others: ValidationInfo) -> float:
        level_2 = others.data.get("level_2_from_usd", 0.0)
        if level_2 > level_3:
            raise ValueError(f"at least level_2_from_usd, which is {level_2:g}")
        return level_3

    @model_validator(mode="after")
    def _certified(self) -> DecisionSection:
        if self.certificate is not None and self.certificates:
            raise ValueError("give either `certificate` or `certificates`, not both")
        certified = bool(self.certificates) or self.certificate is not None
        if self.mode is DecisionMode.CERTIFIED and not certified:
            raise ValueError(
                "mode certified needs certificates: thresholds by domain, from labelled traffic"
            )
        return self


class TriageSection(Section):
    """Chooses the text of a request that the rules read, and their phrases by language.

    Terms and amounts in it can start a hard rule and raise stakes. They never lower either. The
    model reads user text only. Example: `triage: {read: [user, developer, tool]}`.
    """

    read: list[Literal["user", "developer", "system", "tool"]] = Field(
        default=["user"],
        description="user (always) | developer (also written system: the instructions of system "
        "and developer messages) | tool (tool results, and the arguments of tool calls). At most "
        "65,536 characters of a request are read, the user's first, and both ends of turns beyond "
        "that. A longer request counts as novel, and matches no approved answer.",
    )

    images: Literal["pass", "read"] = Field(
        default="pass",
        description="read: the words of images are read on this machine by tesseract, and count "
        "like the user's text. A request with an image that cannot be read counts as novel. pass: "
        "images are not looked at.",
    )
    terms: str = Field(
        default="terms",
        description="Folder of grave phrases by language (`de.yaml`), relative to the policy. "
        "Left out: the shipped ones. A hard rule names their lists: medical_emergency, self_harm, "
        "violence, poison, fraud, legal, engineering_safety, strategy. A folder of your own "
        "replaces the shipped one.",
    )
    glossaries: str = Field(
        default="glossaries",
        description="Folder of words by language with their English (`de.yaml`), relative to the "
        "policy. Left out: the shipped ones. Read where a resolver has `languages`.",
    )

    @model_validator(mode="after")
    def _users_are_read(self) -> TriageSection:
        if "user" not in self.read:
            raise ValueError("read must contain user: the user's text is always read")
        return self

    @property
    def roles(self) -> frozenset[str]:
        """Returns the roles that are read. `system` appears under its other name `developer`."""
        return frozenset("developer" if role == "system" else role for role in self.read)


class CostOfWrong(Section):
    """Prices a wrong answer in this domain, for this type, or both. The highest match counts."""

    domain: Domain | None = Field(
        default=None, description="Domain of the request. Left out: every domain."
    )
    type: RequestType | None = Field(
        default=None, description="Type of the request. Left out: every type."
    )
    usd: Usd = Field(description="Cost of a wrong answer, without any share of the amount.")


_SHIPPED_RATES = {
    "USD": 1.0, "EUR": 1.16, "GBP": 1.32, "CHF": 1.24, "JPY": 0.0065, "CAD": 0.71, "AUD": 0.65,
    "INR": 0.0113, "CNY": 0.14, "AED": 0.272, "BRL": 0.19, "CZK": 0.048, "DKK": 0.155,
    "HKD": 0.128, "KRW": 0.0007, "MXN": 0.054, "NOK": 0.099, "NZD": 0.57, "PLN": 0.27,
    "RUB": 0.0125, "SAR": 0.267, "SEK": 0.105, "SGD": 0.77, "TRY": 0.024, "TWD": 0.032,
    "UAH": 0.024, "ZAR": 0.058, "BTC": 100_000.0, "ETH": 4_000.0,
}  # fmt: skip


class CurrencyTable(Section):
    """Holds exchange rates for reading amounts. The table is dated and never downloaded.

    The shipped rates are approximate, and no source is claimed for them: they only place an amount
    above or below thresholds in dollars. AED and SAR are pegged to the dollar. BTC and ETH have no
    steady price: theirs are round, so that one bitcoin is much and a hundredth is little.

    A name that several countries share means the currency that the text names beside it ("A$",
    "500 kr in Oslo", "Canadian dollars"). "kr" and "kroner" alone are those of the text's language,
    Swedish, Danish or Norwegian, otherwise Danish. "$" and "dollars" alone are of the United
    States, "pounds" British, and "¥" is yen but in a Chinese text. Of crowns and dollars the
    dearest is taken, because an amount only ever raises caution.
    """

    as_of: str = Field(
        default="2026-11-01",
        pattern=DAY,
        description="Day of the rates, for people. For the shipped rates it is the day on which "
        "they were written down.",
    )
    source: str = Field(
        default="approximate, written by hand; edit",
        min_length=1,
        max_length=200,
        description="Source of the rates, for people.",
    )
    usd_per_unit: dict[Annotated[str, Field(pattern=CURRENCY)], Annotated[float, Field(gt=0)]] = (
        Field(
            default_factory=lambda: dict(_SHIPPED_RATES),
            description="Dollars for one unit, by ISO 4217 code. The shipped rates are approximate "
            "and have no stated source; those of BTC and ETH are round. Edit them, with `as_of` "
            "and `source`, where thresholds in dollars matter to you. A table of your own replaces "
            "the shipped one whole.",
        )
    )


class StakesSection(Section):
    """Sets S: cost_of_wrong[domain, type] + loss_share[domain] x amount, in dollars.

    A domain that is only guessed costs what the general one does.
    """

    default_cost_of_wrong_usd: Usd = Field(
        default=0.05, description="Lowest cost of a wrong answer."
    )
    cost_of_wrong: list[CostOfWrong] = Field(
        default_factory=list,
        description="By domain, request type or both. The highest match counts.",
    )
    default_loss_share: Chance = Field(
        default=0.01, description="Share of the amount that a wrong answer loses."
    )
    loss_share: dict[Domain, Chance] = Field(
        default_factory=dict, description="By domain, instead of `default_loss_share`."
    )
    currencies: CurrencyTable = Field(
        default_factory=CurrencyTable, description="Exchange rates for amounts in other currencies."
    )

    def cost_of_wrong_nano_usd(self, domain: Domain, request_type: RequestType) -> int:
        """Returns the highest entry that fits domain and type, in nano-dollars."""
        return self.costs_of_wrong[domain, request_type]

    @cached_property
    def costs_of_wrong(self) -> Mapping[tuple[Domain, RequestType], int]:
        """Returns these costs of every domain and type, worked out once for all requests."""
        return {(d, t): self._highest(d, t) for d in Domain for t in RequestType}

    def _highest(self, domain: Domain, request_type: RequestType) -> int:
        fits = [
            row.usd
            for row in self.cost_of_wrong
            if row.domain in (None, domain) and row.type in (None, request_type)
        ]
        return usd_to_nano(max(fits, default=self.default_cost_of_wrong_usd))

    def share(self, domain: Domain) -> float:
        """Returns the share of an amount that a wrong answer in this domain loses, 0..1."""
        return self.loss_share.get(domain, self.default_loss_share)


TermText = Annotated[str, Field(min_length=2, max_length=80)]


class TermList(Section):
    """Lists words and phrases, found in the user's text as whole words, in any case.

    The search takes linear time.
    """

    name: Name = Field(description="Name that hard rules use.")
    domain: Domain | None = Field(
        default=None, description="Domain that a match indicates. Left out: none in particular."
    )
    not_for_knowledge: bool = Field(
        default=False,
        description="true: the list does not count where a request asks for general knowledge "
        "only (`decision.knowledge_at`).",
    )
    terms: list[TermText] = Field(
        default_factory=list,
        min_length=1,  # of a list that is written; left out, `file` has the words
        description="Words and phrases, 2 to 80 characters each. Left out: `file` has them.",
    )
    file: str | None = Field(
        default=None,
        description="File with more words and phrases of this `name`, which several policies can "
        "share, relative to the policy. `lists/grave.yaml` ships.",
    )

    @model_validator(mode="after")
    def _has_terms(self) -> TermList:
        if not self.terms and self.file is None:
            raise ValueError("a list needs terms, or the file that has them")
        return self


ToolGlob = Annotated[str, Field(min_length=1, max_length=128)]


class HardRule(Section):
    """Sets a floor or a ceiling that no hint overrides, when all given conditions hold."""

    name: Name = Field(description="Name for people. Each hard rule has its own.")
    terms: list[Name] = Field(default_factory=list, description="Any of these term lists matches.")
    domains: list[Domain] = Field(default_factory=list, description="The domain is any of these.")
    request_types: list[RequestType] = Field(
        default_factory=list, description="The request type is any of these."
    )
    stakes_high_at: Chance | None = Field(
        default=None, description="The chance of high stakes is this or more."
    )
    impact_from_usd: Usd | None = Field(
        default=None, description="The amount in the text is this or more."
    )
    heads: list[HeadCondition] = Field(
        default_factory=list, description="Any of these conditions on heads holds."
    )
    tools: list[ToolGlob] = Field(
        default_factory=list,
        description="The request offers a tool whose name fits any of these, as `delete_*`. Not "
        "where its `tool_choice` is `none`.",
    )
    floor: int | None = Field(default=None, ge=1, le=9, description="No tier below this level.")
    ceiling: int | None = Field(default=None, ge=1, le=9, description="No tier above this level.")

    @model_validator(mode="after")
    def _is_not_empty(self) -> HardRule:
        if self.floor is None and self.ceiling is None:
            raise ValueError("a hard rule needs floor or ceiling")
        given = (
            self.terms,
            self.domains,
            self.request_types,
            self.stakes_high_at,
            self.impact_from_usd,
            self.heads,
            self.tools,
        )
        if not any(item not in ([], None) for item in given):
            raise ValueError("a hard rule needs at least one condition")
        if self.floor is not None and self.ceiling is not None and self.floor > self.ceiling:
            raise ValueError("floor must not be above ceiling")
        return self
