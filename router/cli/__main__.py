"""`python -m router.cli` is the command `tiergate`."""

from router.cli import main

main()
