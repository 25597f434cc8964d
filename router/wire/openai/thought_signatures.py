"""Gemini's thought signatures: what it wants back with each tool call, over chat completions.

Its servers put them into a call's `extra_content`, under `google` or `vertex`, and refuse a history
in which one is missing. They are its own seals: stamped for the client, given back unchanged, and
never shown to another upstream. For calls that another model made, Google documents a word that
stands for none (ai.google.dev/gemini-api/docs/thought-signatures, "FAQs"), which is sent where the
upstream is Google's. It knows nothing about the rest of a message.
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
    """True for hosts of Google's, which refuse calls without a signature."""
    return f".{host.lower()}".endswith(".googleapis.com")


def signed_calls(calls: object, issuer: str, says_text: bool) -> tuple[Sealed, ...]:
    """The signatures in an upstream's `tool_calls`, each with the place of its call."""
    if type(calls) is not list or not issuer:
        return ()
    found = [signature_of(call, issuer, says_text + i) for i, call in enumerate(calls)]
    return tuple([one for one in found if one is not None])


def signature_of(call: object, issuer: str, at: int) -> Sealed | None:
    """The signature of one call as its issuer made it; None without one."""
    said = _item(call)
    if said is None or not issuer:
        return None
    return Sealed(KIND, JsonText(orjson.dumps(said).decode()), issuer, at)


def read_signatures(calls: object, says_text: bool) -> tuple[Sealed, ...]:
    """The signatures in a client's `tool_calls` that were stamped here."""
    if type(calls) is not list:
        return ()
    items = [_item(call) for call in calls]
    found = [read_back(KIND, item, says_text + i) for i, item in enumerate(items) if item]
    return tuple([one for one in found if one is not None])


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
    """A call's `extra_content` as a client gets it, stamped."""
    return _nested(shown(sealed))


def of_call(sealed: Sequence[Sealed], at: int) -> Sealed | None:
    """The signature of the call at a place; None without one."""
    return next((one for one in sealed if one.kind == KIND and one.at == at), None)


def sign(calls: list[dict[str, object]], message: Message, issuer: str, wants_all: bool) -> None:
    """Puts into an upstream's `tool_calls` what it signed, and the word for none where it wants
    one with each."""
    its = own(message.sealed, issuer, (KIND,)) if issuer else ()
    first = bool(message.text or message.parts)
    for i, call in enumerate(calls):
        sealed = of_call(its, first + i)
        if sealed is not None:
            call["extra_content"] = _nested(orjson.loads(sealed.payload))
        elif wants_all:
            call["extra_content"] = {"google": {KIND: UNSIGNED}}


def _nested(item: dict[str, object]) -> dict[str, object]:
    return {str(item.get("provider", "google")): {KIND: item.get(KIND)}}
