"""Sealing to a public key: X25519 with a fresh key of one's own, HKDF-SHA256, ChaCha20-Poly1305 (RFC 7748, 5869, 8439).

The fresh private key is forgotten at once, so that who sealed something cannot open it again.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PUBLIC = 32
_NONCE = bytes(12)
"""Each key seals one message, so one nonce serves all."""


def seal(public: bytes, plain: bytes, bound_to: bytes) -> bytes:
    """Return `plain` sealed to a public key and bound to what it is about."""
    fresh = X25519PrivateKey.generate()
    mine = fresh.public_key().public_bytes_raw()
    shared = fresh.exchange(X25519PublicKey.from_public_bytes(public))
    return mine + ChaCha20Poly1305(_derived(shared, mine, public)).encrypt(_NONCE, plain, bound_to)


def open_sealed(private: bytes, sealed: bytes, bound_to: bytes) -> bytes | None:
    """Return what was sealed to the public half of this key; None where it was sealed to another, or changed."""
    key, theirs = X25519PrivateKey.from_private_bytes(private), sealed[:PUBLIC]
    try:
        shared = key.exchange(X25519PublicKey.from_public_bytes(theirs))
        derived = _derived(shared, theirs, key.public_key().public_bytes_raw())
        return ChaCha20Poly1305(derived).decrypt(_NONCE, sealed[PUBLIC:], bound_to)
    except (InvalidTag, ValueError):
        return None


def _derived(shared: bytes, sender: bytes, recipient: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"ansimnet tracing" + sender + recipient).derive(shared)
