"""What other slices and our own screens may ask of dispatch."""

from __future__ import annotations

import math
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from ansimnet.kernel import streets as net
from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.geo import Plane, Point, distance_m
from ansimnet.kernel.ids import AlarmId, IncidentId, UnitId
from ansimnet.kernel.permits import Act, Permit
from ansimnet.platform.db import Tx
from ansimnet.platform.mapdata import MapData
from ansimnet.slices.dispatch import rules, store
from ansimnet.slices.dispatch.model import Incident, Order, OrderState, State, Unit
from ansimnet.slices.supervision import queries as supervision

__all__ = ["FILTERS", "incident", "incident_of_alarm", "likely_way", "list_incidents", "order_page", "places", "units"]

FILTERS = {
    "open": (State.OPEN, State.RESOLVED),
    "closed": (State.CLOSED, State.TAKEN_BACK),
    "all": tuple(State),
}

AHEAD_S = (30.0, 60.0, 120.0)
"""When the map shows where he may be next."""

LIKELY_M = 400.0
"""How far ahead a likely way is drawn: four minutes of walking. *Ours.*"""

WALK_MPS = (1.4, 1.4, 1.4, 1.4)
"""A walker does not mind the rank of a street."""


async def incident_of_alarm(tx: Tx, alarm_id: UUID) -> IncidentId | None:
    """Return the incident an alarm belongs to."""
    return await store.incident_of_alarm(tx, alarm_id)


async def list_incidents(tx: Tx, permit: Permit, which: str, *, now: datetime) -> list[dict[str, Any]]:
    """Return summaries, newest first.

    Raises:
        NoPermit: the permit does not cover reading incidents.
    """
    permit.check(Act.READ_INCIDENT, now=now)
    return [await _summary(tx, i) for i in await store.load_incidents(tx, FILTERS[which])]


async def _summary(tx: Tx, i: Incident) -> dict[str, Any]:
    alarms = await store.load_alarm_ids(tx, i.incident_id)
    alarm = await supervision.alarm(tx, alarms[0][0]) if alarms else None
    steps = await store.load_steps(tx, i.incident_id)
    return {
        "incident_id": i.incident_id,
        "code": i.code,
        "state": i.state,
        "trigger": i.trigger,
        "medical": i.medical,
        "certain": i.certain,
        "wearer_code": alarm.wearer_code if alarm else None,
        "protected_code": alarm.protected_code if alarm else None,
        "opened_at": i.opened_at,
        "certain_at": i.certain_at,
        "acknowledged_at": i.acknowledged_at,
        "resolved_at": i.resolved_at,
        "closed_at": i.closed_at,
        "step": max(steps, default=1),
        "priority": rules.priority(i.certain, i.medical, i.trigger, i.state),
        "place": None,
    }


async def incident(tx: Tx, permit: Permit, incident_id: IncidentId, maps: MapData, *, now: datetime) -> dict[str, Any]:
    """Return one incident as the room sees it.

    Raises:
        NoPermit: the permit does not cover this incident.
        NoIncident: none with this id.
    """
    permit.check(Act.READ_INCIDENT, incident_id, now=now)
    i = await store.load_incident(tx, incident_id)
    steps = await store.load_steps(tx, incident_id)
    items = await store.load_checklist(tx, incident_id)
    police = await store.load_police(tx, incident_id)
    alarms = [a for a, _ in await store.load_alarm_ids(tx, incident_id)]
    his, hers = await places(tx, alarms)
    summary = await _summary(tx, i)
    summary["place"] = (maps_street(maps, his.point) or None) if his else None
    order = list(rules.CHECKLIST)
    return summary | {
        "outcome": i.outcome,
        "concurred_at": i.concurred_at,
        "commander": i.commander,
        "alarm_ids": alarms,
        "steps": [
            {
                "step": n,
                "label_ko": rules.STEPS_KO[n - 1],
                "at": steps.get(n),
                "elapsed_ms": round((steps[n] - steps[1]).total_seconds() * 1000)
                if n in steps and 1 in steps
                else None,
            }
            for n in range(1, 5)
        ],
        "timeline": await store.load_events(tx, incident_id),
        "checklist": [
            {
                "item": c.item,
                "label_ko": rules.CHECKLIST[c.item][0],
                "label_en": rules.CHECKLIST[c.item][1],
                "required": c.required,
                "done_at": c.done_at,
                "done_by": c.done_by,
            }
            for c in sorted(items, key=lambda c: order.index(c.item))
        ],
        "units": await units(tx, incident_id),
        "orders": [_order(o) for o in await store.load_orders(tx, incident_id=incident_id)],
        "police": asdict(police) if police else None,
        "victim": await _victim(tx, i, summary["protected_code"], his, hers),
        "subject": _placed(his),
        "next": _ahead(his),
        "provision": await _provision(tx, incident_id),
        "blocks_closing": rules.blocks(i, items, police),
    }


def maps_street(maps: MapData, place: Point) -> str:
    """Return the name of the nearest street, or nothing."""
    return maps.streets.names[net.snap(maps.streets, place).edge] if maps.streets is not None else ""


async def places(tx: Tx, alarms: list[AlarmId]) -> tuple[supervision.Place | None, supervision.Place | None]:
    """Return where the wearer and the protected person of an incident's open alarms are believed to be."""
    his: supervision.Place | None = None
    hers: supervision.Place | None = None
    for alarm_id in alarms:
        try:
            one, other = await supervision.places_in_alarm(tx, alarm_id)
        except NotFound:
            continue
        his, hers = one or his, other or hers
    return his, hers


def _placed(place: supervision.Place | None) -> dict[str, Any] | None:
    if place is None:
        return None
    return {
        "lat": place.point.lat,
        "lon": place.point.lon,
        "error_m": place.error_m,
        "speed_mps": place.speed_mps,
        "course_deg": place.course_deg,
        "seen_at": place.seen_at,
    }


def _ahead(place: supervision.Place | None) -> list[dict[str, float]]:
    if place is None or not place.speed_mps or place.course_deg is None:
        return []
    return [
        {"lat": p.lat, "lon": p.lon, "in_s": s}
        for s in AHEAD_S
        for p in [_moved(place.point, place.course_deg, place.speed_mps * s)]
    ]


def _moved(p: Point, course_deg: float, metres: float) -> Point:
    x, y = metres * math.sin(math.radians(course_deg)), metres * math.cos(math.radians(course_deg))
    return Plane(p).to_point(x, y)


async def units(tx: Tx, incident_id: IncidentId | None = None) -> list[dict[str, Any]]:
    """Return units with what they do now; of one incident, with their arrival."""
    found = await store.load_units(tx, incident_id=incident_id)
    etas = await store.load_etas(tx, incident_id) if incident_id else {}
    orders = await store.load_orders(tx, incident_id=incident_id) if incident_id else []
    state = {o.unit_id: o.state for o in orders}
    return [
        {
            "unit_id": u.unit_id,
            "name": u.name,
            "agency": u.agency,
            "office": u.office,
            "lat": u.point.lat,
            "lon": u.point.lon,
            "seen_at": u.seen_at,
            "incident_id": u.incident_id,
            "eta_s": etas.get(u.unit_id),
            "state": state.get(u.unit_id, OrderState.ACCEPTED if u.incident_id else "free"),
        }
        for u in found
    ]


def _order(o: Order) -> dict[str, Any]:
    return {
        "order_id": o.order_id,
        "state": o.state,
        "to": o.office,
        "text": o.text,
        "unit_id": o.unit_id,
        "times": o.times,
    }


async def _victim(
    tx: Tx, i: Incident, code: str | None, his: supervision.Place | None, hers: supervision.Place | None
) -> dict[str, Any] | None:
    if i.protected_person_id is None:
        return None
    warned = await store.load_warning(tx, i.incident_id)
    apart = distance_m(his.point, hers.point) if his and hers else None
    return {
        "protected_person_id": i.protected_person_id,
        "code": code,
        "warned_at": warned[0] if warned else None,
        "acknowledged_at": warned[1] if warned else None,
        "distance_m": round(apart) if apart is not None else None,
        "lat": hers.point.lat if hers else None,
        "lon": hers.point.lon if hers else None,
        "seen_at": hers.seen_at if hers else None,
    }


async def _provision(tx: Tx, incident_id: IncidentId) -> dict[str, Any] | None:
    found = await store.load_provision(tx, incident_id)
    return {"provision_id": found[0], "state": found[1]} if found else None


def likely_way(maps: MapData, his: supervision.Place) -> list[Point]:
    """Return the streets he probably takes next: ahead along his course, over the street net."""
    if maps.streets is None or his.course_deg is None:
        return []
    goal = _moved(his.point, his.course_deg, LIKELY_M)
    nodes = net.path_to(maps.streets, his.point, goal, speed_by_rank=WALK_MPS)
    return net.line_of(maps.streets, his.point, nodes)


async def order_page(tx: Tx, permit: Permit, unit_id: UnitId, maps: MapData, *, now: datetime) -> dict[str, Any]:
    """Return what a unit's phone shows: its order and, until the incident is over, where the subject is.

    Raises:
        NoPermit: the permit is not this unit's.
    """
    permit.check(Act.SERVE_ORDER, unit_id, now=now)
    me = next((u for u in await store.load_units(tx) if u.unit_id == unit_id), None)
    orders = [o for o in await store.load_orders(tx, unit_id=unit_id) if o.state is not OrderState.DRAFT]
    if me is None or not orders:
        return {"unit": me.name if me else None, "order": None}
    order = orders[0]
    i = await store.load_incident(tx, order.incident_id)
    if i.state in {State.CLOSED, State.TAKEN_BACK}:
        return {"unit": me.name, "order": None}
    alarms = [a for a, _ in await store.load_alarm_ids(tx, i.incident_id)]
    his, _ = await places(tx, alarms)
    provision = await store.load_provision(tx, i.incident_id)
    return {
        "unit": me.name,
        "order": {
            "order_id": order.order_id,
            "incident_id": i.incident_id,
            "incident_code": i.code,
            "text": order.text,
            "state": order.state,
            "times": order.times,
            "trigger": i.trigger,
            "incident_state": i.state,
            "subject": _placed(his),
            "street": maps_street(maps, his.point) if his else "",
            "likely_way": [[p.lat, p.lon] for p in likely_way(maps, his)] if his else [],
            "route": _route(maps, me, his),
            "streets": streets_near(maps, his.point) if his else [],
            "provision_id": provision[0] if provision and provision[1] == "given" else None,
            "eta_s": (await store.load_etas(tx, i.incident_id)).get(unit_id),
        },
    }


def _route(maps: MapData, me: Unit, his: supervision.Place | None) -> list[list[float]]:
    if maps.streets is None or his is None:
        return []
    nodes = net.path_to(maps.streets, me.point, his.point, speed_by_rank=rules.SPEED_BY_RANK_MPS)
    return [[p.lat, p.lon] for p in [*net.line_of(maps.streets, me.point, nodes), his.point]]


def streets_near(maps: MapData, place: Point, radius_m: float = 600.0) -> list[list[list[float]]]:
    """Return the streets around a place as lines, for a phone without a map."""
    if maps.streets is None:
        return []
    near = net.touched(maps.streets, place, radius_m).nonzero()[0]
    return [
        [
            [round(p.lat, 6), round(p.lon, 6)]
            for p in (maps.streets.place(int(maps.streets.u[e])), maps.streets.place(int(maps.streets.v[e])))
        ]
        for e in near
    ]
