"""Starts the command `tiergate`; the commands themselves are in the folders below.

Nothing heavy is imported before a command runs, so `tiergate --help` answers at once.
"""

from __future__ import annotations

import atexit
import gc
import os

PRIVATE = 0o077
"""Removes the rights of everybody except the user from the files and folders of a command."""
THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
COLLECT_AFTER = 400_000
"""Lets so many new objects live before garbage is looked for. Imports and policies make hundreds
of thousands that stay: at Python's 700 a quarter of a start goes into looking at them."""


def main() -> None:
    """Runs the command line and exits with one of `router.cli.exits.Exit`."""
    gc.set_threshold(COLLECT_AFTER, 20, 50)
    # Else Python looks for cycles among all that is left when it ends: a seventh of `route`.
    atexit.register(gc.freeze)
    os.umask(PRIVATE)  # ledgers, exports and reports show who asked what
    for name in THREAD_VARIABLES:
        # Triage multiplies small matrices: more threads than one only wait for each other, and take
        # the cores of the local model. Numpy reads this once, when it is first imported.
        os.environ.setdefault(name, "1")
    # Else pydantic asks all installed packages whether one of them is a plugin of it.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from router.cli.alone import run

    run()
