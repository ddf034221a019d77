"""The vendor-change drill: a whole history leaves one installation and lies in another, proved by one hash."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE
from ansimnet.platform.db import Dbs
from ansimnet.platform.ledger.keys import KeyStore
from ansimnet.platform.roles import Urls
from ansimnet.slices.supervision.model import Sign
from ansimnet.slices.supervision.service import incidents, moving, proving, register
from ansimnet.slices.supervision.store import history

from .made import NOON, ORIGIN
from .test_receive import World, report

PASSPHRASE = "우리-관제센터-이전-2026-11"


@pytest.fixture
def other_urls(cluster: Any) -> Iterator[Urls]:
    fresh = cluster.new_database()
    yield fresh
    cluster.drop(fresh)


@pytest.fixture
async def other(other_urls: Urls, tmp_path: Path) -> AsyncIterator[Dbs]:
    keys = {TRACKING_CENTRE: KeyStore(tmp_path / "new-tracking"), CITY_CENTRE: KeyStore(tmp_path / "new-city")}
    async with Dbs.at(other_urls, keys=keys, app="test") as opened:
        yield opened


async def a_history(dbs: Dbs) -> World:
    """A wearer, a protected person, a zone, a curfew, alarms with findings, notices: something in every table."""
    world = await World(dbs).begin()
    await world.her_device(place=ORIGIN)
    await world.zone()
    curfew = await world.set(trigger=Trigger.CURFEW, label="주거지", centre=ORIGIN, radius_m=100.0)
    await world.set(
        trigger=Trigger.APPROACH, label="피해자", protected_person_id=world.her, warn_m=1000.0, alarm_m=300.0
    )
    async with world.db.transaction() as tx:
        await register.except_curfew(tx, curfew, NOON, NOON.replace(hour=5), "병원 진료")
    for i in range(60):
        await world.send(report(5 * i, 600 - 7 * i, battery=max(1.0, 40 - i)))
    for i in range(3):
        await world.send(report(400 + 10 * i, 180, signs=frozenset({Sign.STRAP})))
    async with world.db.transaction() as tx:
        (alarm_id,) = (await tx.all("select alarm_id from supervision_alarm where trigger = 'tamper'"))[0]
        await incidents.find(tx, alarm_id, "confirmed", alarm_id, NOON, note="끈이 잘려 있음")
    return world


async def moved_out(world: World) -> tuple[bytes, moving.Moved]:
    file = io.BytesIO()
    told = await moving.export(world.db, file, PASSPHRASE, NOON)
    return file.getvalue(), told


@pytest.mark.requirement("DI-11", "EM-22")
async def test_a_whole_history_moves_by_hash_and_its_alarms_still_prove_themselves(dbs: Dbs, other: Dbs) -> None:
    world = await a_history(dbs)
    packed, out = await moved_out(world)
    assert out.rows > 150
    assert b"strap" not in packed
    taken = await moving.take_over(other.tracking, io.BytesIO(packed), PASSPHRASE, NOON)
    assert taken == out
    async with other.tracking.transaction() as tx:
        ids = [r[0] for r in await tx.all("select alarm_id from supervision_alarm")]
        assert ids
        for alarm_id in ids:
            assert all(step.same for step in await proving.prove(tx, alarm_id))
        assert await tx.one("select sha256, rows from supervision_move") == (out.sha256, out.rows)
        assert await tx.one("select count(*) from policy_competence") == (1,)
    again = io.BytesIO()
    assert await moving.export(other.tracking, again, PASSPHRASE, NOON) == out  # and on, to a third, the same
    new = World(other)
    new.wearer, new.device = world.wearer, world.device
    assert (await new.send(report(500, 170))).accepted == 1  # the devices report on with the names and keys they have


async def test_every_table_of_the_slice_is_in_the_history(dbs: Dbs) -> None:
    async with dbs.tracking.transaction() as tx:
        rows = await tx.all("select tablename from pg_tables where tablename like 'supervision\\_%%'")
    apart = {"supervision_moved_fact", "supervision_move"}  # handed on as facts; what happened to an installation
    assert {r[0] for r in rows} - apart == set(history.TABLES)


async def test_nothing_is_taken_that_does_not_say_the_same(
    dbs: Dbs, other: Dbs, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed, _ = await moved_out(await a_history(dbs))
    broken = bytearray(packed)
    broken[len(broken) // 2] ^= 1
    for file, passphrase in ((bytes(broken), PASSPHRASE), (packed[:-20], PASSPHRASE), (packed, PASSPHRASE + "!")):
        with pytest.raises(moving.BadHistory):
            await moving.take_over(other.tracking, io.BytesIO(file), passphrase, NOON)
    kept = history.lines_in

    async def lossy(tx: Any, table: str, lines: list[bytes]) -> None:
        await kept(tx, table, lines[:-1] if table == "supervision_fix" else lines)

    monkeypatch.setattr(history, "lines_in", lossy)
    with pytest.raises(moving.NotTheSame):
        await moving.take_over(other.tracking, io.BytesIO(packed), PASSPHRASE, NOON)
    monkeypatch.undo()
    async with other.tracking.transaction() as tx:
        assert not await history.rows_there(tx)


async def test_a_history_goes_into_an_empty_installation_alone(dbs: Dbs) -> None:
    world = await World(dbs).begin()
    packed, _ = await moved_out(world)
    with pytest.raises(moving.NotEmpty):
        await moving.take_over(world.db, io.BytesIO(packed), PASSPHRASE, NOON)


async def test_who_was_erased_stays_erased(dbs: Dbs, other: Dbs) -> None:
    world = await a_history(dbs)
    assert world.db.keys is not None
    world.db.keys.destroy(world.wearer)
    packed, out = await moved_out(world)
    assert await moving.take_over(other.tracking, io.BytesIO(packed), PASSPHRASE, NOON) == out
    async with other.tracking.transaction() as tx:
        ids = [r[0] for r in await tx.all("select alarm_id from supervision_alarm")]
        with pytest.raises(proving.NotFound):
            await proving.prove(tx, ids[0])
