"""`POST /v1/embeddings` as clients meet it: a real server and the real `openai` package."""

from __future__ import annotations

import asyncio
import base64
import json
import math
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import httpx
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.api.compose.text_vectors import MAX_WAITING, TextVectors
from router.api.endpoints.openai_tokens import TABLE, OpenaiTokens
from router.errors import AnswererNotReady, Overloaded, RequestError
from router.policy.loading import policies_dir
from router.triage.triage_model import TriageModel
from router.wire.openai.embeddings import MAX_INPUTS, parse_embedding_request
from router.wire.openai.moderations import parse_moderation_request
from tests.kits.server_kit import Served, at_the_rate, spent_in, tiergate, write_policy

pytestmark = pytest.mark.slow

NOWHERE = "http://127.0.0.1:9/v1"
ALIASES = {"text-embedding-*": "tiergate-embed", "gpt-*": "auto"}
PRICES = {"text-embedding-3-small": {"input_usd_per_mtok": 1, "output_usd_per_mtok": 0}}
WIDTH = 192
PARCEL, LOST, POEM = (
    "Where is my parcel?",
    "My package has not arrived yet, where is it?",
    "Write a poem about autumn leaves",
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    policy = write_policy(
        folder, NOWHERE, aliases=ALIASES, max_body_bytes=200_000,
        report={"requested_models": PRICES}, privacy={"store": "full"},
        prices=str(policies_dir() / "prices.yaml"),
    )  # fmt: skip
    with Served(folder, policy) as server:
        yield server


def post(served: Served, **body: object) -> httpx.Response:
    return served.client.post("/v1/embeddings", json={"model": "tiergate-embed", **body})


def cosine(a: Sequence[float], b: Sequence[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True)) / (math.hypot(*a) * math.hypot(*b))


def test_openai_client_gets_vectors_that_tell_alike_from_unlike(client: openai.OpenAI) -> None:
    said = client.embeddings.create(model="text-embedding-3-small", input=[PARCEL, LOST, POEM])
    a, b, c = (row.embedding for row in said.data)
    assert [row.index for row in said.data] == [0, 1, 2]
    assert len(a) == WIDTH
    assert math.hypot(*a) == pytest.approx(1.0, abs=1e-5)
    assert cosine(a, b) > cosine(a, c) + 0.2
    assert said.model == "tiergate-embed"
    assert said.usage.prompt_tokens == said.usage.total_tokens > 15


def test_floats_and_base64_are_the_same_numbers(served: Served) -> None:
    floats = post(served, input=PARCEL, encoding_format="float").json()["data"][0]["embedding"]
    packed = post(served, input=PARCEL, encoding_format="base64").json()["data"][0]["embedding"]
    assert list(struct.unpack(f"<{WIDTH}f", base64.b64decode(packed))) == floats
    assert post(served, input=PARCEL).json()["data"][0]["embedding"] == floats


def test_a_text_has_one_vector_whatever_stands_beside_it(client: openai.OpenAI) -> None:
    alone = client.embeddings.create(model="auto", input=PARCEL).data[0].embedding
    beside = client.embeddings.create(model="auto", input=[POEM * 9, PARCEL]).data[1].embedding
    assert alone == beside


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"dimension": 1, "input_typ": "x", "user": "me"}, "dimension, input_typ"),
        ({"routing": {}}, None),
    ],
)
def test_a_misspelt_key_is_named_as_on_chat(
    served: Served, keys: dict[str, object], told: str | None
) -> None:
    """It was dropped without a word."""
    response = post(served, input=PARCEL, **keys)
    assert response.status_code == 200, response.text
    assert response.headers.get("x-tiergate-dropped") == told


def test_fewer_dimensions_are_the_first_ones_at_length_one(client: openai.OpenAI) -> None:
    whole = client.embeddings.create(model="auto", input=PARCEL).data[0].embedding
    first = client.embeddings.create(model="auto", input=PARCEL, dimensions=64).data[0].embedding
    assert len(first) == 64
    assert math.hypot(*first) == pytest.approx(1.0, abs=1e-5)
    assert cosine(first, whole[:64]) == pytest.approx(1.0, abs=1e-5)


def test_the_most_inputs_are_taken_in_their_order(client: openai.OpenAI) -> None:
    texts = [f"number {i % 3}" for i in range(MAX_INPUTS)]
    rows = client.embeddings.create(model="auto", input=texts).data
    assert len(rows) == MAX_INPUTS
    assert rows[0].embedding == rows[2_046].embedding != rows[2_047].embedding


def test_long_texts_are_counted_in_a_header(served: Served) -> None:
    response = post(served, input=["word " * 500, PARCEL])
    assert response.headers["x-tiergate-cut"] == "1"
    assert 128 < response.json()["usage"]["prompt_tokens"] < 140
    assert "x-tiergate-cut" not in post(served, input=PARCEL).headers


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({}, "input", "missing_required_parameter"),
        ({"input": None}, "input", "missing_required_parameter"),
        ({"input": "x", "model": None}, "model", "missing_required_parameter"),
        ({"input": "x", "model": 3}, "model", "invalid_type"),
        ({"input": ""}, "input", "invalid_value"),
        ({"input": []}, "input", "invalid_value"),
        ({"input": {"text": "x"}}, "input", "invalid_type"),
        ({"input": 7}, "input", "invalid_type"),
        ({"input": True}, "input", "invalid_type"),
        ({"input": ["x", ""]}, "input[1]", "invalid_value"),
        ({"input": ["x", None]}, "input[1]", "invalid_type"),
        ({"input": [True]}, "input[0]", "invalid_type"),
        ({"input": [1, "x"]}, "input[1]", "invalid_type"),
        ({"input": [[1, 2], 3]}, "input[1]", "invalid_type"),
        ({"input": [[1, 1.5]]}, "input[0][1]", "invalid_type"),
        ({"input": ["x"] * (MAX_INPUTS + 1)}, "input", "invalid_value"),
        ({"input": "x", "encoding_format": "hex"}, "encoding_format", "invalid_value"),
        ({"input": "x", "dimensions": WIDTH + 1}, "dimensions", "invalid_value"),
        ({"input": "x", "dimensions": 0}, "dimensions", "invalid_value"),
        ({"input": "x", "dimensions": 1.5}, "dimensions", "invalid_type"),
        ({"input": "x", "user": 5}, "user", "invalid_type"),
        ({"input": "x", "routing": {"nope": 1}}, "routing.nope", "unsupported_parameter"),
    ],
)
def test_a_malformed_body_is_told_by_its_key(
    served: Served, body: dict[str, object], param: str, code: str
) -> None:
    response = post(served, **body)
    error = response.json()["error"]
    assert (response.status_code, error["param"], error["code"]) == (400, param, code), error
    assert set(error) == {"message", "type", "param", "code"}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"input":"\xff"}', b'{"input":"\\ud800"}', b"[" * 9_000]
)
def test_what_is_no_json_object_is_400(served: Served, body: bytes) -> None:
    response = served.client.post(
        "/v1/embeddings", content=body, headers={"content-type": "application/json"}
    )
    assert response.status_code == 400


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9_000) | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)
KEYS = st.sampled_from(["input", "model", "encoding_format", "dimensions", "user", "routing"])


@given(st.dictionaries(KEYS, JSON_VALUES))
def test_any_json_is_read_or_refused_as_the_clients_fault(body: dict[str, object]) -> None:
    raw = json.dumps(body).encode()
    with suppress(RequestError):
        parse_embedding_request(raw, {}, WIDTH)
    with suppress(RequestError):
        parse_moderation_request(raw, {})


WHERE_IS_MY_PARCEL = [9241, 374, 856, 30409, 30]  # in cl100k_base


def test_token_ids_of_openai_have_the_vector_of_their_text(client: openai.OpenAI) -> None:
    by_text = client.embeddings.create(model="auto", input=["Where is my parcel?"])
    by_ids = client.embeddings.create(model="auto", input=[WHERE_IS_MY_PARCEL])
    one_row = client.embeddings.create(model="auto", input=WHERE_IS_MY_PARCEL)
    assert by_ids.data[0].embedding == by_text.data[0].embedding
    assert one_row.data[0].embedding == by_text.data[0].embedding
    assert by_ids.usage == by_text.usage


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ([[200_000]], "found the token id 200000"),
        ([[]], "1 to 8192 token ids"),
        ([[5], "text"], "as in the entries before it"),
        ([5, -1], "input\\[1\\]"),
    ],
)
def test_ids_that_stand_for_nothing_are_refused(
    client: openai.OpenAI, ids: list[object], said: str
) -> None:
    with pytest.raises(openai.BadRequestError, match=said):
        client.embeddings.create(model="auto", input=ids)


async def test_ids_without_a_table_are_told_what_to_send_instead(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="Send the text itself"):
        await OpenaiTokens([tmp_path]).texts([[5]])


async def test_a_table_that_is_another_is_not_used(tmp_path: Path) -> None:
    (tmp_path / TABLE).write_text("IQ== 0\n")
    with pytest.raises(RequestError, match="no table"):
        await OpenaiTokens([tmp_path]).texts([[0]])


@pytest.mark.parametrize("name", ["nope", "gpt-4o", "auto:tested", "tiergate-moderation"])
def test_another_model_is_told_what_is_known(client: openai.OpenAI, name: str) -> None:
    with pytest.raises(openai.NotFoundError, match=r"Known are: tiergate-embed, auto, text-emb"):
        client.embeddings.create(model=name, input=PARCEL)


def test_other_methods_types_and_sizes_are_refused(served: Served) -> None:
    assert served.client.get("/v1/embeddings").status_code == 405
    assert post(served, input="x" * 200_000).status_code == 413
    response = served.client.post(
        "/v1/embeddings", content=b"{}", headers={"content-type": "text/plain"}
    )
    assert response.status_code == 415


@pytest.mark.process
def test_a_key_with_the_scope_chat_is_asked_for(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    keys = {}
    for scope in ("chat", "reports"):
        made = tiergate(
            "keys", "create", "--tenant", "acme", "--scope", scope, "-d", database, "--json"
        )
        keys[scope] = json.loads(made.stdout)["key"]
    with Served(tmp_path, write_policy(tmp_path, NOWHERE)) as served:
        assert post(served, input=PARCEL).status_code == 401
        for scope, status in (("reports", 403), ("chat", 200)):
            served.client.headers["authorization"] = f"Bearer {keys[scope]}"
            assert post(served, input=PARCEL).status_code == status


def test_a_request_is_one_row_at_what_its_compute_cost(served: Served) -> None:
    response = post(served, input=[PARCEL, POEM], model="text-embedding-3-small",
                routing={"tags": ["index"]})  # fmt: skip
    assert response.headers["x-tiergate-model"].startswith("tiergate-embed@")
    row = served.row(response)
    assert (row["endpoint"], row["tier"], row["state"]) == ("embeddings", "embedding", "settled")
    assert row["tags"] == ["index"]
    (line,) = next(r for r in served.rows() if r["request_id"] == row["request_id"])["attempts"]
    assert (line["cost_basis"], line["compute_ms"] > 0) == ("own_compute", True)
    assert row["cost_nano_usd"] == line["cost_nano_usd"] == at_the_rate(line["compute_ms"])
    told = float(response.headers["x-tiergate-cost-usd"]) * 1e9
    assert told == pytest.approx(row["cost_nano_usd"])
    assert row["usage"]["input_tokens"] == response.json()["usage"]["prompt_tokens"]
    # A dollar per million tokens, as this policy states for the model that was asked for.
    assert row["baselines"]["requested_model"] == 1_000 * response.json()["usage"]["prompt_tokens"]
    assert PARCEL not in json.dumps(row)


def test_the_books_stay_whole_and_the_level_shares_untouched(served: Served) -> None:
    post(served, input=[PARCEL] * 20)
    run = tiergate("ledger", "verify", "-d", served.database)
    assert run.returncode == 0, run.stdout + run.stderr
    report = tiergate("report", "-d", served.database, "--json")
    assert report.returncode == 0, report.stderr
    parsed = json.loads(report.stdout)
    assert [tier["tier"] for tier in parsed["tiers"]] == ["embedding"]
    assert sum(level["requests"] for level in parsed["levels"]) == 0


def test_such_requests_count_in_the_metrics(served: Served) -> None:
    post(served, input=[PARCEL, POEM])
    page = served.client.get("/metrics").text
    assert 'tiergate_requests_total{policy="tested",tier="embedding",verdict="accepted"}' in page
    rows = [row for row in served.rows() if row["tier"] == "embedding"]
    spent = sum(row["cost_nano_usd"] for row in rows)
    assert spent_in(page, "embedding") * 1e9 == pytest.approx(spent)


async def test_the_event_loop_runs_on_while_texts_are_read() -> None:
    vectors = TextVectors(TriageModel.load())
    reading = asyncio.ensure_future(vectors.embed([PARCEL] * 500))
    turns = 0
    while not reading.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 100
    vectors.close()


async def test_without_a_model_it_is_not_ready() -> None:
    with pytest.raises(AnswererNotReady, match="nothing to embed with"):
        await TextVectors(None).embed(["x"])


async def test_waiting_requests_are_bounded() -> None:
    vectors = TextVectors(TriageModel.load())
    runs = [asyncio.ensure_future(vectors.embed([PARCEL] * 64)) for _ in range(MAX_WAITING + 1)]
    done = await asyncio.gather(*runs, return_exceptions=True)
    refused = [one for one in done if isinstance(one, Overloaded)]
    assert len(refused) == 1
    assert len((await vectors.embed([PARCEL])).vectors) == 1
    vectors.close()
