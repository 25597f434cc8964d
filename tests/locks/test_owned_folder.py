"""Folders end with their process, or with the next start after it was killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from router.locks.owned_folder import OwnedFolder

PREFIX = "tiergate-test-"

HOLDS_ONE = f"""
import sys
from router.locks.owned_folder import OwnedFolder
folder = OwnedFolder({PREFIX!r})
print(folder.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


@pytest.fixture
def folder_of_ours() -> Iterator[Path]:
    with closing(OwnedFolder(PREFIX)) as folder:
        yield folder.path


def test_a_folder_ends_when_it_is_closed(temporary: Path) -> None:
    folder = OwnedFolder(PREFIX)
    assert folder.path.parent == temporary
    folder.close()
    assert not folder.path.exists()


def test_the_folder_of_a_process_that_runs_stays(folder_of_ours: Path) -> None:
    OwnedFolder(PREFIX).close()
    assert folder_of_ours.is_dir()


def test_the_folder_of_a_killed_process_goes_at_the_next_start() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS_ONE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as killed:
        assert killed.stdout is not None
        left = Path(killed.stdout.readline().strip())
        OwnedFolder(PREFIX).close()
        assert left.is_dir()
        killed.send_signal(signal.SIGKILL)
    assert left.is_dir()
    OwnedFolder(PREFIX).close()
    assert not left.exists()


def test_a_folder_without_an_owner_stays(temporary: Path) -> None:
    other = temporary / f"{PREFIX}of-something-else"
    other.mkdir()
    OwnedFolder(PREFIX).close()
    assert other.is_dir()
