"""Texts that only their asker can read again: sealed under a secret that is kept nowhere.

The key is made of what the client sends (its idempotency key) and of its tenant's secret, so the
database alone opens nothing. Encrypt-then-MAC out of the standard library: the key stream is
SHAKE-256 of a key that is used once (FIPS 202), the tag is HMAC-SHA256 (RFC 2104). Pure: the caller
brings the random nonce.
"""

from __future__ import annotations

import hashlib
import hmac

NONCE_BYTES = 16
_TAG_BYTES = 32


def sealing_key(tenant_secret: bytes, asker_secret: str) -> bytes:
    """32 bytes that need both secrets."""
    return hmac.digest(tenant_secret, b"reply\0" + asker_secret.encode(), "sha256")


def seal(key: bytes, nonce: bytes, text: bytes) -> bytes:
    """The text, unreadable, with its nonce before it and its tag behind. A nonce is used once."""
    assert len(nonce) == NONCE_BYTES
    hidden = nonce + _masked(key, nonce, text)
    return hidden + _tag(key, hidden)


def unseal(key: bytes, sealed: bytes) -> bytes | None:
    """The text; None when the key is another one, or a byte of it was changed."""
    hidden, tag = sealed[:-_TAG_BYTES], sealed[-_TAG_BYTES:]
    if len(hidden) < NONCE_BYTES or not hmac.compare_digest(tag, _tag(key, hidden)):
        return None
    return _masked(key, hidden[:NONCE_BYTES], hidden[NONCE_BYTES:])


def _masked(key: bytes, nonce: bytes, text: bytes) -> bytes:
    """The text XOR the key stream; the same again gives it back."""
    once = hmac.digest(key, b"encrypt\0" + nonce, "sha256")
    stream = hashlib.shake_256(once).digest(len(text))
    mixed = int.from_bytes(text, "little") ^ int.from_bytes(stream, "little")
    return mixed.to_bytes(len(text), "little")


def _tag(key: bytes, hidden: bytes) -> bytes:
    return hmac.digest(hmac.digest(key, b"authenticate", "sha256"), hidden, "sha256")
