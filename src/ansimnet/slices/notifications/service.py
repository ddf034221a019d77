"""Bringing things to people: open a delivery in the caller's transaction, carry it out in a job, record its end."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import ssl
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid5

import httpx
import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from py_vapid import Vapid02

from ansimnet.facts.notifications import DeliveryRecorded, HubAlarmTaken
from ansimnet.facts.policy import AgencyKind
from ansimnet.kernel.errors import Fault, Kind, Refusal
from ansimnet.kernel.ids import AccountId, DeliveryId, FactId, new_id
from ansimnet.platform import jobs
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.ledger import append
from ansimnet.platform.settings import Settings
from ansimnet.slices.notifications import store
from ansimnet.slices.notifications.model import Channel, Delivery, Subscription
from ansimnet.slices.notifications.rules import SMS_TEXT
from ansimnet.slices.policy.queries import agencies as registry

DELIVER = "notifications.deliver"

NOBODY = "http://127.0.0.1:9/"
"""The discard port of this machine (RFC 863): nothing listens, nothing leaves."""
PUSH_TTL_S = 600
"""A warning older than ten minutes is no warning; the phone asks for the state when it wakes."""

RECORD_BYTES = 4096
"""The record size every push service takes (RFC 8291 §4)."""

TIMEOUT_S = 5.0
GIVE_UP_ATTEMPTS = 6
"""1 + 2 + 4 + 8 + 16 s of waits: after half a minute another channel has long been tried."""

GONE = {404, 410}
"""What a push service answers for a subscription that ended (RFC 8030 §7.3)."""
OTHER_KEY = {400, 401, 403}
"""What push services answer where the subscription was made with another of our keys (RFC 8292 §4.2: 403)."""


class NotYet(Fault):
    """The addressee did not take it; the job tries again."""


URGENT = {Channel.AGENCY: 10}
"""112 goes before texts and pushes, which wait for phones."""


async def open_delivery(
    tx: Tx, *, about: UUID, to: UUID, channel: Channel, content: str | None, now: datetime
) -> DeliveryId:
    """Open a delivery and its job in the caller's transaction: both happen, or neither."""
    delivery = Delivery(DeliveryId(new_id()), about, to, channel, content)
    await store.open_delivery(tx, delivery, now)
    await jobs.defer(tx, DELIVER, priority=URGENT.get(channel, 0), delivery_id=str(delivery.delivery_id))
    return delivery.delivery_id


class NoReportingCentre(Refusal):
    """Only a district's centre under an agreement in force reports alarms to this hub."""

    kind = Kind.FORBIDDEN
    name = "no-reporting-centre"


def report_id(agency_id: UUID, alarm_id: UUID) -> UUID:
    """Return the id under which the hub keeps a district's alarm: the same however often it is reported."""
    return uuid5(agency_id, str(alarm_id))


async def take_alarm(
    tx: Tx,
    account_id: AccountId,
    alarm_id: UUID,
    alarm_kind: str,
    to: frozenset[AgencyKind],
    content: str,
    now: datetime,
) -> tuple[tuple[UUID, ...], tuple[str, ...]]:
    """Take a district's alarm and bring it to the agencies it is for; return who is told, and which kinds nobody is.

    Reported twice it is told once. Its words are sealed until they are sent, and stand on no ledger.

    Raises:
        NoReportingCentre: no district's centre, or its agreement has ended.
    """
    reporting = await registry.reporting_centre(tx, account_id, now)
    if reporting is None:
        raise NoReportingCentre(todo="register the centre as an agency and its agreement")
    told = await registry.agencies_to_tell(tx, to)
    unreached = tuple(sorted(k.value for k in to - {a.kind for a in told}))
    report = report_id(reporting.agency_id, alarm_id)
    if not await store.first_report(tx, report):
        return tuple(a.agency_id for a in told), unreached
    for agency in told:
        await open_delivery(tx, about=report, to=agency.agency_id, channel=Channel.AGENCY, content=content, now=now)
    fact = HubAlarmTaken(
        fact_id=FactId(new_id()), happened_at=now, report_id=report, agency_id=reporting.agency_id,
        account_id=account_id, alarm_kind=alarm_kind, told=tuple(a.agency_id for a in told), unreached=unreached,
    )  # fmt: skip
    await append(tx, fact, actor=f"account:{account_id}")
    return tuple(a.agency_id for a in told), unreached


@dataclass(frozen=True, slots=True)
class Answer:
    """How one attempt ended: acknowledged, gone (address ended), undeliverable (no way configured), or again."""

    state: str
    receipt: str = ""


async def deliver(db: Db, delivery_id: DeliveryId, settings: Settings, *, attempt: int, now: datetime) -> None:
    """Carry out one delivery. Safe to run twice: one that ended is left alone, receivers get its id.

    Raises:
        NotYet: nobody took it yet and attempts are left.
    """
    async with db.transaction() as tx:
        delivery = await store.load_waiting(tx, delivery_id)
        if delivery is None:
            return
        agency_url = await registry.relay_url(tx, delivery.to) if delivery.channel is Channel.AGENCY else None
        addresses = (
            [] if delivery.channel is Channel.AGENCY else await store.load_addresses(tx, delivery.to, delivery.channel)
        )
    async with client(settings) as http:  # outside any transaction: a slow neighbour holds no lock
        if delivery.channel is Channel.AGENCY:
            answer = await _agency(http, delivery, settings, agency_url)
        elif not addresses:
            answer = Answer("undeliverable")
        elif delivery.channel is Channel.WEB_PUSH:
            answer = await _push_all(http, db, addresses, settings, now)
        else:
            answer = await _gateway(http, delivery, [a for _, a in addresses], settings)
    if answer.state == "again" and attempt < GIVE_UP_ATTEMPTS:
        raise NotYet(f"{delivery.channel} did not take {delivery_id}")
    state = "failed" if answer.state == "again" else answer.state
    async with db.transaction() as tx:
        if await store.end_delivery(tx, delivery_id, state, attempt, now):
            fact = DeliveryRecorded(
                fact_id=FactId(new_id()), happened_at=now, delivery_id=delivery_id, about=delivery.about,
                channel=delivery.channel, state=state, attempt=attempt, receipt=answer.receipt,
            )  # fmt: skip
            await append(tx, fact, actor="system:notifications")


def client(settings: Settings) -> httpx.AsyncClient:
    """Return the one kind of client that leaves this machine: short, no redirects, no proxy of the environment."""
    trust = _trust(settings.push_ca_file)
    return httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False, verify=trust)


def warm(settings: Settings) -> None:
    """Load what the first message would load while an alarm waits: whom we believe, the push identity, the client."""

    async def call_nobody() -> None:
        async with client(settings) as http:
            with contextlib.suppress(httpx.HTTPError):
                await http.post(NOBODY)

    claims = {"aud": "https://localhost", "exp": PUSH_TTL_S, "sub": settings.push_subject}
    Vapid02.from_pem(_vapid_pem(settings.data_dir)).sign(claims)
    asyncio.run(call_nobody())


@cache
def _trust(ca_file: Path | None) -> ssl.SSLContext:
    """Return whom we believe, read once: the system's authorities take tens of milliseconds, and an alarm waits."""
    trust = ssl.create_default_context()
    if ca_file is not None:
        trust.load_verify_locations(str(ca_file))  # beside the system's, not in their place
    return trust


async def _agency(http: httpx.AsyncClient, delivery: Delivery, settings: Settings, registered: str | None) -> Answer:
    """Post to a registered agency's own address, else to 112's of the settings; its token goes nowhere else."""
    url = registered or settings.police_112_url
    if url is None or delivery.content is None:  # its key may have been destroyed
        return Answer("undeliverable")
    headers = {"Idempotency-Key": str(delivery.delivery_id), "Content-Type": "application/json"}
    if settings.police_112_token is not None and registered is None:
        headers["Authorization"] = f"Bearer {settings.police_112_token.get_secret_value()}"
    try:
        answer = await http.post(url, content=delivery.content, headers=headers)
    except httpx.HTTPError:
        return Answer("again")
    if answer.status_code // 100 != 2:
        return Answer("again")
    try:
        receipt = str(answer.json().get("receipt", ""))[:100]
    except (ValueError, AttributeError):
        receipt = ""
    return Answer("acknowledged", receipt)


async def _gateway(http: httpx.AsyncClient, delivery: Delivery, numbers: list[str], settings: Settings) -> Answer:
    url = settings.sms_url if delivery.channel is Channel.SMS else settings.voice_url
    if url is None:
        return Answer("undeliverable")
    body = {"to": numbers[0], "text": SMS_TEXT[settings.locale], "id": str(delivery.delivery_id)}
    try:
        answer = await http.post(url, json=body)
    except httpx.HTTPError:
        return Answer("again")
    return Answer("acknowledged" if answer.status_code // 100 == 2 else "again")


async def _push_all(
    http: httpx.AsyncClient, db: Db, addresses: list[tuple[UUID, str]], settings: Settings, now: datetime
) -> Answer:
    took, gone = 0, 0
    subscriptions = [msgspec.json.decode(text, type=Subscription) for _, text in addresses]
    answers = await asyncio.gather(*(push(http, to, settings, now) for to in subscriptions))  # a slow one delays none
    for (address_id, _), answer in zip(addresses, answers, strict=True):
        took += answer.state == "acknowledged"
        if answer.state == "gone":
            gone += 1
            async with db.transaction() as tx:
                await store.forget_address(tx, address_id, now)
    if took:
        return Answer("acknowledged")
    return Answer("undeliverable" if gone == len(addresses) else "again")


async def push(http: httpx.AsyncClient, to: Subscription, settings: Settings, now: datetime) -> Answer:
    """Send an empty, encrypted push (RFC 8030, 8291, 8292). What it is about, the phone asks us, signed in."""
    origin = urlsplit(to.endpoint)
    claims = {
        "aud": f"{origin.scheme}://{origin.netloc}",
        "exp": int(now.timestamp()) + 12 * 3600,  # RFC 8292: at most 24 h
        "sub": settings.push_subject,
    }
    headers = {
        "TTL": str(PUSH_TTL_S),
        "Urgency": "high",
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
    }
    for pem in _vapid_pems(settings.data_dir):
        signed: dict[str, Any] = Vapid02.from_pem(pem).sign(claims)
        try:
            answer = await http.post(to.endpoint, content=sealed_empty(to), headers=headers | signed)
        except (httpx.HTTPError, httpx.InvalidURL):
            return Answer("again")
        if answer.status_code not in OTHER_KEY:
            break
    if answer.status_code in GONE:
        return Answer("gone")
    return Answer("acknowledged" if answer.status_code // 100 == 2 else "again")


def sealed_empty(to: Subscription) -> bytes:
    """Return nothing, encrypted for one browser: one last record of aes128gcm (RFC 8291 §4, RFC 8188 §2).

    Written out here because `http_ece` makes no record at all of empty content, and a browser drops that unread.
    """
    theirs, auth = _unpadded(to.p256dh), _unpadded(to.auth)
    private, salt = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
    ours = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))

    def derive(length: int, salt_: bytes, secret: bytes, info: bytes) -> bytes:
        return HKDF(hashes.SHA256(), length, salt_, info).derive(secret)

    secret = derive(32, auth, shared, b"WebPush: info\0" + theirs + ours)
    key = derive(16, salt, secret, b"Content-Encoding: aes128gcm\0")
    nonce = derive(12, salt, secret, b"Content-Encoding: nonce\0")
    record = AESGCM(key).encrypt(nonce, b"\x02", None)  # the delimiter of the last record, after no content
    return salt + RECORD_BYTES.to_bytes(4, "big") + bytes([len(ours)]) + ours + record


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _vapid_pem(data_dir: Path) -> bytes:
    """Return this installation's push identity, made on first use; 0600 beside the other keys."""
    file = data_dir / "keys" / "vapid.pem"
    try:
        return file.read_bytes()
    except FileNotFoundError:
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = file.with_suffix(f".{new_id().hex}")
        part.touch(mode=0o600)
        part.write_bytes(pem)
        try:
            os.link(part, file)  # the first of several processes wins
        except FileExistsError:
            pass
        finally:
            part.unlink()
        return file.read_bytes()


def _vapid_pems(data_dir: Path) -> list[bytes]:
    """Return our push identity, and the one before it: browsers that subscribed with that know no other."""
    old = data_dir / "keys" / "vapid.old.pem"
    return [_vapid_pem(data_dir), *([old.read_bytes()] if old.exists() else [])]


def push_public_key(data_dir: Path) -> str:
    """Return the key browsers subscribe with: uncompressed point, base64url, unpadded."""
    key = Vapid02.from_pem(_vapid_pem(data_dir)).public_key
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).decode().rstrip("=")
