"""How worn devices err in the supervision evaluation: mixtures, street canyons, wrong access points, bursts of loss.

Of another family than the detector's (which believes a Gaussian circle and one outlier class): nothing here is Gaussian
in its tails, errors stick to places and to stretches of time, and a claim knows little of the error it stands for.

Sizes: the Korea Communications Commission measured, by source, mean errors without the worst tenth of 34.2 m (Wi-Fi),
21.6 m (GPS) and 107 m (cell) in 2022, and 18.7, 12.7 and 25.0 m in 2024 (its results of 2023-03-17 and 2025-03-28). The
medians below lie between them for Wi-Fi and GPS and at the worst for cells. Shares of sources: 83.4, 10.7 and 5.9 % of
reports of victims' watches (Hankook Ilbo, 2023-10-18). What no source tells (how long a source lasts, how tails fall)
is ours and stands in the world, so another world can say otherwise.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.geo import Plane
from ansimnet.kernel.ids import DeviceId, FixId, named_id
from ansimnet.slices.supervision.model import Fix, PersonId, Sign

Xy = tuple[float, float]


class BadErrors(Refusal):
    """The world file cannot be read."""

    name = "bad-world"


@dataclass(frozen=True, slots=True)
class Source:
    """One way to find a place: its share of fixes, how long it lasts, how wrong it is and what it claims.

    Magnitudes are log-normal: `median_m` and `spread` (sigma of the logarithm). `honesty` is how much a claim follows
    the error it stands for, 0 not at all, 1 wholly.
    """

    share: float
    run: float
    median_m: float
    spread: float
    claim_m: float
    claim_spread: float
    honesty: float


@dataclass(frozen=True, slots=True)
class ErrorWorld:
    """Everything a run needs; written to and read from a small JSON file."""

    wifi: Source = Source(0.83, 20.0, 24.0, 0.75, 30.0, 0.30, 0.4)
    gps: Source = Source(0.11, 4.0, 12.0, 0.60, 9.0, 0.30, 0.3)
    cell: Source = Source(0.06, 2.5, 107.0, 0.80, 150.0, 0.40, 0.3)
    tight_share: float = 0.02
    """Fixes that claim 2 m whatever they are (200 m out at 1.9 m claimed were reported of a phone: Tracelet #294)."""
    moved_share: float = 0.003
    """Fixes placed by an access point that has moved house: 200 to 1,500 m away."""
    canyon_share: float = 0.4
    """Ground where satellites are seen by reflection: shifted across by an exponential of `canyon_m`."""
    canyon_m: float = 20.0
    indoor_cell: float = 1.0
    """Under a roof cells are so many times as common, and no satellites are seen."""
    every_s: tuple[float, ...] = (15.0, 15.0, 30.0, 60.0)
    """Seconds between fixes; a seed draws one."""
    delay_median_s: float = 0.8
    delay_spread: float = 0.7
    loss_open: float = 0.004
    """Chance that a fix opens a stretch of no radio; `loss_s` its mean length. What is held comes in one burst."""
    loss_s: float = 40.0
    twice_share: float = 0.02
    skew_s: float = 0.5
    gaps_a_day: float = 0.7
    """Underground stretches of a quiet day (lifts, metro), and `gap_s` their mean length."""
    gap_s: float = 240.0

    def save(self, file: Path) -> None:
        """Write the world file."""
        file.write_text(json.dumps({"supervision_world": 1, **asdict(self)}, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, file: Path) -> ErrorWorld:
        """Read a world file; what it does not name stays as it is.

        Raises:
            BadErrors: it is not one.
        """
        try:
            body = json.loads(file.read_text(encoding="utf-8"))
            if body.pop("supervision_world") != 1:
                raise BadErrors(f"`{file.name}` is of another version")
            unknown = set(body) - {f.name for f in fields(cls)}
            if unknown:
                raise BadErrors(f"`{file.name}` names what no world has: {', '.join(sorted(unknown))}")
            for name in ("wifi", "gps", "cell"):
                if name in body:
                    body[name] = Source(**body[name])
            if "every_s" in body:
                body["every_s"] = tuple(float(s) for s in body["every_s"])
            return cls(**body)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as e:
            raise BadErrors(f"`{file.name}` is no world of supervision", todo="write one with ErrorWorld.save") from e

    def source(self, name: str) -> Source:
        """Return a source by its name."""
        return {"wifi": self.wifi, "gps": self.gps, "cell": self.cell}[name]


@dataclass(frozen=True, slots=True)
class Made:
    """A fix and the truth about it, which only the scorer reads."""

    fix: Fix
    true_xy: Xy
    source: str
    true_error_m: float
    usable: bool
    """Delivered within 60 s and at most three class medians off."""


@dataclass(slots=True)
class Receiver:
    """One device. Ask it in the order of time."""

    world: ErrorWorld
    rng: Random
    ground: str
    """Names the ground: the same ground errs the same at the same place."""
    _source: str = "wifi"
    _left: int = 0
    _cell_off: Xy = (0.0, 0.0)
    _field: dict[tuple[int, int], tuple[float, float, float]] = field(default_factory=dict)

    def measure(self, xy: Xy, *, indoors: bool) -> tuple[float, float, float, str]:
        """Return where the device believes to be (m), the radius it claims (m) and by which source."""
        if self._left <= 0:
            self._choose(indoors)
        self._left -= 1
        s = self.world.source(self._source)
        if self.rng.random() < self.world.moved_share:
            far, turn = self.rng.uniform(200, 1500), self.rng.uniform(0, 2 * math.pi)
            ex, ey, off = far * math.cos(turn), far * math.sin(turn), s.median_m
        elif self._source == "wifi":
            ex, ey = self._wifi(xy, s)
            off = math.hypot(ex, ey)
        elif self._source == "gps":
            ex, ey = self._gps(xy, s)
            off = math.hypot(ex, ey)
        else:
            ex, ey = self._cell_off[0] + self.rng.uniform(-15, 15), self._cell_off[1] + self.rng.uniform(-15, 15)
            off = math.hypot(ex, ey)
        claim = s.claim_m * (max(off, 1.0) / s.median_m) ** s.honesty * self.rng.lognormvariate(0, s.claim_spread)
        if self.rng.random() < self.world.tight_share:
            claim = 2.0
        return xy[0] + ex, xy[1] + ey, max(2.0, round(claim, 1)), self._source

    def _choose(self, indoors: bool) -> None:
        w = self.world
        weights = [
            w.wifi.share / w.wifi.run,
            (0.0 if indoors else 1.0) * w.gps.share / w.gps.run,
            (w.indoor_cell if indoors else 1.0) * w.cell.share / w.cell.run,
        ]
        self._source = self.rng.choices(("wifi", "gps", "cell"), weights)[0]
        self._left = max(1, round(self.rng.expovariate(1 / w.source(self._source).run)))
        if self._source == "cell":  # one mast, one error, for as long as it lasts
            far = w.cell.median_m * self.rng.lognormvariate(0, w.cell.spread)
            turn = self.rng.uniform(0, 2 * math.pi)
            self._cell_off = (far * math.cos(turn), far * math.sin(turn))

    def _wifi(self, xy: Xy, s: Source) -> Xy:
        """Half of the error belongs to the place (which access points are heard), half to the moment."""
        e, n, _ = self._at(xy)
        far, turn = s.median_m * self.rng.lognormvariate(0, s.spread), self.rng.uniform(0, 2 * math.pi)
        return 0.7 * s.median_m * e + 0.7 * far * math.cos(turn), 0.7 * s.median_m * n + 0.7 * far * math.sin(turn)

    def _gps(self, xy: Xy, s: Source) -> Xy:
        _, _, across = self._at(xy)
        far, turn = 0.7 * s.median_m * self.rng.lognormvariate(0, s.spread), self.rng.uniform(0, 2 * math.pi)
        shift = self.rng.expovariate(1 / self.world.canyon_m) if across >= 0 else 0.0
        return far * math.cos(turn) + shift * math.cos(across), far * math.sin(turn) + shift * math.sin(across)

    def _at(self, xy: Xy) -> tuple[float, float, float]:
        """Return the errors that belong to a plot of 30 m: Wi-Fi's east and north (medians), the canyon's angle."""
        plot = (int(xy[0] // 30), int(xy[1] // 30))
        known = self._field.get(plot)
        if known is None:
            r = Random(f"{self.ground}/{plot}")
            far, turn = r.lognormvariate(0, self.world.wifi.spread), r.uniform(0, 2 * math.pi)
            canyon = r.uniform(0, 2 * math.pi) if r.random() < self.world.canyon_share else -1.0
            known = self._field[plot] = (far * math.cos(turn), far * math.sin(turn), canyon)
        return known


@dataclass(slots=True)
class Wire:
    """The radio between a device and us."""

    world: ErrorWorld
    rng: Random
    _dead_until: datetime | None = None

    def heard_at(self, sent_at: datetime) -> datetime:
        """Return when a report sent now is heard; in a dead stretch it is held to the end."""
        if self._dead_until is None or sent_at >= self._dead_until:
            self._dead_until = None
            if self.rng.random() < self.world.loss_open:
                self._dead_until = sent_at + timedelta(seconds=self.rng.expovariate(1 / self.world.loss_s))
        delay = self.world.delay_median_s * self.rng.lognormvariate(0, self.world.delay_spread)
        return (self._dead_until or sent_at) + timedelta(seconds=round(delay, 3))


@dataclass(slots=True)
class Maker:
    """Makes the fixes of one person on a ground."""

    world: ErrorWorld
    plane: Plane
    start: datetime
    person_id: PersonId
    device_id: DeviceId
    rng: Random
    ground: str
    receiver: Receiver = field(init=False)
    wire: Wire = field(init=False)
    skew_s: float = field(init=False)
    made: list[Made] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.receiver = Receiver(self.world, self.rng, self.ground)
        self.wire = Wire(self.world, self.rng)
        self.skew_s = self.rng.gauss(0, self.world.skew_s)

    def fix(
        self,
        t: float,
        xy: Xy,
        *,
        indoors: bool = False,
        heard_s: float | None = None,
        told: tuple[float, float, float] | None = None,
        battery: float | None = None,
        signs: frozenset[Sign] = frozenset(),
    ) -> None:
        """Make the fix of second `t`; `told` puts another place (x, y, claimed m) into the device's mouth."""
        if told is None:
            x, y, claim, source = self.receiver.measure(xy, indoors=indoors)
        else:
            (x, y, claim), source = told, "gps"
        sent_at = self.start + timedelta(seconds=t)
        heard_at = self.start + timedelta(seconds=heard_s) if heard_s is not None else self.wire.heard_at(sent_at)
        seen_at = sent_at + timedelta(seconds=round(self.skew_s, 2))
        jammed = Sign.JAM in signs
        off = math.dist((x, y), xy)
        fix = Fix(
            fix_id=FixId(named_id("fix", str(self.device_id), str(t), str(x), str(y))),
            device_id=self.device_id,
            person_id=self.person_id,
            seen_at=seen_at,
            heard_at=heard_at,
            point=None if jammed else self.plane.to_point(x, y),
            error_m=claim,
            battery=battery,
            signs=signs,
        )
        usable = (
            not jammed and heard_at - sent_at <= timedelta(seconds=60) and off <= 3 * self.world.source(source).median_m
        )
        self.made.append(Made(fix, xy, source, off, usable))
        if self.rng.random() < self.world.twice_share:
            self.made.append(self.made[-1])
