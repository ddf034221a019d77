"""Which push services may be spoken to, and what a text message may say."""

from __future__ import annotations

import base64
import re

from cryptography.hazmat.primitives.asymmetric import ec

from ansimnet.kernel.errors import Refusal

SMS_TEXT = {"ko": "알림이 있습니다. 앱을 열어 확인하세요.", "en": "You have a notice. Open the app to see it."}
"""No name, no place, no reason: the phone may lie in front of the wrong person."""


class PushHostRefused(Refusal):
    """This push service is not one we speak to."""

    name = "push-host-refused"


class PushKeysBad(Refusal):
    """These are no keys of a push subscription."""

    name = "push-keys-bad"


_PLAIN = re.compile(r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]+)(:(?P<port>[0-9]{1,5}))?/[!-~]*", re.ASCII)


def check_endpoint(endpoint: str, hosts: str) -> None:
    """Refuse an endpoint outside the allowed services: it would let a phone make us call anything.

    `hosts` is comma-separated; an entry with a scheme (`http://127.0.0.1:9000`) matches that origin exactly.

    Raises:
        PushHostRefused: another host or port, another scheme than https, an address with credentials or odd characters.
    """
    found = _PLAIN.fullmatch(endpoint)  # two readers of an odd address may see two hosts: take plain ones alone
    if found is not None:
        scheme, host, port = found["scheme"], found["host"].lower(), found["port"]
        allowed = [h.strip() for h in hosts.split(",") if h.strip()]
        if f"{scheme}://{host}{f':{port}' if port else ''}" in allowed:
            return
        named = any(host == h or host.endswith(f".{h}") for h in allowed)
        if scheme == "https" and port in (None, "443") and named:
            return
    raise PushHostRefused(todo="an administrator may add the service to ANSIMNET_PUSH_HOSTS")


def check_keys(p256dh: str, auth: str) -> None:
    """Refuse keys that nothing can be encrypted for: every later push would break on them.

    Raises:
        PushKeysBad: not an uncompressed P-256 point of 65 bytes and a secret of 16 (RFC 8291 §3.2).
    """
    try:
        point, secret = (base64.urlsafe_b64decode(t + "=" * (-len(t) % 4)) for t in (p256dh, auth))
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError as error:
        raise PushKeysBad from error
    if len(point) != 65 or len(secret) != 16:
        raise PushKeysBad
