"""Late fixes: judge the window again from the store, and tell only what has not been told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from ansimnet.facts.supervision import AlarmCleared, AlarmRaised, TriggerConfirmed
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import AlarmId, ConditionId, FactId, named_id
from ansimnet.slices.supervision.model import Fix, PersonId, Reason, Scene, State, Told, Wholeness
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
    told is that alarm: it is not announced twice, only confirmed or cleared if that is new.
    """
    concerned = {c.condition_id: c for c in scene.concerning(person_id)}
    again = Scene(concerned, medical=scene.medical)
    found = judge(again, fixes)
    judged = [w.judged_at for c in concerned if (w := scene.watches.get(c)) is not None and w.judged_at is not None]
    if judged:
        found += judge_clock(again, max(judged))
    spans = _spans(found)
    same: dict[AlarmId, Told] = {}
    for alarm_id, (condition_id, from_at, until_at) in spans.items():
        exact = next((t for t in told if t.alarm_id == alarm_id), None)
        if exact is not None:
            same[alarm_id] = exact
            continue
        free = (t for t in told if t.condition_id == condition_id and t not in same.values())
        match = next((t for t in free if _overlap(t, from_at, until_at)), None)
        if match is not None:
            same[alarm_id] = match
    news: list[Fact] = []
    for fact in found:
        if isinstance(fact, AlarmRaised | TriggerConfirmed | AlarmCleared):
            kept = _new(fact, same.get(fact.alarm_id), spans[fact.alarm_id][1] >= since, heard_at)
            if kept is not None:
                news.append(kept)
    return news + _adopt(scene, again, same, told, news, heard_at)


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
    told: Sequence[Told],
    news: Sequence[Fact],
    heard_at: datetime,
) -> list[Fact]:
    """Take the state of the second judging over, under the ids already told; return the clearings it implies."""
    out: list[Fact] = []
    raised = {f.alarm_id for f in news if isinstance(f, AlarmRaised)}
    ended = {f.alarm_id for f in news if isinstance(f, AlarmCleared)}
    for condition_id, old in [(c, scene.watch(again.conditions[c])) for c in again.conditions]:
        condition, new = again.conditions[condition_id], again.watch(again.conditions[condition_id])
        if old.judged_at is not None and (new.judged_at is None or new.judged_at < old.judged_at):
            continue  # it judged something newer than the window held
        if isinstance(condition, Wholeness) and old.state is State.CERTAIN:
            continue  # only a person clears a confirmed tamper
        if new.alarm_id in same:
            known = same[new.alarm_id]
            new = replace(new, alarm_id=known.alarm_id)
            if known.until_at is not None:
                # what a person closed stays silent until clear; what was taken back by a late fix and stands after
                # all is told anew by the next
                new = replace(new, alarm_id=None, announced=State.CLEAR, armed=not known.closed)
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
        if mine is None or e.at >= mine.at:
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
