"""All SQL of phones that show a scene, and of the situations they may show."""

from __future__ import annotations

from datetime import datetime
from typing import LiteralString
from uuid import UUID

from ansimnet.kernel.ids import AccountId, AlarmId, CameraId, GroundId, IncidentId
from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row
from ansimnet.slices.footage.model import Guest, Uplink

_UPLINK: LiteralString = """uplink_id, account_id, bearer_id, incident_id, ground_id, started_at, not_after,
    exists (select from footage_scene_guest g where g.guest_id = bearer_id), frames, bytes"""


def _uplink(row: Row) -> Uplink:
    return Uplink(
        uplink_id=CameraId(row[0]),
        account_id=AccountId(row[1]),
        bearer_id=row[2],
        incident_id=IncidentId(row[3]),
        ground_id=GroundId(row[4]),
        started_at=row[5],
        not_after=row[6],
        guest=row[7],
        frames=row[8],
        size=row[9],
    )


# ---------------------------------------------------------------------------------------------------- situations


async def note_scene(
    tx: Tx,
    alarm_id: AlarmId,
    now: datetime,
    *,
    incident_id: UUID | None = None,
    person_id: UUID | None = None,
    certain: bool = False,
) -> None:
    """Note what is known of an alarm; what was known stays."""
    await tx.execute(
        """insert into footage_scene (alarm_id, incident_id, protected_person_id, certain, noted_at)
           values (%s, %s, %s, %s, %s)
           on conflict (centre_id, alarm_id) do update set
               incident_id = coalesce(excluded.incident_id, footage_scene.incident_id),
               protected_person_id = coalesce(excluded.protected_person_id, footage_scene.protected_person_id),
               certain = excluded.certain or footage_scene.certain""",
        (alarm_id, incident_id, person_id, certain, now),
    )


async def clear_scene(tx: Tx, alarm_id: UUID, now: datetime) -> IncidentId | None:
    """Note that a probable alarm cleared; return its incident where no living alarm carries it now."""
    row = await tx.one(
        """update footage_scene set over_at = %s where alarm_id = %s and over_at is null and not certain
           returning incident_id""",
        (now, alarm_id),
    )
    if row is None or row[0] is None:
        return None
    alive = await tx.one("select 1 from footage_scene where incident_id = %s and over_at is null limit 1", (row[0],))
    return IncidentId(row[0]) if alive is None else None


async def close_scene(tx: Tx, incident_id: UUID, now: datetime) -> None:
    """Note that an incident is over."""
    await tx.execute(
        "update footage_scene set over_at = %s where incident_id = %s and over_at is null", (now, incident_id)
    )


async def scene_of(tx: Tx, bearer_id: UUID, now: datetime) -> IncidentId | None:
    """Return the running incident that a phone may show: about its bearer, the newest of two; or a guest's own."""
    row = await tx.one(
        """select incident_id from (
               select incident_id, noted_at from footage_scene
               where protected_person_id = %(id)s and over_at is null and incident_id is not null
               union all
               select incident_id, asked_at from footage_scene_guest
               where guest_id = %(id)s and ended_at is null and until_at > %(now)s
           ) known order by noted_at desc limit 1""",
        {"id": bearer_id, "now": now},
    )
    return None if row is None else IncidentId(row[0])


async def runs(tx: Tx, incident_id: UUID) -> bool:
    """Return whether an incident is known to run."""
    row = await tx.one("select 1 from footage_scene where incident_id = %s and over_at is null limit 1", (incident_id,))
    return row is not None


# -------------------------------------------------------------------------------------------------------- guests


async def add_guest(tx: Tx, g: Guest) -> None:
    """Write who was asked."""
    await tx.execute(
        """insert into footage_scene_guest (guest_id, account_id, incident_id, asked_by, asked_at, until_at)
           values (%s, %s, %s, %s, %s, %s)""",
        (g.guest_id, g.account_id, g.incident_id, g.asked_by, g.asked_at, g.until_at),
    )


async def count_guests(tx: Tx, incident_id: UUID, now: datetime) -> int:
    """Return how many are asked to show an incident now."""
    row = await tx.one(
        "select count(*) from footage_scene_guest where incident_id = %s and ended_at is null and until_at > %s",
        (incident_id, now),
    )
    return 0 if row is None else int(row[0])


async def end_guests(tx: Tx, now: datetime, *, incident_id: UUID | None = None) -> list[AccountId]:
    """End the guests of an incident, or (None) those whose time is up; return their accounts."""
    rows = await tx.all(
        """update footage_scene_guest set ended_at = %(now)s
           where ended_at is null and (incident_id = %(incident)s
               or %(incident)s::uuid is null and until_at <= %(now)s)
           returning account_id""",
        {"now": now, "incident": incident_id},
    )
    return [AccountId(r[0]) for r in rows]


# ------------------------------------------------------------------------------------------------------- uplinks


async def add(tx: Tx, u: Uplink) -> None:
    """Write that a phone begins."""
    await tx.execute(
        """insert into footage_uplink (uplink_id, account_id, bearer_id, incident_id, ground_id, started_at,
               not_after) values (%s, %s, %s, %s, %s, %s, %s)""",
        (u.uplink_id, u.account_id, u.bearer_id, u.incident_id, u.ground_id, u.started_at, u.not_after),
    )


async def open_of(tx: Tx, account_id: UUID, now: datetime) -> Uplink | None:
    """Return what an account's phone shows now; locked, so that two presses are one."""
    row = await tx.one(
        f"""select {_UPLINK} from footage_uplink
            where account_id = %s and ended_at is null and not_after > %s for update""",
        (account_id, now),
    )
    return None if row is None else _uplink(row)


async def load(tx: Tx, uplink_id: UUID) -> Uplink | None:
    """Return an uplink that has not ended."""
    row = await tx.one(f"select {_UPLINK} from footage_uplink where uplink_id = %s and ended_at is null", (uplink_id,))
    return None if row is None else _uplink(row)


async def of_incident(tx: Tx, incident_id: UUID, now: datetime) -> list[Uplink]:
    """Return what phones show of an incident, the newest first."""
    rows = await tx.all(
        f"""select {_UPLINK} from footage_uplink
            where incident_id = %s and ended_at is null and not_after > %s order by started_at desc""",
        (incident_id, now),
    )
    return [_uplink(r) for r in rows]


async def over(tx: Tx, now: datetime) -> list[Uplink]:
    """Return those whose time is up and whose end is not written."""
    rows = await tx.all(
        f"select {_UPLINK} from footage_uplink where ended_at is null and not_after <= %s for update", (now,)
    )
    return [_uplink(r) for r in rows]


async def cap(tx: Tx, incident_id: UUID, until: datetime) -> None:
    """Let an incident's uplinks last no longer than this."""
    await tx.execute(
        """update footage_uplink set not_after = greatest(%(until)s, started_at + interval '1 second')
           where incident_id = %(incident)s and ended_at is null and not_after > %(until)s""",
        {"until": until, "incident": incident_id},
    )


async def end(tx: Tx, uplink_id: UUID, reason: str, now: datetime) -> Uplink | None:
    """Write the end; None where it is written already."""
    row = await tx.one(
        f"""update footage_uplink set ended_at = greatest(%s, started_at), reason = %s
            where uplink_id = %s and ended_at is null returning {_UPLINK}""",
        (now, reason, uplink_id),
    )
    return None if row is None else _uplink(row)


async def count(tx: Tx, uplink_id: UUID, frames: int, size: int) -> None:
    """Add what one connection of a phone brought."""
    await tx.execute(
        "update footage_uplink set frames = frames + %s, bytes = bytes + %s where uplink_id = %s",
        (frames, size, uplink_id),
    )
