"""Folders of counts end with their server, or with the next start after it was killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from router.api.process.metrics_folder import metrics_folder

HOLDS_ONE = """
import sys
from router.api.process.metrics_folder import metrics_folder
with metrics_folder() as folder:
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_a_folder_ends_with_its_server(temporary: Path) -> None:
    with metrics_folder() as folder:
        assert Path(folder).parent == temporary
    assert not Path(folder).exists()


def test_the_folder_of_a_server_that_runs_stays() -> None:
    with metrics_folder() as first, metrics_folder():
        assert Path(first).is_dir()


def test_the_folder_of_a_killed_server_goes_at_the_next_start() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS_ONE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as killed:
        assert killed.stdout is not None
        left = Path(killed.stdout.readline().strip())
        with metrics_folder():
            assert left.is_dir()
        killed.send_signal(signal.SIGKILL)
    assert left.is_dir()
    with metrics_folder():
        assert not left.exists()


def test_a_folder_that_says_no_owner_stays(temporary: Path) -> None:
    other = temporary / "tiergate-metrics-of-something-else"
    other.mkdir()
    with metrics_folder():
        assert other.is_dir()
