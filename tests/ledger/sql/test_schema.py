"""The migrations build the schema that the code speaks to, and opening stays cheap."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event

from router.ledger.columns import ATTEMPT_COLUMNS, REQUEST_COLUMNS, chained
from router.ledger.hash_chain import attempt_values, request_values
from router.ledger.sql import reading, schema
from router.ledger.sql.database import Database
from tests import ROOT
from tests.kits.books.ledger_rows import attempt, request
from tests.kits.server_kit import COMMAND_S


def test_schema_version_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "router/ledger/sql/migrations"))
    config.set_main_option("recursive_version_locations", "true")
    assert ScriptDirectory.from_config(config).get_current_head() == schema.SCHEMA_VERSION


def test_migrations_are_numbered_without_a_gap() -> None:
    folder = ROOT / "router/ledger/sql/migrations/versions"
    names = sorted(path.stem for path in folder.rglob("[0-9]*.py"))
    assert [name[:5] for name in names] == [f"{n:04}_" for n in range(1, len(names) + 1)]
    script = ScriptDirectory(str(folder.parent), recursive_version_locations=True)
    assert [one.revision for one in script.walk_revisions()] == names[::-1]


def test_migrated_database_has_the_schema_of_the_code(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "100 %.db")
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
    database.close()


def test_values_have_one_entry_per_column() -> None:
    assert len(request_values(request("r"))) == len(chained(REQUEST_COLUMNS))
    assert len(attempt_values(attempt("r"))) == len(chained(ATTEMPT_COLUMNS))


@pytest.mark.slow
def test_ready_database_opens_without_alembic(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    Database.open(path).close()
    script = (
        "import sys\n"
        "from router.ledger.sql.database import Database\n"
        "Database.open(sys.argv[1]).close()\n"
        "print('alembic' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=COMMAND_S,
    )
    assert done.stdout.strip() == "False"


def test_workers_that_open_a_new_file_together_all_succeed(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom router.ledger.sql.database import Database\nDatabase.open(sys.argv[1])\n"
    )
    workers = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "new.db")], cwd=ROOT)
        for _ in range(4)
    ]
    assert [worker.wait(timeout=COMMAND_S) for worker in workers] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("tenant", "index"), [("acme", "requests_by_tenant"), (None, "requests_by_time")]
)
def test_rows_of_a_period_are_found_by_an_index(
    tmp_path: Path, tenant: str | None, index: str
) -> None:
    database = Database.open(tmp_path / "ledger.db")
    asked: list[tuple[str, Any]] = []
    event.listen(
        database.engine,
        "before_cursor_execute",
        lambda _c, _k, statement, values, _x, _m: asked.append((statement, values)),
    )
    assert list(reading.rows(database, since_ms=1, until_ms=9, tenant=tenant)) == []
    statement, values = next(pair for pair in asked if "FROM requests" in pair[0])
    with database.reading() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
    database.close()
    assert [row[3].split(" (")[0] for row in plan] == [f"SEARCH requests USING INDEX {index}"]
