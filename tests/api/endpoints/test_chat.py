"""The surface as clients meet it: a real server, a real upstream, the real `openai` package."""

from __future__ import annotations

import re
from collections.abc import Iterator

import openai
import orjson
import pytest

from tests.kits.server_kit import (
    BEHAVIOURS,
    ROUTINE,
    Served,
    Upstream,
    rest_of,
    write_behaviours,
    write_policy,
)
from tests.kits.upstreams.upstream_wire import TEXT

MESSAGES = ROUTINE["messages"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with Upstream(folder) as upstream:
        policy = write_policy(folder, upstream.url, max_body_bytes=100_000)
        with Served(folder, policy, *write_behaviours(folder, upstream.url, *BEHAVIOURS)) as server:
            yield server


def test_openai_client_gets_a_whole_answer(client: openai.OpenAI) -> None:
    completion = client.chat.completions.create(model="auto", messages=MESSAGES)
    assert completion.choices[0].message.content == TEXT
    assert completion.usage is not None
    assert completion.usage.total_tokens == 32


def test_openai_client_gets_a_streamed_answer(client: openai.OpenAI) -> None:
    chunks = list(client.chat.completions.create(model="auto", messages=MESSAGES, stream=True))
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == TEXT
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert all(chunk.usage is None for chunk in chunks)


def test_include_usage_adds_a_last_chunk_without_choices(client: openai.OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(
            model="auto", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
        )
    )
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.prompt_tokens == 20


def test_stream_with_usage_ends_with_its_cost(client: openai.OpenAI) -> None:
    *_, last = client.chat.completions.create(
        model="auto", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    )
    # 20 tokens at $1 and 12 at $10 per million.
    assert last.to_dict()["routing"] == {"cost_usd": "0.00014"}


def test_client_that_sends_a_vendors_model_name_works_unchanged(client: openai.OpenAI) -> None:
    completion = client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    assert completion.model == "fake-1"


def test_dry_run_decides_without_an_answer(client: openai.OpenAI) -> None:
    completion = client.chat.completions.create(
        model="auto", messages=MESSAGES, extra_body={"routing": {"dry_run": True}}
    )
    routing = completion.model_extra["routing"] if completion.model_extra else {}
    assert routing["tier"] == "llm"
    assert [rung["answerer"] for rung in routing["expected_loss"]] == ["mid"]


def test_answers_say_where_they_came_from(served: Served) -> None:
    headers = served.chat().headers
    assert headers["x-tiergate-tier"] == "llm"
    assert headers["x-tiergate-model"] == "fake-1"
    assert headers["x-tiergate-policy"].startswith("tested@")
    # 20 tokens at $1 and 12 at $10 a million.
    assert headers["x-tiergate-cost-usd"] == "0.00014"
    assert {"x-tiergate-reason", "x-tiergate-confidence", "server-timing"} <= set(headers)
    assert headers["x-tiergate-confidence-source"] == "prior"


def test_streams_say_where_they_come_from(served: Served) -> None:
    headers = served.chat(stream=True).headers
    assert headers["content-type"].startswith("text/event-stream")
    assert headers["x-tiergate-tier"] == "llm"


def test_models_lists_what_clients_may_send(client: openai.OpenAI) -> None:
    assert {"auto", "auto:tested", "tier:llm", "gpt-4o"} <= {m.id for m in client.models.list()}


def test_model_by_name_is_found(client: openai.OpenAI) -> None:
    assert client.models.retrieve("tier:llm").id == "tier:llm"


def test_decision_is_found_by_the_answers_header(served: Served) -> None:
    response = served.chat()
    row = served.row(response)
    assert row["state"] == "settled"
    assert row["cost_nano_usd"] == 140_000
    assert f"chatcmpl-{row['request_id']}" == response.json()["id"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/docs", "/openapi.json", "/"])
def test_operations_need_no_body(served: Served, path: str) -> None:
    assert served.client.get(path).status_code == 200


def test_metrics_count_requests_by_tier(served: Served) -> None:
    served.chat()
    page = served.client.get("/metrics").text
    assert 'tiergate_requests_total{policy="tested",tier="llm"' in page


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/healthz"),
        ("GET", "/metrics"),
        ("GET", "/docs"),
        ("GET", "/v1/models"),
        ("GET", "/nothing"),
        ("PUT", "/v1/chat/completions"),
        ("POST", "/v1/chat/completions"),
    ],
)
def test_every_response_has_a_request_id(served: Served, method: str, path: str) -> None:
    assert served.client.request(method, path).headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, None),
        (b"[]", 400, None),
        (b'{"model":"auto"}', 400, None),
        (b'{"model":"auto","messages":[]}', 400, None),
        (b'{"model":"auto","messages":"hello"}', 400, None),
        (b'{"model":7,"messages":[{"role":"user","content":"x"}]}', 400, None),
        (b'{"model":"auto","messages":[{"role":"user","content":"\xff\xfe"}]}', 400, None),
        (b'{"model":"nope","messages":[{"role":"user","content":"x"}]}', 404, "model_not_found"),
        (b'{"model":"auto:no","messages":[{"role":"user","content":"x"}]}', 404, "model_not_found"),
        (b'{"model":"auto","api_base":"http://x","messages":[]}', 400, None),
        (b'{"model":"auto","temperature":"hot","messages":[]}', 400, None),
        (b"[" * 50_000, 400, None),
        (b" " * 100_001, 413, "body_too_large"),
        (b'{"x":"' + b"y" * 200_000, 413, "body_too_large"),
    ],
)
def test_bad_bodies_get_openais_error(
    served: Served, body: bytes, status: int, code: str | None
) -> None:
    response = served.client.post(
        "/v1/chat/completions", content=body, headers={"content-type": "application/json"}
    )
    error = response.json()["error"]
    assert response.status_code == status, error
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    assert code in (None, error["code"])


def test_body_without_a_length_is_bounded_too(served: Served) -> None:
    pieces = (b" " * 50_000 for _ in range(4))
    response = served.client.post(
        "/v1/chat/completions", content=pieces, headers={"content-type": "application/json"}
    )
    assert response.status_code == 413


def test_openai_client_raises_its_own_error_for_an_unknown_model(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="Known are"):
        client.chat.completions.create(model="nope", messages=MESSAGES)


def test_unknown_path_lists_the_known_ones(served: Served) -> None:
    response = served.client.get("/nowhere")
    assert response.status_code == 404
    assert ". Known are: /" in response.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/chat/completions", "/v1/v1/chat/completions"])
def test_unknown_path_names_the_one_that_is_meant(served: Served, path: str) -> None:
    message = served.client.post(path, json={}).json()["error"]["message"]
    assert message.endswith(". Did you mean /v1/chat/completions?")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/v1/responses/resp_1", "send the whole conversation with each request, in `input`."),
        ("/v1/conversations", "send the whole conversation with each request, in `input`."),
        ("/v1/chat/completions/chatcmpl-1", "with each request, in `messages`."),
        ("/v1/messages/batches", "Batches answer at /v1/batches, in OpenAI's form."),
        ("/v1/images/generations", "No tier does this: ask a provider directly."),
        ("/openai/deployments/auto/chat/completions", "and a model is named in the body."),
        ("/v1/deployments/auto/chat/completions", "and a model is named in the body."),
        ("/v1beta/models/auto:generateContent", "and a model is named in the body."),
        ("/api/chat", "and a model is named in the body."),
    ],
)
def test_a_path_that_only_providers_have_says_what_to_do(
    served: Served, path: str, told: str
) -> None:
    response = served.client.get(path)
    assert response.status_code == 404
    assert response.json()["error"]["message"].endswith(told)


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/models", "/v1/models"),
        ("/v1/embedings", "/v1/embeddings"),
        ("/v1/chat/completions/", "/v1/chat/completions"),
        ("/v1/chat/completions/chat/completions", "/v1/chat/completions"),
    ],
)
def test_a_short_path_that_is_nearly_right_names_the_right_one(
    served: Served, path: str, meant: str
) -> None:
    message = served.client.get(path).json()["error"]["message"]
    assert message.endswith(f". Did you mean {meant}?")


def test_every_path_that_an_unknown_one_lists_is_there(served: Served) -> None:
    told = served.client.get("/nowhere").json()["error"]["message"]
    listed = told.partition("Known are: ")[2].removesuffix(".").split(", ")
    assert "/api/v1/{domain}/{task}/analyze" in listed
    assert {"/v1/decisions/{id}", "/v1/feedback", "/v1/reviews"} <= {*listed}
    assert len({*listed}) == len(listed)
    for pattern in listed:
        there = served.client.patch(re.sub(r"{\w+}", "x", pattern))
        assert there.status_code == 405, pattern


def test_wrong_method_is_405(served: Served) -> None:
    assert served.client.get("/v1/chat/completions").status_code == 405


def test_other_content_type_is_415(served: Served) -> None:
    response = served.client.post(
        "/v1/chat/completions", content=b"{}", headers={"content-type": "text/plain"}
    )
    assert response.status_code == 415


def test_unknown_decision_is_404(served: Served) -> None:
    assert served.client.get("/v1/decisions/dec_none").status_code == 404


@pytest.mark.parametrize(
    ("model", "statuses"),
    [
        ("gone", {502}),
        ("refused", {503}),
        ("reset", {502}),
        ("garbage", {502}),
        ("html", {502}),
        ("cut", {502}),
        ("limited", {429}),
        ("hang", {504}),
        ("drip", {504}),
    ],
)
def test_failing_upstream_gives_a_clean_error_with_a_row(
    served: Served, model: str, statuses: set[int]
) -> None:
    response = served.chat(f"auto:{model}")
    assert response.status_code in statuses, response.text
    assert "sk-upstream-secret" not in response.text
    row = served.finished_row(response)
    assert row["state"] in ("failed", "unknown_cost")
    attempts = row["attempts"]
    assert isinstance(attempts, list)
    assert sum(a["cost_nano_usd"] for a in attempts) == row["cost_nano_usd"]


def test_pieces_that_come_together_leave_in_one_chunk(served: Served) -> None:
    body = orjson.dumps({**ROUTINE, "stream": True})
    head = "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
    with served.connect() as connection:
        length = f"connection: close\r\ncontent-length: {len(body)}\r\n\r\n"
        connection.sendall((head + length).encode() + body)
        said = rest_of(connection)
    sizes = re.findall(rb"\r\n([0-9a-f]+)\r\n(?=data: )", said)
    assert len(sizes) == 2  # all words, and the end
    assert said.count(b"data: ") > len(TEXT.split())


@pytest.mark.parametrize("model", ["hang", "cut", "garbage"])
def test_stream_that_fails_ends_without_done(served: Served, model: str) -> None:
    response = served.chat(f"auto:{model}", stream=True)
    assert "[DONE]" not in response.text
    assert '"error"' in response.text
    assert served.finished_row(response)["state"] in ("failed", "unknown_cost")


def test_client_that_leaves_mid_stream_leaves_a_cancelled_row_that_adds_up(served: Served) -> None:
    body = {**ROUTINE, "model": "auto:lasting", "stream": True}
    with served.client.stream("POST", "/v1/chat/completions", json=body) as response:
        next(response.iter_bytes())
    row = served.finished_row(response)
    assert row["state"] == "cancelled"
    attempts = row["attempts"]
    assert isinstance(attempts, list)
    assert sum(a["cost_nano_usd"] for a in attempts) == row["cost_nano_usd"] > 0


@pytest.mark.parametrize("stream", [False, True])
def test_lowered_cap_of_output_is_announced(served: Served, stream: bool) -> None:
    lowered = served.chat(max_tokens=20_000, stream=stream)
    assert lowered.headers["x-tiergate-max-output-tokens"] == "16384"
    assert "x-tiergate-max-output-tokens" not in served.chat(max_tokens=20, stream=stream).headers


@pytest.mark.process
def test_lowered_cap_of_output_stands_in_routing(served: Served) -> None:
    asked = served.chat(max_tokens=20_000, routing={"debug": True}).json()["routing"]
    plain = served.chat(routing={"debug": True}).json()["routing"]
    assert (asked["max_output_tokens"], plain["max_output_tokens"]) == (16_384, None)


def test_sum_of_more_nano_dollars_than_64_bits_hold_stands_in_routing(served: Served) -> None:
    messages = [{"role": "user", "content": "Shall we pay $99999999999999 now?"}]
    answer = served.chat(messages=messages, routing={"debug": True})
    assert answer.status_code == 200
    assert answer.json()["routing"]["signals"]["impact_nano_usd"] == 99_999_999_999_999 * 10**9
