"""Requests without one good Host, and the end of a connection whose request was refused early."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from router.api.protocol.limits import MAX_LINGER_BYTES
from tests.kits.server_kit import ROUTINE, Served, Upstream, rest_of, tiergate, write_policy

pytestmark = pytest.mark.process

HUGE = MAX_LINGER_BYTES + 100_000_000
BODY = json.dumps(ROUTINE).encode()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with a key, so that a request without one is refused."""
    folder = tmp_path_factory.mktemp("served")
    made = tiergate("keys", "create", "-d", folder / "ledger.db", "--tenant", "acme", "--json")
    assert made.returncode == 0, made.stderr
    with Upstream(folder) as upstream:
        policy = write_policy(folder, upstream.url, max_body_bytes=10_000)
        with Served(folder, policy) as server:
            server.key = json.loads(made.stdout)["key"]  # type: ignore[attr-defined]
            yield server


def get(served: Served, *headers: bytes, version: bytes = b"1.1") -> bytes:
    lines = [b"GET /healthz HTTP/" + version, *headers, b"connection: close", b"", b""]
    with served.connect() as connection:
        connection.sendall(b"\r\n".join(lines))
        return rest_of(connection)


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (b"host: a", b"host: a"),
        (b"host: a", b"Host: b"),
        (b"host:",),
        (b"host: a b",),
        (b"host: a, b",),
        (b"host: me@a",),
        (b"host: a/../b",),
        (b"host: a:b",),
        (b"host: a:123456",),
        (b"host: [::1",),
        (b"host: http://a",),
        (b"host: a\\b",),
        (b"host: \xe4",),
    ],
)
def test_a_missing_double_or_odd_host_is_400(served: Served, headers: tuple[bytes, ...]) -> None:
    response = get(served, *headers)
    assert response.startswith(b"HTTP/1.1 400 "), response
    assert json.loads(response.partition(b"\r\n\r\n")[2])["error"]["code"] == "malformed_http"


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ((b"host: a b",), "Found the Host 'a b';"),
        ((b"host: x", b"transfer-encoding: gzip"), "Found Transfer-Encoding 'gzip';"),
        ((b"host: \xe4" + b"x" * 200,), f"Found the Host '\u00e4{'x' * 99}';"),
    ],
)
def test_a_value_that_is_refused_is_told_as_it_was_written(
    served: Served, headers: tuple[bytes, ...], told: str
) -> None:
    body = get(served, *headers).partition(b"\r\n\r\n")[2]
    assert json.loads(body)["error"]["message"].startswith(told)


@pytest.mark.parametrize(
    "host", [b"localhost", b"a.example:8080", b"my_service", b"127.0.0.1:1", b"[::1]:8080", b"a."]
)
def test_a_good_host_is_answered(served: Served, host: bytes) -> None:
    assert get(served, b"host: " + host).startswith(b"HTTP/1.1 200 ")


def test_a_client_of_http_1_0_needs_no_host(served: Served) -> None:
    assert b" 200 " in get(served, version=b"1.0")


def head(served: Served, *headers: str, path: str = "/v1/chat/completions") -> bytes:
    lines = [f"POST {path} HTTP/1.1", "host: x", "content-type: application/json", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def taken(connection: socket.socket, piece: bytes) -> int:
    """Sends until the server resets the connection. Returns the bytes sent, HUGE at most."""
    sent = 0
    try:
        while sent < HUGE:
            connection.sendall(piece)
            sent += len(piece)
    except ConnectionError:
        return sent
    return sent


def key_of(served: Served) -> str:
    return f"authorization: Bearer {served.key}"  # type: ignore[attr-defined]


def refusals(served: Served) -> list[tuple[str, bytes]]:
    length = f"content-length: {HUGE}"
    return [
        ("413", head(served, key_of(served), length)),
        ("401", head(served, length)),
        ("401", head(served, length, "authorization: Bearer wrong")),
        ("404", head(served, key_of(served), length, path="/nowhere")),
        ("405", head(served, key_of(served), length, path="/v1/models")),
        ("415", head(served, key_of(served), length).replace(b"application/json", b"text/plain")),
    ]


@pytest.mark.parametrize("at", range(6))
def test_too_large_a_refused_body_is_not_read_to_its_end(served: Served, at: int) -> None:
    status, asked = refusals(served)[at]
    with served.connect() as connection:
        connection.sendall(asked + b"x" * 1_000)
        said = rest_of(connection)
        assert said.startswith(f"HTTP/1.1 {status} ".encode()), said
        assert b"\r\nconnection: close\r\n" in said
        assert taken(connection, b"x" * 100_000) < 20_000_000


def test_a_body_without_a_length_is_cut_off_too(served: Served) -> None:
    with served.connect() as connection:
        connection.sendall(head(served, key_of(served), "transfer-encoding: chunked"))
        assert taken(connection, b"2710\r\n" + b"x" * 10_000 + b"\r\n") < HUGE


def test_a_refusal_of_a_body_that_came_whole_keeps_the_connection(served: Served) -> None:
    with served.connect() as connection:
        for _ in range(2):
            connection.sendall(head(served, f"content-length: {len(BODY)}") + BODY)
            said = b""
            while not said.endswith(b"}"):
                said += connection.recv(65_536)
            assert said.startswith(b"HTTP/1.1 401 ")
            assert b"connection: close" not in said
