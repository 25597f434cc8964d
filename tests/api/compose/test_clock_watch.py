"""A clock that is set is told once, and so is a ledger whose newest row has not come yet."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from router.api.compose.mounted.clock_watch import BELIEVED, FOLLOWED, HALF_PACE, ClockWatch
from tests.kits.server_kit import Served, Upstream, write_policy

NOW_S = 1_795_000_000  # 2026-11-18, UTC
HOUR_S, DAY_S = 3_600, 86_400


class Machine:
    """Has a clock that can be set, and a time that it is up."""

    def __init__(self) -> None:
        self.wall_s, self.up_s = float(NOW_S), 500.0

    def passes(self, seconds: float) -> None:
        self.wall_s += seconds
        self.up_s += seconds

    def watch(self) -> ClockWatch:
        return ClockWatch(lambda: int(self.wall_s * 1e9), lambda: int(self.up_s * 1e9))


@pytest.mark.parametrize(
    ("moved_s", "goes_on"),
    [
        (2 * HOUR_S, FOLLOWED),
        (365 * DAY_S, FOLLOWED),
        (121, FOLLOWED),
        (-2 * HOUR_S, HALF_PACE),
        (-7 * DAY_S, BELIEVED),
    ],
)
async def test_clock_that_is_set_is_told_once(moved_s: float, goes_on: str) -> None:
    machine = Machine()
    watch = machine.watch()
    with capture_logs() as lines:
        machine.passes(30.0)
        machine.wall_s += moved_s
        await watch.look()
        machine.passes(30.0)
        await watch.look()
    assert [(line["event"], line["log_level"]) for line in lines] == [("clock_jumped", "warning")]
    assert (lines[0]["moved_s"], lines[0]["next"]) == (moved_s, goes_on)


@pytest.mark.parametrize("moved_s", [0.0, 119.0, -119.0])
async def test_clock_that_is_put_right_by_seconds_is_not_told(moved_s: float) -> None:
    machine = Machine()
    watch = machine.watch()
    with capture_logs() as lines:
        machine.passes(8 * HOUR_S)  # as a machine that slept
        machine.wall_s += moved_s
        await watch.look()
    assert lines == []


@pytest.mark.parametrize(
    ("ahead_s", "told"),
    [(-DAY_S, []), (119, []), (121, [HALF_PACE]), (7 * DAY_S, [BELIEVED])],
)
def test_newest_row_in_the_future_is_told_at_a_start(ahead_s: int, told: list[str]) -> None:
    with capture_logs() as lines:
        Machine().watch().begin_after(1_000 * (NOW_S + ahead_s))
    assert [line["next"] for line in lines] == told
    assert all(line["event"] == "ledger_ahead" for line in lines)


def test_row_of_a_year_that_no_calendar_has_is_told() -> None:
    with capture_logs() as lines:
        Machine().watch().begin_after(10**18)
    assert lines[0]["newest"] == "1000000000000000 s"


@pytest.mark.process
def test_a_server_that_dates_rows_ahead_of_its_machine_says_so(tmp_path: Path) -> None:
    with Upstream(tmp_path) as upstream:
        policy = write_policy(tmp_path, upstream.url)
        with Served(tmp_path, policy) as served:
            assert clock_of(served) == {"state": "ready", "detail": ""}
            assert served.chat().status_code == 200
            served.end()
        with closing(sqlite3.connect(tmp_path / "ledger.db")) as books:
            books.execute("UPDATE requests SET created_at_ms = created_at_ms + 36000000")
            books.commit()
        with Served(tmp_path, policy) as served:
            clock = clock_of(served)
            assert clock["state"] == "ahead"
            assert "Compare the clocks of all machines" in clock["detail"]
            assert served.client.get("/readyz").status_code == 200


def clock_of(served: Served) -> dict[str, str]:
    return dict(httpx.get(f"{served.url}/readyz").json()["clock"])
