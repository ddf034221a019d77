"""What the camera at a protected person's door saw, brought to 112 by her or by a person at the centre (VP-07)."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from ansimnet.facts import dispatch as facts
from ansimnet.facts.protection import HomeReported
from ansimnet.facts.supervision import Medical, Trigger
from ansimnet.kernel.ids import IncidentId, new_id
from ansimnet.kernel.permits import Act, GroundKind
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.dispatch import rules, store
from ansimnet.slices.dispatch.model import AlarmSeen, Incident, State
from ansimnet.slices.dispatch.service import SYSTEM, reach_step, stamp
from ansimnet.slices.policy import queries as policy

CLAUSE = "PIPA 15(1)5"
"""Urgent interest of life or body: her press says so, or a person at the centre."""
LOOK = timedelta(minutes=60)
"""How long the incident opens the camera and the film at most; closing ends it at once."""


async def take_report(tx: Tx, fact: HomeReported, now: datetime) -> IncidentId:
    """Open or join the incident of a protected person, and ask 112 with the evidence. Safe to run twice.

    Not certain: nobody's electronic device says so, so no city's footage and no order follow from it.
    """
    await store.lock_situations(tx)
    known = await store.incident_of_alarm(tx, fact.alert_id)
    if known is not None:
        return known
    running = await store.load_running(tx)
    ours = next((i for i in running if i.protected_person_id == fact.protected_person_id), None)
    incident = ours or await _open(tx, fact, now)
    if ours is not None:
        joined = facts.AlarmMerged(**stamp(now), incident_id=incident.incident_id, alarm_id=fact.alert_id)
        await append(tx, joined, actor=SYSTEM)
    await _attach(tx, incident, fact)
    await policy.relate(tx, fact.alert_id, incident.incident_id, now, actor=SYSTEM)
    await policy.grant_ground(
        tx,
        GroundKind.STATUTE,
        CLAUSE,
        resources={fact.alert_id, fact.home_id},
        about=(incident.incident_id, fact.alert_id),
        acts={Act.VIEW_HOME, Act.READ_HOME_CLIP},
        until_at=now + LOOK,
        now=now,
        actor=SYSTEM,
    )
    await _ask_police(tx, incident, fact, now)
    return incident.incident_id


async def _attach(tx: Tx, incident: Incident, fact: HomeReported) -> None:
    seen = AlarmSeen(
        alarm_id=fact.alert_id, wearer_id=fact.wearer_id, protected_person_id=fact.protected_person_id,
        trigger=Trigger.APPROACH, medical=Medical.NONE, certain=False, happened_at=fact.happened_at,
    )  # fmt: skip
    await store.save_alarm(tx, incident.incident_id, seen)
    await store.add_event(tx, incident.incident_id, fact.happened_at, rules.LINES["home-reported"])


async def _open(tx: Tx, fact: HomeReported, now: datetime) -> Incident:
    number = await store.next_number(tx)
    wearer = None
    if fact.wearer_id is not None and all(i.wearer_id != fact.wearer_id for i in await store.load_running(tx)):
        wearer = fact.wearer_id
    incident = Incident(
        incident_id=IncidentId(new_id()), code=rules.code_of(number, now), wearer_id=wearer,
        protected_person_id=fact.protected_person_id, trigger=Trigger.APPROACH, medical=Medical.NONE, certain=False,
        state=State.OPEN, opened_at=fact.happened_at, certain_at=None, acknowledged_at=None, resolved_at=None,
        closed_at=None, concurred_at=None, outcome=None, commander=None,
    )  # fmt: skip
    await store.insert_incident(tx, incident)
    items = rules.checklist(Trigger.APPROACH, True, medical=Medical.NONE)
    await store.insert_checklist(tx, incident.incident_id, [i for i in items if i.item != "footage_ground"])
    opened = facts.IncidentOpened(
        **stamp(now), incident_id=incident.incident_id, code=incident.code, alarm_id=fact.alert_id,
        wearer_id=wearer, protected_person_id=fact.protected_person_id, trigger=Trigger.APPROACH, certain=False,
    )  # fmt: skip
    await append(tx, opened, actor=SYSTEM)
    await reach_step(tx, incident.incident_id, 1, now)
    return incident


async def _ask_police(tx: Tx, incident: Incident, fact: HomeReported, now: datetime) -> None:
    await store.ask_police(tx, incident.incident_id, now)
    message = msgspec.json.encode({
        "incident": incident.code,
        "trigger": "home_guard",
        "protected": fact.code,
        "lat": fact.lat,
        "lon": fact.lon,
        "at": fact.happened_at,
        "ask": "call_and_dispatch",
        "evidence": msgspec.json.decode(fact.evidence) if fact.evidence else None,
    }).decode()  # fmt: skip
    asked = facts.PoliceAsked(**stamp(now), incident_id=incident.incident_id, message=message)
    await append(tx, asked, actor=SYSTEM)
    await store.add_event(tx, incident.incident_id, now, rules.LINES["home-police"])
