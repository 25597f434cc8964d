"""Consoles and the few words that all commands print alike."""

from __future__ import annotations

import sys

from rich.console import Console

WIDTH_OF_FILES = 160
"""Lines of this length go to files and pipes; a terminal has its own width."""


def console(*, stderr: bool = False) -> Console:
    """A console that never colours or wraps what is piped into another program too narrowly."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else WIDTH_OF_FILES
    return Console(file=stream, width=width, highlight=False)


def print_json(value: object, *, indented: bool = False) -> None:
    """One JSON document on standard output: on one line, or `indented` for people."""
    import orjson

    option = orjson.OPT_INDENT_2 if indented else 0
    sys.stdout.write(orjson.dumps(value, default=str, option=option).decode() + "\n")
