"""A rollout in a running server: split by conversation, watched, and rolled back within seconds."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.kits.server_kit import Served, Upstream, tiergate, write_policy

pytestmark = pytest.mark.process

HALF: dict[str, object] = {"stages": [0.5, "all"], "least_requests": 30}
WORSE = {
    "errs": {"model": "status:503"},
    "is dear": {"price": {"input_usd_per_mtok": 20, "output_usd_per_mtok": 400, "version": "t"}},
    "is slow": {"model": "slow:1.5"},
}


def policy_with(folder: Path, url: str, changed: dict[str, object], **more: object) -> Path:
    section = {"candidate": {"answerers": {"mid": changed}}, **HALF, **more}
    return write_policy(folder, url, rollout=section)


@contextmanager
def running(folder: Path, changed: dict[str, object], **more: object) -> Iterator[Served]:
    with Upstream(folder) as upstream:
        policy = policy_with(folder, upstream.url, changed, **more)
        started = tiergate("rollout", "start", policy, "--database", folder / "ledger.db")
        assert started.returncode == 0, started.stderr
        with Served(folder, policy) as server:
            yield server


def ask(server: Served, session: str, text: str = "Where is my parcel?") -> httpx.Response:
    body = {"model": "auto", "messages": [{"role": "user", "content": text}]}
    return server.client.post("/v1/chat/completions", json=body, headers={"x-session-id": session})


def ask_all(server: Served, sessions: list[str]) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda session: ask(server, session), sessions))


def state(server: Served, policy: str = "tested") -> dict[str, object]:
    answer = server.client.get(f"/api/v1/rollouts/{policy}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def sides(server: Served) -> dict[str, str]:
    """Returns the side of each session by its rows, which name it by digest."""
    found = {}
    for row in server.rows():
        note = json.loads(str(row["record"])).get("rollout") if row.get("record") else None
        if note:
            found[str(row["session_digest"])] = note["arm"]
    return found


@pytest.mark.parametrize("how", WORSE)
def test_a_worse_candidate_is_rolled_back(tmp_path: Path, how: str) -> None:
    with running(tmp_path, WORSE[how]) as server:
        deadline = time.monotonic() + 120
        count = 0
        while state(server)["state"] == "running":
            assert time.monotonic() < deadline, state(server)
            ask_all(server, [f"{how} {count + i}" for i in range(40)])
            count += 40
        ended = state(server)
        assert ended["state"] == "rolled_back"
        metric = {"errs": "errors", "is dear": "cost", "is slow": "latency"}[how]
        assert str(ended["why"]).startswith(metric)
        # From here on everybody is served by the base.
        before = Counter(str(row["policy_hash"]) for row in server.rows())
        ask_all(server, [f"after {i}" for i in range(20)])
        after = Counter(str(row["policy_hash"]) for row in server.rows())
        assert after[str(ended["candidate_hash"])] == before[str(ended["candidate_hash"])] + (
            0 if how != "never" else 1
        )
        verified = tiergate("ledger", "verify", "--database", server.database)
        assert verified.returncode == 0, verified.stdout


def test_a_side_outlives_a_restart(tmp_path: Path) -> None:
    sessions = [f"s{i}" for i in range(30)]
    with Upstream(tmp_path) as upstream:
        policy = policy_with(tmp_path, upstream.url, {"model": "mirror"})
        tiergate("rollout", "start", policy, "--database", tmp_path / "ledger.db")
        texts = []
        for _ in range(2):
            with Served(tmp_path, policy) as server:
                answers = [ask(server, session).json() for session in sessions]
                texts.append([a["choices"][0]["message"]["content"] for a in answers])
        assert texts[0] == texts[1]
        assert len(set(texts[0])) == 2
