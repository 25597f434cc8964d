"""Opens the server's sockets, and says which addresses need an API key."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

from router.api.compose.command_line import ledger_commands
from router.api.http.authentication import is_loopback
from router.errors import CannotListen

BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """Returns a listening socket; port 0 takes a free one. Raises CannotListen."""
    try:
        candidates = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, proto, _, address = candidates[0]
        listener = socket.socket(family, kind, proto)
        with _closed_on_error(listener):
            # Without it a restart would fail while old connections time out.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
            listener.setblocking(False)
    # A name with a character that none may have is no OSError.
    except (socket.gaierror, UnicodeError) as error:
        raise CannotListen(
            f"cannot listen on {host}:{port}: no address has that name; expected one of this "
            "machine with --host, such as 127.0.0.1, or 0.0.0.0 for all of them"
        ) from error
    except OSError as error:
        raise CannotListen(
            f"cannot listen on {host}:{port}: {error.strerror or error}. Stop what uses it, or "
            "choose another with --port (0 takes a free one)."
        ) from error
    return listener


def parsed(address: str) -> tuple[str, int]:
    """Returns host and port of `HOST:PORT`, `[IPV6]:PORT` or `PORT`, which is on loopback.

    Raises CannotListen.

    >>> parsed("9090"), parsed("0.0.0.0:9090"), parsed("[::1]:0")
    (('127.0.0.1', 9090), ('0.0.0.0', 9090), ('::1', 0))
    """
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (port.isascii() and port.isdigit() and int(port) < 65_536):
        raise CannotListen(
            f"--admin-listen is {address!r}; expected HOST:PORT, [IPV6]:PORT or a PORT of this "
            "machine, as 127.0.0.1:9090"
        )
    return host or "127.0.0.1", int(port)


@contextlib.contextmanager
def listening(
    host: str, port: int, admin: str = ""
) -> Iterator[tuple[socket.socket, socket.socket | None]]:
    """Gives the server's socket, and that of the address `admin` if set. Raises CannotListen."""
    with contextlib.ExitStack() as open_sockets:
        own = open_sockets.enter_context(listen(host, port))
        if not admin:
            yield own, None
            return
        second = open_sockets.enter_context(listen(*parsed(admin)))
        if second.getsockname()[1] == own.getsockname()[1]:
            # The port shows the address of a request, since a host may have several addresses.
            raise CannotListen(f"--admin-listen {admin} has the server's own port; choose another.")
        yield own, second


@contextlib.contextmanager
def _closed_on_error(listener: socket.socket) -> Iterator[None]:
    try:
        yield
    except OSError:
        listener.close()
        raise


def needs_key(
    host: str, database: str | Path, environ: Mapping[str, str], *, required: bool = False
) -> str:
    """Returns the reason why this address may not be served, "" when it may.

    An address outside loopback needs a key, and each one where keys are `required`. Raises
    LedgerError for a database that cannot be opened.
    """
    # Only programs of this machine can connect, and those need no key.
    if is_loopback(host) and not required:
        return ""
    # Imported late: a server on loopback does not open the ledger for this.
    from router.api.compose.books import Address, Books

    address = Address.parse(database)
    if address.may_exist:
        with Books.open(database, create=True) as books:
            if books.any_key():
                return ""
    create = ledger_commands(database, environ)("keys", "create", "--tenant", "NAME")
    if is_loopback(host):
        return (
            "--require-keys (or TIERGATE_REQUIRE_KEYS) is set, and there is no API key yet in "
            f"{address.shown}. Create one with `{create}`, or check that --database is right."
        )
    return (
        f"{host} can be reached from other machines, and there is no API key yet. Create one with "
        f"`{create}`, or listen on 127.0.0.1."
    )
