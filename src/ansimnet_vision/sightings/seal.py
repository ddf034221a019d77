"""Seals a sighting before it touches the disk: whoever wrote it cannot read it again, nor can whoever finds the file.

To the public key of its camera and hour (X25519 with a fresh key of one's own, HKDF-SHA256, ChaCha20-Poly1305: RFC
7748, 5869, 8439). The server keeps the private half and gives it to an approved search alone. The form is the
server's, byte for byte (`slices/tracing/rules/sealing.py`); workers are strangers to its code, so a test
compares the two.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ansimnet_vision.sightings.note import Sighting

_NONCE = bytes(12)
"""Each key seals one message, so one nonce serves all."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sighting that nobody here can read. `hour`: YYYYMMDDHH of its begin (UTC), whose key it is sealed to."""

    id: str
    camera_id: str
    hour: str
    block: bytes


def hour_of(at_s: float) -> str:
    """Return the hour of an instant (UTC).

    >>> hour_of(0.0)
    '1970010100'
    """
    return f"{datetime.fromtimestamp(at_s, UTC):%Y%m%d%H}"


def sealed(sighting: Sighting, keys: Mapping[str, str]) -> Sealed | None:
    """Return a sighting sealed; None where nobody gave a key for its hour: then it is not kept at all.

    `keys`: by hour, the public key in base64 (raw, 32 bytes).
    """
    hour = hour_of(sighting.from_s)
    if hour not in keys:
        return None
    plain = zlib.compress(msgspec.msgpack.encode([sighting.told()]), 1)
    bound_to = f"tracing|{sighting.camera_id}|{hour}".encode()
    return Sealed(sighting.id, sighting.camera_id, hour, _seal(base64.b64decode(keys[hour]), plain, bound_to))


def _seal(public: bytes, plain: bytes, bound_to: bytes) -> bytes:
    fresh = X25519PrivateKey.generate()
    mine = fresh.public_key().public_bytes_raw()
    shared = fresh.exchange(X25519PublicKey.from_public_bytes(public))
    key = HKDF(SHA256(), 32, salt=None, info=b"ansimnet tracing" + mine + public).derive(shared)
    return mine + ChaCha20Poly1305(key).encrypt(_NONCE, plain, bound_to)
