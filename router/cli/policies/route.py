"""Defines `tiergate route` and `tiergate check`: a policy's decisions, without a server."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.exits import Exit
from router.cli.options import AsJson
from router.cli.serve.serve import ModelDir, Policies
from router.errors import PolicyError, RequestError, TiergateError

if TYPE_CHECKING:
    from router.api.compose.core import Core
    from router.types import ChatRequest, Outcome


def route(
    text: Annotated[
        str | None,
        typer.Argument(help="The request. Without it, each line of standard input is one."),
    ] = None,
    policy: Policies = None,
    model: Annotated[
        str, typer.Option(help="The model name a client would send: auto, tier:NAME, an alias.")
    ] = "auto",
    context: Annotated[
        list[str] | None,
        typer.Option("--context", "-c", help="A slot's value, NAME=VALUE; repeat for several."),
    ] = None,
    messages: Annotated[
        Path | None,
        typer.Option(help="A JSON file with a conversation: its messages, or a whole request."),
    ] = None,
    min_tier: Annotated[int | None, typer.Option(min=1, max=9, help="At least this level.")] = None,
    max_tier: Annotated[int | None, typer.Option(min=1, max=9, help="At most this level.")] = None,
    stakes_usd: Annotated[
        float | None, typer.Option(min=0, max=1e9, help="What a wrong answer costs.")
    ] = None,
    max_cost_usd: Annotated[
        float | None, typer.Option(min=0, max=1e9, help="What the answer may cost.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", "-x", help="Signals, and every rung with its reasons.")
    ] = False,
    table: Annotated[
        bool, typer.Option("--table", help="Print a Markdown table: request, tier, cost, reason.")
    ] = False,
    as_json: AsJson = False,
    model_dir: ModelDir = None,
) -> None:
    """Decide which tier a request goes to, and why. Calls no tier and writes nothing."""
    routing: dict[str, object] = {
        "min_tier": min_tier,
        "max_tier": max_tier,
        "stakes_usd": stakes_usd,
        "max_cost_usd": max_cost_usd,
        "context": _pairs(context or []),
    }
    # Hints that were not given must not override those of a request in a file.
    routing = {name: value for name, value in routing.items() if value not in (None, {})}
    bodies = _bodies(text, messages, model, routing)
    decide = _Decider(policy or ["default"], model_dir)
    if because := decide.core.degraded_because:
        typer.echo(f"Without the triage model rules alone decide: {because}", err=True)
    from router.cli.policies import one_line as shown_as

    # A refused line must not hide the decisions of the lines after it.
    failed = priced = False
    if table and not as_json:
        shown_as.table_head()
    for body in bodies:
        try:
            request, outcome = decide(body)
        except RequestError as error:
            failed = True
            shown_as.refused(error, as_json)
            if table and not as_json:
                shown_as.refused_row(_last_text(body), error)
            continue
        if as_json:
            shown_as.as_json(outcome)
        elif table:
            shown_as.table_row(request, outcome)
            priced = priced or outcome.cost_nano_usd > 0
        elif explain:
            from router.cli.policies.explain import explained

            near = None
            if outcome.signals.match is None:
                near = decide.core.nearest(outcome.policy, request.last_user_text)
            explained(request, outcome, decide.core.router.runtimes[outcome.policy], near)
        else:
            shown_as.short(request, outcome)
    if table and not as_json:
        shown_as.table_foot(priced)
    if failed:
        raise typer.Exit(Exit.FAILURE)


class _Decider:
    """Decides by files of which the long ones are compared with their digests when they are
    opened: few requests need one. Where that fails, all are compared, as any start does.
    """

    def __init__(self, names: list[str], model_dir: Path | None) -> None:
        """Loads the policies. Raises PolicyError."""
        self._wanted = names, model_dir
        self._late = True
        self.core = _core(names, model_dir, late=True)

    def __call__(self, body: dict[str, object]) -> tuple[ChatRequest, Outcome]:
        """Returns a request and its decision. Raises RequestError, and PolicyError for a file."""
        request, outcome = _route(self.core, body)
        if self._late and self._failed(outcome):
            self.core, self._late = _core(*self._wanted, late=False), False
            request, outcome = _route(self.core, body)
        return request, outcome

    def _failed(self, outcome: Outcome) -> bool:
        """Returns True where a network was wanted that could not be opened."""
        reranker = None if self.core.model is None else self.core.model.reranker
        return outcome.signals.degraded or (reranker is not None and reranker.failed)


def _last_text(body: dict[str, object]) -> str:
    """Returns the text of a body's last message, "" where that is no text."""
    messages = body.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    text = last.get("content") if isinstance(last, dict) else None
    return text if isinstance(text, str) else ""


def _pairs(given: list[str]) -> dict[str, str]:
    pairs = {}
    for slot in given:
        name, equals, value = slot.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"--context is {slot!r}; expected NAME=VALUE")
        pairs[name] = value
    return pairs


def _bodies(
    text: str | None, messages: Path | None, model: str, routing: dict[str, object]
) -> Iterator[dict[str, object]]:
    """Yields request bodies, as a client would send them."""
    if messages is not None and text is not None:
        raise typer.BadParameter("give either TEXT or --messages, not both")
    if messages is not None:
        return iter([_from_file(messages, model, routing)])
    if text is not None and text != "-":
        return iter([_body(text, model, routing)])
    # Waiting for input that nobody expects would look like a hang.
    if sys.stdin.isatty():
        raise typer.BadParameter("give TEXT, --messages, or lines on standard input")
    lines = (line.rstrip("\r\n") for line in sys.stdin if line.strip())
    first = next(lines, None)
    if first is None:
        raise typer.BadParameter(
            "standard input is empty; give TEXT, --messages, or a request on each line of it"
        )
    return (_body(line, model, routing) for line in chain([first], lines))


def _body(text: str, model: str, routing: dict[str, object]) -> dict[str, object]:
    return {
        "model": model,
        "messages": [{"role": "user", "content": text}],
        "routing": routing,
    }


def _from_file(path: Path, model: str, routing: dict[str, object]) -> dict[str, object]:
    import json

    expected = "expected a file of JSON: a list of messages, or a request"
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        why = error.strerror or str(error)
        raise typer.BadParameter(f"--messages {path}: {why}; {expected}") from error
    except UnicodeDecodeError as error:
        byte = f"0x{error.object[error.start]:02x}"
        why = f"found the byte {byte}, which is no UTF-8"
        raise typer.BadParameter(f"--messages {path}: {why}; {expected} in UTF-8") from error
    except json.JSONDecodeError as error:
        found = f"no JSON at line {error.lineno}, column {error.colno} ({error.msg})"
        why = f"found {found if error.doc.strip() else 'an empty file'}"
        raise typer.BadParameter(f"--messages {path}: {why}; {expected}") from error
    except RecursionError as error:
        why = "found JSON that is nested too deeply"
        raise typer.BadParameter(f"--messages {path}: {why}; {expected}") from error
    if isinstance(content, list):
        content = {"messages": content}
    if not isinstance(content, dict):
        raise typer.BadParameter(f"--messages {path}: found {_kind_of(content)}; {expected}")
    # Options of the command win over hints in the file.
    own = content.get("routing") or {}
    return {"model": model, **content, "routing": {**own, **routing}}


def _kind_of(content: object) -> str:
    """Returns what a value of JSON is that is neither a list nor an object."""
    import json

    return "a text alone" if isinstance(content, str) else f"{json.dumps(content)} alone"


def _core(names: list[str], model_dir: Path | None, *, late: bool) -> Core:
    from router.api.compose.core import Core, Settings, load_policies

    settings = Settings(policies=tuple(names), late=late)
    if model_dir is not None:
        settings = replace(settings, model_dir=model_dir)
    return Core(settings, load_policies(settings, os.environ), os.environ)


def _route(core: Core, body: dict[str, object]) -> tuple[ChatRequest, Outcome]:
    from router.request.intake import decided_outcome
    from router.types import LOCAL
    from router.wire.openai.render import to_json
    from router.wire.openai.request import parse_chat_request

    request = parse_chat_request(to_json(body), {})
    return request, decided_outcome(core.router, request, LOCAL)


def check(
    policies: Annotated[
        list[str] | None,
        typer.Argument(help="Names or files. Without any: all shipped policies."),
    ] = None,
    probe: Annotated[
        bool,
        typer.Option(
            "--probe", help="Ask each answerer for its models; spends nothing, needs its network."
        ),
    ] = False,
    as_json: AsJson = False,
    model_dir: ModelDir = None,
    database: Annotated[
        str,
        typer.Option(
            "--database",
            "-d",
            envvar="TIERGATE_DATABASE",
            show_default="none",
            help="A ledger, whose keys' tenants those of `budgets` and `limits` are compared with.",
        ),
    ] = "",
) -> None:
    """Load policies, run the examples written in them, and warn of what is unwise.

    Price books among the files are read as such.

    Exit code 2 lists every mistake of every policy; 1 says that an example went elsewhere, or that
    an answerer lacks its model (--probe).
    """
    from router.cli.policies import check
    from router.cli.policies.surroundings import tenants_with_keys
    from router.policy.loading import policies_dir, policy_names
    from router.policy.price_list import is_book, load_prices

    names = policies or policy_names(policies_dir())
    checked, broken, books = [], [], []
    tenants, unknown = tenants_with_keys(database) if database else (frozenset[str](), "")
    if unknown:
        typer.echo(f"tiergate: tenants are not compared with keys: {unknown}", err=True)
    for number, name in enumerate(names, 1):
        if len(names) > 1 and sys.stderr.isatty():  # each takes seconds, and minutes on a busy core
            typer.echo(f"{number} of {len(names)}: {name}", err=True)
        try:
            if is_book(Path(name)):
                books.append(load_prices(Path(name)))
                continue
            core = _core([name], model_dir, late=False)
            checked.append(check.run(core, probing=probe, tenants=tenants, whole=as_json))
        except PolicyError as error:
            broken.append((name, error))
        except TiergateError as error:
            raise TiergateError(f"{name}: {error.message}") from error
    check.show(checked, broken, books, as_json)
    if broken:
        raise typer.Exit(Exit.USAGE)
    if not all(policy.passed for policy in checked):
        raise typer.Exit(Exit.FAILURE)
