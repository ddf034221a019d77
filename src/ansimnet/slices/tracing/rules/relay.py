"""The relay: from the last sighting to the next cameras, again and again, until he is found or nothing is credible.

A `Trace` is a value. It is what follows from how it began, what was looked at, what was seen there and what people
judged: `judge` replays all of it, so judging twice changes nothing and the order of judging does not matter.
Backwards, time runs the other way inside and is turned round at the door.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ansimnet.kernel import streets as net_streets
from ansimnet.slices.tracing.rules import belief, outlook
from ansimnet.slices.tracing.rules.belief import Fit, Hypothesis
from ansimnet.slices.tracing.rules.learned import PASSERS_WEIGHT_S, Learned
from ansimnet.slices.tracing.rules.net import CameraNet
from ansimnet.slices.tracing.rules.types import (
    F64,
    I32,
    Branch,
    Candidate,
    Heat,
    Hop,
    NextCamera,
    Opening,
    Route,
    Sighting,
    Start,
    Stop,
    Subject,
    Term,
    Verdict,
)

WALKS_ON = 0.9
"""Share of a hop's evidence that a stranger gives as well. ours: the rest is that he looks like the subject again."""
HYPOTHESES = 9
"""So many are kept. ours: more changed no route in the trials."""
NEGLIGIBLE = 1e-4
"""A hypothesis of a smaller share is dropped. ours."""
WORTH = 0.0001
"""A camera is opened where the chance per second that it writes him now is at least this. ours, as the next."""
SHARE = 0.02
"""Beyond that the likeliest cameras are opened, up to this share of all that he may have reached since he was last
seen: the trade between finding him again and how much video is opened, set on trial seeds."""
REACH_MPS = 50 / 3.6 / 1.3
"""Nobody is farther than a car gets at the urban limit (Enforcement Rule of the Road Traffic Act §19), streets being
1.3 times as long as the straight line."""
FAINT = 1e-5
"""Below this chance per second no camera is opened, however many he may have reached. ours."""
STEP_S, HORIZON_S = 10.0, 1500.0
"""A relay is lost when no camera is even faintly likely in any such step of the time ahead. ours."""
CREDIBLE = 0.15
"""Below this share of its best hypothesis a relay follows nobody in particular. ours."""


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """The best fit of a sighting that was looked at."""

    sighting: Sighting
    how: Fit
    passers_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What was opened and what was seen there, until an instant. Times run the way of the relay."""

    openings: tuple[Opening, ...]
    sightings: tuple[Sighting, ...]
    until_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """One subject's relay. `hypotheses` likeliest first; `counted` tracks and seconds seen per camera."""

    net: CameraNet
    learned: Learned
    subject: Subject
    first: Hypothesis
    backwards: bool
    hypotheses: tuple[Hypothesis, ...]
    looks: tuple[Look, ...]
    verdicts: Mapping[str, Verdict]
    records: Mapping[str, Record]
    counted: Mapping[int, tuple[int, float]]
    until_s: float


def begin(
    net: CameraNet, learned: Learned, subject: Subject, start: Start | Sighting, *, backwards: bool = False
) -> Trace:
    """Begin a relay at a sighting, or at a place that somebody named.

    Raises:
        ValueError: a camera that is not in the net.
    """
    if isinstance(start, Start):
        arcs, at_m, weight = _around(net, start, backwards=backwards)
        at_s = -start.at_s if backwards else start.at_s
        first = belief.root(net, subject, arcs, at_m, weight, at_s, -1)
    else:
        seen = _turned(start) if backwards else start
        if not 0 <= seen.camera < net.size:
            raise ValueError(f"no camera `{seen.camera}` is in this net")
        arcs, at_m, weight = belief.leaving_arcs(net, seen)
        first = belief.root(net, subject, arcs, at_m, weight, seen.until_s, seen.camera)
        first = belief.remembering(first, seen)
    return Trace(net, learned, subject, first, backwards, (first,), (), {}, {}, {}, first.at_s)


def ahead(trace: Trace, at_s: float, limit: int = 3) -> tuple[NextCamera, ...]:
    """Return the cameras he may come to next, likeliest first, each with its 90 % window of arrival.

    Cameras on the pole that saw him last are not named: he is at their feet.
    """
    now = -at_s if trace.backwards else at_s
    found = outlook.next_cameras(trace.net, trace.learned, _weighted(trace), now, limit)
    if not trace.backwards:
        return found
    return tuple(replace(c, from_s=-c.until_s, likely_s=-c.likely_s, until_s=-c.from_s) for c in found)


def openings(trace: Trace, from_s: float, until_s: float, share: float = SHARE) -> tuple[Opening, ...]:
    """Return which cameras are worth looking at between two instants (a slice of some seconds), by what is believed.

    What to look for there: sightings that end (backwards: begin) within their opening.
    """
    since, until = (-until_s, -from_s) if trace.backwards else (from_s, until_s)
    weighted = _weighted(trace)
    cameras, chance = outlook.written(trace.learned, weighted, since, until)
    order = np.argsort(-chance, kind="stable")
    worth = int((chance >= WORTH * (until - since)).sum())
    last = weighted[0][1]
    reached = 0
    if last.camera >= 0:
        reached = outlook.cameras_within(trace.net, last.camera, (until - last.at_s) * REACH_MPS)
    faint = int((chance >= FAINT * (until - since)).sum())
    chosen = np.sort(cameras[order[: max(worth, min(faint, int(share * reached)))]])
    return tuple(Opening(int(c), from_s, until_s) for c in chosen)


def observe(trace: Trace, opened: Sequence[Opening], seen: Iterable[Sighting], until_s: float) -> Trace:
    """Return the trace after these openings were looked at, with all that was seen there, until an instant."""
    if trace.backwards:
        opened = [Opening(o.camera, -o.until_s, -o.from_s) for o in opened]
        seen, until_s = [_turned(d) for d in seen], -until_s
    look = Look(tuple(opened), tuple(sorted(seen, key=lambda d: (d.until_s, d.id))), until_s)
    return _looked(replace(trace, looks=(*trace.looks, look)), look)


def judge(trace: Trace, sighting: str, verdict: Verdict | None) -> Trace:
    """Return the trace after a person said *him* or *not him* (None takes it back): all is weighed anew."""
    verdicts = {k: v for k, v in trace.verdicts.items() if k != sighting}
    if verdict is not None:
        verdicts[sighting] = verdict
    fresh = replace(
        trace, hypotheses=(trace.first,), verdicts=verdicts, records={}, counted={}, until_s=trace.first.at_s
    )
    for look in trace.looks:
        fresh = _looked(fresh, look)
    return fresh


def candidates(trace: Trace, limit: int = 20) -> tuple[Candidate, ...]:
    """Return the sightings that may be him, likeliest first, with what speaks for and against each."""
    chance: dict[str, float] = {}
    for weight, h in _weighted(trace):
        for d in h.chain:
            chance[d.id] = chance.get(d.id, 0.0) + weight
    found = []
    for key, record in trace.records.items():
        terms = sorted(_terms(record), key=lambda t: -abs(t.llr))
        found.append(
            Candidate(
                sighting=key,
                camera=record.sighting.camera,
                at_s=-record.sighting.from_s if trace.backwards else record.sighting.until_s,
                probability=_sharp(chance.get(key, 0.0), trace.learned.sharpness),
                verdict=trace.verdicts.get(key),
                why=tuple(t for t in terms if t.llr > 0),
                why_not=tuple(t for t in terms if t.llr <= 0),
            )
        )
    found.sort(key=lambda c: (-c.probability, -sum(t.llr for t in (*c.why, *c.why_not)), c.sighting))
    return tuple(found[:limit])


def route(trace: Trace) -> Route:
    """Return the route as a tree of hypotheses: the likeliest path and the others."""
    weighted = _weighted(trace)
    chance: dict[str, float] = {}
    for weight, h in weighted:
        for d in h.chain:
            chance[d.id] = chance.get(d.id, 0.0) + weight
    branches, made = [], dict[str, Hop]()  # branches share most of their hops
    for weight, h in weighted:
        for d in h.chain:
            if d.id not in made:
                made[d.id] = _hop(d, _sharp(chance[d.id], trace.learned.sharpness), backwards=trace.backwards)
        hops = [made[d.id] for d in h.chain]
        branches.append(Branch(tuple(reversed(hops)) if trace.backwards else tuple(hops), weight))
    return Route(branches[0], tuple(branches[1:]))


def heat(trace: Trace, at_s: float) -> Heat:
    """Return the belief over the streets at an instant; its probabilities and `elsewhere` sum to one."""
    return outlook.heat(trace.learned, _weighted(trace), -at_s if trace.backwards else at_s)


def stopped(trace: Trace, at_s: float) -> Stop | None:
    """Return why the relay has nothing more to look for at an instant, or None."""
    weighted = _weighted(trace)
    if weighted[0][0] < CREDIBLE:
        return Stop.NOT_CREDIBLE
    now = -at_s if trace.backwards else at_s
    for step in range(int(HORIZON_S / STEP_S)):
        since = now + step * STEP_S
        _, chance = outlook.written(trace.learned, weighted, since, since + STEP_S)
        if len(chance) and float(chance.max()) >= FAINT * STEP_S:
            return None
    return Stop.LOST


def _looked(trace: Trace, look: Look) -> Trace:
    held = list(trace.hypotheses)
    records, counted = dict(trace.records), dict(trace.counted)
    for o in look.openings:
        n, opened_s = counted.get(o.camera, (0, 0.0))
        counted[o.camera] = n, opened_s + o.until_s - o.from_s
    for d in look.sightings:
        n, opened_s = counted.get(d.camera, (0, 0.0))
        rate = _passers_s(trace, d.camera, n, opened_s)
        counted[d.camera] = n + 1, opened_s
        if d.kind != trace.subject.kind:
            continue
        held, record = _seen(trace, held, d, rate)
        if record is not None:
            records[d.id] = record
    order = sorted(look.openings, key=lambda o: o.camera)
    cameras = np.array([o.camera for o in order], np.int32)
    since, until = np.array([o.from_s for o in order]), np.array([o.until_s for o in order])
    held = [belief.searched(trace.learned, h, cameras, since, until) for h in held]
    return replace(
        trace, hypotheses=_pruned(held), records=records, counted=counted, until_s=max(trace.until_s, look.until_s)
    )


def _seen(
    trace: Trace, held: list[Hypothesis], d: Sighting, passers_s: float
) -> tuple[list[Hypothesis], Record | None]:
    """Return the hypotheses after one sighting, and its best fit."""
    verdict = trace.verdicts.get(d.id)
    top = max(h.score + math.log(h.survival) for h in held)
    best: tuple[float, Hypothesis, Fit] | None = None
    total = -math.inf
    for h in held:
        how = belief.fit(trace.net, trace.learned, trace.subject, h, d, passers_s)
        score = h.score + how.llr
        if best is None or score > best[0]:
            best = score, h, how
        total = float(np.logaddexp(total, score))
    assert best is not None
    score, h, how = best
    record = Record(d, how, passers_s)
    if verdict is Verdict.NOT_HIM:
        return held, record
    if verdict is Verdict.HIM:
        return [_certain(trace, h, d, how)], record
    if math.isinf(score) or score < top + math.log(NEGLIGIBLE):
        return held, record if not math.isinf(score) else None
    new = belief.extend(trace.net, h, d, how)
    return [*_walked_on(held, h, how.llr), replace(new, score=total)], record


def _walked_on(held: list[Hypothesis], h: Hypothesis, llr: float) -> list[Hypothesis]:
    """Return the hypotheses after somebody was seen to go on from the last sighting of `h`.

    Where that sighting was not him it was somebody, who goes on as well: going on says nothing against those who hold
    it for a stranger, else every stranger that is followed for a while becomes him.
    """
    if not h.chain or llr <= 0:
        return held
    last = h.chain[-1].id
    return [g if any(d.id == last for d in g.chain) else replace(g, score=g.score + WALKS_ON * llr) for g in held]


def _certain(trace: Trace, h: Hypothesis, d: Sighting, how: Fit) -> Hypothesis:
    """Return the one hypothesis left when a person said that it is him; the way there is forgotten if impossible."""
    if not math.isinf(how.llr):
        return belief.extend(trace.net, h, d, how)
    arcs, at_m, weight = belief.leaving_arcs(trace.net, d)
    fresh = belief.root(trace.net, trace.subject, arcs, at_m, weight, d.until_s, d.camera)
    return replace(belief.remembering(fresh, d), chain=(d,), score=h.score)


def _pruned(held: list[Hypothesis]) -> tuple[Hypothesis, ...]:
    weight = [h.score + math.log(h.survival) for h in held]
    top = max(weight)
    order = sorted(range(len(held)), key=lambda i: -weight[i])[:HYPOTHESES]
    return tuple(held[i] for i in order if weight[i] >= top + math.log(NEGLIGIBLE))


def _weighted(trace: Trace) -> list[tuple[float, Hypothesis]]:
    """Return the hypotheses with their shares of the belief, which sum to one, likeliest first."""
    weight = np.array([h.score + math.log(h.survival) for h in trace.hypotheses])
    share = np.exp(weight - weight.max())
    share /= share.sum()
    return sorted(zip(share.tolist(), trace.hypotheses, strict=True), key=lambda p: -p[0])


def _passers_s(trace: Trace, camera: int, tracks: int, opened_s: float) -> float:
    net = trace.net
    rows = net.cam_cov[net.cam_first[camera] : net.cam_first[camera + 1]]
    rank = int(net.streets.rank[net.cov_edge[rows]].min()) if len(rows) else 3
    usual = trace.learned.passers_s[min(3, max(0, rank))]
    return (usual * PASSERS_WEIGHT_S + tracks) / (PASSERS_WEIGHT_S + opened_s)


def _terms(record: Record) -> list[Term]:
    how = record.how
    terms = [
        Term(
            "time",
            max(-20.0, how.time),
            {
                "took_s": how.took_s,
                "expected_s": how.expected_s,
                "length_m": how.length_m,
                "a_minute": 60 * record.passers_s,
            },
        )
    ]
    if how.direction:
        terms.append(Term("direction", how.direction, {"heading_deg": record.sighting.heading_deg}))
    if how.looks is not None:
        terms.append(Term("appearance", how.looks, {"cosine": how.cosine}))
    if how.plate is not None and record.sighting.plate is not None:
        terms.append(Term("plate", how.plate, {"read": record.sighting.plate.chars}))
    if how.described:
        terms.append(Term("description", how.described, {}))
    return terms


def _sharp(p: float, sharpness: float) -> float:
    p = min(1 - 1e-6, max(1e-6, p))
    return 1 / (1 + math.exp(-sharpness * math.log(p / (1 - p))))


def _hop(d: Sighting, probability: float, *, backwards: bool) -> Hop:
    if backwards:
        return Hop(d.id, d.camera, -d.until_s, -d.from_s, probability)
    return Hop(d.id, d.camera, d.from_s, d.until_s, probability)


def _turned(d: Sighting) -> Sighting:
    """Return a sighting as it is for somebody whose time runs backwards."""
    return replace(d, from_s=-d.until_s, until_s=-d.from_s, heading_deg=(d.heading_deg + 180) % 360)


def _around(net: CameraNet, start: Start, *, backwards: bool) -> tuple[I32, F64, F64]:
    """Return the arcs around a named place, and how likely he is on each."""
    near = np.flatnonzero(net_streets.touched(net.streets, start.point, max(start.error_m, 10.0)))
    at = net_streets.snap(net.streets, start.point)
    edges = np.unique(np.append(near, at.edge))
    arcs = np.concatenate([2 * edges, 2 * edges + 1]).astype(np.int32)
    at_m = np.repeat(net.streets.length_m[edges][None] / 2, 2, axis=0).ravel()
    here = arcs >> 1 == at.edge
    at_m = np.where(here, np.where(arcs & 1 == 0, at.along_m, net.streets.length_m[at.edge] - at.along_m), at_m)
    heading = start.heading_deg + 180 if backwards else start.heading_deg
    weight = np.where(here, 2.0, 1.0) * belief.along(net.bearing[arcs], heading)
    return arcs, at_m, weight
