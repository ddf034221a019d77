"""What must be on file before a home camera watches, and what its alerts may say. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from ansimnet.kernel.errors import Conflict, Refusal
from ansimnet.slices.protection.model import Face, Home

STATUTES: Mapping[str, tuple[str, str]] = {
    "PIPA 23": ("개인정보 보호법 §23 민감정보의 처리", "PIPA §23, sensitive data"),
    "VICTIM-ACT 9": ("범죄피해자 보호법 §9", "Crime Victim Protection Act §9"),
}
"""Statute rows that can stand behind a home camera. Ours, for a city's lawyers to complete."""
OLD_ASSESSMENT = timedelta(days=3 * 366)
"""An impact assessment older than this is made anew (ours: the term for which footage grounds are reviewed)."""
MOST_FACES = 5
"""Templates of one camera; the worker holds no more."""
SURE_RATIO = 16.0
"""Natural logarithm of the likelihood ratio from which the likeness is called high; a match begins at 11.5. Ours."""
LOOK_LASTS = timedelta(seconds=30)
"""A live look ends so long after its last question: the page asks each second."""

LACKS: Mapping[str, tuple[str, str]] = {
    "order": ("효력 있는 명령", "an order in force"),
    "statute": ("근거 조항", "the statute it rests on"),
    "assessment": ("날짜가 있는 영향평가", "a dated impact assessment"),
    "guard": ("경계구역이나 경계선", "a guard zone or line"),
    "household": ("집 안을 가리는 구역", "what hides the household"),
    "neighbour": (
        "이웃 현관을 가리는 구역 또는 이웃이 보이지 않는다는 확인",
        "what hides the neighbour's door, or that none is in view",
    ),
}
"""What can be missing, in the order in which an officer sees to it."""


class HomeLacks(Conflict):
    """A home camera cannot be switched on: something is not on file."""

    name = "home-lacks"


class NotOnePerson(Refusal):
    """The photographs cannot become one template."""

    name = "photographs-unfit"


@dataclass(frozen=True, slots=True)
class InForce:
    """An order as far as a home camera rests on it."""

    order_id: UUID
    subjects: frozenset[UUID]
    until_at: datetime


def lacks(home: Home, order: InForce | None, today: date) -> tuple[str, ...]:
    """Return what is missing before this camera may watch; names of `LACKS`, empty where nothing is."""
    out = []
    if order is None:
        out.append("order")
    if home.statute not in STATUTES:
        out.append("statute")
    dated = home.assessed_on is not None and bool((home.assessment_no or "").strip())
    if not dated or home.assessed_on is None or not today - OLD_ASSESSMENT <= home.assessed_on <= today:
        out.append("assessment")
    zones = home.setup.get("config", {}).get("zones", ())
    if not any(zone.get("purpose") == "intrusion" for zone in zones):
        out.append("guard")
    hides = home.setup.get("hides", {})
    if not hides.get("household"):
        out.append("household")
    if not hides.get("neighbour") and not home.setup.get("no_neighbour"):
        out.append("neighbour")
    return tuple(out)


def refused(missing: Sequence[str]) -> HomeLacks:
    """Return the refusal that names what is missing, in both languages."""
    return HomeLacks(
        "missing: " + ", ".join(LACKS[name][1] for name in missing),
        detail_ko="없는 것: " + ", ".join(LACKS[name][0] for name in missing),
        lacks=list(missing),
    )


def worker_setup(home: Home, source: str) -> dict[str, Any]:
    """Return what the process is told: the address, the zones, what is hidden. Not whose door it is."""
    hides = home.setup.get("hides", {})
    return {
        "source": source,
        "config": {**home.setup.get("config", {}), "camera_id": str(home.home_id)},
        "hide": [*hides.get("household", ()), *hides.get("neighbour", ())],
        "colour": home.setup.get("colour", True),
        "unknown_s": home.setup.get("unknown_s", 10.0),
        "paced": home.setup.get("paced", False),
    }


def in_force(faces: Collection[Face], orders: Mapping[UUID, InForce], now: datetime) -> tuple[Face, ...]:
    """Return the faces that may be recognised now: enrolled, their order in force and naming them, not yet over."""
    return tuple(
        f
        for f in faces
        if f.ended_at is None
        and f.order_id in orders
        and f.subject_id in orders[f.order_id].subjects
        and now < min(f.until_at, orders[f.order_id].until_at)
    )


def unable(unfit: Mapping[str, int] | None) -> str | None:
    """Return the commonest reason why faces were not compared in the last seconds, None where there was none.

    >>> unable({"infrared": 9, "small": 1}), unable({})
    ('infrared', None)
    """
    return max(unfit, key=lambda name: unfit[name]) if unfit else None


def likeness(ratio: float | None) -> str | None:
    """Return how surely somebody was recognised, in the words of her screen: high or possible; never certain.

    >>> likeness(20.0), likeness(12.0), likeness(None)
    ('high', 'possible', None)
    """
    if ratio is None:
        return None
    return "high" if ratio >= SURE_RATIO else "possible"
