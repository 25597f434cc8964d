"""Tests what is known of a stream that ends early: tokens, silences, its provider's count."""

from __future__ import annotations

import pytest

from router.money.token_bound import TOOL_TOKENS, text_bound
from router.request.calls.received import Came, Received
from router.types import Delta, ToolCall, Usage

PASSAGE = "Before sunrise the harbour is grey and almost silent, until small boats leave. " * 100
WORDS = PASSAGE.split(" ")


def heard(pieces: list[str], every_ms: float = 20.0) -> Received:
    received = Received()
    received.begin(0.0)
    for i, piece in enumerate(pieces, 1):
        received.add([Delta(text=piece)], i * every_ms)
    return received


def test_words_count_fewer_tokens_than_bytes() -> None:
    came = heard([f"{word} " for word in WORDS]).by(20.0 * len(WORDS), choices=1)
    assert len(WORDS) < came.output_tokens < came.received_bytes * 0.7


def test_words_of_several_choices_count_their_bytes() -> None:
    came = heard([f"{word} " for word in WORDS]).by(20.0 * len(WORDS), choices=2)
    assert came.output_tokens == came.received_bytes


@pytest.mark.parametrize(
    ("arguments", "tokens"),
    [
        pytest.param("{}", len("look{}"), id="never more than bytes"),
        pytest.param(PASSAGE, text_bound(f"look{PASSAGE}") + TOOL_TOKENS, id="words and marks"),
    ],
)
def test_a_call_counts_the_marks_around_it(arguments: str, tokens: int) -> None:
    received = heard([])
    call = ToolCall("call_1", "look", arguments)
    received.add([Delta(tool_call_index=0, tool_call=call)], 1.0)
    assert received.by(1.0, choices=1).output_tokens == tokens


def test_what_no_piece_has_said_counts_its_bytes() -> None:
    received = heard(["four words of text "])
    before = received.by(20.0, choices=1)
    received.unsaid_bytes = 100
    after = received.by(20.0, choices=1)
    assert after.output_tokens == before.output_tokens + 100
    assert after.received_bytes == before.received_bytes + 100


@pytest.mark.parametrize(
    ("every_ms", "silent_ms"),
    [
        pytest.param(20.0, 20.0, id="only the wait for the first word"),
        pytest.param(499.0, 499.0, id="just no silence"),
        pytest.param(500.0, 4 * 500.0, id="a silence before each word and behind the last"),
    ],
)
def test_pauses_of_half_a_second_are_silences(every_ms: float, silent_ms: float) -> None:
    received = heard(["one ", "two ", "three "], every_ms)
    assert received.by(4 * every_ms, choices=1).silent_ms == silent_ms


def test_all_time_before_the_first_word_is_silence() -> None:
    assert heard([]).by(90.0, choices=1) == Came(silent_ms=90.0, silent_since_ms=90.0)


def test_output_that_a_provider_counted_leaves_the_rest_to_be_estimated() -> None:
    received = heard(["one ", "two "])
    received.hear(Usage(20, output_tokens=2, reported=True))
    received.add([Delta(text="three")], 1_000.0)
    came = received.by(1_000.0, choices=1)
    assert (came.told_output, came.since_bytes, came.silent_since_ms) == (True, 5, 960.0)


@pytest.mark.parametrize(
    ("output_tokens", "choices", "believed"),
    [
        pytest.param(1, 1, True, id="sixteen bytes may be one token"),
        pytest.param(0, 1, False, id="no count of output"),
        pytest.param(1, 2, False, id="perhaps the count of one choice"),
    ],
)
def test_a_count_of_output_is_believed_of_one_choice(
    output_tokens: int, choices: int, believed: bool
) -> None:
    received = heard(["sixteen letters."])
    received.hear(Usage(20, output_tokens=output_tokens, reported=True))
    assert received.by(20.0, choices).told_output is believed


def test_a_count_that_cannot_hold_what_was_said_is_not_believed() -> None:
    received = heard(["seventeen letters"])
    received.hear(Usage(20, output_tokens=1, reported=True))
    assert not received.by(20.0, choices=1).told_output
