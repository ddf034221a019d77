"""Privacy zones: kept by who sets the camera up, added to by who looks at it, or taken from a file."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ansimnet.facts.footage import PrivacyZonesSet
from ansimnet.kernel.errors import NotFound, Refusal
from ansimnet.kernel.ids import CameraId, FactId, new_id
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.footage.store import zones as store
from ansimnet.slices.footage.store.zones import Polygon

MOST_ZONES, MOST_CORNERS = 16, 64
"""A block of flats with every window drawn stays below; beyond it, draw the block (ours)."""


class BadZone(Refusal):
    """A zone has three to 64 corners in [0, 1], a camera sixteen zones at most."""

    name = "bad-privacy-zone"


@dataclass(frozen=True, slots=True)
class ZonesReport:
    """What became of a file: cameras that got zones, zones in all, refused lines with their reason."""

    cameras: int
    zones: int
    refusals: tuple[tuple[int, str], ...]


def checked(zones: Collection[Polygon]) -> tuple[Polygon, ...]:
    """Return the zones of a camera.

    Raises:
        BadZone: see its name.
    """
    small = len(zones) <= MOST_ZONES and all(3 <= len(z) <= MOST_CORNERS for z in zones)
    if not small or not all(0.0 <= v <= 1.0 for z in zones for corner in z for v in corner):
        raise BadZone(
            f"a zone has 3 to {MOST_CORNERS} corners within the picture, a camera {MOST_ZONES} zones at most",
            detail_ko=f"구역은 화면 안의 꼭짓점 3–{MOST_CORNERS}개, 카메라마다 {MOST_ZONES}개까지입니다",
        )
    return tuple(zones)


async def set_zones(tx: Tx, camera_id: CameraId, zones: Collection[Polygon], *, actor: str, now: datetime) -> None:
    """Give a camera these zones and no others; the relay takes them within seconds. Safe to run twice.

    Raises:
        BadZone, NotFound: there is no such camera.
    """
    good = checked(zones)
    await store.lock(tx, camera_id)
    if not await cameras.by_ids(tx, [camera_id]):
        raise NotFound("there is no such camera")
    await store.replace(tx, camera_id, good, actor, now)
    fact = PrivacyZonesSet(fact_id=FactId(new_id()), happened_at=now, camera_id=camera_id, zones=len(good))
    await append(tx, fact, actor=actor)


async def add_zones(tx: Tx, camera_id: CameraId, zones: Collection[Polygon], *, actor: str, now: datetime) -> None:
    """Hide more of a camera's picture, beside what is hidden already. Safe to run twice. Raises as `set_zones`."""
    await store.lock(tx, camera_id)
    standing = await store.of_camera(tx, camera_id)
    await set_zones(tx, camera_id, list(dict.fromkeys((*standing, *zones))), actor=actor, now=now)


async def import_zones(db: Db, file: Path, *, actor: str, now: datetime) -> ZonesReport:
    """Take a CSV with the columns `code` and `corners` (`x y; x y; x y` in parts of the picture), a zone a line.

    Cameras named in it get the zones it names and no others; a camera with a refused line keeps what it had, and so
    does every camera the file does not name.
    """
    wanted: dict[str, list[Polygon]] = defaultdict(list)
    refusals: list[tuple[int, str]] = []
    spoiled: set[str] = set()
    with file.open(encoding="utf-8-sig", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines), 2):
            code = (row.get("code") or "").strip()
            try:
                wanted[code] = list(checked([*wanted[code], _read(row.get("corners") or "")]))
            except (BadZone, ValueError):
                refusals.append((number, "bad-privacy-zone"))
                spoiled.add(code)
    done = zones = 0
    async with db.transaction() as tx:
        for code, polygons in wanted.items():
            camera = await cameras.by_code(tx, code)
            if camera is None:
                refusals.append((0, f"no camera `{code}`"))
            elif code not in spoiled:
                await set_zones(tx, camera.camera_id, polygons, actor=actor, now=now)
                done, zones = done + 1, zones + len(polygons)
    return ZonesReport(done, zones, tuple(refusals))


def _read(text: str) -> Polygon:
    """Return the polygon in a cell.

    >>> _read("0 0; 0.5 0; 0.5 0.25")
    ((0.0, 0.0), (0.5, 0.0), (0.5, 0.25))
    """
    corners = [tuple(float(v) for v in part.split()) for part in text.split(";") if part.strip()]
    return tuple((x, y) for x, y in corners)
