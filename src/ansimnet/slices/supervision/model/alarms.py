"""What is remembered and told: watches, alarms, notices, and what bears on some fixes. Values only, no decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from ansimnet.facts.supervision import Medical, NoticeKind, Trigger
from ansimnet.kernel.ids import (
    AlarmId,
    ConditionId,
    DeviceId,
    NoticeId,
    ProtectedPersonId,
    WearerId,
)
from ansimnet.slices.supervision.model.conditions import Approach, Condition, MedicalNotice
from ansimnet.slices.supervision.model.people import Estimate, PersonId


class State(StrEnum):
    """How sure a watch is that its condition is broken, in rising order."""

    CLEAR = "clear"
    UNCERTAIN = "uncertain"
    PROBABLE = "probable"
    CERTAIN = "certain"

    @property
    def rank(self) -> int:
        return _RANK[self]


_RANK = {State.CLEAR: 0, State.UNCERTAIN: 1, State.PROBABLE: 2, State.CERTAIN: 3}


class Reason(StrEnum):
    """Why an alarm was taken back: the enumeration behind `AlarmCleared.reason`."""

    NOT_CONFIRMED = "not_confirmed"  # probable, and later fixes say it never was
    LEFT = "left"  # it was certain; the wearer has left. The incident stays open until a person closes it
    RESTORED = "restored"  # the device says it is whole again
    WINDOW_OVER = "window_over"  # the curfew hours ended
    MEDICAL_OVER = "medical_over"  # the told medical stay ended and he is still there: a full alarm follows
    CONDITION_ENDED = "condition_ended"  # the order or the condition is no longer in force


@dataclass(frozen=True, slots=True)
class Watch:
    """What one condition remembers between fixes.

    `announced` is what has been told of the present alarm: CLEAR nothing, PROBABLE raised, CERTAIN confirmed.
    `armed` is False from the closing of an incident until the watch has been clear once. `taken_back_at` is when later
    fixes last took an alarm of a zone back, or ended one of a curfew, `taken_back` how many within some days,
    `taught_at` when a person last said whether one was real.
    """

    condition_id: ConditionId
    wearer_id: WearerId
    state: State = State.CLEAR
    probability: float = 0.0
    judged_at: datetime | None = None
    entered_at: datetime | None = None
    support: int = 0
    against: int = 0
    fix_ids: tuple[UUID, ...] = ()
    alarm_id: AlarmId | None = None
    announced: State = State.CLEAR
    armed: bool = True
    medical: Medical = Medical.NONE
    taken_back_at: datetime | None = None
    taken_back: int = 0
    taught_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenNotice:
    """A notice that has not ended; `hers` if the silent device is the protected person's own, not the wearer's."""

    notice_id: NoticeId
    notice: NoticeKind
    wearer_id: WearerId
    device_id: DeviceId
    protected_person_id: ProtectedPersonId | None
    since_at: datetime
    hers: bool = False


@dataclass(frozen=True, slots=True)
class Followed:
    """An alarm whose wearer is followed, and how much may be told of him."""

    alarm_id: AlarmId
    wearer_id: WearerId
    protected_person_id: ProtectedPersonId | None
    certain: bool


@dataclass(frozen=True, slots=True)
class Told:
    """An alarm already on the ledger, with the time it spans by the device's clock."""

    alarm_id: AlarmId
    condition_id: ConditionId
    from_at: datetime
    until_at: datetime | None  # None while it stands
    confirmed: bool
    cleared: bool
    closed: bool  # by a person, with its incident


@dataclass(frozen=True, slots=True)
class Basis:
    """What an alarm was decided from, kept with it so that it can be judged again, bit for bit.

    `fix_id` is the fix that decided, None where the clock did at `at`.
    """

    alarm_id: AlarmId
    watch: Watch
    his: Estimate | None
    hers: Estimate | None
    closing_mps: float | None
    fix_id: UUID | None = None
    at: datetime | None = None


@dataclass(slots=True)
class Scene:
    """A working copy of all that bears on some fixes. Owned by one call: `judge` changes it in place.

    `followed` are the alarms whose positions are told; `bases` and `sure` collect what new alarms and their
    confirmations were decided from.
    """

    conditions: dict[ConditionId, Condition]
    estimates: dict[PersonId, Estimate] = field(default_factory=dict)
    watches: dict[ConditionId, Watch] = field(default_factory=dict)
    medical: dict[ConditionId, list[MedicalNotice]] = field(default_factory=dict)
    followed: dict[AlarmId, Followed] = field(default_factory=dict)
    bases: dict[AlarmId, Basis] = field(default_factory=dict)
    sure: dict[AlarmId, Basis] = field(default_factory=dict)
    _of: dict[PersonId, list[Condition]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for c in sorted(self.conditions.values(), key=lambda c: c.condition_id):
            self._of.setdefault(PersonId(c.wearer_id), []).append(c)
            if isinstance(c, Approach):
                self._of.setdefault(PersonId(c.protected_person_id), []).append(c)

    def concerning(self, person_id: PersonId) -> Sequence[Condition]:
        """Return the conditions a fix of this person bears on, in a fixed order."""
        return self._of.get(person_id, ())

    def watch(self, c: Condition) -> Watch:
        """Return the watch of a condition, a clear one where there was none."""
        return self.watches.get(c.condition_id) or Watch(c.condition_id, c.wearer_id)


@dataclass(frozen=True, slots=True)
class Seen:
    """An alarm, and when a person saw and judged it."""

    trigger: Trigger
    raised_at: datetime
    certain: bool
    acknowledged_at: datetime | None
    finding: str | None
    verdict: str | None
