"""Says which option is meant by one that a command does not have."""

from __future__ import annotations

from typing import Any, Protocol, TypeGuard

import typer

NEAR = 0.7
"""Likeness of a slip (`--databse`): below it `--to` was taken for `--tz`, `--tag` and `--json`."""
_FORMATS = ("--format", "--markdown", "--md", "--pdf", "--xlsx", "--excel")
OTHER_WORDS = {
    "--database": ("--db", "--ledger", "--sqlite"),
    "--since": ("--from", "--start", "--begin", "--after"),
    "--until": ("--to", "--end", "--till", "--before"),
    "--policy": ("--config", "--policies", "--file"),
    "--host": ("--listen", "--bind", "--address", "--ip"),
    "--tz": ("--timezone", "--time-zone", "--zone"),
    "--tenant": ("--customer", "--org", "--team"),
    "--log-level": ("--verbose", "--debug", "--quiet"),
    "--all": ("--full", "--long", "--details"),
    "--json": (*_FORMATS, "--output-format"),
    "--csv": (*_FORMATS, "--output-format", "--output"),
    "--html": (*_FORMATS, "--output-format", "--output"),
    "--out": ("--output", "--output-file"),
}
"""Lists, for options of ours, what other tools call them."""


OTHER_COMMANDS = {
    **dict.fromkeys(("explain", "why", "decide"), 'route --explain "TEXT"'),
    **dict.fromkeys(("decision", "trace", "show", "logs"), "ledger rows ID"),
    **dict.fromkeys(("start", "run", "up", "server"), "serve"),
    **dict.fromkeys(("validate", "lint", "verify", "test"), "check"),
    **dict.fromkeys(("key", "token", "tokens", "apikey"), "keys"),
    **dict.fromkeys(("cost", "costs", "usage", "savings"), "report"),
    **dict.fromkeys(("status", "health", "diagnose"), "doctor"),
}
"""Gives our command for what other tools call theirs."""


class NoSuchOption(Protocol):
    """Describes the error for an unknown option; typer exports its class by no public name."""

    option_name: str
    possibilities: Any
    message: str
    ctx: Any


class TooMuch(Protocol):
    """Describes click's error for the use of a command; typer exports its class by no name."""

    message: str
    ctx: Any


def is_of_use(error: typer.TyperException) -> TypeGuard[TooMuch]:
    """Returns True for an error that names the command which is called wrongly."""
    return hasattr(error, "ctx") and hasattr(error, "message")


def is_no_such_option(error: typer.TyperException) -> TypeGuard[NoSuchOption]:
    """Returns True for the error that names an unknown option."""
    return hasattr(error, "option_name") and hasattr(error, "possibilities")


def with_meant_option(error: NoSuchOption) -> None:
    """Adds to the error the options of its command that are meant; there may be none.

    An option that another tool calls by that name goes before one that is written alike.
    """
    from difflib import get_close_matches  # only a mistake needs it

    known = _known(error)
    meant = [name for name in known if error.option_name in OTHER_WORDS.get(name, ())]
    meant = meant or get_close_matches(error.option_name, known, 1, NEAR)
    error.possibilities = None  # else they are told twice
    if error.option_name in ("-p", "--policy") and "policies" in _arguments(error):
        error.message += "; a policy stands here without an option: tiergate check FILE"
    elif meant:
        error.message += f"; did you mean {' or '.join(meant)}?"


def _known(error: TooMuch) -> list[str]:
    params = [] if error.ctx is None else error.ctx.command.params
    return [name for param in params for name in param.opts if name.startswith("--")]


def _arguments(error: TooMuch) -> list[str]:
    params = [] if error.ctx is None else error.ctx.command.params
    return [name for param in params for name in param.opts if not name.startswith("-")]


def with_meant_place(error: TooMuch) -> None:
    """Adds to the error for a command that we lack, or an argument too many, what is meant by it.

    A policy belongs behind its option: `tiergate check` alone has policies as arguments.
    """
    _, unknown, rest = error.message.partition("No such command '")
    meant = OTHER_COMMANDS.get(rest.partition("'")[0])
    if unknown and meant:
        name = rest.partition("'")[0]
        error.message = f"No such command '{name}'; did you mean `tiergate {meant}`?"
        return
    _, extra, written = error.message.partition("Got unexpected extra argument(s) (")
    value = written.rstrip(")")
    if not extra:
        return
    takes = _arguments(error)
    named = value.endswith((".yaml", ".yml")) or not takes
    if named and "--policy" in _known(error) and " " not in value:
        error.message += f"; did you mean --policy {value}?"
    elif "text" in takes:
        error.message += "; put a text of several words in quotes"
