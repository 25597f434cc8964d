"""Defines `tiergate replay`: decides recorded traffic again, for people and for pipelines."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.exits import Exit
from router.cli.ledger.ledger import Since, Until
from router.cli.opened_books import opened_books
from router.cli.options import AsJson, HtmlFile, Tenant, one_stdout, put_page
from router.cli.periods import now_ms, period_of
from router.cli.serve.serve import DATABASE, DatabasePath, ModelDir

if TYPE_CHECKING:
    from router.analysis.replay.correctness import Correctness, KnownCorrectness
    from router.analysis.replay.facts import Side
    from router.analysis.replay.fail_conditions import Condition, Judged
    from router.analysis.replay.replay import Cases, Replay
    from router.api.compose.books import Books
    from router.api.compose.core import Core

OutcomesFile = Annotated[
    Path | None,
    typer.Option(
        help="A .csv or .jsonl file with request_id, correct (0 or 1) and, if another than the "
        "client's answer is meant, answerer."
    ),
]


def replay(
    policy: Annotated[
        str, typer.Option("--policy", "-p", help="The policy that decides again: name or file.")
    ],
    against: Annotated[
        str | None,
        typer.Option(
            help="Another policy to compare with, replayed alike.",
            show_default="the traffic as it was recorded",
        ),
    ] = None,
    database: DatabasePath = DATABASE,
    since: Since = None,
    until: Until = None,
    tenant: Tenant = None,
    outcomes: OutcomesFile = None,
    usage: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Another gateway's usage log instead of the ledger: .jsonl or .csv with model, "
            "tokens and, if there, cost, created, prompt or messages.",
        ),
    ] = None,
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-if",
            help="End with 5 where this holds: cost>+5%, error>+0.5pp, level3_share>10%, "
            "changed>10%, refused>0%; with 6 where the data cannot say. Repeat for several.",
        ),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Judge errors and changes of cost by the worse end of the 95 % interval.",
        ),
    ] = False,
    model_dir: ModelDir = None,
    as_json: AsJson = False,
    html: HtmlFile = None,
) -> None:
    """Decide recorded traffic again: cost, tiers, changed decisions, expected error.

    It calls no tier and changes no row. It says so where the data cannot answer.
    """
    from router.analysis.replay.cases import case_of
    from router.analysis.replay.recorded_models import models_in
    from router.analysis.replay.replay import replay as replayed

    one_stdout(html, as_json=as_json)
    conditions = _conditions(fail_if or [])
    core = _core(policy, model_dir)
    other = None if against is None else _core(against, model_dir)
    new, old = _side(core), None if other is None else _side(other)
    begin, end = period_of(since, until, now_ms())
    if usage is not None:
        from router.cli.policies.usage_files import read_usage

        log = read_usage(usage, [core] if other is None else [core, other], new, begin, end)
        result = replayed(lambda: log.cases, new, old, read_outcomes_of(outcomes))
        result.alone, result.bad_lines = log.alone, log.bad.told(usage)
        _tell(result, conditions, strict, as_json, html)
        return
    with opened_books(database, tenant) as books:
        known = read_outcomes_of(outcomes, stored_outcomes(books, begin, end, tenant))
        # The rows are read twice, so the replay gets a function and not an iterator.
        cases: Cases = lambda: map(case_of, books.rows(begin, end, tenant))  # noqa: E731
        models = cache(lambda kept: models_in(books.policy_text(kept) or ""))
        result = replayed(cases, new, old, known, models)
    _tell(result, conditions, strict, as_json, html)


def _conditions(texts: Sequence[str]) -> list[Condition]:
    from router.analysis.replay.fail_conditions import read_condition

    conditions = []
    for text in texts:
        try:
            conditions.append(read_condition(text))
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--fail-if") from error
    return conditions


def _core(name: str, model_dir: Path | None) -> Core:
    from router.api.compose.core import Core, Settings, load_policies
    from router.triage.triage_model import DEFAULT_FOLDER

    settings = Settings(policies=(name,), model_dir=model_dir or DEFAULT_FOLDER)
    return Core(settings, load_policies(settings, os.environ), os.environ)


def _side(core: Core) -> Side:
    from router.analysis.replay.facts import Side

    runtime = core.router.default
    return Side(runtime.policy, runtime.policy_hash, runtime.plans)


def read_outcomes_of(path: Path | None, stored: Iterable[Correctness] = ()) -> KnownCorrectness:
    """Returns stored outcomes and a file's, which win; says on standard error how many of each.

    Raises typer.BadParameter for a file without an outcome.
    """
    from router.analysis.replay.correctness import KnownCorrectness
    from router.cli.policies.outcome_files import BadLines, read_outcomes
    from router.rendering.figures_in_words import counted

    if path is None:
        return KnownCorrectness.of(stored)
    bad = BadLines()
    told = list(read_outcomes(path, bad))
    if not told:
        why = bad.told(path) or f"{path}: found no row; without --outcomes the ledger's count"
        raise typer.BadParameter(why, param_hint="--outcomes")
    kept = list(stored)
    outcomes = KnownCorrectness.of([*kept, *told])
    if bad.count:
        typer.echo(f"tiergate: {bad.told(path)}", err=True)
    if kept:
        both = len({one.request_id for one in kept} & {one.request_id for one in told})
        typer.echo(
            f"tiergate: {counted(len(told), 'outcome', 'outcomes')} of {path}, and "
            f"{counted(len(kept), 'outcome', 'outcomes')} of feedback and reviews in the ledger; "
            f"the file's count for {counted(both, 'request', 'requests')} with both",
            err=True,
        )
    return outcomes


def stored_outcomes(
    books: Books, begin: int | None, end: int | None, tenant: str | None
) -> Iterator[Correctness]:
    """Yields the outcomes that feedback and reviews state for the answers that clients got."""
    from router.analysis.replay.correctness import Correctness

    for outcome in books.outcomes(begin, end, tenant):
        if outcome.correct is not None:
            yield Correctness(outcome.request_id, outcome.correct)


def _tell(
    result: Replay,
    conditions: Sequence[Condition],
    strict: bool,
    as_json: bool,
    html: Path | None,
) -> None:
    """Prints the replay, and ends the program as its conditions require."""
    from router.analysis.replay.fail_conditions import judge
    from router.analysis.replay.html import replay_html
    from router.analysis.replay.json import replay_json
    from router.analysis.replay.text import replay_renderable
    from router.cli.terminal import console, print_json

    judged = [judge(result, condition, strict=strict) for condition in conditions]
    if html is not None:
        put_page(html, replay_html(result, judged), "Replay", aside=as_json)
    if as_json:
        print_json(replay_json(result, judged))
    elif html is None:
        console().print(replay_renderable(result, judged))
    code = _code(judged)
    if code is not Exit.OK:
        raise typer.Exit(code)


def _code(judged: Sequence[Judged]) -> Exit:
    """Returns the exit code: a condition that holds weighs more than one that cannot be judged."""
    from router.analysis.replay.fail_conditions import ConditionState

    answers = {result.answer for result in judged}
    if ConditionState.HOLDS in answers:
        return Exit.CONDITION_HOLDS
    return Exit.CANNOT_SAY if ConditionState.CANNOT_SAY in answers else Exit.OK
