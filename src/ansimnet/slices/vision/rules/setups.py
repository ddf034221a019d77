"""Set-ups as documents: what is kept, what is hashed for the ledger, what a worker is given."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ansimnet.facts.vision import Behaviour
from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.ids import CameraId
from ansimnet.slices.vision.model import Hours, Pair, Setup, Tuning, Zone
from ansimnet.slices.vision.rules.ground import Ground
from ansimnet.slices.vision.rules.tuning import BASE, NEEDED
from ansimnet.slices.vision.rules.words import SOUNDS, STANDARD

DEFAULT = Setup(behaviours=STANDARD, shadow=STANDARD)
"""A camera that nobody set up: everything is tried, nothing alarms."""
MOST_ZONES, MOST_POINTS = 16, 32
LEAST_AREA = 0.0005
"""Of a zone, parts of the picture: a person at the far end of a street. Ours."""
KOREA_S = 32_400


class BadZone(Refusal):
    """This zone or line makes no sense."""

    name = "bad-zone"


def check(setup: Setup) -> None:
    """Refuse zones that cross themselves or hold nothing, and trials of what is switched off.

    Raises:
        BadZone: which, and what is wrong.
        Refusal: a behaviour is tried that is off.
    """
    for zone in setup.zones:
        if zone.kind == "line":
            if len(zone.points) < 2 or len(set(zone.points)) < 2:
                raise BadZone(f"the line `{zone.name or zone.zone_id}` needs two points", zone=zone.zone_id)
        elif len(zone.points) < 3 or abs(_area(zone.points)) < LEAST_AREA:
            raise BadZone(f"the zone `{zone.name or zone.zone_id}` holds nothing", zone=zone.zone_id)
        elif _crosses_itself(zone.points):
            raise BadZone(f"the zone `{zone.name or zone.zone_id}` crosses itself", zone=zone.zone_id)
    if len({z.zone_id for z in setup.zones}) < len(setup.zones):
        raise BadZone("two zones have one name")
    off = setup.shadow - setup.behaviours
    if off:
        raise Refusal(f"{', '.join(sorted(off))} is to be tried, but switched off", todo="switch it on as well")


def _area(points: Sequence[tuple[float, float]]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, [*points[1:], points[0]], strict=True)) / 2


def _crosses_itself(points: Sequence[tuple[float, float]]) -> bool:
    sides = list(zip(points, [*points[1:], points[0]], strict=True))
    n = len(sides)
    return any(_cross(*sides[i], *sides[j]) for i in range(n) for j in range(i + 2, n) if not (i == 0 and j == n - 1))


def _cross(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float], d: tuple[float, float]) -> bool:
    def side(p: tuple[float, float], q: tuple[float, float], r: tuple[float, float]) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0


# ------------------------------------------------------------------------------------------------- documents


def to_json(setup: Setup) -> dict[str, Any]:
    """Return a set-up as it is kept."""
    return {
        "zones": [
            {
                "id": z.zone_id,
                "kind": z.kind,
                "purpose": z.purpose.value,
                "name": z.name,
                "points": [list(p) for p in z.points],
                "hours": [{"days": list(h.days), "from_min": h.from_min, "until_min": h.until_min} for h in z.hours],
                "limits": dict(z.limits),
            }
            for z in setup.zones
        ],
        "pairs": [[p.x, p.y, p.lat, p.lon] for p in setup.pairs],
        "behaviours": sorted(setup.behaviours),
        "shadow": sorted(setup.shadow),
    }


def of_json(said: Mapping[str, Any]) -> Setup:
    """Return a set-up out of what was kept."""
    return Setup(
        zones=tuple(
            Zone(
                zone_id=z["id"],
                kind=z["kind"],
                purpose=Behaviour(z["purpose"]),
                points=tuple((x, y) for x, y in z["points"]),
                name=z["name"],
                hours=tuple(Hours(tuple(h["days"]), h["from_min"], h["until_min"]) for h in z["hours"]),
                limits=z["limits"],
            )
            for z in said["zones"]
        ),
        pairs=tuple(Pair(*p) for p in said["pairs"]),
        behaviours=frozenset(Behaviour(b) for b in said["behaviours"]),
        shadow=frozenset(Behaviour(b) for b in said["shadow"]),
    )


def hash_of(document: Mapping[str, Any]) -> str:
    """Return SHA-256 of a document's canonical JSON, in hex: what the ledger keeps of a version."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def for_worker(
    camera_id: CameraId,
    setup: Setup,
    ground: Ground | None,
    tunings: Sequence[Tuning],
    senses: Collection[str],
    heat_c: tuple[float, float] | None = None,
) -> dict[str, Any]:
    """Return the configuration of one camera as workers read it: numbers and names of behaviours, no address.

    `heat_c`: degrees Celsius of the darkest and the brightest grey of its heat sensor's pictures.
    What verdicts raise is held here, where it can be seen; only what they lower must be told by a worker first.
    """
    return {
        "camera_id": str(camera_id),
        "homography": None if ground is None else list(ground.homography),
        "origin": None if ground is None else [ground.origin.lon, ground.origin.lat],
        "zones": [
            {
                "id": z.zone_id,
                "kind": z.kind,
                "purpose": z.purpose.value,
                "points": [list(p) for p in z.points],
                "schedule": [
                    {"days": list(h.days), "from": _clock(h.from_min), "to": _clock(h.until_min)} for h in z.hours
                ],
                "limits": dict(z.limits),
            }
            for z in setup.zones
        ],
        "behaviours": sorted(setup.behaviours),
        "shadow": sorted(setup.shadow),
        "thresholds": {t.behaviour.value: NEEDED[t.behaviour] + lowered for t, lowered in _lowered(tunings)},
        "has": sorted(senses),
        "heat_c": None if heat_c is None else list(heat_c),
        "utc_offset_s": KOREA_S,
    }


def _lowered(tunings: Sequence[Tuning]) -> list[tuple[Tuning, float]]:
    """Return what verdicts lowered of what is seen, with the nats; where a sound begins its own network knows."""
    below = ((t, t.threshold - BASE[t.behaviour]) for t in tunings if t.behaviour not in SOUNDS)
    return [(t, nats) for t, nats in below if nats < 0]


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
