"""Hides a request's personal details before a call, off the event loop where it is long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from router.policy.sections.privacy import PseudonymsSection
from router.privacy.pseudonyms.texts import Reader, texts_of
from router.privacy.pseudonyms.veil import Veil
from router.routing.routed_request import RoutedRequest
from router.types import ChatRequest

READ_AT_ONCE = 4_000
"""The unread characters up to which the event loop reads; more are read in a thread."""


class Veils:
    """Makes the veil of each request whose policy wants one; one per gateway."""

    def __init__(self, secret_of: Callable[[str], bytes], reader: Reader) -> None:
        self._secret_of = secret_of
        self._reader = reader

    def over(self, routed: RoutedRequest, section: PseudonymsSection) -> RoutedRequest:
        """Returns the request with what hides its personal details from answerers."""
        tenant = routed.identity.tenant
        if section.tenants and tenant not in section.tenants:
            return routed
        veil = Veil(
            routed.request,
            reader=self._reader,
            kinds=frozenset(section.kinds),
            trusted=frozenset(section.trusted),
            secret=self._secret_of(tenant),
        )
        return replace(routed, veil=veil)


async def hidden_by(veil: Veil, request: ChatRequest) -> ChatRequest:
    """Returns the request as an answerer may see it."""
    if veil.unread(request) > READ_AT_ONCE:
        return await asyncio.to_thread(veil.hidden, request)
    return veil.hidden(request)


async def has_details(veil: Veil, request: ChatRequest) -> bool:
    """Returns True where a request has personal details; what stands for them is known then."""
    if veil.unread(request) > READ_AT_ONCE:
        return await asyncio.to_thread(veil.read, request)
    return veil.read(request)


async def read_ahead(reader: Reader, request: ChatRequest) -> None:
    """Reads a long request in a thread, so that the decision finds it read."""
    texts = list(texts_of(request))
    if sum([len(text) for text in texts if not reader.is_known(text)]) > READ_AT_ONCE:
        await asyncio.to_thread(lambda: [reader.found(text) for text in texts])
