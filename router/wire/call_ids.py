"""Bounds the ids of tool calls: what clients may send, and what a provider is sent.

litellm writes Gemini's signature of a call into the call's id, since every client returns an id.
Gemini's next turn needs it; other providers refuse ids of that length. Pure.
"""

from __future__ import annotations

from hashlib import blake2s

MAX_CALL_ID = 65_536
"""Characters of an id that a client may send: signatures have some thousands."""
CHAT_ID = 40  # OpenAI's bound on an id in chat completions
RESPONSES_ID = 64  # and in responses
_SIGNED = "__thought__"


def sent_id(call_id: str, most: int) -> str:
    """Returns an id for a provider that litellm does not ask: unsigned, at most so many characters.

    A call and its result get the same id; a digest keeps two calls apart.

    >>> sent_id("call_1__thought__QUJD", CHAT_ID), sent_id("c" * 41, CHAT_ID)[-12:]
    ('call_1', 'ccc_391d06c7')
    """
    plain = call_id.partition(_SIGNED)[0] or call_id
    if len(plain) <= most:
        return plain
    digest = blake2s(call_id.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{plain[: most - 9]}_{digest}"
