"""What only its issuer can read: encrypted reasoning, signed thoughts, thought signatures. Pure.

A provider seals what a model thought, and wants it back in the next turn, byte for byte. Another
one refuses it, in every later turn, since the client goes on sending it. A gateway that changes
models by design therefore stamps each seal with its issuer when it goes out, and reads the stamp
when it comes back: its issuer gets it unchanged, everybody else never sees it.

The stamp stands before the seal itself, in the one text of the item that is opaque anyway, so that
clients carry it without knowing. Where a client's format has no place for an item of that kind, all
of the item is carried as one opaque text (`packed`), and comes back whole (`opened`).

>>> text = stamped("gAAAA", "5f2c")
>>> text, unstamped(text)
('tg1.5f2c.gAAAA', ('5f2c', 'gAAAA'))

It knows nothing about wire formats and upstreams.
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
"""Which key of an item of each kind holds the seal."""


def issuer_of(name: str, base_urls: Sequence[str], api_key: str | None) -> str:
    """The short name of who seals: the policy's `issuer`, else endpoint and organisation.

    Which organisation it is nobody says, so its key stands for it: another key means that old seals
    are left out, which costs some thoughts, where a wrong guess would cost the conversation.
    """
    said = name or "\n".join([*sorted(base_urls), api_key or ""])
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def stamped(seal: str, issuer: str) -> str:
    """The seal with its issuer before it."""
    return f"{PREFIX}{issuer}.{seal}"


def unstamped(text: str) -> tuple[str, str] | None:
    """Issuer and seal; None for what was not stamped here."""
    if not text.startswith(PREFIX):
        return None
    issuer, dot, seal = text.removeprefix(PREFIX).partition(".")
    return (issuer, seal) if dot and issuer else None


def shown(sealed: Sealed) -> dict[str, object]:
    """The item as a client of the same format gets it, its seal stamped."""
    item: dict[str, object] = orjson.loads(sealed.payload)
    key = SEAL_KEYS[sealed.kind]
    seal = item.get(key)
    if isinstance(seal, str) and seal:
        item[key] = stamped(seal, sealed.issuer)
    return item


def read_back(kind: str, item: dict[str, object], at: int = 0) -> Sealed | None:
    """The item as its issuer sealed it; None for one that was not sealed, or not stamped here."""
    key = SEAL_KEYS[kind]
    seal = item.get(key)
    said = unstamped(seal) if isinstance(seal, str) else None
    if said is None:
        return None
    issuer, own = said
    try:
        payload = orjson.dumps({**item, key: own}).decode()
    except orjson.JSONEncodeError:  # nested deeper than anything an issuer wrote
        return None
    return Sealed(kind, JsonText(payload), issuer, at)


def packed(items: Iterable[Sealed]) -> str:
    """Any items as one opaque text, for formats that have no place for items of their kind."""
    found = [[one.kind, one.payload, one.issuer, one.at] for one in items]
    return PACKED + base64.urlsafe_b64encode(orjson.dumps(found)).decode()


def opened(text: str) -> tuple[Sealed, ...]:
    """The items in a text of `packed`; () for any other text."""
    if not text.startswith(PACKED):
        return ()
    try:
        found = orjson.loads(base64.urlsafe_b64decode(text.removeprefix(PACKED)))
    except (binascii.Error, ValueError, RecursionError):
        return ()
    if type(found) is not list:
        return ()
    return tuple([one for item in found if (one := _item(item)) is not None])


def _item(value: object) -> Sealed | None:
    """One packed item; the client had it in its hands, so nothing in it is believed."""
    if type(value) is not list or len(value) != 4:
        return None
    kind, payload, issuer, at = value
    if type(payload) is not str or type(issuer) is not str or type(at) is not int:
        return None
    try:
        whole = type(orjson.loads(payload)) is dict
    except (orjson.JSONDecodeError, RecursionError):
        return None
    return Sealed(kind, JsonText(payload), issuer, at) if whole and kind in SEAL_KEYS else None


def own(sealed: Iterable[Sealed], issuer: str, kinds: Iterable[str]) -> tuple[Sealed, ...]:
    """Those that this issuer sealed, of the kinds that its format has a place for."""
    allowed = frozenset(kinds)
    return tuple([one for one in sealed if one.issuer == issuer and one.kind in allowed])


def issuers(request: ChatRequest) -> frozenset[str]:
    """Returns who sealed something in this conversation."""
    return frozenset([one.issuer for message in request.messages for one in message.sealed])


BYTES_PER_TOKEN = 6
"""Of a seal: four characters of text to a token, by four thirds for base64, little around it."""
NO_SEALS: Mapping[str, int] = MappingProxyType({})


def sealed_tokens(request: ChatRequest) -> Mapping[str, int]:
    """About how many tokens of thoughts each issuer has sealed in this conversation."""
    found: dict[str, int] = {}
    for message in request.messages:
        for one in message.sealed:
            tokens = len(one.payload) // BYTES_PER_TOKEN
            found[one.issuer] = found.get(one.issuer, 0) + tokens
    return found or NO_SEALS
