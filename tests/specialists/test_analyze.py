"""`POST /api/v1/{domain}/{task}/analyze` and `/batch`, over a real server."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml
from sqlalchemy import event

from router.api.compose.app import App
from router.api.compose.core import Core, Settings, load_policies
from router.api.openapi.document import OPERATIONS, openapi
from router.errors import AnswererNotReady
from router.policy.loading import find_policy, load_policy, policies_dir
from router.routing.decision_record import parse
from router.types import Identity, Scope
from router.wire.analysis import MAX_TAGS, MAX_TEXTS, parse_analysis
from tests.kits.checks.decided_again import differs
from tests.kits.server_kit import Served, at_the_rate, spent_in, tiergate, write_policy

SHIPPED = {name: yaml.safe_load((policies_dir() / f"{name}.yaml").read_text())
           for name in ("email_pipeline", "content_moderation")}  # fmt: skip
MAIL = "My laptop does not start since the update, please help"


def policy_of(folder: Path, name: str, **sections: object) -> Path:
    """The specialist of a shipped policy over an upstream that is never called."""
    shipped = {key: SHIPPED[name][key] for key in ("heads", "specialist", "terms")}
    folder.mkdir(exist_ok=True)
    prices = str(policies_dir() / "prices.yaml")
    return write_policy(folder, "http://127.0.0.1:9/v1", prices=prices, **shipped, **sections)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    mail = policy_of(
        folder, "email_pipeline", max_body_bytes=100_000, report={"people_usd_per_request": 2.0}
    )
    with Served(folder, mail) as server:
        yield server


def post(served: Served, path: str, body: object) -> httpx.Response:
    return served.client.post(f"/api/v1/{path}", json=body)


def test_the_whole_task_gives_all_fields_with_a_verdict(served: Served) -> None:
    response = post(served, "email/pipeline/analyze", {"text": MAIL})
    assert response.status_code == 200
    body = response.json()
    assert body["object"] == "analysis"
    assert body["verdict"] == "deliver"
    assert set(body["fields"]) == {"spam", "department", "priority"}
    assert body["fields"]["spam"]["label"] == "ham"
    assert body["policy"] == response.headers["x-tiergate-policy"]


def test_a_field_is_a_task_of_its_own(served: Served) -> None:
    body = post(served, "email/department/analyze", {"text": MAIL}).json()
    assert list(body["fields"]) == ["department"]
    assert "verdict" not in body


def test_a_batch_answers_in_the_order_of_its_texts(served: Served) -> None:
    texts = [MAIL, "You WON a $1000 prize, call 09061701461 now to claim!", MAIL]
    body = post(served, "email/spam/batch", {"texts": texts}).json()
    assert [row["index"] for row in body["data"]] == [0, 1, 2]
    assert [row["fields"]["spam"]["label"] for row in body["data"]] == ["ham", "spam", "ham"]
    assert len({row["id"] for row in body["data"]}) == 3


def test_the_file_and_the_endpoint_say_the_same(served: Served, tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(json.dumps({"text": MAIL}) + "\n")
    assert tiergate("classify", source, "-p", "email_pipeline", "-o", out).returncode == 0
    from_file = json.loads(out.read_text())["fields"]["department"]
    from_api = post(served, "email/department/analyze", {"text": MAIL}).json()["fields"]
    assert from_api["department"]["label"] == from_file["label"]
    assert from_api["department"]["confidence"] == pytest.approx(from_file["confidence"], abs=0.02)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("email/size/analyze", 404, "specialist_not_found"),
        ("fax/pipeline/analyze", 404, "specialist_not_found"),
        ("email/pipeline/explain", 404, "unknown_url"),
        ("email/analyze", 404, "unknown_url"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(
    served: Served, path: str, status: int, code: str
) -> None:
    response = post(served, path, {"text": MAIL})
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    if code == "specialist_not_found":
        assert "email/department" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("verb", "body", "param", "code"),
    [
        ("analyze", {}, "text", "missing_required_parameter"),
        ("analyze", {"text": 3}, "text", "invalid_type"),
        ("analyze", {"text": " "}, "text", "invalid_value"),
        ("analyze", {"texts": [MAIL]}, "texts", "unsupported_parameter"),
        ("analyze", {"text": MAIL, "model": "x"}, "model", "unsupported_parameter"),
        ("analyze", {"text": MAIL, "tags": ["x"] * (MAX_TAGS + 1)}, "tags", "invalid_value"),
        ("batch", {"texts": []}, "texts", "invalid_value"),
        ("batch", {"texts": ["x"] * (MAX_TEXTS + 1)}, "texts", "invalid_value"),
        ("batch", {"texts": [MAIL, ""]}, "texts[1]", "invalid_value"),
        ("batch", {"text": MAIL}, "text", "unsupported_parameter"),
    ],
)
def test_a_malformed_body_is_told_by_its_key(
    served: Served, verb: str, body: object, param: str, code: str
) -> None:
    response = post(served, f"email/pipeline/{verb}", body)
    error = response.json()["error"]
    assert (response.status_code, error["param"], error["code"]) == (400, param, code)


def test_the_largest_batch_is_taken() -> None:
    body = json.dumps({"texts": ["x"] * MAX_TEXTS, "tags": ["t"] * MAX_TAGS}).encode()
    assert len(parse_analysis(body, batch=True).texts) == MAX_TEXTS


def test_a_body_that_is_too_large_is_refused(served: Served) -> None:
    response = post(served, "email/pipeline/analyze", {"text": "x" * 100_000})
    assert (response.status_code, response.json()["error"]["code"]) == (413, "body_too_large")


def test_another_method_is_refused(served: Served) -> None:
    assert served.client.get("/api/v1/email/pipeline/analyze").status_code == 405


@pytest.mark.process
def test_a_key_is_asked_for_as_elsewhere(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    made = tiergate("keys", "create", "--tenant", "acme", "-d", database, "--json")
    key = json.loads(made.stdout)["key"]
    with Served(tmp_path, policy_of(tmp_path / "p", "email_pipeline")) as served:
        refused = post(served, "email/pipeline/analyze", {"text": MAIL})
        assert refused.status_code == 401
        served.client.headers["authorization"] = f"Bearer {key}"
        assert post(served, "email/pipeline/analyze", {"text": MAIL}).status_code == 200


def test_each_text_has_a_row_that_decides_again(served: Served) -> None:
    response = post(served, "email/pipeline/batch", {"texts": [MAIL, "hello"], "tags": ["inbox"]})
    ids = [row["id"].removeprefix("dec_") for row in response.json()["data"]]
    rows = {row["request_id"]: row for row in served.rows()}
    policy = load_policy(served.folder / "tested.yaml", {}).policy
    for number in ids:
        row = rows[number]
        assert (row["endpoint"], row["tier"], row["tier_number"]) == ("analyze", "specialist", 1)
        assert (row["state"], row["tags"]) == ("settled", ["inbox"])
        (line,) = row["attempts"]
        assert (line["cost_basis"], line["compute_ms"] > 0) == ("own_compute", True)
        assert row["cost_nano_usd"] == line["cost_nano_usd"] == at_the_rate(line["compute_ms"])
    total = sum(rows[number]["cost_nano_usd"] for number in ids)
    assert float(response.headers["x-tiergate-cost-usd"]) * 1e9 == pytest.approx(total)
    document = served.client.get(f"/v1/decisions/dec_{ids[0]}").json()
    assert differs(parse(json.dumps(document["record"])), policy) is None
    assert [reading["name"] for reading in document["record"]["signals"]["heads"]] == [
        "department", "priority",
    ]  # fmt: skip
    assert MAIL not in json.dumps(document)


def test_the_books_stay_whole_with_such_rows(served: Served) -> None:
    post(served, "email/pipeline/batch", {"texts": [MAIL] * 20})
    run = tiergate("ledger", "verify", "-d", served.database)
    assert run.returncode == 0, run.stdout + run.stderr
    report = tiergate("report", "-d", served.database, "--json")
    assert report.returncode == 0, report.stderr


def test_such_rows_count_in_the_metrics(served: Served) -> None:
    post(served, "email/pipeline/analyze", {"text": MAIL})
    page = served.client.get("/metrics").text
    assert 'tiergate_requests_total{policy="tested",tier="specialist",verdict="accepted"}' in page
    assert spent_in(page, "specialist") > 0


async def test_texts_are_kept_where_the_policy_says_so(tmp_path: Path) -> None:
    path = policy_of(tmp_path, "email_pipeline", privacy={"store": "redacted"})
    settings = Settings(
        policies=(str(path),), database=tmp_path / "l.db", cache_dir=None, watch=False
    )
    app = App(settings, Core(settings, load_policies(settings, {}), {}))
    async with app.life():
        analysis = app.analyst.find("email", "pipeline")
        who = Identity("acme", "k", frozenset({Scope.CHAT}))
        (done,) = await app.analyst.analyse(analysis, ["Mail jo@example.com today"], who)
        kept = await app.texts.get(done.request_id, "acme", "prompt")
    assert kept == "user: Mail [EMAIL] today"


async def test_stored_texts_are_covered_by_the_chain(tmp_path: Path) -> None:
    path = policy_of(tmp_path, "email_pipeline", privacy={"store": "full"})
    settings = Settings(
        policies=(str(path),), database=tmp_path / "l.db", cache_dir=None, watch=False
    )
    app = App(settings, Core(settings, load_policies(settings, {}), {}))
    async with app.life():
        analysis = app.analyst.find("email", "pipeline")
        await app.analyst.analyse(analysis, [MAIL, "hello"], Identity("acme", "k", frozenset()))
    run = tiergate("ledger", "verify", "-d", tmp_path / "l.db")
    assert run.returncode == 0, run.stdout


async def test_without_a_model_it_is_not_ready(tmp_path: Path) -> None:
    path = policy_of(tmp_path, "email_pipeline")
    settings = Settings(
        policies=(str(path),), database=tmp_path / "l.db", cache_dir=None, watch=False,
        model_dir=tmp_path,
    )  # fmt: skip
    app = App(settings, Core(settings, load_policies(settings, {}), {}))
    async with app.life():
        analysis = app.analyst.find("email", "pipeline")
        with pytest.raises(AnswererNotReady, match="its heads say nothing"):
            await app.analyst.analyse(analysis, [MAIL], Identity("a", "k", frozenset()))


async def test_event_loop_waits_for_no_key_of_a_new_tenant(tmp_path: Path) -> None:
    """A database that says nothing would hold up every other request of the worker."""
    path = policy_of(tmp_path, "content_moderation")
    settings = Settings(
        policies=(str(path),), database=tmp_path / "l.db", cache_dir=None, watch=False
    )
    app = App(settings, Core(settings, load_policies(settings, {}), {}))
    threads: list[str] = []

    def note(*seen: object) -> None:
        if any(isinstance(sql, str) and "tenant_secrets" in sql for sql in seen):
            threads.append(threading.current_thread().name)

    async with app.life():
        event.listen(app.ledger.database.engine, "before_cursor_execute", note)
        served = httpx.ASGITransport(app.server)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=served, base_url="http://localhost") as client:
            asked = await client.post("/api/v1/content/moderation/analyze", json={"text": "hello"})
    assert asked.status_code == 200
    assert threads
    assert threading.current_thread().name not in threads


async def test_many_at_once_are_all_booked(tmp_path: Path) -> None:
    path = policy_of(tmp_path, "content_moderation")
    settings = Settings(
        policies=(str(path),), database=tmp_path / "l.db", cache_dir=None, watch=False
    )
    app = App(settings, Core(settings, load_policies(settings, {}), {}))
    async with app.life():
        analysis = app.analyst.find("content", "moderation")
        who = Identity("acme", "k", frozenset({Scope.CHAT}))
        runs = [app.analyst.analyse(analysis, [f"post {i} {j}" for j in range(8)], who)
                for i in range(16)]  # fmt: skip
        done = [one for run in await asyncio.gather(*runs) for one in run]
        assert len({one.request_id for one in done}) == 128
        for one in done:
            assert await app.ledger.get(one.request_id, "acme") is not None


def test_the_endpoints_are_described(served: Served) -> None:
    for verb in ("analyze", "batch"):
        path = f"/api/v1/{{domain}}/{{task}}/{verb}"
        assert path in openapi()["paths"]  # type: ignore[operator]
        assert path in served.client.get("/docs").text
    assert len({(o.method, o.path) for o in OPERATIONS}) == len(OPERATIONS)


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_shipped_specialists_say_their_endpoint_in_their_file(name: str) -> None:
    section = load_policy(find_policy(name, policies_dir()), {}).policy.specialist
    assert section is not None
    text = (policies_dir() / f"{name}.yaml").read_text()
    assert f"/api/v1/{section.domain}/{section.task}/analyze" in text


def test_an_analysis_is_given_again_under_its_idempotency_key(served: Served) -> None:
    headers = {"idempotency-key": "analysis-1"}
    first, again = (
        served.client.post("/api/v1/email/pipeline/analyze", json={"text": MAIL}, headers=headers)
        for _ in range(2)
    )
    assert again.content == first.content
    replay_of = again.headers["x-tiergate-replay-of"]
    assert replay_of == first.headers["x-tiergate-decision-id"] == first.json()["id"]
