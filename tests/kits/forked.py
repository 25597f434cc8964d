"""Starts `tiergate` quickly: a process that has imported everything forks for each command.

Importing takes a second of processor time, most of what a command takes. A forked command is a
process of its own, with its own environment, files, signals and exit code. Tests of whole
programs start the real one instead, and so does who sets what only a new interpreter reads.

    python -m tests.kits.forked     (reads orders from standard input, see `Order`)
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from tests import ROOT

NOT_IMPORTED = ("router.training", "router.evaluation", "router.ledger.sql.migrations")
FOREIGN = ("tokenizers", "alembic.command", "uvloop", "rich.table", "yaml")
"""Names what our modules import later; onnxruntime is none of them, for it starts a thread."""
READ_AT_START = ("PYTHON", "LC_", "LANG", "OPENBLAS_", "OMP_")
"""Begins the names of variables that an interpreter or a library reads once, when it starts."""

WHOLE_PROGRAMS = ("process", "crash", "fuzz", "local", "browser")
"""Marks tests whose programs are started anew."""
anew = False
"""Says whether each program is started anew; conftest.py sets it for each test."""


def may_fork(given: Mapping[str, str]) -> bool:
    """Returns whether a command with these variables of its own does the same when it is forked."""
    return not (anew or "GATEWAY_PYTHON" in os.environ or any(map(_read_at_start, given)))


def _read_at_start(name: str) -> bool:
    return name.startswith(READ_AT_START)


@dataclass(frozen=True, slots=True)
class Order:
    """A command to run: standard output and standard error go to files, which may be the same."""

    arguments: Sequence[str]
    output: str
    errors: str
    environment: Mapping[str, str]
    folder: str


class Forked:
    """A process like one of `subprocess.Popen`, with those of its methods that tests use."""

    def __init__(self, order: Order) -> None:
        self._starter = _starter()
        self.pid = self._starter.start(order)

    @property
    def returncode(self) -> int | None:
        return self._starter.codes.get(self.pid)

    def poll(self) -> int | None:
        self._starter.listen(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Returns the exit code; a signal's number is negative. Raises TimeoutExpired."""
        deadline = time.monotonic() + (float("inf") if timeout is None else timeout)
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("tiergate", timeout or 0)
            self._starter.listen(0.1)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class _Starter:
    """Talks to the process that forks: one line for an order, one for each start and each end."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.kits.forked"]
        given = {name: value for name, value in os.environ.items() if not _read_at_start(name)}
        one = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # a thread would not be forked
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**given, **one, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._orders = self._process.stdin.fileno()
        self._news = self._process.stdout.fileno()
        self._rest = b""
        self._lock = threading.RLock()
        self._started: list[int] = []
        self.codes: dict[int, int] = {}
        atexit.register(self._process.communicate)  # the end of the orders ends it

    def start(self, order: Order) -> int:
        """Returns the number of the process that runs the order."""
        with self._lock:
            os.write(self._orders, json.dumps(asdict(order)).encode() + b"\n")
            while not self._started:
                self.listen(1.0)
            return self._started.pop()

    def listen(self, timeout_s: float) -> None:
        """Notes what has started or ended, and waits for news up to a time."""
        with self._lock:
            if not select.select([self._news], [], [], timeout_s)[0]:
                return
            heard = os.read(self._news, 65_536)
            assert heard, "the process that forks has ended"
            *lines, self._rest = (self._rest + heard).split(b"\n")
            for line in lines:
                word, pid, *code = line.split()
                if word == b"started":
                    self._started.append(int(pid))
                    self.codes.pop(int(pid), None)  # of an earlier process with the same number
                else:
                    self.codes[int(pid)] = int(code[0])


@cache
def _starter() -> _Starter:
    return _Starter()


def _import_all() -> None:
    for path in sorted(
        path for room in ("router", "tiers") for path in ROOT.glob(f"{room}/**/*.py")
    ):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if not module.startswith(NOT_IMPORTED) and not module.endswith(("__main__", "local.child")):
            importlib.import_module(module)
    for name in FOREIGN:
        with suppress(ModuleNotFoundError):  # an extra
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


def _serve() -> Order | None:
    """Forks for each order until there are no more; in a child, returns the order."""
    news = os.dup(1)
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the tests are told, and end the orders
    children: set[int] = set()
    rest = b""
    while True:
        ready = select.select([0, woken], [], [])[0]
        if woken in ready:
            os.read(woken, 4_096)
            for pid in [*children]:
                ended, status = os.waitpid(pid, os.WNOHANG)
                if ended:
                    children.discard(pid)
                    code = os.waitstatus_to_exitcode(status)
                    os.write(news, b"ended %d %d\n" % (pid, code))
        if 0 not in ready:
            continue
        received = os.read(0, 65_536)
        if not received:
            for pid in children:
                os.kill(pid, signal.SIGKILL)
            return None
        *lines, rest = (rest + received).split(b"\n")
        for line in lines:
            if pid := os.fork():
                children.add(pid)
                os.write(news, b"started %d\n" % pid)
                continue
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for end in (news, woken, wake):
                os.close(end)
            return Order(**json.loads(line))


def _obey(order: Order) -> None:
    """Runs the command line of an order as a program of that environment does."""
    from router.cli import main

    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    for number, path in ((0, os.devnull), (1, order.output), (2, order.errors)):
        opened = os.open(path, flags if number else os.O_RDONLY, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(order.environment)
    time.tzset()
    os.chdir(order.folder)
    sys.argv[:] = ["tiergate", *order.arguments]
    main()


def run(
    arguments: Sequence[str], environment: Mapping[str, str], timeout_s: float
) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end, as `subprocess.run` does."""
    with tempfile.TemporaryDirectory() as folder:
        output, errors = Path(folder, "output"), Path(folder, "errors")
        order = Order(arguments, str(output), str(errors), environment, os.getcwd())
        process = Forked(order)
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        said = (path.read_text("utf-8") if path.exists() else "" for path in (output, errors))
        return subprocess.CompletedProcess([*arguments], code, *said)


if __name__ == "__main__":
    _import_all()
    given = _serve()
    if given is not None:
        _obey(given)
