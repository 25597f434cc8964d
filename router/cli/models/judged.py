"""Runs `tiergate evaluate answers --rubric`: a judge grades answers and compares pairs."""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from msgspec.structs import replace as changed
from rich.markup import escape
from rich.table import Table

from router.cli.exits import Exit
from router.cli.models.answers import ask_policy
from router.cli.terminal import console, figures_table, print_json
from router.errors import TiergateError
from router.rendering.figures_in_words import counted, percent, usd
from router.types import ChatRequest, usd_to_nano

if TYPE_CHECKING:
    from router.evaluation.answers.asking import ModelReply
    from router.evaluation.answers.judged_figures import Agreement
    from router.evaluation.answers.judging import JudgedRow
    from router.library import Gateway
    from router.policy.content.rubrics import Rubric
    from router.stats.measures import Figure

SHOWN_LOW = 5
SHOWN_CHARACTERS = 120
"""Bound the lowest answers printed for people; `--json` prints all of them."""


@dataclass(frozen=True, slots=True)
class JudgedRun:
    """Holds what the command line says about one run."""

    policy: str
    data: Path
    rubric: str
    judge: str
    answerer: str | None
    versus: str | None
    against: Path | None
    at_least: float
    own_model: bool
    max_usd: float | None
    database: str
    model_dir: Path | None
    resamples: int
    seed: int


def evaluate_judged(run: JudgedRun, *, as_json: bool) -> None:
    """Has the answers of a file, or of the policy, judged by a rubric, and prints what came of it.

    Raises TrainingDataError for a file with mistakes, PolicyError for a rubric, a policy or an
    answerer that is not there, and BadParameter where a model would judge itself.
    """
    from router.api.compose.core import Settings
    from router.evaluation.answers.judged_figures import agreements
    from router.evaluation.answers.judged_rows import need_pairs, read_judged, read_words
    from router.evaluation.answers.judging import Judge, Purse, judge_all
    from router.library import Gateway
    from router.policy.content.rubrics import find_rubric, load_rubric
    from router.policy.loading import policies_dir
    from router.triage.triage_model import DEFAULT_FOLDER

    rubric = load_rubric(find_rubric(run.rubric, policies_dir() / "rubrics"))
    items = read_judged(run.data).items
    need_pairs(run.data, items, run.versus)
    known = {item.id for item in items}
    words = read_words(run.against, rubric, known).items if run.against is not None else ()
    named = [name for name in (run.answerer, run.versus) if name is not None]
    settings = Settings(
        policies=(run.policy,),
        database=run.database,
        watch=False,  # the policy must not change between two rows
        reachable=tuple(dict.fromkeys(named)),
        judge=run.judge,
        model_dir=run.model_dir or DEFAULT_FOLDER,
    )
    with Gateway(settings, os.environ) as gateway:
        facts = {one.name: one for one in gateway.answerers()}
        if not run.own_model:
            _refuse_own(run, {name: facts[name].model for name in (*named, run.judge)})
        judge = Judge(
            rubric,
            facts[run.judge],
            lambda asked: _ask_judge(gateway, run, asked),
            {one.name: one.model for one in facts.values()},
            run.own_model,
        )
        most = None if run.max_usd is None else usd_to_nano(run.max_usd)
        rows = judge_all(
            items,
            lambda messages: ask_policy(gateway, messages, run.answerer),
            None
            if run.versus is None
            else lambda messages: ask_policy(gateway, messages, run.versus),
            judge,
            Purse(most),
        )
    agreed = agreements(rows, words, rubric, run.at_least, resamples=run.resamples, seed=run.seed)
    if as_json:
        print_json(_as_object(run, rubric, rows, agreed))
    else:
        _print(run, rubric, rows, agreed)
    if rows and all(row.graded is None and row.preferred is None for row in rows):
        typer.echo("tiergate: the judge gave no verdict; the notes say why", err=True)
        raise typer.Exit(Exit.FAILURE)


def _refuse_own(run: JudgedRun, models: dict[str, str]) -> None:
    """Raises BadParameter where the judge is an author that the command line names."""
    from router.policy.judge_checks import same_model

    for name in (run.answerer, run.versus):
        if name is not None and same_model(models[name], models[run.judge]):
            raise typer.BadParameter(
                f"found --judge {run.judge}, which is the model of {name} ({models[name]}); "
                "expected another model, since models prefer their own answers. --own-model "
                "allows it, and marks the figures"
            )


def _ask_judge(gateway: Gateway, run: JudgedRun, asked: ChatRequest) -> ModelReply:
    """Returns the judge's words; an error becomes a fault, since other rows can still count."""
    from router.api.compose.answerers.measured import JUDGE_MODEL, judge_policy
    from router.evaluation.answers.asking import ModelReply

    hints = changed(asked.hints, policy=judge_policy(run.judge))
    try:
        outcome = gateway.complete(changed(asked, requested_model=JUDGE_MODEL, hints=hints))
    except TiergateError as error:
        return ModelReply("", fault=f"{error.code}: {error.message}")
    text = "" if outcome.answer is None else outcome.answer.text
    cost, known = outcome.cost_nano_usd, outcome.cost_known
    return ModelReply(text, run.judge, "", cost, known, outcome.request_id)


def _as_object(
    run: JudgedRun, rubric: Rubric, rows: Sequence[JudgedRow], agreed: Sequence[Agreement]
) -> dict[str, object]:
    from router.evaluation.answers.judged_figures import by_author, pair_figures, score_figures

    pairs = pair_figures(rows)
    return {
        "policy": run.policy,
        "file": str(run.data),
        "rubric": {"name": rubric.name, "digest": rubric.digest},
        "judge": run.judge,
        "scores": _figures(score_figures(rows, rubric)),
        "by_author": _figures(by_author(rows)),
        "pairs": None
        if pairs is None
        else {
            "first_better": pairs.first.to_json(),
            "second_better": pairs.second.to_json(),
            "ties": pairs.ties.to_json(),
            "flips": pairs.flips.to_json(),
        },
        "agreement": [
            {"of": one.name, "counts": one.kappa, **_figures(one.figures)} for one in agreed
        ],
        "notes": _notes(rows),
        "cost_nano_usd": {
            "answers": _cost(rows, answers=True),
            "judge": _cost(rows, answers=False),
        },
        "rows": [_row_object(row) for row in rows],
    }


def _row_object(row: JudgedRow) -> dict[str, object]:
    graded, preferred = row.graded, row.preferred
    return {
        "id": row.item.id,
        "line": row.item.line,
        "answer": row.reply.text,
        "author": row.reply.answerer,
        "other": None if row.other is None else row.other.text,
        "score": None if graded is None else round(graded.score, 4),
        "grades": None
        if graded is None
        else {one.criterion: {"grade": one.grade, "why": one.why} for one in graded.grades},
        "better": None if preferred is None else preferred.better,
        "flipped": preferred is not None and preferred.flipped,
        "steers": _steers(row),
        "own_model": row.own_model,
        "left_out": list(row.left_out),
        "judge_cost_nano_usd": row.judge_cost_nano_usd if row.judge_cost_known else None,
    }


def _steers(row: JudgedRow) -> bool:
    """Returns True when an answer tried to instruct its judge, as the judge says."""
    return any(verdict is not None and verdict.steers for verdict in (row.graded, row.preferred))


def _figures(figures: dict[str, Figure]) -> dict[str, object]:
    return {name: figure.to_json() for name, figure in figures.items()}


def _notes(rows: Sequence[JudgedRow]) -> list[str]:
    """Returns in sentences what a reader of the figures must know."""
    from router.evaluation.answers.judged_figures import FEW

    counts = {
        "answers were judged by the model that wrote them": sum(row.own_model for row in rows),
        "answers tried to instruct their judge": sum(map(_steers, rows)),
        "answers were cut in the middle before they were judged": sum(row.cut for row in rows),
        "answers name no author, so nobody knows that the judge did not write them": sum(
            bool(row.item.answer) and not row.item.author for row in rows
        ),
    }
    notes = [f"{count} {what}." for what, count in counts.items() if count]
    why = Counter(reason for row in rows for reason in row.left_out)
    notes += [f"left out {count} times: {reason}" for reason, count in why.most_common()]
    judged = sum(row.graded is not None for row in rows)
    if judged < FEW:
        notes.append(
            f"Only {judged} answers were judged; a mean of so few moves with each of them."
        )
    return notes


def _cost(rows: Sequence[JudgedRow], *, answers: bool) -> int | None:
    """Returns the cost of all answers or of all verdicts; None where a part is unknown."""
    if not answers:
        known = all(row.judge_cost_known for row in rows)
        return sum(row.judge_cost_nano_usd for row in rows) if known else None
    replies = [reply for row in rows for reply in (row.reply, row.other) if reply is not None]
    known = all(reply.cost_known for reply in replies)
    return sum(reply.cost_nano_usd for reply in replies) if known else None


def _print(
    run: JudgedRun, rubric: Rubric, rows: Sequence[JudgedRow], agreed: Sequence[Agreement]
) -> None:
    from router.evaluation.answers.judged_figures import by_author, pair_figures, score_figures

    out = console()
    number = counted(len(rows), "answer", "answers")
    heading = f"{number} of {run.data}, judged by {run.judge} with rubric {rubric.name}"
    out.print(escape(heading), soft_wrap=True)
    table = figures_table(("", "value", "95 % interval", "rows"))
    scores = score_figures(rows, rubric)
    _add(table, "score, 0 to 1", {"all": scores.pop("score"), **by_author(rows)}, "{:.3f}")
    _add(table, "grades, 1 to 5", scores, "{:.2f}")
    if (pairs := pair_figures(rows)) is not None:
        shares = {
            "first is better": pairs.first,
            "second is better": pairs.second,
            "tie": pairs.ties,
            "of these flips: the place decided": pairs.flips,
        }
        _add(table, "pairs, in both orders", shares, "")
    if agreed:
        kappas = {f"{one.name} ({_KAPPAS[one.kappa]})": one.figures[one.kappa] for one in agreed}
        _add(table, "agreement with people", kappas, "{:.3f}")
    out.print(table)
    for name, answers in (("answers", True), ("judge", False)):
        cost = _cost(rows, answers=answers)
        out.print(f"cost of {name}: {usd(cost)}")
    for note in _notes(rows):
        out.print(f"- {escape(note)}", soft_wrap=True)
    graded = [row for row in rows if row.graded is not None]
    graded.sort(key=lambda row: row.graded.score if row.graded is not None else 0.0)
    for row in graded[:SHOWN_LOW]:
        if row.graded is None or row.graded.score >= run.at_least:
            break
        worst = min(row.graded.grades, key=lambda one: one.grade)
        why = json.dumps(worst.why[:SHOWN_CHARACTERS], ensure_ascii=False)
        low = f"low: {row.item.id} {row.graded.score:.2f}, {worst.criterion} {worst.grade}: {why}"
        out.print(escape(low), soft_wrap=True)


_KAPPAS = {"kappa": "Cohen's kappa", "quadratic_kappa": "weighted kappa"}


def _add(table: Table, title: str, figures: dict[str, Figure], form: str) -> None:
    table.add_row(f"[bold]{title}[/bold]")
    for name, figure in figures.items():
        shown = [
            "" if math.isnan(value) else form.format(value) if form else percent(value)
            for value in (figure.value, figure.low, figure.high)
        ]
        span = f"{shown[1]} .. {shown[2]}" if shown[1] else ""
        table.add_row(f"  {escape(name)}", shown[0], span, f"{figure.n}")
