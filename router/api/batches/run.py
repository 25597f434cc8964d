"""Runs one batch from its present state to its end: asks its lines, writes its files.

The state is in the store, so that a batch goes on after a kill: lines with a result are never asked
again, and lines that were under way are. Live requests come first (`pace`).
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import orjson
from msgspec.structs import replace

from router.api.batches.inner_request import InnerReply, inner_reply
from router.api.batches.lines import (
    Line,
    TooLong,
    answered_line,
    checked,
    failed_line,
    line_of,
    lines_of,
)
from router.api.batches.pace import Pace, pause_after, pause_for_others
from router.api.http.asgi import Handler
from router.errors import LedgerError, LedgerUnavailable
from router.money.days import DAY_MS
from router.policy.sections.batches import BatchesSection
from router.types import (
    PART_BYTES,
    Batch,
    BatchError,
    BatchState,
    BatchStore,
    Clock,
    FileStore,
    Identity,
    Ids,
    LineResult,
    Owner,
    StoredFile,
)

RENEW_S = 3.0
"""Sets how often a claim is renewed: a few times within the store's lease."""
AGAIN_S = 1.0
"""Sets how long a result waits before it is kept again, after a ledger that could not be used."""
PAGE = 64
"""Results that are held at a time while a file is written."""


GONE = BatchError("file_not_found", "The input file was deleted or expired.")


class Lost(Exception):
    """Says that the batch was erased, or that another process runs it now."""


@dataclass(frozen=True, slots=True)
class RunParts:
    """Holds what the runs of this process share.

    `identity_of` returns None for a key that is no longer valid.
    """

    batches: BatchStore
    files: FileStore
    application: Handler
    identity_of: Callable[[Owner], Awaitable[Identity | None]]
    pace: Pace
    bounds: Callable[[], BatchesSection]
    clock: Clock
    ids: Ids
    token: str = field(default_factory=partial(secrets.token_hex, 8))  # claims its batches

    def at(self, batch: Batch, state: BatchState, *errors: BatchError) -> Batch:
        """Returns the batch in another state, from now."""
        moments = {**batch.moments, state.value: self.clock.now_ms()}
        return replace(batch, state=state, moments=moments, errors=(*batch.errors, *errors))


class Run:
    """Holds one batch while this process runs it."""

    def __init__(self, parts: RunParts, batch: Batch) -> None:
        self._parts = parts
        self._batch = batch
        self._stop = asyncio.Event()  # cancelled, the file is gone, or the claim is lost
        self._lost = False
        self._pause_until_ms = 0.0

    async def to_its_end(self) -> None:
        """Checks the file, asks its lines, writes the results."""
        renewing = asyncio.ensure_future(self._renew())
        try:
            file = await self._parts.files.get(self._batch.input_file_id, self._batch.owner)
            if self._batch.state is BatchState.VALIDATING:
                if file is None:
                    await self._fail(GONE)
                    return
                if not await self._valid(file):
                    return
            if self._batch.state is BatchState.IN_PROGRESS and file is not None:
                await self._ask_all(file)
            await self._finalize(file)
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    async def _renew(self) -> None:
        while True:  # ends with the run
            await asyncio.sleep(RENEW_S)
            try:
                state = await self._parts.batches.renew(self._batch.batch_id, self._parts.token)
            except LedgerError:  # the ledger may come back before the claim ends
                continue
            if state is None:
                self._lost = True
            if state in (None, BatchState.CANCELLING):
                self._stop.set()

    async def _valid(self, file: StoredFile) -> bool:
        parts, bounds = self._parts, self._parts.bounds()
        count, errors = await asyncio.to_thread(
            checked,
            parts.files.parts_now(file),
            self._batch.endpoint,
            bounds.max_requests,
            bounds.max_line_bytes,
        )
        if errors:
            await self._fail(*errors)
            return False
        batch = parts.at(replace(self._batch, total=count), BatchState.IN_PROGRESS)
        await self._change(batch)
        return True

    async def _fail(self, *errors: BatchError) -> None:
        failed = self._parts.at(self._batch, BatchState.FAILED, *errors)
        await self._parts.batches.settle(failed, self._parts.token)

    async def _change(self, batch: Batch) -> None:
        if not await self._parts.batches.change(batch, self._parts.token):
            raise Lost
        self._batch = batch

    async def _ask_all(self, file: StoredFile) -> None:
        """Asks every line without a result, a few at a time."""
        parts = self._parts
        done = await parts.batches.done(self._batch.batch_id)
        lines = self._lines(file)
        asking: set[asyncio.Task[None]] = set()
        try:
            while not self._stop.is_set() and not self._expired:
                line = await asyncio.to_thread(next, lines, None)
                if line is None:
                    break
                if line.number in done:
                    continue
                # No more tasks than slots, so that no line of a long file waits in memory.
                while len(asking) >= max(1, parts.bounds().concurrency):
                    await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
                    asking = self._without_ended(asking)
                asking.add(asyncio.ensure_future(self._ask(line)))
            while asking:
                await asyncio.wait(asking)
                asking = self._without_ended(asking)
        finally:
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
        if self._lost:
            raise Lost

    def _without_ended(self, asking: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
        for task in asking:
            if task.done():
                task.result()  # raises what the line met
        return {task for task in asking if not task.done()}

    @property
    def _expired(self) -> bool:
        return self._parts.clock.now_ms() >= self._batch.expires_at_ms

    def _lines(self, file: StoredFile) -> Iterator[Line]:
        """Yields the lines of a file that was checked; blocks."""
        parts = self._parts.files.parts_now(file)
        with suppress(TooLong):
            for number, raw in lines_of(parts, self._parts.bounds().max_line_bytes):
                line = line_of(number, raw, self._batch.endpoint)
                if isinstance(line, Line):
                    yield line

    async def _ask(self, line: Line) -> None:
        """Asks one line until it has a result, and keeps it."""
        result = await self._result(line)
        if result is None:
            return
        while True:  # ends once the ledger can be used again, or with the run
            try:
                mine = await self._parts.batches.put(
                    self._batch.batch_id, self._parts.token, result
                )
                break
            except LedgerUnavailable:
                # Its answer is paid for: asked again after an interruption, it would be so twice.
                await asyncio.sleep(AGAIN_S)
        # Another process may have taken the batch meanwhile.
        if not mine:
            raise Lost

    async def _result(self, line: Line) -> LineResult | None:
        """Returns a line's result; None when the batch ends before."""
        batch_id = self._batch.batch_id
        if line.stream:
            message = "A line of a batch is answered whole; leave `stream` out."
            refused = failed_line(line, batch_id, "unsupported_parameter", message)
            return LineResult(line.number, False, refused)
        while not self._stop.is_set() and not self._expired:
            wait_ms = self._pause_until_ms - self._parts.clock.monotonic_ms()
            if wait_ms > 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait_ms / 1000):
                        await self._stop.wait()
                continue
            identity = await self._parts.identity_of(self._batch.owner)
            if identity is None:
                message = "The key that made the batch is no longer valid."
                return LineResult(
                    line.number, False, failed_line(line, batch_id, "invalid_api_key", message)
                )
            async with self._parts.pace.slot():
                if await self._gone():
                    self._stop.set()
                    return None
                reply = await inner_reply(
                    self._parts.application,
                    self._batch.endpoint,
                    line.body,
                    identity,
                    (f"batch:{batch_id.removeprefix('batch_')}",),
                )
            pause = pause_after(reply.status, reply.headers)
            self._pause(pause or pause_for_others(reply.headers))
            if pause is None:
                return _result_of(line, batch_id, reply)
        return None

    async def _gone(self) -> bool:
        """Says that the file was deleted or expired: looked at before each call, which costs."""
        try:
            return await self._parts.files.get(self._batch.input_file_id, self._batch.owner) is None
        except LedgerError:  # a fault here would drop answers that wait to be kept
            return False

    def _pause(self, seconds: float) -> None:
        if seconds:
            until_ms = self._parts.clock.monotonic_ms() + seconds * 1000
            self._pause_until_ms = max(self._pause_until_ms, until_ms)

    async def _finalize(self, file: StoredFile | None) -> None:
        """Writes the files of the results, then ends the batch."""
        parts = self._parts
        batch = await parts.batches.get(self._batch.batch_id, self._batch.owner)
        if batch is None or self._lost:
            raise Lost
        end = BatchState.COMPLETED
        faults: tuple[BatchError, ...] = ()
        if batch.state is BatchState.CANCELLING:
            end = BatchState.CANCELLED
        elif batch.completed + batch.failed < batch.total:
            end = BatchState.EXPIRED
            if not self._expired:  # lines are missing because nobody can read them any more
                end, faults = BatchState.FAILED, (await self._why_unread(file),)
            elif file is not None and batch.state is not BatchState.FINALIZING:
                await self._write_off(file)
        self._batch = batch
        if end is not BatchState.CANCELLED:
            await self._change(parts.at(batch, BatchState.FINALIZING))
        output = await self._written(ok=True)
        errors = await self._written(ok=False)
        files = replace(self._batch, output_file_id=output, error_file_id=errors)
        ended = parts.at(files, end, *faults)
        if not await parts.batches.settle(ended, self._parts.token):
            # The batch was erased, or another process took it and writes files of its own: no row
            # names these.
            for file_id in filter(None, (output, errors)):
                await parts.files.delete(file_id, batch.owner)
            raise Lost

    async def _why_unread(self, file: StoredFile | None) -> BatchError:
        """Returns why lines without a result cannot be read any more."""
        most_bytes = self._parts.bounds().max_line_bytes
        if file is not None and not await self._gone():
            lines = lines_of(self._parts.files.parts_now(file), most_bytes)
            try:
                await asyncio.to_thread(deque, lines, 0)
            except TooLong as error:
                message = (
                    f"The line has more than {most_bytes} bytes. This bound of the policy "
                    "(batches.max_line_bytes) was lowered after the file was checked, so this line "
                    "and those after it were not asked."
                )
                return BatchError("line_too_long", message, None, error.number)
        return GONE

    async def _write_off(self, file: StoredFile) -> None:
        """Notes for each line without a result that its time is over."""
        done = await self._parts.batches.done(self._batch.batch_id)
        lines = self._lines(file)
        message = "The batch's window ended before this request was sent."
        while (line := await asyncio.to_thread(next, lines, None)) is not None:
            if line.number not in done:
                over = failed_line(line, self._batch.batch_id, "batch_expired", message)
                await self._parts.batches.put(
                    self._batch.batch_id, self._parts.token, LineResult(line.number, False, over)
                )

    async def _written(self, *, ok: bool) -> str | None:
        """Writes the results of one kind to a file; returns its id, None without any."""
        parts, batch, after = self._parts, self._batch, 0
        results = await parts.batches.results(batch, ok=ok, after=after, limit=PAGE)
        if not results:
            return None
        now_ms = parts.clock.now_ms()
        days = parts.bounds().retention_days
        lasts_ms = batch.output_expires_s * 1000 or days * DAY_MS
        name = f"{batch.batch_id}_{'output' if ok else 'error'}.jsonl"
        file = StoredFile(
            f"file-{parts.ids.new()}", batch.owner, "batch_output", name, 0, now_ms,
            now_ms + lasts_ms,
        )  # fmt: skip
        await parts.files.begin(file)
        size, part, waiting = 0, 0, b""
        while results:
            for result in results:
                waiting += result.content + b"\n"
                if len(waiting) >= PART_BYTES:
                    await parts.files.append(file, part, waiting)
                    size, part, waiting = size + len(waiting), part + 1, b""
            after = results[-1].line
            results = await parts.batches.results(batch, ok=ok, after=after, limit=PAGE)
        if waiting:
            await parts.files.append(file, part, waiting)
        await parts.files.finish(replace(file, size=size + len(waiting)))
        return file.file_id


def _result_of(line: Line, batch_id: str, reply: InnerReply) -> LineResult:
    if reply.too_long:
        message = "The answer is too long to be kept."
        failed = failed_line(line, batch_id, "response_too_large", message)
        return LineResult(line.number, False, failed)
    try:
        body = orjson.loads(bytes(reply.body))
    except orjson.JSONDecodeError:
        body = None
    content = answered_line(line, batch_id, reply.status, reply.request_id, body)
    return LineResult(line.number, reply.status == 200, content)
