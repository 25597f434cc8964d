"""`Idempotency-Key` on a real server: one answer, one upstream call, one price."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from itertools import count
from pathlib import Path

import httpx
import openai
import pytest
import yaml

from router.api.http.idempotency import HEADER, MAX_KEY
from tests import ROOT
from tests.kits.books.ledger_files import ledger_bytes
from tests.kits.server_kit import (
    COMMAND_S,
    PYTHON,
    ROUTINE,
    Served,
    Upstream,
    environment,
    eventually,
    tiergate,
    write_policy,
)
from tests.kits.server_kit import write_behaviours as behaviours
from tests.kits.upstreams.upstream_wire import TEXT

pytestmark = pytest.mark.process

NUMBERS = count(1)
PAID = 140_000  # 20 tokens at $1 and 12 at $10 a million, in nano-dollars


@pytest.fixture(scope="module")
def served(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    policy = write_policy(folder, upstream.url, max_body_bytes=100_000)
    (broken,) = behaviours(folder, upstream.url, "cut")
    parsed = yaml.safe_load(broken.read_text())
    parsed["tiers"][0]["answerers"][0]["verify"] = {"default": "none"}  # it streams through at once
    broken.write_text(yaml.safe_dump(parsed))
    others = behaviours(folder, upstream.url, "slow", "dawdling")
    with Served(folder, policy, broken, *others) as server:
        yield server


@pytest.fixture
def key() -> str:
    """A key that no other test uses; as a tag it finds the rows of one test."""
    return f"key-{next(NUMBERS)}"


def chat(served: Served, key: str, model: str = "auto", **fields: object) -> httpx.Response:
    body = {**ROUTINE, "model": model, "routing": {"tags": [key]}, **fields}
    headers = {"Idempotency-Key": key}
    return served.client.post("/v1/chat/completions", json=body, headers=headers)


def rows_of(served: Served, key: str) -> list[dict[str, object]]:
    return [row for row in served.rows() if row["tags"] == [key]]


def costs(served: Served, key: str) -> list[object]:
    return sorted(int(str(row["cost_nano_usd"])) for row in rows_of(served, key))


def test_the_same_request_gets_the_same_answer_for_nothing(served: Served, key: str) -> None:
    first, again = chat(served, key), chat(served, key)
    assert again.content == first.content
    assert again.headers["x-tiergate-replay-of"] == first.headers["x-tiergate-decision-id"]
    assert "x-tiergate-replay-of" not in first.headers
    assert (first.headers["x-tiergate-cost-usd"], again.headers["x-tiergate-cost-usd"]) == (
        "0.00014", "0",
    )  # fmt: skip
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert again.headers["x-tiergate-tier"] == "llm"
    row = served.row(again)
    assert (row["reason"], row["cost_nano_usd"]) == ("idempotent_replay", 0)
    assert set(row["baselines"].values()) == {None}  # type: ignore[attr-defined]
    assert costs(served, key) == [0, PAID]


def test_openai_client_gets_the_same_answer(client: openai.OpenAI, key: str) -> None:
    said = [
        client.chat.completions.create(
            model="auto", messages=ROUTINE["messages"], extra_headers={"Idempotency-Key": key}
        )
        for _ in range(2)
    ]
    assert said[0] == said[1]
    assert said[0].choices[0].message.content == TEXT
    assert said[0]._request_id != said[1]._request_id


def test_a_stream_is_given_again_as_a_stream(
    served: Served, client: openai.OpenAI, key: str
) -> None:
    said = [
        list(
            client.chat.completions.create(
                model="auto", messages=ROUTINE["messages"], stream=True,
                stream_options={"include_usage": True},
                extra_headers={"Idempotency-Key": key}, extra_body={"routing": {"tags": [key]}},
            )
        )
        for _ in range(2)
    ]  # fmt: skip
    assert said[0] == said[1]
    assert "".join(c.choices[0].delta.content or "" for c in said[1] if c.choices) == TEXT
    assert costs(served, key) == [0, PAID]


def test_requests_at_the_same_time_make_one_call(served: Served, key: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda _: chat(served, key, "auto:slow"), range(4)))
    assert len({response.content for response in said}) == 1
    assert sum("x-tiergate-replay-of" in response.headers for response in said) == 3
    assert costs(served, key) == [0, 0, 0, PAID]


def test_a_client_that_left_finds_its_answer(served: Served, upstream: Upstream, key: str) -> None:
    before = upstream.seen()["count"]
    body = json.dumps({**ROUTINE, "model": "auto:slow", "routing": {"tags": [key]}})
    headers = {"Idempotency-Key": key, "content-type": "application/json"}
    with closing(HTTPConnection(served.client.base_url.netloc.decode())) as hasty:
        hasty.request("POST", "/v1/chat/completions", body, headers)
        eventually(lambda: upstream.seen()["count"] > before)
    assert "x-tiergate-replay-of" in chat(served, key, "auto:slow").headers
    assert costs(served, key) == [0, PAID]


def test_a_client_that_left_mid_stream_finds_the_whole_of_it(served: Served, key: str) -> None:
    body = {
        **ROUTINE, "model": "auto:dawdling", "stream": True, "routing": {"tags": [key]},
    }  # fmt: skip
    headers = {"Idempotency-Key": key}
    with served.client.stream(
        "POST", "/v1/chat/completions", json=body, headers=headers
    ) as response:
        next(response.iter_bytes())
    again = chat(served, key, "auto:dawdling", stream=True)
    assert "x-tiergate-replay-of" in again.headers
    assert again.text.rstrip().endswith("data: [DONE]")
    assert costs(served, key) == [0, PAID]


@pytest.mark.parametrize(
    ("path", "body"),
    [("embeddings", {"model": "auto", "input": "hello"}), ("moderations", {"input": "hello"})],
)
def test_the_gateways_own_models_know_keys_too(
    served: Served, key: str, path: str, body: dict[str, object]
) -> None:
    headers = {"Idempotency-Key": key}
    first, again = (served.client.post(f"/v1/{path}", json=body, headers=headers) for _ in range(2))
    assert again.content == first.content
    assert again.headers["x-tiergate-replay-of"] == first.headers["x-tiergate-decision-id"]
    assert served.row(again)["endpoint"] == path


def test_without_a_key_nothing_is_given_again(served: Served) -> None:
    assert not [r for r in (served.chat(), served.chat()) if "x-tiergate-replay-of" in r.headers]


def test_the_books_stay_whole_with_repeats(served: Served, key: str) -> None:
    assert "x-tiergate-replay-of" in [chat(served, key) for _ in range(3)][-1].headers
    run = tiergate("ledger", "verify", "-d", served.database)
    assert run.returncode == 0, run.stdout + run.stderr
    assert tiergate("report", "-d", served.database, "--json").returncode == 0
    assert re.search(r"^tiergate_replays_total [1-9]", served.client.get("/metrics").text, re.M)


def test_the_examples_of_the_page_run(served: Served, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "guides" / "embeddings.md").read_text()
    code = "\n".join(re.findall(r"```python\n(.*?)```", page, re.S))
    code += "print(answer.choices[0].message.content)\n"
    done = subprocess.run(
        [PYTHON, "-c", code.replace("http://127.0.0.1:8080", served.url)],
        capture_output=True,
        text=True,
        timeout=COMMAND_S,
        cwd=tmp_path,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].startswith("192 ")
    assert TEXT in done.stdout


def test_another_body_under_the_key_is_refused(
    served: Served, client: openai.OpenAI, key: str
) -> None:
    chat(served, key)
    response = chat(served, key, temperature=0.5)
    error = response.json()["error"]
    assert response.status_code == 422
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["param"], error["code"]) == ("Idempotency-Key", "idempotency_key_reused")
    with pytest.raises(openai.UnprocessableEntityError, match="Send a new key"):
        client.embeddings.create(
            model="auto", input="hello", extra_headers={"Idempotency-Key": key}
        )


def test_other_hints_under_the_key_are_another_request(served: Served, key: str) -> None:
    chat(served, key)
    served.client.headers["x-tiergate-stakes-usd"] = "5"
    try:
        assert chat(served, key).status_code == 422
    finally:
        del served.client.headers["x-tiergate-stakes-usd"]


def test_another_body_is_refused_while_the_first_is_answered(served: Served, key: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        bodies = [{}, {"temperature": 0.5}]
        said = list(pool.map(lambda body: chat(served, key, "auto:slow", **body), bodies))
    assert sorted(response.status_code for response in said) == [200, 422]


def test_a_message_that_is_given_again_has_one_new_id(served: Served, key: str) -> None:
    body = {**ROUTINE, "max_tokens": 64}
    first, again = (served.post("/v1/messages", body, **{HEADER: key}) for _ in range(2))
    assert again.headers["x-tiergate-replay-of"] == first.headers["x-tiergate-decision-id"]
    assert again.headers["request-id"] == again.headers["x-request-id"]
    assert again.headers["request-id"] != first.headers["request-id"]


def test_a_failure_is_tried_again(served: Served, upstream: Upstream, key: str) -> None:
    control = upstream.url.replace("/v1", "/control")
    httpx.post(control, json={"behaviour": "status:503"})
    failed = chat(served, key)
    httpx.post(control, json={"behaviour": None})
    assert (failed.status_code, chat(served, key).status_code) == (503, 200)
    assert "x-tiergate-replay-of" in chat(served, key).headers


def test_a_request_that_was_malformed_leaves_the_key_free(served: Served, key: str) -> None:
    assert chat(served, key, temperature="hot").status_code == 400
    assert chat(served, key).status_code == 200


def test_a_stream_that_broke_is_not_given_again(served: Served, key: str) -> None:
    for _ in range(2):
        response = chat(served, key, "auto:cut", stream=True)
        assert response.status_code == 200
        assert '"error"' in response.text
        assert "x-tiergate-replay-of" not in response.headers
    eventually(lambda: all(row["state"] != "open" for row in rows_of(served, key)))
    assert len(rows_of(served, key)) == 2


def test_a_dry_run_is_decided_each_time(served: Served, key: str) -> None:
    said = [chat(served, key, routing={"dry_run": True}) for _ in range(2)]
    assert not any("x-tiergate-replay-of" in response.headers for response in said)


@pytest.mark.parametrize(
    ("value", "status"),
    [("", 400), ("k" * MAX_KEY, 200), ("k" * (MAX_KEY + 1), 400), ("caf\xe9", 400), ("a\tb", 400)],
)
def test_keys_are_short_printable_ascii(served: Served, value: str, status: int) -> None:
    response = served.client.post(
        "/v1/chat/completions",
        json=ROUTINE,
        headers=[("Idempotency-Key", value.encode("latin-1"))],  # type: ignore[list-item]
    )
    assert response.status_code == status
    if status == 400:
        assert response.json()["error"]["param"] == "Idempotency-Key"


def test_a_tenant_sees_its_own_answers_only(upstream: Upstream, tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    keys = []
    for tenant in ("alice", "bob"):
        made = tiergate("keys", "create", "--tenant", tenant, "-d", database, "--json")
        keys.append(json.loads(made.stdout)["key"])
    with Served(tmp_path, write_policy(tmp_path, upstream.url)) as served:
        assert chat(served, "same").status_code == 401
        for secret in keys:
            served.client.headers["authorization"] = f"Bearer {secret}"
            assert "x-tiergate-replay-of" not in chat(served, "same").headers
        assert "x-tiergate-replay-of" in chat(served, "same").headers


@pytest.mark.parametrize("scope", ["security", "hints:lower"])
def test_keys_of_other_rights_get_answers_of_their_own(
    upstream: Upstream, tmp_path: Path, scope: str
) -> None:
    """What a key may lower or see, another key of the tenant is not given."""
    database = tmp_path / "ledger.db"
    keys = []
    for more in (["--scope", "chat", "--scope", scope], [], ["--scope", "chat"]):
        made = tiergate("keys", "create", "--tenant", "alice", *more, "-d", database, "--json")
        keys.append(json.loads(made.stdout)["key"])
    with Served(tmp_path, write_policy(tmp_path, upstream.url, cache={"exact": False})) as served:
        again = []
        for secret in (*keys, keys[0]):
            served.client.headers["authorization"] = f"Bearer {secret}"
            again.append("x-tiergate-replay-of" in chat(served, "same").headers)
    assert again == [False, False, True, True]


def alone(url: str, key: str, model: str = "auto", **fields: object) -> httpx.Response:
    """Asks as `chat` does, on a new connection, which any of the workers may take."""
    with httpx.Client(base_url=url, timeout=120.0) as client:
        body = {**ROUTINE, "model": model, **fields}
        return client.post("/v1/chat/completions", json=body, headers={HEADER: key})


def test_one_key_over_two_workers_makes_one_call(upstream: Upstream, tmp_path: Path) -> None:
    policies = [write_policy(tmp_path, upstream.url), *behaviours(tmp_path, upstream.url, "slow")]
    with Served(tmp_path, *policies, "--workers", "2") as served, ThreadPoolExecutor(8) as pool:
        before = upstream.seen()["count"]
        said = list(pool.map(lambda _: alone(served.url, "one", "auto:slow"), range(8)))
        assert {response.status_code for response in said} == {200}
        assert len({response.content for response in said}) == 1
        assert sum("x-tiergate-replay-of" in response.headers for response in said) == 7
        assert upstream.seen()["count"] == before + 1
        again = [alone(served.url, "one", "auto:slow") for _ in range(6)]
        assert {response.content for response in again} == {said[0].content}
        assert alone(served.url, "one", "auto:slow", temperature=0.5).status_code == 422
        assert upstream.seen()["count"] == before + 1
        assert served.end() == 0
    assert sorted(int(str(row["cost_nano_usd"])) for row in served.rows()) == [0] * 13 + [PAID]


def test_another_body_is_refused_while_another_worker_answers(
    upstream: Upstream, tmp_path: Path
) -> None:
    policies = [write_policy(tmp_path, upstream.url), *behaviours(tmp_path, upstream.url, "slow")]
    with Served(tmp_path, *policies, "--workers", "2") as served, ThreadPoolExecutor(8) as pool:
        bodies = [{"temperature": n / 10} for n in range(8)]
        said = list(pool.map(lambda body: alone(served.url, "two", "auto:slow", **body), bodies))
        assert sorted(response.status_code for response in said) == [200, *[422] * 7]


def test_an_answer_is_given_again_after_a_restart(upstream: Upstream, tmp_path: Path) -> None:
    policy = write_policy(tmp_path, upstream.url)
    with Served(tmp_path, policy) as served:
        first, streamed = alone(served.url, "kept"), alone(served.url, "stream", stream=True)
        served.end(signal.SIGKILL)
    with Served(tmp_path, policy) as served:
        again = alone(served.url, "kept"), alone(served.url, "stream", stream=True)
        assert [one.content for one in again] == [first.content, streamed.content]
        assert again[0].headers["x-tiergate-replay-of"] == first.headers["x-tiergate-decision-id"]
        assert alone(served.url, "kept", temperature=1).status_code == 422


def test_a_key_whose_worker_was_killed_is_tried_again(upstream: Upstream, tmp_path: Path) -> None:
    policies = [write_policy(tmp_path, upstream.url), *behaviours(tmp_path, upstream.url, "hang")]
    with Served(tmp_path, *policies) as served, ThreadPoolExecutor(1) as pool:
        lost = pool.submit(alone, served.url, "lost", "auto:hang")
        eventually(lambda: claims(served) == 1)
        served.end(signal.SIGKILL)
        assert isinstance(lost.exception(), httpx.HTTPError)
    with closing(sqlite3.connect(served.database)) as books:  # as when the lease is over
        books.execute("UPDATE replies SET lease_until_ms = 1")
        books.commit()
    with Served(tmp_path, *policies) as served:
        assert alone(served.url, "lost", "auto:hang").status_code == 504
        eventually(lambda: claims(served) == 0)


def claims(served: Served) -> int:
    with closing(sqlite3.connect(served.database)) as books:
        return int(books.execute("SELECT count(*) FROM replies WHERE sealed IS NULL").fetchone()[0])


def test_no_answer_and_no_key_stand_readable_in_the_database(
    upstream: Upstream, tmp_path: Path
) -> None:
    with Served(tmp_path, write_policy(tmp_path, upstream.url)) as served:
        assert TEXT in alone(served.url, "a-key-of-the-client").text
        assert "x-tiergate-replay-of" in alone(served.url, "a-key-of-the-client").headers
        assert served.end() == 0
    stored = ledger_bytes(tmp_path / "ledger.db")
    assert b"replies" in stored
    for text in (TEXT, "a-key-of-the-client", "Where is my parcel"):
        assert text.encode() not in stored
