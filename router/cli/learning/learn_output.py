"""Prints what a learner did, what a head remembers, and what was forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from shlex import quote
from typing import TYPE_CHECKING

import typer

from router.cli.periods import shown_day
from router.rendering.figures_in_words import clean, counted

if TYPE_CHECKING:
    from router.training.continual.forgetting import Transfer
    from router.training.continual.run import Ran
    from router.training.continual.stage import Memory, Noted
    from router.training.continual.stream import Reached, Setting

CLASSES_SHOWN = 8
FAR_MS = 250_000_000_000_000
"""The year 9892: rows that go later, such as those of a user's own file, have no day to name."""


def print_run(ran: Ran, memory: Memory, version: str, places: str = "", *, as_json: bool) -> None:
    """Prints one run; `version` is its candidate's in the registry.

    `places` are the options that a further command needs to find what this one found.
    """
    from msgspec import to_builtins

    from router.cli.terminal import print_json

    if as_json:
        noted = None if ran.noted is None else to_builtins(ran.noted)
        print_json(
            {"new": ran.new, "resumed_at": ran.resumed_at, "candidate": version, "run": noted}
        )
        return
    if ran.noted is None:
        typer.echo(f"{memory.name}: {_too_few(ran.new)}")
        return
    noted = ran.noted
    if ran.resumed_at:
        typer.echo(f"goes on at update {ran.resumed_at}, where it was cut off")
    typer.echo(
        f"{noted.run}  {memory.name}, {noted.method}: "
        f"{counted(noted.new_rows, 'new row', 'new rows')}"
        f" of ds_{noted.dataset[:12]}, {noted.processor_s:g} s of processor time"
    )
    if noted.updates:
        typer.echo(
            f"{noted.updates} updates, the last at {noted.drift:g} times the usual rate; "
            f"{noted.ended}"
        )
    if noted.expired:
        typer.echo(f"{counted(noted.expired, 'row', 'rows')} left the memory: their time was over")
    typer.echo(f"{'task':<14}  before     now    rows  95 % interval")
    for task, now in noted.accuracy.items():
        was = f"{noted.before[task]:6.1%}" if task in noted.before else f"{'-':>6}"
        rows = noted.rows_judged.get(task, 0)
        within = shown_interval(now, rows)
        typer.echo(f"{task:<14}  {was}  {now:6.1%}  {rows:>6}  {within or '-'}")
    for line in _left_out_lines(noted):
        typer.echo(line)
    if noted.refused:
        typer.echo("not handed over:")
        for why in noted.refused:
            typer.echo(f"  {why}")
        for line in _doubted_lines(noted, memory.name, places):
            typer.echo(line)
        typer.echo(f"The candidate and its card are in {noted.candidate}; the head stays as it is.")
        return
    typer.echo(f"handed over as {version}: {noted.candidate}/{memory.name}.json")


def shown_interval(share: float, rows: float) -> str:
    """Returns Wilson's 95 % interval of a share of so many rows; "" where it is no such share.

    >>> shown_interval(46 / 52, 52), shown_interval(91.0, 52), shown_interval(0.5, 0)
    ('77.0 to 94.6 %', '', '')
    """
    from router.stats.wilson import wilson

    if not 0.0 <= share <= 1.0 <= rows:
        return ""
    low, high = wilson(round(share * rows), round(rows))
    return f"{low * 100:.1f} to {high * 100:.1f} %"


def _left_out_lines(noted: Noted) -> list[str]:
    """Returns which rows were left out of the figures above, and which taught nothing yet."""
    lines = []
    if noted.untaught:
        rows = counted(sum(noted.untaught.values()), "row", "rows")
        lines.append(
            f"left out of these figures: {rows} of classes that no row teaches "
            f"({_by_class(noted.untaught)}). The head names all of them wrongly."
        )
    if noted.waiting:
        rows = counted(sum(noted.waiting.values()), "new row", "new rows")
        lines.append(
            f"not taught yet: {rows} of classes with too few ({_by_class(noted.waiting)}). They "
            "wait for more."
        )
    return lines


def _by_class(rows: Mapping[str, int]) -> str:
    largest = sorted(rows.items(), key=lambda group: (-group[1], group[0]))
    shown = [f"{clean(name)} {count}" for name, count in largest[:CLASSES_SHOWN]]
    more = len(largest) - len(shown)
    return ", ".join([*shown, *([f"{more} more"] if more else [])])


def _doubted_lines(noted: Noted, head: str, places: str) -> list[str]:
    """Returns who gave labels that contradict a sure head, and the command that sets them aside."""
    if not noted.doubted:
        return []
    lines = ["labels that say otherwise where the head was sure, by who gave them:"]
    for one in noted.doubted:
        who = f"{clean(one.reviewer)}, " * bool(one.reviewer) + f"key {clean(one.key_id)}"
        if not one.key_id:
            who = "a file of labels (correct it, or leave it out of `dataset build --labels`)"
        lines.append(f"  {who}: {one.otherwise} of {counted(one.labels, 'label', 'labels')}")
    worst = next((one for one in noted.doubted if one.key_id and one.excess > 0), None)
    if worst is not None:
        by = f" --reviewer {quote(clean(worst.reviewer))}" * bool(worst.reviewer)
        lines += [
            f"To set those of key {clean(worst.key_id)} aside, so that no later dataset has them:",
            f"  tiergate learn untell --head {head} --run {noted.run} "
            f"--key {quote(clean(worst.key_id))}{by}{places} --because ...",
        ]
    return lines


def _too_few(new: int) -> str:
    """Returns why so many new rows taught nothing, and what to do about it."""
    from router.training.heads.labelled_rows import MIN_ROWS

    if not new:
        return "nothing is new"
    short = f"{new} of at least {MIN_ROWS} rows are new"
    if new >= MIN_ROWS:
        short = f"{new} rows are new, but under {MIN_ROWS} of them are of a class with two or more"
    return (
        f"{short}; label more (tiergate train suggest --queue), or let all that are labelled teach "
        "(tiergate dataset build --dev 0 --test 0)"
    )


def print_status(memories: Sequence[Memory], now_ms: int, *, as_json: bool) -> None:
    """Prints what heads remember."""
    from router.cli.terminal import print_json

    rows = []
    for memory in memories:
        stage = memory.stage(now_ms, None)
        last = memory.history()[-1:]
        kept = () if stage is None else (*stage.memory, *stage.old)
        first = min((row.expires_at_ms for row in kept), default=None)
        rows.append(
            {
                "head": memory.name,
                "stage": memory.current(),
                "classes": len(stage.classes) if stage else 0,
                "remembered": len(stage.memory) if stage else 0,
                "fixed_old_set": len(stage.old) if stage else 0,
                "tasks": [task.name for task in stage.tasks] if stage else [],
                "first_expiry_ms": first,
                "under_way": memory.under_way,
                "last_run": last[0].run if last else "",
                "refused": list(last[0].refused) if last else [],
            }
        )
    if as_json:
        print_json(rows)
        return
    for row in rows:
        typer.echo(
            f"{row['head']}: stage {row['stage']}, {row['classes']} classes; remembers "
            f"{row['remembered']} rows, {row['fixed_old_set']} judge"
            f"{_until(row['first_expiry_ms'])}"
        )
        if row["under_way"]:
            typer.echo("  a run was cut off; the same command goes on")
        if row["last_run"]:
            word = "not handed over" if row["refused"] else "handed over"
            typer.echo(f"  last: {row['last_run']}, {word}")
    if not rows:
        typer.echo("no head was taught here yet: tiergate learn run --head NAME")


def _until(first_ms: object) -> str:
    if not isinstance(first_ms, int) or first_ms >= FAR_MS:
        return ""
    return f"; the first leaves on {shown_day(first_ms)}"


def print_history(memory: Memory, now_ms: int, *, as_json: bool) -> None:
    """Prints the runs of a head, and the matrix of accuracies."""
    from msgspec import to_builtins

    from router.cli.terminal import print_json
    from router.training.continual.forgetting import per_class

    runs = memory.history()
    counts = [one for one in runs if not one.refused and not one.taken_back]
    stage = memory.stage(now_ms, None)
    names = [] if stage is None else [task.name for task in stage.tasks]
    guess = {} if stage is None else {task.name: task.guess for task in stage.tasks}
    matrix = matrix_of(counts, names)
    transfer = _transfer(matrix, [guess[name] for name in names])
    lost = per_class([one.recall for one in counts]) if counts else []
    if as_json:
        print_json(
            {
                "runs": to_builtins(runs),
                "tasks": names,
                "accuracy": matrix,
                "transfer": None if transfer is None else to_builtins(transfer),
                "classes": to_builtins(lost),
            }
        )
        return
    if not runs:
        stands = "nothing was taught" if stage is None else "the first stage stands"
        typer.echo(f"No run of {memory.name} has taught it more yet: {stands}.")
    for one in runs:
        word = "handed over"
        if one.refused:
            word = f"not handed over: {'; '.join(one.refused)}"
        if one.taken_back:
            word = f"taken back: {one.taken_back}"
        typer.echo(
            f"{shown_day(one.at_ms)}  {one.run}  {one.method}, {one.new_rows} new rows  {word}"
        )
    if not matrix:
        return
    typer.echo("")
    typer.echo(f"{'accuracy on':<14}  {'  '.join(f'{name[:8]:>8}' for name in names)}")
    for name, row in zip(["after " + n for n in names], matrix, strict=True):
        cells = "  ".join("       -" if v is None else f"{v:8.1%}" for v in row)
        typer.echo(f"{name[:14]:<14}  {cells}")
    if transfer is not None:
        typer.echo(
            f"mean {transfer.acc:.1%}; backward transfer {_points(transfer.backward)}, forward "
            f"{_points(transfer.forward)}, forgotten {_points(transfer.forgotten)}"
        )
    shown = [gone for gone in lost if gone.loss > 0][:CLASSES_SHOWN]
    for gone in shown:
        typer.echo(
            f"  {gone.name}: {gone.best:.0%} at its best, {gone.now:.0%} now, of {gone.rows}"
        )
    if lost and not shown:
        typer.echo("  no class lost a row")


def print_compared(results: Sequence[Reached], setting: Setting, *, as_json: bool) -> None:
    """Prints what each way to learn reached, and what was compared."""
    from dataclasses import asdict

    from msgspec import to_builtins

    from router.cli.terminal import print_json

    if as_json:
        rows = [
            {
                "method": one.method.value,
                "transfer": to_builtins(one.transfer),
                "old": one.old,
                "old_spread": one.old_spread,
                "lost_against_full": one.lost,
                "seconds": one.seconds,
            }
            for one in results
        ]
        print_json({"setting": asdict(setting), "methods": rows})
        return
    typer.echo(
        f"{'way':<8}  {'all':>6}  {'old':>6}  {'+-':>5}  {'lost':>5}  {'backward':>8}  "
        f"{'forward':>7}  {'s':>5}"
    )
    for one in results:
        back, ahead = one.transfer.backward or 0.0, one.transfer.forward or 0.0
        typer.echo(
            f"{one.method.value:<8}  {one.transfer.acc:6.1%}  {one.old:6.1%}  "
            f"{100 * one.old_spread:5.1f}  {100 * one.lost:5.1f}  {100 * back:8.1f}  "
            f"{100 * ahead:7.1f}  {one.seconds:5.1f}"
        )
    typer.echo(
        f"{counted(setting.orders, 'order', 'orders')}, at most {setting.most_classes} classes of "
        f"{setting.most_rows} rows, {setting.remembered} of each class remembered. "
        "all, old: accuracy at the end on all tasks, and on all but the last. lost: points of old "
        "against a full refit. backward, forward: transfer in points. s: processor time."
    )


def matrix_of(runs: Sequence[Noted], names: Sequence[str]) -> list[list[float | None]]:
    """Returns R: a row for each task that was learnt, with its accuracy on every task.

    The first row of a head that was made elsewhere is what that head reached before the first run.
    """
    rows: dict[str, list[float | None]] = {}
    for one in runs:
        task = one.dataset[:12]
        if not rows and task in names and names.index(task) == 1:
            rows[names[0]] = [one.before.get(name) for name in names]
        rows[task] = [one.accuracy.get(name) for name in names]
        # What the head of before reached on the task that came: its forward transfer.
        known = list(rows)
        if len(known) > 1 and task in names:
            rows[known[-2]][names.index(task)] = one.before.get(task)
    return [rows[name] for name in names] if all(name in rows for name in names) else []


def _transfer(matrix: list[list[float | None]], guess: Sequence[float]) -> Transfer | None:
    from router.training.continual.forgetting import transfer

    return transfer(matrix, guess) if len(matrix) > 1 else None


def _points(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:+.1f} points"
