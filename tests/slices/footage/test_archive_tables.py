"""The archive on real files and a real database: recorded, found, held by law, destroyed on time, certified."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tests.slices.footage.archives import CAMERA, OTHER, START, Clocks, D, H, M, S, in_memory, on_files, record

from ansimnet.kernel.ids import CameraId, new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Dbs
from ansimnet.slices.footage.archive import rules
from ansimnet.slices.footage.archive.clock import Change, Doubt
from ansimnet.slices.footage.archive.gaps import missing
from ansimnet.slices.footage.archive.index import Died
from ansimnet.slices.footage.archive.model import Cause, Destroyed, Gap, Term
from ansimnet.slices.footage.archive.sweep import Sweeper
from ansimnet.slices.footage.archive.tables import Tables
from ansimnet.slices.footage.model import Track
from ansimnet.slices.footage.store import archive as store
from ansimnet.slices.policy import queries as policy

SUB = Track.SUB


async def court(dbs: Dbs) -> policy.Account:
    """A court's clerk on file."""
    async with dbs.city.transaction() as tx:
        return await policy.create_account(tx, login="clerk", role=Role.COURT_CLERK, display="기록", now=START)


async def lift(dbs: Dbs, clerk: policy.Account, hold_id: UUID, at: datetime) -> None:
    """Lift a hold as two people do."""
    async with dbs.city.transaction() as tx:
        other = await policy.create_account(
            tx, login="officer", role=Role.PRIVACY_OFFICER, display="보호책임자", now=START
        )
        await policy.ask_release(tx, clerk, hold_id, "확정", at)
        await policy.confirm_hold(tx, other, hold_id, at)


async def hold(dbs: Dbs, clerk: policy.Account, clocks: Clocks, lasts: timedelta, **more: Any) -> policy.HoldRow:
    async with dbs.city.transaction() as tx:
        return await policy.place_hold(
            tx, clerk, resources=[CAMERA], statute="CRIM-PROC 184", case_no="2026-고합-77", reason="증거 보전",
            until_at=clocks.true + lasts, now=clocks.true, **more,
        )  # fmt: skip


async def facts(dbs: Dbs, kind: str) -> list[str]:
    async with dbs.city.transaction() as tx:
        return [bytes(r[0]).decode() for r in await tx.all("select body from ledger_entry where kind = %s", (kind,))]


@pytest.mark.requirement("CC-04")
async def test_footage_is_found_until_its_time_and_its_end_is_on_the_ledger(dbs: Dbs, tmp_path: Path) -> None:
    clocks = Clocks()
    archive = on_files(tmp_path, Tables(dbs.city, clocks, "here"), clocks)
    sweeper = Sweeper(archive)
    await sweeper.turn()
    first, second = record(archive, clocks), record(archive, clocks, words=b"more")
    assert await archive.flush() == 2
    assert archive.segments(CAMERA, SUB, START, START + M) == [first, second]
    assert await archive.gaps(CAMERA, SUB, START, START + 4 * S) == []
    assert archive.read(second).fragments == b"more"

    clocks.true = rules.due(first.term, 30, timedelta(0)) - S
    await sweeper.turn()
    assert archive.read(first).fragments == b"picture"
    clocks.true += 2 * S
    with pytest.raises(Destroyed):
        archive.read(first)
    assert (await sweeper.turn()).destroyed == 1
    assert archive.disk.names("reels") == []
    assert [g.cause for g in await archive.gaps(CAMERA, SUB, START, START + M)] == [Cause.DESTROYED]

    [fact] = await facts(dbs, "footage.recordings.destroyed.v1")
    async with dbs.city.transaction() as tx:
        [certificate] = await store.certificates(tx, 10)
        rows = await store.list_of(tx, certificate.certificate_id)
    died = [
        Died(
            CameraId(r.term.camera_id),
            Term(r.term.hour_at, r.term.epoch, r.term.days),
            r.hold_id,
            r.segments,
            r.size,
            r.digest,
        )
        for r in rows
    ]
    assert [d.segments for d in died] == [2]
    assert certificate.root == rules.root_of(died)
    assert certificate.root.hex() in fact


@pytest.mark.requirement("CC-04")
async def test_what_a_hold_keeps_outlives_its_hour_under_a_key_of_its_own(dbs: Dbs, tmp_path: Path) -> None:
    clocks = Clocks()
    archive = on_files(tmp_path, Tables(dbs.city, clocks, "here"), clocks)
    sweeper, clerk = Sweeper(archive), await court(dbs)
    before, held, other = (
        record(archive, clocks),
        record(archive, clocks, words=b"held"),
        record(archive, clocks, OTHER),
    )
    await archive.flush()
    clocks.true += 20 * D
    row = await hold(dbs, clerk, clocks, 40 * D, covers=(held.start + S / 2, held.end - S / 2))
    assert (await sweeper.turn()).copied > 0

    clocks.true = START + 30 * D
    assert (await sweeper.turn()).destroyed == 2
    for segment in (before, held, other):
        with pytest.raises(Destroyed):
            archive.read(segment)
    assert archive.segments(CAMERA, SUB, START, START + M) == []
    [copy] = archive.segments(CAMERA, SUB, START, START + M, hold_id=row.hold_id)
    assert archive.read(copy).fragments == b"held"
    index, kept_from = archive.index, START + D
    for _ in range(2):  # what holds keep is recorded on a timeline, by the index alone
        [covered] = await index.covered(CAMERA, SUB, START, START + M)
        assert covered == (held.start, held.end)
        gaps = await missing(index, CAMERA, SUB, before.start, held.end, kept_from)
        assert [(g.start, g.end, g.cause) for g in gaps] == [(before.start, held.start, Cause.DESTROYED)]
        async with dbs.city.transaction() as tx:  # a database put back to a day before learns it from the files
            await tx.execute("delete from footage_kept")
        await Sweeper(archive).turn()

    clocks.true = row.until_at + S
    with pytest.raises(Destroyed):
        archive.read(copy)
    clocks.true += 40 * S
    assert (await sweeper.turn()).released == 1
    assert (archive.disk.names("holds"), archive.keys.holds()) == ([], [])
    assert await index.covered(CAMERA, SUB, START, START + M) == []
    said = await facts(dbs, "footage.recordings.destroyed.v1")
    assert [len([f for f in said if f'"why":"{why}"' in f]) for why in ("expired", "hold-ended")] == [2, 1]


@pytest.mark.requirement("CC-04")
async def test_a_hold_of_the_last_minute_and_its_release(dbs: Dbs, tmp_path: Path) -> None:
    clocks = Clocks()
    archive = on_files(tmp_path, Tables(dbs.city, clocks, "here"), clocks)
    sweeper, clerk = Sweeper(archive), await court(dbs)
    segment = record(archive, clocks)
    await archive.flush()
    await sweeper.turn()
    clocks.true = rules.due(segment.term, 30, timedelta(0)) - S
    row = await hold(dbs, clerk, clocks, 10 * D)
    clocks.true += 10 * S
    assert (await sweeper.turn()).destroyed == 1, "the hour's key dies on time, the copy was made in that turn"
    [copy] = archive.segments(CAMERA, SUB, START, START + M, hold_id=row.hold_id)
    assert archive.read(copy).fragments == b"picture"
    await lift(dbs, clerk, row.hold_id, clocks.true)
    assert (await sweeper.turn()).released == 1
    with pytest.raises(Destroyed):
        archive.read(copy)


async def test_a_shorter_period_of_the_register_counts_for_what_is_there(dbs: Dbs, tmp_path: Path) -> None:
    clocks = Clocks()
    archive = on_files(tmp_path, Tables(dbs.city, clocks, "here"), clocks)
    sweeper, import_id = Sweeper(archive), new_id()
    segment = record(archive, clocks)
    await archive.flush()
    async with dbs.city.transaction() as tx:
        await tx.execute(
            "insert into camera_import (import_id, file_name, sha256, encoding, accepted, refused, imported_at) "
            "values (%s, '', '', 'utf-8', 1, 0, now())",
            (import_id,),
        )
        await tx.execute(
            """insert into camera (camera_id, code, agency, address, purpose, count, lat, lon, fov_deg, range_m,
                   retention_days, import_id) values (%s, 'A-1', '', '', '', 1, 37, 127, 60, 30, 7, %s)""",
            (CAMERA, import_id),
        )
    await sweeper.turn()
    async with dbs.city.transaction() as tx:
        await tx.execute("delete from camera where camera_id = %s", (CAMERA,))
    clocks.true = START + 7 * D
    assert (await sweeper.turn()).destroyed == 1, "though the register has forgotten the camera"
    with pytest.raises(Destroyed):
        archive.read(segment)


async def test_both_indexes_answer_alike(dbs: Dbs) -> None:
    clocks = Clocks()
    memory, tables = in_memory(clocks).index, Tables(dbs.city, clocks, "here")
    archive = in_memory(clocks)
    segments = [record(archive, clocks)]
    clocks.true += 10 * M  # a hole, over the hour
    segments += [record(archive, clocks), record(archive, clocks), record(archive, clocks, OTHER)]
    from ansimnet.slices.footage.archive.archive import joined

    gap = Gap(START + 3 * S, START + 4 * M, Cause.CAMERA_LOST, "no answer")
    said: list[list[object]] = []
    for index in (memory, tables):
        await index.note(joined(segments))
        await index.note(joined(segments))
        await index.note_gap(CAMERA, SUB, Gap(gap.start, gap.start + S, Cause.CLOCK))
        await index.note_gap(CAMERA, SUB, gap)
        await index.tell_clock(Change(Doubt.JUMPED, 61.0), START)
        await index.tell_filling(START + D, START)
        answers: list[object] = [
            await index.covered(CAMERA, SUB, START - H, START + 2 * H),
            await index.covered(CAMERA, SUB, START + S, START + 10 * M + 3 * S),
            await index.covered(CAMERA, Track.MAIN, START, START + H),
            await index.gaps(CAMERA, SUB, START, START + H),
            await index.first(CAMERA, SUB),
            await index.first(CAMERA, Track.MAIN),
            await index.agree([(CAMERA, segments[1].term)]),
            await index.covered(CAMERA, SUB, START - H, START + 2 * H),
            await index.covered(OTHER, SUB, START - H, START + 2 * H),
            await index.agree([]),
            dict(await index.days()),
            list(await index.holds()),
        ]
        said.append(answers)
    assert said[0] == said[1]
    assert len(await facts(dbs, "footage.clock.doubted.v1")) == 1
    assert len(await facts(dbs, "footage.disk.filling.v1")) == 1
