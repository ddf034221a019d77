"""All SQL of relay workers and of the cameras' health."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from ansimnet.kernel.ids import CameraId
from ansimnet.platform.db import Tx
from ansimnet.slices.footage.model import Health

KEPT = timedelta(days=400)
"""How long health is remembered: the reports of a year, and the last one beside the new one."""


async def register(tx: Tx, worker: int, of: int, url: str, now: datetime) -> None:
    """Say where a worker answers; spells it left open end when it was last alive; workers beyond `of` are forgotten."""
    await tx.execute(
        """update footage_health h set until_at = greatest(h.from_at, w.beat_at) from footage_relay_worker w
           where w.worker = h.worker and h.until_at is null and (w.worker = %s or w.worker >= %s)""",
        (worker, of),
    )
    await tx.execute("delete from footage_health where until_at < %s", (now - KEPT,))
    await tx.execute("delete from footage_relay_worker where worker >= %s", (of,))
    await tx.execute(
        """insert into footage_relay_worker (worker, url, started_at, beat_at) values (%s, %s, %s, %s)
           on conflict (centre_id, worker) do update
               set url = excluded.url, started_at = excluded.started_at, beat_at = excluded.beat_at""",
        (worker, url, now, now),
    )


async def beat(tx: Tx, worker: int, *, cameras: int, viewers: int, full: bool, now: datetime) -> None:
    """Say that a worker lives, and how full it is."""
    await tx.execute(
        "update footage_relay_worker set beat_at = %s, cameras = %s, viewers = %s, is_full = %s where worker = %s",
        (now, cameras, viewers, full, worker),
    )


async def place(tx: Tx, worker: int, cameras: Collection[CameraId]) -> None:
    """Say that this worker pulls exactly these cameras."""
    await tx.execute(
        "delete from footage_relay_camera where worker = %s and camera_id <> all(%s)", (worker, list(cameras))
    )
    await tx.many(
        """insert into footage_relay_camera (camera_id, worker) values (%s, %s)
           on conflict (centre_id, camera_id) do update set worker = excluded.worker""",
        [(c, worker) for c in cameras],
    )


async def url_of(tx: Tx, camera_id: CameraId) -> str | None:
    """Return where viewers of a camera are sent, None while no worker pulls it."""
    row = await tx.one(
        """select w.url from footage_relay_camera c join footage_relay_worker w using (centre_id, worker)
           where c.camera_id = %s""",
        (camera_id,),
    )
    return None if row is None else str(row[0])


async def url_of_worker(tx: Tx, worker: int) -> str | None:
    """Return where a worker answers, None where none of that number ever did."""
    row = await tx.one("select url from footage_relay_worker where worker = %s", (worker,))
    return None if row is None else str(row[0])


async def note(tx: Tx, camera_id: CameraId, worker: int, live: bool, reason: str, now: datetime) -> bool:
    """Begin a spell where this is news; return whether it is."""
    row = await tx.one(
        "select live, reason from footage_health where camera_id = %s and until_at is null", (camera_id,)
    )
    if row is not None and (row[0], row[1]) == (live, reason):
        await tx.execute(
            "update footage_health set worker = %s where camera_id = %s and until_at is null and worker <> %s",
            (worker, camera_id, worker),
        )
        return False
    await tx.execute(
        "update footage_health set until_at = greatest(from_at, %s) where camera_id = %s and until_at is null",
        (now, camera_id),
    )
    await tx.execute(
        """insert into footage_health (camera_id, from_at, worker, live, reason) values (%s, %s, %s, %s, %s)
           on conflict (centre_id, camera_id, from_at) do update
               set until_at = null, worker = excluded.worker, live = excluded.live, reason = excluded.reason""",
        (camera_id, now, worker, live, reason),
    )
    return True


async def health(tx: Tx, now: datetime, camera_ids: Collection[CameraId] | None = None) -> list[Health]:
    """Return how every measured camera, or those of these, is and has been, by its id."""
    rows = await tx.all(
        """with spell as (
               select h.camera_id, h.live, h.reason, h.from_at, h.until_at is null as open, w.beat_at,
                   coalesce(h.until_at, greatest(h.from_at, least(%(now)s, coalesce(w.beat_at, h.from_at)))) as to_at
               from footage_health h left join footage_relay_worker w using (centre_id, worker)
               where %(ids)s::uuid[] is null or h.camera_id = any(%(ids)s)
           ), share as (
               select camera_id, live, open, reason, from_at, beat_at,
                   extract(epoch from greatest(interval '0', to_at - greatest(from_at, %(day)s))) as day_s,
                   extract(epoch from greatest(interval '0', to_at - greatest(from_at, %(quarter)s))) as quarter_s
               from spell
           )
           select camera_id,
               coalesce(bool_or(live) filter (where open), false),
               coalesce(max(reason) filter (where open), 'relay-stopped'),
               max(from_at) filter (where open), max(beat_at) filter (where open),
               coalesce(sum(day_s) filter (where live), 0), sum(day_s),
               coalesce(sum(quarter_s) filter (where live), 0), sum(quarter_s)
           from share group by camera_id order by camera_id""",
        {
            "now": now,
            "day": now - timedelta(hours=24),
            "quarter": now - timedelta(days=90),
            "ids": None if camera_ids is None else list(camera_ids),
        },
    )
    return [Health.of(CameraId(r[0]), r[1], r[2], r[3], r[4], tuple(float(v) for v in r[5:9]), now) for r in rows]


async def spells(tx: Tx, camera_id: CameraId, since: datetime) -> list[tuple[datetime, datetime | None, bool, str]]:
    """Return the spells of a camera that reach beyond `since`, oldest first: from, until (None: now), live, reason."""
    rows = await tx.all(
        """select from_at, until_at, live, reason from footage_health
           where camera_id = %s and (until_at is null or until_at > %s) order by from_at""",
        (camera_id, since),
    )
    return [(r[0], r[1], r[2], r[3]) for r in rows]


async def nearest_given(tx: Tx, most: int, now: datetime) -> frozenset[CameraId]:
    """Return the first cameras of every provision in force: those whose main streams may be armed."""
    rows = await tx.all(
        """select distinct c.camera_id from footage_provision p
           join footage_provision_camera c using (centre_id, provision_id)
           where p.state = 'given' and p.not_after > %s and c.rank <= %s""",
        (now, most),
    )
    return frozenset(CameraId(r[0]) for r in rows)
