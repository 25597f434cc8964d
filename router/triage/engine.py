"""Reads the texts of requests: many in one run of the model, shared by all policies.

Requests that come in one pass of the event loop are read together. There is no timer: what comes
while a run is under way waits for the next one, at most MAX_BATCH texts. Rules run on the event
loop, which would wait for the interpreter lock meanwhile all the same. The encoder holds no lock,
so it has a thread of its own, which also reads heads and matches: they say what is to be encoded
once more. There is one hand-over per run; one short text that comes alone is encoded where it is,
since a hand-over there and back costs as much as the encoder. Where approved answers may fit, the
thread reads them together with the text. Long texts are read on the thread
whole. No text gives an error: when the model is missing or fails, only the rules read, and the
reading says `degraded`. It knows nothing about requests or conversations.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import NamedTuple
from weakref import WeakKeyDictionary

from msgspec import Struct

from router.triage.batches.asked import Asked
from router.triage.batches.config import TriageConfig
from router.triage.batches.model_reader import Model
from router.triage.batches.text_reader import TextBatch, TextReader
from router.triage.facts.turn_facts import RuleFacts
from router.triage.reading import TurnReading
from router.triage.text.rules import VERSION as RULES_VERSION

MAX_BATCH = 32
"""Texts in one run: more gain nothing per text, and the first one waits for the last."""

MOST_PASSES = 8
"""Passes of the event loop for which a run waits while each of them brings further requests."""

SHORT_CHARS = 4_000
"""Characters of a run up to which the rules read it on the event loop: about a millisecond."""


class EngineResult(NamedTuple):
    """One request's readings in the order of its texts, and what they took."""

    readings: list[TurnReading]
    older: list[RuleFacts]
    compute_ms: float = 0.0  # core-milliseconds; 0: read on the caller's thread


class _Job(Struct, frozen=True, eq=False):
    """One request's texts; `older` is read by rules only."""

    texts: Sequence[Asked]
    older: Sequence[str]
    config: TriageConfig
    done: asyncio.Future[EngineResult]

    @property
    def chars(self) -> int:
        return sum(len(one.text) for one in self.texts) + sum(map(len, self.older))


def _asked(texts: Sequence[str], config: TriageConfig, spoken: Sequence[str]) -> list[Asked]:
    if not spoken:
        return [Asked(text, config) for text in texts]
    pairs = zip(texts, spoken, strict=True)
    return [Asked(text, config, spoken=language) for text, language in pairs]


class _Waiting:
    """Holds the requests of one event loop that wait for a run; used on that loop alone."""

    __slots__ = ("busy", "jobs", "together")

    def __init__(self) -> None:
        self.jobs: deque[_Job] = deque()
        self.busy = False  # a run is under way, or begins in one of the loop's next passes
        self.together = 1  # requests of the last run


class TriageEngine:
    """Holds the model and the thread that encodes, shared by all policies.

    Without a model, rules read everything. With `together` = 1 each request has a run of its own:
    INT8 activations are scaled over a whole run, so the other texts of a run move a chance in its
    third digit, and a request near a threshold may fall to either side. Waiting requests
    are bounded by the server's connections; those whose client is gone are skipped.
    """

    def __init__(self, model: Model | None, together: int = MAX_BATCH) -> None:
        self.reader = TextReader(model)
        self._together = together
        self.version = model.version if model else RULES_VERSION
        self._waiting = WeakKeyDictionary[asyncio.AbstractEventLoop, _Waiting]()
        self._runs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._worker: threading.Thread | None = None
        self._starting = threading.Lock()

    @property
    def degraded(self) -> bool:
        """Returns True when the model is missing, so that only rules read."""
        return self.reader.model is None

    def read_now(
        self,
        texts: Sequence[str],
        older: Sequence[str],
        config: TriageConfig,
        spoken: Sequence[str] = (),
    ) -> EngineResult:
        """Reads texts on the calling thread. Only the rules read `older`.

        `spoken`: the language of the conversation at each text, () where it does not matter.
        """
        readings = self.reader.read(_asked(texts, config, spoken))
        return EngineResult(readings, self.reader.older(older, config))

    async def read(
        self,
        texts: Sequence[str],
        older: Sequence[str],
        config: TriageConfig,
        spoken: Sequence[str] = (),
    ) -> EngineResult:
        """Reads texts together with all others that wait; see `read_now`."""
        loop = asyncio.get_running_loop()
        waiting = self._waiting.get(loop)
        if waiting is None:
            waiting = self._waiting[loop] = _Waiting()
        job = _Job(_asked(texts, config, spoken), older, config, loop.create_future())
        waiting.jobs.append(job)
        if not waiting.busy:
            waiting.busy = True
            loop.call_soon(self._gather, loop, waiting, 0)
        return await job.done

    def start(self) -> None:
        """Starts the thread; harmless when it runs."""
        with self._starting:
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="triage", daemon=True)
                self._worker.start()

    def later(self, run: Callable[[], None]) -> None:
        """Runs something on the thread, which must not fail; it waits until the thread starts."""
        self._runs.put(run)

    def close(self) -> None:
        """Ends the thread once it has encoded what waits; a later read starts it again."""
        with self._starting:
            worker, self._worker = self._worker, None
        if worker is not None:
            self._runs.put(None)
            worker.join()

    def _work(self) -> None:
        while (run := self._runs.get()) is not None:
            run()

    def _hand_over(self, run: Callable[[], None]) -> None:
        if self._worker is None:
            self.start()
        self._runs.put(run)

    def _gather(
        self, loop: asyncio.AbstractEventLoop, waiting: _Waiting, seen: int, passes: int = 0
    ) -> None:
        """Waits for another pass of the loop as long as each brings further requests.

        A lone request waits for nobody.
        """
        here = len(waiting.jobs)
        crowd = here > 1 or waiting.together > 1
        if crowd and seen < here < self._together and passes < MOST_PASSES:
            loop.call_soon(self._gather, loop, waiting, here, passes + 1)
        else:
            self._run(loop, waiting)

    def _run(self, loop: asyncio.AbstractEventLoop, waiting: _Waiting) -> None:
        """Begins the next run: all that wait, at most `together` texts. Runs on the loop."""
        jobs: list[_Job] = []
        texts = 0
        while waiting.jobs and (not jobs or texts < self._together):
            job = waiting.jobs.popleft()
            if not job.done.cancelled():
                jobs.append(job)
                texts += len(job.texts)
        if not jobs:
            waiting.busy = False
            return
        waiting.together = len(jobs)
        batch = _Batch(self.reader, jobs)

        def done() -> None:
            batch.deliver()
            # What came meanwhile is the next run. It begins at once, before those who have their
            # readings go on: so the thread has work while they do.
            self._run(loop, waiting)

        def elsewhere(*steps: Callable[[], None]) -> None:
            def run() -> None:
                for step in steps:
                    step()
                with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                    loop.call_soon_threadsafe(done)

            self._hand_over(run)

        if not batch.short:
            elsewhere(batch.encode, batch.rerank)
            return
        batch.begin()
        if batch.encoded > 1:
            elsewhere(batch.encode, batch.rerank)
            return
        batch.encode()
        if batch.reranked:  # answers are read with it for milliseconds, which would hold all up
            elsewhere(batch.rerank)
            return
        batch.deliver()
        waiting.busy = bool(waiting.jobs)
        if waiting.busy:
            loop.call_soon(self._gather, loop, waiting, 0)


class _Batch:
    """The texts of several requests in one run, and the processor time that it takes.

    A step that fails, as none should, fails these requests and no others.
    """

    def __init__(self, reader: TextReader, jobs: Sequence[_Job]) -> None:
        self._reader, self._jobs = reader, jobs
        self._asked = [one for job in jobs for one in job.texts]
        self.short = sum(job.chars for job in jobs) <= SHORT_CHARS * len(jobs)
        self._read: TextBatch | None = None
        self._older: list[list[RuleFacts]] = []
        self._readings: list[TurnReading] = []
        self._seconds = 0.0
        self._error: Exception | None = None

    @property
    def encoded(self) -> int:
        """Returns how many texts are still to be encoded."""
        return 0 if self._read is None else self._read.encoded

    def begin(self) -> None:
        """Reads what the rules read."""
        self._timed(self._begin)

    def _begin(self) -> None:
        self._read = self._reader.begin(self._asked)
        self._older = [self._reader.older(job.older, job.config) for job in self._jobs]

    def encode(self) -> None:
        """Encodes; begins first where nobody has."""
        if self._read is None:
            self.begin()
        if self._read is not None:
            self._timed(self._read.encode)

    @property
    def reranked(self) -> bool:
        """Returns True where `rerank` has answers to read."""
        return self._read is not None and self._read.reranked

    def rerank(self) -> None:
        """Reads likely answers together with the texts, after `encode`."""
        if self._read is not None:
            self._timed(self._read.rerank)

    def deliver(self) -> None:
        """Gives each request its readings, and its share of the time by its number of texts."""
        self._timed(self._finish)
        readings = iter(self._readings)
        share_ms = 1000.0 * self._seconds / sum(max(1, len(job.texts)) for job in self._jobs)
        for place, job in enumerate(self._jobs):
            if self._error is not None:
                if not job.done.done():
                    job.done.set_exception(self._error)
                continue
            own = [next(readings) for _ in job.texts]
            if not job.done.done():
                took_ms = share_ms * max(1, len(job.texts))
                job.done.set_result(EngineResult(own, self._older[place], took_ms))

    def _finish(self) -> None:
        self._readings = [] if self._read is None else self._read.readings()

    def _timed(self, step: Callable[[], None]) -> None:
        began_s = time.thread_time()
        try:
            step()
        except Exception as error:  # a run that raised would leave all later requests waiting
            self._error = error
        self._seconds += time.thread_time() - began_s
