"""Reads what shadows have cost, and whether a judge preferred them to what the client got."""

from __future__ import annotations

import msgspec

from router.ledger.row_reading import SHADOW
from router.ledger.sql.database import Database
from router.types import PairNote, Role

PAGE = 500
_JUDGED = '%"judged":{%'


class _Note(msgspec.Struct, frozen=True):
    of: str = ""
    judged: PairNote | None = None


class _Shadow(msgspec.Struct, frozen=True):
    shadow: _Note | None = None


_SHADOWS = msgspec.json.Decoder(_Shadow)


def judged_pairs(
    database: Database, since_ms: int | None, until_ms: int | None, tenant: str | None
) -> dict[str, PairNote]:
    """Returns the verdicts on shadows that were called in [since, until), by the shown request.

    Blocks. Raises LedgerError.
    """
    after: tuple[int, str] = (since_ms or 0, "")
    pairs: dict[str, PairNote] = {}
    end = 2**62 if until_ms is None else until_ms
    while True:
        with database.reading() as connection:
            page = connection.exec_driver_sql(
                "SELECT created_at_ms, request_id, record FROM requests "
                "WHERE (created_at_ms, request_id) > (?, ?) AND created_at_ms < ? "
                "AND endpoint = 'shadow' AND (tenant = ? OR ? = '') AND record LIKE ? "
                f"ORDER BY created_at_ms, request_id LIMIT {PAGE}",
                (*after, end, tenant or "", tenant or "", _JUDGED),
            ).fetchall()
        for _, _, record in page:
            note = _SHADOWS.decode(record).shadow
            if note is not None and note.judged is not None:
                pairs[note.of] = note.judged
        if len(page) < PAGE:
            return pairs
        after = (int(page[-1][0]), str(page[-1][1]))


_STATED_MORE = (
    "COALESCE((SELECT SUM(a.provider_cost_nano_usd - a.cost_nano_usd) FROM attempts a "
    "WHERE a.request_id = r.request_id AND a.provider_cost_nano_usd > a.cost_nano_usd), 0)"
)
"""SQL of what providers state of a request's calls beyond what was booked."""


def shadows_spent(database: Database, since_ms: int) -> dict[str, int]:
    """Returns what shadows since a time (epoch ms) have cost, in nano-dollars by policy.

    Calls that run, or whose outcome is unknown, count at their hold; others at what their provider
    states, where that is more. Blocks. Raises LedgerError.
    """
    with database.reading() as connection:
        # A row that an older version opened has the endpoint of the request that it shadows, until
        # it ends.
        rows = connection.exec_driver_sql(
            f"SELECT policy, SUM(cost_nano_usd + {_STATED_MORE}) FROM requests r "
            "WHERE created_at_ms >= ? AND "
            "(endpoint = ? OR EXISTS (SELECT 1 FROM attempts a WHERE a.request_id = r.request_id "
            "AND a.role = ?)) GROUP BY policy",
            (since_ms, SHADOW, Role.SHADOW.value),
        ).fetchall()
    return {str(policy): int(nano_usd) for policy, nano_usd in rows}
