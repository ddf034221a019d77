"""Alarms and notices: tables that are the fold of their facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from ansimnet.facts.supervision import (
    AlarmCleared,
    AlarmRaised,
    NoticeEnded,
    NoticeRaised,
    TriggerConfirmed,
)
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import (
    AlarmId,
    WearerId,
)
from ansimnet.platform.db import Tx
from ansimnet.slices.supervision.model import (
    Basis,
    Scene,
    Told,
    whole_id,
)
from ansimnet.slices.supervision.store import proofs

_basis = msgspec.json.Decoder(Basis)
_encode = msgspec.json.Encoder().encode


async def told_alarms(tx: Tx, wearers: Iterable[WearerId], since: datetime) -> list[Told]:
    """Return the alarms of some wearers that reach into the time after an instant."""
    rows = await tx.all(
        """
        select alarm_id, watch_id, seen_at, coalesce(closed_at, cleared_at), confirmed_at is not null,
               cleared_at is not null, closed_at is not null
        from supervision_alarm where wearer_id = any(%s) and coalesce(closed_at, cleared_at, 'infinity') >= %s
        order by seen_at
        """,
        [list(wearers), since],
    )
    return [Told(*r) for r in rows]


async def record(tx: Tx, facts: Sequence[Fact], scene: Scene | None = None) -> None:
    """Bring alarms and notices to what the facts say: their tables are the fold of their facts."""
    for f in facts:
        match f:
            case AlarmRaised():
                await _raise(tx, f, scene.bases.get(f.alarm_id) if scene is not None else None)
                if scene is not None:
                    await proofs.keep(tx, f, scene)
            case TriggerConfirmed():
                await tx.execute(
                    "update supervision_alarm set state = case when cleared_at is null then 'certain' else state end, "
                    "confirmed_at = %s, probability = %s, lat = %s, lon = %s, error_m = %s, speed_mps = %s, "
                    "course_deg = %s, seen_at = %s where alarm_id = %s",
                    [
                        f.happened_at, f.probability, f.lat, f.lon, f.error_m, f.speed_mps, f.course_deg, f.seen_at,
                        f.alarm_id,
                    ],
                )  # fmt: skip
                await _cite(tx, f.alarm_id, f.fix_ids)
                if scene is not None:
                    await proofs.keep(tx, f, scene)
            case AlarmCleared():
                await tx.execute(
                    "update supervision_alarm set state = 'cleared', cleared_at = %s, clear_reason = %s "
                    "where alarm_id = %s and closed_at is null",
                    [f.happened_at, f.reason, f.alarm_id],
                )
            case NoticeRaised():
                await tx.execute(
                    "insert into supervision_notice "
                    "(notice_id, notice, wearer_id, device_id, protected_person_id, since_at) "
                    "values (%s, %s, %s, %s, %s, %s)",
                    [f.notice_id, f.notice.value, f.wearer_id, f.device_id, f.protected_person_id, f.happened_at],
                )
            case NoticeEnded():
                await tx.execute(
                    "update supervision_notice set ended_at = %s where notice_id = %s", [f.happened_at, f.notice_id]
                )
            case _:
                pass


async def _raise(tx: Tx, f: AlarmRaised, basis: Basis | None) -> None:
    watch_id = f.condition_id or whole_id(f.device_id)
    await tx.execute(
        """
        insert into supervision_alarm (alarm_id, wearer_id, device_id, trigger, watch_id, condition_id,
            protected_person_id, state, probability, rule_version, medical, lat, lon, error_m, speed_mps, course_deg,
            seen_at, raised_at, basis)
        values (%s, %s, %s, %s, %s, %s, %s, 'probable', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            f.alarm_id, f.wearer_id, f.device_id, f.trigger.value, watch_id, f.condition_id, f.protected_person_id,
            f.probability, f.rule_version, f.medical.value, f.lat, f.lon, f.error_m, f.speed_mps, f.course_deg,
            f.seen_at, f.happened_at, _encode(basis) if basis is not None else None,
        ],
    )  # fmt: skip
    await _cite(tx, f.alarm_id, f.fix_ids)


async def _cite(tx: Tx, alarm_id: AlarmId, fix_ids: Sequence[UUID]) -> None:
    await tx.execute(
        "insert into supervision_alarm_fix (alarm_id, fix_id) select %s, unnest(%s::uuid[]) on conflict do nothing",
        [alarm_id, list(fix_ids)],
    )


def basis_of(stored: bytes | None) -> Basis | None:
    """Return what an alarm was decided from."""
    return _basis.decode(stored) if stored is not None else None


async def of_incident(tx: Tx, alarm_ids: Sequence[AlarmId], incident_id: UUID) -> list[tuple[AlarmId, UUID, UUID]]:
    """Return alarm, wearer and watch of the open alarms of an incident, those it names and those noted for it."""
    rows = await tx.all(
        "select alarm_id, wearer_id, watch_id from supervision_alarm "
        "where closed_at is null and (alarm_id = any(%s) or incident_id = %s) order by alarm_id",
        [list(alarm_ids), incident_id],
    )
    return [(AlarmId(r[0]), r[1], r[2]) for r in rows]


async def close(tx: Tx, alarm_ids: Sequence[AlarmId], incident_id: UUID, at: datetime) -> None:
    """End some alarms with their incident."""
    await tx.execute(
        "update supervision_alarm set state = 'closed', closed_at = %s, incident_id = %s where alarm_id = any(%s)",
        [at, incident_id, list(alarm_ids)],
    )
