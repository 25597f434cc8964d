"""Runs batches in the background: claims them, a few at a time, and sees each to its end."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial

from router.api.batches.run import RENEW_S, Lost, Run, RunParts
from router.api.observability.log import Log
from router.errors import LedgerError
from router.types import Batch, BatchError, BatchState

IDLE_S = 5.0
"""Sets how often a process looks for batches that another one left: one cheap query."""
MOST_BATCHES = 4
"""Bounds the batches that one process runs at a time; they share its slots."""


class BatchRunner:
    """Runs this process's batches."""

    def __init__(self, parts: RunParts) -> None:
        self._parts = parts
        self._log = Log("tiergate.batches")
        self._woken = asyncio.Event()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to look for work."""
        self._loop = asyncio.ensure_future(self._look())

    def wake(self) -> None:
        """Says that there may be work now."""
        self._woken.set()

    async def close(self) -> None:
        """Stops, and gives up all claims, so that another process goes on at once."""
        tasks = [task for task in (self._loop, *self._running.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self) -> None:
        while True:  # ends with the process
            self._woken.clear()
            try:
                while len(self._running) < MOST_BATCHES:
                    batch = await self._parts.batches.claim(self._parts.token)
                    if batch is None:
                        break
                    task = asyncio.ensure_future(self._run(batch))
                    self._running[batch.batch_id] = task
                    task.add_done_callback(partial(self._ended, batch.batch_id))
            except LedgerError as error:
                self._log.warning("batches_unreadable", reason=error.message)
            # Not `wait_for`: it loses `close` in Python 3.11 where a batch ends at that moment.
            with suppress(TimeoutError):
                async with asyncio.timeout(IDLE_S):
                    await self._woken.wait()

    def _ended(self, batch_id: str, _: asyncio.Task[None]) -> None:
        self._running.pop(batch_id, None)
        self._woken.set()

    async def _run(self, batch: Batch) -> None:
        """Takes a batch from its present state to its end, or gives it up."""
        try:
            run = Run(self._parts, batch)
            await run.to_its_end()
        except Lost:
            return
        except LedgerError as error:  # tried again when the claim ends
            self._log.warning("batch_interrupted", batch=batch.batch_id, reason=error.message)
            await asyncio.sleep(RENEW_S)
        except asyncio.CancelledError:
            with suppress(LedgerError):
                await self._parts.batches.release(batch.batch_id, self._parts.token)
            raise
        except Exception:  # the top of a background task: the client must learn of it
            self._log.exception("batch_failed", batch=batch.batch_id)
            own = BatchError("internal_error", "The server met an error of its own; see its log.")
            with suppress(LedgerError):
                failed = self._parts.at(batch, BatchState.FAILED, own)
                await self._parts.batches.settle(failed, self._parts.token)
