"""Turns chats into tokens, marks those with a loss, and lays examples out in rows. No torch.

The marks come from the chat template itself: it is rendered up to before and up to after each turn
of the assistant, and the characters between are learned, with the sign that ends the turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from router.errors import TrainingDataError
from router.training.tuning.chats import Chat, ChatMessage

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""Stands in where a base has no template of its own."""


class Mask(StrEnum):
    """Says which tokens have a loss."""

    ASSISTANT = "assistant"  # all turns of the assistant
    LAST = "last"  # its last turn only
    ALL = "all"  # every token: for texts without roles


@dataclass(frozen=True, slots=True)
class Example:
    """Holds the tokens of one chat; `learned` marks those with a loss."""

    tokens: tuple[int, ...]
    learned: tuple[bool, ...]
    weight: float = 1.0

    @property
    def learned_count(self) -> int:
        """Returns the number of tokens with a loss. The first token has none: nothing foretells
        it."""
        return sum(self.learned[1:])


def rendered(tokenizer: Any, messages: Sequence[ChatMessage], *, to_answer: bool) -> str:
    """Returns the turns as the base's chat template writes them."""
    turns = [{"role": turn.role, "content": turn.content} for turn in messages]
    text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=to_answer)
    assert isinstance(text, str)
    return text


def spans(tokenizer: Any, messages: Sequence[ChatMessage], mask: Mask) -> tuple[str, list[range]]:
    """Returns the whole text, and the ranges of characters that have a loss.

    Raises TrainingDataError for a template that writes earlier turns anew when a later one comes.
    """
    whole = rendered(tokenizer, messages, to_answer=False)
    if mask is Mask.ALL:
        return whole, [range(0, len(whole))]
    places = [place for place, turn in enumerate(messages) if turn.role == "assistant"]
    answer_spans = []
    for place in places if mask is Mask.ASSISTANT else places[-1:]:
        before = rendered(tokenizer, messages[:place], to_answer=True)
        after = rendered(tokenizer, messages[: place + 1], to_answer=False)
        if not whole.startswith(after) or not after.startswith(before):
            raise TrainingDataError(
                "the base's chat template writes earlier turns differently when a later one "
                "follows, so that the assistant's words cannot be told apart; train with "
                "`mask: last` on chats of one answer, or give the base another template"
            )
        # The line break behind the end sign is the template's own; the model never says it.
        answer_spans.append(range(len(before), len(after.rstrip("\n "))))
    return whole, answer_spans


def example(tokenizer: Any, chat: Chat, mask: Mask, longest: int) -> Example | None:
    """Returns a chat as tokens, cut on the right at `longest`; None where no loss would be left."""
    text, learned = spans(tokenizer, chat.messages, mask)
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    tokens = tuple(encoded["input_ids"][:longest])
    marks = tuple(
        begin < end and any(begin >= span.start and end <= span.stop for span in learned)
        for begin, end in encoded["offset_mapping"][:longest]
    )
    made = Example(tokens, marks, chat.weight)
    return made if made.learned_count else None


def examples(tokenizer: Any, chats: Iterable[Chat], mask: Mask, longest: int) -> list[Example]:
    """Returns all chats of which something is left to learn."""
    made = (example(tokenizer, chat, mask, longest) for chat in chats)
    return [one for one in made if one is not None]


def packed(lengths: Sequence[int], size: int) -> list[list[int]]:
    """Returns rows of indices whose lengths fit into `size`: first fit, longest first.

    >>> packed([5, 3, 4, 2], 8)
    [[0, 1], [2, 3]]
    """
    rows: list[list[int]] = []
    left: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        for row, room in enumerate(left):
            if lengths[index] <= room:
                rows[row].append(index)
                left[row] -= lengths[index]
                break
        else:
            rows.append([index])
            left.append(size - lengths[index])
    return rows


@dataclass(frozen=True, slots=True)
class Layout:
    """Holds examples packed into rows; `learned` marks positions whose next token has a loss."""

    tokens: npt.NDArray[np.int64]  # (rows, length)
    positions: npt.NDArray[np.int64]  # (rows, length), from zero in each example
    segment: npt.NDArray[np.int64]  # (rows, length), number of the example from 1; 0 is padding
    learned: npt.NDArray[np.bool_]  # (rows, length)
    attends: npt.NDArray[np.bool_]  # (rows, 1, length, length), True where a token sees another


def laid_out(examples: Sequence[Example], size: int) -> Layout:
    """Packs examples into rows of at most `size` tokens, or of the longest example.

    A token sees itself and earlier tokens of its own example, and no other example's.
    """
    lengths = [len(one.tokens) for one in examples]
    rows = packed(lengths, max(size, *lengths))
    length = max(sum(lengths[index] for index in row) for row in rows)
    tokens = np.zeros((len(rows), length), dtype=np.int64)
    positions, segment = np.zeros_like(tokens), np.zeros_like(tokens)
    learned = np.zeros(tokens.shape, dtype=np.bool_)
    for row, indices in enumerate(rows):
        start = 0
        for index in indices:
            one, end = examples[index], start + lengths[index]
            tokens[row, start:end] = one.tokens
            positions[row, start:end] = np.arange(end - start)
            segment[row, start:end] = index + 1
            # A position foretells the next token, so the marks move one to the left.
            learned[row, start : end - 1] = one.learned[1:]
            start = end
    same = segment[:, None, :, None] == segment[:, None, None, :]
    causal = np.tril(np.ones((length, length), dtype=np.bool_))
    return Layout(tokens, positions, segment, learned, same & causal)
