"""Only its owner can read a file that we write, whatever umask we are started with."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from router.library import Gateway
from tests.kits.server_kit import Served, Upstream, tiergate, write_policy

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def wide_open() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def modes_below(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): stat.S_IMODE(path.lstat().st_mode)
        for path in folder.rglob("*")
    }


def open_to_others(folder: Path) -> dict[str, str]:
    return {name: oct(mode) for name, mode in modes_below(folder).items() if mode & 0o077}


@pytest.mark.process
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_writes_private_files_in_private_folders(tmp_path: Path, workers: str) -> None:
    with Upstream(tmp_path) as upstream:
        policy = write_policy(tmp_path, upstream.url, limits=[{"requests_per_minute": 1000}])
        books = tmp_path / "books" / "of" / "today"
        options = ("--workers", workers)
        with Served(tmp_path, policy, *options, ledger=books / "ledger.db") as served:
            assert served.chat().status_code == 200
            while_serving = modes_below(tmp_path / "books")
            assert {"of/today/ledger.db", "of/today/ledger.db-wal", "of/today/ledger.db-shm"} <= (
                while_serving.keys()
            )
            assert open_to_others(tmp_path / "books") == {}
    assert "of/today/ledger.db.anchors" in modes_below(tmp_path / "books")
    assert open_to_others(tmp_path / "books") == {}
    assert stat.S_IMODE((tmp_path / "books").stat().st_mode) == 0o700


def test_commands_write_private_files(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    database = out / "ledger.db"
    made = tiergate("keys", "create", "-d", database, "--tenant", "acme")
    assert made.returncode == 0, made.stderr
    for command in (
        ("ledger", "export", "-d", database, "--out", out / "rows.csv"),
        ("report", "-d", database, "--html", out / "r.html", "--csv", out / "r.csv"),
    ):
        run = tiergate(*command)
        assert run.returncode == 0, run.stderr
    assert {"ledger.db", "rows.csv", "r.html", "r.csv"} <= modes_below(out).keys()
    assert open_to_others(out) == {}


def test_a_backend_that_uses_the_library_keeps_its_umask_and_gets_private_files(
    tmp_path: Path,
) -> None:
    with Gateway.from_policy("customer_support", database=tmp_path / "b" / "l.db") as gateway:
        gateway.complete("How do I return a parcel?")
    assert os.umask(0) == 0
    assert open_to_others(tmp_path) == {}


@pytest.mark.parametrize(("found", "left"), [(0o644, 0o600), (0o666, 0o600), (0o640, 0o640)])
def test_a_ledger_that_everybody_could_read_is_shut_and_a_groups_is_left(
    tmp_path: Path, found: int, left: int
) -> None:
    database = tmp_path / "ledger.db"
    assert tiergate("keys", "create", "-d", database, "--tenant", "a").returncode == 0
    database.chmod(found)
    assert tiergate("keys", "list", "-d", database).returncode == 0
    assert stat.S_IMODE(database.stat().st_mode) == left
