"""Serves with given options until the process is asked to stop.

One process serves by itself and owns the local models. With more processes, `supervisor` starts the
`worker`s. This module knows nothing about requests.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import replace

from router.api.compose.app import App
from router.api.compose.core import Core, Hosts, load_policies
from router.api.compose.sockets import listening
from router.api.process.banner import Listening, banner
from router.api.process.process import (
    Options,
    Say,
    logged_to_stderr,
    run_loop,
    say_when_loaded,
    serve_app,
)
from router.api.process.supervisor import Supervisor

LOADING = (
    "Loads what reads requests, and the approved answers: some seconds, a minute or more where the "
    "machine is busy ..."
)
"""Says what takes most of a start, so that nobody takes it for a program that hangs."""


def run(options: Options, environ: Mapping[str, str], say: Say) -> None:
    """Serves until SIGTERM or SIGINT. Raises PolicyError, CannotListen, LedgerError."""
    logged_to_stderr(options.log_level, "supervisor" if options.workers > 1 else "")
    # A broken policy must stop the start before any socket or model is opened.
    loaded = load_policies(options.settings, environ)
    with listening(options.host, options.port, options.admin_listen) as (listener, admin):
        if admin is not None:
            settings = replace(options.settings, admin_port=admin.getsockname()[1])
            options = replace(options, settings=settings)
        say(LOADING)
        hosts = Hosts.start(loaded)
        try:
            core = Core(options.settings, loaded, environ, hosts.addresses)
            if options.workers > 1:
                supervisor = Supervisor(options, listener, core, hosts, say, admin)
                run_loop(supervisor.run())
            else:
                app = App(options.settings, core, hosts)
                run_loop(_serve_here(app, listener, options, say, admin))
        finally:
            hosts.close()


async def _serve_here(
    app: App, listener: socket.socket, options: Options, say: Say, admin: socket.socket | None
) -> None:
    def ready() -> None:
        secured = not app.settings.open_without_keys or app.keys.any_in_use()
        address = Listening.of(listener, secured, admin=admin)
        say(banner(address, app.core, options.settings, app.ledger.anchors_fault))

    watching = asyncio.create_task(say_when_loaded(app.core, say), name="loading")
    try:
        await serve_app(app, listener, options, ready, admin=admin)
    finally:
        watching.cancel()
