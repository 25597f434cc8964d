"""Prints where a started server listens, which tiers it serves, what is missing and what to try."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from router.api.compose.answerers.unused_proxies import unused_proxies
from router.api.compose.books import Address
from router.api.compose.command_line import ledger_commands
from router.api.compose.core import Core, Settings
from router.api.compose.text_keys import text_keys
from router.api.http.authentication import is_loopback
from router.money.budget_check import refused_unpriced
from router.policy.loading import unreachable_receivers, unset_keys
from router.policy.schema import Policy, UpstreamAnswerer
from router.policy.warnings import matters_for_people, unkept_matters
from router.routing.policy_runtime import PolicyRuntime
from router.types import AnswererState, AnswererStatus, Device

QUESTION = "What is 15 % of 240?"
"""Stands in the line to try for a policy whose examples hold no question of one turn."""
STATE_WORDS = {
    AnswererState.READY: "ready",
    AnswererState.LOADING: "loading",
    AnswererState.FAILED: "failed",
    AnswererState.OPEN_BREAKER: "resting after failures",
    AnswererState.KEY_REFUSED: "its key is refused",
}


@dataclass(frozen=True, slots=True)
class Listening:
    """Describes the addresses of the server; `secured` is True when it asks for an API key."""

    url: str
    secured: bool
    workers: int = 1
    everywhere: bool = False  # True when it listens on every address of this machine
    admin_url: str = ""  # the address of the operators' pages, when it is another one

    @classmethod
    def of(
        cls,
        listener: socket.socket,
        secured: bool,
        workers: int = 1,
        admin: socket.socket | None = None,
    ) -> Listening:
        """Returns an address for a socket that a client on this machine can use."""
        url, everywhere = _url(listener)
        admin_url = "" if admin is None else _url(admin)[0]
        return cls(url, secured, workers, everywhere, admin_url)

    @property
    def beyond(self) -> bool:
        """Returns True where other machines reach the clients' address."""
        return self.everywhere or not is_loopback(urlsplit(self.url).hostname or "")

    @property
    def guards_metrics(self) -> bool:
        """Returns True where other machines reach the operators' pages at the clients' address."""
        return not self.admin_url and self.beyond


def _url(listener: socket.socket) -> tuple[str, bool]:
    """Returns an address of a socket, and True when every address of this machine leads to it."""
    host, port = listener.getsockname()[:2]
    everywhere = host in ("0.0.0.0", "::")
    # A client cannot connect to a wildcard address.
    if everywhere:
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}", everywhere


def banner(listening: Listening, core: Core, settings: Settings, anchors_fault: str = "") -> str:
    """Returns the banner's text, without a final line break."""
    return "\n".join(_lines(listening, core, settings, anchors_fault))


def _lines(
    listening: Listening, core: Core, settings: Settings, anchors_fault: str
) -> Iterator[str]:
    with_workers = f" with {listening.workers} workers" if listening.workers > 1 else ""
    # The line must not hide that other machines can connect.
    also = ", and every other address of this machine" if listening.everywhere else ""
    ledger = Address.parse(settings.database).shown
    command = ledger_commands(settings.database, core.environ)
    yield f"Tiergate serves {listening.url}{with_workers}{also}"
    if listening.secured:
        yield f"  access     API keys (`{command('keys', 'list')}`)"
    else:
        yield (
            "  access     this machine only, without a key, because there is none yet "
            f"(`{command('keys', 'create', '--tenant', 'NAME')}`)"
        )
    for number, (name, runtime) in enumerate(core.router.runtimes.items()):
        label = "  policy   " if number == 0 else "           "
        yield f"{label}  {name}@{runtime.policy_hash}{' = auto' if number == 0 else ''}"
        yield from _tiers(runtime)
    if core.engine.degraded:
        yield f"  triage     DEGRADED: {core.degraded_because}"
        yield "             Only rules read requests; those they are unsure of go up."
    else:
        yield f"  triage     model {core.engine.version} reads each request{_on_gpu(core)}"
    yield f"  database   {ledger}"
    if anchors_fault:
        yield f"  warning    {anchors_fault}"
    for loaded in core.loaded.values():
        # An unset key is found at the start, not by the first request that needs it.
        for reference, names in unset_keys(loaded, core.environ).items():
            calls = f"calls of {', '.join(names)} go out without a key"
            yield f"  warning    {reference} is not set; {calls}"
        for key_path, why in unreachable_receivers(loaded, core.environ).items():
            yield f"  warning    {key_path}: {why}"
    yield from _unpriced(core)
    yield from _passed_by(core)
    if listening.beyond:
        yield "  warning    keys, prompts and answers travel in clear between this server and other"
        yield "             machines. Put TLS in front: docs/guides/operations.md#tls."
    if listening.guards_metrics:
        yield "  metrics    /metrics asks other machines for a key with the scope admin, since it"
        yield "             names all tenants and what they spend: --admin-listen moves it."
    yield from _kept_texts(core)
    yield from _kept_for_reviewers(core)
    key = "-H 'authorization: Bearer YOUR_KEY' " if listening.secured else ""
    yield (
        f"  try        curl -s {listening.url}/v1/chat/completions {key}"
        f"-H 'content-type: application/json' -d '{_body(core.router.default)}'"
    )
    yield f"  report     {command('report', '--html', 'report.html')}"
    pages = listening.admin_url or listening.url
    yield f"  dashboard  {pages}/dashboard"
    yield f"  docs       {pages}/docs   ready: {pages}/readyz"


def _passed_by(core: Core) -> Iterator[str]:
    """Yields that upstreams are called past a proxy of the environment."""
    sections = [one for loaded in core.loaded.values() for _, one in loaded.policy.rungs()]
    said = unused_proxies(core.environ)
    if said and any(isinstance(one, UpstreamAnswerer) for one in sections):
        yield f"  warning    {said}."


def _unpriced(core: Core) -> Iterator[str]:
    """Yields whose calls the default policy's budgets refuse, since no price is known."""
    limits = core.router.default.policy
    sections = [*limits.budgets.values(), *limits.limits]
    for name, runtime in core.router.runtimes.items():
        facts = [plan.facts for plan in runtime.plans]
        refused = refused_unpriced(sections, facts, runtime.policy)
        if refused:
            models = ", ".join(refused)
            yield f"  warning    {name}: budgets refuse calls of {models}: no price is known."
            yield "             State `price`, or the model in the price book, or allow it in the"
            yield "             budget (unknown_price: allow)."


def _kept_texts(core: Core) -> Iterator[str]:
    """Yields which policies store texts, how and for how long, and if they are sealed."""
    kept = _storing(core)
    for number, policy in enumerate(kept):
        label = "  texts    " if number == 0 else "           "
        how = "redacted" if policy.privacy.store == "redacted" else "in full"
        days = policy.privacy.retention_days
        long = f"{days} day{'' if days == 1 else 's'}"
        yield f"{label}  prompts and answers are stored {how} for {long}: {policy.name}"
    if kept:
        yield f"             (privacy.store); {_sealed(core)}."


def _storing(core: Core) -> list[Policy]:
    """Returns the policies that store texts of all requests."""
    policies = [loaded.policy for loaded in core.loaded.values()]
    return [policy for policy in policies if policy.privacy.store != "none"]


def _sealed(core: Core) -> str:
    keys = text_keys(core.environ).keys
    return "sealed" if keys else "not sealed, since TIERGATE_TEXT_KEYS is not set"


def _kept_for_reviewers(core: Core) -> Iterator[str]:
    """Yields what is kept of matters that wait, for policies that keep no other text."""
    policies = [
        loaded.policy for loaded in core.loaded.values() if matters_for_people(loaded.policy)
    ]
    kept = [one.name for one in policies if one.privacy.store == "none" != one.privacy.waiting]
    unkept = [one.name for one in policies if unkept_matters(one)]
    if kept:
        who = ", ".join(kept)
        yield f"  reviews    what waits for a person is stored until it is decided: {who}"
        whose = f" of {who}" if _storing(core) else ""
        yield f"             (privacy.waiting); {_sealed(core)}. No other text{whose} is stored."
    if unkept:
        yield "  reviews    nobody can read what waits for a person, though customers are told that"
        yield f"             one looks at it (privacy.waiting: none in {', '.join(unkept)})."


def _body(runtime: PolicyRuntime) -> str:
    """Returns a request of the policy's first example without a quote, which would end the line."""
    asked = [one.prompt for one in runtime.policy.examples if one.prompt and not one.context]
    question = next((text for text in asked if "'" not in text), QUESTION)
    body = {"model": "auto", "messages": [{"role": "user", "content": question}]}
    return json.dumps(body, separators=(",", ":"))


def _on_gpu(core: Core) -> str:
    on_gpu = core.model is not None and core.model.encoder.placement.device is Device.CUDA
    return " on the GPU" if on_gpu else ""


def _tiers(runtime: PolicyRuntime) -> Iterator[str]:
    for tier in runtime.policy.tiers:
        states = [
            _state(plan.facts.name, plan.answerer.status())
            for plan in runtime.plans
            if plan.facts.tier == tier.name
        ]
        yield f"               level {tier.level} {tier.name}: {'; '.join(states)}"


def _state(name: str, status: AnswererStatus) -> str:
    """Returns the name and the state; nobody knows that of a server before it is called."""
    # A detail has brackets of its own.
    detail = f", {status.detail}" if status.detail else ""
    return f"{name} {'not called yet' if status.untried else STATE_WORDS[status.state]}{detail}"


def loaded_line(name: str, status: AnswererStatus, after_s: float) -> str:
    """Returns the line for a loading answerer that is now ready or has failed."""
    return f"  {_state(name, status)}, {after_s:.1f} s after the start"
