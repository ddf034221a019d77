"""Does inspection find a camera's defects by its pictures alone, and does it leave a working one in peace?

Cameras of the simulator's city run through a day, a night and rain; then each defect is planted into each of them, by
day and by night where it can be seen in both. Every picture is encoded, decoded, measured and judged by the real code.
A defect counts as found when a ticket of its own name opened, and no other name did, and as mended when that ticket
closed after the defect was taken away. A ticket that opened on a normal run is a false alarm.

Keys: faults {name: {planted, found, mended}} false_alarms normal_hours readings cpu_ms_per_reading cadence_s.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from evaluation._inspection_city import SEOUL, TrialCamera, trial_cameras

from ansimnet.app.measure import Options
from ansimnet.kernel.clock import KST
from ansimnet.slices.footage.inspection.judging import PATIENCE, Change, Watch, judge
from ansimnet.slices.footage.inspection.measuring import measure
from ansimnet.slices.footage.inspection.sun import light_at
from ansimnet.slices.footage.model import Defect

CAMERAS = {"small": 2, "full": 12}
DAYS = {"small": 1, "full": 3}
CADENCE_S = {"small": 240.0, "full": 60.0}
"""The relay looks every 30 s; fewer looks need the same patience and find no less, only later."""
BEGINS = datetime(2026, 11, 7, 9, 0, tzinfo=KST)
RAIN = ((5.0, 7.5, 0.6), (16.0, 18.0, 1.0))
"""Hours after the beginning of each day: from, until, how hard. By day and by night."""
WHEN = {"day": timedelta(hours=4), "night": timedelta(hours=14)}
"""Planted so long after a beginning: 13 o'clock and 23 o'clock."""
OFF_S = 4.5
BY_NIGHT_ONLY = frozenset({Defect.DARK})
BY_DAY_ONLY = frozenset({Defect.SILENT, Defect.CLOCK})
"""Their picture says nothing, so its light does not matter."""


class Run:
    """One camera under inspection, from one instant on."""

    def __init__(self, camera: TrialCamera, at: datetime, cadence_s: float) -> None:
        self.camera = camera
        self.at = at
        self.step = timedelta(seconds=cadence_s)
        self.watch = Watch()
        self.readings = 0
        self.cpu_s = 0.0

    def until(self, end: datetime) -> list[Change]:
        """Look until an instant and return what opened and closed."""
        changes = []
        while self.at < end:
            self.at += self.step
            changes += self.look()
        return changes

    def look(self) -> list[Change]:
        """Look once."""
        broken = self.camera.broken
        light = light_at(SEOUL, self.at)
        picture = None if broken is Defect.SILENT else self.camera.decoded(self.at)
        began = time.process_time()
        reading = None if picture is None else measure(picture)
        clock_s = OFF_S if broken is Defect.CLOCK else 0.02
        self.watch, _, changes = judge(self.watch, reading, self.at, light, clock_s)
        self.cpu_s += time.process_time() - began
        self.readings += 1
        return changes


def run(options: Options) -> dict[str, Any]:
    """Measure and return the figures."""
    cameras = trial_cameras(options.seed, CAMERAS[options.size])
    cadence_s, days = CADENCE_S[options.size], DAYS[options.size]
    faults = {d.value: {"planted": 0, "found": 0, "mended": 0} for d in Defect}
    alarms: list[dict[str, Any]] = []
    cpu_s, readings, missed = 0.0, 0, list[dict[str, Any]]()
    for n, camera in enumerate(cameras):
        options.progress(n, len(cameras), "watching a day, a night, and rain")
        normal = Run(camera, BEGINS, cadence_s)
        alarms += [
            {"camera": n, "defect": c.defect.value, "since": c.since.isoformat(), "value": c.value}
            for c in _normal(normal, days)
            if c.opened
        ]
        readings, cpu_s = readings + normal.readings, cpu_s + normal.cpu_s
        for defect in Defect:
            for light, after in WHEN.items():
                if light == ("day" if defect in BY_NIGHT_ONLY else "night" if defect in BY_DAY_ONLY else ""):
                    continue
                found, mended, named = _plant(normal, defect, BEGINS + timedelta(days=days) + after)
                score = faults[defect.value]
                score["planted"] += 1
                score["found"] += found
                score["mended"] += mended
                if not (found and mended):
                    missed.append({"camera": n, "defect": defect.value, "light": light, "named": named})
    return {
        "faults": faults,
        "planted": sum(f["planted"] for f in faults.values()),
        "found": sum(f["found"] for f in faults.values()),
        "mended": sum(f["mended"] for f in faults.values()),
        "false_alarms": len(alarms),
        "alarms": alarms,
        "missed": missed,
        "normal_hours": 24 * days * len(cameras),
        "cameras": len(cameras),
        "readings": readings,
        "cadence_s": cadence_s,
        "cpu_ms_per_reading": 1e3 * cpu_s / readings,
    }


def _normal(run_: Run, days: int) -> list[Change]:
    """Run through days and nights with rain in both, beginning with what is learnt."""
    changes = []
    for day in range(days):
        begins = BEGINS + timedelta(days=day)
        for from_h, until_h, hard in RAIN:
            run_.camera.rain = 0.0
            changes += run_.until(begins + timedelta(hours=from_h))
            run_.camera.rain = hard
            changes += run_.until(begins + timedelta(hours=until_h))
        run_.camera.rain = 0.0
        changes += run_.until(begins + timedelta(days=1))
    return changes


def _plant(normal: Run, defect: Defect, at: datetime) -> tuple[bool, bool, list[str]]:
    """Break a copy of what was learnt, look until a ticket must have opened, mend it, and look until it must close."""
    trial = Run(normal.camera, at, normal.step.total_seconds())
    trial.watch = replace(normal.watch, last=None, rows={}, opened=frozenset())
    trial.until(at + 2 * trial.step)
    trial.camera.broken = defect
    opened = trial.until(trial.at + max(PATIENCE[defect], 5 * trial.step) + 3 * trial.step)
    trial.camera.broken = None
    closed = trial.until(trial.at + 7 * trial.step)
    names = [c.defect.value for c in opened if c.opened]
    mended = not trial.watch.opened and any(not c.opened and c.defect is defect for c in closed)
    return names == [defect.value], mended, names
