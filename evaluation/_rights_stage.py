"""A relay on a real database with cameras, viewers and grounds, and the true time of every picture beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from evaluation._installation import fresh_settings, workplace
from evaluation._rights_doors import Door
from tests.slices.footage.camera import TestCamera

from ansimnet.kernel.clock import SystemClock, monotonic_s, now
from ansimnet.kernel.ids import TRACKING_CENTRE, CameraId, PermitId, ProvisionId, new_id
from ansimnet.kernel.permits import Act, GroundKind, Permit, Role
from ansimnet.platform.database import database
from ansimnet.platform.db import Dbs
from ansimnet.platform.mapdata import MapData
from ansimnet.slices.cameras import store as camera_store
from ansimnet.slices.cameras.model import CameraRow
from ansimnet.slices.cameras.queries import Registry
from ansimnet.slices.footage.archive.opening import open_archive
from ansimnet.slices.footage.recording.recorder import Recorder
from ansimnet.slices.footage.recording.served import ServedRecordings
from ansimnet.slices.footage.recording.window import Window
from ansimnet.slices.footage.relay.ring import Frame
from ansimnet.slices.footage.relay.server import Relay
from ansimnet.slices.footage.relay.shedding import Shedding
from ansimnet.slices.footage.relay.source import Sighting
from ansimnet.slices.footage.relay.sources import Sources
from ansimnet.slices.footage.service.giving import Giver, hand
from ansimnet.slices.footage.service.holding import DbGate
from ansimnet.slices.footage.uplink.cascade import Edge
from ansimnet.slices.policy import queries as policy

CAMERAS = 4
"""Three that the ground names, and one that it does not."""


class Unhurried(Shedding):
    """A relay that never thins: who is refused for load proves nothing about rights."""

    def note(self, late_s: float) -> None:
        """Take no notice."""


class Witness:
    """Follows a camera inside the relay and notes when each picture came, on the wall clock, by presentation time."""

    def __init__(self) -> None:
        self.came: dict[int, float] = {}

    def offer(self, frame: Frame) -> None:
        """Note a picture."""
        self.came[frame.pts] = now().timestamp() - (monotonic_s() - frame.at_s)

    def saw(self, sighting: Sighting) -> None:
        """Nothing: boxes are no pictures."""

    def lost(self) -> None:
        """Nothing: what came has come."""


@dataclass(slots=True)
class Stage:
    """What attempts are made on."""

    dbs: Dbs
    url: str
    relay: Relay
    cameras: list[CameraId]
    witnesses: dict[CameraId, Witness]
    accounts: dict[str, policy.Account]
    provision: ProvisionId

    def at(self, path: str) -> str:
        """Return the address of a door."""
        return self.url.removesuffix("/stream") + path

    async def permit(self, who: str, camera: CameraId, door: Door, screen: str) -> Permit:
        """Ask policy for a permit.

        Raises:
            Forbidden: there is no ground.
        """
        return await policy.permit(
            self.dbs.city,
            self.accounts[who],
            Act.VIEW_STREAM,
            resource=camera,
            purpose=door.purpose,
            screen=screen,
            now=now(),
            masking=door.masking,
        )

    async def ticket(self, who: str, permit: Permit, camera: CameraId, door: Door, at: datetime) -> str:
        """Return a ticket issued at `at`."""
        extras = {"provision_id": str(self.provision), **door.extras(camera)}
        async with self.dbs.city.transaction() as tx:
            return (await hand(tx, self.accounts[who], permit, camera, door.masking, at, **extras)).ticket

    async def revoke(self, permit: PermitId) -> None:
        """Take a permit back by hand."""
        async with self.dbs.city.transaction() as tx:
            await policy.revoke(tx, permit, "the evaluation", now(), by=self.accounts["operator"].account_id)

    async def revoke_unheard(self, permit: PermitId) -> None:
        """Take a permit back in a way that tells nobody: only the lease can find it."""
        async with self.dbs.city.transaction() as tx:
            await tx.execute("update policy_permit set revoked_at = now() where permit_id = %s", (permit,))

    async def end_at(self, permit: PermitId, until: datetime) -> None:
        """Let a permit end at an instant."""
        async with self.dbs.city.transaction() as tx:
            await tx.execute("update policy_permit set not_after = %s where permit_id = %s", (until, permit))


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    """Start database, cameras and relay; stop them when the block ends."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(workplace("rights"))
        settings = fresh_settings(folder)
        running = stack.enter_context(database(settings, say=lambda _: None))
        dbs = await stack.enter_async_context(running.dbs(settings, app="evaluation"))
        camera = await stack.enter_async_context(TestCamera())
        camera.boxes = [("17", "Human", (0.1, 0.1, 0.25, 0.7)), ("18", "Human", (0.6, 0.1, 0.75, 0.7))]
        cameras = await _cameras(dbs, camera.url.rsplit("/", 1)[0])
        provision = await _ground(dbs, cameras[:-1])
        gate = DbGate(
            dbs.city, Giver(dbs.city, Registry(dbs.city, MapData(folder)), SystemClock()), SystemClock(), relay="r"
        )
        sources = Sources(ring_s=4.0, maskers=1)
        stack.callback(sources.stop)
        recorder = Recorder(open_archive(settings, dbs.city, SystemClock()), keep_s=30.0)
        recordings = ServedRecordings(Window(recorder.archive, recorder), sources.maskers)
        stack.callback(recordings.stop)
        await stack.enter_async_context(recorder.running())
        relay = Relay(gate, sources, recordings=recordings)
        Edge(relay)
        relay.shedding = Unhurried()  # cameras, viewers and judges share its loop here: its lateness means nothing
        sources.keep_warm(await gate.cameras())
        recorder.keep(sources.cameras.values())
        witnesses = {c: Witness() for c in cameras}
        for camera_id, witness in witnesses.items():
            sources.cameras[camera_id].join(witness)
            await sources.cameras[camera_id].ready.wait()
        port = await stack.enter_async_context(relay.serving("127.0.0.1", 0))
        url = f"ws://127.0.0.1:{port}/stream"
        yield Stage(dbs, url, relay, cameras, witnesses, await _accounts(dbs), provision)


async def _cameras(dbs: Dbs, url: str) -> list[CameraId]:
    rows = [
        CameraRow(
            line=i, lat=37.5, lon=127.0 + i / 1000, code=f"R-{i}", agency="city", address="", purpose="CCTV", count=1,
            azimuth_deg=None, fov_deg=90.0, range_m=60.0, retention_days=None, installed=None, rtsp_url=f"{url}/{i}",
        )
        for i in range(CAMERAS)
    ]  # fmt: skip
    async with dbs.city.transaction() as tx:
        import_id = new_id()
        await camera_store.begin_import(tx, import_id, "rights.csv", b"", "utf-8", len(rows), 0, now())
        placed = [(camera_store.camera_id_of(tx.centre_id, row, 0), row) for row in rows]
        await camera_store.save_cameras(tx, import_id, placed)
    return [camera_id for camera_id, _ in placed]


async def _ground(dbs: Dbs, cameras: list[CameraId]) -> ProvisionId:
    """Put the one ground on file that opens these cameras, for both centres' seats."""
    provision = ProvisionId(new_id())
    async with dbs.city.transaction() as tx:
        for centre in (TRACKING_CENTRE, None):
            await policy.grant_ground(
                tx,
                GroundKind.TRIGGER,
                "PIPA 18(2)3",
                trigger="approach",
                resources=set(cameras),
                about={provision},
                for_centre=centre,
                until_at=now() + timedelta(hours=10),
                now=now(),
            )
    return provision


async def _accounts(dbs: Dbs) -> dict[str, policy.Account]:
    made = {}
    for login, role in (("controller", Role.TRACKING_CONTROLLER), ("officer", Role.PROBATION_OFFICER)):
        async with dbs.tracking.transaction() as tx:
            made[login] = await policy.create_account(tx, login=login, role=role, display=login, now=now())
    for login, role in (("operator", Role.CENTRE_OPERATOR), ("administrator", Role.ADMINISTRATOR)):
        async with dbs.city.transaction() as tx:
            made[login] = await policy.create_account(tx, login=login, role=role, display=login, now=now())
    return made
