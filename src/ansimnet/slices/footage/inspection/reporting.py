"""A camera's check and performance report (CC-05), computed from what was measured. Pure; nobody types a value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from ansimnet.slices.footage.inspection.judging import ALIKE, BLACK, FADED, GRAINY, OFF_S, SOFT
from ansimnet.slices.footage.inspection.sun import Light
from ansimnet.slices.footage.model import Check, Defect, Hour, Ticket

EVERY = timedelta(days=30)
"""How often a report is made; the text asks for one in three months. Ours: a camera that could not be measured is then
known two months before its limit."""
UPTIME = 0.99
"""Share of the measured time a camera sends pictures. Ours: seven hours a month are a repair, not a habit."""
MEASURED = timedelta(hours=20)
"""The least time a report rests on. Ours: a day, with room for a restart."""
LEAST_HOURS = 1
"""Hours by day and by night that a report rests on at least, unless the camera was silent throughout."""

Spell = tuple[datetime, datetime | None, bool, str]
"""From, until (None: still), live, reason: as the relay noted it."""


def uptime(spells: Iterable[Spell], from_at: datetime, until: datetime) -> tuple[float | None, timedelta]:
    """Return the share of the measured time with pictures, and how long was measured, within [from_at, until)."""
    live = measured = timedelta(0)
    for began, ended, is_live, _ in spells:
        length = max(timedelta(0), min(ended or until, until) - max(began, from_at))
        measured += length
        live += length if is_live else timedelta(0)
    return (live / measured if measured else None), measured


def enough(hours: Sequence[Hour], share: float | None, measured: timedelta) -> bool:
    """Return whether a report may be made: an inspection without measurements is none, and its duty stays owed."""
    if measured < MEASURED or share is None:
        return False
    lit = [h.light for h in hours if h.compared]
    return share == 0.0 or all(lit.count(light) >= LEAST_HOURS for light in (Light.DAY, Light.NIGHT))


def checks(hours: Sequence[Hour], share: float | None, tickets: Sequence[Ticket]) -> tuple[Check, ...]:
    """Return the lines of a report on a period: `tickets` are those that were open at any time of it."""
    night = [h for h in hours if h.light == Light.NIGHT]
    clock = [h.clock_s for h in hours if h.clock_s is not None]
    samples = sum(h.samples for h in hours)
    compared = sum(h.compared for h in hours)
    dark = sum(h.samples for h in night)
    frozen = sum(t.defect is Defect.FROZEN for t in tickets)
    still = sum(t.closed_at is None for t in tickets)
    return (
        Check("uptime", share, UPTIME, "share", True, samples),
        Check("sharpness", _mean([(h.sharp, h.compared) for h in hours]), SOFT, "share", True, compared),
        Check("view", _worst([h.alike for h in hours]), ALIKE, "correlation", True, compared),
        Check("cover", _worst([h.kept for h in hours]), FADED, "share", True, compared),
        Check("night_light", _mean([(h.brightness, h.samples) for h in night]), BLACK, "grey", True, dark),
        Check("night_noise", _mean([(h.noise, h.samples) for h in night]), GRAINY, "grey", False, dark),
        Check("clock", max(clock, key=abs, default=None), OFF_S, "s", False, len(clock)),
        Check("frozen", float(frozen) if samples else None, 0.0, "times", False, samples),
        Check("open_tickets", float(still), 0.0, "tickets", False, samples),
    )


def _mean(weighed: Iterable[tuple[float | None, int]]) -> float | None:
    known = [(v, n) for v, n in weighed if v is not None and n]
    return sum(v * n for v, n in known) / sum(n for _, n in known) if known else None


def _worst(values: Iterable[float | None]) -> float | None:
    return min((v for v in values if v is not None), default=None)
