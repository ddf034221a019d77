"""Which push services a phone may name: an address here is one that our server calls from inside."""

from __future__ import annotations

import base64
import os

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from ansimnet.platform.settings import Settings
from ansimnet.slices.notifications.rules import SMS_TEXT, PushHostRefused, PushKeysBad, check_endpoint, check_keys

HOSTS = str(Settings.model_fields["push_hosts"].default)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc:def",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAA",
        "https://web.push.apple.com/QABC",
        "https://wns2-par02p.notify.windows.com/w/?token=BQYA%2f",
        "https://FCM.googleapis.com/fcm/send/x",
        "https://fcm.googleapis.com:443/fcm/send/x",
    ],
)
def test_the_services_of_real_browsers_are_taken(endpoint: str) -> None:
    check_endpoint(endpoint, HOSTS)


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "x",
        "https://",
        "https://[",
        "http://fcm.googleapis.com/x",
        "https://fcm.googleapis.com",
        "https://fcm.googleapis.com:8443/x",
        "https://fcm.googleapis.com.evil.example/x",
        "https://evilfcm.googleapis.com.example/x",
        "https://notfcm.googleapis.community/x",
        "https://fcm.googleapis.com@127.0.0.1/x",
        "https://user:pass@fcm.googleapis.com/x",
        "https://127.0.0.1\\.fcm.googleapis.com/x",
        "https://127.0.0.1#.fcm.googleapis.com/x",
        "https://127.0.0.1?.fcm.googleapis.com/x",
        "https://evil.example\t.fcm.googleapis.com/x",
        "https://fcm.googleapis.com /x",
        "https://fcm.googleapis.com/\r\nHost: evil",
        "https://ｆcm.googleapis.com/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost:8700/api/v1/session",
        "ftp://fcm.googleapis.com/x",
        "file:///etc/passwd",
        "https:fcm.googleapis.com/x",
        "//fcm.googleapis.com/x",
    ],
)
def test_everything_else_is_refused(endpoint: str) -> None:
    with pytest.raises(PushHostRefused):
        check_endpoint(endpoint, HOSTS)


def test_a_whole_origin_matches_itself_alone() -> None:
    hosts = "http://127.0.0.1:9000, fcm.googleapis.com"
    check_endpoint("http://127.0.0.1:9000/push/1", hosts)
    check_endpoint("https://fcm.googleapis.com/x", hosts)
    for other in (
        "http://127.0.0.1:9001/x",
        "https://127.0.0.1:9000/x",
        "http://127.0.0.1/x",
        "http://x.127.0.0.1:9000/",
    ):
        with pytest.raises(PushHostRefused):
            check_endpoint(other, hosts)


def test_no_service_allowed_means_none() -> None:
    with pytest.raises(PushHostRefused):
        check_endpoint("https://fcm.googleapis.com/x", "")


@given(st.text(max_size=60))
def test_whatever_a_phone_says_is_an_answer_never_a_crash(text: str) -> None:
    with pytest.raises(PushHostRefused):
        check_endpoint(text, HOSTS)
    with pytest.raises(PushKeysBad):
        check_keys(text, text)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_only_keys_that_can_be_encrypted_for_are_taken() -> None:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    secret = os.urandom(16)
    check_keys(b64(point), b64(secret))
    compressed = public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    off_curve = point[:-1] + bytes([point[-1] ^ 1])
    for p, s in ((off_curve, secret), (compressed, secret), (point, secret[:-1]), (b"", b"")):
        with pytest.raises(PushKeysBad):
            check_keys(b64(p), b64(s))


def test_a_text_message_says_nothing() -> None:
    for words in SMS_TEXT.values():
        assert len(words) < 80
        assert not any(
            w in words for w in ("피해", "경보", "접근", "경찰", "victim", "alert", "police", "Ansim", "안심")
        )
