"""Who may come in: API keys, or the local user while there are none.

Without any key the server listens on loopback only, so whoever connects is on this machine.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from router.api.http.access_line import current
from router.api.http.asgi import PEER, Receive, read_body, require_json
from router.api.http.rate_limit_headers import CALLER
from router.api.http.wrong_keys import WrongKeys
from router.errors import AuthenticationFailed, PermissionDenied, TooManyWrongKeys
from router.types import Identity, KeyStore, Scope

LOCAL = Identity("local", "none", frozenset({Scope.CHAT, Scope.REPORTS, Scope.ADMIN}))
"""Who uses a server without keys: everything but lowering hints, which need a key that says so."""

NO_KEY = (
    "No API key was given. Send it as `Authorization: Bearer KEY` or `x-api-key: KEY`; create one "
    "with `tiergate keys create`."
)


class Doorkeeper:
    """Turns a key into an Identity. It comes as `Authorization: Bearer`, else as `x-api-key`."""

    def __init__(
        self,
        keys: KeyStore,
        *,
        wrong_keys: WrongKeys | None = None,
        open_without_keys: bool,
        guard_origin: bool = True,
    ) -> None:
        """`guard_origin`: without keys, refuse what a page of another site sends through a browser
        on this machine. Off where an outer application decides who may come in.
        """
        self._keys = keys
        self._wrong_keys = wrong_keys
        self._open = open_without_keys
        self._guard_origin = guard_origin

    async def admit(self, headers: dict[str, str], *scopes: Scope) -> Identity:
        """The caller's identity, whose key has one of `scopes` or may do everything (admin).

        Raises AuthenticationFailed, TooManyWrongKeys, PermissionDenied.
        """
        identity = await self._identify(headers)
        line = current()
        if line is not None:
            line.identity = identity
        if identity.scopes.isdisjoint({*scopes, Scope.ADMIN}):
            raise PermissionDenied(
                f"This key lacks the scope {scopes[0].value!r}. Use a key that has it, or create "
                f"one with `tiergate keys create --scope {scopes[0].value}`."
            )
        CALLER.set(identity)
        return identity

    def require_own_name(self, headers: dict[str, str], identity: Identity) -> None:
        """Refuse who comes without a key under a name that is not this machine's.

        A page of another site can make its own name lead here (DNS rebinding) and then reads what
        it asks for as its own; what lists other people's requests must not be among that.
        Raises PermissionDenied.
        """
        host = headers.get("host", "")
        if identity is LOCAL and self._guard_origin and not _on_this_machine(f"//{host}"):
            raise PermissionDenied(
                f"This server has no keys, so it shows its figures under the name localhost or "
                f"127.0.0.1 only; it was asked for under {host[:100]!r}. Use one of those, or "
                "create a key with `tiergate keys create`."
            )

    async def receive(
        self, headers: dict[str, str], receive: Receive, max_body_bytes: int
    ) -> tuple[Identity, bytes]:
        """Who asks to chat, and the JSON that they send: nothing is read before they may come in.

        Raises what `admit`, `require_json` and `read_body` raise.
        """
        identity = await self.admit(headers, Scope.CHAT)
        require_json(headers)
        return identity, await read_body(headers, receive, max_body_bytes)

    async def _identify(self, headers: dict[str, str]) -> Identity:
        authorization = headers.get("authorization") or f"Bearer {headers.get('x-api-key', '')}"
        kind, _, secret = authorization.partition(" ")
        if self._open and not await self._keys.any():
            origin = headers.get("origin", "")
            if self._guard_origin and origin and not _on_this_machine(origin):
                raise PermissionDenied(
                    f"This server has no keys, so it answers this machine only; the request comes "
                    f"from a page of {origin[:100]!r}. Create a key with `tiergate keys create`."
                )
            return LOCAL
        if kind.lower() != "bearer" or not secret.strip():
            raise AuthenticationFailed(NO_KEY)
        identity = await self._keys.identify(secret.strip())
        if identity is None:
            peer = headers.get(PEER, "")
            seconds = 0.0 if self._wrong_keys is None else self._wrong_keys.count(peer)
            if seconds > 0.0:
                raise TooManyWrongKeys(
                    "Incorrect API key provided, as many times before from this address. Check "
                    f"the key; wrong ones are looked at again in {seconds:.0f} s, good ones at any "
                    "time.",
                    retry_after_s=seconds,
                )
            # litellm knows a wrong key by OpenAI's first four words alone, whatever the status.
            raise AuthenticationFailed(
                "Incorrect API key provided: it is unknown, has expired, was rotated or revoked. "
                "Check it, or create one with `tiergate keys create`."
            )
        return identity


def _on_this_machine(origin: str) -> bool:
    try:
        host = urlsplit(origin).hostname or ""
    except ValueError:  # a bracket that is not closed
        return False
    return host in ("localhost", "127.0.0.1", "::1")
