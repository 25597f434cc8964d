"""Runs code that a model wrote, with a row's tests, in a bounded process of its own.

Bounded are processor time, memory, the size of files, open files, and time in all. The process has
a new temporary folder, an empty environment, no packages beside the standard library, and is killed
with what it started in its session.

This is no jail. The code runs as the user who runs the benchmark: it may open the network, read
what that user may read, start a process that leaves its session, and read the file of its own
tests. The memory of what it starts is bounded for each process, not for all. Run the answers of a
model that you do not trust in a container or a virtual machine without a network.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from msgspec import Struct

from router.errors import TrainingDataError

CPU_S = 5
WALL_S = 15.0
"""Time in all, which also ends code that sleeps."""
MEMORY_BYTES = 512 * 1024 * 1024
FILE_BYTES = 4 * 1024 * 1024
OPEN_FILES = 32
SHOWN_CHARACTERS = 300

_LAUNCHER = """
import os, resource, sys
cpu_s, memory, files, opened = map(int, sys.argv[1:5])
for limit, most in (
    (resource.RLIMIT_CPU, cpu_s),
    (resource.RLIMIT_AS, memory),
    (resource.RLIMIT_FSIZE, files),
    (resource.RLIMIT_NOFILE, opened),
    (resource.RLIMIT_CORE, 0),
):
    try:
        resource.setrlimit(limit, (most, most))
    except (OSError, ValueError):
        sys.exit(97)
os.execv(sys.executable, [sys.executable, "-I", "-S", "-B", "program.py"])
"""
_UNBOUNDED = 97
"""Exit code of the launcher where the machine refuses a limit; nothing was run then."""


class Bounds(Struct, frozen=True):
    """Holds what a run may use."""

    cpu_s: int = CPU_S
    wall_s: float = WALL_S
    memory_bytes: int = MEMORY_BYTES
    file_bytes: int = FILE_BYTES
    open_files: int = OPEN_FILES


class Run(Struct, frozen=True):
    """Holds the end of one run; `why` is "" where the tests passed."""

    passed: bool
    why: str


def run_tests(code: str, tests: str, bounds: Bounds | None = None) -> Run:
    """Returns True when `code` passes `tests`, which run after it in one module.

    Raises TrainingDataError where this machine cannot bound a process.
    """
    if os.name != "posix":
        raise TrainingDataError(
            "Rows with tests run code, and this system cannot bound a process (no setrlimit): "
            "run them on Linux or macOS, or leave these rows out."
        )
    # Code that ends early with success never gets to this line.
    done = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="tiergate-code-") as name:
        folder = Path(name)
        program = f"{code}\n\n{tests}\n\nprint({done!r})\n"
        (folder / "program.py").write_text(program, encoding="utf-8", errors="replace")
        output = folder / "output.txt"
        code_of_exit = _run(folder, output, bounds or Bounds())
        # Code may remove or replace its own output.
        try:
            with output.open("rb") as file:
                file.seek(max(0, output.stat().st_size - 4_000))
                printed = file.read().decode("utf-8", "replace").strip()
        except OSError:
            printed = ""
    if code_of_exit == _UNBOUNDED and not printed:
        raise TrainingDataError("This machine refuses a limit of a process; nothing was run.")
    if code_of_exit == 0 and printed.endswith(done):
        return Run(True, "")
    return Run(False, _why(code_of_exit, printed))


def _run(folder: Path, output: Path, bounds: Bounds) -> int | None:
    """Returns the exit code; None where the time was over."""
    limits = (bounds.cpu_s, bounds.memory_bytes, bounds.file_bytes, bounds.open_files)
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _LAUNCHER, *map(str, limits)],
            cwd=folder,
            env={"HOME": str(folder), "TMPDIR": str(folder), "PYTHONHASHSEED": "0"},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return process.wait(bounds.wall_s)
        except subprocess.TimeoutExpired:
            return None
        finally:
            # What the code started lives in its session, also after the code itself ended.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _why(code_of_exit: int | None, printed: str) -> str:
    if code_of_exit is None:
        return "out of time"
    if code_of_exit in (-signal.SIGXCPU, -signal.SIGKILL):
        return "out of processor time"
    last = printed.splitlines()[-1] if printed else ""
    if code_of_exit == 0:
        return "ended before its tests"
    return (last or f"exit code {code_of_exit}")[:SHOWN_CHARACTERS]
