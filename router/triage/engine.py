"""Runs the model on one thread: many texts in one run, shared by all policies.

Requests wait in a queue; the worker takes all that wait, at most MAX_BATCH texts, and runs rules,
encoder, heads and matching once. There is no timer: a lone request is read at once, and a batch
forms only while the one before is read. Rules run in the worker too, so that the event loop only
hands over and puts together. No text gives an error: when the model is missing or fails, only the
rules read, and the reading says `degraded`. It knows nothing about requests or conversations.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from queue import SimpleQueue
from typing import NamedTuple

from msgspec import Struct

from router.triage.batches.asked import Asked
from router.triage.batches.config import TriageConfig
from router.triage.batches.model_reader import Model
from router.triage.batches.text_reader import TextReader
from router.triage.facts.turn_facts import RuleFacts
from router.triage.reading import TurnReading
from router.triage.text.rules import VERSION as RULES_VERSION

MAX_BATCH = 32
"""Texts in one run: more gain nothing per text, and the first one waits for the last."""


class _Job(Struct, frozen=True, eq=False):
    """One request's texts for the worker; `older` is read by rules only."""

    texts: Sequence[str]
    older: Sequence[str]
    config: TriageConfig
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[EngineResult]


class EngineResult(NamedTuple):
    """One request's readings in the order of its texts, and what they took."""

    readings: list[TurnReading]
    older: list[RuleFacts]
    compute_ms: float = 0.0  # core-milliseconds of the worker; 0: read on the caller's thread


class TriageEngine:
    """Holds the model and the thread that runs it, shared by all policies.

    Without a model, rules read everything. With `together` = 1 each request has a run of its own:
    INT8 activations are scaled over a whole run, so the other texts of a run move a chance in its
    third digit, and a request near a threshold may fall to either side. Waiting requests
    are bounded by the server's connections; those whose client is gone are skipped.
    """

    def __init__(self, model: Model | None, together: int = MAX_BATCH) -> None:
        self.reader = TextReader(model)
        self._together = together
        self.version = model.version if model else RULES_VERSION
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._worker: threading.Thread | None = None
        self._starting = threading.Lock()

    @property
    def degraded(self) -> bool:
        """Returns True when the model is missing, so that only rules read."""
        return self.reader.model is None

    def read_now(
        self, texts: Sequence[str], older: Sequence[str], config: TriageConfig
    ) -> EngineResult:
        """Reads texts on the calling thread. Only the rules read `older`."""
        readings = self.reader.read([Asked(text, config) for text in texts])
        return EngineResult(readings, self.reader.older(older, config))

    async def read(
        self, texts: Sequence[str], older: Sequence[str], config: TriageConfig
    ) -> EngineResult:
        """Reads texts on the worker, together with all other texts that wait there."""
        loop = asyncio.get_running_loop()
        job = _Job(texts, older, config, loop, loop.create_future())
        if self._worker is None:
            self.start()
        self._jobs.put(job)
        return await job.done

    def start(self) -> None:
        """Starts the worker; harmless when it runs."""
        with self._starting:
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="triage", daemon=True)
                self._worker.start()

    def close(self) -> None:
        """Ends the worker once it has read what waits; a later read starts it again."""
        with self._starting:
            worker, self._worker = self._worker, None
        if worker is not None:
            self._jobs.put(None)
            worker.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            batch, texts, ended = [job], len(job.texts), False
            while texts < self._together and not ended and not self._jobs.empty():
                more = self._jobs.get()
                if more is None:
                    ended = True
                else:
                    batch.append(more)
                    texts += len(more.texts)
            self._read_batch([job for job in batch if not job.done.cancelled()])
            if ended:
                break

    def _read_batch(self, batch: Sequence[_Job]) -> None:
        """Reads all jobs in one run and hands the results over, one wake-up per event loop.

        The run's processor time is shared by texts: padding makes each cost what the longest does.
        """
        began_s = time.thread_time()
        texts = [Asked(text, job.config) for job in batch for text in job.texts]
        readings = iter(self.reader.read(texts))
        read = [
            ([next(readings) for _ in job.texts], self.reader.older(job.older, job.config))
            for job in batch
        ]
        shares = sum(max(1, len(job.texts)) for job in batch)
        share_ms = 1000.0 * (time.thread_time() - began_s) / max(1, shares)
        answered: dict[asyncio.AbstractEventLoop, list[tuple[_Job, EngineResult]]] = {}
        for job, (own, older) in zip(batch, read, strict=True):
            result = EngineResult(own, older, share_ms * max(1, len(job.texts)))
            answered.setdefault(job.loop, []).append((job, result))
        for loop, results in answered.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(_deliver, results)


def _deliver(results: Sequence[tuple[_Job, EngineResult]]) -> None:
    for job, result in results:
        if not job.done.done():
            job.done.set_result(result)
