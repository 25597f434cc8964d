"""Plays the day of `tiergate demo`: committed prompts on the live path, in a ledger of its own.

The gateway runs in this process exactly as it is served. The day decides what is asked, never who
answers: no tier is pinned, and the demo's policy has no exact cache.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

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
from router.analysis.report.build import Extra, build_report
from router.analysis.report.output.html import report_html
from router.api.compose.app import App
from router.api.compose.books import Books
from router.api.compose.core import Core, Hosts, Settings, load_policies
from router.api.compose.os_signals import taking
from router.api.process.process import run_loop
from router.cli.options import is_stdout, write_page
from router.cli.periods import now_ms
from router.cli.serve.demo_output import (
    DemoOutcome,
    books_state,
    print_demo,
    print_demo_json,
    worth_lines,
)
from router.cli.terminal import console as console_of
from router.errors import Overloaded, TiergateError
from router.policy.content.knowledge import load_knowledge
from router.policy.loading import LoadedPolicy, policies_dir
from router.policy.schema import ResolverAnswerer
from router.types import (
    WITHOUT_KEY,
    AnswererState,
    ChatRequest,
    Hints,
    Identity,
    Message,
    Sampling,
    Scope,
)

CALLER = Identity("demo", WITHOUT_KEY, frozenset({Scope.CHAT}))
CONCURRENCY = 8
"""Sets the requests at once: level 1 continues while the local LLM decodes two at a time."""
LOADING_S = 120.0  # the local LLM loads in seconds; this is for machines that are very busy
POLL_S = 0.1
ANSWER_TOKENS = 40
"""Caps the answers, as chat clients do: longer ones of a small model only cost time."""

PATIENCE_S = 600.0  # a client retries so long while a queue is full: slow machines lose nothing
REQUESTS = 100
"""Sets the default day: ten seconds on two idle cores, half a minute on busy ones. A whole day at
these shares is 1,045."""
LINES = 10  # of progress, where no terminal shows a bar


@dataclass(slots=True)
class Day:
    """Holds the prompts still to ask, the tally of those asked, and the order to stop."""

    prompts: Iterator[DemoPrompt]
    tally: DemoTally = field(default_factory=DemoTally)
    stopped: bool = False
    clients: list[asyncio.Task[None]] = field(default_factory=list)

    def stop(self) -> None:
        """Ends the day now: running requests are cancelled, and booked as such."""
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
    """Plays a day and prints its tally, its cost report and the state of its books.

    With `as_json` it prints only one JSON document, and with "-" as `html` only the page; the rest
    goes to standard error. Raises TiergateError, and OSError for an `html` that cannot be written.
    """
    console = console or console_of(stderr=as_json or is_stdout(html))
    # A ledger of its own for every run, so that its sums are only those of the day.
    path = database or Path(".tiergate") / time.strftime("demo-%Y%m%d-%H%M%S.db")
    settings = Settings(policies=(policy,), database=path, watch=False)
    loaded = load_policies(settings, os.environ)
    day = sample_day(prompts_of(loaded[0]), requests, seed)
    began = time.monotonic()
    played = _play_all(settings, loaded, day, concurrency, console)
    with Books.open(path) as books:
        ledger = books_state(books)
        report = build_report(
            books.rows(None, None, None),
            config=loaded[0].policy.report,
            since_ms=None,
            until_ms=None,
            now_ms=now_ms(),
            extra=Extra(waiting=len(books.waits(None, None, None))),
        )
    outcome = DemoOutcome(
        played.tally, report, ledger, path, time.monotonic() - began, played.stopped
    )
    if html is not None:
        lines = worth_lines(loaded[0].policy)
        write_page(html, report_html(report, lines=lines))
    if as_json:
        print_demo_json(outcome, html)
    else:
        print_demo(outcome, loaded[0].policy, html, console)
    return outcome


def prompts_of(loaded: LoadedPolicy) -> tuple[DemoPrompt, ...]:
    """Returns the committed prompts next to the policy, otherwise the shipped ones."""
    name = Path("demo") / "prompts.jsonl"
    own = loaded.path.parent / name
    file = own if own.exists() else policies_dir() / name
    return read_prompts(file.read_text(encoding="utf-8-sig").splitlines())


def approved_answers(loaded: LoadedPolicy) -> dict[str, str]:
    """Returns the approved answers of the policy's resolvers, by intent."""
    files = [
        loaded.file(section.knowledge)
        for _, section in loaded.policy.rungs()
        if isinstance(section, ResolverAnswerer)
    ]
    known = (load_knowledge(file) for file in files)
    return {intent.id: intent.answer for each in known for intent in each.content.intents}


def _play_all(
    settings: Settings,
    loaded: list[LoadedPolicy],
    prompts: Sequence[DemoPrompt],
    concurrency: int,
    console: Console,
) -> Day:
    """Starts the gateway, plays the day, and closes the gateway again."""
    day = Day(iter(prompts), DemoTally(approved=approved_answers(loaded[0])))
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
    """Lets Ctrl-C end the day; a second one ends the program."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        # The next Ctrl-C then has its usual effect.
        loop.remove_signal_handler(signal.SIGINT)
        day.stop()

    with taking("SIGINT", stop):
        yield


async def _ready(app: App, day: Day, console: Console) -> None:
    """Waits until no answerer is loading any more; names those that cannot answer."""
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
            line = f"{name} is {state.value}: {detail}. `tiergate doctor` says what is missing."
            console.print(line, markup=False)


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
                counts = "  ".join(f"level {n}: {levels[n]}" for n in sorted(levels) if n)
                played(day.tally.whole.requests, counts)

        if not day.stopped:
            day.clients = [asyncio.create_task(client()) for _ in range(concurrency)]
            results = await asyncio.gather(*day.clients, return_exceptions=True)
            for result in results:
                if isinstance(result, Exception):  # a bug: refusals are results, not exceptions
                    raise result


@contextlib.contextmanager
def _progress(total: int, console: Console) -> Iterator[Callable[[int, str], None]]:
    """Shows how many were played: a bar on a terminal, a few lines in a pipe or a log."""
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
    """Sends one request as a client does: retries while a queue is full; counts other errors."""
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
