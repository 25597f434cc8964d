"""Calls of servers that drip, redirect and never end."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.outgoing.bounded_calls import AnswerTooLong, call
from tests.kits.receivers import hook, sending

SHORT_S = 0.3
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def test_answer_has_status_and_content() -> None:
    with sending(WHOLE) as server:
        assert call("GET", server.url, None, {}, 30.0, 5) == (200, "OK", b"hello")
        assert call("POST", server.url, b"x", {}, 30.0) == (200, "OK", b"")


@pytest.mark.parametrize(
    "sent",
    [b"HTTP/1.1 200 ", b"HTTP/1.1 200 OK\r\nx: ", b"HTTP/1.1 200 OK\r\n\r\n"],
    ids=["status", "header", "content"],
)
def test_server_that_drips_is_cut_at_the_deadline(sent: bytes) -> None:
    """No byte comes later than the one before by as much as the timeout."""
    with sending(sent, SHORT_S / 20) as server:
        with pytest.raises(TimeoutError, match=r"no whole answer within 0\.3 s"):
            call("GET", server.url, None, {}, SHORT_S, 1 << 30)
        # Its connection is gone too: no thread reads on.
        assert server.ended.wait(30.0)


def test_tls_handshake_that_drips_is_cut_at_the_deadline() -> None:
    # The head of a record of TLS that promises 16 kB of a handshake.
    with sending(b"\x16\x03\x03\x40\x00", SHORT_S / 20) as server:
        with pytest.raises(TimeoutError, match=r"within 0\.3 s"):
            call("GET", server.url.replace("http:", "https:"), None, {}, SHORT_S)
        assert server.ended.wait(30.0)


def test_redirect_is_an_answer() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
    with sending(moved) as server:
        assert call("GET", server.url, None, {"authorization": "x"}, 30.0).status == 302


@pytest.mark.parametrize("sent", [{}, {"authorization": "Bearer token"}])
def test_server_gets_no_password_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: dict[str, str]
) -> None:
    (tmp_path / "netrc").write_text("default login bob password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with hook() as server:
        call("POST", server.url, b"{}", sent, 30.0)
    ((headers, _),) = server.got
    assert {k: v for k, v in headers.items() if k.lower() == "authorization"} == sent


def test_call_goes_through_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with sending(WHOLE) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert call("GET", "http://far.invalid/", None, {}, 30.0, 5).content == b"hello"


@pytest.mark.parametrize(("most", "fits"), [(5, True), (4, False)])
def test_content_is_read_up_to_a_bound(most: int, fits: bool) -> None:
    with sending(WHOLE) as server:
        if fits:
            assert call("GET", server.url, None, {}, 30.0, most).content == b"hello"
        else:
            with pytest.raises(AnswerTooLong, match="more than 4 bytes"):
                call("GET", server.url, None, {}, 30.0, most)


def test_content_without_an_end_is_not_read_on() -> None:
    with sending(b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 1_000_000, 0.0) as server:
        with pytest.raises(AnswerTooLong, match="more than 1,000 bytes"):
            call("GET", server.url, None, {}, 30.0, 1_000)
        assert server.ended.wait(30.0)


def test_content_that_nobody_asked_for_is_not_read() -> None:
    with sending(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n", 0.01) as server:
        assert call("POST", server.url, b"x", {}, 30.0).status == 200
        assert server.ended.wait(30.0)


@pytest.mark.parametrize("sent", [b"", b"nonsense\r\n\r\n"], ids=["nothing", "nonsense"])
def test_server_that_speaks_no_http_is_an_error_of_the_system(sent: bytes) -> None:
    with sending(sent) as server, pytest.raises(OSError, match=r"no HTTP|disconnected|reset"):
        call("GET", server.url, None, {}, 30.0)
