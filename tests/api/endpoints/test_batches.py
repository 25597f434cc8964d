"""`/v1/files` and `/v1/batches` as clients meet them: a server and the real package `openai`."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import openai
import pytest

from tests.api.endpoints.test_keys import create
from tests.kits.server_kit import START_S, Served, Upstream, eventually, rest_of, write_policy

pytestmark = pytest.mark.slow

CHAT, EMBEDDINGS = "/v1/chat/completions", "/v1/embeddings"
BOUNDS = {"max_file_bytes": 2_000_000, "max_line_bytes": 2_000, "max_requests": 1_200}
MANY = 1_000


def chat(number: int, **body: object) -> dict[str, object]:
    messages = [{"role": "user", "content": f"Where is parcel {number}?"}]
    given = {"model": "gpt-4o", "messages": messages, **body}
    return {"custom_id": f"parcel-{number}", "method": "POST", "url": CHAT, "body": given}


def jsonl(lines: Sequence[object]) -> BytesIO:
    file = BytesIO("\n".join(json.dumps(line) for line in lines).encode())
    file.name = "lines.jsonl"
    return file


def started(client: openai.OpenAI, lines: Sequence[object], endpoint: str = CHAT) -> str:
    file = client.files.create(file=jsonl(lines), purpose="batch")
    batch = client.batches.create(
        input_file_id=file.id,
        endpoint=endpoint,  # type: ignore[arg-type]
        completion_window="24h",
        metadata={"job": "night"},
    )
    assert batch.status == "validating"
    return batch.id


def ended(client: openai.OpenAI, batch_id: str) -> openai.types.Batch:
    def over() -> bool:
        return client.batches.retrieve(batch_id).status in (
            "completed", "failed", "expired", "cancelled",
        )  # fmt: skip

    eventually(over)
    return client.batches.retrieve(batch_id)


def lines_of(client: openai.OpenAI, file_id: str | None) -> list[dict[str, object]]:
    if file_id is None:
        return []
    return [json.loads(line) for line in client.files.content(file_id).text.splitlines()]


def sdk(served: Served, key: str = "any") -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{served.url}/v1", api_key=key, max_retries=0)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("batches")
    with Upstream(folder) as upstream:
        aliases = {"gpt-4o": "auto", "text-*": "tiergate-embed"}
        policy = write_policy(folder, upstream.url, batches=BOUNDS, aliases=aliases)
        with Served(folder, policy) as server:
            yield server


def status_of(connection: socket.socket) -> bytes:
    """Returns the status; none for a connection that is reset before its answer was read."""
    try:
        return rest_of(connection)[9:12]
    except ConnectionError:
        return b""


def test_files_that_come_at_one_time_are_bounded_together(tmp_path: Path) -> None:
    policy = write_policy(
        tmp_path, "http://127.0.0.1:9/v1", batches={"max_stored_bytes": 2_000_000}
    )
    form = b'--b\r\ncontent-disposition: form-data; name="%b"%b\r\n\r\n'
    named = form % (b"file", b'; filename="a.jsonl"')
    body = form % (b"purpose", b"") + b"batch\r\n" + named + b" " * 1_200_000 + b"\r\n--b--\r\n"
    head = (
        "POST /v1/files HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
        f"content-type: multipart/form-data; boundary=b\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    with Served(tmp_path, policy) as served:
        connections = [served.connect() for _ in range(4)]
        for connection in connections:
            connection.sendall(head.encode() + body[:50_000])
        time.sleep(1.0)  # all have begun
        for connection in connections:
            with suppress(ConnectionError):  # the refusal may come first
                connection.sendall(body[50_000:])
        statuses = [status_of(connection) for connection in connections]
        for connection in connections:
            connection.close()
        assert set(statuses) <= {b"200", b"413", b""}
        assert statuses.count(b"200") <= 1
        later = {"file": ("b.jsonl", b" " * 700_000)}  # fits beside one of them
        assert served.client.post(
            "/v1/files", data={"purpose": "batch"}, files=later
        ).status_code == 200  # fmt: skip
        kept = served.client.get("/v1/files").json()["data"]
        assert sum(file["bytes"] for file in kept) <= 2_000_000


@pytest.fixture(scope="module")
def client(served: Served) -> openai.OpenAI:
    return sdk(served)


def test_a_thousand_chats_are_answered_in_one_batch(served: Served, client: openai.OpenAI) -> None:
    batch = ended(client, started(client, [chat(i) for i in range(MANY)]))
    assert batch.status == "completed"
    assert batch.request_counts is not None
    assert batch.request_counts.completed == batch.request_counts.total == MANY
    answers = lines_of(client, batch.output_file_id)
    assert [answer["custom_id"] for answer in answers] == [f"parcel-{i}" for i in range(MANY)]
    response = answers[0]["response"]
    assert isinstance(response, dict)
    assert response["status_code"] == 200
    assert response["body"]["object"] == "chat.completion"
    tag = f"batch:{batch.id.removeprefix('batch_')}"
    rows = [row for row in served.rows() if tag in row["tags"]]  # type: ignore[operator]
    assert len(rows) == MANY
    assert len({row["request_id"] for row in rows}) == MANY


def test_embeddings_and_moderations_are_batched_too(client: openai.OpenAI) -> None:
    for path, body in (
        (EMBEDDINGS, {"model": "text-embedding-3-small", "input": "parcel"}),
        ("/v1/moderations", {"input": "parcel"}),
        ("/v1/responses", {"model": "auto", "input": "Where is my parcel?"}),
    ):
        line = {"custom_id": "a", "method": "POST", "url": path, "body": body}
        batch = ended(client, started(client, [line], path))
        assert batch.status == "completed", batch
        (answer,) = lines_of(client, batch.output_file_id)
        assert answer["response"]["status_code"] == 200  # type: ignore[index]


def test_a_line_that_is_refused_stands_in_the_error_file(client: openai.OpenAI) -> None:
    lines = [chat(1), chat(2, model="nobody"), chat(3, stream=True)]
    batch = ended(client, started(client, lines))
    assert batch.status == "completed"
    assert batch.request_counts is not None
    assert (batch.request_counts.completed, batch.request_counts.failed) == (1, 2)
    unknown, streamed = lines_of(client, batch.error_file_id)
    assert unknown["response"]["status_code"] == 404  # type: ignore[index]
    assert streamed["response"] is None
    assert "stream" in str(streamed["error"])


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([], "empty_file"),
        (["no object"], "invalid_json_line"),
        ([chat(1), chat(1)], "duplicate_custom_id"),
        ([{**chat(1), "url": EMBEDDINGS}], "mismatched_url"),
        ([chat(1, user="x" * 3_000)], "line_too_long"),
        ([{**chat(1), "custom_id": 7}], "invalid_custom_id"),
        ([chat(i) for i in range(1_201)], "too_many_requests"),
    ],
)
def test_a_file_with_mistakes_fails_before_any_request(
    client: openai.OpenAI, lines: Sequence[object], code: str
) -> None:
    batch = ended(client, started(client, lines))
    assert batch.status == "failed"
    assert batch.errors is not None
    assert batch.errors.data is not None
    assert batch.errors.data[0].code == code


def test_deep_json_is_a_mistake_of_its_line(client: openai.OpenAI) -> None:
    file = BytesIO(b"[" * 1_900)
    file.name = "deep.jsonl"
    stored = client.files.create(file=file, purpose="batch")
    made = client.batches.create(input_file_id=stored.id, endpoint=CHAT, completion_window="24h")
    batch = ended(client, made.id)
    assert batch.errors is not None
    assert batch.errors.data is not None
    assert batch.errors.data[0].code == "invalid_json_line"


def test_files_are_listed_read_and_deleted(client: openai.OpenAI) -> None:
    file = client.files.create(
        file=jsonl([chat(1)]), purpose="batch",
        expires_after={"anchor": "created_at", "seconds": 3_600},
    )  # fmt: skip
    assert file.bytes == len(jsonl([chat(1)]).getvalue())
    assert file.expires_at == file.created_at + 3_600
    assert client.files.retrieve(file.id).to_dict() == file.to_dict()
    assert file.id in {known.id for known in client.files.list(purpose="batch")}
    assert client.files.content(file.id).content == jsonl([chat(1)]).getvalue()
    assert client.files.delete(file.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(file.id)


def test_lists_have_pages(client: openai.OpenAI) -> None:
    ids = {client.files.create(file=jsonl([chat(1)]), purpose="batch").id for _ in range(3)}
    assert ids <= {file.id for file in client.files.list(limit=2)}  # the SDK asks for all pages


@pytest.mark.parametrize("path", ["files", "batches"])
@pytest.mark.parametrize("query", ["limit=1&" * 40, "limit=000000001" + "9" * 20, "page=1"])
def test_a_query_that_no_list_knows_is_refused(served: Served, path: str, query: str) -> None:
    response = served.client.get(f"/v1/{path}?{query}")
    assert response.status_code == 400, response.text


def test_an_upload_above_the_bound_is_refused_and_leaves_nothing(client: openai.OpenAI) -> None:
    before = len(list(client.files.list()))
    with pytest.raises(openai.APIStatusError) as error:
        client.files.create(file=("big.jsonl", b"x" * 2_100_000), purpose="batch")
    assert error.value.status_code == 413
    assert len(list(client.files.list())) == before


def test_a_compressed_upload_is_refused(served: Served) -> None:
    response = served.client.post(
        "/v1/files", content=b"\x1f\x8b" * 100,
        headers={"content-type": "multipart/form-data; boundary=x", "content-encoding": "gzip"},
    )  # fmt: skip
    assert response.status_code == 415


@pytest.mark.parametrize("purpose", ["assistants", "fine-tune"])
def test_other_purposes_are_refused(client: openai.OpenAI, purpose: str) -> None:
    with pytest.raises(openai.BadRequestError):
        client.files.create(file=jsonl([chat(1)]), purpose=purpose)  # type: ignore[arg-type]


def test_a_cancelled_batch_keeps_what_was_answered(tmp_path: Path) -> None:
    with Upstream(tmp_path) as upstream:
        slow = {"tiers": [{"name": "llm", "level": 2, "answerers": [{
            "name": "mid", "kind": "upstream", "model": "slow:0.3", "base_urls": [upstream.url],
            "price": {"input_usd_per_mtok": 1, "output_usd_per_mtok": 10, "version": "t"},
        }]}]}  # fmt: skip
        with Served(tmp_path, write_policy(tmp_path, upstream.url, **slow)) as served:
            client = sdk(served)
            batch_id = started(client, [chat(i) for i in range(300)])
            eventually(lambda: client.batches.retrieve(batch_id).request_counts.completed > 3)  # type: ignore[union-attr]
            assert client.batches.cancel(batch_id).status == "cancelling"
            batch = ended(client, batch_id)
            assert batch.status == "cancelled"
            assert batch.request_counts is not None
            assert 3 < batch.request_counts.completed < 300
            assert len(lines_of(client, batch.output_file_id)) == batch.request_counts.completed


def test_no_key_sees_anothers_files_or_batches(tmp_path: Path) -> None:
    with (
        Upstream(tmp_path) as upstream,
        Served(tmp_path, write_policy(tmp_path, upstream.url)) as served,
    ):
        keys = [create(served, tenant, "chat")["key"] for tenant in ("alice", "bob", "alice")]
        eventually(lambda: served.chat().status_code == 401)
        alice, *others = (sdk(served, key) for key in keys)
        batch_id = started(alice, [chat(1)])
        batch = ended(alice, batch_id)
        assert batch.status == "completed"
        for other in others:
            assert list(other.files.list()) == []
            assert list(other.batches.list()) == []
            for call in (
                lambda: other.files.retrieve(batch.input_file_id),  # noqa: B023
                lambda: other.files.content(batch.output_file_id or ""),  # noqa: B023
                lambda: other.files.delete(batch.input_file_id),  # noqa: B023
                lambda: other.batches.retrieve(batch_id),  # noqa: B023
                lambda: other.batches.cancel(batch_id),  # noqa: B023
                lambda: other.batches.create(  # noqa: B023
                    input_file_id=batch.input_file_id, endpoint=CHAT, completion_window="24h"
                ),
            ):
                with pytest.raises(openai.NotFoundError):
                    call()


@pytest.mark.crash
def test_a_batch_goes_on_after_a_kill_and_asks_no_answered_line_again(tmp_path: Path) -> None:
    with Upstream(tmp_path) as upstream:
        policy = write_policy(tmp_path, upstream.url, batches={"concurrency": 4})
        with Served(tmp_path, policy) as served:
            client = sdk(served)
            batch_id = started(client, [chat(i) for i in range(MANY)])
            eventually(lambda: client.batches.retrieve(batch_id).request_counts.completed > 100)  # type: ignore[union-attr]
            served.end(signal.SIGKILL)
        with Served(tmp_path, policy) as again:
            client = sdk(again)
            batch = ended(client, batch_id)
            assert batch.status == "completed"
            answers = lines_of(client, batch.output_file_id)
            assert [a["custom_id"] for a in answers] == [f"parcel-{i}" for i in range(MANY)]
        # Only lines that were under way at the kill may have been asked twice.
        assert MANY <= upstream.seen()["count"] <= MANY + 4


def test_a_spent_budget_is_the_error_of_its_lines(tmp_path: Path) -> None:
    with Upstream(tmp_path) as upstream:
        budgets = {"*": {"usd_per_day": 0.000001}}
        with Served(tmp_path, write_policy(tmp_path, upstream.url, budgets=budgets)) as served:
            client = sdk(served)
            batch = ended(client, started(client, [chat(1), chat(2)]))
            assert batch.status == "completed"
            errors = lines_of(client, batch.error_file_id)
            assert len(errors) == 2
            assert errors[0]["response"]["status_code"] == 429  # type: ignore[index]


def test_a_rate_slows_a_batch_and_fails_no_line(tmp_path: Path) -> None:
    with Upstream(tmp_path) as upstream:
        budgets = {"*": {"requests_per_minute": 600}}
        with Served(tmp_path, write_policy(tmp_path, upstream.url, budgets=budgets)) as served:
            client = sdk(served)
            began = time.monotonic()
            batch_id = started(client, [chat(i) for i in range(320)])
            # A live request finds at least half of the rate at any time.
            while time.monotonic() - began < START_S:
                response = served.chat()
                assert response.status_code == 200
                if client.batches.retrieve(batch_id).status == "completed":
                    break
                assert int(response.headers["x-ratelimit-remaining-requests"]) > 250
                time.sleep(0.2)
            batch = ended(client, batch_id)
            assert batch.request_counts is not None
            assert batch.request_counts.completed == 320
