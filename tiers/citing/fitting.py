"""Makes passages fit the window of the model that reads them: fewer, and shorter. Pure.

A model whose window is too small for a request with passages refuses all of it. So what does not
fit is left out, the least likely passages first, and the last one that fits in part keeps whole
sentences. Tokens are counted on the safe side, since most tokenizers are not here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from router.types import AnswererFacts, ChatRequest, DocumentPassage
from tiers.citing.fence import INSTRUCTIONS, LEFT_OUT, listed

LETTERS_A_TOKEN = 3
"""English has four; figures, names and code have fewer."""

MESSAGE_TOKENS = 16
"""Covers role marks, a system prompt's frame and the hexadecimal marks around a passage."""

ANSWER_SHARE = 4
"""At most this part of a window is kept for an answer: a cap may be as large as the window."""

LEAST_LETTERS = 80
"""A shorter piece of a passage says too little."""


MOST_QUOTED = 480
"""Characters of one passage that are quoted: two or three sentences."""

_ENDS = re.compile(r"(?<=[.!?])\s+|\n+")
_WORD = re.compile(r"[^\W_]{3,}")
_STEM = 5


class Fitted(Struct, frozen=True):
    """Holds the passages that fit, in their order, and what became of the others."""

    passages: tuple[DocumentPassage, ...]
    note: str = ""


def fitted(
    passages: Sequence[DocumentPassage],
    request: ChatRequest,
    facts: AnswererFacts,
    mark: str,
    *,
    read_again: bool,
) -> Fitted:
    """Returns the passages that fit the window of a model beside the request and its answer.

    With `read_again` a later step reads the answer too. Passages come best first.
    """
    if not facts.context_tokens:
        return Fitted(tuple(passages))
    room = _room(request, facts, mark, read_again=read_again)
    kept: dict[int, DocumentPassage] = {}
    cut = 0
    # Rows of lookups were asked for by their key, so they go first.
    order = sorted(range(len(passages)), key=lambda i: not passages[i].id.startswith("row:"))
    for i in order:
        passage = passages[i]
        frame = _tokens(listed([replace(passage, text="")], mark)) + MESSAGE_TOKENS
        whole = frame + _tokens(passage.text)
        if whole > room:
            share = max(0.0, (room - frame) / (whole - frame)) if whole > frame else 0.0
            most = int(len(passage.text) * share)
            text = quoted_of(passage.text, request.last_user_text, most)
            if len(text) < LEAST_LETTERS or len(text) > most:
                break
            kept[i] = replace(passage, text=text)
            cut += 1
            break
        kept[i] = passage
        room -= whole
    if len(kept) == len(passages) and not cut:
        return Fitted(tuple(passages))
    shortened = f", {cut} of them shortened" if cut else ""
    note = (
        f"{len(kept)} of {len(passages)} passages shown{shortened}: the window of {facts.name} has "
        f"{facts.context_tokens} tokens"
    )
    return Fitted(tuple(kept[i] for i in sorted(kept)), note)


def quoted_of(text: str, question: str, most: int = MOST_QUOTED) -> str:
    """Returns the sentences of a passage that answer best, in their order.

    They have `most` characters together; a single longer one has twice as many at most.

    >>> quoted_of("We open at 9. Parking is free. Dogs may come.", "May I bring my dog?")
    'We open at 9. Parking is free. Dogs may come.'
    """
    sentences = [s.strip() for s in _ENDS.split(text) if s.strip() and LEFT_OUT not in s]
    if sum(map(len, sentences)) + len(sentences) <= most + 1:
        return " ".join(sentences)
    asked = {word.lower()[:_STEM] for word in _WORD.findall(question)}
    fits = [len(asked & {w.lower()[:_STEM] for w in _WORD.findall(s)}) for s in sentences]
    best = max(range(len(sentences)), key=lambda i: (fits[i], -i), default=-1)
    chosen: list[int] = []
    length = 0
    # The best sentence, then its neighbours: what follows explains more than what is before.
    for i in sorted(range(len(sentences)), key=lambda i: (abs(i - best), i < best)):
        if chosen and length + len(sentences[i]) > most:
            break
        chosen.append(i)
        length += len(sentences[i]) + 1
    return " ".join(sentences[i] for i in sorted(chosen))[: 2 * most]


def _room(request: ChatRequest, facts: AnswererFacts, mark: str, *, read_again: bool) -> int:
    """Returns the tokens that are left for passages."""
    cap = request.sampling.max_output_tokens or facts.max_output_tokens or facts.context_tokens
    answer = min(cap, facts.context_tokens // ANSWER_SHARE) * (2 if read_again else 1)
    taken = _tokens(INSTRUCTIONS.format(mark=mark)) + 3 * MESSAGE_TOKENS
    for message in request.messages:
        calls = "".join([call.name + call.arguments for call in message.tool_calls])
        taken += _tokens(message.text) + _tokens(calls) + MESSAGE_TOKENS
        if facts.reasoning_key:
            taken += _tokens(message.reasoning)
    for tool in request.tools:
        taken += _tokens(f"{tool.name}{tool.description}{tool.parameters}") + MESSAGE_TOKENS
    return facts.context_tokens - answer - taken


def _tokens(text: str) -> int:
    """Returns more tokens than usual tokenizers make of a text.

    >>> _tokens("return the lamp"), _tokens("\\u9000\\u6b3e")
    (5, 6)
    """
    if text.isascii():
        return -(-len(text) // LETTERS_A_TOKEN)
    plain = sum(map(str.isascii, text))
    return -(-plain // LETTERS_A_TOKEN) + len(text.encode("utf-8", "replace")) - plain
