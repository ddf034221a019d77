"""The relay's door in the database: what is written when, and what a dead relay leaves behind."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from tests.slices.footage.centres import camera_rows

from ansimnet.kernel.clock import SystemClock, now
from ansimnet.kernel.ids import TRACKING_CENTRE, AccountId, CameraId, PermitId, ProvisionId, new_id
from ansimnet.kernel.permits import Act, GroundKind, Masking, PermitOver, Purpose, Role
from ansimnet.platform.db import Dbs
from ansimnet.platform.mapdata import MapData
from ansimnet.slices.cameras import store as camera_store
from ansimnet.slices.cameras.queries import Registry
from ansimnet.slices.footage.queries import account_to_json
from ansimnet.slices.footage.relay.gate import End
from ansimnet.slices.footage.service.giving import Giver
from ansimnet.slices.footage.service.holding import DbGate
from ansimnet.slices.policy import queries as policy


@pytest.fixture
async def gate(dbs: Dbs, tmp_path: Path) -> DbGate:
    giver = Giver(dbs.city, Registry(dbs.city, MapData(tmp_path)), SystemClock())
    return DbGate(dbs.city, giver, SystemClock(), relay="here")


async def ticket(dbs: Dbs) -> tuple[str, PermitId]:
    """Return a controller's ticket for the first camera, and its permit."""
    rows, at = camera_rows("rtsp://127.0.0.1:9/x"), now()
    async with dbs.city.transaction() as tx:
        import_id = new_id()
        await camera_store.begin_import(tx, import_id, "test.csv", b"", "utf-8", 1, 0, at)
        camera = camera_store.camera_id_of(tx.centre_id, rows[0], 0)
        await camera_store.save_cameras(tx, import_id, [(camera, rows[0])])
        provision = ProvisionId(new_id())
        await policy.grant_ground(
            tx,
            GroundKind.TRIGGER,
            "PIPA 18(2)3",
            trigger="approach",
            resources={camera},
            about={provision},
            for_centre=TRACKING_CENTRE,
            until_at=at + timedelta(minutes=60),
            now=at,
        )
    async with dbs.tracking.transaction() as tx:
        account = await policy.create_account(
            tx, login="controller", role=Role.TRACKING_CONTROLLER, display="관제07", now=at
        )
    permit = await policy.permit(
        dbs.city,
        account,
        Act.VIEW_STREAM,
        resource=camera,
        purpose=Purpose.RESPOND,
        screen="live-video",
        now=at,
        masking=Masking.MASKED,
    )
    extras = {
        "provision_id": str(provision),
        "masking": "masked",
        "viewer": "controller@tracking",
        "account": account_to_json(account),
    }
    async with dbs.city.transaction() as tx:
        return await policy.issue_ticket(tx, permit, CameraId(camera), extras, at), permit.permit_id


async def facts(dbs: Dbs) -> list[str]:
    async with dbs.city.transaction() as tx:
        rows = await tx.all("select kind from ledger_entry where kind like 'footage.view.%' order by recorded_at")
    return [r[0] for r in rows]


async def test_the_ticket_is_used_and_the_view_written_together(dbs: Dbs, gate: DbGate) -> None:
    word, permit = await ticket(dbs)
    held = await gate.redeem(word)
    assert (held.permit_id, held.masking, held.viewer) == (permit, Masking.MASKED, "controller@tracking")
    assert await facts(dbs) == ["footage.view.opened.v1"]
    with pytest.raises(policy.BadTicket):
        await gate.redeem(word)
    assert await facts(dbs) == ["footage.view.opened.v1"]
    await gate.closed(held, End.LEFT, frames=3, size=400)
    await gate.closed(held, End.LEFT, frames=3, size=400)
    assert await facts(dbs) == ["footage.view.opened.v1", "footage.view.closed.v1"]


@pytest.mark.requirement("CC-03")
async def test_a_revocation_reaches_the_relay_and_ends_lease_and_tickets(dbs: Dbs, gate: DbGate) -> None:
    word, permit = await ticket(dbs)
    assert permit in (await gate.renew(frozenset({permit}))).ends
    heard: asyncio.Queue[frozenset[PermitId]] = asyncio.Queue()

    async def listen() -> None:
        async for ended in gate.endings():
            heard.put_nowait(ended)

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0.2)
    async with dbs.city.transaction() as tx:
        await policy.revoke(tx, permit, "a mistake", now(), by=AccountId(new_id()))
    async with asyncio.timeout(5):
        assert permit in await heard.get()
    listening.cancel()
    assert (await gate.renew(frozenset({permit}))).ends == {}
    with pytest.raises(PermitOver):
        await gate.redeem(word)


async def test_a_relay_that_died_leaves_no_view_open(dbs: Dbs, gate: DbGate) -> None:
    await gate.redeem((await ticket(dbs))[0])
    again = DbGate(dbs.city, gate.giver, SystemClock(), relay="here")
    assert await again.close_leftovers() == 1
    assert await again.close_leftovers() == 0
    async with dbs.city.transaction() as tx:
        assert await tx.one("select reason from footage_view") == ("relay-lost",)
