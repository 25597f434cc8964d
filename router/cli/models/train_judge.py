"""Defines `tiergate train judge`: scores of a judge turned into chances, on known outcomes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.exits import Exit
from router.cli.ledger.ledger import Since, Until
from router.cli.models.train_head import warn_of_chance
from router.cli.opened_books import opened_books
from router.cli.options import AsJson, Tenant, to_write
from router.cli.periods import now_ms, period_of
from router.cli.serve.serve import DATABASE, DatabasePath

if TYPE_CHECKING:
    from router.policy.loading import LoadedPolicy
    from router.policy.sections.judging import CheckSection


def judge(
    answerer: Annotated[
        str, typer.Option(help="The answerer whose `check` names rubric and judge.")
    ],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", callback=to_write, readable=False, help="The file to write."),
    ],
    policy: Annotated[
        str, typer.Option("--policy", "-p", help="Name of a policy, or a policy file.")
    ] = "default",
    database: DatabasePath = DATABASE,
    since: Since = None,
    until: Until = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Fit what a judge's score says of right and wrong, from judged answers with feedback.

    Exit code 6 where there are too few outcomes; then nothing is written.
    """
    from router.cli.terminal import print_json
    from router.files.writing import write_all
    from router.policy.content.rubrics import load_rubric
    from router.policy.loading import find_policy, load_policy, policies_dir
    from router.stats.judge_calibration import TooFewOutcomes, auroc_span, fit_calibration

    loaded = load_policy(find_policy(policy, policies_dir()), os.environ)
    check, model = _check_of(loaded, answerer)
    rubric = load_rubric(loaded.file(check.rubric))
    begin, end = period_of(since, until, now_ms())
    with opened_books(database, tenant) as books:
        scored = [
            (outcome.judged.score, outcome.correct)
            for outcome in books.outcomes(begin, end, tenant)
            if outcome.correct is not None
            and outcome.judged is not None
            and outcome.judged.score is not None
            and (outcome.judged.digest, outcome.judged.judge) == (rubric.digest, check.judge)
        ]
    try:
        scores, right = [score for score, _ in scored], [right for _, right in scored]
        made = fit_calibration(scores, right, rubric.digest, model)
    except TooFewOutcomes as error:
        typer.echo(f"tiergate: {error}. Until then scores change no chance.", err=True)
        raise typer.Exit(Exit.CANNOT_SAY) from error
    write_all({out: made.to_text().encode()})
    low, high = auroc_span(scores, right)
    if as_json:
        shares = {f"{score:g}": round(made(score), 4) for score in (0.25, 0.5, 0.75, 1.0)}
        figures = {"outcomes": made.outcomes, "wrong": made.wrong, "auroc": made.auroc}
        print_json({**figures, "auroc_interval": [low, high], **shares})
        warn_of_chance(out.stem, low)
        return
    chances = ", ".join(f"{score:.2f}: {made(score):.2f}" for score in (0.25, 0.5, 0.75, 1.0))
    typer.echo(
        f"{made.outcomes} answers judged by {check.judge} with rubric {rubric.name}, {made.wrong} "
        f"of them wrong; scores tell them apart with AUROC {made.auroc:.3f} "
        f"({low:.3f} to {high:.3f}, 95 %; .5 is chance)."
    )
    typer.echo(f"Chance of being right by score: {chances}.")
    typer.echo(f"Written to {out}: `check.calibration` of {answerer} names it.")
    warn_of_chance(out.stem, low)


def _check_of(loaded: LoadedPolicy, name: str) -> tuple[CheckSection, str]:
    """Returns the `check` of an answerer and its judge's model. Raises BadParameter."""
    section = loaded.policy.answerer(name)
    checked = [one.name for _, one in loaded.policy.rungs() if one.check is not None]
    if section is None or section.check is None:
        raise typer.BadParameter(
            f"found --answerer {name}; expected one with `check`: {', '.join(checked) or 'none'}"
        )
    named = loaded.policy.answerer(section.check.judge)
    return section.check, str(getattr(named, "model", ""))
