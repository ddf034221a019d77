"""Behaviours on boxes without pictures: intrusion on a real tracker's boxes, loitering on labelled trajectories.

Truth of intrusion comes from the boxes that people drew (MOT17): a foot that steps into a zone and stays for a second.
What the behaviour is given are the boxes of a real tracker (Lif_T), with its gaps and its mistakes. Zones are drawn by
the seed alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from evaluation._behaviours_score import decided, none
from numpy.typing import NDArray

from ansimnet_vision.behaviours.intrusion import Intrusion
from ansimnet_vision.behaviours.loitering import DWELL_S, Loitering, lingering
from ansimnet_vision.behaviours.plane import foot_of, inside
from ansimnet_vision.behaviours.trails import Trails
from ansimnet_vision.protocol import AFTER_S, BEFORE_S, Count
from ansimnet_vision.training.loitering import HEIGHT, WIDTH, labels, tall_at, trajectories
from ansimnet_vision.training.rows import held_out
from ansimnet_vision.types import PERSON, Box, CameraConfig, Scene, Seen, Zone

STILL_CAMERAS = frozenset({"MOT17-02", "MOT17-04", "MOT17-09"})
"""Zones make sense where the camera stands; the other sequences are filmed while walking or driving."""
ZONES = {"small": 2, "full": 6}
LOOKS = 5.0
INSIDE_S = 1.0
SAME = 0.3
"""Overlap of boxes (IoU) that makes an alarm one about this person."""
PEOPLE = frozenset({1, 2, 7})
"""MOT classes: pedestrian, person on vehicle, static person."""
PLAIN = 0.3
"""Of a person that must be visible, for it to be asked that he be found."""
LUMA = np.zeros((2, 2), np.uint8)
SMALLEST = 0.05
"""Of the picture's height: 18 pixels of a sub-stream of 360. The certification films people at 10 to 30 m."""
BETWEEN_S = 2.0
"""Who is outside for less has not left: the certification's own tolerance before an event."""
TRAJECTORIES = {"small": 400, "full": 100_000}
LOITERS = 0.5
"""Nats a second, on average, that call a trajectory loitering: where F1 is highest on the two thirds (0.61; a fifth of
them loiter, so that no line does better with this AUC)."""
People = dict[int, list[tuple[int, Box, float]]]
"""(track, box, visible share) by frame."""


@dataclass(slots=True)
class Entry:
    """Somebody is in a zone. `boxes`: where, by instant; `plain`: the instants at which he is large and visible enough.

    An alarm about somebody who never was is right all the same: the person did stand there. It is not asked for.
    """

    boxes: dict[float, Box]
    plain: list[float]

    @property
    def at_s(self) -> float:
        """Return when he is first seen plainly, else when he came."""
        return min(self.plain or self.boxes)


def intrusion(data: Path, size: str, seed: int) -> dict[str, Any]:
    """Return how intrusions by real people into zones drawn at random are found in a real tracker's boxes."""
    total, frames_s, rng = Count(), 0.0, Random(seed)
    drawn = sorted((data / "tracking" / "MOT17_gt").glob("*_gt.txt"))
    for truth in drawn:
        name = truth.name.removesuffix("_gt.txt")
        tracked = data / "tracking" / "MOT17_LifT" / f"{name}-FRCNN.txt"
        if name not in STILL_CAMERAS or not tracked.is_file():
            continue
        wide, tall, rate = _sequence(truth.with_name(f"{name}_seqinfo.ini"))
        real, seen = _boxes(truth, wide, tall, True), _boxes(tracked, wide, tall, False)
        every = max(1, round(rate / LOOKS))
        for _ in range(ZONES[size]):
            x, y = rng.uniform(0.1, 0.6), rng.uniform(0.35, 0.6)
            corners = ((x, y), (x + 0.25, y), (x + 0.25, y + 0.35), (x, y + 0.35))
            zone = Zone("z", "zone", "intrusion", corners)
            config = CameraConfig("clip", wide, tall, zones=(zone,), behaviours=frozenset({"intrusion"}))
            total.add(_scored(_entries(real, zone, rate, every), _alarms(config, seen, rate, every), every / rate))
            frames_s += max(real, default=0) / rate
    figures = total.figures()
    return {
        **figures,
        "zone_hours": round(frames_s / 3600, 3),
        "truth": "people's boxes drawn by hand, a tracker's boxes in",
    }


def _sequence(file: Path) -> tuple[int, int, float]:
    told = ConfigParser()
    if file.is_file():
        told.read_string(file.read_text(encoding="utf-8"))
    part = told["Sequence"] if told.has_section("Sequence") else {}
    return int(part.get("imWidth", "1920")), int(part.get("imHeight", "1080")), float(part.get("frameRate", "30"))


def _boxes(file: Path, wide: int, tall: int, drawn: bool) -> People:
    """Return who is where by frame; a tracker's boxes count as visible."""
    rows = np.loadtxt(file, delimiter=",", usecols=range(9 if drawn else 6), ndmin=2)
    if drawn:
        rows = rows[(rows[:, 6] > 0) & np.isin(rows[:, 7], list(PEOPLE))]
    out: People = {}
    for frame, track, x, y, w, h, *rest in rows.tolist():
        box = (x / wide, y / tall, (x + w) / wide, (y + h) / tall)
        out.setdefault(int(frame), []).append((int(track), box, rest[2] if drawn else 1.0))
    return out


def _entries(real: People, zone: Zone, rate: float, every: int) -> list[Entry]:
    """Return every stay in a zone, brief ones and those of hidden people too."""
    here: dict[int, Entry] = {}
    done: list[Entry] = []
    for frame in range(1, max(real, default=0) + 1, every):
        at_s = frame / rate
        for track, box, visible in real.get(frame, []):
            if not inside(foot_of(box), zone.points):
                if track in here and at_s - max(here[track].boxes) > BETWEEN_S:
                    done.append(here.pop(track))
                continue
            entry = here.setdefault(track, Entry({}, []))
            entry.boxes[at_s] = box
            if visible > PLAIN and box[3] - box[1] >= SMALLEST:
                entry.plain.append(at_s)
    return done + list(here.values())


def _alarms(config: CameraConfig, seen: People, rate: float, every: int) -> list[tuple[float, Box]]:
    """Return what is said, with its box."""
    behaviour, out = Intrusion(config), []
    for frame in range(1, max(seen, default=0) + 1, every):
        at_s = frame / rate
        people = tuple(Seen(track, PERSON, box, 0.8, at_s) for track, box, _ in seen.get(frame, []))
        out += [(s.at_s, s.box) for s in behaviour.step(Scene(at_s, people, LUMA, 0.0))]
    return out


def _scored(entries: list[Entry], alarms: list[tuple[float, Box]], every_s: float) -> Count:
    """Match alarms with entries: in the window, and about the same person.

    A stay in which nobody was plainly seen for `INSIDE_S` is no event; an alarm about it is neither right nor wrong,
    for the person did stand there.
    """
    count, used = Count(), set()
    owners = [max(entries, key=lambda e: _overlap(a, e), default=None) for a in alarms]
    for entry in (e for e in entries if len(e.plain) * every_s >= INSIDE_S):
        hit = next((i for i, a in enumerate(alarms) if owners[i] is entry and _about(a, entry)), None)
        if hit is None:
            count.missed += 1
            continue
        used.add(hit)
        late_s = alarms[hit][0] - entry.at_s
        count.hits, count.soon = count.hits + 1, count.soon + 1 - min(1.0, max(0.0, late_s) / AFTER_S)
        count.delays_s = (*count.delays_s, late_s)
    count.false = sum(1 for i, a in enumerate(alarms) if i not in used and not any(_same(a, e) for e in entries))
    return count


def _about(alarm: tuple[float, Box], entry: Entry) -> bool:
    return entry.at_s - BEFORE_S <= alarm[0] <= entry.at_s + AFTER_S and _same(alarm, entry)


def _same(alarm: tuple[float, Box], entry: Entry) -> bool:
    return _overlap(alarm, entry) >= SAME


def _overlap(alarm: tuple[float, Box], entry: Entry) -> float:
    near = min(entry.boxes, key=lambda t: abs(t - alarm[0]))
    return _iou(entry.boxes[near], alarm[1]) if abs(near - alarm[0]) <= 1.0 else 0.0


def _iou(a: Box, b: Box) -> float:
    wide, tall = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if wide <= 0 or tall <= 0:
        return 0.0
    return wide * tall / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - wide * tall)


# --- loitering


def loitering(data: Path, size: str, seed: int) -> dict[str, Any]:
    """Return how well labelled harbour trajectories that loiter are told from those that pass.

    `auc`, `f1`: of how a trajectory looks, second by second; their labels ask for no length of stay (some last a
    second). `alarms`: what a camera says with its 30 s of stay, of trajectories at least as long.
    """
    truth_of, points = labels(data), trajectories(data)
    names = sorted(name for name in truth_of if name in points)
    names = Random(seed).sample(names, min(len(names), TRAJECTORIES[size]))
    if not names:
        return {**none("no labelled trajectories"), "auc": None}
    config = CameraConfig("harbour", WIDTH, HEIGHT, behaviours=frozenset({"loitering"}))
    looked = [_lingers(points[name], config) for name in names]
    scores, told = np.array([s for s, _ in looked]), np.array([t for _, t in looked])
    truth = np.array([truth_of[name] for name in names])
    held = np.array([held_out(name) for name in names])
    long = np.array([len(points[name]) >= DWELL_S for name in names])
    count = Count(int((told & (truth == 1) & long).sum()), int((~told & (truth == 1) & long).sum()))
    count.false = int((told & (truth == 0)).sum())
    return {
        **decided(scores - LOITERS, truth, np.ones(len(names), bool)),
        "held_out": decided(scores - LOITERS, truth, held),
        "loitering": int(truth.sum()),
        "shorter_than_the_stay": int(((truth == 1) & ~long).sum()),
        "alarms": count.figures(),
    }


def _lingers(points: NDArray[np.float64], config: CameraConfig) -> tuple[float, bool]:
    """Return how much a trajectory looks like loitering (nats a second, on average), and whether an alarm is told."""
    trails, behaviour = Trails(config), Loitering(config)
    looks, told = [], False
    for scene in _walk(points, config):
        looks += [lingering(trail) for trail in trails.step(scene)]
        told = bool(behaviour.step(scene)) or told
    return sum(looks) / len(looks), told


def _walk(points: NDArray[np.float64], config: CameraConfig) -> Iterator[Scene]:
    for step, x, y in points.tolist():
        tall = float(tall_at(np.array(y)))
        box = (
            (x - tall / 5) / config.width,
            (y - tall) / config.height,
            (x + tall / 5) / config.width,
            y / config.height,
        )
        yield Scene(step, (Seen(1, PERSON, box, 0.8, step),), LUMA, 0.0)
