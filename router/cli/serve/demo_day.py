"""What `tiergate demo` does: a mixed day of committed prompts on the live path, then its books.

The gateway runs in this process exactly as it is served, with a database of its own. The day fixes
what is asked, never who answers: no tier is pinned, and the demo's policy has no exact cache.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from router.analysis.demo import (
    DemoPrompt,
    DemoResult,
    DemoTally,
    read_prompts,
    result_of,
    sample_day,
)
from router.analysis.report.build import build_report
from router.analysis.report.figures import Report
from router.analysis.report.output.html import report_html
from router.analysis.report.output.json import report_json
from router.analysis.report.output.text import print_report
from router.api.compose.abilities import AbilityTable, load_abilities
from router.api.compose.app import App
from router.api.compose.books import Books
from router.api.compose.command_line import command_line
from router.api.compose.core import Core, Hosts, Settings, load_policies
from router.api.compose.os_signals import taking
from router.api.process.serve import run_loop
from router.cli.terminal import console as console_of
from router.errors import Overloaded, TiergateError
from router.policy.loading import LoadedPolicy, policies_dir
from router.policy.schema import Policy
from router.rendering.figures_in_words import usd
from router.types import (
    NANO_PER_USD,
    AnswererState,
    ChatRequest,
    Hints,
    Identity,
    Message,
    Sampling,
    Scope,
)

CALLER = Identity("demo", "none", frozenset({Scope.CHAT}))
CONCURRENCY = 8
"""Enough that level 1 goes on while the local LLM, which decodes two at a time, is busy."""
LOADING_S = 120.0  # the local LLM loads in seconds; this is for machines that are very busy
POLL_S = 0.1
ANSWER_TOKENS = 40
"""What the demo's client asks for at most, as chat clients do: longer answers of a small model cost
time and say no more."""

PATIENCE_S = 600.0  # how long a client tries again while a queue is full: a slow machine loses none
REQUESTS = 100
"""A minute on two cores. A whole day at these shares is 1,045."""
LINES = 10  # of progress, where nobody sees a bar move


@dataclass(frozen=True, slots=True)
class BooksState:
    """What the ledger says after the day."""

    whole: bool
    findings: tuple[str, ...]
    rows: int
    requests_nano_usd: int
    attempts_nano_usd: int

    @property
    def sums(self) -> bool:
        return self.requests_nano_usd == self.attempts_nano_usd


@dataclass(frozen=True, slots=True)
class DemoOutcome:
    """A day that was played, in whole or until Ctrl-C."""

    tally: DemoTally
    report: Report
    ledger: BooksState
    database: Path
    seconds: float
    interrupted: bool

    @property
    def sound(self) -> bool:
        """Whether the books are whole and the attempts sum to the total."""
        return self.ledger.whole and self.ledger.sums


@dataclass(slots=True)
class Day:
    """The prompts still to ask, what came of those asked, and whether to stop."""

    prompts: Iterator[DemoPrompt]
    tally: DemoTally = field(default_factory=DemoTally)
    stopped: bool = False
    clients: list[asyncio.Task[None]] = field(default_factory=list)

    def stop(self) -> None:
        """End now: requests under way are cancelled, and booked as such."""
        self.stopped = True
        for client in self.clients:
            client.cancel()


def run_demo(
    *,
    requests: int = REQUESTS,
    seed: int = 7,
    policy: str = "demo",
    concurrency: int = CONCURRENCY,
    console: Console | None = None,
    as_json: bool = False,
    html: Path | None = None,
    database: Path | None = None,
) -> DemoOutcome:
    """Play a day and print its tally, its cost report and the state of its books.

    Progress goes to standard error with `as_json`, where one JSON document is all that is printed.
    Raises TiergateError, OSError for an `html` that cannot be written.
    """
    console = console or console_of(stderr=as_json)
    path = database or Path(".tiergate") / time.strftime("demo-%Y%m%d-%H%M%S.db")
    # Read one by one, so that the same seed routes the same day.
    settings = Settings(policies=(policy,), database=path, watch=False, read_together=1)
    loaded = load_policies(settings, os.environ)
    day = sample_day(prompts_of(loaded[0]), requests, seed)
    began = time.monotonic()
    played = _play_all(settings, loaded, day, concurrency, console)
    with Books.open(path) as books:
        ledger = _books(books)
        report = build_report(
            books.rows(None, None, None),
            config=loaded[0].policy.report,
            since_ms=None,
            until_ms=None,
            now_ms=time.time_ns() // 1_000_000,
        )
    outcome = DemoOutcome(
        played.tally, report, ledger, path, time.monotonic() - began, played.stopped
    )
    if html is not None:
        lines = worth_lines(loaded[0].policy)
        html.write_text(report_html(report, lines=lines), encoding="utf-8")
    if as_json:
        _print_json(outcome, html)
    else:
        _print(outcome, loaded[0].policy, policy, html, console)
    return outcome


def prompts_of(loaded: LoadedPolicy) -> tuple[DemoPrompt, ...]:
    """The committed prompts: beside the policy, else the shipped ones."""
    name = Path("demo") / "prompts.jsonl"
    beside = loaded.path.parent / name
    file = beside if beside.exists() else policies_dir() / name
    return read_prompts(file.read_text(encoding="utf-8").splitlines())


# --- the day -------------------------------------------------------------------------------------


def _play_all(
    settings: Settings,
    loaded: list[LoadedPolicy],
    prompts: Sequence[DemoPrompt],
    concurrency: int,
    console: Console,
) -> Day:
    """Start everything, play, and close everything again."""
    day = Day(iter(prompts))
    hosts = Hosts.start(loaded)
    try:
        core = Core(settings, loaded, os.environ, hosts.addresses)
        app = App(settings, core, hosts)

        async def main() -> None:
            with _stopping(day):
                async with app.life():
                    await _ready(app, day, console)
                    await _play(app, day, len(prompts), concurrency, console)

        run_loop(main())
    finally:
        hosts.close()
    return day


@contextlib.contextmanager
def _stopping(day: Day) -> Iterator[None]:
    """Ctrl-C ends the day; a second one ends the program."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        day.stop()

    with taking("SIGINT", stop):
        yield


async def _ready(app: App, day: Day, console: Console) -> None:
    """Wait until no answerer is loading any more; say which ones cannot answer."""
    until = time.monotonic() + LOADING_S
    with console.status("Loading the local LLM ..."):
        while not day.stopped and time.monotonic() < until:
            if AnswererState.LOADING not in [state for _, state, _ in _states(app)]:
                break
            await asyncio.sleep(POLL_S)
    if app.core.engine.degraded:
        console.print(f"The triage model is missing: {app.core.degraded_because}", markup=False)
    for name, state, detail in _states(app):
        if state is not AnswererState.READY:
            told = f"{name} is {state.value}: {detail}. `tiergate doctor` says what is missing."
            console.print(told, markup=False)


def _states(app: App) -> list[tuple[str, AnswererState, str]]:
    statuses = [
        (plan.facts.name, plan.answerer.status())
        for runtime in app.core.router.runtimes.values()
        for plan in runtime.plans
    ]
    return [(name, status.state, status.detail) for name, status in statuses]


async def _play(app: App, day: Day, total: int, concurrency: int, console: Console) -> None:
    with _progress(total, console) as played:
        levels: dict[int, int] = {}

        async def client() -> None:
            for prompt in day.prompts:
                result = await _ask(app, prompt)
                day.tally.add(prompt, result)
                levels[result.tier_number] = levels.get(result.tier_number, 0) + 1
                told = "  ".join(f"level {n}: {levels[n]}" for n in sorted(levels) if n)
                played(day.tally.whole.requests, told)

        if not day.stopped:
            day.clients = [asyncio.create_task(client()) for _ in range(concurrency)]
            results = await asyncio.gather(*day.clients, return_exceptions=True)
            for result in results:
                if isinstance(result, Exception):  # a bug: refusals became results
                    raise result


@contextlib.contextmanager
def _progress(total: int, console: Console) -> Iterator[Callable[[int, str], None]]:
    """Tells how many were played: a bar on a terminal, a few lines in a pipe or a log."""
    if not console.is_terminal:
        began = time.monotonic()
        step = max(1, total // LINES)

        def tell(done: int, levels: str) -> None:
            if done % step == 0 or done == total:
                seconds = time.monotonic() - began
                line = f"Played {done:,} of {total:,} in {seconds:.0f} s  {levels}"
                console.print(line, markup=False, highlight=False, soft_wrap=True)

        yield tell
        return
    columns = (
        TextColumn("Playing a day"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[levels]}"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("day", total=total, levels="")

        def move(done: int, levels: str) -> None:
            progress.update(task, completed=done, levels=levels)

        yield move


async def _ask(app: App, prompt: DemoPrompt) -> DemoResult:
    """One request as a client makes it: tried again while a queue is full, else an error counts."""
    request = ChatRequest(
        (Message("user", prompt.prompt),),
        "auto",
        sampling=Sampling(max_output_tokens=ANSWER_TOKENS),
        hints=Hints(context=prompt.context),
    )
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return result_of(await app.gateway.complete(request, CALLER))
        except Overloaded as error:
            if time.monotonic() > until:
                return DemoResult(0)
            await asyncio.sleep(error.retry_after_s)
        except TiergateError:
            return DemoResult(0)


# --- what is printed -----------------------------------------------------------------------------


def _books(books: Books) -> BooksState:
    found = books.verify(None)
    requests = attempts = count = 0
    for row in books.rows(None, None, None):
        count += 1
        requests += row.cost_nano_usd
        attempts += sum(attempt.cost_nano_usd for attempt in row.attempts)
    findings = tuple(f"{one.kind.value}: {one.detail}" for one in found.findings)
    return BooksState(found.whole, findings, count, requests, attempts)


def _print(
    outcome: DemoOutcome, policy: Policy, named: str, html: Path | None, console: Console
) -> None:
    ledger, print_ = outcome.ledger, console.print
    if outcome.interrupted:
        print_("Stopped by Ctrl-C; this is the day so far.", style="yellow")
    print_(outcome.tally.renderable())
    print_report(outcome.report, console)
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
    if html is not None:
        print_(f"  {html}", markup=False, soft_wrap=True)
    again = command_line("report", "--database", str(outcome.database))
    print_(f"  {again}", markup=False, soft_wrap=True)


def worth_lines(policy: Policy) -> list[str]:
    """What every form of the demo's report says of its prices and of its answers."""
    lines = (prices_sentence(policy), worth_sentence(policy, load_abilities()))
    return [line for line in lines if line]


def prices_sentence(policy: Policy) -> str:
    """What the spend is counted at: stated list prices are no measured costs, and it says so."""
    prices: dict[int, float] = {}
    for tier, section in policy.rungs():
        price = section.price.to_price().per_request_nano_usd
        if price is not None:
            prices.setdefault(tier.level, price / NANO_PER_USD)
    if not prices:
        return "Costs are token prices and own compute, as the policy states them."
    told = ", ".join(f"${usd:.2f} at level {level}" for level, usd in sorted(prices.items()))
    return (
        f"Prices are stated list prices for each answered request ({told}), not measured costs: "
        "they illustrate what such shares save where the tiers cost so much."
    )


def worth_sentence(policy: Policy, abilities: AbilityTable) -> str:
    """Says what an answer of the embedded model is worth, as measured; "" where no level is its."""
    by_level: dict[int, bool] = {}
    for tier, section in policy.rungs():
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


def _print_json(outcome: DemoOutcome, html: Path | None) -> None:
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
    sys.stdout.write(orjson.dumps(document).decode() + "\n")
