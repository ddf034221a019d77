"""All SQL of the notifications slice."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

import msgspec

from ansimnet.kernel.errors import Fault
from ansimnet.kernel.ids import DeliveryId, new_id
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger import KeyStore
from ansimnet.platform.sealing import SealedColumn, mends, register
from ansimnet.slices.notifications.model import Channel, Delivery, Subscription

KEY_YEAR = 0
"""Addresses live as long as the person is reached there, whatever the year."""

register(
    SealedColumn("notifications_address", "address_id", "address_sealed", "subject_id", bound="digest"),
    SealedColumn("notifications_delivery", "delivery_id", "content_sealed", "addressee", bound="delivery_id"),
)


def _keys(tx: Tx) -> KeyStore:
    if tx.keys is None:
        raise Fault("no key store: addresses cannot be kept")
    return tx.keys


async def save_address(tx: Tx, subject_id: UUID, channel: Channel, address: str, now: datetime) -> None:
    """Keep an address of a person once; bring it back if it was gone, to its new holder."""
    digest = _digest(tx, channel, address)
    await tx.execute(  # a row from before is known by a digest that anybody could work out
        "update notifications_address set gone_at = %s where channel = %s and digest = %s and gone_at is null",
        (now, channel, _guessable(tx, channel, address)),
    )
    sealed = _keys(tx).encrypt(subject_id, KEY_YEAR, address.encode(), bound_to=digest)
    await tx.execute(
        """insert into notifications_address (address_id, subject_id, channel, address_sealed, digest, made_at)
        values (%s, %s, %s, %s, %s, %s) on conflict (centre_id, channel, digest)
        do update set subject_id = excluded.subject_id, address_sealed = excluded.address_sealed, gone_at = null""",
        (new_id(), subject_id, channel, sealed, digest, now),
    )


def _digest(tx: Tx, channel: str, address: str) -> bytes:
    """Return by what an address is known again. Numbers are few: without the key they could all be tried."""
    return _keys(tx).digest(tx.centre_id.bytes + channel.encode() + address.encode())


def _guessable(tx: Tx, channel: str, address: str) -> bytes:
    return hashlib.sha256(tx.centre_id.bytes + channel.encode() + address.encode()).digest()


@mends
async def rename_guessable(tx: Tx) -> int:
    """Give addresses from before a digest that nobody can work out; return how many. Safe to run twice."""
    done = 0
    rows = await tx.all(
        "select address_id, subject_id, channel, address_sealed, digest from notifications_address for update"
    )
    for address_id, subject_id, channel, sealed, digest in rows:
        plain = _keys(tx).decrypt(subject_id, KEY_YEAR, sealed, bound_to=digest)
        if plain is None:
            continue
        wanted = _digest(tx, channel, plain.decode())
        if wanted == digest:
            continue
        twin = "select 1 from notifications_address where channel = %s and digest = %s"
        if await tx.one(twin, (channel, wanted)) is not None:
            await tx.execute("delete from notifications_address where address_id = %s", (address_id,))
        else:
            again = _keys(tx).encrypt(subject_id, KEY_YEAR, plain, bound_to=wanted)
            await tx.execute(
                "update notifications_address set digest = %s, address_sealed = %s where address_id = %s",
                (wanted, again, address_id),
            )
        done += 1
    return done


async def save_subscription(tx: Tx, subject_id: UUID, subscription: Subscription, now: datetime) -> None:
    """Keep where a browser takes pushes."""
    await save_address(tx, subject_id, Channel.WEB_PUSH, msgspec.json.encode(subscription).decode(), now)


async def load_addresses(tx: Tx, subject_id: UUID, channel: Channel) -> list[tuple[UUID, str]]:
    """Return the addresses of a person that are not gone."""
    rows = await tx.all(
        """select address_id, address_sealed, digest from notifications_address
        where subject_id = %s and channel = %s and gone_at is null order by made_at""",
        (subject_id, channel),
    )
    out = []
    for address_id, sealed, digest in rows:
        plain = _keys(tx).decrypt(subject_id, KEY_YEAR, sealed, bound_to=digest)
        if plain is not None:
            out.append((address_id, plain.decode()))
    return out


async def forget_address(tx: Tx, address_id: UUID, now: datetime) -> None:
    """Note that an address answers no more."""
    await tx.execute("update notifications_address set gone_at = %s where address_id = %s", (now, address_id))


async def open_delivery(tx: Tx, delivery: Delivery, now: datetime) -> None:
    """Begin a delivery."""
    sealed = None
    if delivery.content is not None:
        sealed = _keys(tx).encrypt(
            delivery.to, KEY_YEAR, delivery.content.encode(), bound_to=delivery.delivery_id.bytes
        )
    await tx.execute(
        """insert into notifications_delivery (delivery_id, about, addressee, channel, content_sealed, state, attempt,
            made_at) values (%s, %s, %s, %s, %s, 'waiting', 0, %s)""",
        (delivery.delivery_id, delivery.about, delivery.to, delivery.channel, sealed, now),
    )


async def first_report(tx: Tx, report: UUID) -> bool:
    """Return whether nothing has been sent about a report yet; two at once ask one after the other."""
    await tx.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (str(report),))
    return await tx.one("select 1 from notifications_delivery where about = %s", (report,)) is None


async def load_waiting(tx: Tx, delivery_id: DeliveryId) -> Delivery | None:
    """Return a delivery that still waits, locked; None when it ended."""
    row = await tx.one(
        """select about, addressee, channel, content_sealed from notifications_delivery
        where delivery_id = %s and state = 'waiting' for update""",
        (delivery_id,),
    )
    if row is None:
        return None
    content = None
    if row[3] is not None:
        plain = _keys(tx).decrypt(row[1], KEY_YEAR, row[3], bound_to=delivery_id.bytes)
        content = plain.decode() if plain is not None else None
    return Delivery(delivery_id, row[0], row[1], Channel(row[2]), content)


async def end_delivery(tx: Tx, delivery_id: DeliveryId, state: str, attempt: int, now: datetime) -> bool:
    """End a waiting delivery; its content is dropped with it. Return False when it had ended before."""
    row = await tx.one(
        """update notifications_delivery set state = %s, attempt = %s, ended_at = %s, content_sealed = null
        where delivery_id = %s and state = 'waiting' returning true""",
        (state, attempt, now, delivery_id),
    )
    return row is not None
