"""Defines `tiergate classify`: a file of texts through a policy's specialist, without a server."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.exits import Exit
from router.cli.options import DeviceOption, keep_sources, to_write
from router.cli.serve.serve import ModelDir
from router.rendering.figures_in_words import counted
from router.types import Device, EncoderUse

if TYPE_CHECKING:
    from router.api.compose.labelling.classify_file import Done, Files
    from router.api.compose.labelling.workers import Labels

ProgressSink = Callable[[int, int], None]


def classify(
    source: Annotated[
        Path,
        typer.Argument(metavar="SOURCE", help="A .jsonl or .jsonl.gz file, one object a line."),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            callback=to_write,
            help="Results, one line each in the order of the file.",
        ),
    ],
    policy: Annotated[
        str,
        typer.Option("--policy", "-p", help="Name or file of a policy with a specialist."),
    ] = "email_pipeline",
    task: Annotated[
        str | None,
        typer.Option(show_default="all fields", help="One field of the specialist alone."),
    ] = None,
    text_column: Annotated[
        str, typer.Option(help="The text's key; without it, subject and body are read.")
    ] = "text",
    bad: Annotated[
        Path | None,
        typer.Option(
            show_default="OUT.bad",
            callback=to_write,
            help="Lines that are no rows, each with the reason.",
        ),
    ] = None,
    threads: Annotated[
        int, typer.Option(min=1, max=64, help="Threads of each process that run the encoder.")
    ] = 2,
    processes: Annotated[
        int, typer.Option(min=1, max=64, help="Processes that read; each has a copy of the model.")
    ] = 1,
    again: Annotated[bool, typer.Option("--again", help="Start over instead of going on.")] = False,
    encoder: Annotated[
        EncoderUse, typer.Option(help="Which texts the encoder reads; never: only words decide.")
    ] = EncoderUse.WHEN_NEEDED,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
    model_dir: ModelDir = None,
    device: DeviceOption = Device.AUTO,
) -> None:
    """Label every text in a file by a policy's specialist; go on where it stopped."""
    from router.api.compose.labelling.classify_file import Files
    from router.api.compose.labelling.workers import Here, Opening, Processes
    from router.api.compose.specialists import bytes_on_disk

    files = Files(source, out, bad or out.with_name(f"{out.name}.bad"))
    keep_sources((files.out, files.bad, files.state), (source,))
    keep_sources((files.bad,), (out,))
    opening = Opening(policy, task, model_dir, threads, encoder, device)
    with ExitStack() as opened:
        specialist = opened.enter_context(opening.open())
        began = time.monotonic()
        labels: Labels = Here(specialist)
        if processes > 1:
            labels = opened.enter_context(
                Processes(processes, opening, specialist.placement.device)
            )
        done = _label(labels, asdict(specialist.identity), files, text_column, again)
        seconds = time.monotonic() - began
        sizes = bytes_on_disk(specialist, model_dir)
    _tell(done, files.out, files.bad, seconds, sizes, peak_rss_bytes(processes), as_json)
    # A table, or another encoding: whoever only looks at the code would lose every row.
    if done.bad and not done.rows + done.resumed:
        _tell_no_rows(source, text_column, done.first_bad)
        raise typer.Exit(Exit.FAILURE)


def _label(
    labels: Labels, identity: Mapping[str, str], files: Files, text_column: str, again: bool
) -> Done:
    """Labels the rows of a file, with a bar on a terminal. Raises Exit where Ctrl-C stops it."""
    from router.api.compose.labelling.classify_file import classify_file

    with _bar(files.source) as progress:
        try:
            return classify_file(
                labels, identity, files, text_column=text_column, again=again, progress=progress
            )
        except KeyboardInterrupt:
            typer.echo(
                f"tiergate: interrupted; {files.out} has the finished rows. The same command goes "
                "on from there.",
                err=True,
            )
            raise typer.Exit(Exit.STOPPED) from None


def _tell_no_rows(source: Path, text_column: str, first_bad: str) -> None:
    """Says what a line must be, and how a table becomes such a file."""
    typer.echo(
        f"tiergate: no line of {source} is a row (line {first_bad}); expected one JSON "
        f"object a line in UTF-8, with {text_column!r} (`--text-column` names another key) or "
        "`subject` and `body`. A table in CSV becomes such a file by: python -c 'import csv, "
        "json, sys; [print(json.dumps(row)) for row in csv.DictReader(sys.stdin)]' < TABLE.csv "
        "> TABLE.jsonl",
        err=True,
    )


def _tell(
    done: Done,
    out: Path,
    bad: Path,
    seconds: float,
    sizes: dict[str, int],
    peak: int,
    as_json: bool,
) -> None:
    rate, early = done.rows / seconds if seconds else 0.0, done.early
    if as_json:
        import json

        told = asdict(done)
        del told["early"]  # it has a name of its own here
        typer.echo(
            json.dumps(
                {
                    **told,
                    "by_words_alone": early,
                    "seconds": round(seconds, 3),
                    "rows_per_s": round(rate, 1),
                    "peak_rss_bytes": peak,
                    "disk_bytes": sizes,
                    "out": str(out),
                    "bad_rows": str(bad),
                }
            )
        )
        return
    before = f", {done.resumed} were there already" if done.resumed else ""
    rows = counted(done.rows, "row", "rows")
    typer.echo(f"{rows} in {seconds:.1f} s ({rate:.0f} a second){before}: {out}")
    if early and early >= done.rows:
        typer.echo("all of them were read only by their words")
    elif early:
        typer.echo(f"{early} of them were read only by their words, the others by the encoder")
    if done.bad:
        lines = "1 line is no row" if done.bad == 1 else f"{done.bad} lines are no rows"
        typer.echo(f"{lines}; line and reason of each: {bad}")
    if done.labels:
        typer.echo(", ".join(f"{label} {count}" for label, count in done.labels.items()))
    disk = ", ".join(f"{name} {size / 1e6:.2f} MB" for name, size in sizes.items())
    typer.echo(f"peak memory {peak / 1e6:.0f} MB; on disk: {disk}")


def peak_rss_bytes(processes: int = 1) -> int:
    """Returns the highest memory use so far, in bytes: of this process, and of others that read.

    Of these, which have ended, the system knows the largest: so many times it, the most they held.
    """
    import resource

    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    others = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss if processes > 1 else 0
    peak = own + processes * others
    return peak if sys.platform == "darwin" else peak * 1024  # macOS counts bytes, Linux kilobytes


@contextmanager
def _bar(source: Path) -> Iterator[ProgressSink]:
    """Shows a progress bar by bytes of the file on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda read, rows: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    # The bytes read are those of the text, so a packed file's size is no total.
    packed = source.suffix == ".gz"
    total = None if packed or not source.is_file() else source.stat().st_size
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        bar = shown.add_task("reading", total=total)

        def update(read: int, rows: int) -> None:
            shown.update(bar, completed=read, description=f"{rows} rows")

        yield update
