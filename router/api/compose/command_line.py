"""Formats a command of this program as text that works when pasted into the same shell.

It reads how this process was started, and nothing more.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path


def command_line(*arguments: str) -> str:
    """Returns the program and these arguments, quoted for a POSIX shell.

    The program is `tiergate` where the shell finds it. Otherwise it is the program next to this
    interpreter (an environment that is not active), or `python -m router.cli`.
    """
    return shlex.join([*_program(), *arguments])


def _program() -> list[str]:
    if shutil.which("tiergate"):
        return ["tiergate"]
    neighbour = Path(sys.executable).with_name("tiergate")
    if not neighbour.exists():
        return [sys.executable, "-m", "router.cli"]
    return [str(neighbour)]  # absolute: the shell may be in another folder by then
