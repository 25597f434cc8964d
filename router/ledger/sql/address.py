"""Reads the address of a ledger: a file of SQLite, or a database of a PostgreSQL server.

An address may carry a password. Only `shown` may be printed or logged; the module's other values
may contain the password.
"""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import Struct
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from router.errors import LedgerError
from router.ledger.sql.private_files import make_folder

POSTGRESQL = ("postgresql", "postgres", "postgresql+psycopg")
_SECRET_QUERIES = ("password", "sslpassword")
_EXPECTED = "expected a file path, sqlite:///path or postgresql://user:password@host:port/database"


class Address(Struct, frozen=True):
    """Holds one of the two: `path` of a file, or `url` of a server's database."""

    path: Path | None = None
    url: URL | None = None

    @classmethod
    def parse(cls, database: str | Path) -> Address:
        """Reads an address from a text. Raises LedgerError, which names only the scheme.

        >>> Address.parse("ledger.db").path
        PosixPath('ledger.db')
        >>> Address.parse("postgresql://me:secret@db.example/books").shown
        'postgresql://me:***@db.example/books'
        """
        text = str(database)
        scheme, separator, _ = text.partition("://")
        if not separator:
            if text in ("", ":memory:"):
                raise LedgerError(f"the ledger's database is {text or 'empty'!r}; {_EXPECTED}")
            if re.match(r"(sqlite|postgres(ql)?):", text):
                raise LedgerError(
                    f"the ledger's address begins with {text.partition(':')[0]!r}, but not with "
                    f"'://' after it; {_EXPECTED}"
                )
            return cls(path=Path(text))
        if scheme == "sqlite" and text.startswith("sqlite:///") and len(text) > 10:
            return cls(path=Path(text.removeprefix("sqlite:///")))
        if scheme not in POSTGRESQL:
            raise LedgerError(f"the ledger's database is {scheme!r}; {_EXPECTED}")
        try:
            url = make_url(text).set(drivername="postgresql+psycopg")
        except (ArgumentError, ValueError):
            # Their message may repeat the address with its password.
            raise LedgerError(f"the ledger's address cannot be read; {_EXPECTED}") from None
        return cls(url=url)

    def __repr__(self) -> str:
        return f"Address({self.shown!r})"

    @property
    def shown(self) -> str:
        """Returns the address without its password."""
        if self.url is None:
            return str(self.path)
        hidden = {name: "***" for name in _SECRET_QUERIES if name in self.url.query}
        url = self.url.set(drivername="postgresql").update_query_dict(hidden)
        return url.render_as_string(hide_password=True)

    @property
    def has_password(self) -> bool:
        """Returns True when the address carries the password of a server's user."""
        return self.url is not None and bool(self.url.password)

    @property
    def without_password(self) -> str:
        """Returns the address without password; libpq then takes it from PGPASSWORD or ~/.pgpass.

        >>> Address.parse("postgresql://me:secret@db.example/books").without_password
        'postgresql://me@db.example/books'
        """
        if self.url is None:
            return str(self.path)
        url = self.url._replace(drivername="postgresql", password=None)
        return url.difference_update_query(_SECRET_QUERIES).render_as_string(hide_password=False)

    @property
    def anchors(self) -> Path:
        """Returns the anchors file where no other is named: `<database>.anchors`."""
        return self.beside(".anchors")

    def beside(self, suffix: str) -> Path:
        """Returns a file of this machine that belongs to the ledger: `<database><suffix>`.

        For a server's database in the folder `.tiergate`, named by host and database.
        """
        if self.path is not None:
            return self.path.with_name(self.path.name + suffix)
        assert self.url is not None
        host = self.url.host or self.url.query.get("host") or "local"
        name = f"postgresql-{host}-{self.url.database or 'postgres'}"
        return Path(".tiergate") / (re.sub(r"[^A-Za-z0-9.-]+", "_", name) + suffix)

    @property
    def may_exist(self) -> bool:
        """Returns False for a file that is not there; True for a server, which must be opened."""
        return self.path is None or self.path.exists()

    def make_folder(self) -> None:
        """Makes the folder of a file. Raises LedgerError."""
        if self.path is None:
            return
        try:
            make_folder(self.path.parent)
        except OSError as error:
            raise LedgerError(
                f"cannot make the folder {str(self.path.parent)!r}: {error.strerror}"
            ) from error
