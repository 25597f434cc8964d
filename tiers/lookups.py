"""Looks rows up that a policy allows: values for a key, from a JSON file or over HTTP.

A lookup returns the row, or None for a key that it does not know. It fails as `CannotAnswer`
(slot_unfilled), so that the ladder climbs. Only the operator chooses the place: a request changes
neither the host, nor the path around the key, nor what is sent with it. It knows no slots.
"""

from __future__ import annotations

import asyncio
import json
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from router.errors import CannotAnswer, Mistake, PolicyError
from router.policy.parsing.text_files import MAX_FILE_BYTES, bytes_of
from router.policy.schema import LookupSection
from router.types import Reason

if TYPE_CHECKING:
    import aiohttp

MAX_RESPONSE_BYTES = 64 * 1024
MAX_KEY_CHARACTERS = 128
_MAX_CONNECTIONS = 32
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})  # the hosts that LOOKUP_URL allows for http

Row = Mapping[str, str]


class FileLookup:
    """Rows by key in one JSON file, read when first asked and again when the file has changed."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self._path = path
        self._stamp: tuple[int, int] | None = None  # mtime_ns and size of what was read
        self._rows: Mapping[str, Row] = {}

    async def row(self, key: str) -> Row | None:
        """Returns the row of `key` or None. Raises CannotAnswer when the file cannot be read."""
        if not usable_key(key):
            return None
        try:
            stat = self._path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size)
            if stamp != self._stamp:
                if stat.st_size > MAX_FILE_BYTES:
                    raise _failed(self.name, f"a file of more than {MAX_FILE_BYTES} bytes")
                self._rows = await asyncio.to_thread(_read_rows, self._path)
                self._stamp = stamp
        except (OSError, ValueError) as error:
            raise _failed(self.name, "no readable JSON file of rows by key") from error
        return self._rows.get(key)

    async def close(self) -> None:
        """Does nothing: nothing is held open."""


class HttpLookup:
    """Reads rows from an HTTP address whose `{key}` is filled in, percent-encoded.

    No redirect, proxy or credential of the environment is followed; the answer is one JSON object
    of at most MAX_RESPONSE_BYTES. aiohttp is imported with the first question.
    """

    def __init__(self, name: str, url: str, timeout_ms: int) -> None:
        problem = url_problem(url)
        if problem:
            mistake = Mistake("", 0, f"lookups.{name}.url", repr(url), problem)
            raise PolicyError((mistake,))
        self.name = name
        self._url = url
        self._timeout_ms = timeout_ms
        self._session: aiohttp.ClientSession | None = None

    async def row(self, key: str) -> Row | None:
        """Returns the row of `key`, None for a 404.

        Raises: CannotAnswer (anything else that is no row).
        """
        if not usable_key(key):
            return None
        import aiohttp
        import yarl

        url = yarl.URL(self._url.replace("{key}", quote(key, safe="")), encoded=True)
        try:
            async with (
                asyncio.timeout(self._timeout_ms / 1000),
                self._open().get(url, allow_redirects=False) as response,
            ):
                if response.status == 404:
                    return None
                if response.status != 200:
                    raise _failed(self.name, f"status {response.status}")
                body = bytearray()
                async for chunk in response.content.iter_any():
                    body += chunk
                    if len(body) > MAX_RESPONSE_BYTES:
                        raise _failed(self.name, f"more than {MAX_RESPONSE_BYTES} bytes")
        except TimeoutError as error:
            raise _failed(self.name, f"no answer within {self._timeout_ms} ms") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _failed(self.name, f"no answer ({type(error).__name__})") from error
        try:
            return _row(json.loads(body))
        except (ValueError, RecursionError) as error:
            raise _failed(self.name, "no JSON object") from error

    def _open(self) -> aiohttp.ClientSession:
        import aiohttp

        if self._session is None:
            # identity: a compressed answer could be far larger than what was counted.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_MAX_CONNECTIONS),
                headers={"Accept": "application/json", "Accept-Encoding": "identity"},
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._session

    async def close(self) -> None:
        """Closes the connections; a later question opens new ones."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()


def build_lookups(
    sections: Sequence[LookupSection], base: Path
) -> dict[str, FileLookup | HttpLookup]:
    """Returns the policy's lookups by name; files are relative to `base`. Raises: PolicyError."""
    return {
        section.name: HttpLookup(section.name, section.url, section.timeout_ms)
        if section.url is not None
        else FileLookup(section.name, base / (section.path or ""))
        for section in sections
    }


def url_problem(url: str) -> str:
    """Returns why a lookup may not use `url`, "" when it may: a fixed host, a protected way."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        return f"a URL ({error})"
    if url.count("{key}") != 1 or "{key}" not in parts.path + parts.query:
        return "a URL with {key} once, in its path or query"
    if parts.username or parts.password or parts.fragment:
        return "a URL without user, password and fragment"
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)):
        return "an https URL, or http on loopback"
    return ""


def usable_key(key: str) -> bool:
    """Returns True for a key that may be looked up: short, printable, no step in a path."""
    if not key or len(key) > MAX_KEY_CHARACTERS or set(key) <= {"."}:
        return False
    return not any(unicodedata.category(c)[0] in "CZ" and c != " " for c in key)


def _read_rows(path: Path) -> dict[str, Row]:
    loaded = json.loads(bytes_of(path))
    if not isinstance(loaded, dict):
        raise ValueError("the file holds no object of rows by key")
    return {key: _row(value) for key, value in loaded.items()}


def _row(value: object) -> Row:
    """Returns the texts and numbers of one object, as text; other values fill no slot."""
    if not isinstance(value, dict):
        raise ValueError("a row is no object")
    return {
        field: str(item)
        for field, item in value.items()
        if isinstance(item, str | int | float) and not isinstance(item, bool)
    }


def _failed(name: str, what: str) -> CannotAnswer:
    error = CannotAnswer(f"lookup {name}: {what}", reason=Reason.SLOT_UNFILLED)
    error.passes = True
    return error
