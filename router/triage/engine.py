"""Reads the texts of requests in batches that all policies share.

Requests that come in one pass of the event loop are one batch. Its texts share a hand-over between
threads, the heads and the matches; on a CPU each text has a run of the encoder of its own, so that
it is read as it would be alone. There is no timer: what comes while a batch is under way waits for
the next one, at most MAX_BATCH texts. Rules run on the event loop, which would wait for the
interpreter lock meanwhile all the same. The encoder holds no lock, so it has a thread of its own,
which also reads heads and matches: they say what is to be encoded once more. One short text that
comes alone is encoded where it is, since a hand-over there and back costs as much as the encoder.
Long texts are read on the thread whole. Where approved answers may fit, they are read together with
the text, which takes twenty times as long: on another thread, so that the requests of the same
batch and of later ones do not wait. No text gives an error: when the model is missing or fails,
only the rules read, and the reading says `degraded`. It knows nothing about requests or
conversations.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Sequence, Set
from typing import NamedTuple
from weakref import WeakKeyDictionary

from msgspec import Struct

from router.threads.worker import Worker
from router.triage.batches.asked import Asked
from router.triage.batches.config import TriageConfig
from router.triage.batches.text_reader import TextBatch, TextReader, read_answers
from router.triage.batches.triage_models import Model
from router.triage.facts.turn_facts import RuleFacts
from router.triage.reading import TurnReading
from router.triage.text.rules import VERSION as RULES_VERSION

MAX_BATCH = 32
"""Texts in one batch: the first one waits for the last."""

MOST_PASSES = 8
"""Passes of the event loop for which a batch waits while each of them brings further requests: the
fewer batches there are, the fewer hand-overs between threads."""

SHORT_CHARS = 4_000
"""Characters of a request, on average over its batch, up to which the rules read on the event loop:
about a millisecond."""


class EngineResult(NamedTuple):
    """Holds one request's readings in the order of its texts, and what they took."""

    readings: list[TurnReading]
    older: list[RuleFacts]
    compute_ms: float = 0.0  # core-milliseconds; 0: read on the caller's thread


class _Job(Struct, frozen=True, eq=False):
    """Holds one request's texts; `older` is read by rules only."""

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
    """Holds the requests of one event loop that wait for a batch; used on that loop alone."""

    __slots__ = ("busy", "jobs", "together")

    def __init__(self) -> None:
        self.jobs: deque[_Job] = deque()
        self.busy = False  # a batch is under way, or begins in one of the loop's next passes
        self.together = 1  # requests of the last batch


class TriageEngine:
    """Holds the model, the thread that encodes and the one that reads answers; policies share it.

    Without a model, rules read everything. Waiting requests are bounded by the server's
    connections; those whose client is gone are skipped.
    """

    def __init__(self, model: Model | None) -> None:
        self.reader = TextReader(model)
        self.version = model.version if model else RULES_VERSION
        self._waiting: WeakKeyDictionary[asyncio.AbstractEventLoop, _Waiting]
        self._waiting = WeakKeyDictionary()
        self._batches = Worker[Callable[[], None]]("triage", _run_each)
        self._answers = Worker[_Unanswered | Callable[[], None]](
            "triage-answers", _on_answers, MAX_BATCH
        )

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
        """Reads texts in a batch with all others that wait; see `read_now`."""
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
        """Starts the threads; harmless when they run."""
        self._batches.start()
        self._answers.start()

    def before_answers(self, step: Callable[[], None]) -> None:
        """Runs a step, which must not fail, on the thread that reads answers, once that starts."""
        self._answers.put_for_start(step)

    def close(self) -> None:
        """Ends the threads once they have read what they have; a further read starts them again."""
        self._batches.close()
        self._answers.close()

    def _gather(
        self, loop: asyncio.AbstractEventLoop, waiting: _Waiting, seen: int, passes: int = 0
    ) -> None:
        """Waits for another pass of the loop as long as each brings further requests.

        A lone request waits for nobody.
        """
        here = len(waiting.jobs)
        crowd = here > 1 or waiting.together > 1
        if crowd and seen < here < MAX_BATCH and passes < MOST_PASSES:
            loop.call_soon(self._gather, loop, waiting, here, passes + 1)
        else:
            self._begin(loop, waiting)

    def _begin(self, loop: asyncio.AbstractEventLoop, waiting: _Waiting) -> None:
        """Begins the next batch: all that wait, at most MAX_BATCH texts. Runs on the loop."""
        jobs: list[_Job] = []
        texts = 0
        while waiting.jobs and (not jobs or texts < MAX_BATCH):
            job = waiting.jobs.popleft()
            if not job.done.cancelled():
                jobs.append(job)
                texts += len(job.texts)
        if not jobs:
            waiting.busy = False
            return
        waiting.together = len(jobs)
        batch = _Batch(self.reader, jobs)

        def encoded() -> None:
            self._deliver(loop, batch)
            # What came meanwhile is the next batch. It begins at once, before those who have their
            # readings go on: so the thread has work while they do.
            self._begin(loop, waiting)

        def encode() -> None:
            batch.encode()
            _soon(loop, encoded)

        if batch.short:
            batch.begin()
        if not batch.short or batch.encoded > 1:
            self._batches.put(encode)
            return
        batch.encode()
        self._deliver(loop, batch)
        waiting.busy = bool(waiting.jobs)
        if waiting.busy:
            loop.call_soon(self._gather, loop, waiting, 0)

    def _deliver(self, loop: asyncio.AbstractEventLoop, batch: _Batch) -> None:
        """Gives requests their readings. Those with which answers are to be read come later."""
        batch.deliver()
        if batch.waits:
            self._answers.put(_Unanswered(loop, batch))


def _run_each(steps: Sequence[Callable[[], None]]) -> None:
    for step in steps:
        step()


class _Unanswered(NamedTuple):
    """Holds a batch with whose texts answers are still to be read, and who waits for it."""

    loop: asyncio.AbstractEventLoop
    batch: _Batch


def _on_answers(items: Sequence[_Unanswered | Callable[[], None]]) -> None:
    """Runs the steps among `items`, then reads likely answers with the texts of the batches."""
    batches: list[_Unanswered] = []
    for item in items:
        if isinstance(item, _Unanswered):
            batches.append(item)
        else:
            item()
    _read_together(batches)


def _read_together(batches: Sequence[_Unanswered]) -> None:
    """Reads likely answers with the texts of several batches; of up to MAX_BATCH requests at once.

    Of more, the first one would wait for the last.
    """
    together, waits = list[_Unanswered](), 0
    for one in batches:
        one.batch.leave_out_gone()
        own = one.batch.waits
        if together and waits + own > MAX_BATCH:
            _read_answers(together, waits)
            together, waits = [], 0
        if own:  # else nobody waits for it any more
            together.append(one)
            waits += own
    if together:
        _read_answers(together, waits)


def _read_answers(batches: Sequence[_Unanswered], waits: int) -> None:
    """Reads likely answers with the texts of batches, for which so many requests wait."""
    began_s = time.thread_time()
    read_answers([one.batch.texts for one in batches if one.batch.texts is not None])
    took_s = time.thread_time() - began_s
    for loop, batch in batches:
        batch.take(took_s * batch.waits / waits)
        _soon(loop, batch.deliver_rest)


def _soon(loop: asyncio.AbstractEventLoop, step: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(step)


_Open = tuple[_Job, range]
"""Holds a request, and the places of its texts in the batch."""


class _Batch:
    """Holds the texts of several requests that are read together, and the time that this takes.

    A step that fails, as none should, fails these requests and no others.
    """

    def __init__(self, reader: TextReader, jobs: Sequence[_Job]) -> None:
        self._reader = reader
        self._asked = [one for job in jobs for one in job.texts]
        self._open: list[_Open] = []  # requests without readings
        for job in jobs:
            begin = self._open[-1][1].stop if self._open else 0
            self._open.append((job, range(begin, begin + len(job.texts))))
        self._older: dict[_Job, list[RuleFacts]] = {}
        self.short = sum(job.chars for job in jobs) <= SHORT_CHARS * len(jobs)
        self.texts: TextBatch | None = None
        self._seconds = 0.0  # of the open requests
        self._error: Exception | None = None

    @property
    def encoded(self) -> int:
        """Returns how many texts are still to be encoded."""
        return 0 if self.texts is None else self.texts.encoded

    @property
    def waits(self) -> int:
        """Returns how many requests wait for their readings, those left out not counted."""
        return len(self._open)

    def begin(self) -> None:
        """Reads what the rules read."""
        self._timed(self._begin)

    def _begin(self) -> None:
        self.texts = self._reader.begin(self._asked)
        self._older = {job: self._reader.older(job.older, job.config) for job, _ in self._open}

    def encode(self) -> None:
        """Encodes the texts, and begins the batch first if nobody has."""
        if self.texts is None:
            self.begin()
        if self.texts is not None:
            self._timed(self.texts.encode)

    def take(self, seconds: float) -> None:
        """Adds processor time that others took for the open requests."""
        self._seconds += seconds

    def leave_out_gone(self) -> None:
        """Leaves out requests whose client is gone, with their share of the time so far."""
        open_ = [(job, places) for job, places in self._open if not job.done.done()]
        if len(open_) == len(self._open):
            return
        still = {job for job, _ in open_}
        gone = [place for job, places in self._open if job not in still for place in places]
        self._seconds = self._share_s * _weights(open_)
        self._open = open_
        if self.texts is not None:
            self.texts.leave_out(gone)

    @property
    def _share_s(self) -> float:
        """Returns the time so far for each text."""
        return self._seconds / _weights(self._open)

    def deliver(self) -> None:
        """Gives requests their readings, and their share of the time by their number of texts.

        Those with whose texts answers are still to be read stay open.
        """
        self.leave_out_gone()
        unread = set[int]()
        if self._error is None and self.texts is not None:
            unread = self.texts.to_rerank
        self._deliver(unread)

    def deliver_rest(self) -> None:
        """Gives readings to all open requests: also to those whose answers could not be read."""
        self.leave_out_gone()
        self._deliver(set())

    def _deliver(self, unread: Set[int]) -> None:
        ready, still = list[_Open](), list[_Open]()
        for one in self._open:
            (ready if unread.isdisjoint(one[1]) else still).append(one)
        if not ready:
            return
        readings: list[TurnReading] = []

        def read() -> None:
            if self.texts is not None:
                places = [place for _, own in ready for place in own]
                readings.extend(self.texts.readings(places))

        self._timed(read)
        share_s = self._share_s
        self._open = still
        self._seconds = share_s * _weights(still)
        begin = 0
        for job, places in ready:
            own, begin = readings[begin : begin + len(places)], begin + len(places)
            if self._error is not None:
                job.done.set_exception(self._error)
                continue
            took_ms = 1000.0 * share_s * _weight(job)
            job.done.set_result(EngineResult(own, self._older[job], took_ms))

    def _timed(self, step: Callable[[], None]) -> None:
        began_s = time.thread_time()
        try:
            step()
        except Exception as error:  # a batch that raised would leave all later requests waiting
            self._error = error
        self._seconds += time.thread_time() - began_s


def _weight(job: _Job) -> int:
    return max(1, len(job.texts))


def _weights(jobs: Sequence[_Open]) -> int:
    return sum([_weight(job) for job, _ in jobs])
