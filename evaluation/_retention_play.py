"""One history: a machine with footage lives through weeks in which everything goes wrong. The archive's code is real.

Time is true time; the machine sees it through clocks that jump, stop and lie. Sweeps are played within 20 s before each
moment at which the law can be broken, and after each event; the months between hold nothing to see.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

from evaluation._retention_law import Kept, Law, LawHold, Score, shown

from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.ids import CameraId
from ansimnet.platform.ledger.keks import Given, Ring
from ansimnet.slices.footage.archive.archive import Archive
from ansimnet.slices.footage.archive.clock import Guard, confirm
from ansimnet.slices.footage.archive.disk import Disk, NoSpace
from ansimnet.slices.footage.archive.holds import words_of
from ansimnet.slices.footage.archive.index import Hold, Index
from ansimnet.slices.footage.archive.keys import SLOT, KeyStore
from ansimnet.slices.footage.archive.memory import Power, PowerCut
from ansimnet.slices.footage.archive.model import Segment
from ansimnet.slices.footage.archive.segments import Body, Mark
from ansimnet.slices.footage.archive.sweep import Sweeper
from ansimnet.slices.footage.model import Track
from ansimnet.slices.footage.relay.ring import Init

S, M, H, D = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RING = Ring(Given(bytes(range(32))))
INIT = Init("avc1.42c01e", 640, 360, b"init", b"sets")
DAYS = (30, 30, 30, 30, 14, 7, 3, 1)
LENGTHS = (2.0, 2.0, 2.0, 0.5, 10.0, 30.0)
"""Seconds of a segment: mostly two, at most thirty."""
ROOM, TIGHT = 1 << 20, 30_000
"""Bytes of a disk that never fills, and of one that an even rate fills within three days."""


@dataclass(slots=True)
class Clocks:
    """The machine's clocks over true time. `offset`: how far the wall clock is off."""

    true: datetime
    booted: datetime
    offset: timedelta = timedelta(0)
    boots: int = 0
    synced: bool = True

    def wall(self) -> datetime:
        return self.true + self.offset

    def elapsed_s(self) -> float:
        return (self.true - self.booted).total_seconds()

    def boot(self) -> str:
        return f"boot {self.boots}"

    def synchronised(self) -> bool:
        return self.synced and abs(self.offset) < S


class Place(Protocol):
    """Where a history is played: in memory, or on real files and a real database."""

    @property
    def power(self) -> Power: ...
    @property
    def disk(self) -> Disk: ...
    @property
    def keys(self) -> Disk: ...
    @property
    def index(self) -> Index: ...
    async def set_days(self, camera_id: CameraId, days: int | None) -> None: ...
    async def hold(self, hold: Hold) -> UUID: ...
    async def release(self, hold_id: UUID) -> None: ...
    async def standing(self) -> Mapping[UUID, Hold]: ...
    async def back_up(self) -> object: ...
    async def restore(self, backup: object, *, files: bool) -> None: ...
    async def evictions(self) -> set[tuple[CameraId, str]]: ...
    async def warned_at(self) -> datetime | None: ...
    def lose_power(self, rng: random.Random) -> None: ...
    def fill(self, free: int | None) -> None: ...
    def key_files(self) -> list[bytes]: ...


async def direct(work: Callable[..., object], *args: object) -> object:
    """Run where we are: a history has one thread."""
    return work(*args)


Event = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class History:
    """One history, from a seed."""

    rng: random.Random
    place: Place
    score: Score
    off: Callable[..., Awaitable[object]] = direct
    steady: bool = False
    clocks: Clocks = field(init=False)
    law: Law = field(init=False)
    archive: Archive | None = None
    sweeper: Sweeper | None = None
    cameras: list[CameraId] = field(default_factory=list)
    days: dict[CameraId, int] = field(default_factory=dict)
    backup: object = None
    _agenda: list[tuple[datetime, int, Event]] = field(default_factory=list)
    _count: int = 0
    _death: str = ""
    _wrong: bool = False
    _swept: datetime | None = None
    _full: bool = False
    _runs: int = 0
    _evictions: set[tuple[CameraId, str]] = field(default_factory=set)
    _recorded: int = 0
    _first_eviction: datetime | None = None
    _told: dict[CameraId, int] = field(default_factory=dict)
    _in_force: dict[CameraId, list[tuple[tuple[int, datetime], int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rng = self.rng
        at = datetime(2026, 3, 1, tzinfo=UTC) + rng.random() * D
        self.clocks = Clocks(at, at - rng.random() * D, synced=rng.random() < 0.7)
        self.law = Law(self.place.key_files, self.score)

    # -- time

    def at(self, when: datetime, event: Event) -> None:
        """Put an event on the agenda."""
        self._count += 1
        heapq.heappush(self._agenda, (when, self._count, event))

    async def play(self) -> None:
        """Play to the end."""
        for k in range(self.rng.randint(1, 3)):
            camera_id = CameraId(UUID(int=k + 1))
            self.cameras.append(camera_id)
            self.days[camera_id] = self.rng.choice(DAYS)
            await self.place.set_days(camera_id, self.days[camera_id])
        await self._start()
        self._plan()
        while self._agenda:
            when, _, event = heapq.heappop(self._agenda)
            self.clocks.true = max(self.clocks.true, when)
            try:
                await event()
            except PowerCut:
                await self._died()
        await self._end()

    def _plan(self) -> None:
        rng, now = self.rng, self.clocks.true
        if self.steady:
            for hour in range(rng.randint(60, 90)):
                self.at(now + hour * H, self._steady_hour)
            return
        span = rng.choice((1 * D, 4 * D, 33 * D))
        for _ in range(rng.randint(3, 6)):
            self.at(now + rng.random() * span, self._record)
        events = (
            self._hold, self._hold, self._release, self._jump, self._cut, self._cut, self._kill, self._stop,
            self._reboot, self._fill, self._change_days, self._delete_camera, self._back_up, self._restore, self._idle,
        )  # fmt: skip
        later = span + rng.choice((0 * D, 5 * D, 30 * D))
        for _ in range(rng.randint(2, 7)):
            self.at(now + rng.random() * later, rng.choice(events))

    # -- the machine

    async def _start(self) -> None:
        self.place.power.restored()
        keys = KeyStore(self.place.keys, RING)
        terms = keys.terms()
        guard = Guard(self.place.disk, self.clocks, terms[-1] if terms else None)
        archive = Archive(self.place.disk, keys, guard, self.place.index, off=self.off)
        self._swept = None
        self._runs += 1
        self.archive, self.sweeper = archive, Sweeper(archive)
        await self.sweeper.refresh()
        await self._check()  # served after a stop, before the first sweep
        await self._sweep()

    async def _sweep(self) -> None:
        if self.sweeper is None:
            return
        self._full |= self.place.disk.free() < self.place.disk.total() * 0.05
        swept = await self.sweeper.turn()
        self.score.doubts += swept.change is not None and swept.change.doubt is not None
        self._swept = self.clocks.true
        evictions = await self.place.evictions()
        if evictions - self._evictions:
            self._judge_eviction(evictions - self._evictions, need=self._full)
        self._evictions |= evictions
        self._full = False
        self._learn_holds()
        await self._learn_days()
        for camera_id, days in self.days.items():
            if self._told.get(camera_id) != days:
                self._told[camera_id] = days
                self.law.shorten(camera_id, days)  # from the sweep on that read it

    async def _learn_days(self) -> None:
        """Note which terms are in force, by the machine's own clock: by it the hours of what is recorded are told."""
        assert self.archive is not None
        guard = self.archive.guard
        for camera_id, days in (await self.place.index.days()).items():
            noted = self._in_force.setdefault(camera_id, [])
            noted[:] = [(at, d) for at, d in noted if d != days] + [((guard.epoch, guard.now()), days)]

    def _judge_eviction(self, gone: set[tuple[CameraId, str]], *, need: bool) -> None:
        """The oldest that nobody holds goes first, and only where the disk is full."""
        self.score.evicted += len(gone)
        self._first_eviction = self._first_eviction or self.clocks.true
        newest = max(name[:10] for _, name in gone)
        for kept in self.law.kept:
            if (kept.camera_id, kept.segment.term.name) in gone:
                kept.evicted = kept.destroyed = True
                if not need:
                    self.law._count(kept, "early")
            elif not kept.destroyed and kept.durable and kept.segment.term.name[:10] < newest:
                held = any(kept in h.owes and self.clocks.true < h.ends for h in self.law.holds.values())
                if not held and self.law.alive(kept.wrapped):
                    self.law._count(kept, "out_of_order")

    def _learn_holds(self) -> None:
        for hold in self.law.holds.values():
            if hold.wrapped is None:
                try:
                    hold.wrapped = self.place.keys.read(f"held-{hold.hold_id}.key")
                except FileNotFoundError:
                    continue
                if not any(hold.wrapped):
                    hold.wrapped = None

    async def _check(self) -> None:
        if self.archive is not None:
            swept = self._swept is not None and self.clocks.true - self._swept <= 20 * S
            await self.law.check(
                self.archive,
                self.clocks.true,
                run=self._runs,
                swept=swept,
                doubted=self._doubted(),
                off=abs(self.clocks.offset),
            )

    def _doubted(self) -> bool:
        """Return whether the clock is in doubt and rightly so; a doubt without cause excuses nothing."""
        assert self.archive is not None
        return self.archive.guard.doubt is not None and (self._wrong or not self.clocks.synchronised())

    def look(self, moment: datetime) -> None:
        """Sweep within the last 20 s before a moment, then look."""

        async def event() -> None:
            await self._sweep()
            self.clocks.true = max(self.clocks.true, moment)
            await self._check()

        self.at(moment - self.rng.random() * 20 * S, event)

    async def _died(self) -> None:
        """The process is gone; begin again after a while."""
        rng = self.rng
        self.score.cuts += 1
        settled = b'"doubt":null' in self.place.disk.read("clock.json")  # on the disk: it may have died while settling
        self.archive = self.sweeper = None
        self.place.power.restored()
        down = rng.choice((2 * S, 20 * S, 10 * M, 5 * H)) * (0.5 + rng.random())
        for hold in self.law.holds.values():
            hold.owes = [k for k in hold.owes if k.durable]
        for kept in self.law.kept:
            kept.lost |= not kept.durable
        if self._death == "power" and settled and not self._wrong:
            self.place.lose_power(rng)
            self.at(self.clocks.true + down, self._boot)
        else:
            self.at(self.clocks.true + down, self._begin)

    async def _begin(self) -> None:
        if self.archive is None:
            await self._start()

    async def _boot(self) -> None:
        """The machine starts again; its clock may come back wrong."""
        if self.archive is not None:
            return
        rng, c = self.rng, self.clocks
        c.boots, c.booted = c.boots + 1, c.true
        if not self._wrong and rng.random() < 0.25:
            c.offset = rng.choice((-1, 1)) * rng.choice((3 * H, 2 * D, 40 * D)) * (0.5 + rng.random())
            self._wrong = True
            self.at(c.true + rng.random() * 2 * D, self._synchronise)
        elif not c.synced and rng.random() < 0.5:
            self.at(c.true + rng.random() * 6 * H, self._confirm)
        await self._start()

    # -- events

    async def _idle(self) -> None:
        await self._sweep()
        await self._check()

    async def _record(self) -> None:
        """Record some segments in a row, now and then at the very edge of an hour."""
        rng = self.rng
        if self.archive is None:
            self.at(self.clocks.true + 20 * M, self._record)
            return
        if rng.random() < 0.4:
            now = self.archive.guard.now()
            edge = now.replace(minute=0, second=0, microsecond=0) + H + rng.choice((-1, 1)) * rng.random() * S
            self.clocks.true += max(timedelta(0), edge - now)
        await self._sweep()
        for _ in range(rng.randint(1, 3)):
            await self._put(rng.choice(self.cameras), rng.choice((Track.SUB, Track.SUB, Track.MAIN)))
        if rng.random() < 0.9:
            await self._flush()
        await self._sweep()

    async def _put(self, camera_id: CameraId, track: Track) -> None:
        assert self.archive is not None
        lasts = self.rng.choice(LENGTHS) * S
        start = self.archive.guard.now()
        begins = self.clocks.true
        self.clocks.true += lasts
        self._recorded += 1
        picture = f"picture {self._recorded:4} ".encode() * (30 if self.steady else self.rng.randint(1, 8))
        body = Body(INIT, (Mark(0, 0, True, len(picture)),), picture)
        try:
            segment = self.archive.put(camera_id, track, start, start + lasts, body)
        except NoSpace:
            return
        except Refusal:
            self.score.faults += self.archive.guard.doubt is None
            return
        wrapped = self._wrapped(segment)
        days, hour = self.days[camera_id], (segment.term.epoch, segment.term.hour_at)
        least = min((days, *(d for at, d in self._in_force.get(camera_id, ()) if at >= hour)))
        kept = Kept(segment, camera_id, begins, self.clocks.true, days, least, wrapped, picture)
        self.law.record(kept, self.clocks.true)
        if not self.steady or self._recorded % 8 == 0:
            self.look(kept.over + 60 * S + S / 2)

    def _wrapped(self, segment: Segment) -> bytes:
        """Return the wrapped key as it lies on the disk: 40 bytes behind the camera's id."""
        page = self.place.keys.read(f"{segment.term.name}.key")
        at = next(a for a in range(0, len(page), SLOT) if page[a : a + 16] == segment.camera_id.bytes)
        return page[at + 16 : at + 56]

    async def _flush(self) -> None:
        if self.archive is None:
            return
        waiting = [k for k in self.law.kept if not k.durable and not k.lost]
        await self.archive.flush()
        for kept in waiting:
            kept.durable = True
            if not self.steady or self._recorded % 8 == 0:
                self.look(kept.owed - S / 2)

    async def _hold(self) -> None:
        rng = self.rng
        alive = [k for k in self.law.kept if k.durable and not k.destroyed]
        if not alive:
            return
        s = rng.choice(alive).segment
        wide = rng.choice((1 * S, 10 * M, 3 * H, 3 * D))
        ends = self.clocks.true + rng.choice((2 * H, 3 * D, 28 * D, 45 * D)) * (0.5 + rng.random())
        await self._place(s, s.start - rng.random() * wide, s.end + rng.random() * wide, ends)

    async def _place(self, s: Segment, from_at: datetime, until_at: datetime, ends: datetime) -> None:
        if self._wrong or self.clocks.offset:
            return  # an end by a wrong clock is a wrong end
        wanted = UUID(int=self.rng.getrandbits(128), version=4)
        hold_id = await self.place.hold(Hold(wanted, frozenset({s.camera_id}), from_at, until_at, ends))
        self.law.hold(LawHold(hold_id, s.camera_id, from_at, until_at, ends))
        self.score.held += 1
        self.look(ends - 2 * S)
        self.look(ends + 60 * S + S / 2)
        if self.rng.random() < 0.5:
            await self._sweep()

    async def _release(self) -> None:
        standing = [h for h in self.law.holds.values() if h.ends > self.clocks.true]
        if not standing or self._wrong:
            return
        hold = self.rng.choice(standing)
        if hold.hold_id in await self.place.standing():
            await self.place.release(hold.hold_id)
            hold.ends = self.clocks.true
            self.look(hold.ends + 60 * S + S / 2)

    async def _jump(self) -> None:
        """The wall clock is set wrong; somebody sets it right later."""
        if self._wrong:
            return
        by = self.rng.choice((20 * S, 50 * S, 90 * S, 2 * H, 5 * D, 31 * D, 400 * D))
        self.clocks.offset = self.rng.choice((-1, 1)) * by
        self._wrong = True
        await self._idle()
        self.at(self.clocks.true + self.rng.choice((10 * M, 5 * H, 3 * D)) * self.rng.random(), self._set_right)

    async def _set_right(self) -> None:
        self.clocks.offset, self._wrong = timedelta(0), False
        await self._idle()
        await self._confirm()

    async def _synchronise(self) -> None:
        self.clocks.synced = True
        await self._set_right()

    async def _confirm(self) -> None:
        if self.archive is not None and not self._wrong:
            confirm(self.place.disk, self.clocks)
            await self._sweep()
            self.score.faults += self.archive.guard.doubt is not None
            await self._check()

    async def _cut(self) -> None:
        """The power is cut, or the process killed, in the middle of one of the next things it does."""
        self._death = self.rng.choice(("power", "kill"))
        power = self.place.power
        power.cut_at = power.steps + self.rng.choice((1, 2, 3, 5, 8, 13, 21, 34))
        if self.rng.random() < 0.4 and not self._wrong:
            await self._record()

    async def _kill(self) -> None:
        self._death = "kill"
        raise PowerCut

    async def _stop(self) -> None:
        """The service is stopped for a while, maybe for weeks."""
        if self.archive is None or self.archive.guard.doubt is not None:
            return
        await self._flush()
        self.archive = self.sweeper = None
        self.at(self.clocks.true + self.rng.choice((1 * H, 2 * D, 20 * D, 40 * D)) * self.rng.random(), self._begin)

    async def _reboot(self) -> None:
        if self._wrong or self.archive is None:
            return
        self._death = "power"
        raise PowerCut

    async def _fill(self) -> None:
        """Somebody else fills the disk, for a while."""
        self.place.fill(int(self.place.disk.total() * 0.05 * self.rng.random()))
        self.at(self.clocks.true + M, self._clear)
        await self._idle()

    async def _clear(self) -> None:
        self.place.fill(None)

    async def _change_days(self) -> None:
        camera_id = self.rng.choice(self.cameras)
        self.days[camera_id] = self.rng.choice(DAYS)
        await self.place.set_days(camera_id, self.days[camera_id])
        for kept in self.law.kept:
            if kept.camera_id == camera_id:
                over = kept.begins + self.days[camera_id] * D
                self.look(max(self.clocks.true, over) + 60 * S + S / 2)

    async def _delete_camera(self) -> None:
        """The register forgets a camera, its days too; what it recorded keeps its term. A new one has another id."""
        camera_id = self.rng.choice(self.cameras)
        await self.place.set_days(camera_id, None)
        self.days[camera_id] = 30
        if len(self.cameras) > 1:
            self.cameras.remove(camera_id)

    async def _back_up(self) -> None:
        self.backup = await self.place.back_up()
        if self.rng.random() < 0.6:
            self.at(self.clocks.true + 3 * H, self._hold)
            self.at(self.clocks.true + self.rng.choice((6 * H, 1 * D, 8 * D)), self._restore)

    async def _restore(self) -> None:
        """Stop, put yesterday's database back, maybe yesterday's files too, and start."""
        if self.backup is None or self._wrong or self.clocks.offset:
            return
        await self._idle()
        await self._flush()
        await self._sweep()
        self.score.restores += 1
        self.archive = self.sweeper = None
        gone = [k for k in self.law.kept if k.destroyed]
        await self.place.restore(self.backup, files=self.rng.random() < 0.6)
        known = {h.hold_id: h for h in await self.place.index.holds()}
        standing = {i: h for i, h in known.items() if not h.over}
        remembered = self.place.disk.names("holds")
        for hold_id in list(self.law.holds):
            if hold_id not in known and str(hold_id) not in remembered:
                del self.law.holds[hold_id]  # placed and lost while the archive was stopped: nobody can know of it
            elif hold_id not in known:
                self._remembered(self.law.holds[hold_id])
        days = await self.place.index.days()
        self.days |= {camera_id: days.get(camera_id, 30) for camera_id in self.cameras}
        self._after_restore(standing)
        await self._start()
        assert self.archive is not None
        self.score.restored_frames += sum(
            1 for k in gone if self.law.alive(k.wrapped) or shown(self.archive, k.segment) is not None
        )

    def _remembered(self, hold: LawHold) -> None:
        """A release that was lost with the database, and that the archive was never told of, is to be told again."""
        words, key = words_of(self.place.disk, str(hold.hold_id)), f"held-{hold.hold_id}.key"
        alive = key in self.place.keys.names("") and any(self.place.keys.read(key))
        if words is not None and not words.over and alive and words.ends_at > hold.ends:
            hold.ends = words.ends_at
            self.look(hold.ends + 60 * S + S / 2)

    def _after_restore(self, standing: Mapping[UUID, Hold]) -> None:
        """Holds stand as the restored database says, or as the disk remembers."""
        for hold in self.law.holds.values():
            if hold.hold_id in standing and hold.ends <= self.clocks.true:
                hold.ends = max(hold.ends, standing[hold.hold_id].ends_at)
                hold.owes = [k for k in self.law.kept if not k.destroyed and hold.names(k)]
                hold.wrapped = None
                self.look(hold.ends + 60 * S + S / 2)

    async def _end(self) -> None:
        """Let everything come to its end, with a clock that is right."""
        self.clocks.true += 1 * M
        self.place.power.restored()
        if self.archive is None:
            await self._start()
        self.clocks.offset, self._wrong, self.clocks.synced = timedelta(0), False, True
        await self._sweep()
        await self._confirm()
        await self._idle()
        warned = await self.place.warned_at()
        if self.steady and self._first_eviction is not None:
            self.score.unwarned += warned is None or self._first_eviction - warned < D

    async def _steady_hour(self) -> None:
        """A disk that fills at an even rate: the alarm must come a day ahead."""
        await self._put(self.cameras[0], Track.SUB)
        await self._flush()
        await self._sweep()
