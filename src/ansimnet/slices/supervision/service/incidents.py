"""What incidents and people do to alarms: opened, closed, acknowledged, found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from ansimnet.facts.supervision import AlarmJudged, Trigger, ViolationConfirmed
from ansimnet.kernel.errors import Conflict, NotFound
from ansimnet.kernel.ids import AlarmId, FactId, ProtectedPersonId, named_id, new_id
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.supervision.model import PersonId, Watch
from ansimnet.slices.supervision.rules.judge import close
from ansimnet.slices.supervision.rules.watching import taught
from ansimnet.slices.supervision.service import procedure
from ansimnet.slices.supervision.store import alarms, devices, places
from ansimnet.slices.supervision.store import scene as scenes


async def close_alarms(tx: Tx, alarm_ids: Sequence[AlarmId], incident_id: UUID, now: datetime) -> None:
    """End the alarms of a closed incident; their watches stay silent until they have been clear once."""
    rows = await alarms.of_incident(tx, alarm_ids, incident_id)
    if not rows:
        return
    await scenes.lock_people(tx, {PersonId(wearer_id) for _, wearer_id, _ in rows})
    for alarm_id, _, watch_id in rows:
        watch = await scenes.watch_of(tx, watch_id)
        if watch is not None and watch.alarm_id == alarm_id:
            await scenes.save_watches(tx, [close(watch, now)])
    await alarms.close(tx, [a for a, _, _ in rows], incident_id, now)


async def note_incident(tx: Tx, alarm_id: AlarmId, incident_id: UUID) -> None:
    """Remember to which incident an alarm belongs."""
    await tx.execute(
        "update supervision_alarm set incident_id = %s where alarm_id = %s and closed_at is null",
        [incident_id, alarm_id],
    )


async def note_protected(tx: Tx, protected_person_id: ProtectedPersonId, code: str) -> None:
    """Remember a protected person's code, which is all we show of her."""
    await devices.add_protected(tx, protected_person_id, code=code, place=None)


class AlreadyFound(Conflict):
    """An officer has already judged this alarm."""

    name = "already-found"


class NotConfirmed(Conflict):
    """Only a confirmed alarm can be found a violation."""

    name = "not-confirmed"


FINDINGS = ("confirmed", "medical", "false")
"""What an officer may find: a violation, a medical necessity, or no violation at all."""


async def acknowledge(tx: Tx, alarm_id: UUID, by: UUID, now: datetime) -> None:
    """Note that somebody saw an alarm; the first one counts. Safe to run twice.

    Raises:
        NotFound: no such alarm.
    """
    row = await tx.one("select acknowledged_at from supervision_alarm where alarm_id = %s for update", [alarm_id])
    if row is None:
        raise NotFound
    await tx.execute(
        "update supervision_alarm set acknowledged_at = %s, acknowledged_by = %s "
        "where alarm_id = %s and acknowledged_at is null",
        [now, by, alarm_id],
    )


async def judge(tx: Tx, alarm_id: UUID, verdict: str, by: UUID, now: datetime) -> None:
    """Keep whether whoever handles an alarm holds it for real; the latest verdict stands, the ledger has them all.

    The rules learn from it: who was there is believed as readily as ever, who was not less readily for some days.

    Raises:
        NotFound: no such alarm.
    """
    found = await tx.one(
        "select a.wearer_id, a.watch_id, c.condition_id is not null, "
        "a.verdict is not distinct from 'false' or a.clear_reason is not distinct from 'not_confirmed' "
        "from supervision_alarm a left join supervision_condition c on c.condition_id = a.condition_id "
        "and c.ended_at is null and c.trigger in ('exclusion_zone', 'curfew') where a.alarm_id = %s",
        [alarm_id],
    )
    if found is None:
        raise NotFound
    wearer_id, watch_id, remembers, counted = found
    await scenes.lock_people(tx, {PersonId(wearer_id)})
    await tx.execute(
        "update supervision_alarm set verdict = %s, verdict_at = %s, verdict_by = %s where alarm_id = %s",
        [verdict, now, by, alarm_id],
    )
    if remembers:
        watch = await scenes.watch_of(tx, watch_id) or Watch(watch_id, wearer_id)
        await scenes.save_watches(tx, [taught(watch, verdict, counted, now)])
    fact = AlarmJudged(
        fact_id=FactId(new_id()),
        happened_at=now,
        alarm_id=AlarmId(alarm_id),
        wearer_id=wearer_id,
        verdict=verdict,
        by=by,
    )
    await append(tx, fact, actor=f"account:{by}")


async def find(tx: Tx, alarm_id: UUID, finding: str, by: UUID, now: datetime, *, note: str = "") -> None:
    """Record an officer's own finding on an alarm; it alone starts what follows from a violation (EM-03).

    Raises:
        NotFound: no such alarm.
        AlreadyFound: it was judged before.
        NotConfirmed: found a violation what was never certain.
    """
    row = await tx.one(
        "select wearer_id, trigger, finding, confirmed_at, protected_person_id is not null from supervision_alarm "
        "where alarm_id = %s for update",
        [alarm_id],
    )
    if row is None:
        raise NotFound
    if row[2] is not None:
        raise AlreadyFound
    if finding == "confirmed" and row[3] is None:
        raise NotConfirmed
    await tx.execute(
        "update supervision_alarm set finding = %s, found_at = %s, found_by = %s, finding_note = %s "
        "where alarm_id = %s",
        [finding, now, by, places.seal_words(tx, row[0], note, of=places.NOTE) or None, alarm_id],
    )
    fact = ViolationConfirmed(
        fact_id=FactId(named_id(ViolationConfirmed.kind, str(alarm_id))),
        happened_at=now,
        alarm_id=AlarmId(alarm_id),
        wearer_id=row[0],
        trigger=Trigger(row[1]),
        finding=finding,
    )
    await append(tx, fact, actor=f"account:{by}")
    if finding == "confirmed":
        await procedure.owe_report(tx, alarm_id, Trigger(row[1]), row[4], now)
