"""The archive's parts: both disks, keys, records, the clock's guard, and the rules of what goes first."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.slices.footage.archives import (
    CAMERA,
    OTHER,
    RING,
    START,
    Clocks,
    D,
    H,
    M,
    S,
    in_memory,
    on_files,
    open_on,
    record,
)

from ansimnet.kernel.ids import CameraId, new_id
from ansimnet.platform.ledger.keks import Folder, KeyBroken, Ring
from ansimnet.slices.footage.archive import rules
from ansimnet.slices.footage.archive.archive import Archive
from ansimnet.slices.footage.archive.clock import CONFIRMED, Doubt, Guard, confirm
from ansimnet.slices.footage.archive.disk import Disk, LocalDisk, NoSpace
from ansimnet.slices.footage.archive.index import Died, Hold
from ansimnet.slices.footage.archive.keys import DEAD, KeyStore
from ansimnet.slices.footage.archive.memory import InMemoryDisk, InMemoryIndex, PowerCut
from ansimnet.slices.footage.archive.model import Cause, ClockInDoubt, Damaged, Destroyed, Gap, OutOfTime, Segment, Term
from ansimnet.slices.footage.archive.segments import opened
from ansimnet.slices.footage.archive.sweep import EVICTING, Sweeper
from ansimnet.slices.footage.model import Track

HERE = Term(START.replace(minute=0), 0, 30)


@pytest.fixture(params=["local", "memory"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Disk:
    return LocalDisk(tmp_path / "disk") if request.param == "local" else InMemoryDisk()


# ------------------------------------------------------------------------------------------------ disks and keys


def test_both_disks_do_the_same(disk: Disk) -> None:
    assert disk.names("a") == []
    assert [disk.append("a/b/c", b"12"), disk.append("a/b/c", b"345")] == [0, 2]
    assert (disk.read("a/b/c"), disk.read("a/b/c", 1, 3), disk.size("a/b/c")) == (b"12345", b"234", 5)
    disk.overwrite("a/b/c", 1, b"xx")
    assert (disk.create("k", b"mine"), disk.create("k", b"yours")) == (b"mine", b"mine")
    disk.replace("a/r", b"new")
    disk.sync(["a/b/c", "k", "not there"])
    assert (disk.read("a/b/c"), disk.names("a"), disk.names("")) == (b"1xx45", ["b", "r"], ["a", "k"])
    disk.remove("a/b/c")
    disk.remove("a/b/c")
    assert disk.names("a") == ["r"]
    disk.remove("a/r")
    assert disk.names("") == ["k"], "empty folders go with what was in them"
    assert 0 < disk.free() <= disk.total()
    with disk.held():
        assert disk.names("") == ["k"]
    for missing in (lambda: disk.read("no"), lambda: disk.size("no"), lambda: disk.overwrite("no", 0, b"")):
        with pytest.raises(FileNotFoundError):
            missing()


def test_a_destroyed_key_is_gone_and_is_not_drawn_again(disk: Disk) -> None:
    keys = KeyStore(disk, RING)
    key = keys.key(CAMERA, HERE, create=True)
    assert (keys.key(CAMERA, HERE), KeyStore(disk, RING).key(CAMERA, HERE)) == (key, key)
    keys.prepare({CAMERA, OTHER}, HERE)
    assert [s.camera_id for s in keys.slots(HERE)] == [CAMERA, OTHER]
    wrapped = {s.wrapped for s in keys.slots(HERE)}
    assert keys.destroy(HERE, {CAMERA}) == [CAMERA]
    for store in (keys, KeyStore(disk, RING)):
        with pytest.raises(Destroyed):
            store.key(CAMERA, HERE, create=True)
    keys.drop(HERE)
    assert keys.terms() == [HERE], "another camera's key lives in it"
    assert keys.destroy(HERE) == [OTHER]
    page = disk.read(f"{HERE.name}.key")
    assert not any(w is not None and w in page for w in wrapped), "overwritten where it lay"
    keys.drop(HERE)
    assert keys.terms() == []


def test_the_key_of_a_hold(disk: Disk) -> None:
    keys, hold_id = KeyStore(disk, RING), new_id()
    key = keys.held_key(hold_id, create=True)
    assert (keys.held_key(hold_id), keys.holds()) == (key, [hold_id])
    assert (keys.destroy_held(hold_id), keys.destroy_held(hold_id), keys.held_is_dead(hold_id)) == (True, False, True)
    assert disk.read(f"held-{hold_id}.key") == DEAD
    with pytest.raises(Destroyed):
        keys.held_key(hold_id, create=True)
    keys.drop_held(hold_id)
    assert keys.held_key(hold_id, create=True) != key


def test_a_new_key_encryption_key_opens_what_the_old_one_wrapped(tmp_path: Path) -> None:
    keys = KeyStore(LocalDisk(tmp_path), Ring(Folder(tmp_path)))
    key, held = keys.key(CAMERA, HERE, create=True), keys.held_key(UUID(int=1), create=True)
    keys.destroy(HERE, {keys_of(keys, OTHER)})
    assert keys.change_kek() == (2, 1)
    again = KeyStore(LocalDisk(tmp_path), Ring(Folder(tmp_path)))
    assert (again.key(CAMERA, HERE), again.held_key(UUID(int=1))) == (key, held)
    with pytest.raises(Destroyed):
        again.key(OTHER, HERE)
    (tmp_path / "kek.2").unlink()
    with pytest.raises(KeyBroken):
        Ring(Folder(tmp_path))


def keys_of(keys: KeyStore, camera_id: CameraId) -> CameraId:
    keys.key(camera_id, HERE, create=True)
    return camera_id


@given(st.integers(0, 10_000), st.integers(1, 60))
def test_whatever_the_power_cut_tears_a_key_that_was_destroyed_stays_so(seed: int, at: int) -> None:
    disk = InMemoryDisk()
    keys = KeyStore(disk, RING)
    key = keys.key(CAMERA, HERE, create=True)
    disk.power.cut_at = disk.power.steps + at
    destroyed = False
    try:
        keys.destroy(HERE)
        destroyed = True
        keys.drop(HERE)
        keys.prepare({OTHER}, HERE)
    except PowerCut:
        pass
    disk.power.restored()
    disk.lose_power(random.Random(seed))
    after = KeyStore(disk, RING)
    try:
        assert after.key(CAMERA, HERE) == key
        assert not destroyed
    except Destroyed:
        pass


# ------------------------------------------------------------------------------------------------ segments


def test_a_segment_opens_where_it_belongs_alone(tmp_path: Path) -> None:
    clocks = Clocks()
    archive = on_files(tmp_path, InMemoryIndex(), clocks)
    archive.guard.look()
    first, second = record(archive, clocks), record(archive, clocks, words=b"other")
    path = f"reels/{CAMERA}/{first.term.name}/sub.0.reel"
    records = [archive.disk.read(path, s.offset, s.size) for s in (first, second)]
    key = archive.keys.key(CAMERA, first.term)
    with pytest.raises(Damaged):
        opened(key, first, records[1])
    archive.disk.overwrite(path, first.offset + first.size - 1, b"\0")
    with pytest.raises(Damaged):
        archive.read(first)
    assert archive.read(second).fragments == b"other"
    archive.disk.append(path, b"ANF1 torn")
    again = on_files(tmp_path, InMemoryIndex(), clocks)
    third = record(again, clocks)
    assert (third.part, len(again.segments(CAMERA, Track.SUB, START, START + M))) == (1, 3)


@pytest.mark.parametrize(
    ("start", "lasts"), [(2 * M, 2 * S), (-2 * H, 2 * S), (0 * S, 31 * S), (0 * S, 0 * S)],
    ids=["ahead", "long-ago", "too-long", "empty"],
)  # fmt: skip
def test_only_the_present_is_recorded(start: timedelta, lasts: timedelta) -> None:
    clocks = Clocks()
    archive = in_memory(clocks)
    body = archive.read(record(archive, clocks))
    with pytest.raises(OutOfTime):
        archive.put(CAMERA, Track.SUB, clocks.true + start, clocks.true + start + lasts, body)


# ------------------------------------------------------------------------------------------------ the clock


@pytest.mark.parametrize("by", [-400 * D, -61 * S, 61 * S, 31 * D])
async def test_a_clock_that_jumps_destroys_nothing_young_and_shows_nothing_old(by: timedelta) -> None:
    clocks = Clocks()
    archive = in_memory(clocks)
    sweeper, index = Sweeper(archive), archive.index
    assert isinstance(index, InMemoryIndex)
    segment = record(archive, clocks)
    await archive.flush()
    await sweeper.turn()
    clocks.true += 29 * D
    clocks.offset = by
    assert (await sweeper.turn()).destroyed == 0
    assert [c.doubt for c in index.clock] == [Doubt.JUMPED]
    if by > D:
        with pytest.raises(ClockInDoubt):
            archive.read(segment)
    clocks.true = rules.due(segment.term, 30, timedelta(0)) + 30 * S
    assert (await sweeper.turn()).destroyed == (by > timedelta(0)), "what is due by every reading dies"
    with pytest.raises(Destroyed if by > timedelta(0) else ClockInDoubt):
        archive.read(segment)
    clocks.offset = timedelta(0)
    await sweeper.turn()
    assert index.clock[-1].doubt is None, "it came back by itself"
    with pytest.raises(Destroyed):
        archive.read(segment)


def doubt_of(archive: Archive) -> Doubt | None:
    return archive.guard.doubt


async def test_a_clock_that_was_wrong_is_set_right_by_a_person_and_ages_stay(tmp_path: Path) -> None:
    clocks = Clocks(offset=-3 * H)
    archive = in_memory(clocks)
    sweeper = Sweeper(archive)
    segment = record(archive, clocks)
    await archive.flush()
    await sweeper.turn()
    clocks.offset = timedelta(0)
    await sweeper.turn()
    assert archive.guard.doubt is Doubt.JUMPED
    confirm(archive.disk, clocks)
    await sweeper.turn()
    assert doubt_of(archive) is None
    assert archive.guard.now() == clocks.true
    clocks.true = START + 30 * D - H - 2 * M
    await sweeper.turn()
    assert archive.read(segment).fragments == b"picture"
    clocks.true = START + 30 * D
    assert (await sweeper.turn()).destroyed == 1, "thirty days after it was seen, whatever its stamp says"


@pytest.mark.parametrize(
    ("gap", "synced", "doubt"),
    [
        pytest.param(20 * S, False, None, id="short"),
        pytest.param(2 * H, True, None, id="vouched-for"),
        pytest.param(2 * H, False, Doubt.RESTARTED, id="nobody-knows"),
        pytest.param(-2 * H, False, Doubt.BEHIND, id="back"),
        pytest.param(-2 * H, True, Doubt.BEHIND, id="back-though-vouched-for"),
    ],
)
def test_a_clock_after_a_restart_of_the_machine(gap: timedelta, synced: bool, doubt: Doubt | None) -> None:
    clocks, disk = Clocks(), InMemoryDisk()
    Guard(disk, clocks).look()
    clocks.name, clocks.booted, clocks.synced = "second", clocks.true, synced
    clocks.offset = gap
    guard = Guard(disk, clocks)
    assert guard.doubt is doubt
    earliest, latest = guard.bounds(0)
    assert earliest <= clocks.true + max(gap, timedelta(0))
    assert (latest > clocks.true + 1000 * D) is (doubt is not None), "nothing of before is shown while it is in doubt"
    if doubt is not None:
        clocks.offset, clocks.synced = timedelta(0), True
        assert guard.look() is not None
        assert guard.doubt is None
        assert abs(guard.now() - clocks.true) < S


def a_restart_of_the_machine(archive: Archive, clocks: Clocks) -> Archive:
    clocks.name, clocks.booted = f"{clocks.name}, and on", clocks.true
    assert isinstance(archive.disk, InMemoryDisk)
    assert isinstance(archive.keys.disk, InMemoryDisk)
    return open_on(archive.disk, archive.keys.disk, archive.index, clocks)


@pytest.mark.requirement("CC-04")
@pytest.mark.parametrize("by", [20 * S, 50 * S])
async def test_a_clock_a_little_off_takes_nothing_from_what_an_earlier_start_recorded(by: timedelta) -> None:
    clocks = Clocks(true=START + 59 * S)  # the last second of an hour: its term is the soonest due
    archive = in_memory(clocks)
    segment = record(archive, clocks, lasts=30 * S)
    await archive.flush()
    await Sweeper(archive).turn()
    clocks.true += 2 * S
    archive = a_restart_of_the_machine(archive, clocks)
    sweeper = Sweeper(archive)
    await sweeper.turn()
    clocks.offset = by
    await sweeper.turn()
    assert doubt_of(archive) is None
    clocks.true = segment.end + 29 * D + 22 * H + 59 * M - S
    await sweeper.turn()
    assert archive.read(segment).fragments == b"picture", "not before 29 d 22 h 59 min"
    clocks.true = segment.start + 30 * D + 35 * S
    assert (await sweeper.turn()).destroyed == 1, "and not later than a minute and a sweep less"


@pytest.mark.requirement("CC-04")
async def test_a_step_back_that_a_restart_undoes_shortens_nothing() -> None:
    clocks = Clocks(true=START + 59 * S)
    archive = in_memory(clocks)
    segment = record(archive, clocks, lasts=30 * S)
    await archive.flush()
    sweeper = Sweeper(archive)
    await sweeper.turn()
    clocks.offset = -50 * S
    await sweeper.turn()
    clocks.true, clocks.offset = clocks.true + M, timedelta(0)
    archive = a_restart_of_the_machine(archive, clocks)
    sweeper = Sweeper(archive)
    confirm(archive.disk, clocks)
    await sweeper.turn()
    assert doubt_of(archive) is None
    clocks.true = segment.end + 29 * D + 22 * H + 59 * M - S
    await sweeper.turn()
    assert archive.read(segment).fragments == b"picture"


async def test_a_confirmation_is_void_in_another_start_of_the_machine() -> None:
    clocks = Clocks()
    archive = in_memory(clocks)
    record(archive, clocks)
    await Sweeper(archive).turn()
    confirm(archive.disk, clocks)
    word = archive.disk.read(CONFIRMED)
    clocks.true += 2 * D
    await Sweeper(archive).turn()
    archive.disk.replace(CONFIRMED, word)  # a disk that forgot that it was taken
    clocks.offset = -2 * D  # and a clock that begins with the very time at which somebody said that it is right
    archive = a_restart_of_the_machine(archive, clocks)
    await Sweeper(archive).turn()
    assert doubt_of(archive) is Doubt.BEHIND


@pytest.mark.requirement("CC-04")
async def test_the_reason_of_an_eviction_does_not_come_back_after_a_power_cut() -> None:
    clocks = Clocks()
    archive = in_memory(clocks, capacity=60_000)
    sweeper = Sweeper(archive)
    for hour in range(60):
        clocks.true = START + hour * H
        record(archive, clocks, words=bytes(1200))
        await archive.flush()
        await sweeper.turn()
    assert isinstance(archive.disk, InMemoryDisk)
    archive.disk.lose_power(random.Random(3))
    assert EVICTING not in archive.disk.files


async def test_a_key_without_pictures_keeps_the_shift_of_its_clock() -> None:
    clocks = Clocks()
    archive = in_memory(clocks)
    sweeper = Sweeper(archive)
    record(archive, clocks, words=b"never on the disk")
    assert isinstance(archive.disk, InMemoryDisk)
    for path in [p for p in archive.disk.files if p.startswith("reels/")]:
        archive.disk.remove(path)
    clocks.offset, clocks.synced = 40 * D, False
    await sweeper.turn()
    confirm(archive.disk, clocks)
    await sweeper.turn()
    record(archive, clocks)
    clocks.true += H
    await sweeper.turn()
    assert archive.guard.shift(0) == 40 * D
    clocks.true = START + 30 * D + 30 * S
    await sweeper.turn()
    assert not any(s.wrapped for t in archive.keys.terms() if t.epoch == 0 for s in archive.keys.slots(t))


# ------------------------------------------------------------------------------------------------ what goes first


async def test_a_full_disk_loses_the_oldest_that_nobody_holds_and_was_announced_a_day_ahead() -> None:
    clocks = Clocks()
    archive = in_memory(clocks, capacity=60_000)
    sweeper, index = Sweeper(archive), archive.index
    assert isinstance(index, InMemoryIndex)
    segments, evicted_at = [], None
    for hour in range(90):
        clocks.true = START + hour * H
        segments.append(record(archive, clocks, words=bytes(900)))
        await archive.flush()
        if hour == 2:
            s = segments[0]
            index.standing[UUID(int=1)] = Hold(UUID(int=1), frozenset({CAMERA}), s.start, s.end, START + 60 * D)
        if (await sweeper.turn()).evicted and evicted_at is None:
            evicted_at = clocks.true
    assert evicted_at is not None
    assert index.filling[0][1] <= evicted_at - D
    lives = [i for i, s in enumerate(segments) if not gone(archive, s)]
    assert lives == list(range(lives[0], 90)), "the oldest went first, the newest are all there"
    [copy] = archive.segments(CAMERA, Track.SUB, segments[0].start, segments[0].end, hold_id=UUID(int=1))
    assert archive.read(copy).fragments == bytes(900)
    causes = {g.cause for g in await archive.gaps(CAMERA, Track.SUB, segments[1].start, segments[1].end)}
    assert causes == {Cause.DISK_FULL}
    assert isinstance(archive.disk, InMemoryDisk)
    archive.disk.other = archive.disk.free() - 100
    with pytest.raises(NoSpace):
        record(archive, clocks)


def gone(archive: Archive, segment: Segment) -> bool:
    try:
        archive.read(segment)
    except Destroyed:
        return True
    return False


@pytest.mark.parametrize(
    ("free", "rate", "dying", "hours"),
    [
        pytest.param(1000, 0.0, [], None, id="nothing-is-written"),
        pytest.param(1000, 0.001, [], None, id="far-away"),
        pytest.param(1000, 500 / 36_000, [], 10, id="in-ten-hours"),
        pytest.param(1000, 500 / 36_000, [(5, 5000)], None, id="something-dies-in-time"),
        pytest.param(1000, 500 / 36_000, [(11, 5000)], 10, id="something-dies-too-late"),
        pytest.param(400, 0.0, [], 0, id="full-already"),
    ],
)
def test_the_forecast(free: int, rate: float, dying: list[tuple[int, int]], hours: int | None) -> None:
    found = rules.full_at(START, free, 10_000, rate, [(START + h * H, size) for h, size in dying])
    assert (None if found is None else round((found - START) / H)) == hours


Spans = st.lists(st.tuples(st.integers(0, 100), st.integers(1, 20)), max_size=8)


@given(Spans, Spans, st.one_of(st.none(), st.integers(0, 100)), st.integers(0, 100))
def test_every_hole_is_explained_once(
    covered: list[tuple[int, int]], noted: list[tuple[int, int]], first: int | None, kept: int
) -> None:
    def at(n: int) -> datetime:
        return START + n * S

    spans = [(at(a), at(a + n)) for a, n in covered]
    gaps = sorted((Gap(at(a), at(a + n), Cause.CAMERA_LOST) for a, n in noted), key=lambda g: g.start)
    empty = rules.holes(spans, START, at(100), S / 2)
    said = rules.explain(empty, gaps, None if first is None else at(first), at(kept))
    seconds = {n for n in range(100) if not any(a <= at(n) < b for a, b in spans)}
    assert [n for n in range(100) for g in said if g.start <= at(n) < g.end] == sorted(seconds)
    assert all(a.end <= b.start for a, b in pairwise(said))


def test_a_certificate_changes_with_each_of_its_lines() -> None:
    died = [Died(CAMERA, HERE, None, 2, 100, bytes(32)), Died(OTHER, HERE, UUID(int=1), 1, 50, bytes(32))]
    roots = {rules.root_of(d) for d in (died, died[:1], died[::-1], [died[0], replace(died[1], segments=2)])}
    assert len(roots) == 4
