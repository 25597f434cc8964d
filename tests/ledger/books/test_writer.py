"""The writing thread: what shares a commit, and what closing does with what nobody announced."""

from __future__ import annotations

import asyncio
import threading
from queue import SimpleQueue

from router.ledger.books.operations import finish_operation
from router.ledger.books.writer import Writer
from router.ledger.hash_chain import Head, genesis
from router.ledger.sql.database import Database
from router.ledger.sql.writer_slots import slots_of
from tests.kits.books.ledger_rows import request


def asleep(path: str, heads: list[Head]) -> Writer:
    """A writer, not started, that notes the chain's head after each commit."""
    database = Database.open(path)
    slot = slots_of(database).claim()
    first = Head(slot.writer_id, 0, genesis(slot.writer_id))
    return Writer(
        database,
        slot,
        first,
        queue_size=100,
        resume=lambda: heads[-1],
        committed=heads.append,
        idle=lambda: None,
    )


class Knocks(SimpleQueue[None]):
    """Says when the thread sleeps: it has looked at the queue, and waits for a knock."""

    def __init__(self) -> None:
        self.sleeps = threading.Event()

    def get(self, block: bool = True, timeout: float | None = None) -> None:
        self.sleeps.set()
        super().get(block, timeout)


def writing(path: str, heads: list[Head]) -> Writer:
    """The same writer at work."""
    writer = asleep(path, heads)
    writer.start()
    return writer


async def test_operations_of_one_pass_of_the_loop_share_a_commit(address: str) -> None:
    heads: list[Head] = []
    writer = asleep(address, heads)
    writer._knocks = knocks = Knocks()
    writer.start()
    await asyncio.to_thread(knocks.sleeps.wait)
    await asyncio.gather(*[writer.submit(finish_operation(request(f"r{n}"))) for n in range(40)])
    await asyncio.to_thread(writer.close)
    assert [head.sequence for head in heads] == [40]


async def test_closing_commits_what_the_thread_was_not_woken_for(address: str) -> None:
    heads: list[Head] = []
    writer = writing(address, heads)
    written = writer.submit(finish_operation(request("r1")))
    writer.close()  # blocks the loop, which would have woken the thread at the end of this pass
    await written
    assert [head.sequence for head in heads] == [1]


async def test_a_thread_that_is_busy_is_woken_once(address: str) -> None:
    heads: list[Head] = []
    writer = asleep(address, heads)
    written = []
    for n in range(50):
        written.append(writer.submit(finish_operation(request(f"r{n}"))))
        await asyncio.sleep(0)
    assert writer._knocks.qsize() == 1
    writer.start()
    await asyncio.gather(*written)
    await asyncio.to_thread(writer.close)
    assert heads[-1].sequence == 50
