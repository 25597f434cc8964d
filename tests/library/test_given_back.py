"""What a closed Gateway gives back."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import warnings
import weakref
from pathlib import Path

import pytest

from router import Gateway
from tests.kits.library_kit import ASKED, a_gateway, within
from tests.kits.upstreams.fake_upstream import FakeUpstream


def closed(folder: Path, url: str) -> weakref.ref[object]:
    """Returns the app of a gateway that has answered and is closed."""
    gateway = a_gateway(folder, url)
    within(30, lambda: gateway.complete(ASKED))
    assert gateway._app is not None
    app = weakref.ref[object](gateway._app)
    within(30, gateway.close)
    return app


def open_files() -> set[str]:
    """Returns what the open descriptors of this process name."""
    names = set()
    for number in os.listdir("/proc/self/fd"):
        if os.path.exists(path := f"/proc/self/fd/{number}"):
            names.add(os.readlink(path))
    return names


def test_a_closed_gateway_leaves_no_thread_file_or_part(
    tmp_path: Path, upstream: FakeUpstream
) -> None:
    closed(tmp_path, upstream.url)  # what the process opens once, such as the random device
    upstream_connections = len(upstream.connections)
    threads, files = {thread.name for thread in threading.enumerate()}, open_files()
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        apps = [closed(tmp_path, upstream.url) for _ in range(2)]
    assert {thread.name for thread in threading.enumerate()} <= threads
    assert not {name for name in open_files() - files if "socket" not in name}
    assert len(upstream.connections) <= upstream_connections
    gc.collect()
    assert [app() for app in apps] == [None, None]


def test_a_gateway_that_failed_to_open_leaves_no_thread(
    tmp_path: Path, upstream: FakeUpstream
) -> None:
    before = set(threading.enumerate())
    (tmp_path / "ledger.db").mkdir()
    gateway: Gateway = a_gateway(tmp_path, upstream.url)
    with pytest.raises(Exception, match="ledger"):
        within(30, lambda: gateway.complete(ASKED))
    within(30, lambda: asyncio.run(gateway.aclose()))
    assert not {
        thread for thread in set(threading.enumerate()) - before if "tiergate" in thread.name
    }
