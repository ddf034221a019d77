"""Bytes in, bytes out: what cameras send, what players get. No socket."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import struct
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.slices.footage.camera import boxes_document, clip
from tests.slices.footage.kit import camera_of

from ansimnet.kernel.clock import monotonic_s
from ansimnet.kernel.errors import Refusal
from ansimnet.slices.footage.relay import digest, fmp4, h264, onvif, rtp, rtsp, sdp
from ansimnet.slices.footage.relay.hiding import FRESH_S, HOLD_S, Hiding, parts_to_hide
from ansimnet.slices.footage.relay.mosaic import mosaic
from ansimnet.slices.footage.relay.onvif import Box, Kind, Seen
from ansimnet.slices.footage.relay.ring import Budget, Frame, Ring, Timeline
from ansimnet.slices.footage.relay.source import Sighting, init_of
from ansimnet.slices.footage.relay.viewer import Thin, Viewer

# ------------------------------------------------------------------------------------------------- signing in


def test_the_digest_of_rfc_7616() -> None:
    """The worked examples of RFC 7616 §3.9.1."""
    login = digest.Login("Mufasa", "Circle of Life")
    for algorithm, expected in (
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
    ):
        challenge = digest.read_challenge(
            'Digest realm="http-auth@example.org", qop="auth, auth-int", '
            f'algorithm={algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
            'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
        )
        assert challenge is not None
        said = digest.answer(
            challenge,
            login,
            method="GET",
            uri="/dir/index.html",
            count=1,
            cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        )
        assert f'response="{expected}"' in said
        assert "nc=00000001" in said


def test_the_digest_of_an_old_camera() -> None:
    """RFC 2069: no qop, MD5; as many cameras still send. Expected value by hand with md5sum."""
    challenge = digest.read_challenge('Digest realm="IP Camera(C2417)", nonce="abc", stale="FALSE"')
    assert challenge is not None
    said = digest.answer(
        challenge, digest.Login("admin", "12345"), method="DESCRIBE", uri="rtsp://10.0.0.9:554/ch1", count=1, cnonce="x"
    )
    assert 'response="e897c813e1fb453e9445843b0be29bdd"' in said
    assert "qop" not in said


def test_the_strongest_offer_is_answered_and_basic_refused() -> None:
    basic, md5, sha = 'Basic realm="c"', 'Digest realm="c", nonce="1"', 'Digest realm="c", nonce="2", algorithm=SHA-256'
    assert digest.choose([basic, md5, sha], allow_basic=True).algorithm == "SHA-256"
    assert digest.choose([basic, md5], allow_basic=True).nonce == "1"
    assert digest.choose([basic], allow_basic=True).scheme == "basic"
    with pytest.raises(digest.NoLogin):
        digest.choose([basic], allow_basic=False)
    with pytest.raises(digest.NoLogin):
        digest.choose(['Digest realm="c", nonce="1", algorithm=SHA-512-256'], allow_basic=True)


def test_no_text_form_shows_a_password() -> None:
    address = rtsp.Address.read("rtsp://ward:s3cret@10.1.2.3/HD-1")
    assert address.login == digest.Login("ward", "s3cret")
    assert "s3cret" not in repr(address)
    assert "s3cret" not in address.url
    assert "s3cret" not in repr(camera_of("rtsp://ward:s3cret@10.1.2.3/HD-1"))


# ------------------------------------------------------------------------------------------------- descriptions

AXIS = """v=0\r
o=- 14381234074792748516 1 IN IP4 10.0.0.9\r
s=Session streamed with GStreamer\r
t=0 0\r
a=control:rtsp://10.0.0.9/axis-media/media.amp\r
m=video 0 RTP/AVP 96\r
c=IN IP4 0.0.0.0\r
a=rtpmap:96 H264/90000\r
a=fmtp:96 packetization-mode=1;profile-level-id=640029;sprop-parameter-sets=\
Z2QAKa2EAQwgCGEAQwgCGEAQwgCEO1A8ARPywgAAAwACAAADAHkI,aO48sA==\r
a=control:stream=0\r
m=audio 0 RTP/AVP 97\r
a=rtpmap:97 mpeg4-generic/16000/1\r
a=control:stream=1\r
m=application 0 RTP/AVP 98\r
a=rtpmap:98 vnd.onvif.metadata/90000\r
a=control:stream=2\r
"""


def test_a_description_gives_video_and_metadata_and_no_sound() -> None:
    found = sdp.read(AXIS)
    assert (found.video.payload_type, found.video.control) == (96, "stream=0")
    assert found.metadata is not None
    assert found.metadata.control == "stream=2"
    assert found.base_control == "rtsp://10.0.0.9/axis-media/media.amp"
    sets = found.parameter_sets()
    assert [s[0] & 31 for s in sets] == [7, 8]
    assert h264.picture_size(sets[0]) == (1920, 1080)


@pytest.mark.parametrize(
    ("text", "word"), [("m=video 0 RTP/AVP 98\na=rtpmap:98 H265/90000\n", "H.265"), ("m=video 0 RTP/AVP 26\n", "JPEG")]
)
def test_another_format_is_named(text: str, word: str) -> None:
    with pytest.raises(sdp.UnsupportedStream, match=word):
        sdp.read(text)


def test_the_size_in_our_own_parameter_set() -> None:
    assert h264.picture_size(clip()[0]) == (320, 192)


# ------------------------------------------------------------------------------------------------- packets


def packet(seq: int, ticks: int, payload: bytes, marker: bool = False) -> rtp.Packet:
    return rtp.Packet(seq & 0xFFFF, ticks, marker, 96, memoryview(payload))


def test_single_units_aggregates_and_pieces_make_one_picture() -> None:
    sps, pps, _ = clip()
    d = h264.Depacketiser()
    stap = b"\x78" + b"".join(struct.pack(">H", len(n)) + n for n in (sps, pps))
    assert d.push(packet(65535, 1, stap)) == []
    assert d.push(packet(0, 1, b"\x7c\x85AA")) == []  # FU-A of an IDR slice, start
    assert d.push(packet(1, 1, b"\x7c\x05BB")) == []
    (unit,) = d.push(packet(2, 1, b"\x7c\x45CC", marker=True))
    assert unit == h264.AccessUnit(1, True, (b"\x65AABBCC",))
    assert d.parameters is not None
    assert d.parameters.codec == f"avc1.{sps[1:4].hex()}"


def test_a_camera_without_marker_bits_ends_a_picture_by_its_time() -> None:
    d = h264.Depacketiser()
    d.push(packet(0, 1, b"\x65key"))
    assert [u.ticks for u in d.push(packet(1, 2, b"\x41next"))] == [1]


def test_after_a_loss_nothing_comes_before_a_key_frame() -> None:
    d = h264.Depacketiser()
    assert d.push(packet(0, 1, b"\x65k", marker=True))
    assert d.push(packet(1, 2, b"\x41a", marker=True))
    assert not d.push(packet(3, 3, b"\x41b", marker=True))
    assert not d.push(packet(4, 4, b"\x41c", marker=True))
    assert d.push(packet(5, 5, b"\x65k", marker=True))
    assert d.losses == 1


def test_sei_and_unknown_units_do_not_pass() -> None:
    d = h264.Depacketiser()
    d.push(packet(0, 1, b"\x06hidden words"))
    (unit,) = d.push(packet(1, 1, b"\x65k", marker=True))
    assert unit.units == (b"\x65k",)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.binary(max_size=60), st.booleans()), max_size=40))
def test_no_payload_breaks_the_depacketiser(said: list[tuple[int, int, bytes, bool]]) -> None:
    d, seq = h264.Depacketiser(), 0
    for step, ticks, payload, marker in said:
        seq += step
        for unit in d.push(packet(seq, ticks, payload, marker)):
            assert unit.units


@given(st.binary(max_size=200))
def test_no_bytes_break_the_readers(data: bytes) -> None:
    with contextlib.suppress(Refusal):
        rtp.read(memoryview(data))
    for read in (onvif.read, h264.picture_size):
        with contextlib.suppress(Refusal):
            read(data)
    with contextlib.suppress(Refusal):
        sdp.read(data.decode("latin-1"))


_LINES = st.sampled_from(
    ["m=video 0 RTP/AVP 96", "m=video x", "m=", "a=rtpmap:96 H264/90000", "a=rtpmap:96", "a=control:*", "a=control:",
     "a=fmtp:96 sprop-parameter-sets=%%,Z0I=", "v=0"]
)  # fmt: skip


@given(st.lists(_LINES, max_size=12))
def test_any_order_of_lines_is_read_or_refused(lines: list[str]) -> None:
    with contextlib.suppress(Refusal):
        sdp.read("\r\n".join(lines)).parameter_sets()


@settings(deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=80), max_size=8))
def test_no_bytes_of_a_camera_break_the_session(chunks: list[bytes]) -> None:
    """Whatever a camera answers, the session ends in a refusal or an end of file, never in anything else."""

    async def run() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            for chunk in chunks:
                writer.write(chunk)
            writer.write(
                b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 3\r\n\r\nabcRTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n"
            )
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        session = rtsp.Session(rtsp.Address.read(f"rtsp://127.0.0.1:{port}/x"), lambda _, data: None)
        with pytest.raises((Refusal, OSError, EOFError)):
            await session.open()
        session.close()
        server.close()

    asyncio.run(run())


async def test_an_endless_header_is_not_read_for_ever() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"RTSP/1.0 200 OK\r\nX: " + b"a" * (rtsp.MAX_HEADER_BYTES + 1))
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    session = rtsp.Session(
        rtsp.Address.read(f"rtsp://127.0.0.1:{server.sockets[0].getsockname()[1]}/x"), lambda _, data: None
    )
    with pytest.raises(sdp.BadStream, match="never ends"):
        await session.open()
    session.close()
    server.close()


# ------------------------------------------------------------------------------------------------- fragments


def test_our_fragments_play() -> None:
    sps, pps, frames = clip()
    init = init_of(h264.Parameters(sps, (pps,)))
    data = init.segment + b"".join(
        fmp4.fragment(i + 1, 900_000 + 3600 * i, 0, 3600, key, units) for i, (key, units) in enumerate(frames)
    )
    with av.open(io.BytesIO(data), "r", format="mp4") as box:
        stream = box.streams.video[0]
        assert (stream.width, stream.height, stream.time_base) == (320, 192, Fraction(1, 90_000))
        times = [f.pts for f in box.decode(video=0)]
    assert times == [900_000 + 3600 * i for i in range(len(frames))]


@given(st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=5))
def test_a_fragment_gives_its_units_back(units: list[bytes]) -> None:
    assert fmp4.units_of(fmp4.fragment(1, 2, 0, 3, True, units)) == units


# ------------------------------------------------------------------------------------------------- timeline and ring


def test_a_new_session_goes_on_where_the_wall_clock_is() -> None:
    line = Timeline()
    assert line.place(5_000, 10.0) == (0, 0)
    assert line.place(8_600, 10.04) == (3600, 3600)
    line.broken()
    dts, pts = line.place(4_000_000_000, 12.04)
    assert dts == pts == 3600 + 180_000
    assert line.place(4_000_003_600, 12.08)[0] == dts + 3600


def test_the_wrap_of_the_camera_clock_is_no_jump() -> None:
    line = Timeline()
    line.place(0xFFFFFFFF - 1799, 0.0)
    assert line.place(1800, 0.04) == (3600, 3600)


def test_a_jump_inside_a_session_costs_no_more_than_the_time_that_passed() -> None:
    line = Timeline()
    line.place(0, 0.0)
    assert line.place(90_000 * 3600, 0.04)[0] == 3600


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.floats(0, 20), st.booleans()), min_size=1, max_size=50))
def test_decoding_times_always_grow(said: list[tuple[int, float, bool]]) -> None:
    line, at, last = Timeline(), 0.0, -1
    for ticks, wait, new in said:
        at += wait
        if new:
            line.broken()
        dts, pts = line.place(ticks, at)
        assert dts > last
        assert pts >= 0
        last = dts


def frame(n: int, key: bool, size: int = 100) -> Frame:
    return Frame(INIT, n * 3600, n * 3600, key, bytes(size), 0.0)


INIT = init_of(h264.Parameters(clip()[0], (clip()[1],)))


def test_the_ring_begins_with_a_key_frame_and_keeps_to_its_bytes() -> None:
    ring = Ring(keep_s=1.0, max_bytes=5_000)
    for n in range(200):
        ring.add(frame(n, n % 25 == 3))
        assert ring.size <= 5_000
        assert not ring.group or ring.group[0].key
    assert ring.since(190 * 3600)[0].dts <= 190 * 3600
    assert ring.since(190 * 3600)[0].key
    assert ring.since(0)[0].dts >= (199 - 75) * 3600


def test_one_group_larger_than_the_ring_is_let_go() -> None:
    ring = Ring(max_bytes=1_000)
    ring.add(frame(0, True, 600))
    ring.add(frame(1, False, 600))
    assert ring.group == []
    ring.add(frame(2, True, 600))
    assert len(ring.group) == 1


class Line:
    """An outlet that keeps what it was given, and takes nothing while `ready` is False."""

    def __init__(self) -> None:
        self.ready = True
        self.messages: list[bytes] = []

    def put(self, parts: Sequence[bytes], *, text: bool = False) -> None:
        self.messages.append(b"".join(parts))

    def words(self) -> list[dict[str, Any]]:
        return [json.loads(m) for m in self.messages if m[:1] == b"{"]


def test_a_viewer_who_takes_everything_gets_each_frame_at_once() -> None:
    line = Line()
    viewer = Viewer(lambda init: "{}", line)
    viewer.offer(frame(0, False))  # in the middle of a group: nothing can be shown yet
    for n in range(1, 4):
        viewer.offer(frame(n, n == 1))
    assert line.messages == [b"{}", INIT.segment + bytes(100), bytes(100), bytes(100)]
    assert (viewer.frames, viewer.size, viewer.drops) == (3, len(INIT.segment) + 300, 1)


def test_a_joiner_gets_the_group_in_one_message() -> None:
    line = Line()
    viewer = Viewer(lambda init: "{}", line)
    viewer.cork()
    for n in range(10):
        viewer.offer(frame(n, n == 0))
    assert line.messages == []
    viewer.uncork()
    assert line.messages == [b"{}", INIT.segment + bytes(1000)]


def test_nothing_is_sent_after_the_right_even_where_cutting_is_late() -> None:
    line = Line()
    viewer = Viewer(lambda init: "{}", line)
    viewer.offer(frame(0, True))
    viewer.right_until_s = monotonic_s() - 0.001
    viewer.saw(Sighting(0, ()))
    for n in range(1, 4):
        viewer.offer(frame(n, n == 1))
    assert (len(line.messages), viewer.frames, viewer.drops) == (2, 1, 3)
    viewer.right_until_s = monotonic_s() + 60  # the lease was found again: the picture begins with a key frame
    viewer.offer(frame(4, False))
    viewer.offer(frame(5, True))
    assert (viewer.frames, viewer.drops) == (2, 4)


def test_a_slow_viewer_gets_key_frames_alone_and_hears_why() -> None:
    line, budget = Line(), Budget(1 << 20)
    viewer = Viewer(lambda init: "{}", line, max_bytes=1_000, budget=budget)
    line.ready = False
    for n in range(25):
        viewer.offer(frame(n, n == 0))
        assert viewer.queued == budget.used <= 1_000
    viewer.offer(frame(25, True))
    viewer.offer(frame(26, False))
    line.ready = True
    viewer.flow()
    assert line.words() == [{"type": "quality", "level": "key-frames", "reason": "slow"}, {}]
    assert line.messages[-1] == INIT.segment + bytes(100)
    assert (viewer.frames, viewer.drops, budget.used) == (1, 26, 0)


def test_a_busy_relay_thins_and_says_when_everything_comes_again() -> None:
    line = Line()
    viewer = Viewer(lambda init: "{}", line)
    viewer.offer(frame(0, True))
    viewer.thin(Thin.BUSY)
    viewer.offer(frame(1, False))
    viewer.offer(frame(2, True))
    viewer.thin(None)
    viewer.offer(frame(3, False))  # depends on nothing he has not seen, but the picture may
    viewer.offer(frame(4, True))
    viewer.offer(frame(5, False))
    assert [w["level"] for w in line.words() if w] == ["key-frames", "full"]
    assert (viewer.frames, viewer.drops) == (4, 2)


def test_a_recorded_viewer_is_never_thinned_for_being_late() -> None:
    line = Line()
    viewer = Viewer(lambda init: "{}", line, max_bytes=1_000, live=False)
    line.ready = False
    for n in range(25):
        viewer.offer(frame(n, n % 5 == 0))
        assert viewer.queued <= 1_000
    line.ready = True
    viewer.flow()
    assert line.words() == [{}]
    assert viewer.frames + viewer.drops == 25


def test_nothing_leaves_after_the_stop() -> None:
    line = Line()
    viewer = Viewer(lambda init: "{}", line)
    line.ready = False
    viewer.offer(frame(0, True))
    viewer.stop()
    line.ready = True
    viewer.flow()
    viewer.offer(frame(1, True))
    viewer.say("{}")
    viewer.flow()
    assert (line.messages, viewer.queued) == ([], 0)


def test_only_the_newest_boxes_are_sent_and_never_before_a_picture() -> None:
    line = Line()
    viewer = Viewer(lambda init: "{}", line)
    seen = Seen("17", Kind.PERSON, Box(0.1, 0.2, 0.3, 0.4))
    viewer.saw(Sighting(90_000, (seen,)))
    assert line.messages == []
    viewer.offer(frame(0, True))
    viewer.saw(Sighting(180_000, (seen,)))
    assert json.loads(line.messages[-1]) == {
        "type": "boxes",
        "t": 2.0,
        "tracks": [{"id": "17", "class": "person", "box": [0.1, 0.2, 0.3, 0.4]}],
    }


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.integers(1, 900)), max_size=60))
def test_rings_of_one_relay_keep_to_what_they_may_hold_together(said: list[tuple[int, bool, int]]) -> None:
    budget = Budget(4_000)
    rings = [Ring(keep_s=60.0, max_bytes=3_000, budget=budget) for _ in range(5)]
    for n, (which, key, size) in enumerate(said):
        rings[which].add(frame(n, key, size))
        assert budget.used == sum(r.size for r in rings)
        assert rings[which].size <= 3_000
        assert budget.room(0) or rings[which].since(0) == rings[which].group
    for ring in rings:
        ring.clear()
    assert budget.used == 0


# ------------------------------------------------------------------------------------------------- hiding


def test_boxes_of_a_camera_are_read() -> None:
    (person, car) = onvif.read(boxes_document([("1", "Human", (0.1, 0.2, 0.3, 0.8)), ("2", "Vehicle", (0, 0, 1, 1))]))  # type: ignore[misc]
    assert (person.track, person.kind, car.kind) == ("1", Kind.PERSON, Kind.VEHICLE)
    assert person.box == pytest.approx((0.1, 0.2, 0.3, 0.8))


def test_a_region_may_be_an_object_of_its_own() -> None:
    document = boxes_document([("1", "Human", (0.1, 0.2, 0.3, 0.8)), ("2", "HumanFace", (0.15, 0.2, 0.25, 0.3))])
    found = onvif.read(document.replace(b'ObjectId="2"', b'ObjectId="2" Parent="1"'))
    assert found is not None
    assert len(found) == 1
    assert found[0].hide[0] == pytest.approx((0.15, 0.2, 0.25, 0.3))


def test_a_region_may_stand_inside_its_object() -> None:
    """As several makers, and our simulated cameras, put it."""
    document = boxes_document([("1", "Human", (0.1, 0.2, 0.3, 0.8))]).replace(
        b"</tt:Shape>",
        b'<tt:Extension><tt:HumanFace><tt:BoundingBox left="-0.8" top="0.6" right="-0.6" bottom="0.4"/>'
        b"</tt:HumanFace></tt:Extension></tt:Shape>",
    )
    (seen,) = onvif.read(document) or []
    assert seen.box == pytest.approx((0.1, 0.2, 0.3, 0.8))
    assert seen.hide[0] == pytest.approx((0.1, 0.2, 0.2, 0.3))


def test_entities_are_refused() -> None:
    with pytest.raises(sdp.BadStream):
        onvif.read(b'<!DOCTYPE a [<!ENTITY b "c">]><a/>')


def test_a_document_with_a_hole_is_dropped() -> None:
    a = onvif.Assembler()
    assert a.push(packet(1, 0, b"<a")) is None
    assert a.push(packet(3, 0, b"/>", marker=True)) is None
    assert a.push(packet(4, 0, b"<a/>", marker=True)) == b"<a/>"


PERSON = Seen("1", Kind.PERSON, Box(0.4, 0.1, 0.5, 0.7))


def test_heads_plates_and_the_unknown() -> None:
    (head,) = parts_to_hide(PERSON)
    assert head == pytest.approx((0.4, 0.1, 0.5, 0.3))
    assert parts_to_hide(Seen("4", Kind.PERSON, Box(0.1, 0.7, 0.5, 0.9))) == (Box(0.1, 0.7, 0.5, 0.9),)  # lies
    assert parts_to_hide(Seen("2", Kind.VEHICLE, Box(0, 0, 1, 1))) == (Box(0, 0.5, 1, 1),)
    assert parts_to_hide(Seen("3", Kind.OTHER, Box(0, 0, 1, 1))) == (Box(0, 0, 1, 1),)


def test_nobody_vouches_for_a_picture_without_fresh_boxes() -> None:
    hiding = Hiding()
    assert hiding.regions(0.0) is None
    hiding.tell([], 1.0)
    assert hiding.regions(1.0) == ()
    assert hiding.regions(1.0 + FRESH_S + 0.01) is None
    hiding.forget()
    assert hiding.regions(1.0) is None


def test_a_track_that_detection_loses_stays_hidden_a_while() -> None:
    hiding = Hiding()
    hiding.tell([PERSON], 1.0)
    hiding.tell([], 1.0 + HOLD_S - 0.1)
    assert len(hiding.regions(1.0 + HOLD_S - 0.1) or ()) == 1
    hiding.tell([], 1.0 + HOLD_S + 0.1)
    assert hiding.regions(1.0 + HOLD_S + 0.1) == ()


def test_one_who_walks_is_hidden_where_he_will_be() -> None:
    hiding = Hiding()
    hiding.tell([PERSON], 1.0)
    hiding.tell([Seen("1", Kind.PERSON, PERSON.box.moved(0.05, 0))], 1.1)
    (region,) = hiding.regions(1.2) or ()
    assert region.x2 >= 0.6  # where he is a tenth of a second later
    assert region.x1 <= 0.45


def test_the_marked_track_alone_is_clear() -> None:
    hiding = Hiding()
    hiding.tell([PERSON, Seen("2", Kind.PERSON, Box(0.7, 0.1, 0.8, 0.7))], 1.0)
    (region,) = hiding.regions(1.0, clear="1") or ()
    assert region.x1 > 0.6
    assert hiding.regions(5.0, clear="1") is None


@settings(deadline=None)  # the first call compiles
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 20))
def test_a_mosaic_cell_holds_one_value(height: int, width: int, cell: int) -> None:
    plane = np.random.default_rng(1).integers(0, 255, (height, width), dtype=np.uint8)
    mosaic(plane, np.array([[0, 0, width, height, cell]]), 1)
    for y in range(0, height, cell):
        for x in range(0, width, cell):
            assert len(np.unique(plane[y : y + cell, x : x + cell])) == 1
