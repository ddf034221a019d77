"""A push service of our own: registers a browser-like subscription, checks VAPID, decrypts what arrives.

Encryption: RFC 8291 over aes128gcm (RFC 8188), one record. Application server identification: RFC 8292.
"""

from __future__ import annotations

import base64
import json
import os
import struct
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ansimnet.kernel.clock import now
from ansimnet.kernel.errors import Refusal


class BadPush(Refusal):
    """The push message breaks its standard."""

    name = "bad-push"


def b64(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """Return the bytes of base64url, padded or not."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """Return the uncompressed point, 65 bytes."""
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


@dataclass(frozen=True, slots=True)
class Push:
    """One push that arrived."""

    at: datetime
    payload: bytes
    ttl_s: int
    urgency: str
    vapid_subject: str


@dataclass(slots=True)
class Subscription:
    """One browser's subscription: what the phone sends to the server, and the secrets that stay."""

    endpoint: str
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: os.urandom(16))
    server_key: bytes | None = None
    """The application server's key this subscription is bound to; None accepts any that signs well."""
    received: list[Push] = field(default_factory=list)

    def body(self) -> dict[str, object]:
        """Return the JSON of POST /api/v1/me/push-subscription."""
        return {
            "endpoint": self.endpoint,
            "keys": {"p256dh": b64(point(self.private.public_key())), "auth": b64(self.auth)},
        }

    def open(self, body: bytes) -> bytes:
        """Decrypt one message.

        Raises:
            BadPush: the body is not one aes128gcm record for this subscription.
        """
        if len(body) < 86 or body[20] != 65:
            raise BadPush("too short or without a sender key")
        salt, size = body[:16], struct.unpack(">I", body[16:20])[0]
        sender, record = body[21:86], body[86:]
        if len(record) > size:
            raise BadPush("more than one record")
        try:
            other = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        except ValueError as e:
            raise BadPush("the sender key is no point") from e
        shared = self.private.exchange(ec.ECDH(), other)
        info = b"WebPush: info\x00" + point(self.private.public_key()) + sender
        ikm = HKDF(hashes.SHA256(), 32, self.auth, info).derive(shared)
        key = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(ikm)
        nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(ikm)
        try:
            plain = AESGCM(key).decrypt(nonce, record, None)
        except InvalidTag as e:
            raise BadPush("the message does not decrypt") from e
        plain = plain.rstrip(b"\x00")
        if not plain.endswith(b"\x02"):
            raise BadPush("the last record is not marked as last")
        return plain[:-1]

    def receive(self, body: bytes, headers: dict[str, str], audience: str) -> Push:
        """Check and decrypt one delivery; `headers` with lower-case names.

        Raises:
            BadPush: VAPID, encoding or encryption is wrong.
        """
        subject = check_vapid(headers.get("authorization", ""), audience, self.server_key)
        payload = b""
        if body:
            if headers.get("content-encoding") != "aes128gcm":
                raise BadPush("the content encoding is not aes128gcm")
            payload = self.open(body)
        if not headers.get("ttl", "").isdigit():
            raise BadPush("no TTL")
        push = Push(now(), payload, int(headers["ttl"]), headers.get("urgency", "normal"), subject)
        self.received.append(push)
        return push


def check_vapid(authorization: str, audience: str, server_key: bytes | None) -> str:
    """Check an RFC 8292 header; return its subject.

    Raises:
        BadPush: unsigned, signed by another, expired, or for another audience.
    """
    if not authorization.startswith("vapid "):
        raise BadPush("no VAPID")
    parts = dict(p.strip().split("=", 1) for p in authorization[6:].split(",") if "=" in p)
    try:
        key = unb64(parts["k"])
        head, claims, signature = parts["t"].split(".")
        raw = unb64(signature)
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
        der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        public.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
        body = json.loads(unb64(claims))
    except (KeyError, ValueError, InvalidSignature) as e:
        raise BadPush("VAPID does not verify") from e
    if server_key is not None and key != server_key:
        raise BadPush("signed by another application server")
    left = float(body.get("exp", 0)) - now().timestamp()
    if body.get("aud") != audience or not 0 < left <= 24 * 3600:
        raise BadPush("VAPID for another audience or time")
    return str(body.get("sub", ""))
