"""A WebRTC peer connection that is given a stream's pictures as they are. Needs the extra `whep`."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from ansimnet.kernel.errors import Kind, Refusal
from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ, units_of
from ansimnet.slices.footage.relay.ring import Frame
from ansimnet.slices.footage.relay.source import Sighting, Stream
from ansimnet.slices.footage.relay.view import View

if TYPE_CHECKING:
    import av
    from aiortc import RTCPeerConnection

MOST_WAITING = 250
"""Ten seconds of pictures that the connection did not take; then it waits for a key frame."""
STEP = CLOCK_HZ // 1000
"""Between the pictures that are already over: shown at once, in order, the newest last."""
CONNECT_S = 15.0
"""How long a peer may take to connect; ours: its own attempts end sooner."""
_START = b"\0\0\0\1"


class Pictures:
    """What a stream gives, as packets for one peer connection: the current group at once, then what comes."""

    def __init__(self, view: View, stream: Stream) -> None:
        self.stopped = False
        self._view = view
        self._stream = stream
        self._waiting: deque[tuple[int, Frame]] = deque()
        self._some = asyncio.Event()
        self._needs_key = True
        self._joined = False

    def _join(self) -> None:
        """Begin with the current group, its times moved together: a player shows the last of it at once."""
        self._joined = True
        group = self._stream.group
        for i, frame in enumerate(group):
            self._put(group[-1].pts - (len(group) - 1 - i) * STEP, frame)
        self._stream.subscribers.add(self)

    def _put(self, pts: int, frame: Frame) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._forget()
        if self._needs_key and not frame.key:
            self._view.viewer.drops += 1
            return
        self._needs_key = False
        self._waiting.append((pts, frame))
        self._some.set()

    def _forget(self) -> None:
        """Drop what waits; the next picture is a key frame."""
        self._needs_key = self._needs_key or bool(self._waiting)
        self._view.viewer.drops += len(self._waiting)
        self._waiting.clear()

    def offer(self, frame: Frame) -> None:
        """Take a picture of the stream."""
        if not self.stopped:
            self._put(frame.pts, frame)

    def saw(self, sighting: Sighting) -> None:
        """Boxes do not travel beside a peer connection."""

    def lost(self) -> None:
        """Wait for a key frame: the picture stands still."""
        self._needs_key = True

    async def next(self) -> tuple[int, bytes] | None:
        """Return time (90 kHz) and access unit of the next picture, parameter sets before a key frame; None: over."""
        if not self._joined:
            self._join()
        while not (self._waiting and self._view.viewer.entitled):
            if self.stopped:
                return None
            self._forget()
            self._some.clear()
            await self._some.wait()
        pts, frame = self._waiting.popleft()
        data = b"".join(_START + unit for unit in units_of(frame.fragment))
        self._view.viewer.frames += 1
        self._view.viewer.size += len(data)
        return pts, frame.init.sets + data if frame.key else data

    def stop(self) -> None:
        """Give nothing more."""
        self.stopped = True
        self._stream.leave(self)
        self._waiting.clear()
        self._some.set()


class Unfit(Refusal):
    """An offer that is well formed and asks for what is not given."""

    kind = Kind.INVALID
    name = "bad-offer"


async def answered(offer: str, pictures: Pictures) -> tuple[RTCPeerConnection, str]:
    """Return a peer connection that sends these pictures, and its answer to an offer. Its addresses are this host's.

    Raises:
        ImportError: the extra `whep` is not installed.
        Unfit: the offer asks for no H.264 picture, or for more than one.
        ValueError: the offer is no session description.
    """
    from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
    from aiortc.exceptions import OperationError

    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        sends = peer.addTransceiver(_track(pictures), direction="sendonly")
        codecs = RTCRtpSender.getCapabilities("video").codecs
        sends.setCodecPreferences([c for c in codecs if c.mimeType.lower() == "video/h264"])
        try:
            await peer.setRemoteDescription(RTCSessionDescription(sdp=offer, type="offer"))
        except OperationError as error:
            raise Unfit("no H.264 is offered") from error
        pictures_asked = [t for t in peer.getTransceivers() if t.kind == "video"]
        if len(pictures_asked) != 1 or pictures_asked[0].mid is None:
            raise Unfit("one picture is sent, not more and not less")
        await peer.setLocalDescription(await peer.createAnswer())
        if "H264" not in peer.localDescription.sdp:
            raise Unfit("no H.264 is offered")
    except BaseException:
        await peer.close()
        raise
    return peer, peer.localDescription.sdp


def _track(pictures: Pictures) -> Any:
    """Return the track that sends pictures as they are, without coding them anew."""
    from fractions import Fraction

    import av
    from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

    class Sent(MediaStreamTrack):
        kind = "video"

        async def recv(self) -> av.Packet[Any]:
            found = await pictures.next()
            if found is None:
                self.stop()
                raise MediaStreamError
            packet = av.Packet(found[1])
            packet.pts, packet.time_base = found[0], Fraction(1, CLOCK_HZ)
            return packet

    return Sent()


async def gone(peer: RTCPeerConnection) -> None:
    """Return when the peer connection is no more, or did not come about."""
    over, made = asyncio.Event(), asyncio.Event()

    @peer.on("connectionstatechange")
    def changed() -> None:
        if peer.connectionState == "connected":
            made.set()
        elif peer.connectionState in ("failed", "closed"):
            over.set()

    changed()
    late = asyncio.get_running_loop().call_later(CONNECT_S, lambda: None if made.is_set() else over.set())
    try:
        await over.wait()
    finally:
        late.cancel()
