"""Incidents of the city: which confirmed alarms are one, what is to be done before one closes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ansimnet.kernel.errors import Conflict, Refusal
from ansimnet.kernel.geo import Point, distance_m
from ansimnet.slices.dispatch.model import CityIncident, Line, State

NEAR_M = 60.0
"""Two cameras that see one place stand about so far apart. Ours."""
SOON = timedelta(minutes=5)
"""What is confirmed later is another event. Ours."""
OUTCOMES = ("helped", "detained", "left_area", "put_out", "handed_over", "nothing_found", "taken_back")
AGENCIES = ("112", "119", "nobody")
ASKS: dict[str, str] = {"fire": "119", "collapse": "119"}
"""Whom the page proposes to call; 112 for all else."""

LINES: dict[str, Line] = {
    "confirmed": Line("alarm", "alarm", "관제요원이 경보를 확인", "an operator confirmed the alarm"),
    "joined": Line("alarm", "alarm", "다른 경보가 같은 사건으로 합쳐짐", "another alarm tells of the same incident"),
    "112": Line("ours", "police", "112에 신고", "112 called"),
    "119": Line("ours", "fire", "119에 신고", "119 called"),
    "nobody": Line("info", "room", "신고하지 않기로 함", "decided that nobody is to be called"),
    "note": Line("info", "note", "메모", "note"),
    "closed": Line("info", "room", "종결 · 모든 열람이 끝남", "closed; every look has ended"),
    "taken_back": Line("info", "room", "판정이 바뀌어 거두어짐", "taken back: the verdict was changed"),
}


class NotCalled(Conflict):
    """Nobody was called, and nobody decided that it is not needed."""

    name = "not-called"


def code_of(number: int, at: datetime) -> str:
    """Return what people read out: `C-2611-0207`."""
    return f"C-{at.astimezone(ZoneInfo('Asia/Seoul')):%y%m}-{number:04d}"


def joins(running: Iterable[CityIncident], place: Point, at: datetime) -> CityIncident | None:
    """Return the running incident that an alarm belongs to: the nearest one of the same minutes and place."""
    near = [
        i
        for i in running
        if i.state is State.OPEN and abs(at - i.opened_at) <= SOON and distance_m(i.place, place) <= NEAR_M
    ]
    return min(near, key=lambda i: (distance_m(i.place, place), i.incident_id), default=None)


def check_closing(incident: CityIncident, outcome: str) -> None:
    """Refuse unless somebody decided whom to call.

    Raises:
        Refusal: an outcome that is none of ours.
        Conflict: it is over.
        NotCalled: nobody decided.
    """
    if outcome not in OUTCOMES[:-1]:
        raise Refusal("that is no outcome", todo=f"one of: {', '.join(OUTCOMES[:-1])}")
    if incident.state is not State.OPEN:
        raise Conflict("the incident is over")
    if incident.called is None:
        raise NotCalled(todo="call 112 or 119, or say that nobody is needed")
