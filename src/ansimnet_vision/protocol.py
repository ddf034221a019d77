"""An open harness for the categories of the Korean certification of intelligent CCTV, for a city's own clips.

`ansimnet eval protocol --data FOLDER` looks; here are the rules of counting. The certification (KISA) counts an alarm
as right from 2 s before an event begins to 10 s after and asks for F1 >= 0.90 in each category. The folder holds the
clips and `truth.json` (or `truth.xml` of the same names):

    {"clips": [{"file": "a.mp4", "time": "day", "distance_m": 20, "weather": "clear",
                "camera": {"zones": […], "homography": […]},
                "events": [{"category": "collapse", "begin_s": 12.5, "end_s": 20.0}]}]}

    <truth><clip file="a.mp4" time="day" distance_m="20"><event category="collapse" begin_s="12.5"/></clip></truth>

A clip without events is normal footage: its hours stand behind the false alarms. Beside F1 there is a score that grows
the sooner an alarm comes, and false alarms a camera-hour with an exact bound.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

BEFORE_S, AFTER_S = 2.0, 10.0
"""The certification's window around the begin of an event."""
SOON_S = 10.0
"""An alarm at the begin scores 1, one so long after it 0, evenly between (latency-aware, after arXiv 2505.19022)."""
CATEGORIES: Mapping[str, str] = {
    "배회": "loitering",
    "침입": "intrusion",
    "유기": "abandoned",
    "쓰러짐": "collapse",
    "싸움": "violence",
    "방화": "fire",
    "스토킹": "stalking",
}
"""The certification's words for what we call so; either may stand in a truth file."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `end_s`: None where only the begin was written down."""

    category: str
    begin_s: float
    end_s: float | None = None


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip with its truth. `camera`: what `CameraConfig.of` takes, without `camera_id`."""

    file: str
    events: tuple[Event, ...]
    time: str = "day"
    distance_m: float | None = None
    weather: str = "clear"
    camera: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that was said."""

    category: str
    at_s: float


@dataclass(slots=True)
class Count:
    """Hits, misses and false alarms of one category; `soon`: sum of the scores of hits."""

    hits: int = 0
    missed: int = 0
    false: int = 0
    soon: float = 0.0
    delays_s: tuple[float, ...] = ()

    def add(self, other: Count) -> None:
        """Add another count."""
        self.hits, self.missed, self.false = (
            self.hits + other.hits,
            self.missed + other.missed,
            self.false + other.false,
        )
        self.soon, self.delays_s = self.soon + other.soon, (*self.delays_s, *other.delays_s)

    def figures(self) -> dict[str, Any]:
        """Return F1 with its parts, and recall with its interval."""
        n, said = self.hits + self.missed, self.hits + self.false
        both = 2 * self.hits + self.missed + self.false
        delays = sorted(self.delays_s)
        return {
            "f1": round(2 * self.hits / both, 4) if both else None,
            "recall": round(self.hits / n, 4) if n else None,
            "precision": round(self.hits / said, 4) if said else None,
            "n": n,
            "interval": wilson(self.hits, n),
            "false": self.false,
            "latency_aware": round(self.soon / n, 4) if n else None,
            "delay_median_s": round(delays[len(delays) // 2], 2) if delays else None,
        }


def matched(events: Sequence[Event], alarms: Sequence[Alarm], category: str) -> Count:
    """Return how alarms of one category match events: each event takes its earliest free alarm within the window.

    More alarms within the window or the event itself are neither right nor wrong; any other is false.

    >>> matched([Event("fire", 10)], [Alarm("fire", 8.5), Alarm("fire", 9), Alarm("fire", 40)], "fire").false
    1
    """
    said = sorted(a.at_s for a in alarms if a.category == category)
    happened = sorted((e for e in events if e.category == category), key=lambda e: e.begin_s)
    used: set[int] = set()
    out = Count()
    for event in happened:
        found = next((i for i, at in enumerate(said) if i not in used and _within(event, at)), None)
        if found is None:
            out.missed += 1
            continue
        used.add(found)
        late_s = said[found] - event.begin_s
        out.hits += 1
        out.soon += 1 - min(1.0, max(0.0, late_s) / SOON_S)
        out.delays_s = (*out.delays_s, late_s)
    out.false = sum(1 for i, at in enumerate(said) if i not in used and not any(_belongs(e, at) for e in happened))
    return out


def _within(event: Event, at_s: float) -> bool:
    return event.begin_s - BEFORE_S <= at_s <= event.begin_s + AFTER_S


def _belongs(event: Event, at_s: float) -> bool:
    return event.begin_s - BEFORE_S <= at_s <= max(event.begin_s + AFTER_S, event.end_s or 0.0)


def wilson(hits: int, n: int, z: float = 1.96) -> list[float] | None:
    """Return the 95 % interval of a share (Wilson, 1927); None of nothing.

    >>> wilson(10, 10)
    [0.7225, 1.0]
    """
    if n == 0:
        return None
    share, wide = hits / n, z * z / n
    middle = (share + wide / 2) / (1 + wide)
    half = z / (1 + wide) * math.sqrt(share * (1 - share) / n + wide / (4 * n))
    return [round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)]


def rate(count: int, hours: float) -> dict[str, Any]:
    """Return events an hour with the exact 95 % upper bound of a Poisson count (Garwood, 1936).

    >>> rate(0, 1)["upper_95"]
    2.996
    """
    if hours <= 0:
        return {"per_hour": None, "upper_95": None, "count": count, "hours": 0.0}
    return {
        "per_hour": round(count / hours, 4),
        "upper_95": round(_most(count) / hours, 3),
        "count": count,
        "hours": round(hours, 4),
    }


def _most(count: int, sure: float = 0.95) -> float:
    """Return the mean of which a Poisson count is above `count` with probability `sure`."""
    low, high = 0.0, count + 10 * math.sqrt(count + 1) + 10
    for _ in range(80):
        mean = (low + high) / 2
        below = sum(math.exp(-mean + k * math.log(mean) - math.lgamma(k + 1)) for k in range(count + 1))
        low, high = (mean, high) if below > 1 - sure else (low, mean)
    return (low + high) / 2


def truth(folder: Path) -> tuple[Clip, ...]:
    """Return what a folder's truth file says.

    Raises:
        OSError: there is none.
        ValueError: it cannot be understood; the text says what is wrong.
    """
    told = folder / "truth.json"
    if told.is_file():
        return tuple(_clip(c) for c in json.loads(told.read_text(encoding="utf-8"))["clips"])
    root = ElementTree.parse(folder / "truth.xml").getroot()
    return tuple(_clip({**c.attrib, "events": [dict(e.attrib) for e in c.iter("event")]}) for c in root.iter("clip"))


def _clip(told: Mapping[str, Any]) -> Clip:
    try:
        events = tuple(
            Event(CATEGORIES.get(e["category"], e["category"]), float(e["begin_s"]), _number(e.get("end_s")))
            for e in told.get("events", ())
        )
        rest = {k: told[k] for k in ("time", "weather", "camera") if k in told}
        return Clip(told["file"], events, distance_m=_number(told.get("distance_m")), **rest)
    except (KeyError, TypeError) as error:
        raise ValueError(f"a clip of the truth file is not understood: {error}") from error


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def report(clips: Iterable[tuple[Clip, Sequence[Alarm], float]]) -> dict[str, Any]:
    """Return the figures of clips with what was said about each and how long each is (seconds)."""
    looked = list(clips)
    categories = sorted({e.category for clip, _, _ in looked for e in clip.events})
    out: dict[str, Any] = {}
    for category in categories:
        out[category] = _counted(looked, category).figures()
        out[category]["passes"] = (out[category]["f1"] or 0.0) >= 0.9
        for name, key in (("time", _time), ("distance", _distance), ("weather", _weather)):
            parts = sorted({key(clip) for clip, _, _ in looked})
            split = {part: _counted([x for x in looked if key(x[0]) == part], category).figures() for part in parts}
            out[category][f"by_{name}"] = split
    normal = [(alarms, seconds) for clip, alarms, seconds in looked if not clip.events]
    count, hours = sum(len(a) for a, _ in normal), sum(s for _, s in normal) / 3600
    return {"categories": out, "false_alarms": rate(count, hours), "window_s": [-BEFORE_S, AFTER_S]}


def _counted(looked: Iterable[tuple[Clip, Sequence[Alarm], float]], category: str) -> Count:
    count = Count()
    for clip, alarms, _ in looked:
        count.add(matched(clip.events, alarms, category))
    return count


def _time(clip: Clip) -> str:
    return clip.time


def _weather(clip: Clip) -> str:
    return clip.weather


def _distance(clip: Clip) -> str:
    if clip.distance_m is None:
        return "unknown"
    return "below 10 m" if clip.distance_m < 10 else "10 to 30 m" if clip.distance_m <= 30 else "above 30 m"
