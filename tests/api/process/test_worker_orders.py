"""Tests what workers are told, and what the parent does when none of them can start."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest
import uvloop

from router.api.compose.core import Settings
from router.api.process.kept_policies import KeptCopy
from router.api.process.process import Options
from router.api.process.supervisor import send_orders
from router.api.process.worker import Orders
from tests import ROOT
from tests.kits.changed import replace
from tests.kits.server_kit import (
    Running,
    Served,
    Upstream,
    eventually,
    tiergate,
    write_policy,
)
from tests.kits.workers import events, workers_of

EVERY_PATH = Settings(
    policies=("default", "mine"),
    database=Path("a/ledger.db"),
    anchors=Path("a/anchors"),
    model_dir=Path("a/model"),
    cache_dir=Path("a/cache"),
    reachable=("gpt-4o",),
)


@pytest.mark.parametrize(
    "settings", [Settings(), EVERY_PATH, replace(EVERY_PATH, anchors=None, cache_dir=None)]
)
def test_orders_are_read_as_they_were_written(settings: Settings) -> None:
    kept = (KeptCopy("copy/mine.yaml", "mine.yaml", ("mine.yaml", "answers.yaml")),)
    orders = Orders(Options(settings=settings), 7, {"smollm2": "unix:/x"}, 8, kept, 1, 3)
    assert Orders.from_line(orders.to_line()) == orders


def test_a_worker_that_has_ended_needs_no_orders() -> None:
    async def send() -> None:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", "", stdin=PIPE)
        await process.wait()
        assert process.stdin is not None
        process.stdin.close()
        await send_orders(process.stdin, Orders(Options(settings=Settings()), 7, {}))

    uvloop.run(send())


@pytest.mark.process
def test_workers_that_never_start_end_the_parent(tmp_path: Path) -> None:
    # Python runs this before anything else; it ends workers and no one else.
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\nif 'router.api.process.worker' in sys.orig_argv: os._exit(9)\n"
    )
    policy = write_policy(tmp_path, "http://127.0.0.1:9")
    database = tmp_path / "ledger.db"
    served = tiergate(
        "serve", "--policy", policy, "--database", database, "--port", "0", "--workers", "2",
        PYTHONPATH=f"{ROOT}:{tmp_path}",
    )  # fmt: skip
    assert served.returncode == 1
    assert "no worker could start" in served.stderr


@pytest.mark.process
def test_every_line_of_workers_that_cannot_start_is_json_that_names_its_process(
    tmp_path: Path,
) -> None:
    database = tmp_path / "ledger.db"
    database.write_bytes(b"this is no database, " * 100)
    policy = write_policy(tmp_path, "http://127.0.0.1:9")
    served = tiergate(
        "serve", "--policy", policy, "--database", database, "--port", "0", "--workers", "2",
        PYTHONPATH=str(ROOT),
    )  # fmt: skip
    assert served.returncode == 4
    *lines, last = served.stderr.splitlines()
    told = [json.loads(line) for line in lines]
    assert last.startswith("tiergate: no worker could start")
    refused = [one for one in told if one["event"] == "worker_not_started"]
    assert refused
    assert {one["process"] for one in refused} <= {"worker-0", "worker-1"}
    assert {(one["level"], one["code"]) for one in refused} == {("error", 4)}
    assert all(str(database) in one["reason"] for one in refused)


@pytest.mark.process
def test_a_worker_that_ends_of_a_mistake_of_ours_says_so_in_json(tmp_path: Path) -> None:
    # The first worker starts well, so that the parent goes on; the next one meets the mistake.
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\n"
        "if 'router.api.process.worker' in sys.orig_argv and os.path.exists('FLAG'):\n"
        "    from router.api.compose import core\n"
        "    core.addresses_from = lambda texts: 1 / 0\n".replace(
            "'FLAG'", repr(str(tmp_path / "flag"))
        )
    )
    policy = write_policy(tmp_path, "http://127.0.0.1:9")
    with Running(
        tmp_path,
        *("serve", "--policy", policy, "--database", tmp_path / "ledger.db"),
        *("--port", "0", "--workers", "2"),
        PYTHONPATH=f"{ROOT}:{tmp_path}",
    ) as served:
        served.wait_for("ready: ")
        (tmp_path / "flag").touch()
        for worker in workers_of(served.process.pid):
            os.kill(worker, signal.SIGKILL)
        line = json.loads(served.wait_for(r"\{.*worker_failed.*\}")[0])
        assert "ZeroDivisionError" in line["exception"]
        assert line["process"].startswith("worker-")
        assert served.end() == 0
    assert "\nTraceback" not in served.output


@pytest.mark.process
def test_a_reload_has_a_line_of_each_process(upstream: Upstream, tmp_path: Path) -> None:
    policy = write_policy(tmp_path, upstream.url)
    with Served(tmp_path, policy, "--workers", "2") as served:
        policy.write_text(policy.read_text().replace("gpt-4o", "other"))
        eventually(lambda: len(events(served, "policy_reloaded")) == 3)
    named = [one["process"] for one in events(served, "policy_reloaded")]
    assert sorted(map(str, named)) == ["supervisor", "worker-0", "worker-1"]


@pytest.mark.process
def test_a_worker_that_is_not_ready_in_time_is_told(tmp_path: Path) -> None:
    # The parent waits for less than a minute, and the worker that it starts for ever.
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, time\n"
        "if 'router.api.process.worker' in sys.orig_argv: time.sleep(1000)\n"
        "from router.api.process import supervisor\n"
        "supervisor.LATE_S = 0.2\n"
    )
    policy = write_policy(tmp_path, "http://127.0.0.1:9")
    with Running(
        tmp_path,
        *("serve", "--policy", policy, "--database", tmp_path / "ledger.db"),
        *("--port", "0", "--workers", "2"),
        PYTHONPATH=f"{ROOT}:{tmp_path}",
    ) as served:
        served.wait_for('"worker_late"')
        assert served.end() == 0
