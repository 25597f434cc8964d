"""How many tokens a request has at most, whichever model reads it, from its text's bytes. Pure.

Clients fit conversations into a context window by this count, so it may be too high and never too
low. Tokenizers differ: no byte-level one makes more tokens than there are bytes, and within words
they all make fewer. The weights below are above every tokenizer that we can run, by the margins
that `tests/money/test_token_bound.py` states; newer ones are known by what others measured
(Claude's of 2026 counts up to 1.8 times cl100k). A few passes over bytes: 180 kB take 7 ms, most
bodies less than one.
"""

from __future__ import annotations

import re
from math import ceil

from router.types import ChatRequest

LOWER, SPACE = 0.65, 0.5
"""Tokens of a lower-case letter within a word, and of a space; in a run of them, of two spaces.
Words that no tokenizer knows come to 0.54 a letter, single letters to 0.5 a letter and space."""

UPPER = 0.9
"""Tokens of a capital letter: shouted and camel-case words are cut into more pieces."""

MESSAGE_TOKENS, TOOL_TOKENS = 10, 20
"""Marks around a message and a tool's definition."""

ADDED_TOKENS = 1_100
"""What a provider puts before a request with tools, at most (Anthropic says up to 804), and the
attribution of coding agents, which is no part of the prompt here."""

IMAGE_TOKENS = 5_000  # Claude's of 2026 reads one of the largest images as 4,784

_LOWER = bytes(range(ord("a"), ord("z") + 1))
_UPPER = bytes(range(ord("A"), ord("Z") + 1))
# Base64, hashes and keys come close to a token for each byte.
_OPAQUE = re.compile(rb"[A-Za-z0-9+/_=-]{24,}")


def token_bound(request: ChatRequest) -> int:
    """At least as many tokens as any tokenizer makes of the whole request."""
    total = MESSAGE_TOKENS + (ADDED_TOKENS if request.tools else 100)
    texts: list[str] = []
    for message in request.messages:
        total += MESSAGE_TOKENS
        texts += [message.text, message.name or "", message.tool_call_id or ""]
        for part in message.parts:
            if part.kind == "image_url":
                total += IMAGE_TOKENS
            elif part.kind != "text":  # whose words stand in the message's text already
                total += len(part.payload)
        for call in message.tool_calls:
            total += MESSAGE_TOKENS
            texts += [call.id, call.name, call.arguments]
        total += sum(len(one.payload) for one in message.sealed)
    for tool in request.tools:
        total += TOOL_TOKENS
        texts += [tool.name, tool.description, tool.parameters]
    texts.append(request.response_format.schema or "")
    return total + text_bound("\n".join(filter(None, texts)))


def text_bound(text: str) -> int:
    """At least as many tokens as any tokenizer makes of this text, and at most its bytes in UTF-8.

    >>> text_bound("a token"), text_bound("4711")
    (5, 4)
    """
    raw = text.encode("utf-8", "replace")
    opaque = b"".join(_OPAQUE.findall(raw))
    lower = _count(raw, _LOWER) - _count(opaque, _LOWER)
    upper = _count(raw, _UPPER) - _count(opaque, _UPPER)
    spaces = raw.count(b" ")
    apart = spaces - raw.count(b"  ")
    dense = len(raw) - lower - upper - spaces  # digits, marks, line ends, all beyond ASCII
    return min(len(raw), dense + ceil(LOWER * lower + UPPER * upper + SPACE * apart))


def _count(raw: bytes, among: bytes) -> int:
    return len(raw) - len(raw.translate(None, among))
