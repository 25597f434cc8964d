"""Long texts are searched in pieces, and what is found is the same."""

from __future__ import annotations

import re
import sys
from collections import Counter
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.privacy import forms, look_alikes, named_secrets, redact, secret_forms
from router.regexes.pieces import PIECE, REACH, matches, search
from tests.kits.examples import examples

WORD = re.compile(r"(?<![a-z])[a-z]{2,9}(?![a-z])")
RUN = re.compile(r"sk-[a-z]{3,}=?")
REDACT = [
    *(redact.USERINFO, redact.BEARER, forms.CARD_FORM, redact._PEM_BEGIN, redact._PEM_END),
    *(redact._ADDRESS, redact._UNSPACED_ADDRESS, redact._SPACED_ADDRESS, redact._IBAN_FORM),
    *(redact._NUMBER, redact._MOBILE, redact._DASHED, redact._JOINED, redact._SPELT_AT),
    *(named_secrets._NAMED, named_secrets._MARK, look_alikes._HYPHEN),
]
DETAILS = (
    *("jo@example.com ", "+1 (415) 555-0132", "4111 1111 1111 1111", "DE89370400440532013000 "),
    *("sk-abcdefghijklmnop", "eyJabcdefghij.abcdefghijk.xyz ", 'password: "hunter 2"', "'"),
    *("https://a:b@c/", "Bearer abcdefghijklmnop==", "\n", "\u2013", "0301234567 ", "\u00e9"),
    *("\u4e2d", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", " ", "1", "-", "."),
    *("cookie: a=bbbbbbbbbbb; c=d", "j o @ e x . c o m ", " (at) ", "\uff11", "\u2010"),
)


@given(st.lists(st.sampled_from(["ab", "c", " ", "sk-abc", "-", "=", "a" * 40]), max_size=60))
@examples(30)
def test_what_is_found_in_pieces_is_what_is_found_at_once(parts: list[str]) -> None:
    # Texts of some pieces: the parts stand around each place where one ends.
    around = "".join(parts)
    text = " ".join(["." * (PIECE - 40), around, "." * (PIECE - len(around)), around, "." * PIECE])
    for pattern in (WORD, RUN):
        pieces = [match.span() for match in matches(pattern, text, reach=16)]
        assert pieces == [match.span() for match in pattern.finditer(text)]


@given(st.lists(st.sampled_from(DETAILS), max_size=30), st.integers(0, 300))
@examples(20)
def test_details_are_found_in_pieces_as_at_once(parts: list[str], shift: int) -> None:
    text = "".join(["x " * ((PIECE - shift) // 2), *parts, " y" * PIECE, *parts])
    for pattern in REDACT:
        found = [match.span() for match in matches(pattern, text)]
        assert found == [match.span() for match in pattern.finditer(text)]


def test_a_run_longer_than_a_piece_is_found_whole() -> None:
    text = " " * (PIECE - 5) + "sk-" + "a" * (3 * PIECE) + "= b"
    found = search(RUN, text, reach=16)
    assert found is not None
    assert found.span() == (PIECE - 5, 4 * PIECE - 1)


def test_a_search_ends_where_it_is_told() -> None:
    text = " " * (2 * PIECE) + "ab cd"
    assert search(WORD, text, 0, 2 * PIECE + 2, reach=16) is not None
    assert search(WORD, text, 0, 2 * PIECE + 1, reach=16) is None
    assert search(WORD, text, 2 * PIECE + 1, reach=16) is not None


def _widths(parsed: object) -> tuple[int, int]:
    """Returns the most characters of a parsed pattern, and of its looks ahead, longest runs left
    out."""
    width = ahead = 0
    for operation, argument in parsed:  # type: ignore[attr-defined]
        if operation in (codes.ASSERT, codes.ASSERT_NOT):
            direction, inner = argument
            ahead += sum(_widths(inner)) if direction > 0 else 0
        elif operation is codes.BRANCH:
            ways = [_widths(way) for way in argument[1]]
            width += max(way[0] for way in ways)
            ahead += max(way[1] for way in ways)
        elif operation is codes.SUBPATTERN:
            inner_width, inner_ahead = _widths(argument[-1])
            width, ahead = width + inner_width, ahead + inner_ahead
        elif operation in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            least, most, inner = argument
            most = least if most is codes.MAXREPEAT else most
            width += most * _widths(inner)[0]
            ahead += _widths(inner)[1]
        elif operation is codes.GROUPREF:
            width += 1  # a mark between digits
        elif operation is not codes.AT:
            width += 1
    return width, ahead


@pytest.mark.parametrize(
    ("patterns", "reach"),
    [
        (REDACT, REACH),
        ([redact.TOKEN], redact.TOKEN_REACH),
        ([form for _, form in secret_forms._FORMS], secret_forms._REACH),
    ],
)
def test_no_match_is_longer_than_a_search_reaches(
    patterns: list[re.Pattern[str]], reach: int
) -> None:
    for pattern in patterns:
        width, ahead = _widths(parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE))
        assert width + ahead < reach, pattern.pattern


@pytest.mark.parametrize("piece", ["the pass is a key of seed curl ", "1 ", "\u00e9 a@b "])
def test_no_pattern_reads_a_long_text_at_once(piece: str) -> None:
    """Between two searches other threads get their turn."""
    text = piece * (10 * 4 * redact.TOKEN_REACH // len(piece)) + "\u20131"
    calls, fewest = Counter[re.Pattern[str]](), 10

    def count(frame: object, event: str, function: object) -> None:
        if event == "c_call" and isinstance(owner := getattr(function, "__self__", 0), re.Pattern):
            calls[owner] += 1

    sys.setprofile(count)
    try:
        redact.redact(text)
    finally:
        sys.setprofile(None)
    assert len(calls) > 9
    assert [pattern.pattern for pattern in calls if calls[pattern] < fewest] == []
