"""The HTTP client of the remote tier, byte by byte, against a server that says what a test says."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from router.errors import UpstreamInvalid
from tests.kits.upstreams.upstream_kit import eventually
from tiers.upstream.client import (
    KEEP_ALIVE_S,
    HttpClient,
    first_lines,
    header_line,
    read_body,
    read_to_end,
    target_of,
)
from tiers.upstream.client_errors import BadAddress, BadHttp, Disconnected, Incomplete, NotConnected
from tiers.upstream.connection import MAX_HEAD_BYTES, MAX_UNREAD_BYTES, Response

OK = b"HTTP/1.1 200 OK\r\n"
HELLO = OK + b"Content-Type: application/json\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


class Scripted:
    """Answers each request with the next piece of its script; may close after the last one."""

    def __init__(self, *script: bytes, closes: bool = False, tls: ssl.SSLContext | None = None):
        self.script = list(script)
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.opened = self.ended = self.port = 0
        self._closes = closes
        self._tls = tls
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Scripted:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
                self.heads.append(head)
                self.bodies.append(await reader.readexactly(int(length or 0)))
                writer.write(self.script.pop(0))
                await writer.drain()
                if self._closes and not self.script:
                    break
        except (asyncio.IncompleteReadError, OSError):
            self.ended += 1
        finally:
            writer.close()

    @property
    def url(self) -> str:
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}/v1/chat/completions"


async def get(client: HttpClient, url: str, connect_s: float = 60.0) -> Response:
    target = target_of(url)
    return await client.ask(target, first_lines("GET", target, {}) + b"\r\n", b"", connect_s)


async def whole(client: HttpClient, url: str) -> bytes:
    return await read_body(await get(client, url))


Act = Callable[[Scripted, HttpClient], Coroutine[None, None, None]]
Run = Callable[..., None]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    """Runs a test on each of both loops, since their transports are not the same."""
    factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:

        def run_one(
            act: Act,
            *script: bytes,
            closes: bool = False,
            tls: ssl.SSLContext | None = None,
            trusted: ssl.SSLContext | None = None,
        ) -> None:
            async def main() -> None:
                async with Scripted(*script, closes=closes, tls=tls) as server:
                    client = HttpClient(trusted)
                    try:
                        async with asyncio.timeout(30):
                            await act(server, client)
                    finally:
                        await client.close()

            runner.run(main())

        yield run_one


WHOLE = {  # what a server sends: the body, and whether its connection serves the next call
    "length": (HELLO, b"hello", True),
    "no body": (OK + b"Content-Length: 0\r\n\r\n", b"", True),
    "status 204": (b"HTTP/1.1 204 No\r\n\r\n", b"", True),
    "chunks": (CHUNKED + b"2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n", b"hello", True),
    "chunks with trailers": (CHUNKED + b"5\r\nhello\r\n0\r\nX: y\r\n\r\n", b"hello", True),
    "1xx first": (b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + HELLO, b"hello", True),
    "LF alone": (HELLO.replace(b"\r\n", b"\n"), b"hello", True),
    "old version": (HELLO.replace(b"1.1", b"1.0"), b"hello", False),
    "close": (HELLO.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), b"hello", False),
    "more than asked for": (HELLO + HELLO, b"hello", False),
    "nonsense after it": (HELLO + b"nonsense", b"hello", False),
}


@pytest.mark.parametrize("name", WHOLE)
def test_whole_answer_is_read_and_its_connection_kept_where_it_can_be(run: Run, name: str) -> None:
    sent, body, kept = WHOLE[name]

    async def act(server: Scripted, client: HttpClient) -> None:
        assert await whole(client, server.url) == body
        assert await whole(client, server.url) == b"hello"
        assert server.opened == (1 if kept else 2)

    run(act, sent, HELLO)


FAULTS = {
    "no HTTP": (b"SSH-2.0-OpenSSH\r\n", BadHttp),
    "another protocol": (
        b"HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
        BadHttp,
    ),
    "two lengths": (OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", BadHttp),
    "length and chunks": (
        OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        BadHttp,
    ),
    "bad chunk": (CHUNKED + b"x\r\nhello\r\n", BadHttp),
    "nothing": (b"", Disconnected),
    "half a head": (OK + b"Content-", Disconnected),
    "half a body": (HELLO[:-1], Incomplete),
    "half the chunks": (CHUNKED + b"5\r\nhello\r\n", Incomplete),
    "head without end": (OK + b"X: y\r\n" * MAX_HEAD_BYTES, BadHttp),
    "header without end": (OK + b"X: " + b"y" * (2 * MAX_HEAD_BYTES), BadHttp),
    "trailer without end": (CHUNKED + b"0\r\nX: " + b"y" * (9 * MAX_HEAD_BYTES), BadHttp),
}


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_named(run: Run, name: str) -> None:
    sent, kind = FAULTS[name]

    async def act(server: Scripted, client: HttpClient) -> None:
        with pytest.raises(kind):
            await whole(client, server.url)

    run(act, sent, closes=True)


def test_head_just_below_its_bound_is_read(run: Run) -> None:
    long = OK + b"X: " + b"y" * (MAX_HEAD_BYTES - 100) + b"\r\nContent-Length: 5\r\n\r\nhello"

    async def act(server: Scripted, client: HttpClient) -> None:
        assert await whole(client, server.url) == b"hello"

    run(act, long)


def test_body_without_length_ends_with_its_connection(run: Run) -> None:
    async def act(server: Scripted, client: HttpClient) -> None:
        assert await whole(client, server.url) == b"hello"

    run(act, OK + b"\r\nhello", closes=True)


@pytest.mark.parametrize(("most", "refused"), [(5, False), (4, True)])
def test_body_is_bounded(run: Run, most: int, refused: bool) -> None:
    async def act(server: Scripted, client: HttpClient) -> None:
        response = await get(client, server.url)
        if refused:
            with pytest.raises(UpstreamInvalid):
                await read_body(response, most)
        else:
            assert await read_body(response, most) == b"hello"

    run(act, HELLO)


def test_socket_is_read_no_faster_than_the_body_is_taken(run: Run) -> None:
    length = 200 * MAX_UNREAD_BYTES

    async def act(server: Scripted, client: HttpClient) -> None:
        response = await get(client, server.url)
        await asyncio.sleep(0.2)
        first = await response.piece()
        assert len(first) <= 8 * MAX_UNREAD_BYTES  # some reads of the loop beyond the bound
        body = len(first)
        while piece := await response.piece():
            body += len(piece)
        assert body == length
        assert await whole(client, server.url) == b"hello"
        assert server.opened == 1

    run(act, OK + b"Content-Length: %d\r\n\r\n" % length + bytes(length), HELLO)


def test_long_body_is_sent_whole(run: Run) -> None:
    body = bytes(range(256)) * 20_000

    async def act(server: Scripted, client: HttpClient) -> None:
        target = target_of(server.url)
        head = first_lines("POST", target, {"Content-Length": str(len(body))}) + b"\r\n"
        assert await read_body(await client.ask(target, head, body)) == b"hello"
        assert server.bodies == [body]

    run(act, HELLO)


def test_calls_at_one_time_have_connections_of_their_own(run: Run) -> None:
    async def act(server: Scripted, client: HttpClient) -> None:
        await asyncio.gather(*(whole(client, server.url) for _ in range(5)))
        await asyncio.gather(*(whole(client, server.url) for _ in range(5)))
        assert server.opened == 5

    run(act, *[HELLO] * 10)


def test_connection_that_the_server_closed_is_not_used_again(run: Run) -> None:
    async def act(server: Scripted, client: HttpClient) -> None:
        await whole(client, server.url)
        await asyncio.sleep(0.05)
        server.script = [HELLO]
        assert await whole(client, server.url) == b"hello"
        assert server.opened == 2

    run(act, HELLO, closes=True)


def test_idle_connection_is_closed_before_servers_close_theirs(run: Run) -> None:
    async def act(server: Scripted, client: HttpClient) -> None:
        await whole(client, server.url)
        (connection,) = client._open
        connection.free_since -= KEEP_ALIVE_S + 0.1
        assert await whole(client, server.url) == b"hello"
        assert server.opened == 2
        await eventually(lambda: server.ended == 1)

    run(act, HELLO, HELLO)


def test_leaving_early_closes_the_connection(run: Run) -> None:
    async def act(server: Scripted, client: HttpClient) -> None:
        response = await get(client, server.url)
        response.close()
        await eventually(lambda: server.ended == 1)

    run(act, HELLO[:-1])


def test_cancelled_wait_for_the_head_closes_the_connection(run: Run) -> None:
    async def act(server: Scripted, client: HttpClient) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await get(client, server.url)
        await eventually(lambda: server.ended == server.opened)

    run(act, b"")


def test_end_of_a_stream_keeps_the_connection(run: Run) -> None:
    async def act(server: Scripted, client: HttpClient) -> None:
        response = await get(client, server.url)
        assert await response.piece() == b"hello"
        await read_to_end(response)
        await whole(client, server.url)
        assert server.opened == 1

    run(act, HELLO, HELLO)


def test_closed_client_closes_its_connections(run: Run) -> None:
    async def act(server: Scripted, client: HttpClient) -> None:
        await whole(client, server.url)
        await client.close()
        await eventually(lambda: server.ended == 1)

    run(act, HELLO)


def test_names_are_looked_up(run: Run) -> None:
    async def act(server: Scripted, client: HttpClient) -> None:
        url = server.url.replace("127.0.0.1", "localhost")
        assert [await whole(client, url) for _ in range(2)] == [b"hello"] * 2
        assert f"Host: localhost:{server.port}\r\n".encode() in server.heads[0]

    run(act, HELLO, HELLO)


# TLS


def signed(path: Path, host: str = "127.0.0.1", first_day: int = -1, last_day: int = 1) -> Path:
    """Writes a key, and a certificate that it signs itself for an address or a name."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    numeric = host[0].isdigit()
    named = x509.IPAddress(ipaddress.ip_address(host)) if numeric else x509.DNSName(host)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now + datetime.timedelta(days=first_day))
        .not_valid_after(now + datetime.timedelta(days=last_day))
        .add_extension(x509.SubjectAlternativeName([named]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return signed(tmp_path_factory.mktemp("tls") / "server.pem")


def _serving(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_tls_connection_is_used_again(run: Run, certificate: Path) -> None:
    async def act(server: Scripted, client: HttpClient) -> None:
        assert [await whole(client, server.url) for _ in range(3)] == [b"hello"] * 3
        assert server.opened == 1

    trusted = ssl.create_default_context(cafile=str(certificate))
    run(act, HELLO, HELLO, HELLO, tls=_serving(certificate), trusted=trusted)


def test_certificate_that_nobody_trusts_is_refused(run: Run, certificate: Path) -> None:
    async def act(server: Scripted, client: HttpClient) -> None:
        with pytest.raises(
            NotConnected, match=r"its certificate is signed by itself.*SSL_CERT_FILE"
        ):
            await whole(client, server.url)
        assert not server.heads

    run(act, tls=_serving(certificate))


@pytest.mark.parametrize(
    ("host", "first_day", "last_day", "asked", "reason"),
    [
        ("127.0.0.1", -3, -1, "127.0.0.1", "its certificate has expired"),
        ("127.0.0.1", 1, 3, "127.0.0.1", "its certificate is not valid yet"),
        ("127.0.0.1", -1, 1, "localhost", "its certificate is for another host name"),
        ("127.0.0.2", -1, 1, "127.0.0.1", "its certificate is for another address"),
    ],
)
def test_refused_certificate_is_told_with_its_fault(
    run: Run, tmp_path: Path, host: str, first_day: int, last_day: int, asked: str, reason: str
) -> None:
    path = signed(tmp_path / "server.pem", host, first_day, last_day)

    async def act(server: Scripted, client: HttpClient) -> None:
        with pytest.raises(NotConnected, match=reason):
            await whole(client, server.url.replace("127.0.0.1", asked))
        assert not server.heads

    run(act, tls=_serving(path), trusted=ssl.create_default_context(cafile=str(path)))


def test_server_that_does_not_answer_the_handshake_is_left(run: Run) -> None:
    async def act(server: Scripted, client: HttpClient) -> None:
        with pytest.raises(NotConnected, match="no connection in time"):
            await get(client, server.url.replace("http:", "https:"), connect_s=0.1)

    run(act, HELLO, closes=True)


# Addresses and heads


@pytest.mark.parametrize(
    ("url", "shown", "path"),
    [
        ("http://h/v1/x", "h", "/v1/x"),
        ("https://h:443/v1", "h", "/v1"),
        ("https://h:80", "h:80", "/"),
        ("http://[::1]:8000/v1", "[::1]:8000", "/v1"),
        ("http://bücher.example/ü?a=b", "xn--bcher-kva.example", "/%C3%BC?a=b"),
        ("http://h/a%20b", "h", "/a%20b"),
    ],
)
def test_address_is_read(url: str, shown: str, path: str) -> None:
    target = target_of(url)
    assert (target.shown, target.path) == (shown, path)


@pytest.mark.parametrize("url", ["ftp://h/", "http://", "http://h:99999/", "http://h:x/", "h/v1"])
def test_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(BadAddress):
        target_of(url)


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "a\0"])
def test_header_cannot_end_its_line(value: str) -> None:
    with pytest.raises(ValueError, match="X-Id"):
        header_line("X-Id", value)
