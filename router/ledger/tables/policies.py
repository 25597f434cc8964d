"""Keeps each policy that decided requests, by its hash: replay and disputes need old ones.

A request's row names the hash. The content is the text that the caller keeps (a policy file, or the
resolved policy, without secrets); it is written once and never changed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from router.errors import PolicyError
from router.ledger.sql.database import Database

if TYPE_CHECKING:
    from router.policy.schema import PrivacySection


def record_policy(
    database: Database, policy_hash: str, name: str, content: str, now_ms: int
) -> None:
    """Keeps a policy under its hash; blocks; a known hash costs one query and no write lock.

    Equal hashes mean equal policies, even with different comments: the first content stays.
    Raises: LedgerError.
    """
    if policy_content(database, policy_hash) is not None:
        return
    with database.writing() as connection:
        connection.exec_driver_sql(
            "INSERT INTO policy_versions (hash, name, content, first_seen_at_ms) "
            "VALUES (?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING",
            (policy_hash, name, content, now_ms),
        )


def policy_content(database: Database, policy_hash: str) -> str | None:
    """Returns the content under this hash, None without one; blocks. Raises LedgerError."""
    with database.reading() as connection:
        return _content(connection, policy_hash)


def texts(database: Database) -> list[str]:
    """Returns the content of every policy, latest first; blocks. Raises LedgerError."""
    with database.reading() as connection:
        return list(
            connection.exec_driver_sql(
                "SELECT content FROM policy_versions ORDER BY first_seen_at_ms DESC"
            ).scalars()
        )


def privacy_of(connection: Connection, policy_hash: str) -> PrivacySection:
    """Returns what the policy of this hash keeps of texts; nothing if it is unknown or unreadable.

    The default is to keep nothing, so a policy that nobody recorded keeps nothing too.
    """
    return _privacy(_content(connection, policy_hash) or "")


@lru_cache(maxsize=64)
def _privacy(content: str) -> PrivacySection:
    from router.policy.parsing.yaml_lines import load_yaml
    from router.policy.schema import (
        parse_privacy,  # the schema: too much for commands that only read rows
    )

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
