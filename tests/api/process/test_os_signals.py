"""A signal is taken while the block lasts, where it can be, and given back after it."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from router.api.compose.os_signals import taking


async def test_signal_acts_within_the_block() -> None:
    arrived = asyncio.Event()
    with taking("SIGHUP", arrived.set):
        os.kill(os.getpid(), signal.SIGHUP)
        await arrived.wait()


@pytest.mark.parametrize("before", [signal.SIG_DFL, signal.SIG_IGN])
@pytest.mark.parametrize("error", [None, KeyError()])
async def test_signal_is_given_back_after_the_block(
    before: signal.Handlers, error: Exception | None
) -> None:
    outside = signal.signal(signal.SIGHUP, before)  # ignored where the tests run under nohup
    try:
        with taking("SIGHUP", lambda: None):
            if error is not None:
                raise error
    except KeyError:
        pass
    finally:
        found = signal.signal(signal.SIGHUP, outside)
    assert found == before


@pytest.mark.parametrize("name", ["SIGHUP", "SIGOFANOTHERPLATFORM"])
async def test_block_runs_where_the_signal_cannot_be_taken(name: str) -> None:
    async def block() -> str:
        with taking(name, lambda: None):
            return "ran"

    assert await asyncio.to_thread(asyncio.run, block()) == "ran"
