"""Tests who may come in while there are no keys, and what is ready for them."""

from __future__ import annotations

import pytest

from router.api.http.asgi import GUARDED, PEER, Event, headers_of, send_error
from router.api.http.authentication import Doorkeeper
from router.errors import (
    AuthenticationFailed,
    PermissionDenied,
    RequestError,
    UpstreamRateLimited,
)
from router.types import LOCAL, Identity, Scope


class NoKeys:
    async def identify(self, secret: str) -> Identity | None:
        return None

    async def any(self) -> bool:
        return False


async def test_without_keys_the_local_user_comes_in() -> None:
    door = Doorkeeper(NoKeys(), open_without_keys=True)
    assert await door.admit({}, Scope.CHAT) == LOCAL


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1", "http://[::1]:5"])
async def test_a_page_of_this_machine_comes_in(origin: str) -> None:
    door = Doorkeeper(NoKeys(), open_without_keys=True)
    assert await door.admit({"origin": origin}, Scope.CHAT) == LOCAL


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example"]
)
async def test_a_page_of_another_site_does_not(origin: str) -> None:
    door = Doorkeeper(NoKeys(), open_without_keys=True)
    with pytest.raises(PermissionDenied, match="this machine only"):
        await door.admit({"origin": origin}, Scope.CHAT)


async def test_a_mounted_gateway_leaves_that_to_the_outer_application() -> None:
    door = Doorkeeper(NoKeys(), open_without_keys=True)
    scope = {
        "headers": [(b"origin", b"https://app.example"), (b"host", b"app.example")],
        "client": ("203.0.113.7", 5000),
    }
    let_in = headers_of({**scope, GUARDED: True})
    assert await door.admit(let_in, Scope.CHAT) == LOCAL
    door.require_own_name(let_in, LOCAL)
    with pytest.raises(PermissionDenied, match="this machine only"):
        await door.admit(headers_of(scope), Scope.CHAT)


@pytest.mark.parametrize("peer", ["203.0.113.7", "2001:db8::1", "testclient"])
async def test_another_machine_does_not_come_in_without_keys(peer: str) -> None:
    door = Doorkeeper(NoKeys(), open_without_keys=True)
    with pytest.raises(PermissionDenied, match=r"asgi\(guarded=True\)"):
        await door.admit(headers_of({"headers": [], "client": (peer, 5000)}), Scope.CHAT)


async def test_a_header_lets_nobody_in() -> None:
    """A server that hands on names with a colon must not open a mounted gateway."""
    door = Doorkeeper(NoKeys(), open_without_keys=True)
    scope = {"headers": [(b":let-in", b"yes")], "client": ("203.0.113.7", 5000)}
    with pytest.raises(PermissionDenied, match="this machine only"):
        await door.admit(headers_of(scope), Scope.CHAT)


@pytest.mark.parametrize("client", [None, ("127.0.0.1", 5), ("::1", 5)])
async def test_this_machine_comes_in_without_keys(client: tuple[str, int] | None) -> None:
    door = Doorkeeper(NoKeys(), open_without_keys=True)
    assert await door.admit(headers_of({"headers": [], "client": client}), Scope.CHAT) == LOCAL


async def test_a_closed_server_asks_for_a_key() -> None:
    with pytest.raises(AuthenticationFailed, match=r"ask whoever runs .*keys create --tenant NAME"):
        await Doorkeeper(NoKeys(), open_without_keys=False).admit({}, Scope.CHAT)


async def test_what_answering_a_tenant_needs_is_fetched_with_its_body() -> None:
    fetched: list[str] = []

    async def ready(tenant: str) -> None:
        fetched.append(tenant)

    async def receive() -> Event:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    door = Doorkeeper(NoKeys(), open_without_keys=True, ready=ready)
    headers = {"content-type": "application/json"}
    assert await door.body_of(LOCAL, headers, receive, 100) == b"{}"
    assert await door.receive(headers, receive, 100) == (LOCAL, b"{}")
    assert fetched == [LOCAL.tenant] * 2


class OneKey(NoKeys):
    async def any(self) -> bool:
        return True


@pytest.mark.parametrize("given", ["tg_a_key_alone", "Basic dXNlcjpwYXNz"])
async def test_a_header_that_is_no_bearer_is_told_so_without_its_secret(given: str) -> None:
    door = Doorkeeper(OneKey(), open_without_keys=True)
    with pytest.raises(AuthenticationFailed, match="does not begin with `Bearer `") as refused:
        await door.admit({"authorization": given}, Scope.CHAT)
    assert given.split()[-1] not in str(refused.value)


async def test_no_header_is_told_that_no_key_was_given() -> None:
    door = Doorkeeper(OneKey(), open_without_keys=True)
    with pytest.raises(AuthenticationFailed, match="No API key was given"):
        await door.admit({}, Scope.CHAT)


class AnyKey(NoKeys):
    async def identify(self, secret: str) -> Identity | None:
        return LOCAL


@pytest.mark.parametrize(("own", "refused"), [("tg-b", True), ("tg-a", False), ("", False)])
async def test_headers_with_unlike_keys_are_refused(own: str, refused: bool) -> None:
    door = Doorkeeper(AnyKey(), open_without_keys=False)
    headers = {"authorization": "Bearer tg-a", "x-api-key": own}
    if not refused:
        assert await door.admit(headers, Scope.CHAT) == LOCAL
        return
    with pytest.raises(RequestError, match="More than one API key"):
        await door.admit(headers, Scope.CHAT)


@pytest.mark.parametrize(
    "name", [b"x-tiergate-min-tier", b"x-session-id", b"thread-id", b"x-claude-code-session-id"]
)
def test_repeated_hint_is_refused_where_its_values_differ(name: bytes) -> None:
    lines = [(name, b"reasoning"), (b"accept", b"*/*"), (name, b"small")]
    with pytest.raises(RequestError, match=f"{name.decode()} came more than once") as refusal:
        headers_of({"headers": lines})
    assert (refusal.value.status, refusal.value.param) == (400, name.decode())
    assert headers_of({"headers": [lines[0]] * 2})[name.decode()] == "reasoning"


@pytest.mark.parametrize(("asked_s", "told"), [(999_999_999.0, b"60"), (7.2, b"8")])
async def test_client_waits_a_minute_at_most_for_an_upstream(asked_s: float, told: bytes) -> None:
    events: list[Event] = []

    async def send(event: Event) -> None:
        events.append(event)

    await send_error(send, UpstreamRateLimited("Limited.", retry_after_s=asked_s), b"", [])
    assert (b"retry-after", told) in events[0]["headers"]


class KeyOfEachScope(NoKeys):
    """Knows one key of each scope, by the scope's name."""

    async def identify(self, secret: str) -> Identity | None:
        known = secret in {scope.value for scope in Scope}
        return Identity("acme", "key-1", frozenset({Scope(secret)})) if known else None

    async def any(self) -> bool:
        return True


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "::ffff:127.0.0.1", ""])
async def test_this_machine_reads_the_figures_of_all_without_a_key(peer: str) -> None:
    door = Doorkeeper(KeyOfEachScope(), open_without_keys=True)
    await door.admit_to_figures({PEER: peer})


@pytest.mark.parametrize(
    "headers",
    [
        {PEER: "10.0.0.9"},
        {PEER: "2001:db8::1"},
        {PEER: "127.0.0.1", "x-forwarded-for": "10.0.0.9"},
        {PEER: "::1", "forwarded": "for=10.0.0.9"},
        {PEER: "127.0.0.1", "via": "1.1 proxy"},
        {PEER: "127.0.0.1", "x-forwarded-host": "gateway.example"},
        {PEER: "127.0.0.1", "cf-connecting-ip": "10.0.0.9"},
        {PEER: "127.0.0.1", "host": "attacker.example:8000"},
        {PEER: "127.0.0.1", "host": "localhost", "origin": "http://attacker.example"},
    ],
)
async def test_another_machine_reads_the_figures_of_all_with_an_admins_key(
    headers: dict[str, str],
) -> None:
    door = Doorkeeper(KeyOfEachScope(), open_without_keys=True)
    with pytest.raises(AuthenticationFailed):
        await door.admit_to_figures(headers)
    for scope in (Scope.CHAT, Scope.REPORTS):
        with pytest.raises(PermissionDenied, match="'admin'"):
            await door.admit_to_figures({**headers, "x-api-key": scope.value})
    await door.admit_to_figures({**headers, "x-api-key": "admin"})


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000"])
async def test_this_machine_reads_the_figures_under_its_own_names(host: str) -> None:
    door = Doorkeeper(KeyOfEachScope(), open_without_keys=True)
    await door.admit_to_figures({PEER: "127.0.0.1", "host": host, "origin": f"http://{host}"})
    await door.admit_to_operators_page({PEER: "127.0.0.1", "host": host})


async def test_a_page_of_another_site_reads_no_figures_at_the_operators_address() -> None:
    """Its name can be made to lead to this machine (DNS rebinding)."""
    door = Doorkeeper(KeyOfEachScope(), open_without_keys=True)
    with pytest.raises(AuthenticationFailed, match="localhost"):
        await door.admit_to_operators_page({PEER: "127.0.0.1", "host": "attacker.example"})
    await door.admit_to_operators_page({PEER: "10.0.0.9", "host": "gateway.internal"})


async def test_a_server_without_keys_shows_its_figures_under_its_own_names_alone() -> None:
    door = Doorkeeper(NoKeys(), open_without_keys=True)
    with pytest.raises(PermissionDenied, match="localhost"):
        await door.admit_to_figures({PEER: "127.0.0.1", "host": "attacker.example"})
