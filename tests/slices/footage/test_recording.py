"""A camera is recorded, and what was recorded is played: real pictures over RTSP, sealed segments on a real disk."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from tests.slices.footage.archives import CAMERA, START, Clocks, in_memory
from tests.slices.footage.camera import TestCamera
from tests.slices.footage.kit import PATIENT_LEASE_S, Stage, Watcher, camera_of, in_an_hour, watching
from tests.slices.footage.pictures import bare, frames
from tests.slices.footage.test_relay import texture

from ansimnet.kernel.clock import monotonic_s, now
from ansimnet.kernel.permits import Masking
from ansimnet.platform.ledger.keks import Folder, Ring
from ansimnet.slices.footage.archive.archive import Archive
from ansimnet.slices.footage.archive.clock import Guard, MachineClocks
from ansimnet.slices.footage.archive.disk import LocalDisk
from ansimnet.slices.footage.archive.keys import KeyStore
from ansimnet.slices.footage.archive.memory import InMemoryDisk, InMemoryIndex
from ansimnet.slices.footage.archive.model import Cause
from ansimnet.slices.footage.archive.segments import Body, Mark
from ansimnet.slices.footage.model import Track
from ansimnet.slices.footage.recording.clips import Clips, NothingRecorded, TooLong
from ansimnet.slices.footage.recording.picture_worker import PictureWorker
from ansimnet.slices.footage.recording.playback import PlaybackStream
from ansimnet.slices.footage.recording.recorder import Recorder
from ansimnet.slices.footage.recording.served import ServedRecordings
from ansimnet.slices.footage.recording.window import Window
from ansimnet.slices.footage.relay.fmp4 import fragment
from ansimnet.slices.footage.relay.gate import Camera, InMemoryGate, Recorded
from ansimnet.slices.footage.relay.ring import Frame, Init
from ansimnet.slices.footage.relay.server import Relay
from ansimnet.slices.footage.relay.source import CameraSource
from ansimnet.slices.footage.relay.sources import Sources
from ansimnet.slices.footage.relay.viewer import Viewer


def s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def archive_at(folder: Path, index: InMemoryIndex | None = None) -> Archive:
    disk = LocalDisk(folder / "footage")
    keys = KeyStore(LocalDisk(folder / "keys"), Ring(Folder(folder / "keks")))
    return Archive(disk, keys, Guard(disk, MachineClocks()), index or InMemoryIndex())


@dataclass
class Station:
    """A relay that records one camera."""

    stage: Stage
    camera: Camera
    source: CameraSource
    recorder: Recorder
    window: Window

    async def waits(self, seconds: float) -> tuple[datetime, datetime]:
        """Wait until so much is in the archive; return from when to when."""
        began = now()
        async with asyncio.timeout(seconds + 60):
            while True:
                found = await self.window.frames(self.camera.camera_id, began - s(60), now() + s(1))
                if found and (found.frames[-1].dts - found.frames[0].dts) / 90_000 >= seconds:
                    return found.at(found.frames[0].dts), found.at(found.frames[-1].dts)
                await asyncio.sleep(0.05)

    def ticket(self, span: tuple[datetime, datetime], masking: Masking = Masking.ORIGINAL) -> str:
        recorded = Recorded((self.camera,), *span)
        return self.stage.gate.issue(self.camera, in_an_hour(), masking=masking, recorded=recorded)[0]


@contextlib.asynccontextmanager
async def recording(camera: TestCamera, archive: Archive, keep_s: float = 30.0) -> AsyncIterator[Station]:
    gate, sources = InMemoryGate(), Sources()
    recorder = Recorder(archive, keep_s=keep_s)
    window = Window(archive, recorder)
    served = ServedRecordings(window, sources.maskers)
    relay = Relay(gate, sources, recordings=served, lease_s=PATIENT_LEASE_S)
    ours = camera_of(camera.url)
    sources.maskers.warm()
    sources.keep_warm([ours])
    source = sources.cameras[ours.camera_id]
    try:
        async with relay.serving("127.0.0.1", 0) as port, recorder.running():
            recorder.follow(source)
            stage = Stage(gate, sources, relay, f"ws://127.0.0.1:{port}/stream")
            yield Station(stage, ours, source, recorder, window)
    finally:
        served.stop()
        sources.stop()


def words(watcher: Watcher, kind: str) -> list[dict[str, Any]]:
    return [w for w in watcher.words if w["type"] == kind]


async def say(watcher: Watcher, **message: Any) -> None:
    await watcher.socket.send(json.dumps(message))


@pytest.mark.requirement("CC-04")
async def test_what_a_camera_sends_is_on_the_disk_and_nobody_reads_it_there(tmp_path: Path) -> None:
    archive = archive_at(tmp_path)
    async with TestCamera() as camera:
        camera.boxes = [("7", "Human", (0.1, 0.1, 0.3, 0.6))]
        async with recording(camera, archive) as r:
            span = await r.waits(5)
            memory = await r.window.frames(r.camera.camera_id, *span)
        later = Window(archive)  # the recorder has stopped: all of it lies on the disk
        disk = await later.frames(r.camera.camera_id, *span)
    assert memory is not None
    assert disk is not None
    assert [f.fragment for f in disk.frames] == [f.fragment for f in memory.frames]
    assert len(disk.sightings) > 20
    assert [x.objects for x in disk.sightings] == [x.objects for x in memory.sightings]
    for a, b in zip(disk.frames, memory.frames, strict=True):
        assert abs((disk.at(a.dts) - memory.at(b.dts)).total_seconds()) < 0.1
    written = b"".join(p.read_bytes() for p in tmp_path.rglob("*.reel"))
    assert written
    assert not any(f.fragment[200:260] in written for f in disk.frames if len(f.fragment) > 300)


@pytest.mark.requirement("CC-04")
async def test_a_lost_camera_leaves_a_gap_with_its_cause(tmp_path: Path) -> None:
    archive = archive_at(tmp_path)
    async with TestCamera() as camera, recording(camera, archive) as r:
        await r.waits(2)
        lost_at = now()
        camera.paused = True
        await asyncio.sleep(4.5)
        camera.paused = False
        back_at = now()
        while not r.source.ready.is_set():
            await asyncio.sleep(0.05)
        await asyncio.sleep(2.5)
        await r.recorder.note_gaps()
        gaps = await r.window.gaps(r.camera.camera_id, lost_at - s(1), back_at + s(1))
    (gap,) = [g for g in gaps if g.cause is Cause.CAMERA_LOST]
    assert gap.detail == "silent"
    assert abs((gap.start - lost_at).total_seconds()) < 0.5
    assert (gap.end - gap.start).total_seconds() > 3.9


@pytest.mark.requirement("CC-03")
async def test_a_recording_plays_at_its_speed_and_says_which_instant_it_shows(tmp_path: Path) -> None:
    async with TestCamera() as camera, recording(camera, archive_at(tmp_path)) as r:
        span = await r.waits(4)
        async with watching(r.stage, r.ticket(span)) as watcher:
            await watcher.until(lambda: bool(words(watcher, "end")), 60)
        truth = await r.window.frames(r.camera.camera_id, *span)
        assert truth is not None
        times = watcher.times()
        both = min(len(times), len(truth.frames))
        # the span ends exactly at a frame: whether that one belongs to it is a matter of rounding
        assert max(len(times), len(truth.frames)) - both <= 1
        assert np.diff(times)[: both - 1] == pytest.approx(
            np.diff([f.dts for f in truth.frames])[: both - 1] / 90_000, abs=0.001
        )
        (init,) = words(watcher, "init")
        assert init["recorded"] is True
        at = words(watcher, "at")
        assert datetime.fromisoformat(at[0]["at"]) == pytest.approx(span[0], abs=s(0.05))
        await asyncio.sleep(0.3)
    seen = r.stage.gate.seen
    assert len(seen) == 1
    assert seen[0][0] == pytest.approx(span[0], abs=s(0.05))
    assert seen[0][1] == pytest.approx(truth.at(truth.frames[-1].dts), abs=s(0.2))


async def shown(watcher: Watcher, count: int) -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    await watcher.frames(count)
    return watcher.pictures()


@pytest.mark.requirement("CC-03")
async def test_a_viewer_pauses_seeks_steps_and_winds(tmp_path: Path) -> None:
    """The test picture's bar grows by two pixels a frame and begins anew each two seconds: it tells which is shown."""

    def bar(picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> int:
        return int((picture[-8] > 230).sum())

    async with TestCamera() as camera, recording(camera, archive_at(tmp_path)) as r:
        span = await r.waits(6)
        truth = await r.window.frames(r.camera.camera_id, *span)
        assert truth is not None
        async with watching(r.stage, r.ticket(span)) as watcher:
            await watcher.frames(5)
            await say(watcher, type="pause")
            await watcher.until(lambda: words(watcher, "at")[-1]["playing"] is False)
            stood = datetime.fromisoformat(words(watcher, "at")[-1]["at"])
            await asyncio.sleep(0.4)
            before = len(watcher.pictures())
            await say(watcher, type="step", by=1)
            await watcher.until(lambda: datetime.fromisoformat(words(watcher, "at")[-1]["at"]) > stood + s(0.03))
            await say(watcher, type="step", by=-1)
            await watcher.until(lambda: datetime.fromisoformat(words(watcher, "at")[-1]["at"]) < stood + s(0.03))
            bars = [bar(p) for p in watcher.pictures()]
            step = {(b - a) % 100 for a, b in pairwise(bars)}
            assert before < len(bars)
            assert bars[-1] != bars[before]
            assert step  # each shown picture decoded: nothing was left out before it
            target = span[0] + s(3.5)
            await say(watcher, type="seek", at=target.isoformat())
            await watcher.until(lambda: abs(datetime.fromisoformat(words(watcher, "at")[-1]["at"]) - target) < s(0.1))
            count = len(watcher.pictures())
            await say(watcher, type="speed", speed=2)
            await say(watcher, type="play")
            await watcher.until(lambda: bool(words(watcher, "end")), 60)
            assert np.median(np.diff(watcher.times()[count + 30 :])) == pytest.approx(0.02, abs=0.002)
            await say(watcher, type="speed", speed=8)
            await say(watcher, type="seek", at=span[0].isoformat())
            await say(watcher, type="play")
            ends = len(words(watcher, "end"))
            count = len(watcher.pictures())
            await watcher.until(lambda: len(words(watcher, "end")) > ends, 60)
            wound = len(watcher.pictures()) - count
            assert wound <= 10  # a key frame a second


@pytest.mark.requirement("CC-03")
async def test_playback_tells_a_gap_and_goes_on_behind_it(tmp_path: Path) -> None:
    async with TestCamera() as camera, recording(camera, archive_at(tmp_path)) as r:
        span = await r.waits(2)
        camera.paused = True
        await asyncio.sleep(4.0)
        camera.paused = False
        await r.waits(6.5)
        await asyncio.sleep(2)
        again = await r.waits(8)
        await r.recorder.note_gaps()
        async with watching(r.stage, r.ticket((span[0], again[1]))) as watcher:
            await watcher.until(lambda: bool(words(watcher, "end")), 60)
        gaps = words(watcher, "gap")
    assert [g["cause"] for g in gaps] == ["camera-lost"]
    times = watcher.times()
    assert np.diff(times).max() < 1.0  # not a hole in what is shown


@pytest.mark.requirement("CC-03")
async def test_recorded_people_are_hidden_unless_the_right_says_original(tmp_path: Path) -> None:
    async with TestCamera() as camera:
        camera.boxes = [("7", "Human", (0.1, 0.1, 0.4, 0.9))]
        async with recording(camera, archive_at(tmp_path)) as r:
            span = await r.waits(3)
            async with watching(r.stage, r.ticket(span, Masking.MASKED)) as watcher:
                await watcher.until(lambda: bool(words(watcher, "end")), 60)
            masked = watcher.pictures()[-1]
            async with watching(r.stage, r.ticket(span, Masking.ORIGINAL)) as watcher:
                await watcher.frames(30)
            original = watcher.pictures()[-1]
            camera.boxes = None
            await asyncio.sleep(3)
            async with watching(r.stage, r.ticket((now() - s(1.5), now()), Masking.MASKED)) as watcher:
                await watcher.until(lambda: bool(words(watcher, "end")), 60)
            blind = watcher.pictures()[-1]
    assert texture(original, 0.1, 0.1, 0.4, 0.3) > 60
    assert texture(masked, 0.1, 0.1, 0.4, 0.3) < 12
    assert texture(masked, 0.8, 0.1, 1.0, 0.8) > 60
    assert texture(blind, 0, 0, 1, 0.9) < 12


async def test_the_end_of_the_right_ends_playback_at_once(tmp_path: Path) -> None:
    async with TestCamera() as camera, recording(camera, archive_at(tmp_path)) as r:
        span = await r.waits(3)
        ticket = r.ticket(span)
        permit = r.stage.gate.tickets[ticket].permit_id
        async with watching(r.stage, ticket) as watcher:
            await watcher.frames(5)
            r.stage.gate.revoke(permit)
            assert await watcher.close_code() == 4403


async def file(watcher: Watcher, what: str, **message: Any) -> tuple[bytes, dict[str, Any]]:
    """Ask for a file over the socket and return it."""
    await say(watcher, type=what, n=7, **message)
    await watcher.until(
        lambda: any(w["part"] == w["parts"] - 1 for w in words(watcher, "file")) or bool(words(watcher, "refused")), 30
    )
    parts = [w for w in watcher.words if w["type"] == "file"]
    assert parts, words(watcher, "refused")
    assert [p["part"] for p in parts] == list(range(parts[0]["parts"]))
    watcher.words = [w for w in watcher.words if w["type"] != "file"]
    return b"".join(base64.b64decode(p["data"]) for p in parts), parts[0]


def video(data: bytes) -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    with av.open(io.BytesIO(data), "r") as box:
        return [np.asarray(f.to_ndarray(format="gray"), np.uint8) for f in box.decode(video=0)]


def image(data: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    with av.open(io.BytesIO(data), "r", format="jpeg_pipe") as box:
        return np.asarray(next(iter(box.decode(video=0))).to_ndarray(format="gray"), np.uint8)


@pytest.mark.requirement("VP-06")
async def test_clips_stills_and_strips_are_masked_and_come_over_the_socket(tmp_path: Path) -> None:
    async with TestCamera() as camera:
        camera.boxes = [("7", "Human", (0.1, 0.1, 0.4, 0.9))]
        async with recording(camera, archive_at(tmp_path)) as r:
            span = await r.waits(6)
            a, b = (span[0] + s(1.5)).isoformat(), (span[0] + s(4.5)).isoformat()
            async with watching(r.stage, r.ticket(span, Masking.MASKED)) as watcher:
                clip, facts = await file(watcher, "clip", **{"from": a, "until": b})
                still, _ = await file(watcher, "snapshot", at=a)
                strip, told = await file(
                    watcher,
                    "thumbnails",
                    **{"from": span[0].isoformat(), "until": b},
                    count=3,
                    width=160,
                )
                merged, _ = await file(watcher, "merge", **{"from": a, "until": b})
            async with watching(r.stage, r.ticket(span)) as watcher:
                clear, _ = await file(watcher, "clip", **{"from": a, "until": b})
    assert clip.index(b"moov") < clip.index(b"mdat")
    pictures = video(clip)
    assert 75 <= len(pictures) <= 102
    assert facts["mime"] == "video/mp4"
    assert facts["gaps"] == []
    for picture in (*pictures[::20], image(still)):
        assert texture(picture, 0.1, 0.1, 0.4, 0.3) < 12
        assert texture(picture, 0.8, 0.1, 1.0, 0.8) > 60
    assert texture(video(clear)[10], 0.1, 0.1, 0.4, 0.3) > 60
    assert image(strip).shape == (90, 480)
    assert len(told["at"]) == 3
    assert video(merged)[0].shape == (720, 1280)
    assert r.stage.gate.seen


@pytest.mark.requirement("VP-06")
async def test_a_clip_of_a_moment_waits_for_what_follows_it(tmp_path: Path) -> None:
    async with TestCamera() as camera, recording(camera, archive_at(tmp_path)) as r:
        await r.waits(2)
        clips = Clips(r.window, PictureWorker())
        at = now()
        clip = await clips.cut(r.camera.camera_id, at, 1.0, 2.0, original=True)
        assert clip.from_at <= at - s(0.9)
        assert clip.until >= at + s(1.5)
        assert clip.gaps == ()
        with pytest.raises(TooLong):
            await clips.cut(r.camera.camera_id, at, 61.0, 0.0)
        with pytest.raises(NothingRecorded):
            await clips.cut(r.camera.camera_id, at - s(3600), 10.0, 0.0)


async def test_main_streams_are_recorded_while_an_event_arms_them(tmp_path: Path) -> None:
    async with TestCamera() as camera, recording(camera, archive_at(tmp_path)) as r:
        both = replace(r.camera, main_url=camera.url)
        r.stage.sources.keep_warm([both])
        r.stage.sources.arm(frozenset({both.camera_id}))
        sub = r.stage.sources.cameras[both.camera_id]
        r.recorder.keep([sub, *r.stage.sources.armed_mains()])
        began = now()
        async with asyncio.timeout(15):
            while not await r.window.frames(both.camera_id, began, now(), Track.MAIN):
                await asyncio.sleep(0.1)
        assert set(r.recorder.recordings) == {(both.camera_id, Track.SUB), (both.camera_id, Track.MAIN)}
        r.stage.sources.arm(frozenset())
        r.recorder.keep([sub, *r.stage.sources.armed_mains()])
        assert set(r.recorder.recordings) == {(both.camera_id, Track.SUB)}
    later = await Window(r.recorder.archive).frames(both.camera_id, began, now(), Track.MAIN)
    assert later is not None
    assert later.frames[0].key


def paced(seconds: int) -> tuple[CameraSource, list[Frame]]:
    """Return a source without a camera, and real frames that came in over the last seconds."""
    source = CameraSource(camera_of("rtsp://nobody/"))
    made = frames(seconds)
    for n, frame in enumerate(made):
        frame.at_s = monotonic_s() - seconds + n / 25
    return source, made


@pytest.mark.requirement("CC-04")
async def test_a_full_disk_and_a_slow_one_lose_pieces_aloud(tmp_path: Path) -> None:
    keys = KeyStore(LocalDisk(tmp_path / "keys"), Ring(Folder(tmp_path / "keks")))
    full, ample = InMemoryDisk(30_000), InMemoryDisk()
    for disk, most, detail in ((full, 1 << 20, ""), (ample, 1_000, "the disk is too slow")):
        archive = Archive(disk, keys, Guard(disk, MachineClocks()), InMemoryIndex())
        recorder = Recorder(archive, keep_s=60.0, most_waiting_bytes=most)
        source, made = paced(20)
        began = archive.guard.now() - s(21)
        async with recorder.running():
            recorder.follow(source)
            for frame in made:
                source.publish(frame)
            memory = recorder.pieces(source.camera.camera_id, Track.SUB)
            assert sum(len(p.frames) for p in memory) == 500  # memory has what the disk has not
        assert recorder.lost_pieces > 0
        assert recorder.waiting_bytes == 0
        gaps = await archive.gaps(source.camera.camera_id, Track.SUB, began, archive.guard.now())
        lost = [g for g in gaps if g.cause is Cause.DISK_FULL]
        assert lost
        assert {g.detail for g in lost} == {detail}


async def test_a_runaway_camera_keeps_fewer_seconds(tmp_path: Path) -> None:
    recorder = Recorder(archive_at(tmp_path), keep_s=60.0)
    source = CameraSource(camera_of("rtsp://nobody/"))
    recorder.follow(source)
    for n in range(40):
        frame = bare(n * 90_000, True, size=2 << 20)
        frame.at_s = monotonic_s() - 40 + n
        source.publish(frame)
    kept = recorder.recordings[source.camera.camera_id, Track.SUB].recent
    assert 0 < sum(p.size for p in kept) <= 24 << 20


@pytest.mark.requirement("CC-03")
async def test_no_word_on_the_socket_reaches_beyond_the_span(tmp_path: Path) -> None:
    async with TestCamera() as camera, recording(camera, archive_at(tmp_path)) as r:
        whole = await r.waits(7)
        span = (whole[0] + s(3), whole[0] + s(5))
        async with watching(r.stage, r.ticket(span)) as watcher:
            for message in (
                {"type": "seek", "at": whole[0].isoformat()},
                {"type": "step", "by": -1},
                {"type": "step", "by": -1},
                {"type": "seek", "at": (span[1] + s(60)).isoformat()},
                {"type": "play"},
                {"type": "seek", "at": "yesterday"},
                {"type": "speed", "speed": 1000},
                {"type": "step", "by": 25},
            ):
                await say(watcher, **message)
                await asyncio.sleep(0.3)
            clip, facts = await file(watcher, "clip", **{"from": whole[0].isoformat(), "until": whole[1].isoformat()})
            await say(watcher, type="clip", n=9, **{"from": whole[1].isoformat(), "until": whole[0].isoformat()})
            await say(watcher, type="thumbnails", n=9, **{"from": whole[0].isoformat(), "until": "x"}, count=10_000)
            await asyncio.sleep(0.5)
            assert not [w for w in watcher.words if w.get("n") == 9]
        await asyncio.sleep(0.5)
    assert span[0] <= datetime.fromisoformat(facts["from"])
    assert datetime.fromisoformat(facts["until"]) <= span[1]
    assert len(video(clip)) <= 52
    assert r.stage.gate.seen
    for first, last in r.stage.gate.seen:
        assert span[0] - s(0.01) <= first <= last <= span[1] + s(0.01)


async def test_playback_goes_on_where_nothing_decodes_for_a_while() -> None:
    """A camera with a key frame every 20 s: the first picture after the right's beginning is behind the next chunk."""
    clocks = Clocks()
    archive = in_memory(clocks)
    data = fragment(1, 0, 0, 9000, True, [b"\x65picture"])
    for n in range(2):
        long = Body(Init("avc1.42c01e", 640, 360, b"init", b"sets"), (Mark(0, 0, True, len(data)),), data)
        clocks.true = START + s(20 * n)
        archive.put(CAMERA, Track.SUB, START + s(20 * n), START + s(20 * n + 20), long)
    await archive.flush()
    clocks.true = START + s(60)
    said: list[dict[str, Any]] = []

    class Listening:
        ready = True

        def put(self, parts: Sequence[bytes], *, text: bool = False) -> None:
            said.extend(json.loads(part) for part in parts if text)

    camera = replace(camera_of("rtsp://127.0.0.1/"), camera_id=CAMERA)
    viewer = Viewer(lambda _: '{"type":"init"}', Listening(), live=False)
    window = Window(archive)
    assert await window.end_of(CAMERA, START + s(5), START + s(11)) == START + s(11)
    assert await window.end_of(CAMERA, START + s(25), START + s(60)) == START + s(40)
    stream = PlaybackStream(camera, window, (START + s(5), START + s(39)), viewer)
    stream.start()
    try:
        async with asyncio.timeout(30):
            while not any(w["type"] == "at" and w["at"] >= (START + s(20)).isoformat() for w in said):
                await asyncio.sleep(0.02)
    finally:
        stream.stop()
