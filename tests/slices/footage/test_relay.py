"""The relay as a viewer meets it: real RTSP in, real sockets out."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta

import numpy as np
import pytest
from tests.slices.footage.camera import SOUND, TestCamera
from tests.slices.footage.kit import camera_of, in_an_hour, showing, stage, watching
from websockets.exceptions import InvalidStatus

from ansimnet.kernel.clock import now
from ansimnet.kernel.permits import Masking
from ansimnet.slices.footage.relay.gate import End
from ansimnet.slices.footage.relay.rights import LEASE_S


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
async def test_a_viewer_sees_moving_pictures_and_never_hears_sound(algorithm: str) -> None:
    async with TestCamera(algorithm=algorithm) as camera, stage() as s:
        ticket, _ = s.gate.issue(camera_of(camera.url), in_an_hour())
        async with watching(s, ticket) as w:
            await w.frames(30)
        assert w.words[0]["codec"].startswith("avc1.")
        assert (w.words[0]["width"], w.words[0]["camera"]["code"]) == (320, "HD-0001")
        pictures = w.pictures()
        assert len(pictures) >= 30
        assert np.any(pictures[0] != pictures[12])
        assert camera.set_up == ["video", "meta"]
        assert SOUND not in b"".join(w.parts[0])
        assert camera.password not in repr(s.gate.opened)


async def test_a_joiner_in_the_middle_of_a_group_begins_with_its_key_frame_at_once() -> None:
    async with TestCamera() as camera, stage() as s:
        s.sources.keep_warm([camera_of(camera.url)])
        source = next(iter(s.sources.cameras.values()))
        while len(source.group) < 10:
            await asyncio.sleep(0.01)
        ticket, _ = s.gate.issue(camera_of(camera.url), in_an_hour())
        before = camera.sent
        async with watching(s, ticket) as w:
            await w.frames(1)
        assert camera.sent - before < 10  # did not wait for the next key frame
        assert len(w.pictures()) >= 10


async def test_a_ticket_opens_once() -> None:
    async with TestCamera() as camera, stage() as s:
        ticket, _ = s.gate.issue(camera_of(camera.url), in_an_hour())
        async with watching(s, ticket) as w:
            await w.frames(1)
            async with watching(s, ticket) as again:
                assert await again.close_code() == 4401
        async with watching(s, "nonsense") as stranger:
            assert await stranger.close_code() == 4401


async def test_a_page_from_elsewhere_may_not_connect() -> None:
    async with TestCamera() as camera, stage(origins=["https://console.example"]) as s:
        ticket, _ = s.gate.issue(camera_of(camera.url), in_an_hour())
        with pytest.raises(InvalidStatus):
            async with watching(s, ticket, origin="https://evil.example"):
                pass
        async with watching(s, ticket, origin="https://console.example") as w:
            await w.frames(1)


@pytest.mark.requirement("CC-03")
async def test_a_revoked_viewer_is_cut_and_the_end_recorded() -> None:
    async with TestCamera() as camera, stage() as s:
        ticket, permit = s.gate.issue(camera_of(camera.url), in_an_hour())
        other, _ = s.gate.issue(camera_of(camera.url), in_an_hour())
        async with watching(s, ticket) as w, watching(s, other) as stays:
            await w.frames(3)
            s.gate.revoke(permit)
            assert await w.close_code() == 4403
            await stays.frames(30)
        while len(s.gate.ended) < 2:
            await asyncio.sleep(0.01)
        (held, end, frames, size) = s.gate.ended[0]
        assert (held.permit_id, end) == (permit, End.REVOKED)
        assert frames >= 3
        assert size > 0
        assert s.gate.ended[1][1] is End.LEFT


async def test_a_revocation_whose_notice_was_lost_is_found_by_the_lease() -> None:
    async with TestCamera() as camera, stage() as s:
        ticket, permit = s.gate.issue(camera_of(camera.url), in_an_hour())
        async with watching(s, ticket) as w:
            await w.frames(1)
            del s.gate.permits[permit]
            assert await w.close_code() == 4403


async def test_a_right_that_expires_is_cut_unless_it_was_extended() -> None:
    async with TestCamera() as camera, stage() as s:
        ends, _ = s.gate.issue(camera_of(camera.url), now() + timedelta(seconds=1.5))
        lives, permit = s.gate.issue(camera_of(camera.url), now() + timedelta(seconds=1.5))
        async with watching(s, ends) as w, watching(s, lives) as longer:
            await longer.frames(1)
            s.gate.permits[permit] = in_an_hour()
            assert await w.close_code() == 4403
            await longer.word("extended")
            await longer.frames(60)
            assert longer.code is None
        assert any(m["type"] == "ending" for m in w.words)
        assert s.gate.ended[0][1] is End.EXPIRED


async def test_a_mark_has_an_end_of_its_own() -> None:
    async with TestCamera() as camera, stage() as s:
        s.gate.marks_last = timedelta(seconds=2)
        ticket, _ = s.gate.issue(camera_of(camera.url), in_an_hour(), masking=Masking.MASKED, may_mark=True)
        async with showing(s.sources, camera_of(camera.url)), watching(s, ticket) as w:
            await w.frames(1)
            await w.send(type="mark", track="17")
            assert await w.close_code() == 4403
        while not s.gate.ended:
            await asyncio.sleep(0.01)
        assert (s.gate.ended[0][0].marked, s.gate.ended[0][1]) == ("17", End.EXPIRED)


async def test_without_the_database_everybody_is_cut_and_nobody_admitted() -> None:
    async with TestCamera() as camera, stage(lease_s=LEASE_S) as s:
        ticket, _ = s.gate.issue(camera_of(camera.url), in_an_hour())
        late, _ = s.gate.issue(camera_of(camera.url), in_an_hour())
        async with watching(s, ticket) as w:
            await w.frames(1)
            s.gate.reachable = False
            assert await w.close_code() == 4403
            async with watching(s, late) as refused:
                assert await refused.close_code() == 4401
            assert not s.gate.ended
            s.gate.reachable = True
            while not s.gate.ended:
                await asyncio.sleep(0.01)
        assert s.gate.ended[0][1] is End.LEASE_LOST


async def test_after_a_reconnect_the_timeline_goes_on() -> None:
    async with TestCamera() as camera, stage() as s:
        ticket, _ = s.gate.issue(camera_of(camera.url), in_an_hour())
        async with watching(s, ticket) as w:
            await w.frames(20)
            camera.drop()
            await w.word("source")
            await w.frames(w.count + 20)
        times = w.times()
        assert all(a < b for a, b in itertools.pairwise(times))
        assert times[-1] < 6
        assert next(iter(s.sources.cameras.values())).reconnects == 1


async def test_a_camera_that_goes_quiet_is_called_again() -> None:
    async with TestCamera() as camera, stage() as s:
        s.sources.keep_warm([camera_of(camera.url)])
        source = next(iter(s.sources.cameras.values()))
        await source.ready.wait()
        camera.paused = True
        while source.ready.is_set():
            await asyncio.sleep(0.05)
        assert source.reason == "silent"
        camera.paused = False
        async with asyncio.timeout(10):
            await source.ready.wait()


async def test_a_lost_packet_costs_pictures_up_to_the_next_key_frame_only() -> None:
    async with TestCamera() as camera, stage() as s:
        ticket, _ = s.gate.issue(camera_of(camera.url), in_an_hour())
        async with watching(s, ticket) as w:
            await w.frames(5)
            camera.lose_packets = 1
            await w.frames(40)
        gaps = np.diff(w.times())
        assert gaps.max() <= 1.1  # one group at most
        assert len(w.pictures()) >= 40


async def test_a_viewer_who_takes_nothing_is_bounded_and_cut_all_the_same() -> None:
    async with TestCamera(kbit=1) as camera, stage(viewer_bytes=300_000) as s:
        ticket, permit = s.gate.issue(camera_of(camera.url), in_an_hour())
        async with watching(s, ticket):
            await asyncio.sleep(0.5)
            (view,) = s.relay.views
            async with asyncio.timeout(20):
                while not view.viewer.drops:  # his buffers and ours are full
                    assert view.viewer.queued <= 300_000
                    await asyncio.sleep(0.01)
            s.gate.revoke(permit)
            async with asyncio.timeout(2):
                while s.relay.views:
                    await asyncio.sleep(0.01)
        while not s.gate.ended:
            await asyncio.sleep(0.01)
        assert s.gate.ended[0][1] is End.REVOKED


async def test_no_camera_is_said_as_4404(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansimnet.slices.footage.relay.showing.PICTURE_S", 0.5)
    async with stage() as s:
        ticket, _ = s.gate.issue(camera_of("rtsp://127.0.0.1:9/none"), in_an_hour())
        async with watching(s, ticket) as w:
            assert await w.close_code() == 4404
        while not s.gate.ended:
            await asyncio.sleep(0.01)
        assert s.gate.ended[0][1:3] == (End.SOURCE_LOST, 0)


def texture(picture: np.ndarray, x1: float, y1: float, x2: float, y2: float) -> float:
    """Return how much of the chequer's contrast is left inside a part of the picture."""
    h, w = picture.shape
    part = picture[int(y1 * h) : int(y2 * h), int(x1 * w) : int(x2 * w)].astype(float)
    return float(np.abs(part[:, 4:] - part[:, :-4]).mean())


PERSON = (0.1, 0.1, 0.25, 0.7)
OTHER = (0.6, 0.1, 0.75, 0.7)
CAR = (0.35, 0.4, 0.55, 0.8)


async def test_heads_and_plates_are_hidden_in_the_masked_rendition() -> None:
    async with TestCamera() as camera, stage() as s:
        camera.boxes = [("17", "Human", PERSON), ("8", "Vehicle", CAR)]
        ticket, _ = s.gate.issue(camera_of(camera.url), in_an_hour(), masking=Masking.MASKED)
        async with showing(s.sources, camera_of(camera.url)), watching(s, ticket) as w:
            await w.frames(10)
            await w.word("boxes")
        picture = w.pictures()[-1]
        assert texture(picture, 0.1, 0.1, 0.25, 0.3) < 10  # the head
        assert texture(picture, 0.1, 0.5, 0.25, 0.7) > 80  # the legs
        assert texture(picture, 0.35, 0.6, 0.55, 0.8) < 10  # the plate
        assert texture(picture, 0.8, 0.1, 1.0, 0.8) > 80  # the street
        boxes = next(m for m in w.words if m["type"] == "boxes")
        assert {(t["id"], t["class"]) for t in boxes["tracks"]} == {("17", "person"), ("8", "vehicle")}
        assert w.words[0]["masking"] == "masked"


async def test_without_fresh_boxes_the_whole_picture_is_hidden() -> None:
    async with TestCamera() as camera, stage() as s:
        ticket, _ = s.gate.issue(camera_of(camera.url), in_an_hour(), masking=Masking.MASKED)
        async with showing(s.sources, camera_of(camera.url)), watching(s, ticket) as w:
            await w.frames(5)
            assert all(texture(p, 0, 0, 1, 0.9) < 12 for p in w.pictures())
            camera.boxes = []
            await w.frames(15)
            assert texture(w.pictures()[-1], 0, 0, 1, 0.9) > 60  # analytics vouch: nobody is there
            camera.boxes = None
            await asyncio.sleep(1.2)
            await w.frames(60)
            assert texture(w.pictures()[-1], 0, 0, 1, 0.9) < 12


async def test_the_marked_track_alone_is_clear_and_the_socket_stays() -> None:
    async with TestCamera() as camera, stage() as s:
        camera.boxes = [("17", "Human", PERSON), ("18", "Human", OTHER)]
        ticket, permit = s.gate.issue(camera_of(camera.url), in_an_hour(), masking=Masking.MASKED, may_mark=True)
        async with showing(s.sources, camera_of(camera.url)), watching(s, ticket) as w:
            await w.frames(5)
            await w.send(type="mark", track="17")
            await w.shows("marked")
            await w.frames(10)
        assert s.gate.marked == [(permit, "17")]
        assert [m["masking"] for m in w.words if m["type"] == "init"] == ["masked", "marked"]
        picture = w.pictures()[-1]
        assert texture(picture, 0.1, 0.1, 0.25, 0.3) > 80
        assert texture(picture, 0.6, 0.1, 0.75, 0.3) < 10
        while s.sources.masked:
            await asyncio.sleep(0.01)


async def test_a_permit_without_that_right_marks_nobody() -> None:
    async with TestCamera() as camera, stage() as s:
        ticket, _ = s.gate.issue(camera_of(camera.url), in_an_hour(), masking=Masking.MASKED)
        async with showing(s.sources, camera_of(camera.url)), watching(s, ticket) as w:
            await w.frames(1)
            await w.send(type="mark", track="17")
            await w.word("refused", what="mark")
        assert len(w.parts) == 1
        assert not s.gate.marked


async def test_viewers_share_one_masked_rendition() -> None:
    async with TestCamera() as camera, stage() as s:
        first, _ = s.gate.issue(camera_of(camera.url), in_an_hour(), masking=Masking.MASKED)
        second, _ = s.gate.issue(camera_of(camera.url), in_an_hour(), masking=Masking.MASKED)
        async with showing(s.sources, camera_of(camera.url)), watching(s, first) as a, watching(s, second) as b:
            await a.frames(3)
            await b.frames(3)
            assert len(s.sources.masked) == 1
