"""Writes and starts an installation of any size: policies, approved answers, keys, budgets.

Approved answers are spread evenly over the policies, each of which has a knowledge file of its own.
The budgets stand in the first policy, as they must. It knows nothing about measuring.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.stage import ROOT, create_key, free_port, policy_text, started, wait_for
from router.ledger.sql.database import Database

READY_S = 600.0
"""A first start embeds and fits all knowledge files."""

VERBS = ("change", "cancel", "renew", "repair", "clean", "order", "return", "store", "register",
         "share")  # fmt: skip
THINGS = ("lamp", "desk", "bicycle", "heater", "camera", "tent", "printer", "guitar", "kettle",
          "drill")  # fmt: skip
WORDINGS = ("how do I {verb} my {thing} {name}", "I want to {verb} a {thing} {name}",
            "what is the way to {verb} the {thing} {name}")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Size:
    """Counts what an installation holds; `answers` is the sum over all policies."""

    policies: int
    answers: int
    keys: int
    tenants: int


SMALL = Size(1, 100, 10, 10)
LARGE = Size(100, 10_000, 10_000, 1_000)
QUICK_LARGE = Size(4, 400, 1_000, 100)


@dataclass(frozen=True, slots=True)
class Running:
    """Describes a started gateway."""

    pid: int
    url: str
    folder: Path
    files: tuple[Path, ...]  # of its policies
    models: tuple[str, ...]  # a name for each policy
    start_s: float

    @property
    def keys(self) -> Path:
        return self.folder / "keys.txt"


def write(folder: Path, size: Size, upstream: str) -> list[Path]:
    """Writes policies, knowledge, ledger and keys of an installation; returns the policies."""
    files = []
    for number in range(size.policies):
        policy = json.loads(policy_text(upstream))
        policy["name"] = f"bench{number}"
        approved = policy["tiers"][0]["answerers"][0]
        approved["knowledge"] = f"knowledge{number}.yaml"
        approved.pop("languages", None)  # they translate the answers of the shop
        if number == 0:
            limits = {"usd_per_day": 1_000, "usd_per_month": 10_000}
            policy["budgets"] = {f"tenant{i}": limits for i in range(size.tenants)}
        (folder / f"knowledge{number}.yaml").write_text(
            yaml.safe_dump(knowledge(number, size.answers // size.policies)), "utf-8"
        )
        file = folder / f"bench{number}.yaml"
        file.write_text(json.dumps(policy), "utf-8")  # JSON is YAML
        files.append(file)
    add_keys(folder, size)
    return files


def knowledge(number: int, answers: int) -> dict[str, object]:
    """Returns a knowledge file with so many approved answers, of three wordings each."""
    intents = []
    for i in range(answers):
        verb, thing = VERBS[i % 10], THINGS[i // 10 % 10]
        name = f"{chr(65 + number % 26)}{number}-{i // 100}"
        words = {"verb": verb, "thing": thing, "name": name}
        intents.append(
            {
                "id": f"{verb}_{thing}_{i // 100}",
                "utterances": [wording.format(**words) for wording in WORDINGS],
                "answer": f"To {verb} your {thing} {name}, call the shop.",
                "domain": "customer_support",
                "source": "bench",
            }
        )
    return {"version": 1, "name": f"Bench {number}", "intents": intents}


def add_keys(folder: Path, size: Size) -> None:
    """Puts keys into the ledger, of all tenants in turn, and their secrets into a file."""
    database = folder / "ledger.db"
    create_key(database)
    secrets = [f"tg_{hashlib.sha256(f'bench{i}'.encode()).hexdigest()}" for i in range(size.keys)]
    now_ms = time.time_ns() // 1_000_000
    opened = Database.open(database)
    try:
        with opened.writing() as connection:
            connection.exec_driver_sql(
                "INSERT INTO keys (key_id, secret_sha256, tenant, name, scopes, created_at_ms, "
                "policies, tiers, expires_at_ms) VALUES (?, ?, ?, '', '[\"chat\"]', ?, '[]', '[]', "
                "NULL)",
                [
                    (
                        f"key_bench{i}",
                        hashlib.sha256(secret.encode()).digest(),
                        f"tenant{i % size.tenants}",
                        now_ms,
                    )
                    for i, secret in enumerate(secrets)
                ],
            )
    finally:
        opened.close()
    (folder / "keys.txt").write_text("\n".join(secrets), "utf-8")


@contextlib.contextmanager
def running(
    folder: Path, size: Size, upstream: str, core: int | None, *more: str
) -> Iterator[Running]:
    """Writes and starts an installation; yields when it answers."""
    folder.mkdir()
    files = write(folder, size, upstream)
    port = free_port()
    serve = [sys.executable, "-m", "router.cli", "serve", "--port", str(port)]
    serve += ["--database", str(folder / "ledger.db"), "--log-level", "warning", *more]
    for file in files:
        serve += ["--policy", str(file)]
    environ = {"TIERGATE_POLICY": "", "PYTHONPATH": str(ROOT)}
    log = folder / "gateway.log"
    began = time.monotonic()
    with started(serve, core, log, environ) as pid:
        until = began + READY_S
        while True:
            try:
                wait_for(f"http://127.0.0.1:{port}/healthz", log)
                break
            except RuntimeError:
                # A process that ended is not waited for.
                stat = Path(f"/proc/{pid}/stat")
                ended = stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"
                if ended or time.monotonic() > until:
                    raise
        yield Running(
            pid,
            f"http://127.0.0.1:{port}/v1/chat/completions",
            folder,
            tuple(files),
            tuple(f"auto:{file.stem}" for file in files),
            time.monotonic() - began,
        )


def memory_mb(pid: int) -> float:
    """Returns the resident memory of a process in MB, from /proc; private and shared pages."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def own_memory_mb(pid: int) -> float:
    """Returns a process's share of its memory (PSS) in MB: pages of n processes count 1/n."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def children(pid: int) -> list[int]:
    """Returns the ids of a process's children."""
    ids = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        listed = Path(f"/proc/{pid}/task/{thread}/children")
        if listed.exists():
            ids += [int(child) for child in listed.read_text().split()]
    return ids
