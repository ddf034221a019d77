"""The index of the archive in PostgreSQL: a row a camera, track and hour; certificates on the ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

from ansimnet.facts.footage import FootageClockDoubted, FootageClockSettled, FootageDestroyed, FootageDiskFilling
from ansimnet.kernel.clock import Clock
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import CameraId, FactId, new_id
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.footage.archive import rules
from ansimnet.slices.footage.archive.clock import Change
from ansimnet.slices.footage.archive.index import Copied, Covered, Died, DiskState, Hold, Why
from ansimnet.slices.footage.archive.model import LAWFUL_DAYS, Cause, Gap, Term
from ansimnet.slices.footage.model import Track
from ansimnet.slices.footage.store import archive as store
from ansimnet.slices.footage.store.archive import CertificateRow, DestroyedRow, DiskRow, TermRow
from ansimnet.slices.policy import queries as policy

ACTOR = "system:footage"
REMEMBERED = timedelta(days=LAWFUL_DAYS + 90 + 1)
"""A hold that ended so long ago cannot concern anything that is left: footage lives 30 days, a hold 90 at a time."""


def _row(camera_id: CameraId, term: Term) -> TermRow:
    return TermRow(camera_id, term.hour_at, term.epoch, term.days)


def _holds(rows: Iterable[policy.HoldRow]) -> list[Hold]:
    return [
        Hold(
            hold_id=r.hold_id,
            cameras=frozenset(map(CameraId, r.resources)),
            from_at=None if r.covers is None else r.covers[0],
            until_at=None if r.covers is None else r.covers[1],
            ends_at=r.until_at,
            over=r.released_at is not None,
        )
        for r in rows
    ]


class Tables:
    """`index.Index` on the city's database. `archive` names this disk among a centre's."""

    def __init__(self, db: Db, clock: Clock, archive: str) -> None:
        self.db = db
        self.clock = clock
        self.archive = archive

    async def note(self, covered: Sequence[Covered]) -> None:
        async with self.db.transaction() as tx:
            rows = [(str(c.track), _row(c.camera_id, c.term), c.start, c.end) for c in covered]
            await store.cover_all(tx, sorted(rows, key=lambda r: (r[1].camera_id, r[0], r[1].hour_at, r[2])))

    async def note_gap(self, camera_id: CameraId, track: Track, gap: Gap) -> None:
        async with self.db.transaction() as tx:
            await store.put_gap(tx, camera_id, track, gap.start, gap.end, gap.cause, gap.detail)

    async def covered(
        self, camera_id: CameraId, track: Track, start: datetime, end: datetime
    ) -> list[tuple[datetime, datetime]]:
        async with self.db.transaction() as tx:
            return await store.covered(tx, camera_id, track, start, end)

    async def gaps(self, camera_id: CameraId, track: Track, start: datetime, end: datetime) -> list[Gap]:
        async with self.db.transaction() as tx:
            rows = await store.gaps(tx, camera_id, track, start, end)
        return [Gap(r[0], r[1], Cause(r[2]), r[3]) for r in rows]

    async def first(self, camera_id: CameraId, track: Track) -> datetime | None:
        async with self.db.transaction() as tx:
            return await store.first_of(tx, camera_id, track)

    async def agree(self, alive: Collection[tuple[CameraId, Term]]) -> datetime | None:
        async with self.db.transaction() as tx:
            await store.forget_but(tx, [_row(*a) for a in alive])
            return await store.newest(tx)

    async def agree_kept(self, kept: Collection[Copied]) -> list[Copied]:
        async with self.db.transaction() as tx:
            rows = {(hold_id, _row(camera_id, term)): (hold_id, camera_id, term) for hold_id, camera_id, term in kept}
            known = await store.forget_kept_but(tx, list(rows))
        return [copied for row, copied in rows.items() if row not in known]

    async def days(self) -> Mapping[CameraId, int]:
        async with self.db.transaction() as tx:
            return await cameras.kept_shorter(tx, LAWFUL_DAYS)

    async def holds(self) -> list[Hold]:
        async with self.db.transaction() as tx:
            return _holds(await policy.holds_against(tx, (), self.clock.now() - REMEMBERED))

    @asynccontextmanager
    async def destroying(self, cameras: Collection[CameraId]) -> AsyncIterator[_Destroying]:
        """Nobody places a hold on these cameras before the block ends; it commits when the block ends well."""
        async with self.db.transaction() as tx:
            yield _Destroying(tx, _holds(await policy.holds_against(tx, cameras, self.clock.now() - REMEMBERED)))

    async def tell_clock(self, change: Change, at: datetime) -> None:
        fact_id, by_s = FactId(new_id()), round(change.by_s, 3)
        fact: Fact
        if change.doubt is None:
            fact = FootageClockSettled(fact_id=fact_id, happened_at=at, by_s=by_s)
        else:
            fact = FootageClockDoubted(fact_id=fact_id, happened_at=at, doubt=change.doubt, by_s=by_s)
        async with self.db.transaction() as tx:
            await append(tx, fact, actor=ACTOR)

    async def tell_filling(self, full_at: datetime, at: datetime) -> None:
        fact = FootageDiskFilling(fact_id=FactId(new_id()), happened_at=at, archive=self.archive, full_at=full_at)
        async with self.db.transaction() as tx:
            await append(tx, fact, actor=ACTOR)

    async def note_disk(self, state: DiskState) -> None:
        async with self.db.transaction() as tx:
            await store.put_disk(
                tx,
                DiskRow(
                    *(self.archive, state.noted_at, state.total, state.free, state.terms),
                    *(state.oldest_at, state.next_at, state.full_at, state.doubt),
                ),
            )
            await store.forget_gaps(tx, state.noted_at - timedelta(days=LAWFUL_DAYS + 1))


class _Destroying:
    """A transaction that destroys."""

    def __init__(self, tx: Tx, holds: Sequence[Hold]) -> None:
        self._tx = tx
        self.holds = holds

    async def keep(self, hold_id: UUID, covered: Sequence[Covered]) -> None:
        rows = [(str(c.track), _row(c.camera_id, c.term), c.start, c.end) for c in covered]
        await store.keep_all(self._tx, hold_id, rows)

    async def certify(self, why: Why, died: Sequence[Died], at: datetime) -> None:
        certificate_id = new_id()
        rows = [DestroyedRow(_row(d.camera_id, d.term), d.hold_id, d.segments, d.size, d.digest) for d in died]
        listed = set(await store.list_destroyed(self._tx, certificate_id, rows))
        new = [d for d, row in zip(died, rows, strict=True) if row in listed]
        if not new:
            return
        root, size = rules.root_of(new), sum(d.size for d in new)
        await store.add_certificate(self._tx, CertificateRow(certificate_id, why, at, len(new), size, root))
        fact = FootageDestroyed(
            fact_id=FactId(new_id()),
            happened_at=at,
            certificate_id=certificate_id,
            why=why,
            keys=len(new),
            bytes=size,
            first_hour_at=min(d.term.hour_at for d in new),
            last_hour_at=max(d.term.hour_at for d in new),
            root=root.hex(),
        )
        await append(self._tx, fact, actor=ACTOR)
