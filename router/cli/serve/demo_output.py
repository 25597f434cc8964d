"""Prints the demo's results: the tally, the cost report, the prices, and the state of the books."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import orjson
from rich.console import Console

from router.analysis.demo import DemoTally
from router.analysis.report.figures import Report
from router.analysis.report.output.json import report_json
from router.analysis.report.output.one_page import print_page
from router.api.compose.answerers.abilities import AbilityTable, load_abilities
from router.api.compose.books import Books
from router.api.compose.command_line import command_line
from router.cli.options import is_stdout
from router.cli.terminal import inert_json
from router.policy.schema import DocumentsAnswerer, ExactAnswerer, PassagesAnswerer, Policy
from router.rendering.figures_in_words import usd
from router.types import NANO_PER_USD

COMPUTES_OR_QUOTES = (ExactAnswerer, PassagesAnswerer, DocumentsAnswerer)
"""Lists answerers that compute or quote: their price and worth are not those of a level's model."""


@dataclass(frozen=True, slots=True)
class BooksState:
    """Holds what the ledger says after the day."""

    whole: bool
    findings: tuple[str, ...]
    rows: int
    requests_nano_usd: int
    attempts_nano_usd: int

    @property
    def sums(self) -> bool:
        """Returns True when the attempts sum to the requests' total."""
        return self.requests_nano_usd == self.attempts_nano_usd


@dataclass(frozen=True, slots=True)
class DemoOutcome:
    """Holds the results of a day that was played, in whole or until Ctrl-C."""

    tally: DemoTally
    report: Report
    ledger: BooksState
    database: Path
    seconds: float
    interrupted: bool


def books_state(books: Books) -> BooksState:
    """Verifies the ledger, and sums the costs of its requests and of their attempts."""
    check = books.verify(None)
    requests = attempts = count = 0
    for row in books.rows(None, None, None):
        count += 1
        requests += row.cost_nano_usd
        attempts += sum(attempt.cost_nano_usd for attempt in row.attempts)
    findings = tuple(f"{finding.kind.value}: {finding.detail}" for finding in check.findings)
    return BooksState(check.whole, findings, count, requests, attempts)


def print_demo(outcome: DemoOutcome, policy: Policy, html: Path | None, console: Console) -> None:
    """Prints the tally, the report and the state of the books for people."""
    ledger, print_ = outcome.ledger, console.print
    if outcome.interrupted:
        print_("Stopped by Ctrl-C; this is the day so far.", style="yellow")
    print_(outcome.tally.renderable())
    print_()
    print_page(outcome.report, console)
    for line in worth_lines(policy):
        print_(line, markup=False)
    if ledger.whole:
        print_(f"Ledger: whole. {ledger.rows:,} rows, chained and anchored.")
    for finding in ledger.findings:
        print_(f"Ledger: {finding}", style="red", markup=False)
    attempts, total = usd(ledger.attempts_nano_usd), usd(ledger.requests_nano_usd)
    equal = "equal" if ledger.sums else "DO NOT EQUAL"
    print_(
        f"The attempts sum to {attempts} ({ledger.attempts_nano_usd:,} nano-dollars) and {equal} "
        f"the requests' {total}.",
        markup=False,
    )
    print_(f"Played in {outcome.seconds:.0f} s. Look again:", markup=False)
    if html is not None and not is_stdout(html):
        print_(f"  {html}", markup=False, soft_wrap=True)
    again = command_line("report", "--database", str(outcome.database))
    print_(f"  {again}", markup=False, soft_wrap=True)


def worth_lines(policy: Policy) -> list[str]:
    """Returns the sentences on prices and answers that every form of the demo's report has."""
    lines = (prices_sentence(policy), worth_sentence(policy, load_abilities()))
    return [line for line in lines if line]


def prices_sentence(policy: Policy) -> str:
    """States the prices behind the spend: stated list prices are not measured costs."""
    prices: dict[int, float] = {}
    for tier, section in policy.rungs():
        price = section.price.to_price().per_request_nano_usd
        if price is not None and not (tier.level > 1 and isinstance(section, COMPUTES_OR_QUOTES)):
            # The first answerer of a level represents it.
            prices.setdefault(tier.level, price / NANO_PER_USD)
    if not prices:
        return "Costs are token prices and own compute, as the policy states them."
    listed = ", ".join(f"${price:.2f} at level {level}" for level, price in sorted(prices.items()))
    return (
        f"Prices are stated list prices for each answered request ({listed}), not measured costs: "
        "they illustrate what such shares save where the tiers cost so much."
    )


def worth_sentence(policy: Policy, abilities: AbilityTable) -> str:
    """States the measured worth of the embedded model's answers; "" if it has no level."""
    by_level: dict[int, bool] = {}
    for tier, section in policy.rungs():
        if isinstance(section, COMPUTES_OR_QUOTES):
            continue
        # One larger model at a level makes its answers worth more than the embedded ones.
        by_level[tier.level] = by_level.get(tier.level, True) and abilities.is_embedded(section)
    levels = [str(level) for level, embedded in sorted(by_level.items()) if embedded]
    measured = abilities.embedded_right
    if not levels or measured is None:
        return ""
    share, graded = measured
    return (
        f"Level {' and '.join(levels)} is the embedded SmolLM2 (135 million parameters), which "
        f"shows the mechanism: of {graded} graded questions it answered {round(share * graded)} "
        f"right ({100 * share:.0f} %), so such an answer is worth little. Put a model of yours "
        "into the policy before you count on one."
    )


def print_demo_json(outcome: DemoOutcome, html: Path | None) -> None:
    """Prints the same as one JSON document, on one line."""
    ledger = outcome.ledger
    document = {
        "tally": outcome.tally.as_object(),
        "report": orjson.loads(report_json(outcome.report)),
        "ledger": {
            "whole": ledger.whole,
            "findings": ledger.findings,
            "rows": ledger.rows,
            "requests_nano_usd": ledger.requests_nano_usd,
            "attempts_nano_usd": ledger.attempts_nano_usd,
            "attempts_sum_to_the_total": ledger.sums,
        },
        "prices": "stated list prices, not measured costs",
        "database": str(outcome.database),
        "html": None if html is None else str(html),
        "seconds": round(outcome.seconds, 1),
        "interrupted": outcome.interrupted,
    }
    sys.stdout.write(inert_json(orjson.dumps(document).decode()) + "\n")
