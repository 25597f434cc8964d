"""Computes an upper bound of a request's tokens for any model, from its text's bytes. Pure.

Clients fit conversations into a context window by this count, so it may be too high and never too
low. Tokenizers differ. No byte-level one makes more tokens than there are bytes, and within words
all of them make fewer. The weights below exceed every tokenizer that we can run, by the margins in
`tests/money/test_token_bound.py`. For newer tokenizers we use published measurements (Claude's of
2026 counts up to 1.8 times cl100k). The cost is a few passes over bytes: 180 kB take 7 ms, most
bodies less than one.
"""

from __future__ import annotations

import re
from math import ceil

from router.money.cost import sent_bound
from router.types import LONG_CHARACTERS, AnswererFacts, ChatRequest, utf8_size

LOWER, SPACE = 0.65, 0.5
"""Weighs a lower-case letter within a word, and a space; in a run, each pair of spaces. Words
unknown to every tokenizer need 0.54 per letter. Single letters need 0.5 per letter and space."""

UPPER = 0.9
"""Weighs a capital letter. Words in capitals or camel case are cut into more pieces."""

MESSAGE_TOKENS, TOOL_TOKENS = 10, 20
"""Covers the marks around a message, and around a tool's definition."""

FRAME_TOKENS = 110
"""Covers what stands around every conversation: the begin and end of a model's chat template, words
that it puts first by itself, and the attribution of coding agents, which is no part of the prompt
here."""

TOOLS_TOKENS = 1_000
"""Covers the most tokens that a provider puts before a request with tools (Anthropic documents up
to 804)."""

IMAGE_TOKENS = 5_000  # Claude's of 2026 reads one of the largest images as 4,784

_LOWER = bytes(range(ord("a"), ord("z") + 1))
_UPPER = bytes(range(ord("A"), ord("Z") + 1))
# Base64, hashes and keys need nearly a token per byte.
_OPAQUE = re.compile(rb"[A-Za-z0-9+/_=-]{24,}")


def token_bound(request: ChatRequest) -> int:
    """Returns at least as many tokens as any tokenizer makes of the whole request.

    The message `hello` counts 110 for what stands around every conversation, 10 for its own marks
    and 4 for its letters: 124.
    """
    total = FRAME_TOKENS + (TOOLS_TOKENS if request.tools else 0)
    total += TOOL_TOKENS * len(request.tools)
    texts = texts_of(request)
    for message in request.messages:
        total += MESSAGE_TOKENS
        texts.append(message.tool_call_id or "")
        for part in message.parts:
            if part.kind == "image_url":
                total += IMAGE_TOKENS
            elif part.kind != "text":  # its words are already part of the message's text
                total += len(part.payload)
        for call in message.tool_calls:
            total += MESSAGE_TOKENS
            texts.append(call.id)
        total += sum(len(item.payload) for item in message.sealed)
    return total + text_bound("\n".join(filter(None, texts)))


def texts_of(request: ChatRequest) -> list[str]:
    """Returns all that a request says in words, without its ids; some may be empty."""
    texts: list[str] = []
    for message in request.messages:
        texts += [message.text, message.name or ""]
        for call in message.tool_calls:
            texts += [call.name, call.arguments]
    for tool in request.tools:
        texts += [tool.name, tool.description, tool.parameters]
    texts.append(request.response_format.schema or "")
    return texts


def sent_at_most(facts: AnswererFacts, request: ChatRequest) -> int:
    """Returns an upper bound of a call's input tokens, at most `cost.sent_bound`.

    What the request says in words counts by `text_bound`, unless it is so long that this takes
    time.
    """
    by_bytes, texts = sent_bound(facts, request), texts_of(request)
    if sum(map(len, texts)) > LONG_CHARACTERS:
        return by_bytes
    words = "\n".join(filter(None, texts))
    fewer = utf8_size(words) - text_bound(words) - FRAME_TOKENS
    fewer -= MESSAGE_TOKENS * len(request.messages)
    fewer -= TOOLS_TOKENS + TOOL_TOKENS * len(request.tools) if request.tools else 0
    return by_bytes - max(0, fewer)


def text_bound(text: str) -> int:
    """Returns at least as many tokens as any tokenizer makes, and at most the bytes in UTF-8.

    >>> text_bound("a token"), text_bound("4711")
    (5, 4)
    """
    raw = text.encode("utf-8", "replace")
    # Letters of keys and hashes count as one token per byte, so they are not weighed.
    opaque = b"".join(_OPAQUE.findall(raw))
    lower = _count(raw, _LOWER) - _count(opaque, _LOWER)
    upper = _count(raw, _UPPER) - _count(opaque, _UPPER)
    spaces = raw.count(b" ")
    weighed_spaces = spaces - raw.count(b"  ")
    # Digits, punctuation, line ends, and all beyond ASCII.
    dense = len(raw) - lower - upper - spaces
    # No byte-level tokenizer makes more tokens than there are bytes.
    return min(len(raw), dense + ceil(LOWER * lower + UPPER * upper + SPACE * weighed_spaces))


def _count(raw: bytes, among: bytes) -> int:
    return len(raw) - len(raw.translate(None, among))
