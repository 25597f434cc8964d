"""Starts, watches, restarts, reloads and stops several workers on one listening socket.

The parent owns the socket and the local models, and serves nothing itself. It knows nothing about
requests. The workers share their state through the database and the local model's folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import structlog

from router.api.compose.core import Core, Hosts, Settings
from router.api.compose.os_signals import taking
from router.api.observability.metrics import forget_worker
from router.api.process.banner import Listening, banner
from router.api.process.kept_policies import KeptPolicies
from router.api.process.process import Options, Say, say_when_loaded
from router.api.process.stand_in import StandIn
from router.api.process.worker import LEDGER_CODE, POLICY_CODE, READY, Orders
from router.errors import LedgerError, PolicyError, TiergateError
from router.locks.owned_folder import OwnedFolder
from router.policy.loading import LoadedPolicy, load_policy
from router.policy.watch import PolicyWatcher

FIRST_PAUSE_S = 0.2  # a worker that crashed once is back almost at once
LONGEST_PAUSE_S = 10.0
FIRST_TRIES = 5  # per place, before any worker served: so many failures in a row will not end
UNSERVED_S = 5.0  # a start takes some three; whoever waits longer learns that nobody serves
STABLE_AFTER_S = 30.0  # a worker that served this long crashed by accident: the pauses start anew
LATE_S = 60.0  # a start takes some three; longer ones migrate a large ledger, or hang
KILL_AFTER_S = 15.0  # after the drain time: the rows are written by then


class Supervisor:
    """Keeps `options.workers` workers serving until SIGTERM or SIGINT."""

    def __init__(
        self,
        options: Options,
        listener: socket.socket,
        core: Core,
        hosts: Hosts,
        say: Say,
        admin: socket.socket | None = None,
    ) -> None:
        self._options = options
        self._listener, self._admin = listener, admin
        self._core = core
        self._hosts = hosts
        self._say = say
        self._log = structlog.get_logger("tiergate.supervisor")
        self._processes: dict[int, Process] = {}  # by place
        self._serving: set[int] = set()  # places
        self._ended = [0] * options.workers  # by place: ends that no worker has counted so far
        self._stopping = asyncio.Event()
        self._refused: TiergateError | None = None
        self._ready = 0
        self._stand_in = StandIn([one for one in (listener, admin) if one is not None], core.ids)
        self._kept = KeptPolicies(core)
        self._keeping = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serves until it is stopped. Raises PolicyError, LedgerError when no worker can start."""
        counts = OwnedFolder("tiergate-metrics-")
        kept = contextlib.closing(self._kept)
        with kept, contextlib.closing(counts), contextlib.ExitStack() as signals:
            settings = replace(self._options.settings, metrics_dir=str(counts.path))
            self._options = replace(self._options, settings=settings)
            watchers = [self._watcher(loaded) for loaded in self._core.loaded.values()]
            for watcher in watchers:
                watcher.start()
            for name in ("SIGTERM", "SIGINT"):
                signals.enter_context(taking(name, self._stopping.set))
            signals.enter_context(taking("SIGHUP", partial(self._reload, watchers)))
            keepers = [
                asyncio.create_task(self._keep(place), name=f"worker-{place}")
                for place in range(self._options.workers)
            ]
            loading = asyncio.create_task(say_when_loaded(self._core, self._say), name="loading")
            await self._stopping.wait()
            loading.cancel()
            # A socket listens until its last holder closes it. New connections would wait here in
            # vain while the workers drain, instead of going to another machine.
            for listener in filter(None, (self._listener, self._admin)):
                listener.close()
            await self._stand_in.close()
            self._signal(signal.SIGTERM, self._processes)
            await self._end(keepers)
            for watcher in watchers:
                await watcher.close()
            await asyncio.gather(*self._tasks)  # what they write is removed with its folder
        if self._refused is not None:
            raise self._refused

    async def _keep(self, place: int) -> None:
        """Runs one worker after another at this place until it is time to stop."""
        pause_s, tries = FIRST_PAUSE_S, 0
        while not self._stopping.is_set():
            began = time.monotonic()
            code, was_ready = await self._run_worker(place)
            if self._stopping.is_set():
                return
            tries += 1
            # Once any worker has served, the settings are good, and a later crash is worth a
            # restart.
            hopeless = code in (POLICY_CODE, LEDGER_CODE) or tries == FIRST_TRIES
            if not was_ready and not self._ready and hopeless:
                self._refuse(code)
                return
            if time.monotonic() - began > STABLE_AFTER_S:
                pause_s = FIRST_PAUSE_S
            if code is not None:
                self._ended[place] += 1
                self._log.error("worker_ended", place=place, code=code, again_in_s=pause_s)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._stopping.wait()
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _run_worker(self, place: int) -> tuple[int | None, bool]:
        """Runs one worker until it ends; returns its exit code, and True if it ever served.

        The code is None where the system started no process.
        """
        try:
            process = await self._started_process()
        except OSError as error:  # no process, file or memory is left; a later try may have one
            self._log.error("worker_not_started", place=place, why=error.strerror or str(error))
            return None, False
        self._processes[place] = process
        if self._stopping.is_set():  # the process did not exist yet when the others got the signal
            process.terminate()
        assert process.stdin is not None
        assert process.stdout is not None
        # The first workers start by the files: a broken one must stop the start.
        kept = await asyncio.to_thread(self._kept.copies) if self._ready else ()
        admin = None if self._admin is None else self._admin.fileno()
        addresses, ended = self._hosts.addresses_text, self._ended[place]
        listener = self._listener.fileno()
        orders = Orders(self._options, listener, addresses, admin, kept, place, ended)
        await send_orders(process.stdin, orders)
        late = asyncio.get_running_loop().call_later(LATE_S, self._tell_late, place)
        was_ready = await process.stdout.readline() == READY
        late.cancel()
        if was_ready:
            self._serving.add(place)
            self._ended[place] = 0
            self._stand_in.end()
            self._count_ready()
        code = await process.wait()
        self._serving.discard(place)
        self._look_if_any_serves(after_s=UNSERVED_S if was_ready else 0.0)
        process.stdin.close()
        forget_worker(self._options.settings.metrics_dir, process.pid)
        return code, was_ready

    async def _started_process(self) -> Process:
        """Returns the process of a new worker, which waits for its orders. Raises OSError."""
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "router.api.process.worker",
            stdin=PIPE,
            stdout=PIPE,
            pass_fds=[
                listening.fileno()
                for listening in (self._listener, self._admin)
                if listening is not None
            ],
            # The library for /metrics reads this variable when it is imported.
            env={
                **self._core.environ,
                "PROMETHEUS_MULTIPROC_DIR": self._options.settings.metrics_dir,
            },
            start_new_session=True,  # Ctrl-C is for the parent, which drains
        )

    def _tell_late(self, place: int) -> None:
        """Tells of a worker that is not ready. It goes on: it may migrate a ledger for minutes."""
        self._log.warning("worker_late", place=place, after_s=LATE_S)

    def _look_if_any_serves(self, after_s: float) -> None:
        """Has requests refused while no worker serves that served before.

        A worker that crashed is mostly back `after_s` seconds later; until then requests wait.
        """

        def look() -> None:
            if self._ready and not self._serving and not self._stopping.is_set():
                self._stand_in.begin()

        asyncio.get_running_loop().call_later(after_s, look)

    def _count_ready(self) -> None:
        """Counts a worker that serves; prints the banner with the last of the first workers.

        Restarts are silent.
        """
        self._ready += 1
        if self._ready == self._options.workers:
            secured = not self._options.settings.open_without_keys or _has_keys(self._options)
            listening = Listening.of(self._listener, secured, self._options.workers, self._admin)
            settings = self._options.settings
            self._say(banner(listening, self._core, settings, _anchors_fault(settings)))
            for loaded in self._core.loaded.values():
                task = asyncio.create_task(self._keep_copy(loaded))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def _refuse(self, code: int | None) -> None:
        """Records the error that ends the run, since no worker can start."""
        why = "no worker could start; see the messages of the workers above"
        kinds: dict[int | None, TiergateError] = {
            POLICY_CODE: PolicyError(()),
            LEDGER_CODE: LedgerError(why),
        }
        self._refused = kinds.get(code) or TiergateError(why)
        self._stopping.set()

    def _signal(self, number: signal.Signals, places: Iterable[int]) -> None:
        """Sends a signal to the workers at these places that still run."""
        for place in places:
            process = self._processes[place]
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(number)

    def _reload(self, watchers: list[PolicyWatcher]) -> None:
        for watcher in watchers:
            watcher.reload()
        # SIGHUP ends a process that does not take it yet; a worker that starts reads the files.
        self._signal(signal.SIGHUP, self._serving)

    async def _end(self, keepers: list[asyncio.Task[None]]) -> None:
        """Waits for the workers to drain, and kills those that do not end."""
        _, late = await asyncio.wait(keepers, timeout=self._options.drain_s + KILL_AFTER_S)
        if late:
            self._log.error("workers_killed", count=len(late))
            self._signal(signal.SIGKILL, self._processes)
            await asyncio.wait(late)

    def _watcher(self, loaded: LoadedPolicy) -> PolicyWatcher:
        """Returns a watcher of a policy for the parent, which owns the local models."""
        known = self._core.abilities.known or None
        read = partial(load_policy, loaded.path, self._core.environ, known)
        return PolicyWatcher(loaded, read, self._swap)

    async def _swap(self, loaded: LoadedPolicy) -> None:
        self._core.loaded[loaded.policy.name] = loaded
        await self._keep_copy(loaded)
        # New settings of a local model restart it; the workers reload their own copies.
        self._hosts.refresh(list(self._core.loaded.values()))

    async def _keep_copy(self, loaded: LoadedPolicy) -> None:
        """Copies a policy that is in use, for workers that start while its file is broken."""
        async with self._keeping:
            await asyncio.to_thread(self._kept.keep, loaded)


async def send_orders(stdin: asyncio.StreamWriter, orders: Orders) -> None:
    """Writes a worker's orders; a worker that has ended needs none, and its end is seen later."""
    # uvloop raises RuntimeError for a pipe that it has closed itself, since its reader is gone.
    with contextlib.suppress(ConnectionError, RuntimeError):
        stdin.write(orders.to_line())
        await stdin.drain()


def _anchors_fault(settings: Settings) -> str:
    """Returns why nothing can be added to the anchors file; "" where it can."""
    # Imported late: the parent needs the ledger for its banner alone.
    from router.api.compose.mounted import anchors_watch

    return anchors_watch.anchors_fault(settings.database, settings.anchors)


def _has_keys(options: Options) -> bool:
    # Imported late: only the banner of a server with keys needs the ledger here.
    from router.api.compose.books import Books

    with Books.open(options.settings.database, create=True) as books:
        return books.any_key()
