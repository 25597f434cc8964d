"""Verifies the books: the chains, the anchors, and that all sums agree.

Attempts sum to their request and, except reviews, to the windows; requests sum to the roll-ups,
open holds to the holds of the windows. Feedback has a chain of its own. Stored texts must still
have their digests. Reads one snapshot, also while workers write.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import orjson
from msgspec import Struct
from sqlalchemy import Connection

from router.ledger.books import anchors
from router.ledger.books.closed_months import changed_months
from router.ledger.budgets.windows import (
    COUNTED,
    COUNTED_COST,
    WATCHES_SQL,
    Window,
    is_kept,
    watches_from,
    windows_of,
)
from router.ledger.feedback_chain import FEEDBACK_CHAIN, verify_feedback
from router.ledger.hash_chain import Anchor, ChainRow, Finding, FindingKind, verify_chain
from router.ledger.rollups import retention
from router.ledger.row_reading import AFTERWARDS
from router.ledger.sql import reading
from router.ledger.sql.database import Database
from router.ledger.tables.feedback import corrected_texts, records
from router.money.budgets import LENGTH_MS, BudgetScope
from router.money.days import DAY_MS
from router.privacy.digest import digest


class Verification(Struct, frozen=True):
    """Holds what was checked and what was found; no findings means that the books are whole."""

    findings: tuple[Finding, ...]
    rows: int  # finished ones: requests, and what was booked beside them
    writers: int
    anchors: int  # in the database
    outside_anchors: int  # in the anchors file
    open_requests: int
    cost_nano_usd: int  # of all finished requests that are still kept
    held_nano_usd: int  # of all open holds
    beside: Mapping[str, int]  # rows by endpoint that are no requests: shadows, reviews, bills
    anchors_differ: str  # how the anchors file came to differ, in words; "" where it agrees

    @property
    def requests(self) -> int:
        """Returns the number of finished requests."""
        return self.rows - sum(self.beside.values())

    @property
    def whole(self) -> bool:
        """Returns True when nothing was found."""
        return not self.findings


def verify(database: str | Path | Database, anchors_file: Path | None = None) -> Verification:
    """Verifies a ledger; `anchors_file` defaults to `<database>.anchors` where that exists.

    Raises: LedgerError (no such database, no such anchors file), LedgerCorrupt.
    """
    if isinstance(database, Database):
        return _verify(database, anchors_file)
    opened = Database.open(database, create=False)
    try:
        return _verify(opened, anchors_file)
    finally:
        opened.close()


def _verify(database: Database, anchors_file: Path | None) -> Verification:
    default = database.address.anchors
    file = anchors_file or (default if default.exists() else None)
    # The file is read before the snapshot is taken, so that the database has all of its anchors.
    outside = [] if file is None else anchors.outside_anchors(file)
    with database.snapshot() as connection:
        return _verify_snapshot(connection, outside)


def _verify_snapshot(connection: Connection, outside: list[Anchor]) -> Verification:
    tally, rolled = _Tally(), retention.Check(connection)
    inside = anchors.stored_anchors(connection)
    checkpoints = reading.checkpoints(connection)
    findings = verify_chain(
        tally.watch(rolled.watch(reading.chain_rows(connection))),
        inside,
        outside,
        checkpoints,
        others=(FEEDBACK_CHAIN,),
    )
    findings += tally.findings
    findings += verify_feedback(records(connection), inside, outside, checkpoints)
    findings += corrected_texts(connection)
    findings += _strays(connection)
    findings += _windows(connection)
    findings += rolled.findings()
    findings += changed_months(connection)
    findings += _texts(connection)
    findings += _steps(connection)
    opened = connection.exec_driver_sql("SELECT count(*) FROM requests WHERE state = 'open'")
    held = connection.exec_driver_sql(
        "SELECT coalesce(sum(held_nano_usd), 0) FROM attempts WHERE state = 'held'"
    )
    return Verification(
        tuple(findings),
        tally.rows,
        len(tally.writers),
        len(inside),
        len(outside),
        int(opened.scalar_one()),
        tally.cost_nano_usd,
        int(held.scalar_one()),
        dict(sorted(tally.beside.items())),
        anchors.difference(inside, outside),
    )


class _Tally:
    """Counts the rows while the chain's verification reads them."""

    def __init__(self) -> None:
        self.rows = 0
        self.beside: Counter[str] = Counter()
        self.cost_nano_usd = 0
        self.writers: set[str] = set()
        self.findings: list[Finding] = []

    def watch(self, rows: Iterator[tuple[ChainRow, bool]]) -> Iterator[ChainRow]:
        for chained, derived_fits in rows:
            row = chained.row
            self.rows += 1
            if row.endpoint in AFTERWARDS:
                self.beside[row.endpoint] += 1
            self.writers.add(chained.writer_id)
            self.cost_nano_usd += row.cost_nano_usd
            spent = sum(attempt.cost_nano_usd for attempt in row.attempts)
            if spent != row.cost_nano_usd:
                detail = f"the attempts cost {spent}, the request says {row.cost_nano_usd}"
                self._add(FindingKind.ATTEMPTS_DO_NOT_SUM, detail, chained)
            if not derived_fits:
                detail = "domain or request_type is not what the record says"
                self._add(FindingKind.EDITED, detail, chained)
            yield chained

    def _add(self, kind: FindingKind, detail: str, row: ChainRow) -> None:
        self.findings.append(Finding(kind, detail, row.writer_id, row.sequence, row.row.request_id))


def _strays(connection: Connection) -> Iterator[Finding]:
    """Yields attempts without a request, or under another tenant than their request's."""
    for request_id, tenant in connection.exec_driver_sql(
        "SELECT a.request_id, r.tenant FROM attempts a "
        "LEFT JOIN requests r ON r.request_id = a.request_id "
        "WHERE r.tenant IS NULL OR r.tenant <> a.tenant"
    ):
        kind = FindingKind.REMOVED if tenant is None else FindingKind.EDITED
        detail = "the request is gone" if tenant is None else "the attempt has another tenant"
        yield Finding(kind, f"an attempt is left over: {detail}", request_id=str(request_id))


def _windows(connection: Connection) -> Iterator[Finding]:
    """Yields windows that differ from the sums of the attempts that started within them."""
    watches = watches_from(connection.exec_driver_sql(WATCHES_SQL).fetchall())
    grain_ms = min([DAY_MS, *(LENGTH_MS.get(watch.kind, DAY_MS) for watch in watches)])
    names, joined = "'', ''", ""
    if watches:  # without a watch nothing needs the key or the policy
        names = "r.key_id, r.policy"
        joined = "LEFT JOIN requests r ON r.request_id = a.request_id "
    sums: dict[Window, list[int]] = defaultdict(lambda: [0, 0])
    for tenant, key_id, policy, tier, begun, spent, held in connection.exec_driver_sql(
        f"SELECT a.tenant, {names}, a.tier, a.started_at_ms - a.started_at_ms % {grain_ms}, "
        f"sum(CASE WHEN a.state = 'held' THEN 0 ELSE {COUNTED_COST} END), "
        "sum(CASE WHEN a.state = 'held' THEN a.held_nano_usd ELSE 0 END) "
        f"FROM attempts a {joined}WHERE {COUNTED} GROUP BY 1, 2, 3, 4, 5"
    ):
        payer = str(tenant), str(key_id), str(policy), str(tier)
        for window in windows_of(watches, payer, int(begun)):
            sums[window][0] += int(spent)
            sums[window][1] += int(held)
    for *window_columns, spent, held in connection.exec_driver_sql(
        "SELECT tenant, key_id, policy, tier, kind, start_ms, spent_nano_usd - purged_nano_usd, "
        "held_nano_usd FROM budget_windows"
    ):
        tenant, key_id, policy, tier, kind, start_ms = window_columns
        found: Window = (tenant, key_id, policy, tier, kind, start_ms)
        if not is_kept(watches, found):
            continue  # of a watch that has ended: nothing checks it again
        expected = sums.pop(found, [0, 0])
        if expected != [spent, held]:
            yield _window_finding(found, expected, [spent, held])
    for window, expected in sums.items():
        if any(expected):
            yield _window_finding(window, expected, [0, 0])


def _window_finding(window: Window, expected: list[int], stored: list[int]) -> Finding:
    *names, kind, start_ms = window
    tenant, key_id, policy, tier = names
    scope = BudgetScope(tenant, key_id, policy, tier)
    return Finding(
        FindingKind.WINDOW_DOES_NOT_SUM,
        f"{kind} {start_ms} of {scope}: the attempts sum to {expected[0]} spent and "
        f"{expected[1]} held, the window says {stored[0]} and {stored[1]}",
    )


def _texts(connection: Connection) -> Iterator[Finding]:
    """Yields texts stored in full whose digest, under their tenant's key, is not the row's."""
    for request_id, kind, content, secret, prompt, answer in connection.exec_driver_sql(
        "SELECT t.request_id, t.kind, t.content, s.secret, r.prompt_digest, r.answer_digest "
        "FROM texts t JOIN requests r ON r.request_id = t.request_id "
        "JOIN tenant_secrets s ON s.tenant = t.tenant "
        "WHERE t.store = 'full' AND t.kind IN ('prompt', 'answer') AND r.state <> 'open' "
        "AND substr(t.content, 1, 5) <> 'tgt1.'"  # a sealed text proves itself
    ):
        stated = prompt if kind == "prompt" else answer
        if stated and digest(bytes(secret), str(content)) != stated:
            yield Finding(
                FindingKind.TEXT_EDITED,
                f"the stored {kind} does not fit its digest",
                request_id=str(request_id),
            )


def _steps(connection: Connection) -> Iterator[Finding]:
    """Yields stored deliberations and passages whose digest, under their tenant's key, is not the
    row's.
    """
    for request_id, kind, content, secret, record in connection.exec_driver_sql(
        "SELECT t.request_id, t.kind, t.content, s.secret, r.record "
        "FROM texts t JOIN requests r ON r.request_id = t.request_id "
        "JOIN tenant_secrets s ON s.tenant = t.tenant "
        "WHERE t.kind IN ('steps', 'passages') AND r.state <> 'open' "
        "AND substr(t.content, 1, 5) <> 'tgt1.'"
    ):
        decided = orjson.loads(record or "{}")
        note = decided.get("reasoning") or {}
        stated = note.get("steps_digest") if kind == "steps" else decided.get("passages_digest")
        if digest(bytes(secret), str(content)) != stated:
            detail = f"the stored {kind} do not fit their digest"
            yield Finding(FindingKind.TEXT_EDITED, detail, request_id=str(request_id))
