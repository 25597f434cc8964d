"""Consoles and the few words that all commands print alike."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

from rich.console import Console

WIDTH_OF_FILES = 160
"""Lines of this length go to files and pipes; a terminal has its own width."""


def console(*, stderr: bool = False) -> Console:
    """A console that never colours or wraps what is piped into another program too narrowly."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else WIDTH_OF_FILES
    return Console(file=stream, width=width, highlight=False)


def command_line(*arguments: str) -> str:
    """A command of this program that works when pasted into the shell it was called from.

    `tiergate` where the shell finds that, else the way this run was started: a program in an
    environment that is not active, or `python -m router.cli`.
    """
    started = Path(sys.argv[0])
    program = ["tiergate"]
    if started.name != "tiergate":
        program = [sys.executable, "-m", "router.cli"]
    elif shutil.which("tiergate") is None:
        program = [str(started)]
    return shlex.join([*program, *arguments])


def print_json(value: object) -> None:
    """One JSON document on one line of standard output."""
    import orjson

    sys.stdout.write(orjson.dumps(value, default=str).decode() + "\n")


def dollars(nano_usd: int) -> str:
    """Nano-dollars for people: $0.0123, $1,234.50; below a tenth of a cent, significant digits."""
    usd = nano_usd / 1e9
    if usd == 0 or abs(usd) >= 1:
        return f"${usd:,.2f}"
    return f"${usd:.4f}" if abs(usd) >= 0.001 else f"${usd:.2g}"
