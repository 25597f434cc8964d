"""Encrypts texts: kept answers for their requester only, stored texts by keys of the operator.

The key of a kept answer is derived from the client's value (its idempotency key) and its tenant's
secret, so the database by itself opens nothing. `TextKeys` are the operator's, from the environment
or a file: the first one seals, the others only open what they sealed. The cipher is AES-256-GCM
(NIST SP 800-38D) of the package `cryptography`. Pure: the caller passes the random nonce.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

NONCE_BYTES = 12


def sealing_key(tenant_secret: bytes, asker_secret: str) -> bytes:
    """Returns 32 bytes that need both secrets."""
    return hmac.digest(tenant_secret, b"reply\0" + asker_secret.encode(), "sha256")


def seal(key: bytes, nonce: bytes, text: bytes, about: bytes | None = None) -> bytes:
    """Returns the nonce, then the encrypted text. Use a nonce only once under a key.

    `about` is not kept; the text opens only together with it.
    """
    assert len(nonce) == NONCE_BYTES
    return nonce + AESGCM(key).encrypt(nonce, text, about)


def unseal(key: bytes, sealed: bytes, about: bytes | None = None) -> bytes | None:
    """Returns the text, or None when key or `about` differ, or a byte was changed."""
    if len(sealed) < NONCE_BYTES:
        return None
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about)
    except InvalidTag:
        return None


KEY_BYTES = 32
SEALED = "tgt1."
"""Begins a stored text that is sealed; then come the key's name, a dot, and base64.

Without a name it is the text itself that follows: one that begins like a sealed one, though nobody
sealed it. Otherwise a client could hide its words from reviewers."""
_KEY_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")


class TextKeys(Struct, frozen=True):
    """Holds the operator's keys for stored texts by name; the first one seals."""

    keys: Mapping[str, bytes] = {}

    @classmethod
    def parse(cls, text: str) -> TextKeys:
        """Returns the keys of a text, `name:base64` by commas or lines. Raises ValueError."""
        keys: dict[str, bytes] = {}
        for part in re.split(r"[,\s]+", text.strip()):
            name, colon, encoded = part.partition(":")
            if not part:
                continue
            try:
                key = base64.b64decode(encoded, validate=True)
            except ValueError:
                key = b""
            if not (colon and _KEY_NAME.fullmatch(name)) or len(key) != KEY_BYTES or name in keys:
                raise ValueError(
                    "keys of stored texts: expected NAME:BASE64 of 32 random bytes, each name once"
                )
            keys[name] = key
        return cls(keys)

    def sealed(self, text: str, nonce: bytes, about: str) -> str:
        """Returns the text sealed by the first key; without keys as one that opens as it is."""
        if not self.keys:
            return f"{SEALED}.{text}" if text.startswith(SEALED) else text
        name, key = next(iter(self.keys.items()))
        body = seal(key, nonce, text.encode("utf-8", "surrogatepass"), about.encode())
        return f"{SEALED}{name}.{base64.b64encode(body).decode()}"

    def opened(self, content: str, about: str) -> str | None:
        """Returns the text of a stored content; None where its key is missing or it was changed."""
        if not content.startswith(SEALED):
            return content
        name, _, body = content.removeprefix(SEALED).partition(".")
        if not name:
            return body
        key = self.keys.get(name)
        if key is None:
            return None
        try:
            text = unseal(key, base64.b64decode(body), about.encode())
        except ValueError:
            return None  # no base64: somebody changed it
        return None if text is None else text.decode("utf-8", "surrogatepass")

    def is_current(self, content: str) -> bool:
        """Returns True for a content that the first key sealed, or where there is no key."""
        return not self.keys or content.startswith(f"{SEALED}{next(iter(self.keys))}.")


NO_KEYS = TextKeys()
