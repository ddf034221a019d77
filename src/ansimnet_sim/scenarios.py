"""The six nights as data: what is ordered, who breaks what and when, and how the night must end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Trigger(StrEnum):
    """The four triggers, by the words of the HTTP API."""

    TAMPER = "tamper"
    CURFEW = "curfew"
    EXCLUSION_ZONE = "exclusion_zone"
    APPROACH = "approach"


@dataclass(frozen=True, slots=True)
class Ending:
    """How the night must end."""

    trigger: Trigger | None
    """The kind of the one confirmed trigger; None: none, or with `medical` one that is recorded and opens nothing."""
    footage: bool
    """Whether the city's pictures open."""
    police: bool
    """Whether 112 is asked."""
    victim_states: tuple[str, ...]
    """What the victim's phone shows in order, by the words of GET /api/v1/me; between them `probable` may be seen."""
    medical: str = "none"
    """none or advance."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One night."""

    name: str
    title_ko: str
    title_en: str
    ending: Ending
    zone_radius_m: float = 210.0
    approach_warn_m: float = 250.0
    approach_alarm_m: float = 100.0
    curfew_radius_m: float = 60.0
    ends_after_s: float = 120.0
    """How long the truth goes on after the line is crossed."""


_WARNED = ("calm", "certain", "police_coming", "over")

SCENARIOS: dict[str, Scenario] = {
    s.name: s
    for s in (
        Scenario(
            "exclusion-zone", "출입금지 구역 진입", "Exclusion zone entered",
            Ending(Trigger.EXCLUSION_ZONE, footage=True, police=True, victim_states=_WARNED),
        ),
        Scenario(
            "curfew", "외출 제한 위반", "Curfew broken",
            Ending(Trigger.CURFEW, footage=True, police=True, victim_states=("calm",)),
        ),
        Scenario(
            "tamper", "전자장치 훼손", "Device cut",
            Ending(Trigger.TAMPER, footage=True, police=True, victim_states=("calm",)), zone_radius_m=120.0,
        ),
        Scenario(
            "approach", "피해자 접근", "Approach to the victim",
            Ending(Trigger.APPROACH, footage=True, police=True, victim_states=_WARNED),
        ),
        Scenario(
            "medical-exception", "의료 예외 (사전 통보)", "Medical exception told in advance",
            Ending(None, footage=False, police=False, victim_states=("medical",), medical="advance"),
        ),
        Scenario(
            "quiet-night", "조용한 밤", "Quiet night",
            Ending(None, footage=False, police=False, victim_states=("calm",)), ends_after_s=60.0,
        ),
    )
}  # fmt: skip
