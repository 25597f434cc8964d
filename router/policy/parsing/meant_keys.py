"""Says which key a person may have meant by one that a section does not have."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

SAME_BEGINNING = 4
"""Letters that two words share at their beginning to be taken for forms of one: `decide`."""

OTHER_WORDS: Mapping[str, tuple[str, ...]] = {
    "decision": ("routing", "router", "rules", "thresholds", "triggers"),
    "hard_rules": ("rules", "guards", "conditions"),
    "tiers": ("models", "providers", "backends", "upstreams", "levels", "routes", "model_list"),
    "answerers": ("models", "providers", "backends", "upstreams", "deployments"),
    "exhausted": ("fallback", "fallbacks", "default_answer"),
    "safety": ("guardrails", "moderation"),
    "limits": ("rate_limits", "rate_limit", "quotas", "rpm", "tpm"),
    "budgets": ("spend_limits", "max_spend"),
    "prices": ("pricing", "price_book", "costs"),
    "safe_answers": ("canned_answers", "emergency_answers"),
    "cache": ("caching", "response_cache"),
    "confidence_floor": ("threshold", "confidence", "min_confidence", "confidence_threshold"),
    "high_stakes_at": ("stakes", "stakes_threshold", "stakes_at"),
    "novel_at": ("novelty", "novelty_threshold"),
    "level_2_from_usd": ("impact", "impact_usd"),
    "base_urls": ("api_base", "endpoint", "host"),
    "breaker_failures": ("circuit_breaker", "allowed_fails"),
    "breaker_reset_s": ("cooldown", "cooldown_time"),
    "id": ("name", "intent", "intent_name"),
    "utterances": ("questions", "training_phrases", "patterns"),
    "answer": ("response", "responses", "reply"),
}
"""Lists the words of other products and of everyday use for our keys, those of most use first."""


OTHER_KINDS: Mapping[str, tuple[str, ...]] = {
    "upstream": ("openai", "openai_compatible", "http", "api", "llm", "vllm", "ollama", "provider"),
    "litellm": ("anthropic", "claude", "azure", "bedrock", "gemini", "vertex_ai", "cohere"),
    "resolver": ("faq", "knowledge", "answers", "intents"),
    "local": ("gguf", "llama_cpp"),
    "exact": ("calculator", "math", "tools"),
}
"""Lists what other products call our kinds of answerers."""


def nearest_kind(word: str, known: Iterable[str]) -> str:
    """Returns `; did you mean x?` for a kind by another name or spelling, "" where none is near.

    >>> nearest_kind("openai", ["upstream", "local"]), nearest_kind("locale", ["upstream", "local"])
    ('; did you mean `upstream`?', '; did you mean `local`?')
    """
    names = [*known]
    named = word.lower().replace("-", "_")
    meant = [n for n, others in OTHER_KINDS.items() if named in others and n in names]
    return f"; did you mean `{meant[0]}`?" if meant else nearest(word, names)


def nearest(word: str, known: Iterable[str]) -> str:
    """Returns `; did you mean x?`, or "" when no known word is similar to `word`."""
    close = alike(word, known)
    return f"; did you mean `{close}`?" if close else ""


def alike(word: str, known: Iterable[str]) -> str:
    """Returns the known word that is most similar to `word`, "" when none is similar."""
    close = difflib.get_close_matches(word, [str(k) for k in known], n=1, cutoff=0.6)
    return close[0] if close else ""


def meant_key(key: str, known: Sequence[str]) -> str:
    """Returns the known key that `key` stands for, by its meaning or by spelling; "" for none.

    >>> meant_key("decide", ["name", "decision"]), meant_key("models", ["name", "tiers"])
    ('decision', 'tiers')
    """
    named = key.lower().replace("-", "_")
    if meaning := by_meaning(key, known):
        return meaning
    if close := alike(named, known):
        return close
    begun = [name for name in known if name[:SAME_BEGINNING] == named[:SAME_BEGINNING]]
    return begun[0] if len(begun) == 1 and len(named) >= SAME_BEGINNING else ""


def by_meaning(key: str, known: Sequence[str]) -> str:
    """Returns the known key that other products call `key`; "" for none."""
    named = key.lower().replace("-", "_")
    return next((n for n, others in OTHER_WORDS.items() if named in others and n in known), "")
