"""A relay is killed while it records: what it wrote plays, what it did not is a gap that says why."""

from __future__ import annotations

import asyncio
import contextlib
import io
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import av
import pytest
from tests.slices.footage.camera import TestCamera
from tests.slices.footage.kit import camera_of

from ansimnet.kernel.clock import SystemClock, now
from ansimnet.platform.db import Dbs
from ansimnet.platform.settings import Settings
from ansimnet.slices.footage.archive.model import Cause
from ansimnet.slices.footage.archive.opening import open_archive
from ansimnet.slices.footage.recording.cutter import AIM_S
from ansimnet.slices.footage.recording.mp4 import movie
from ansimnet.slices.footage.recording.timeline import stretches
from ansimnet.slices.footage.recording.window import Window

ROOT = Path(__file__).parents[3]


def s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


@contextlib.asynccontextmanager
async def recording(folder: Path, dbs: Dbs, camera: TestCamera) -> AsyncIterator[None]:
    """Run the process until the block ends; then it is killed, without a word."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.slices.footage.recording_process", str(folder), dbs.city.url, camera.url),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            while b"recording" not in (said := await process.stdout.readline()):
                assert said, "the process ended"
        yield
    finally:
        process.kill()
        await process.wait()


@pytest.mark.requirement("CC-04")
async def test_a_killed_relay_leaves_an_archive_that_plays_and_a_gap_with_its_cause(dbs: Dbs, tmp_path: Path) -> None:
    began = now()
    async with TestCamera() as camera:
        camera.boxes = []
        async with recording(tmp_path, dbs, camera):
            await asyncio.sleep(8)
        killed_at = now()
        await asyncio.sleep(2)
        async with recording(tmp_path, dbs, camera):
            await asyncio.sleep(8)
        over = now()
    archive = open_archive(Settings(data_dir=tmp_path, database_url=None), dbs.city, SystemClock())
    camera_id = camera_of("rtsp://x/").camera_id
    found = await Window(archive).frames(camera_id, began, over)
    assert found is not None
    before = [f for f in found.frames if found.at(f.dts) < killed_at]
    after = [f for f in found.frames if found.at(f.dts) > killed_at]
    assert (killed_at - found.at(before[-1].dts)).total_seconds() < AIM_S + 1.0  # a piece, and a group to end it
    for part in (before, after):
        with av.open(io.BytesIO(movie(part)), "r") as file:
            assert len(list(file.decode(video=0))) == len(part)
    gaps = await archive.gaps(camera_id, found.track, found.at(before[0].dts), found.at(after[-1].dts))
    parts = stretches(gaps, found.at(before[0].dts), found.at(after[-1].dts), over + s(60))
    missing = [p for p in parts if p.cause is not None]
    stopped = [p for p in missing if p.cause == Cause.RELAY_STOPPED]
    assert stopped
    assert {p.cause for p in missing} <= {Cause.RELAY_STOPPED, Cause.CAMERA_LOST}
    assert stopped[0].start <= killed_at <= missing[-1].end
    first = found.at(after[0].dts)
    assert all(p.start >= found.at(before[-1].dts) - s(8) and p.end <= first + s(1) for p in missing)
