"""What an operator may say in a policy file, as a pydantic schema, and what follows from it.

Every key has a default or is required, unknown keys are refused, and each field's description is
what `docs/policy.md` and the JSON Schema for editors print. Loading a file, line numbers and the
list of all mistakes are in `policy_file`. It knows nothing about requests, models or money spent.
"""

from __future__ import annotations

import fnmatch
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from router.types import (
    NANO_PER_USD,
    Capability,
    DecisionMode,
    Domain,
    Exhausted,
    Price,
    RequestType,
    VerifyMode,
)

Chance = Annotated[float, Field(ge=0.0, le=1.0)]
Usd = Annotated[float, Field(ge=0.0, le=1e9)]
SecretName = Annotated[str, Field(pattern=r"^\$\{[A-Z_][A-Z0-9_]*\}$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]


def usd_to_nano(usd: float) -> int:
    """Dollars as written in a policy to nano-dollars, rounded up (0.01 -> 10_000_000)."""
    return -int(-round(usd * NANO_PER_USD, 3) // 1)


class Section(BaseModel):
    """Base of all sections: frozen, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_enum_values=False)


# --- decision ----------------------------------------------------------------------------------


class DecisionSection(Section):
    mode: DecisionMode = Field(
        DecisionMode.GUARDED, description="guarded | expected_loss | certified (needs `certificates`)."
    )
    confidence_floor: Chance = Field(0.85, description="Level 1 answers only at or above this.")
    certificates: dict[Domain, Chance] = Field(
        default_factory=dict,
        description="Per domain, the level-1 threshold that `tiergate tune` certified; `certified` "
        "uses it instead of `confidence_floor`, and escalates domains without one.",
    )
    multi_factor_at: Chance = Field(0.5, description="Multi-factor from this chance on: level 2.")
    novel_at: Chance = Field(0.5, description="Novel from this chance on: level 2.")
    strategic_at: Chance = Field(0.5, description="Strategic from this chance on: level 3.")
    high_risk_at: Chance = Field(
        0.5, description="A risk domain counts as high-risk from this chance of high stakes on."
    )
    domain_at: Chance = Field(0.5, description="A risk domain counts from this chance on.")
    accept_at: Chance = Field(
        0.5, description="An answer of the last rung below this chance of being right has failed."
    )
    unsafe_at: Chance = Field(0.8, description="Toxic or spam from this chance on: level 2.")
    level_2_from_usd: Usd = Field(5_000.0, description="Impact from here on: level 2 or higher.")
    level_3_from_usd: Usd = Field(10_000.0, description="Impact from here on: level 3.")
    level_3_not_below_usd: Usd = Field(
        1_000.0,
        description="Below this impact level 3 is passed over, unless a hard rule or the client names it.",
    )
    min_gain: Chance = Field(0.02, description="A rung is called only for at least this gain in p.")
    budget_pressure: float = Field(0.0, ge=0.0, le=1e6, description="Lambda: the price of money.")
    usd_per_second: Usd = Field(0.0, description="Kappa: what a second of waiting costs.")
    max_rungs: int = Field(6, ge=1, le=16, description="The ladder's greatest length.")

    @model_validator(mode="after")
    def _ordered(self) -> DecisionSection:
        if self.level_2_from_usd > self.level_3_from_usd:
            raise ValueError("level_2_from_usd must not be above level_3_from_usd")
        if self.mode is DecisionMode.CERTIFIED and not self.certificates:
            raise ValueError("mode certified needs certificates; run `tiergate tune` first")
        return self


class CostOfWrong(Section):
    domain: Domain | None = None
    type: RequestType | None = None
    usd: Usd


class CurrencyTable(Section):
    as_of: str = Field("2026-11-01", pattern=r"^\d{4}-\d{2}-\d{2}$")
    usd_per_unit: dict[Annotated[str, Field(pattern=r"^[A-Z]{3}$")], Annotated[float, Field(gt=0)]] = (
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
            }
        )
    )


class StakesSection(Section):
    default_cost_of_wrong_usd: Usd = Field(0.05, description="What a wrong answer costs at least.")
    cost_of_wrong: list[CostOfWrong] = Field(
        default_factory=list, description="By domain and/or request type; the dearest match counts."
    )
    default_loss_share: Chance = Field(0.01, description="Share of the amount lost when wrong.")
    loss_share: dict[Domain, Chance] = Field(default_factory=dict)
    currencies: CurrencyTable = Field(default_factory=CurrencyTable)

    def cost_of_wrong_nano_usd(self, domain: Domain, request_type: RequestType) -> int:
        """The dearest entry that fits domain and type, in nano-dollars."""
        fits = [
            row.usd
            for row in self.cost_of_wrong
            if row.domain in (None, domain) and row.type in (None, request_type)
        ]
        return usd_to_nano(max(fits, default=self.default_cost_of_wrong_usd))

    def share(self, domain: Domain) -> float:
        return self.loss_share.get(domain, self.default_loss_share)


class TermList(Section):
    """Words and phrases found in the user's text in linear time, whole words, any case."""

    name: Name
    domain: Domain | None = None
    terms: list[Annotated[str, Field(min_length=2, max_length=80)]] = Field(min_length=1)


class HardRule(Section):
    """When all the given conditions hold, the level is a floor or a ceiling that no hint passes."""

    name: Name
    terms: list[Name] = Field(default_factory=list, description="Any of these term lists was found.")
    domains: list[Domain] = Field(default_factory=list)
    request_types: list[RequestType] = Field(default_factory=list)
    stakes_high_at: Chance | None = None
    impact_from_usd: Usd | None = None
    floor: int | None = Field(None, ge=1, le=9)
    ceiling: int | None = Field(None, ge=1, le=9)

    @model_validator(mode="after")
    def _says_something(self) -> HardRule:
        if self.floor is None and self.ceiling is None:
            raise ValueError("a hard rule needs floor or ceiling")
        given = (self.terms, self.domains, self.request_types, self.stakes_high_at, self.impact_from_usd)
        if not any(item not in ([], None) for item in given):
            raise ValueError("a hard rule needs at least one condition")
        return self


# --- answerers ---------------------------------------------------------------------------------


class PriceSection(Section):
    """USD per million tokens, or one stated price per request. Leave out what you don't know."""

    input_usd_per_mtok: Usd | None = None
    cached_input_usd_per_mtok: Usd | None = None
    cache_write_usd_per_mtok: Usd | None = None
    output_usd_per_mtok: Usd | None = None
    list_price_usd: Usd | None = Field(None, description="Stated price per answered request.")
    compute_usd_per_hour: Usd = Field(0.0, description="Own compute: what an hour of it costs.")
    version: str = "policy"

    def to_price(self) -> Price:
        def nano(usd: float | None) -> int | None:
            return None if usd is None else usd_to_nano(usd)

        return Price(
            input_nano_usd=nano(self.input_usd_per_mtok),
            cached_input_nano_usd=nano(self.cached_input_usd_per_mtok),
            cache_write_nano_usd=nano(self.cache_write_usd_per_mtok),
            output_nano_usd=nano(self.output_usd_per_mtok),
            per_request_nano_usd=nano(self.list_price_usd),
            per_second_nano_usd=usd_to_nano(self.compute_usd_per_hour / 3600.0),
            version=self.version,
        )


class AbilitySection(Section):
    """How able an answerer is. Give `theta` with `labels` from `tune`, or a `known_model`'s name."""

    theta: float | None = Field(None, ge=-10, le=10)
    labels: int = Field(0, ge=0, description="How many labelled requests theta was fitted on.")
    known_model: str | None = Field(None, description="A row of the table of known models.")
    by_domain: dict[Domain, Annotated[float, Field(ge=-10, le=10)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _labels_for_theta(self) -> AbilitySection:
        if self.theta is not None and self.labels == 0:
            raise ValueError("theta needs labels: the number of labelled requests behind it")
        return self


class VerifySection(Section):
    default: VerifyMode = VerifyMode.NONE
    hard_rule: VerifyMode = Field(VerifyMode.FULL, description="When a hard rule set the floor.")
    self_consistency: int = Field(0, ge=0, le=5, description="Further samples compared; 0: none.")


class LocalAdapter(Section):
    name: Name
    path: str = Field(description="GGUF LoRA file; `package:` means one that ships with Tiergate.")
    scale: float = Field(1.0, ge=0.0, le=4.0)
    domains: list[Domain] = Field(min_length=1)


class AnswererBase(Section):
    name: Name
    verify: VerifySection = Field(default_factory=VerifySection)
    price: PriceSection = Field(default_factory=PriceSection)
    ability: AbilitySection = Field(default_factory=AbilitySection)
    max_output_tokens: int = Field(1024, ge=1, le=1_000_000)
    expected_output_tokens: int = Field(200, ge=1, le=1_000_000)
    expected_latency_ms: float = Field(1000.0, ge=0.0)
    deadline_s: float = Field(60.0, gt=0, le=3600, description="Total time for one call.")
    concurrency: int = Field(64, ge=1, le=10_000, description="Calls at one time; more wait or fail.")


class LookupSection(Section):
    """A lookup that resolvers may use: a JSON file, or an HTTP address on the allow-list."""

    name: Name
    kind: Literal["file", "http"]
    path: str | None = None
    url: str | None = Field(None, description="With {key}; https, or http on loopback.")
    timeout_ms: int = Field(300, ge=1, le=10_000)

    @model_validator(mode="after")
    def _place(self) -> LookupSection:
        if (self.kind == "file") != (self.path is not None) or (self.kind == "http") != (
            self.url is not None
        ):
            raise ValueError("kind file needs path and no url; kind http needs url and no path")
        return self


class ResolverAnswerer(AnswererBase):
    kind: Literal["resolver"]
    knowledge: str = Field(description="The knowledge file: approved answers, relative to the policy.")
    lookups: list[Name] = Field(default_factory=list, description="Names from the policy's `lookups`.")


class LocalAnswerer(AnswererBase):
    kind: Literal["local"]
    model: str = Field("smollm2-135m", description="`smollm2-135m` (package) or a GGUF file.")
    adapters: list[LocalAdapter] = Field(default_factory=list)
    context_tokens: int = Field(4096, ge=256, le=1_000_000)
    threads: int = Field(2, ge=1, le=256)
    parallel: int = Field(2, ge=1, le=64, description="Requests decoded at one time.")
    queue: int = Field(64, ge=1, le=10_000, description="Requests waiting; more get 503.")
    system_prompt: str | None = None
    steps: list[Literal["context", "solve", "refine", "check"]] = Field(
        default_factory=lambda: ["solve"], min_length=1
    )


class UpstreamAnswerer(AnswererBase):
    kind: Literal["upstream"]
    model: str
    base_urls: list[str] = Field(min_length=1, description="Replicas; each ends in /v1.")
    api_key: SecretName | None = Field(None, description="Only as ${ENV}; read when Tiergate starts.")
    context_tokens: int = Field(128_000, ge=256)
    capabilities: list[Capability] = Field(
        default_factory=lambda: [
            Capability.TOOLS,
            Capability.JSON_SCHEMA,
            Capability.LOGPROBS,
            Capability.MULTIPLE_CHOICES,
        ]
    )
    retries: int = Field(1, ge=0, le=5)
    retry_budget: Chance = Field(0.2, description="Retries as a share of calls.")
    connect_timeout_s: float = Field(5.0, gt=0, le=60)
    breaker_failures: int = Field(5, ge=1, le=1000)
    breaker_reset_s: float = Field(10.0, gt=0, le=3600)
    steps: list[Literal["context", "solve", "refine", "check"]] = Field(
        default_factory=lambda: ["solve"], min_length=1
    )
    send_max_tokens_as: Literal["max_tokens", "max_completion_tokens"] = "max_completion_tokens"


class LitellmAnswerer(AnswererBase):
    kind: Literal["litellm"]
    model: str = Field(description="As litellm names it: anthropic/..., gemini/..., bedrock/...")
    api_key: SecretName | None = Field(None, description="Only as ${ENV}; read when Tiergate starts.")
    context_tokens: int = Field(128_000, ge=256)
    capabilities: list[Capability] = Field(
        default_factory=lambda: [Capability.TOOLS, Capability.JSON_SCHEMA]
    )


class DeliberationAnswerer(AnswererBase):
    kind: Literal["deliberation"]
    over: Name = Field(description="The answerer that thinks the steps; not a deliberation itself.")
    templates: str = Field("deliberation", description="Folder of templates, relative to the policy.")
    trusted: bool = Field(
        False,
        description="False (any small model): a result in a risk domain is never released as it is; "
        "the approved safe answer is, with a review item.",
    )


AnswererSection = Annotated[
    ResolverAnswerer | LocalAnswerer | UpstreamAnswerer | LitellmAnswerer | DeliberationAnswerer,
    Field(discriminator="kind"),
]


class TierSection(Section):
    name: Name
    level: int = Field(ge=1, le=9, description="1 small and fast, 2 fine-tuned LLM, 3 reasoning.")
    answerers: list[AnswererSection] = Field(min_length=1)


# --- the rest ----------------------------------------------------------------------------------


class Alias(Section):
    """What a client's model name means here."""

    to: str | None = Field(None, description="`auto`, `auto:<policy>` or `tier:<name>`.")
    answerer: Name | None = None
    pinned: bool = Field(False, description="The named answerer only; no ladder.")

    @model_validator(mode="after")
    def _one(self) -> Alias:
        if (self.to is None) == (self.answerer is None):
            raise ValueError("an alias needs either `to` or `answerer`")
        return self


class BudgetSection(Section):
    usd_per_day: Usd | None = None
    usd_per_month: Usd | None = None


class CacheSection(Section):
    exact: bool = True
    ttl_s: int = Field(3600, ge=1)
    max_entries: int = Field(10_000, ge=1, le=10_000_000)


class PrivacySection(Section):
    store: Literal["none", "redacted", "full"] = Field(
        "none", description="none: digests only. redacted | full: text in a side table."
    )
    retention_days: int = Field(30, ge=1, le=3650)


class ReportSection(Section):
    people_usd_per_request: Usd | None = Field(None, description="What a person costs per request.")
    level_2: Name | None = Field(None, description="Answerer that stands for `all at level 2`.")
    level_3: Name | None = Field(None, description="Answerer that stands for `all at level 3`.")
    requested_models: dict[str, PriceSection] = Field(
        default_factory=dict, description="Prices of models that clients ask for (exact or glob)."
    )
    planned_shares: dict[int, Chance] = Field(default_factory=lambda: {1: 0.95, 2: 0.04, 3: 0.01})


class ExhaustedSection(Section):
    default: Exhausted = Exhausted.BEST_ANSWER
    by_domain: dict[Domain, Exhausted] = Field(
        default_factory=lambda: {
            Domain.MEDICAL: Exhausted.REVIEW,
            Domain.LEGAL: Exhausted.REVIEW,
            Domain.FINANCE: Exhausted.REVIEW,
            Domain.ENGINEERING_SAFETY: Exhausted.REVIEW,
        }
    )


class ExampleTurn(Section):
    role: Literal["system", "user", "assistant"]
    content: str


class Example(Section):
    """A prompt, the tier it must reach, and why; `tiergate check` runs it."""

    prompt: str | None = None
    messages: list[ExampleTurn] = Field(default_factory=list)
    context: dict[str, str] = Field(default_factory=dict)
    tier: Name
    reason: str = Field(min_length=3)

    @model_validator(mode="after")
    def _one(self) -> Example:
        if (self.prompt is None) == (not self.messages):
            raise ValueError("an example needs either prompt or messages")
        return self


class Policy(Section):
    """A whole policy file."""

    version: Literal[1]
    name: Name
    description: str = ""
    mode: Literal["route", "observe"] = "route"
    decision: DecisionSection = Field(default_factory=DecisionSection)
    stakes: StakesSection = Field(default_factory=StakesSection)
    terms: list[TermList] = Field(default_factory=list)
    hard_rules: list[HardRule] = Field(default_factory=list)
    lookups: list[LookupSection] = Field(default_factory=list)
    tiers: list[TierSection] = Field(min_length=1)
    aliases: dict[str, Alias | str] = Field(
        default_factory=dict, description="Exact names or globs: `gpt-*: auto`."
    )
    safe_answers: str = "answers/safe_answers.yaml"
    exhausted: ExhaustedSection = Field(default_factory=ExhaustedSection)
    budgets: dict[str, BudgetSection] = Field(
        default_factory=dict, description="By tenant; `*` is every tenant without its own."
    )
    cache: CacheSection = Field(default_factory=CacheSection)
    privacy: PrivacySection = Field(default_factory=PrivacySection)
    report: ReportSection = Field(default_factory=ReportSection)
    max_body_bytes: int = Field(2_000_000, ge=1_000, le=100_000_000)
    examples: list[Example] = Field(default_factory=list)

    @model_validator(mode="after")
    def _hangs_together(self) -> Policy:
        problems = list(_cross_mistakes(self))
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def rungs(self) -> tuple[tuple[TierSection, AnswererSection], ...]:
        """All answerers in ladder order: by level, then as written."""
        ordered = sorted(self.tiers, key=lambda tier: tier.level)
        return tuple((tier, answerer) for tier in ordered for answerer in tier.answerers)

    def answerer(self, name: str) -> AnswererSection | None:
        return next((a for _, a in self.rungs() if a.name == name), None)

    def alias(self, model: str) -> Alias | None:
        """What `model` means here: the exact alias, else the longest glob that fits, else None."""
        found = self.aliases.get(model)
        if found is None:
            globs = [g for g in self.aliases if fnmatch.fnmatchcase(model, g)]
            found = self.aliases[max(globs, key=len)] if globs else None
        return Alias(to=found) if isinstance(found, str) else found


def _cross_mistakes(policy: Policy) -> list[str]:
    """What single fields can't see: names that point nowhere or stand twice."""
    mistakes: list[str] = []
    rungs = policy.rungs()
    names = [a.name for _, a in rungs]
    tiers = [t.name for t in policy.tiers]
    for what, seen in (("answerer", names), ("tier", tiers), ("lookup", [x.name for x in policy.lookups])):
        mistakes += [f"{what} name {n!r} stands twice" for n in sorted({n for n in seen if seen.count(n) > 1})]
    if len(rungs) > policy.decision.max_rungs:
        mistakes.append(
            f"{len(rungs)} answerers, but decision.max_rungs is {policy.decision.max_rungs}"
        )
    lookups = {x.name for x in policy.lookups}
    lists = {x.name for x in policy.terms}
    for _, answerer in rungs:
        if isinstance(answerer, DeliberationAnswerer):
            over = policy.answerer(answerer.over)
            if over is None or isinstance(over, DeliberationAnswerer | ResolverAnswerer):
                mistakes.append(
                    f"answerer {answerer.name!r}: over={answerer.over!r} must name a local, upstream or "
                    f"litellm answerer of this policy"
                )
        if isinstance(answerer, ResolverAnswerer):
            mistakes += [
                f"answerer {answerer.name!r}: lookup {n!r} is not in lookups"
                for n in answerer.lookups
                if n not in lookups
            ]
    for rule in policy.hard_rules:
        mistakes += [f"hard rule {rule.name!r}: term list {n!r} is unknown" for n in rule.terms if n not in lists]
    for model, alias in policy.aliases.items():
        target = alias if isinstance(alias, str) else alias.to
        if target is not None and not target.startswith("auto"):
            if not target.startswith("tier:") or target[5:] not in tiers:
                mistakes.append(f"alias {model!r}: {target!r} is not auto, auto:<policy> or tier:<name>")
        if isinstance(alias, Alias) and alias.answerer is not None and alias.answerer not in names:
            mistakes.append(f"alias {model!r}: answerer {alias.answerer!r} is unknown")
    for field, name in (("level_2", policy.report.level_2), ("level_3", policy.report.level_3)):
        if name is not None and name not in names:
            mistakes.append(f"report.{field}: answerer {name!r} is unknown")
    mistakes += [f"example tier {e.tier!r} is unknown" for e in policy.examples if e.tier not in tiers]
    return mistakes
