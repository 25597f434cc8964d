"""Names the key in which a server of chat completions expects a model's earlier thoughts. Pure.

Some servers refuse a history with calls of tools whose thoughts are missing: DeepSeek
(api-docs.deepseek.com/guides/thinking_mode, "Tool Calls"), Moonshot and Xiaomi. OpenRouter reads
them where they are there. Other servers refuse the key, so they get none unless the policy says so
(`send_reasoning_as`). This module knows nothing about the rest of a message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

CONTENT, REASONING = "reasoning_content", "reasoning"

NO_THOUGHTS = " "
"""Stands for thoughts that are missing: another model wrote that message, or the client kept none.
DeepSeek's newer models refuse an empty text as they refuse a missing key."""

_MISSED = re.compile(
    r"reasoning_content\b[^.]{0,80}\b(?:missing|required|passed back)"
    r"|\bmissing\W{1,3}reasoning_content\b",
    re.IGNORECASE,
)
"""How DeepSeek and Moonshot refuse a history without its thoughts, which self-hosted servers of
their models repeat. A server that refuses the key itself asks to remove it."""
_READ = 4_096  # characters of a refusal, which begins with its reason

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


def advice_for(refusal: str, key: str, answerer: str) -> str:
    """Returns what the policy needs where a server refuses for want of thoughts, otherwise "".

    `refusal` holds the server's words, and `key` the one in which `answerer` gives thoughts back.

    >>> advice_for("reasoning_content is missing in message 2", "", "mid")
    'It wants earlier thoughts back: set `send_reasoning_as: reasoning_content` in mid.'
    """
    if key == CONTENT or not _MISSED.search(refusal[:_READ]):
        return ""
    return f"It wants earlier thoughts back: set `send_reasoning_as: {CONTENT}` in {answerer}."
