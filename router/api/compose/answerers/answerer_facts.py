"""States the facts of answerers with a model: what decisions and calls need to know of each.

A policy states some of them; others follow from the wire, the hosts or the model's name.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec.structs import replace

from router.money.cost import hides_reasoning, most_image_tokens
from router.money.price_book import PriceBook
from router.policy.schema import (
    LitellmAnswerer,
    LocalAnswerer,
    Policy,
    TierSection,
    UpstreamAnswerer,
)
from router.policy.sections.capabilities import complete
from router.privacy.provider_seals import issuer_of
from router.types import AnswererFacts, BodyRules, Capability
from router.wire.body_keys import known_keys
from router.wire.openai.hosts import is_openais, litellm_is_openais
from router.wire.openai.returned_reasoning import key_of_hosts, key_of_litellm
from tiers.local.answerer import CAPABILITIES as LOCAL_CAPABILITIES

ANTHROPIC_ADDS_TOKENS = 1_000
"""Bounds the tokens that Anthropic puts before a request that offers tools. Its documents say 264
to 804 by model, November 2026."""

NOT_ANTHROPICS = frozenset({Capability.AUDIO, Capability.LOGPROBS, Capability.MULTIPLE_CHOICES})
"""Lists capabilities that Anthropic's answers lack, whatever a policy's default says."""


def facts_of_local(
    section: LocalAnswerer, tier: TierSection, book: PriceBook, cores: int
) -> AnswererFacts:
    """Returns the facts of a model that runs here on so many cores."""
    return _facts(section, tier, book, BodyRules(), cores)


def facts_of_remote(
    section: UpstreamAnswerer | LitellmAnswerer,
    tier: TierSection,
    book: PriceBook,
    policy: Policy,
    key: str | None,
) -> AnswererFacts:
    """Returns the facts of a provider's model; whose seals it opens depends on `key`."""
    facts = _facts(section, tier, book, _body_rules(section, policy))
    facts = replace(facts, reasoning_key=_reasoning_key(section))
    if isinstance(section, LitellmAnswerer):
        return facts
    facts = replace(facts, issuer=issuer_of(section.issuer, section.base_urls, key))
    if section.wire == "anthropic":
        return replace(
            facts,
            added_input_tokens=ANTHROPIC_ADDS_TOKENS,
            capabilities=facts.capabilities - NOT_ANTHROPICS,
        )
    if section.wire == "responses":
        choices = frozenset({Capability.MULTIPLE_CHOICES})
        return replace(facts, capabilities=facts.capabilities - choices)
    return facts


def _facts(
    section: LocalAnswerer | UpstreamAnswerer | LitellmAnswerer,
    tier: TierSection,
    book: PriceBook,
    body: BodyRules,
    cores: int = 0,
) -> AnswererFacts:
    return AnswererFacts(
        name=section.name,
        tier=tier.name,
        level=tier.level,
        kind=section.kind,
        model=section.model,
        price=book.answerer(section, cores),
        max_output_tokens=section.output_cap,
        context_tokens=section.context_tokens,
        capabilities=LOCAL_CAPABILITIES
        if isinstance(section, LocalAnswerer)
        else complete(section.capabilities),
        expected_output_tokens=section.expected_output_tokens,
        latency_ms=section.expected_latency_ms,
        deadline_ms=round(1000 * section.deadline_s),
        hides_reasoning=not isinstance(section, LocalAnswerer) and hides_its_reasoning(section),
        cores=cores,
        least_output_tokens=section.least_output_tokens,
        image_tokens=0
        if isinstance(section, LocalAnswerer)
        else section.image_tokens or most_image_tokens(section.model),
        body=body,
        takes_service_tier="service_tier" in known_keys("chat.completions", section.kind, body),
    )


def _body_rules(section: UpstreamAnswerer | LitellmAnswerer, policy: Policy) -> BodyRules:
    """Returns the rules of the bodies for an answerer; only `full` privacy lets it store text."""
    if isinstance(section, UpstreamAnswerer):  # some store text unless a request forbids it
        stores = any(map(is_openais, section.base_urls))
    else:
        stores = litellm_is_openais(section.model)
    return BodyRules(
        pass_through=frozenset(section.pass_through),
        wire=section.wire if isinstance(section, UpstreamAnswerer) else "",
        may_store=policy.privacy.store == "full",
        stores_unasked=stores,
    )


def hides_its_reasoning(section: UpstreamAnswerer | LitellmAnswerer) -> bool:
    """Returns what the policy states, or what wire and name of the model tell."""
    if section.hidden_reasoning is not None:
        return section.hidden_reasoning
    # Anthropic bills whole thoughts and shows summaries, or nothing.
    anthropic = isinstance(section, UpstreamAnswerer) and section.wire == "anthropic"
    return anthropic or hides_reasoning(section.model)


def _reasoning_key(section: UpstreamAnswerer | LitellmAnswerer) -> str:
    """Returns the key of a message in which this answerer gets open thoughts back, or ""."""
    if section.send_reasoning_as is not None:
        return "" if section.send_reasoning_as == "nothing" else section.send_reasoning_as
    if isinstance(section, LitellmAnswerer):
        return key_of_litellm(section.model)
    # The other formats carry thoughts as their issuer sealed them.
    return key_of_hosts(_hosts(section)) if section.wire == "openai" else ""


def _hosts(section: UpstreamAnswerer) -> list[str]:
    return [urlsplit(url).hostname or "" for url in section.base_urls]
