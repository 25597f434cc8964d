"""Runs what is put in a queue on a thread of its own, together what waits together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Worker(Generic[Item]):
    """Gives `work`, which must not fail, what waits: at most `most` items at once.

    Any thread may call it. Each thread that it starts has a queue of its own, which None ends.
    """

    def __init__(self, name: str, work: Callable[[list[Item]], None], most: int = 1) -> None:
        self._name, self._work, self._most = name, work, most
        self._items: SimpleQueue[Item | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._guard = threading.Lock()

    def start(self) -> None:
        """Starts the thread; harmless when it runs."""
        with self._guard:
            self._start()

    def put_for_start(self, item: Item) -> None:
        """Puts an item; it waits until the thread starts."""
        with self._guard:
            self._items.put(item)

    def put(self, item: Item) -> None:
        """Puts an item, and starts the thread where none runs."""
        with self._guard:
            self._items.put(item)
            self._start()

    def close(self) -> None:
        """Ends the thread once it has done what was put; a further `put` starts another. Blocks."""
        with self._guard:
            thread, self._thread = self._thread, None
            if thread is not None:
                self._items.put(None)
                self._items = SimpleQueue()
        if thread is not None:
            thread.join()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._run, args=(self._items,), name=self._name, daemon=True
            )
            self._thread.start()

    def _run(self, queue: SimpleQueue[Item | None]) -> None:
        while batch := self._next(queue):
            self._work(batch)
            del batch  # nothing of it is kept while the thread waits

    def _next(self, queue: SimpleQueue[Item | None]) -> list[Item]:
        """Waits for an item, and returns it with those behind it; [] at the end."""
        item, batch = queue.get(), list[Item]()
        while item is not None:
            batch.append(item)
            if len(batch) == self._most:
                return batch
            try:
                item = queue.get_nowait()
            except Empty:
                return batch
        if batch:
            queue.put(None)  # ends the thread after these
        return batch
