"""Each policy that requests were decided under, by its hash: replay and disputes need old ones.

A request's row names the hash. The content is whatever text the caller keeps (a policy file, or the
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
    """Keep a policy under its hash; blocks; a known hash costs one query and no write lock.

    Equal hashes mean equal policies, whatever their comments say: the first content stays.
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
    """What was recorded under this hash, None when nothing was; blocks. Raises LedgerError."""
    with database.reading() as connection:
        return _content(connection, policy_hash)


def texts(database: Database) -> list[str]:
    """What was recorded of every policy, latest first; blocks. Raises LedgerError."""
    with database.reading() as connection:
        return list(
            connection.exec_driver_sql(
                "SELECT content FROM policy_versions ORDER BY first_seen_at_ms DESC"
            ).scalars()
        )


def privacy_of(connection: Connection, policy_hash: str) -> PrivacySection:
    """What the policy of this hash keeps of texts; nothing where it is not known or not readable.

    Its default is to keep nothing, so a policy that nobody recorded keeps nothing either.
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
    found = connection.exec_driver_sql(
        "SELECT content FROM policy_versions WHERE hash = ?", (policy_hash,)
    ).scalar()
    return None if found is None else str(found)
