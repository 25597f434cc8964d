"""Describes a whole policy file as a pydantic schema.

Every key has a default or is required, and unknown keys are refused. `docs/reference/policy.md` and
the JSON Schema for editors print each field's description. `cross_checks` finds mistakes across
keys, and `loading` reads a file. This module knows nothing about requests or money spent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from router.policy.cross_checks import cross_mistakes
from router.policy.parsing.raw_policy import CrossMistake
from router.policy.sections.aliases import Alias, best_glob, is_glob
from router.policy.sections.answerers import (
    AnswererSection,
    DeliberationAnswerer,
    LitellmAnswerer,
    LocalAnswerer,
    TierSection,
    UpstreamAnswerer,
)
from router.policy.sections.answering.documents import DocumentsSection
from router.policy.sections.answering.embedders import EmbedderSection
from router.policy.sections.answering.endpoints import EndpointSection
from router.policy.sections.answering.quoting import DocumentsAnswerer, PassagesAnswerer
from router.policy.sections.answering.without_model import (
    ExactAnswerer,
    ExtractorAnswerer,
    LookupSection,
    ResolverAnswerer,
)
from router.policy.sections.base import Name, Section
from router.policy.sections.batches import BatchesSection
from router.policy.sections.budgets import BudgetSection, LimitSection
from router.policy.sections.caches import CacheSection, SessionsSection
from router.policy.sections.decision import DecisionSection, StakesSection, TriageSection
from router.policy.sections.learning import (
    AlertsSection,
    ExploreSection,
    OnlineSection,
    RolloutSection,
    ShadowSection,
)
from router.policy.sections.prices import PriceSection
from router.policy.sections.privacy import PrivacySection
from router.policy.sections.report import ReportSection, ReviewSection
from router.policy.sections.rules.hard_rules import HardRule, TermList
from router.policy.sections.rules.heads import HeadSection
from router.policy.sections.safety import SafetySection
from router.policy.sections.specialist import SpecialistSection
from router.types import Domain, Exhausted

__all__ = [
    "Alias",
    "AnswererSection",
    "BudgetSection",
    "CacheSection",
    "DecisionSection",
    "DeliberationAnswerer",
    "DocumentsAnswerer",
    "ExactAnswerer",
    "Example",
    "ExploreSection",
    "ExtractorAnswerer",
    "HardRule",
    "LimitSection",
    "LitellmAnswerer",
    "LocalAnswerer",
    "LookupSection",
    "Name",
    "PassagesAnswerer",
    "Policy",
    "ReportSection",
    "ResolverAnswerer",
    "RolloutSection",
    "Section",
    "ShadowSection",
    "TierSection",
    "UpstreamAnswerer",
    "is_glob",
]


class ExhaustedSection(Section):
    """Chooses what goes out when no answer is trusted.

    None is where every rung failed, or where the best answer is below `decision.accept_at`, broke a
    check, or has an answerer that does not vouch for it.
    """

    default: Exhausted = Field(
        default=Exhausted.BEST_ANSWER,
        description="best_answer: the best answer there is, marked unverified. refuse: words that "
        "nothing could be verified. review: the approved safe answer, while a person judges the "
        "draft. hold: an approved holding text, until a person has judged it. An error goes out "
        "where there is no answer for best_answer, and where calls failed and there is none for "
        "refuse (it names the failure). No words replace a schema or a call that is demanded: "
        "under review and hold the answer in that shape goes out, marked unverified, and a person "
        "is told; under refuse an error goes out. An emergency gets the approved words and a "
        "person all the same, unless a shape is demanded.",
    )
    by_domain: dict[Domain, Exhausted] = Field(
        default_factory=lambda: {
            Domain.MEDICAL: Exhausted.REVIEW,
            Domain.LEGAL: Exhausted.REVIEW,
            Domain.FINANCE: Exhausted.REVIEW,
            Domain.ENGINEERING_SAFETY: Exhausted.REVIEW,
            Domain.BUSINESS_STRATEGY: Exhausted.REVIEW,
        },
        description="Replaces `default` in matters of these domains, by the hard rule that fired "
        "or by what triage is sure of (in `business_strategy`: a decision about a company, or what "
        "a rule sends to level 3). Under review, a sound answer of the level that a grave "
        "matter demands goes out all the same, marked unverified, where nothing speaks against it "
        "but that its model's ability is a prior. So does a call of an offered tool that fits it; "
        "a person is told of its matter.",
    )


class ExampleTurn(Section):
    """Holds one turn of an example conversation."""

    role: Literal["system", "user", "assistant"] = Field(description="Role of the speaker.")
    content: str = Field(description="Text of the turn.")


class Example(Section):
    """Gives a prompt, the tier it must reach, and the reason. `tiergate check` runs it."""

    prompt: str | None = Field(default=None, description="One user message.")
    messages: list[ExampleTurn] = Field(
        default_factory=list, description="A conversation, instead of `prompt`."
    )
    context: dict[str, str] = Field(
        default_factory=dict, description="`routing.context` of the request: values of slots."
    )
    tier: Name = Field(description="The tier it must reach first.")
    reason: str = Field(min_length=3, description="Reason, for the people who read the policy.")

    @model_validator(mode="after")
    def _one(self) -> Example:
        if (self.prompt is None) == (not self.messages):
            raise ValueError("an example needs either prompt or messages")
        return self


class Policy(Section):
    """Holds a whole policy file."""

    version: Literal[1] = Field(description="Version of this format: 1.")
    name: Name = Field(
        description="Name of the policy. Clients ask for `auto:<name>`; headers show it with its "
        "hash."
    )
    description: str = Field(default="", description="Description for people.")
    mode: Literal["route", "observe"] = Field(
        default="route",
        description="observe: the requested model answers, and the decision is only recorded.",
    )
    decision: DecisionSection = Field(
        default_factory=DecisionSection, description="Rules for escalation of a request."
    )
    triage: TriageSection = Field(
        default_factory=TriageSection, description="Text of a request that the rules read."
    )
    stakes: StakesSection = Field(
        default_factory=StakesSection, description="Cost of a wrong answer."
    )
    heads: list[HeadSection] = Field(
        default_factory=list, description="Your own heads, read together with the built-in ones."
    )
    specialist: SpecialistSection | None = Field(
        default=None, description="Fields and a verdict about texts, from heads only."
    )
    endpoints: list[EndpointSection] = Field(
        default_factory=list,
        max_length=64,
        description="Endpoints by domain: fields of a text by rules, heads and tiers.",
    )
    terms: list[TermList] = Field(
        default_factory=list, description="Lists of words that hard rules search for."
    )
    hard_rules: list[HardRule] = Field(
        default_factory=list, description="Floors and ceilings that no hint overrides."
    )
    safety: SafetySection = Field(
        default_factory=SafetySection, description="Requests that are refused."
    )
    lookups: list[LookupSection] = Field(
        default_factory=list, description="Allow-list of lookups for slots."
    )
    documents: DocumentsSection | None = Field(
        default=None,
        description="Your own documents, which answers cite. `tiergate knowledge add` keeps them.",
    )
    tiers: list[TierSection] = Field(min_length=1, description="Places where answers come from.")
    embedders: list[EmbedderSection] = Field(
        default_factory=list,
        max_length=32,
        description="Embedding models of upstreams. An alias `embed:<name>` leads there from "
        "`/v1/embeddings`. Read from the default policy.",
    )
    aliases: dict[str, Alias | str] = Field(
        default_factory=dict, description="Exact names or globs: `gpt-*: auto`."
    )
    safe_answers: str = Field(
        default="answers/safe_answers.yaml",
        description="Approved safe answers, relative to the policy.",
    )
    prices: str = Field(
        default="prices.yaml",
        description="Dated price book, relative to the policy: costs of models and of own "
        "compute, for answerers without a price in the policy.",
    )
    exhausted: ExhaustedSection = Field(
        default_factory=ExhaustedSection,
        description="What goes out when no answer is trusted.",
    )
    disclaimers: dict[Domain, Annotated[str, Field(min_length=3, max_length=200)]] = Field(
        default_factory=dict,
        description="By domain, a sentence for answers to questions of general knowledge. It goes "
        "out as `routing.disclaimer` and in a header, beside the answer.",
    )
    review: ReviewSection = Field(
        default_factory=ReviewSection, description="Cost of reviews by people."
    )
    budgets: dict[str, BudgetSection] = Field(
        default_factory=dict,
        description="Budgets by tenant. `*` covers every tenant without its own.",
    )
    limits: list[LimitSection] = Field(
        default_factory=list,
        description="Further limits: of keys, policies, tiers or all together.",
    )
    cache: CacheSection = Field(
        default_factory=CacheSection, description="Cache for repeated requests."
    )
    sessions: SessionsSection = Field(
        default_factory=SessionsSection,
        description="Rules that keep a conversation with its answerer.",
    )
    privacy: PrivacySection = Field(
        default_factory=PrivacySection, description="Storage of prompts and answers."
    )
    alerts: AlertsSection | None = Field(
        default=None,
        description="Conditions on recorded traffic, and who is told. Left out: nobody is told.",
    )
    online: OnlineSection | None = Field(
        default=None,
        description="Lets verdicts and feedback move chances within seconds, bounded for each key "
        "and tenant. Left out: they move nothing before a head or a threshold is made again.",
    )
    shadow: ShadowSection = Field(
        default_factory=ShadowSection,
        description="Second answers for comparison, after the client has its own. Off by default.",
    )
    rollout: RolloutSection | None = Field(
        default=None,
        description="A change that is tried on a part of the traffic. Left out: nothing is split.",
    )
    report: ReportSection = Field(
        default_factory=ReportSection, description="Baselines of savings."
    )
    batches: BatchesSection = Field(
        default_factory=BatchesSection,
        description="Bounds of uploaded files and of batches of requests.",
    )
    max_body_bytes: int = Field(
        default=8_000_000,
        ge=1_000,
        le=100_000_000,
        description="Largest body in bytes, after decompression. Larger requests get 413. Read "
        "from the default policy.",
    )
    unsupported_tools: Literal["drop", "refuse"] = Field(
        default="drop",
        description="Tools that a provider would run itself and no tier offers (web_search, mcp "
        "...), and those that only Anthropic's models know (bash, text_editor ...) where others "
        "may answer. drop: leaves them out, with a note in a header and in `routing`. refuse: "
        "answers 400.",
    )
    examples: list[Example] = Field(
        default_factory=list, description="Prompts with the tier they must reach."
    )

    @model_validator(mode="wrap")
    @classmethod
    def _all_mistakes_at_once(
        cls, raw: object, validate: ModelWrapValidatorHandler[Policy]
    ) -> Policy:
        """Raises the schema's and the cross mistakes in one error, each with its key path."""
        try:
            policy = validate(raw)
        except ValidationError as error:
            # The schema failed, so there is no policy: the cross checks read the raw object.
            crossed = cross_mistakes(raw) if isinstance(raw, Mapping) else ()
            raise _error([*map(_again, error.errors()), *map(_detail, crossed)]) from None
        crossed = cross_mistakes(policy.model_dump())
        if crossed:
            raise _error([_detail(mistake) for mistake in crossed])
        return policy

    def rungs(self) -> tuple[tuple[TierSection, AnswererSection], ...]:
        """Returns all answerers in ladder order: by level, then in the order of the file."""
        # The sort is stable, so tiers of one level keep the order of the file.
        ordered = sorted(self.tiers, key=lambda tier: tier.level)
        return tuple((tier, answerer) for tier in ordered for answerer in tier.answerers)

    def answerer(self, name: str) -> AnswererSection | None:
        """Returns the answerer of this name, or None."""
        return next((a for _, a in self.rungs() if a.name == name), None)

    def embedder(self, name: str) -> EmbedderSection | None:
        """Returns the embedding model of an upstream by its name, or None."""
        return next((one for one in self.embedders if one.name == name), None)

    def alias(self, model: str) -> Alias | None:
        """Returns the exact alias of `model`, otherwise its longest matching glob or None."""
        key = best_glob(self.aliases, model)
        alias = None if key is None else self.aliases[key]
        return Alias(to=alias) if isinstance(alias, str) else alias

    def requested_price(self, model: str) -> PriceSection | None:
        """Returns the policy's price of a requested model, by exact name or longest glob."""
        key = best_glob(self.report.requested_models, model)
        return None if key is None else self.report.requested_models[key]


def _error(details: list[InitErrorDetails]) -> ValidationError:
    return ValidationError.from_exception_data("Policy", details)


def _detail(mistake: CrossMistake) -> InitErrorDetails:
    kind = PydanticCustomError("cross_mistake", "{expected}", {"expected": mistake.expected})
    return InitErrorDetails(type=kind, loc=mistake.path, input=mistake.found)


def _again(error: ErrorDetails) -> InitErrorDetails:
    """Returns a reported error in the form that can be raised again together with others."""
    return InitErrorDetails(
        type=error["type"], loc=error["loc"], input=error["input"], ctx=error.get("ctx", {})
    )
