"""Defines exit codes, and turns an error into a sentence on standard error and a code."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

import typer

from router.errors import CannotListen, LedgerError, PolicyError, TiergateError


class Exit(IntEnum):
    """Names the exit codes of `tiergate`; `docs/reference/cli.md` has the same list."""

    OK = 0
    FAILURE = 1  # something failed, or a check found something
    USAGE = 2  # wrong usage or a broken policy
    CANNOT_LISTEN = 3
    LEDGER = 4  # no ledger at that place, or one that cannot be read or written
    CONDITION_HOLDS = 5  # replay: a --fail-if holds
    CANNOT_SAY = 6  # a --fail-if, a certificate or a learner needs more data
    STOPPED = 130  # by Ctrl-C


def exit_code(error: TiergateError) -> Exit:
    """Returns the exit code of an error that ended a command."""
    # A plan's mistakes are a PolicyError too, so both end alike.
    if isinstance(error, PolicyError):
        return Exit.USAGE
    if isinstance(error, CannotListen):
        return Exit.CANNOT_LISTEN
    if isinstance(error, LedgerError):
        return Exit.LEDGER
    return Exit.FAILURE


def _not_encoded(error: UnicodeEncodeError) -> str:
    # A shell in another encoding gives such words; stores and hashes take none.
    if "\ud800" <= error.object[error.start] <= "\udfff":
        return "found text with bytes that are no UTF-8; expected text in UTF-8"
    return (
        f"the output takes {error.encoding} only, which lacks a character of the answer; expected "
        "UTF-8: set PYTHONIOENCODING=utf-8"
    )


_EXPECTED = {
    "int_parsing": "a whole number",
    "float_parsing": "a number",
    "less_than_equal": "at most {le:.15g}",
    "greater_than_equal": "at least {ge:.15g}",
}
"""Says in our words what pydantic, which reads the values of options, expected."""


def in_our_words(error: typer.BadParameter) -> typer.BadParameter:
    """Returns the error with a message that also says what was found, in words of ours.

    An error that no validation by pydantic caused is left as it is.
    """
    listed = getattr(error.__cause__, "errors", None)  # as a ValidationError of pydantic has them
    if callable(listed):
        mistake = listed()[0]
        if mistake["type"] == "value_error":
            error.message = error.message.removeprefix("Value error, ")
        elif mistake["type"] in _EXPECTED:
            kind = mistake["type"] if str(mistake["input"]).lower() != "nan" else "float_parsing"
            expected = _EXPECTED[kind].format_map(mistake.get("ctx", {}))
            error.message = f"found {str(mistake['input'])!r}; expected {expected}"
    return error


@contextmanager
def errors_end_the_program() -> Iterator[None]:
    """Prints Tiergate's own errors within the block, and ends the program with their exit code."""
    try:
        yield
    except TiergateError as error:
        typer.echo(f"tiergate: {error.message}", err=True)
        sys.exit(exit_code(error))
    except UnicodeEncodeError as error:
        typer.echo(f"tiergate: {_not_encoded(error)}", err=True)
        sys.exit(Exit.FAILURE)
    except ImportError as error:
        # Who presses Ctrl-C while a library in C is loaded gets its error of loading.
        if not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        typer.echo("Aborted.", err=True)
        sys.exit(Exit.STOPPED)
    # A full disk or a missing right is no bug of ours, so it needs no traceback.
    except OSError as error:
        named = f" {error.filename}" if error.filename else ""
        typer.echo(
            f"tiergate: the system refuses{named}: {error.strerror or error}; expected a place "
            "that can be read and written, with room left",
            err=True,
        )
        sys.exit(Exit.FAILURE)
