"""Stamps items that only their issuer can read: encrypted reasoning and thought signatures. Pure.

A provider seals the thoughts of a model, and expects them back in the next turn, byte for byte.
Another provider refuses them in every later turn, since the client keeps sending them. A gateway
that changes models must handle this. It stamps each seal with its issuer on the way out, and reads
the stamp on the way back. The issuer gets its seal unchanged, and nobody else sees it.

The stamp is put before the seal, inside the one text of the item that is opaque anyway. Clients
carry it without knowing. When a client's format has no place for an item of that kind, the whole
item travels as one opaque text (`packed`), and comes back complete (`opened`).

>>> text = stamped("gAAAA", "5f2c")
>>> text, unstamped(text)
('tg1.5f2c.gAAAA', ('5f2c', 'gAAAA'))

This module knows nothing about wire formats and upstreams.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import orjson

from router.types import ChatRequest, JsonText, Sealed

PREFIX = "tg1."
PACKED = "tg1p."

SEAL_KEYS = {
    "reasoning": "encrypted_content",  # OpenAI's items
    "compaction": "encrypted_content",
    "thinking": "signature",  # Anthropic's blocks
    "redacted_thinking": "data",
    "thought_signature": "thought_signature",  # Gemini's, of one tool call
}
"""Names the key of the seal in an item of each kind."""


def issuer_of(name: str, base_urls: Sequence[str], api_key: str | None) -> str:
    """Returns the short name of the issuer: the policy's `issuer`, or endpoint and organisation.

    No provider names the organisation, so its key represents it. After a change of the key, old
    seals are left out. That costs some thoughts; a wrong guess would cost the whole conversation.
    """
    identity = name or "\n".join([*sorted(base_urls), api_key or ""])
    return hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def stamped(seal: str, issuer: str) -> str:
    """Returns the seal with its issuer before it."""
    return f"{PREFIX}{issuer}.{seal}"


def unstamped(text: str) -> tuple[str, str] | None:
    """Returns issuer and seal, or None for a text that was not stamped here."""
    if not text.startswith(PREFIX):
        return None
    issuer, dot, seal = text.removeprefix(PREFIX).partition(".")
    return (issuer, seal) if dot and issuer else None


def shown(sealed: Sealed) -> dict[str, object]:
    """Returns the item for a client of the same format, with its seal stamped."""
    item: dict[str, object] = orjson.loads(sealed.payload)
    key = SEAL_KEYS[sealed.kind]
    seal = item.get(key)
    if isinstance(seal, str) and seal:
        item[key] = stamped(seal, sealed.issuer)
    return item


def read_back(kind: str, item: dict[str, object], place: int = 0) -> Sealed | None:
    """Returns the item as its issuer sealed it, or None when it has no seal or no stamp of ours."""
    key = SEAL_KEYS[kind]
    seal = item.get(key)
    stamp = unstamped(seal) if isinstance(seal, str) else None
    if stamp is None:
        return None
    issuer, own_seal = stamp
    try:
        payload = orjson.dumps({**item, key: own_seal}).decode()
    except orjson.JSONEncodeError:  # nested deeper than any item of an issuer
        return None
    return Sealed(kind, JsonText(payload), issuer, place)


def packed(items: Iterable[Sealed]) -> str:
    """Returns any items as one opaque text, for formats without a place for their kind."""
    values = [[item.kind, item.payload, item.issuer, item.at] for item in items]
    return PACKED + base64.urlsafe_b64encode(orjson.dumps(values)).decode()


def opened(text: str) -> tuple[Sealed, ...]:
    """Returns the items in a text of `packed`, or () for any other text."""
    if not text.startswith(PACKED):
        return ()
    try:
        values = orjson.loads(base64.urlsafe_b64decode(text.removeprefix(PACKED)))
    except (binascii.Error, ValueError, RecursionError):
        return ()
    if type(values) is not list:
        return ()
    return tuple([sealed for value in values if (sealed := _item(value)) is not None])


def _item(value: object) -> Sealed | None:
    """Returns one packed item, or None for a value that is no such item.

    The client could have changed the value, so every part of it is checked.
    """
    if type(value) is not list or len(value) != 4:
        return None
    kind, payload, issuer, place = value
    if type(payload) is not str or type(issuer) is not str or type(place) is not int:
        return None
    try:
        is_object = type(orjson.loads(payload)) is dict
    except (orjson.JSONDecodeError, RecursionError):
        return None
    return (
        Sealed(kind, JsonText(payload), issuer, place) if is_object and kind in SEAL_KEYS else None
    )


def own(sealed: Iterable[Sealed], issuer: str, kinds: Iterable[str]) -> tuple[Sealed, ...]:
    """Returns the items of this issuer, of the kinds that its format has a place for."""
    allowed = frozenset(kinds)
    return tuple([item for item in sealed if item.issuer == issuer and item.kind in allowed])


def issuers(request: ChatRequest) -> frozenset[str]:
    """Returns the issuers of all seals in this conversation."""
    return frozenset([item.issuer for message in request.messages for item in message.sealed])


BYTES_PER_TOKEN = 6
"""Estimates a seal: four characters of text per token, times 4/3 for base64, and a little more."""
NO_SEALS: Mapping[str, int] = MappingProxyType({})


def sealed_tokens(request: ChatRequest) -> Mapping[str, int]:
    """Returns about how many tokens of thoughts each issuer has sealed in this conversation."""
    totals: dict[str, int] = {}
    for message in request.messages:
        for item in message.sealed:
            tokens = len(item.payload) // BYTES_PER_TOKEN
            totals[item.issuer] = totals.get(item.issuer, 0) + tokens
    return totals or NO_SEALS
