"""Tests what only operators see: details of /readyz, and pages at an address of their own."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from router.api.compose.books import Books
from router.api.compose.sockets import parsed
from router.api.http.server import WIRE_FORMATS
from router.errors import CannotListen, LedgerUnavailable
from router.ledger.sql.postgres import ledger_error
from tests.kits.books.postgres_kit import Postgres
from tests.kits.server_kit import (
    COMMAND_S,
    Served,
    Upstream,
    environment,
    eventually,
    tiergate,
    write_policy,
)

PAGES = ("/metrics", "/docs", "/openapi.json", "/", "/dashboard", "/api/v1/dashboard/now")
SECRET = "sk-live-abcdefghijklmnop"


def new_key(database: object, *scopes: str) -> str:
    wanted = [word for scope in scopes for word in ("--scope", scope)]
    made = tiergate("keys", "create", "-d", str(database), "--tenant", "acme", *wanted)
    assert made.returncode == 0, made.stderr
    found = re.search(r"tg[-_]\S+", made.stdout)
    assert found is not None, made.stdout
    return found[0]


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[Upstream]:
    with Upstream(tmp_path) as one:
        yield one


def readyz(served: Served | httpx.Client, key: str = "") -> dict[str, object]:
    client = served.client if isinstance(served, Served) else served
    headers = {"authorization": f"Bearer {key}"} if key else {}
    response = client.get("/readyz", headers=headers)
    assert response.status_code in (200, 503)
    return dict(response.json())


# Of readiness


@pytest.mark.process
def test_readiness_shows_details_to_keys_with_the_scope_admin_alone(
    tmp_path: Path, upstream: Upstream
) -> None:
    database = tmp_path / "ledger.db"
    admin, chat = new_key(database, "admin"), new_key(database, "chat")
    with Served(tmp_path, write_policy(tmp_path, upstream.url)) as served:
        for key in ("", "wrong", chat):
            assert readyz(served, key).keys() == {"status", "details"}, key
            assert readyz(served, key)["status"] == "ready"
        assert {"triage", "ledger", "answerers", "policies"} < readyz(served, admin).keys()


@pytest.mark.process
def test_a_mistaken_policys_values_reach_neither_readiness_nor_the_log(
    tmp_path: Path, upstream: Upstream
) -> None:
    policy = write_policy(tmp_path, upstream.url)
    with Served(tmp_path, policy) as served:
        good = policy.read_text(encoding="utf-8")
        broken = good.replace("kind: upstream", f"kind: upstream\n    api-key: {SECRET}")
        broken = broken.replace("http://127", f"http://me:{SECRET}@127")
        assert broken.count(SECRET) == 2
        policy.write_text(broken, encoding="utf-8")
        eventually(lambda: "mistakes" in served.output)
        eventually(lambda: "found" in str(readyz(served)["policies"]))
        assert "api-key" in str(readyz(served)["policies"])  # the place of the mistake is shown
        assert SECRET not in str(readyz(served)) + served.output
    refused = tiergate("serve", "--policy", policy, "--port", "0", "-d", tmp_path / "other.db")
    assert refused.returncode == 2
    assert SECRET not in refused.stderr + refused.stdout


POSTGRES_SAYS = [
    psycopg.errors.UniqueViolation(f"duplicate key\nDETAIL:  Key (id)=({SECRET}) already exists."),
    psycopg.OperationalError(f'invalid connection option "{SECRET}"'),
    psycopg.OperationalError(
        f'connection to server at "10.1.2.3", port 5432 failed: FATAL:  password authentication '
        f'failed for user "{SECRET}"'
    ),
    psycopg.DataError(f"invalid input: {SECRET}"),
]


@pytest.mark.parametrize("error", POSTGRES_SAYS)
def test_the_databases_own_words_are_not_repeated(error: psycopg.Error) -> None:
    ours = ledger_error(error)
    assert ours is not None
    assert SECRET not in ours.message
    assert "10.1.2.3" not in ours.message
    assert type(error).__name__ in ours.message


def test_a_client_learns_nothing_of_the_database() -> None:
    error = LedgerUnavailable(f"disk I/O error at {SECRET}")
    for wire in WIRE_FORMATS.values():
        assert SECRET.encode() not in wire.error(error, "1")
        assert b"The ledger cannot be used now" in wire.error(error, "1")


@pytest.mark.process
def test_metrics_ask_whoever_comes_through_a_proxy_for_a_key(
    tmp_path: Path, upstream: Upstream
) -> None:
    admin = new_key(tmp_path / "ledger.db", "admin")
    with Served(tmp_path, write_policy(tmp_path, upstream.url)) as served:
        assert served.client.get("/metrics").status_code == 200
        through = {"x-forwarded-for": "203.0.113.7"}
        assert served.client.get("/metrics", headers=through).status_code == 401
        through["authorization"] = f"Bearer {admin}"
        assert "tiergate_" in served.client.get("/metrics", headers=through).text


# Of the address


@pytest.mark.process
@pytest.mark.parametrize("workers", ["1", "2"])
def test_operators_pages_answer_at_their_own_address_alone(
    tmp_path: Path, upstream: Upstream, workers: str
) -> None:
    options = ("--admin-listen", "0", "--workers", workers)
    with Served(tmp_path, write_policy(tmp_path, upstream.url), *options) as served:
        url = served.wait_for(r"docs +(http://\S+)/docs")[1]
        assert url != served.url
        with httpx.Client(base_url=url, timeout=120.0) as admin:
            for page in PAGES:
                assert served.client.get(page).status_code == 404, page
                assert admin.get(page).status_code == 200, page
            refused = admin.post("/v1/chat/completions", json={})
            assert (refused.status_code, refused.json()["error"]["code"]) == (404, "unknown_url")
            told = {site: known_at(site) for site in (served.client, admin)}
            assert {"/metrics", "/healthz"} <= told[admin]
            assert {"/v1/models", "/healthz"} <= told[served.client]
            assert not {"/metrics", "/docs", "/dashboard"} & told[served.client]
            assert "/v1/chat/completions" not in told[admin]
            assert readyz(served).keys() == {"status", "details"}
            assert "answerers" in readyz(admin)
            assert admin.get("/healthz").status_code == 200
        assert served.chat().status_code == 200
        assert served.client.get("/healthz").status_code == 200


def test_an_admin_address_that_others_reach_needs_a_key_first(tmp_path: Path) -> None:
    run = tiergate("serve", "--port", "0", "--admin-listen", "0.0.0.0:0", "-d", tmp_path / "l.db")
    assert run.returncode == 2
    assert "0.0.0.0 can be reached from other machines" in run.stderr


@pytest.mark.parametrize("told", [True, False])
def test_required_keys_stop_a_start_without_any_on_loopback_too(
    tmp_path: Path, *, told: bool
) -> None:
    given, environ = ("--require-keys",), dict[str, str]()
    if told:
        given, environ = (), {"TIERGATE_REQUIRE_KEYS": "1"}
    database = tmp_path / "ledger.db"
    run = tiergate("serve", "--port", "0", *given, "-d", database, **environ)
    assert run.returncode == 2
    assert "--require-keys" in run.stderr
    assert "there is no API key yet" in run.stderr
    assert f"keys create --tenant NAME --database {database}" in run.stderr


@pytest.mark.process
@pytest.mark.parametrize("workers", ["1", "2"])
def test_required_keys_are_asked_of_requests_on_loopback_too(tmp_path: Path, workers: str) -> None:
    database = tmp_path / "ledger.db"
    key = new_key(database, "chat")
    with (
        Upstream(tmp_path) as upstream,
        Served(
            tmp_path, write_policy(tmp_path, upstream.url), "--require-keys", "--workers", workers
        ) as served,
    ):
        assert served.chat().status_code == 401
        served.client.headers["authorization"] = f"Bearer {key}"
        assert served.chat().status_code == 200


@pytest.mark.parametrize("told", [True, False])
def test_hint_for_the_first_key_can_be_pasted(
    tmp_path: Path, postgres: Postgres, *, told: bool
) -> None:
    address = postgres.new_database().replace("postgres@", "postgres:very-secret@")
    environ = {"TIERGATE_DATABASE": address} if told else {}
    given = () if told else ("--database", address)
    run = tiergate("serve", "--host", "0.0.0.0", "--port", "0", *given, **environ)
    assert run.returncode == 2
    command = run.stderr.partition("`")[2].partition("`")[0]
    assert ("--database" in command) is not told
    assert not re.search(r"very-secret|\*\*\*", command)
    made = subprocess.run(
        command,
        shell=True,
        env=environment(**environ),
        capture_output=True,
        text=True,
        timeout=COMMAND_S,
    )
    assert made.returncode == 0, f"{command}\n{made.stderr}"
    # The same address may be served now.
    with Books.open(address) as books:
        assert books.any_key()


@pytest.mark.parametrize("address", ["", "host", "host:", ":70000", "host:x"])
def test_an_admin_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(CannotListen, match=r"expected HOST:PORT"):
        parsed(address)


def known_at(site: httpx.Client) -> set[str]:
    """The paths that a 404 of this address names."""
    said = site.get("/nothing").json()["error"]["message"]
    return set(said.partition("Known are: ")[2].removesuffix(".").split(", "))
