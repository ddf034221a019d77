"""Which streams run: sub-streams always, main streams while needed, renditions shared by their viewers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from ansimnet.kernel.ids import CameraId
from ansimnet.kernel.permits import Masking
from ansimnet.slices.footage.relay.gate import Camera
from ansimnet.slices.footage.relay.hearing import Heard
from ansimnet.slices.footage.relay.masker import MaskedStream, Maskers, Rendition
from ansimnet.slices.footage.relay.ring import Budget, Frame, Ring
from ansimnet.slices.footage.relay.rtp import Packet
from ansimnet.slices.footage.relay.sdp import Media
from ansimnet.slices.footage.relay.source import CameraSource, Cold, HeatSource, MainSource, Stream

LINGER_S = 45.0
"""A stream pulled on demand is kept so long after its last viewer: operators go back and forth."""
RINGS_BYTES = 1 << 30
"""What all rings of one relay may hold together: 250 cameras of 8 Mbit/s for four seconds."""


class Sources:
    """Every stream of this relay."""

    def __init__(
        self, *, allow_basic: bool = False, ring_s: float = 30.0, rings_bytes: int = RINGS_BYTES, maskers: int = 0
    ) -> None:
        """Work with so many masking processes at most; 0: one a core but one."""
        self.cameras: dict[CameraId, CameraSource] = {}
        self.mains: dict[CameraId, MainSource] = {}
        self.heats: dict[CameraId, HeatSource] = {}
        self.masked: dict[tuple[CameraSource, str | None], MaskedStream] = {}
        self.maskers = Maskers(maskers)
        self.rings = Budget(rings_bytes)
        self.on_cold: Cold = lambda _camera, _main: None
        self.on_sound: Heard = lambda _camera, _media, _packet: None
        """Who tells kinds of sound; nobody else is given any."""
        self._allow_basic = allow_basic
        self._ring_s = ring_s
        self._warm: frozenset[CameraId] = frozenset()
        self._armed: frozenset[CameraId] = frozenset()
        self._users: dict[Stream, int] = {}
        self._lingering: dict[CameraSource, asyncio.TimerHandle] = {}

    # --- what runs without viewers

    def keep_warm(self, cameras: Iterable[Camera]) -> None:
        """Pull exactly these sub-streams always, whoever watches; others only on demand."""
        wanted = {c.camera_id: c for c in cameras}
        self._warm = frozenset(wanted)
        for camera in wanted.values():
            self._pull(camera)
        for camera_id, source in list(self.cameras.items()):
            if camera_id not in wanted:
                self._release(source)

    def arm(self, cameras: frozenset[CameraId]) -> None:
        """Pull exactly these cameras' main streams though nobody watches yet; the rest of them only on demand.

        The caller answers for the right: a main stream is armed under a provision in force, never before.
        """
        self._armed = cameras
        for camera_id in cameras & self.cameras.keys():
            self._main(self.cameras[camera_id])
        for camera_id, main in list(self.mains.items()):
            if camera_id not in cameras and main not in self._lingering:
                self._release(main)

    def armed_mains(self) -> list[MainSource]:
        """Return the main streams that run for a provision, whoever watches: what is recorded of them."""
        return [m for camera_id, m in self.mains.items() if camera_id in self._armed]

    def _pull(self, camera: Camera) -> CameraSource:
        """Return the running source; a changed address or name replaces it unless somebody watches."""
        source = self.cameras.get(camera.camera_id)
        if source is not None and (source.camera.zones, source.camera.turned) != (camera.zones, camera.turned):
            for stream in (source, self.mains.get(camera.camera_id), self.heats.get(camera.camera_id)):
                if stream is not None:
                    stream.rezone(replace(stream.camera, zones=camera.zones, turned=camera.turned))
        if source is not None and _sooner(camera, source.camera):
            source.listen_until(camera.listened_until)
        if source is not None and source.camera != camera and not self._users.get(source):
            main = self.mains.get(camera.camera_id)
            if main is None or not self._users.get(main):
                if main is not None:
                    self._end(main)
                self._end(source)
                source = None
        if source is None:
            source = CameraSource(
                camera, allow_basic=self._allow_basic, ring=self._ring(), burner=self._burner, cold=self._cold,
                heard=self._heard,
            )  # fmt: skip
            self.cameras[camera.camera_id] = source
            source.start()
        return source

    def _main(self, sub: CameraSource) -> CameraSource:
        """Return the running main stream of a camera; the sub-stream where the camera has no other."""
        if sub.camera.main_url is None:
            return sub
        main = self.mains.get(sub.camera.camera_id)
        if main is None or main.sub is not sub:
            main = MainSource(
                sub, allow_basic=self._allow_basic, ring=self._ring(), burner=self._burner, cold=self._cold
            )
            self.mains[sub.camera.camera_id] = main
            main.start()
        return main

    def open_heat(self, camera_id: CameraId) -> HeatSource | None:
        """Return the pictures of a camera's heat sensor, started; None where it has none. Each needs a `close`."""
        sub = self.cameras.get(camera_id)
        if sub is None or sub.camera.heat_url is None:
            return None
        heat = self.heats.get(camera_id)
        if heat is None or heat.sub is not sub:
            heat = HeatSource(sub, allow_basic=self._allow_basic, ring=self._ring(), burner=self._burner)
            self.heats[camera_id] = heat
            heat.start()
        timer = self._lingering.pop(heat, None)
        if timer is not None:
            timer.cancel()
        self._users[heat] = self._users.get(heat, 0) + 1
        return heat

    def _ring(self) -> Ring:
        return Ring(keep_s=self._ring_s, budget=self.rings)

    def _cold(self, camera_id: CameraId, main: bool) -> None:
        self.on_cold(camera_id, main)

    def _heard(self, camera_id: CameraId, media: Media, packet: Packet) -> None:
        self.on_sound(camera_id, media, packet)

    def _burner(self, publish: Callable[[Frame], None]) -> Rendition:
        return Rendition(self.maskers, publish)

    # --- what viewers see

    def open(self, camera: Camera, masking: Masking, marked: str | None = None, *, main: bool = False) -> Stream:
        """Return the stream that such a right shows, started. Every `open` needs a `close`."""
        source = self._pull(camera)
        if main:
            source = self._main(source)
        timer = self._lingering.pop(source, None)
        if timer is not None:
            timer.cancel()
        if masking is Masking.ORIGINAL:
            stream: Stream = source
        else:
            key = (source, marked if masking is Masking.MARKED else None)
            masked = self.masked.get(key)
            if masked is None:
                masked = self.masked[key] = MaskedStream(source, self.maskers, key[1])
                self._users[source] = self._users.get(source, 0) + 1
                masked.start()
            stream = masked
        self._users[stream] = self._users.get(stream, 0) + 1
        return stream

    def close(self, stream: Stream) -> None:
        """Give one `open` back."""
        self._users[stream] -= 1
        if self._users[stream]:
            return
        del self._users[stream]
        if isinstance(stream, MaskedStream):
            stream.stop()
            self.masked.pop((stream.source, stream.marked), None)
            self.close(stream.source)
        elif isinstance(stream, CameraSource) and not self._wanted(stream):
            self._lingering[stream] = asyncio.get_running_loop().call_later(LINGER_S, self._release, stream)

    def _wanted(self, source: CameraSource) -> bool:
        """Return whether a stream runs though nobody watches it."""
        if isinstance(source, HeatSource):
            return False
        return source.camera.camera_id in (self._armed if isinstance(source, MainSource) else self._warm)

    def _release(self, source: CameraSource) -> None:
        if not self._users.get(source) and not self._wanted(source):
            self._end(source)

    def _end(self, source: CameraSource) -> None:
        timer = self._lingering.pop(source, None)
        if timer is not None:
            timer.cancel()
        source.stop()
        held: dict[CameraId, Any] = self.cameras
        if isinstance(source, MainSource):
            held = self.mains
        elif isinstance(source, HeatSource):
            held = self.heats
        if held.get(source.camera.camera_id) is source:
            del held[source.camera.camera_id]

    def stop(self) -> None:
        """Stop everything."""
        for timer in self._lingering.values():
            timer.cancel()
        for stream in (*self.masked.values(), *self.mains.values(), *self.heats.values(), *self.cameras.values()):
            stream.stop()
        self.maskers.stop()
        self.masked.clear()
        self.mains.clear()
        self.heats.clear()
        self.cameras.clear()
        self._users.clear()


def _sooner(camera: Camera, than: Camera) -> bool:
    """Return whether a camera may be listened to less long than it was: that holds at once, whoever watches."""
    if than.listened_until is None:
        return False
    return camera.listened_until is None or camera.listened_until < than.listened_until
