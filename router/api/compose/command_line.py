"""A command of this program as text that works when pasted into the shell we were called from.

It reads how this process was started, and nothing else.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path


def command_line(*arguments: str) -> str:
    """The program and these arguments, quoted for a POSIX shell.

    `tiergate` where the shell finds that, else the program beside this interpreter (an environment
    that is not active), else `python -m router.cli`.
    """
    return shlex.join([*_program(), *arguments])


def _program() -> list[str]:
    if shutil.which("tiergate"):
        return ["tiergate"]
    beside = Path(sys.executable).with_name("tiergate")
    if not beside.exists():
        return [sys.executable, "-m", "router.cli"]
    return [str(beside)]  # absolute: the shell may be in another folder by then
