"""Warning her: every message carries the way out, and goes out also where there is none (EM-06).

Whoever warns takes the person's row first, so readers, timers and presses follow one another. A warning's id comes from
its alarm and level: a crash that replays issues the same warning, once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from ansimnet.facts.protection import Level, WarningIssued, WarningUpdated
from ansimnet.facts.supervision import (
    AlarmRaised,
    Medical,
    MedicalNoticed,
    NoticeRaised,
    PositionFollowed,
    ProtectedPositionFollowed,
    TriggerConfirmed,
)
from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.ids import (
    AlarmId,
    FactId,
    IncidentId,
    NoticeId,
    ProtectedPersonId,
    WarningId,
    WearerId,
    named_id,
    new_id,
)
from ansimnet.platform import jobs
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.protection import store
from ansimnet.slices.protection.model import Content, Help, Hers, His, Person, Stay, Warned
from ansimnet.slices.protection.rules import alert
from ansimnet.slices.protection.service.ground import Ways, place_of
from ansimnet.slices.supervision import queries as supervision

OURS = "system:protection"
ESCALATE = "protection.escalate"
STAY_OVER = "protection.stay-over"


@dataclass(frozen=True, slots=True)
class Two:
    """The two people of a warning, each as well as they are known."""

    his: His | None
    hers: Hers | None


def _hers(place: supervision.Place | None) -> Hers | None:
    return Hers(place.point, place.error_m, place.seen_at, "device") if place is not None else None


async def two_of(tx: Tx, alarm_id: AlarmId, person: Person, told: Two, before: Content, now: datetime) -> Two:
    """Return where the two of an alarm are believed to be: by supervision, the fact at hand or the last message."""
    try:
        his_place, her_place = await supervision.places_in_alarm(tx, alarm_id)
    except NotFound:
        his_place, her_place = None, None
    his = His(his_place.point, his_place.error_m, his_place.speed_mps, his_place.seen_at) if his_place else None
    his = max((h for h in (his, told.his, before.his) if h is not None), key=lambda h: h.seen_at, default=None)
    hers = max(
        (h for h in (_hers(her_place), told.hers, before.hers) if h is not None), key=lambda h: h.seen_at, default=None
    )
    return Two(his, alert.hers_of(hers, person.home, now))


def told_by(fact: AlarmRaised | TriggerConfirmed | PositionFollowed | ProtectedPositionFollowed) -> Two:
    """Return what a fact says of the two; nothing where its key was destroyed."""
    place = place_of(fact.lat, fact.lon)
    if place is None:
        return Two(None, None)
    if isinstance(fact, ProtectedPositionFollowed):
        return Two(None, Hers(place, fact.error_m, fact.seen_at, "device"))
    return Two(His(place, fact.error_m, fact.speed_mps, fact.seen_at), None)


async def take_alarm(tx: Tx, ways: Ways, fact: AlarmRaised | TriggerConfirmed, now: datetime) -> None:
    """Warn the protected person of an alarm: probable, or certain on a trigger. Safe to run twice."""
    if fact.protected_person_id is None:
        return
    person = await store.load_person(tx, fact.protected_person_id, lock=True)
    if person is None:
        return
    if fact.medical is Medical.ADVANCE:
        await _stay_begins(tx, person, fact, now)
        return
    level = Level.CERTAIN if isinstance(fact, TriggerConfirmed) else Level.PROBABLE
    of_alarm = await store.warnings_of_alarm(tx, fact.alarm_id)
    standing = [w for w in of_alarm if w.ended_at is None]
    if any(alert.WEIGHT[w.level] >= alert.WEIGHT[level] for w in standing):
        return
    for w in standing:  # certain is a warning of its own, with a press of its own
        await store.save_warning(tx, replace(w, ended_at=now))
    before = standing[-1].content if standing else Content()
    two = await two_of(tx, fact.alarm_id, person, told_by(fact), before, now)
    way = await ways.out(two.hers, two.his, now, keep=_goal(before))
    warning = Warned(
        warning_id=_id_of(fact.alarm_id, level, len(of_alarm)),
        protected_person_id=person.protected_person_id,
        level=level,
        alarm_id=fact.alarm_id,
        notice_id=None,
        wearer_id=fact.wearer_id,
        incident_id=next((w.incident_id for w in of_alarm if w.incident_id is not None), None),
        raised_at=fact.happened_at,
        issued_at=now,
        updated_at=now,
        fall_at=now + alert.FALL if level is Level.CERTAIN else None,
        content=alert.content(level, two.hers, two.his, way, before.trail, now),
    )
    await issue(tx, warning)


def _id_of(alarm_id: UUID, level: Level, before: int) -> WarningId:
    """Return the id of a warning: an alarm that was taken back and is raised again warns anew."""
    return WarningId(named_id("warning", str(alarm_id), level, str(before)))


def _goal(c: Content) -> str | None:
    goal = (c.way_out or {}).get("destination")
    return str(goal["name"]) if isinstance(goal, dict) else None


async def issue(tx: Tx, w: Warned) -> None:
    """Keep a warning, tell it, and start the timer that ends in a call."""
    await store.save_warning(tx, w)
    await tell(tx, w, fresh=True)
    if w.fall_at is not None:
        await jobs.defer(tx, ESCALATE, schedule_at=w.fall_at, warning_id=w.warning_id, step="voice")


async def tell(tx: Tx, w: Warned, *, fresh: bool) -> None:
    """Put a warning's present message on the ledger: `fresh` wakes her phone, else only her open screen hears it."""
    help_ = await store.load_help(tx, w.incident_id)
    kind: type[WarningIssued | WarningUpdated] = WarningIssued if fresh else WarningUpdated
    fact = kind(
        fact_id=FactId(new_id()),
        happened_at=w.updated_at,
        warning_id=w.warning_id,
        protected_person_id=w.protected_person_id,
        alarm_id=w.alarm_id,
        level=w.level,
        has_way_out=bool((w.content.way_out or {}).get("found")),
        message=msgspec.json.encode(alert.message(w, help_)).decode(),
    )
    await append(tx, fact, actor=OURS)


async def follow(tx: Tx, ways: Ways, fact: PositionFollowed | ProtectedPositionFollowed, now: datetime) -> None:
    """Bring an alarm's warnings up to date after either of the two moved; told when it matters (rules.alert)."""
    alarm_id = fact.alarm_id
    for person_id in await store.people_of_alarms(tx, [alarm_id], None):
        person = await store.load_person(tx, person_id, lock=True)
        for w in await store.warnings_of(tx, person_id):
            following = w.alarm_id == alarm_id and w.level in {Level.PROBABLE, Level.CERTAIN}
            if person is None or not following or now - w.updated_at < alert.LEAST:
                continue
            two = await two_of(tx, alarm_id, person, told_by(fact), w.content, now)
            if two.his is None:
                continue
            way = await ways.out(two.hers, two.his, now, keep=_goal(w.content))
            content = alert.content(w.level, two.hers, two.his, way, w.content.trail, now)
            if alert.worth_telling(w, content, now):
                after = replace(w, content=content, updated_at=now)
                await store.save_warning(tx, after)
                await tell(tx, after, fresh=False)


async def clear(tx: Tx, alarm_id: AlarmId, now: datetime) -> None:
    """End what an alarm that was taken back had only made probable, or a medical stay.

    A certain warning stays: that danger is over when an officer on scene says so, not when a fix does.
    """
    for person_id in await store.people_of_alarms(tx, [alarm_id], None):
        await store.load_person(tx, person_id, lock=True)
        for w in await store.warnings_of(tx, person_id):
            if w.alarm_id == alarm_id and w.level in {Level.PROBABLE, Level.MEDICAL}:
                await end(tx, w, Level.CLEARED, now)


async def end(tx: Tx, w: Warned, level: Literal[Level.CLEARED], now: datetime) -> None:
    """End a warning and say so on her screen."""
    after = replace(
        w, level=level, ended_at=now, updated_at=now, fall_at=None, content=replace(w.content, way_out=None)
    )
    await store.save_warning(tx, after)
    await tell(tx, after, fresh=True)


async def stay_told(tx: Tx, fact: MedicalNoticed, now: datetime) -> None:
    """Tell her of a medical stay before it begins (EM-08); told afterwards, the normal alarm runs instead."""
    if fact.protected_person_id is None or fact.happened_at >= fact.enters_at or fact.place_coarse is None:
        return
    person = await store.load_person(tx, fact.protected_person_id, lock=True)
    warning_id = WarningId(named_id("warning", "stay", str(fact.fact_id)))
    if person is None or now >= fact.leaves_at or await store.load_warning(tx, warning_id) is not None:
        return
    stay = Stay(
        enters_at=fact.enters_at, leaves_at=fact.leaves_at, place_coarse=fact.place_coarse,
        accompanied_by=fact.accompanied_by,
    )  # fmt: skip
    w = Warned(
        warning_id=warning_id, protected_person_id=person.protected_person_id, level=Level.MEDICAL, alarm_id=None,
        notice_id=None, wearer_id=fact.wearer_id, incident_id=None, raised_at=fact.happened_at, issued_at=now,
        updated_at=now, fall_at=None, content=Content(medical=stay),
    )  # fmt: skip
    await issue(tx, w)
    await jobs.defer(tx, STAY_OVER, schedule_at=fact.leaves_at, warning_id=warning_id)


async def _stay_begins(tx: Tx, person: Person, fact: AlarmRaised | TriggerConfirmed, now: datetime) -> None:
    """Tie an alarm that was told of before to the notice she has: no siren, no way out, no call."""
    for w in await store.warnings_of(tx, person.protected_person_id):
        if w.level is Level.MEDICAL and w.wearer_id == fact.wearer_id and w.alarm_id is None:
            after = replace(w, alarm_id=fact.alarm_id, updated_at=now)
            await store.save_warning(tx, after)
            await tell(tx, after, fresh=True)
            return


async def stay_over(tx: Tx, warning_id: UUID, now: datetime) -> None:
    """End the notice of a medical stay when it is over."""
    w = await store.load_warning(tx, warning_id)
    if w is None or w.ended_at is not None or w.level is not Level.MEDICAL:
        return
    await store.load_person(tx, w.protected_person_id, lock=True)
    w = await store.load_warning(tx, warning_id)
    if w is not None and w.ended_at is None:
        await end(tx, w, Level.CLEARED, now)


async def cannot_vouch(tx: Tx, ways: Ways, fact: NoticeRaised, now: datetime) -> None:
    """Tell her that nobody can say where he is, with how far he may be by now (phone 35)."""
    if fact.protected_person_id is None:
        return
    person = await store.load_person(tx, fact.protected_person_id, lock=True)
    if person is None or await store.person_of_notice(tx, fact.notice_id) is not None:
        return
    devices = await supervision.devices_of(tx, protected_person_id=person.protected_person_id)
    if any(d.device_id == fact.device_id for d in devices):
        return  # her own device is silent: he is seen, and is judged from her registered place
    warning_id = WarningId(named_id("warning", "notice", str(fact.notice_id)))
    if await store.load_warning(tx, warning_id) is not None:
        return
    place = place_of(fact.lat, fact.lon)
    his = None
    if place is not None and fact.seen_at is not None:
        his = His(place, fact.error_m or 0.0, None, fact.seen_at)
    hers = alert.hers_of(await _her_place(tx, person), person.home, now)
    way = await ways.out(hers, his, now, keep=None)
    w = Warned(
        warning_id=warning_id, protected_person_id=person.protected_person_id, level=Level.CANNOT_VOUCH,
        alarm_id=None, notice_id=NoticeId(fact.notice_id), wearer_id=WearerId(fact.wearer_id), incident_id=None,
        raised_at=fact.happened_at, issued_at=now, updated_at=now, fall_at=None,
        content=alert.content(Level.CANNOT_VOUCH, hers, his, way, (), now),
    )  # fmt: skip
    await issue(tx, w)


async def _her_place(tx: Tx, person: Person) -> Hers | None:
    """Return her device's place if an alarm about her is open; outside one nobody asks for it."""
    for a in await supervision.alarms_of(tx, protected_person_id=person.protected_person_id):
        _, hers = await supervision.places_in_alarm(tx, a.alarm_id)
        return _hers(hers)
    return None


async def heard_again(tx: Tx, notice_id: NoticeId, now: datetime) -> None:
    """End a *cannot vouch* when he is heard again."""
    person_id = await store.person_of_notice(tx, notice_id)
    if person_id is None:
        return
    await store.load_person(tx, person_id, lock=True)
    for w in await store.warnings_of(tx, person_id):
        if w.notice_id == notice_id:
            await end(tx, w, Level.CLEARED, now)


async def help_changed(tx: Tx, incident_id: IncidentId, change: Callable[[Help], Help], now: datetime) -> None:
    """Note how far the police are, and show it on the screens of those warned in the incident."""
    if not await store.known_incident(tx, incident_id):
        return
    before = await store.load_help(tx, incident_id)
    after = change(before)
    if after == before:
        return
    await store.save_help(tx, incident_id, after)

    async def show(w: Warned) -> None:
        if w.level in {Level.PROBABLE, Level.CERTAIN, Level.HOME}:
            fresh = replace(w, updated_at=now)
            await store.save_warning(tx, fresh)
            await tell(tx, fresh, fresh=False)

    await _each(tx, [], incident_id, show)


async def _each(
    tx: Tx, alarm_ids: Sequence[AlarmId], incident_id: IncidentId, do: Callable[[Warned], Awaitable[None]]
) -> None:
    """Do something with every open warning of an incident or its alarms, people locked one after another."""
    for person_id in await store.people_of_alarms(tx, alarm_ids, incident_id):
        await store.load_person(tx, person_id, lock=True)
        for w in await store.warnings_of(tx, person_id):
            if w.incident_id == incident_id or w.alarm_id in alarm_ids:
                await do(w)


async def resolve(tx: Tx, incident_id: IncidentId, now: datetime) -> None:
    """Tell her that the danger is over, on the word of the unit on scene (phone 37)."""
    told: set[ProtectedPersonId] = set()

    async def over(w: Warned) -> None:
        if w.level is Level.OVER:
            told.add(w.protected_person_id)
            return
        if w.protected_person_id in told or w.level is Level.MEDICAL:
            await store.save_warning(tx, replace(w, ended_at=now, updated_at=now))
            return
        told.add(w.protected_person_id)
        content = replace(w.content, way_out=None)
        after = replace(w, level=Level.OVER, updated_at=now, fall_at=None, acknowledged_at=None, content=content)
        await store.save_warning(tx, after)
        await tell(tx, after, fresh=True)

    await _each(tx, [], incident_id, over)
    await store.end_incident(tx, incident_id, resolved_at=now, closed_at=None)


async def close(tx: Tx, incident_id: IncidentId, alarm_ids: Sequence[AlarmId], now: datetime) -> None:
    """End every warning of a closed incident; *over* stays on her phone until she has read it."""

    async def calm(w: Warned) -> None:
        if w.level is not Level.OVER:
            await end(tx, w, Level.CLEARED, now)

    await _each(tx, alarm_ids, incident_id, calm)
    await store.end_incident(tx, incident_id, resolved_at=None, closed_at=now)
