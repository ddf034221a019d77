"""A whole history judged again from nothing: what evaluations run and what an alarm is proven with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from ansimnet.facts.supervision import AlarmCleared, AlarmRaised, NoticeEnded, NoticeRaised, TriggerConfirmed
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import AlarmId, ConditionId, DeviceId, ProtectedPersonId, WearerId, named_id
from ansimnet.slices.supervision.model import (
    Condition,
    Fix,
    Hearing,
    MedicalNotice,
    OpenNotice,
    PersonId,
    Scene,
    Sign,
    Told,
)
from ansimnet.slices.supervision.rules import limits
from ansimnet.slices.supervision.rules.judge import judge, judge_clock
from ansimnet.slices.supervision.rules.rerun import rerun
from ansimnet.slices.supervision.rules.vouching import (
    notices_of_fixes,
    notices_of_her_fixes,
    notices_of_her_silence,
    notices_of_silence,
    placed_at,
)

TICK = timedelta(seconds=5)
"""How often the timers of the running system look at the clock."""


def replay(
    fixes: Iterable[Fix],
    conditions: Iterable[Condition],
    *,
    medical: Iterable[MedicalNotice] = (),
    until: datetime | None = None,
) -> list[Fact]:
    """Return every fact the running system would have told for these fixes, in order.

    Fixes are taken in the order they were heard; those heard at the same instant are one batch. Between them the clock
    ticks, so curfews begin and silences are told, up to `until` (default: the last fix heard). No state outside.
    """
    past = _Past(conditions, medical)
    for heard_at, batch in groupby(
        sorted(fixes, key=lambda f: (f.heard_at, f.seen_at, f.fix_id)), lambda f: f.heard_at
    ):
        past.tick_to(heard_at)
        past.take(list(batch), heard_at)
    if until is not None:
        past.tick_to(until)
    return past.facts


class _Past:
    """What the store holds, kept in memory for a replay."""

    def __init__(self, conditions: Iterable[Condition], medical: Iterable[MedicalNotice]) -> None:
        self.scene = Scene({c.condition_id: c for c in conditions})
        for n in medical:
            self.scene.medical.setdefault(n.condition_id, []).append(n)
        self.wearers = {c.wearer_id for c in self.scene.conditions.values()}
        self.facts: list[Fact] = []
        self.fixes: dict[PersonId, list[Fix]] = {}
        self.seen: set[tuple[DeviceId, datetime, object]] = set()
        self.hearings: dict[DeviceId, Hearing] = {}
        self.hers: dict[DeviceId, tuple[ProtectedPersonId, DeviceId, datetime]] = {}
        self.notices: dict[object, OpenNotice] = {}
        self.told: dict[AlarmId, Told] = {}
        self.ticked_at: datetime | None = None

    def tick_to(self, until: datetime) -> None:
        """Let the clock run: in ticks while somebody may fall silent, else in one step."""
        due = [h.placed_at or h.heard_at for h in self.hearings.values()] + [t for _, _, t in self.hers.values()]
        since = self.ticked_at or min(due, default=until)
        moments = sorted({t + limits.SILENCE for t in due if since < t + limits.SILENCE < until})
        for at in moments:
            self._tick(_next_tick(at, until))
        if moments:
            at = moments[-1]
            while (at := at + timedelta(minutes=1)) < until and at - moments[-1] < timedelta(hours=1):
                self._tick(at)
        self._tick(until)
        self.ticked_at = until

    def _tick(self, at: datetime) -> None:
        facts = judge_clock(self.scene, at)
        notices = list(self.notices.values())
        facts += notices_of_silence(self.scene, self.hearings.values(), notices, at)
        facts += notices_of_her_silence(self.scene, self.hers.values(), notices, at)
        self._keep(facts)

    def take(self, batch: list[Fix], heard_at: datetime) -> None:
        """Judge one batch as the service does: duplicates dropped, late ones run again with their window."""
        fresh: list[Fix] = []
        for fix in batch:
            key = (fix.device_id, fix.seen_at, fix.fix_id)
            if key not in self.seen and fix.seen_at - heard_at <= limits.AHEAD:
                self.seen.add(key)
                fresh.append(fix)
                self.fixes.setdefault(fix.person_id, []).append(fix)
        in_order, late = split_late(self.scene, fresh)
        self._keep(judge(self.scene, in_order))
        for person_id, since in late.items():
            self._keep(self._rerun(person_id, since, heard_at))
        mine = [f for f in fresh if WearerId(f.person_id) in self.wearers]
        hers = [f for f in fresh if WearerId(f.person_id) not in self.wearers]
        open_notices = list(self.notices.values())
        self._keep(notices_of_fixes(self.scene, mine, open_notices) + notices_of_her_fixes(hers, open_notices))
        for fix in fresh:
            self._hear(fix)

    def _rerun(self, person_id: PersonId, since: datetime, heard_at: datetime) -> list[Fact]:
        people = {person_id}
        for c in self.scene.concerning(person_id):
            people |= {PersonId(c.wearer_id)} | ({PersonId(c.protected_person_id)} if c.protected_person_id else set())
        start = since - limits.WARM_UP
        window = [f for p in people for f in self.fixes.get(p, []) if f.seen_at >= start]
        told = list(self.told.values())
        return rerun(self.scene, person_id, window, told, since=since, heard_at=heard_at)

    def _hear(self, fix: Fix) -> None:
        if WearerId(fix.person_id) not in self.wearers:
            at, hers = placed_at(fix), self.hers.get(fix.device_id)
            if at is not None and (hers is None or hers[2] < at):
                self.hers[fix.device_id] = (ProtectedPersonId(fix.person_id), fix.device_id, at)
            return
        old = self.hearings.get(fix.device_id)
        known = [at for at in (placed_at(fix), old.placed_at if old is not None else None) if at is not None]
        first = old.heard_at if old is not None else fix.heard_at
        self.hearings[fix.device_id] = Hearing(
            fix.device_id, WearerId(fix.person_id), first, max(known, default=None), fix.battery, Sign.JAM in fix.signs
        )

    def _keep(self, facts: Sequence[Fact]) -> None:
        self.facts += facts
        for f in facts:
            match f:
                case NoticeRaised():
                    self.notices[f.notice_id] = OpenNotice(
                        f.notice_id,
                        f.notice,
                        f.wearer_id,
                        f.device_id,
                        f.protected_person_id,
                        f.happened_at,
                        f.device_id in self.hers,
                    )
                case NoticeEnded():
                    self.notices.pop(f.notice_id, None)
                case AlarmRaised():
                    condition_id = f.condition_id or ConditionId(named_id("whole", str(f.device_id)))
                    self.told[f.alarm_id] = Told(f.alarm_id, condition_id, f.seen_at, None, False, False, False)
                case TriggerConfirmed():
                    t = self.told[f.alarm_id]
                    self.told[f.alarm_id] = Told(
                        t.alarm_id, t.condition_id, t.from_at, t.until_at, True, t.cleared, t.closed
                    )
                case AlarmCleared():
                    t = self.told[f.alarm_id]
                    self.told[f.alarm_id] = Told(
                        t.alarm_id, t.condition_id, t.from_at, f.happened_at, t.confirmed, True, t.closed
                    )
                case _:
                    pass


def _next_tick(at: datetime, until: datetime) -> datetime:
    return min(at + TICK, until)


def split_late(scene: Scene, fixes: Sequence[Fix]) -> tuple[list[Fix], dict[PersonId, datetime]]:
    """Return the fixes that can be judged in order, and for each person with a late one the oldest such instant.

    A person with a late fix is judged by `rerun` alone, his newer fixes included. A fix older than `RERUN` is stored
    and judged no more.
    """
    late: dict[PersonId, datetime] = {}
    for f in fixes:
        e = scene.estimates.get(f.person_id)
        newest = max(e.at, e.suspect.at if e.suspect is not None else e.at) if e is not None else None
        if newest is not None and newest - limits.RERUN <= f.seen_at < newest:
            late[f.person_id] = min(f.seen_at, late.get(f.person_id, f.seen_at))
    in_order = []
    for f in fixes:
        e = scene.estimates.get(f.person_id)
        if f.person_id not in late and (e is None or f.seen_at >= e.at):
            in_order.append(f)
    return in_order, late
