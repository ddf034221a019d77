"""What time it is for footage, and how sure that is: a wrong clock must not destroy what is young or keep what is old.

Stamps and ages come from the machine's elapsed clock, which nobody sets, started once from the wall clock. A wall clock
that leaves it by more than 60 s is in doubt: an alarm is raised, and until it is settled nothing is destroyed that is
not due by every reading, and nothing is shown that is past its time by any. It is settled when the wall clock comes
back, when the machine says that it is synchronised again (after a restart), or when a person confirms it.

A stretch stamped by one reading of the clock is an *epoch*. When the reading changes, the terms of this boot's epochs
shift with it (`shift`): their age is what elapsed, whatever the stamps say.
"""

from __future__ import annotations

import ctypes
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from ansimnet.kernel.clock import SystemClock, elapsed_s
from ansimnet.slices.footage.archive.disk import Disk
from ansimnet.slices.footage.archive.model import Term, hour_of
from ansimnet.slices.footage.archive.segments import instant, micros

JUMP_US = 60_000_000
"""A wall clock that leaves the elapsed one by more than this is in doubt."""
OFF_US, BACK_US = 30_000_000, 5_000_000
"""Across a restart without a better clock: forward so far it may have been off, or been set; back so far it may have
drifted. What is more is in doubt. Ours: a sweep of 20 s and this are less than the minute after which it is late."""
UNSURE_US = 55_000_000
"""So much longer it lives at most where its clock may have been off: with `rules.LEAD` and a sweep within a minute."""
SLEW = 500e-6
"""No clock that works drifts faster (RFC 5905, MAXFREQ 500 ppm)."""
ADOPT_US = 1_000_000
"""Stamps follow the wall clock when it is off by more than this; ours: closer than people compare clocks."""
CONFIRMED_LIVES_S = 120.0
"""A confirmation is about the clock as it was then; one that lay longer is void (ours)."""
STATE, CONFIRMED = "clock.json", "clock.confirmed"
UNMOVED = timedelta(0)
NEVER = datetime.max.replace(tzinfo=UTC)


class Clocks(Protocol):
    """A machine's clocks."""

    def wall(self) -> datetime:
        """Return what the wall clock says, UTC."""
        ...

    def elapsed_s(self) -> float:
        """Return seconds since the machine started, sleep included; never set, never back."""
        ...

    def boot(self) -> str:
        """Return a name of this start of the machine."""
        ...

    def synchronised(self) -> bool:
        """Return whether the wall clock follows a better one (NTP)."""
        ...


class MachineClocks:
    """The clocks of this machine."""

    def __init__(self) -> None:
        try:
            self._boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        except OSError:  # no Linux: the instant the machine started names it, to the second
            self._boot = f"{(SystemClock().now() - timedelta(seconds=elapsed_s())).replace(microsecond=0)}"

    def wall(self) -> datetime:
        return SystemClock().now()

    def elapsed_s(self) -> float:
        return elapsed_s()

    def boot(self) -> str:
        return self._boot

    def synchronised(self) -> bool:
        """Ask the kernel (`ntp_adjtime`, RFC 1589); where it does not say, the clock counts as alone."""
        try:
            said = ctypes.CDLL(None).ntp_adjtime(ctypes.create_string_buffer(512))
        except (OSError, AttributeError):
            return False
        return 0 <= int(said) < 5  # TIME_ERROR


class Doubt(StrEnum):
    """What makes the clock doubtful."""

    JUMPED = "jumped"  # it left the elapsed clock
    RESTARTED = "restarted"  # the machine was off, nobody knows for how long: no better clock vouches for this one
    BEHIND = "behind"  # the machine was off, and it is earlier than before


class Change(NamedTuple):
    """The clock became doubtful (`doubt`), or was settled (None). `by_s`: wall clock minus reading."""

    doubt: Doubt | None
    by_s: float


class State(msgspec.Struct):
    """What is remembered of the clock. A zero is the instant (µs since 1970) at which the elapsed clock stood at 0.

    `first`: the first epoch of this boot. `low_us`: the zero of the earliest reading that a doubt leaves. `slack_us`:
    how far a clock that nobody vouches for may have been moved while the machine was off for half a minute. `moved_us`:
    by how much the reading was put forward since on the word of a wall clock that nobody vouches for: what an earlier
    boot stamped may be so much younger. So may what a shift of an earlier boot shortened: that clock may be back since.
    """

    boot: str
    at_us: int
    zero_us: int
    anchor_us: int
    anchored_s: float
    epoch: int = 0
    first: int = 0
    low_us: int = 0
    slack_us: int = 0
    moved_us: int = 0
    doubt: Doubt | None = None
    shifts: dict[int, int] = {}


class Guard:
    """The archive's clock. One process guards (`look`); others follow what it wrote (`follow`)."""

    def __init__(self, disk: Disk, clocks: Clocks, newest: Term | None = None) -> None:
        self.disk = disk
        self.clocks = clocks
        self._written = b""
        known = self._read()
        self.state = known or self._fresh(newest)
        if self.state.boot != clocks.boot():
            self._restarted()

    def _read(self) -> State | None:
        try:
            self._written = self.disk.read(STATE)
            return msgspec.json.decode(self._written, type=State)
        except (FileNotFoundError, msgspec.MsgspecError):
            return None

    def _fresh(self, newest: Term | None) -> State:
        """Return the state of an archive that has none; keys that are there say when it was at the earliest."""
        elapsed, zero = self.clocks.elapsed_s(), self._wall_zero()
        if newest is None:
            return State(self.clocks.boot(), zero + int(elapsed * 1e6), zero, zero, elapsed)
        return State("", micros(newest.hour_at), zero, zero, 0.0, epoch=newest.epoch)

    def _wall_zero(self) -> int:
        return micros(self.clocks.wall()) - int(self.clocks.elapsed_s() * 1e6)

    def _restarted(self) -> None:
        s, zero, elapsed = self.state, self._wall_zero(), int(self.clocks.elapsed_s() * 1e6)
        gap = zero + elapsed - s.at_us
        doubted = s.doubt not in (None, Doubt.JUMPED)  # what a jump left behind was stamped by the elapsed clock
        low = s.low_us + s.at_us - s.zero_us if doubted else s.at_us
        s.boot, s.anchor_us, s.anchored_s, s.epoch = self.clocks.boot(), zero, elapsed / 1e6, s.epoch + 1
        s.moved_us = 0 if self.clocks.synchronised() else s.moved_us
        if doubted and self.clocks.synchronised():  # how far the doubtful stamps were off cannot be known any more
            for epoch in range(s.first, s.epoch):
                s.shifts[epoch] = s.shifts.get(epoch, 0) + low - s.at_us  # the lawful reading: the oldest
        if not doubted or gap < -BACK_US or self.clocks.synchronised():
            s.first = s.epoch
        s.zero_us, s.low_us, s.slack_us, s.doubt = max(zero, s.at_us - elapsed), low - elapsed, 0, None
        if gap < -BACK_US:
            s.doubt, s.low_us = Doubt.BEHIND, min(zero, s.low_us)
        elif not self.clocks.synchronised():
            if gap > OFF_US or doubted:
                s.doubt = Doubt.RESTARTED
            else:
                s.slack_us = max(0, gap)

    # -- what time it is

    def now(self) -> datetime:
        """Return the time that segments are stamped with."""
        return instant(self._now_us())

    def _now_us(self) -> int:
        return self.state.zero_us + int(self.clocks.elapsed_s() * 1e6)

    @property
    def epoch(self) -> int:
        """Return the number of the present epoch."""
        return self.state.epoch

    @property
    def doubt(self) -> Doubt | None:
        """Return what makes the clock doubtful, None where nothing does."""
        return self.state.doubt

    def bounds(self, epoch: int | None = None) -> tuple[datetime, datetime]:
        """Return the earliest and the latest it may be, on the clock that stamped an epoch; None: by any reading."""
        s, now = self.state, self._now_us()
        if s.doubt is not Doubt.JUMPED and epoch is not None and epoch >= s.first:
            return instant(now), instant(now)
        if s.doubt is None:  # holds end in the wall clock's time: they move with it
            moved = 0 if epoch is None else s.moved_us + max(0, -s.shifts.get(epoch, 0))
            return instant(now - min(UNSURE_US, s.slack_us + moved)), instant(now)
        wall = micros(self.clocks.wall())
        if s.doubt is Doubt.JUMPED:
            return instant(min(now, wall)), instant(max(now, wall))
        return instant(min(now, wall, s.low_us + int(self.clocks.elapsed_s() * 1e6))), NEVER

    def shift(self, epoch: int) -> timedelta:
        """Return by how much the terms of an epoch end later on the present reading."""
        by = self.state.shifts.get(epoch, 0)
        return timedelta(microseconds=by) if by else UNMOVED

    # -- keeping it

    def look(self) -> Change | None:
        """Compare the clocks, remember the time, and return what changed."""
        change = self._compare()
        self.state.at_us = self._now_us()
        self._written = msgspec.json.encode(self.state)
        self.disk.replace(STATE, self._written)
        return change

    def follow(self) -> None:
        """Take over what the guarding process wrote."""
        before = self._written
        state = self._read()
        if state is not None and self._written != before and state.boot == self.clocks.boot():
            self.state = state

    def _compare(self) -> Change | None:
        s, zero = self.state, self._wall_zero()
        away = zero - s.anchor_us
        confirmed = self._confirmed()
        if s.doubt is None:
            if abs(away) > JUMP_US:
                s.doubt = Doubt.JUMPED
                return Change(s.doubt, away / 1e6)
        elif not (
            confirmed
            or (s.doubt is Doubt.JUMPED and abs(away) <= JUMP_US)
            or (s.doubt is not Doubt.JUMPED and self.clocks.synchronised())
        ):
            return None
        settled = s.doubt is not None
        elapsed = self.clocks.elapsed_s()
        if settled and (confirmed or s.doubt is not Doubt.JUMPED):
            s.anchor_us = zero
        else:
            most = int((elapsed - s.anchored_s) * SLEW * 1e6)
            s.anchor_us += max(-most, min(most, away))
        s.anchored_s, s.doubt = elapsed, None
        self._adopt(zero)
        if confirmed or self.clocks.synchronised():
            s.moved_us = 0
        return Change(None, away / 1e6) if settled else None

    def _adopt(self, zero: int) -> None:
        """Let stamps follow the wall clock; what this boot recorded keeps its age."""
        s = self.state
        by = zero - s.zero_us
        if abs(by) > ADOPT_US:
            s.shifts = {e: v for e in range(s.first, s.epoch + 1) if (v := s.shifts.get(e, 0) + by)} | {
                e: v for e, v in s.shifts.items() if e < s.first
            }
            s.moved_us = max(0, s.moved_us + by)
            s.zero_us, s.epoch = zero, s.epoch + 1

    def forget_shifts(self, oldest: int) -> None:
        """Forget the shifts of epochs before one: nothing of theirs is left."""
        self.state.shifts = {e: v for e, v in self.state.shifts.items() if e >= oldest}

    def _confirmed(self) -> bool:
        try:
            said = msgspec.json.decode(self.disk.read(CONFIRMED), type=Confirmation)
        except (FileNotFoundError, msgspec.MsgspecError):
            return False
        self.disk.remove(CONFIRMED)
        self.disk.sync([CONFIRMED])  # a power cut must not bring it back
        return (
            said.boot == self.clocks.boot()
            and self.clocks.elapsed_s() - said.elapsed_s < CONFIRMED_LIVES_S
            and abs(self._wall_zero() - said.zero_us) < JUMP_US
        )


class Confirmation(msgspec.Struct):
    """A person's word that the wall clock was right: in which start of the machine, when, and where its zero was."""

    boot: str
    elapsed_s: float
    zero_us: int


def confirm(disk: Disk, clocks: Clocks) -> None:
    """Say that the wall clock is right as it is now; the guarding process takes it within its next turn."""
    elapsed = clocks.elapsed_s()
    said = Confirmation(clocks.boot(), elapsed, micros(clocks.wall()) - int(elapsed * 1e6))
    disk.replace(CONFIRMED, msgspec.json.encode(said))


def is_present(guard: Guard, start: datetime) -> bool:
    """Return whether an instant is one that is recorded now: within a minute ahead and an hour ago."""
    ago = guard.now() - start
    return timedelta(minutes=-1) <= ago <= timedelta(hours=1)


def term_at(guard: Guard, start: datetime, days: int) -> Term:
    """Return the term of what begins now."""
    return Term(hour_of(start), guard.epoch, days)
