"""Two installations, as in life: the tracking centre on one, the city on the other, a recorder on each way between."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
from evaluation._installation import Installation, fresh_settings, installed
from evaluation._wire import Recorder

from ansimnet.app.demo.stage import free_port
from ansimnet.app.host import map_folder
from ansimnet.app.supervise import environment
from ansimnet.kernel.clock import now
from ansimnet.kernel.errors import Fault
from ansimnet.kernel.geo import Point
from ansimnet.platform.engines.postgres import SUPERUSER
from ansimnet.platform.mapdata import MapData
from ansimnet.slices.cameras.wiring import import_cameras
from ansimnet_sim.city_files import write_files
from ansimnet_sim.clients.api import Api
from ansimnet_sim.world import World

ROOT = Path(__file__).parents[1]
ZONE_M = 150.0
STEP_S = 5.0
"""Between two fixes of a walk, in their own time."""
ERROR_M = 8.0
METRES_PER_DEGREE = 111_195.0
OUTSIDE_M, EDGE_M, INSIDE_M, ON_M = (600, 520, 440, 360, 300, 260), (158, 150), (120, 60, 20, 0), (15, 30)
"""A walk by its distance from the middle of the zone: outside; on its edge, where it is a toss-up; in; and on."""
LISTEN_S = 3.0
"""How long the wire is listened to after each part of a walk: thirty times what a message needs from fix to city."""


@dataclass(slots=True)
class Centres:
    """Both centres while they run."""

    tracking: Installation
    city: Installation
    to_city: Recorder
    to_tracking: Recorder
    at: Point
    cameras: list[str]
    wearers: dict[str, str] = field(default_factory=dict)

    def rows(self, here: Installation, query: Any, *params: Any) -> list[tuple[Any, ...]]:
        """Return rows by raw SQL as superuser."""
        server = here.running.database.server
        assert server is not None
        with psycopg.connect(server.url(SUPERUSER), autocommit=True) as conn:
            return conn.execute(query, params).fetchall()

    @asynccontextmanager
    async def worker(self, *argv: str) -> AsyncIterator[None]:
        """Run a worker of the tracking centre: the real one, or a double of it."""
        settings = self.tracking.running.settings
        with (self.tracking.running.log_dir / "work.log").open("ab") as out:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *argv, cwd=ROOT, env=environment(settings), stdout=out, stderr=out,
                stdin=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 8.0)
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def register(self, code: str) -> str:
        """Enter a wearer with a zone; return his device's key."""
        officer: Api = await self.tracking.sign_in("officer")
        async with officer:
            order = {
                "number": f"2026전자{code}",
                "from_at": (now() - timedelta(days=2)).isoformat(),
                "until_at": (now() + timedelta(days=365)).isoformat(),
            }
            made = await officer.post(
                "/api/v1/wearers", {"code": code, "offence": "sexual_violence", "office": "평가", "order": order}
            )
            self.wearers[code] = str(made["wearer_id"])
            path = f"/api/v1/wearers/{made['wearer_id']}"
            zone = {"trigger": "exclusion_zone", "label": "Z", "centre": [self.at.lat, self.at.lon], "radius_m": ZONE_M}
            await officer.post(f"{path}/conditions", zone)
            device = await officer.post(f"{path}/devices", {"name": f"{code}-1"})
        return str(device["device_key"])

    async def walk(self, code: str, key: str, began: datetime, first: int, away_m: tuple[int, ...]) -> None:
        """Send the fixes of one part of a walk, one by one."""
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(base_url=self.tracking.base, headers=headers) as device:
            for k, away in enumerate(away_m, start=first):
                position = {
                    "device_id": f"{code}-1",
                    "seen_at": (began + timedelta(seconds=STEP_S * k)).isoformat(),
                    "lat": self.at.lat + away / METRES_PER_DEGREE,
                    "lon": self.at.lon,
                    "accuracy": ERROR_M,
                }
                answer = await device.post("/ingest/positions", json={"positions": [position]})
                if answer.status_code != 200 or answer.json()["refused"]:
                    raise Fault(f"a fix of the walk was not taken: {answer.status_code} {answer.text[:200]}")
        await asyncio.sleep(LISTEN_S)

    def happened(self, code: str, kind: str) -> datetime | None:
        """Return when the tracking centre first recorded a fact of this kind about a wearer."""
        rows = self.rows(
            self.tracking,
            "select min(recorded_at) from ledger_entry where kind = %s"
            " and convert_from(body, 'utf8')::jsonb->>'wearer_id' = %s",
            kind, self.wearers[code],
        )  # fmt: skip
        at: datetime | None = rows[0][0]
        return at


@asynccontextmanager
async def two_centres(folder: Path, seed: int) -> AsyncIterator[Centres]:
    """Start both installations with a recorder on each way. The tracking centre's worker is for the caller to run."""
    ports = {"tracking": free_port(), "city": free_port()}
    to_city, to_tracking = (Recorder(f"http://127.0.0.1:{ports[c]}") for c in ("city", "tracking"))
    keys = folder / "link"
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(to_city.listening())
        await stack.enter_async_context(to_tracking.listening())
        tracking = fresh_settings(
            folder / "tracking", http_port=ports["tracking"], link_keys=keys, link_city_url=to_city.url
        )
        city = fresh_settings(
            folder / "city", http_port=ports["city"], link_keys=keys, link_tracking_url=to_tracking.url
        )
        here = await stack.enter_async_context(installed(tracking, parts=("seal", "api")))
        there = await stack.enter_async_context(installed(city, parts=("seal", "api", "work")))
        at, cameras = await _district(there, folder / "district", seed)
        yield Centres(here, there, to_city, to_tracking, at, cameras)


async def _district(city: Installation, folder: Path, seed: int) -> tuple[Point, list[str]]:
    """Import the simulated district's cameras into the city; return its middle and the cameras' ids."""
    world = World(seed=seed, scenario="exclusion-zone")
    files = write_files(world.city, folder, rtsp="rtsp://127.0.0.1:1")
    settings = city.running.settings
    maps = MapData(map_folder(settings))
    maps.import_streets(files["nodes"], files["edges"])
    async with city.running.database.dbs(settings, app="evaluation") as dbs:
        report = await import_cameras(dbs.city, files["cameras"], actor="system:demo", now=now())
        if report.why_not is not None:
            raise Fault(f"the district's cameras were not taken: {report.why_not}")
        async with dbs.city.transaction() as tx:
            ids = [str(row[0]) for row in await tx.all("select camera_id from camera order by camera_id")]
    return world.city.point(world.city.victim_home), ids
