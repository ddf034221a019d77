"""SQL of set-ups, tunings, the budget."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from ansimnet.facts.vision import Behaviour
from ansimnet.kernel.ids import AccountId, CameraId
from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row
from ansimnet.slices.vision.model import Budget, Platt, Tuning


async def latest(
    tx: Tx, cameras: Collection[CameraId] | None = None
) -> dict[CameraId, tuple[int, dict[str, Any], datetime]]:
    """Return the set-up in force of each camera that has one: version, document, since when."""
    rows = await tx.all(
        """select distinct on (camera_id) camera_id, version, document, set_at from vision_setup
           where %s::uuid[] is null or camera_id = any(%s) order by camera_id, version desc""",
        (None if cameras is None else list(cameras), None if cameras is None else list(cameras)),
    )
    return {CameraId(r[0]): (r[1], r[2], r[3]) for r in rows}


async def versions(tx: Tx, camera_id: CameraId) -> list[tuple[int, dict[str, Any], AccountId, datetime]]:
    """Return every version of a camera's set-up, the newest first."""
    rows = await tx.all(
        "select version, document, set_by, set_at from vision_setup where camera_id = %s order by version desc",
        (camera_id,),
    )
    return [(r[0], r[1], AccountId(r[2]), r[3]) for r in rows]


async def add_version(
    tx: Tx, camera_id: CameraId, version: int, document: Mapping[str, Any], by: AccountId, now: datetime
) -> bool:
    """Keep a new version; False where somebody else made it a moment ago."""
    row = await tx.one(
        """insert into vision_setup (camera_id, version, document, set_by, set_at) values (%s, %s, %s, %s, %s)
           on conflict do nothing returning 1""",
        (camera_id, version, Jsonb(dict(document)), by, now),
    )
    return row is not None


_TUNING: LiteralString = """camera_id, behaviour, version, threshold, slope, "offset", state, trues, falses, brier,
    brier_before, kept_share, made_at"""


def _tuning(r: Row) -> Tuning:
    return Tuning(
        camera_id=CameraId(r[0]), behaviour=Behaviour(r[1]), version=r[2], threshold=r[3], platt=Platt(r[4], r[5]),
        state=r[6], trues=r[7], falses=r[8], brier=r[9], brier_before=r[10], kept_share=r[11], made_at=r[12],
    )  # fmt: skip


async def tunings(tx: Tx, states: Collection[str], camera_id: CameraId | None = None) -> list[Tuning]:
    """Return tunings in these states, of one camera or of all."""
    rows = await tx.all(
        f"""select {_TUNING} from vision_tuning where state = any(%s) and (%s::uuid is null or camera_id = %s)
            order by made_at desc, camera_id, behaviour""",
        (list(states), camera_id, camera_id),
    )
    return [_tuning(r) for r in rows]


async def tuning(tx: Tx, camera_id: CameraId, behaviour: Behaviour, state: str) -> Tuning | None:
    """Return the tuning of a camera's behaviour in a state, locked."""
    row = await tx.one(
        f"select {_TUNING} from vision_tuning where camera_id = %s and behaviour = %s and state = %s for update",
        (camera_id, behaviour, state),
    )
    return None if row is None else _tuning(row)


async def next_version(tx: Tx, camera_id: CameraId, behaviour: Behaviour) -> int:
    """Return the next number of a camera's tuning, of one transaction at a time."""
    await tx.execute(
        "select pg_advisory_xact_lock(hashtextextended('vision-tuning/' || %s || %s, 0))", (str(camera_id), behaviour)
    )
    row = await tx.one(
        "select coalesce(max(version), 0) + 1 from vision_tuning where camera_id = %s and behaviour = %s",
        (camera_id, behaviour),
    )
    assert row is not None
    return int(row[0])


async def retire(tx: Tx, camera_id: CameraId, behaviour: Behaviour, state: str, now: datetime) -> None:
    """Replace what is in this state, to make room for the next."""
    await tx.execute(
        """update vision_tuning set state = 'replaced', decided_at = coalesce(decided_at, %s)
           where camera_id = %s and behaviour = %s and state = %s""",
        (now, camera_id, behaviour, state),
    )


async def add_tuning(tx: Tx, t: Tuning) -> None:
    """Keep a tuning."""
    await tx.execute(
        f"insert into vision_tuning ({_TUNING}) values ({', '.join(['%s'] * 13)})",
        (
            t.camera_id, t.behaviour, t.version, t.threshold, t.platt.slope, t.platt.offset, t.state, t.trues,
            t.falses, t.brier, t.brier_before, t.kept_share, t.made_at,
        ),
    )  # fmt: skip


async def decide(tx: Tx, t: Tuning, state: str, by: AccountId, now: datetime) -> None:
    """Put a proposed tuning in force, or refuse it."""
    await tx.execute(
        """update vision_tuning set state = %s, decided_by = %s, decided_at = %s
           where camera_id = %s and behaviour = %s and version = %s""",
        (state, by, now, t.camera_id, t.behaviour, t.version),
    )


async def budget(tx: Tx) -> Budget | None:
    """Return the centre's own budget."""
    row = await tx.one("select per_shift, shift_hours from vision_budget")
    return None if row is None else Budget(row[0], row[1])


async def set_budget(tx: Tx, chosen: Budget, by: AccountId, now: datetime) -> None:
    """Keep the centre's own budget."""
    await tx.execute(
        """insert into vision_budget (centre_id, per_shift, shift_hours, set_by, set_at)
           values (my_centre(), %s, %s, %s, %s) on conflict (centre_id) do update set per_shift = excluded.per_shift,
               shift_hours = excluded.shift_hours, set_by = excluded.set_by, set_at = excluded.set_at""",
        (chosen.per_shift, chosen.shift_hours, by, now),
    )
