"""One serving process: its options, the HTTP server and its signals, its log, its event loop.

Both ways to serve stand on it: alone (`serve`), and one of several (`worker`, `supervisor`).
It knows nothing about requests.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass

import structlog
import uvicorn

from router.api.compose.app import App
from router.api.compose.core import Core, Settings
from router.api.compose.sockets import BACKLOG
from router.api.http.access_line import begin
from router.api.http.asgi import Event, Handler, Receive, Scope, Send
from router.api.http.connection import bounded
from router.api.process.banner import loaded_line
from router.types import AnswererState

KEEP_ALIVE_S = 75  # longer than clients keep an idle connection, so that it is they who close it
SETTLE_S = 5.0  # what cancelled requests get to write their rows
LOADING_POLL_S = 0.1
POLICY_FIELDS = ("policy", "hash", "reason")
"""What the watcher of policy files says beside its events' names, through the standard library."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """What `tiergate serve` was asked for, beside what the app needs."""

    settings: Settings
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    log_level: str = "info"
    access_log: bool = False
    drain_s: int = 30
    request_s: int = 60
    admin_listen: str = ""  # where operators' pages are moved to, as `listening.parsed` reads it


def run_loop(main: Coroutine[object, object, None]) -> None:
    """Run a coroutine to its end, on uvloop where there is one."""
    factory = None
    if sys.platform != "win32":
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main)


async def serve_app(
    app: App,
    listener: socket.socket,
    options: Options,
    ready: Callable[[], None],
    stop: asyncio.Event | None = None,
    admin: socket.socket | None = None,
) -> None:
    """Serve `app` on `listener`, and on `admin` if there is one, until a signal (or `stop`); then
    drain and close it."""
    config = uvicorn.Config(
        AccessLog(app.server) if options.access_log else app.server,
        http=bounded(options.request_s, app.server.refusal),
        ws="none",
        lifespan="off",  # the app's life stands around the server below, so its errors come out
        log_config=None,
        log_level="debug" if options.log_level == "debug" else "warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=options.drain_s,
    )
    server = HttpServer(config, ready, app.gateway.cut)
    _rest_the_collector()
    async with app.life():
        if stop is not None:
            waiting = asyncio.ensure_future(_exit_on(stop, server))
        await server.serve(sockets=[listener] if admin is None else [listener, admin])
        if stop is not None:
            waiting.cancel()


def _rest_the_collector() -> None:
    """Look for cycles more seldom, and never among what start-up built: 5 % of a request's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


async def _exit_on(stop: asyncio.Event, server: uvicorn.Server) -> None:
    await stop.wait()
    server.should_exit = True


class HttpServer(uvicorn.Server):
    """uvicorn's server which calls `ready` once it listens, and ends in peace after a signal.

    It calls `cut` when the time to drain is over, just before it cancels what still runs.
    """

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], cut: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._cut = cut

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let running requests end; those that the drain time cuts still book their rows."""
        log = structlog.get_logger("tiergate.server")
        running = len(self.server_state.tasks)
        most_s = self.config.timeout_graceful_shutdown or 0
        log.info("draining", requests=running, at_most_s=most_s)
        # uvicorn's own timer begins a moment later, so that its cancelling finds this done.
        timer = asyncio.get_running_loop().call_later(most_s, self._cut)
        await super().shutdown(sockets)
        timer.cancel()
        cut = tuple(self.server_state.tasks)
        if cut:
            await asyncio.wait(cut, timeout=SETTLE_S)
        log.info("drained", ended=max(0, running - len(cut)), cut=len(cut))

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn would raise the signal again when all is drained, and not end with 0."""
        loop = asyncio.get_running_loop()
        signals = (signal.SIGTERM, signal.SIGINT)
        for one in signals:
            loop.add_signal_handler(one, self.handle_exit, one, None)
        try:
            yield
        finally:
            for one in signals:
                loop.remove_signal_handler(one)


async def say_when_loaded(core: Core, say: Say) -> None:
    """One line for each answerer that was loading, when it is live or has failed."""
    began = core.clock.monotonic_ms()
    plans = {p.facts.name: p for r in core.router.runtimes.values() for p in r.plans}
    loading = {n for n, p in plans.items() if p.answerer.status().state is AnswererState.LOADING}
    while loading:
        await asyncio.sleep(LOADING_POLL_S)
        for name in sorted(loading):
            status = plans[name].answerer.status()
            if status.state is not AnswererState.LOADING:
                loading.discard(name)
                say(loaded_line(name, status, (core.clock.monotonic_ms() - began) / 1000))


class AccessLog:
    """Logs each request: method, path, status, time and id; tenant, key's name, tier and cost where
    it got so far. No query, no body, no key."""

    def __init__(self, app: Handler) -> None:
        self._app = app
        self._log = structlog.get_logger("tiergate.access")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        began, status, line = loop.time(), 0, begin()

        async def sending(event: Event) -> None:
            nonlocal status
            if event["type"] == "http.response.start":
                status = event["status"]
                line.told = dict(event["headers"])
            await send(event)

        try:
            await self._app(scope, receive, sending)
        finally:
            took_ms = round(1000 * (loop.time() - began), 3)
            said = {"method": scope.get("method"), "path": scope.get("path"), "status": status}
            self._log.info("request", **said, **line.fields(), ms=took_ms)


def logged_to_stderr(level: str) -> None:
    """One JSON line per event on standard error, ours and the standard library's alike."""
    _configure_structlog(level)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.stdlib.ExtraAdder(allow=POLICY_FIELDS),
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    # Other people's libraries speak up when something is wrong; `level` is for our own events.
    logging.basicConfig(level=max(logging.WARNING, _level(level)), handlers=[handler], force=True)
    for ours in ("router", "tiers", "tiergate"):
        logging.getLogger(ours).setLevel(_level(level))


def _configure_structlog(level: str) -> None:
    """Structured lines on standard error; prompts, answers and keys are never logged."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )


def _level(name: str) -> int:
    return logging.getLevelNamesMapping()[name.upper()]
