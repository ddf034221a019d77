"""From readings to defects. Pure: a camera's memory and one more reading give the next memory and what changed.

A defect opens after it was seen without a break for its patience, and closes after a row of readings without it: by
measurement alone. What cannot be judged (twilight, a view not learnt yet) neither opens nor closes anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

import numpy as np

from ansimnet.slices.footage.inspection.measuring import (
    COLUMNS,
    F32,
    ROWS,
    SCENE_PERCENT,
    Reading,
    leapt,
    noise,
    stirred,
)
from ansimnet.slices.footage.inspection.sun import Light
from ansimnet.slices.footage.model import Defect

LEARNT = 60
"""Readings a reference is made of before anything is compared with it: half an hour at one in 30 s. Ours."""
MEMORY = 2_880
"""Readings a reference remembers, a day of one light at one in 30 s: seasons and parked cars pass into it. Ours."""
BARE = 0.008
"""Mean contrast below which a picture shows nothing, whatever it showed before. Ours: a grey wall of one colour."""
FADED = 0.45
"""Share of the reference's contrast below which another view counts as covered. Ours: the trial's downpour keeps 0.73,
a bag over the dome 0.25."""
ALIKE = 0.63
"""Correlation with the reference below which the view is another one. Ours: the trial's downpour keeps 0.71, a camera
pushed aside by a tenth of its picture 0.58."""
SOFT = 0.80
"""Share of the reference's fine detail below which a picture is blurred. Ours: the trial's blur of two pixels leaves
0.72, a normal day 0.97."""
GRAINY = 18.0
"""Noise in grey levels, as `measuring.noise` reads it through an encoder (a sensor's 3 reads as 8), from which on a
face of 20 pixels is lost in it. Ours."""
BLACK = 26.0
"""Mean grey level below which a night picture is black; limited range begins at 16, noise lifts it. Ours."""
STILL = 0.2
"""Share of the calmest learnt below which a picture stands still. Ours."""
CLOCK = 2 / (ROWS * COLUMNS)
"""What leaps at the least where a clock is burnt in: two cells. Ours."""
OFF_S = 2.0
"""How far a camera's clock may be off: its stamp then still names the right moment of a person walking by. Ours."""

PATIENCE: Mapping[Defect, timedelta] = MappingProxyType(
    {
        Defect.SILENT: timedelta(minutes=5),  # longer than a reboot
        Defect.FROZEN: timedelta(minutes=10),
        Defect.COVERED: timedelta(minutes=10),  # a lorry that unloads
        Defect.MOVED: timedelta(minutes=10),
        Defect.BLURRED: timedelta(minutes=20),  # a shower on the dome
        Defect.DARK: timedelta(minutes=10),
        Defect.NOISY: timedelta(minutes=20),
        Defect.CLOCK: timedelta(minutes=5),
    }
)
"""How long each is seen before a ticket opens. Ours: what mends itself in that time needs nobody."""
OF_VIEW = frozenset({Defect.FROZEN, Defect.COVERED, Defect.MOVED, Defect.BLURRED, Defect.DARK, Defect.NOISY})
"""Defects during which nothing is learnt."""
LEAST = 5
"""Readings in a row that open, and that close."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """What a camera shows in one light: averages over hours, so that nobody is in them. `edges`: (ROWS, COLUMNS)."""

    edges: F32
    sharpness: float
    brightness: float
    detail: float
    calm: float
    """The stir that 19 of 20 pairs of pictures exceed."""
    quiet: float
    """The same of what leapt: above zero where a clock is burnt in, or somebody is always about."""
    readings: int = 1

    @property
    def learnt(self) -> bool:
        """Return whether there is enough of it to compare with."""
        return self.readings >= LEARNT

    @staticmethod
    def first(reading: Reading, stir: float, leap: float) -> Reference:
        """Return the reference of a single reading."""
        return Reference(_map(reading), reading.sharpness, reading.brightness, reading.detail, stir, leap)

    def learn(self, reading: Reading, stir: float, leap: float) -> Reference:
        """Take one more reading in. Fine detail is learnt once and not forgotten: a lens grows dim slowly."""
        weight = 1 / min(self.readings + 1, MEMORY)
        return Reference(
            edges=self.edges + np.float32(weight) * (_map(reading) - self.edges),
            sharpness=self.sharpness if self.learnt else self.sharpness + weight * (reading.sharpness - self.sharpness),
            brightness=self.brightness + weight * (reading.brightness - self.brightness),
            detail=self.detail + weight * (reading.detail - self.detail),
            calm=_lowest(self.calm, stir),
            quiet=_lowest(self.quiet, leap),
            readings=self.readings + 1,
        )


def _lowest(known: float, share: float) -> float:
    """Follow the value that 19 of 20 shares exceed: down by a tenth, up by a nineteenth of that."""
    return min(known * (0.9 if share < known else 1.0055), 1.0)


@dataclass(frozen=True, slots=True)
class Values:
    """What a reading says beside its reference; None where that cannot be said."""

    light: Light
    brightness: float
    noise: float | None = None
    stir: float | None = None
    leap: float | None = None
    sharp: float | None = None
    """Fine detail, as a share of the reference's."""
    kept: float | None = None
    """Contrast, as a share of the reference's."""
    alike: float | None = None
    """Correlation of the contrast maps, 1: the same view."""
    clock_s: float | None = None
    """The camera's clock minus ours."""


@dataclass(frozen=True, slots=True)
class Change:
    """A defect that opened or closed, with what was measured and the limit it is held against."""

    defect: Defect
    opened: bool
    since: datetime
    value: float
    limit: float


@dataclass(frozen=True, slots=True)
class _Row:
    """Readings in a row that say the same of a defect."""

    failing: bool
    since: datetime
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """What is remembered of one camera between two readings."""

    references: Mapping[Light, Reference] = field(default_factory=dict)
    rows: Mapping[Defect, _Row] = field(default_factory=dict)
    opened: frozenset[Defect] = frozenset()
    last: Reading | None = None


def judge(
    watch: Watch, reading: Reading | None, at: datetime, light: Light, clock_s: float | None = None
) -> tuple[Watch, Values | None, list[Change]]:
    """Judge one reading; None: the camera sends no picture."""
    if reading is None:
        watch, changes = _follow(replace(watch, last=None), {Defect.SILENT: (True, 0.0, 0.0)}, at)
        return watch, None, changes
    reference = watch.references.get(light)
    values = compare(reference, reading, watch.last, light, clock_s)
    found = verdicts(reference, reading, values)
    watch, changes = _follow(replace(watch, last=reading), found, at)
    if not any(failing for failing, _, _ in found.values()) and _may_learn(watch, reference):
        watch = _learn(watch, reference, reading, values)
    return watch, values, changes


def compare(
    reference: Reference | None, reading: Reading, before: Reading | None, light: Light, clock_s: float | None
) -> Values:
    """Return what a reading says beside its reference and the reading before."""
    values = Values(light, reading.brightness, clock_s=clock_s)
    if before is not None:
        values = replace(
            values, stir=stirred(before, reading), leap=leapt(before, reading), noise=noise(before, reading)
        )
    if reference is None or not reference.learnt or light is Light.TWILIGHT:
        return values
    return replace(
        values,
        sharp=reading.sharpness / max(reference.sharpness, 1e-6),
        kept=reading.detail / max(reference.detail, 1e-6),
        alike=_correlation(reference.edges, _map(reading)),
    )


Verdict = tuple[bool, float, float]
"""Failing, the value, its limit."""


def verdicts(reference: Reference | None, reading: Reading, v: Values) -> dict[Defect, Verdict]:
    """Return what can be said of each defect. One picture has one trouble: a covered lens is not called blurred too."""
    found: dict[Defect, Verdict] = {Defect.SILENT: (False, 1.0, 0.0)}
    if v.clock_s is not None:
        found[Defect.CLOCK] = (abs(v.clock_s) > OFF_S, v.clock_s, OFF_S)
    if v.light is not Light.TWILIGHT:
        found |= _of_view(reading, v)
    blind = any(found.get(d, (False,))[0] for d in (Defect.COVERED, Defect.DARK))
    if v.stir is not None and v.leap is not None and reference is not None and reference.learnt and not blind:
        still, limit = v.stir < STILL * reference.calm, STILL * reference.quiet
        found[Defect.FROZEN] = (still or (reference.quiet > CLOCK and v.leap < limit), v.leap, limit)
    return found


def _of_view(reading: Reading, v: Values) -> dict[Defect, Verdict]:
    """Return what can be said of the view, by day or by night."""
    found: dict[Defect, Verdict] = {}
    bare, dark = reading.detail < BARE, False
    if v.light is Light.NIGHT:
        lost = bare or (v.alike is not None and v.alike < ALIKE)
        dark = lost and v.brightness < BLACK
        found[Defect.DARK] = (dark, v.brightness, BLACK)
    if v.alike is None or v.kept is None or v.sharp is None:
        if bare:
            found[Defect.COVERED] = (not dark, reading.detail, BARE)
        return found
    grainy = v.noise is not None and v.noise > GRAINY
    other = v.alike < ALIKE and not grainy
    moved = other and v.kept >= FADED
    covered = other and not moved
    found[Defect.COVERED] = (covered and not dark, v.kept, FADED)
    found[Defect.MOVED] = (moved and not dark, v.alike, ALIKE)
    if not (covered or moved or dark):
        found[Defect.BLURRED] = (v.sharp < SOFT, v.sharp, SOFT)
        if v.noise is not None:
            found[Defect.NOISY] = (grainy, v.noise, GRAINY)
    return found


def _follow(watch: Watch, found: Mapping[Defect, Verdict], at: datetime) -> tuple[Watch, list[Change]]:
    """Count rows of the same verdict, and open and close by them."""
    rows, opened, changes = dict(watch.rows), set(watch.opened), list[Change]()
    for defect, (failing, value, limit) in found.items():
        row = rows.get(defect)
        row = _Row(failing, at, 1) if row is None or row.failing != failing else replace(row, count=row.count + 1)
        rows[defect] = row
        if failing and defect not in opened and row.count >= LEAST and at - row.since >= PATIENCE[defect]:
            opened.add(defect)
            changes.append(Change(defect, True, row.since, value, limit))
        elif not failing and defect in opened and row.count >= LEAST:
            opened.remove(defect)
            changes.append(Change(defect, False, row.since, value, limit))
    return replace(watch, rows=rows, opened=frozenset(opened)), changes


def _may_learn(watch: Watch, reference: Reference | None) -> bool:
    """Return whether what is seen may become the reference: nothing is wrong with the view, or it is learnt anew."""
    return not watch.opened & OF_VIEW or reference is None or not reference.learnt


def _learn(watch: Watch, reference: Reference | None, reading: Reading, v: Values) -> Watch:
    if v.light is Light.TWILIGHT or v.stir is None or v.leap is None or reading.detail < BARE:
        return watch
    learnt = Reference.first(reading, v.stir, v.leap) if reference is None else reference.learn(reading, v.stir, v.leap)
    return replace(watch, references={**watch.references, v.light: learnt})


def _map(reading: Reading) -> F32:
    return np.frombuffer(reading.edges, np.uint8).reshape(ROWS, COLUMNS).astype(np.float32)


def _correlation(reference: F32, now: F32) -> float:
    """Return the correlation of two maps."""
    a, b = _levelled(reference), _levelled(now)
    size = float(np.sqrt(np.square(a).sum() * np.square(b).sum()))
    return float((a * b).sum()) / size if size else 0.0


def _levelled(cells: F32) -> F32:
    """Return a map about zero, capped: burnt-in text outshines the scene and never moves."""
    capped = np.minimum(cells, np.percentile(cells, SCENE_PERCENT))
    return np.asarray(capped - capped.mean(), np.float32)
