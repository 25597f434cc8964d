"""Estimates a request's tokens for clients that fit a conversation into a window. Pure.

It is no bound, so no budget reads it: `cost.worst_case` holds more, and `token_bound` is above
every tokenizer. The weights below are fitted by least squares (none negative) to the most that
cl100k, o200k and Claude's published tokenizer make of 800 pieces of code, documents, JSON, YAML and
texts in fourteen languages, and then raised by an eighth: agents had better compact a little early.
The weight of Greek and that of texts without accents in other languages came later, by one file.
`tests/money/test_token_estimate.py` compares whole files. Claude's tokenizers since 2026 count far
more than the published one, so callers ask for the bound where Claude may answer.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from math import ceil

from router.money.cost import sound_bound
from router.money.token_bound import text_bound, texts_of
from router.types import ChatRequest, ContentPart, Message

MESSAGE_TOKENS, TOOL_TOKENS, FRAME_TOKENS = 4, 12, 8
"""Covers the marks around a message, around a tool's definition, and around the conversation."""

IMAGE_TOKENS, FILE_TOKENS = 1_600, 4_000
"""Counts for an image and, at most, for a file. What they hold is known to the provider alone."""

PIECE = 50_000
"""Characters that are counted at once, which takes some milliseconds."""

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
WORD, BEYOND_5, BEYOND_8, CAPITALS = 1.08, 0.13, 1.75, 2.5
"""Weighs a word or a hump of camel case, each of its letters beyond five and once more beyond
eight, and a word in capitals."""

_OF_ENGLISH = frozenset(
    [
        "the",
        "of",
        "to",
        "and",
        "is",
        "in",
        "a",
        "for",
        "it",
        "that",
        "with",
        "as",
        "on",
        "not",
        "be",
        "this",
    ]
)
"""Words of which English, and programs with their comments, have many."""
FEWEST_WORDS, ENGLISH_SHARE, ABROAD = 50, 0.02, 1.2
"""Words of a text from which on a share of these words below the second number shows that it is in
another language without accents, whose words are split into more tokens: by so much more."""

_IN_ASCII = (
    (re.compile(r"[0-9]{1,3}"), 1.3),
    (re.compile(r"[!-/:-@\[-`{-~]+"), 1.2),  # a run of punctuation
    (re.compile(r"\n+"), 0.5),
    (re.compile(r"\n +|\t+|  +"), 0.35),  # an indentation
)
_BEYOND_ASCII = (
    (re.compile("[\u0080-\u036f\u1e00-\u1eff]"), 2.6),  # letters with accents, which split words
    (re.compile("[\u0370-\u03ff]"), 1.3),  # Greek
    (re.compile("[\u0400-\u058f]"), 0.68),  # Cyrillic, Armenian
    (re.compile("[\u0590-\u08ff]"), 1.25),  # Hebrew, Arabic
    (re.compile("[\u0900-\u1dff]"), 1.7),  # the scripts of India and south-east Asia
    (re.compile("[\u2000-\u2fff\ufe00-\ufe0f]"), 2.6),  # dashes, arrows and other marks
    (re.compile("[\u3000-\u9fff\uf900-\ufaff\uff00-\uffef]"), 1.85),  # Chinese, Japanese
    (re.compile("[\uac00-\ud7af]"), 1.5),  # Korean
    (re.compile("[\U00010000-\U0010ffff]"), 3.1),  # emoji and rare scripts
)
"""Weighs what stands between words, and each character of other scripts."""


def estimated_tokens(request: ChatRequest) -> int:
    """Returns about how many tokens the whole request has, rather too many than too few.

    The message `hello` counts 8 for the conversation, 4 for its own marks and 2 for its word: 14.
    """
    total = FRAME_TOKENS + sum(map(_beside_text, request.messages))
    total += TOOL_TOKENS * len(request.tools)
    return total + estimated_in_text("\n".join(filter(None, texts_of(request))))


def estimated_in_text(text: str) -> int:
    """Returns about how many tokens a text has, and never more than `text_bound`.

    >>> estimated_in_text("hi there " * 20), estimated_in_text("x = [1, 2]")
    (44, 9)
    """
    total = 0.0
    # The interpreter waits until a pattern has read all of a text.
    if len(text) > PIECE:
        return min(sum(map(estimated_in_text, _pieces(text))), text_bound(text))
    words = Counter(_WORD.findall(text))
    for word, count in words.items():
        length = len(word)
        capitals = length > 1 and word.isupper()
        beyond = BEYOND_5 * max(0, length - 5) + BEYOND_8 * max(0, length - 8)
        total += count * (CAPITALS if capitals else WORD + beyond)
    if words.total() >= FEWEST_WORDS:
        english = sum([words[word] for word in _OF_ENGLISH])
        total *= ABROAD if english < ENGLISH_SHARE * words.total() else 1
    for pattern, weight in _IN_ASCII if text.isascii() else (*_IN_ASCII, *_BEYOND_ASCII):
        total += weight * len(pattern.findall(text))
    return min(ceil(total), text_bound(text))


def _pieces(text: str) -> Iterator[str]:
    """Yields a long text in pieces, which end at a blank where there is one."""
    begin = 0
    while len(text) - begin > PIECE:
        end = max(text.rfind(" ", begin + PIECE // 2, begin + PIECE), begin + PIECE // 2)
        yield text[begin:end]
        begin = end
    yield text[begin:]


def _beside_text(message: Message) -> int:
    """Returns the tokens of a message without its words: its marks, attachments and seals."""
    total = MESSAGE_TOKENS * (1 + len(message.tool_calls)) + sum(map(part_tokens, message.parts))
    # Sealed thoughts have a few characters for each token.
    return total + sum(len(item.payload) // 4 for item in message.sealed)


def part_tokens(part: ContentPart) -> int:
    """Returns about how many tokens an image, sound or a file has; 0 for text."""
    if part.kind == "text":  # its words are already part of the message's text
        return 0
    if part.kind == "image_url":
        return IMAGE_TOKENS
    return sound_bound(part) or min(FILE_TOKENS, len(part.payload))
