"""Cheap checks of an answer's words: they find what nobody would call an answer, and only that."""

from __future__ import annotations

import pytest

from router.routing.answers.answer_checks import (
    MOST_READ,
    content_failure,
    content_words,
    garbled,
    shares_words,
)
from router.types import Reason
from tests.kits.checks.growth import in_proportion

DEPOSIT = "Should we pay the $45,000 deposit to the new supplier before the audit is done?"
ADVICE = "Wait for the audit. A deposit of $45,000 is lost if the supplier fails it."
SUMMARY = " ".join(f"Point {n}: delivery number {n} came {n} days late." for n in range(12))
LOOP = "I am sorry, I do not know the answer to that. " * 12
LATIN = "lorem ipsum dolor sit amet consectetur adipiscing elit " * 2
CODE = "def add(a, b):\n    return a + b\n\n\ndef test_add():\n    assert add(1, 2) == 3\n" * 2


@pytest.mark.parametrize("text", [LOOP, "\ufffd\ufffd ok", "xqzt wrpl kjhg bcdf zxcv"])
def test_loops_and_noise_are_garbled(text: str) -> None:
    assert garbled(text)


@pytest.mark.parametrize("text", ["Yes.", "42", ADVICE, SUMMARY, CODE, "Grüße aus Kraków", "你好"])
def test_ordinary_answers_are_not_garbled(text: str) -> None:
    assert not garbled(text)


@pytest.mark.parametrize(
    ("question", "text", "grave", "failure"),
    [
        (DEPOSIT, ADVICE, True, None),
        (DEPOSIT, "The moon hums at night.", True, Reason.ANSWER_OFF_TOPIC),
        (DEPOSIT, "The moon hums at night.", False, None),
        (DEPOSIT, "Pay the deposit after the audit.", True, None),
        (DEPOSIT, DEPOSIT, False, Reason.ANSWER_OFF_TOPIC),
        (DEPOSIT, f"You said: {DEPOSIT}", False, Reason.ANSWER_OFF_TOPIC),
        (DEPOSIT, LOOP, False, Reason.ANSWER_GARBLED),
        (DEPOSIT, LATIN, True, None),  # long enough; `shares_words` says that nothing was checked
        ("Which city is the capital of France?", "Paris.", False, None),
        ("What is 2 + 2?", "4", True, None),  # too few words to compare
        ("我们应该在审计之前支付定金吗", "月亮很圆。", True, Reason.ANSWER_OFF_TOPIC),
        ("我们应该在审计之前支付定金吗", "请在审计之后支付。", True, None),
    ],
)
def test_content_failure_is_only_what_the_words_show(
    question: str, text: str, grave: bool, failure: Reason | None
) -> None:
    assert content_failure(text, question, grave=grave) is failure


def different(words: int) -> str:
    return " ".join(f"word{n}" for n in range(words))


def test_a_text_is_read_whole_up_to_the_bound() -> None:
    middle = " ".join(["loop"] * (MOST_READ // 10))
    sides = different(MOST_READ // 10 // 5)
    text = f"{sides} {middle} {sides}"
    assert len(text) <= MOST_READ
    assert content_failure(text, DEPOSIT, grave=True) is Reason.ANSWER_GARBLED


@pytest.mark.parametrize(
    ("text", "failure"),
    [
        (different(MOST_READ // 5), None),
        (f"{different(MOST_READ // 5)} {'loop ' * MOST_READ}", Reason.ANSWER_GARBLED),
        (f"{different(MOST_READ)} {'loop ' * 50} {different(MOST_READ)}", None),
    ],
)
def test_both_ends_of_a_longer_text_are_read(text: str, failure: Reason | None) -> None:
    assert len(text) > MOST_READ
    assert content_failure(text, DEPOSIT, grave=True) is failure


def test_a_long_question_that_comes_back_is_an_echo() -> None:
    question = different(MOST_READ // 5)
    assert len(question) > MOST_READ
    assert content_failure(question, question, grave=False) is Reason.ANSWER_OFF_TOPIC


def test_an_answer_of_many_megabytes_takes_the_work_of_a_long_one() -> None:
    words = "every word of this answer differs from all that stand beside it; "
    assert in_proportion(
        lambda text: content_failure(text, DEPOSIT, grave=True),
        words,
        short=2 * MOST_READ,
        times=16,
        limit=0.25,  # a sixteenth, and the copies of the text
    )


def test_forms_of_a_word_and_amounts_are_shared() -> None:
    assert shares_words("Depositing now is risky.", DEPOSIT)
    assert shares_words("Nein, 45.000 sind zu viel.", DEPOSIT)
    assert shares_words(LATIN, DEPOSIT) is False
    assert shares_words("Anything", "Hello!") is None


def test_common_words_carry_no_subject() -> None:
    assert content_words("What would you like to have done there?") == frozenset()
