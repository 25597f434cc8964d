"""Names the key in which a server of chat completions expects a model's earlier thoughts. Pure.

Some servers refuse a history with calls of tools whose thoughts are missing: DeepSeek
(api-docs.deepseek.com/guides/thinking_mode, "Tool Calls"), Moonshot and Xiaomi. OpenRouter reads
them where they are there. Other servers refuse the key, so they get none unless the policy says so
(`send_reasoning_as`). This module knows nothing about the rest of a message.
"""

from __future__ import annotations

from collections.abc import Iterable

CONTENT, REASONING = "reasoning_content", "reasoning"

NO_THOUGHTS = " "
"""Stands for thoughts that are missing: another model wrote that message, or the client kept none.
DeepSeek's newer models refuse an empty text as they refuse a missing key."""

_KEYS = {
    "deepseek.com": CONTENT,
    "moonshot.ai": CONTENT,
    "moonshot.cn": CONTENT,
    "xiaomimimo.com": CONTENT,
    "openrouter.ai": REASONING,
}
_LITELLM_KEYS = {
    "deepseek": CONTENT,
    "moonshot": CONTENT,
    "xiaomi_mimo": CONTENT,
    "openrouter": REASONING,
}


def key_of_hosts(hosts: Iterable[str]) -> str:
    """Returns the key that one of these hosts expects, "" where none expects any."""
    for host in hosts:
        for domain, key in _KEYS.items():
            if f".{host.lower()}".endswith(f".{domain}"):
                return key
    return ""


def key_of_litellm(model: str) -> str:
    """Returns the key that the provider before the slash of a litellm model expects, or ""."""
    return _LITELLM_KEYS.get(model.partition("/")[0], "")


def reasoning_text(message: dict[str, object]) -> str:
    """Returns the open thoughts in a message or delta, or "". Servers have two names for them."""
    for key in (CONTENT, REASONING):
        words = message.get(key)
        if type(words) is str and words:
            return words
    return ""


def return_thoughts(body: dict[str, object], key: str, thoughts: str) -> None:
    """Puts an assistant's thoughts into its message for the upstream."""
    if thoughts:
        body[key] = thoughts
    elif key == CONTENT:
        body[key] = NO_THOUGHTS
