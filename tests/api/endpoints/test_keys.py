"""API keys on a real server: who is let in, what each sees, how soon a revocation counts."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import anthropic
import pytest

from router.api.http.server import WIRE_FORMATS
from tests.kits.server_kit import Served, Upstream, eventually, tiergate, write_policy


def create(served: Served, tenant: str, *scopes: str) -> dict[str, str]:
    arguments = [piece for scope in scopes for piece in ("--scope", scope)]
    said = tiergate(
        "keys", "create", "--tenant", tenant, *arguments, "--json", "--database", served.database
    )
    assert said.returncode == 0, said.stderr
    return dict(json.loads(said.stdout))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("keys")
    with (
        Upstream(folder) as upstream,
        Served(folder, write_policy(folder, upstream.url)) as server,
    ):
        assert "without a key" in server.output
        assert server.chat().status_code == 200  # loopback, no key yet
        yield server


@pytest.fixture(scope="module")
def alice(served: Served) -> str:
    secret = create(served, "alice", "chat")["key"]
    eventually(lambda: served.chat().status_code == 401)
    return secret


def test_first_key_closes_the_server_to_requests_without_one(served: Served, alice: str) -> None:
    response = served.chat()
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "invalid_api_key"


def test_wrong_key_is_401(served: Served, alice: str) -> None:
    assert served.chat(key="tg_wrong").status_code == 401


def test_key_is_let_in_and_pays(served: Served, alice: str) -> None:
    response = served.chat(key=alice)
    assert response.status_code == 200
    found = served.client.get(
        f"/v1/decisions/{response.headers['x-tiergate-decision-id']}",
        headers={"authorization": f"Bearer {alice}"},
    )
    assert found.json()["tenant"] == "alice"


def test_key_may_come_as_anthropics_clients_send_it(served: Served, alice: str) -> None:
    def count(**key: str) -> int:
        client = anthropic.Anthropic(base_url=str(served.url), max_retries=0, **key)
        asked = [{"role": "user", "content": "Where is my parcel?"}]
        return client.messages.count_tokens(model="auto", messages=asked).input_tokens

    assert count(api_key=alice) == count(auth_token=alice) > 0
    with pytest.raises(anthropic.AuthenticationError):
        count(api_key="tg_wrong")
    with pytest.raises(anthropic.AuthenticationError):
        count(auth_token="tg_wrong")


def test_decision_of_another_tenant_is_404(served: Served, alice: str) -> None:
    bob = create(served, "bob")["key"]
    response = served.chat(key=alice)
    eventually(lambda: served.chat(key=bob).status_code == 200)
    found = served.client.get(
        f"/v1/decisions/{response.headers['x-tiergate-decision-id']}",
        headers={"authorization": f"Bearer {bob}"},
    )
    assert found.status_code == 404


def test_key_without_the_chat_scope_is_403(served: Served, alice: str) -> None:
    reports = create(served, "alice", "reports")["key"]
    eventually(lambda: served.chat(key=reports).status_code == 403)
    for path in (*WIRE_FORMATS, "/v1/messages/count_tokens"):
        given = {"authorization": f"Bearer {reports}"}
        assert served.post(path, {}, **given).status_code == 403, path
        assert served.post(path, {}).status_code == 401, path


def test_revoked_key_is_refused_soon(served: Served, alice: str) -> None:
    made = create(served, "carol")
    eventually(lambda: served.chat(key=made["key"]).status_code == 200)
    said = tiergate("keys", "revoke", made["key_id"], "--database", served.database)
    assert said.returncode == 0, said.stderr
    # Other tests of this file send many wrong keys, so it may be one too many: 429.
    eventually(lambda: served.chat(key=made["key"]).status_code in (401, 429))


def test_host_header_opens_no_door(served: Served, alice: str) -> None:
    response = served.client.get("/v1/models", headers={"host": "localhost"})
    assert response.status_code == 401


def test_no_key_means_loopback_only(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("exposed")
    said = tiergate("serve", "--host", "0.0.0.0", "--port", "0", "--database", folder / "l.db")
    assert said.returncode == 2
    assert "keys create" in said.stderr


def _outside_address() -> str | None:
    """Returns the address by which this machine reaches others; no packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address for documents, RFC 5737
        except OSError:
            return None
        address = str(probe.getsockname()[0])
    return None if address.startswith("127.") else address


def test_server_without_keys_is_not_reached_from_outside(served: Served) -> None:
    port = int(served.url.rsplit(":", 1)[1])
    outside = _outside_address()
    if outside is None:
        pytest.skip("this machine has no other address than loopback")
    with socket.socket() as client, pytest.raises(OSError, match="refused"):
        client.connect((outside, port))
