"""A batch beside a ledger that cannot be used for a while."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson

from router.api.batches.pace import Pace
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


class FaultyBatches(SqlBatches):
    """Refuses to keep the first result; `ended` is set with the batch."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, CLOCK, lambda _: b"s" * 32)
        self.refused = 0
        self.ended = asyncio.Event()

    async def put(self, batch_id: str, token: str, result: LineResult) -> bool:
        if not self.refused:
            self.refused += 1
            raise LedgerUnavailable("the ledger's database is locked")
        return await super().put(batch_id, token, result)

    async def settle(self, batch: Batch, token: str) -> bool:
        mine = await super().settle(batch, token)
        self.ended.set()
        return mine


async def identity_of(owner: Owner) -> Identity:
    return Identity(owner.tenant, owner.key_id, frozenset({KeyScope.CHAT}))


async def test_an_answer_that_cannot_be_kept_now_is_not_asked_for_again(tmp_path: Path) -> None:
    asked: list[bytes] = []

    async def application(_: Scope, receive: Receive, send: Send) -> None:
        event: Event = await receive()
        asked.append(event["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    database = Database.open(tmp_path / "ledger.db")
    files = SqlFiles(database, CLOCK, lambda _: b"s" * 32)
    batches = FaultyBatches(database)
    rows = [
        orjson.dumps({"custom_id": str(i), "method": "POST", "url": CHAT, "body": {"n": i}})
        for i in range(3)
    ]
    now_ms = CLOCK.now_ms()
    content = b"\n".join(rows)
    file = StoredFile("file-1", OWNER, "batch", "a.jsonl", len(content), now_ms)
    await files.begin(file)
    await files.append(file, 0, content)
    await files.finish(file)
    await batches.add(
        Batch("batch_1", OWNER, CHAT, "file-1", BatchState.VALIDATING, now_ms, now_ms + 1_000_000)
    )
    pace = Pace(CLOCK, lambda: 4, lambda: 0, lambda: 0.0)
    runner = BatchRunner(
        batches,
        files,
        application,
        identity_of,
        pace,
        BatchesSection,
        clock=CLOCK,
        ids=UlidIds(),
    )
    runner.start()
    async with asyncio.timeout(60):
        await batches.ended.wait()
    await runner.close()
    database.close()
    assert batches.refused == 1
    assert sorted(asked) == [b'{"n":0}', b'{"n":1}', b'{"n":2}']
