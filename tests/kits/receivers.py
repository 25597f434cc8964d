"""Runs real receivers of alerts on this machine: of webhooks, of mails, and one that drips."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat
from cryptography.x509.oid import NameOID


class Hook(ThreadingHTTPServer):
    """Keeps what is posted; answers 503 while `down`, in these `words`."""

    down = False
    words: str | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Posts)
        self.got: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"


class _Posts(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if not self.server.down:
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.server.got.append((headers, body))
        self.send_response(503 if self.server.down else 200, self.server.words)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Mails(socketserver.ThreadingTCPServer):
    """Speaks as much SMTP as a client needs, and keeps the texts; with `tls` by STARTTLS too."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Smtp)
        self.tls = tls
        self.got: list[str] = []
        self.logins: list[bytes] = []  # those that came over TLS

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Smtp(socketserver.StreamRequestHandler):
    server: Mails

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline().strip():
            line, said = line.upper(), line
            if line.startswith(b"EHLO") and self.server.tls is not None:
                self.wfile.write(b"250-here\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n")
                continue
            if line == b"STARTTLS" and self.server.tls is not None:
                self.wfile.write(b"220 go on\r\n")
                try:
                    self.request = self.server.tls.wrap_socket(self.request, server_side=True)
                except ssl.SSLError:  # the client does not trust us
                    return
                self.setup()
                continue
            if line.startswith(b"AUTH"):
                if isinstance(self.request, ssl.SSLSocket):
                    self.server.logins.append(base64.b64decode(said.split()[-1]))
                self.wfile.write(b"235 welcome\r\n")
                continue
            if line == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                text = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.server.got.append(text.decode())
            self.wfile.write(b"221 bye\r\n" if line == b"QUIT" else b"250 ok\r\n")
            if line == b"QUIT":
                return


@contextmanager
def hook() -> Iterator[Hook]:
    """Yields a receiver of webhooks."""
    with Hook() as server:
        _started(server)
        yield server
        server.shutdown()


@contextmanager
def mails(tls: ssl.SSLContext | None = None) -> Iterator[Mails]:
    """Yields a receiver of mails."""
    with Mails(tls) as server:
        _started(server)
        yield server
        server.shutdown()


class Sender(socketserver.ThreadingTCPServer):
    """Sends the same bytes to everybody; then it ends, or drips without an end.

    `ended` says that a connection is gone.
    """

    def __init__(self, sent: bytes, drip_s: float | None) -> None:
        super().__init__(("127.0.0.1", 0), _Sends)
        self.sent, self.drip_s = sent, drip_s
        self.ended = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


class _Sends(socketserver.BaseRequestHandler):
    server: Sender

    def handle(self) -> None:
        with suppress(OSError):
            if self.server.drip_s is None:
                self.request.recv(1 << 16)
            self.request.sendall(self.server.sent)
            while self.server.drip_s is not None:
                self.request.sendall(b"2")
                time.sleep(self.server.drip_s)
        self.server.ended.set()


@contextmanager
def sending(sent: bytes, drip_s: float | None = None) -> Iterator[Sender]:
    """Yields a server that sends these bytes, and then one each `drip_s`."""
    with Sender(sent, drip_s) as server:
        _started(server)
        yield server
        server.shutdown()


def _started(server: socketserver.BaseServer) -> None:
    threading.Thread(target=server.serve_forever, daemon=True).start()


def server_tls(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Returns the TLS of a server named localhost, and the file of the certificate it shows."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .sign(key, hashes.SHA256())
    )
    shown, secret = folder / "server.pem", folder / "server.key"
    shown.write_bytes(certificate.public_bytes(Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown, secret)
    return context, shown
