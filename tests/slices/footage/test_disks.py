"""Several disks of one archive: spread by room, one full goes on elsewhere, one lost is a gap with its cause."""

from __future__ import annotations

import errno
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from tests.slices.footage.archives import CAMERA, OTHER, START, Clocks, M, S, open_on, record

from ansimnet.platform.db import Dbs
from ansimnet.slices.footage.archive.archive import Archive
from ansimnet.slices.footage.archive.disk import LocalDisk, NoSpace
from ansimnet.slices.footage.archive.disks import Disks
from ansimnet.slices.footage.archive.index import Index
from ansimnet.slices.footage.archive.memory import InMemoryIndex
from ansimnet.slices.footage.archive.model import Cause, Gap
from ansimnet.slices.footage.archive.sweep import Sweeper
from ansimnet.slices.footage.archive.tables import Tables
from ansimnet.slices.footage.model import Track

pytestmark = pytest.mark.requirement("CC-04")
SUB = Track.SUB
SMALL = 400


def three(tmp_path: Path, most: int | None = None, names: str = "bc") -> Disks:
    others = {n: LocalDisk(tmp_path / n, most) for n in names}
    return Disks(LocalDisk(tmp_path / "a", most), others, "here")


def archive_on(disk: Disks, tmp_path: Path, clocks: Clocks, index: Index | None = None) -> Archive:
    return open_on(disk, LocalDisk(tmp_path / "keys"), index or InMemoryIndex(), clocks)


def reels(tmp_path: Path) -> dict[str, int]:
    return {n: len(list((tmp_path / n).rglob("*.reel"))) for n in "abc"}


def test_what_is_new_goes_where_most_room_is_and_is_found_wherever_it_lies(tmp_path: Path) -> None:
    disk = three(tmp_path, 10_000)
    for n in range(12):
        disk.append(f"reels/{n}/x", bytes(600))
        disk.append(f"reels/{n}/x", bytes([n]))
    assert sorted(len(list((tmp_path / n).rglob("x"))) for n in "abc") == [4, 4, 4]
    assert [disk.read(f"reels/{n}/x", 600) for n in range(12)] == [bytes([n]) for n in range(12)]
    assert disk.names("reels") == sorted(map(str, range(12)))
    assert disk.total() == 30_000
    disk.sync([f"reels/{n}/x" for n in range(12)])
    disk.remove("reels/3/x")
    with pytest.raises(FileNotFoundError):
        disk.read("reels/3/x")
    disk.replace("periods.json", b"{}")
    assert (tmp_path / "a" / "periods.json").exists(), "what is the archive's own lies at home"


async def test_a_full_disk_hands_over_to_the_next(tmp_path: Path) -> None:
    clocks = Clocks()
    archive = archive_on(three(tmp_path), tmp_path, clocks)
    first = record(archive, clocks)
    full = next(n for n in "abc" if reels(tmp_path)[n])
    disk = archive.disk
    assert isinstance(disk, Disks)
    at = disk.home if full == "a" else disk._others[full]
    assert isinstance(at, LocalDisk)
    at._most, at._counted_s = 1, -1e9
    second = record(archive, clocks)
    assert (first.part, second.part) == (0, 1)
    assert len([n for n, count in reels(tmp_path).items() if count]) == 2
    assert [archive.read(s).fragments for s in archive.segments(CAMERA, SUB, START, START + M)] == [b"picture"] * 2


def test_no_room_anywhere_is_said(tmp_path: Path) -> None:
    disk = three(tmp_path, SMALL)
    with pytest.raises(NoSpace):
        disk.append("reels/c/x", bytes(SMALL + 1))


Lose = Callable[[Path, Path], None]


def unmounted(folder: Path, away: Path) -> None:
    folder.rename(away)
    folder.mkdir()  # the empty place where a volume would be


@pytest.mark.parametrize("real", [False, True])
async def test_a_disk_that_is_not_mounted_is_a_gap_with_its_cause_and_comes_back_whole(
    tmp_path: Path, real: bool, dbs: Dbs
) -> None:
    clocks = Clocks()
    index: Index = Tables(dbs.city, clocks, "here") if real else InMemoryIndex()
    archive = archive_on(three(tmp_path), tmp_path, clocks, index)
    await Sweeper(archive).turn()
    mine, other = record(archive, clocks), record(archive, clocks, OTHER)
    await archive.flush()
    where = {c: next(n for n in "abc" if list((tmp_path / n / "reels").glob(f"{c}/*/*.reel"))) for c in (CAMERA, OTHER)}
    gone = next((n for n in where.values() if n != "a"), None)
    if gone is None:  # both lie at home: chance of free space on one file system
        for c in (CAMERA,):
            (tmp_path / "b" / "reels").mkdir(parents=True, exist_ok=True)
            (tmp_path / "a" / "reels" / str(c)).rename(tmp_path / "b" / "reels" / str(c))
        gone, where[CAMERA] = "b", "b"
    unmounted(tmp_path / gone, tmp_path / "away")

    again = archive_on(three(tmp_path), tmp_path, clocks, index)
    assert set(again.disk.lost) == {gone}
    await Sweeper(again).turn()
    for camera, segment in ((CAMERA, mine), (OTHER, other)):
        gaps = await again.gaps(camera, SUB, segment.start, segment.end)
        if where[camera] == gone:
            assert gaps == [Gap(segment.start, segment.end, Cause.DISK_LOST, gone)]
        else:
            assert gaps == []
    assert list((tmp_path / gone).iterdir()) == [], "nothing is written where the volume is missing"

    (tmp_path / gone).rmdir()
    (tmp_path / "away").rename(tmp_path / gone)
    whole = archive_on(three(tmp_path), tmp_path, clocks, index)
    await Sweeper(whole).turn()
    assert whole.disk.lost == set()
    assert await whole.gaps(CAMERA, SUB, mine.start, mine.end) == []
    assert whole.read(mine).fragments == b"picture"


async def test_a_disk_that_dies_while_it_runs_is_left_and_recording_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks = Clocks()
    archive = archive_on(three(tmp_path, names="b"), tmp_path, clocks)
    disk = archive.disk
    assert isinstance(disk, Disks)
    monkeypatch.setattr(disk, "_roomiest", lambda: disk._others["b"])
    await Sweeper(archive).turn()
    first = record(archive, clocks)
    await archive.flush()
    monkeypatch.undo()

    def dead(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "dead")

    for name in ("read", "size", "names", "append", "free", "total"):
        monkeypatch.setattr(disk._others["b"], name, dead)
    second = record(archive, clocks)
    sweeper = Sweeper(archive)
    await archive.flush()
    await sweeper.turn()
    assert set(disk.lost) == {"b"}
    assert archive.read(second).fragments == b"picture"
    gaps = await archive.gaps(CAMERA, SUB, first.start, second.end)
    assert [(g.start, g.end, g.cause) for g in gaps] == [(first.start, first.end, Cause.DISK_LOST)]
    assert second.start - first.end < timedelta(seconds=1) + S


def test_another_archive_s_disk_is_not_taken(tmp_path: Path) -> None:
    LocalDisk(tmp_path / "b").create("archive.disk", b"elsewhere")
    disk = three(tmp_path)
    assert set(disk.lost) == {"b"}
    disk.append("reels/1/x", b"1")
    assert not (tmp_path / "b" / "reels").exists()
