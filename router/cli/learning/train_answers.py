"""Defines `tiergate train answers`: a head that judges one answerer's answers."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.exits import Exit
from router.cli.models.train import card_command
from router.cli.models.train_head import warn_of_chance
from router.cli.options import AsJson, given_path, keep_sources
from router.rendering.figures_in_words import counted

if TYPE_CHECKING:
    from router.evaluation.graded_answers import GradedAnswers
    from router.training.heads.fit_answers import Comparison, FittedAnswers

FEW_ANSWERS = 120
"""Below so many graded answers a head of answers is warned of. Where they say .9 or more, twelve
heads each of 120 were right in .89 (said .91: GSM8K, Mixtral), .90 (.93: GPT-4), .92 (.95: Claude 3
Haiku), .95 (.93: GPT-3.5), .94 (.95: GPT-4o mini) and, of CRUXEval, .91 (.93: GPT-4o mini); heads
of 60 in .72, .89, .92, .91, .94 and .83 where they said as much. 200 are within two points."""


def answers(
    data: Annotated[
        Path, typer.Option(help="A .jsonl or .jsonl.gz file: prompt, answer, right (0 or 1).")
    ],
    out: Annotated[
        Path,
        typer.Option(
            parser=given_path, help="The head's .json file; a policy's verify.head names it."
        ),
    ],
    force: Annotated[
        bool,
        typer.Option("--force", help="Write it even where the head that is there is better."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fit a head that judges one answerer's answers by what they show; no encoder, in a second."""
    from router.cli.terminal import print_json
    from router.evaluation.graded_answers import read_answers
    from router.stats import answer_head
    from router.training.heads.fit_answers import fit_answers, seen_text, spans_of

    keep_sources((out,), (data,))

    rows = read_answers(data)
    fitted = fit_answers(rows.readings, rows.right)
    made, spans = fitted.head, spans_of(fitted.families, fitted.chances, rows.right)
    against = None if force else _with_the_older(out, fitted, rows)
    card = {
        "command": card_command(sys.argv[1:]),
        "data": {"file": data.name, "sha256": rows.sha256, "left_out": len(rows.left_out)},
        "intervals": dict(spans),
    }
    installed = against is None or not against.worse
    if installed:
        answer_head.save(made, out, card | {"seen": seen_text(rows.readings)})
    if as_json:
        compared = None if against is None else {**asdict(against), "worse": against.worse}
        figures = {"rows": made.rows, **made.figures}
        told = {"comparison": compared, "installed": installed}
        print_json({"figures": figures, "out": str(out), **card, **told})
    else:
        _show_answers(fitted, rows, spans, out, against)
    _warn_of_few_answers(made.rows)
    warn_of_chance(out.stem, spans["auroc"][0])
    if not installed:
        raise typer.Exit(Exit.FAILURE)


def _with_the_older(out: Path, fitted: FittedAnswers, rows: GradedAnswers) -> Comparison | None:
    """Compares with the head of answers that is at `out`; None where there is no file.

    Raises BadParameter for a file that is no head of answers: a wrong name must not cost a policy.
    """
    from router.errors import ModelFileError
    from router.stats import answer_head
    from router.training.heads.fit_answers import compared, seen_in

    if not out.exists():
        return None
    try:
        old = answer_head.load(out)
    except ModelFileError as error:
        raise typer.BadParameter(
            f"{error}; expected a new name, or --force, which writes over it"
        ) from error
    seen = seen_in(answer_head.card_of(out).get("seen", ""))
    return compared(old, seen, fitted, rows.readings, rows.right)


def _show_answers(
    fitted: FittedAnswers,
    rows: GradedAnswers,
    spans: Mapping[str, tuple[float, float]],
    out: Path,
    against: Comparison | None,
) -> None:
    """Prints the figures, what an older head has on the same answers, and where the head is."""
    made = fitted.head
    (low, high), (least, most) = spans["auroc"], spans["right"]
    typer.echo(
        f"{made.rows} graded answers, {made.figures['right']:.1%} right ({least:.1%} to "
        f"{most:.1%}); cross-validated, with 95 % intervals: AUROC {made.figures['auroc']:.3f} "
        f"({low:.3f} to {high:.3f}), ECE {made.figures['ece']:.3f} (with exact chances "
        f"{made.figures['ece_if_calibrated']:.3f})"
    )
    if rows.left_out:
        left_out = counted(len(rows.left_out), "row", "rows")
        typer.echo(f"{left_out} left out: no answer, a repeat, or two grades")
    if against is not None:
        typer.echo(
            f"The head that is there: skill {against.old:.3f} "
            f"({counted(against.old_rows, 'answer', 'answers')}) against {against.new:.3f} of the "
            f"new one ({counted(against.rows, 'answer', 'answers')}), {against.basis}. 1 is sure "
            "and right each time, 0 no better than the share of right answers."
        )
    if against is not None and against.worse:
        typer.echo(
            f"Not written: it is worse than the head in {out}, which is unchanged. Train on the "
            "old answers and the new ones together; --force writes it all the same."
        )
        return
    whose = f"the answerer {rows.answerer}" if rows.answerer else "the answerer it was made for"
    typer.echo(
        f"The head is in {out}; name it under verify.head of {whose}, for questions of the kind "
        "that taught it. Of other kinds it may be far too sure."
    )


def _warn_of_few_answers(rows: int) -> None:
    if rows < FEW_ANSWERS:
        typer.echo(
            f"warning: {rows} graded answers are few: chances of .9 and more may be too high. "
            f"Heads of {FEW_ANSWERS} said .91 to .95 there on average, and .89 to .95 were right, "
            "on six sets of one kind of question each.",
            err=True,
        )
