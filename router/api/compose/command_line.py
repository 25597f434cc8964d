"""Formats a command of this program as text that works when pasted into the same shell.

It reads how this process was started, and nothing more.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

DATABASE = ".tiergate/ledger.db"  # the default of `--database` in every command


def command_line(*arguments: str) -> str:
    """Returns the program and these arguments, quoted for a POSIX shell.

    The program is `tiergate` where the shell finds it. Otherwise it is the program next to this
    interpreter (an environment that is not active), or `python -m router.cli`.
    """
    return shlex.join([*_program(), *arguments])


def ledger_commands(database: str | Path, environ: Mapping[str, str]) -> Callable[..., str]:
    """Returns a maker of commands on a server's ledger that work as printed: quoted, no password.

    Where the address comes from the environment, the commands take it from there too. Otherwise a
    placeholder for the password comes first, as YOUR_KEY does in the line to try.
    """
    # Imported late: a command that prints no such line reads no address.
    from router.ledger.sql.address import Address

    if str(database) == environ.get("TIERGATE_DATABASE", DATABASE):
        return command_line
    address = Address.parse(database)
    password = "PGPASSWORD=YOUR_PASSWORD " if address.has_password else ""

    def command(*arguments: str) -> str:
        return password + command_line(*arguments, "--database", address.without_password)

    return command


def _program() -> list[str]:
    if shutil.which("tiergate"):
        return ["tiergate"]
    neighbour = Path(sys.executable).with_name("tiergate")
    if not neighbour.exists():
        return [sys.executable, "-m", "router.cli"]
    return [str(neighbour)]  # absolute: the shell may be in another folder by then
