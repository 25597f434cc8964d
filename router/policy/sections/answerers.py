"""Describes tiers and their answerers: those that a model speaks for, and deliberations.

`policy.schema` holds the whole file and exports these names too. This module knows nothing about
the work of an answerer or past spending.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from router.policy.sections.answering.base import AnswererBase
from router.policy.sections.answering.quoting import DocumentsAnswerer, PassagesAnswerer
from router.policy.sections.answering.remote import RemoteAnswerer
from router.policy.sections.answering.without_model import (
    ExactAnswerer,
    ExtractorAnswerer,
    ResolverAnswerer,
)
from router.policy.sections.base import (
    BASE_URL,
    Chance,
    ModelName,
    Name,
    SecretName,
    Section,
)
from router.policy.sections.capabilities import CapabilityName
from router.types import Capability, Domain


class LocalAdapter(Section):
    """Adds a LoRA adapter to the local model in some domains."""

    name: Name = Field(description="Name of the adapter in the ledger.")
    path: str = Field(description="GGUF LoRA file. `package:` marks one that ships with Tiergate.")
    scale: float = Field(
        default=1.0, ge=0.0, le=4.0, description="Strength of the adapter. 1: as trained."
    )
    domains: list[Domain] = Field(min_length=1, description="Domains whose requests use it.")


class UpstreamAdapter(Section):
    """Asks a server for another model in some domains: a LoRA adapter that it has loaded."""

    name: Name = Field(description="Name of the adapter in the ledger.")
    model: ModelName = Field(
        description="Name under which the server has it, as in vLLM's `lora-modules`. With "
        "`registry:NAME@active` the name is NAME@VERSION.",
    )
    domains: list[Domain] = Field(min_length=1, description="Domains whose requests use it.")


StepName = Literal["context", "solve", "refine", "check"]


def _solve_alone() -> list[StepName]:
    return ["solve"]


class LocalAnswerer(AnswererBase):
    """Answers with a GGUF model on this machine, in a child process that all workers share."""

    kind: Literal["local"] = Field(description="A GGUF model on this machine.")
    model: str = Field(
        default="smollm2-135m", description="`smollm2-135m` (package) or a GGUF file."
    )
    adapters: list[LocalAdapter] = Field(
        default_factory=list, description="LoRA adapters, chosen by domain."
    )
    context_tokens: int = Field(
        default=4096, ge=256, le=1_000_000, description="Tokens of prompt and answer together."
    )
    threads: int = Field(default=2, ge=1, le=256, description="Threads that decode.")
    parallel: int = Field(default=2, ge=1, le=64, description="Requests decoded at one time.")
    queue: int = Field(
        default=64, ge=1, le=10_000, description="Requests that wait. Further ones get 503."
    )
    system_prompt: str | None = Field(
        default=None, description="System prompt for requests without a system message."
    )
    usual_output_tokens: int | None = Field(
        default=None,
        ge=16,
        le=100_000,
        description="Cap for questions that state no length and ask for no text such as an essay "
        "or code (English). Left out: `max_output_tokens` for all.",
    )
    prompt_cache: bool = Field(
        default=False,
        description="Reads the beginning that a prompt shares with the one before it in the same "
        "slot only once, not for requests with a `seed`. Its time and token count show a client "
        "how another one's prompt began, so turn it on for clients that may know that.",
    )
    steps: list[StepName] = Field(
        default_factory=_solve_alone,
        min_length=1,
        description="Recorded steps: context (retrieval, cited), solve, refine, check.",
    )
    alone: bool = Field(
        default=True,
        description="False (any model too small to answer): it only rephrases quoted passages. "
        "What would go to it, or to a deliberation over it, gets the approved words `no_model` at "
        "once, as `unverified`.",
    )


class UpstreamAnswerer(RemoteAnswerer):
    """Calls a server of OpenAI's chat completions or responses, or Anthropic's messages."""

    kind: Literal["upstream"] = Field(
        description="A server of OpenAI's chat completions or responses, or of Anthropic's "
        "messages."
    )
    wire: Literal["openai", "responses", "anthropic"] = Field(
        default="openai",
        description="Wire format of the server. `openai`: chat completions. `responses`: OpenAI's "
        "responses, in which sealed reasoning passes from turn to turn. `anthropic`: bodies of "
        "/v1/messages reach the server unchanged, with the clients' beta headers.",
    )
    cache_points: Literal["auto", "client"] = Field(
        default="auto",
        description="Who sets cache points for `wire: anthropic`. `auto`: clients, and Tiergate "
        "for those of OpenAI's formats that set none: behind the user's last two turns, once there "
        "is an answer before them and the prices state what a write costs. `client`: only clients.",
    )
    issuer: str = Field(
        default="",
        max_length=64,
        description="Name of the provider that seals thoughts there. Answerers with the same name "
        "read each other's seals. Left out: addresses and key together.",
    )
    adapters: list[UpstreamAdapter] = Field(
        default_factory=list,
        description="LoRA adapters of that model on that server, chosen by domain. For `wire: "
        "openai`. Prices are those of `model`.",
    )
    base_urls: list[Annotated[str, Field(pattern=BASE_URL)]] = Field(
        min_length=1, description="Replicas. Each address ends in /v1."
    )
    api_key: SecretName | None = Field(
        default=None,
        description="API key, only as ${ENV}. Read when Tiergate starts. Left out: none is sent, "
        "as for a model on your own machine.",
    )
    capabilities: list[CapabilityName] = Field(
        default_factory=lambda: [
            Capability.TOOLS,
            Capability.JSON_SCHEMA,
            Capability.LOGPROBS,
            Capability.MULTIPLE_CHOICES,
        ],
        description="Abilities of the model. Requests that need more skip it. Usual names such as "
        "`vision` or `function_calling` are understood. `json_schema` includes `json_mode`.",
    )
    retries: int = Field(default=1, ge=0, le=5, description="Further attempts of one call.")
    retry_budget: Chance = Field(default=0.2, description="Retries as a share of calls.")
    connect_timeout_s: float = Field(
        default=5.0, gt=0, le=60, description="Time for the connection only."
    )
    breaker_failures: int = Field(
        default=5,
        ge=1,
        le=1000,
        description="Failures in a row after which a replica is not used. Those that one key's "
        "requests may have caused count against that key alone.",
    )
    breaker_reset_s: float = Field(
        default=10.0,
        gt=0,
        le=3600,
        description="Seconds after which one call tries the replica again.",
    )
    steps: list[StepName] = Field(
        default_factory=_solve_alone,
        min_length=1,
        description="Recorded steps: context (retrieval, cited), solve, refine, check.",
    )
    send_max_tokens_as: Literal["max_tokens", "max_completion_tokens"] = Field(
        default="max_completion_tokens", description="`max_tokens` for older servers."
    )

    @model_validator(mode="after")
    def _fits_wire(self) -> UpstreamAnswerer:
        for key in ("adapters", "send_reasoning_as"):
            if getattr(self, key) and self.wire != "openai":
                raise ValueError(f"expected no {key}, which is for `wire: openai`")
        return self

    def adapter_for(self, domain: Domain) -> UpstreamAdapter | None:
        """Returns the first adapter that lists the domain, None where none does."""
        return next((one for one in self.adapters if domain in one.domains), None)


class LitellmAnswerer(RemoteAnswerer):
    """Answers through any other provider, with litellm (the `[litellm]` extra)."""

    kind: Literal["litellm"] = Field(description="Any provider that litellm knows.")
    model: ModelName = Field(
        description="Name in litellm: anthropic/..., gemini/..., bedrock/...",
    )
    api_key: SecretName | None = Field(
        default=None,
        description="API key, only as ${ENV}. Read when Tiergate starts. Left out: none is sent.",
    )
    capabilities: list[CapabilityName] = Field(
        default_factory=lambda: [Capability.TOOLS, Capability.JSON_SCHEMA],
        description="Abilities of the model. Requests that need more skip it. Usual names such as "
        "`vision` or `function_calling` are understood. `json_schema` includes `json_mode`.",
    )


class DeliberationAnswerer(AnswererBase):
    """Reasons in steps over any model: decompose, evidence, alternatives, risk, synthesis."""

    kind: Literal["deliberation"] = Field(description="Reasoning in steps over another answerer.")
    deadline_s: float = Field(
        default=600.0, gt=0, le=3600, description="Total time of all its calls."
    )
    over: Name = Field(
        description="The answerer that works on the steps. It must be no deliberation itself."
    )
    templates: str = Field(
        default="deliberation", description="Folder of templates, relative to the policy."
    )
    profile: Literal["auto", "short", "full"] = Field(
        default="auto",
        description="Size of the templates. `short` has flat forms of few words, for small models. "
        "`full` adds parallel perspectives, scenarios, a worksheet and evidence, without caps. "
        "`auto` is `full` over an upstream with 16,000 tokens of context or more, else `short`.",
    )
    context: bool = Field(
        default=False,
        description="The step `evidence` gets passages with ids, of the policy's `documents` and "
        "approved answers, and cites them. Profile `full` only.",
    )
    trusted: bool = Field(
        default=False,
        description="False (any small model): where `exhausted` says `review`, its result could "
        "never be released. The approved safe answer then goes out at once, with a review item.",
    )


AnswererSection = Annotated[
    ResolverAnswerer
    | ExactAnswerer
    | ExtractorAnswerer
    | PassagesAnswerer
    | DocumentsAnswerer
    | LocalAnswerer
    | UpstreamAnswerer
    | LitellmAnswerer
    | DeliberationAnswerer,
    Field(discriminator="kind"),
]


class TierSection(Section):
    """Describes a place that answers come from."""

    name: Name = Field(
        description="Name of the tier, in headers and reports. A client may name it as "
        "`tier:<name>`: it alone answers then, but where a rule forces a higher level."
    )
    level: int = Field(
        ge=1,
        le=9,
        description="1 small and fast, 2 large or fine-tuned, 3 reasoning.",
    )
    answerers: list[AnswererSection] = Field(
        min_length=1, description="Answerers, tried in this order. Each is one rung."
    )
