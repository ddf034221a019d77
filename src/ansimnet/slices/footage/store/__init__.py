"""All SQL of the footage tables."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import (
    AccountId,
    AlarmId,
    CameraId,
    CentreId,
    GroundId,
    IncidentId,
    PermitId,
    ProvisionId,
    SubjectId,
    WearerId,
)
from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row
from ansimnet.slices.footage.model import Chosen, Listed, Mark, OpenView, Provision, State, Subject

_PROVISION: LiteralString = """provision_id, from_centre, to_centre, alarm_id, subject_id, wearer_id, trigger, statute,
    state, reason, ground_id, requested_at, answered_at, not_after, ended_at,
    lat, lon, error_m, speed_mps, course_deg, seen_at"""


def _provision(row: Row) -> Provision:
    lat, lon, error_m, speed_mps, course_deg, seen_at = row[15:21]
    return Provision(
        provision_id=ProvisionId(row[0]),
        from_centre=CentreId(row[1]),
        to_centre=CentreId(row[2]),
        alarm_id=AlarmId(row[3]),
        subject_id=SubjectId(row[4]),
        wearer_id=None if row[5] is None else WearerId(row[5]),
        trigger=row[6],
        statute=row[7],
        state=State(row[8]),
        reason=row[9],
        ground_id=None if row[10] is None else GroundId(row[10]),
        requested_at=row[11],
        answered_at=row[12],
        not_after=row[13],
        ended_at=row[14],
        subject=None if lat is None else Subject(Point(lat, lon), error_m, speed_mps, course_deg, seen_at),
    )


async def add_provision(tx: Tx, p: Provision) -> None:
    """Write a new provision."""
    s = p.subject
    place = (None,) * 6 if s is None else (s.point.lat, s.point.lon, s.error_m, s.speed_mps, s.course_deg, s.seen_at)
    await tx.execute(
        f"""insert into footage_provision ({_PROVISION})
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        (
            *(p.provision_id, p.from_centre, p.to_centre, p.alarm_id, p.subject_id, p.wearer_id, p.trigger, p.statute),
            *(p.state, p.reason, p.ground_id, p.requested_at, p.answered_at, p.not_after, p.ended_at, *place),
        ),
    )


async def load_provision(tx: Tx, provision_id: UUID, *, lock: bool = False) -> Provision | None:
    """Return a provision; `lock` keeps others from changing it in this transaction."""
    sql: LiteralString = f"select {_PROVISION} from footage_provision where provision_id = %s"
    row = await tx.one(sql + (" for update" if lock else ""), (provision_id,))
    return None if row is None else _provision(row)


async def open_of_wearer(tx: Tx, wearer_id: WearerId) -> Provision | None:
    """Return the provision in force about a wearer."""
    row = await tx.one(
        f"""select {_PROVISION} from footage_provision where wearer_id = %s and state in ('requested', 'given')
            order by requested_at desc limit 1""",
        (wearer_id,),
    )
    return None if row is None else _provision(row)


async def of_alarm(tx: Tx, alarm_id: AlarmId) -> Provision | None:
    """Return the provision an alarm belongs to."""
    row = await tx.one(
        f"""select {_PROVISION} from footage_provision
            where provision_id = (select provision_id from footage_alarm where alarm_id = %s)""",
        (alarm_id,),
    )
    return None if row is None else _provision(row)


async def of_incident(tx: Tx, incident_id: UUID) -> list[Provision]:
    """Return the provisions of an incident, the newest first."""
    rows = await tx.all(
        f"""select {_PROVISION} from footage_provision where provision_id in
            (select provision_id from footage_alarm where incident_id = %s) order by requested_at desc""",
        (incident_id,),
    )
    return [_provision(r) for r in rows]


async def all_open(tx: Tx) -> list[Provision]:
    """Return every provision that asks or gives, the newest first."""
    rows = await tx.all(
        f"""select {_PROVISION} from footage_provision where state in ('requested', 'given')
            order by requested_at desc"""
    )
    return [_provision(r) for r in rows]


async def newest(tx: Tx, limit: int) -> list[Provision]:
    """Return the newest provisions in any state."""
    rows = await tx.all(f"select {_PROVISION} from footage_provision order by requested_at desc limit %s", (limit,))
    return [_provision(r) for r in rows]


async def over(tx: Tx, now: datetime) -> list[ProvisionId]:
    """Return the given provisions whose time is up."""
    rows = await tx.all("select provision_id from footage_provision where state = 'given' and not_after <= %s", (now,))
    return [ProvisionId(r[0]) for r in rows]


async def set_given(
    tx: Tx, provision_id: UUID, *, not_after: datetime, ground_id: GroundId | None, now: datetime
) -> None:
    """Note that a provision was given; without a ground it keeps its own."""
    await tx.execute(
        """update footage_provision set state = 'given', answered_at = %s, not_after = %s,
               ground_id = coalesce(%s, ground_id)
           where provision_id = %s and state = 'requested'""",
        (now, not_after, ground_id, provision_id),
    )


async def set_end(tx: Tx, provision_id: UUID, not_after: datetime) -> None:
    """Move the end of a given provision."""
    await tx.execute(
        "update footage_provision set not_after = %s where provision_id = %s and state = 'given'",
        (not_after, provision_id),
    )


async def finish(tx: Tx, provision_id: UUID, state: State, reason: str, now: datetime) -> bool:
    """Refuse or end a provision and forget where its subject was; return whether it was open."""
    row = await tx.one(
        """update footage_provision set state = %s, reason = %s, ended_at = %s, lat = null, lon = null,
               error_m = null, speed_mps = null, course_deg = null, seen_at = null
           where provision_id = %s and state in ('requested', 'given') returning 1""",
        (state, reason, now, provision_id),
    )
    return row is not None


async def move_subject(tx: Tx, provision_id: UUID, subject: Subject) -> bool:
    """Note where the subject is; False for news older than what is known."""
    row = await tx.one(
        """update footage_provision set lat = %s, lon = %s, error_m = %s, speed_mps = %s, course_deg = %s, seen_at = %s
           where provision_id = %s and state in ('requested', 'given') and (seen_at is null or seen_at <= %s)
           returning 1""",
        (
            *(subject.point.lat, subject.point.lon, subject.error_m, subject.speed_mps, subject.course_deg),
            *(subject.seen_at, provision_id, subject.seen_at),
        ),
    )
    return row is not None


# ------------------------------------------------------------------------------------------------- cameras


async def list_cameras(tx: Tx, provision_id: UUID, chosen: Sequence[Chosen], now: datetime) -> None:
    """Replace the list, best first. Cameras that leave it stay known, without a rank."""
    await tx.execute(
        "update footage_provision_camera set rank = null, sees = false, arrives_in_s = null where provision_id = %s",
        (provision_id,),
    )
    await tx.many(
        """insert into footage_provision_camera (provision_id, camera_id, rank, sees, arrives_in_s, added_at)
           values (%s, %s, %s, %s, %s, %s)
           on conflict (centre_id, provision_id, camera_id) do update
               set rank = excluded.rank, sees = excluded.sees, arrives_in_s = excluded.arrives_in_s""",
        [(provision_id, c.camera_id, i, c.sees, c.arrives_in_s, now) for i, c in enumerate(chosen, 1)],
    )


async def cameras_of(tx: Tx, provision_id: UUID) -> list[Listed]:
    """Return every camera a provision opened, the listed ones first."""
    rows = await tx.all(
        """select camera_id, rank, sees, arrives_in_s from footage_provision_camera where provision_id = %s
           order by rank nulls last, added_at""",
        (provision_id,),
    )
    return [Listed(CameraId(r[0]), r[1], r[2], r[3]) for r in rows]


# ------------------------------------------------------------------------------------------------- alarms


async def tie_alarm(tx: Tx, alarm_id: AlarmId, provision_id: ProvisionId) -> None:
    """Say which provision an alarm belongs to."""
    await tx.execute(
        """insert into footage_alarm (alarm_id, provision_id) values (%s, %s)
           on conflict (centre_id, alarm_id) do update set provision_id = excluded.provision_id, cleared = false""",
        (alarm_id, provision_id),
    )


async def tie_incident(tx: Tx, alarm_id: AlarmId, incident_id: IncidentId) -> ProvisionId | None:
    """Say which incident an alarm belongs to; return its provision."""
    row = await tx.one(
        """insert into footage_alarm (alarm_id, incident_id) values (%s, %s)
           on conflict (centre_id, alarm_id) do update set incident_id = excluded.incident_id returning provision_id""",
        (alarm_id, incident_id),
    )
    return None if row is None or row[0] is None else ProvisionId(row[0])


async def incident_of(tx: Tx, alarm_id: AlarmId) -> IncidentId | None:
    """Return the incident an alarm belongs to."""
    row = await tx.one("select incident_id from footage_alarm where alarm_id = %s", (alarm_id,))
    return None if row is None or row[0] is None else IncidentId(row[0])


async def clear_alarm(tx: Tx, alarm_id: AlarmId) -> ProvisionId | None:
    """Note that an alarm was taken back; return its provision where no other alarm carries it."""
    row = await tx.one(
        "update footage_alarm set cleared = true where alarm_id = %s returning provision_id", (alarm_id,)
    )
    if row is None or row[0] is None:
        return None
    left = await tx.one("select 1 from footage_alarm where provision_id = %s and not cleared", (row[0],))
    return ProvisionId(row[0]) if left is None else None


async def provisions_of_alarms(tx: Tx, alarm_ids: Collection[AlarmId], incident_id: IncidentId) -> list[ProvisionId]:
    """Return the provisions of these alarms and of this incident."""
    rows = await tx.all(
        """select distinct provision_id from footage_alarm
           where (alarm_id = any(%s) or incident_id = %s) and provision_id is not null""",
        (list(alarm_ids), incident_id),
    )
    return [ProvisionId(r[0]) for r in rows]


# ------------------------------------------------------------------------------------------------- views and marks


async def add_view(tx: Tx, view: OpenView, provision_id: ProvisionId | None, relay: str) -> None:
    """Write that somebody looks."""
    await tx.execute(
        """insert into footage_view (view_id, permit_id, provision_id, camera_id, viewer, masking, relay, opened_at)
           values (%s, %s, %s, %s, %s, %s, %s, %s)""",
        (
            *(view.view_id, view.permit_id, provision_id, view.camera_id),
            *(view.viewer, view.masking, relay, view.opened_at),
        ),
    )


async def end_view(tx: Tx, view_id: UUID, reason: str, now: datetime, *, frames: int, size: int, shed: int) -> bool:
    """Write that somebody stopped looking; False where that is written already."""
    row = await tx.one(
        """update footage_view set closed_at = %s, reason = %s, frames = %s, bytes = %s, shed = %s
           where view_id = %s and closed_at is null returning 1""",
        (now, reason, frames, size, shed, view_id),
    )
    return row is not None


async def views_now(tx: Tx, provision_id: UUID) -> list[OpenView]:
    """Return who looks under a provision now."""
    rows = await tx.all(
        """select view_id, permit_id, camera_id, viewer, masking, opened_at from footage_view
           where provision_id = %s and closed_at is null order by opened_at""",
        (provision_id,),
    )
    return [_view(r) for r in rows]


async def views_of_relay(tx: Tx, relay: str) -> list[tuple[OpenView, ProvisionId | None]]:
    """Return the views that a relay has open: after its crash, those it never closed."""
    rows = await tx.all(
        """select view_id, permit_id, camera_id, viewer, masking, opened_at, provision_id from footage_view
           where relay = %s and closed_at is null""",
        (relay,),
    )
    return [(_view(r), None if r[6] is None else ProvisionId(r[6])) for r in rows]


def _view(row: Row) -> OpenView:
    return OpenView(
        view_id=row[0],
        permit_id=PermitId(row[1]),
        camera_id=CameraId(row[2]),
        viewer=row[3],
        masking=row[4],
        opened_at=row[5],
    )


async def set_mark(
    tx: Tx, provision_id: UUID, camera_id: CameraId, account_id: AccountId, mark: Mark, now: datetime
) -> None:
    """Remember the track a viewer marked."""
    await tx.execute(
        """insert into footage_mark (provision_id, camera_id, account_id, permit_id, track, marked_at)
           values (%s, %s, %s, %s, %s, %s)
           on conflict (centre_id, provision_id, camera_id, account_id) do update
               set permit_id = excluded.permit_id, track = excluded.track, marked_at = excluded.marked_at""",
        (provision_id, camera_id, account_id, mark.permit_id, mark.track, now),
    )


async def mark_of(tx: Tx, provision_id: UUID, camera_id: CameraId, account_id: AccountId) -> Mark | None:
    """Return the track a viewer marked."""
    row = await tx.one(
        """select permit_id, track from footage_mark
           where provision_id = %s and camera_id = %s and account_id = %s""",
        (provision_id, camera_id, account_id),
    )
    return None if row is None else Mark(PermitId(row[0]), row[1])


async def pair_permits(tx: Tx, permit_id: PermitId, there: PermitId, provision_id: UUID) -> None:
    """Remember which permit of the giving centre stands behind one of ours. Safe to run twice."""
    await tx.execute(
        """insert into footage_guest_permit (permit_id, there_permit_id, provision_id) values (%s, %s, %s)
           on conflict do nothing""",
        (permit_id, there, provision_id),
    )


async def paired_permits(tx: Tx, permit_ids: Collection[PermitId]) -> dict[ProvisionId, list[PermitId]]:
    """Return the giving centre's permits behind these of ours, by provision in force."""
    rows = await tx.all(
        """select g.provision_id, array_agg(distinct g.there_permit_id) from footage_guest_permit g
           join footage_provision p using (centre_id, provision_id)
           where g.permit_id = any(%s) and p.state = 'given' group by g.provision_id""",
        (list(permit_ids),),
    )
    return {ProvisionId(r[0]): [PermitId(i) for i in r[1]] for r in rows}
