"""The clips of a folder with what happens in them: read by the scorer alone."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from ansimnet_vision.protocol import Event
from ansimnet_vision.training import fire as fire_training
from ansimnet_vision.training.rows import held_out

SMALL = {"fight": 10, "nofight": 10, "fall_ur": 5, "fall_gmdcsa": 5, "fire_images": 100, "other": 3}
"""Clips of each set in the small size; those with labelled events first."""
ABANDONED = {"aboda_video4.avi": Event("abandoned", 20.0)}
"""Labelled by eye: the bag stands there from 14 s on, its owner goes."""


@dataclass(frozen=True, slots=True)
class Truth:
    """One file with its set and what happens in it. `whole`: the begin is unknown, anywhere in the clip is right."""

    file: Path
    of: str
    label: int
    events: tuple[Event, ...] = ()
    whole: bool = False

    @property
    def held(self) -> bool:
        """Return whether nobody trained or tuned on it."""
        return held_out(self.file.name)

    @property
    def street(self) -> bool:
        """Return whether it is normal footage of a place that may be looped: longer than a few seconds, no event."""
        return self.of == "other" and not self.label and not self.events


Looked = list[tuple[Truth, dict[str, Any]]]


def known(data: Path, size: str, seed: int) -> list[Truth]:
    """Return the clips and stills of a folder; of each set a few in the small size."""
    video = data / "video"
    sets: dict[str, list[Truth]] = {
        "fight": [Truth(f, "fight", 1) for f in sorted((video / "fight").glob("*.mp4"))],
        "nofight": [Truth(f, "nofight", 0) for f in sorted((video / "nofight").glob("*.mp4"))],
        "fall_ur": [
            Truth(f, "fall_ur", 1, (Event("collapse", 0),), whole=True)
            for f in sorted((video / "fall_ur").glob("*.mp4"))
        ],
        "fall_gmdcsa": [_timed(f) for f in sorted((video / "fall_gmdcsa").glob("*.mp4"))],
        "fire_images": [Truth(f, "fire_images", label) for f, label in fire_training.stills(data)],
        "other": [
            Truth(f, "other", 0, tuple(e for e in (ABANDONED.get(f.name),) if e))
            for folder in ("abandoned", "pedestrian", "vehicle")
            for f in sorted((video / folder).glob("*.*"))
            if f.suffix in (".avi", ".mp4") and not f.name.startswith("mmtracking")
        ]
        + [Truth(f, "other", 1, (Event("fire", 0),), whole=True) for f in sorted((video / "fire").glob("*.mp4"))],
    }
    if size == "small":
        rng = Random(seed)
        sets = {name: _few(found, SMALL[name], rng) for name, found in sets.items()}
    return [truth for found in sets.values() for truth in found]


def _few(found: list[Truth], many: int, rng: Random) -> list[Truth]:
    told = [t for t in found if t.of == "other" and t.events and not t.whole]
    rest = [t for t in found if t not in told]
    return told + rng.sample(rest, min(len(rest), max(0, many - len(told))))


def _timed(file: Path) -> Truth:
    """Return a clip of GMDCSA24 with the second at which the fall begins, from the table beside it."""
    table, _, number = file.stem.rpartition("_")
    events: tuple[Event, ...] = ()
    place = file.with_name(f"{table}.csv")
    text = place.read_text(encoding="utf-8") if place.is_file() else ""
    lines = csv.reader(text.splitlines())
    for line in lines:
        if line and line[0].strip() == f"{number}.mp4":
            spans = re.findall(r"Fall\w*\s*\(\w+\)\s*\[\s*([\d.]+)\s*to\s*([\d.]+)", line[-1])
            events = tuple(Event("collapse", float(a), float(b)) for a, b in spans)
    falls = "Fall" in table
    return Truth(
        file, "fall_gmdcsa", int(falls), events or ((Event("collapse", 0),) if falls else ()), falls and not events
    )
