"""Asks a server for the models that it lists: one GET, which costs nothing anywhere.

It knows nothing about calls, and compares no names.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import orjson

from router.errors import DeadlineExceeded, UpstreamError, UpstreamInvalid
from tiers.resilience.refusals import error_for_status, shown_url
from tiers.upstream.client import HttpClient, first_lines, target_of
from tiers.upstream.client_errors import FOREIGN, to_ours

PATH = "/models"
MOST = "?limit=1000"  # Anthropic's pages hold 20 otherwise; other servers read no such key
MAX_BYTES = 16_000_000
TIMEOUT_S = 10.0

_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "tiergate"}


async def listed_models(
    client: HttpClient, base_url: str, headers: Mapping[str, str]
) -> tuple[str, ...] | None:
    """Returns the ids that the server behind `base_url` lists; None where it has no list.

    Raises UpstreamError and its kin, DeadlineExceeded. An address without a version that has no
    list is an error, since it has no chat either: `/v1` is missing.
    """
    url = base_url.rstrip("/") + PATH
    try:
        async with asyncio.timeout(TIMEOUT_S):
            status, body = await _got(client, url + MOST, headers)
            if status in (400, 404, 405, 422, 501):  # perhaps for the query alone
                status, body = await _got(client, url, headers)
    except TimeoutError as error:
        raise DeadlineExceeded(f"no answer within {TIMEOUT_S:g} s") from error
    except FOREIGN as error:
        raise to_ours(error) from error
    if status in (404, 405, 501):
        if not _names_a_version(base_url):
            raise UpstreamError(
                f"nothing at {shown_url(url)} (status {status}): base_urls may lack "
                "`/v1` at its end",
                upstream_status=status,
            )
        return None
    if status != 200:
        raise error_for_status(status)
    return _ids(body)


async def _got(client: HttpClient, url: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """Returns the status and the body, of which at most `MAX_BYTES` or a little more are read."""
    target = target_of(url)
    head = first_lines("GET", target, {**_HEADERS, **headers})
    response = await client.ask(target, head + b"\r\n")
    body = b""
    try:
        while len(body) < MAX_BYTES and (piece := await response.piece()):
            body += piece
    finally:
        response.close()
    return response.status, body


def _names_a_version(base_url: str) -> bool:
    last = base_url.rstrip("/").rpartition("/")[2]
    return (last[:1] == "v" and last[1:2].isdigit()) or "/v1" in base_url


def _ids(body: bytes) -> tuple[str, ...]:
    """Returns the ids of a list of models, as OpenAI and Anthropic write it."""
    try:
        body_json = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise UpstreamInvalid("its list of models is no JSON") from error
    rows = body_json.get("data") if isinstance(body_json, dict) else None
    if not isinstance(rows, list):
        raise UpstreamInvalid("its list of models has no `data`")
    ids = (row.get("id") for row in rows if isinstance(row, dict))
    return tuple(one for one in ids if isinstance(one, str))
