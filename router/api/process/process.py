"""Runs one serving process: its options, its HTTP server and signals, its log, its event loop.

Both ways to serve use it: one process (`serve`), or several (`worker`, `supervisor`). It knows
nothing about requests.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import logging
import resource
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor

from router.api.compose.app import App
from router.api.compose.core import Core, Settings
from router.api.compose.os_signals import taking
from router.api.compose.sockets import BACKLOG
from router.api.http.asgi import Handler
from router.api.http.tracing import Traced
from router.api.process.access_log import AccessLog
from router.api.process.banner import loaded_line
from router.api.process.log_stream import LogStream
from router.api.process.warm_up import warm_up
from router.api.protocol.http_server import HttpServer
from router.api.protocol.limits import most_connections
from router.api.protocol.server_state import ServerState
from router.types import AnswererState

LOADING_POLL_S = 0.1
_M_ARENA_MAX = -8  # the option of that name in malloc.h of glibc
MOST_FILES = 65_536  # enough for 32,736 connections, which are some 40 MB when idle
FIELDS = ("policy", "hash", "reason", "stage", "what", "request_id", "sections", "next")
"""Names the fields of our events that pure folders write by `logging`."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """Holds the options of `tiergate serve`; `settings` are those that the app needs."""

    settings: Settings
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    log_level: str = "info"
    access_log: bool = False
    drain_s: int = 20
    request_s: int = 60
    admin_listen: str = ""  # the address of operators' pages, as `compose.sockets.parsed` reads it


def run_loop(main: Coroutine[object, object, None]) -> None:
    """Runs a coroutine to its end, on uvloop except on Windows, where there is none."""
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
    """Serves `app` on `listener`, and on `admin` if there is one, until a signal or `stop`.

    Then it lets running requests end, at most `options.drain_s`, and closes `app`. A second SIGINT
    ends that time.
    """
    stop, hurry = stop or asyncio.Event(), asyncio.Event()
    lines = AccessLog(app.server) if options.access_log else None
    application: Handler = app.server if lines is None else lines
    if app.telemetry is not None:
        application = Traced(application, app.telemetry.samples)
    state = ServerState(
        application,
        app.server.refusal,
        options.request_s,
        most_connections=most_connections(_open_files()),
        told=None if lines is None else lines.refused,
        in_flight=app.metrics.in_flight,
    )
    server = HttpServer(state, [listener], BACKLOG, [] if admin is None else [admin])

    def interrupt() -> None:
        (hurry if stop.is_set() else stop).set()

    _share_one_heap()
    _rest_the_collector()
    async with app.life(), meanwhile(warm_up(app.core.router, lambda: state.tasks)):
        with taking("SIGTERM", stop.set), taking("SIGINT", interrupt):
            await server.serve(ready, stop)
            await server.drain(options.drain_s, app.gateway.cut, hurry)


@contextlib.asynccontextmanager
async def meanwhile(work: Coroutine[object, object, None]) -> AsyncIterator[None]:
    """Does the work beside the block, and leaves what is not done when the block ends.

    An error of the work ends it alone; the log tells it at once, as nobody waits for the work.
    """
    task = asyncio.ensure_future(work)
    task.add_done_callback(_tell)
    try:
        yield
    finally:
        task.cancel()


def _tell(task: asyncio.Task[None]) -> None:
    """Gives the error of a task to its loop, which logs it."""
    if not task.cancelled() and (error := task.exception()) is not None:
        message = "work beside the server ended with an error"
        task.get_loop().call_exception_handler({"message": message, "exception": error})


def _open_files() -> int:
    """Raises this process's limit of open files as far as it may, and returns it.

    The usual limit of 1,024 is for programs that use `select`, which none does here.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # macOS has a limit of its own below "unlimited"
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, MOST_FILES)), hard))
        soft = max(soft, min(hard, MOST_FILES))
    return soft


def _share_one_heap() -> None:
    """Lets all threads take memory from one heap, where the C library is glibc.

    A heap for each thread keeps what its longest run took: with one, a worker under load has 12 MB
    less. The threads take turns at the interpreter anyway, so that none waits for the heap.
    """
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError, OSError):
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def _rest_the_collector() -> None:
    """Makes Python look for cycles more seldom, and never among the objects made at the start.

    Looking costs 5 % of a request's time. It is not done first: that takes .13 s, and frees 2 % of
    the objects.
    """
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
    give_back_memory()


def give_back_memory() -> None:
    """Gives freed memory back to the system, where the C library is glibc: 14 MB after a start.

    Reading policies and the model leaves many free blocks, which glibc would keep.
    """
    if sys.platform == "linux":
        # Another C library, such as musl, has no such function and gives back by itself.
        with contextlib.suppress(AttributeError, OSError):
            ctypes.CDLL(None).malloc_trim(0)


async def say_when_loaded(core: Core, say: Say) -> None:
    """Says one line for each answerer that was loading, when it is live or has failed."""
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


def logged_to_stderr(level: str, process: str = "") -> None:
    """Writes one JSON line for each event to standard error, with the name of one of several
    processes.

    Events of the standard library's loggers, and warnings, are written in the same form.
    """
    logging.captureWarnings(True)

    def say_process(_logger: object, _name: str, event: EventDict) -> EventDict:
        return {**event, "process": process} if process else event

    stream = LogStream()
    file = stream.text()
    _configure_structlog(level, stream, file, say_process)
    handler = logging.StreamHandler(file)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.stdlib.ExtraAdder(allow=FIELDS),
                say_process,
                stream.say_lost,
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    # Libraries of others log warnings and errors only; `level` is for our own events.
    logging.basicConfig(level=max(logging.WARNING, _level(level)), handlers=[handler], force=True)
    for ours in ("router", "tiers", "tiergate"):
        logging.getLogger(ours).setLevel(_level(level))


def _configure_structlog(
    level: str, stream: LogStream, file: TextIO, say_process: Processor
) -> None:
    """Makes our events JSON lines. Prompts, answers and keys are never logged."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            say_process,
            stream.say_lost,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=file),
    )


def _level(name: str) -> int:
    return logging.getLevelNamesMapping()[name.upper()]
