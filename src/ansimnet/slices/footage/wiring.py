"""What the footage slice brings to the processes, and the relay that `ansimnet` starts beside them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import structlog
from fastapi import FastAPI

from ansimnet.facts.footage import (
    FootageClockDoubted,
    FootageClockSettled,
    FootageDiskFilling,
    ProvisionCamerasChanged,
    ProvisionEnded,
    ProvisionExtended,
    ProvisionGiven,
    ProvisionRefused,
    ProvisionRequested,
    PtzAsked,
    PtzReleased,
    PtzTaken,
    PtzTurned,
    SubjectMoved,
    TrackMarked,
    UplinkEnded,
    UplinkStarted,
    ViewClosed,
    ViewOpened,
)
from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import TRACKING_CENTRE, AccountId
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Db
from ansimnet.platform.live import LiveView
from ansimnet.platform.mapdata import MapData
from ansimnet.platform.parts import Context, Parts
from ansimnet.platform.settings import Settings, cores
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.cameras.queries import Registry
from ansimnet.slices.footage import api, jobs
from ansimnet.slices.footage.archive.opening import footage_dir, kept, of_phones, open_archive
from ansimnet.slices.footage.archive.report import change_kek, confirm_clock
from ansimnet.slices.footage.archive.report import report as archive_report
from ansimnet.slices.footage.archive.tables import Tables
from ansimnet.slices.footage.evidence.anchoring import Anchors, telling
from ansimnet.slices.footage.evidence.grids import GridWorker
from ansimnet.slices.footage.evidence.making import SEALING_KEY
from ansimnet.slices.footage.evidence.seal import Sealer
from ansimnet.slices.footage.inspection.inspector import Inspector
from ansimnet.slices.footage.onvif.sector import Sector
from ansimnet.slices.footage.recording.recorder import Recorder, Seal
from ansimnet.slices.footage.recording.served import ServedRecordings
from ansimnet.slices.footage.recording.window import Window
from ansimnet.slices.footage.relay.local import Local
from ansimnet.slices.footage.relay.optics import Optics
from ansimnet.slices.footage.relay.rights import LEASE_S
from ansimnet.slices.footage.relay.server import Relay
from ansimnet.slices.footage.relay.source import CameraSource
from ansimnet.slices.footage.relay.sources import Sources
from ansimnet.slices.footage.service.asked import Neighbour, answers, withdraw_at_once
from ansimnet.slices.footage.service.exports import exports_of
from ansimnet.slices.footage.service.giving import Giver
from ansimnet.slices.footage.service.holding import DbGate
from ansimnet.slices.footage.service.onvif import Onvif, Turns
from ansimnet.slices.footage.service.recordings import LookingBack
from ansimnet.slices.footage.service.scene_gate import SceneGate
from ansimnet.slices.footage.service.turning import DeviceNews
from ansimnet.slices.footage.service.uplinks import Scenes
from ansimnet.slices.footage.service.workers import Worker, stream_url
from ansimnet.slices.footage.service.zones import ZonesReport, import_zones
from ansimnet.slices.footage.store import relays
from ansimnet.slices.footage.uplink.cascade import Edge
from ansimnet.slices.footage.uplink.gateway import EdgeGate, EdgeSources
from ansimnet.slices.footage.uplink.phone import Phones
from ansimnet.slices.footage.uplink.taking import Taking
from ansimnet.slices.footage.uplink.whep import Whep

__all__ = [
    "Optics",
    "Sector",
    "ZonesReport",
    "archive_report",
    "change_kek",
    "confirm_clock",
    "import_zones",
    "parts",
    "serving_gateway",
    "serving_relay",
    "serving_uplinks",
    "set_up_turning",
]

log = structlog.get_logger(__name__)

_TOLD: dict[type[Fact], frozenset[Role]] = (
    {
        fact: frozenset({Role.TRACKING_CONTROLLER, Role.CENTRE_OPERATOR})
        for fact in (
            *(ProvisionRequested, ProvisionGiven, ProvisionRefused, ProvisionCamerasChanged, ProvisionExtended),
            *(ProvisionEnded, SubjectMoved, ViewOpened, ViewClosed, TrackMarked),
        )
    }
    | {fact: frozenset({Role.TRACKING_CONTROLLER}) for fact in (UplinkStarted, UplinkEnded)}
    | {
        fact: frozenset({Role.CENTRE_OPERATOR, Role.SHIFT_LEAD})
        for fact in (PtzTaken, PtzTurned, PtzAsked, PtzReleased)
    }
    | {
        fact: frozenset({Role.CENTRE_OPERATOR, Role.SHIFT_LEAD, Role.FACILITY_MANAGER, Role.PRIVACY_OFFICER})
        for fact in (FootageClockDoubted, FootageClockSettled, FootageDiskFilling)
    }
)


def parts(ctx: Context) -> Parts:
    """Return routes, readers, link handlers and live views; the timer registers with `platform.jobs` by import."""
    registry = Registry(ctx.dbs.city, ctx.map)
    giver = Giver(ctx.dbs.city, registry, ctx.clock)
    back = LookingBack(giver, Tables(ctx.dbs.city, ctx.clock, "api"), ctx.clock)
    neighbour = Neighbour(ctx.link, TRACKING_CENTRE)
    scenes = Scenes(ctx.dbs.tracking, ctx.clock)
    devices = Onvif(ctx.dbs.city, ctx.clock)
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

    async def answer_cold() -> None:
        """In the serving process alone, which has the devices connected."""
        await serving.wait()
        await devices.answer_cold()

    desk = api.Desk(ctx.dbs, giver, neighbour, ctx.clock, ctx.settings.relay_public_url)
    return Parts(
        routers=[api.routes(desk, back, exports_of(ctx.settings, ctx.dbs.city, ctx.clock), scenes, devices)],
        readers=[*jobs.readers(ctx.clock), jobs.scene_reader(scenes)],
        live=[LiveView(fact, roles) for fact, roles in _TOLD.items()],
        link_out=jobs.LINK_OUT,
        link_in=jobs.link_in(giver, ctx.clock),
        link_asks=answers(giver, back),
        on_serve=[on_serve],
        background=[keep_ready, withdraw, answer_cold],
    )


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


async def set_up_turning(
    city: Db, code: str, *, port: int, optics: Optics, sector: Sector, by: AccountId, clock: Clock
) -> str:
    """Set up a camera that turns, as its keeper would; ask its device, and return the state it is in.

    Raises:
        NotFound: no such camera.
        BadSector: the numbers make no sense.
    """
    async with city.transaction() as tx:
        camera = await cameras.by_code(tx, code)
    if camera is None:
        raise NotFound(f"there is no camera `{code}`")
    devices = Onvif(city, clock)
    try:
        turns = Turns(optics, sector, ())
        await devices.set_up(camera.camera_id, port=port, login=None, keep_login=False, turns=turns, by=by)
        return await devices.check(camera.camera_id)
    finally:
        await devices.close()


@asynccontextmanager
async def serving_relay(
    settings: Settings, city: Db, clock: Clock, *, worker: int = 0, of: int = 1, lease_s: float = LEASE_S
) -> AsyncGenerator[int]:
    """Serve relay worker `worker` of `of` on the city's database until the block ends; yields its port."""
    giver = Giver(city, Registry(city, MapData(settings.data_dir / "map")), clock)
    gate = DbGate(city, giver, clock, relay=f"{settings.relay_host}:{settings.relay_port}/{worker}")
    sources = Sources(ring_s=settings.relay_ring_s, maskers=max(1, (cores() - 1) // of))
    archive = open_archive(settings, city, clock)
    anchors, grids = Anchors(archive, telling(city, clock)), GridWorker()
    recorder = Recorder(archive, keep_s=settings.recording_memory_s, seal=_sealer(city, grids), sealed=anchors.add)
    recordings = ServedRecordings(Window(archive, recorder), sources.maskers)
    relay = Relay(
        gate,
        sources,
        origins=origins_of(settings),
        clock=clock,
        viewer_bytes=settings.relay_viewer_bytes,
        recordings=recordings,
        lease_s=lease_s,
    )
    Edge(relay)
    Whep(relay)
    recorder.tell(relay.metrics.registry)
    follow = recorder.keep if settings.recording else _ignored
    news = DeviceNews(city, sources, clock)
    here = Worker(city, gate, relay, clock, number=worker, of=of, follow=follow)
    await gate.close_leftovers()
    sources.maskers.warm()
    tasks: list[asyncio.Task[None]] = []
    try:
        async with (
            kept(archive, footage_dir(settings)),
            anchors.running(),
            recorder.running(),
            relay.serving(settings.relay_host, _port(settings, worker)) as port,
            Local(sources).serving(settings.run_dir, worker),
        ):
            await here.register(stream_url(settings, worker, port))
            tasks += [asyncio.create_task(here.keep_warm()), asyncio.create_task(here.watch())]
            tasks.append(asyncio.create_task(Inspector(city, sources.cameras, clock).run()))
            tasks += [asyncio.create_task(news.follow_turns()), asyncio.create_task(news.read_clocks())]
            log.info("relay serves", port=port, worker=worker)
            yield port
    finally:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
        recordings.stop()
        grids.stop()
        sources.stop()


@asynccontextmanager
async def serving_uplinks(settings: Settings, tracking: Db, clock: Clock) -> AsyncGenerator[int]:
    """Take phones' pictures on the tracking centre's database, and show them, until the block ends; yields the port."""
    port = _free(settings.relay_host, settings.uplink_port)
    gate = SceneGate(tracking, clock, relay=f"{settings.relay_host}:{settings.uplink_port}/uplink")
    own = of_phones(settings)
    archive = open_archive(own, tracking, clock, centre="tracking")
    anchors, grids = Anchors(archive, telling(tracking, clock)), GridWorker()
    recorder = Recorder(archive, keep_s=settings.recording_memory_s, seal=_sealer(tracking, grids), sealed=anchors.add)
    if settings.recording:
        phones = Phones(ring_s=settings.relay_ring_s, maskers=1, follow=recorder.follow, leave=recorder.leave)
    else:
        phones = Phones(ring_s=settings.relay_ring_s, maskers=1)
    recordings = ServedRecordings(Window(archive, recorder), phones.maskers)
    relay = Relay(
        gate,
        phones,
        origins=origins_of(settings),
        clock=clock,
        viewer_bytes=settings.relay_viewer_bytes,
        recordings=recordings,
    )
    Taking(relay, phones, clock)
    Whep(relay)
    await gate.close_leftovers()
    try:
        async with (
            kept(archive, footage_dir(own)),
            anchors.running(),
            recorder.running(),
            relay.serving(settings.relay_host, port) as bound,
        ):
            url = settings.uplink_public_url or f"ws://{settings.relay_host}:{bound}"
            async with tracking.transaction() as tx:
                await relays.register(tx, 0, 1, f"{url.rstrip('/')}/stream", clock.now())
            log.info("uplink serves", port=bound)
            yield bound
    finally:
        grids.stop()
        recordings.stop()
        phones.stop()


@asynccontextmanager
async def serving_gateway(settings: Settings, edge: str, port: int) -> AsyncGenerator[int]:
    """Serve viewers near by with what a relay worker far away sends once, until the block ends; yields the port."""
    gate = EdgeGate(edge)
    sources = EdgeSources(gate)
    relay = Relay(gate, sources, origins=origins_of(settings), viewer_bytes=settings.relay_viewer_bytes)
    try:
        async with relay.serving(settings.relay_host, port) as bound:
            log.info("gateway serves", port=bound, edge=edge)
            yield bound
    finally:
        sources.stop()


def _sealer(db: Db, grids: GridWorker) -> Seal | None:
    """Return what seals pieces as they are recorded; None where the centre's keys are not on this machine."""
    return None if db.keys is None else Sealer(db.keys.signer(SEALING_KEY), grids.of).seal


def _port(settings: Settings, worker: int) -> int:
    """Return the port a worker asks for: the relay's, the next ones; any free one where that is taken."""
    if not settings.relay_port or not worker:
        return settings.relay_port
    return _free(settings.relay_host, settings.relay_port + worker)


def _free(host: str, port: int) -> int:
    """Return the port, or 0 (any free one) where it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            log.warning("relay.port_taken", port=port)
            return 0
    return port


def _ignored(_: Sequence[CameraSource]) -> None:
    """Record nothing."""
