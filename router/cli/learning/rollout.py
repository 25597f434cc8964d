"""Defines `tiergate rollout`: tries a changed policy on a part of the traffic."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from router.cli.opened_books import upgrades_told
from router.cli.options import AsJson, given_reason
from router.cli.periods import shown_time
from router.cli.serve.serve import DATABASE, AnchorsPath, DatabasePath

if TYPE_CHECKING:
    from router.api.compose.mounted.rollout_desk import RolloutDesk
    from router.rollout.stages import Change

PolicyName = Annotated[str, typer.Argument(help="Name of the policy that is split.")]
Why = Annotated[str, typer.Option("--why", help="Reason, for those who read it later.")]
By = Annotated[str, typer.Option("--by", help="Who asks.", envvar="USER", show_default=False)]

INTERVALS = (
    "The intervals above hold for all looks and tests together, and decide. Each interval of the "
    "table below holds by itself, so it may be narrower."
)

NO_REQUESTS = "no requests in this stage yet"
NO_ROLLOUT = (
    "no rollout{} yet; `tiergate rollout start POLICY` begins what the section `rollout` of a "
    "policy describes"
)

rollout = typer.Typer(help="Try a changed policy on a part of the traffic, and take it back.")


@contextmanager
def _opened(
    database: str, *, create: bool = False, anchors: Path | None = None
) -> Iterator[RolloutDesk]:
    """Opens the ledger of the rollouts, and says on stderr if its tables were upgraded."""
    from router.api.compose.mounted.rollout_desk import RolloutDesk

    with upgrades_told():
        desk = RolloutDesk(database, create=create, anchors=anchors)
    with desk:
        yield desk


@rollout.command()
def start(
    policy: Annotated[str, typer.Argument(help="A policy with a `rollout`, by name or path.")],
    database: DatabasePath = DATABASE,
    by: By = "cli",
    why: Why = "",
    anchors: AnchorsPath = None,
) -> None:
    """Begin the rollout that a policy describes, in its first stage."""
    with _opened(database, create=True, anchors=anchors) as desk:
        change, notes = desk.start(policy, os.environ, by, why)
    _tell(change)
    for note in notes:
        typer.echo(note)


@rollout.command()
def promote(
    policy: PolicyName,
    database: DatabasePath = DATABASE,
    force: Annotated[bool, typer.Option("--force", help="Also if a gate has not passed.")] = False,
    by: By = "cli",
    why: Why = "",
    anchors: AnchorsPath = None,
) -> None:
    """Begin the next stage, after every gate of this one has passed."""
    with _opened(database, anchors=anchors) as desk:
        _tell(desk.promote(policy, by, why, force=force))


@rollout.command()
def rollback(
    policy: PolicyName,
    why: Annotated[
        str,
        typer.Option("--why", callback=given_reason, help="Reason, for those who read it later."),
    ],
    database: DatabasePath = DATABASE,
    by: By = "cli",
    anchors: AnchorsPath = None,
) -> None:
    """Send all requests to the base policy again, now."""
    with _opened(database, anchors=anchors) as desk:
        _tell(desk.roll_back(policy, by, why))


@rollout.command()
def finish(
    policy: Annotated[
        str,
        typer.Argument(help="The policy by its file, which must have the change; or by name."),
    ],
    database: DatabasePath = DATABASE,
    by: By = "cli",
    why: Why = "",
    anchors: AnchorsPath = None,
) -> None:
    """End a rollout whose change was taken over into the policy."""
    with _opened(database, anchors=anchors) as desk:
        _tell(desk.finish(policy, os.environ, by, why))


@rollout.command("status")
def show_status(
    policy: Annotated[
        str | None,
        typer.Argument(help="Only this policy's, by name; by its file: also which edits wait."),
    ] = None,
    database: DatabasePath = DATABASE,
    as_json: AsJson = False,
) -> None:
    """Show the stage of each rollout, and what its guards measured."""
    from router.cli.terminal import print_json
    from router.errors import RolloutRefused

    with _opened(database) as desk:
        standings = desk.shown(policy, figures=False, environ=os.environ)
    if not standings and policy is not None:
        raise RolloutRefused(NO_ROLLOUT.format(f" of {policy!r}"))
    if as_json:
        print_json(standings)
        return
    for standing in standings:
        for line in status_lines(standing):
            typer.echo(line)
    if not standings:
        typer.echo(NO_ROLLOUT.format(""))


@rollout.command()
def report(policy: PolicyName, database: DatabasePath = DATABASE, as_json: AsJson = False) -> None:
    """Compare both sides of the present stage: whole, and by domain, level and tenant."""
    from router.cli.terminal import print_json
    from router.errors import RolloutRefused

    with _opened(database) as desk:
        standings = desk.shown(policy, figures=True)
    if not standings:
        raise RolloutRefused(
            f"The policy {policy!r} has had no rollout. `tiergate rollout status` lists those that "
            "there were."
        )
    if as_json:
        print_json(standings[0])
        return
    for line in [*status_lines(standings[0]), "", *arm_lines(standings[0])]:
        typer.echo(line)


def status_lines(standing: dict[str, Any]) -> list[str]:
    """Returns what a person reads of one rollout: where it stands, and how it came there."""
    lines = standing_lines(standing)
    for change in standing["history"]:
        why = f": {change['why']}" if change["why"] else ""
        lines.append(f"  {shown_time(change['at_ms'])} {change['turn']} {change['stage']}{why}")
    return lines


def standing_lines(standing: dict[str, Any]) -> list[str]:
    """Returns where a rollout stands, and what its guards have seen."""
    lines = [
        f"{standing['policy']}: {standing['stage']}, {standing['state']}"
        f" ({standing['kind']} by {standing['by']}, candidate {standing['candidate_hash']})"
    ]
    if standing["waits"]:
        lines.append(f"  {standing['waits']}")
    requests = standing["requests"]
    if requests["base"] is not None:
        units = standing["units"]
        lines.append(
            f"  requests: base {requests['base']} of {units['base']}, candidate "
            f"{requests['candidate']} of {units['candidate']} {standing['by']}s"
        )
    if requests["base"] == requests["candidate"] == 0:
        return [*lines, f"  {NO_REQUESTS}"]
    for metric in standing["metrics"]:
        base, candidate = (
            _ends(metric[side], metric["unit"]) if requests[side] != 0 else "no requests yet"
            for side in ("base", "candidate")
        )
        lines.append(
            f"  {metric['metric']:<10} {metric['finding']:<6} base {base}, candidate {candidate}"
        )
    return lines


def arm_lines(standing: dict[str, Any]) -> list[str]:
    """Returns a table of both sides, whole and by stratum, with a sentence on its intervals."""
    head = ("", "side", "requests", "errors", "mean cost", "latency", "complaints")
    rows = [head]
    parts = [{"kind": "", "name": "all", **standing["arms"]}, *standing["strata"]]
    for part in parts:
        for side in ("base", "candidate"):
            arm = part[side]
            if not arm["requests"]:
                continue
            rows.append(
                (
                    f"{part['kind']} {part['name']}".strip(),
                    side,
                    str(arm["requests"]),
                    _ends(arm["errors"], "share"),
                    f"${arm['mean_usd']:.6f}",
                    _ends(arm["latency"], "ms"),
                    _ends(arm["complaints"], "share"),
                )
            )
    if len(rows) == 1:
        return [NO_REQUESTS]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    return [
        INTERVALS,
        *(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ),
    ]


def _ends(bounds: dict[str, float], unit: str) -> str:
    mean, lower, upper = bounds["mean"], bounds["lower"], bounds["upper"]
    if unit == "usd":
        return f"${mean:.6f} ({lower:.6f} to {upper:.6f})"
    if unit == "ms":
        return f"{mean:.0f} ms ({lower:.0f} to {upper:.0f})"
    return f"{mean:.1%} ({lower:.1%} to {upper:.1%})"


def _tell(change: Change) -> None:
    why = f": {change.why}" if change.why else ""
    typer.echo(f"{change.policy}: {change.turn.value}, stage {change.stage_name}{why}")
