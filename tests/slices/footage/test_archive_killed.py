"""kill -9 at any write, on real files: what was durable is there until its time, what was due is gone, holds stand."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from tests.slices.footage.archives import CAMERA, OTHER, START, Clocks, D, S, on_files

from ansimnet.kernel.ids import CameraId
from ansimnet.slices.footage.archive.index import Hold
from ansimnet.slices.footage.archive.memory import InMemoryIndex
from ansimnet.slices.footage.archive.model import Destroyed, Segment, Term
from ansimnet.slices.footage.archive.sweep import Sweeper
from ansimnet.slices.footage.model import Track

ROOT = Path(__file__).parents[3]
KILLS = 3
DAYS = {CAMERA: 1, OTHER: 2}


def segment_of(line: str) -> Segment:
    camera, start, term, offset, size, part = json.loads(line)
    at, read = datetime.fromisoformat(start), Term.read(term)
    assert read is not None
    return Segment(CameraId(UUID(camera)), Track.SUB, at, at + 2 * S, read, part, offset, size)


def live_until_killed(folder: Path, at: datetime, holds: list[Hold], rng: random.Random) -> list[Segment]:
    """Let the process live for a random number of lines and some moments more; return what it said was durable."""
    words = [str(folder), at.isoformat(), msgspec.json.encode(holds).decode()]
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.slices.footage.archive_process", *words],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    said = [child.stdout.readline() for _ in range(rng.randint(30, 70))]
    for _ in range(rng.randint(0, 2000)):
        os.sched_yield()
    child.send_signal(signal.SIGKILL)
    said += child.stdout.read().splitlines(keepends=True)
    child.wait()
    return [segment_of(line) for line in said if line.endswith("\n")]


@pytest.mark.requirement("CC-04")
@pytest.mark.timeout(240)
async def test_killed_at_any_write_it_keeps_and_destroys_what_it_must(tmp_path: Path) -> None:
    rng, at, known = random.Random(11), START, list[Segment]()
    held = Hold(UUID(int=1), frozenset({CAMERA}), START, START + 5 * S, START + 300 * D)
    for _ in range(KILLS):
        known += live_until_killed(tmp_path, at, [held], rng)
        at = known[-1].start + timedelta(minutes=48)  # no earlier than it may have lived
        clocks = Clocks(true=at)
        archive = on_files(tmp_path, index := InMemoryIndex(), clocks)
        index.kept_days, index.standing = dict(DAYS), {held.hold_id: held}
        sweeper = Sweeper(archive)
        await sweeper.refresh()
        over = [s for s in known if archive.due(s.camera_id, s.term) <= at]
        for s in over:
            with pytest.raises(Destroyed):  # served after a stop, before the first sweep
                archive.read(s)
        await sweeper.turn()
        alive = {(slot.camera_id, t) for t in archive.keys.terms() for slot in archive.keys.slots(t) if slot.wrapped}
        assert not {(s.camera_id, s.term) for s in over} & alive
        for s in known:
            if archive.due(s.camera_id, s.term) > at:
                assert archive.read(s).fragments == f"{s.start}".encode()
        [copy] = archive.segments(CAMERA, Track.SUB, START, START + S, hold_id=held.hold_id)
        assert archive.read(copy).fragments == f"{START}".encode()
    assert len(known) > KILLS * 30
    assert any(archive.due(s.camera_id, s.term) <= at for s in known)
