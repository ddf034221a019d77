"""Which push services may be spoken to, and what a text message may say."""

from __future__ import annotations

from urllib.parse import urlsplit

from ansimnet.kernel.errors import Refusal

SMS_TEXT = {"ko": "알림이 있습니다. 앱을 열어 확인하세요.", "en": "You have a notice. Open the app to see it."}
"""No name, no place, no reason: the phone may lie in front of the wrong person."""


class PushHostRefused(Refusal):
    """This push service is not one we speak to."""

    name = "push-host-refused"


def check_endpoint(endpoint: str, hosts: str) -> None:
    """Refuse an endpoint outside the allowed services: it would let a phone make us call anything.

    `hosts` is comma-separated; an entry with a scheme (`http://127.0.0.1:9000`) matches that origin exactly.

    Raises:
        PushHostRefused: another host, another scheme than https, or an address with credentials.
    """
    parts = urlsplit(endpoint)
    allowed = [h.strip() for h in hosts.split(",") if h.strip()]
    if f"{parts.scheme}://{parts.netloc}" in allowed:
        return
    host = parts.hostname or ""
    if (
        parts.scheme == "https"
        and "@" not in parts.netloc
        and any(host == h or host.endswith(f".{h}") for h in allowed)
    ):
        return
    raise PushHostRefused(todo="an administrator may add the service to ANSIMNET_PUSH_HOSTS")
