"""Pure decisions of the room: merging, steps, the nearest unit, the checklist, what blocks closing, the words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ansimnet.facts.supervision import Medical, Trigger
from ansimnet.kernel.errors import Conflict, Refusal
from ansimnet.kernel.ids import UnitId
from ansimnet.slices.dispatch.model import AlarmSeen, CheckItem, Incident, Line, OrderState, Police, State, Unit

FRESH = timedelta(minutes=10)
"""A unit not heard for longer may be anywhere. *Ours.*"""

SPEED_BY_RANK_MPS = (13.9, 11.1, 6.9, 1.4)
"""A patrol car by street: 50, 40 and 25 km/h (the limits of main, side and living streets, 도로교통법 시행규칙 §19),
and on foot along paths."""

TRIGGER_KO = {
    Trigger.TAMPER: "전자장치 훼손",
    Trigger.CURFEW: "외출 제한 위반",
    Trigger.EXCLUSION_ZONE: "출입금지 구역 진입",
    Trigger.APPROACH: "특정인 접근",
}
TRIGGER_EN = {
    Trigger.TAMPER: "device tampered with",
    Trigger.CURFEW: "curfew broken",
    Trigger.EXCLUSION_ZONE: "exclusion zone entered",
    Trigger.APPROACH: "approach to a protected person",
}

STEPS_KO = ("금지행위 경보", "실시간 영상 확보", "출동 명령", "추적과 현장 지원")
"""The four steps of the scenario (EM-17)."""

OUTCOMES = ("separated", "detained", "left_area", "device_restored", "medical", "false_alarm")

CHECKLIST: Mapping[str, tuple[str, str]] = {
    "victim_reached": ("피해자에게 알림이 닿음", "the victim has seen the alert"),
    "police_and_dispatch": ("112 통화와 출동을 함께 시작", "112 call and dispatch begun together"),
    "footage_ground": ("영상 제공 근거 확인", "ground of the footage checked"),
    "separated": ("대상자와 피해자 분리 확인", "wearer and victim separated"),
    "victim_safe": ("피해자 안전 확인 (본인 음성)", "the victim is safe (her own voice)"),
    "subject_found": ("대상자 신병 확인", "the wearer is found"),
    "violation_judged": ("위반 정도와 의료 예외 판단", "degree of violation and medical exception judged"),
}

_NEXT = list(OrderState)
_KST = ZoneInfo("Asia/Seoul")


class NoUnitFree(Refusal):
    """No unit is both free and fresh; a person must decide."""

    name = "no-unit-free"


class ClosingBlocked(Conflict):
    """The incident cannot be closed yet."""

    name = "closing-blocked"


class OrderOutOfTurn(Conflict):
    """The order is not in a state that allows this."""

    name = "order-out-of-turn"


def joins(incident: Incident, alarm: AlarmSeen) -> bool:
    """Return whether an alarm belongs to a running incident: same wearer, or same protected person. (DI-09)"""
    if incident.state not in {State.OPEN, State.RESOLVED}:
        return False
    same_victim = alarm.protected_person_id is not None and incident.protected_person_id == alarm.protected_person_id
    return incident.wearer_id == alarm.wearer_id or same_victim


def code_of(number: int, at: datetime) -> str:
    """Return the number people read out: `I-2611-0207`, year and month of Korea, then a running number."""
    local = at.astimezone(_KST)
    return f"I-{local:%y%m}-{number:04d}"  # never cut: two incidents of one month must not share a number


def priority(certain: bool, medical: Medical, trigger: Trigger, state: State) -> int:
    """Return 1 (life or a trigger now) … 4 (know). A medical exception told before is P3 (EM-08)."""
    if state in {State.CLOSED, State.TAKEN_BACK}:
        return 4
    if medical is Medical.ADVANCE:
        return 3
    if certain:
        return 1
    return 2 if trigger in {Trigger.EXCLUSION_ZONE, Trigger.APPROACH, Trigger.TAMPER} else 3


def calls_anew(incident: Incident, alarm: AlarmSeen) -> bool:
    """Return whether a certain alarm starts the whole answer: the first one does; so does one that joins an incident
    which was recorded low (a medical stay told before), named nobody to protect, or was already said to be over."""
    if not incident.certain or incident.state is State.RESOLVED:
        return True
    if incident.protected_person_id is None and alarm.protected_person_id is not None:
        return True
    return incident.medical is Medical.ADVANCE and alarm.medical is not Medical.ADVANCE


def asks_police(certain: bool, medical: Medical) -> bool:
    """Return whether 112 is asked by itself: on every certain trigger but a medical stay told before (EM-07, 08)."""
    return certain and medical is not Medical.ADVANCE


def nearest(units: Iterable[Unit], eta_s: Mapping[UnitId, float], *, now: datetime, agency: str | None = None) -> Unit:
    """Return the free, fresh unit that arrives first; ties go to the lower id, so that a replay sends the same car.

    Raises:
        NoUnitFree: there is none.
    """
    able = [
        u
        for u in units
        if u.incident_id is None and now - u.seen_at <= FRESH and (agency is None or u.agency == agency)
    ]
    able = [u for u in able if eta_s.get(u.unit_id, float("inf")) < float("inf")]
    if not able:
        raise NoUnitFree
    return min(able, key=lambda u: (eta_s[u.unit_id], u.unit_id))


def checklist(trigger: Trigger, protected: bool, *, medical: Medical) -> list[CheckItem]:
    """Return the procedure of an incident; every line is required."""
    items = ["footage_ground"] if medical is not Medical.ADVANCE else []
    if medical is not Medical.ADVANCE:
        items.append("police_and_dispatch")
    if protected:
        items = ["victim_reached", *items, "separated", "victim_safe"]
    if trigger in {Trigger.TAMPER, Trigger.CURFEW} or not protected:
        items.append("subject_found")
    return [CheckItem(i, required=True) for i in [*items, "violation_judged"]]


def blocks(incident: Incident, items: Sequence[CheckItem], police: Police | None) -> list[str]:
    """Return what still blocks closing: `resolved`, open items, `concurrence` of 112 where it was called."""
    missing = [] if incident.state is State.RESOLVED else ["resolved"]
    missing += [i.item for i in items if i.required and i.done_at is None]
    if police is not None and incident.concurred_at is None:
        missing.append("concurrence")
    return missing


def check_closing(incident: Incident, items: Sequence[CheckItem], police: Police | None, outcome: str) -> None:
    """Refuse unless everything is done.

    Raises:
        ClosingBlocked: with the list of what is missing.
        Refusal: an outcome that is none of ours.
    """
    if outcome not in OUTCOMES:
        raise Refusal("that is no outcome", todo=f"one of: {', '.join(OUTCOMES)}")
    if incident.state in {State.CLOSED, State.TAKEN_BACK}:
        raise ClosingBlocked("the incident is over", blocks=[])
    missing = blocks(incident, items, police)
    if missing:
        raise ClosingBlocked(f"{len(missing)} steps are missing", todo="do these first", blocks=missing)


def check_progress(before: OrderState, after: OrderState) -> None:
    """Refuse an order's step back or out of turn; steps between may be left out (accepting means having read).

    Raises:
        OrderOutOfTurn: it was never sent, or it is already further.
    """
    if before is OrderState.DRAFT and after is not OrderState.SENT:
        raise OrderOutOfTurn("the order was not sent")
    if _NEXT.index(after) <= _NEXT.index(before):
        raise OrderOutOfTurn(f"the order is already `{before}`")


def order_text(office: str, street: str, wearer_code: str, *, protected_code: str | None, trigger: Trigger) -> str:
    """Return the draft of an order, in the words of the probation office."""
    where = f"{street} 부근에서 " if street else ""
    apart = f" {protected_code}와 분리." if protected_code else ""
    return f"{office} 당직에게. {TRIGGER_KO[trigger]}. {where}{wearer_code} 제지, 신병 확인.{apart} 현장 경찰과 합류."


def opened(alarm: AlarmSeen, wearer_code: str, protected_code: str | None) -> Line:
    """Return the first line of a timeline."""
    pair = wearer_code + (f" → {protected_code}" if protected_code else "")
    sure = ("사유 성립", "confirmed") if alarm.certain else ("가능성", "probable")
    return Line(
        "alarm",
        "alarm",
        f"{pair} {TRIGGER_KO[alarm.trigger]} · {sure[0]}",
        f"{pair} {TRIGGER_EN[alarm.trigger]}, {sure[1]}",
    )


LINES: Mapping[str, Line] = {
    "confirmed": Line(
        "alarm",
        "trigger",
        "사유 성립 · 영상 요청, 112 신고, 명령 초안",
        "trigger confirmed: footage asked, 112 told, order drafted",
    ),
    "medical": Line(
        "info", "medical", "의료 예외 사전 통보 있음 · 낮은 경보로 기록", "medical exception told before: recorded low"
    ),
    "cleared": Line("info", "cleared", "경보가 풀림", "alarm cleared"),
    "police-asked": Line("ours", "police", "112에 자동 신고", "112 asked automatically"),
    "home-reported": Line("alarm", "home", "집 앞 알림을 112에 신고 · 영상 첨부", "home alert reported with film"),
    "home-police": Line("ours", "police", "112에 출동 요청 · 영상과 위치 첨부", "112 asked, with film and place"),
    "police-acknowledged": Line("ours", "police", "112 접수", "112 acknowledged"),
    "police-failed": Line("alarm", "police", "112가 받지 못함 · 전화로 알리세요", "112 did not take it: call them"),
    "footage-asked": Line("info", "footage", "실시간 영상 요청", "live pictures asked for"),
    "footage-given": Line("info", "footage", "영상 제공 시작", "live pictures given"),
    "footage-refused": Line("doubt", "footage", "영상 제공 거절", "live pictures refused"),
    "footage-ended": Line("info", "footage", "영상 제공 끝", "live pictures ended"),
    "cameras-changed": Line("info", "footage", "다음 카메라로 옮김", "followed to the next cameras"),
    "warned": Line(
        "safe", "victim", "피해자에게 알림과 대피 경로를 한 메시지로 보냄", "victim warned, way out in the same message"
    ),
    "warned-no-way": Line(
        "safe",
        "victim",
        "피해자에게 알림 보냄 · 대피 경로 없음, 문 잠금 안내",
        "victim warned; no way out: told to lock the door",
    ),
    "warning-read": Line("safe", "victim", "피해자가 알림을 읽음", "the victim has seen the alert"),
    "escalated": Line("doubt", "victim", "응답 없음 · 다음 수단으로 알림", "no answer: next channel"),
    "escalated-voice": Line("doubt", "victim", "응답 없음 · 음성 전화로 알림", "no answer: calling by voice"),
    "help": Line("safe", "victim", "피해자가 응답함", "the victim answered"),
    "not-reached": Line(
        "alarm", "victim", "피해자와 연락되지 않음 · 112에 알림", "the victim is not reached: 112 told"
    ),
    "order-drafted": Line("ours", "order", "출동 명령 초안 준비됨", "order drafted"),
    "order-sent": Line("ours", "order", "출동 명령 보냄", "order sent"),
    "received": Line("ours", "order", "명령 받음", "order received"),
    "read": Line("ours", "order", "명령 읽음", "order read"),
    "accepted": Line("ours", "order", "명령 수락", "order accepted"),
    "on_scene": Line("ours", "unit", "현장 도착", "on scene"),
    "over": Line("safe", "unit", "현장: 위험이 끝남", "on scene: the danger is over"),
    "acknowledged": Line("ours", "room", "경보 인지", "alarm acknowledged"),
    "concurred": Line("ours", "police", "112가 종결에 동의", "112 concurs with closing"),
    "handed-over": Line("ours", "room", "인계", "handed over"),
    "note": Line("info", "note", "메모", "note"),
    "unit-added": Line("ours", "unit", "출동 추가", "unit added"),
    "closed": Line("info", "room", "종결 · 모든 열람이 끝남", "closed; every look has ended"),
}
"""What the timeline says; a `detail` (a unit's name, a receipt) may follow, never a place or a person's words."""
