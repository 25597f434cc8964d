"""Defines options that several commands share with the same meaning."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from router.files.writing import replacing
from router.types import Device

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def given_path(text: str | Path) -> Path:
    """Reads a path of the command line, or a default; an empty one would mean the current folder.

    Raises typer.BadParameter for an empty one, as an unset variable of a shell makes.
    """
    if not str(text).strip():
        raise typer.BadParameter(
            "found an empty name; expected a file or a folder, '.' for the current one"
        )
    return Path(text)


def in_state_folder(
    context: typer.Context, option: typer.CallbackParam, path: Path | None
) -> Path | None:
    """Moves a default below `.tiergate` into the folder that `serve --state-dir` would take.

    So a server and the commands beside it agree by one variable; a callback of options.
    """
    folder = os.environ.get("TIERGATE_STATE_DIR")
    if _source(context, option) != "DEFAULT" or not folder or path is None:
        return path
    return Path(folder) / path.relative_to(".tiergate")


def one_policy(context: typer.Context, option: typer.CallbackParam, policy: str) -> str:
    """Reads the policy of a command that takes one; TIERGATE_POLICY may name several for `serve`.

    Raises typer.BadParameter for several; a callback of options.
    """
    if _source(context, option) != "ENVIRONMENT":
        return policy
    names = policy.split()
    if len(names) != 1:
        raise typer.BadParameter(
            f"TIERGATE_POLICY names {len(names)} policies ({', '.join(names)}); expected one: say "
            "--policy"
        )
    return names[0]


def _source(context: typer.Context, option: typer.CallbackParam) -> str:
    """Returns where the value of an option is from: COMMANDLINE, ENVIRONMENT or DEFAULT."""
    source = context.get_parameter_source(option.name or "")
    return "" if source is None else source.name


def given_name(text: str | None) -> str | None:
    """Refuses the name of nobody, of whom nothing would be found; a callback of options.

    Raises typer.BadParameter for an empty one, as an unset variable of a shell makes, and for
    bytes that are no UTF-8, which no ledger holds.
    """
    if text is not None and not text.strip():
        raise typer.BadParameter("found an empty name; expected one, or the option left out")
    if text is not None and text != text.encode("utf-8", "replace").decode("utf-8"):
        raise typer.BadParameter(f"found {text!r}, which is no UTF-8; expected a name in UTF-8")
    return text


Tenant = Annotated[str | None, typer.Option(callback=given_name, help="Of this tenant only.")]


def given_reason(text: str) -> str:
    """Refuses an empty reason where one is needed; a callback of options.

    Raises typer.BadParameter for an empty one, as an unset variable of a shell makes.
    """
    if not text.strip():
        raise typer.BadParameter("found no word; expected the reason, which the history keeps")
    return text


def folder_to_write(text: str | Path) -> Path:
    """Reads the path of a folder that is to be written, before minutes of work are done for it.

    Raises typer.BadParameter for an empty name, and where no folder can be made or written.
    """
    path = given_path(text)
    nearest = next(place for place in (path, *path.absolute().parents) if place.exists())
    if not nearest.is_dir():
        raise typer.BadParameter(
            f"{nearest} is a file; expected a folder, or the name of a new one"
        )
    if not os.access(nearest, os.W_OK):
        raise typer.BadParameter(f"{nearest} may not be written; expected another place")
    return path


def to_write_or_stdout(path: Path | None) -> Path | None:
    """Refuses a file that cannot be written, but not "-", which means standard output.

    Raises typer.BadParameter where no file can be written.
    """
    return path if is_stdout(path) else to_write(path)


def to_write(path: Path | None) -> Path | None:
    """Refuses a file that cannot be written before any work is done; a callback of options.

    Raises typer.BadParameter where no file can be written.
    """
    if path is None:
        return path
    if is_stdout(path):
        raise typer.BadParameter("- would be standard output; expected the name of a file")
    if path.is_dir():
        raise typer.BadParameter(f"{path} is a folder; expected the name of a file")
    if not path.parent.is_dir():
        raise typer.BadParameter(f"{path}: there is no folder {path.parent}; make it first")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise typer.BadParameter(f"{path} may not be written; expected another place")
    if path.is_file() and _is_database(path):
        raise typer.BadParameter(
            f"{path} is a database, which would be lost; expected the name of another file"
        )
    return path


def keep_sources(written: Iterable[Path | None], read: Iterable[Path | None]) -> None:
    """Refuses to write over a file that is read. Raises typer.BadParameter."""
    # `Path.resolve` has a traceback for a link that leads to itself.
    sources = {os.path.realpath(path) for path in read if path is not None}
    for path in written:
        if path is not None and os.path.realpath(path) in sources:
            raise typer.BadParameter(
                f"{path} is also what is read, and would be lost; expected the name of another file"
            )


def _is_database(path: Path) -> bool:
    """Returns True for a file of SQLite, such as a ledger: --html instead of --database."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        return file.read(16) == b"SQLite format 3\0"
    return False


def from_registry(path: Path | None) -> Path | None:
    """Returns the folder that `registry:NAME@SELECTOR` leads to; a callback of options.

    Raises RegistryError, also for a version that is no encoder.
    """
    if path is None or not str(path).startswith("registry:"):
        return path
    from router.errors import RegistryError
    from router.registry import ModelKind, registry_of

    registry = registry_of(os.environ)
    model = registry.show(str(path))
    if model.kind is not ModelKind.ENCODER:
        raise RegistryError(f"{model.id} is of kind {model.kind}; expected an encoder")
    return registry.folder(model.id)


def is_stdout(*paths: Path | None) -> bool:
    """Returns True where one of these is "-", which means standard output."""
    return "-" in map(str, paths)


def one_stdout(*paths: Path | None, as_json: bool) -> bool:
    """Returns True where standard output holds an output, so that words about it go aside.

    Raises typer.BadParameter for two outputs there: nobody could tell them apart.
    """
    if as_json + [str(path) for path in paths].count("-") > 1:
        raise typer.BadParameter(
            "two outputs would write standard output; expected one: a name of a file for the other"
        )
    return as_json or is_stdout(*paths)


def put_page(path: Path, text: str, what: str, *, aside: bool) -> None:
    """Writes a text into a file and says so, maybe on standard error; to standard output for "-".

    `aside` is what `one_stdout` returned.
    """
    write_page(path, text)
    if not is_stdout(path):
        typer.echo(f"{what} written to {path}.", err=aside)


def write_page(path: Path, text: str) -> None:
    """Writes a text into a file, or to standard output for "-"."""
    if is_stdout(path):
        typer.echo(text, nl=not text.endswith("\n"))
    else:
        with replacing(path) as beside:
            beside.write_text(text, encoding="utf-8", newline="")


HtmlFile = Annotated[
    Path | None,
    typer.Option(
        callback=to_write_or_stdout,
        readable=False,
        help="Write one HTML file with charts; opens offline. `-`: standard output.",
    ),
]
CsvFile = Annotated[
    Path | None,
    typer.Option(
        callback=to_write_or_stdout,
        readable=False,
        help="Write the figures as CSV. `-`: standard output.",
    ),
]


RegistryPlace = Annotated[
    str,
    typer.Option(
        "--registry", envvar="TIERGATE_REGISTRY", help="Where versions of models are kept."
    ),
]
REGISTRY = ".tiergate/models"  # as `router.registry.opening`, which no start needs to load


Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same result.")]
SEED = 7

DeviceOption = Annotated[
    Device,
    typer.Option(
        envvar="TIERGATE_DEVICE",
        help="What the triage model runs on; auto: a GPU (the extra `gpu`) where there is one.",
    ),
]

TrainDevice = Annotated[
    Device,
    typer.Option(
        envvar="TIERGATE_DEVICE", help="What torch trains on; auto: a GPU where there is one."
    ),
]


class FileFormat(StrEnum):
    """Names the formats of an exported ledger."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"
