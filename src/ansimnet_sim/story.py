"""A scenario played on a district: who walks where and when, what the truth crosses, what was ordered beforehand.

Time 0 is the start of the story; the deciding line is crossed at `lead_s`. Everything is a function of the seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from ansimnet.kernel.clock import KST
from ansimnet.kernel.errors import Refusal
from ansimnet_sim.city import City
from ansimnet_sim.people import Actor, Pose, Route, crowd, walk_line
from ansimnet_sim.scenarios import SCENARIOS, Scenario, Trigger
from ansimnet_sim.searching import SEARCHES, Sought, Walk, walks
from ansimnet_sim.streets import Street, Xy, along_line, length_m

SUBJECT_MPS = 1.5
"""He walks a little faster than the crowd."""


class NoStory(Refusal):
    """This district has no walk the scenario can be played on."""

    name = "no-story"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of an order, as the truth knows it."""

    trigger: Trigger
    label: str
    centre: Xy
    radius_m: float
    """Zone radius, curfew home radius, or the approach distance."""
    warn_m: float = 0.0
    victim: bool = False
    """Whether it protects the story's victim."""

    def body(self, city: City, protected_person_id: str | None, starts_at: datetime) -> dict[str, object]:
        """Return the JSON body of POST …/conditions."""
        p = city.point(self.centre)
        at, whom = [round(p.lat, 7), round(p.lon, 7)], protected_person_id if self.victim else None
        if self.trigger is Trigger.EXCLUSION_ZONE:
            return {"trigger": self.trigger.value, "label": self.label, "centre": at, "radius_m": self.radius_m,
                    "protected_person_id": whom}  # fmt: skip
        if self.trigger is Trigger.CURFEW:
            kst = starts_at.astimezone(KST)
            begin, end = kst - timedelta(hours=1), kst + timedelta(hours=5)
            return {"trigger": self.trigger.value, "label": self.label, "from": f"{begin:%H:%M}",
                    "until": f"{end:%H:%M}", "home": at, "radius_m": self.radius_m}  # fmt: skip
        return {"trigger": self.trigger.value, "label": self.label, "protected_person_id": whom,
                "warn_m": self.warn_m, "alarm_m": self.radius_m}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DevicePlan:
    """How one ankle device behaves in the story."""

    tamper_at_s: float | None = None
    """The strap is cut: the flag is raised and the device stays where it falls."""
    silent_from_s: float | None = None
    indoors: bool = False
    """Worn under a roof: wider errors, longer gaps."""


@dataclass(slots=True)
class Wearer:
    """Somebody under an order."""

    code: str
    actor: Actor
    conditions: list[Condition]
    plan: DevicePlan = field(default_factory=DevicePlan)
    offence: str = "sexual_violence"


@dataclass(slots=True)
class Story:
    """Everything the truth knows about one night."""

    scenario: Scenario
    city: City
    lead_s: float
    ends_s: float
    wearers: list[Wearer]
    """The first is the subject; none where somebody is looked for."""
    victim: Actor
    victim_code: str
    crowd: list[Actor]
    patrols: list[Actor]
    medical: dict[str, object] | None = None
    """Body of the notice told before entry, less its times and condition."""
    sought: Sought | None = None
    """Whom a search is about, if tonight is about one."""
    walk: Walk | None = None
    """The way he goes."""
    followed: Actor | None = None

    @property
    def subject(self) -> Wearer:
        return self.wearers[0]

    @property
    def central(self) -> Actor:
        """Return whom the night is about."""
        return self.followed or self.subject.actor

    def everybody(self, t: float) -> list[tuple[Actor, Pose]]:
        """Return who is where at story time `t`."""
        return [(a, a.at(t)) for a in self.actors()]

    def actors(self) -> Iterator[Actor]:
        """Go through all who move."""
        yield from self.crowd
        if self.followed is not None:
            yield self.followed
        yield from (w.actor for w in self.wearers)
        yield self.victim
        yield from self.patrols

    def depth_m(self, wearer: Wearer, condition: Condition, t: float) -> float:
        """Return how deep the truth breaks a condition at `t`, in metres; negative: how far it is from breaking it."""
        here = wearer.actor.at(t)
        if condition.trigger is Trigger.APPROACH:
            v = self.victim.at(t)
            return condition.radius_m - math.hypot(here.x - v.x, here.y - v.y)
        far = math.hypot(here.x - condition.centre[0], here.y - condition.centre[1])
        return far - condition.radius_m if condition.trigger is Trigger.CURFEW else condition.radius_m - far

    def crossed_at_s(self) -> float | None:
        """Return when the truth first breaks a condition, or the strap is cut; None on a quiet night."""
        cut = [w.plan.tamper_at_s for w in self.wearers if w.plan.tamper_at_s is not None]
        times = [t / 2 for t in range(0, round(self.ends_s * 2))]
        broken = (t for t in times for w in self.wearers for c in w.conditions if self.depth_m(w, c, t) > 0)
        return min([*cut, *([x] if (x := next(broken, None)) is not None else [])], default=None)


def tell(city: City, scenario: str, seed: int, lead_s: float, *, people: int = 40, cars: int = 9) -> Story:
    """Return the story of a scenario on a district.

    Raises:
        NoStory: no way leads past enough cameras.
    """
    if scenario in SEARCHES:
        return _search(_Stage(city, SEARCHES[scenario].scenario, Random(f"story/{seed}"), lead_s, people, cars), seed)
    stage = _Stage(city, SCENARIOS[scenario], Random(f"story/{seed}/{scenario}"), lead_s, people, cars)
    return {
        "exclusion-zone": _exclusion, "medical-exception": _medical, "curfew": _curfew, "tamper": _tamper,
        "approach": _approach, "quiet-night": _quiet,
    }[scenario](stage)  # fmt: skip


@dataclass(slots=True)
class _Stage:
    city: City
    scenario: Scenario
    rng: Random
    lead_s: float
    people: int
    cars: int

    @property
    def home(self) -> Xy:
        return self.city.victim_home

    def watched(self) -> Callable[[Street], float]:
        """Return the price of a street: cheap where a camera looks."""
        seen = {id(s) for s in self.city.net.streets if self._in_view(s)}
        return lambda s: s.length_m * (0.3 if id(s) in seen else 1.0) * (3.0 if s.foot_only else 1.0)

    def _in_view(self, s: Street) -> bool:
        x, y, _, _ = along_line(s.line, s.length_m / 2)
        return any(abs(c.x - x) < 60 and abs(c.y - y) < 60 and self.city.sees(c, x, y) for c in self.city.cameras)

    def walk_home(self, radius_m: float) -> tuple[tuple[Xy, ...], float]:
        """Return the best watched walk from outside a circle round the home to it, and metres to the crossing."""
        net = self.city.net
        goal, price = net.nearest_node(*self.home), self.watched()
        reach = net.reached_from(goal)
        starts = sorted(n for n in reach if radius_m + 40 < math.dist(net.nodes[n], self.home) < radius_m + 190)
        lines: list[tuple[Sequence[Xy], float]] = []
        for n in starts:
            for side in (1.0, -1.0):
                line = (*walk_line(self.city, net.way(n, goal, cost=price), side), self.home)
                crossing = _crossing_m(line, self.home, radius_m)
                if crossing is not None and crossing > 25 and length_m(line) < 2.4 * math.dist(line[0], line[-1]):
                    lines.append((line, crossing))
        return self.best(lines)

    def walks(self, least_m: float, most_m: float, away_m: tuple[float, float]) -> list[tuple[Xy, ...]]:
        """Return walks between crossings this far apart that begin this far from the victim's home."""
        net, price = self.city.net, self.watched()
        reach = sorted(net.reached_from(net.nearest_node(*self.home)))
        starts = [n for n in reach if away_m[0] < math.dist(net.nodes[n], self.home) < away_m[1]]
        out = []
        for n in self.rng.sample(starts, min(40, len(starts))):
            ends = [m for m in reach if least_m < math.dist(net.nodes[n], net.nodes[m]) < most_m]
            for m in self.rng.sample(ends, min(4, len(ends))):
                out.append(walk_line(self.city, net.way(n, m, cost=price), self.rng.choice((-1.0, 1.0))))
        return out

    def best(self, lines: Sequence[tuple[Sequence[Xy], float]]) -> tuple[tuple[Xy, ...], float]:
        """Return the walk that cameras see best from the place where it matters, and that place in metres along.

        Raises:
            NoStory: there is none.
        """
        if not lines:
            raise NoStory("no walk fits the scenario here")
        line, at = max(lines, key=lambda w: self.coverage(w[0], w[1]))
        return tuple(line), at

    def coverage(self, line: Sequence[Xy], at_m: float) -> float:
        """Count places in view, most of all 4-60 m (some 40 s) after the one that matters."""
        total = 0.0
        for s in range(int(max(0, at_m - 16)), int(min(length_m(line), at_m + 150)), 4):
            x, y, _, _ = along_line(line, s)
            n = sum(abs(c.x - x) < 60 and abs(c.y - y) < 60 and self.city.sees(c, x, y) for c in self.city.cameras)
            total += min(2, n) * 0.3 + (n > 0) * (4.0 if at_m + 4 <= s <= at_m + 60 else 0.7)
        return total

    def zone(self) -> Condition:
        return Condition(
            Trigger.EXCLUSION_ZONE, "출입금지 구역 Z-2", self.home, self.scenario.zone_radius_m, victim=True
        )

    def story(self, wearers: list[Wearer], victim: Route) -> Story:
        ends = self.lead_s + self.scenario.ends_after_s
        middle = wearers[0].actor.at(self.lead_s)
        who = Actor("P-207", "victim", [(-1e6, victim)], (0.30, 0.27, 0.24), (0.10, 0.11, 0.14), 1.62, number=2)
        who.hidden = victim.along_m(ends)[0] == victim.along_m(0.0)[0]  # she is at home
        others = crowd(self.city, self.rng, (middle.x, middle.y), self.people, self.cars, ends + 1800.0)
        return Story(self.scenario, self.city, self.lead_s, ends, wearers, who, "P-207", others, self.patrols())

    def patrols(self) -> list[Actor]:
        return [
            Actor(u.name, "police", [(-1e6, _stand((u.x, u.y)))], (0.80, 0.81, 0.84), number=900 + k)
            for k, u in enumerate(self.city.units)
        ]


def _search(stage: _Stage, seed: int) -> Story:
    """Somebody is looked for by his description; nobody of the night is under an order."""
    city, sought = stage.city, SEARCHES[stage.scenario.name]
    subject, others, walk, ends = walks(city, sought, seed, stage.lead_s, stage.people, stage.cars)
    home = Actor("P-207", "victim", [(-1e6, _stand(stage.home))], height_m=1.62, number=2, hidden=True)
    patrols = stage.patrols()
    return Story(stage.scenario, city, stage.lead_s, ends, [], home, "P-207", others, patrols,
                 sought=sought, walk=walk, followed=subject)  # fmt: skip


def _subject(route: Route) -> Actor:
    return Actor("W-1043", "wearer", [(-1e6, route)], (0.2, 0.2, 0.2), (0.1, 0.1, 0.1), 1.76, coded=True, number=1)


def _stand(at: Xy) -> Route:
    return Route((at, (at[0], at[1] + 0.01)), ((0.0, 0.0),))


def _crossing_m(line: Sequence[Xy], centre: Xy, radius_m: float) -> float | None:
    """Return the metres along a line at which it enters a circle for good, or None."""
    inside = None
    for k in range(int(length_m(line))):
        x, y, _, _ = along_line(line, float(k))
        if math.hypot(x - centre[0], y - centre[1]) < radius_m:
            inside = float(k) if inside is None else inside
        else:
            inside = None
    return inside


def _paced(line: tuple[Xy, ...], at_s: float, at_m: float, mps: float, stop_m: float) -> Route:
    """Return a walk that is `at_m` along at `at_s` and stops at `stop_m`; before its start it waits there."""
    begin = at_s - at_m / mps
    return Route(line, ((begin, 0.0), (begin + stop_m / mps, stop_m)))


def _exclusion(stage: _Stage) -> Story:
    line, crossing = stage.walk_home(stage.scenario.zone_radius_m)
    stop = min(length_m(line) - 12.0, crossing + 400.0)
    route = _paced(line, stage.lead_s, crossing, SUBJECT_MPS, stop)
    return stage.story([Wearer("W-1043", _subject(route), [stage.zone()])], _stand(stage.home))


def _medical(stage: _Stage) -> Story:
    story = _exclusion(stage)
    escort = Actor("escort", "person", [
        (b, Route(tuple((x + 0.7, y + 0.4) for x, y in r.line), r.knots)) for b, r in story.subject.actor.routes
    ], (0.10, 0.12, 0.18), (0.06, 0.06, 0.07), 1.74, number=19)  # fmt: skip
    story.crowd.append(escort)
    story.medical = {"place_coarse": "은결동 응급의료기관", "accompanied_by": "해담보호관찰소"}
    return story


def _curfew(stage: _Stage) -> Story:
    """He leaves home inside the window."""
    limit = stage.scenario.curfew_radius_m
    lines: list[tuple[Sequence[Xy], float]] = []
    for walk in stage.walks(110.0, 330.0, (60.0, 320.0)):
        out = next((s for s in range(int(length_m(walk))) if math.dist(along_line(walk, s)[:2], walk[0]) > limit), None)
        if out is not None:
            lines.append((walk, float(out)))
    line, left = stage.best(lines)
    home = line[0]
    route = _paced(line, stage.lead_s, left, SUBJECT_MPS, length_m(line))
    rule = Condition(Trigger.CURFEW, "외출 제한", home, stage.scenario.curfew_radius_m)
    return stage.story([Wearer("W-1043", _subject(route), [rule])], _stand(stage.home))


def _tamper(stage: _Stage) -> Story:
    """He cuts the strap on a watched street outside the zone and walks on; the device stays."""
    apart = stage.scenario.zone_radius_m + 40
    lines: list[tuple[Sequence[Xy], float]] = [
        (w, 30.0) for w in stage.walks(110.0, 300.0, (apart, apart + 260))
        if min(math.dist(along_line(w, s)[:2], stage.home) for s in range(0, int(length_m(w)), 5)) > apart
    ]  # fmt: skip
    line, cut = stage.best(lines)
    walk = _paced(line, stage.lead_s, cut, SUBJECT_MPS, length_m(line))
    plan = DevicePlan(tamper_at_s=stage.lead_s, silent_from_s=stage.lead_s + 60.0)
    return stage.story([Wearer("W-1043", _subject(walk), [stage.zone()], plan)], _stand(stage.home))


def _approach(stage: _Stage) -> Story:
    """Both are out; their ways meet."""
    limit = stage.scenario.approach_alarm_m
    line, at = stage.walk_home(stage.scenario.zone_radius_m)
    total, hers = length_m(line), 1.1
    way = line[::-1]
    # he is at the best watched place when she comes within the limit
    hers_at = next((s for s in range(int(at), int(total))
                    if math.dist(along_line(line, s)[:2], along_line(line, at)[:2]) >= limit), int(total))  # fmt: skip
    her_m = total - hers_at  # along her own way, from home
    route = _paced(line, stage.lead_s, at, SUBJECT_MPS, hers_at - 8.0)
    victim = _paced(way, stage.lead_s, her_m, hers, min(total, her_m + 20.0))
    rule = Condition(
        Trigger.APPROACH, "P-207 접근 금지", stage.home, limit, stage.scenario.approach_warn_m, victim=True
    )
    return stage.story([Wearer("W-1043", _subject(route), [rule])], victim)


MARGIN_M = 20.0
"""How far from breaking anything the quiet night keeps: 2.4 times the 68 % radius of a usual fix (8.4 m), so that
single fixes do fall on the wrong side and a rule that believes one fix raises a false alarm."""


def _quiet(stage: _Stage) -> Story:
    """Nobody breaks anything, but three come near: along a zone's edge, home under a roof, past the victim.

    The limits are drawn so that a street of the district runs along them, `MARGIN_M` outside.
    """
    edge, near_m = _skirting(stage, stage.scenario.zone_radius_m)
    zone = replace(stage.zone(), radius_m=math.floor(near_m - MARGIN_M))
    past, past_m = _skirting(stage, stage.scenario.approach_alarm_m + 40)
    limit = math.floor(past_m - MARGIN_M)
    apart = Condition(Trigger.APPROACH, "P-207 접근 금지", stage.home, limit, limit + 5.0, victim=True)
    home = stage.city.wearer_home
    rule = Condition(Trigger.CURFEW, "외출 제한", home, stage.scenario.curfew_radius_m)
    indoors = Actor("W-0662", "person", [(-1e6, _stand(home))], number=11, hidden=True)
    other = Actor("W-0871", "person", [(-1e6, _to_and_fro(past, stage.home, stage.lead_s + 18.0))], number=12)
    wearers = [
        Wearer("W-1043", _subject(_to_and_fro(edge, stage.home, stage.lead_s)), [zone]),
        Wearer("W-0662", indoors, [rule], DevicePlan(indoors=True), "robbery_murder"),
        Wearer("W-0871", other, [apart], offence="specified_violent"),
    ]
    return stage.story(wearers, _stand(stage.home))


def _to_and_fro(line: Sequence[Xy], home: Xy, nearest_at_s: float) -> Route:
    """Walk a line again and again, nearest to the home at the given time."""
    lap = length_m(line) / 1.3
    nearest = min(range(int(length_m(line))), key=lambda s: math.dist(along_line(line, s)[:2], home))
    first = nearest_at_s - nearest / 1.3
    return Route(tuple(line), tuple((first + (k - 40) * lap, (k % 2) * length_m(line)) for k in range(81)))


def _skirting(stage: _Stage, around_m: float) -> tuple[tuple[Xy, ...], float]:
    """Return the walk that keeps longest near one distance from the home without crossing it, and its nearest.

    Raises:
        NoStory: there is none.
    """
    net = stage.city.net
    reach = net.reached_from(net.nearest_node(*stage.home))
    ring = sorted(n for n in reach if abs(math.dist(net.nodes[n], stage.home) - around_m) < 70)
    best: tuple[float, tuple[Xy, ...], float] | None = None
    for n in ring:
        for m in stage.rng.sample(ring, min(8, len(ring))):
            if n == m or math.dist(net.nodes[n], net.nodes[m]) > 260:
                continue
            line = walk_line(stage.city, net.way(n, m))
            far = [math.dist(along_line(line, s)[:2], stage.home) for s in range(0, int(length_m(line)) + 1, 2)]
            close = sum(d < min(far) + 18 for d in far) * 2
            score = min(close, 220) * close / max(60.0, length_m(line))
            if close > 40 and (best is None or score > best[0]):
                best = (score, line, min(far))
    if best is None:
        raise NoStory("no walk along the edge of the zone")
    return best[1], best[2]
