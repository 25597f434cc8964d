"""Workers that start while a policy's file is broken, and what clients get while none serves."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
from pathlib import Path

import httpx
import pytest

from router.policy.loading import policies_dir
from tests.kits.server_kit import Served, Upstream, eventually, write_policy
from tests.kits.workers import events, workers_of

pytestmark = pytest.mark.process


def kill_workers(served: Served) -> None:
    """Kills all workers at once."""
    for worker in workers_of(served.process.pid):
        os.kill(worker, signal.SIGKILL)


def metric(served: Served) -> str:
    page = served.client.get("/metrics").text
    return next(line for line in page.splitlines() if line.startswith("tiergate_policy_broken{"))


def asks(served: Served) -> httpx.Response | None:
    """Asks on a new connection; None where none is accepted, or it is cut."""
    with contextlib.suppress(httpx.TransportError), httpx.Client(timeout=30.0) as client:
        body = {"model": "auto", "messages": [{"role": "user", "content": "Where is it?"}]}
        return client.post(f"{served.url}/v1/chat/completions", json=body)
    return None


def answers(served: Served) -> bool:
    response = asks(served)
    return response is not None and response.status_code == 200


def test_workers_that_start_while_the_file_is_broken_serve_the_last_good_policy(
    upstream: Upstream, tmp_path: Path
) -> None:
    policy = write_policy(tmp_path, upstream.url, aliases={"first": "auto"})
    good = policy.read_text()
    with Served(tmp_path, policy, "--workers", "2") as served:
        assert metric(served) == 'tiergate_policy_broken{policy="tested"} 0.0'
        # The last good one is the one in use, not the one of the start.
        policy.write_text(good.replace("first", "second"))
        eventually(lambda: served.chat("second").status_code == 200)
        eventually(lambda: served.output.count('"policy_reloaded"') == 3)
        policy.write_text(f"{policy.read_text()}garbage: [\n")
        eventually(lambda: metric(served).endswith(" 1.0"))
        kill_workers(served)
        eventually(lambda: len(events(served, "policy_kept")) == 2)
        eventually(lambda: answers(served))
        served.client.close()
        served.client = httpx.Client(base_url=served.url, timeout=60.0)
        assert served.chat("second").status_code == 200
        assert metric(served).endswith(" 1.0")
        mistakes = served.client.get("/readyz").json()["policies"]["tested"]["mistakes"]
        assert str(policy) in mistakes[0]
        (told, _) = events(served, "policy_kept")
        assert (told["level"], told["policy"]) == ("error", "tested")
        assert str(policy) in str(told["reason"])
        # The mended file is in use again, also where it says what the copy says.
        policy.write_text(good.replace("first", "second"))
        eventually(lambda: metric(served).endswith(" 0.0"))
        policy.write_text(good.replace("first", "third"))
        eventually(lambda: served.chat("third").status_code == 200)
        assert served.end() == 0
    assert "Traceback" not in served.output


def test_a_broken_file_that_the_policy_names_is_kept_too(
    upstream: Upstream, tmp_path: Path
) -> None:
    known = tmp_path / "answers.yaml"
    shutil.copy(policies_dir() / "knowledge" / "customer_support.yaml", known)
    lookups = [
        {"name": name, "kind": "file", "path": str(policies_dir() / "lookups" / f"{name}.json")}
        for name in ("orders", "accounts")
    ]
    faq = {"name": "faq", "kind": "resolver", "knowledge": known.name}
    above = {"name": "mid", "kind": "upstream", "model": "answer", "base_urls": [upstream.url]}
    tiers = [
        {"name": "resolve", "level": 1, "answerers": [{**faq, "lookups": ["orders", "accounts"]}]},
        {"name": "llm", "level": 2, "answerers": [above]},
    ]
    policy = write_policy(tmp_path, upstream.url, tiers=tiers, lookups=lookups)
    with Served(tmp_path, policy, "--workers", "2") as served:
        eventually(lambda: copies(served))
        known.write_text("version: 1\nentries: [\n")
        eventually(lambda: metric(served).endswith(" 1.0"))
        kill_workers(served)
        eventually(lambda: answers(served))
        served.client.close()
        served.client = httpx.Client(base_url=served.url, timeout=60.0)
        asked = {"role": "user", "content": "How do I return a parcel?"}
        response = served.post("/v1/chat/completions", {"model": "auto", "messages": [asked]})
        assert response.headers["x-tiergate-tier"] == "resolve"


def copies(served: Served) -> bool:
    """True once the parent has a copy of what is in use."""
    opened = Path(f"/proc/{served.process.pid}/fd")
    links = [os.readlink(link) for link in opened.iterdir() if link.exists()]
    folders = {Path(link).parent for link in links if "tiergate-policies-" in link}
    return any(any(folder.glob("*/**/*.yaml")) for folder in folders)


def test_clients_learn_at_once_that_no_worker_serves(upstream: Upstream, tmp_path: Path) -> None:
    policy = write_policy(tmp_path, upstream.url)
    with Served(tmp_path, policy, "--workers", "2", "--admin-listen", "0") as served:
        operators = served.wait_for(r"docs +(http://\S+)/docs")[1]
        aside = tmp_path / "aside.db"
        served.database = Path(served.database)
        with contextlib.closing(sqlite3.connect(served.database)) as books:
            books.execute(f"VACUUM INTO '{aside}'")
        # A ledger that no worker can open.
        for suffix in ("", "-wal", "-shm"):
            Path(f"{served.database}{suffix}").unlink(missing_ok=True)
        served.database.write_bytes(b"this is no database, " * 100)
        kill_workers(served)
        served.wait_for('"no_worker"')
        refused = asks(served)
        assert refused is not None
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "no_worker")
        assert (refused.headers["retry-after"], refused.headers["connection"]) == ("5", "close")
        assert refused.headers["x-request-id"].startswith("req_")
        for page in (f"{served.url}/healthz", f"{served.url}/readyz", f"{operators}/metrics"):
            assert httpx.get(page, timeout=30.0).status_code == 503
        told = httpx.post(f"{served.url}/v1/messages", json={}, timeout=30.0).json()
        assert (told["type"], told["error"]["type"]) == ("error", "overloaded_error")
        # As soon as a worker can start, it serves.
        aside.replace(served.database)
        eventually(lambda: answers(served))
        served.wait_for('"worker_serves"')
        assert served.end() == 0
    assert "Traceback" not in served.output
