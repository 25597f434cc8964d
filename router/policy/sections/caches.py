"""Describes the sections about repeated work: answer caches, and providers' prompt caches.

It knows nothing about the stores that keep the entries.
"""

from __future__ import annotations

from pydantic import Field

from router.policy.sections.base import Section


class SemanticCacheSection(Section):
    """Answers the same question in other words, if nothing is at stake and no word contradicts.

    Example: `cache: {semantic: {enabled: true, ttl_s: 600}}`. See the page about caches.
    """

    enabled: bool = Field(
        default=False,
        description="Turns the semantic cache on: such questions are answered from memory.",
    )
    threshold: float = Field(
        default=0.8,
        ge=0.5,
        le=1.0,
        description="Lowest cosine of two questions. From there on, their words decide.",
    )
    ttl_s: int = Field(default=3600, ge=1, description="Seconds that an answer is kept.")
    max_entries: int = Field(
        default=2_000,
        ge=1,
        le=100_000,
        description="Highest number of entries. The least recently used one leaves first. An "
        "entry takes 2 kB.",
    )


class CacheSection(Section):
    """Answers repeated requests of a tenant under this policy from memory.

    Only reading them costs.
    """

    exact: bool = Field(default=True, description="Answers exact repeats from memory.")
    ttl_s: int = Field(default=3600, ge=1, description="Seconds that an answer is kept.")
    max_entries: int = Field(
        default=10_000,
        ge=1,
        le=10_000_000,
        description="Highest number of entries. The oldest one leaves first.",
    )
    semantic: SemanticCacheSection = Field(
        default_factory=SemanticCacheSection,
        description="Settings for the same question in other words.",
    )


class SessionsSection(Section):
    """Keeps a conversation with the answerer whose provider cached its prompt, where that pays.

    `routing.session` or a header such as `x-session-id` identifies a conversation. Without them a
    keyed hash of its messages identifies it.
    """

    sticky: bool = Field(
        default=True,
        description="Counts warm prompt caches in the decision: a switch must be worth more than "
        "the lost cache. Only answerers with a price of cached input have one.",
    )
    cache_ttl_s: int = Field(
        default=300,
        ge=1,
        le=86_400,
        description="Seconds that a provider keeps a prompt after its last use. OpenAI and "
        "Anthropic state five minutes.",
    )
    least_tokens: int = Field(
        default=1024,
        ge=1,
        le=10_000_000,
        description="Smallest cached prompt in tokens: providers do not cache shorter ones.",
    )
