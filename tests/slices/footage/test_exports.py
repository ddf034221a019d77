"""An export from the first word to the last byte: asked, reviewed by another, sealed, verified, taken, gone."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from evaluation._evidence_studio import TOOL, recorded, street, tool
from tests.platform.ledger_kit import sealer_of
from tests.slices.footage.centres import camera_rows

from ansimnet.kernel.clock import SystemClock, now
from ansimnet.kernel.errors import Forbidden, NotFound
from ansimnet.kernel.ids import CameraId, new_id
from ansimnet.kernel.permits import Act, GroundKind, Role
from ansimnet.platform.db import Dbs
from ansimnet.platform.settings import Settings
from ansimnet.slices.cameras import store as camera_store
from ansimnet.slices.footage.archive.archive import Archive
from ansimnet.slices.footage.archive.model import Track
from ansimnet.slices.footage.archive.opening import open_archive
from ansimnet.slices.footage.archive.segments import Body, Mark
from ansimnet.slices.footage.evidence.making import SEALING_KEY, NothingThere
from ansimnet.slices.footage.evidence.seal import Sealer
from ansimnet.slices.footage.recording.cutter import Piece
from ansimnet.slices.footage.service.exports import Exports, NotNow, OwnExport, TooMuch, Wanted, exports_of
from ansimnet.slices.footage.store.exports import Words
from ansimnet.slices.policy import queries as policy

WORDS = Words("폭행 사건 수사", "2026-형제-77", "새빛경찰서 수사과")


class House:
    """A city centre with one recorded camera, an investigator under an order, and a shift lead."""

    def __init__(self, dbs: Dbs, settings: Settings, archive: Archive, camera_id: CameraId) -> None:
        self.dbs = dbs
        self.settings = settings
        self.archive = archive
        self.camera_id = camera_id
        self.exports: Exports = exports_of(settings, dbs.city, SystemClock())
        self.accounts: dict[str, policy.Account] = {}
        self.began = now() - timedelta(minutes=2)

    def record(self, pieces: list[Piece], *, skip: int | None = None) -> None:
        """Put pieces into the archive as the recorder does, two minutes ago."""
        assert self.dbs.city.keys is not None
        sealer = Sealer(self.dbs.city.keys.signer(SEALING_KEY))
        off = self.began - pieces[0].start
        for k, piece in enumerate(pieces):
            moved = replace(piece, start=piece.start + off, end=piece.end + off)
            seal = sealer.seal(self.camera_id, Track.SUB, moved)
            body = Body(
                init=piece.frames[0].init,
                frames=tuple(Mark(f.dts, f.pts, f.key, len(f.fragment)) for f in piece.frames),
                fragments=b"".join(f.fragment for f in piece.frames),
                sightings=piece.sightings,
                seals=seal,
            )
            if k != skip:
                self.archive.put(self.camera_id, Track.SUB, moved.start, moved.end, body)

    def wanted(self, **other: Any) -> Wanted:
        """Return what the investigator asks for."""
        return replace(
            Wanted(
                cameras=frozenset({self.camera_id}),
                from_at=self.began + timedelta(seconds=1),
                until_at=self.began + timedelta(seconds=7),
                original=False,
                words=WORDS,
                downloads=2,
                download_until=now() + timedelta(days=3),
            ),
            **other,
        )

    async def sealed(self, **other: Any) -> UUID:
        """Bring an export so far that it can be taken."""
        row = await self.exports.ask(self.accounts["investigator"], self.wanted(**other))
        await self.exports.work()
        await self.exports.review(self.accounts["lead"], row.export_id, [])
        await self.exports.work()
        return row.export_id


@pytest_asyncio.fixture
async def house(dbs: Dbs, tmp_path: Path) -> AsyncIterator[House]:
    settings = Settings(data_dir=tmp_path)
    async with dbs.city.transaction() as tx:
        await camera_store.begin_import(tx, new_id(), "test.csv", b"", "utf-8", 1, 0, now())
        row = await tx.one("select import_id from camera_import")
        assert row is not None
        rows = camera_rows("rtsp://127.0.0.1/none")[:1]
        camera_id = camera_store.camera_id_of(tx.centre_id, rows[0], 0)
        await camera_store.save_cameras(tx, row[0], [(camera_id, rows[0])])
    made = House(dbs, settings, open_archive(settings, dbs.city, SystemClock()), camera_id)
    made.archive.guard.look()  # as the sweeper of the recording process does
    async with dbs.city.transaction() as tx:
        for login, role in (
            ("investigator", Role.INVESTIGATOR),
            ("other", Role.INVESTIGATOR),
            ("lead", Role.SHIFT_LEAD),
            ("operator", Role.CENTRE_OPERATOR),
        ):
            made.accounts[login] = await policy.create_account(tx, login=login, role=role, display=login, now=now())
        await policy.grant_ground(
            tx,
            GroundKind.ORDER,
            "CRIM-PROC 215",
            resources={camera_id},
            until_at=now() + timedelta(days=1),
            now=now(),
            account_id=made.accounts["investigator"].account_id,
            acts={Act.EXPORT_DATA, Act.READ_FOOTAGE},
        )
    made.record(recorded(list(street(5, 100, width=320, height=192)), crf=30))
    await made.archive.flush()
    sealing = asyncio.create_task(sealer_of(dbs, tmp_path / "ledger").run())
    try:
        yield made
    finally:
        sealing.cancel()
        await asyncio.gather(sealing, return_exceptions=True)


@pytest.mark.requirement("EM-16", "CC-03")
async def test_an_export_goes_from_one_hand_to_another_and_proves_itself(house: House, tmp_path: Path) -> None:
    investigator, lead = house.accounts["investigator"], house.accounts["lead"]
    row = await house.exports.ask(investigator, house.wanted())
    with pytest.raises(NotNow):
        await house.exports.review(lead, row.export_id, [])
    await house.exports.work()
    [(waiting, words)] = await house.exports.to_review(lead)
    assert (waiting.export_id, waiting.state, words) == (row.export_id, "review", WORDS)
    if waiting.doubts:
        assert (await house.exports.look(lead, row.export_id, 0)).startswith(b"\xff\xd8")
    with pytest.raises(NothingThere):
        await house.exports.download(investigator, row.export_id)
    await house.exports.review(lead, row.export_id, [])
    await house.exports.work()

    data = await house.exports.download(investigator, row.export_id)
    file = tmp_path / "export.zip"
    file.write_bytes(data)
    centre = house.dbs.city.centre_id
    argv = [sys.executable, str(TOOL), str(file), "--key", str(tmp_path / "ledger" / f"{centre}.pub"), "--json"]
    said = await asyncio.to_thread(subprocess.run, argv, capture_output=True, text=True, check=False)
    report = json.loads(said.stdout)
    assert report["findings"] == []
    assert (said.returncode, report["key"], report["groups"]) == (0, "given", 4)
    assert report["pictures"]["checked"] == 4
    assert report["request"]["recipient"] == WORDS.recipient
    assert report["masking"]["reviewed_by"] == "lead"
    assert {"footage.export.asked.v1", "footage.export.reviewed.v1", "policy.access.decided.v1"} <= {
        s["kind"] for s in report["seen"]
    }
    module = tool()
    assert module.unpack(data)["verify.py"] == TOOL.read_bytes()
    spoilt = bytearray(data)
    spoilt[len(spoilt) // 2] ^= 1
    assert not module.verify(bytes(spoilt))["verified"]


@pytest.mark.requirement("CC-03", "CC-04")
async def test_an_export_is_taken_as_often_as_allowed_and_then_gone(house: House) -> None:
    investigator = house.accounts["investigator"]
    export_id = await house.sealed(downloads=2)
    path = house.exports.maker().path(export_id)
    assert b"ftyp" not in path.read_bytes()
    for _ in range(2):
        await house.exports.download(investigator, export_id)
    with pytest.raises(NotNow):
        await house.exports.download(investigator, export_id)
    await house.exports.work()
    assert not path.exists()
    async with house.dbs.city.transaction() as tx:
        kinds = [r[0] for r in await tx.all("select kind from ledger_entry order by recorded_at")]
    assert (kinds.count("footage.export.downloaded.v1"), kinds.count("footage.export.ended.v1")) == (2, 1)
    [(row, words)] = await house.exports.own(investigator)
    assert (row.state, row.end_reason, words) == ("ended", "used-up", None)


@pytest.mark.requirement("CC-04")
async def test_no_copy_outlives_what_it_was_made_of(house: House) -> None:
    row = await house.exports.ask(
        house.accounts["investigator"], house.wanted(download_until=now() + timedelta(days=400))
    )
    assert row.download_until <= min(row.from_at + timedelta(days=30), row.asked_at + timedelta(days=14))


@pytest.mark.requirement("CC-03")
async def test_who_has_no_right_gets_nothing(house: House) -> None:
    with pytest.raises(Forbidden):
        await house.exports.ask(house.accounts["other"], house.wanted())
    with pytest.raises(Forbidden):
        await house.exports.ask(house.accounts["operator"], house.wanted())
    with pytest.raises(Forbidden):
        await house.exports.ask(house.accounts["investigator"], house.wanted(original=True))
    export_id = await house.sealed()
    with pytest.raises(NotFound):
        await house.exports.download(house.accounts["other"], export_id)
    with pytest.raises(Forbidden):
        await house.exports.to_review(house.accounts["operator"])
    with pytest.raises(Forbidden):
        await house.exports.review(house.accounts["investigator"], export_id, [])
    async with house.dbs.city.transaction() as tx:
        for ground_id in await policy.grounds_about(tx, export_id):
            raise AssertionError(ground_id)
        [(ground,)] = await tx.all("select ground_id from policy_ground where kind = 'order'")
        await policy.end_ground(tx, ground, "withdrawn", now())
    with pytest.raises(Forbidden):
        await house.exports.download(house.accounts["investigator"], export_id)


@pytest.mark.parametrize(
    "other",
    [
        {"cameras": frozenset[UUID]()},
        {"until_at": datetime.fromisoformat("2020-01-01T00:00:00Z")},
        {"until_at": now() + timedelta(hours=1)},
        {"from_at": now() - timedelta(days=31)},
    ],
)
async def test_an_export_is_small_settled_and_young_enough(house: House, other: dict[str, Any]) -> None:
    with pytest.raises(TooMuch):
        await house.exports.ask(house.accounts["investigator"], house.wanted(**other))


async def test_an_export_of_nothing_fails_aloud(house: House) -> None:
    earlier = {"from_at": house.began - timedelta(minutes=20), "until_at": house.began - timedelta(minutes=19)}
    row = await house.exports.ask(house.accounts["investigator"], house.wanted(**earlier))
    await house.exports.work()
    [(row, _)] = await house.exports.own(house.accounts["investigator"])
    assert (row.state, row.end_reason) == ("ended", "failed")


@pytest.mark.requirement("CC-03")
async def test_nobody_reviews_an_export_of_his_own(house: House) -> None:
    row = await house.exports.ask(house.accounts["investigator"], house.wanted())
    await house.exports.work()
    async with house.dbs.city.transaction() as tx:
        await tx.execute("update footage_export set asked_by = %s", (house.accounts["lead"].account_id,))
    with pytest.raises(OwnExport):
        await house.exports.review(house.accounts["lead"], row.export_id, [])
