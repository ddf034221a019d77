"""112, the push service and the gateways answer as the real ones would."""

from __future__ import annotations

import json
import ssl
from pathlib import Path

import http_ece
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from ansimnet.kernel.clock import now
from ansimnet_sim.endpoints import Others
from ansimnet_sim.webpush import BadPush, Subscription, point, unb64


def sealed(to: Subscription, text: bytes) -> bytes:
    keys = to.body()["keys"]
    assert isinstance(keys, dict)
    made = http_ece.encrypt(
        text, private_key=ec.generate_private_key(ec.SECP256R1()), dh=unb64(keys["p256dh"]),
        auth_secret=unb64(keys["auth"]), version="aes128gcm",
    )  # fmt: skip
    return bytes(made)


@pytest.mark.parametrize("text", [b" ", b"x", b"warning" * 100])
def test_what_a_known_library_seals_is_opened(text: bytes) -> None:
    to = Subscription("https://localhost/push/1")
    assert to.open(sealed(to, text)) == text


def test_a_message_for_another_phone_is_refused() -> None:
    one, two = Subscription("a"), Subscription("b")
    with pytest.raises(BadPush):
        two.open(sealed(one, b"x"))
    with pytest.raises(BadPush):
        one.open(b"short")
    with pytest.raises(BadPush):
        one.open(sealed(one, b""))  # the library writes a header and no record at all


def signed(audience: str) -> tuple[dict[str, str], bytes]:
    key = Vapid02()
    key.generate_keys()
    exp = int(now().timestamp()) + 3600
    made = key.sign({"aud": audience, "exp": exp, "sub": "mailto:a@b.invalid"})
    return {k.lower(): v for k, v in made.items()}, point(key.public_key)


async def test_push_goes_over_tls_with_vapid_and_encryption(tmp_path: Path) -> None:
    others = Others()
    await others.start(tmp_path)
    to = others.subscribe()
    headers, key = signed(others.push_url)
    to.server_key = key
    send = {**headers, "TTL": "60", "Urgency": "high", "Content-Encoding": "aes128gcm"}
    trust = ssl.create_default_context(cafile=str(others.ca_file))
    async with httpx.AsyncClient(verify=trust, trust_env=False) as client:
        good = await client.post(to.endpoint, content=sealed(to, b"\n"), headers=send)
        other_key, _ = signed(others.push_url)
        forged = await client.post(to.endpoint, content=sealed(to, b"\n"), headers={**send, **other_key})
        wrong, _ = signed("https://elsewhere.test")
        elsewhere = await client.post(to.endpoint, content=sealed(to, b"\n"), headers={**send, **wrong})
        gone = await client.post(f"{others.push_url}/push/nobody", content=b"", headers=send)
    await others.stop()
    assert (good.status_code, forged.status_code, elsewhere.status_code, gone.status_code) == (201, 403, 403, 410)
    assert [(p.payload, p.ttl_s, p.urgency) for p in to.received] == [(b"\n", 60, "high")]
    assert len(others.push_refused) == 2


async def test_112_answers_the_same_request_with_the_same_receipt(tmp_path: Path) -> None:
    others = Others()
    await others.start(tmp_path)
    async with httpx.AsyncClient(trust_env=False) as client:
        asked = [
            (await client.post(others.police_url, json={"n": n}, headers={"Idempotency-Key": key})).json()["receipt"]
            for n, key in enumerate(("a", "a", "b"))
        ]
        others.deaf = True
        refused = await client.post(others.police_url, json={})
        text = await client.post(others.text_url, json={"to": "1", "text": "t"})
        voice = await client.post(others.voice_url, json={"to": "1"})
    await others.stop()
    assert asked[0] == asked[1] != asked[2]
    assert refused.status_code == 503
    assert (text.status_code, voice.status_code) == (200, 200)
    assert len(others.police) == 4
    assert json.loads(others.texts[0].body) == {"to": "1", "text": "t"}
