"""The head of a response: its lines, what they say of the body, and bytes that may be in none."""

from __future__ import annotations

import pytest

from router.api.protocol.response_head import MAX_NAMES, HeadWriter


def _lines(status: int, headers: list[tuple[bytes, bytes]]) -> list[bytes]:
    return HeadWriter().lines(status, headers).lines.split(b"\r\n")


def test_lines_have_the_status_the_date_and_the_headers() -> None:
    status, date, *rest = _lines(429, [(b"X-A", b"B"), (b"x-c", b"")])
    assert status == b"HTTP/1.1 429 Too Many Requests"
    assert date.startswith(b"date: ")
    assert rest == [b"x-a: B", b"x-c: "]


def test_status_without_a_phrase_has_a_line() -> None:
    assert _lines(529, [])[0] == b"HTTP/1.1 529 "


@pytest.mark.parametrize(
    ("name", "value", "length", "closes"),
    [
        (b"Content-Length", b"12", 12, False),
        (b"content-length", b"0", 0, False),
        (b"Connection", b"keep-alive, Close", None, True),
        (b"connection", b"keep-alive", None, False),
        (b"x-connection", b"close", None, False),
    ],
)
def test_headers_say_where_the_body_ends(
    name: bytes, value: bytes, length: int | None, closes: bool
) -> None:
    head = HeadWriter().lines(200, [(name, value)])
    assert (head.length, head.closes) == (length, closes)


def test_framing_by_the_application_is_left_out() -> None:
    assert len(_lines(200, [(b"Transfer-Encoding", b"chunked")])) == 2


@pytest.mark.parametrize("byte", [b"\r", b"\n", b"\x00", b"\x7f", b"\x1f"])
def test_value_that_would_end_a_line_is_refused(byte: bytes) -> None:
    with pytest.raises(ValueError, match="value"):
        HeadWriter().lines(200, [(b"x-a", b"a"), (b"x-b", b"b" + byte + b"c"), (b"x-d", b"d")])


@pytest.mark.parametrize("name", [b"x a", b"x:", b"x\r\n", b"x(", b"\x00"])
def test_name_that_is_no_token_is_refused(name: bytes) -> None:
    with pytest.raises(ValueError, match="name"):
        HeadWriter().lines(200, [(name, b"a")])


def test_tab_and_bytes_above_ascii_may_be_in_a_value() -> None:
    assert _lines(200, [(b"x-a", b"a\tb\xe4")])[2] == b"x-a: a\tb\xe4"


def test_more_names_than_are_kept_are_written_all_the_same() -> None:
    writer = HeadWriter()
    for number in range(2 * MAX_NAMES):
        head = writer.lines(200, [(b"X-%d" % number, b"v")])
        assert head.lines.split(b"\r\n")[2] == b"x-%d: v" % number
