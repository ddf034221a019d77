"""Devices, gateways and what they last said of themselves."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from ansimnet.kernel.errors import Conflict
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import (
    DeviceId,
    ProtectedPersonId,
    WearerId,
    new_id,
)
from ansimnet.platform.arrays import flags, floats, ids, instants, integers
from ansimnet.platform.db import Tx
from ansimnet.slices.supervision.model import (
    Device,
    Fix,
    PersonId,
    Sign,
)
from ansimnet.slices.supervision.store import places

_UNWORN = frozenset({Sign.STRAP, Sign.OFF_BODY})
_MS = timedelta(milliseconds=1)

_DEVICE = """
    select d.device_id, d.name, d.wearer_id, d.protected_person_id, w.order_from_at, w.order_until_at, d.key_sha256
    from supervision_device d left join supervision_wearer w using (wearer_id)
"""


def _device(row: tuple[Any, ...]) -> Device:
    return Device(*row[:6])


async def device_of_key(tx: Tx, key_sha256: bytes) -> tuple[Device, bytes] | None:
    """Return the device a key belongs to, and the stored hash for comparing in constant time."""
    row = await tx.one(_DEVICE + "where d.key_sha256 = %s", [key_sha256])
    return (_device(row), bytes(row[6])) if row is not None else None


async def gateway_of_key(tx: Tx, key_sha256: bytes) -> tuple[UUID, bytes] | None:
    """Return the gateway account a key belongs to, and the stored hash."""
    row = await tx.one("select gateway_id, key_sha256 from supervision_gateway where key_sha256 = %s", [key_sha256])
    return (row[0], bytes(row[1])) if row is not None else None


async def devices_called(tx: Tx, names: Sequence[str]) -> dict[str, Device]:
    """Return the devices with these names or ids, by the word they were asked for."""
    ids = [i for i in map(_as_id, names) if i is not None]
    rows = await tx.all(_DEVICE + "where d.name = any(%s) or d.device_id = any(%s)", [list(names), ids])
    found = {row[1]: _device(row) for row in rows}
    found.update({str(row[0]): _device(row) for row in rows})
    return {name: found[name] for name in names if name in found}


def _as_id(name: str) -> UUID | None:
    """Return a name that is written as an id is."""
    try:
        found = UUID(name)
    except ValueError:
        return None
    return found if str(found) == name else None


async def devices_of(tx: Tx, people: Iterable[PersonId]) -> list[Device]:
    """Return the devices of some wearers and protected persons."""
    ids = list(people)
    rows = await tx.all(_DEVICE + "where d.wearer_id = any(%s) or d.protected_person_id = any(%s)", [ids, ids])
    return [_device(row) for row in rows]


async def note_heard(tx: Tx, fixes: Sequence[Fix], placed: Mapping[DeviceId, datetime]) -> None:
    """Keep what devices last said of themselves: when heard, since when placed, battery, worn, skew."""
    newest: dict[int, Fix] = {}
    late: dict[int, timedelta] = {}
    for f in fixes:
        device, late_by = f.device_id.int, f.heard_at - f.seen_at
        old = newest.get(device)
        if old is None:
            newest[device], late[device] = f, late_by
        else:
            newest[device], late[device] = max(old, f, key=_order), min(late[device], late_by)
    rows = list(newest.values())
    # skew: the least of the last reports; a later one raises it slowly (by 1/16), a sooner one counts at once
    await tx.execute(
        """
        update supervision_device d set
            heard_at = greatest(d.heard_at, n.heard_at),
            seen_at = greatest(d.seen_at, n.seen_at),
            placed_at = greatest(d.placed_at, n.placed_at),
            battery = coalesce(n.battery, d.battery), worn = n.worn, jammed = n.jammed,
            skew_ms = least(n.skew_ms, coalesce(d.skew_ms + (n.skew_ms - d.skew_ms) / 16, n.skew_ms))
        from unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::float8[],
                    %s::bool[], %s::bool[], %s::int[])
            as n (device_id, heard_at, seen_at, placed_at, battery, worn, jammed, skew_ms)
        where d.device_id = n.device_id
        """,
        [
            ids([f.device_id for f in rows]),
            instants([f.heard_at for f in rows]),
            instants([f.seen_at for f in rows]),
            instants([placed.get(f.device_id) for f in rows]),
            floats([f.battery for f in rows]),
            flags([not f.signs or not f.signs & _UNWORN for f in rows]),
            flags([bool(f.signs) and Sign.JAM in f.signs for f in rows]),
            integers([int(min(max(by / _MS, -(2**31)), 2**31 - 1)) for by in late.values()]),
        ],
    )


def _order(f: Fix) -> tuple[datetime, UUID]:
    return f.seen_at, f.fix_id


def new_key() -> tuple[str, bytes]:
    """Return a fresh key for a device or gateway (256 random bits, shown once) and the hash that is kept."""
    key = secrets.token_urlsafe(32)
    return key, hash_of(key)


def hash_of(key: str) -> bytes:
    """Return what is stored of a key. No salt: the key is random, so nothing can be guessed from its hash."""
    return hashlib.sha256(key.encode()).digest()


class NameTaken(Conflict):
    """Another device has this name."""

    name = "name-taken"


async def add_device(
    tx: Tx, name: str, *, wearer_id: WearerId | None, protected_person_id: ProtectedPersonId | None, now: datetime
) -> tuple[DeviceId, str]:
    """Insert a device and return its id and its key, which is kept nowhere.

    Raises:
        NameTaken: a device of this centre has the name.
    """
    key, key_sha256 = new_key()
    row = await tx.one(
        """
        insert into supervision_device (device_id, name, wearer_id, protected_person_id, key_sha256, bound_at)
        values (%s, %s, %s, %s, %s, %s) on conflict (centre_id, name) do nothing returning device_id
        """,
        [new_id(), name, wearer_id, protected_person_id, key_sha256, now],
    )
    if row is None:
        raise NameTaken(f"another device is called `{name}`")
    return DeviceId(row[0]), key


async def add_gateway(tx: Tx, name: str, now: datetime) -> tuple[UUID, str]:
    """Insert a gateway account and return its id and its key, which is kept nowhere.

    Raises:
        NameTaken: a gateway of this centre has the name.
    """
    key, key_sha256 = new_key()
    row = await tx.one(
        "insert into supervision_gateway (gateway_id, name, key_sha256, made_at) values (%s, %s, %s, %s) "
        "on conflict (centre_id, name) do nothing returning gateway_id",
        [new_id(), name, key_sha256, now],
    )
    if row is None:
        raise NameTaken(f"another gateway is called `{name}`")
    return row[0], key


async def add_protected(
    tx: Tx, protected_person_id: ProtectedPersonId, *, code: str | None, place: Point | None
) -> None:
    """Know a protected person by id, code and registered place; what is not given stays as it was."""
    await tx.execute(
        """
        insert into supervision_protected as p (protected_person_id, code, place_sealed) values (%s, %s, %s)
        on conflict (protected_person_id) do update set code = coalesce(excluded.code, p.code),
            place_sealed = coalesce(excluded.place_sealed, p.place_sealed)
        """,
        [protected_person_id, code, places.seal_place(tx, protected_person_id, place) if place else None],
    )
    await tx.execute(
        "insert into supervision_person (person_id) values (%s) on conflict do nothing", [protected_person_id]
    )
