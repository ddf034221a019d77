"""What a request must say before a second person sees it. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ansimnet.kernel.permits import GroundKind, Purpose, Role
from ansimnet.slices.policy.model import Said
from ansimnet.slices.policy.rules.second import (
    COARSE_M,
    MOST_RADIUS_M,
    MOST_WINDOW,
    RULES_OF_TWO,
    RequestKind,
    Rule,
    coarse,
)

MOST_RESOURCES = 64
"""More ids than this are no scope (ours: the cameras of one predicted area, four times over)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Where to look: a circle, WGS 84 degrees and metres."""

    lat: float
    lon: float
    radius_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """Whom to look for, in words (DI-08). Personal data of somebody who may be innocent: sealed, never logged."""

    appearance: str = ""
    clothes: str = ""
    vehicle: str = ""

    def empty(self) -> bool:
        """Return whether it says nothing."""
        return not (self.appearance.strip() or self.clothes.strip() or self.vehicle.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What somebody asks a second person to allow. `window` is `[from_at, until_at)` of what is looked at or told."""

    kind: RequestKind
    resources: frozenset[UUID]
    purpose: Purpose
    ground_kind: GroundKind
    statute: str
    reason: str
    until_at: datetime
    order_id: UUID | None = None
    urgent: bool = False
    case_no: str = ""
    description: Description = field(default_factory=Description)
    area: Area | None = None
    window: tuple[datetime, datetime] | None = None
    notice: str = ""

    def words(self) -> dict[str, object]:
        """Return what was typed, to be sealed. Of a disclosure only the coarse place: the exact one is never kept."""
        area: dict[str, object] | None = None
        if self.area is not None:
            area = {"lat": self.area.lat, "lon": self.area.lon, "radius_m": self.area.radius_m}
            if self.kind is RequestKind.DISCLOSURE:
                lat, lon = coarse(self.area.lat, self.area.lon)
                area = {"lat": lat, "lon": lon, "coarse": True, "radius_m": max(COARSE_M, self.area.radius_m)}
        return {
            "reason": self.reason.strip(),
            "case_no": self.case_no.strip(),
            "appearance": self.description.appearance.strip(),
            "clothes": self.description.clothes.strip(),
            "vehicle": self.description.vehicle.strip(),
            "area": area,
            "notice": self.notice.strip(),
            "from_at": None if self.window is None else self.window[0].isoformat(),
            "until_at": None if self.window is None else self.window[1].isoformat(),
        }


MISSING: dict[str, Said] = {
    "not-an-asker": Said("이 역할은 이것을 요청하지 않습니다", "this role does not ask for that"),
    "ground-kind": Said("이 근거로는 요청할 수 없습니다", "that kind of ground does not carry it"),
    "no-citation": Said("근거 조항이 없습니다", "no clause that carries it is cited"),
    "no-order": Said("명령 번호가 없습니다", "name the order it rests on"),
    "purpose": Said("이 목적으로는 요청할 수 없습니다", "that purpose does not carry it"),
    "no-scope": Said("대상이 없거나 너무 많습니다", "name what it reaches, 64 ids at most"),
    "no-reason": Said("까닭이 없습니다", "say why in a sentence"),
    "no-end": Said("끝나는 때가 없거나 너무 늦습니다", "it needs an end, not later than the rule allows"),
    "not-urgent": Said("먼저 시작할 수 없는 요청입니다", "such a request never begins before its approval"),
    "no-case": Said("사건 번호가 없습니다", "give the case number"),
    "no-description": Said("인상착의나 차량을 적으십시오", "describe appearance, clothes or vehicle"),
    "no-area": Said("찾을 구역이 없거나 너무 넓습니다", "name an area, five kilometres around at most"),
    "no-window": Said("시간대가 없거나 너무 깁니다", "name a time window, thirty days at most"),
}


def missing(asking: Asking, role: Role, now: datetime) -> list[str]:
    """Return the stable names of everything a request lacks; empty where a second person may see it."""
    rule = RULES_OF_TWO[asking.kind]
    found = _of_ground(asking, rule)
    if role not in rule.asks:
        found.insert(0, "not-an-asker")
    if asking.purpose not in rule.purposes:
        found.append("purpose")
    if not 0 < len(asking.resources) <= MOST_RESOURCES:
        found.append("no-scope")
    if not asking.reason.strip():
        found.append("no-reason")
    if not now < asking.until_at <= now + rule.lasts:
        found.append("no-end")
    if asking.urgent and not rule.urgent:
        found.append("not-urgent")
    if asking.kind is RequestKind.SEARCH and asking.description.empty():
        found.append("no-description")
    if asking.kind in (RequestKind.SEARCH, RequestKind.UNMASK, RequestKind.WATCH_LIST) and not asking.case_no.strip():
        found.append("no-case")
    if asking.kind in (RequestKind.SEARCH, RequestKind.DISCLOSURE):
        found += _of_place_and_time(asking)
    return found


def _of_ground(asking: Asking, rule: Rule) -> list[str]:
    if asking.ground_kind not in rule.clauses:
        return ["ground-kind"]
    if asking.ground_kind is GroundKind.ORDER:  # its clause is the order's own, checked where the order is known
        return [] if asking.order_id is not None else ["no-order"]
    return [] if asking.statute in rule.clauses[asking.ground_kind] else ["no-citation"]


def _of_place_and_time(asking: Asking) -> list[str]:
    found = []
    area, window = asking.area, asking.window
    if area is None or not (-90 <= area.lat <= 90 and -180 <= area.lon <= 180 and 0 < area.radius_m <= MOST_RADIUS_M):
        found.append("no-area")
    if window is None or not window[0] < window[1] <= window[0] + MOST_WINDOW:
        found.append("no-window")
    return found
