"""Runs what is put in a queue on a thread of its own, together what waits together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Worker(Generic[Item]):
    """Gives `work`, which must not fail, what waits: at most `most` items at once."""

    def __init__(self, name: str, work: Callable[[list[Item]], None], most: int = 1) -> None:
        self._name, self._work, self._most = name, work, most
        self._items: SimpleQueue[Item | None] = SimpleQueue()  # None ends the thread
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def start(self) -> None:
        """Starts the thread; harmless when it runs."""
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def later(self, item: Item) -> None:
        """Puts an item; it waits until the thread starts."""
        self._items.put(item)

    def put(self, item: Item) -> None:
        """Puts an item, and starts the thread where none runs."""
        if self._thread is None:
            self.start()
        self._items.put(item)

    def close(self) -> None:
        """Ends the thread once it has done what waits; a later item starts it again. Blocks."""
        with self._starting:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._items.put(None)
            thread.join()

    def _run(self) -> None:
        while (first := self._items.get()) is not None:
            items, ended = [first], False
            while len(items) < self._most and not ended:
                try:
                    item = self._items.get_nowait()
                except Empty:
                    break
                if item is None:
                    ended = True
                else:
                    items.append(item)
            self._work(items)
            if ended:
                return
