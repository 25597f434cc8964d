"""Serves as one of several processes: `python -m router.api.process.worker`.

`supervisor` starts it and sends all settings in one JSON line on standard input. The line holds the
secrets of the local models too, so that no secret shows among a process's arguments. The worker
writes `ready` to standard output when it serves. The end of its standard input means that its
parent is gone; then it drains and ends too.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import structlog

from router.api.compose.app import App
from router.api.compose.core import Core, Settings, addresses_from, load_policies
from router.api.process.kept_policies import KeptCopy, load_kept
from router.api.process.process import Options, logged_to_stderr, run_loop, serve_app
from router.errors import LedgerError, PolicyError, TiergateError
from router.policy.loading import LoadedPolicy

READY = b"ready\n"
POLICY_CODE, LEDGER_CODE = 2, 4
"""Lists the exit codes after which the supervisor knows that starting again will not help."""


@dataclass(frozen=True, slots=True)
class Orders:
    """Holds the settings that the supervisor sends to a worker."""

    options: Options
    listener: int  # file descriptor
    addresses: dict[str, str]  # of the local models, encoded as text
    admin: int | None = None  # file descriptor
    kept: tuple[KeptCopy, ...] = ()  # what to serve by while the files are broken
    place: int = 0  # among the workers
    ended: int = 0  # workers that ended by themselves at this place since one last served

    def to_line(self) -> bytes:
        """Returns the orders as one JSON line."""
        document = asdict(self)
        settings = document["options"]["settings"]
        # JSON has no paths, so their names travel with the line.
        document["paths"] = [name for name, value in settings.items() if isinstance(value, Path)]
        settings.update((name, str(settings[name])) for name in document["paths"])
        return json.dumps(document).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Orders:
        """Returns the orders of a line that `to_line` made."""
        document = json.loads(line)
        settings = document["options"]["settings"]
        for name in ("policies", "reachable"):
            settings[name] = tuple(settings[name])
        for name in document["paths"]:
            settings[name] = Path(settings[name])
        options = Options(**{**document["options"], "settings": Settings(**settings)})
        # A setting that did not travel would silently have its default in the workers.
        assert {f.name for f in fields(Settings)} == set(settings)
        kept = tuple(KeptCopy(c["path"], c["of"], tuple(c["sources"])) for c in document["kept"])
        place, admin = document["place"], document["admin"]
        listener, addresses = document["listener"], document["addresses"]
        return cls(options, listener, addresses, admin, kept, place, document["ended"])


def main() -> None:
    """Serves as ordered. Exits with 2 for a broken policy, 4 for a ledger that cannot be opened."""
    os.umask(0o077)  # as in the parent: only the owner may read the files that are written
    orders = Orders.from_line(sys.stdin.buffer.readline())
    logged_to_stderr(orders.options.log_level, f"worker-{orders.place}")
    log = structlog.get_logger("tiergate.worker")
    sys.excepthook = lambda _, error, __: log.error("worker_failed", exc_info=error)
    try:
        app = _app(orders)
    except TiergateError as error:
        kinds = {PolicyError: POLICY_CODE, LedgerError: LEDGER_CODE}
        code = next((code for kind, code in kinds.items() if isinstance(error, kind)), 1)
        log.error("worker_not_started", code=code, reason=error.message)
        sys.exit(code)
    with contextlib.ExitStack() as sockets:
        listener = sockets.enter_context(socket.socket(fileno=orders.listener))
        admin = None
        if orders.admin is not None:
            admin = sockets.enter_context(socket.socket(fileno=orders.admin))
        run_loop(_serve(app, listener, orders, admin))


def _app(orders: Orders) -> App:
    """Returns the app: by the files of the policies, or by copies while these are broken."""
    settings = orders.options.settings
    # The parent holds the local models; this process only calls them.
    local = addresses_from(orders.addresses)

    def built(loaded: list[LoadedPolicy]) -> App:
        return App(settings, Core(settings, loaded, os.environ, local))

    try:
        return built(load_policies(settings, os.environ))
    except PolicyError as error:
        if not orders.kept:
            raise
        try:
            kept = load_kept(orders.kept, settings, os.environ, error.mistakes)
            app = built(kept)
        except PolicyError:
            raise error from None
        log = structlog.get_logger("tiergate.worker")
        for one in kept:
            log.error("policy_kept", policy=one.policy.name, hash=one.hash, reason=error.message)
        return app


async def _serve(
    app: App, listener: socket.socket, orders: Orders, admin: socket.socket | None
) -> None:
    stop = asyncio.Event()
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    # Standard input never carries a second line: its end shows that the parent died.
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)

    async def parent_gone() -> None:
        await reader.read()
        stop.set()

    watching = asyncio.create_task(parent_gone(), name="parent")

    def ready() -> None:
        app.metrics.workers_ended(orders.ended)
        os.write(sys.stdout.fileno(), READY)

    await serve_app(app, listener, orders.options, ready, stop, admin)
    watching.cancel()


if __name__ == "__main__":
    main()
