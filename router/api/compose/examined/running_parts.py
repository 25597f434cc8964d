"""Names the parts of a running server that do not work now, by what its `/readyz` says.

It asks nobody: it reads what was fetched.
"""

from __future__ import annotations

from collections.abc import Iterator

from router.api.compose.examined.finding import Finding, State
from router.api.compose.running_server import mistakes_in, parts_in

FIXES = {
    "ledger": "make room on its disk, end what locks its database, or make it writable again; "
    "requests go on then, without a restart",
    "anchors": "make their file writable again, or name another one: --anchors",
    "rates": "make their file writable again, or name another one: --rates",
    "redis": "start it, or name another one: --redis",
    "clock": "set the clocks of all machines of this ledger by one time server",
}


def part_findings(details: dict[str, object]) -> Iterator[Finding]:
    """Yields each part of these details, but for answerers, that is not ready."""
    gives = "answers of the server that runs"
    for name, state, detail in parts_in(details):
        if state != "ready":
            fault = f"{state}: {detail}" if detail else state
            fix = FIXES.get(name, "its log says since when, and why")
            yield Finding(f"the server's {name}", State.BROKEN, fault, gives, fix)
    for name, mistakes in mistakes_in(details):
        fault = f"an earlier version serves, since its file cannot be used: {'; '.join(mistakes)}"
        fix = "mend the file, which is in use within a second"
        yield Finding(f"the server's policy {name}", State.BROKEN, fault, gives, fix)
