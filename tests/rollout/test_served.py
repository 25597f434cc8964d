"""A rollout in a running server: split by conversation, watched, and rolled back within seconds."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.kits.server_kit import Served, Upstream, eventually, tiergate, write_ladder, write_policy

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
        candidate = str(ended["candidate_hash"])
        before = Counter(str(row["policy_hash"]) for row in server.rows())
        ask_all(server, [f"after {i}" for i in range(20)])
        after = Counter(str(row["policy_hash"]) for row in server.rows())
        assert after[candidate] == before[candidate]
        assert after.total() == before.total() + 20
        verified = tiergate("ledger", "verify", "--database", server.database)
        assert verified.returncode == 0, verified.stdout


def test_a_candidate_that_is_out_of_use_behind_a_stand_in_is_rolled_back(tmp_path: Path) -> None:
    """A few failed calls open its breaker; from then on no call is made that could fail."""
    candidate = {"answerers": {"rung-0": {"model": "status:503"}}}
    section = {"candidate": candidate, **HALF, "guards": {"cost": None, "latency": None}}
    with Upstream(tmp_path) as upstream:
        policy = write_ladder(
            tmp_path, "tested", upstream.url, "mirror", "mirror", sections={"rollout": section}
        )
        tiergate("rollout", "start", policy, "--database", tmp_path / "ledger.db")
        with Served(tmp_path, policy) as server:
            deadline, count = time.monotonic() + 120, 0
            while state(server)["state"] == "running":
                assert time.monotonic() < deadline, state(server)
                assert {ask(server, f"o{count + i}").status_code for i in range(40)} == {200}
                count += 40
            assert str(state(server)["why"]).startswith("errors")


@pytest.mark.parametrize(
    ("workers", "number"), [(1, signal.SIGTERM), (1, signal.SIGKILL), (2, signal.SIGKILL)]
)
def test_a_side_outlives_a_restart_and_each_request_counts_once(
    tmp_path: Path, workers: int, number: signal.Signals
) -> None:
    sessions = [f"s{i}" for i in range(30)]

    def counted(server: Served) -> int:
        requests = state(server)["requests"]
        assert isinstance(requests, dict)
        return int(requests["base"]) + int(requests["candidate"])

    with Upstream(tmp_path) as upstream:
        policy = policy_with(tmp_path, upstream.url, {"model": "mirror"})
        tiergate("rollout", "start", policy, "--database", tmp_path / "ledger.db")
        texts = []
        for begun in range(2):
            with Served(tmp_path, policy, "--workers", str(workers)) as server:
                eventually(lambda: counted(server) == 30 * begun)  # noqa: B023
                answers = [ask(server, session).json() for session in sessions]
                texts.append([a["choices"][0]["message"]["content"] for a in answers])
                eventually(lambda: counted(server) == 30 * (begun + 1))  # noqa: B023
                server.end(number)
        assert texts[0] == texts[1]
        assert len(set(texts[0])) == 2
    verified = tiergate("ledger", "verify", "--database", tmp_path / "ledger.db")
    assert verified.returncode == 0, verified.stdout


def test_servers_that_share_a_ledger_roll_back_together(tmp_path: Path, address: str) -> None:
    with Upstream(tmp_path) as upstream:
        policy = policy_with(tmp_path, upstream.url, WORSE["errs"])
        other = tmp_path / "other"
        other.mkdir()
        with Served(tmp_path, policy, ledger=address) as one:
            with Served(other, policy, ledger=address) as two:
                started = tiergate("rollout", "start", policy, "--database", address)
                assert started.returncode == 0, started.stderr
                count = 0
                # Only the first server gets requests; the second one learns of them.
                while state(one)["state"] == "running":
                    ask_all(one, [f"c{count + i}" for i in range(40)])
                    count += 40
                assert state(two)["state"] == "rolled_back"
                eventually(lambda: all(ask(two, f"b{i}").status_code == 200 for i in range(8)), 30)
                versions = [change["version"] for change in state(two)["history"]]  # type: ignore[attr-defined]
                assert versions == [1, 2]
            verified = tiergate("ledger", "verify", "--database", address)
            assert verified.returncode == 0, verified.stdout


def test_a_stage_passes_its_gates_and_goes_on_by_itself(tmp_path: Path) -> None:
    more = {"advance": "by_gates", "guards": {"errors": 0.3, "latency": None, "cost": None}}
    with running(tmp_path, {"model": "mirror"}, **more) as server:
        count = 0
        while state(server)["stage"] != "all":
            ask_all(server, [f"p{count + i}" for i in range(60)])
            count += 60
        turns = [change["turn"] for change in state(server)["history"]]  # type: ignore[attr-defined]
        assert turns == ["started", "promoted"]
        assert state(server)["share"] == 0.95
        refused = tiergate("rollout", "promote", "tested", "--database", server.database)
        assert refused.returncode == 1
        assert "last stage" in refused.stderr or "not passed" in refused.stderr


def test_complaints_roll_a_candidate_back(tmp_path: Path) -> None:
    def complain_of_the_candidate(server: Served, session: str) -> None:
        answer = ask(server, session)
        if answer.json()["choices"][0]["message"]["content"] == "Where is my parcel?":
            told = {"decision_id": answer.headers["x-tiergate-decision-id"], "correct": False}
            assert server.client.post("/v1/feedback", json=told).is_success

    with running(tmp_path, {"model": "mirror"}, guards={"latency": None}) as server:
        count = 0
        while state(server)["state"] == "running":
            for i in range(count, count + 40):
                complain_of_the_candidate(server, f"c{i}")
            count += 40
        assert str(state(server)["why"]).startswith("complaints")


def test_commands_say_what_cannot_be_done(tmp_path: Path) -> None:
    ledger = ("--database", tmp_path / "ledger.db")
    plain = write_policy(tmp_path, "http://127.0.0.1:9/v1")
    assert "no section `rollout`" in tiergate("rollout", "start", plain, *ledger).stderr
    policy = policy_with(tmp_path, "http://127.0.0.1:9/v1", {"model": "newer"})
    assert "No rollout" in tiergate("rollout", "rollback", "tested", "--why", "x", *ledger).stderr
    assert tiergate("rollout", "start", policy, *ledger).returncode == 0
    by_file = tiergate("rollout", "promote", policy, *ledger).stderr
    assert "Name the policy, not its file" in by_file
    assert "is in stage canary 50 %" in tiergate("rollout", "start", policy, *ledger).stderr
    assert "rollout tested: canary 50 %, running" in tiergate("report", *ledger).stdout
    # A report of a time without a request ends with the same state: it is of now.
    empty = tiergate("report", *ledger, "--until", "2026-01-01").stdout
    _, heading, stands = empty.partition("Rollouts as they stand now (20")
    assert "whatever period" in heading + stands
    assert stands.index("whatever period") < stands.index("rollout tested: canary 50 %, running")
    assert "this stage began 20" in stands
    refused = tiergate("rollout", "promote", "tested", *ledger)
    assert refused.returncode == 1
    assert "the smaller side has 0 of 30 requests" in refused.stderr
    forced = tiergate("rollout", "promote", "tested", "--force", *ledger)
    assert forced.stdout == "tested: promoted, stage all: promoted before its gates passed\n"
    unchanged = tiergate("rollout", "finish", policy, *ledger)
    assert unchanged.returncode == 1
    assert "still tries the change beside its base" in unchanged.stderr
    taken_over = write_policy(tmp_path, "http://127.0.0.1:9/v1")
    assert tiergate("rollout", "finish", taken_over, *ledger).returncode == 0
    told = tiergate("rollout", "status", *ledger).stdout
    assert "tested: all, finished" in told
    verified = tiergate("ledger", "verify", *ledger)
    assert verified.returncode == 0, verified.stdout
    rows = tiergate("ledger", "rows", "--json", *ledger).stdout.splitlines()
    assert len(rows) == 3


def test_a_start_warns_of_a_candidate_that_was_just_rolled_back(tmp_path: Path) -> None:
    ledger = ("--database", tmp_path / "ledger.db")
    policy = policy_with(tmp_path, "http://127.0.0.1:9/v1", {"model": "newer"})
    first = tiergate("rollout", "start", policy, *ledger)
    assert "Warning" not in first.stdout
    nothing = tiergate("rollout", "status", "other", *ledger)
    assert nothing.returncode == 1
    assert "no rollout of 'other' yet; `tiergate rollout start POLICY`" in nothing.stderr
    assert tiergate("rollout", "status", "tested", *ledger).returncode == 0
    tiergate("rollout", "rollback", "tested", "--why", "wrong prices", *ledger)
    again = tiergate("rollout", "start", policy, *ledger)
    assert again.returncode == 0
    assert "Warning: this very candidate" in again.stdout
    assert "wrong prices" in again.stdout


def test_an_edited_candidate_is_not_served(tmp_path: Path) -> None:
    with running(tmp_path, {"model": "mirror"}) as server:
        sessions = [f"s{i}" for i in range(20)]
        texts = {ask(server, one).json()["choices"][0]["message"]["content"] for one in sessions}
        assert len(texts) == 2
        upstream = str(server.folder)  # the same upstream, by the policy's own text
        path = Path(upstream) / "tested.yaml"
        path.write_text(path.read_text().replace("model: mirror", "model: echo"))

        def all_by_the_base() -> bool:
            said = {ask(server, one).json()["choices"][0]["message"]["content"] for one in sessions}
            return said == texts - {"Where is my parcel?"}

        eventually(all_by_the_base, 60)
        edited = "the candidate was edited, so the base serves everything"
        assert str(state(server)["waits"]).startswith(edited)
        told = tiergate("rollout", "status", path, "--database", server.database)
        assert edited in told.stdout, told.stderr
        server.wait_for(f"rollout_waits.*{edited}")


def test_changes_of_a_rollout_are_anchored_where_the_servers_rows_are(tmp_path: Path) -> None:
    anchors = tmp_path / "kept" / "anchors"
    environ = {"TIERGATE_ANCHORS": str(anchors)}
    where = ("--database", tmp_path / "ledger.db")
    with Upstream(tmp_path) as upstream:
        policy = policy_with(tmp_path, upstream.url, WORSE["is dear"])
    for order in (("start", policy), ("rollback", "tested", "--why", "a test")):
        before = anchors.read_bytes() if anchors.exists() else b""
        run = tiergate("rollout", *order, *where, **environ)
        assert run.returncode == 0, run.stderr
        assert len(anchors.read_bytes()) > len(before)
    assert not (tmp_path / "ledger.db.anchors").exists()
    assert tiergate("ledger", "verify", *where, **environ).returncode == 0
