"""Fixes in, facts out: the fold that runs the filter, weighs the evidence and says what must be told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from ansimnet.facts.supervision import (
    AlarmCleared,
    AlarmRaised,
    Medical,
    PositionFollowed,
    ProtectedPositionFollowed,
    Trigger,
    TriggerConfirmed,
)
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.geo import Plane, Point, distance_m
from ansimnet.kernel.ids import AlarmId, FactId, ProtectedPersonId, WearerId, named_id
from ansimnet.slices.supervision.model import (
    TAMPER_SIGNS,
    Approach,
    Basis,
    Condition,
    Curfew,
    Estimate,
    Exclusion,
    Fix,
    Followed,
    MedicalNotice,
    PersonId,
    Reason,
    Scene,
    State,
    Watch,
    Wholeness,
)
from ansimnet.slices.supervision.rules import limits, weights, window
from ansimnet.slices.supervision.rules.estimate import Step, follow, row_of
from ansimnet.slices.supervision.rules.evidence import Evidence, weigh_clock, weigh_fix
from ansimnet.slices.supervision.rules.watching import Change, observe, rest

_Alarm = TypeVar("_Alarm", AlarmRaised, TriggerConfirmed)

NOWHERE_M = 20_015_000.0
"""The error of a place nobody knows: half the way round the Earth."""


def judge(scene: Scene, fixes: Iterable[Fix]) -> list[Fact]:
    """Judge fixes in the order they were seen, and return what must be told, in that order.

    No fix may be older than its person's estimate: late ones go through `rerun`. Ids derive from what was decided, so
    the same fixes give the same facts on any machine in any year.
    """
    facts: list[Fact] = []
    ordered = sorted(fixes, key=lambda f: (f.seen_at, f.fix_id))
    for fix in ordered:
        facts += _judge_fix(scene, fix)
    return facts + _follow(scene, ordered, facts)


def judge_clock(scene: Scene, at: datetime) -> list[Fact]:
    """Judge what the clock alone decides up to an instant: hours that began or ended since they were last judged."""
    facts: list[Fact] = []
    for condition in sorted(scene.conditions.values(), key=lambda c: c.condition_id):
        if isinstance(condition, window.Timed):
            facts += _turn(scene, condition, at)
    return facts


def _judge_fix(scene: Scene, fix: Fix) -> list[Fact]:
    facts: list[Fact] = []
    for condition in scene.concerning(fix.person_id):
        if isinstance(condition, window.Timed):
            facts += _turn(scene, condition, fix.seen_at)
    before = scene.estimates.get(fix.person_id)
    step = follow(before, fix, fix.point) if fix.point is not None else None
    if step is not None:
        scene.estimates[fix.person_id] = step.estimate
    near_m = _near_m(step, fix.point) if step is not None and fix.point is not None else 0.0
    for condition in scene.concerning(fix.person_id):
        if condition.condition_id not in scene.watches and _silent(condition, fix, near_m):
            continue
        if isinstance(condition, Curfew) and step is not None and step.estimate.alike:
            continue  # one mast heard again says nothing new of who should be at home
        others = None
        if isinstance(condition, Approach):
            his = fix.person_id == condition.wearer_id
            other = PersonId(condition.protected_person_id if his else condition.wearer_id)
            others = scene.estimates.get(other)
        evidence = weigh_fix(condition, scene.watch(condition), fix, step, others)
        if evidence is not None:
            facts += _settle(scene, condition, evidence, fix, before, others)
    return facts


def _near_m(step: Step, point: Point) -> float:
    """Return a distance from a fix beyond which too little of this person lies for a quiet watch to stir."""
    after = row_of(step.estimate)
    prior = row_of(step.prior) if step.prior is not None else after
    return float(
        weights._far_of(prior, after, step.prior is None, point.lat, point.lon, step.variance_m2, weights.NEAR_SIGMAS)
    )


def _silent(condition: Condition, fix: Fix, near_m: float) -> bool:
    """Tell whether a fix surely says nothing of a condition that is remembered as quiet: most fixes of most zones.

    Weighing it would leave the watch as quiet as it is.
    """
    if isinstance(condition, Wholeness):
        return not fix.signs & TAMPER_SIGNS
    if not isinstance(condition, Exclusion) or fix.point is None or near_m == 0.0:
        return False
    centre, radius_m = condition.zone.reach
    return distance_m(centre, fix.point) - radius_m > near_m


def _turn(scene: Scene, condition: window.Timed, until: datetime) -> list[Fact]:
    """Judge a curfew or a zone of hours at each instant at which it began or ended since it was last judged."""
    if condition.window is None:
        return []
    his = scene.estimates.get(PersonId(condition.wearer_id))
    if his is None:
        return []
    facts: list[Fact] = []
    after = max(scene.watch(condition).judged_at or his.at, his.at)
    for at in window.turns(condition, after, until):
        evidence = weigh_clock(condition, his, at)
        if evidence is not None:
            facts += _settle(scene, condition, evidence, None, his, None)
    return facts


def _settle(
    scene: Scene,
    condition: Condition,
    evidence: Evidence,
    fix: Fix | None,
    before: Estimate | None,
    others: Estimate | None,
) -> list[Fact]:
    """Move one watch by one piece of evidence; return the facts, oldest first."""
    watch = scene.watch(condition)
    told_at = fix.heard_at if fix is not None else evidence.at
    facts: list[Fact] = []
    if watch.medical is Medical.ADVANCE and not _excused(scene, condition, evidence.at):
        facts.append(_cleared(condition, watch, Reason.MEDICAL_OVER, told_at))
        _unfollow(scene, watch.alarm_id)
        watch = replace(watch, alarm_id=None, announced=State.CLEAR, medical=Medical.NONE, entered_at=evidence.at)
    old = watch
    watch, changes = observe(watch, evidence)
    for change in changes:
        match change:
            case Change.RAISED:
                seed = str(fix.fix_id) if fix is not None else evidence.at.isoformat()
                alarm_id = AlarmId(named_id("alarm", str(condition.condition_id), seed))
                entered_at = watch.entered_at or evidence.at
                medical = _medical(scene.medical.get(condition.condition_id, []), entered_at, evidence.at)
                watch = replace(watch, alarm_id=alarm_id, medical=medical)
                scene.bases[alarm_id] = _basis(scene, condition, alarm_id, old, evidence, fix, before, others)
                scene.followed[alarm_id] = Followed(alarm_id, condition.wearer_id, condition.protected_person_id, False)
                facts.append(_alarm(AlarmRaised, scene, condition, watch, evidence.likely, fix, told_at))
            case Change.CONFIRMED:
                assert watch.alarm_id is not None
                scene.sure[watch.alarm_id] = _basis(
                    scene, condition, watch.alarm_id, old, evidence, fix, before, others
                )
                scene.followed[watch.alarm_id] = Followed(
                    watch.alarm_id, condition.wearer_id, condition.protected_person_id, True
                )
                facts.append(_alarm(TriggerConfirmed, scene, condition, watch, evidence.sure, fix, told_at))
            case Change.CLEARED:
                facts.append(_cleared(condition, old, _reason(condition, old, evidence), told_at))
                if old.announced is not State.CERTAIN:  # a confirmed one is followed until its incident closes
                    _unfollow(scene, old.alarm_id)
    scene.watches[condition.condition_id] = watch
    return facts


def _basis(
    scene: Scene,
    condition: Condition,
    alarm_id: AlarmId,
    old: Watch,
    evidence: Evidence,
    fix: Fix | None,
    before: Estimate | None,
    others: Estimate | None,
) -> Basis:
    """Return what was believed before this evidence, and which fix brought it."""
    his, hers = (before, others) if _of_wearer(condition, fix) else (others, before)
    fix_id = fix.fix_id if fix is not None else None
    return Basis(alarm_id, old, his, hers, closing_mps(condition, scene), fix_id, evidence.at)


def _of_wearer(condition: Condition, fix: Fix | None) -> bool:
    return fix is None or fix.person_id == condition.wearer_id


def _unfollow(scene: Scene, alarm_id: AlarmId | None) -> None:
    if alarm_id is not None:
        scene.followed.pop(alarm_id, None)


def _reason(condition: Condition, watch: Watch, e: Evidence) -> Reason:
    if isinstance(condition, Wholeness):
        return Reason.RESTORED
    if isinstance(condition, window.Timed) and not window.bound(condition, e.at):
        return Reason.WINDOW_OVER
    return Reason.LEFT if watch.announced is State.CERTAIN else Reason.NOT_CONFIRMED


def _medical(notices: Sequence[MedicalNotice], entered_at: datetime, at: datetime) -> Medical:
    """Return the standing of a medical exception: it counts only if it was told before the entry. (EM-08)"""
    if any(n.told_at < entered_at < n.leaves_at for n in notices):
        return Medical.ADVANCE
    if any(entered_at <= n.told_at and n.enters_at <= at < n.leaves_at for n in notices):
        return Medical.AFTER
    return Medical.NONE


def _excused(scene: Scene, condition: Condition, at: datetime) -> bool:
    return any(at < n.leaves_at for n in scene.medical.get(condition.condition_id, []))


def _alarm(
    kind: type[_Alarm],
    scene: Scene,
    condition: Condition,
    watch: Watch,
    probability: float,
    fix: Fix | None,
    told_at: datetime,
) -> _Alarm:
    """Return the fact of an alarm: where the wearer is believed to be, and by which fixes."""
    assert watch.alarm_id is not None
    his = scene.estimates.get(PersonId(condition.wearer_id))
    mine = fix is not None and fix.person_id == condition.wearer_id
    lat, lon, error_m, seen_at = 0.0, 0.0, NOWHERE_M, told_at
    if his is not None:
        lat, lon, error_m, seen_at = his.point.lat, his.point.lon, his.error_m, his.at
    if mine and fix is not None and fix.point is not None and (his is None or his.suspect is not None):
        lat, lon, error_m, seen_at = fix.point.lat, fix.point.lon, fix.error_m, fix.seen_at
    device_id = fix.device_id if mine and fix is not None else (his.device_id if his is not None else None)
    if isinstance(condition, Wholeness):
        device_id = condition.device_id
    if device_id is None:
        raise ValueError("an alarm needs a device of the wearer")
    return kind(
        fact_id=FactId(named_id(kind.kind, str(watch.alarm_id))),
        happened_at=told_at,
        alarm_id=watch.alarm_id,
        wearer_id=condition.wearer_id,
        device_id=device_id,
        trigger=condition.trigger,
        condition_id=None if condition.trigger is Trigger.TAMPER else condition.condition_id,
        protected_person_id=condition.protected_person_id,
        probability=round(probability, 6),
        rule_version=limits.RULE_VERSION,
        medical=watch.medical,
        fix_ids=watch.fix_ids,
        lat=lat,
        lon=lon,
        error_m=error_m,
        speed_mps=his.speed_mps if his is not None else None,
        course_deg=his.course_deg if his is not None else None,
        seen_at=seen_at,
    )


def _cleared(condition: Condition, watch: Watch, reason: Reason, told_at: datetime) -> AlarmCleared:
    assert watch.alarm_id is not None
    return cleared(watch.alarm_id, condition.wearer_id, condition.protected_person_id, reason, told_at)


def cleared(
    alarm_id: AlarmId, wearer_id: WearerId, protected: ProtectedPersonId | None, reason: Reason, told_at: datetime
) -> AlarmCleared:
    """Return the fact that an alarm is taken back; an alarm is taken back once."""
    return AlarmCleared(
        fact_id=FactId(named_id(AlarmCleared.kind, str(alarm_id))),
        happened_at=told_at,
        alarm_id=alarm_id,
        wearer_id=wearer_id,
        protected_person_id=protected,
        reason=reason.value,
    )


def closing_mps(condition: Condition, scene: Scene) -> float | None:
    """Return how fast the wearer nears what he must keep away from, m/s; negative when he leaves. For explaining."""
    his = scene.estimates.get(PersonId(condition.wearer_id))
    if his is None or isinstance(condition, Wholeness | Curfew):
        return None
    east, north = his.v_east, his.v_north
    if isinstance(condition, Approach):
        hers = scene.estimates.get(PersonId(condition.protected_person_id))
        if hers is None:
            return None
        to, east, north = hers.point, east - hers.v_east, north - hers.v_north
    else:
        to = condition.zone.reach[0]
    x, y = Plane(his.point).to_xy(to)
    length = (x * x + y * y) ** 0.5
    return (east * x + north * y) / length if length > 1 else 0.0


def _follow(scene: Scene, fixes: Sequence[Fix], facts: Sequence[Fact]) -> list[Fact]:
    """Return the newest position of each person followed, once per batch and alarm, told only while an alarm stands."""
    newest: dict[PersonId, Fix] = {f.person_id: f for f in fixes if f.point is not None}
    told = {(f.alarm_id, f.seen_at) for f in facts if isinstance(f, AlarmRaised | TriggerConfirmed)}
    out: list[Fact] = []
    for followed in sorted(scene.followed.values(), key=lambda f: f.alarm_id):
        fix, e = newest.get(PersonId(followed.wearer_id)), scene.estimates.get(PersonId(followed.wearer_id))
        if fix is not None and e is not None and e.at == fix.seen_at and (followed.alarm_id, e.at) not in told:
            out.append(_followed(followed, e, fix))
        if followed.protected_person_id is None:
            continue
        fix, e = newest.get(PersonId(followed.protected_person_id)), None
        e = scene.estimates.get(PersonId(followed.protected_person_id))
        if fix is not None and e is not None and e.at == fix.seen_at:
            out.append(
                ProtectedPositionFollowed(
                    fact_id=FactId(named_id("followed", str(followed.alarm_id), str(fix.fix_id))),
                    happened_at=fix.heard_at,
                    alarm_id=followed.alarm_id,
                    protected_person_id=followed.protected_person_id,
                    lat=e.point.lat,
                    lon=e.point.lon,
                    error_m=e.error_m,
                    seen_at=e.at,
                )
            )
    return out


def _followed(followed: Followed, e: Estimate, fix: Fix) -> PositionFollowed:
    return PositionFollowed(
        fact_id=FactId(named_id("followed", str(followed.alarm_id), str(fix.fix_id))),
        happened_at=fix.heard_at,
        alarm_id=followed.alarm_id,
        wearer_id=followed.wearer_id,
        lat=e.point.lat,
        lon=e.point.lon,
        error_m=e.error_m,
        speed_mps=e.speed_mps,
        course_deg=e.course_deg,
        seen_at=e.at,
        certain=followed.certain,
    )


def close(watch: Watch, at: datetime) -> Watch:
    """Return the watch after its incident was closed: silent until it has been clear once."""
    quiet = rest(watch, Evidence(at, watch.probability, 0.0, None, False, ()))
    if watch.state is State.CLEAR:
        return quiet
    return replace(quiet, state=watch.state, judged_at=watch.judged_at, entered_at=watch.entered_at, armed=False)
