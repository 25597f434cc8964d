"""Calls other servers within a deadline, reads so many bytes at most, and follows no redirect.

A timeout of a socket bounds each wait for a byte. A server that sends one byte a second passes it
for days. aiohttp bounds the whole exchange.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

if TYPE_CHECKING:
    from aiohttp import StreamReader


class HttpAnswer(NamedTuple):
    """Holds what a server answered; a redirect too is an answer."""

    status: int
    reason: str
    content: bytes


class AnswerTooLong(ValueError):
    """Reports a server that answered, with more bytes than its caller takes."""


def call(
    method: str,
    url: str,
    body: bytes | None,
    headers: Mapping[str, str],
    timeout_s: float,
    most_bytes: int = 0,
) -> HttpAnswer:
    """Returns the answer to one request, with at most `most_bytes` of content (0: none is read).

    It blocks, on a thread without an event loop. Raises OSError, TimeoutError among them, where
    there is no whole answer in time, ValueError for an address that is none, and AnswerTooLong for
    content of more bytes.
    """
    return asyncio.run(_answer(method, url, body, headers, timeout_s, most_bytes))


async def _answer(
    method: str,
    url: str,
    body: bytes | None,
    headers: Mapping[str, str],
    timeout_s: float,
    most_bytes: int,
) -> HttpAnswer:
    import aiohttp  # 0.1 s, which commands without a receiver do without

    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=timeout_s)) as session,
            session.request(
                method, url, data=body, headers=headers, allow_redirects=False, proxy=_proxy(url)
            ) as response,
        ):
            content = await _content(response.content, most_bytes)
            return HttpAnswer(response.status, response.reason or "", content)
    except TimeoutError:
        raise TimeoutError(f"no whole answer within {timeout_s:g} s") from None
    except (OSError, ValueError):  # some of aiohttp's errors are of these kinds too
        raise
    except aiohttp.ClientResponseError as error:  # its message quotes the server
        raise OSError("answered what is no HTTP") from error
    except aiohttp.ClientError as error:
        raise OSError(str(error)) from error


def _proxy(url: str) -> str | None:
    """Returns the proxy that the environment names for an address; None without one.

    aiohttp's own `trust_env` would also send the server a password of `~/.netrc`, and refuse a call
    that has a token already.
    """
    parts = urlsplit(url)
    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)


async def _content(stream: StreamReader, most_bytes: int) -> bytes:
    """Returns the whole content. Raises AnswerTooLong when it has more bytes."""
    if not most_bytes:
        return b""
    try:
        await stream.readexactly(most_bytes + 1)
    except asyncio.IncompleteReadError as error:
        return error.partial
    raise AnswerTooLong(f"answered with more than {most_bytes:,} bytes")
