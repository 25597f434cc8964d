"""Names the command that installs an optional part into the environment that runs."""

from __future__ import annotations

import shlex
import sys


def pip_install(extra: str = "") -> str:
    """Returns the command that installs an extra of Tiergate, by this interpreter's own pip.

    A plain `pip` may be that of another environment.
    """
    wanted = f"'tiergate[{extra}]'" if extra else "tiergate"
    return f"{shlex.quote(sys.executable)} -m pip install {wanted}"
