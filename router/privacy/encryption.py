"""Encrypts texts so that only their requester can read them again. No place keeps the key.

The key is derived from the client's value (its idempotency key) and its tenant's secret, so the
database by itself opens nothing. The cipher is AES-256-GCM (NIST SP 800-38D) of the package
`cryptography`. Pure: the caller passes the random nonce.
"""

from __future__ import annotations

import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


def sealing_key(tenant_secret: bytes, asker_secret: str) -> bytes:
    """Returns 32 bytes that need both secrets."""
    return hmac.digest(tenant_secret, b"reply\0" + asker_secret.encode(), "sha256")


def seal(key: bytes, nonce: bytes, text: bytes) -> bytes:
    """Returns the nonce, then the encrypted text. Use a nonce only once under a key."""
    assert len(nonce) == NONCE_BYTES
    return nonce + AESGCM(key).encrypt(nonce, text, None)


def unseal(key: bytes, sealed: bytes) -> bytes | None:
    """Returns the text, or None when the key differs or a byte was changed."""
    if len(sealed) < NONCE_BYTES:
        return None
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)
    except InvalidTag:
        return None
