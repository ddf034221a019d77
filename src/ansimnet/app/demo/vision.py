"""Cameras that alarm, in a demo: laid on the map, one gate that nobody may pass, and a worker that needs no weights."""

from __future__ import annotations

import math
from typing import Any

import httpx

from ansimnet.app.demo.stage import Stage
from ansimnet_sim.camera import HEIGHT, WIDTH, Studio
from ansimnet_sim.clients.analytics import FROM_BOXES, CameraAnalytics
from ansimnet_sim.clients.api import Api
from ansimnet_sim.clients.sightings import Notes
from ansimnet_sim.run import Night

NEAR_M, FAR_M = range(4, 16), range(16, 40, 2)
ACROSS = (1.0, 2.0, 4.0, 6.0)
"""Where somebody would click on the ground before a camera, metres ahead and to both sides."""
GATE = [[0.02, 0.55], [0.98, 0.55], [0.98, 0.98], [0.02, 0.98]]
"""What lies before the gate, in parts of the picture."""


async def watch_cameras(stage: Stage, lead: Api, notes: Notes | None = None) -> CameraAnalytics:
    """Set every camera with a picture up as a shift lead would, and return the worker that reports for them.

    `notes`: what it notes of those who pass, None on a night on which nobody is looked for.
    """
    night = stage.night
    ids = {str(c["code"]): str(c["camera_id"]) for c in (await lead.get("/api/v1/vision/cameras"))["cameras"]}
    ids = {code: camera_id for code, camera_id in ids.items() if code in night.cameras.mounts}
    gate = _gate(stage, list(ids))
    for code, camera_id in ids.items():
        form: dict[str, Any] = {
            "after": 0,
            "behaviours": sorted(FROM_BOXES),
            "pairs": _pairs(night, code),
            "zones": [],
        }
        if code == gate:
            form["zones"] = [{"id": "gate", "kind": "zone", "purpose": "intrusion", "name": "대문 앞", "points": GATE}]
        await lead.put(f"/api/v1/vision/cameras/{camera_id}/setup", form)
    made = await lead.post("/api/v1/vision/workers", {"name": "리허설 카메라 분석"})
    client = httpx.AsyncClient(base_url=stage.settings.public_url, timeout=10.0)
    return CameraAnalytics(client, str(made["key"]), night.cameras, ids, notes)


def _gate(stage: Stage, codes: list[str]) -> str:
    """Return the camera that sees the way of tonight's wearer longest."""
    studios = {code: stage.night.cameras.mounts[code].live.prepare() for code in codes}
    way = [stage.world.story.central.at(float(t)) for t in range(0, int(stage.story_ends_s), 2)]
    return max(codes, key=lambda c: sum(_sees(studios[c], p.x, p.y) for p in way))


def _sees(studio: Studio, x: float, y: float) -> bool:
    u, v, depth = studio.project(x, y, 0.0)
    return 2.0 < depth < 40.0 and 0.05 * WIDTH < u < 0.95 * WIDTH and GATE[0][1] * HEIGHT < v < HEIGHT


def _pairs(night: Night, code: str) -> list[dict[str, float]]:
    """Return where the corners of a piece of ground are in the picture; none where no such piece is in it."""
    studio = night.cameras.mounts[code].live.prepare()
    found = []
    for row in (NEAR_M, FAR_M):
        seen = (
            (_spot(night, studio, -side, m), _spot(night, studio, side, m)) for m in row for side in reversed(ACROSS)
        )
        both = next((pair for pair in seen if None not in pair), ())
        found += [corner for corner in both if corner is not None]
    return found if len(found) == 4 else []


def _spot(night: Night, studio: Studio, right: float, ahead: float) -> dict[str, float] | None:
    """Return one point of the ground in the picture and on the map, metres from the camera; None outside."""
    azimuth = math.radians(studio.camera.azimuth_deg)
    x = studio.camera.x + ahead * math.sin(azimuth) + right * math.cos(azimuth)
    y = studio.camera.y + ahead * math.cos(azimuth) - right * math.sin(azimuth)
    u, v, depth = studio.project(x, y, 0.0)
    if depth < 1.0 or not (0 <= u <= WIDTH and 0 <= v <= HEIGHT):
        return None
    place = night.world.city.point((x, y))
    return {"x": u / WIDTH, "y": v / HEIGHT, "lat": place.lat, "lon": place.lon}
