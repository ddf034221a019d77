"""The relay of a search: what its confirmed hops, its looks and what they found make believe of where he is.

Nothing of it is kept: a belief follows from what lies sealed in the search's own rows, and is computed when asked for.
"""

from __future__ import annotations

import asyncio
import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import numpy as np

from ansimnet.kernel.errors import Conflict
from ansimnet.kernel.geo import Point
from ansimnet.platform.db import Db, Tx
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.cameras.queries import Camera
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.tracing.model import Believed, Found, Likely, Looked, Next, Search, Street, Way, WayHop
from ansimnet.slices.tracing.rules import relay
from ansimnet.slices.tracing.rules.learned import prior
from ansimnet.slices.tracing.rules.matching import Wanted, plate_pattern
from ansimnet.slices.tracing.rules.relay import Trace
from ansimnet.slices.tracing.rules.types import Heat, Hop, Kind, Opening, PlateRead, Sighting, Subject, Verdict
from ansimnet.slices.tracing.rules.visits import beyond, visits
from ansimnet.slices.tracing.service import law
from ansimnet.slices.tracing.service.law import Standing
from ansimnet.slices.tracing.service.nets import Area, Nets, NoStreets
from ansimnet.slices.tracing.store import searches

KINDS = {"person": Kind.PERSON, "cyclist": Kind.CYCLIST, "vehicle": Kind.VEHICLE}
MOST = 8
"""Cameras named at once: a screen of tiles (ours)."""
ASKED = 8 * MOST
"""So many are ranked, for silent ones are left out (ours)."""
OTHER_WAYS = 4
"""Other routes shown beside the likely one: more than four nobody compares (ours)."""
STEPS_S = (0, 60, 120, 180, 300)
"""Where he may be is told for now and for these seconds on (backwards: before): what a unit on its way needs (ours)."""
LEAST_HEAT, MOST_STREETS = 0.002, 400
"""Streets less likely than this are not drawn, nor more than so many: a map that glows all over says nothing (ours)."""
DESCRIBED = frozenset({"upper_colour", "lower_colour", "vehicle_colour", "vehicle", "carried"})


class NobodyConfirmed(Conflict):
    """No candidate was confirmed yet, so there is no place to go on from."""

    name = "nobody-confirmed"


def route_of(found: Sequence[Found]) -> list[Found]:
    """Return the confirmed candidates in the order of time: the route as people vouch for it."""
    return sorted((f for f in found if f.verdict == "him"), key=lambda f: f.from_at)


async def sought(tx: Tx, search: Search) -> tuple[Wanted, list[Looked]]:
    """Return whom a search looks for, and what it looked at."""
    said = await searches.subject(tx, search) or {}
    attributes = frozenset((str(k), str(v)) for k, v in said.get("attributes", ()))
    picture = said.get("picture")
    vector = None if not picture else np.frombuffer(base64.b64decode(picture), np.int8).astype(np.float32)
    return Wanted(attributes, vector, plate_pattern(attributes)), await searches.looks(tx, search)


async def believed(
    db: Db, nets: Nets, account: policy.Account, search_id: UUID, now: datetime, *, backwards: bool = False
) -> Believed:
    """Return where he may be, how he may have come, and which cameras see him next; backwards: where he came from.

    Raises:
        NobodyConfirmed, NoStreets: see their names; and as `law.stand`.
    """
    stood = await law.stand(db, account, search_id, now)
    async with db.transaction() as tx:
        await law.step(tx, stood, "ahead", {"backwards": backwards}, now)
        found = await searches.candidates(tx, stood.search)
        wanted, looked = await sought(tx, stood.search)
    route = route_of(found)
    if not route:
        raise NobodyConfirmed
    near = await _near(db, stood)

    def work() -> Believed:
        area = nets.of(near)
        trace = _trace(area, wanted, found, looked, route[0], backwards=backwards)
        at = route[0].from_at if backwards else max(route[-1].until_at, now)
        return _told(area, trace, at, backwards=backwards)

    return await asyncio.to_thread(work)


async def ranked(db: Db, nets: Nets, stood: Standing, found: list[Found]) -> list[Found]:
    """Return candidates as the relay weighs them: looks, streets and times together, from the first confirmed hop on.

    Before anybody is confirmed, and where no streets are imported, they stand as each look ranked them.
    """
    route = route_of(found)
    if not route:
        return found
    async with db.transaction() as tx:
        wanted, looked = await sought(tx, stood.search)
    near = await _near(db, stood)

    def work() -> list[Found]:
        try:
            area = nets.of(near)
            traces = [_trace(area, wanted, found, looked, route[0], backwards=b) for b in (False, True)]
        except NoStreets:
            return found
        return _weighed(found, _visits(area, found)[1], traces, route[0])

    return await asyncio.to_thread(work)


async def _near(db: Db, stood: Standing) -> list[Camera]:
    async with db.transaction() as tx:
        return await cameras.within(tx, Point(stood.scope.lat, stood.scope.lon), stood.scope.radius_m)


# ------------------------------------------------------------------------------------------------- weighing


def _trace(
    area: Area, wanted: Wanted, found: Sequence[Found], looked: Sequence[Looked], first: Found, *, backwards: bool
) -> Trace:
    """Return the relay from the first confirmed hop on, after all that was looked at and all that people said.

    Raises:
        NoStreets: that camera sees none.
    """
    if first.camera_id not in area.rows:
        raise NoStreets("that camera is not in service any more")
    kind = KINDS.get(first.kind, Kind.PERSON)
    picture = (
        None if wanted.picture is None else wanted.picture[None] / max(1e-9, float(np.linalg.norm(wanted.picture)))
    )
    seen, of, said = _visits(area, found)
    begins = next(d for d in seen if d.id == of[str(first.candidate_id)])
    try:
        trace = relay.begin(area.net, prior(), Subject(kind, picture, wanted.plate), begins, backwards=backwards)
    except ValueError as error:
        raise NoStreets(str(error)) from error
    others = [d for d in seen if d is not begins and beyond(d, begins, backwards=backwards)]
    for d in others:
        if d.id in said:
            trace = relay.judge(trace, d.id, said[d.id])
    return _observed(area, trace, others, looked, begins, backwards=backwards)


def _visits(area: Area, found: Sequence[Found]) -> tuple[list[Sighting], dict[str, str], dict[str, Verdict]]:
    """Return the visits that candidates are parts of: see `rules.visits`."""
    here = [f for f in found if f.camera_id in area.rows]
    verdicts = {str(f.candidate_id): Verdict(f.verdict) for f in here if f.verdict is not None}
    return visits([_sighting(area, f) for f in here], verdicts)


def _observed(
    area: Area, trace: Trace, seen: Sequence[Sighting], looked: Sequence[Looked], begins: Sighting, *, backwards: bool
) -> Trace:
    """Return the trace after every look, in slices that end where somebody was seen, or a look began or ended."""

    def end_of(d: Sighting) -> float:
        return d.from_s if backwards else d.until_s

    start_s = begins.from_s if backwards else begins.until_s
    edges = {start_s, *(end_of(d) for d in seen)}
    for look in looked:
        edges |= {look.from_at.timestamp(), look.until_at.timestamp()}
    slices = [e for e in sorted(edges, reverse=backwards) if (e <= start_s if backwards else e >= start_s)]
    for before, until in pairwise(slices):
        low, high = min(before, until), max(before, until)
        rows = {
            area.rows[c]
            for look in looked
            if look.from_at.timestamp() <= low and look.until_at.timestamp() >= high
            for c in look.cameras
            if c in area.rows
        }
        here = [d for d in seen if end_of(d) == until]
        rows |= {d.camera for d in here}
        trace = relay.observe(trace, [Opening(row, low, high) for row in sorted(rows)], here, until)
    return trace


def _sighting(area: Area, f: Found) -> Sighting:
    looks = None
    if f.looks:
        vector = np.frombuffer(base64.b64decode(f.looks), np.int8).astype(np.float32)
        looks = vector / max(1e-9, float(np.linalg.norm(vector)))
    return Sighting(
        id=str(f.candidate_id),
        camera=area.rows[f.camera_id],
        from_s=f.from_at.timestamp(),
        until_s=f.until_at.timestamp(),
        kind=KINDS.get(f.kind, Kind.PERSON),
        heading_deg=math.nan if f.heading_deg is None else f.heading_deg,
        appearance=looks,
        plate=PlateRead(f.plate, f.plate_p) if f.plate else None,
        described_llr=sum(v for name, v in (*f.why, *f.why_not) if name in DESCRIBED),
        ground=None if f.lat is None or f.lon is None else Point(f.lat, f.lon),
    )


def _weighed(found: Sequence[Found], of: Mapping[str, str], traces: Iterable[Trace], first: Found) -> list[Found]:
    """Return candidates with the probability and the reasons that the relay gives their visits, likeliest first."""
    told = {c.sighting: c for trace in traces for c in relay.candidates(trace, limit=len(found))}
    out = []
    for f in found:
        visit = of.get(str(f.candidate_id), "")
        c = told.get(visit)
        if c is None:
            sure = f.verdict == "him" or visit == of.get(str(first.candidate_id))
            out.append(replace(f, score=1.0 if sure else f.score if f.verdict is None and f.plate else 0.0))
            continue
        described = [t for t in (*f.why, *f.why_not) if t[0] in DESCRIBED]
        terms = described + [(t.name, round(t.llr, 3)) for t in (*c.why, *c.why_not) if t.name != "description"]
        terms.sort(key=lambda t: -abs(t[1]))
        out.append(
            replace(
                f,
                score=1.0 if f.verdict == "him" else c.probability,
                why=tuple(t for t in terms if t[1] > 0),
                why_not=tuple(t for t in terms if t[1] <= 0),
            )
        )
    return sorted(out, key=lambda f: (-f.score, f.from_at))


# ------------------------------------------------------------------------------------------------- telling


def _told(area: Area, trace: Trace, at: datetime, *, backwards: bool) -> Believed:
    at_s = at.timestamp()
    steps = [at_s - s if backwards else at_s + s for s in STEPS_S]
    stop = relay.stopped(trace, at_s)
    tree = relay.route(trace)
    return Believed(
        at=at,
        next=[] if stop else _nexts(area, trace, at_s, backwards=backwards),
        heat=[_likely(area, relay.heat(trace, s), _instant(s)) for s in steps],
        ways=[_way(area, branch.hops, branch.probability) for branch in (tree.likely, *tree.others[:OTHER_WAYS])],
        stopped=None if stop is None else stop.value,
    )


def _nexts(area: Area, trace: Trace, at_s: float, *, backwards: bool) -> list[Next]:
    """Return the next cameras, those that speak: a silent one shows nobody. Where none speaks all are named."""
    speaks = any(c.live for c in area.cameras) and not backwards
    named = [n for n in relay.ahead(trace, at_s, ASKED) if not speaks or area.cameras[n.camera].live]
    return [
        Next(
            camera_id=area.cameras[n.camera].camera_id,
            probability=n.probability,
            from_at=_instant(n.from_s),
            likely_at=_instant(n.likely_s),
            until_at=_instant(n.until_s),
            mode=n.mode.value,
            length_m=n.length_m,
            blind_m=n.blind_m,
        )
        for n in named[:MOST]
    ]


def _likely(area: Area, heat: Heat, at: datetime) -> Likely:
    streets = area.net.streets
    order = [i for i in np.argsort(-heat.probability)[:MOST_STREETS].tolist() if heat.probability[i] >= LEAST_HEAT]
    lines = []
    for i in order:
        edge = int(heat.edge[i])
        a, b = streets.place(int(streets.u[edge])), streets.place(int(streets.v[edge]))
        lines.append(Street((a.lat, a.lon), (b.lat, b.lon), float(heat.probability[i])))
    return Likely(at, lines, heat.elsewhere)


def _way(area: Area, hops: Sequence[Hop], probability: float) -> Way:
    return Way(
        probability,
        [
            WayHop(
                UUID(h.sighting),
                area.cameras[h.camera].camera_id,
                _instant(h.from_s),
                _instant(h.until_s),
                h.probability,
            )
            for h in hops
        ],
    )


def _instant(at_s: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at_s)
