"""A backup while a server runs, and its restore, by the commands of the operations guide."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import ROOT
from tests.kits.books.postgres_kit import Postgres
from tests.kits.server_kit import COMMAND_S, Served, Upstream, environment, tiergate, write_policy

pytestmark = pytest.mark.process


def commands(program: str) -> str:
    """The block of the guide that calls this program."""
    text = (ROOT / "docs/guides/operations.md").read_text("utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```$", text, re.M | re.S)
    (block,) = [one for one in blocks if f"\n{program} " in one]
    return str(block)


def ran(block: str, folder: Path, **more: str) -> None:
    """Runs commands in a shell, which ends with the first one that fails."""
    subprocess.run(
        ["sh", "-e", "-c", block],
        cwd=folder,
        env=environment(**more),
        check=True,
        timeout=COMMAND_S,
    )


def findings(database: str | Path, anchors: Path) -> tuple[int, set[str]]:
    """The exit code of `ledger verify`, and what it finds."""
    run = tiergate("ledger", "verify", "--json", "--database", database, "--anchors", anchors)
    return run.returncode, {one["kind"] for one in json.loads(run.stdout)["findings"]}


def served_twice(folder: Path, url: str, database: str | Path, anchors: Path, backup: str) -> None:
    """Answers, makes a backup while the server runs, and answers again."""
    policy = write_policy(folder, url)
    (folder / "backup").mkdir()
    options = ("--anchors", str(anchors))
    with Served(folder, policy, *options, ledger=database) as served:
        assert served.chat().status_code == 200
        assert served.end() == 0
    with Served(folder, policy, *options, ledger=database) as served:
        assert served.chat().status_code == 200
        ran(backup, folder, TIERGATE_DATABASE=str(database))
        assert served.chat().status_code == 200
        assert served.end() == 0
    assert findings(database, anchors) == (0, set())


def restored_serves(folder: Path, url: str, database: str | Path, kept: Path, live: Path) -> None:
    """Checks that a restored ledger is whole by its own anchors, and goes on."""
    code, found = findings(database, kept)
    assert (code, "cut_tail" in found) == (1, True)
    assert findings(database, live) == (0, set())
    with Served(folder, write_policy(folder, url), "--anchors", str(live), ledger=database) as now:
        assert now.chat().status_code == 200
        assert now.end() == 0
        assert [row["state"] for row in now.rows()] == ["settled"] * 3
    assert findings(database, live) == (0, set())


def test_sqlite_is_restored_from_a_backup_of_a_running_server(
    upstream: Upstream, tmp_path: Path
) -> None:
    if shutil.which("sqlite3") is None:
        pytest.skip("the shell of SQLite is not installed (apt-get install sqlite3)")
    database = tmp_path / ".tiergate/ledger.db"
    live = tmp_path / ".tiergate/ledger.db.anchors"
    served_twice(tmp_path, upstream.url, database, live, commands("sqlite3"))
    assert (tmp_path / "backup/ledger.db").stat().st_mode & 0o77 == 0
    lost = tmp_path / "lost"
    lost.mkdir()
    for file in tmp_path.glob(".tiergate/ledger.db*"):
        if file.name.endswith((".db", "-wal", "-shm", ".anchors")):
            file.rename(lost / file.name)
    shutil.copy(tmp_path / "backup/ledger.db", database)
    shutil.copy(tmp_path / "backup/ledger.db.anchors", live)
    restored_serves(tmp_path, upstream.url, database, lost / "ledger.db.anchors", live)


@pytest.mark.postgres
def test_postgresql_is_restored_from_a_dump_of_a_running_server(
    upstream: Upstream, tmp_path: Path, postgres: Postgres
) -> None:
    path = f"{postgres.programs}:/usr/bin:/bin"
    # The guide copies the default file of a database of this name on this machine.
    live = tmp_path / ".tiergate/postgresql-localhost-tiergate.anchors"
    live.parent.mkdir(exist_ok=True)
    database = postgres.new_database("template1")
    backup = f"PATH={path}\n{commands('pg_dump')}"
    served_twice(tmp_path, upstream.url, database, live, backup)
    database = postgres.new_database("template1")
    kept = live.rename(tmp_path / "kept.anchors")
    shutil.copy(tmp_path / "backup/tiergate.anchors", live)
    restore = 'pg_restore --no-owner --dbname="$TIERGATE_DATABASE" backup/tiergate.dump'
    guide = (ROOT / "docs/guides/operations.md").read_text("utf-8")
    assert restore in re.sub(r"\s+", " ", guide)
    ran(f"PATH={path}\n{restore}", tmp_path, TIERGATE_DATABASE=database)
    restored_serves(tmp_path, upstream.url, database, kept, live)
