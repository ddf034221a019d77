"""Incidents of the city: opened by an operator's verdict, closed with who was called. In the caller's transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from ansimnet.facts import dispatch as facts
from ansimnet.facts.vision import AlarmJudged, Verdict
from ansimnet.kernel.errors import Conflict, Refusal
from ansimnet.kernel.ids import AccountId, AlarmId, IncidentId, new_id
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.dispatch.model import CityIncident, State
from ansimnet.slices.dispatch.rules import city as rules
from ansimnet.slices.dispatch.service import SYSTEM, by_account, stamp
from ansimnet.slices.dispatch.store import city as store
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.vision import queries as vision


async def take_verdict(tx: Tx, fact: AlarmJudged, now: datetime) -> None:
    """Open or join an incident for a confirmed alarm; take it back where the verdict was changed. Safe to run twice."""
    await store.lock(tx)
    known = await store.of_alarm(tx, fact.alarm_id)
    if fact.verdict is Verdict.FALSE:
        if known is not None and known[1] is None:
            await _take_back(tx, fact.alarm_id, known[0], now)
        return
    if known is not None and known[1] is None:
        return
    alarm = await vision.alarm(tx, fact.alarm_id)
    if alarm is not None:
        await _confirm(tx, alarm, fact.by, now)


async def _confirm(tx: Tx, alarm: vision.Seen, by: AccountId, now: datetime) -> None:
    standing = rules.joins(await store.running(tx), alarm.place, alarm.began_at)
    incident = standing or CityIncident(
        incident_id=IncidentId(new_id()), code=rules.code_of(await store.next_number(tx), now),
        behaviour=alarm.behaviour, priority=alarm.priority, camera_id=alarm.camera_id, place=alarm.place,
        simulated=alarm.simulated, state=State.OPEN, opened_at=alarm.began_at, opened_by=by, called=None,
        called_at=None, closed_at=None, outcome=None,
    )  # fmt: skip
    line = rules.LINES["confirmed" if standing is None else "joined"]
    said = replace(line, ko=f"{line.ko} · {alarm.reason.ko}", en=f"{line.en}: {alarm.reason.en}")
    if standing is None:
        await store.add(tx, incident)
        opened = facts.CityIncidentOpened(
            **stamp(now), incident_id=incident.incident_id, code=incident.code, alarm_id=alarm.alarm_id,
            camera_id=alarm.camera_id, behaviour=alarm.behaviour, priority=alarm.priority,
        )  # fmt: skip
        await append(tx, opened, actor=SYSTEM)
    else:
        if alarm.priority < incident.priority:
            await store.set_grave(tx, incident.incident_id, alarm.behaviour, alarm.priority)
        joined = facts.CityAlarmJoined(
            **stamp(now), incident_id=incident.incident_id, alarm_id=alarm.alarm_id,
            priority=min(alarm.priority, incident.priority),
        )  # fmt: skip
        await append(tx, joined, actor=SYSTEM)
    await store.tie(tx, alarm.alarm_id, incident.incident_id, now)
    await policy.relate(tx, alarm.alarm_id, incident.incident_id, now, actor=SYSTEM)
    await store.add_event(tx, incident.incident_id, now, said)


async def _take_back(tx: Tx, alarm_id: AlarmId, incident_id: IncidentId, now: datetime) -> None:
    await store.clear(tx, alarm_id, now)
    await store.add_event(tx, incident_id, now, rules.LINES["taken_back"])
    left = [a for a, cleared in await store.alarms_of(tx, incident_id) if cleared is None]
    incident = await store.load(tx, incident_id, lock=True)
    if not left and incident.state is State.OPEN:
        await _end(tx, incident, State.TAKEN_BACK, "taken_back", None, now)


async def call(tx: Tx, incident_id: UUID, agency: str, by: AccountId, now: datetime) -> None:
    """Note that an operator called 112 or 119, or decided that nobody is needed.

    Raises:
        NoIncident: no such incident.
        Conflict: it is over.
        Refusal: none of ours.
    """
    if agency not in rules.AGENCIES:
        raise Refusal("nobody of that name is called", todo=f"one of: {', '.join(rules.AGENCIES)}")
    incident = await _open(tx, incident_id)
    await store.set_called(tx, incident_id, agency, by, now)
    await store.add_event(tx, incident_id, now, rules.LINES[agency])
    fact = facts.CityAgencyCalled(**stamp(now), incident_id=incident.incident_id, agency=agency, by=by)
    await append(tx, fact, actor=by_account(by))


async def note(tx: Tx, incident_id: UUID, text: str, now: datetime) -> None:
    """Keep a note; also of an incident that is over.

    Raises:
        NoIncident: no such incident.
    """
    await store.load(tx, incident_id)
    await store.add_event(tx, incident_id, now, rules.LINES["note"], note=text)


async def close(tx: Tx, incident_id: UUID, outcome: str, by: AccountId, now: datetime) -> None:
    """Close an incident: every look at its cameras ends in this very transaction.

    Raises:
        NoIncident: no such incident.
        Refusal, Conflict, NotCalled: see `rules.city.check_closing`.
    """
    incident = await store.load(tx, incident_id, lock=True)
    rules.check_closing(incident, outcome)
    await store.add_event(tx, incident_id, now, rules.LINES["closed"])
    await _end(tx, incident, State.CLOSED, outcome, by, now)


async def _end(tx: Tx, incident: CityIncident, state: State, outcome: str, by: AccountId | None, now: datetime) -> None:
    await store.end(tx, incident.incident_id, state, outcome, by, now)
    alarms = tuple(a for a, _ in await store.alarms_of(tx, incident.incident_id))
    actor = SYSTEM if by is None else by_account(by)
    await policy.end_about(tx, incident.incident_id, *alarms, reason="closed", now=now, actor=actor)
    fact = facts.CityIncidentClosed(
        **stamp(now), incident_id=incident.incident_id, alarm_ids=alarms, outcome=outcome, by=by
    )
    await append(tx, fact, actor=actor)


async def _open(tx: Tx, incident_id: UUID) -> CityIncident:
    incident = await store.load(tx, incident_id, lock=True)
    if incident.state is not State.OPEN:
        raise Conflict("the incident is over")
    return incident
