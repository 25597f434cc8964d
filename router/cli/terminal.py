"""Makes consoles, and prints the few things that all commands print the same way."""

from __future__ import annotations

import sys

from rich.console import Console

WIDTH_OF_FILES = 160
"""Sets the line length for files and pipes; a terminal has its own width."""


def console(*, stderr: bool = False) -> Console:
    """Returns a console without colours and narrow wrapping where its output is piped."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else WIDTH_OF_FILES
    return Console(file=stream, width=width, highlight=False)


def print_json(value: object, *, indented: bool = False) -> None:
    """Prints one JSON document on standard output: on one line, or `indented` for people."""
    import msgspec

    # orjson writes no integer of more than 64 bits, such as a large sum in nano-dollars.
    document = msgspec.json.encode(value, enc_hook=str)
    # One line by default, so that other programs can read line by line.
    if indented:
        document = msgspec.json.format(document, indent=2)
    sys.stdout.write(document.decode() + "\n")
