"""Opens the HTTP client of the upstream tier, and reads bodies with bounds.

It trusts no upstream: bodies have a longest length, and no encoding that nobody asked for.
"""

from __future__ import annotations

import asyncio

import aiohttp

from router.errors import UpstreamInvalid
from tiers.upstream.client_errors import FOREIGN

Session = aiohttp.ClientSession
MAX_BODY_BYTES = 16_000_000
# Below the 5 s after which uvicorn and node close idle connections: a request sent into a closing
# connection is lost without our knowing whether it was read.
KEEP_ALIVE_S = 4.0
LAST_READ_S = 0.02  # for the end of a stream whose answer is whole, to keep the connection


def new_session() -> Session:
    """Returns a client session as the tier needs it.

    It keeps no cookies, takes no proxy or netrc from the environment and decompresses nothing (a
    small body could become a huge one). It has no limit of connections, since the tier has its own.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_S, ttl_dns_cache=30),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )


def check_type(response: aiohttp.ClientResponse, expected: str) -> None:
    """Raises UpstreamInvalid for another content type and for compression nobody asked for."""
    sent = response.content_type
    if sent != expected and "Content-Type" in response.headers:
        shown = sent if sent.isascii() and len(sent) < 80 else "something else"
        raise UpstreamInvalid(f"The upstream sent {shown}; expected {expected}.")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UpstreamInvalid("The upstream sent a compressed body, which it was not asked for.")


async def read_json(response: aiohttp.ClientResponse) -> bytes:
    """Returns the whole body. Raises UpstreamInvalid for one of more than 16 MB."""
    check_type(response, "application/json")
    if response.content_length is not None and response.content_length <= MAX_BODY_BYTES:
        return await response.read()
    body = bytearray()
    piece = await response.content.readany()
    while piece and len(body) + len(piece) <= MAX_BODY_BYTES:
        body += piece
        piece = await response.content.readany()
    if piece:
        raise UpstreamInvalid(f"The upstream's answer is longer than {MAX_BODY_BYTES} bytes.")
    return bytes(body)


async def read_to_end(response: aiohttp.ClientResponse) -> None:
    """Reads what follows `[DONE]`, so that the connection can serve the next call."""
    if response.content.at_eof():
        return
    try:
        async with asyncio.timeout(LAST_READ_S):
            await response.content.readany()
    except FOREIGN:
        response.close()
