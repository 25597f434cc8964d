"""From options to a listening process that serves until it is told to stop.

One process serves by itself and owns the local models; with more, `supervisor` starts `worker`s.
It knows nothing about requests.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping

from router.api.app import App
from router.api.banner import Listening, banner
from router.api.core import Core, Hosts, load_policies
from router.api.listening import listen
from router.api.process import (
    Options,
    Say,
    logged_to_stderr,
    run_loop,
    say_when_loaded,
    serve_app,
)
from router.api.supervisor import Supervisor

__all__ = ["Options", "run", "run_loop"]


def run(options: Options, environ: Mapping[str, str], say: Say) -> None:
    """Serve until SIGTERM or SIGINT. Raises PolicyError, CannotListen, LedgerError."""
    logged_to_stderr(options.log_level)
    loaded = load_policies(options.settings, environ)
    with listen(options.host, options.port) as listener:
        hosts = Hosts.start(loaded)
        try:
            core = Core(options.settings, loaded, environ, hosts.addresses)
            if options.workers > 1:
                supervisor = Supervisor(options, listener, core, hosts, say)
                run_loop(supervisor.run())
            else:
                app = App(options.settings, core, hosts)
                run_loop(_serve_here(app, listener, options, say))
        finally:
            hosts.close()


async def _serve_here(app: App, listener: socket.socket, options: Options, say: Say) -> None:
    def ready() -> None:
        secured = not app.settings.open_without_keys or _has_keys(app)
        say(banner(Listening.of(listener, secured), app.core, options.settings))

    watching = asyncio.create_task(say_when_loaded(app.core, say), name="loading")
    try:
        await serve_app(app, listener, options, ready)
    finally:
        watching.cancel()


def _has_keys(app: App) -> bool:
    return any(key.revoked_at_ms is None for key in app.keys.list())
