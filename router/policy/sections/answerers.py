"""The sections of a policy that say where answers come from: tiers, answerers, prices, lookups.

`policy.schema` holds the whole file and gives out these names too. It knows nothing about how an
answerer works or what was spent.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from msgspec.structs import replace
from pydantic import AfterValidator, Field, model_validator

from router.policy.sections.base import Chance, Name, SecretName, Section, Usd
from router.policy.sections.capabilities import CapabilityName
from router.policy.sections.text_forms import BASE_URL, BODY_KEY, LOOKUP_URL
from router.types import Capability, Domain, Price, VerifyMode, usd_to_nano
from router.wire.body_keys import mistake_in

SECONDS_PER_HOUR = 3600.0


class TokenPrices(Section):
    """USD per million tokens, or one stated price per request. Leave out what you don't know."""

    input_usd_per_mtok: Usd | None = Field(default=None, description="Fresh input.")
    cached_input_usd_per_mtok: Usd | None = Field(
        default=None, description="Input read from a cache."
    )
    cache_write_usd_per_mtok: Usd | None = Field(
        default=None, description="Input written to a cache."
    )
    output_usd_per_mtok: Usd | None = Field(default=None, description="Output, reasoning included.")
    reasoning_usd_per_mtok: Usd | None = Field(
        default=None, description="Reasoning, where it costs other than the rest of the output."
    )
    image_usd: Usd | None = Field(
        default=None, description="Per image of the request, where one is charged beside tokens."
    )
    list_price_usd: Usd | None = Field(
        default=None, description="Stated price per answered request; it covers all else."
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.input_usd_per_mtok is None) != (self.output_usd_per_mtok is None):
            raise ValueError("input_usd_per_mtok and output_usd_per_mtok come together")
        return self

    def token_price(self, version: str) -> Price:
        """The same in nano-dollars; what is left out stays unknown."""
        return Price(
            input_nano_usd=_nano(self.input_usd_per_mtok),
            cached_input_nano_usd=_nano(self.cached_input_usd_per_mtok),
            cache_write_nano_usd=_nano(self.cache_write_usd_per_mtok),
            output_nano_usd=_nano(self.output_usd_per_mtok),
            per_request_nano_usd=_nano(self.list_price_usd),
            reasoning_nano_usd=_nano(self.reasoning_usd_per_mtok),
            image_nano_usd=_nano(self.image_usd),
            version=version,
        )


class PriceSection(TokenPrices):
    """USD per million tokens, or one stated price per request. Leave out what you don't know, and
    all of it where the price book has the model's price."""

    compute_usd_per_hour: Usd = Field(
        default=0.0, description="Own compute: what an hour of it costs."
    )
    version: str = Field(
        default="policy", description="Which price list, and of which day; in every row."
    )

    def to_price(self) -> Price:
        """The same in nano-dollars; what is left out stays unknown."""
        per_second = usd_to_nano(self.compute_usd_per_hour / SECONDS_PER_HOUR)
        return replace(self.token_price(self.version), per_second_nano_usd=per_second)


def _nano(usd: float | None) -> int | None:
    return None if usd is None else usd_to_nano(usd)


class AbilitySection(Section):
    """How able an answerer is: `theta` with `labels` from labelled traffic, or a `known_model`."""

    theta: float | None = Field(
        default=None,
        ge=-10,
        le=10,
        description="Ability on the scale of triage's difficulty, in logits.",
    )
    labels: int = Field(
        default=0, ge=0, description="How many labelled requests theta was fitted on."
    )
    known_model: str | None = Field(default=None, description="A row of the table of known models.")
    by_domain: dict[Domain, Annotated[float, Field(ge=-10, le=10)]] = Field(
        default_factory=dict, description="Theta by domain; `theta` stands for all others."
    )

    @model_validator(mode="after")
    def _labels_for_theta(self) -> AbilitySection:
        if self.theta is not None and self.labels == 0:
            raise ValueError("theta needs labels: the number of labelled requests behind it")
        if self.by_domain and self.theta is None:
            raise ValueError("by_domain needs theta, which stands for all other domains")
        return self


class VerifySection(Section):
    """How much of an answer is held back until it is verified: none | prefix | full."""

    default: VerifyMode = Field(default=VerifyMode.NONE, description="For ordinary matters.")
    hard_rule: VerifyMode = Field(
        default=VerifyMode.FULL, description="When a hard rule set the floor."
    )
    self_consistency: int = Field(
        default=0, ge=0, le=5, description="Further samples compared; 0: none."
    )


class LocalAdapter(Section):
    """A LoRA adapter that the local model wears for some domains."""

    name: Name = Field(description="What the ledger calls it.")
    path: str = Field(description="GGUF LoRA file; `package:` means one that ships with Tiergate.")
    scale: float = Field(default=1.0, ge=0.0, le=4.0, description="1: as trained.")
    domains: list[Domain] = Field(min_length=1, description="Requests of these domains use it.")


class AnswererBase(Section):
    """What every kind of answerer has."""

    name: Name = Field(
        description="Unique in the policy; the ledger's and the report's name for it."
    )
    verify: VerifySection = Field(
        default_factory=VerifySection, description="How its answers are verified."
    )
    price: PriceSection = Field(default_factory=PriceSection, description="What its answers cost.")
    ability: AbilitySection = Field(
        default_factory=AbilitySection, description="How able it is; left out: a prior by level."
    )
    max_output_tokens: int = Field(
        default=1024,
        ge=1,
        le=1_000_000,
        description="Output cap: where the client gives none, and where it asks for more.",
    )
    expected_output_tokens: int = Field(
        default=200, ge=1, le=1_000_000, description="For the expected cost in the decision."
    )
    expected_latency_ms: float = Field(
        default=1000.0,
        ge=0.0,
        description="For the expected loss; of a local model for its expected cost too.",
    )
    deadline_s: float = Field(default=60.0, gt=0, le=3600, description="Total time for one call.")
    concurrency: int = Field(
        default=64,
        ge=1,
        le=10_000,
        description="Calls at one time to a remote answerer, per worker; some more wait, others "
        "are refused (--max-waiting). A local model has `parallel` and `queue`.",
    )


class LookupSection(Section):
    """A lookup that resolvers may use: a JSON file, or an HTTP address on the allow-list."""

    name: Name = Field(description="What resolvers call it.")
    kind: Literal["file", "http"] = Field(description="file needs `path`, http needs `url`.")
    path: str | None = Field(
        default=None, description="A JSON file of rows by key, relative to the policy."
    )
    url: Annotated[str, Field(pattern=LOOKUP_URL)] | None = Field(
        default=None, description="With {key}; https, or http on loopback."
    )
    timeout_ms: int = Field(
        default=300, ge=1, le=10_000, description="After that the slot is unfilled."
    )

    @model_validator(mode="after")
    def _place(self) -> LookupSection:
        if (self.kind == "file") != (self.path is not None) or (self.kind == "http") != (
            self.url is not None
        ):
            raise ValueError("kind file needs path and no url; kind http needs url and no path")
        return self


StepName = Literal["context", "solve", "refine", "check"]


def _solve_alone() -> list[StepName]:
    return ["solve"]


def _may_pass(name: str) -> str:
    why_not = mistake_in(name)
    if why_not is not None:
        raise ValueError(f"{name} cannot be passed through: {why_not}")
    return name


PassedKey = Annotated[str, Field(pattern=BODY_KEY), AfterValidator(_may_pass)]


def _nothing_more() -> list[PassedKey]:
    return []


class ResolverAnswerer(AnswererBase):
    """Approved answers and classification results from a knowledge file."""

    kind: Literal["resolver"] = Field(description="Approved answers from a knowledge file.")
    knowledge: str = Field(
        description="The knowledge file: approved answers, relative to the policy."
    )
    lookups: list[Name] = Field(
        default_factory=list, description="Names from the policy's `lookups`."
    )


class LocalAnswerer(AnswererBase):
    """A GGUF model on this machine, in a child process that all workers share."""

    kind: Literal["local"] = Field(description="A GGUF model on this machine.")
    model: str = Field(
        default="smollm2-135m", description="`smollm2-135m` (package) or a GGUF file."
    )
    adapters: list[LocalAdapter] = Field(
        default_factory=list, description="LoRA adapters, chosen by domain."
    )
    context_tokens: int = Field(
        default=4096, ge=256, le=1_000_000, description="Prompt and answer together."
    )
    threads: int = Field(default=2, ge=1, le=256, description="Threads that decode.")
    parallel: int = Field(default=2, ge=1, le=64, description="Requests decoded at one time.")
    queue: int = Field(default=64, ge=1, le=10_000, description="Requests waiting; more get 503.")
    system_prompt: str | None = Field(
        default=None, description="Used where the request carries no system message."
    )
    steps: list[StepName] = Field(
        default_factory=_solve_alone,
        min_length=1,
        description="Recorded steps: context (retrieval, cited), solve, refine, check.",
    )


_IMAGE_TOKENS = (
    "What one image counts as at most, which is held before a call. Left out: 50,000 where the "
    "model's name begins with gpt-4o-mini, else 4,000."
)


class UpstreamAnswerer(AnswererBase):
    """Any server that speaks OpenAI's chat completions or responses, or Anthropic's messages."""

    kind: Literal["upstream"] = Field(
        description="A server that speaks OpenAI's chat completions or responses, or Anthropic's "
        "messages."
    )
    wire: Literal["openai", "responses", "anthropic"] = Field(
        default="openai",
        description="What it speaks: `openai` chat completions, `responses` OpenAI's responses, "
        "where sealed reasoning goes from turn to turn. `anthropic`: bodies of /v1/messages reach "
        "it as clients wrote them, with their beta headers.",
    )
    issuer: str = Field(
        default="",
        max_length=64,
        description="Who seals thoughts there; answerers with one name read each other's. Left "
        "out: addresses and key together.",
    )
    model: str = Field(min_length=1, description="The model's name there.")
    base_urls: list[Annotated[str, Field(pattern=BASE_URL)]] = Field(
        min_length=1, description="Replicas; each ends in /v1."
    )
    api_key: SecretName | None = Field(
        default=None, description="Only as ${ENV}; read when Tiergate starts."
    )
    context_tokens: int = Field(
        default=128_000, ge=256, description="Longer requests pass it over."
    )
    capabilities: list[CapabilityName] = Field(
        default_factory=lambda: [
            Capability.TOOLS,
            Capability.JSON_SCHEMA,
            Capability.LOGPROBS,
            Capability.MULTIPLE_CHOICES,
        ],
        description="What it can do; requests that need more pass it over. Usual names such as "
        "`vision` or `function_calling` are understood; `json_schema` includes `json_mode`.",
    )
    retries: int = Field(default=1, ge=0, le=5, description="Further tries of one call.")
    retry_budget: Chance = Field(default=0.2, description="Retries as a share of calls.")
    connect_timeout_s: float = Field(
        default=5.0, gt=0, le=60, description="For the connection alone."
    )
    breaker_failures: int = Field(
        default=5, ge=1, le=1000, description="Failures in a row that take a replica out."
    )
    breaker_reset_s: float = Field(
        default=10.0, gt=0, le=3600, description="After that one call tries the replica again."
    )
    steps: list[StepName] = Field(
        default_factory=_solve_alone,
        min_length=1,
        description="Recorded steps: context (retrieval, cited), solve, refine, check.",
    )
    image_tokens: int | None = Field(default=None, ge=1, le=1_000_000, description=_IMAGE_TOKENS)
    hidden_reasoning: bool = Field(
        default=False,
        description="It bills reasoning it does not show: a cut answer counts at its worst case.",
    )
    pass_through: list[PassedKey] = Field(
        default_factory=_nothing_more,
        max_length=64,
        description="Further keys of clients' bodies that it is sent, at the top level and unread.",
    )
    send_max_tokens_as: Literal["max_tokens", "max_completion_tokens"] = Field(
        default="max_completion_tokens", description="`max_tokens` for older servers."
    )


class LitellmAnswerer(AnswererBase):
    """Any other provider, through litellm (the `[litellm]` extra)."""

    kind: Literal["litellm"] = Field(description="Any provider that litellm knows.")
    model: str = Field(description="As litellm names it: anthropic/..., gemini/..., bedrock/...")
    api_key: SecretName | None = Field(
        default=None, description="Only as ${ENV}; read when Tiergate starts."
    )
    context_tokens: int = Field(
        default=128_000, ge=256, description="Longer requests pass it over."
    )
    capabilities: list[CapabilityName] = Field(
        default_factory=lambda: [Capability.TOOLS, Capability.JSON_SCHEMA],
        description="What it can do; requests that need more pass it over. Usual names such as "
        "`vision` or `function_calling` are understood; `json_schema` includes `json_mode`.",
    )
    image_tokens: int | None = Field(default=None, ge=1, le=1_000_000, description=_IMAGE_TOKENS)
    hidden_reasoning: bool = Field(
        default=False,
        description="It bills reasoning it does not show: a cut answer counts at its worst case.",
    )
    pass_through: list[PassedKey] = Field(
        default_factory=_nothing_more,
        max_length=64,
        description="Further keys of clients' bodies that it is sent, at the top level and unread.",
    )


class DeliberationAnswerer(AnswererBase):
    """Reasoning in steps over any model: decompose, evidence, alternatives, risk, synthesis."""

    kind: Literal["deliberation"] = Field(description="Reasoning in steps over another answerer.")
    over: Name = Field(description="The answerer that thinks the steps; not a deliberation itself.")
    templates: str = Field(
        default="deliberation", description="Folder of templates, relative to the policy."
    )
    trusted: bool = Field(
        default=False,
        description="False (any small model): where `exhausted` is `review` its result could never "
        "be released, so the approved safe answer goes out at once, with a review item.",
    )


AnswererSection = Annotated[
    ResolverAnswerer | LocalAnswerer | UpstreamAnswerer | LitellmAnswerer | DeliberationAnswerer,
    Field(discriminator="kind"),
]


class TierSection(Section):
    """A place answers come from."""

    name: Name = Field(description="`tier:<name>` pins it; headers and reports show it.")
    level: int = Field(ge=1, le=9, description="1 small and fast, 2 fine-tuned LLM, 3 reasoning.")
    answerers: list[AnswererSection] = Field(
        min_length=1, description="Tried in this order; each is one rung."
    )
