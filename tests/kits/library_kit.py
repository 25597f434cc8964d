"""Opens gateways as a program does that embeds them, over an upstream in a thread of its own.

The upstream needs no event loop of the test, so that a test may be synchronous, or run several
loops one after another.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from router import Gateway
from tests.kits.upstreams.fake_upstream import FakeUpstream

T = TypeVar("T")

POLICY = """
version: 1
name: library
tiers:
  - name: llm
    level: 2
    answerers:
      - name: mini
        kind: upstream
        model: instant
        base_urls: ["{url}"]
        price: {{input_usd_per_mtok: 1, output_usd_per_mtok: 2}}
  - name: large
    level: 3
    answerers:
      - name: maxi
        kind: upstream
        model: instant
        base_urls: ["{url}"]
        price: {{input_usd_per_mtok: 10, output_usd_per_mtok: 20}}
"""
ASKED = "Explain how tides work."


@contextmanager
def upstream_in_thread() -> Iterator[FakeUpstream]:
    """Serves on a loop of its own. Set `behaviour`, and read `count` and `aborted`, from here."""
    loop, fake = asyncio.new_event_loop(), FakeUpstream()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(fake.start(), loop).result(10)
    try:
        yield fake
    finally:
        asyncio.run_coroutine_threadsafe(fake.close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def a_gateway(folder: Path, url: str, policy: str = POLICY) -> Gateway:
    path = folder / "library.yaml"
    path.write_text(policy.format(url=url), "utf-8")
    return Gateway.from_policy(
        path, database=folder / "ledger.db", documents=folder / "documents.db", environ={}
    )


def within(seconds: float, work: Callable[[], T]) -> T:
    """Returns what `work` returns or raises in a thread. Fails where it does not end in time."""
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    with suppress(TimeoutError):
        return done.result(seconds)
    if done.done():  # it raised TimeoutError itself
        return done.result()
    raise AssertionError(f"it did not end within {seconds} s")


def until(holds: Callable[[], bool], seconds: float = 10) -> None:
    """Waits for something to hold. Fails where it does not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
