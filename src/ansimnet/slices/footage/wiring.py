"""What the footage slice brings to the processes, and the relay that `ansimnet` starts beside them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import structlog
from fastapi import FastAPI

from ansimnet.facts.footage import (
    ProvisionCamerasChanged,
    ProvisionEnded,
    ProvisionExtended,
    ProvisionGiven,
    ProvisionRefused,
    ProvisionRequested,
    SubjectMoved,
    TrackMarked,
    ViewClosed,
    ViewOpened,
)
from ansimnet.kernel.clock import Clock
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import TRACKING_CENTRE, CameraId
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Db
from ansimnet.platform.live import LiveView
from ansimnet.platform.mapdata import MapData
from ansimnet.platform.parts import Context, Parts
from ansimnet.platform.settings import Settings
from ansimnet.slices.cameras.queries import Registry
from ansimnet.slices.footage import api, jobs
from ansimnet.slices.footage.archive.opening import footage_dir, kept, open_archive
from ansimnet.slices.footage.evidence.making import SEALING_KEY
from ansimnet.slices.footage.evidence.seal import Sealer
from ansimnet.slices.footage.recording.recorder import Recorder, Seal
from ansimnet.slices.footage.recording.served import ServedRecordings
from ansimnet.slices.footage.recording.window import Window
from ansimnet.slices.footage.relay.server import Relay
from ansimnet.slices.footage.relay.sources import Sources
from ansimnet.slices.footage.service.asked import Neighbour, answers, withdraw_at_once
from ansimnet.slices.footage.service.exports import exports_of
from ansimnet.slices.footage.service.giving import Giver
from ansimnet.slices.footage.service.holding import DbGate

__all__ = ["parts", "serving_relay"]

log = structlog.get_logger(__name__)

_TOLD: dict[type[Fact], frozenset[Role]] = {
    fact: frozenset({Role.TRACKING_CONTROLLER, Role.CENTRE_OPERATOR})
    for fact in (
        *(ProvisionRequested, ProvisionGiven, ProvisionRefused, ProvisionCamerasChanged, ProvisionExtended),
        *(ProvisionEnded, SubjectMoved, ViewOpened, ViewClosed, TrackMarked),
    )
}


def parts(ctx: Context) -> Parts:
    """Return routes, readers, link handlers and live views; the timer registers with `platform.jobs` by import."""
    registry = Registry(ctx.dbs.city, ctx.map)
    giver = Giver(ctx.dbs.city, registry, ctx.clock)
    neighbour = Neighbour(ctx.link, TRACKING_CENTRE)
    serving = asyncio.Event()

    def on_serve(_: FastAPI) -> None:
        serving.set()

    async def keep_ready() -> None:
        """Build the look-up before the first alarm asks for it, in the process that answers the link."""
        await serving.wait()
        await registry.sees(Point(0.0, 0.0), limit=1)
        await registry.watch()

    async def withdraw() -> None:
        """In the serving process alone: one messenger is enough."""
        await serving.wait()
        await withdraw_at_once(ctx.dbs.tracking, neighbour)

    desk = api.Desk(ctx.dbs, giver, neighbour, ctx.clock, ctx.settings.relay_public_url)
    return Parts(
        routers=[api.routes(desk, exports_of(ctx.settings, ctx.dbs.city, ctx.clock))],
        readers=jobs.readers(ctx.clock),
        live=[LiveView(fact, roles) for fact, roles in _TOLD.items()],
        link_out=jobs.LINK_OUT,
        link_in=jobs.link_in(giver, ctx.clock),
        link_asks=answers(giver),
        on_serve=[on_serve],
        background=[keep_ready, withdraw],
    )


REFRESH_S = 2.0
"""How soon a newly imported camera is pulled."""
HEALTH_S = 1.0
"""How often the state of the sources is compared with what was noted last."""


def origins_of(settings: Settings) -> list[str]:
    """Return the origins whose pages may connect: ours, and on one machine both of its names.

    >>> origins_of(Settings(http_public_url="https://console.example"))
    ['https://console.example']
    """
    url = urlsplit(settings.public_url)
    found = [f"{url.scheme}://{url.netloc}"]
    if url.hostname in ("127.0.0.1", "localhost"):
        port = f":{url.port}" if url.port else ""
        found = [f"{url.scheme}://{host}{port}" for host in ("127.0.0.1", "localhost")]
    return found


@asynccontextmanager
async def serving_relay(settings: Settings, city: Db, clock: Clock) -> AsyncGenerator[int]:
    """Serve the relay on the city's database until the block ends; yields its port."""
    giver = Giver(city, Registry(city, MapData(settings.data_dir / "map")), clock)
    gate = DbGate(city, giver, clock, relay=f"{settings.relay_host}:{settings.relay_port}")
    sources = Sources(ring_s=settings.relay_ring_s)
    archive = open_archive(settings, city, clock)
    recorder = Recorder(archive, keep_s=settings.recording_memory_s, seal=_sealer(city))
    relay = Relay(
        gate,
        sources,
        origins=origins_of(settings),
        clock=clock,
        viewer_bytes=settings.relay_viewer_bytes,
        recordings=ServedRecordings(Window(archive, recorder), sources.maskers),
    )
    recorder.tell(relay.metrics.registry)
    await gate.close_leftovers()
    recorded = recorder if settings.recording else None
    tasks = [asyncio.create_task(_keep_warm(gate, sources, recorded)), asyncio.create_task(_note_health(gate, sources))]
    try:
        async with (
            kept(archive, footage_dir(settings)),
            recorder.running(),
            relay.serving(settings.relay_host, settings.relay_port) as port,
        ):
            log.info("relay serves", port=port)
            yield port
    finally:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
        sources.stop()


def _sealer(city: Db) -> Seal | None:
    """Return what seals pieces as they are recorded; None where the centre's keys are not on this machine."""
    return None if city.keys is None else Sealer(city.keys.signer(SEALING_KEY)).seal


async def _keep_warm(gate: DbGate, sources: Sources, recorder: Recorder | None) -> None:
    """Pull and record every registered stream, always, whoever walks where: a first picture must not wait."""
    while True:
        try:
            cameras = await gate.cameras()
            sources.keep_warm(cameras)
            if recorder is not None:
                recorder.keep([sources.cameras[c.camera_id] for c in cameras])
        except Exception:
            log.exception("the list of cameras could not be read")
        await asyncio.sleep(REFRESH_S)


async def _note_health(gate: DbGate, sources: Sources) -> None:
    noted: dict[CameraId, bool] = {}
    while True:
        await asyncio.sleep(HEALTH_S)
        for camera_id, source in list(sources.cameras.items()):
            live = source.ready.is_set()
            if noted.get(camera_id) != live and (live or source.reason != "starting"):
                try:
                    await gate.note_health(camera_id, live, source.reason)
                    noted[camera_id] = live
                except Exception:
                    log.exception("a camera's health could not be noted")
                    break
