"""What our own screens may ask of protection; other slices may ask for a warning's state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import ProtectedPersonId
from ansimnet.kernel.permits import Act, Permit
from ansimnet.platform.db import Tx
from ansimnet.platform.mapdata import MapData
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.protection import store
from ansimnet.slices.protection.model import Person
from ansimnet.slices.protection.rules import alert, grades, homes, way
from ansimnet.slices.protection.store import homes as homes_store
from ansimnet.slices.supervision import queries as supervision

__all__ = ["drawn", "looks", "me", "person", "persons", "streets_around"]


def streets_around(maps: MapData, place: Point) -> list[list[list[float]]]:
    """Return the streets within 600 m of a place as lines: her map without tiles or requests."""
    return maps.streets_around([(place, way.RED_M)])


def drawn(maps: MapData, message: dict[str, Any]) -> dict[str, Any]:
    """Return a message with the streets around her: the same for anybody there, so they are not kept with it."""
    my = message.get("my")
    if my is None or message["level"] in {"over", "cleared"}:
        return message
    return message | {"map": {"streets": streets_around(maps, Point(float(my["lat"]), float(my["lon"])))}}


async def me(tx: Tx, permit: Permit, person_id: ProtectedPersonId, maps: MapData, *, now: datetime) -> dict[str, Any]:
    """Return what her phone shows: one warning, the loudest, or the calm home.

    Raises:
        NoPermit: the permit is not hers.
        NotFound: no such person.
    """
    permit.check(Act.READ_OWN, person_id, now=now)
    person = await store.load_person(tx, person_id)
    if person is None:
        raise NotFound
    shown = alert.loudest(await store.warnings_of(tx, person_id), now)
    help_ = await store.load_help(tx, shown.incident_id if shown else None)
    s = person.settings
    return {
        "state": alert.state_of(shown, help_),
        "alert": drawn(maps, alert.message(shown, help_)) if shown else None,
        "calm": {
            "checked_at": await _checked_at(tx, person_id, now),
            "devices": await _devices(tx, person_id),
            "measures": await _measures(tx, person_id, s.language, now),
            "homes": await _homes(tx, person_id),
        },
        "settings": {
            "siren": s.siren, "voice": s.voice, "discreet": s.discreet, "words": s.words, "language": s.language,
        },
        "now": now,
    }  # fmt: skip


async def _checked_at(tx: Tx, person_id: UUID, now: datetime) -> datetime | None:
    """Return since when every wearer kept from her has been heard: what "no known approach" is worth; None is never."""
    heard: list[datetime | None] = []
    for wearer_id in await supervision.wearers_kept_from(tx, person_id):
        devices = await supervision.devices_of(tx, wearer_id=wearer_id)
        heard.append(max((d.heard_at for d in devices if d.heard_at is not None), default=None))
    known = [h for h in heard if h is not None]
    if len(known) < len(heard):
        return None
    return min(known, default=now)


async def _devices(tx: Tx, person_id: UUID) -> list[dict[str, Any]]:
    found = await supervision.devices_of(tx, protected_person_id=person_id)
    return [{"name": d.name, "battery": d.battery, "seen_at": d.seen_at} for d in found]


async def _homes(tx: Tx, person_id: UUID) -> list[dict[str, Any]]:
    """Return how the cameras at her door are: ready, lost, off; and why faces could not be compared of late."""
    return [
        {"name": h.name, "state": h.state if h.on_at else "off", "seen_at": h.seen_at, "unable": homes.unable(h.unfit)}
        for h in await homes_store.homes(tx, person_id)
    ]


async def _measures(tx: Tx, person_id: UUID, language: str, now: datetime) -> list[dict[str, Any]]:
    held = await store.measures_of(tx, person_id, now)
    return [
        {"kind": m, "name": grades.WORDS[m][1]}
        if language == "en"
        else {"kind": m, "name": grades.WORDS[m][0], "detail": grades.WORDS[m][2]}
        for m in held
    ]


async def looks(tx: Tx, permit: Permit, person_id: ProtectedPersonId, *, now: datetime) -> list[dict[str, Any]]:
    """Return who looked at her data or was refused, newest first, in her language.

    Raises:
        NoPermit: the permit is not hers.
    """
    permit.check(Act.READ_OWN, person_id, now=now)
    person = await store.load_person(tx, person_id)
    word = "en" if person is not None and person.settings.language == "en" else "ko"
    return [
        {
            "at": look.at,
            "organisation": getattr(look.organisation, word),
            "role": getattr(look.role, word),
            "what": getattr(look.what, word),
            "ground": " · ".join(look.ground),
            "duration_s": look.duration_s,
            "granted": look.granted,
        }
        for look in await policy.looks(tx, [person_id], now)
    ]


async def persons(tx: Tx, permit: Permit, *, now: datetime) -> list[dict[str, Any]]:
    """Return every protected person by code. Her registered place is never among it.

    Raises:
        NoPermit: the permit does not cover reading protected persons.
    """
    permit.check(Act.READ_PROTECTED, now=now)
    return [await _shown(tx, p, now) for p in await store.load_persons(tx)]


async def person(tx: Tx, permit: Permit, person_id: UUID, *, now: datetime) -> dict[str, Any]:
    """Return one protected person with her open warnings, without places.

    Raises:
        NoPermit: the permit does not cover this person.
        NotFound: none with this id.
    """
    permit.check(Act.READ_PROTECTED, person_id, now=now)
    found = await store.load_person(tx, person_id)
    if found is None:
        raise NotFound
    return await _shown(tx, found, now) | {
        "warnings": [
            {
                "warning_id": w.warning_id, "level": w.level, "alarm_id": w.alarm_id, "incident_id": w.incident_id,
                "issued_at": w.issued_at, "acknowledged_at": w.acknowledged_at, "escalated_at": w.escalated_at,
                "not_reached_at": w.not_reached_at,
            }
            for w in await store.warnings_of(tx, person_id)
        ]
    }  # fmt: skip


async def _shown(tx: Tx, p: Person, now: datetime) -> dict[str, Any]:
    measures: Sequence[Any] = await store.measures_of(tx, p.protected_person_id, now)
    return {
        "protected_person_id": p.protected_person_id,
        "code": p.code,
        "grade": p.grade,
        "measures": measures,
        "devices": [
            {"device_id": d.device_id, "name": d.name, "battery": d.battery, "last_seen_at": d.seen_at}
            for d in await supervision.devices_of(tx, protected_person_id=p.protected_person_id)
        ],
        "registered_at": p.registered_at,
    }
