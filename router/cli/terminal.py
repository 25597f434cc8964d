"""Makes consoles, and prints the few things that all commands print the same way."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, TextIO, cast

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.padding import PaddingDimensions
    from rich.table import Table

WIDTH_OF_FILES = 160
"""Sets the line length for files and pipes; a terminal has its own width."""


_ACTED_ON = re.compile(
    "[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
"""Finds control characters, changes of direction, ends of lines and what prints nothing."""


class _WithoutTrailingBlanks:
    """Writes to a stream without the blanks that fill up lines, which only a terminal needs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding = stream.encoding

    def write(self, text: str) -> int:
        """Writes the text, and returns the number of its characters."""
        *lines, rest = text.split("\n")
        self._stream.write("".join([line.rstrip(" ") + "\n" for line in lines]) + rest)
        return len(text)

    def flush(self) -> None:
        """Writes what the stream keeps."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Returns False: it stands for a file or a pipe."""
        return False


def console(*, stderr: bool = False) -> Console:
    """Returns a console without colours and narrow wrapping where its output is piped."""
    from rich.console import Console  # most of what only prints JSON or one line needs none

    stream = sys.stderr if stderr else sys.stdout
    if stream.isatty():
        return Console(file=stream, highlight=False)
    trimmed = cast("TextIO", _WithoutTrailingBlanks(stream))
    return Console(file=trimmed, width=WIDTH_OF_FILES, highlight=False)


def figures_table(
    titles: Iterable[str], words: Collection[str] = ("",), padding: PaddingDimensions = (0, 2)
) -> Table:
    """Returns a table without lines or rows: columns of `words` stand left, those of figures right.

    The one without a title names what each row is about.
    """
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=padding, header_style="bold")
    for title in titles:
        table.add_column(title, justify="left" if title in words else "right")
    return table


def print_json(value: object, *, indented: bool = False) -> None:
    """Prints one JSON document on standard output: on one line, or `indented` for people."""
    import msgspec

    # orjson writes no integer of more than 64 bits, such as a large sum in nano-dollars.
    document = msgspec.json.encode(value, enc_hook=str)
    # One line by default, so that other programs can read line by line.
    if indented:
        document = msgspec.json.format(document, indent=2)
    sys.stdout.write(inert_json(document.decode()) + "\n")


def inert_json(document: str) -> str:
    r"""Returns JSON that means the same, with an escape for each sign that a terminal acts on.

    Clients choose names in it. JSON itself escapes only what is below a blank.

    >>> inert_json('["\u009b31m", "\u202e"]')
    '["\\u009b31m", "\\u202e"]'
    """
    return _ACTED_ON.sub(lambda sign: _escaped(sign[0]), document)


def _escaped(sign: str) -> str:
    if ord(sign) < 0x10000:
        return f"\\u{ord(sign):04x}"
    high, low = divmod(ord(sign) - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def to_stderr(line: str) -> None:
    """Prints a line on standard error, for work that says what it does."""
    typer.echo(line, err=True)
