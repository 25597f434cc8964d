"""Tests a real server with clients that speak broken HTTP, or never finish."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from router.api.protocol.limits import MAX_HEAD_BYTES, MAX_WAITING
from tests.kits.server_kit import ROUTINE, Served, Upstream, eventually, rest_of, write_policy

pytestmark = pytest.mark.process

MAX_BODY = 12_000_000
POSTS = (
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/messages",
    "/v1/messages/count_tokens",
    "/v1/responses/input_tokens",
    "/v1/completions",
    "/v1/embeddings",
    "/v1/moderations",
    "/api/v1/email/pipeline/analyze",
    "/api/v1/email/pipeline/batch",
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with Upstream(folder) as upstream:
        policy = write_policy(folder, upstream.url, max_body_bytes=MAX_BODY)
        with Served(folder, policy, "--policy=email_pipeline", "--request-s", "1") as server:
            yield server


def head(path: str, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "host: x", "content-type: application/json", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def error_in(response: bytes) -> tuple[int, str]:
    """Status and code of an error in the shape of its API; it must have a request id."""
    top, _, body = response.partition(b"\r\n\r\n")
    assert b"x-request-id: req_" in top, response
    assert b"content-type: application/json" in top
    error = json.loads(body)["error"]
    status = int(top.split(b" ")[1])
    if b"\r\nrequest-id: " in top:  # Anthropic's
        return status, error["type"]
    assert set(error) == {"message", "type", "param", "code"}
    return status, error["code"]


def said(served: Served, *pieces: bytes) -> bytes:
    with served.connect() as connection:
        for piece in pieces:
            connection.sendall(piece)
        return rest_of(connection)


@pytest.mark.parametrize(
    "begun",
    [b"P", b"POST /v1/chat/compl", b"POST / HTTP/1.1\r\nhost: x\r\nauthor", head("/")[:-2]],
)
def test_half_a_head_is_given_up_after_the_time_for_a_request(served: Served, begun: bytes) -> None:
    assert error_in(said(served, begun)) == (408, "request_timeout")


@pytest.mark.parametrize("path", POSTS)
def test_a_body_that_does_not_end_is_given_up(served: Served, path: str) -> None:
    response = said(served, head(path, "content-length: 1000"), b'{"model": "auto", ')
    code = "invalid_request_error" if path.startswith("/v1/messages") else "request_timeout"
    assert error_in(response) == (408, code)


def test_a_length_with_thousands_of_zeros_is_a_length(served: Served) -> None:
    """Python reads no number of 5,000 digits: it was an error of the server's own."""
    response = said(served, head("/v1/chat/completions", f"content-length: {'0' * 5_000}2"), b"{}")
    assert error_in(response) == (400, "missing_required_parameter")


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/embeddings"])
def test_a_dripping_body_gets_no_more_time_than_a_still_one(served: Served, path: str) -> None:
    with served.connect() as connection:
        connection.sendall(head(path, "transfer-encoding: chunked"))
        connection.settimeout(0.05)
        response = b""
        for _ in range(600):  # 30 s at 20 a second; the server gives up after one
            connection.sendall(b"1\r\n \r\n")
            try:
                response += connection.recv(65_536)
            except TimeoutError:
                continue
            break
        assert error_in(response) == (408, "request_timeout")


def test_slow_clients_do_not_keep_others_waiting(served: Served) -> None:
    before = served.resident_kb()
    slow = [served.connect() for _ in range(200)]
    for i, connection in enumerate(slow):
        begun = head("/v1/chat/completions", "content-length: 1000000")
        connection.sendall(begun[: 10 + i] if i % 2 else begun + b"x" * 1000)
    assert served.chat().status_code == 200
    assert all(rest_of(connection).startswith(b"HTTP/1.1 408") for connection in slow)
    for connection in slow:
        connection.close()
    assert served.resident_kb() - before < 50_000


def test_a_client_that_does_not_read_its_answer_is_dropped(served: Served) -> None:
    with served.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        body = json.dumps({"model": "tiergate-embed", "input": ["a"] * 2048}).encode()
        one = head("/v1/embeddings", f"content-length: {len(body)}") + body
        connection.sendall(one * 3)
        mine = connection.getsockname()[1]
        eventually(lambda: not held_open(served, mine))


def held_open(served: Served, port: int) -> bool:
    """Returns True while the server still has its end of the connection from `port`."""
    ours = int(served.url.rsplit(":", 1)[1])
    inodes = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        local, remote = (int(field.rsplit(":", 1)[1], 16) for field in fields[1:3])
        if (local, remote) == (ours, port):
            inodes.add(fields[9])
    links = Path(f"/proc/{served.process.pid}/fd").iterdir()
    found = set()
    for link in links:
        try:
            found.add(str(link.readlink()))
        except FileNotFoundError:
            continue
    return any(f"socket:[{inode}]" in found for inode in inodes)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET http:// HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\nhost: a\x00b\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n"
        b"0\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\nxx",
        b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"GET /healthz HTTP/2.0\r\nhost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x00" * 1000,
        b"\xff" * 1000,
    ],
)
def test_what_is_no_http_gets_our_error(served: Served, sent: bytes) -> None:
    status, code = error_in(said(served, sent))
    assert (status, code) == (400, "malformed_http")


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "chunks", [b"zz\r\n", b"-1\r\n", b"3\r\nabcde\r\n", b"fffffffffffffffff\r\n"]
)
def test_garbage_instead_of_chunks_gets_our_error(served: Served, path: str, chunks: bytes) -> None:
    response = said(served, head(path, "transfer-encoding: chunked"), b"1\r\n{\r\n", chunks)
    code = "invalid_request_error" if path.startswith("/v1/messages") else "malformed_http"
    assert error_in(response) == (400, code)


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_of_http_1_0_gets_no_chunks(served: Served, stream: bool) -> None:
    body = json.dumps({**ROUTINE, "stream": stream}).encode()
    sent = head("/v1/chat/completions", f"content-length: {len(body)}").replace(b"1.1", b"1.0")
    response = said(served, sent, body)
    top, _, answer = response.lower().partition(b"\r\n\r\n")
    assert (b"transfer-encoding" in top, b"content-length" in top) == (False, not stream)
    assert answer.startswith(b"data: {" if stream else b"{")
    assert answer.endswith(b"data: [done]\n\n" if stream else b"}")


def test_a_body_shorter_than_its_length_is_nobodys_answer(served: Served) -> None:
    with served.connect() as connection:
        connection.sendall(head("/v1/chat/completions", "content-length: 100") + b"{}")
        connection.shutdown(socket.SHUT_WR)
        response = rest_of(connection)
    assert response == b"" or error_in(response)[0] in (400, 408)


def test_what_follows_a_body_is_no_second_body(served: Served) -> None:
    body = json.dumps(ROUTINE).encode()
    response = said(
        served, head("/v1/chat/completions", f"content-length: {len(body)}"), body + b"}"
    )
    assert response.count(b"HTTP/1.1 ") <= 2
    assert b" 500 " not in response


ENDLESS = {
    "one header": (b"GET / HTTP/1.1\r\nx: ", b"a" * 65_536),
    "many headers": (b"GET / HTTP/1.1\r\n", b"x-a: b\r\n" * 8_192),
    "address": (b"GET /", b"a" * 65_536),
    "trailers": (head("/healthz", "transfer-encoding: chunked") + b"0\r\n", b"x-a: b\r\n" * 8_192),
    "one trailer": (head("/", "transfer-encoding: chunked") + b"0\r\nx: ", b"a" * 65_536),
    "chunk extension": (head("/", "transfer-encoding: chunked") + b"1;x=", b"a" * 65_536),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_endless_heads_end_at_the_bound(served: Served, what: str) -> None:
    first, more = ENDLESS[what]
    before = served.resident_kb()
    with served.connect() as connection:
        connection.sendall(first)
        sent = 0
        with pytest.raises((ConnectionError, TimeoutError)):  # noqa: PT012
            connection.settimeout(120)
            for _ in range(8_192):  # half a gigabyte, were it taken
                connection.sendall(more)
                sent += len(more)
    assert served.resident_kb() - before < 20_000
    assert served.client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("size", "status"), [(MAX_HEAD_BYTES - 200, 200), (MAX_HEAD_BYTES + 1, 431)]
)
def test_a_head_up_to_the_bound_is_read(served: Served, size: int, status: int) -> None:
    response = said(
        served,
        b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx: ",
        b"a" * size,
        b"\r\n\r\n",
    )
    assert response.startswith(b"HTTP/1.1 %d " % status)
    if status == 431:
        assert error_in(response) == (431, "headers_too_large")


def test_a_trailer_says_nothing(served: Served) -> None:
    body = json.dumps(ROUTINE).encode()
    response = said(
        served,
        head("/v1/chat/completions", "transfer-encoding: chunked", "connection: close"),
        b"%x\r\n%s\r\n0\r\n" % (len(body), body),
        b"x-tiergate-dry-run: true\r\n\r\n",
    )
    assert response.startswith(b"HTTP/1.1 200 ")
    assert b"x-tiergate-verdict: accepted" in response


OFFER = ("connection: Upgrade, HTTP2-Settings", "upgrade: h2c", "http2-settings: AAEAAEAAAAIAAAAB")
"""What the HTTP client of Java's own library says on its first request, by default."""


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("apart", [False, True])
def test_an_offer_of_another_protocol_is_passed_over(
    served: Served, chunked: bool, apart: bool
) -> None:
    body = json.dumps(ROUTINE).encode()
    length = "transfer-encoding: chunked" if chunked else f"content-length: {len(body)}"
    sent = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body
    asked = head("/v1/chat/completions", *OFFER, length)
    last = head("/v1/chat/completions", *OFFER, length, "connection: close")
    pieces = [asked, sent, last, sent] if apart else [asked + sent + last + sent]
    response = said(served, *pieces)
    assert response.count(b"HTTP/1.1 200 ") == 2
    assert response.count(b"x-tiergate-verdict: accepted") == 2


def test_an_offer_of_websockets_meets_the_error_of_the_path(served: Served) -> None:
    offer = b"upgrade: websocket\r\nconnection: close, Upgrade\r\nsec-websocket-version: 13"
    response = said(served, b"GET /v1/realtime HTTP/1.1\r\nhost: x\r\n" + offer + b"\r\n\r\n")
    assert error_in(response) == (404, "unknown_url")


def test_no_tunnel_is_opened(served: Served) -> None:
    response = said(served, b"CONNECT api.openai.com:443 HTTP/1.1\r\nhost: x\r\n\r\n")
    assert error_in(response) == (400, "malformed_http")


def test_pipelined_requests_are_answered_in_their_order(served: Served) -> None:
    body = json.dumps({**ROUTINE, "temperature": 0}).encode()
    post = head("/v1/chat/completions", f"content-length: {len(body)}") + body
    last = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    response = said(served, post * 20 + last)
    assert response.count(b"HTTP/1.1 200 ") == 21
    assert response.endswith(b'{"status":"ok"}')


def test_a_hundred_requests_sent_ahead_are_answered_where_more_come(served: Served) -> None:
    get = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
    response = said(served, get * (MAX_WAITING + 1) + get)
    assert response.count(b"HTTP/1.1 200 ") == response.count(b"HTTP/1.1 ") == MAX_WAITING + 1
    assert response.lower().count(b"connection: close") == 1


def test_garbage_behind_requests_brings_no_second_answer(served: Served) -> None:
    get = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
    response = said(served, get * 3 + b"\x00garbage\r\n\r\n")
    assert response.count(b"HTTP/1.1 200 ") == response.count(b"HTTP/1.1 ") == 3


@pytest.mark.parametrize("path", POSTS[:2])
def test_a_length_that_is_too_short_is_told_as_broken_json(served: Served, path: str) -> None:
    body = json.dumps(ROUTINE).encode()
    response = said(served, head(path, f"content-length: {len(body) - 5}") + body)
    assert error_in(response) == (400, "invalid_json")


def test_many_pipelined_requests_are_not_all_taken_in(served: Served) -> None:
    before = served.resident_kb()
    with served.connect() as connection:
        connection.settimeout(0.5)
        get = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n" * 1_000
        with pytest.raises((TimeoutError, ConnectionError)):  # noqa: PT012
            for _ in range(5_000):  # nobody reads the answers
                connection.sendall(get)
        assert served.resident_kb() - before < 50_000
    assert served.client.get("/healthz").status_code == 200


def test_the_server_outlives_all_of_it(served: Served) -> None:
    assert served.chat().status_code == 200
    assert "Traceback" not in served.output, served.output
    assert "unexpected" not in served.output
