"""A second way out: WebRTC, for lines on which a player over TCP falls behind. The same right, held by the same socket.

The socket is admitted like any viewer's; on it the offer goes up and the answer comes down, and as long as it stays
open the right is held. What cuts it closes the peer connection in the same turn of the loop. Needs the extra `whep`.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from typing import TYPE_CHECKING, Any

import structlog
from websockets.exceptions import ConnectionClosed

from ansimnet.kernel.errors import NotFound
from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ, units_of
from ansimnet.slices.footage.relay.gate import End
from ansimnet.slices.footage.relay.outlet import Socket
from ansimnet.slices.footage.relay.ring import Frame
from ansimnet.slices.footage.relay.server import TICKET_S, Door, Relay
from ansimnet.slices.footage.relay.source import Sighting, Stream
from ansimnet.slices.footage.relay.view import View

if TYPE_CHECKING:
    import av
    from aiortc import RTCPeerConnection

log = structlog.get_logger(__name__)

PATH = "/whep"
MAX_OFFER_BYTES = 64 << 10
"""A browser's offer with every codec it knows takes 8 kB."""
MOST_CANDIDATES = 32
"""Each is an address that we send to: a browser names some ten."""
MOST_WAITING = 250
"""Ten seconds of pictures that the connection did not take; then it waits for a key frame."""
STEP = CLOCK_HZ // 1000
"""Between the pictures that are already over: shown at once, in order, the newest last."""
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
        """Boxes go over the socket."""
        self._view.viewer.saw(sighting)

    def lost(self) -> None:
        """Say that the picture stands still, and wait for a key frame."""
        self._needs_key = True
        self._view.viewer.lost()

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


class Whep:
    """The door at which peer connections are made."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        relay.doors[PATH] = Door(self._show)

    async def _show(self, view: View, socket_: Socket) -> None:
        socket_.protocol.max_message_size = MAX_OFFER_BYTES
        try:
            stream = self.relay.open_stream(view)
        except NotFound:
            view.finish(End.SOURCE_LOST)
            await self.relay.hang_up(view, socket_)
            return
        pictures = Pictures(view, stream)
        peer: RTCPeerConnection | None = None
        cut = asyncio.create_task(view.cut.wait())
        try:
            peer = await self._connect(view, socket_, pictures)
            if peer is not None:
                left = asyncio.create_task(_left(socket_))
                gone = asyncio.create_task(_gone(peer))
                await asyncio.wait({left, gone, cut}, return_when=asyncio.FIRST_COMPLETED)
                left.cancel()
                gone.cancel()
        finally:
            pictures.stop()
            cut.cancel()
            view.finish(End.LEFT)
            self.relay.sources.close(stream)
            hanging = asyncio.create_task(self.relay.hang_up(view, socket_))
            if peer is not None:
                await peer.close()
            await hanging

    async def _connect(self, view: View, socket_: Socket, pictures: Pictures) -> RTCPeerConnection | None:
        """Return the connection that answers the viewer's offer; None where there was none to answer, which is said."""
        try:
            async with asyncio.timeout(TICKET_S):
                said: Any = json.loads(await socket_.recv())
            offer = said["sdp"]
            if not isinstance(offer, str) or offer.count("a=candidate") > MOST_CANDIDATES:
                raise ValueError
        except (TimeoutError, ValueError, KeyError, TypeError):
            view.viewer.say('{"type":"refused","what":"offer","name":"no-offer"}')
            return None
        except ConnectionClosed:
            return None
        try:
            peer, answer = await answered(offer, pictures)
        except ImportError:
            view.viewer.say('{"type":"refused","what":"offer","name":"no-webrtc"}')
            return None
        except Exception as error:
            log.info("offer refused", error=type(error).__name__)
            view.viewer.say('{"type":"refused","what":"offer","name":"bad-offer"}')
            return None
        view.viewer.say(json.dumps({"type": "answer", "sdp": answer}))
        return peer


async def answered(offer: str, pictures: Pictures) -> tuple[RTCPeerConnection, str]:
    """Return a peer connection that sends these pictures, and its answer to an offer. Its addresses are this host's.

    Raises:
        ImportError: the extra `whep` is not installed.
        ValueError: the offer asks for no H.264 picture.
    """
    from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription

    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        sends = peer.addTransceiver(_track(pictures), direction="sendonly")
        codecs = RTCRtpSender.getCapabilities("video").codecs
        sends.setCodecPreferences([c for c in codecs if c.mimeType.lower() == "video/h264"])
        await peer.setRemoteDescription(RTCSessionDescription(sdp=offer, type="offer"))
        if sum(t.kind == "video" for t in peer.getTransceivers()) != 1:
            raise ValueError("one picture is sent, not more")
        answer = await peer.createAnswer()
        await peer.setLocalDescription(answer)
        if "H264" not in peer.localDescription.sdp:
            raise ValueError("no H.264 is offered")
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


async def _left(socket_: Socket) -> None:
    """Return when the viewer closes his socket."""
    try:
        while True:
            await socket_.recv()
    except ConnectionClosed:
        return


async def _gone(peer: RTCPeerConnection) -> None:
    """Return when the peer connection is no more."""
    over = asyncio.Event()

    @peer.on("connectionstatechange")
    def changed() -> None:
        if peer.connectionState in ("failed", "closed"):
            over.set()

    await over.wait()
