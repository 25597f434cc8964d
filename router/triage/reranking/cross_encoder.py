"""Reads a message and an answer together, and says how well they fit: a cross-encoder.

The triage model's encoder reads each text by itself, so that "can I buy a used bike" lies beside
"rent a bike". Here every word of the message is read beside every word of the answer and of the
questions that the operator wrote for it. That costs milliseconds a pair, so only a few likely
answers are read. It knows nothing about chances.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from router.stats.calibration import Floats
from router.stats.heads import Embeddings

BEGIN, END = 101, 102
"""The ids of [CLS] and [SEP]: the second one ends each part of a pair."""
MESSAGE_TOKENS, QUESTION_TOKENS, ANSWER_TOKENS = 44, 14, 32
"""Word pieces that are read of each part. A pair takes as long as it has pieces. Of 1,507 messages
to companies that taught the network nothing 257 are sure (.85) and right, and 255 with 20 pieces of
each answer, an eighth fewer in all. Of 837 of them 136 are, and 102 without the answers' texts."""
QUESTIONS = 3
"""Questions of an answer that are read: those nearest to the message. Of the same messages 248 are
sure and right with two, with 9 % fewer pieces, and 234 with one, with a sixth fewer."""
MOST_TOKENS = 127

Rows = Sequence[Sequence[int]]
Tokenise = Callable[[str], Sequence[int]]
"""Makes the ids of a text, with a mark at each end."""


class Pair(NamedTuple):
    """Holds a message, and an answer with some of its questions."""

    message: str
    questions: Sequence[str]
    answer: str


def pair_ids(pair: Pair, tokenise: Tokenise) -> list[int]:
    """Returns the ids of a pair: the message, each question, the answer, an END behind each."""
    ids = [BEGIN, *_part(pair.message, MESSAGE_TOKENS, tokenise)]
    for question in pair.questions[:QUESTIONS]:
        ids += _part(question, QUESTION_TOKENS, tokenise)
    if pair.answer:
        ids += _part(pair.answer, ANSWER_TOKENS, tokenise)
    return ids[:MOST_TOKENS]


def _part(text: str, most: int, tokenise: Tokenise) -> list[int]:
    return [*tokenise(text)[1:-1][:most], END]


class CrossEncoder:
    """Gives pairs their log-odds; safe to call from several threads at once."""

    def __init__(self, encode: Callable[[Rows], Embeddings], tokenise: Tokenise) -> None:
        """Takes `encode`, which maps rows of ids to log-odds, (rows, 1)."""
        self._encode, self._tokenise = encode, tokenise

    def odds(self, pairs: Sequence[Pair]) -> Floats:
        """Returns the log-odds that each message asks for its answer, (pairs,)."""
        rows = [pair_ids(pair, self._tokenise) for pair in pairs]
        found: Floats = self._encode(rows)[:, 0].astype(float)
        return found
