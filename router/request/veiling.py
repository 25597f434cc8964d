"""Hides a request's personal details before a call, off the event loop where it is long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from msgspec.structs import replace

from router.errors import TooLongToHide
from router.policy.sections.privacy import PseudonymsSection
from router.privacy.pseudonyms.texts import Reader, size_of, size_of_forms, texts_of
from router.privacy.pseudonyms.veil import Veil
from router.routing.routed_request import RoutedRequest
from router.threads.offload import offloaded
from router.types import ChatRequest, ReviewItem

READ_AT_ONCE = 4_000
"""The unread characters up to which the event loop reads; more are read in a thread."""

SWAPPED_AT_ONCE = 20_000
"""The characters, read before, in which the event loop puts tags; more take a thread."""


class Veils:
    """Makes the veil of each request whose policy wants one; one per gateway."""

    def __init__(self, secret_of: Callable[[str], bytes], reader: Reader) -> None:
        self._secret_of = secret_of
        self._reader = reader

    def over(self, routed: RoutedRequest, section: PseudonymsSection) -> RoutedRequest:
        """Returns the request with what hides its personal details from answerers.

        Raises TooLongToHide for one with more characters than the policy has read.
        """
        tenant = routed.identity.tenant
        if section.tenants and tenant not in section.tenants:
            return routed
        size = size_of(routed.request)
        if size > section.most_characters:
            raise TooLongToHide(
                f"The request has {size:,} characters; this policy hides personal details in at "
                f"most {section.most_characters:,} (privacy.pseudonyms.most_characters). Send "
                "less text, or ask the operator for a higher limit."
            )
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
    long = not veil.has_hidden(request) and (
        size_of(request) + size_of_forms(request) > SWAPPED_AT_ONCE
        or veil.unread(request) > READ_AT_ONCE
    )
    return await offloaded(partial(veil.hidden, request), when=long)


async def hidden_text(veil: Veil, text: str) -> str:
    """Returns a text of this request as a store may have it."""
    long = len(text) > SWAPPED_AT_ONCE or veil.unread_in(text) > READ_AT_ONCE
    return await offloaded(partial(veil.said, text), when=long)


async def as_stored(item: ReviewItem, veil: Veil | None) -> ReviewItem:
    """Returns a matter for a person as the queue may keep and show it: with tags, like its draft.

    A reviewer judges the matter, and no reviewer needs to know whose it is.
    """
    if veil is None:
        return item
    question = await hidden_text(veil, item.question)
    facts = [await hidden_text(veil, fact) for fact in item.facts]
    return replace(item, question=question, facts=tuple(facts))


class HidingFrom:
    """Implements the Protocol `types.Hiding` for one answerer's request."""

    def __init__(self, veil: Veil, asked: ChatRequest) -> None:
        self._veil = veil
        self._asked = asked

    @property
    def asked(self) -> ChatRequest:
        return self._asked

    async def hidden(self, texts: Sequence[str]) -> list[str]:
        """Returns the texts with tags; all are read before the first one is changed."""
        veil = self._veil

        def changed() -> list[str]:
            for text in texts:
                veil.said(text)
            return [veil.said(text) for text in texts]

        return await offloaded(changed, when=sum(map(veil.unread_in, texts)) > READ_AT_ONCE)


async def has_details(veil: Veil, request: ChatRequest) -> bool:
    """Returns True where a request has personal details; what stands for them is known then."""
    return await offloaded(partial(veil.read, request), when=veil.unread(request) > READ_AT_ONCE)


async def read_ahead(reader: Reader, request: ChatRequest) -> None:
    """Reads a long request in a thread, so that the decision finds it read."""
    texts = list(texts_of(request))
    if sum([len(text) for text in texts if not reader.is_known(text)]) > READ_AT_ONCE:
        await asyncio.to_thread(lambda: [reader.found(text) for text in texts])
