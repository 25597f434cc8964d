"""The log of events: what is written, counted and held back, and where it goes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from router.api.http import access_line
from router.api.observability.event_lines import EVERY_MS, Line
from router.api.observability.event_log import EventLog
from router.api.observability.metrics import Metrics
from router.types import CallFailed, CertificateTurned, CostBasis, Domain, PriceDiffers
from tests import ROOT
from tests.kits.books.ledger_rows import attempt, request
from tests.kits.changed import replace
from tests.kits.fakes import Clock

FAILED = CallFailed("mid", "gpu-1:8000", 503, "upstream_error", "x", False, "")


def test_every_failure_is_counted_where_one_is_written() -> None:
    metrics, lines = Metrics(), list[Line]()
    log = EventLog(metrics, Clock(), lines.append)
    for _ in range(5):
        log.happened(FAILED)
    assert [line.name for line in lines] == ["call_failed"]
    assert 'code="upstream_error"} 5.0' in metrics.page().decode()


def test_a_cost_that_is_not_believed_holds_back_no_line_of_one_that_is() -> None:
    lines = list[Line]()
    log = EventLog(Metrics(), Clock(), lines.append)
    for believed in (True, True, False):
        log.happened(PriceDiffers("mid", "mid-1", 1, 2, "r1", believed=believed))
    assert len(lines) == 2
    assert len({line.fields["next"] for line in lines}) == 2


@pytest.mark.parametrize(("suspended", "shown"), [(True, "1.0"), (False, "0.0")])
def test_a_suspended_certificate_is_shown_by_its_gauge(suspended: bool, shown: str) -> None:
    metrics = Metrics()
    log = EventLog(metrics, Clock(), lambda _: None)
    log.happened(CertificateTurned("shop", Domain.FINANCE, suspended, 0.4, 0.2))
    series = 'tiergate_certificate_suspended{domain="finance",policy="shop"} '
    assert series + shown in metrics.page().decode()


def test_close_writes_what_was_held_back() -> None:
    lines = list[Line]()
    log = EventLog(Metrics(), Clock(), lines.append)
    for _ in range(3):
        log.happened(FAILED)
    log.close()
    assert [line.fields.get("repeated") for line in lines] == [None, 1]


def test_line_comes_again_when_its_time_is_over() -> None:
    clock, lines = Clock(), list[Line]()
    log = EventLog(Metrics(), clock, lines.append)
    log.happened(FAILED)
    clock.now += EVERY_MS
    log.happened(FAILED)
    assert len(lines) == 2


def test_finished_request_is_on_its_access_line() -> None:
    log = EventLog(Metrics(), Clock())
    line = access_line.begin()
    for row in (request("r1", attempt("r1")), request("r2", attempt("r2"))):
        log.finished(row)
    cost = sum(row.cost_nano_usd for row in line.rows)
    assert line.fields()["cost_usd"] == f"{cost / 1e9:.9f}".rstrip("0")


def test_access_line_states_no_cost_that_nobody_knows() -> None:
    line = access_line.AccessLine()
    line.rows.append(request("r1", replace(attempt("r1"), cost_basis=CostBasis.UNKNOWN)))
    assert "cost_usd" not in line.fields()


PROGRAM = """
from router.api.compose.clock import SystemClock
from router.api.observability.event_log import EventLog
from router.api.observability.metrics import Metrics
from router.types import CallFailed
EventLog(Metrics(), SystemClock()).happened(CallFailed("mid", "h", 503, "c", "x", False, ""))
"""


def test_within_another_program_standard_output_stays_clean() -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == ""
    assert "call_failed" in run.stderr
