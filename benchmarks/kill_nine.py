"""Kills a serving worker under load again and again: `python -m benchmarks.kill_nine [times]`.

A real `tiergate serve` before a real upstream serves sixteen clients, is killed with SIGKILL and
started again, on SQLite and on PostgreSQL. Each answer that a client got in full must be settled in
the ledger, every call in flight must be accounted for, and `verify` must pass.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import tempfile
from collections import Counter
from pathlib import Path

import aiohttp

from router.ledger.books.verify import verify
from router.ledger.sql import reading
from router.ledger.sql.database import Database
from tests.kits.books import postgres_kit
from tests.kits.server_kit import ROUTINE, Served, Upstream, write_policy

CLIENTS = 16
ANSWERS = 60  # a round ends after so many, while the next ones are in flight


async def load(url: str, kill: int, server: Served) -> list[str]:
    """Sends requests until the server is killed; returns the request ids of whole answers."""
    answered: list[str] = []

    async def client(session: aiohttp.ClientSession) -> None:
        while True:
            try:
                async with session.post(f"{url}/v1/chat/completions", json=ROUTINE) as response:
                    await response.read()
                    if response.status == 200:
                        name = response.headers["x-tiergate-decision-id"]
                        answered.append(name.removeprefix("dec_"))
            except (aiohttp.ClientError, OSError):
                return
            if len(answered) >= kill and server.process.poll() is None:
                server.process.send_signal(signal.SIGKILL)

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(client(session) for _ in range(CLIENTS)))
    return answered


def rounds(folder: Path, address: str, times: int) -> dict[str, object]:
    """Kills so many times on one ledger; returns the state of its rows afterwards."""
    answered: list[str] = []
    with Upstream(folder) as upstream:
        policy = write_policy(folder, upstream.url)
        for number in range(times):
            with Served(folder, policy, ledger=address) as server:
                answered += asyncio.run(load(server.url, ANSWERS + number, server))
                assert server.process.wait(30) == -signal.SIGKILL
        # One more start recovers what the last kill left open.
        with Served(folder, policy, ledger=address) as server:
            assert server.end() == 0
    database = Database.open(address)
    states = {row.request_id: row.state.value for row in reading.rows(database)}
    report = verify(database)
    database.close()
    return {
        "kills": times,
        "answered": len(answered),
        "answered but not settled": sum(states.get(name) != "settled" for name in answered),
        "rows": dict(Counter(states.values())),
        "still open": report.open_requests,
        "still held": report.held_nano_usd,
        "findings": len(report.findings),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.kill_nine")
    arguments.add_argument("times", nargs="?", type=int, default=20, help="kills on each database")
    times = arguments.parse_args().times
    with tempfile.TemporaryDirectory() as folder:
        print("sqlite    ", rounds(Path(folder), f"{folder}/ledger.db", times), flush=True)
    with postgres_kit.running() as server, tempfile.TemporaryDirectory() as folder:
        print("postgresql", rounds(Path(folder), server.new_database(), times), flush=True)


if __name__ == "__main__":
    main()
