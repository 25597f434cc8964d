"""Keeps, for an hour, how many requests were refused before anything of them was written.

Whom a rate refuses could ask thousands of times a second, so no row is written for one request: a
worker adds up who was refused and by what, and writes the sums under one name, seldom. They stand
beside the chain, in `meta`; nobody proves anything by them. All block, and raise LedgerError.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec

from router.ledger.sql.database import Database

Refused = tuple[str, str, str]
"""Names a tenant, a key and the limit that refused."""

_NAME, _DIGITS = "refused_at_once:", 12
_OURS = f"substr(name, 1, {len(_NAME)}) = '{_NAME}'"
_MINUTE = f"substr(name, {len(_NAME) + 1}, {_DIGITS})"
_ROWS = list[tuple[Refused, int]]


def keep(
    database: Database, minute: int, worker: str, counts: Mapping[Refused, int], before: int
) -> None:
    """Writes what one worker counted up to a minute, and deletes what is older than `before`."""
    with database.writing() as connection:
        connection.exec_driver_sql(
            f"DELETE FROM meta WHERE {_OURS} AND {_MINUTE} < ?", (_digits(before),)
        )
        if counts:
            connection.exec_driver_sql(
                "INSERT INTO meta (name, content) VALUES (?, ?)",
                (
                    f"{_NAME}{_digits(minute)}:{worker}",
                    msgspec.json.encode([*counts.items()]).decode(),
                ),
            )


def kept(database: Database, since: int) -> Counter[Refused]:
    """Returns what all workers counted from a minute on."""
    with database.reading() as connection:
        rows = connection.exec_driver_sql(
            f"SELECT content FROM meta WHERE {_OURS} AND {_MINUTE} >= ?", (_digits(since),)
        ).fetchall()
    total = Counter[Refused]()
    for (content,) in rows:
        total.update(dict(msgspec.json.decode(content, type=_ROWS)))
    return total


def _digits(minute: int) -> str:
    """Returns a minute as a name has it, so that texts are in the order of time."""
    return f"{minute:0{_DIGITS}d}"
