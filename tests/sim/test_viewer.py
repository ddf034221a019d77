"""The headless viewer against a relay-shaped socket that serves real fragmented MP4."""

from __future__ import annotations

import io
import json
from typing import Any

import av
from tests.sim.test_truth import shots_of
from websockets.asyncio.server import ServerConnection, serve

from ansimnet_sim.city import City
from ansimnet_sim.clients.viewer import Mp4Reader, watch


def fragments(shots: list[bytes]) -> list[bytes]:
    """Return an init segment and fragments of one frame each, written by FFmpeg."""
    sink = io.BytesIO()
    options = {"movflags": "empty_moov+default_base_moof+frag_every_frame"}
    source: Any = av.open(io.BytesIO(b"".join(shots)), format="h264", options={"framerate": "5"})
    out: Any = av.open(sink, "w", format="mp4", options=options)
    stream = out.add_stream_from_template(source.streams.video[0])
    for n, packet in enumerate(source.demux()):
        if packet.size:
            packet.stream, packet.pts, packet.dts = stream, n * 18000, n * 18000
            out.mux(packet)
    out.close()
    data, cut, at = sink.getvalue(), [0], 0
    while at < len(data):
        if data[at + 4 : at + 8] == b"moof":
            cut.append(at)
        at += int.from_bytes(data[at : at + 4], "big")
    return [data[a:b] for a, b in zip(cut, [*cut[1:], len(data)], strict=True)]


async def test_a_viewer_reads_the_truth_and_notes_when_it_was_cut(haedam: City) -> None:
    live, shots = shots_of(haedam, 2, 4)
    parts = fragments([s.data for s in shots])
    marks: list[dict[str, str]] = []

    async def relay(socket: ServerConnection) -> None:
        assert json.loads(await socket.recv()) == {"ticket": "t-1"}
        await socket.send(json.dumps({"type": "init", "codec": "avc1.42c01e", "width": 640, "height": 360}))
        for k, part in enumerate(parts):
            if k:
                tracks = [{"id": str(t.number), "class": "person", "box": [t.box[0] / 640, t.box[1] / 360,
                           t.box[2] / 640, t.box[3] / 360]} for t in shots[k - 1].tracks]  # fmt: skip
                await socket.send(json.dumps({"type": "boxes", "t": k / 5, "tracks": tracks}))
            await socket.send(part)
        marks.append(json.loads(await socket.recv()))
        await socket.close(4403, "right ended")

    async with serve(relay, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        ticket = {"ticket": "t-1", "url": f"ws://127.0.0.1:{port}/stream"}
        found = await watch(ticket, live.camera.code, pair=4, mark_subject=True)
    assert found.close_code == 4403
    assert found.frames >= len(shots) - 1
    assert found.camera_right
    assert found.subject_visible
    assert marks == [{"type": "mark", "track": "1"}]
    assert not found.sound
    assert found.first_frame_at is not None
    assert found.closed_at is not None
    assert found.last_frame_at is not None
    assert found.first_frame_at <= found.last_frame_at <= found.closed_at


def test_a_sound_track_is_noticed() -> None:
    reader = Mp4Reader()
    moov = b"....mp4a...."
    reader.feed((8 + len(moov)).to_bytes(4, "big") + b"moov" + moov)
    assert reader.sound
