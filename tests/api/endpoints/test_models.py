"""Tests what `/v1/models` lists, and that every decision id that was sent can be looked up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import openai
import pytest

from tests.kits.dashboard_kit import create_key
from tests.kits.server_kit import (
    Served,
    Upstream,
    eventually,
    write_behaviours,
    write_policy,
)

ALIASES = {"gpt-*": "auto", "org/large": "tier:llm", "text-embedding-*": "tiergate-embed"}
OBSERVED = {"seen": {"answerer": "mid"}, "unseen": "auto"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with Upstream(folder) as upstream:
        policy = write_policy(folder, upstream.url, aliases=ALIASES, max_body_bytes=100_000)
        others = write_behaviours(folder, upstream.url, "refused", "gone")
        with Served(folder, policy, *others) as server:
            yield server


def test_the_list_has_names_and_no_patterns(client: openai.OpenAI) -> None:
    listed = [model.id for model in client.models.list()]
    assert {"auto", "auto:refused", "tier:llm", "org/large", "tiergate-embed"} <= set(listed)
    assert not [name for name in listed if "*" in name]
    assert len(set(listed)) == len(listed)


@pytest.mark.parametrize("name", ["org/large", "gpt-5-mini", "text-embedding-3-small", "tier:llm"])
def test_a_name_that_requests_may_have_is_found(client: openai.OpenAI, name: str) -> None:
    assert client.models.retrieve(name).id == name


@pytest.mark.parametrize("name", ["nope", "gpt-*", "org/large/x", "org"])
def test_another_name_is_told_what_is_known(client: openai.OpenAI, name: str) -> None:
    with pytest.raises(openai.NotFoundError, match="Known are: auto") as raised:
        client.models.retrieve(name)
    assert raised.value.code == "model_not_found"


def test_chat_tells_where_an_own_model_is(client: openai.OpenAI) -> None:
    for name in ("tiergate-embed", "text-embedding-3-small"):
        with pytest.raises(openai.NotFoundError, match="/v1/embeddings"):
            client.chat.completions.create(
                model=name, messages=[{"role": "user", "content": "hello"}]
            )


@pytest.mark.process
def test_an_observing_policy_lists_what_one_answerer_stands_for(tmp_path: Path) -> None:
    policy = write_policy(tmp_path, "http://127.0.0.1:9/v1", mode="observe", aliases=OBSERVED)
    with Served(tmp_path, policy) as served:
        listed = {model["id"] for model in served.client.get("/v1/models").json()["data"]}
        assert listed == {"answer", "seen", "tiergate-embed", "tiergate-moderation"}
        assert served.client.get("/v1/models/unseen").status_code == 404


def failing(served: Served) -> dict[str, httpx.Response]:
    """A response for every way in which a request fails, and for what decides nothing."""
    ask = {"messages": [{"role": "user", "content": "Where is my parcel?"}]}
    chat = "/v1/chat/completions"
    return {
        "bad body": served.client.post(chat, json={"model": "auto"}),
        "unknown model": served.client.post(chat, json={**ask, "model": "nope"}),
        "not capable": served.client.post(
            chat, json={**ask, "model": "auto", "routing": {"max_tier": 1}}
        ),
        "too large": served.client.post(chat, content=b" " * 100_001),
        "upstream refuses": served.client.post(chat, json={**ask, "model": "auto:refused"}),
        "upstream is gone": served.client.post(chat, json={**ask, "model": "auto:gone"}),
        "stream refused": served.client.post(
            chat, json={**ask, "model": "auto:refused", "stream": True}
        ),
        "dry run": served.client.post(
            chat, json={**ask, "model": "auto", "routing": {"dry_run": True}}
        ),
        "unknown path": served.client.get("/nothing"),
        "models": served.client.get("/v1/models"),
        "unknown decision": served.client.get("/v1/decisions/dec_none"),
    }


def test_a_decision_id_is_sent_only_where_it_can_be_looked_up(served: Served) -> None:
    found = failing(served)
    for what, response in found.items():
        assert response.headers["x-request-id"].startswith("req_"), what
        decision = response.headers.get("x-tiergate-decision-id")
        if decision is not None:
            assert served.client.get(f"/v1/decisions/{decision}").status_code == 200, what
    sent = {
        what for what, response in found.items() if "x-tiergate-decision-id" in response.headers
    }
    assert {"upstream refuses", "upstream is gone", "stream refused"} <= sent
    assert sent.isdisjoint({"bad body", "unknown model", "too large", "dry run", "models"})


@pytest.mark.process
def test_a_spent_budget_has_a_decision_at_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("budget")
    with Upstream(folder) as upstream:
        policy = write_policy(folder, upstream.url, budgets={"*": {"usd_per_day": 0.0000001}})
        with Served(folder, policy) as served:
            response = served.chat()
            assert response.status_code == 429, response.text
            assert served.row(response)["error_code"] == "insufficient_quota"


@pytest.mark.process
@pytest.mark.parametrize(("mode", "saves"), [("route", True), ("observe", False)])
def test_only_an_answer_that_was_routed_tells_what_it_saved(
    tmp_path: Path, mode: str, saves: bool
) -> None:
    aliases = {"mid": {"answerer": "mid"}}
    with Upstream(tmp_path) as upstream:
        policy = write_policy(tmp_path, upstream.url, mode=mode, aliases=aliases)
        with Served(tmp_path, policy) as served:
            said = served.chat("mid", routing={"debug": True})
            assert said.status_code == 200
            row = served.client.get(f"/v1/decisions/{said.headers['x-tiergate-decision-id']}")
    assert ("x-tiergate-saved-usd" in said.headers) is saves
    assert (said.json()["routing"]["saved_usd"] is not None) is saves
    assert (row.json()["saved_usd"] is not None) is saves


def test_anthropics_clients_learn_that_a_model_is_in_use(served: Served) -> None:
    headers = {"anthropic-version": "2023-06-01"}
    listed = served.client.get("/v1/models", headers=headers).json()["data"]
    told = served.client.get("/v1/models/auto", headers=headers).json()
    assert told in listed
    assert (told["id"], told["lifecycle"]) == ("auto", "active")


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        pytest.param("GET", "/v1/nothing", 404, "not_found_error", id="no such path"),
        pytest.param("GET", "/v1/models/nope", 404, "not_found_error", id="no such model"),
        pytest.param("POST", "/v1/models", 405, "invalid_request_error", id="wrong method"),
        pytest.param("POST", "/v1/embeddings", 413, "request_too_large", id="long body"),
    ],
)
def test_anthropics_clients_get_their_errors_at_each_path_that_is_of_no_format(
    served: Served, method: str, path: str, status: int, kind: str
) -> None:
    content = b'{"text": "%s"}' % (b"x" * 200_000) if status == 413 else b""
    for headers in ({"anthropic-version": "2023-06-01"}, {}):
        response = served.client.request(method, path, headers=headers, content=content)
        assert response.status_code == status
        error = response.json()["error"]
        if headers:
            assert (response.json()["type"], error["type"]) == ("error", kind)
            assert response.headers["request-id"] == response.json()["request_id"]
        else:
            assert error.keys() == {"message", "type", "param", "code"}


def test_anthropics_clients_get_their_errors_for_a_wrong_key(tmp_path: Path) -> None:
    headers = {"anthropic-version": "2023-06-01", "x-api-key": "tg_wrong"}
    policy = write_policy(tmp_path, "http://127.0.0.1:9")  # nothing asks it
    with Served(tmp_path, policy) as served:
        create_key(served, "acme", "chat")
        eventually(lambda: served.client.get("/v1/models").status_code == 401)
        refused = served.client.get("/v1/models", headers=headers)
    assert refused.status_code == 401
    assert refused.json()["error"]["type"] == "authentication_error"


def test_openais_paths_keep_their_errors_whatever_header_is_sent(served: Served) -> None:
    headers = {"anthropic-version": "2023-06-01"}
    refused = served.post("/v1/chat/completions", b"[]", **headers)
    assert refused.json()["error"]["type"] == "invalid_request_error"
    assert "type" not in refused.json()
