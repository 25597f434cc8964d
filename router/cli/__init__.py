"""The command `tiergate`. This file is its entry; the commands stand in the modules beside it.

Nothing heavy is imported before a command runs, so that `tiergate --help` answers at once.
"""

from __future__ import annotations

import os

PRIVATE = 0o077
"""What files and folders of a command are not: readable by anybody but who ran it."""
THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")


def main() -> None:
    """Run the command line and exit with one of `router.cli.exits.Exit`."""
    os.umask(PRIVATE)  # ledgers, exports and reports tell who asked what
    for name in THREAD_VARIABLES:
        # Triage multiplies small matrices: more threads than one only wait for each other, and take
        # the cores of the local model. Numpy reads this once, when it is first imported.
        os.environ.setdefault(name, "1")
    from router.cli.commands import run

    run()
