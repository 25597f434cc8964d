"""What an operator may say in a policy file, as a pydantic schema, and what follows from it.

Every key has a default or is required, unknown keys are refused, and each field's description is
what `docs/reference/policy.md` and the JSON Schema for editors print. Mistakes across keys are in
`policy_cross`, loading a file in `policy_file`. It knows nothing about requests or money spent.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Literal

from pydantic import Field, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from router.policy.cross_checks import CrossMistake, cross_mistakes
from router.policy.sections.answerers import (
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
from router.policy.sections.base import Chance, Name, SecretName, Section, Usd
from router.policy.sections.budgets import BudgetSection, LimitSection
from router.policy.sections.decision import (
    CostOfWrong,
    CurrencyTable,
    DecisionSection,
    HardRule,
    StakesSection,
    TermList,
    TriageSection,
)
from router.policy.sections.heads import HeadSection
from router.policy.sections.learning import ExploreSection, ShadowSection
from router.policy.sections.specialist import SpecialistSection
from router.types import Domain, Exhausted, usd_to_nano

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
    "ExploreSection",
    "HardRule",
    "LimitSection",
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
    "ReviewSection",
    "SecretName",
    "Section",
    "SemanticCacheSection",
    "SessionsSection",
    "ShadowSection",
    "StakesSection",
    "StepName",
    "TermList",
    "TierSection",
    "TriageSection",
    "UpstreamAnswerer",
    "Usd",
    "VerifySection",
    "best_glob",
    "is_glob",
    "parse_privacy",
    "usd_to_nano",
]


def best_glob(names: Iterable[str], name: str) -> str | None:
    """The entry that is `name` itself, else the longest glob that fits it, else None."""
    return _best_glob(tuple(names), name)


@lru_cache(maxsize=1024)  # the same few models are asked for with every request
def _best_glob(names: tuple[str, ...], name: str) -> str | None:
    fits = [glob for glob in names if glob == name or fnmatch.fnmatchcase(name, glob)]
    return name if name in fits else max(fits, key=len, default=None)


def is_glob(name: str) -> bool:
    """Whether an alias is a pattern, not a name that a client sends."""
    return any(mark in name for mark in "*?[")


class Alias(Section):
    """What a client's model name means here."""

    to: str | None = Field(
        default=None,
        description="`auto`, `auto:<policy>`, `tier:<name>`; `tiergate-embed` or "
        "`tiergate-moderation` at their own endpoints.",
    )
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


class SemanticCacheSection(Section):
    """The same question in other words, where nothing is at stake and no word speaks against it.

    Example: `cache: {semantic: {enabled: true, ttl_s: 600}}`. See docs/guides/caches.md.
    """

    enabled: bool = Field(
        default=False, description="Whether such questions are answered from memory."
    )
    threshold: float = Field(
        default=0.8, ge=0.5, le=1.0, description="Cosine of two questions from which words decide."
    )
    ttl_s: int = Field(default=3600, ge=1, description="How long an answer is kept.")
    max_entries: int = Field(
        default=2_000, ge=1, le=100_000, description="The least recently used go first; 2 kB each."
    )


class CacheSection(Section):
    """Repeats of a tenant under this policy are answered from memory; only reading them costs."""

    exact: bool = Field(default=True, description="Whether exact repeats are answered from memory.")
    ttl_s: int = Field(default=3600, ge=1, description="How long an answer is kept.")
    max_entries: int = Field(
        default=10_000, ge=1, le=10_000_000, description="The oldest go first."
    )
    semantic: SemanticCacheSection = Field(
        default_factory=SemanticCacheSection, description="The same question in other words."
    )


class SessionsSection(Section):
    """Conversations stay with the answerer whose provider has their prompt cached, where that pays.

    A conversation is known by `routing.session`, `x-session-id` or `prompt_cache_key`, else by a
    keyed hash of its messages.
    """

    sticky: bool = Field(
        default=True,
        description="Whether warm prompt caches count in the decision: a switch must be worth more "
        "than the cache it loses. Only answerers with a stated price of cached input have one.",
    )
    cache_ttl_s: int = Field(
        default=300,
        ge=1,
        le=86_400,
        description="How long a provider keeps a prompt after its last use; OpenAI and Anthropic "
        "say five minutes.",
    )
    least_tokens: int = Field(
        default=1024,
        ge=1,
        le=10_000_000,
        description="Shorter prompts are not cached by providers.",
    )


class PrivacySection(Section):
    """What is kept of prompts and answers."""

    store: Literal["none", "redacted", "full"] = Field(
        default="none", description="none: digests only. redacted | full: text in a side table."
    )
    retention_days: int = Field(
        default=30, ge=1, le=3650, description="Stored text is purged after that."
    )


def parse_privacy(section: object) -> PrivacySection:
    """`privacy` of a policy that was read as plain YAML; the default where it cannot be read."""
    try:
        return PrivacySection.model_validate({} if section is None else section)
    except ValidationError:
        return PrivacySection()


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
        default_factory=dict,
        description="Prices of models that clients ask for (exact or glob), before the price book.",
    )
    planned_shares: dict[int, Chance] = Field(
        default_factory=lambda: {1: 0.95, 2: 0.04, 3: 0.01},
        description="The shares by level that reports compare with.",
    )


class ReviewSection(Section):
    """What it costs that a person judges an answer."""

    reviewer_usd_per_minute: Usd | None = Field(
        default=None,
        description="A reviewer's minute; left out: what the price book says. Known by neither, a "
        "review's cost is unknown, never 0.",
    )


class ExhaustedSection(Section):
    """What happens when the last rung fails."""

    default: Exhausted = Field(
        default=Exhausted.BEST_ANSWER,
        description="best_answer (marked unverified) | refuse | review | hold.",
    )
    by_domain: dict[Domain, Exhausted] = Field(
        default_factory=lambda: {
            Domain.MEDICAL: Exhausted.REVIEW,
            Domain.LEGAL: Exhausted.REVIEW,
            Domain.FINANCE: Exhausted.REVIEW,
            Domain.ENGINEERING_SAFETY: Exhausted.REVIEW,
        },
        description="Instead of `default`; review sends the approved safe answer, hold an "
        "approved holding text until a reviewer has judged the draft.",
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
    triage: TriageSection = Field(
        default_factory=TriageSection, description="The text of a request that the rules read."
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
    prices: str = Field(
        default="prices.yaml",
        description="The dated price book, relative to the policy: what models and own compute "
        "cost where an answerer states no price.",
    )
    exhausted: ExhaustedSection = Field(
        default_factory=ExhaustedSection, description="What happens when the last rung fails."
    )
    review: ReviewSection = Field(
        default_factory=ReviewSection, description="What reviews by people cost."
    )
    budgets: dict[str, BudgetSection] = Field(
        default_factory=dict, description="By tenant; `*` is every tenant without its own."
    )
    limits: list[LimitSection] = Field(
        default_factory=list,
        description="Further limits: of keys, policies, tiers or all together.",
    )
    cache: CacheSection = Field(default_factory=CacheSection, description="Repeats.")
    sessions: SessionsSection = Field(
        default_factory=SessionsSection, description="How conversations stay where they are."
    )
    privacy: PrivacySection = Field(
        default_factory=PrivacySection, description="What is kept of prompts and answers."
    )
    shadow: ShadowSection = Field(
        default_factory=ShadowSection,
        description="Second answers for comparison, after the client has its own; off by default.",
    )
    report: ReportSection = Field(
        default_factory=ReportSection, description="What savings are measured against."
    )
    max_body_bytes: int = Field(
        default=8_000_000,
        ge=1_000,
        le=100_000_000,
        description="Larger requests get 413, once decompressed; read from the default policy.",
    )
    unsupported_tools: Literal["drop", "refuse"] = Field(
        default="drop",
        description="Tools that a provider would run itself and no tier offers (web_search, mcp "
        "...): left out, with a note in a header and in `routing`, or 400.",
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
