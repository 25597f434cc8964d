"""Says if requests can be served, and the state of every part, for /readyz."""

from __future__ import annotations

from collections.abc import Iterable

from router.api.compose.core import Core
from router.api.compose.mounted.clock_watch import HALF_PACE, MOST_S
from router.ledger.books.store import SqlLedger
from router.policy.watch import PolicyWatcher
from router.privacy.redact import redact
from router.rate_limits.stores.local import SharedRates
from router.rate_limits.stores.redis_store import RedisRates
from router.types import AnswererState

NOT_CALLED = "not called yet: nobody knows if its server answers or takes its key"
WITHHELD = "A key with the scope admin sees why."


def without_details(details: dict[str, object]) -> dict[str, object]:
    """Returns what parts say of themselves for a key that only reads reports: their states.

    A detail names files and hosts, or repeats a provider. The mistakes of a policy's file do too.

    >>> without_details({"ledger": {"state": "failing", "detail": "/srv/ledger.db is locked"}})
    {'ledger': {'state': 'failing', 'detail': 'A key with the scope admin sees why.'}}
    """
    return {name: _without_details(name, value) for name, value in details.items()}


def _without_details(name: str, value: object) -> object:
    if isinstance(value, dict):
        return without_details(value)
    if name == "mistakes" and value:
        return [WITHHELD]
    if isinstance(value, list):
        return [_without_details("", part) for part in value]
    return WITHHELD if name == "detail" and value else value


def readiness_of(
    core: Core,
    ledger: SqlLedger,
    rates: SharedRates | RedisRates,
    watchers: Iterable[PolicyWatcher],
) -> tuple[bool, dict[str, object]]:
    """Returns if requests can be served, and what each part says of itself.

    Lost rates are told and refuse those with a rate alone, so the server stays in service. So it
    does while no call has tried an upstream's key, which only a request can do, and where anchors
    cannot be written outside the database: no row is lost.
    """
    answerers = {
        plan.facts.name: plan.answerer.status()
        for runtime in core.router.runtimes.values()
        for plan in runtime.plans
    }
    # One ready answerer is enough: the ladder passes over the others. One that failed, or whose key
    # was refused, and that rested counts, too: a server that gets no request could never find out
    # that it works again.
    serving = any(
        status.state is AnswererState.READY or status.due for status in answerers.values()
    )
    detail: dict[str, object] = {
        "triage": {
            "state": "degraded" if core.engine.degraded else "ready",
            "version": core.engine.version,
            "detail": core.degraded_because,
        },
        "ledger": _part(ledger.fault),
        "anchors": _part(ledger.anchors_fault),
        "clock": _clock(core.clock.ahead_s()),
        "redis" if isinstance(rates, RedisRates) else "rates": _part(rates.fault),
        **core.router.certificates(),
        "answerers": {
            name: {
                "state": status.state.value,
                "detail": status.detail or (NOT_CALLED if status.untried else ""),
                "untried": status.untried,
            }
            for name, status in answerers.items()
        },
        "policies": {
            watcher.loaded.policy.name: {
                "hash": watcher.status.hash,
                "mistakes": [str(mistake) for mistake in watcher.status.mistakes],
                "watching": watcher.status.watching,
            }
            for watcher in watchers
        },
    }
    return serving and ledger.healthy, detail


def _clock(ahead_s: float) -> dict[str, str]:
    """Returns the state of the time that rows are dated by, which others' rows may have moved."""
    if ahead_s <= MOST_S:
        return {"state": "ready", "detail": ""}
    detail = (
        f"rows are dated {ahead_s:,.0f} s ahead of this machine's clock, as the ledger's newest "
        f"row was; {HALF_PACE}. Compare the clocks of all machines of this ledger"
    )
    return {"state": "ahead", "detail": detail}


def _part(fault: str) -> dict[str, str]:
    """Returns the state of a store; its client's words are shown as the log has them."""
    return {"state": "failing" if fault else "ready", "detail": redact(fault)}
