"""Carries Gemini's thought signatures, which it expects with each tool call, over chat completions.

Its servers put them into a call's `extra_content`, under `google` or `vertex`, and refuse a history
in which one is missing. They are Google's own seals: stamped for the client, returned unchanged,
and never shown to another upstream. For calls of another model, Google documents a word that
replaces a signature (ai.google.dev/gemini-api/docs/thought-signatures, "FAQs"). It is sent to
Google's upstreams only. This module knows nothing about the rest of a message.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from router.privacy.provider_seals import own, read_back, shown
from router.types import JsonText, Message, Sealed

KIND = "thought_signature"
UNSIGNED = "skip_thought_signature_validator"
_PROVIDERS = ("google", "vertex")


def wants_signatures(host: str) -> bool:
    """Returns True for Google's hosts, which refuse calls without a signature."""
    return f".{host.lower()}".endswith(".googleapis.com")


def signed_calls(calls: object, issuer: str, says_text: bool) -> tuple[Sealed, ...]:
    """Returns the signatures in an upstream's `tool_calls`, each with the place of its call."""
    if type(calls) is not list or not issuer:
        return ()
    signatures = [signature_of(call, issuer, says_text + i) for i, call in enumerate(calls)]
    return tuple([signature for signature in signatures if signature is not None])


def signature_of(call: object, issuer: str, place: int) -> Sealed | None:
    """Returns the signature of one call as its issuer made it, or None without one."""
    item = _item(call)
    if item is None or not issuer:
        return None
    return Sealed(KIND, JsonText(orjson.dumps(item).decode()), issuer, place)


def signature_alone(call: object) -> dict[str, object] | None:
    """Returns the part of a call that carries its signature, or None without one."""
    item = _item(call)
    return None if item is None else {"extra_content": _nested(item)}


def read_signatures(calls: object, says_text: bool) -> tuple[Sealed, ...]:
    """Returns the signatures in a client's `tool_calls` that carry our stamp."""
    if type(calls) is not list:
        return ()
    items = [_item(call) for call in calls]
    signatures = [read_back(KIND, item, says_text + i) for i, item in enumerate(items) if item]
    return tuple([signature for signature in signatures if signature is not None])


def _item(call: object) -> dict[str, object] | None:
    extra = call.get("extra_content") if type(call) is dict else None
    if type(extra) is not dict:
        return None
    for provider in _PROVIDERS:
        inner = extra.get(provider)
        seal = inner.get(KIND) if type(inner) is dict else None
        if type(seal) is str and seal:
            return {KIND: seal, "provider": provider}
    return None


def extra_content(sealed: Sealed) -> dict[str, object]:
    """Returns a call's `extra_content` for the client, stamped."""
    return _nested(shown(sealed))


def of_call(sealed: Sequence[Sealed], place: int) -> Sealed | None:
    """Returns the signature of the call at a place, or None without one."""
    return next((item for item in sealed if item.kind == KIND and item.at == place), None)


def sign(calls: list[dict[str, object]], message: Message, issuer: str, wants_all: bool) -> None:
    """Puts the upstream's own signatures into its `tool_calls`.

    With `wants_all`, a call without a signature gets the word for none.
    """
    signatures = own(message.sealed, issuer, (KIND,)) if issuer else ()
    first = bool(message.text or message.parts)
    for i, call in enumerate(calls):
        sealed = of_call(signatures, first + i)
        if sealed is not None:
            call["extra_content"] = _nested(orjson.loads(sealed.payload))
        elif wants_all:
            call["extra_content"] = {"google": {KIND: UNSIGNED}}


def _nested(item: dict[str, object]) -> dict[str, object]:
    return {str(item.get("provider", "google")): {KIND: item.get(KIND)}}
