"""What `tiergate doctor` says of full disks, and of the ledger of a server that runs."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from router.api.compose.examined.places import LEAST_FREE_MB, room_finding, why_full
from tests import ROOT
from tests.kits.server_kit import Served, environment, eventually, tiergate

POLICY = ROOT / "policies" / "customer_support.yaml"


def examined(served: Served, policy: Path) -> tuple[int, str]:
    port = served.url.rpartition(":")[2]
    place = ("--port", port, "-d", str(served.database), "-p", str(policy))
    ended = tiergate("doctor", "--quick", *place)
    return ended.returncode, ended.stdout


@pytest.mark.process
def test_a_ledger_that_the_running_server_cannot_write_is_to_fix(tmp_path: Path) -> None:
    with Served(tmp_path, POLICY) as served:
        assert "the server's" not in examined(served, POLICY)[1]
        with closing(sqlite3.connect(served.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert served.chat().status_code == 503
            eventually(lambda: served.client.get("/readyz").status_code == 503)
            code, told = examined(served, POLICY)
            other.execute("ROLLBACK")
        eventually(lambda: served.client.get("/readyz").status_code == 200)
        assert "the server's" not in examined(served, POLICY)[1]
    assert code == 1
    assert "the server's ledger" in told
    assert "database is locked" in told


def read_only(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs the command line where no file can be made in a folder; those that are there open.

    So a file system is that stopped itself after a fault of its disk.
    """
    mounted = (
        'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && for file in "$0"/ledger.db*; '
        'do mount --bind "$file" "$file" && mount -o remount,bind,rw "$file"; done; exec "$@"',
        *(str(folder), sys.executable, "-m", "router.cli", *map(str, arguments)),
    )
    return subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", *mounted],
        **{"env": environment(), "capture_output": True, "text": True, "timeout": 300},
    )


@pytest.mark.process
def test_a_database_on_a_disk_that_became_read_only_is_to_fix(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    if read_only(folder, "--help").returncode != 0:
        pytest.skip("this user may mount nothing, not even in a namespace of its own")
    database = folder / "ledger.db"
    made = tiergate("keys", "create", "--tenant", "acme", "--database", database)
    assert made.returncode == 0, made.stderr
    place = ("doctor", "--quick", "-d", database, "--rates", tmp_path / "r", "--port", "0")
    with closing(sqlite3.connect(database)) as server:  # which has its files beside it open
        assert server.execute("SELECT count(*) FROM requests").fetchone() == (0,)
        ended = read_only(folder, *place)
    assert ended.returncode == 1, ended.stderr
    (line,) = re.findall(r"^broken +database +(.*)$", ended.stdout, re.M)
    assert "Read-only file system" in line


@pytest.mark.process
def test_a_policy_that_the_running_server_did_not_take_is_to_fix(tmp_path: Path) -> None:
    policy = tmp_path / "mine.yaml"
    policy.write_text(
        "version: 1\nname: mine\ntiers: [{name: small, level: 1, answerers: "
        "[{name: sums, kind: exact}]}]\n"
    )
    with Served(tmp_path, policy) as served:
        good = policy.read_text()
        policy.write_text(good.replace("level: 1", "level: one"))
        eventually(lambda: "policy_not_reloaded" in served.output)
        code, told = examined(served, policy)
    assert code == 1
    assert "the server's policy mine" in told
    assert "an earlier version serves" in told


@pytest.mark.parametrize(
    ("free_bytes", "files", "free_files", "begin"),
    [
        (LEAST_FREE_MB * 1_000_000, 1_000, 1, ""),
        (LEAST_FREE_MB * 1_000_000 - 1, 1_000, 1, "has 99.9 MB left"),
        (10**12, 1_000, 0, "has no room for another file"),
        (10**12, 0, 0, ""),
    ],
)
def test_a_disk_without_room_is_told(
    free_bytes: int, files: int, free_files: int, begin: str
) -> None:
    fault = why_full(free_bytes, files, free_files)
    assert fault.startswith(begin)
    assert bool(fault) is bool(begin)


def test_a_ledger_on_another_machine_has_no_disk_here() -> None:
    assert list(room_finding("postgresql://user@db.example.com/tiergate")) == []
