"""Says where rollouts stand, for reports; most ledgers have none, and load nothing for it."""

from __future__ import annotations

from pathlib import Path

from router.ledger.sql.database import Database

Json = dict[str, object]


def standings(place: str | Path) -> list[Json]:
    """Returns where each policy's rollout stands, with both sides. Raises LedgerError."""
    database = Database.open(place, create=False)
    try:
        with database.reading() as connection:
            first = connection.exec_driver_sql("SELECT 1 FROM rollout_changes LIMIT 1").first()
    finally:
        database.close()
    if first is None:
        return []
    # A command starts sooner without what compares two sides.
    from router.api.compose.mounted.rollout_desk import RolloutDesk

    with RolloutDesk(place) as desk:
        return desk.shown(None, figures=False)
