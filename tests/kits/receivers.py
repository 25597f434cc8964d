"""Runs real receivers of alerts on this machine: one of webhooks, one of mails."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Hook(ThreadingHTTPServer):
    """Keeps what is posted; answers 503 while `down`."""

    down = False

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
        self.send_response(503 if self.server.down else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Mails(socketserver.ThreadingTCPServer):
    """Speaks as much SMTP as a client needs, and keeps the texts."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Smtp)
        self.got: list[str] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Smtp(socketserver.StreamRequestHandler):
    server: Mails

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline().strip().upper():
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
def mails() -> Iterator[Mails]:
    """Yields a receiver of mails."""
    with Mails() as server:
        _started(server)
        yield server
        server.shutdown()


def _started(server: socketserver.BaseServer) -> None:
    threading.Thread(target=server.serve_forever, daemon=True).start()
