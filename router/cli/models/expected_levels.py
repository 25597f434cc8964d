"""Runs `tiergate evaluate gateway`: a file of prompts through a policy's triage and decision.

Each text is decided as `tiergate route` decides it, as it is and with typing errors. No tier is
called and nothing is written.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.markup import escape
from rich.table import Table

from router.analysis.expected_levels import (
    CAREFUL,
    ERRORS,
    ExpectedRow,
    ExpectedRows,
    Judgement,
    Rates,
    Reached,
    expected_levels,
    judge,
    read_rows,
)
from router.cli.terminal import console, print_json
from router.errors import RequestError
from router.errors.system import in_words
from router.rendering.figures_in_words import counted, percent
from router.stats.wilson import Share
from router.types import Reason

if TYPE_CHECKING:
    from router.library import Gateway

SHOWN_CHARACTERS = 90
SHOWN_ERRORS = 40
SHOWN_FLIPS = 10
SHOWN_BAD = 5
"""Bound the errors, the flips and the bad lines printed for people; `--json` prints all."""


def evaluate_gateway(policy: str, path: Path, model_dir: Path | None, as_json: bool) -> None:
    """Decides each row of `path` under `policy` (a name or a file) and prints the errors.

    Raises BadParameter for a file that cannot be used, TiergateError for a policy or a model.
    """
    from router.api.compose.core import Settings
    from router.library import Gateway
    from router.triage.triage_model import DEFAULT_FOLDER

    rows, bad = _read(path)
    # The policy must not change between two rows.
    settings = Settings(policies=(policy,), watch=False, model_dir=model_dir or DEFAULT_FOLDER)
    with Gateway(settings, os.environ) as gateway:
        reached, judged_by = decide_all(gateway, rows)
    judgement = judge(reached)
    if as_json:
        print_json(judged_by | judgement.as_object() | {"bad": len(bad), "bad_lines": list(bad)})
    else:
        _print(judgement, judged_by, bad)


def decide_all(
    gateway: Gateway, rows: Sequence[ExpectedRow]
) -> tuple[list[Reached], dict[str, object]]:
    """Returns where each row goes first, and which policy and model decided."""
    from router.evaluation.perturbations import typos

    reached = []
    judged_by: dict[str, object] = {}
    for row in rows:
        try:
            outcome = gateway.route(row.text, context=row.context or None)
        except RequestError as error:
            reached.append(Reached(row, 0, reason=error.code))
            continue
        match = outcome.signals.match
        reasons = ", ".join(reason.value for reason in outcome.rung.reasons)
        intent = "" if match is None else match.intent_id
        level, p = outcome.rung.level, outcome.rung.p
        mistyped = _level_of(gateway, typos(row.text), row)
        offered = Reason.ASKED_WHICH in outcome.rung.reasons
        grave, matched = outcome.signals.grave, 0.0 if match is None else match.confidence
        reached.append(Reached(row, level, p, reasons, intent, mistyped, offered, grave, matched))
        judged_by = {
            "policy": f"{outcome.policy}@{outcome.policy_hash}",
            "triage": outcome.signals.triage_version,
            "triage_missing": outcome.signals.degraded,
        }
    return reached, judged_by


def _level_of(gateway: Gateway, text: str, row: ExpectedRow) -> int:
    """Returns the level to which a row with another text goes; 0 where it is refused."""
    try:
        return gateway.route(text, context=row.context or None).rung.level
    except RequestError:
        return 0


def _read(path: Path) -> ExpectedRows:
    try:
        packed = path.read_bytes()
        content = gzip.decompress(packed) if path.suffix == ".gz" else packed
    except (OSError, EOFError, zlib.error) as error:
        raise typer.BadParameter(f"--data {path}: {in_words(error)}") from error
    read = read_rows(content.split(b"\n"))
    if not read.rows:
        first = f" ({read.bad[0]})" if read.bad else ""
        raise typer.BadParameter(
            f"--data {path}: found no rows{first}; expected lines with text, lowest_tier, "
            "highest_tier"
        )
    return read


def _print(judgement: Judgement, judged_by: dict[str, object], bad: Sequence[str]) -> None:
    out = console()
    if bad:
        shown = "; ".join(bad[:SHOWN_BAD])
        more = f"; and {len(bad) - SHOWN_BAD:,} more" if len(bad) > SHOWN_BAD else ""
        told = f"{counted(len(bad), 'line is no row', 'lines are no rows')}, in no figure below"
        out.print(escape(f"{told}: {shown}{more}."), style="yellow", soft_wrap=True)
    if judged_by.get("triage_missing"):
        out.print("The triage model is missing: only rules decided.", style="yellow")
    if judged_by:
        out.print(f"Policy {judged_by['policy']}, triage {judged_by['triage']}.", markup=False)
    out.print(_confusion(judgement))
    out.print()
    out.print(_rates(judgement))
    out.print("In brackets: the share of the rows, and its 95 % interval.")
    for line in _outcome_lines(judgement.whole):
        out.print(line)
    for entry in judgement.wrong[:SHOWN_ERRORS]:
        out.print(
            f"[bold]{entry.error}[/bold] {escape(entry.row.id)}: level {entry.level} instead of "
            f"{expected_levels(entry.row)} ({escape(_why(entry))}) "
            f"[dim]{_shortened(entry.row.text)}[/dim]",
            soft_wrap=True,
        )
    hidden = len(judgement.wrong) - SHOWN_ERRORS
    if hidden > 0:
        out.print(f"{hidden:,} more errors: --json prints all.")
    for entry in judgement.offered_below[:SHOWN_FLIPS]:
        out.print(
            f"[bold]offered[/bold] {escape(entry.row.id)}: level 1 instead of "
            f"{expected_levels(entry.row)} [dim]{_shortened(entry.row.text)}[/dim]",
            soft_wrap=True,
        )
    if any(bound.found.of and bound.needless.of for bound in judgement.grave_bounds):
        out.print(_grave_bounds(judgement))
    flips, down = judgement.flips, judgement.taken_down
    out.print(
        f"Typing errors change the level of {_of(flips)} and take {_of(down)} away from level "
        f"{CAREFUL} or higher."
    )
    for entry in judgement.flipped[:SHOWN_FLIPS]:
        out.print(
            f"{escape(entry.row.id)}: level {entry.level}, mistyped {entry.mistyped_level} "
            f"[dim]{_shortened(entry.row.text)}[/dim]",
            soft_wrap=True,
        )


def _why(entry: Reached) -> str:
    """Returns why a row went there, and each chance beside that whose it is.

    The chance of a level of models is none of the match: it may be a prior beside an unsure match.
    """
    told = [entry.reason]
    if entry.level:
        told.append(f"chance of level {entry.level} {entry.confidence:.2f}")
    if entry.intent and (entry.level == 1 or entry.row.intent):
        told.append(f"match {entry.intent} {entry.matched:.2f}")
    return "; ".join(told)


def _outcome_lines(whole: Rates) -> list[str]:
    """Returns how much was answered, how much of that is right, and what became of the rest."""
    lines = [
        f"Answered: {_of_rows(whole.answered)}. Right of these: {_of_rows(whole.right)}.",
    ]
    if whole.offered:
        offers = counted(whole.offered, "row was", "rows were")
        lines.append(
            f'{offers} offered questions ("Did you mean ...?"), neither right nor wrong. '
            f"Those of a higher lowest level: {whole.offered_below:,}."
        )
    return lines


def _of_rows(share: Share) -> str:
    if share.interval is None:
        return "no row"
    low, high = map(percent, share.interval)
    return f"{share.count:,} of {share.of:,} ({percent(share.value)}: {low} to {high})"


def _shortened(text: str) -> str:
    """Returns a text on one line, cut and safe to print."""
    plain = " ".join(text.split())
    return escape(plain if len(plain) <= SHOWN_CHARACTERS else f"{plain[: SHOWN_CHARACTERS - 1]}…")


def _of(rate: Share) -> str:
    return f"{rate.count:,} of {rate.of:,} ({_share(rate)})"


def _confusion(judgement: Judgement) -> Table:
    """Returns the table of expected levels against the level reached."""
    reached = sorted({(level, offered) for _, level, offered in judgement.confusion})
    table = Table(box=None, pad_edge=False)
    table.add_column("expected")
    for level, offered in reached:
        name = f"level {level}" if level else "refused"
        table.add_column("offered" if offered else name, justify="right")
    for expected in sorted({name for name, _, _ in judgement.confusion}):
        counts = [judgement.confusion.get((expected, *place), 0) for place in reached]
        table.add_row(f"level {expected}", *(f"{count:,}" if count else "-" for count in counts))
    return table


def _rates(judgement: Judgement) -> Table:
    """Returns the table of error rates: by kind, by language, and in all."""
    table = Table(box=None, pad_edge=False)
    table.add_column("rows of")
    table.add_column("rows", justify="right")
    for name in ERRORS:
        table.add_column(name.replace("_", " "), justify="right")
    table.add_column("offered", justify="right")
    for rates in (*judgement.by_kind, *judgement.by_language, judgement.whole):
        style = "bold" if rates is judgement.whole else None
        table.add_row(escape(rates.group), f"{rates.rows:,}", *_cells(rates), style=style)
    return table


def _grave_bounds(judgement: Judgement) -> Table:
    """Returns the table of what the reader of grave matters finds from each chance on."""
    table = Table(box=None, pad_edge=False)
    for name in ("grave_at", f"of rows of level {CAREFUL}", "of rows below"):
        table.add_column(name, justify="right")
    for bound in judgement.grave_bounds:
        cells = [f"{one.count:,} ({_share(one)})" for one in (bound.found, bound.needless)]
        table.add_row(f"{bound.at:.2f}", *cells)
    return table


def _cells(rates: Rates) -> list[str]:
    errors = [f"{rate.count:,} ({_share(rate)})" for rate in rates.errors.values()]
    return [*errors, f"{rates.offered:,}"]


def _share(rate: Share) -> str:
    """Returns a share with its 95 % interval; only the upper end where nothing was wrong."""
    if rate.interval is None:
        return percent(None)
    low, high = map(percent, rate.interval)
    return f"{percent(rate.value)}: {low} to {high}" if rate.count else f"at most {high}"
