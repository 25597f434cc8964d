"""Prints a decision on the terminal as one line, as a row of a table, or as JSON."""

from __future__ import annotations

import typer

from router.cli.terminal import console, print_json
from router.errors import RequestError
from router.rendering.figures_in_words import printable, usd
from router.types import ChatRequest, Outcome, Verdict

SHOWN_CHARACTERS = 70


def as_json(outcome: Outcome) -> None:
    """Prints the `routing` object of the API, as one line."""
    from router.api.http.decision_views import routing_view  # a line for people needs none of it

    document = routing_view(outcome)
    # Facts about this run, which the API states elsewhere in its answer.
    document["degraded"] = outcome.signals.degraded
    document["triage_version"] = outcome.signals.triage_version
    document["triage_ms"] = round(outcome.timings.triage_ms, 3)
    document["decide_ms"] = round(outcome.timings.decide_ms, 3)
    print_json(document)


def refused(error: RequestError, json: bool) -> None:
    """Prints why a request was refused: no tier may answer it, or it is not a request."""
    if json:
        print_json({"error": {"code": error.code, "message": error.message, "param": error.param}})
    else:
        from rich.markup import escape  # only what has colours or tables needs it

        console(stderr=True).print(f"refused: {escape(error.message)}")


def short(request: ChatRequest, outcome: Outcome) -> None:
    """Prints tier, reasons and the request, on one line."""
    reasons = ", ".join(reason.value for reason in outcome.reasons)
    if outcome.decision.refused is not None:
        instead = "" if outcome.verdict is Verdict.REFUSED else f"; {outcome.verdict.value}"
        reasons = f"refused: {outcome.decision.refused.value}{instead}"
    elif outcome.words_alone:
        reasons += "; approved words, no model is asked"
    elif outcome.opened:
        reasons += "; words on whom to call at the answer"
    degraded = "  [DEGRADED: rules alone]" if outcome.signals.degraded else ""
    shown = typer.style(shortened(request.last_user_text), dim=True)
    typer.echo(f"{typer.style(tier(outcome), bold=True)}  {reasons}{degraded}  {shown}")


def table_head() -> None:
    """Prints the head of a Markdown table of decisions."""
    typer.echo("| request | tier | answerer | expected cost | reason |")
    typer.echo("| --- | --- | --- | ---: | --- |")


def table_foot(priced: bool) -> None:
    """Prints below the table what its costs assume, where any of them is more than nothing."""
    if priced:
        typer.echo(
            "\nExpected costs assume answers as long as the answerer's expected_output_tokens, or "
            "the client's max_tokens where those are fewer."
        )


def table_row(request: ChatRequest, outcome: Outcome) -> None:
    """Prints a decision as a row of that table: the rung of a call, its expected cost, a reason.

    It is the first rung, or where a call would surely end. Where words go out before any tier is
    asked, nothing is called and nothing paid. A refused
    request has no tier. `opened` says that words on whom to call stand at the answer.
    """
    first, refusal = outcome.decision.first_rung, outcome.decision.refused
    rung = outcome.rung
    elsewhere = outcome.words_alone or rung != first
    why = outcome.reasons[0] if elsewhere and outcome.reasons else first.reasons[0]
    cells = (
        shortened(request.last_user_text, 100),
        f"{rung.level} {rung.tier}",
        outcome.answers_as + (", opened" if outcome.opened else ""),
        usd(outcome.cost_nano_usd) if outcome.cost_known else "unknown",
        (why if refusal is None else refusal).value,
    )
    _row(*cells)


def refused_row(text: str, error: RequestError) -> None:
    """Prints a refused request as a row of that table; the message goes to standard error."""
    _row(shortened(text, 100), "-", "-", "-", f"refused: {error.code}")


def _row(*cells: str) -> None:
    typer.echo(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")


def tier(outcome: Outcome) -> str:
    """Returns the level and the name of a decision's first tier."""
    return f"level {outcome.rung.level} {outcome.rung.tier}"


def shortened(text: str, limit: int = SHOWN_CHARACTERS) -> str:
    """Returns a text in one line without what a terminal would act on, cut where it is long."""
    one_line = printable(" ".join(text.split()))  # a file of requests may hold anybody's
    return one_line if len(one_line) <= limit else one_line[: limit - 1] + "…"
