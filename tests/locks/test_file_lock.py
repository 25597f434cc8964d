"""A file lock holds against other processes and ends with its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from router.locks.file_lock import FileLock

HOLDS_IT = """
import sys
from pathlib import Path
from router.locks.file_lock import FileLock
lock = FileLock.take(Path(sys.argv[1]))
print("held" if lock else "taken", flush=True)
sys.stdin.read()
"""

WAITS_FOR_IT = """
import sys
from pathlib import Path
from router.locks.file_lock import FileLock
print("waits", flush=True)
with FileLock.wait_for(Path(sys.argv[1])):
    print("held", flush=True)
"""


def started(program: str, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_lock_of_another_process_is_refused_until_that_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with started(HOLDS_IT, path) as holder:
        assert line_of(holder) == "held"
        assert FileLock.take(path) is None
        holder.kill()
    lock = FileLock.take(path)
    assert lock is not None
    lock.release()


def test_another_process_finds_our_lock_taken(tmp_path: Path) -> None:
    with FileLock.wait_for(tmp_path / "lock"), started(HOLDS_IT, tmp_path / "lock") as other:
        assert line_of(other) == "taken"
        other.communicate()


def test_waiting_ends_when_the_lock_is_released(tmp_path: Path) -> None:
    lock = FileLock.wait_for(tmp_path / "lock")
    with started(WAITS_FOR_IT, tmp_path / "lock") as waiting:
        assert line_of(waiting) == "waits"
        lock.release()
        assert line_of(waiting) == "held"


def test_a_forked_child_keeps_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = FileLock.wait_for(path)
    from_child, to_parent = os.pipe()
    from_parent, to_child = os.pipe()
    child = os.fork()
    if not child:
        os.close(to_child)
        os.write(to_parent, b"!")
        os.read(from_parent, 1)  # until the parent has tried the lock
        os._exit(0)
    os.read(from_child, 1)
    lock.release()
    again = FileLock.take(path)
    for descriptor in (from_child, to_parent, from_parent, to_child):
        os.close(descriptor)
    os.waitpid(child, 0)
    assert again is not None
    again.release()


def test_a_second_release_does_nothing(tmp_path: Path) -> None:
    lock = FileLock.wait_for(tmp_path / "lock")
    lock.release()
    with FileLock.wait_for(tmp_path / "lock"):
        lock.release()
        assert FileLock.take(tmp_path / "lock") is None


def test_a_lock_that_is_not_to_be_made_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FileLock.take(tmp_path / "lock", make=False)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FileLock.take(tmp_path / "none" / "lock")
