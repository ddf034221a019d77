"""Relays of a city, of phones and of a gateway on a real database, with cameras, viewers and grounds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from evaluation._installation import fresh_settings, workplace
from evaluation._rights_doors import Door, visiting
from evaluation._rights_exits import Exits, Originals, noted
from psycopg.types.json import Jsonb
from tests.slices.footage.camera import TestCamera, clip

from ansimnet.kernel.clock import SystemClock, now
from ansimnet.kernel.ids import TRACKING_CENTRE, CameraId, GroundId, PermitId, ProvisionId, new_id
from ansimnet.kernel.permits import Act, GroundKind, Masking, Permit, Purpose, Role
from ansimnet.platform.database import database
from ansimnet.platform.db import Db, Dbs
from ansimnet.platform.mapdata import MapData
from ansimnet.platform.settings import Settings
from ansimnet.slices.cameras import store as camera_store
from ansimnet.slices.cameras.model import CameraRow
from ansimnet.slices.cameras.queries import Registry
from ansimnet.slices.footage.archive.opening import open_archive
from ansimnet.slices.footage.queries import account_to_json, hand
from ansimnet.slices.footage.recording.recorder import Recorder
from ansimnet.slices.footage.recording.served import ServedRecordings
from ansimnet.slices.footage.recording.window import Window
from ansimnet.slices.footage.relay.server import Relay
from ansimnet.slices.footage.relay.shedding import Shedding
from ansimnet.slices.footage.relay.sources import Sources
from ansimnet.slices.footage.service.giving import Giver
from ansimnet.slices.footage.service.holding import DbGate, Looks
from ansimnet.slices.footage.service.scene_gate import SceneGate
from ansimnet.slices.footage.uplink.cascade import Edge
from ansimnet.slices.footage.uplink.gateway import EdgeGate, EdgeSources
from ansimnet.slices.footage.uplink.phone import Phones
from ansimnet.slices.footage.uplink.taking import Taking
from ansimnet.slices.footage.uplink.whep import Whep
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.store import keyring

CAMERAS = 4
"""Three that the ground names, and one that it does not."""
SHADES = 3
"""Between two cameras: each sends pictures of its own, so that whose a picture is can be told. Phones send shade 0."""
GROUND_S = 1800.0
"""Half of the hour for which a trigger's ground opens cameras (the design's words)."""
SHOWING = 2
"""Phones that always show."""


class Unhurried(Shedding):
    """A relay that never thins: who is refused for load proves nothing about rights."""

    def note(self, late_s: float) -> None:
        """Take no notice."""


@dataclass(slots=True)
class Stage:
    """What attempts are made on."""

    dbs: Dbs
    relays: dict[str, Relay]
    urls: dict[str, str]
    cameras: list[CameraId]
    phones: list[CameraId]  # the first ones show always, the last one never, the others belong to one lane each
    person: UUID
    accounts: dict[str, policy.Account]
    provision: ProvisionId
    exits: Exits
    originals: Originals
    gates: list[Looks] = field(default_factory=list)

    def url(self, door: Door) -> str:
        """Return the address of a door."""
        return self.urls[door.at] + door.path

    def db(self, door: Door) -> Db:
        """Return the database that a door's rights live in."""
        return self.dbs.tracking if door.at == "phones" else self.dbs.city

    async def permit(self, who: str, camera: CameraId, door: Door, screen: str, masking: Masking) -> Permit:
        """Ask policy for a permit.

        Raises:
            Forbidden: there is no ground.
        """
        return await policy.permit(
            self.db(door),
            self.accounts[who],
            door.act,
            resources={camera, self.person} if door.act is Act.VIEW_SCENE else {camera},
            purpose=door.purpose,
            screen=screen,
            now=now(),
            masking=masking,
        )

    async def mark(self, who: str, camera: CameraId, screen: str) -> Permit:
        """Mark track 17 of a camera; return the mark's permit."""
        permit = await policy.permit(
            self.dbs.city,
            self.accounts[who],
            Act.UNMASK_TRACK,
            resource=camera,
            purpose=Purpose.RESPOND,
            screen=screen,
            now=now(),
            masking=Masking.MARKED,
        )
        async with self.dbs.city.transaction() as tx:
            await policy.mark_track(tx, permit, camera, "17", now())
        return permit

    async def ticket(self, who: str, permit: Permit, camera: CameraId, door: Door, at: datetime, **more: Any) -> str:
        """Return a ticket issued at `at`."""
        account, extras = self.accounts[who], {**door.extras(camera), **more}
        async with self.db(door).transaction() as tx:
            if door.at != "phones":
                extras["provision_id"] = str(self.provision)
                return (await hand(tx, account, permit, camera, door.masking, at, **extras)).ticket
            said = {"masking": door.masking.value, "viewer": who, "account": account_to_json(account), "code": "P-0001"}
            return await policy.issue_ticket(tx, permit, camera, said, at)

    async def forge(self, ticket: str, door: Door, *, resource: CameraId | None = None, **extras: Any) -> None:
        """Change what a ticket in the database says: no route writes such a one, so whoever did got into it."""
        async with self.db(door).transaction() as tx:
            await tx.execute(
                "update policy_ticket set resource = coalesce(%s, resource), extras = extras || %s"
                " where ticket_sha256 = %s",
                (resource, Jsonb(extras), keyring.fingerprint(ticket)),
            )

    async def revoke(self, permit: PermitId, door: Door) -> None:
        """Take a permit back by hand."""
        by = self.accounts["controller" if door.at == "phones" else "operator"].account_id
        async with self.db(door).transaction() as tx:
            await policy.revoke(tx, permit, "the evaluation", now(), by=by)

    async def revoke_unheard(self, permit: PermitId, door: Door) -> None:
        """Take a permit back in a way that tells nobody: only the lease can find it."""
        async with self.db(door).transaction() as tx:
            await tx.execute("update policy_permit set revoked_at = now() where permit_id = %s", (permit,))

    async def end_at(self, permit: PermitId, door: Door, until: datetime) -> None:
        """Let a permit end at an instant."""
        async with self.db(door).transaction() as tx:
            await tx.execute("update policy_permit set not_after = %s where permit_id = %s", (until, permit))


@asynccontextmanager
async def staged(lanes: int) -> AsyncIterator[Stage]:
    """Start database, cameras, phones and relays; stop them when the block ends."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(workplace("rights"))
        settings = fresh_settings(folder)
        running = stack.enter_context(database(settings, say=lambda _: None))
        dbs = await stack.enter_async_context(running.dbs(settings, app="evaluation"))
        urls = []
        for i in range(CAMERAS):
            camera = await stack.enter_async_context(TestCamera(shade=SHADES * (i + 1)))
            camera.boxes = [("17", "Human", (0.1, 0.1, 0.25, 0.7)), ("18", "Human", (0.6, 0.1, 0.75, 0.7))]
            urls.append(camera.url)
        cameras = await _cameras(dbs, urls)
        phones, person = [CameraId(new_id()) for _ in range(SHOWING + lanes + 1)], new_id()
        exits = Exits()
        stack.enter_context(noted(exits))
        shades = {c: SHADES * (i + 1) for i, c in enumerate(cameras)} | {phones[0]: 0}
        originals = Originals({c: [u for _, us in clip(shade=n)[2] for u in us] for c, n in shades.items()})
        provision = ProvisionId(new_id())
        stack.callback(asyncio.create_task(_keep_ground(dbs, cameras[:-1], provision)).cancel)
        await _ground(dbs, cameras[:-1], provision)
        await _consent(dbs, phones, person)
        stage = Stage(
            dbs, {}, {}, cameras, phones, person, await _accounts(dbs, person), provision, exits, originals
        )  # fmt: skip
        await _edge(stack, stage, settings)
        await _gateway(stack, stage)
        await _uplinks(stack, stage)
        yield stage


async def _serve(stack: AsyncExitStack, stage: Stage, name: str, relay: Relay) -> None:
    relay.shedding = Unhurried()  # cameras, viewers and judges share its loop here: its lateness means nothing
    port = await stack.enter_async_context(relay.serving("127.0.0.1", 0))
    stage.relays[name], stage.urls[name] = relay, f"ws://127.0.0.1:{port}"


async def _edge(stack: AsyncExitStack, stage: Stage, settings: Settings) -> None:
    db, clock = stage.dbs.city, SystemClock()
    gate = DbGate(db, Giver(db, Registry(db, MapData(Path(settings.data_dir))), clock), clock, relay="r")
    sources = Sources(ring_s=4.0, maskers=1)
    stack.callback(sources.stop)
    recorder = Recorder(open_archive(settings, db, clock), keep_s=30.0)
    recordings = ServedRecordings(Window(recorder.archive, recorder), sources.maskers)
    stack.callback(recordings.stop)
    await stack.enter_async_context(recorder.running())
    relay = Relay(gate, sources, recordings=recordings)
    Edge(relay)
    Whep(relay)
    sources.keep_warm(await gate.cameras())
    recorder.keep(sources.cameras.values())
    for source in list(sources.cameras.values()):
        await sources.open(source.camera, Masking.MASKED).ready.wait()
    stage.gates.append(gate)
    await _serve(stack, stage, "edge", relay)


async def _gateway(stack: AsyncExitStack, stage: Stage) -> None:
    gate = EdgeGate(stage.urls["edge"])
    sources = EdgeSources(gate)
    stack.callback(sources.stop)
    await _serve(stack, stage, "gateway", Relay(gate, sources))


async def _uplinks(stack: AsyncExitStack, stage: Stage) -> None:
    gate, phones = SceneGate(stage.dbs.tracking, SystemClock(), relay="p"), Phones(maskers=1)
    stack.callback(phones.stop)
    relay = Relay(gate, phones)
    Taking(relay, phones)
    Whep(relay)
    stage.gates.append(gate)
    await _serve(stack, stage, "phones", relay)
    door = Door("", Masking.ORIGINAL, Purpose.OWN, at="phones", path="/uplink", kind="sender", act=Act.SHOW_SCENE)

    async def show(phone: CameraId) -> None:
        """Show for ever: a phone whose line is cut comes again."""
        while True:
            permit = await stage.permit("victim", phone, door, "showing", Masking.MASKED)
            ticket = await stage.ticket("victim", permit, phone, door, now())
            async with visiting(stage.url(door), door, phone, ticket, stage.exits) as visit:
                while not visit.closed:
                    await visit.watch(1.0)
                    visit.sent.clear()

    for phone in stage.phones[:SHOWING]:
        stack.callback(asyncio.create_task(show(phone)).cancel)


async def _cameras(dbs: Dbs, urls: list[str]) -> list[CameraId]:
    rows = [
        CameraRow(
            line=i, lat=37.5, lon=127.0 + i / 1000, code=f"R-{i}", agency="city", address="", purpose="CCTV", count=1,
            azimuth_deg=None, fov_deg=90.0, range_m=60.0, retention_days=None, installed=None, rtsp_url=url,
        )
        for i, url in enumerate(urls)
    ]  # fmt: skip
    async with dbs.city.transaction() as tx:
        import_id = new_id()
        await camera_store.begin_import(tx, import_id, "rights.csv", b"", "utf-8", len(rows), 0, now())
        placed = [(camera_store.camera_id_of(tx.centre_id, row, 0), row) for row in rows]
        await camera_store.save_cameras(tx, import_id, placed)
    return [camera_id for camera_id, _ in placed]


async def _keep_ground(dbs: Dbs, cameras: list[CameraId], provision: ProvisionId) -> None:
    """Give the ground again before its hour is over: on a busy machine a hundred thousand attempts take longer."""
    while True:
        await asyncio.sleep(GROUND_S)
        await _ground(dbs, cameras, provision)


async def _ground(dbs: Dbs, cameras: list[CameraId], provision: ProvisionId) -> None:
    """Put the one ground on file that opens these cameras, for both centres' seats."""
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


async def _consent(dbs: Dbs, phones: list[CameraId], person: UUID) -> GroundId:
    """Put a protected person's consent on file: her phones show, and the desk looks."""
    async with dbs.tracking.transaction() as tx:
        return await policy.grant_ground(
            tx,
            GroundKind.CONSENT,
            "PIPA 15(1)1",
            resources={*phones, person},
            about={new_id()},
            acts={Act.SHOW_SCENE, Act.VIEW_SCENE},
            until_at=now() + timedelta(hours=10),
            now=now(),
        )


async def _accounts(dbs: Dbs, person: UUID) -> dict[str, policy.Account]:
    made = {}
    for login, role in (
        ("controller", Role.TRACKING_CONTROLLER),
        ("officer", Role.PROBATION_OFFICER),
        ("victim", Role.VICTIM),
    ):
        async with dbs.tracking.transaction() as tx:
            made[login] = await policy.create_account(
                tx, login=login, role=role, display=login, now=now(), subject_id=person if login == "victim" else None
            )
    for login, role in (("operator", Role.CENTRE_OPERATOR), ("administrator", Role.ADMINISTRATOR)):
        async with dbs.city.transaction() as tx:
            made[login] = await policy.create_account(tx, login=login, role=role, display=login, now=now())
    return made
