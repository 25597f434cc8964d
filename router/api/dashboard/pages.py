"""Serves `/dashboard`: static files for everybody, figures for keys that may read reports.

The page is plain files next to this module. It has no build step, loads nothing from outside, and
its content-security policy allows no inline script. Its figures come from `/api/v1/dashboard/...`,
each with an ETag, so a page that asks every few seconds mostly learns that nothing changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl

import orjson

from router.api.http.asgi import Receive, Scope, Send, headers_of, send_bytes
from router.api.http.authentication import Doorkeeper
from router.api.http.decision_headers import Headers, request_header
from router.api.http.decision_views import decision_document
from router.api.http.kept_steps import kept_steps
from router.errors import NotFound, PermissionDenied, RequestError
from router.ledger.replies import ReplyKind
from router.types import (
    NANO_PER_USD,
    DecisionQuery,
    Domain,
    Identity,
    Ids,
    Reason,
    RequestRow,
    RequestState,
    TextReader,
    Verdict,
)
from router.types import Scope as KeyScope
from router.wire.checks import plain_decimal
from router.wire.public_ids import request_id_of

PAGE, DATA = "/dashboard", "/api/v1/dashboard/"
INDEX = "index.html"
MAX_TEXT = 100
MAX_LIMIT, LIMIT = 100, 50
ID_CHARACTERS = 10
"""Sets the length from which a search is for an id.

The first ten characters of an id are its millisecond, so few ids begin alike.
"""
DAYS = (1, 7, 30)
MAX_COST_USD = Decimal(1_000_000_000)

Json = dict[str, object]
Asked = Mapping[str, str]

KINDS = {
    ".html": b"text/html; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
}
GUARDED: Headers = [
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        b"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
"""Forbids resources from elsewhere, inline code and frames."""


class Figures(Protocol):
    """Computes the figures. Tenant None means all tenants. Raises LedgerError.

    Details name files, hosts and what providers say; without them parts show their state alone.
    """

    async def now(self, tenant: str | None, *, details: bool) -> Json: ...
    async def decisions(self, query: DecisionQuery) -> Json: ...
    async def decision(self, request_id: str, tenant: str | None) -> RequestRow | None: ...
    async def savings(self, days: int, tenant: str | None) -> Json: ...
    async def confidence(self, days: int, tenant: str | None) -> Json: ...
    async def health(self, tenant: str | None, *, details: bool) -> Json: ...
    async def learning(self, tenant: str | None) -> Json: ...
    async def drift(self, tenant: str | None) -> Json: ...


View = Callable[[Asked, str | None, bool], Awaitable[Json]]


class Dashboard:
    """Has two handlers: `page` for the files, `figures` for the JSON behind them."""

    def __init__(self, figures: Figures, texts: TextReader, door: Doorkeeper, ids: Ids) -> None:
        self._figures = figures
        self._texts = texts
        self._door = door
        self._ids = ids
        own = frozenset({"tenant"})
        days = own | {"days"}
        # Each view by its keys, the query, the tenant (None: all), and if it is an admin who looks.
        self._views: dict[str, tuple[frozenset[str], View]] = {
            "now": (own, lambda _, tenant, admin: figures.now(tenant, details=admin)),
            "decisions": (
                frozenset(_DECISION_KEYS),
                lambda query, tenant, _: figures.decisions(_query(query, tenant)),
            ),
            "savings": (days, lambda query, tenant, _: figures.savings(_days(query), tenant)),
            "confidence": (days, lambda query, tenant, _: figures.confidence(_days(query), tenant)),
            "health": (own, lambda _, tenant, admin: figures.health(tenant, details=admin)),
            "learning": (own, lambda _, tenant, __: figures.learning(tenant)),
            "drift": (own, lambda _, tenant, __: figures.drift(tenant)),
        }

    async def page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends one of the page's files. Needs no key: the files hold nobody's data."""
        name = scope["path"].removeprefix(PAGE)
        if name == "/":  # the page names its files by relative addresses
            place = [(b"location", b"../dashboard"), *GUARDED, *request_header(self._ids.new())]
            await send_bytes(send, 308, b"", place)
            return
        file = page_files().get(name.removeprefix("/") if name else INDEX)
        if file is None:
            raise NotFound(f"There is no file {scope['path'][:100]!r}; the page is at {PAGE}.")
        kind, body, tag = file
        headers = [*GUARDED, *request_header(self._ids.new())]
        await _send_tagged(scope, send, body, headers, kind, tag)

    async def figures(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends one view as JSON. Raises the errors of `admit`, NotFound, RequestError."""
        headers = headers_of(scope)
        # The files are public, and the figures behind them are not.
        identity = await self._door.admit(headers, KeyScope.REPORTS)
        self._door.require_own_name(headers, identity)
        name, _, which = scope["path"].removeprefix(DATA).partition("/")
        if name == "decisions" and which:
            body = await self._decision(which, identity)
        else:
            body = orjson.dumps(await self._view(scope, name if not which else "", identity))
        response_headers = [*request_header(self._ids.new()), *_PRIVATE]
        await _send_tagged(scope, send, body, response_headers, b"application/json", _tag(body))

    async def _view(self, scope: Scope, name: str, identity: Identity) -> Json:
        if name not in self._views:
            known = ", ".join(f"{DATA}{view}" for view in self._views)
            raise NotFound(f"There is no view at {scope['path'][:200]!r}. Known are: {known}.")
        keys, view = self._views[name]
        query = _asked(scope, keys)
        return await view(query, _tenant(query, identity), KeyScope.ADMIN in identity.scopes)

    async def _decision(self, public_id: str, identity: Identity) -> bytes:
        admin = KeyScope.ADMIN in identity.scopes
        visible_tenant = None if admin else identity.tenant
        # Another tenant's decision looks like one that does not exist.
        row = await self._figures.decision(request_id_of(public_id), visible_tenant)
        if row is None:
            raise NotFound(
                f"There is no decision {public_id[:80]!r} of yours. The list at {DATA}decisions "
                "has those there are.",
                code="decision_not_found",
            )
        return decision_document(row, steps=await kept_steps(self._texts, row))


_DECISION_KEYS = (
    "tenant",
    "tier",
    "domain",
    "reason",
    "verdict",
    "state",
    "reply",
    "search",
    "min_cost_usd",
    "before",
    "limit",
)


def _asked(scope: Scope, keys: frozenset[str]) -> Asked:
    """Returns the query's values by key, without empty ones. Raises RequestError."""
    text = scope.get("query_string", b"").decode("latin-1")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError as error:
        raise RequestError(f"The query cannot be read ({error}); send it as UTF-8.") from error
    # A misspelt filter that is ignored would show figures of something else.
    for key, value in pairs:
        if key not in keys:
            known = ", ".join(sorted(keys))
            raise RequestError(f"{key[:50]!r} is not known here. Known are: {known}.", param=key)
        if len(value) > MAX_TEXT:
            raise RequestError(
                f"{key} has {len(value)} characters; at most {MAX_TEXT} are read.", param=key
            )
    return {key: value.strip() for key, value in pairs if value.strip()}


def _tenant(query: Asked, identity: Identity) -> str | None:
    """Returns the tenant of the figures: an admin's choice (None: all), or the caller's own."""
    wanted = query.get("tenant")
    if KeyScope.ADMIN in identity.scopes:
        return wanted
    if wanted not in (None, identity.tenant):
        raise PermissionDenied(
            f"This key reads the figures of {identity.tenant!r} alone; those of {wanted!r} need "
            "that tenant's key or one with the scope 'admin'."
        )
    return identity.tenant


def _query(query: Asked, tenant: str | None) -> DecisionQuery:
    search = query.get("search", "")
    wanted = request_id_of(search).lower()
    by_id = wanted.isascii() and wanted.isalnum() and len(wanted) >= ID_CHARACTERS
    # Ids begin with their time, whose first character is always a digit.
    by_id = by_id and wanted[0].isdigit()
    return DecisionQuery(
        tenant=tenant,
        tier=query.get("tier", ""),
        domain=_choice(query, "domain", [member.value for member in Domain]),
        reason=_choice(query, "reason", [member.value for member in Reason]),
        verdict=_choice(query, "verdict", [member.value for member in Verdict]),
        state=_choice(query, "state", [member.value for member in RequestState]),
        reply=_choice(query, "reply", [member.value for member in ReplyKind]),
        text="" if by_id else search,
        id_prefix=wanted if by_id else "",
        min_cost_nano_usd=_nano_usd(query),
        before=_cursor(query),
        limit=_limit(query),
    )


def _days(query: Asked) -> int:
    return int(_choice(query, "days", [str(days) for days in DAYS]) or DAYS[0])


def _choice(query: Asked, key: str, known: list[str]) -> str:
    value = query.get(key, "")
    if value and value not in known:
        raise RequestError(f"{key} is {value!r}; known are: {', '.join(known)}.", param=key)
    return value


def _nano_usd(query: Asked) -> int | None:
    text = query.get("min_cost_usd")
    if text is None:
        return None
    amount = plain_decimal(text)
    if amount is None or not 0 <= amount <= MAX_COST_USD:
        raise RequestError(
            f"min_cost_usd is {text!r}; expected dollars such as 0.01.", param="min_cost_usd"
        )
    # Rounding up keeps out costs just below the amount.
    return int((amount * NANO_PER_USD).to_integral_value(rounding="ROUND_CEILING"))


def _cursor(query: Asked) -> tuple[int, str] | None:
    text = query.get("before")
    if text is None:
        return None
    created_at, _, request_id = text.partition(".")
    if not (created_at.isascii() and created_at.isdigit() and len(created_at) <= 15):
        raise RequestError(
            f"before is {text!r}; expected `next` of the page before.", param="before"
        )
    return int(created_at), request_id


def _limit(query: Asked) -> int:
    text = query.get("limit", str(LIMIT))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_LIMIT):
        raise RequestError(f"limit is {text!r}; expected 1 to {MAX_LIMIT}.", param="limit")
    return int(text)


_PRIVATE: Headers = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
]


def _tag(body: bytes) -> bytes:
    return b'"' + hashlib.sha256(body).hexdigest()[:24].encode() + b'"'


async def _send_tagged(
    scope: Scope, send: Send, body: bytes, headers: Headers, kind: bytes, tag: bytes
) -> None:
    """Sends the body, or 304 to a client that has it already."""
    # RFC 9110 wants the ETag on a 304 too.
    headers = [*headers, (b"etag", tag)]
    if headers_of(scope).get("if-none-match", "").encode() == tag:
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    await send_bytes(send, 200, body, headers, kind)


@cache
def page_files() -> dict[str, tuple[bytes, bytes, bytes]]:
    """Returns the page's files by name: content type, content, ETag.

    They are read once and have about 100 kB together.
    """
    folder = Path(__file__).parent / "page"
    files = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in KINDS:
            content = path.read_bytes()
            files[path.name] = (KINDS[path.suffix], content, _tag(content))
    return files
