"""All SQL of the archive's tables."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row


@dataclass(frozen=True, slots=True)
class TermRow:
    """A camera's hour as the tables name it."""

    camera_id: UUID
    hour_at: datetime
    epoch: int
    days: int


@dataclass(frozen=True, slots=True)
class DestroyedRow:
    """A line of a certificate."""

    term: TermRow
    hold_id: UUID | None
    segments: int
    size: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """A certificate without its list."""

    certificate_id: UUID
    why: str
    destroyed_at: datetime
    keys: int
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class DiskRow:
    """How an archive's disk stood."""

    archive: str
    noted_at: datetime
    total: int
    free: int
    terms: int
    oldest_at: datetime | None
    next_at: datetime | None
    full_at: datetime | None
    doubt: str | None


async def cover_all(tx: Tx, covered: Sequence[tuple[str, TermRow, datetime, datetime]]) -> None:
    """Add time to what reels cover, and remember since when each track is recorded."""
    await tx.many(
        """insert into footage_reel (camera_id, track, hour_at, epoch, days, covers)
           values (%s, %s, %s, %s, %s, tstzmultirange(tstzrange(%s, %s)))
           on conflict (centre_id, camera_id, track, hour_at, epoch, days)
           do update set covers = footage_reel.covers + excluded.covers""",
        [(t.camera_id, track, t.hour_at, t.epoch, t.days, start, end) for track, t, start, end in covered],
    )
    first: dict[tuple[UUID, str], datetime] = {}
    for track, t, start, _ in covered:
        first[t.camera_id, track] = min(start, first.get((t.camera_id, track), start))
    await tx.many(
        """insert into footage_track (camera_id, track, first_at) values (%s, %s, %s)
           on conflict (centre_id, camera_id, track) do update set first_at = excluded.first_at
           where footage_track.first_at > excluded.first_at""",
        [(*at, first_at) for at, first_at in sorted(first.items())],
    )


async def first_of(tx: Tx, camera_id: UUID, track: str) -> datetime | None:
    """Return since when a track is recorded."""
    row = await tx.one(
        "select first_at from footage_track where camera_id = %s and track = %s", (camera_id, track)
    )  # fmt: skip
    return None if row is None else row[0]


async def covered(
    tx: Tx, camera_id: UUID, track: str, start: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """Return the covered time in `[start, end)`."""
    rows = await tx.all(
        """select lower(span), upper(span)
           from (select range_agg(covers) as covers
                 from (select camera_id, track, hour_at, covers from footage_reel
                       union all select camera_id, track, hour_at, covers from footage_kept) as known
                 where camera_id = %s and track = %s and hour_at > %s and hour_at < %s) as found,
                unnest(covers * tstzmultirange(tstzrange(%s, %s))) as span order by 1""",
        (camera_id, track, start - timedelta(hours=2), end, start, end),
    )
    return [(row[0], row[1]) for row in rows]


async def keep_all(tx: Tx, hold_id: UUID, covered: Sequence[tuple[str, TermRow, datetime, datetime]]) -> None:
    """Add time to what a hold's copies cover."""
    await tx.many(
        """insert into footage_kept (hold_id, camera_id, track, hour_at, epoch, days, covers)
           values (%s, %s, %s, %s, %s, %s, tstzmultirange(tstzrange(%s, %s)))
           on conflict (centre_id, hold_id, camera_id, track, hour_at, epoch, days)
           do update set covers = footage_kept.covers + excluded.covers""",
        [(hold_id, t.camera_id, track, t.hour_at, t.epoch, t.days, start, end) for track, t, start, end in covered],
    )


async def forget_kept_but(tx: Tx, kept: Collection[tuple[UUID, TermRow]]) -> set[tuple[UUID, TermRow]]:
    """Forget the copies of holds that are not among these; return those that are left."""
    await tx.execute(
        """delete from footage_kept k where not exists (
               select from unnest(%s::uuid[], %s::uuid[], %s::timestamptz[], %s::int[], %s::int[])
                   as a (hold_id, camera_id, hour_at, epoch, days)
               where a.hold_id = k.hold_id and a.camera_id = k.camera_id and a.hour_at = k.hour_at
                   and a.epoch = k.epoch and a.days = k.days)""",
        ([hold_id for hold_id, _ in kept], *_columns([t for _, t in kept])),
    )
    rows = await tx.all("select distinct hold_id, camera_id, hour_at, epoch, days from footage_kept")
    return {(row[0], TermRow(*row[1:])) for row in rows}


async def forget_but(tx: Tx, alive: Collection[TermRow]) -> None:
    """Forget every reel of a term that is not among these."""
    await tx.execute(
        """delete from footage_reel r where not exists (
               select from unnest(%s::uuid[], %s::timestamptz[], %s::int[], %s::int[])
                   as a (camera_id, hour_at, epoch, days)
               where a.camera_id = r.camera_id and a.hour_at = r.hour_at and a.epoch = r.epoch and a.days = r.days)""",
        _columns(alive),
    )


def _columns(terms: Collection[TermRow]) -> tuple[list[UUID], list[datetime], list[int], list[int]]:
    found = list(terms)
    return [t.camera_id for t in found], [t.hour_at for t in found], [t.epoch for t in found], [t.days for t in found]


async def newest(tx: Tx) -> datetime | None:
    """Return the newest instant covered."""
    row = await tx.one(
        """select max(upper(covers)) from footage_reel
           where hour_at >= (select max(hour_at) - interval '1 hour' from footage_reel)"""
    )
    return None if row is None else row[0]


async def put_gap(
    tx: Tx, camera_id: UUID, track: str, start: datetime, end: datetime, cause: str, detail: str
) -> None:  # fmt: skip
    """Note a gap; one that begins at the same instant is replaced."""
    await tx.execute(
        """insert into footage_gap (camera_id, track, start_at, end_at, cause, detail) values (%s, %s, %s, %s, %s, %s)
           on conflict (centre_id, camera_id, track, start_at)
           do update set end_at = excluded.end_at, cause = excluded.cause, detail = excluded.detail""",
        (camera_id, track, start, end, cause, detail),
    )


async def gaps(tx: Tx, camera_id: UUID, track: str, start: datetime, end: datetime) -> list[Row]:
    """Return start, end, cause and detail of the gaps that touch a time."""
    return await tx.all(
        """select start_at, end_at, cause, detail from footage_gap
           where camera_id = %s and track = %s and start_at < %s and end_at > %s order by start_at""",
        (camera_id, track, end, start),
    )


async def forget_gaps(tx: Tx, before: datetime) -> None:
    """Forget gaps in a time of which there can be no pictures any more."""
    await tx.execute("delete from footage_gap where end_at < %s", (before,))


async def list_destroyed(tx: Tx, certificate_id: UUID, rows: Sequence[DestroyedRow]) -> list[DestroyedRow]:
    """Put lines on a certificate's list, and forget what they covered; return those no certificate listed before."""
    new = list[DestroyedRow]()
    for row in rows:
        t = row.term
        said = await tx.one(
            """insert into footage_destroyed
                   (certificate_id, place, camera_id, hour_at, epoch, days, hold_id, segments, bytes, digest)
               values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
               on conflict (centre_id, camera_id, hour_at, epoch, days, hold_id) do nothing returning place""",
            (
                *(certificate_id, len(new), t.camera_id, t.hour_at, t.epoch, t.days),
                *(row.hold_id, row.segments, row.size, row.digest),
            ),
        )
        if said is not None:
            new.append(row)
        at = (t.camera_id, t.hour_at, t.epoch, t.days)
        if row.hold_id is None:
            await tx.execute(
                "delete from footage_reel where camera_id = %s and hour_at = %s and epoch = %s and days = %s", at
            )
        else:
            await tx.execute(
                """delete from footage_kept
                   where camera_id = %s and hour_at = %s and epoch = %s and days = %s and hold_id = %s""",
                (*at, row.hold_id),
            )
    return new


async def add_certificate(tx: Tx, row: CertificateRow) -> None:
    """Put a certificate on file."""
    await tx.execute(
        """insert into footage_certificate (certificate_id, why, destroyed_at, keys, bytes, root)
           values (%s, %s, %s, %s, %s, %s)""",
        (row.certificate_id, row.why, row.destroyed_at, row.keys, row.size, row.root),
    )


async def certificates(tx: Tx, limit: int) -> list[CertificateRow]:
    """Return the newest certificates."""
    rows = await tx.all(
        """select certificate_id, why, destroyed_at, keys, bytes, root from footage_certificate
           order by destroyed_at desc limit %s""",
        (limit,),
    )
    return [CertificateRow(*row) for row in rows]


async def certificate(tx: Tx, certificate_id: UUID) -> CertificateRow | None:
    """Return a certificate."""
    row = await tx.one(
        """select certificate_id, why, destroyed_at, keys, bytes, root from footage_certificate
           where certificate_id = %s""",
        (certificate_id,),
    )
    return None if row is None else CertificateRow(*row)


async def list_of(tx: Tx, certificate_id: UUID) -> list[DestroyedRow]:
    """Return a certificate's list, in its order."""
    rows = await tx.all(
        """select camera_id, hour_at, epoch, days, hold_id, segments, bytes, digest from footage_destroyed
           where certificate_id = %s order by place""",
        (certificate_id,),
    )
    return [DestroyedRow(TermRow(*row[:4]), *row[4:]) for row in rows]


async def put_disk(tx: Tx, row: DiskRow) -> None:
    """Note how an archive's disk stands."""
    await tx.execute(
        """insert into footage_disk
               (archive, noted_at, total_bytes, free_bytes, terms, oldest_at, next_at, full_at, doubt)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
           on conflict (centre_id, archive) do update set noted_at = excluded.noted_at,
               total_bytes = excluded.total_bytes, free_bytes = excluded.free_bytes, terms = excluded.terms,
               oldest_at = excluded.oldest_at, next_at = excluded.next_at, full_at = excluded.full_at,
               doubt = excluded.doubt""",
        (
            *(row.archive, row.noted_at, row.total, row.free, row.terms),
            *(row.oldest_at, row.next_at, row.full_at, row.doubt),
        ),
    )


async def disks(tx: Tx) -> list[DiskRow]:
    """Return how every archive's disk stood when it was last measured."""
    rows = await tx.all(
        """select archive, noted_at, total_bytes, free_bytes, terms, oldest_at, next_at, full_at, doubt
           from footage_disk order by archive"""
    )
    return [DiskRow(*row) for row in rows]
