"""Bounds the ids of tool calls: what clients may send, and what a provider is sent.

litellm writes Gemini's signature of a call into the call's id, since every client returns an id.
Gemini's next turn needs it; other providers refuse ids of that length. Pure.
"""

from __future__ import annotations

from hashlib import blake2s

from router.types import AnswererFacts

MAX_CALL_ID = 65_536
"""Characters of an id that a client may send: signatures have some thousands."""
CHAT_ID = 40  # OpenAI's bound on an id in chat completions
RESPONSES_ID = 64  # and in responses
ELSEWHERE_ID = 512
"""Characters of an id at other servers: their models may read it, and they may need all of it."""
_SIGNED = "__thought__"


def most_of(facts: AnswererFacts, own: int) -> int:
    """Returns how long an id may be for an upstream; `own` is the bound of OpenAI's own servers."""
    return own if facts.body.stores_unasked else ELSEWHERE_ID


def sent_id(call_id: str, most: int) -> str:
    """Returns an id for a provider that litellm does not ask; one that fits stays as it is.

    A longer one loses its signature, then its end. A call and its result get the same id. A digest
    keeps two cut ones apart; ids that differ in their signature alone become one, and litellm
    writes none such.

    >>> sent_id("call_1__thought__QUJD", 16), sent_id("c" * 41, CHAT_ID)[-12:]
    ('call_1', 'ccc_391d06c7')
    """
    if len(call_id) <= most:
        return call_id
    plain = call_id.partition(_SIGNED)[0] or call_id
    if len(plain) <= most:
        return plain
    digest = blake2s(call_id.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{plain[: most - 9]}_{digest}"
