"""A disk that fills up beneath a real server, or a locked database: what is told, and the books."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from router.ledger.books.verify import verify
from tests import ROOT
from tests.kits.server_kit import Served, Upstream, eventually, write_policy

pytestmark = pytest.mark.process

ASKED = [{"role": "user", "content": "How long is the warranty?"}]
ROOM = 40_000
"""Bytes that a file may have: enough for the log, too few for a row in the database's journal."""


@contextmanager
def full(server: Served) -> Iterator[None]:
    """Lets the operating system refuse longer files within the block, as a full disk does."""
    pid, kind = server.process.pid, resource.RLIMIT_FSIZE
    before = resource.prlimit(pid, kind, (ROOM, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(pid, kind, before)


def ready(server: Served) -> bool:
    return server.client.get("/readyz").status_code == 200


def asked(server: Served, *, stream: bool = False) -> httpx.Response:
    return server.chat(messages=ASKED, stream=stream)


def test_full_disk_is_told_at_once_and_nobody_is_booked_as_answered(tmp_path: Path) -> None:
    """Its first request makes the tenant's key, beside the ledger's own writer."""
    with Served(tmp_path, ROOT / "policies" / "customer_support.yaml") as server:
        with full(server):
            assert ready(server)  # nobody has written anything yet
            assert asked(server).status_code == 503
            eventually(lambda: not ready(server), 5.0)
            assert "ledger_lost" in server.output
        eventually(lambda: ready(server))
        answered = asked(server)
        assert answered.status_code == 200
        with full(server):
            refused = [asked(server, stream=stream) for stream in (False, True, False)]
            eventually(lambda: not ready(server), 5.0)
        eventually(lambda: ready(server))
        assert [reply.json()["error"]["code"] for reply in refused] == ["ledger_unavailable"] * 3
        rows = server.rows()
        metrics = server.client.get("/metrics").text
        server.end()
    kept = [(row["state"], row["verdict"], row["error_code"]) for row in rows]
    assert kept.count(("settled", "accepted", None)) == 1
    assert kept.count(("failed", "", "ledger_unavailable")) == len(kept) - 1 >= 3
    counted = [line for line in metrics.splitlines() if line.startswith("tiergate_requests_total")]
    assert [line.rpartition(" ")[2] for line in counted if "accepted" in line] == ["1.0"]
    assert verify(server.database).findings == ()


def test_requests_that_wait_for_one_commit_are_each_told_their_own_id(tmp_path: Path) -> None:
    """All of them fail by one error, in which each notes its request and whom to call."""
    with (
        Upstream(tmp_path) as upstream,
        Served(tmp_path, write_policy(tmp_path, upstream.url)) as server,
    ):
        assert asked(server).status_code == 200  # the tenant has its key
        with closing(sqlite3.connect(server.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")  # as a backup or a person's shell may
            with ThreadPoolExecutor(8) as threads:
                refused = list(threads.map(lambda _: asked(server), range(8)))
            other.execute("ROLLBACK")
        eventually(lambda: ready(server))
        assert asked(server).status_code == 200
        server.end()
    assert {reply.json()["error"]["code"] for reply in refused} == {"ledger_unavailable"}
    assert len({reply.headers["x-request-id"] for reply in refused}) == len(refused)
