"""Decides who may come in: callers with an API key, or the local user while there are no keys.

Without any key the server listens on loopback only, so every caller is on this machine.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from urllib.parse import urlsplit

from router.api.http.access_line import current
from router.api.http.asgi import CALLER, LET_IN, PEER, Receive, read_body, require_json
from router.api.http.wrong_keys import WrongKeys
from router.errors import AuthenticationFailed, PermissionDenied, RequestError, TooManyWrongKeys
from router.types import LOCAL, Identity, KeyStore, Scope

_CHAT, _ADMIN = Scope.CHAT, Scope.ADMIN  # Python 3.11 takes 0.2 us to find a member in an enum

ACTING: ContextVar[Identity | None] = ContextVar("acting", default=None)
"""Holds the identity for which this server asks itself: a line of a batch; None for all others."""

MAKES_A_KEY = "whoever runs this gateway for one (`tiergate keys create --tenant NAME`)"
"""Tells a client whom to ask, and the operator what to run."""

NO_KEY = (
    "No API key was given. Send it as `Authorization: Bearer KEY` or `x-api-key: KEY`; ask "
    f"{MAKES_A_KEY}."
)

NOT_BEARER = (
    "The header Authorization does not begin with `Bearer `. Send the API key as `Authorization: "
    "Bearer KEY` or `x-api-key: KEY`."
)

TWO_KEYS = (
    "More than one API key was given, in lines or in a list, and nobody can tell which one counts. "
    "Send one `Authorization: Bearer KEY`, or one `x-api-key: KEY`."
)


_FORWARDED = frozenset(
    (
        *("forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip"),
        *("true-client-ip", "cf-connecting-ip", "fastly-client-ip", "fly-client-ip"),
    )
)
_FORWARDED_BEGINS = "x-forwarded-"
"""Names headers by which proxies say that another machine asks."""

FIGURES_ARE_HERE = (
    "These figures are of all tenants. Without a key they are shown to this machine alone, under "
    "the name localhost or 127.0.0.1, and to no proxy that says for whom it asks. Use one of those "
    f"names, or send a key with the scope `admin`; ask {MAKES_A_KEY}."
)


class Doorkeeper:
    """Turns a key into an Identity. The key comes as `Authorization: Bearer` or as `x-api-key`."""

    def __init__(
        self,
        keys: KeyStore,
        *,
        wrong_keys: WrongKeys | None = None,
        open_without_keys: bool,
        ready: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        """Takes the store of keys and the rules of admission.

        `ready` brings into memory what answering a tenant needs there: its key for digests.
        """
        self._keys = keys
        self._wrong_keys = wrong_keys
        self._open = open_without_keys
        self._ready = ready

    async def admit(self, headers: dict[str, str], *scopes: Scope) -> Identity:
        """Returns the caller's identity, whose key has one of `scopes` or may do everything
        (admin).

        Raises AuthenticationFailed, TooManyWrongKeys, PermissionDenied, and RequestError for more
        than one key.
        """
        identity = await self._identify(headers)
        line = current()
        if line is not None:
            line.identity = identity
        if identity.scopes.isdisjoint((*scopes, _ADMIN)):
            raise PermissionDenied(
                f"This key lacks the scope {scopes[0].value!r}. Use a key that has it, or ask "
                "whoever runs this gateway for one (`tiergate keys create --tenant NAME --scope "
                f"{scopes[0].value}`)."
            )
        # The rate-limit headers of the answer need to know whose limits to show.
        CALLER.set(identity)
        return identity

    async def admit_to_figures(self, headers: dict[str, str]) -> None:
        """Admits whoever may read the figures of all tenants.

        That is this machine, unless a proxy says that it asks for somebody else or a page of
        another site may have made its own name lead here, and keys with the scope `admin`: a key
        with `reports` reads its own tenant's. Raises the errors of `admit`.
        """
        passed_on = any(n in _FORWARDED or n.startswith(_FORWARDED_BEGINS) for n in headers)
        here = _comes_from_here(headers) and _is_named_here(headers) and not passed_on
        if not here and not headers.get(LET_IN):
            await self._admit_reader(headers)

    async def admit_to_operators_page(self, headers: dict[str, str]) -> None:
        """Admits whoever reaches the operators' own address, but no page of another site that made
        its own name lead to this machine. Raises the errors of `admit`.
        """
        if _comes_from_here(headers) and not _is_named_here(headers):
            await self._admit_reader(headers)

    async def _admit_reader(self, headers: dict[str, str]) -> None:
        keyless = "authorization" not in headers and "x-api-key" not in headers
        if keyless and not (self._open and not await self._keys.any()):
            raise AuthenticationFailed(FIGURES_ARE_HERE)
        self.require_own_name(headers, await self.admit(headers, _ADMIN))

    def require_own_name(self, headers: dict[str, str], identity: Identity) -> None:
        """Refuses a caller without a key who uses a host name that is not this machine's.

        A page of another site can make its own name lead here (DNS rebinding), and then reads the
        answers as its own. It must not read lists of other people's requests. Raises
        PermissionDenied.
        """
        host = headers.get("host", "")
        if identity is LOCAL and not headers.get(LET_IN) and not _on_this_machine(f"//{host}"):
            raise PermissionDenied(
                f"This server has no keys, so it shows its figures under the name localhost or "
                f"127.0.0.1 only; it was asked for under {host[:100]!r}. Use one of those, or "
                "create a key with `tiergate keys create --tenant NAME`."
            )

    async def still_valid(self, tenant: str, key_id: str) -> Identity | None:
        """Returns the identity of a key by its id, None once it is revoked or has expired.

        Without any key it is the local user. Raises LedgerError.
        """
        if key_id == LOCAL.key_id:
            return LOCAL if self._open and not await self._keys.any() else None
        identity = await self._keys.by_id(key_id)
        return identity if identity is not None and identity.tenant == tenant else None

    async def receive(
        self, headers: dict[str, str], receive: Receive, max_body_bytes: int
    ) -> tuple[Identity, bytes]:
        """Returns the chat caller and its JSON body; reads nothing before the caller is admitted.

        Raises the errors of `admit`, `require_json` and `read_body`, and LedgerError.
        """
        identity = await self.admit(headers, _CHAT)
        return identity, await self.body_of(identity, headers, receive, max_body_bytes)

    async def body_of(
        self, identity: Identity, headers: dict[str, str], receive: Receive, max_body_bytes: int
    ) -> bytes:
        """Returns the JSON body of an admitted caller, once all that answering it needs is there.

        Raises the errors of `require_json` and `read_body`, and LedgerError.
        """
        require_json(headers)
        body = await read_body(headers, receive, max_body_bytes)
        if self._ready is not None:
            await self._ready(identity.tenant)
        return body

    async def _identify(self, headers: dict[str, str]) -> Identity:
        acting = ACTING.get()
        if acting is not None:
            return acting
        own = headers.get("x-api-key", "")
        authorization = headers.get("authorization") or f"Bearer {own}"
        kind, _, secret = authorization.partition(" ")
        # Some clients send one key in both headers.
        if own and kind.lower() == "bearer" and secret.strip() not in ("", own.strip()):
            raise RequestError(TWO_KEYS)
        identity = None
        if kind.lower() == "bearer" and secret.strip():
            identity = await self._keys.identify(secret.strip())
        if identity is not None:
            return identity
        # The first key that is created closes the server for everybody without one.
        if self._open and not await self._keys.any():
            if not headers.get(LET_IN):
                _require_this_machine(headers)
            return LOCAL
        if "," in authorization:  # no key has one (RFC 6750, section 2.1); lines are joined by it
            raise RequestError(TWO_KEYS)
        if kind.lower() != "bearer":
            raise AuthenticationFailed(NOT_BEARER)
        if not secret.strip():
            raise AuthenticationFailed(NO_KEY)
        raise self._wrong_key(headers.get(PEER, ""))

    def _wrong_key(self, peer: str) -> AuthenticationFailed | TooManyWrongKeys:
        """Counts a wrong key from this address, and returns its refusal."""
        seconds = 0.0 if self._wrong_keys is None else self._wrong_keys.count(peer)
        if seconds > 0.0:
            return TooManyWrongKeys(
                "Incorrect API key provided, as many times before from this address. Check "
                f"the key; wrong ones are looked at again in {seconds:.0f} s, good ones at any "
                "time.",
                retry_after_s=seconds,
            )
        # litellm recognises a wrong key only by OpenAI's first four words, whatever the status.
        return AuthenticationFailed(
            "Incorrect API key provided: it is unknown, was rotated or revoked. "
            f"Check it, or ask {MAKES_A_KEY}."
        )


def is_loopback(host: str) -> bool:
    """Returns True when only this machine reaches the address; of names, only for `localhost`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _require_this_machine(headers: dict[str, str]) -> None:
    """Refuses a caller without a key who is not on this machine. Raises PermissionDenied.

    Browsers send `Origin` with every request that a page of another site makes. Another machine
    comes in only where another server listens for a mounted gateway.
    """
    origin, peer = headers.get("origin", ""), headers.get(PEER, "")
    if origin and not _on_this_machine(origin):
        raise PermissionDenied(
            f"This server has no keys, so it answers this machine only; the request comes "
            f"from a page of {origin[:100]!r}. Create a key with `tiergate keys "
            "create --tenant NAME`."
        )
    if peer and not is_loopback(peer):
        raise PermissionDenied(
            f"This gateway has no keys, so it answers this machine only; the request comes from "
            f"{peer[:100]!r}. Create a key with `tiergate keys create --tenant NAME`, or "
            "mount it with `asgi(guarded=True)` if the application around it decides who may come "
            "in."
        )


def _comes_from_here(headers: dict[str, str]) -> bool:
    peer = headers.get(PEER, "").removeprefix("::ffff:")  # IPv4 at a socket of IPv6
    return not peer or is_loopback(peer)


def _is_named_here(headers: dict[str, str]) -> bool:
    """Returns True where a request names this machine alone; browsers always name a host."""
    host, origin = headers.get("host", ""), headers.get("origin", "")
    return (not host or _on_this_machine(f"//{host}")) and (not origin or _on_this_machine(origin))


def _on_this_machine(origin: str) -> bool:
    try:
        host = urlsplit(origin).hostname or ""
    except ValueError:  # an unclosed bracket
        return False
    # Loopback names cannot be taken over by DNS, unlike all others.
    return host in ("localhost", "127.0.0.1", "::1")
