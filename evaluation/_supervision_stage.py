"""The staged scenarios of the supervision evaluation: who goes where, what the devices say of it, and the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from random import Random

import numpy as np
from evaluation._supervision_truth import F64, Ground, Round, Shape, Track, begin, node_at, shape_about, way_of
from evaluation._supervision_world import ErrorWorld, Made, Maker, Xy

from ansimnet.kernel.ids import ConditionId, DeviceId, ProtectedPersonId, WearerId, named_id
from ansimnet.slices.supervision.model import (
    Approach,
    Circle,
    Condition,
    Curfew,
    Exclusion,
    PersonId,
    Polygon,
    Sign,
    Window,
)

NOON = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
"""12:00 in Seoul."""
EVENING = datetime(2026, 11, 20, 14, 40, tzinfo=UTC)
"""23:40 in Seoul: a curfew begins at midnight."""
HIM = WearerId(named_id("supervision-eval", "him"))
HER = ProtectedPersonId(named_id("supervision-eval", "her"))
JAM = frozenset({Sign.JAM})


@dataclass(frozen=True, slots=True)
class Truth:
    """How deep a condition is truly broken over time: `breach_m` by its alarm radius, `loose_m` by its widest."""

    t: F64
    breach_m: F64
    loose_m: F64
    parties: int = 1


@dataclass(slots=True)
class Staged:
    """One staged story: what the devices said, what binds, and what is true."""

    name: str
    start: datetime
    every_s: float
    until_s: float
    conditions: list[Condition]
    truths: dict[ConditionId, Truth]
    made: list[Made]
    seed: str = ""


@dataclass(slots=True)
class Stage:
    """What a story is written on."""

    ground: Ground
    world: ErrorWorld
    rng: Random
    name: str
    start: datetime = NOON
    conditions: list[Condition] = field(default_factory=list)
    truths: dict[ConditionId, Truth] = field(default_factory=dict)
    makers: dict[str, Maker] = field(default_factory=dict)
    every_s: float = 15.0

    def __post_init__(self) -> None:
        self.every_s = self.rng.choice(self.world.every_s)
        for who, person in (("his", PersonId(HIM)), ("hers", PersonId(HER))):
            device = DeviceId(named_id("supervision-eval", who))
            rng = Random(self.rng.random())
            ground = f"{self.ground.name}/{self.rng.randrange(1000)}"
            self.makers[who] = Maker(self.world, self.ground.plane, self.start, person, device, rng, ground)

    def node(self, xy: Xy, low_m: float, high_m: float) -> int:
        """Return a crossing between two distances of a place."""
        return node_at(self.ground, xy, low_m, high_m, self.rng)

    def xy(self, node: int) -> Xy:
        """Return where a crossing lies."""
        return self.ground.net.nodes[node]

    def middle(self) -> int:
        """Return a crossing with streets all about."""
        return self.node((0.0, 0.0), 0, 1500)

    def way(self, a: int, b: int) -> list[Xy]:
        """Return a way somebody might take."""
        return way_of(self.ground, a, b, self.rng)

    def tell(
        self,
        who: str,
        track: Track,
        until_s: float,
        *,
        skip: Callable[[float], bool] = lambda _: False,
        held: Callable[[float], float | None] = lambda _: None,
        told: Callable[[float, Xy], tuple[float, float, float] | None] = lambda _t, _p: None,
        battery: Callable[[float], float | None] = lambda _: None,
        signs: Callable[[float], frozenset[Sign]] = lambda _: frozenset(),
        every_s: float | None = None,
    ) -> None:
        """Make the fixes of one of the two along a track."""
        every = every_s or self.every_s
        t = np.arange(self.rng.uniform(0, every), until_s, every)
        xs, ys, roof = track.xs(t), track.ys(t), track.roofed(t)
        for i, s in enumerate(t.tolist()):
            if skip(s):
                continue
            at = (float(xs[i]), float(ys[i]))
            self.makers[who].fix(
                s, at, indoors=bool(roof[i]), heard_s=held(s), told=told(s, at), battery=battery(s), signs=signs(s)
            )  # fmt: skip

    def forbid(self, zone: Round | Shape, track: Track, until_s: float, number: int = 0) -> None:
        """Bind him to stay out of a zone."""
        key = ConditionId(named_id("supervision-eval", "zone", str(number)))
        to = self.ground.plane.to_point
        shape = (
            Circle(to(zone.x, zone.y), zone.radius_m)
            if isinstance(zone, Round)
            else Polygon(tuple(to(x, y) for x, y in zone.ring))
        )
        self.conditions.append(Exclusion(key, HIM, "", shape, HER))
        t = np.arange(0.0, until_s, 1.0 if until_s < 90_000 else 5.0)
        depth = zone.depth(track.xs(t), track.ys(t))
        self.truths[key] = Truth(t, depth, depth)

    def apart(self, his: Track, hers: Track, until_s: float, warn_m: float, alarm_m: float, place: Xy | None) -> None:
        """Bind him to stay away from her."""
        key = ConditionId(named_id("supervision-eval", "apart"))
        at = self.ground.plane.to_point(*place) if place is not None else None
        self.conditions.append(Approach(key, HIM, "", HER, warn_m, alarm_m, at))
        t = np.arange(0.0, until_s, 1.0 if until_s < 90_000 else 5.0)
        gap = np.hypot(his.xs(t) - hers.xs(t), his.ys(t) - hers.ys(t))
        if place is not None:  # her registered place counts while her device is silent
            gap_place = np.hypot(his.xs(t) - place[0], his.ys(t) - place[1])
            self.truths[key] = Truth(t, alarm_m - gap, np.maximum(warn_m - gap, warn_m - gap_place), 2)
        else:
            self.truths[key] = Truth(t, alarm_m - gap, warn_m - gap, 2)

    def home(self, zone: Round, track: Track, until_s: float, window: Window, bound: Callable[[F64], F64]) -> None:
        """Bind him to be home in the window; `bound` tells for each second whether the window is open."""
        key = ConditionId(named_id("supervision-eval", "home"))
        self.conditions.append(
            Curfew(key, HIM, "", window, Circle(self.ground.plane.to_point(zone.x, zone.y), zone.radius_m))
        )
        t = np.arange(0.0, until_s, 1.0 if until_s < 90_000 else 5.0)
        out = np.where(bound(t) > 0, -zone.depth(track.xs(t), track.ys(t)), -1e6)
        self.truths[key] = Truth(t, out, out)

    def done(self, until_s: float) -> Staged:
        """Return the story as it was staged."""
        made = [m for maker in self.makers.values() for m in maker.made]
        return Staged(self.name, self.start, self.every_s, until_s, self.conditions, self.truths, made)


def _walk_in(
    s: Stage, *, speed: float = 1.35, inside_s: float | None = None, far: float = 900.0
) -> tuple[Track, float]:
    """Write a walk to the middle of a forbidden zone, a stay there and the way back; return it and its end."""
    goal = s.middle()
    radius = s.rng.uniform(120, 350)
    start = s.node(s.xy(goal), radius + 250, radius + far)
    track = begin(s.xy(start))
    track.stay(s.rng.uniform(60, 240))
    track.go(s.way(start, goal), speed, s.rng)
    track.stay(inside_s if inside_s is not None else s.rng.uniform(60, 420), indoors=s.rng.random() < 0.5)
    track.go(s.way(goal, start), speed, s.rng)
    track.stay(120)
    s.forbid(shape_about(s.xy(goal), radius, s.rng), track, track.end_s)
    return track, track.end_s


def mix(s: Stage) -> Staged:
    """He walks in, stays and walks out, by whatever source his device has."""
    track, end = _walk_in(s)
    s.tell("his", track, end)
    return s.done(end)


def fast_approach(s: Stage) -> Staged:
    """He comes by car at 8 to 14 m/s."""
    track, end = _walk_in(s, speed=s.rng.uniform(8, 14), far=2500)
    s.tell("his", track, end)
    return s.done(end)


def tunnel_stale(s: Stage) -> Staged:
    """His last fix is old: no sky and no radio for some minutes, and he comes out inside or near."""
    track, end = _walk_in(s, speed=s.rng.choice((1.35, 6.0)), far=1800)
    t = next(iter(s.truths.values()))
    enters = float(t.t[int(np.argmax(t.breach_m > 0))])
    a, b = enters - s.rng.uniform(120, 420), enters + s.rng.uniform(-30, 90)
    s.tell("his", track, end, skip=lambda x: a <= x < b)
    return s.done(end)


def jamming(s: Stage) -> Staged:
    """His receiver is drowned before he enters; half of the time it comes back inside."""
    track, end = _walk_in(s, inside_s=s.rng.uniform(300, 900))
    t = next(iter(s.truths.values()))
    enters = float(t.t[int(np.argmax(t.breach_m > 0))])
    a = enters - s.rng.uniform(60, 300)
    b = enters + s.rng.uniform(60, 200) if s.rng.random() < 0.5 else end + 1
    s.tell("his", track, end, signs=lambda x: JAM if a <= x < b else frozenset())
    return s.done(end)


def dead_battery(s: Stage) -> Staged:
    """His battery runs down and dies before he enters; half of the time it is loaded again inside.

    He was heard before it, as in a late burst.
    """
    track, end = _walk_in(s, inside_s=s.rng.uniform(300, 900))
    t = next(iter(s.truths.values()))
    enters = float(t.t[int(np.argmax(t.breach_m > 0))])
    dies = max(2.5 * s.every_s, enters - s.rng.uniform(0, 500))
    back = enters + s.rng.uniform(60, 200) if s.rng.random() < 0.5 else end + 1
    s.tell(
        "his", track, end,
        skip=lambda x: dies <= x < back,
        battery=lambda x: max(1.0, 30.0 - 28.0 * x / max(dies, 1.0)) if x < dies else 40.0,
    )  # fmt: skip
    return s.done(end)


def late_burst(s: Stage) -> Staged:
    """A dead spot: fixes are kept, and come at once, in any order; he has walked in meanwhile.

    He was heard at least twice before it: of a device that never spoke nobody can say that it fell silent.
    """
    track, end = _walk_in(s, inside_s=s.rng.uniform(240, 600))
    t = next(iter(s.truths.values()))
    enters = float(t.t[int(np.argmax(t.breach_m > 0))])
    a, b = max(2.5 * s.every_s, enters - s.rng.uniform(60, 600)), enters + s.rng.uniform(20, 240)
    s.tell("his", track, end, held=lambda x: b + s.rng.uniform(0, 4) if a <= x < b else None)
    return s.done(end)


def spoofed_tight(s: Stage) -> Staged:
    """One fix in four lies 200 to 1,500 m off and claims 2 m; half of the time he truly goes in."""
    if s.rng.random() < 0.5:
        track, end = _walk_in(s)
    else:
        goal = s.middle()
        radius = s.rng.uniform(120, 350)
        a = s.node(s.xy(goal), radius + 150, radius + 700)
        track = begin(s.xy(a))
        track.stay(s.rng.uniform(900, 1800), indoors=s.rng.random() < 0.5)
        end = track.end_s
        s.forbid(shape_about(s.xy(goal), radius, s.rng), track, end)

    def told(_: float, at: Xy) -> tuple[float, float, float] | None:
        if s.rng.random() > 0.25:
            return None
        far, turn = s.rng.uniform(200, 1500), s.rng.uniform(0, 6.283)
        return at[0] + far * np.cos(turn), at[1] + far * np.sin(turn), 2.0

    s.tell("his", track, end, told=told)
    return s.done(end)


def edge_walk(s: Stage) -> Staged:
    """He goes along the edge of a zone, now 80 m outside, now 100 m inside."""
    middle = s.xy(s.middle())
    radius = s.rng.uniform(150, 400)
    off = s.rng.uniform(-80, 100)
    track = begin((middle[0] + radius + 160, middle[1]))
    track.stay(s.rng.uniform(60, 240))
    track.go([(middle[0] + radius - off, middle[1])], 1.35, s.rng)
    n = 48
    line = []
    for k in range(1, n):
        turn = 3.1416 * 2 * k / n
        r = radius - off + s.rng.uniform(-8, 8)
        line.append((middle[0] + r * float(np.cos(turn)), middle[1] + r * float(np.sin(turn))))
    track.go(line, 1.35, s.rng)
    s.forbid(Round(*middle, radius), track, track.end_s)
    s.tell("his", track, track.end_s)
    return s.done(track.end_s)


def _radii(s: Stage) -> tuple[float, float]:
    alarm = s.rng.choice((100.0, 200.0, 300.0))
    return s.rng.choice((alarm, 2 * alarm, 1000.0)), alarm


def both_moving(s: Stage) -> Staged:
    """They walk towards each other on the same way, meet, stand and part."""
    warn, alarm = _radii(s)
    goal = s.middle()
    a = s.node(s.xy(goal), 500, 1200)
    b = s.node(s.xy(a), 1000, 2400)
    line = s.way(a, b)
    his, hers = begin(line[0]), begin(line[-1])
    his.go(line[: len(line) // 2 + 1], s.rng.uniform(1.1, 4.0), s.rng)
    hers.go(line[::-1][: len(line) - len(line) // 2], s.rng.uniform(1.1, 1.6), s.rng)
    end = max(his.end_s, hers.end_s) + s.rng.uniform(90, 300)
    his.stay(end - his.end_s)
    hers.stay(end - hers.end_s)
    his.go(line[: len(line) // 2 + 1][::-1], 1.4, s.rng)
    end = min(his.end_s, end + 900)
    s.apart(his, hers, end, warn, alarm, None)
    s.tell("his", his, end)
    s.tell("hers", hers, end, every_s=s.rng.choice((s.every_s, 60.0)))
    return s.done(end)


def victim_walks_up(s: Stage) -> Staged:
    """He stays where he is, and she comes; half of the time her device falls silent on the way."""
    warn, alarm = _radii(s)
    goal = s.middle()
    his = begin(s.xy(goal), indoors=True)
    start = s.node(s.xy(goal), 500, 1500)
    hers = begin(s.xy(start))
    hers.go(s.way(start, goal)[:-1], 1.35, s.rng)
    arrived = hers.end_s
    hers.stay(s.rng.uniform(120, 420))
    end = hers.end_s
    his.stay(end, indoors=True)
    s.apart(his, hers, end, warn, alarm, s.xy(start))
    s.tell("his", his, end)
    quiet = s.rng.uniform(0.5, 0.9) * arrived if s.rng.random() < 0.3 else end + 1
    s.tell("hers", hers, end, skip=lambda x: quiet <= x < quiet + 240)
    return s.done(end)


def curfew_at_the_door(s: Stage) -> Staged:
    """Midnight: he sits at home, stands at the door, comes late, or goes."""
    s.start = EVENING
    for m in s.makers.values():
        m.start = EVENING
    home = s.xy(s.middle())
    far = s.node(home, 300, 900)
    kind = s.rng.choice(("home", "door", "late", "goes"))
    if kind == "late":
        track = begin(s.xy(far))
        track.stay(1200 + s.rng.uniform(60, 900))
        track.go(s.way(far, s.ground.net.nearest_node(*home)), 1.35, s.rng)
        track.stay(900, indoors=True)
    else:
        track = begin(home, indoors=True)
        track.stay(1200 + s.rng.uniform(60, 900), indoors=True)
        if kind == "door":
            track.go([(home[0] + 15, home[1] + 5)], 1.0, s.rng)
            track.stay(600)
            track.go([home], 1.0, s.rng)
        elif kind == "goes":
            track.go(s.way(s.ground.net.nearest_node(*home), far), 1.35, s.rng)
            track.stay(300)
        track.stay(600, indoors=kind != "goes")
    s.home(Round(*home, 100.0), track, track.end_s, Window(time(0), time(6)), lambda t: (t >= 1200).astype(float))
    s.tell("his", track, track.end_s)
    return s.done(track.end_s)


def quiet_week(s: Stage, days: float) -> Staged:
    """An ordinary life under a curfew, two zones and one pair, in which nothing is broken."""
    home_node = s.node((0.0, 0.0), 0, 1500)
    home = s.xy(home_node)
    work, shop = s.node(home, 600, 2200), s.node(home, 200, 700)
    hers_home = s.xy(s.node(home, 2200, 6000))
    until = days * 86_400.0
    s.start = datetime(2026, 11, 15, 15, 0, tzinfo=UTC)  # midnight in Seoul
    for m in s.makers.values():
        m.start = s.start
    track = begin(home, indoors=True)
    day = 0
    while track.end_s < until:
        _day(s, track, day, home_node, work, shop)
        day += 1
    hers = begin(hers_home, indoors=True)
    hers.stay(until, indoors=True)
    placed = _zones_beside(s, track)
    for number, zone in enumerate(placed):
        s.forbid(zone, track, until, number)
    s.apart(track, hers, until, 1000.0, 300.0, hers_home)
    s.home(Round(*home, 100.0), track, until, Window(time(0), time(6)), lambda t: (t % 86_400 < 21_600).astype(float))
    gaps = _gaps(s, until)
    s.tell("his", track, until, skip=lambda x: any(a <= x < b for a, b in gaps if a - 1 <= x))
    s.tell("hers", hers, until, every_s=60.0)
    return s.done(until)


def _day(s: Stage, track: Track, day: int, home: int, work: int, shop: int) -> None:
    r = s.rng
    leaves = day * 86_400 + r.uniform(7.0, 9.0) * 3600
    track.stay(max(60.0, leaves - track.end_s), indoors=True)
    if day % 7 < 5:
        track.go(s.way(home, work), r.choice((1.35, 1.35, 7.0)), r)
        track.stay(r.uniform(3.0, 4.5) * 3600, indoors=True)
        out = s.way(work, s.node(s.xy(work), 150, 500))
        track.go(out, 1.35, r)
        track.stay(r.uniform(900, 2400), indoors=r.random() < 0.7)
        track.go(out[::-1], 1.35, r)
        track.stay(r.uniform(3.0, 5.0) * 3600, indoors=True)
        track.go(s.way(work, home), r.choice((1.35, 1.35, 7.0)), r)
    if r.random() < 0.6:
        line = s.way(home, shop)
        track.go(line, 1.35, r)
        track.stay(r.uniform(600, 3600), indoors=True)
        track.go(line[::-1], 1.35, r)
    track.stay(max(60.0, (day + 1) * 86_400 - track.end_s), indoors=True)


def _zones_beside(s: Stage, track: Track) -> list[Round | Shape]:
    """Return two zones that his life passes at 60 to 400 m and never enters."""
    t = np.arange(0.0, track.end_s, 20.0)
    x, y = track.xs(t), track.ys(t)
    found: list[Round | Shape] = []
    for low, high in ((60.0, 150.0), (100.0, 400.0)):
        for _ in range(400):
            zone = shape_about(s.xy(s.node((float(x[0]), float(y[0])), 100, 3000)), s.rng.uniform(120, 350), s.rng)
            if -high <= float(zone.depth(x, y).max()) <= -low:
                found.append(zone)
                break
    return found


def _gaps(s: Stage, until: float) -> list[tuple[float, float]]:
    gaps = []
    for day in range(int(until // 86_400) + 1):
        if s.rng.random() < s.world.gaps_a_day:
            a = day * 86_400 + s.rng.uniform(8, 20) * 3600
            gaps.append((a, a + s.rng.expovariate(1 / s.world.gap_s)))
    return gaps


SCENARIOS: dict[str, Callable[[Stage], Staged]] = {
    "fast_approach": fast_approach,
    "both_moving": both_moving,
    "victim_walks_up": victim_walks_up,
    "tunnel_stale": tunnel_stale,
    "jamming": jamming,
    "dead_battery": dead_battery,
    "late_burst": late_burst,
    "spoofed_tight": spoofed_tight,
    "curfew_at_the_door": curfew_at_the_door,
    "edge_walk": edge_walk,
    "source_mix": mix,
}


def staged(name: str, ground: Ground, world: ErrorWorld, seed: str) -> Staged:
    """Stage a scenario: the same seed is the same story."""
    story = SCENARIOS[name](Stage(ground, world, Random(f"{name}/{seed}"), name))
    story.seed = seed
    return story


def quiet(ground: Ground, world: ErrorWorld, seed: str, days: float, every_s: float) -> Staged:
    """Stage quiet days at a rate of fixes."""
    s = Stage(ground, world, Random(f"quiet/{seed}"), "quiet_weeks")
    s.every_s = every_s
    story = quiet_week(s, days)
    story.seed = seed
    return story


def seconds(staged_: Staged, at: datetime) -> float:
    """Return an instant as seconds of the story."""
    return (at - staged_.start) / timedelta(seconds=1)
