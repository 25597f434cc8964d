"""`/v1/embeddings` by an upstream's model: an alias, a hold, a row with its cost."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from router.api.compose.mounted.embedders import OutsideEmbedders
from router.api.endpoints.embeddings import reads_ids
from router.errors import PolicyError, UpstreamInvalid
from router.policy.loading import load_policy
from router.policy.sections.answering.embedders import EmbedderSection
from tests.kits.server_kit import Served, Upstream, tiergate, write_behaviours, write_policy
from tiers.upstream.embeddings import _read

pytestmark = pytest.mark.slow

PRICE = {"input_usd_per_mtok": 2.0, "output_usd_per_mtok": 0.0, "version": "tests"}


def embedder(name: str, url: str, model: str = "large") -> dict[str, object]:
    return {"name": name, "model": model, "base_url": url, "price": PRICE}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with Upstream(folder) as upstream:
        policy = write_policy(
            folder,
            upstream.url,
            embedders=[
                embedder("large", upstream.url),
                embedder("refused", upstream.url, "refused"),
                embedder("broken", upstream.url, "broken"),
                embedder("odd", upstream.url, "odd"),
                embedder("gone", "http://127.0.0.1:9/v1"),
            ],
            aliases={
                "text-embedding-3-*": "embed:large",
                "broken": "embed:broken",
                "bad-key": "embed:refused",
                "gone": "embed:gone",
                "odd": "embed:odd",
                "small": "tiergate-embed",
            },
            budgets={"*": {"usd_per_day": 1.0}},
        )
        with Served(folder, policy) as server:
            yield server


def post(served: Served, **body: object) -> httpx.Response:
    return served.client.post("/v1/embeddings", json=body)


def test_an_alias_leads_to_the_upstreams_model(served: Served) -> None:
    texts = ["abc", "abcdef"]
    response = post(served, model="text-embedding-3-large", input=texts, dimension=2)
    assert response.status_code == 200, response.text
    assert response.headers["x-tiergate-dropped"] == "dimension"
    body = response.json()
    assert [row["embedding"] for row in body["data"]] == [[3.0, 0.0], [6.0, 1.0]]
    assert body["model"] == "large-v1"
    assert body["usage"]["prompt_tokens"] == 2000
    assert response.headers["x-tiergate-cost-usd"] == "0.004"
    row = served.row(response)
    assert (row["endpoint"], row["state"], row["cost_nano_usd"]) == (
        "embeddings",
        "settled",
        4_000_000,
    )


def test_ids_of_openais_tokens_go_to_no_server_with_others(served: Served) -> None:
    """Another model would read other words in them, and answer all the same."""
    response = post(served, model="text-embedding-3-large", input=[[15339, 1917]])
    if response.status_code == 200:  # a table is installed, by which they became texts
        assert [row["embedding"][0] for row in response.json()["data"]] == [len("hello world")]
    else:
        assert "no table of OpenAI's tokeniser" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("base_url", "as_they_came"),
    [
        ("https://api.openai.com/v1", True),
        ("https://mine.openai.azure.com/openai/v1", True),
        ("http://127.0.0.1:8000/v1", False),
        ("https://api.openai.com.example/v1", False),
    ],
)
def test_openais_servers_read_the_ids_of_their_tokens(base_url: str, *, as_they_came: bool) -> None:
    section = EmbedderSection.model_validate({**embedder("large", base_url)})
    assert reads_ids(section) is as_they_came
    assert not reads_ids(None)


async def test_ids_reach_the_server_in_place_of_texts(tmp_path: Path) -> None:
    with Upstream(tmp_path) as upstream:
        section = EmbedderSection.model_validate(embedder("large", upstream.url))
        embedders = OutsideEmbedders({})
        made = await embedders.embed(section, ((5, 7, 9), (11,)), None)
        await embedders.close()
    assert [struct.unpack("<2f", vector)[0] for vector in made.vectors] == [3.0, 1.0]


def test_a_name_and_a_count_that_cannot_be_cost_neither_answer_nor_budget(served: Served) -> None:
    response = post(served, model="odd", input="abc")
    assert response.status_code == 200, response.text
    assert response.headers["x-tiergate-model"].startswith("a??b: ca")
    row = served.finished_row(response)
    assert row["state"] == "unknown_cost"
    assert row["cost_nano_usd"] < 100_000  # the hold: a token for each byte


def test_our_own_encoder_keeps_its_names(served: Served) -> None:
    for model in ("small", "tiergate-embed"):
        response = post(served, model=model, input="abc")
        assert len(response.json()["data"][0]["embedding"]) == 192
    refused = post(served, model="small", input="abc", dimensions=500)
    assert refused.status_code == 400


@pytest.mark.parametrize("model", ["bad-key", "broken"])
def test_a_call_that_the_upstream_refused_or_failed_costs_nothing(
    served: Served, model: str
) -> None:
    response = post(served, model=model, input="abc")
    assert response.status_code == 502
    row = served.finished_row(response)
    assert (row["state"], row["cost_nano_usd"]) == ("failed", 0)
    (call,) = row["attempts"]  # type: ignore[misc]
    error = response.json()["error"]
    assert call["error_code"] == error["code"]
    decision = response.headers["x-tiergate-decision-id"]
    assert f"Tried: {call['answerer']} of tier embedding (" in error["message"]
    assert error["message"].endswith(f"The decision is {decision}.")


def test_a_call_that_was_never_sent_costs_nothing(served: Served) -> None:
    response = post(served, model="gone", input="abc")
    assert response.json()["error"]["code"] == "upstream_unreachable"
    assert served.finished_row(response)["cost_nano_usd"] == 0


@pytest.mark.parametrize(
    ("key", "status", "code"),
    [("sk-good\n", 200, None), ("sk-\r\nx-a: b", 503, "answerer_not_ready")],
)
def test_a_key_is_read_without_the_end_of_its_line(
    tmp_path: Path, key: str, status: int, code: str | None
) -> None:
    with Upstream(tmp_path) as upstream:
        large = {**embedder("large", upstream.url), "api_key": "${VECTORS_KEY}"}
        policy = write_policy(
            tmp_path, upstream.url, embedders=[large], aliases={"big": "embed:large"}
        )
        with Served(tmp_path, policy, VECTORS_KEY=key) as served:
            response = post(served, model="big", input="abc")
            assert response.status_code == status
            assert response.json().get("error", {}).get("code") == code
            assert served.finished_row(response)["state"] == ("failed" if code else "settled")


def test_a_budget_refuses_before_the_call(tmp_path: Path) -> None:
    with Upstream(tmp_path) as upstream:
        policy = write_policy(
            tmp_path,
            upstream.url,
            embedders=[embedder("large", upstream.url)],
            aliases={"big": "embed:large"},
            budgets={"*": {"usd_per_day": 0.000001}},
        )
        with Served(tmp_path, policy) as served:
            response = post(served, model="big", input="a" * 10_000)
            error = response.json()["error"]
            assert error["code"] == "insufficient_quota"
            assert error["message"].endswith("(`budgets`, `limits`).")
            assert upstream.seen()["count"] == 0


@pytest.mark.parametrize("limit", [{"requests_per_minute": 1}, {"tokens_per_minute": 1_000}])
def test_its_calls_count_in_rates(tmp_path: Path, limit: dict[str, int]) -> None:
    with Upstream(tmp_path) as upstream:
        policy = write_policy(
            tmp_path,
            upstream.url,
            embedders=[embedder("large", upstream.url)],
            aliases={"big": "embed:large", "small": "tiergate-embed"},
            limits=[limit],
        )
        with Served(tmp_path, policy) as served:
            # The upstream counts 1,000 tokens for each text, whatever its length.
            # A call is corrected to its true tokens beside its answer, so some may pass before.
            statuses = [post(served, model="big", input="abc").status_code]
            while statuses[-1] == 200 and len(statuses) < 20:
                statuses.append(post(served, model="big", input="abc").status_code)
            assert (statuses[0], statuses[-1]) == (200, 429)
            assert upstream.seen()["count"] == statuses.count(200)
            page = served.client.get("/metrics").text
            assert f'tiergate_refusals_total{{limit="{next(iter(limit))}"' in page
            # Our own encoder costs no provider's rate.
            assert post(served, model="small", input="abc").status_code == 200


def test_a_call_that_was_never_sent_takes_no_tokens_of_a_rate(tmp_path: Path) -> None:
    with Upstream(tmp_path) as upstream:
        policy = write_policy(
            tmp_path,
            upstream.url,
            embedders=[embedder("gone", "http://127.0.0.1:9/v1")],
            aliases={"gone": "embed:gone"},
            limits=[{"tokens_per_minute": 1_000}],
        )
        with Served(tmp_path, policy) as served:
            # Each is estimated at 750 tokens.
            statuses = {post(served, model="gone", input="abc " * 750).status_code for _ in "123"}
    assert 429 not in statuses


@pytest.mark.parametrize(
    "body",
    [b"nonsense", b"[]", b'{"data": []}', b'{"data": [{"index": 0, "embedding": "!!"}]}',
     b'{"data": [{"index": 0, "embedding": [1]}, {"index": 1, "embedding": "AADAfw=="}]}',  # NaN
     b'{"data": [{"index": 0, "embedding": [1]}, {"index": 1, "embedding": [1e300]}]}',
     b'{"data": [{"index": 0, "embedding": [1]}, {"index": 1, "embedding": [1, 2]}]}'],
)  # fmt: skip
def test_what_is_no_vector_is_an_error_of_the_upstream(body: bytes) -> None:
    with pytest.raises(UpstreamInvalid):
        _read(body, 2)


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        (b'{"prompt_tokens": 7, "total_tokens": 7}', 7),
        (b'{"prompt_tokens": 7.0}', 7),
        (b'{"prompt_tokens": 100000000}', 100_000_000),
        (b'{"prompt_tokens": 100000001}', None),
        (b'{"prompt_tokens": 100000000000000000}', None),  # its cost would not fit into the ledger
        (b'{"prompt_tokens": 0, "total_tokens": 0}', None),  # servers that count nothing write that
        (b'{"prompt_tokens": true}', None),  # the chain has it as true, the database as 1
        (b'{"prompt_tokens": -3}', None),
        (b'{"prompt_tokens": "7"}', None),
        (b"null", None),
        (b"7", None),
    ],
)
def test_a_count_that_no_call_has_is_none(usage: bytes, tokens: int | None) -> None:
    body = b'{"data": [{"index": 0, "embedding": [1]}], "usage": %s}' % usage
    read = _read(body, 1)
    assert (read.tokens, read.reported) == (tokens or 0, tokens is not None)


def test_fewer_tokens_than_texts_are_no_count() -> None:
    rows = ", ".join(f'{{"index": {n}, "embedding": [1]}}' for n in range(3))
    body = f'{{"data": [{rows}], "usage": {{"prompt_tokens": 2}}}}'.encode()
    read = _read(body, 3)
    assert (read.tokens, read.reported) == (0, False)


def test_what_the_provider_says_of_its_call_is_read() -> None:
    body = b'{"id": "emb-1", "data": [{"index": 0, "embedding": [1]}], "usage": {"cost": 0.002}}'
    read = _read(body, 1)
    assert (read.upstream_id, read.provider_cost_nano_usd) == ("emb-1", 2_000_000)


@pytest.mark.parametrize(
    ("sections", "mistake"),
    [
        ({"aliases": {"a": "embed:none"}}, "embed:large"),
        ({"privacy": {"residency": [{"kinds": ["name"], "only": ["mid"]}]}}, "residency"),
    ],
)
def test_a_mistake_is_one_of_the_policy(
    tmp_path: Path, sections: dict[str, object], mistake: str
) -> None:
    path = write_policy(
        tmp_path,
        "http://127.0.0.1:9/v1",
        **{"embedders": [embedder("large", "http://127.0.0.1:9/v1")], **sections},
    )
    with pytest.raises(PolicyError, match=mistake):
        load_policy(path, {})


async def test_a_call_under_way_outlives_a_change_of_its_policy() -> None:
    asked, may_answer = asyncio.Event(), asyncio.Event()

    async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if not asked.is_set():
            asked.set()
            await may_answer.wait()
        body = b'{"data": [{"index": 0, "embedding": [1.0]}]}'
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(upstream, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    before = EmbedderSection.model_validate(embedder("large", f"http://127.0.0.1:{port}/v1"))
    after = before.model_copy(update={"model": "larger"})
    embedders = OutsideEmbedders({})
    first = asyncio.ensure_future(embedders.embed(before, ("abc",), None))
    await asked.wait()
    assert len((await embedders.embed(after, ("abc",), None)).vectors) == 1
    may_answer.set()
    assert len((await first).vectors) == 1
    await embedders.close()
    server.close()


@pytest.mark.parametrize("model", ["big", "tiergate-embed"])
def test_a_key_of_another_policy_gets_no_vectors(tmp_path: Path, model: str) -> None:
    with Upstream(tmp_path) as upstream:
        policy = write_policy(
            tmp_path,
            upstream.url,
            embedders=[embedder("large", upstream.url)],
            aliases={"big": "embed:large"},
        )
        (other,) = write_behaviours(tmp_path, upstream.url, "echo")
        with Served(tmp_path, policy, other) as served:
            limits = ("--policies", "echo", "--policy", other)
            database = ("--database", served.database)
            made = tiergate("keys", "create", "--tenant", "a", *limits, "--json", *database)
            key = {"authorization": f"Bearer {json.loads(made.stdout)['key']}"}
            body = {"model": model, "input": "abc"}
            response = served.client.post("/v1/embeddings", json=body, headers=key)
            assert response.status_code == 403, response.text
            assert response.json()["error"]["code"] == "model_not_allowed"
            assert upstream.seen()["count"] == 0
