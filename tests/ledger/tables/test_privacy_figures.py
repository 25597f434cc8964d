"""Figures for auditors count requests as reports do: money beside requests is none."""

from __future__ import annotations

import json

from router.rollout.rows import change_row
from router.rollout.stages import plan_of, started
from router.types import AttemptState, RequestState
from tests.kits.books.ledger_rows import NOW_MS, attempt, request
from tests.kits.books.open_ledgers import Ledgers
from tests.kits.changed import replace
from tests.kits.server_kit import tiergate
from tests.ledger.tables.test_rollouts import SECTION

HIDDEN = '{"pseudonyms":{"email":2},"residency":true}'


async def test_rows_that_are_no_requests_are_counted_in_no_figure(
    address: str, ledgers: Ledgers
) -> None:
    ledger = ledgers(address)
    for number in range(3):
        row = request(f"r{number}", attempt(f"r{number}"))
        await ledger.finish(replace(row, record=HIDDEN) if number == 0 else row)
    for kind in ("reconcile", "review", "shadow"):
        row = request(kind, attempt(kind))
        await ledger.finish(replace(row, endpoint=kind, record=HIDDEN))
    change = started(None, "test", "run", plan_of(SECTION, []), ("a", "b"), NOW_MS, "ann", "")
    await ledger.finish(change_row(change))
    runs = attempt("open", state=AttemptState.HELD)
    await ledger.hold(replace(request("open"), state=RequestState.OPEN), runs)
    said = tiergate("privacy", "report", "--json", "--database", address)
    told = tiergate("report", "--json", "--database", address)
    assert (said.returncode, told.returncode) == (0, 0), said.stderr + told.stderr
    figures, report = json.loads(said.stdout), json.loads(told.stdout)
    assert figures["requests"] == report["requests"] == 3
    assert (figures["requests_hidden"], figures["requests_barred"]) == (1, 1)
    assert figures["hidden"] == {"email": 2}
