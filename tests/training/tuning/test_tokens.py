"""Which tokens have a loss, and how examples share a row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import TrainingDataError
from router.training.tuning.chats import Chat, ChatMessage
from router.training.tuning.tokens import Example, Mask, example, examples, laid_out, packed
from tests.kits.tiny_llm import Letters

TALK = (
    ChatMessage("system", "Brief."),
    ChatMessage("user", "Hi"),
    ChatMessage("assistant", "Yes?"),
    ChatMessage("user", "Where?"),
    ChatMessage("assistant", "Here."),
)


def learned_text(mask: Mask, messages: tuple[ChatMessage, ...] = TALK) -> str:
    """Returns the learned tokens as text; the end sign as §."""
    made = example(Letters(), Chat(messages), mask, 1_000)
    assert made is not None
    return "".join(
        "§" if token == 2 else "<" if token == 1 else chr(token)
        for token, learned in zip(made.tokens, made.learned, strict=True)
        if learned
    )


def test_only_the_assistants_words_have_a_loss() -> None:
    assert learned_text(Mask.ASSISTANT) == "Yes?§Here.§"


def test_only_the_last_answer_can_have_a_loss() -> None:
    assert learned_text(Mask.LAST) == "Here.§"


def test_all_tokens_can_have_a_loss() -> None:
    assert learned_text(Mask.ALL).startswith("<system\nBrief.§\n<user\nHi§")


def test_the_assistants_words_in_a_users_mouth_have_no_loss() -> None:
    talk = (ChatMessage("user", "Say: Yes?"), ChatMessage("assistant", "Yes?"))
    assert learned_text(Mask.ASSISTANT, talk) == "Yes?§"


def test_an_example_cut_before_its_answer_is_left_out() -> None:
    long = Chat((ChatMessage("user", "x" * 200), ChatMessage("assistant", "y")))
    short = Chat((ChatMessage("user", "x"), ChatMessage("assistant", "y")))
    assert len(examples(Letters(), [long, short], Mask.ASSISTANT, 100)) == 1


def test_a_template_that_rewrites_earlier_turns_is_refused() -> None:
    class Numbered(Letters):
        def apply_chat_template(self, turns, **options):  # type: ignore[no-untyped-def]
            return f"{len(turns)} turns: " + super().apply_chat_template(turns, **options)

    with pytest.raises(TrainingDataError, match="chat template"):
        example(Numbered(), Chat(TALK), Mask.ASSISTANT, 1_000)


@given(lengths=st.lists(st.integers(1, 20), min_size=1, max_size=30))
def test_packing_loses_no_example_and_overfills_no_row(lengths: list[int]) -> None:
    rows = packed(lengths, 20)
    assert sorted(index for row in rows for index in row) == list(range(len(lengths)))
    assert all(sum(lengths[index] for index in row) <= 20 for row in rows)


def test_a_packed_token_sees_no_other_example() -> None:
    made = laid_out([Example((5, 6, 7), (False, True, True)), Example((8, 9), (False, True))], 8)
    sees = made.attends[0, 0].astype(int).tolist()
    assert sees == [
        [1, 0, 0, 0, 0],
        [1, 1, 0, 0, 0],
        [1, 1, 1, 0, 0],
        [0, 0, 0, 1, 0],
        [0, 0, 0, 1, 1],
    ]
    assert made.positions.tolist() == [[0, 1, 2, 0, 1]]


def test_a_mark_stands_where_the_next_token_is_foretold() -> None:
    made = laid_out([Example((5, 6, 7), (True, False, True)), Example((8, 9), (False, True))], 8)
    # The last token of one example never foretells the first of another.
    assert made.learned.tolist() == [[False, True, False, True, False]]


def test_every_row_of_the_mask_sees_something() -> None:
    made = laid_out([Example((5, 6, 7), (True,) * 3), Example((8,), (True,))], 3)
    assert np.all(made.attends.any(axis=-1))
