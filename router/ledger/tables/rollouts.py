"""Keeps the changes of rollouts, and reads what the requests of a split came to.

Changes are only added, each with the next version of its policy: of two servers that act at once,
one finds its version taken. Each change has a row of its own in the chain of requests, which is
written after it; `unbooked` finds those of a server that died in between.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct, field
from sqlalchemy import Connection

from router.errors import DeadlineExceeded
from router.ledger.faults import FAULTS
from router.ledger.row_reading import AFTERWARDS, EMBEDDINGS, SPECIALIST
from router.ledger.sql import reading
from router.ledger.sql.database import Database
from router.rollout.rows import MARK, decided_around, has_failed, side_of
from router.rollout.stages import Change, encode, parse
from router.rollout.tallies import Arm, Observed, Tallies

PAGE = 500
CLOCKS_DIFFER_MS = 60_000
"""Rows are read from so long before a stage began: a server's clock may be behind another's."""

LATEST_COSTS = 1_000

_FAULTS = ", ".join(f"'{code}'" for code in sorted(FAULTS - {DeadlineExceeded.code}))
_TRIED = (
    f"(a.state NOT IN ('released', 'cancelled') OR a.state = 'released' AND a.error_code "
    f"IN ({_FAULTS}))"
)
"""SQL of a call that was made, or that its answerer was out of use for."""


class Position(Struct):
    """Says how far the rows and complaints of a stage have been read."""

    rows: dict[str, int] = field(default_factory=dict)  # the last sequence, by writer
    feedback: int = 0


class SqlRollouts:
    """Reads and adds changes; every method blocks and raises LedgerError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def latest(self, policies: Collection[str] | None = None) -> dict[str, Change]:
        """Returns the last change of each of these policies, None: of all that have one."""
        with self._database.reading() as connection:
            rows = connection.exec_driver_sql(
                "SELECT c.policy, c.content FROM rollout_changes c WHERE c.version = "
                "(SELECT max(d.version) FROM rollout_changes d WHERE d.policy = c.policy) "
                "ORDER BY c.policy"
            ).fetchall()
        return {
            str(policy): parse(content)
            for policy, content in rows
            if policies is None or policy in policies
        }

    def history(self, policy: str) -> list[Change]:
        """Returns all changes of a policy's rollouts, oldest first."""
        with self._database.reading() as connection:
            rows = connection.exec_driver_sql(
                "SELECT content FROM rollout_changes WHERE policy = ? ORDER BY version", (policy,)
            ).fetchall()
        return [parse(row[0]) for row in rows]

    def add(self, change: Change) -> bool:
        """Adds a change; returns False where another has its version already."""
        with self._database.writing() as connection:
            added = connection.exec_driver_sql(
                "INSERT INTO rollout_changes (policy, version, run, at_ms, content, booked) "
                "VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT (policy, version) DO NOTHING",
                (change.policy, change.version, change.run, change.at_ms, encode(change)),
            ).rowcount
        return bool(added)

    def unbooked(self, before_ms: int) -> list[Change]:
        """Returns changes from before this time that have no row in the chain yet."""
        with self._database.reading() as connection:
            rows = connection.exec_driver_sql(
                "SELECT content FROM rollout_changes WHERE booked = 0 AND at_ms < ?", (before_ms,)
            ).fetchall()
        return [parse(row[0]) for row in rows]

    def note_booked(self, change: Change) -> None:
        """Notes that a change has its row in the chain."""
        with self._database.writing() as connection:
            connection.exec_driver_sql(
                "UPDATE rollout_changes SET booked = 1 WHERE policy = ? AND version = ?",
                (change.policy, change.version),
            )

    def paid_before(self, policy: str) -> list[int]:
        """Returns the costs of a policy's last requests, nano-dollars.

        Rows that no rollout can split, such as minutes of reviewers, are left out.
        """
        others = sorted(AFTERWARDS | {EMBEDDINGS})
        with self._database.reading() as connection:
            rows = connection.exec_driver_sql(
                "SELECT cost_nano_usd FROM requests WHERE policy = ? AND state <> 'open' "
                f"AND tier <> ? AND endpoint NOT IN ({', '.join('?' * len(others))}) "
                f"ORDER BY created_at_ms DESC, request_id DESC LIMIT {LATEST_COSTS}",
                (policy, SPECIALIST, *others),
            ).fetchall()
        return [int(row[0]) for row in rows]

    def begin(self, since_ms: int) -> Position:
        """Returns the position before the first row and word since then."""
        since_ms -= CLOCKS_DIFFER_MS
        with self._database.reading() as connection:
            # The ends are read first: what is written meanwhile is then after them.
            # A chain without a row since then has all of them after its present end.
            ends = {head.writer_id: head.sequence for head in reading.chain_heads(connection)}
            last = connection.exec_driver_sql("SELECT max(sequence) FROM feedback").scalar()
            rows = connection.exec_driver_sql(
                "SELECT writer_id, min(sequence) FROM requests WHERE created_at_ms >= ? "
                "AND sequence IS NOT NULL GROUP BY writer_id",
                (since_ms,),
            ).fetchall()
            word = connection.exec_driver_sql(
                "SELECT min(sequence) FROM feedback WHERE created_at_ms >= ?", (since_ms,)
            ).scalar()
        ends.update({str(writer): int(first) - 1 for writer, first in rows})
        return Position(ends, int(last or 0) if word is None else int(word) - 1)

    def read_on(self, position: Position, policy: str, version: int, into: Tallies) -> None:
        """Counts what a stage's requests came to since `position`, and moves it on.

        `version` is that of the change that began the stage.
        """
        with self._database.reading() as connection:
            for writer_id in reading.writers(connection):
                self._read_chain(connection, position, writer_id, policy, version, into)
            self._read_words(connection, position, into)

    def _read_chain(
        self,
        connection: Connection,
        position: Position,
        writer_id: str,
        policy: str,
        version: int,
        into: Tallies,
    ) -> None:
        after = position.rows.get(writer_id, 0)
        end = int(
            connection.exec_driver_sql(
                "SELECT max(sequence) FROM requests WHERE writer_id = ?", (writer_id,)
            ).scalar()
            or 0
        )
        while after < end:
            page = connection.exec_driver_sql(
                "SELECT r.sequence, r.record, r.request_id, r.tenant, r.domain, r.tier_number, "
                "r.state, r.error_code, CASE WHEN EXISTS (SELECT 1 FROM attempts a WHERE "
                f"a.request_id = r.request_id AND {_TRIED} AND "
                # An answer of unknown price names no error, and a stream that was cut names one.
                "a.error_code <> '' AND a.role "
                "IN ('answer', 'resolver', 'refine', 'shadow')) THEN 1 ELSE 0 END, "
                "r.reasons, r.cost_nano_usd, r.latency_ms, r.created_at_ms FROM requests r "
                "WHERE r.writer_id = ? AND r.sequence > ? AND r.sequence <= ? "
                "AND r.policy = ? AND r.record LIKE ? "
                f"ORDER BY r.sequence LIMIT {PAGE}",
                (writer_id, after, end, policy, f"%{MARK}%"),
            ).fetchall()
            for _, record, *facts in page:
                note = side_of(str(record))
                if note is not None and note.version == version:
                    request_id, tenant, domain, level, state, code, *figures = facts
                    called, reasons, cost_nano_usd, latency_ms, at_ms = figures
                    call_failed = bool(called) or decided_around(str(reasons))
                    into.add(
                        Observed(
                            str(request_id),
                            Arm(note.arm),
                            note.unit,
                            has_failed(str(state), str(code), call_failed=call_failed),
                            int(cost_nano_usd),
                            float(latency_ms),
                            domain=str(domain),
                            level=int(level),
                            tenant=str(tenant),
                            at_ms=int(at_ms),
                        )
                    )
            after = int(page[-1][0]) if len(page) == PAGE else end
        position.rows[writer_id] = max(after, end)

    def _read_words(self, connection: Connection, position: Position, into: Tallies) -> None:
        words = connection.exec_driver_sql(
            "SELECT sequence, request_id, correct FROM feedback WHERE sequence > ? "
            "ORDER BY sequence",
            (position.feedback,),
        ).fetchall()
        for sequence, request_id, correct in words:
            position.feedback = int(sequence)
            if correct == 0:
                into.complain(str(request_id))
