"""A batch beside a ledger that cannot be used for a while."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson

from router.api.batches.pace import Pace
from router.api.batches.run import RunParts
from router.api.batches.runner import BatchRunner
from router.api.compose.clock import SystemClock, UlidIds
from router.api.http.asgi import Event, Receive, Scope, Send
from router.errors import LedgerUnavailable
from router.ledger.sql.database import Database
from router.ledger.tables.batches import SqlBatches
from router.ledger.tables.files import SqlFiles
from router.policy.sections.batches import BatchesSection
from router.types import Batch, BatchState, Identity, LineResult, Owner, StoredFile
from router.types import Scope as KeyScope

OWNER = Owner("acme", "k1")
CHAT = "/v1/chat/completions"
CLOCK = SystemClock()


class Batches(SqlBatches):
    """Refuses to keep so many results at first; `ended` is set when a run ends its batch.

    `before_end` is a statement that another process runs right before, given the batch's id.
    """

    def __init__(self, database: Database, refusals: int) -> None:
        super().__init__(database, CLOCK, lambda _: b"s" * 32)
        self.refusals = refusals
        self.checked = False
        self.before_end = ""
        self.run: asyncio.Task[object] | None = None
        self.ended = asyncio.Event()

    async def put(self, batch_id: str, token: str, result: LineResult) -> bool:
        if self.refusals:
            self.refusals -= 1
            raise LedgerUnavailable("the ledger's database is locked")
        return await super().put(batch_id, token, result)

    async def change(self, batch: Batch, token: str) -> bool:
        self.checked = True
        return await super().change(batch, token)

    async def settle(self, batch: Batch, token: str) -> bool:
        if self.before_end:
            self._write(self.before_end, (batch.batch_id,))
        # What the run does behind this is over when its task is.
        self.run = asyncio.current_task()
        self.ended.set()
        return await super().settle(batch, token)


class House:
    """Runs a batch of three lines, two in the first part of its file, one after the other."""

    def __init__(
        self, folder: Path, *, refusals: int = 0, delete: bool = False, lower: bool = False
    ) -> None:
        self.database = Database.open(folder / "ledger.db")
        self.batches = Batches(self.database, refusals)
        self.files = SqlFiles(self.database, CLOCK, lambda _: b"s" * 32)
        self.asked: list[bytes] = []
        self._delete = delete
        self._lower = lower

    async def application(self, _: Scope, receive: Receive, send: Send) -> None:
        event: Event = await receive()
        self.asked.append(event["body"])
        if self._delete:
            await self.files.delete("file-1", OWNER)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    def bounds(self) -> BatchesSection:
        """Returns the policy's bounds, which may be lower once the file is checked."""
        lowered = self._lower and self.batches.checked
        return BatchesSection(concurrency=1, max_line_bytes=1000 if lowered else 10_000)

    async def run(self) -> Batch:
        """Returns the batch at its end."""
        ended = await self.run_to_end()
        assert ended is not None
        return ended

    async def run_to_end(self) -> Batch | None:
        """Returns the batch at its end, None where it was erased meanwhile."""
        now_ms = CLOCK.now_ms()
        file = StoredFile("file-1", OWNER, "batch", "a.jsonl", 0, now_ms)
        await self.files.begin(file)
        for part, numbers in enumerate(((0, 1), (2,))):
            rows = (
                {
                    "custom_id": str(i),
                    "method": "POST",
                    "url": CHAT,
                    "body": {"n": i},
                    "left_out": "x" * 1024 * part,
                }
                for i in numbers
            )
            await self.files.append(file, part, b"".join(orjson.dumps(r) + b"\n" for r in rows))
        await self.files.finish(file)
        end_ms = now_ms + 1_000_000
        new = Batch("batch_1", OWNER, CHAT, "file-1", BatchState.VALIDATING, now_ms, end_ms)
        await self.batches.add(new, 1)
        pace = Pace(CLOCK, lambda: 1, lambda: 0, lambda: 0.0)
        parts = RunParts(
            self.batches, self.files, self.application, identity_of, pace, self.bounds, CLOCK,
            UlidIds(),
        )  # fmt: skip
        runner = BatchRunner(parts)
        runner.start()
        async with asyncio.timeout(60):
            await self.batches.ended.wait()
            assert self.batches.run is not None
            await asyncio.wait([self.batches.run])
            await runner.close()  # at the moment when a batch ended
        ended = await self.batches.get("batch_1", OWNER)
        with self.database.reading() as connection:
            self.kept = connection.exec_driver_sql("SELECT purpose FROM files").scalars().all()
        self.database.close()
        return ended


async def identity_of(owner: Owner) -> Identity:
    return Identity(owner.tenant, owner.key_id, frozenset({KeyScope.CHAT}))


async def test_an_answer_that_cannot_be_kept_now_is_not_asked_for_again(tmp_path: Path) -> None:
    house = House(tmp_path, refusals=1)
    batch = await house.run()
    assert batch.state is BatchState.COMPLETED
    assert house.asked == [b'{"n":0}', b'{"n":1}', b'{"n":2}']


async def test_no_line_is_asked_after_the_file_is_deleted(tmp_path: Path) -> None:
    house = House(tmp_path, delete=True)
    batch = await house.run()
    assert house.asked == [b'{"n":0}']
    assert (batch.state, batch.completed, batch.total) == (BatchState.FAILED, 1, 3)
    assert [error.code for error in batch.errors] == ["file_not_found"]
    assert batch.output_file_id is not None


async def test_lines_that_became_too_long_are_not_called_deleted(tmp_path: Path) -> None:
    house = House(tmp_path, lower=True)
    batch = await house.run()
    assert house.asked == [b'{"n":0}', b'{"n":1}']
    assert (batch.state, batch.completed, batch.total) == (BatchState.FAILED, 2, 3)
    (error,) = batch.errors
    assert (error.code, error.line) == ("line_too_long", 3)
    assert "max_line_bytes" in error.message


async def test_batch_that_is_erased_at_its_end_leaves_no_files(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.batches.before_end = "DELETE FROM batches WHERE batch_id = ?"
    assert await house.run_to_end() is None
    assert house.kept == ["batch"]


async def test_batch_that_another_process_took_at_its_end_gets_no_second_files(
    tmp_path: Path,
) -> None:
    house = House(tmp_path)
    house.batches.before_end = "UPDATE batches SET token = 'theirs' WHERE batch_id = ?"
    batch = await house.run()
    assert (batch.state, batch.output_file_id) == (BatchState.FINALIZING, None)
    assert house.kept == ["batch"]


async def test_batch_that_ends_keeps_its_output(tmp_path: Path) -> None:
    house = House(tmp_path)
    await house.run()
    assert house.kept == ["batch", "batch_output"]
