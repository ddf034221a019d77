"""Where people live, and what was typed about them: sealed on the way in, opened on the way out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from ansimnet.kernel.geo import Point
from ansimnet.platform.db import Tx
from ansimnet.platform.sealing import SealedColumn, mends, open_text, register, seal, seal_text, unseal
from ansimnet.slices.supervision.model import Circle, Polygon, Zone

LABEL = "supervision_condition.label"
ORDER = "supervision_wearer.order_number"
EXCEPTED = "supervision_exception.reason"
NOTE = "supervision_alarm.finding_note"

register(
    SealedColumn(
        "supervision_condition", "condition_id", "zone_sealed", "wearer_id",
        bound="condition_id", before=("ring", "centre_lat"),
    ),
    SealedColumn(
        "supervision_protected", "protected_person_id", "place_sealed", "protected_person_id",
        bound="protected_person_id", before=("place_lat",),
    ),
    SealedColumn("supervision_condition", "condition_id", "label", "wearer_id"),
    SealedColumn("supervision_wearer", "wearer_id", "order_number", "wearer_id"),
    SealedColumn("supervision_alarm", "alarm_id", "finding_note", "wearer_id"),
    SealedColumn(
        "supervision_exception", "exception_id", "reason",
        "(select c.wearer_id from supervision_condition c where c.condition_id = t.condition_id)",
    ),
)  # fmt: skip

Corner = tuple[float, float]


class _Shape(msgspec.Struct, omit_defaults=True):
    """A zone as it is sealed: a ring of corners, or a centre and a radius in metres."""

    ring: list[Corner] | None = None
    centre: Corner | None = None
    radius_m: float | None = None


_shape = msgspec.json.Decoder(_Shape)
_corner = msgspec.json.Decoder(Corner)
_encode = msgspec.json.Encoder().encode


def seal_zone(
    tx: Tx, wearer_id: UUID, condition_id: UUID, ring: Sequence[Point] | None, centre: Point | None, radius_m: Any
) -> bytes | None:
    """Return a condition's zone as it is kept, or None where it has none."""
    if ring is None and centre is None:
        return None
    corners = [(p.lat, p.lon) for p in ring] if ring is not None else None
    shape = _Shape(corners, (centre.lat, centre.lon) if centre is not None else None, radius_m)
    return seal(tx, wearer_id, _encode(shape), bound_to=condition_id.bytes)


def zone_of(
    tx: Tx, wearer_id: UUID, condition_id: UUID, *, sealed: bytes | None, ring: Any, circle: Sequence[Any]
) -> Zone | None:
    """Return the zone of a row; None where its key was destroyed. Rows from before have it in the open columns."""
    if sealed is not None:
        plain = unseal(tx, wearer_id, sealed, bound_to=condition_id.bytes)
        if plain is None:
            return None
        shape = _shape.decode(plain)
        ring, circle = shape.ring, (*(shape.centre or (None, None)), shape.radius_m)
    if ring is not None:
        return Polygon(tuple(Point(lat, lon) for lat, lon in ring))
    return Circle(Point(circle[0], circle[1]), circle[2]) if circle[0] is not None else None


def seal_place(tx: Tx, protected_person_id: UUID, place: Point) -> bytes:
    """Return a protected person's registered place as it is kept."""
    return seal(tx, protected_person_id, _encode((place.lat, place.lon)), bound_to=protected_person_id.bytes)


def place_of(
    tx: Tx, protected_person_id: UUID, *, sealed: bytes | None, lat: float | None, lon: float | None
) -> Point | None:
    """Return a registered place, or None where there is none or its key was destroyed."""
    if sealed is None:
        return Point(lat, lon) if lat is not None and lon is not None else None
    plain = unseal(tx, protected_person_id, sealed, bound_to=protected_person_id.bytes)
    return Point(*_corner.decode(plain)) if plain is not None else None


def open_label(tx: Tx, wearer_id: UUID, stored: str | None) -> str:
    """Return how a condition is called on screens."""
    return open_text(tx, wearer_id, stored, of=LABEL) or ""


def seal_words(tx: Tx, wearer_id: UUID, text: str, *, of: str) -> str:
    """Return what a text column keeps of words about a wearer."""
    return seal_text(tx, wearer_id, text, of=of) if text else ""


@mends
async def seal_open_rows(tx: Tx) -> int:
    """Seal the zones and places that rows from before hold openly; return how many. Safe to run twice."""
    done = 0
    rows = await tx.all(
        "select condition_id, wearer_id, ring, centre_lat, centre_lon, radius_m from supervision_condition "
        "where zone_sealed is null and (ring is not null or centre_lat is not null) limit 500 for update"
    )
    for condition_id, wearer_id, ring, lat, lon, radius_m in rows:
        corners = [Point(*p) for p in ring] if ring is not None else None
        centre = Point(lat, lon) if lat is not None else None
        sealed = seal_zone(tx, wearer_id, condition_id, corners, centre, radius_m)
        await tx.execute(
            "update supervision_condition set zone_sealed = %s, ring = null, centre_lat = null, centre_lon = null, "
            "radius_m = null where condition_id = %s",
            [sealed, condition_id],
        )
        done += 1
    rows = await tx.all(
        "select protected_person_id, place_lat, place_lon from supervision_protected "
        "where place_lat is not null limit 500 for update"
    )
    for person_id, lat, lon in rows:
        await tx.execute(
            "update supervision_protected set place_sealed = coalesce(place_sealed, %s), place_lat = null, "
            "place_lon = null where protected_person_id = %s",
            [seal_place(tx, person_id, Point(lat, lon)), person_id],
        )
        done += 1
    return done
