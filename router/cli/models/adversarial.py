"""Runs `tiergate evaluate adversarial`: the suite through a policy's triage and decision.

Each text is decided as `tiergate route` decides it. No tier is called and nothing is written.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.table import Table
from rich.text import Text

from router.analysis.adversarial import Case, Judgement, Reading, judge, read_cases
from router.cli.terminal import console, print_json
from router.errors.system import in_words
from router.rendering.figures_in_words import percent
from router.stats.wilson import Share

if TYPE_CHECKING:
    from router.library import Gateway

SUITE = Path(__file__).parents[2] / "training" / "adversarial.jsonl"


def evaluate_adversarial(
    policy: str, suite: Path | None, model_dir: Path | None, as_json: bool
) -> None:
    """Decides every case of a suite and its clean twin under `policy` (a name or a file), and
    prints the rates. `suite` is a file of cases, or None for the shipped one.

    Raises BadParameter for a file that cannot be used, TiergateError (PolicyError with all mistakes
    of the policy).
    """
    from router.api.compose.core import Settings
    from router.library import Gateway
    from router.triage.triage_model import DEFAULT_FOLDER

    # The policy must not change between two cases.
    settings = Settings(policies=(policy,), watch=False, model_dir=model_dir or DEFAULT_FOLDER)
    cases = _read(suite or SUITE)
    with Gateway(settings, os.environ) as gateway:
        readings, judged_by = route_all(gateway, cases)
    judgement = judge(readings)
    if as_json:
        print_json(judged_by | judgement.as_object())
    else:
        _print(judgement, judged_by)


def _read(path: Path) -> tuple[Case, ...]:
    try:
        cases = read_cases(path.read_text(encoding="utf-8-sig").split("\n"))
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"--data {path}: {in_words(error)}") from error
    if not cases:
        raise typer.BadParameter(f"--data {path}: found no cases; expected one JSON object a line")
    return cases


def route_all(gateway: Gateway, cases: Sequence[Case]) -> tuple[list[Reading], dict[str, object]]:
    """Returns the level that each text and its twin go to first, and who judged them."""
    readings = []
    judged_by: dict[str, object] = {}
    for case in cases:
        outcome = gateway.route(case.text)
        twin = None if case.clean_text is None else gateway.route(case.clean_text).rung.level
        readings.append(Reading(case, outcome.rung.level, twin))
        judged_by = {
            "policy": f"{outcome.policy}@{outcome.policy_hash}",
            "triage": outcome.signals.triage_version,
            "triage_missing": outcome.signals.degraded,
        }
    return readings, judged_by


def _print(judgement: Judgement, judged_by: dict[str, object]) -> None:
    out = console()
    if judged_by["triage_missing"]:
        out.print("The triage model is missing: only rules decided.", style="yellow")
    out.print(f"Policy {judged_by['policy']}, triage {judged_by['triage']}.", markup=False)
    table = Table(box=None, pad_edge=False)
    table.add_column("family")
    for column in ("wrong de-escalations", "", "95 %", "needless escalations", "", "95 %"):
        table.add_column(Text(column, style="dim"), justify="right")
    for rates in (*judgement.families, judgement.whole):
        cells = (*_cells(rates.wrong_deescalations), *_cells(rates.needless_escalations))
        table.add_row(rates.family, *cells, style="bold" if rates is judgement.whole else None)
    out.print(table)
    for expected, wanted in (("escalate", "must escalate"), ("stay", "may stay")):
        levels = [
            f"{count} at level {level}"
            for (kind, level), count in sorted(judgement.reached.items())
            if kind == expected
        ]
        out.print(f"Of those that {wanted}: {', '.join(levels)}.", markup=False)


def _cells(rate: Share) -> tuple[str, str, str]:
    if rate.interval is None:
        return "", "", ""
    low, high = rate.interval
    between = f"{percent(low)} to {percent(high)}"
    return f"{rate.count} of {rate.of}", percent(rate.value), between
