"""Stop sequences that an upstream was not asked for end an answer here, whole or in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.types import Answer, Choice, Sealed, TokenLogprob, ToolCall, Usage
from router.wire.stop_sequences import StopScanner, first_stop, stopped_answer


def said(pieces: list[str], *stops: str) -> tuple[str, str]:
    scanner = StopScanner(stops)
    words = "".join([scanner.feed(piece) for piece in pieces])
    return words + scanner.rest(), scanner.stop


@pytest.mark.parametrize(
    ("text", "stops", "expected"),
    [
        ("one END two", ("END",), ("one ", "END")),
        ("one two", ("END",), ("one two", "")),
        ("EEND", ("END",), ("E", "END")),
        ("aabaabaac", ("aabaac",), ("aab", "aabaac")),
        ("abcd", ("abcd", "bc"), ("a", "bc")),  # ends first
        ("abcd", ("cd", "bcd"), ("a", "bcd")),  # the longer one of two with one end
        ("a\n\nb", ("\n\n",), ("a", "\n\n")),
        ("END", ("END",), ("", "END")),
        ("an EN", ("END",), ("an EN", "")),
    ],
)
def test_text_ends_at_the_first_stop_sequence(
    text: str, stops: tuple[str, ...], expected: tuple[str, str]
) -> None:
    assert said([text], *stops) == expected
    assert said(list(text), *stops) == expected


@given(
    st.lists(st.text("ab ", max_size=4), max_size=12),
    st.lists(st.text("ab ", min_size=1, max_size=4), min_size=1, max_size=4),
)
def test_pieces_end_where_their_whole_does(pieces: list[str], stops: list[str]) -> None:
    text, found = "".join(pieces), first_stop("".join(pieces), tuple(stops))
    expected = (text, "") if found is None else (text[: found[0]], found[1])
    assert said(pieces, *stops) == expected


@given(st.lists(st.text("ab", max_size=3), max_size=12), st.text("ab", min_size=1, max_size=4))
def test_no_more_is_held_back_than_may_begin_a_sequence(pieces: list[str], stop: str) -> None:
    scanner, words, text = StopScanner((stop,)), "", ""
    for piece in pieces:
        words, text = words + scanner.feed(piece), text + piece
        if scanner.stop:
            return
        held = text[len(words) :]
        assert stop.startswith(held)
        assert not any(stop.startswith(text[i:]) for i in range(len(words)))


def test_what_follows_a_stop_sequence_goes_and_the_usage_stays() -> None:
    tokens = tuple([TokenLogprob(word, -0.5) for word in ("one", " END", " two")])
    seals = (Sealed("reasoning", "{}", "us", 0), Sealed("reasoning", "{}", "us", 1))
    choice = Choice(
        "one END two",
        "tool_calls",
        tool_calls=(ToolCall("c", "f", "{}"),),
        logprobs=tokens,
        sealed=seals,
        reasoning="Hm.",
    )
    usage = Usage(9, output_tokens=12, reported=True)
    (cut,) = stopped_answer(Answer((choice,), "m", usage), (" END",)).choices
    assert (cut.text, cut.finish_reason, cut.stop_sequence) == ("one", "stop", " END")
    assert (cut.tool_calls, cut.logprobs, cut.sealed) == ((), tokens[:1], seals[:1])
    assert cut.reasoning == "Hm."


def test_an_answer_without_the_sequence_stays_as_it_is() -> None:
    answer = Answer((Choice("one", "length"),), "m", Usage())
    assert stopped_answer(answer, ("END",)) == answer
    assert stopped_answer(answer, ()) is answer
