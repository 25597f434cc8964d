"""Keeps the local model's child process alive and tells the workers where it is.

A machine has one host per model: the process that starts the workers owns it and passes its address
on. It loads the model while the workers serve, and restarts a crashed child with growing pauses.
When the adapter set changes, it starts a new child, switches, and drains the old one. It supervises
from threads of its own, so that it needs no event loop. It knows nothing about requests.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from router.errors import ModelFileError
from router.errors.installing import pip_install
from router.locks.owned_folder import OwnedFolder
from router.policy.schema import LocalAnswerer as LocalSection
from router.types import AnswererState
from tiers.local.shared_folder import (
    HostState,
    LocalAddress,
    Slots,
    StateReader,
    generation_folder,
    socket_path,
    write_state,
)
from tiers.local.weights import find_adapter, find_weights

FOLDER_PREFIX = "tiergate-llm-"
FIRST_PAUSE_S = 0.2  # a crash is rare and its request already failed: try again almost at once
LONGEST_PAUSE_S = 15.0
STABLE_AFTER_S = 30.0  # a child that served this long crashed by accident: begin at FIRST_PAUSE_S
FAILED_AFTER_LOADS = 3  # so many loads in a row that never became ready: call it failed
LOAD_TIMEOUT_S = 600.0  # a swap whose new child is not ready by then keeps the old one


class LocalModelSpec(Struct, frozen=True):
    """Describes what one child loads. All local answerers of a policy on one model share it."""

    model: str
    adapters: tuple[str, ...]  # as the policies write them, each once
    context_tokens: int
    threads: int
    parallel: int
    queue: int
    base: Path | None = None  # adapter paths are relative to this folder


def specs_for(
    sections: Sequence[LocalSection], base: Path | None = None
) -> dict[str, LocalModelSpec]:
    """Returns one spec per model file: the union of adapters and the largest of each limit."""
    specs: dict[str, LocalModelSpec] = {}
    for model in dict.fromkeys(section.model for section in sections):
        same = [section for section in sections if section.model == model]
        specs[model] = LocalModelSpec(
            model=model,
            adapters=tuple(dict.fromkeys(a.path for s in same for a in s.adapters)),
            context_tokens=max(section.context_tokens for section in same),
            threads=max(section.threads for section in same),
            parallel=max(section.parallel for section in same),
            queue=max(section.queue for section in same),
            base=base,
        )
    return specs


def required_files(spec: LocalModelSpec) -> tuple[Path, list[Path]]:
    """Returns the model's file and those of its adapters.

    Raises ModelFileError for one that is missing or damaged, or without the package that runs them.
    """
    model = find_weights(spec.model)
    adapters = [find_adapter(path, spec.base) for path in spec.adapters]
    if importlib.util.find_spec("xllamacpp") is None:
        raise ModelFileError(
            f"the local model needs the package xllamacpp, not found: {pip_install('local')}"
        )
    return model, adapters


class LocalModelHost:
    """Owns the folder, the token and the current child. Not for use after `close`."""

    def __init__(self, spec: LocalModelSpec) -> None:
        self._spec = spec
        self._lock = threading.Lock()
        self._generation = 0
        self._closing = False
        self._supervisor: _Supervisor | None = None
        self._others: list[_Supervisor] = []  # loading beside the current one, or draining
        self._folder = OwnedFolder(FOLDER_PREFIX)
        self._directory = self._folder.path
        self.address = LocalAddress(str(self._directory), secrets.token_urlsafe(32), spec.threads)
        self._reader = StateReader(self._directory)
        write_state(self._directory, HostState(AnswererState.LOADING, "not started"))

    @property
    def state(self) -> HostState:
        """Returns the state that the workers see now."""
        return self._reader.read()

    def start(self) -> None:
        """Begins loading and returns at once; workers see LOADING until the child is ready."""
        self._supervisor = self._supervise(self._spec)

    def swap(self, spec: LocalModelSpec, drain_s: float = 60.0) -> None:
        """Starts a child for `spec`; once it is ready, workers move over and the old one drains."""
        old = self._supervisor
        new = self._supervise(spec)

        def retire() -> None:
            if new.ready.wait(LOAD_TIMEOUT_S) and old is not None:
                old.stop(drain_s)
            elif not new.ready.is_set():
                new.stop(0.0)

        self._others += [s for s in (old, new) if s is not None]
        threading.Thread(target=retire, daemon=True, name="local-model-swap").start()

    def close(self, drain_s: float = 10.0) -> None:
        """Lets requests end for up to `drain_s`, stops all children, removes the folder."""
        self._closing = True
        for supervisor in {*self._others, self._supervisor}:
            if supervisor is not None:
                supervisor.stop(drain_s)
        self._folder.close()

    def _supervise(self, spec: LocalModelSpec) -> _Supervisor:
        supervisor = _Supervisor(spec, self.address, self._next_generation, self._publish)
        supervisor.start()
        return supervisor

    def _next_generation(self) -> int:
        with self._lock:
            self._generation += 1
            return self._generation

    def _publish(self, supervisor: _Supervisor, state: HostState) -> None:
        """Tells the workers. They do not see a child that loads while another one is ready."""
        with self._lock:
            current = self._supervisor in (None, supervisor)
            replaces = (
                state.state is AnswererState.READY and state.generation > self.state.generation
            )
            if self._closing or not (current or replaces):
                return
            if replaces:
                self._supervisor = supervisor
            write_state(self._directory, state)


class _Supervisor(threading.Thread):
    """Runs one child after another for one spec until told to stop.

    The children are started from this thread and not from a passing one, because Linux ties the
    parent-death signal to the thread that forked.
    """

    def __init__(
        self,
        spec: LocalModelSpec,
        address: LocalAddress,
        next_generation: Callable[[], int],
        publish: Callable[[_Supervisor, HostState], None],
    ) -> None:
        super().__init__(daemon=True, name="local-model")
        self._spec = spec
        self._address = address
        self._next_generation = next_generation
        self._publish = publish
        self._stop_requested = threading.Event()
        self._child: subprocess.Popen[str] | None = None
        self._slots: Slots | None = None
        self.ready = threading.Event()

    def run(self) -> None:
        state = HostState(AnswererState.LOADING, f"loading {self._spec.model}")
        self._publish(self, state)
        try:
            model, adapters = required_files(self._spec)
        except ModelFileError as error:
            self._publish(self, HostState(AnswererState.FAILED, error.message))
            return
        try:
            self._keep_running(model, adapters)
        except Exception as error:  # the top of a background task: say so, rather than stay loading
            detail = f"supervising the local model failed: {type(error).__name__}: {error}"
            self._publish(self, HostState(AnswererState.FAILED, detail))

    def stop(self, drain_s: float) -> None:
        """Waits for the requests in flight, then ends the child. Returns when it has ended."""
        deadline = time.monotonic() + drain_s
        while self._slots is not None and self._slots.taken() and time.monotonic() < deadline:
            time.sleep(0.02)
        self._stop_requested.set()
        if (child := self._child) is not None:
            child.terminate()
        self.join(timeout=2.0)
        if self.is_alive() and child is not None:
            child.kill()
            self.join(timeout=2.0)

    def _keep_running(self, model: Path, adapters: list[Path]) -> None:
        pause_s, failed_loads = FIRST_PAUSE_S, 0
        while not self._stop_requested.is_set():
            began = time.monotonic()
            became_ready, why = self._run_child(model, adapters)
            if self._stop_requested.is_set():
                return
            failed_loads = 0 if became_ready else failed_loads + 1
            if time.monotonic() - began > STABLE_AFTER_S:
                pause_s = FIRST_PAUSE_S
            failed = failed_loads >= FAILED_AFTER_LOADS
            state = AnswererState.FAILED if failed else AnswererState.LOADING
            self._publish(self, HostState(state, f"{why}; starting again in {pause_s:.1f} s"))
            self._stop_requested.wait(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _run_child(self, model: Path, adapters: list[Path]) -> tuple[bool, str]:
        """Runs one child to its end: whether it ever was ready, and why it ended."""
        generation = self._next_generation()
        directory = Path(self._address.directory)
        folder = generation_folder(directory, generation)
        self._slots = Slots.create(folder / "slots", self._spec.parallel + self._spec.queue)
        with (folder / "log").open("w+", encoding="utf-8", errors="replace") as log:
            child = subprocess.Popen(
                [sys.executable, "-P", str(Path(__file__).with_name("child.py"))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,  # Ctrl-C is for the parent, which drains
            )
            self._child = child
            if self._stop_requested.is_set():
                child.terminate()
            settings = self._settings(model, adapters, socket_path(directory, generation))
            assert child.stdin is not None
            assert child.stdout is not None
            with contextlib.suppress(BrokenPipeError):
                child.stdin.write(json.dumps(settings) + "\n")
                child.stdin.flush()
            line = child.stdout.readline()
            if line:
                self._publish(
                    self,
                    HostState(
                        AnswererState.READY,
                        generation=generation,
                        pid=child.pid,
                        context_tokens=json.loads(line)["context_tokens"],
                        adapters=self._spec.adapters,
                    ),
                )
                self.ready.set()
                child.stdout.read()  # returns when the child has ended
            code = child.wait()
            with contextlib.suppress(BrokenPipeError):
                child.stdin.close()
            child.stdout.close()
            log.seek(0)
            tail = " / ".join(log.read().strip().splitlines()[-3:])
        shutil.rmtree(folder, ignore_errors=True)
        return bool(line), f"the local model's process ended ({_exit_text(code)}) {tail}".strip()

    def _settings(self, model: Path, adapters: list[Path], socket: Path) -> dict[str, object]:
        return {
            "parent_pid": os.getpid(),
            "model": str(model),
            "alias": self._spec.model if "/" not in self._spec.model else model.stem,
            "adapters": [str(path) for path in adapters],
            "socket": str(socket),
            "token": self._address.token,
            "parallel": self._spec.parallel,
            "queue": self._spec.queue,
            "threads": self._spec.threads,
            "context_tokens": self._spec.context_tokens,
        }


def _exit_text(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    return f"killed by {signal.Signals(-code).name}"
