"""What protection does when others tell something, and its timers. Effect and place in the ledger commit together."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import cast
from uuid import UUID

from ansimnet.facts.dispatch import (
    AlarmMerged,
    IncidentClosed,
    IncidentOpened,
    IncidentResolved,
    PoliceAcknowledged,
    PoliceAsked,
    UnitMoved,
)
from ansimnet.facts.notifications import DeliveryRecorded
from ansimnet.facts.supervision import (
    AlarmCleared,
    AlarmRaised,
    MedicalNoticed,
    NoticeEnded,
    NoticeKind,
    NoticeRaised,
    PositionFollowed,
    ProtectedPositionFollowed,
    TriggerConfirmed,
)
from ansimnet.kernel.clock import Clock, SystemClock
from ansimnet.kernel.ids import TRACKING_CENTRE, IncidentId
from ansimnet.platform.db import Tx
from ansimnet.platform.jobs import JobRun, every, job
from ansimnet.platform.ledger import Entry, Reader
from ansimnet.slices.duties import queries as duties
from ansimnet.slices.protection import store
from ansimnet.slices.protection.model import Help, Police
from ansimnet.slices.protection.rules import alert
from ansimnet.slices.protection.service import press, warn
from ansimnet.slices.protection.service.ground import Ways, place_of
from ansimnet.slices.protection.store import homes as homes_store

FOLLOWED = frozenset({
    AlarmRaised, TriggerConfirmed, AlarmCleared, PositionFollowed, ProtectedPositionFollowed, MedicalNoticed,
    NoticeRaised, NoticeEnded, IncidentOpened, AlarmMerged, PoliceAsked, PoliceAcknowledged, DeliveryRecorded,
    UnitMoved, IncidentResolved, IncidentClosed,
})  # fmt: skip
"""One reader for all: an alarm, its incident and its end are taken in the order in which they were told."""


def reader(ways: Ways, clock: Clock) -> Reader:
    """Return the reader of this slice."""

    async def handle(tx: Tx, entry: Entry) -> None:
        now = clock.now()
        if not await _of_alarm(tx, ways, entry, now):
            await _of_incident(tx, entry, now)

    return Reader(name="protection.danger", kinds=FOLLOWED, centre=TRACKING_CENTRE, handle=handle)


async def _of_alarm(tx: Tx, ways: Ways, entry: Entry, now: datetime) -> bool:
    """Take what supervision told; return whether it was that."""
    match entry.fact:
        case AlarmRaised() | TriggerConfirmed() as fact:
            await warn.take_alarm(tx, ways, fact, now)
        case AlarmCleared() as fact:
            await warn.clear(tx, fact.alarm_id, now)
        case PositionFollowed() | ProtectedPositionFollowed() as fact:
            await warn.follow(tx, ways, fact, now)
        case MedicalNoticed() as fact:
            await warn.stay_told(tx, fact, now)
        case NoticeRaised() as fact:
            if fact.notice is NoticeKind.CANNOT_VOUCH:
                await warn.cannot_vouch(tx, ways, fact, now)
        case NoticeEnded() as fact:
            await warn.heard_again(tx, fact.notice_id, now)
        case _:
            return False
    return True


async def _of_incident(tx: Tx, entry: Entry, now: datetime) -> None:
    match entry.fact:
        case IncidentOpened() | AlarmMerged() as fact:
            await store.note_incident(tx, fact.alarm_id, fact.incident_id)
            await homes_store.reported(tx, fact.alarm_id, fact.incident_id)
        case PoliceAsked() as fact:
            at = fact.happened_at
            await warn.help_changed(tx, fact.incident_id, lambda h: replace(h, asked_at=h.asked_at or at), now)
        case DeliveryRecorded() as fact if fact.channel == "agency" and fact.state == "acknowledged":
            at = fact.happened_at
            await warn.help_changed(tx, IncidentId(fact.about), lambda h: replace(h, told_at=h.told_at or at), now)
        case PoliceAcknowledged() as fact:
            at = fact.happened_at
            await warn.help_changed(
                tx, fact.incident_id, lambda h: replace(h, acknowledged_at=h.acknowledged_at or at), now
            )
        case UnitMoved() as fact:
            await _unit_moved(tx, fact, now)
        case IncidentResolved() as fact:
            await warn.resolve(tx, fact.incident_id, now)
        case IncidentClosed() as fact:
            await warn.close(tx, fact.incident_id, fact.alarm_ids, now)
        case _:
            pass


async def _unit_moved(tx: Tx, fact: UnitMoved, now: datetime) -> None:
    """Show her the unit that comes, at most every 5 s unless it is the first word of it."""
    place = place_of(fact.lat, fact.lon)
    if fact.incident_id is None or place is None:
        return
    at = fact.happened_at

    def change(h: Help) -> Help:
        if h.police is not None and at - h.police.seen_at < alert.UPDATE:
            return h
        if fact.eta_s is None:
            return h  # bound, but nobody knows yet when it arrives: no number is better than a made-up one
        return replace(
            h,
            police=Police(
                eta_s=fact.eta_s, unit=fact.call_sign or "출동 요원", lat=place.lat, lon=place.lon, seen_at=at
            ),
        )

    await warn.help_changed(tx, fact.incident_id, change, now)


def _clock(run: JobRun) -> Clock:
    return cast(Clock, getattr(run.context, "clock", None) or SystemClock())


@job(warn.ESCALATE, why="a timer started by a warning: calls her when she has not pressed; reads no data of hers")
async def escalate(run: JobRun, *, warning_id: str, step: str) -> None:
    """Go to the next channel."""
    async with run.db.transaction() as tx:
        await press.escalate(tx, UUID(warning_id), step, _clock(run).now())


@job(warn.STAY_OVER, why="a timer started by a notice: ends it; reads no data of hers")
async def stay_over(run: JobRun, *, warning_id: str) -> None:
    """End the notice of a medical stay."""
    async with run.db.transaction() as tx:
        await warn.stay_over(tx, UUID(warning_id), _clock(run).now())


FORGET_EVERY_S = 3600
KEPT_RULE = "home-alert-destruction"
"""The row of the duty table that says how long films and alerts are kept that no incident cites."""


@every(
    FORGET_EVERY_S, "protection.forget-home-alerts", why="ends the term of films that no incident cites",
    centres=(TRACKING_CENTRE,),
)  # fmt: skip
async def forget_home_alerts(run: JobRun) -> None:
    """Destroy films of home cameras after their term."""
    now = _clock(run).now()
    async with run.db.transaction() as tx:
        await homes_store.forget_alerts(tx, now - await duties.limit_of(tx, KEPT_RULE, now))
