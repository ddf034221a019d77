"""Where frames come from: a camera pulled over RTSP, kept alive for ever. Renditions are streams of the same shape."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

import structlog

from ansimnet.kernel.clock import monotonic_s, now
from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.ids import CameraId
from ansimnet.slices.footage.relay import onvif, rtp, rtsp
from ansimnet.slices.footage.relay.digest import NoLogin
from ansimnet.slices.footage.relay.fmp4 import fragment, init_segment
from ansimnet.slices.footage.relay.gate import Camera, Span
from ansimnet.slices.footage.relay.h264 import AccessUnit, Depacketiser, Parameters, picture_size
from ansimnet.slices.footage.relay.hearing import Heard
from ansimnet.slices.footage.relay.hiding import Hiding, Polygon
from ansimnet.slices.footage.relay.onvif import Box, Seen
from ansimnet.slices.footage.relay.ring import Frame, Init, Ring, Timeline
from ansimnet.slices.footage.relay.sdp import BadStream, Media, UnsupportedStream
from ansimnet.slices.footage.relay.turning import Turning

log = structlog.get_logger(__name__)

STALL_S = 3.0
"""No picture for so long: the session is dead. The slowest sub-streams in use send one picture a second."""
SECOND_LOOK_S = 0.5
"""Between the first suspicion and the end of a session; ours: a few turns of the busiest loop."""
RETRY_FIRST_S, RETRY_LAST_S = 0.2, 10.0
"""Back-off between attempts; doubled each time, ± half so that a rebooting switch is not met by all at once."""
RETRY_REFUSED_S = 30.0
"""After a wrong login or a wrong format: cameras lock accounts after a few failures within minutes."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the camera's analytics saw, placed on the stream's timeline (ticks of the fMP4 clock)."""

    pts: int
    objects: tuple[Seen, ...]


class Subscriber(Protocol):
    """Who follows a stream. Called on the event loop; must not block."""

    def offer(self, frame: Frame) -> None: ...

    def saw(self, sighting: Sighting) -> None: ...

    def lost(self) -> None:
        """Hear that the source is silent; the next frame will be a key frame."""


class Burner(Protocol):
    """Blackens privacy zones: frames in, and after a while the same frames out, through what it was made with."""

    def offer(self, frame: Frame, regions: tuple[Box, ...] | None, zones: tuple[Polygon, ...]) -> None: ...

    def broken(self) -> None:
        """Hear that the next frame will be a key frame."""

    def stop(self) -> None: ...


class Stream:
    """Frames for many, with the current group of pictures for whoever joins late."""

    def __init__(self, camera: Camera, ring: Ring | None = None) -> None:
        self.camera = camera
        self.ring = ring or Ring()
        self.ready = asyncio.Event()  # there is a fresh picture to begin with
        self.frames = 0
        self.subscribers: set[Subscriber] = set()

    @property
    def group(self) -> list[Frame]:
        """Return what a joiner gets at once: the current group of pictures, none of a silent source."""
        return self.ring.group if self.ready.is_set() else []

    def join(self, subscriber: Subscriber) -> None:
        """Give the current group of pictures, and from now on every frame."""
        for frame in self.group:
            subscriber.offer(frame)
        self.subscribers.add(subscriber)

    def leave(self, subscriber: Subscriber) -> None:
        """Stop giving. Safe to call twice."""
        self.subscribers.discard(subscriber)

    def hear(self, message: dict[str, Any]) -> AsyncIterator[str] | None:
        """Take what a viewer says; return the answer where there is one, in parts. Live pictures hear nothing."""

    @property
    def seen(self) -> Sequence[Span]:
        """Return what of a recording was delivered."""
        return ()

    def start(self) -> None:
        """Begin to work."""

    def stop(self) -> None:
        """Stop for good."""

    def publish(self, frame: Frame) -> None:
        """Keep a frame and hand it out."""
        self.frames += 1
        self.ring.add(frame)
        if frame.key and self.ring.group:
            self.ready.set()
        for subscriber in tuple(self.subscribers):
            subscriber.offer(frame)

    def announce(self, sighting: Sighting) -> None:
        """Hand out what analytics saw."""
        for subscriber in tuple(self.subscribers):
            subscriber.saw(sighting)

    def fall_silent(self) -> None:
        """Tell everyone that the source is silent."""
        if self.ready.is_set():
            self.ready.clear()
            for subscriber in tuple(self.subscribers):
                subscriber.lost()


Cold = Callable[[CameraId, bool], None]
"""Called when a stream has begun in the middle of a group of pictures; True: a main stream."""


class CameraSource(Stream):
    """One camera's stream as it is: original pictures, no sound; its privacy zones black before anybody gets a frame.

    `burner` makes, around a place to publish, what blackens. Without one a camera that has zones shows nothing.
    `heard` alone is given packets of sound, and only while the camera's site has a ground of its own; they are in no
    frame, ring, recording or view.
    """

    main = False

    def __init__(
        self,
        camera: Camera,
        *,
        allow_basic: bool = False,
        ring: Ring | None = None,
        burner: Callable[[Callable[[Frame], None]], Burner] | None = None,
        cold: Cold = lambda _camera, _main: None,
        heard: Heard = lambda _camera, _media, _packet: None,
    ) -> None:
        super().__init__(camera, ring)
        self._heard = heard
        self._sound: Media | None = None
        self._burner = burner(self.publish) if burner is not None else None
        self._cold = cold
        self._asked_for_key = False
        self.hiding = Hiding()
        self.turning = Turning()
        self.reason = "starting"
        self.reconnects = 0
        self.clock_off_s: float | None = None
        """The camera's clock minus ours, as its last sender report told."""
        self.device_clock_off_s: float | None = None
        """The same as the device itself told when it was asked (ONVIF), not long ago."""
        self._allow_basic = allow_basic
        self._task: asyncio.Task[None] | None = None
        self._timeline = Timeline()
        self._depacketiser = Depacketiser()
        self._assembler = onvif.Assembler()
        self._payload_types = (-1, -1)
        self._parameters: Parameters | None = None
        self._init: Init | None = None
        self._last_s = 0.0
        self._watchdog: asyncio.TimerHandle | None = None
        self._wants_boxes = True

    @property
    def clock_error_s(self) -> float | None:
        """Return by how much the camera's clock is off: the worse of what its reports and the device itself say."""
        told = [s for s in (self.clock_off_s, self.device_clock_off_s) if s is not None]
        return max(told, key=abs, default=None)

    def start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._pull(), name=f"pull {self.camera.code}")

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if self._burner is not None:
            self._burner.stop()
        self.fall_silent()
        self.ring.clear()

    async def _pull(self) -> None:
        patience_s = RETRY_FIRST_S
        while True:
            try:
                await self._session()
            except (UnsupportedStream, NoLogin) as refusal:
                self.reason, patience_s = refusal.name, RETRY_REFUSED_S
            except Refusal as refusal:
                self.reason = refusal.name
            except (OSError, EOFError) as error:  # TimeoutError is one
                self.reason = "silent" if isinstance(error, TimeoutError) else "unreachable"
            except Exception:
                log.exception("camera session failed", camera=self.camera.code)
                self.reason = "fault"
            if self.ready.is_set():
                patience_s = RETRY_FIRST_S
            self.fall_silent()
            if self._burner is not None:
                self._burner.broken()
            if self._wants_boxes:
                self.hiding.forget()
                self.turning.forget()
            self.reconnects += 1
            log.info("camera lost", camera=self.camera.code, reason=self.reason, retry_s=round(patience_s, 1))
            await asyncio.sleep(patience_s * random.uniform(0.5, 1.5))
            patience_s = min(2 * patience_s, RETRY_LAST_S)

    async def _session(self) -> None:
        address = rtsp.Address.read(self.camera.url)
        session = rtsp.Session(
            address, self._on_packet, allow_basic=self._allow_basic, metadata=self._wants_boxes, sound=self._listened()
        )
        try:
            found = await session.open()
            self._sound = found.sound
            self._payload_types = (
                found.video.payload_type,
                found.metadata.payload_type if found.metadata is not None else -1,
            )
            self._depacketiser = Depacketiser(found.parameter_sets())
            self._assembler = onvif.Assembler()
            self._asked_for_key = False
            self._timeline.broken()
            self.clock_off_s = None
            self._last_s = monotonic_s()
            self._watch(session)
            await session.play()
        finally:
            if self._watchdog is not None:
                self._watchdog.cancel()
            session.close()

    def _watch(self, session: rtsp.Session, suspected_s: float = -1.0) -> None:
        """End a session that shows nothing new; look again when that could be so.

        Two looks must agree, with turns of the loop between them: where we are late ourselves, the pictures wait in the
        connection, and to hang up on every camera would be the end of a busy relay.
        """
        left_s = self._last_s + STALL_S - monotonic_s()
        if left_s <= 0 and suspected_s == self._last_s:
            session.fail(TimeoutError("no picture"))
            return
        wait_s = left_s if left_s > 0 else SECOND_LOOK_S
        self._watchdog = asyncio.get_running_loop().call_later(wait_s, self._watch, session, self._last_s)

    def _on_packet(self, channel: int, data: memoryview) -> None:
        if channel == rtsp.VIDEO_REPORTS:
            self._on_report(data)
            return
        packet = rtp.read(data)
        if channel == rtsp.VIDEO and packet.payload_type == self._payload_types[0]:
            for unit in self._depacketiser.push(packet):
                self._on_picture(unit)
            if self._depacketiser.skipped and not self._asked_for_key:
                self._asked_for_key = True
                self._cold(self.camera.camera_id, self.main)
        elif channel == rtsp.SOUND:
            if self._sound is not None and packet.payload_type == self._sound.payload_type and self._listened():
                self._heard(self.camera.camera_id, self._sound, packet)
        elif channel == rtsp.METADATA and packet.payload_type == self._payload_types[1]:
            document = self._assembler.push(packet)
            if document is not None:
                self._on_document(document)

    def _listened(self) -> bool:
        until = self.camera.listened_until
        return until is not None and not self.main and now() < until

    def listen_until(self, until: datetime | None) -> None:
        """Take an earlier end of the ground to listen; it holds from the next packet on."""
        self.camera = replace(self.camera, listened_until=until)

    def _on_report(self, data: memoryview) -> None:
        sent_s = rtp.sent_at(data)
        if sent_s is not None:
            self.clock_off_s = sent_s - now().timestamp()

    def _on_picture(self, unit: AccessUnit) -> None:
        now_s = monotonic_s()
        self._last_s = now_s
        parameters = self._depacketiser.parameters
        if unit.key and parameters is not None and parameters != self._parameters:
            self._parameters, self._init = parameters, init_of(parameters)
        if self._init is None:
            return
        dts, pts = self._timeline.place(unit.ticks, now_s)
        data = fragment(self.frames + 1, dts, pts - dts, self._timeline.duration, unit.key, unit.units)
        if not self.ready.is_set() and self.reason != "live":
            self.reason = "live"
            log.info("camera live", camera=self.camera.code)
        frame = Frame(self._init, dts, pts, unit.key, data, now_s)
        turned, zones = self.camera.turned, self.camera.zones
        if turned is not None and turned.zones:
            here = self.turning.zones(turned, now_s)
            self._burn(frame, () if here is not None else None, (*zones, *(here or ())))
        elif zones:
            self._burn(frame, (), zones)
        else:
            self.publish(frame)

    def _burn(self, frame: Frame, regions: tuple[Box, ...] | None, zones: tuple[Polygon, ...]) -> None:
        if self._burner is not None:
            self._burner.offer(frame, regions, zones)

    def rezone(self, camera: Camera) -> None:
        """Take other privacy zones or another calibration from the next key frame on; what was kept is forgotten."""
        self.camera = camera
        self.ring.clear()
        self.fall_silent()
        if self._burner is not None:
            self._burner.broken()

    def _on_document(self, document: bytes) -> None:
        turned = self.camera.turned
        try:
            objects = onvif.read(document)
            position = onvif.read_position(document) if turned is not None else None
        except BadStream:
            return  # no fresh boxes, no fresh position: what hides the whole picture then does so by itself
        if turned is not None and position is not None:
            self.turning.tell(position, turned, monotonic_s())
        if objects is not None:
            now_s = monotonic_s()
            self.hiding.tell(objects, now_s)
            self.announce(Sighting(self._timeline.at(now_s), tuple(objects)))


class MainSource(CameraSource):
    """A camera's main stream, pulled while it is needed. Boxes and position come with the sub-stream, always there."""

    main = True

    def __init__(
        self,
        sub: CameraSource,
        *,
        allow_basic: bool = False,
        ring: Ring | None = None,
        burner: Callable[[Callable[[Frame], None]], Burner] | None = None,
        cold: Cold = lambda _camera, _main: None,
    ) -> None:
        assert sub.camera.main_url is not None
        camera = replace(sub.camera, url=sub.camera.main_url)
        super().__init__(camera, allow_basic=allow_basic, ring=ring, burner=burner, cold=cold)
        self.sub = sub
        self.hiding = sub.hiding
        self.turning = sub.turning
        self._wants_boxes = False

    def start(self) -> None:
        super().start()
        self.sub.join(self)

    def stop(self) -> None:
        self.sub.leave(self)
        super().stop()

    def offer(self, frame: Frame) -> None:
        """Take nothing: the pictures are its own."""

    def saw(self, sighting: Sighting) -> None:
        """Place what analytics saw on its own timeline."""
        self.announce(Sighting(self._timeline.at(monotonic_s()), sighting.objects))

    def lost(self) -> None:
        """Hear that the sub-stream is silent: without fresh boxes the masked rendition hides everything by itself."""


class HeatSource(CameraSource):
    """The pictures of a camera's heat sensor, pulled while something of this machine judges them; nobody is shown them.

    It looks where the camera looks, so the camera's privacy zones are black here too: as cold as anything can be.
    """

    def __init__(
        self,
        sub: CameraSource,
        *,
        allow_basic: bool = False,
        ring: Ring | None = None,
        burner: Callable[[Callable[[Frame], None]], Burner] | None = None,
    ) -> None:
        assert sub.camera.heat_url is not None
        camera = replace(sub.camera, url=sub.camera.heat_url, listened_until=None)
        super().__init__(camera, allow_basic=allow_basic, ring=ring, burner=burner)
        self.sub = sub
        self.turning = sub.turning
        self._wants_boxes = False


def init_of(parameters: Parameters) -> Init:
    """Return what players and decoders need before the first frame."""
    width, height = picture_size(parameters.sps)
    return Init(
        codec=parameters.codec,
        width=width,
        height=height,
        segment=init_segment(parameters, width, height),
        sets=b"".join(b"\0\0\0\1" + nal for nal in (parameters.sps, *parameters.pps)),
    )
