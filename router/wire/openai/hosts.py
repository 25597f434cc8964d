"""Knows the servers of OpenAI's own models by their addresses, at OpenAI and at Azure. Pure.

They store answers without being asked, bound the ids of calls, and refuse cache points.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_HOSTS = (".openai.com", ".openai.azure.com", ".openai.azure.us", ".openai.azure.cn")
_AZURES = (
    ".cognitiveservices.azure.com",
    ".cognitiveservices.azure.us",
    ".cognitiveservices.azure.cn",
    ".services.ai.azure.com",
    ".azure-api.net",
)
"""Ends hosts of Azure (Foundry, API Management) that have OpenAI's API below `openai`, and other
models and APIs elsewhere."""
# litellm sends models of these names to OpenAI when no provider is named.
_LITELLM_MODELS = ("gpt-", "chatgpt-", "o1", "o3", "o4")


def is_openais(url: str) -> bool:
    """Returns True for the address of a server of OpenAI's models, at OpenAI or at Azure.

    >>> is_openais("https://x.openai.azure.com/openai/v1"), is_openais("https://openai.com.example")
    (True, False)
    >>> foundry = "https://x.services.ai.azure.com"
    >>> is_openais(f"{foundry}/openai/v1"), is_openais(f"{foundry}/anthropic/v1")
    (True, False)
    """
    parts = urlsplit(url)
    host = f".{(parts.hostname or '').lower().removesuffix('.')}"
    below = "openai" in re.split(r"[^a-z]", parts.path.lower())
    return host.endswith(_HOSTS) or (below and host.endswith(_AZURES))


def litellm_is_openais(model: str) -> bool:
    """Returns True for a model of OpenAI or Azure under its litellm name.

    >>> [litellm_is_openais(model) for model in ("gpt-5", "azure/x", "groq/x")]
    [True, True, False]
    """
    provider, _, rest = model.partition("/")
    return provider in ("openai", "azure") if rest else model.startswith(_LITELLM_MODELS)
