"""The sweeper: every 20 s, in the one process that owns the disk, it destroys what is due and what finds no room.

Always the key first, then the certificate, then the bytes: killed anywhere, what is left is bytes that nobody can open,
and the next start finds them. A hold is asked for in the transaction that destroys; what it keeps is copied under its
own key before the hour's key dies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import structlog

from ansimnet.kernel.ids import CameraId
from ansimnet.slices.footage.archive import rules
from ansimnet.slices.footage.archive.archive import Archive, joined
from ansimnet.slices.footage.archive.clock import Change
from ansimnet.slices.footage.archive.disk import NoSpace
from ansimnet.slices.footage.archive.holds import Keeper
from ansimnet.slices.footage.archive.index import HOLE, Covered, Died, DiskState, Hold, Why
from ansimnet.slices.footage.archive.model import HOUR, Cause, Gap, Reel, Term, reels_of
from ansimnet.slices.footage.archive.segments import HEAD, reels_in, walk
from ansimnet.slices.footage.model import Track

log = structlog.get_logger(__name__)

T = TypeVar("T")
BATCH = 200
"""Cameras of one transaction: each is a lock of the database's, of which there are 64 a connection by default."""
TELL_AGAIN = timedelta(hours=12)
"""A disk that is still filling is told of again after this (ours: once a shift)."""
REPORT_S = 300.0
"""How often the whole disk is measured and the forecast made: it looks a day ahead (ours)."""
EVICTING = "evicting"
"""What is being destroyed because the disk is full: a run that is killed meanwhile leaves the reason."""
LOST = "lost"
"""Which disks were lost when the index was last brought to say what the files say."""
SETTLED = 2 * HOUR
"""An hour that ended so long ago is written no more: `put` takes what began an hour ago at most."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What a turn did."""

    destroyed: int = 0
    evicted: int = 0
    released: int = 0
    copied: int = 0
    change: Change | None = None


class Sweeper:
    """Destroys what is due, keeps what is held, and says how the disk stands."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.disk, self.keys, self.guard, self.index = archive.disk, archive.keys, archive.guard, archive.index
        self.keeper = Keeper(archive)
        self._off = archive.off
        self._untold: list[Change] = []
        self._told_at: datetime | None = None
        self._sizes: dict[tuple[CameraId, Term], int] = {}
        self._looked = False
        self._gone: frozenset[str] = frozenset()
        self._reported_s = -REPORT_S

    async def turn(self) -> Swept:
        """Do what is due now. Safe to kill anywhere, and to run again."""
        change = self.guard.look()
        if change is not None:
            self._untold.append(change)
        while self._untold:
            await self.index.tell_clock(self._untold[0], self.guard.now())
            self._untold.pop(0)
        await self.refresh()
        if not self._looked:
            await self._off(self.keys.settle)
        destroyed = await self._expire()
        released = await self._end_holds()
        if not self._looked:
            await self._find_remains()
        if not self._looked or self._gone != frozenset(self.disk.lost):
            self._gone = frozenset(self.disk.lost)
            await self._agree()
            self._looked = True
        copied = await self._keep()
        evicted = await self._evict()
        await self._report()
        return Swept(destroyed, evicted, released, copied, change)

    async def refresh(self) -> None:
        """Read anew which cameras are kept shorter, and what holds stand."""
        self.archive.periods.take(await self.index.days(), self.keys.terms(), self.guard)
        self.archive.holds = self.keeper.known(await self.index.holds())

    # -- what is due

    def _due(self) -> list[tuple[Term, list[CameraId]]]:
        """Return the cameras' terms whose time is over by every reading of the clock, the oldest first."""
        shortest = self.archive.periods.shortest()
        found = []
        for term in self.keys.terms():
            earliest, _ = self.guard.bounds(term.epoch)
            if rules.due(term, min(term.days, shortest), self.guard.shift(term.epoch)) > earliest:
                continue
            slots = [s.camera_id for s in self.keys.slots(term) if s.wrapped is not None]
            cameras = [c for c in slots if self.archive.due(c, term) <= earliest]
            if cameras:
                found.append((term, cameras))
            elif not slots:
                self.keys.drop(term)
        return found

    async def _expire(self) -> int:
        """Destroy what is due; what nobody holds first, since copying takes time."""
        count = 0
        for term, cameras in self._due():
            held = [c for c in cameras if self._holds(c, term)]
            free = sorted(set(cameras) - set(held))
            for batch in (*_batches(free, BATCH), *_batches(held, 1)):
                count += await self._destroy(Why.EXPIRED, [(c, term) for c in batch])
            self.keys.drop(term)
        return count

    def _holds(self, camera_id: CameraId, term: Term) -> list[Hold]:
        """Return the holds that stand and may keep something of a camera's term."""
        now = self.guard.bounds()
        return rules.held((h for h in self.archive.holds.values() if not rules.ended(h, *now)), camera_id, term)

    async def _destroy(self, why: Why, pairs: Sequence[tuple[CameraId, Term]]) -> int:
        """Destroy cameras' terms in one transaction, and certify it; what a hold needs of them is copied first.

        What no room can be made for stays, under its hold.
        """
        async with self.index.destroying({c for c, _ in pairs}) as tx:
            self.archive.holds = self.keeper.known(tx.holds)
            died: list[tuple[CameraId, Term]] = []
            for camera_id, term in pairs:
                holds = self._holds(camera_id, term)
                try:
                    await self._off(self.keeper.copy, holds, camera_id, term)
                except NoSpace:
                    log.critical("archive.no_room_to_hold", camera=str(camera_id), term=term.name)
                    continue
                for hold in holds:
                    await tx.keep(hold.hold_id, await self._covered(hold.hold_id, camera_id, term))
                died.append((camera_id, term))
            leaves = await self._off(self._kill, died)
            assert isinstance(leaves, list)
            await tx.certify(why, leaves, self.guard.now())
        await self._off(self._clear, died)
        return len(died)

    async def _covered(self, hold_id: UUID | None, camera_id: CameraId, term: Term) -> list[Covered]:
        """Return what is covered by the reels of a camera's term, or (`hold_id`) by a hold's copies of them."""

        def look() -> list[Covered]:
            reels = reels_in(self.disk, Reel(camera_id, term, Track.SUB, 0, hold_id))
            return joined(s for r in reels for s in walk(self.disk, r))

        found = await self._off(look)
        assert isinstance(found, list)
        return found

    def _kill(self, pairs: Iterable[tuple[CameraId, Term]]) -> list[Died]:
        """Destroy the keys; return what they opened."""
        by_term: dict[Term, list[CameraId]] = defaultdict(list)
        for camera_id, term in pairs:
            by_term[term].append(camera_id)
        for term, cameras in by_term.items():
            self.keys.destroy(term, cameras)
        found = (self._leaf(c, t, None) for t, cameras in by_term.items() for c in cameras)
        return [d for d in found if d.segments or d.size]

    def _leaf(self, camera_id: CameraId, term: Term, hold_id: UUID | None) -> Died:
        heads: list[bytes] = []
        count = size = 0
        for reel in reels_in(self.disk, Reel(camera_id, term, Track.SUB, 0, hold_id)):
            for segment in walk(self.disk, reel):
                heads.append(self.disk.read(reel.path, segment.offset, HEAD))
                count += 1
            size += self.disk.size(reel.path)
        return Died(camera_id, term, hold_id, count, size, rules.digest_of(heads))

    def _clear(self, pairs: Iterable[tuple[CameraId, Term]], hold_id: UUID | None = None) -> None:
        """Remove bytes that nobody can open any more."""
        gone = []
        for camera_id, term in pairs:
            folder = reels_of(camera_id, term, hold_id)
            for name in self.disk.names(folder):
                self.disk.remove(f"{folder}/{name}")
                gone.append(f"{folder}/{name}")
            if hold_id is None:
                self._sizes.pop((camera_id, term), None)
        if gone:
            self.disk.sync(gone)

    async def _agree(self) -> None:
        """Let the index say what the files say: a killed run did not note its last, a restored one knows the dead."""
        alive = list(_folders(self.disk.names, "reels"))
        changed = self._gone != self._gone_before()
        if changed:
            await self._note_lost()
        newest = await self.index.agree(() if changed else alive)
        for camera_id, term in alive:
            if newest is None or rules.behind(term) > newest - HOUR:
                await self.index.note(await self._covered(None, camera_id, term))
        if changed:
            self.disk.replace(LOST, "\n".join(sorted(self._gone)).encode())
        kept = [(h, c, t) for h in self.keeper.kept() for c, t in _folders(self.disk.names, f"holds/{h}")]
        unknown = await self.index.agree_kept(kept)
        for hold_id, camera_id, term in unknown:
            async with self.index.destroying(()) as tx:
                await tx.keep(hold_id, await self._covered(hold_id, camera_id, term))

    def _gone_before(self) -> frozenset[str]:
        """Return which disks were lost when index and files agreed last."""
        try:
            return frozenset(self.disk.read(LOST).decode().split("\n")) - {""}
        except FileNotFoundError:
            return frozenset()

    async def _note_lost(self) -> None:
        """Note as lost what the index tells of and no disk holds that is there, though its key stands."""
        names = ", ".join(sorted(self._gone))
        for term in self.keys.terms() if self._gone else ():
            around = (term.hour_at, rules.behind(term) + HOUR)
            for camera_id in [s.camera_id for s in self.keys.slots(term) if s.wrapped is not None]:
                here = await self._covered(None, camera_id, term)
                for track in Track:
                    known = await self.index.covered(camera_id, track, *around)
                    left = [(c.start, c.end) for c in here if c.track is track]
                    for start, end in known:
                        for a, b in rules.holes(left, start, end, HOLE):
                            await self.index.note_gap(camera_id, track, Gap(a, b, Cause.DISK_LOST, names))

    async def _find_remains(self) -> None:
        """Finish what a killed run began: bytes whose key is gone are certified where they were not, and removed."""
        remains: dict[Term, list[CameraId]] = defaultdict(list)
        alive: dict[Term, set[CameraId]] = {}
        for camera_id, term in list(_folders(self.disk.names, "reels")):
            if term not in alive:
                alive[term] = {s.camera_id for s in self.keys.slots(term) if s.wrapped is not None}
            if camera_id not in alive[term]:
                remains[term].append(camera_id)
        for term, cameras in sorted(remains.items()):
            by_why: dict[Why, list[CameraId]] = defaultdict(list)
            for camera_id in cameras:
                by_why[self._why_gone(camera_id, term)].append(camera_id)
            for why, mine in by_why.items():
                for batch in _batches(mine, BATCH):
                    await self._destroy(why, [(c, term) for c in batch])
        self._evicted()

    def _why_gone(self, camera_id: CameraId, term: Term) -> Why:
        """Return why a killed run, or one before a restore of the bytes, destroyed a key."""
        try:
            evicting = self.disk.read(EVICTING).decode().split()
        except FileNotFoundError:
            evicting = []
        if f"{camera_id}/{term.name}" in evicting:
            return Why.DISK_FULL
        earliest, _ = self.guard.bounds(term.epoch)
        return Why.EXPIRED if self.archive.due(camera_id, term) <= earliest else Why.KEY_GONE

    # -- holds

    async def _end_holds(self) -> int:
        """Destroy what holds kept that are over."""
        now = self.guard.bounds()
        count = 0
        for hold_id in self.keeper.kept():
            dead = self.keys.held_is_dead(hold_id)  # a killed run, or one before the database was put back, ended it
            hold = self.archive.holds.get(hold_id)
            if hold is not None and not rules.ended(hold, *now) and not dead:
                continue
            cameras = hold.cameras if hold is not None else frozenset()
            async with self.index.destroying(cameras) as tx:
                hold = self.keeper.known(tx.holds).get(hold_id)
                if hold is not None and not rules.ended(hold, *now) and not dead:
                    continue
                pairs = list(_folders(self.disk.names, f"holds/{hold_id}"))
                self.keys.destroy_held(hold_id)
                await tx.certify(Why.HOLD_ENDED, [self._leaf(c, t, hold_id) for c, t in pairs], self.guard.now())
            await self._off(self._clear, pairs, hold_id)
            self.keeper.forget(hold_id)
            count += 1
        return count

    async def _keep(self) -> int:
        """Copy ahead what holds keep, the soonest due first, so that little is left to do when an hour dies."""
        try:
            done = await self._off(self.keeper.ahead)
        except NoSpace:
            log.warning("archive.no_room_to_copy_ahead")
            return 0
        assert isinstance(done, int)
        return done

    # -- the disk

    async def _evict(self) -> int:
        """Destroy the oldest that nobody holds until the reserve is free again."""
        need = rules.to_free(self.disk.free(), self.disk.total())
        if not need:
            return 0
        pairs, room = list[tuple[CameraId, Term]](), 0
        sizes = await self._measured()
        for camera_id, term in sorted(sizes, key=self._order):
            size = sizes[camera_id, term]
            if room >= need or rules.behind(term) + SETTLED > self.guard.now():
                break
            holds = self._holds(camera_id, term)
            if size and all(self.keeper.whole(h, camera_id, term) for h in holds):
                pairs.append((camera_id, term))
                room += size
        for batch in _batches(pairs, BATCH):
            await self._lost(batch)
            self.disk.replace(EVICTING, "\n".join(f"{c}/{t.name}" for c, t in batch).encode())
            await self._destroy(Why.DISK_FULL, batch)
            self._evicted()
        if room < need:
            log.critical("archive.disk_full", missing=need - room)  # the rest is held, new, or somebody else's
        return len(pairs)

    def _evicted(self) -> None:
        """Forget what was being evicted, so that a power cut much later does not bring the reason back."""
        self.disk.remove(EVICTING)
        self.disk.sync([EVICTING])

    @staticmethod
    def _order(pair: tuple[CameraId, Term]) -> tuple[Term, CameraId]:
        """Order what may be evicted: the oldest first."""
        return pair[1], pair[0]

    async def _lost(self, pairs: Iterable[tuple[CameraId, Term]]) -> None:
        """Note why there are no pictures of what is evicted."""
        for camera_id, term in pairs:
            for reel in reels_in(self.disk, Reel(camera_id, term, Track.SUB, 0)):
                spans = [(s.start, s.end) for s in walk(self.disk, reel)]
                if spans:
                    gap = Gap(min(a for a, _ in spans), max(b for _, b in spans), Cause.DISK_FULL)
                    await self.index.note_gap(camera_id, reel.track, gap)

    async def _measured(self) -> dict[tuple[CameraId, Term], int]:
        """Return how many bytes each camera's term takes; those that are written no more are measured once."""
        found = await self._off(self._measure)
        assert isinstance(found, dict)
        return found

    def _measure(self) -> dict[tuple[CameraId, Term], int]:
        open_from = self.guard.now() - SETTLED
        sizes = {}
        for pair in _folders(self.disk.names, "reels"):
            size = self._sizes.get(pair)
            if size is None:
                folder = reels_of(*pair)
                size = sum(self.disk.size(f"{folder}/{name}") for name in self.disk.names(folder))
                if rules.behind(pair[1]) < open_from:
                    self._sizes[pair] = size
            sizes[pair] = size
        return sizes

    async def _report(self) -> None:
        """Note how the disk stands, and raise the alarm a day before footage has to go early."""
        if self.guard.clocks.elapsed_s() - self._reported_s < REPORT_S:
            return
        self._reported_s = self.guard.clocks.elapsed_s()
        now, sizes = self.guard.now(), await self._measured()
        dying: dict[datetime, int] = defaultdict(int)
        for (camera_id, term), size in sizes.items():
            dying[self.archive.due(camera_id, term)] += size
        free, total = self.disk.free(), self.disk.total()
        full_at = rules.full_at(now, free, total, rules.rate(now, sizes), sorted(dying.items()))
        if full_at is not None and (self._told_at is None or now - self._told_at > TELL_AGAIN):
            await self.index.tell_filling(full_at, now)
            self._told_at = now
        terms = {term for _, term in sizes}
        doubt = self.guard.doubt
        await self.index.note_disk(
            DiskState(
                now, total, free, len(sizes), min((t.hour_at for t in terms), default=None),
                min(dying, default=None), full_at, None if doubt is None else doubt.value,
            )
        )  # fmt: skip
        if terms:  # a key may be there without a reel
            self.guard.forget_shifts(min(t.epoch for t in (*terms, *self.keys.terms())))


def _folders(names: Callable[[str], list[str]], root: str) -> Iterable[tuple[CameraId, Term]]:
    """Yield every camera's term below a folder."""
    for camera in names(root):
        try:
            camera_id = CameraId(UUID(camera))
        except ValueError:
            continue
        for name in names(f"{root}/{camera}"):
            term = Term.read(name)
            if term is not None:
                yield camera_id, term


def _batches(things: Sequence[T], size: int) -> list[Sequence[T]]:
    return [things[at : at + size] for at in range(0, len(things), size)]
