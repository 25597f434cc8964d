"""Defines `tiergate evaluate`: the model card, or figures on a labelled file, without torch."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.exits import Exit
from router.cli.models.evaluated_kinds import (
    ADVERSARIAL,
    ANSWERS,
    BY_POLICY,
    EVERY_KIND,
    FAIRNESS,
    GATEWAY,
    HEAD,
    NOVELTIES,
    PRIVACY,
    file_of,
    is_typed,
    refuse_foreign,
    refuse_half_a_judge,
)
from router.cli.models.train import WORK, Work, tell_installed, with_torch
from router.cli.options import AsJson
from router.cli.serve.serve import ModelDir
from router.cli.terminal import figures_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table

    from router.evaluation.options import Report
    from router.stats.measures import Figure

EVALUATION = ".tiergate/evaluation.db"
"""Books what a measurement spends: its rows are no traffic, and no report counts them as such."""

BUDGETS = "every budget"
"""Marks the names of sections that are shown as one row per budget."""


def evaluate(
    context: typer.Context,
    kind: Annotated[
        str | None,
        typer.Argument(
            help=f"What to measure: {', '.join(EVERY_KIND)}. Without it: the model card.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            envvar="TIERGATE_DATA",
            help="With a kind: a .jsonl or .jsonl.gz file of that kind. Without: a folder, to "
            "make the card again by the training's last stage.",
        ),
    ] = None,
    train: Annotated[
        Path | None,
        typer.Option(help="Fit heads on this file instead of on --data outside the dev cut."),
    ] = None,
    dev: Annotated[
        bool | None,
        typer.Option(
            show_default="dev for files the model was trained on",
            help="Judge on the dev cut of --data, or on all of it.",
        ),
    ] = None,
    baseline: Annotated[
        bool,
        typer.Option(
            "--baseline", help="Also measure TF-IDF with a linear model, on the same rows."
        ),
    ] = False,
    novelty: Annotated[
        str | None,
        typer.Option(
            show_default="combined; energy for a saved head without positions",
            help=f"Intents: the score that counts: {', '.join(NOVELTIES)}.",
        ),
    ] = None,
    save_head: Annotated[
        Path | None,
        typer.Option(help="Write the fitted head as this path with .npz and .json added."),
    ] = None,
    head: Annotated[
        Path | None, typer.Option(help="Head: the .json file that `train head` wrote.")
    ] = None,
    text_column: Annotated[str, typer.Option(help="Head: the column with the text.")] = "text",
    label_column: Annotated[str, typer.Option(help="Head: the column with the label.")] = "label",
    labels: Annotated[
        int | None, typer.Option(min=40, help="Routing: fit a head on so many labelled rows.")
    ] = None,
    leave_subjects: Annotated[
        bool,
        typer.Option(
            "--leave-subjects", help="Routing: judge each subject by a head of other subjects."
        ),
    ] = False,
    five_fits: Annotated[
        bool,
        typer.Option(
            "--five-fits", help="Routing: all rows judge, by five fits of heads that read words."
        ),
    ] = False,
    weak: Annotated[str | None, typer.Option(help="Routing: the cheaper model.")] = None,
    strong: Annotated[str | None, typer.Option(help="Routing: the more expensive model.")] = None,
    prices: Annotated[
        Path | None,
        typer.Option(
            help="Routing: JSON of model to [prompt, answer], dollars per million tokens."
        ),
    ] = None,
    latency: Annotated[
        bool, typer.Option("--latency", help="Time a lone request of 16, 40 and 128 tokens too.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of folds, ties and resamples.")] = 0,
    resamples: Annotated[
        int, typer.Option(min=20, help="Resamples behind each 95 % interval.")
    ] = 1_000,
    policy: Annotated[
        str,
        typer.Option(
            "--policy",
            "-p",
            help="Of `gateway`, `adversarial`, `fairness`, `answers`, `endpoints`: name of a "
            "policy, or a file.",
        ),
    ] = "default",
    answerer: Annotated[
        str | None,
        typer.Option(help="Answers: ask this answerer of the policy alone, without routing."),
    ] = None,
    run_code: Annotated[
        bool,
        typer.Option("--run-code", help="Answers: run the code that a model writes, in bounds."),
    ] = False,
    rubric: Annotated[
        str | None,
        typer.Option(help="Answers: a rubric, by name or as a file; --judge grades by it."),
    ] = None,
    judge: Annotated[
        str | None, typer.Option(help="Answers: the answerer of the policy that judges.")
    ] = None,
    versus: Annotated[
        str | None,
        typer.Option(help="Answers: compare with this answerer's, in both orders."),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(help="Answers: people's verdicts as .jsonl, to measure agreement with."),
    ] = None,
    at_least: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Answers: the score from which one is right.")
    ] = 0.7,
    own_model: Annotated[
        bool,
        typer.Option(
            "--own-model",
            help="Answers: allow a model to judge its own answers; the report marks them.",
        ),
    ] = False,
    max_usd: Annotated[
        float | None,
        typer.Option(min=0.0, max=1e9, help="Answers: begin no call after so many dollars."),
    ] = None,
    database: Annotated[
        str,
        typer.Option(
            "--database",
            "-d",
            help="Answers: the ledger that books the calls, apart from the server's.",
        ),
    ] = EVALUATION,
    work: Work = WORK,
    as_json: AsJson = False,
    model_dir: ModelDir = None,
) -> None:
    """Print the triage model's figures: its card, or measurements on a labelled file."""
    # An option that has no effect would make a reader trust the wrong figures.
    refuse_foreign(context, kind)
    if kind in BY_POLICY:
        return _decide(kind, context, policy, data, model_dir, as_json)
    if kind == PRIVACY:
        return _find_details(data, resamples, seed, as_json)
    if kind == ANSWERS:
        file = file_of(kind, None, data)
        refuse_half_a_judge(rubric, judge)
        if rubric is None or judge is None:
            from router.cli.models.answers import evaluate_answers

            return evaluate_answers(
                policy, file, answerer, database, model_dir, run_code=run_code, as_json=as_json
            )
        from router.cli.models.judged import JudgedRun, evaluate_judged

        run = JudgedRun(
            policy, file, rubric, judge, answerer, versus, against, at_least, own_model, max_usd,
            database, model_dir, resamples, seed,
        )  # fmt: skip
        return evaluate_judged(run, as_json=as_json)
    from router.api.compose.core import Settings

    folder = model_dir or Settings().model_dir
    if kind is None:
        return _card(folder, data, work, as_json=as_json)
    file = file_of(kind, novelty, data)
    if kind == HEAD and head is None:
        raise typer.BadParameter("found no --head; expected the .json file of a head")
    from router.evaluation import dispatch
    from router.evaluation.options import Kind, Novelty, Options
    from router.policy.loading import policies_dir

    score = Novelty(novelty) if novelty else None
    options = Options(
        train, dev, baseline, score, labels, leave_subjects, five_fits, weak, strong, prices,
        save_head, head, (text_column, label_column), policies_dir() / "heads", seed, resamples,
    )  # fmt: skip
    report = dispatch.evaluate(Kind(kind), folder, file, options, latency=latency)
    if as_json:
        from router.cli.terminal import print_json

        print_json(report.to_json())
    else:
        _show(report)


def _decide(
    kind: str,
    context: typer.Context,
    policy: str,
    data: Path | None,
    model_dir: Path | None,
    as_json: bool,
) -> None:
    """Decides texts by a policy: those of a file, or where none is named, the kind's own."""
    if kind == GATEWAY:
        from router.cli.models.expected_levels import evaluate_gateway

        return evaluate_gateway(policy, file_of(kind, None, data), model_dir, as_json)
    # TIERGATE_DATA names training data, which is none of these.
    named = data if is_typed(context, "data") else None
    if kind == ADVERSARIAL:
        from router.cli.models.adversarial import evaluate_adversarial

        return evaluate_adversarial(policy, named, model_dir, as_json)
    if kind == FAIRNESS:
        from router.cli.models.fairness import evaluate_fairness

        return evaluate_fairness(policy, named, model_dir, as_json)
    from router.cli.models.endpoints import SHIPPED, evaluate_endpoints

    own = policy if is_typed(context, "policy") else SHIPPED
    return evaluate_endpoints(own, named, model_dir, as_json)


def _find_details(data: Path | None, resamples: int, seed: int, as_json: bool) -> None:
    """Finds personal details in marked texts. Raises BadParameter where none are named."""
    from router.cli.models.entities import evaluate_privacy

    if data is None:
        raise typer.BadParameter("found no --data; expected a file or folder of marked texts")
    evaluate_privacy(data, resamples, seed, as_json)


def _card(folder: Path, data: Path | None, work: Path, *, as_json: bool) -> None:
    """Prints the card of a model folder; makes it again first where data are given."""
    from router.cli.terminal import print_json

    if data is not None:
        with with_torch():
            from router.training.pipeline import train_triage

            # Only the stage of the card runs again.
            made = train_triage(data, folder, work / "triage", stages=("card",))
        if made.model is not None and not made.model.installed:
            tell_installed(made.model)
    card, text = folder / "card.json", folder / "CARD.md"
    if not card.is_file() or not text.is_file():
        typer.echo(f"tiergate: no triage model in {folder}: card.json is missing", err=True)
        raise typer.Exit(Exit.FAILURE)
    if as_json:
        print_json(json.loads(card.read_text(encoding="utf-8")))
    else:
        typer.echo(text.read_text(encoding="utf-8"))


def _show(report: Report) -> None:
    """Prints sections of figures, each with its interval and rows, and notes at the end."""
    from rich.markup import escape

    from router.cli.models.wrong_rows import wrong_lines
    from router.cli.terminal import console
    from router.evaluation.judging import POSITIVES

    out = console()
    out.print(escape(f"{report.kind}: {report.file}, triage model {report.model}"), soft_wrap=True)
    table = figures_table(("figure", "value", "95 % interval", "rows"), words=("figure",))
    for section, figures in report.sections.items():
        if BUDGETS in section:
            _budgets(table, section, figures)
            continue
        table.add_row(f"[bold]{escape(section)}[/bold]")
        for name, figure in figures.items():
            value = f"{figure.value:,.0f}" if name == POSITIVES else figure_text(figure.value)
            table.add_row(f"  {escape(name)}", value, interval(figure), f"{figure.n:,}")
    out.print(table)
    for note in report.notes:
        out.print(f"- {escape(note)}", soft_wrap=True)
    for line in wrong_lines(report.wrong, out.width):
        out.print(escape(line), soft_wrap=True)


def _budgets(table: Table, section: str, figures: Mapping[str, Figure]) -> None:
    """Adds one row per budget instead of one per figure."""
    from rich.markup import escape

    table.add_row(f"[bold]{escape(section)}: router / best single model / oracle[/bold]")
    for percent in sorted({int(name.rpartition("_")[2]) for name in figures}):
        own = [figures[f"{who}_at_{percent}"] for who in ("router", "best_single", "oracle")]
        values = " / ".join(figure_text(figure.value) for figure in own)
        table.add_row(f"  at {percent} % of the best model's cost", values, "", f"{own[0].n:,}")


def figure_text(value: float) -> str:
    """Formats a number with as many digits as it deserves: 0.9635, 44.20, - for none.

    >>> figure_text(0.96351), figure_text(44.2), figure_text(float("nan"))
    ('0.9635', '44.20', '-')
    """
    if math.isnan(value):
        return "-"
    return f"{value:.4f}" if abs(value) < 2 else f"{value:.2f}"


def interval(figure: Figure) -> str:
    """Formats the ends of a figure's interval; "" where none was computed."""
    if math.isnan(figure.low):
        return ""
    return f"{figure_text(figure.low)} .. {figure_text(figure.high)}"
