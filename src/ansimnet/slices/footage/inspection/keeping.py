"""What the relay keeps of an inspection: means by the hour, references, and tickets the moment they open or close."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from ansimnet.facts.footage import TicketClosed, TicketOpened
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import CameraId, FactId, new_id
from ansimnet.platform import ledger
from ansimnet.platform.db import Db
from ansimnet.slices.cameras import queries as registry
from ansimnet.slices.footage.inspection.judging import Change, Reference, Watch
from ansimnet.slices.footage.inspection.measuring import COLUMNS, ROWS
from ansimnet.slices.footage.inspection.sun import Light
from ansimnet.slices.footage.model import Hour, Ticket
from ansimnet.slices.footage.store import inspections as store

ACTOR = "system:inspection"


@dataclass(frozen=True, slots=True)
class Known:
    """What the database knows of a camera under inspection."""

    place: Point
    view_since: datetime | None
    watch: Watch


async def load(db: Db, camera_ids: Collection[CameraId]) -> dict[CameraId, Known]:
    """Return these cameras as they were last kept; those that left the register are left out."""
    async with db.transaction() as tx:
        cameras = await registry.by_ids(tx, camera_ids)
        since = await store.inspected(tx)
        kept = await store.references(tx, camera_ids)
        opened = await store.open_defects(tx, camera_ids)
    by_camera: dict[CameraId, dict[Light, Reference]] = {}
    for k in kept:
        by_camera.setdefault(k.camera_id, {})[Light(k.light)] = _reference(k)
    return {
        i: Known(
            Point(c.lat, c.lon),
            since[i][1] if i in since else None,
            Watch(references=by_camera.get(i, {}), opened=frozenset(opened.get(i, ()))),
        )
        for i, c in cameras.items()
    }


async def tell(db: Db, camera_id: CameraId, changes: Sequence[Change], now: datetime) -> None:
    """Open and close tickets. Safe to repeat."""
    async with db.transaction() as tx:
        for change in changes:
            if change.opened:
                t = Ticket(new_id(), camera_id, change.defect, change.since, now, change.value, change.limit)
                if await store.open_ticket(tx, t):
                    opened = TicketOpened(
                        fact_id=FactId(new_id()), happened_at=now, ticket_id=t.ticket_id, camera_id=camera_id,
                        defect=t.defect, seen_at=t.seen_at, value=t.value, allowed=t.allowed,
                    )  # fmt: skip
                    await ledger.append(tx, opened, actor=ACTOR)
                continue
            ticket_id = await store.close_ticket(tx, camera_id, change.defect, change.value, now)
            if ticket_id is not None:
                closed = TicketClosed(
                    fact_id=FactId(new_id()), happened_at=now, ticket_id=ticket_id, camera_id=camera_id,
                    defect=change.defect, value=change.value,
                )  # fmt: skip
                await ledger.append(tx, closed, actor=ACTOR)


async def keep(
    db: Db,
    hours: Mapping[CameraId, Sequence[Hour]],
    references: Iterable[tuple[CameraId, Light, Reference]],
    now: datetime,
) -> None:
    """Keep means and references. References not learnt yet are not kept: few pictures could still show somebody."""
    kept = [_kept(camera_id, light, r, now) for camera_id, light, r in references if r.learnt]
    async with db.transaction() as tx:
        await store.add_hours(tx, hours)
        await store.keep_references(tx, kept)


def _kept(camera_id: CameraId, light: Light, r: Reference, now: datetime) -> store.KeptReference:
    edges = np.rint(r.edges).astype(np.uint8).tobytes()
    return store.KeptReference(
        camera_id, light, edges, r.sharpness, r.brightness, r.detail, r.calm, r.quiet, r.readings, now
    )


def _reference(k: store.KeptReference) -> Reference:
    edges = np.frombuffer(k.edges, np.uint8).reshape(ROWS, COLUMNS).astype(np.float32)
    return Reference(edges, k.sharpness, k.brightness, k.detail, k.calm, k.quiet, k.readings)
