"""Keeps each policy that decided requests, by its hash: replay and disputes need old ones.

A request's row names the hash. The content is the text that the caller keeps (a policy file, or the
resolved policy, without secrets); it is written once and never changed. A price book of its own is
kept beside it, since its file may be on another machine.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from router.errors import PolicyError
from router.ledger.sql.database import Database
from router.types import KeptPolicy

if TYPE_CHECKING:
    from router.policy.sections.privacy import PrivacySection


def record_policy(
    database: Database, policy_hash: str, name: str, content: str, now_ms: int, prices: str = ""
) -> None:
    """Keeps a policy under its hash; blocks; a known hash costs one query and no write lock.

    Equal hashes mean equal policies, even with different comments: the first content stays.
    `prices` is the text of its own price book, "" for the shipped one.
    Raises: LedgerError.
    """
    known = kept_policy(database, policy_hash)
    # Earlier versions kept no book, so a policy of theirs gets it now.
    if known is not None and (known.prices or not prices):
        return
    with database.writing() as connection:
        connection.exec_driver_sql(
            "INSERT INTO policy_versions (hash, name, content, first_seen_at_ms, prices) "
            "VALUES (?, ?, ?, ?, ?) ON CONFLICT (hash) DO UPDATE SET prices = excluded.prices "
            "WHERE policy_versions.prices = ''",
            (policy_hash, name, content, now_ms, prices),
        )


def kept_policy(database: Database, policy_hash: str) -> KeptPolicy | None:
    """Returns what is kept under this hash, None without it; blocks. Raises LedgerError."""
    with database.reading() as connection:
        row = connection.exec_driver_sql(
            "SELECT content, prices, hash FROM policy_versions WHERE hash = ?", (policy_hash,)
        ).first()
    return None if row is None else KeptPolicy(*row)


def policy_content(database: Database, policy_hash: str) -> str | None:
    """Returns the content under this hash, None without one; blocks. Raises LedgerError."""
    with database.reading() as connection:
        return _content(connection, policy_hash)


def kept_policies(database: Database) -> list[KeptPolicy]:
    """Returns every policy, latest first; blocks. Raises LedgerError."""
    with database.reading() as connection:
        rows = connection.exec_driver_sql(
            "SELECT content, prices, hash FROM policy_versions ORDER BY first_seen_at_ms DESC"
        )
        return [KeptPolicy(*row) for row in rows]


def privacy_of(connection: Connection, policy_hash: str) -> PrivacySection:
    """Returns what the policy of this hash keeps of texts; nothing if it is unknown or unreadable.

    The default is to keep nothing, so a policy that nobody recorded keeps nothing too.
    """
    return _privacy(_content(connection, policy_hash) or "")


@lru_cache(maxsize=64)
def _privacy(content: str) -> PrivacySection:
    # Imported late: the schema is too much for commands that only read rows.
    from router.policy.parsing.yaml_lines import load_yaml
    from router.policy.sections.privacy import parse_privacy

    try:
        tree, _ = load_yaml("policy", content)
    except PolicyError:
        tree = None
    return parse_privacy(tree.get("privacy") if isinstance(tree, dict) else None)


def _content(connection: Connection, policy_hash: str) -> str | None:
    content = connection.exec_driver_sql(
        "SELECT content FROM policy_versions WHERE hash = ?", (policy_hash,)
    ).scalar()
    return None if content is None else str(content)
