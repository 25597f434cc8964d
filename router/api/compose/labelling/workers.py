"""Labels windows in this process, or in several at once; their order stays that of the file.

What is not the encoder is Python, of which one process runs one thread at a time: a GPU, or many
cores, wait for it. Each process has the model for itself.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path

from router.api.compose.labelling.windows import Labelled, Lines, Place, Says, labelled
from router.api.compose.specialists import Specialist
from router.errors import ClassifyError
from router.types import Device, EncoderUse

AHEAD = 2
"""Windows for each process that are read ahead: one in work, one that waits."""

Begun = tuple[Lines, Place]
Labels = Callable[[Iterable[Begun], str], Iterator[tuple[Lines, Labelled]]]
"""Labels windows in their order, by a column; each is given back with what it became."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Says how a specialist is opened, in this process or another one."""

    policy: str
    task: str | None = None
    model_dir: Path | None = None
    threads: int = 1
    encoder: EncoderUse = EncoderUse.WHEN_NEEDED
    device: Device = Device.CPU

    def open(self) -> Specialist:
        """Returns the specialist; raises what `Specialist.open` raises."""
        return Specialist.open(
            self.policy,
            os.environ,
            task=self.task,
            model_dir=self.model_dir,
            threads=self.threads,
            encoder=self.encoder,
            device=self.device,
        )


class Here:
    """Labels windows one after the other, in this process."""

    def __init__(self, specialist: Says) -> None:
        self._specialist = specialist

    def __call__(
        self, windows: Iterable[Begun], text_column: str
    ) -> Iterator[tuple[Lines, Labelled]]:
        for window, begin in windows:
            yield window, labelled(self._specialist, window, begin, text_column)


class Processes:
    """Labels windows in processes of their own; a context manager that ends them.

    `placed` is the device that the caller's own model runs on, which must be theirs too: results
    differ in the fourth digit.
    """

    def __init__(self, count: int, opening: Opening, placed: Device) -> None:
        self._most = AHEAD * count
        self._pool = ProcessPoolExecutor(
            count,
            multiprocessing.get_context("spawn"),
            _open,
            (replace(opening, device=placed),),
        )

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def __call__(
        self, windows: Iterable[Begun], text_column: str
    ) -> Iterator[tuple[Lines, Labelled]]:
        waiting: deque[tuple[Lines, Future[Labelled]]] = deque()
        try:
            for window, begin in windows:
                waiting.append((window, self._pool.submit(_label, window, begin, text_column)))
                if len(waiting) >= self._most:
                    first, future = waiting.popleft()
                    yield first, future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()
        except BrokenProcessPool as error:
            raise ClassifyError(
                "a process that reads ended before its work was done: the system ended it, for "
                "want of memory, say, or it could not open the model; expected enough memory for "
                "one model in each. The same command goes on from the finished rows: give it "
                "fewer --processes"
            ) from error


_specialist: Specialist | None = None
"""The specialist of a process that reads; nothing else runs in it."""


def _open(opening: Opening) -> None:
    global _specialist
    # Ctrl+C reaches all processes of a terminal; the one that writes the files ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="tiergate-parent", daemon=True).start()
    _specialist = opening.open()


def _end_with_parent() -> None:
    """Ends this process once the one that started it has ended, however that came.

    A process that is killed cannot end its pool, whose processes wait for work for ever.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # nobody reads what this process would still say


def _label(window: Lines, begin: Place, text_column: str) -> Labelled:
    assert _specialist is not None
    return labelled(_specialist, window, begin, text_column)
