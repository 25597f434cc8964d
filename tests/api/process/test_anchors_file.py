"""A server whose anchors file cannot be added to says so, and serves."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kits.books.postgres_kit import Postgres
from tests.kits.server_kit import Served, Upstream, eventually, tiergate, write_policy

pytestmark = pytest.mark.process


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[Upstream]:
    with Upstream(tmp_path) as one:
        yield one


def state_of(served: Served) -> tuple[str, str, str]:
    """Returns the readiness, and what it says of the anchors."""
    ready = served.client.get("/readyz").json()
    anchors = ready["details"]["anchors"] if "details" in ready else ready["anchors"]
    return ready["status"], anchors["state"], anchors["detail"]


@pytest.mark.parametrize(
    ("place", "workers", "words"),
    [
        ("/proc/nope/anchors", "1", "cannot write the anchors file '/proc/nope/anchors'"),
        ("/dev/full", "2", "cannot write the anchors file '/dev/full': it is a device"),
    ],
)
def test_path_that_cannot_be_written_is_told_at_the_start(
    tmp_path: Path, upstream: Upstream, place: str, workers: str, words: str
) -> None:
    policy = write_policy(tmp_path, upstream.url)
    with Served(tmp_path, policy, "--anchors", place, "--workers", workers) as served:
        served.wait_for(f"(?m)^  warning    {words}")
        served.wait_for("anchors_not_written")
        status, state, detail = state_of(served)
        assert (status, state) == ("ready", "failing")
        assert words in detail
        assert 'tiergate_store_up{store="anchors"} 0.0' in served.client.get("/metrics").text
        assert served.chat().status_code == 200


def test_file_of_another_ledger_gets_nothing_and_both_stay_whole(
    tmp_path: Path, upstream: Upstream
) -> None:
    policy, anchors = write_policy(tmp_path, upstream.url), tmp_path / "shared.anchors"
    shared = {"TIERGATE_ANCHORS": str(anchors)}
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    with Served(first, policy, **shared) as served:
        assert state_of(served)[1] == "ready"
        assert served.chat().status_code == 200
    before = anchors.read_bytes()
    assert before
    with Served(second, policy, **shared) as served:
        served.wait_for("(?m)^  warning    nothing is added to the anchors file")
        assert served.chat().status_code == 200
    assert anchors.read_bytes() == before
    verify = ("ledger", "verify", "--database", first / "ledger.db", "--anchors", anchors)
    assert tiergate(*verify).returncode == 0


def test_restored_dump_of_postgresql_adds_nothing(
    tmp_path: Path, upstream: Upstream, postgres: Postgres
) -> None:
    """A database made from another one as its template holds what a restored dump holds."""
    policy, anchors = write_policy(tmp_path, upstream.url), tmp_path / "live.anchors"
    live, shared = postgres.new_database(), {"TIERGATE_ANCHORS": str(anchors)}
    with Served(tmp_path, policy, ledger=live, **shared) as served:
        assert served.chat().status_code == 200
    copy = postgres.new_database(template=live.partition("?")[0].rpartition("/")[2])
    with Served(tmp_path, policy, ledger=live, **shared) as served:
        assert served.chat().status_code == 200
    before = anchors.read_bytes()
    with Served(tmp_path, policy, ledger=copy, **shared) as served:
        served.wait_for("restored from a backup of before, or is a copy")
        assert served.chat().status_code == 200
    assert anchors.read_bytes() == before
    assert tiergate("ledger", "verify", "--database", live, "--anchors", anchors).returncode == 0
    told = tiergate("ledger", "verify", "--database", copy, "--anchors", anchors, "--json")
    assert told.returncode == 1
    assert "anchors of another database" in json.loads(told.stdout)["anchors_differ"]


def test_file_that_is_moved_away_is_begun_again(tmp_path: Path, upstream: Upstream) -> None:
    policy, other = write_policy(tmp_path, upstream.url), tmp_path / "other"
    other.mkdir()
    with Served(other, policy) as served:
        assert served.chat().status_code == 200
    anchors = tmp_path / "ledger.db.anchors"
    shutil.copy(other / "ledger.db.anchors", anchors)
    with Served(tmp_path, policy) as served:
        assert state_of(served)[1] == "failing"
        anchors.rename(tmp_path / "old")
        assert served.chat().status_code == 200
        eventually(lambda: state_of(served)[1] == "ready", 100.0)
        served.wait_for("anchors_written_again")
    assert tiergate("ledger", "verify", "--database", tmp_path / "ledger.db").returncode == 0
