"""Who looks after whom, and the checks of devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.ids import AlarmId, DeviceId, WearerId
from ansimnet.platform.db import Tx
from ansimnet.slices.supervision.model.procedure import Anomaly, Officer, Remedy
from ansimnet.slices.supervision.store.procedure import opened, sealed


async def lock_officer(tx: Tx, officer: UUID) -> None:
    """Let nobody else change this officer's caseload until the transaction ends."""
    await tx.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"caseload {officer}"])


async def wearers_of(tx: Tx, officer: UUID, now: datetime) -> Officer:
    """Return an officer with the wearers under an order in force that are assigned to him."""
    rows = await tx.all(
        """select w.wearer_id, w.priors from supervision_assignment a join supervision_wearer w using (wearer_id)
           where a.officer = %s and a.ended_at is null and w.order_until_at > %s order by w.wearer_id""",
        [officer, now],
    )
    return Officer(officer, tuple((WearerId(r[0]), r[1]) for r in rows))


async def free_wearers(tx: Tx, office: str, now: datetime) -> dict[WearerId, int]:
    """Return the wearers of an office that nobody is assigned, with their priors."""
    rows = await tx.all(
        """select wearer_id, priors from supervision_wearer w where office = %s and order_until_at > %s
             and not exists (select 1 from supervision_assignment a
                             where a.wearer_id = w.wearer_id and a.ended_at is null)""",
        [office, now],
    )
    return {WearerId(r[0]): r[1] for r in rows}


async def standing(tx: Tx, wearer_id: UUID) -> tuple[UUID, UUID, UUID] | None:
    """Return assignment, officer and tie of a wearer, locked; None where nobody is assigned."""
    row = await tx.one(
        "select assignment_id, officer, relation_id from supervision_assignment "
        "where wearer_id = %s and ended_at is null for update",
        [wearer_id],
    )
    return (row[0], row[1], row[2]) if row is not None else None


async def add_assignment(
    tx: Tx, assignment_id: UUID, wearer_id: UUID, officer: UUID, relation_id: UUID, why: str | None, by: UUID,
    now: datetime,
) -> None:  # fmt: skip
    """Assign a wearer; `why` where the limit was overridden."""
    reason = sealed(tx, wearer_id, "supervision_assignment.override_reason", why) if why else None
    await tx.execute(
        """insert into supervision_assignment (assignment_id, wearer_id, officer, relation_id, from_at, made_by,
               override_reason) values (%s, %s, %s, %s, %s, %s, %s)""",
        [assignment_id, wearer_id, officer, relation_id, now, by, reason],
    )


async def end_assignment(tx: Tx, assignment_id: UUID, by: UUID | None, now: datetime) -> None:
    """End an assignment."""
    await tx.execute(
        "update supervision_assignment set ended_at = %s, ended_by = %s where assignment_id = %s",
        [now, by, assignment_id],
    )


async def set_tie(tx: Tx, assignment_id: UUID, relation_id: UUID) -> None:
    """Note by which tie of policy an assignment stands."""
    await tx.execute(
        "update supervision_assignment set relation_id = %s where assignment_id = %s", [relation_id, assignment_id]
    )


async def overrides_of(tx: Tx, officer: UUID) -> list[tuple[UUID, str | None, datetime]]:
    """Return the standing assignments of an officer for which the limit was overridden: whom, why, since when."""
    rows = await tx.all(
        "select wearer_id, override_reason, from_at from supervision_assignment "
        "where officer = %s and ended_at is null and override_reason is not null order by from_at",
        [officer],
    )
    return [(r[0], opened(tx, r[0], "supervision_assignment.override_reason", r[1]), r[2]) for r in rows]


# ------------------------------------------------------------------------------------------------------------- checks


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRow:
    """A check of a wearer's device, and what was done about an anomaly."""

    check_id: UUID
    device_id: DeviceId
    wearer_id: WearerId
    checked_at: datetime
    checked_by: UUID
    anomaly: Anomaly | None
    note: str | None
    act: Remedy | None
    acted_at: datetime | None


async def wearer_of_device(tx: Tx, device_id: UUID) -> WearerId | None:
    """Return whose device it is; None for no wearer's."""
    row = await tx.one("select wearer_id from supervision_device where device_id = %s", [device_id])
    return WearerId(row[0]) if row is not None and row[0] is not None else None


async def add_check(
    tx: Tx, check_id: UUID, device_id: UUID, wearer_id: UUID, anomaly: Anomaly | None, note: str, act: Remedy | None,
    by: UUID, now: datetime,
) -> None:  # fmt: skip
    """Put a check on file, with what was done where something was."""
    done = (act, now, by) if act is not None else (None, None, None)
    await tx.execute(
        """insert into supervision_check (check_id, device_id, wearer_id, checked_at, checked_by, anomaly, note, act,
               acted_at, acted_by) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        [
            check_id, device_id, wearer_id, now, by, anomaly,
            sealed(tx, wearer_id, "supervision_check.note", note), *done,
        ],
    )  # fmt: skip


async def act_on(tx: Tx, check_id: UUID, act: Remedy, by: UUID, now: datetime) -> WearerId | None:
    """Note what was done about an anomaly; None where there is none that waits."""
    row = await tx.one(
        """update supervision_check set act = %s, acted_at = %s, acted_by = %s
           where check_id = %s and anomaly is not null and act is null returning wearer_id""",
        [act, now, by, check_id],
    )
    return WearerId(row[0]) if row is not None else None


async def checks_of(
    tx: Tx, *, wearer_ids: list[UUID] | None = None, check_id: UUID | None = None, waiting: bool = False
) -> list[CheckRow]:
    """Return checks, newest first; of some wearers (None: all), one, or those whose anomaly waits for an act."""
    rows = await tx.all(
        """select check_id, device_id, wearer_id, checked_at, checked_by, anomaly, note, act, acted_at
           from supervision_check
           where (%s::uuid[] is null or wearer_id = any(%s)) and (%s::uuid is null or check_id = %s)
             and (not %s or (anomaly is not null and act is null))
           order by checked_at desc limit 200""",
        [wearer_ids, wearer_ids, check_id, check_id, waiting],
    )
    return [
        CheckRow(
            check_id=r[0], device_id=r[1], wearer_id=r[2], checked_at=r[3], checked_by=r[4],
            anomaly=Anomaly(r[5]) if r[5] else None, note=opened(tx, r[2], "supervision_check.note", r[6]),
            act=Remedy(r[7]) if r[7] else None, acted_at=r[8],
        )
        for r in rows
    ]  # fmt: skip


async def devices_of(tx: Tx, wearer_ids: Sequence[UUID]) -> dict[UUID, dict[UUID, float | None]]:
    """Return the devices of these wearers with their batteries, 0 to 1."""
    rows = await tx.all(
        "select wearer_id, device_id, battery from supervision_device where wearer_id = any(%s)", [list(wearer_ids)]
    )
    found: dict[UUID, dict[UUID, float | None]] = {}
    for wearer_id, device_id, battery in rows:
        found.setdefault(wearer_id, {})[device_id] = battery
    return found


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A confirmed alarm that no officer has judged."""

    alarm_id: AlarmId
    trigger: Trigger
    raised_at: datetime
    closed_at: datetime | None


async def unjudged_of(tx: Tx, wearer_ids: Sequence[UUID]) -> dict[UUID, list[Unjudged]]:
    """Return the confirmed alarms of these wearers that wait for an officer's finding, oldest first."""
    rows = await tx.all(
        "select wearer_id, alarm_id, trigger, raised_at, closed_at from supervision_alarm "
        "where wearer_id = any(%s) and confirmed_at is not null and finding is null order by raised_at, alarm_id",
        [list(wearer_ids)],
    )
    found: dict[UUID, list[Unjudged]] = {}
    for r in rows:
        found.setdefault(r[0], []).append(Unjudged(AlarmId(r[1]), Trigger(r[2]), r[3], r[4]))
    return found


async def standing_alarms(tx: Tx, wearer_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return how many alarms stand of each of these wearers that has one."""
    rows = await tx.all(
        "select wearer_id, count(*) from supervision_alarm "
        "where closed_at is null and cleared_at is null and wearer_id = any(%s) group by 1",
        [list(wearer_ids)],
    )
    return {r[0]: int(r[1]) for r in rows}
