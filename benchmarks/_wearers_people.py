"""The people of `wearers`: who they are, how each device speaks, how everybody moves, and whose breach is staged.

The load and the benchmark that checks it share this file and nothing else. Everybody lives on a grid of a kilometre.
Half rest at home, half walk about it; those whose breach is staged go into a zone of their own, or to the person they
must keep from, stay, and come back. A way of one hop of `HOP_M` per fix is the same in a compressed run.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import msgspec

from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.geo import Plane, Point
from ansimnet.kernel.ids import ProtectedPersonId, new_id
from ansimnet.platform.db import Db, Tx
from ansimnet.slices.supervision import queries
from ansimnet.slices.supervision.service import register

OURS = "system:benchmark"
MIDDLE = Point(36.6, 127.6)
GRID_M = 1_000.0
WALK_M, WALK_STEPS = 250.0, 90
"""Who walks goes round his home at this distance in so many fixes: 17 m a fix, 1.2 m/s at one per 15 s."""
HOP_M = 150.0
"""Between two fixes of a breach: 36 km/h at one fix per 15 s."""
ZONE_M, WARN_M, ALARM_M = 300.0, 500.0, 200.0
FAR_M = 1_200.0
"""From home to the staged zone, and to the protected person."""
HOPS = round(FAR_M / HOP_M)
STAY = 4
"""Fixes that somebody stays."""
BREACH_STEPS = 2 * HOPS + STAY
ERRORS_M = (8.0, 12.0, 20.0, 35.0)
"""What devices claim (68 %); they err by a Gaussian of two thirds of it along each axis."""
PER_TRANSACTION, AT_ONCE = 50, 3


class Breach(msgspec.Struct):
    """A staged breach: from which fix on, where to (m from home), and what must be raised by it."""

    step: int
    east_m: float
    north_m: float
    trigger: str


class Person(msgspec.Struct):
    """One person with one device, as the load knows it. `phase` is his place within a round, 0 to 1."""

    name: str
    form: str
    phase: float
    lat: float
    lon: float
    rests: bool
    turn: float
    claim_m: float
    key: str = ""
    keeps_from: str | None = None
    protected: bool = False
    zones: int = 0
    breach: Breach | None = None

    def place(self, step: int, rng: Random) -> tuple[float, float]:
        """Return what the device says at a fix, degrees: the truth with its error."""
        east, north = self.truth_m(step)
        sigma = self.claim_m * 2 / 3
        p = Plane(Point(self.lat, self.lon)).to_point(east + rng.gauss(0, sigma), north + rng.gauss(0, sigma))
        return round(p.lat, 7), round(p.lon, 7)

    def truth_m(self, step: int) -> tuple[float, float]:
        """Return where he truly is, metres east and north of home."""
        if self.breach is not None:
            k = step - self.breach.step
            share = max(0.0, min(k / HOPS, 1.0, (BREACH_STEPS - k) / HOPS))
            return self.breach.east_m * share, self.breach.north_m * share
        if self.rests:
            return 0.0, 0.0
        angle = self.turn + 2 * math.pi * step / WALK_STEPS
        return WALK_M * math.cos(angle), WALK_M * math.sin(angle)


@dataclass(frozen=True, slots=True)
class Mix:
    """How many of a hundred devices speak how, and how people are bound."""

    forms: Sequence[tuple[str, int]]
    zones: int
    pairs_in_100: int
    staged_in_100: float
    others_each: int = 0
    """People under protection beside each wearer whom nobody is ordered to keep from; they walk about."""


def people_of(seed: int, wearers: int, mix: Mix, rounds: int, first: int) -> list[Person]:
    """Return wearers, and protected persons behind them; breaches begin at fix `first` or later and end in time."""
    rng = Random(seed)
    plane, side = Plane(MIDDLE), math.ceil(math.sqrt(wearers))
    forms = [form for form, share in mix.forms for _ in range(share)]
    staged = set(rng.sample(range(wearers), round(wearers * mix.staged_in_100 / 100)))
    out: list[Person] = []
    hers: list[Person] = []

    def person(name: str, home: Point) -> Person:
        return Person(
            name=name, form=rng.choice(forms), phase=rng.random(),
            lat=home.lat, lon=home.lon, rests=rng.random() < 0.5, turn=rng.uniform(0, 2 * math.pi),
            claim_m=rng.choice(ERRORS_M),
        )  # fmt: skip

    for i in range(wearers):
        home = plane.to_point(GRID_M * (i % side), GRID_M * (i // side))
        he = person(f"W-{i:06d}", home)
        he.zones = mix.zones
        if i % 100 < mix.pairs_in_100:
            she = person(f"P-{i:06d}", Plane(home).to_point(-FAR_M, 0.0))
            she.protected, she.rests, she.claim_m = True, True, min(she.claim_m, 20.0)
            he.keeps_from = she.name
            hers.append(she)
        for k in range(mix.others_each):
            other = person(f"O-{i:06d}-{k}", plane.to_point(GRID_M * (i % side), GRID_M * (i // side) + 50.0 * k))
            other.protected = True
            hers.append(other)
        if i in staged:
            step = rng.randint(first, max(first, rounds - BREACH_STEPS - 3))
            at_her = he.keeps_from is not None
            he.breach = Breach(step, -FAR_M if at_her else FAR_M, 0.0, "approach" if at_her else "exclusion_zone")
            he.claim_m = min(he.claim_m, 20.0)
        out.append(he)
    return out + hers


async def fill(db: Db, people: Sequence[Person], at: datetime) -> None:
    """Register everybody as an officer would, and note each device's own key in `people`."""
    ids = {p.name: ProtectedPersonId(new_id()) for p in people if p.protected}
    turn = asyncio.Semaphore(AT_ONCE)

    async def some(group: Sequence[Person]) -> None:
        async with turn, db.transaction() as tx:
            for p in group:
                if p.protected:
                    _, p.key = await queries.bind_protected_device(
                        tx, ids[p.name], p.name, place=Point(p.lat, p.lon), code=p.name, actor=OURS, now=at
                    )
                else:
                    await _wearer(tx, p, ids[p.keeps_from] if p.keeps_from else None, at)

    for protected in (True, False):  # whom somebody must keep from is known first
        whole = [p for p in people if p.protected == protected]
        groups = [whole[k : k + PER_TRANSACTION] for k in range(0, len(whole), PER_TRANSACTION)]
        await asyncio.gather(*map(some, groups))


async def _wearer(tx: Tx, p: Person, her: ProtectedPersonId | None, at: datetime) -> None:
    wearer_id = await register.register_wearer(
        tx, code=p.name, offence="sexual_violence", office="해담보호관찰소", order_number=p.name,
        from_at=at - timedelta(days=30), until_at=at + timedelta(days=300), actor=OURS, now=at,
    )  # fmt: skip
    _, p.key = await register.bind_device(tx, wearer_id, p.name, actor=OURS, now=at)
    plane = Plane(Point(p.lat, p.lon))
    for k in range(p.zones):
        # the first is the one a breach goes to; the others begin 400 m or more from where he walks
        middle = plane.to_point(FAR_M + 700.0 * k, 0.0 if k == 0 else 500.0)
        zone = register.Draft(trigger=Trigger.EXCLUSION_ZONE, label="학교", centre=middle, radius_m=ZONE_M)
        await register.set_condition(tx, wearer_id, zone, actor=OURS, now=at)
    if her is not None:
        apart = register.Draft(trigger=Trigger.APPROACH, protected_person_id=her, warn_m=WARN_M, alarm_m=ALARM_M)
        await register.set_condition(tx, wearer_id, apart, actor=OURS, now=at)
