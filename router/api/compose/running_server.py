"""Asks the server that runs at an address what `tiergate doctor` wants to know. Raises nothing."""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket

HEALTHY = b'{"status":"ok"}'
"""Is the whole body of `/healthz`."""
MOST_READY_BYTES = 10_000_000
"""Bounds what is read of `/readyz`, which has some hundred bytes for each answerer."""
ANSWERS_WITHIN_S = 5.0
"""Bounds the wait for what has the port: one that starts on a busy machine takes seconds."""
ADMIN_KEY = "TIERGATE_ADMIN_KEY"


def is_tiergate(host: str, port: int) -> bool:
    """Returns True where the server at this address answers `/healthz` as Tiergate does."""
    body, request_id = _fetched(host, port, "/healthz", len(HEALTHY) + 1)
    return body == HEALTHY and request_id.startswith("req_")


def details_of(host: str, port: int, admin_key: str = "") -> dict[str, object] | None:
    """Returns the details of `/readyz` of the server at this address.

    None: the server tells it to no one without a key with the scope admin, or not at all. The key
    is sent only within this machine, since nothing here encrypts it.
    """
    admin_key = admin_key if is_here(host) else ""
    body, _ = _fetched(host, port, "/readyz", MOST_READY_BYTES, admin_key)
    try:
        details = json.loads(body)
    except (ValueError, RecursionError):  # whatever has the port may have written it
        return None
    if not isinstance(details, dict) or not isinstance(details.get("answerers"), dict):
        return None
    return details


def answerers_in(details: dict[str, object]) -> list[tuple[str, str, str]]:
    """Returns name, state and detail of each answerer."""
    answerers = details["answerers"]
    assert isinstance(answerers, dict)
    return _states(answerers)


def parts_in(details: dict[str, object]) -> list[tuple[str, str, str]]:
    """Returns name, state and detail of each other part that has a state, such as the ledger."""
    return _states({n: told for n, told in details.items() if "state" in _fields(told)})


def mistakes_in(details: dict[str, object]) -> list[tuple[str, list[str]]]:
    """Returns the name and the mistakes of each policy whose file cannot be used."""
    policies = _fields(details.get("policies"))
    mistakes_by_name = {name: _fields(told).get("mistakes") for name, told in policies.items()}
    return [
        (str(name), list(map(str, mistakes)))
        for name, mistakes in mistakes_by_name.items()
        if isinstance(mistakes, list) and mistakes
    ]


def _states(told_by_name: dict[object, object]) -> list[tuple[str, str, str]]:
    return [
        (str(name), str(told.get("state") or "unknown"), str(told.get("detail") or ""))
        for name, told in told_by_name.items()
        if isinstance(told, dict)
    ]


def _fields(value: object) -> dict[object, object]:
    return value if isinstance(value, dict) else {}


def is_here(host: str) -> bool:
    """Returns True where all addresses of a host are this machine's own. Sends nothing."""
    place = _reached(host)
    try:
        found = socket.getaddrinfo(place, 9, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError):
        return False
    return all(_is_own(family, address) for family, _, _, _, address in found)


def _is_own(family: int, address: tuple[object, ...]) -> bool:
    number = str(address[0])
    if ipaddress.ip_address(number.partition("%")[0]).is_loopback:
        return True
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as plain:
            plain.connect(address)  # chooses the way, and with it the address of the sender
            return bool(plain.getsockname()[0] == number)
    except OSError:
        return False


def _reached(host: str) -> str:
    """Returns where a server that listens at this host is asked."""
    # A server on all addresses of the machine answers on loopback.
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def _fetched(host: str, port: int, path: str, most_bytes: int, key: str = "") -> tuple[bytes, str]:
    """Returns the body that a server answers with and its request id; both empty where it fails."""
    try:
        connection = http.client.HTTPConnection(_reached(host), port, timeout=ANSWERS_WITHIN_S)
    except http.client.InvalidURL:
        return b"", ""
    try:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.read(most_bytes), response.getheader("x-request-id", "")
    except (OSError, ValueError, http.client.HTTPException):
        return b"", ""
    finally:
        connection.close()
