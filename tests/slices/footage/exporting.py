"""A city with something recorded, and the people of an export: what the tests of exports stand on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from evaluation._evidence_studio import recorded, street
from tests.platform.ledger_kit import sealer_of
from tests.slices.footage.centres import camera_rows

from ansimnet.kernel.clock import SystemClock, now
from ansimnet.kernel.ids import CameraId, new_id
from ansimnet.kernel.permits import Act, GroundKind, Role
from ansimnet.platform.db import Dbs
from ansimnet.platform.settings import Settings
from ansimnet.slices.cameras import store as camera_store
from ansimnet.slices.footage.archive.archive import Archive
from ansimnet.slices.footage.archive.opening import open_archive
from ansimnet.slices.footage.archive.segments import Body, Mark
from ansimnet.slices.footage.evidence.anchoring import Anchors, telling
from ansimnet.slices.footage.evidence.making import SEALING_KEY
from ansimnet.slices.footage.evidence.seal import Sealer
from ansimnet.slices.footage.masking.decisions import Verdict
from ansimnet.slices.footage.model import Span, Track
from ansimnet.slices.footage.recording.cutter import Piece
from ansimnet.slices.footage.service.deciding import decide
from ansimnet.slices.footage.service.exports import Exports, Wanted, exports_of
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
        self.anchors = Anchors(archive, telling(dbs.city, SystemClock()))
        self.began = now() - timedelta(minutes=2)

    def record(self, pieces: list[Piece], track: Track = Track.SUB) -> None:
        """Put pieces into the archive as the recorder does, two minutes ago."""
        assert self.dbs.city.keys is not None
        sealer = Sealer(self.dbs.city.keys.signer(SEALING_KEY))
        off = self.began - pieces[0].start
        for piece in pieces:
            moved = replace(piece, start=piece.start + off, end=piece.end + off)
            seal = sealer.seal(self.camera_id, track, moved)
            body = Body(
                init=piece.frames[0].init,
                frames=tuple(Mark(f.dts, f.pts, f.key, len(f.fragment)) for f in piece.frames),
                fragments=b"".join(f.fragment for f in piece.frames),
                sightings=piece.sightings,
                seals=seal,
            )
            segment = self.archive.put(self.camera_id, track, moved.start, moved.end, body)
            self.anchors.add(segment, seal)

    def span(self, from_s: float = 1.0, until_s: float = 7.0, camera_id: CameraId | None = None) -> Span:
        """Return a time of a camera, in seconds from the beginning of what was recorded."""
        begins, ends = (self.began + timedelta(seconds=s) for s in (from_s, until_s))
        return Span(camera_id or self.camera_id, begins, ends)

    def wanted(self, **other: Any) -> Wanted:
        """Return what the investigator asks for."""
        return replace(
            Wanted(
                spans=(self.span(),),
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
        await self.decided(row.export_id)
        await self.exports.review(self.accounts["lead"], row.export_id, [])
        await self.exports.work()
        return row.export_id

    async def decided(self, export_id: UUID) -> None:
        """Decide about every doubtful frame as the lead."""
        lead = self.accounts["lead"]
        for row, _ in await self.exports.to_review(lead):
            for number in range(len(row.doubts) if row.export_id == export_id else 0):
                await decide(self.exports, lead, export_id, number, Verdict.MASK, None)


@contextlib.asynccontextmanager
async def recorded_city(dbs: Dbs, folder: Path, password: str | None = None) -> AsyncIterator[House]:
    """Yield a city of which ten seconds were recorded two minutes ago, with a sealer at work."""
    settings = Settings(data_dir=folder)
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
            made.accounts[login] = await policy.create_account(
                tx, login=login, role=role, display=login, now=now(), password=password
            )
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
    await made.anchors.turn()
    sealing = asyncio.create_task(sealer_of(dbs, folder / "ledger").run())
    try:
        yield made
    finally:
        sealing.cancel()
        await asyncio.gather(sealing, return_exceptions=True)
