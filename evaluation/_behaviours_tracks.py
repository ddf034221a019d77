"""Behaviours on boxes without pictures: intrusion on a real tracker's boxes, loitering on labelled trajectories.

Truth of intrusion comes from the boxes that people drew (MOT17): a foot that steps into a zone and stays for a second.
What the behaviour is given are the boxes of a real tracker (Lif_T), with its gaps and its mistakes. Zones are drawn by
the seed alone.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.behaviours.intrusion import Intrusion
from ansimnet_vision.behaviours.loitering import Loitering
from ansimnet_vision.behaviours.plane import foot_of, inside
from ansimnet_vision.protocol import AFTER_S, BEFORE_S, Count
from ansimnet_vision.types import PERSON, Box, CameraConfig, Scene, Seen, Zone

STILL_CAMERAS = frozenset({"MOT17-02", "MOT17-04", "MOT17-09"})
"""Zones make sense where the camera stands; the other sequences are filmed while walking or driving."""
ZONES = {"small": 2, "full": 6}
LOOKS = 5.0
INSIDE_S = 1.0
SAME = 0.3
"""Overlap of boxes (IoU) that makes an alarm one about this person."""
PEOPLE = frozenset({1, 2, 7})
"""MOT classes: pedestrian, person on vehicle, static person; and distractors that look like people are left alone."""
LUMA = np.zeros((2, 2), np.uint8)
SMALLEST = 0.05
"""Of the picture's height: 18 pixels of a sub-stream of 360. The certification films people at 10 to 30 m."""
BETWEEN_S = 2.0
"""Who is outside for less has not left: the certification's own tolerance before an event."""
People = dict[int, list[tuple[int, Box]]]
"""(track, box) by frame."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody steps into a zone. `boxes`: where he is, by instant."""

    at_s: float
    boxes: dict[float, Box]


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
    """Return (track, box) by frame."""
    rows = np.loadtxt(file, delimiter=",", usecols=range(9 if drawn else 6), ndmin=2)
    if drawn:
        rows = rows[(rows[:, 6] > 0) & np.isin(rows[:, 7], list(PEOPLE)) & (rows[:, 8] > 0.3)]
    out: People = {}
    for frame, track, x, y, w, h in rows[:, :6].tolist():
        out.setdefault(int(frame), []).append((int(track), (x / wide, y / tall, (x + w) / wide, (y + h) / tall)))
    return out


def _entries(real: People, zone: Zone, rate: float, every: int) -> list[Entry]:
    """Return every stay in a zone by somebody who is large enough, brief ones too."""
    here: dict[int, Entry] = {}
    done: list[Entry] = []
    for frame in range(1, max(real, default=0) + 1, every):
        at_s = frame / rate
        for track, box in real.get(frame, []):
            if not inside(foot_of(box), zone.points):
                if track in here and at_s - max(here[track].boxes) > BETWEEN_S:
                    done.append(here.pop(track))
            elif box[3] - box[1] >= SMALLEST:
                here.setdefault(track, Entry(at_s, {})).boxes[at_s] = box
    return done + list(here.values())


def _alarms(config: CameraConfig, seen: People, rate: float, every: int) -> list[tuple[float, Box]]:
    """Return what is said, with its box."""
    behaviour, out = Intrusion(config), []
    for frame in range(1, max(seen, default=0) + 1, every):
        at_s = frame / rate
        people = tuple(Seen(track, PERSON, box, 0.8, at_s) for track, box in seen.get(frame, []))
        out += [(s.at_s, s.box) for s in behaviour.step(Scene(at_s, people, LUMA, 0.0))]
    return out


def _scored(entries: list[Entry], alarms: list[tuple[float, Box]], every_s: float) -> Count:
    """Match alarms with entries: in the window, and about the same person.

    A stay in which nobody was seen for `INSIDE_S` is no event; an alarm about it is neither right nor wrong, for the
    person did stand there.
    """
    count, used = Count(), set()
    owners = [max(entries, key=lambda e: _overlap(a, e), default=None) for a in alarms]
    for entry in (e for e in entries if len(e.boxes) * every_s >= INSIDE_S):
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


def trajectories(data: Path) -> dict[str, NDArray[np.float64]]:
    """Return the points (N, 3: step, x, y) of the labelled harbour trajectories, one a second."""
    file = next(iter(sorted((data / "tracking" / "loitering_ltd").glob("*trajectories.csv.gz"))), None)
    if file is None:
        return {}
    points: dict[str, list[tuple[float, float, float]]] = {}
    with gzip.open(file, "rt", encoding="utf-8") as told:
        for line in csv.DictReader(told):
            points.setdefault(line["id"], []).append((float(line["step"]), float(line["x"]), float(line["y"])))
    return {name: np.array(sorted(p)) for name, p in points.items()}


def tall_at(y: float) -> float:
    """Return how tall a person is in the harbour camera (pixels) whose feet are at `y`.

    From how fast people cross it, as if all walked 1.34 m/s: the median step of the unlabelled trajectories by rows.
    """
    return max(3.0, 0.138 * (y - 82.0))


def lingering_score(points: NDArray[np.float64], config: CameraConfig) -> float:
    """Return how much evidence of loitering a trajectory gathers, as a share of what is needed."""
    behaviour, most = Loitering(config), 0.0
    for scene in _walk(points, config):
        behaviour.step(scene)
        most = max(most, behaviour.score(1))
    return most


def _walk(points: NDArray[np.float64], config: CameraConfig) -> Iterator[Scene]:
    for step, x, y in points.tolist():
        tall = tall_at(y)
        box = (
            (x - tall / 5) / config.width,
            (y - tall) / config.height,
            (x + tall / 5) / config.width,
            y / config.height,
        )
        yield Scene(step, (Seen(1, PERSON, box, 0.8, step),), LUMA, 0.0)
