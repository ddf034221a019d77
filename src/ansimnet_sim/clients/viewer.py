"""A viewer without a screen: takes a ticket to the relay, decodes what comes, reads the truth from the pixels."""

from __future__ import annotations

import asyncio
import json
import struct
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import av
import numpy as np
from av.codec.context import CodecContext
from numpy.typing import NDArray
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from ansimnet.kernel.clock import now
from ansimnet_sim import truth
from ansimnet_sim.clients.api import Json


@dataclass(frozen=True, slots=True)
class Look:
    """One decoded frame and what it says."""

    at: datetime
    seen: truth.Seen


@dataclass(slots=True)
class Viewing:
    """What one viewer of one camera saw, from opening to being cut."""

    camera_code: str
    opened_at: datetime | None = None
    first_frame_at: datetime | None = None
    last_frame_at: datetime | None = None
    closed_at: datetime | None = None
    close_code: int | None = None
    init: Json = field(default_factory=dict)
    frames: int = 0
    bytes: int = 0
    sound: bool = False
    """True if a sound track came through the relay: it must never."""
    looks: list[Look] = field(default_factory=list)
    boxes: list[Json] = field(default_factory=list)
    last_picture: NDArray[np.uint8] | None = None
    errors: list[str] = field(default_factory=list)

    @property
    def subject_visible(self) -> bool:
        """Say whether the subject was read in at least two frames."""
        return sum(look.seen.subject for look in self.looks) >= 2

    @property
    def camera_right(self) -> bool:
        """Say whether every readable frame came from the camera asked for."""
        read = [look.seen for look in self.looks if look.seen.camera_no is not None]
        return bool(read) and all(s.camera_code == self.camera_code for s in read)


class Mp4Reader:
    """Take H.264 out of fragmented MP4: the init segment's avcC, then each mdat as one access unit."""

    def __init__(self) -> None:
        self._decoder: Any = None
        self.sound = False

    def feed(self, data: bytes) -> list[NDArray[np.uint8]]:
        """Return the pictures of one binary message, `(H, W, 3)` RGB."""
        out: list[NDArray[np.uint8]] = []
        at = 0
        while at + 8 <= len(data):
            size, kind = struct.unpack_from(">I4s", data, at)
            if size < 8:
                break
            body = data[at + 8 : at + size]
            if kind == b"moov":
                self._open(body)
            elif kind == b"mdat" and self._decoder is not None:
                out += [f.to_ndarray(format="rgb24") for f in self._decoder.decode(av.Packet(body))]
            at += size
        return out

    def _open(self, moov: bytes) -> None:
        self.sound = self.sound or b"soun" in moov or b"mp4a" in moov
        at = moov.find(b"avcC")
        if at < 0:
            return
        size = struct.unpack_from(">I", moov, at - 4)[0]
        decoder: Any = CodecContext.create("h264", "r")
        decoder.extradata = moov[at + 4 : at - 4 + size]
        decoder.thread_count = 1
        self._decoder = decoder


async def watch(
    ticket: Json,
    camera_code: str,
    *,
    pair: int | None = None,
    viewing: Viewing | None = None,
    read_every: int = 2,
    mark_subject: bool = False,
) -> Viewing:
    """Open a granted stream and watch until the relay closes it (or this is cancelled).

    `ticket` is the answer of POST …/tickets. Every `read_every`-th frame is read for its truth. With `mark_subject`
    the viewer marks the track that lies over the subject, as an operator would with a click.
    """
    out = viewing or Viewing(camera_code)
    reader, marked = Mp4Reader(), False
    try:
        async with connect(str(ticket["url"]), max_size=1 << 24, compression=None) as socket:
            out.opened_at = now()
            await socket.send(json.dumps({"ticket": ticket["ticket"]}))
            async for message in socket:
                if isinstance(message, str):
                    body = json.loads(message)
                    if body.get("type") == "init":
                        out.init = body
                    elif body.get("type") == "boxes":
                        out.boxes = [*out.boxes[-50:], body]
                    continue
                out.bytes += len(message)
                for picture in await asyncio.to_thread(reader.feed, message):
                    at = now()
                    out.first_frame_at = out.first_frame_at or at
                    out.last_frame_at, out.last_picture = at, picture
                    out.frames += 1
                    if out.frames % read_every == 1 or read_every == 1:
                        out.looks.append(Look(at, await asyncio.to_thread(truth.read, picture, pair)))
                if mark_subject and not marked and (track := subject_track(out)) is not None:
                    marked = True
                    await socket.send(json.dumps({"type": "mark", "track": track}))
        out.close_code = socket.close_code
    except ConnectionClosed as e:
        out.close_code = e.rcvd.code if e.rcvd else 1006
    except (OSError, ValueError, av.FFmpegError) as e:
        out.errors.append(f"{type(e).__name__}: {e}")
    out.closed_at, out.sound = now(), reader.sound
    return out


def subject_track(viewing: Viewing) -> str | None:
    """Return the id of the latest told track whose box holds the subject read from the pixels, or None."""
    look = next((x for x in reversed(viewing.looks[-3:]) if x.seen.box is not None), None)
    if look is None or look.seen.box is None or not viewing.boxes or viewing.last_picture is None:
        return None
    h, w = viewing.last_picture.shape[:2]
    x, y = (look.seen.box.x1 + look.seen.box.x2) / 2 / w, (look.seen.box.y1 + look.seen.box.y2) / 2 / h
    for t in viewing.boxes[-1].get("tracks") or []:
        x1, y1, x2, y2 = t["box"]
        if t.get("class") == "person" and x1 <= x <= x2 and y1 <= y <= y2:
            return str(t["id"])
    return None
