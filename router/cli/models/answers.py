"""Runs `tiergate evaluate answers`: a benchmark's questions through a policy's gateway."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.markup import escape

from router.cli.terminal import console, figures_table, print_json
from router.errors import TiergateError
from router.rendering.figures_in_words import counted, percent, usd
from router.types import ChatRequest, Message

if TYPE_CHECKING:
    from router.evaluation.answers.asking import ModelReply
    from router.evaluation.answers.results import Checked, Share
    from router.library import Gateway

SHOWN_WRONG = 20
SHOWN_CHARACTERS = 90
"""Bound the wrong answers printed for people; `--json` prints all of them whole."""


def evaluate_answers(
    policy: str,
    data: Path,
    answerer: str | None,
    database: str,
    model_dir: Path | None,
    *,
    run_code: bool,
    as_json: bool,
) -> None:
    """Asks each question of `data` under `policy` and prints what was right.

    Raises TrainingDataError for a file with mistakes, PolicyError for a policy or an answerer that
    is not there, and BadParameter where code would run without leave.
    """
    from router.api.compose.core import Settings
    from router.evaluation.answers.benchmark import read_benchmark
    from router.evaluation.answers.checks import CheckKind
    from router.evaluation.answers.code_runner import run_tests
    from router.evaluation.answers.results import measure
    from router.library import Gateway
    from router.triage.triage_model import DEFAULT_FOLDER

    items = read_benchmark(data).items
    coded = sum(item.kind is CheckKind.TESTS for item in items)
    if coded and not run_code:
        raise typer.BadParameter(
            f"{data}: found {counted(coded, 'row', 'rows')} with tests, which run code that a "
            "model writes; expected --run-code. Read in docs/guides/judge.md what that does not "
            "stop"
        )
    settings = Settings(
        policies=(policy,),
        database=database,
        watch=False,  # the policy must not change between two rows
        reachable=() if answerer is None else (answerer,),
        model_dir=model_dir or DEFAULT_FOLDER,
    )
    with Gateway(settings, os.environ) as gateway:
        rows = measure(items, lambda messages: ask_policy(gateway, messages, answerer), run_tests)
    if as_json:
        print_json(_as_object(policy, data, rows))
    else:
        _print(policy, data, rows)


def ask_policy(gateway: Gateway, messages: tuple[Message, ...], answerer: str | None) -> ModelReply:
    """Returns the gateway's answer; an error becomes a fault, since other rows can still count."""
    from router.api.compose.answerers.measured import alias_of
    from router.evaluation.answers.asking import ModelReply

    model = "auto" if answerer is None else alias_of(answerer)
    try:
        outcome = gateway.complete(ChatRequest(messages, model))
    except TiergateError as error:
        return ModelReply("", fault=f"{error.code}: {error.message}")
    answer = outcome.answer
    cost, known = outcome.cost_nano_usd, outcome.cost_known
    who = outcome.rung.answerer
    if answer is None:
        return ModelReply("", who, "", cost, known, outcome.request_id, "no answer")
    return ModelReply(answer.text, who, answer.model, cost, known, outcome.request_id)


def _as_object(policy: str, data: Path, rows: Sequence[Checked]) -> dict[str, object]:
    from router.evaluation.answers.results import by_answerer, by_kind, share

    return {
        "policy": policy,
        "file": str(data),
        "all": _share_object(share("all", rows)),
        "by_kind": [_share_object(one) for one in by_kind(rows)],
        "by_answerer": [_share_object(one) for one in by_answerer(rows)],
        "rows": [
            {
                "id": row.item.id,
                "line": row.item.line,
                "kind": row.item.kind.value,
                "right": row.right,
                "read": row.read,
                "answer": row.reply.text,
                "answerer": row.reply.answerer,
                "model": row.reply.model,
                "cost_nano_usd": row.reply.cost_nano_usd,
                "request_id": row.reply.request_id,
            }
            for row in rows
        ],
    }


def _share_object(group: Share) -> dict[str, object]:
    cost = group.cost_nano_usd if group.cost_known else None
    return {"name": group.name, "right": group.right.to_json(), "cost_nano_usd": cost}


def _print(policy: str, data: Path, rows: Sequence[Checked]) -> None:
    from router.evaluation.answers.results import by_answerer, by_kind, share

    out = console()
    questions = counted(len(rows), "question", "questions")
    out.print(escape(f"{questions} of {data} under {policy}"), soft_wrap=True)
    table = figures_table(("", "right", "95 % interval", "rows", "cost"))
    sections = (
        ("", [share("all", rows)]),
        ("by kind", by_kind(rows)),
        ("by answerer", by_answerer(rows)),
    )
    for title, groups in sections:
        if title:
            table.add_row(f"[bold]{title}[/bold]")
        for group in groups:
            figure = group.right
            cost = usd(group.cost_nano_usd if group.cost_known else None)
            span = f"{percent(figure.low)} .. {percent(figure.high)}"
            table.add_row(escape(group.name), percent(figure.value), span, f"{figure.n}", cost)
    out.print(table)
    wrong = [row for row in rows if not row.right]
    for row in wrong[:SHOWN_WRONG]:
        read = json.dumps(row.read[:SHOWN_CHARACTERS], ensure_ascii=False)
        line = f"wrong: {row.item.id} ({row.item.kind}, {row.reply.answerer or 'nobody'}): {read}"
        out.print(escape(line), soft_wrap=True)
    if len(wrong) > SHOWN_WRONG:
        out.print(f"and {len(wrong) - SHOWN_WRONG} more; --json prints all")
