"""Holes that other gateways had, each tried at a closed server.

Others are tested where they belong: addresses in bodies, templates, images and multipart in
test_server_bad_upstreams, the Host header in test_server_keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from router.api.openapi.document import OPERATIONS
from router.ledger.sql.database import Database
from router.ledger.tables.keys import SqlKeyStore
from router.types import Scope
from tests.api.endpoints.test_keys import create
from tests.kits.books.ledger_rows import StandingClock
from tests.kits.server_kit import Served, Upstream, eventually, tiergate, write_policy

pytestmark = pytest.mark.process

GUARDED = [(o.method.upper(), o.path) for o in OPERATIONS if o.key]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("closed")
    with Upstream(folder) as upstream:
        policy = write_policy(folder, upstream.url, cache={"exact": True})
        with Served(folder, policy) as server:
            yield server


@pytest.fixture(scope="module")
def keys(served: Served) -> dict[str, str]:
    made = {tenant: create(served, tenant, "chat")["key"] for tenant in ("alice", "bob")}
    eventually(lambda: served.chat().status_code == 401)
    return made


@pytest.fixture(scope="module")
def late_key(served: Served) -> str:
    clock = StandingClock()
    with closing(Database.open(str(served.database))) as database:
        ends_at_ms = clock.now_ms() + 60_000
        made = SqlKeyStore(database, clock).create("carol", [Scope.CHAT], expires_at_ms=ends_at_ms)
    eventually(lambda: "it expired at" in served.chat(key=made.secret).text)
    return made.secret


def bad_keys(good: str) -> list[str]:
    return [
        good[:-1],
        good[:12],
        good + "x",
        good.upper(),
        "' OR '1'='1",
        "x' UNION SELECT * FROM api_keys --",
        f"{good}'; DROP TABLE api_keys; --",
        "%",
        "a" * 60_000,
    ]


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_no_route_is_open_to_a_wrong_key(
    served: Served, keys: dict[str, str], method: str, path: str
) -> None:
    path = path.replace("{id}", "x").replace("{domain}/{task}", "email/pipeline")
    for key in bad_keys(keys["alice"]):
        for headers in ({"authorization": f"Bearer {key}"}, {"x-api-key": key}, {}):
            sent = {**headers, "host": "127.0.0.1", "x-forwarded-for": "127.0.0.1"}
            response = served.client.request(method, path, json={}, headers=sent)
            # So many wrong keys from one address are throttled, and let nobody in either.
            refused = {401} if not headers else {401, 429}
            assert response.status_code in refused, (key[:40], response.text)
    assert served.chat(key=keys["alice"]).status_code == 200  # the table of keys still stands


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_two_keys_in_one_request_are_refused(
    served: Served, keys: dict[str, str], method: str, path: str
) -> None:
    path = path.replace("{id}", "x").replace("{domain}/{task}", "email/pipeline")
    good = f"Bearer {keys['alice']}"
    for name, wrong, right in (
        ("authorization", "Bearer x", good),
        ("x-api-key", "x", keys["alice"]),
    ):
        for lines in ([(name, wrong), (name, right)], [(name, right), (name, right)]):
            response = served.client.request(method, path, json={}, headers=lines)
            assert response.status_code == 400, response.text
            assert "More than one API key" in response.text


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_every_route_says_that_a_key_expired(
    served: Served, late_key: str, method: str, path: str
) -> None:
    path = path.replace("{id}", "x").replace("{domain}/{task}", "email/pipeline")
    headers = {"authorization": f"Bearer {late_key}"}
    response = served.client.request(method, path, json={}, headers=headers)
    assert response.status_code == 401
    assert "it expired at" in response.text
    kind = response.json()["error"]["type"]
    assert kind == ("authentication_error" if "/messages" in path else "invalid_request_error")


def test_keys_with_one_beginning_share_no_cache(served: Served, keys: dict[str, str]) -> None:
    first = served.chat(key=keys["alice"], temperature=0)
    again = served.chat(key=keys["alice"], temperature=0)
    other = served.chat(key=keys["bob"], temperature=0)
    found = [one.headers["x-tiergate-cache"] for one in (first, again, other)]
    assert found == ["miss", "exact", "miss"]


def test_a_key_cannot_widen_its_own_rights(served: Served, keys: dict[str, str]) -> None:
    headers = {"authorization": f"Bearer {keys['alice']}"}
    for path in ("/v1/keys", "/keys", "/key/update", "/admin/keys", "/api/v1/keys"):
        for method in ("POST", "PUT", "PATCH", "GET"):
            body = {"key": keys["alice"], "scopes": ["admin"], "tenant": "bob"}
            assert served.client.request(method, path, json=body, headers=headers).status_code in (
                404,
                405,
            )
    for field in ("tenant", "key_id", "scopes", "may_lower"):
        hinted = served.post(
            "/v1/chat/completions",
            {"model": "auto", "messages": [{"role": "user", "content": "hi"}],
             "routing": {field: "bob"}},
            **headers,
        )  # fmt: skip
        assert hinted.status_code == 400
        assert field in hinted.json()["error"]["message"]


def test_no_secret_of_a_key_is_in_the_log(served: Served, keys: dict[str, str]) -> None:
    assert not any(key in served.output for key in keys.values())
    run = tiergate("keys", "list", "--json", "--database", served.database)
    assert not any(key in run.stdout for key in keys.values())
