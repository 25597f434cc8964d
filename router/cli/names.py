"""Says who runs a command, for records of what was changed."""

from __future__ import annotations

import getpass


def user_name() -> str:
    """Returns the name of the user at this machine; "" where the system knows none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
