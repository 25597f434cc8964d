"""Stands between a ledger and its PostgreSQL server; a connection through it can go astray."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path

NAME = ".s.PGSQL.5432"


class Proxy:
    """Passes bytes on between a socket in `folder` and the server's; both ends stay open."""

    def __init__(self, folder: Path, server: Path) -> None:
        self._server = str(server / NAME)
        self._links: list[tuple[socket.socket, socket.socket]] = []
        self._astray: set[socket.socket] = set()
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / NAME))
        self._listening.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def lose(self, *, answers: bool) -> None:
        """Passes on no more answers of the connections so far, or no more of their questions."""
        self._astray |= {server if answers else client for client, server in self._links}

    def close(self) -> None:
        """Closes all ends."""
        for end in (self._listening, *(end for link in self._links for end in link)):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                self._links.append((client, server))
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65_536):
                if source not in self._astray:
                    target.sendall(piece)
            if not self._astray.intersection((source, target)):
                target.shutdown(socket.SHUT_WR)
