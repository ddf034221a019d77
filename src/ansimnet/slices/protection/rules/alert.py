"""The message: distance, direction, trend and way out as the JSON that her phone shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from ansimnet.facts.protection import Level
from ansimnet.kernel.geo import Point, bearing_deg, distance_m
from ansimnet.slices.protection.model import Content, Help, Hers, His, Seen, Sighting, Warned
from ansimnet.slices.protection.rules.way import HER_MPS, SURE, WayOut
from ansimnet.slices.protection.rules.words import steps

OLD = timedelta(seconds=60)
"""A distance older than this is a range (phone design §8)."""
WIDE = 0.5
"""Where the error is half the distance or more, one number would lie (the phone's own rule)."""
HER_FRESH = timedelta(seconds=120)
"""Her fix is hollow after this (phone design §8): then her registered place is used, and the message says so."""
HOME_ERROR_M = 20.0
"""How near to her registered place she is believed to be: a building and its yard. ours."""
OVER_SHOWN = timedelta(hours=12)
"""How long *over* waits to be read: a night. ours."""
TREND_OVER = timedelta(seconds=120)
TREND_LEAST = timedelta(seconds=8)
"""A trend is taken over the distances of two minutes, at least 8 s apart: nearer ones differ by error alone. ours."""
FALL = timedelta(seconds=10)
"""No press for so long: her phone is called (phone design §3)."""
NOT_REACHED = timedelta(seconds=20)
"""After the call began, no press for so long: 112 is told that she was not reached. ours."""
UPDATE = timedelta(seconds=5)
MOVED_M = 50.0
"""An open screen is told of new places every 5 s, and at once when the distance changed by 50 m (phone design §6)."""
LEAST = timedelta(seconds=1)
"""Nobody reads faster than this."""

WEIGHT = {
    Level.CLEARED: 0, Level.MEDICAL: 1, Level.OVER: 2, Level.CANNOT_VOUCH: 3, Level.PROBABLE: 4, Level.HOME: 5,
    Level.CERTAIN: 6,
}  # fmt: skip
"""Which of several warnings her phone shows."""

NO_WAY: dict[str, object] = {"found": False, "advice": "lock_door"}
"""No free way: the message goes out all the same and tells her to lock the door."""


def hers_of(fix: Hers | None, home: Point | None, now: datetime) -> Hers | None:
    """Return where to take her to be: her fresh fix, else her registered place, else her old fix."""
    if fix is not None and now - fix.seen_at <= HER_FRESH:
        return fix
    return Hers(home, HOME_ERROR_M, now, "registered_place") if home is not None else fix


def content(
    level: Level,
    hers: Hers | None,
    his: His | None,
    way: dict[str, object] | None,
    before: Sequence[Seen],
    now: datetime,
) -> Content:
    """Return what a warning says of the two people at this instant."""
    my = my_place(hers) if hers else None
    device = hers if hers is not None and hers.source == "device" else None
    if his is None or hers is None:
        return Content(
            seen_at=his.seen_at if his else None, error_m=his.error_m if his else 0.0, my=my, way_out=way,
            trail=tuple(before), his=his, hers=device,
        )  # fmt: skip
    apart = distance_m(hers.point, his.point)
    trail = _trail(before, Seen(his.seen_at, apart))
    return Content(
        distance_m=round(apart, 1),
        distance_range_m=distance_range(level, apart, hers, his, now),
        bearing_deg=round(bearing_deg(hers.point, his.point), 1),
        trend_m_per_min=trend(trail),
        seen_at=his.seen_at,
        error_m=round(his.error_m, 1),
        way_out=way,
        my=my,
        trail=trail,
        his=his,
        hers=device,
    )


def distance_range(level: Level, apart: float, hers: Hers, his: His, now: datetime) -> tuple[float, float] | None:
    """Return the distance as a range where one number would lie: level probable, or an error wide or old."""
    age = now - his.seen_at
    if level is not Level.PROBABLE and age <= OLD and his.error_m < WIDE * apart:
        return None
    pace = max(HER_MPS, his.speed_mps or 0.0)
    spread = SURE * math.hypot(his.error_m, hers.error_m) + pace * max(0.0, age.total_seconds())
    step = 100.0 if apart + spread > 400 else 50.0
    return max(0.0, math.floor((apart - spread) / step) * step), math.ceil((apart + spread) / step) * step


def _trail(before: Sequence[Seen], latest: Seen) -> tuple[Seen, ...]:
    kept = [s for s in before if latest.at - TREND_OVER <= s.at < latest.at]
    return (*kept[-30:], latest)


def trend(trail: Sequence[Seen]) -> float | None:
    """Return the change of the distance in m/min by least squares, below 0 where he comes closer; None if unknown."""
    if len(trail) < 2 or trail[-1].at - trail[0].at < TREND_LEAST:
        return None
    t = [(s.at - trail[0].at).total_seconds() / 60 for s in trail]
    mean_t, mean_d = sum(t) / len(t), sum(s.distance_m for s in trail) / len(t)
    spread = sum((x - mean_t) ** 2 for x in t)
    return round(sum((x - mean_t) * (s.distance_m - mean_d) for x, s in zip(t, trail, strict=True)) / spread, 1)


def my_place(hers: Hers) -> dict[str, object]:
    """Return her own place as the message carries it."""
    return {
        "lat": round(hers.point.lat, 6), "lon": round(hers.point.lon, 6), "error_m": round(hers.error_m, 1),
        "seen_at": hers.seen_at, "source": hers.source,
    }  # fmt: skip


def way_json(way: WayOut, red: Sequence[tuple[Point, Point]], holds_if: str) -> dict[str, object]:
    """Return a way as the message carries it; `holds_if` says what he was taken to do (runs, keeps_pace, drives)."""
    goal = way.goal
    return {
        "found": True,
        "destination": {
            "name": goal.name, "kind": goal.kind, "staffed": True, "lat": round(goal.point.lat, 6),
            "lon": round(goal.point.lon, 6),
        },
        "length_m": round(way.length_m),
        "duration_s": math.ceil(way.duration_s),
        "line": [_pair(p) for p in way.line],
        "steps": [
            {
                "at": _pair(s.at), "turn": s.turn, "in_m": s.in_m, "street": s.street, "text_ko": s.text_ko,
                "text_en": s.text_en,
            }
            for s in steps(way)
        ],
        "red": [[_pair(a, 5), _pair(b, 5)] for a, b in red],  # 1 m: finer than anybody draws
        "margin_s": math.floor(way.margin_s),
        "holds_if": holds_if,
    }  # fmt: skip


def _pair(p: Point, digits: int = 6) -> list[float]:
    return [round(p.lat, digits), round(p.lon, digits)]


def message(w: Warned, help_: Help) -> dict[str, Any]:
    """Return the message of a warning as JSON values; the streets around her are added where it is shown."""
    c = w.content
    return {
        "warning_id": w.warning_id,
        "level": w.level,
        "raised_at": w.raised_at,
        "distance_m": c.distance_m,
        "distance_range_m": list(c.distance_range_m) if c.distance_range_m else None,
        "bearing_deg": c.bearing_deg,
        "trend_m_per_min": c.trend_m_per_min,
        "seen_at": c.seen_at or w.updated_at,
        "error_m": c.error_m,
        "told_112": told(help_),
        "fall_at": w.fall_at if w.acknowledged_at is None and w.escalated_at is None else None,
        "acknowledged_at": w.acknowledged_at,
        "way_out": c.way_out,
        "my": c.my,
        "police": _police(help_, c),
        "medical": {
            "enters_at": c.medical.enters_at, "leaves_at": c.medical.leaves_at,
            "place_coarse": c.medical.place_coarse, "accompanied_by": c.medical.accompanied_by,
        }
        if c.medical
        else None,
        "home": _home(c.home),
        "map": None,
    }  # fmt: skip


def _home(seen: Sighting | None) -> dict[str, Any] | None:
    """Return what the camera at her door saw; `likeness` is high or possible, never certain (VP-06)."""
    if seen is None:
        return None
    return {
        "alert_id": seen.alert_id, "camera": seen.camera, "kind": seen.kind, "likeness": seen.likeness,
        "unable": seen.unable, "at": seen.at, "seconds": seen.seconds, "complete": seen.complete,
    }  # fmt: skip


def told(help_: Help) -> dict[str, Any]:
    """Return how far 112 is: never more than a receipt says."""
    if help_.acknowledged_at is not None:
        return {"state": "acknowledged", "at": help_.acknowledged_at}
    if help_.told_at is not None:
        return {"state": "told", "at": help_.told_at}
    return {"state": "telling", "at": help_.asked_at}


def _police(help_: Help, c: Content) -> dict[str, Any] | None:
    p = help_.police
    if p is None:
        return None
    apart = None
    if c.my is not None:
        apart = round(distance_m(Point(p.lat, p.lon), Point(float(str(c.my["lat"])), float(str(c.my["lon"])))))
    return {
        "eta_s": round(p.eta_s), "unit": p.unit, "at": p.seen_at + timedelta(seconds=p.eta_s), "distance_m": apart,
        "seen_at": p.seen_at,
    }  # fmt: skip


def worth_telling(before: Warned, after: Content, now: datetime) -> bool:
    """Return whether an open screen should be told now: at once when it matters, else every 5 s."""
    since = now - before.updated_at
    if since < LEAST:
        return False
    old, new = before.content, after
    if since >= UPDATE:
        return True
    if _goal(old.way_out) != _goal(new.way_out):
        return True
    if old.distance_m is None or new.distance_m is None:
        return old.distance_m is not new.distance_m
    return abs(old.distance_m - new.distance_m) >= MOVED_M


def _goal(way: dict[str, object] | None) -> object:
    if way is None or not way.get("found"):
        return None
    destination = way["destination"]
    return destination["name"] if isinstance(destination, dict) else None


def state_of(shown: Warned | None, help_: Help) -> str:
    """Return the state of her phone."""
    if shown is None or shown.level is Level.CLEARED:
        return "calm"
    alarming = shown.level in {Level.PROBABLE, Level.CERTAIN, Level.HOME}
    if alarming and shown.acknowledged_at is not None and help_.police is not None:
        return "police_coming"
    return shown.level.value


def loudest(open_warnings: Sequence[Warned], now: datetime) -> Warned | None:
    """Return the warning her phone shows: the most dangerous, then the newest; an *over* nobody read fades."""
    shown = [w for w in open_warnings if w.level is not Level.OVER or now - w.updated_at < OVER_SHOWN]
    return max(shown, key=lambda w: (WEIGHT[w.level], w.issued_at), default=None)
