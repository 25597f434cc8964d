"""Opens the ledger for a command: the one place where they all do."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import typer

from router.cli.serve.serve import DATABASE
from router.rendering.figures_in_words import clean

if TYPE_CHECKING:
    from router.api.compose.books import Books

MAX_TENANTS = 8
"""Sets how many tenants a mistyped one is answered with: those that are written most alike."""
UPGRADES = "router.ledger.sql.database"
"""Names the log that has `ledger_upgraded`; only a server writes it anywhere by itself."""


@contextmanager
def opened_books(
    database: str | Path,
    tenant: str | None = None,
    *,
    create: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Iterator[Books]:
    """Opens the ledger, says on stderr if its tables were upgraded, and closes it.

    Raises typer.BadParameter for a `tenant` that nobody knows; LedgerError when there is no ledger,
    unless `create`.
    """
    from router.api.compose.books import Books  # its modules take most of a short command's time

    with upgrades_told():
        books = Books.open(database, create=create, environ=environ)
    with books:
        _check_tenant(books, tenant)
        yield books


@contextmanager
def upgrades_told() -> Iterator[None]:
    """Writes a line on stderr when a ledger of an older version is upgraded meanwhile."""
    log, handler = logging.getLogger(UPGRADES), _OnStderr(logging.INFO)
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.setLevel(level)
        log.removeHandler(handler)


def given_database(database: str) -> str:
    """Returns the option that names this ledger in a command to be typed; "" for the usual one.

    A password of the database is left out, as everywhere.
    """
    from router.api.compose.books import Address

    if database in (DATABASE, os.environ.get("TIERGATE_DATABASE")):
        return ""
    return f" --database {quote(Address.parse(database).shown)}"


class _OnStderr(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        """Writes why the line is there and what follows from it, in one sentence."""
        if record.msg == "ledger_upgraded":
            told = vars(record)
            typer.echo(f"tiergate: ledger upgraded: {told['reason']}; {told['next']}.", err=True)


def _check_tenant(books: Books, tenant: str | None) -> None:
    """Raises typer.BadParameter for a tenant that neither the ledger nor its policies know.

    A mistyped name would otherwise give an empty result, which looks as if nothing was spent. A
    ledger without any tenant has nothing that could be meant.
    """
    if tenant is None or books.has_requests(tenant):
        return
    tenants = books.tenants()
    if not tenants or tenant in tenants:
        return
    from difflib import get_close_matches

    from router.policy.parsing.raw_policy import tenants_of
    from router.policy.parsing.yaml_lines import load_yaml

    for text in books.policy_texts():
        tenants |= tenants_of(load_yaml("policy", text)[0])
    if tenant in tenants:
        return
    near = get_close_matches(tenant[:200], sorted(tenants), MAX_TENANTS, 0)
    shown = ", ".join(clean(name) for name in near)
    more = len(tenants) - len(near)
    others = f" and {more:,} other{'' if more == 1 else 's'}" if more else ""
    raise typer.BadParameter(
        f"no tenant is called {tenant!r}; this ledger has {shown}{others}", param_hint="--tenant"
    )
