"""Why an alarm was raised, in words, and what is expected next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from ansimnet.facts.supervision import Medical, Trigger
from ansimnet.slices.supervision.model import Approach, Condition, Curfew, Estimate, Exclusion, State, Wholeness
from ansimnet.slices.supervision.rules import limits, window
from ansimnet.slices.supervision.rules.estimate import aged, ahead
from ansimnet.slices.supervision.rules.evidence import chance_inside, chance_near

FORECAST_S = (30, 60, 90, 120, 150, 180)
"""The instants of the forecast curve, seconds from the last fix."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """How probable the breach is some seconds from now."""

    in_s: int
    probability: float


def chance_now(condition: Condition, his: Estimate, hers: Estimate | None) -> float:
    """Return the probability that a condition is broken where these estimates stand."""
    match condition:
        case Exclusion() | Curfew():
            if not window.bound(condition, his.at):
                return 0.0
            if isinstance(condition, Exclusion):
                return chance_inside(condition.zone, his)
            return 1 - chance_inside(condition.home, his)
        case Approach():
            return chance_near(his, hers, condition.alarm_m) if hers is not None else 0.0
        case Wholeness():
            return 0.0
        case _:
            assert_never(condition)


def forecast(condition: Condition, his: Estimate, hers: Estimate | None, now: datetime) -> list[Forecast]:
    """Return the probability of the breach at +30 to +180 s, if both keep moving so. For the eye, no trigger."""
    at = max(now, his.at, hers.at if hers is not None else his.at)
    mine, other = aged(his, at), aged(hers, at) if hers is not None else None
    return [
        Forecast(s, round(chance_now(condition, ahead(mine, s), ahead(other, s) if other is not None else None), 4))
        for s in FORECAST_S
    ]


_WHAT_KO = {
    Trigger.TAMPER: "전자장치 훼손 신호",
    Trigger.CURFEW: "외출 제한 시간에 주거지 밖",
    Trigger.EXCLUSION_ZONE: "출입금지 구역 안",
    Trigger.APPROACH: "보호 대상자 접근",
}
_WHAT_EN = {
    Trigger.TAMPER: "the device reports tampering",
    Trigger.CURFEW: "outside home during curfew",
    Trigger.EXCLUSION_ZONE: "inside an exclusion zone",
    Trigger.APPROACH: "near the protected person",
}


def why(
    trigger: Trigger,
    state: State,
    probability: float,
    fixes: int,
    error_m: float,
    closing_mps: float | None,
    medical: Medical,
) -> tuple[str, str]:
    """Return one sentence in Korean and one in English that say what the alarm rests on."""
    percent = round(probability * 100)
    ko = f"{_WHAT_KO[trigger]}일 확률 {percent}%, 위치 보고 {fixes}건, 위치 오차 {round(error_m)} m"
    en = f"{percent}% sure: {_WHAT_EN[trigger]}, by {fixes} fixes, error {round(error_m)} m"
    if closing_mps is not None and abs(closing_mps) >= 0.3:  # below walking pace it is noise; ours
        ko += f", 초속 {abs(closing_mps):.1f} m로 {'다가감' if closing_mps > 0 else '멀어짐'}"
        en += f", {'closing' if closing_mps > 0 else 'leaving'} at {abs(closing_mps):.1f} m/s"
    if medical is not Medical.NONE:
        ko += ", 사전 통보된 의료 사유" if medical is Medical.ADVANCE else ", 사후 통보된 의료 사유"
        en += ", medical stay told " + ("in advance" if medical is Medical.ADVANCE else "afterwards")
    certain = "확정" if state is State.CERTAIN else "추정"
    return f"{certain}: {ko} ({limits.RULE_VERSION})", f"{en} ({limits.RULE_VERSION})"


def priority(certain: bool, protected: bool, trigger: Trigger, medical: Medical) -> int:
    """Return where an alarm stands in the queue, 1 first: people in danger, then what is certain. ours."""
    if medical is Medical.ADVANCE:
        return 4
    if protected and trigger is not Trigger.CURFEW:
        return 1 if certain else 2
    return 2 if certain else 3
