"""Late fixes: judge the window again from the store, and tell only what has not been told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from ansimnet.facts.supervision import AlarmCleared, AlarmRaised, TriggerConfirmed
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import AlarmId, ConditionId, FactId, named_id
from ansimnet.slices.supervision.model import Estimate, Fix, PersonId, Reason, Scene, State, Told, Watch, Wholeness
from ansimnet.slices.supervision.rules.judge import cleared, judge, judge_clock


def rerun(
    scene: Scene,
    person_id: PersonId,
    fixes: Iterable[Fix],
    told: Sequence[Told],
    *,
    since: datetime,
    heard_at: datetime,
) -> list[Fact]:
    """Judge a window of fixes afresh because some of them came late; return only the news.

    `fixes` are all known ones of the person, and of whoever he or she must be kept apart from, from some minutes
    before `since` (the oldest late fix) on. `scene` is brought to the new state. An alarm that overlaps one already
    told is that alarm: it is not announced twice, only confirmed or cleared if that is new. One that a late fix took
    back and another brings back is told anew, under another name.
    """
    concerned = {c.condition_id: c for c in scene.concerning(person_id)}
    again, window = Scene(concerned, medical=scene.medical), list(fixes)
    again.watches = _taken_back_before(min((f.seen_at for f in window), default=since), scene, concerned)
    found = judge(again, window)
    judged = [w.judged_at for c in concerned if (w := scene.watches.get(c)) is not None and w.judged_at is not None]
    if judged:
        found += judge_clock(again, max(judged))
    spans = _spans(found)
    same = _same(spans, told)
    anew = {a: _other_id(a, heard_at) for a, t in same.items() if _taken_back(t) and spans[a][2] is None}
    for alarm_id, other in anew.items():
        del same[alarm_id]
        spans[other] = spans.pop(alarm_id)
        _rename(again, alarm_id, other)
    found = [_renamed(f, anew) for f in found]
    news: list[Fact] = []
    for fact in found:
        if isinstance(fact, AlarmRaised | TriggerConfirmed | AlarmCleared):
            recent = spans[fact.alarm_id][1] >= since or fact.alarm_id in anew.values()
            kept = _new(fact, same.get(fact.alarm_id), recent, heard_at)
            if kept is not None:
                news.append(kept)
    newest = max(f.seen_at for f in window)
    return _adopt(scene, again, same, newest, news, heard_at) + news


def _taken_back_before(at: datetime, scene: Scene, conditions: Iterable[ConditionId]) -> dict[ConditionId, Watch]:
    """Return watches at rest for what was taken back before the window, and for what a person said whenever it was.

    What fixes took back in the window is found again.
    """
    known = [w for c in conditions if (w := scene.watches.get(c)) is not None]
    return {
        w.condition_id: Watch(
            w.condition_id,
            w.wearer_id,
            taken_back_at=w.taken_back_at,
            taken_back=w.taken_back,
            taught_at=w.taught_at,
        )
        for w in known
        if w.taught_at is not None or (w.taken_back_at is not None and w.taken_back_at < at)
    }


def _spans(facts: Sequence[Fact]) -> dict[AlarmId, tuple[ConditionId, datetime, datetime | None]]:
    """Return condition, first and last instant of each alarm found, by the device's clock where it is known."""
    spans: dict[AlarmId, tuple[ConditionId, datetime, datetime | None]] = {}
    for f in facts:
        if isinstance(f, AlarmRaised):
            condition_id = f.condition_id or ConditionId(named_id("whole", str(f.device_id)))
            spans[f.alarm_id] = (condition_id, f.seen_at, None)
        elif isinstance(f, AlarmCleared):
            condition_id, from_at, _ = spans[f.alarm_id]
            spans[f.alarm_id] = (condition_id, from_at, f.happened_at)
    return spans


def _same(
    spans: dict[AlarmId, tuple[ConditionId, datetime, datetime | None]], told: Sequence[Told]
) -> dict[AlarmId, Told]:
    """Return which of the alarms found is which of those told: by its name, else by the time they share.

    One that stands is rather one that still stands, or that a person closed, than one that was taken back.
    """
    named = {t.alarm_id: t for t in told}
    same = {a: named[a] for a, span in spans.items() if a in named and not (span[2] is None and _taken_back(named[a]))}
    for alarm_id, (condition_id, from_at, until_at) in spans.items():
        if alarm_id in same:
            continue
        free = [t for t in told if t.condition_id == condition_id and t not in same.values()]
        fit = [t for t in free if t.alarm_id == alarm_id or _overlap(t, from_at, until_at)]
        if fit:
            same[alarm_id] = min(fit, key=lambda t: (_taken_back(t), t.alarm_id != alarm_id))
    return same


def _newest(e: Estimate) -> datetime:
    """Return when somebody was heard last: what is held as a suspect is newer than the estimate it left alone."""
    return e.at if e.suspect is None else max(e.at, e.suspect.at)


def _taken_back(told: Told) -> bool:
    return told.cleared and not told.closed


def _other_id(alarm_id: AlarmId, heard_at: datetime) -> AlarmId:
    """Return the name under which an alarm that was taken back is told anew: an alarm is taken back once."""
    return AlarmId(named_id("alarm", str(alarm_id), heard_at.isoformat()))


def _rename(scene: Scene, alarm_id: AlarmId, other: AlarmId) -> None:
    for bases in (scene.bases, scene.sure):
        if alarm_id in bases:
            bases[other] = replace(bases.pop(alarm_id), alarm_id=other)
    if alarm_id in scene.followed:
        scene.followed[other] = replace(scene.followed.pop(alarm_id), alarm_id=other)
    for condition_id, watch in scene.watches.items():
        if watch.alarm_id == alarm_id:
            scene.watches[condition_id] = replace(watch, alarm_id=other)


def _renamed(fact: Fact, names: Mapping[AlarmId, AlarmId]) -> Fact:
    if isinstance(fact, AlarmRaised | TriggerConfirmed) and fact.alarm_id in names:
        other = names[fact.alarm_id]
        return replace(fact, alarm_id=other, fact_id=FactId(named_id(fact.kind, str(other))))
    return fact


def _overlap(told: Told, from_at: datetime, until_at: datetime | None) -> bool:
    return (told.until_at is None or told.until_at >= from_at) and (until_at is None or until_at >= told.from_at)


def _new(
    fact: AlarmRaised | TriggerConfirmed | AlarmCleared, known: Told | None, recent: bool, heard_at: datetime
) -> Fact | None:
    """Return a fact of the second judging as news, or None where it was told or belongs to the warm-up."""
    if known is None:
        return replace(fact, happened_at=heard_at) if recent else None
    fact_id = FactId(named_id(fact.kind, str(known.alarm_id)))
    if isinstance(fact, AlarmRaised) or known.closed:
        return None  # what a person closed, the machine does not open again
    if isinstance(fact, TriggerConfirmed) and known.confirmed:
        return None
    if isinstance(fact, AlarmCleared) and known.cleared:
        return None
    return replace(fact, fact_id=fact_id, alarm_id=known.alarm_id, happened_at=heard_at)


def _adopt(
    scene: Scene,
    again: Scene,
    same: dict[AlarmId, Told],
    newest: datetime,
    news: Sequence[Fact],
    heard_at: datetime,
) -> list[Fact]:
    """Take the state of the second judging over, under the ids already told; return the clearings it implies.

    `newest` is when the last fix of the window was seen.
    """
    out: list[Fact] = []
    raised = {f.alarm_id for f in news if isinstance(f, AlarmRaised)}
    ended = {f.alarm_id for f in news if isinstance(f, AlarmCleared)}
    for condition_id, old in [(c, scene.watch(again.conditions[c])) for c in again.conditions]:
        condition, new = again.conditions[condition_id], again.watch(again.conditions[condition_id])
        if old.judged_at is not None and old.judged_at > max(newest, new.judged_at or newest):
            continue  # it judged something newer than the window held
        if isinstance(condition, Wholeness) and old.state is State.CERTAIN:
            continue  # only a person clears a confirmed tamper
        if new.alarm_id in same:
            known = same[new.alarm_id]
            new = replace(new, alarm_id=known.alarm_id)
            if known.confirmed:  # and nobody is told of it twice
                new = replace(new, announced=State.CERTAIN)
            if known.until_at is not None:  # what a person closed stays silent until clear
                new = replace(new, alarm_id=None, announced=State.CLEAR, armed=False)
        elif new.alarm_id is not None and new.alarm_id not in raised:
            new = replace(new, alarm_id=None, announced=State.CLEAR)
        if old.alarm_id is not None and new.alarm_id != old.alarm_id and old.alarm_id not in ended:
            reason = Reason.LEFT if old.announced is State.CERTAIN else Reason.NOT_CONFIRMED
            out.append(cleared(old.alarm_id, condition.wearer_id, condition.protected_person_id, reason, heard_at))
            if old.announced is not State.CERTAIN:
                scene.followed.pop(old.alarm_id, None)
        if not old.armed and new.state is not State.CLEAR:
            new = replace(new, armed=False, alarm_id=None, announced=State.CLEAR)
        scene.watches[condition_id] = new
    for person_id, e in again.estimates.items():
        mine = scene.estimates.get(person_id)
        if mine is None or _newest(e) >= _newest(mine):
            scene.estimates[person_id] = e
    for alarm_id in raised:
        scene.bases[alarm_id] = again.bases[alarm_id]
        if alarm_id in again.followed:
            scene.followed[alarm_id] = again.followed[alarm_id]
    told_sure = {f.alarm_id for f in news if isinstance(f, TriggerConfirmed)}
    for alarm_id, basis in again.sure.items():
        told_as = same[alarm_id].alarm_id if alarm_id in same else alarm_id
        if told_as in told_sure:
            scene.sure[told_as] = basis
    for alarm_id, known in same.items():
        if alarm_id in again.followed and known.until_at is None:
            scene.followed[known.alarm_id] = replace(again.followed[alarm_id], alarm_id=known.alarm_id)
    return out
