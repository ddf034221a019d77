"""Which streams run: warm cameras always, others while somebody watches, renditions shared by their viewers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from ansimnet.kernel.ids import CameraId
from ansimnet.kernel.permits import Masking
from ansimnet.slices.footage.relay.gate import Camera
from ansimnet.slices.footage.relay.masker import MaskedStream, Maskers, Rendition
from ansimnet.slices.footage.relay.ring import Ring
from ansimnet.slices.footage.relay.source import CameraSource, Stream

LINGER_S = 30.0
"""A camera pulled on demand is kept this long after its last viewer: operators go back and forth."""


class Sources:
    """Every stream of this relay."""

    def __init__(self, *, allow_basic: bool = False, ring_s: float = 30.0, maskers: int = 0) -> None:
        """Work with so many masking processes at most; 0: one a core but one."""
        self.cameras: dict[CameraId, CameraSource] = {}
        self.masked: dict[tuple[CameraId, str | None], MaskedStream] = {}
        self.maskers = Maskers(maskers)
        self._allow_basic = allow_basic
        self._ring_s = ring_s
        self._warm: frozenset[CameraId] = frozenset()
        self._users: dict[Stream, int] = {}
        self._lingering: dict[CameraId, asyncio.TimerHandle] = {}

    def keep_warm(self, cameras: Iterable[Camera]) -> None:
        """Pull exactly these always, whoever watches; others only on demand."""
        wanted = {c.camera_id: c for c in cameras}
        self._warm = frozenset(wanted)
        for camera in wanted.values():
            self._pull(camera)
        for camera_id, source in list(self.cameras.items()):
            if camera_id not in wanted:
                self._release(source)

    def _pull(self, camera: Camera) -> CameraSource:
        """Return the running source; a changed address or name replaces it unless somebody watches."""
        source = self.cameras.get(camera.camera_id)
        if source is not None and source.camera.zones != camera.zones:
            source.rezone(replace(source.camera, zones=camera.zones))
        if source is not None and source.camera != camera and not self._users.get(source):
            source.stop()
            source = None
        if source is None:
            source = CameraSource(
                camera,
                allow_basic=self._allow_basic,
                ring=Ring(keep_s=self._ring_s),
                burner=lambda publish: Rendition(self.maskers, publish),
            )
            self.cameras[camera.camera_id] = source
            source.start()
        return source

    def open(self, camera: Camera, masking: Masking, marked: str | None = None) -> Stream:
        """Return the stream that such a right shows, started. Every `open` needs a `close`."""
        source = self._pull(camera)
        timer = self._lingering.pop(camera.camera_id, None)
        if timer is not None:
            timer.cancel()
        if masking is Masking.ORIGINAL:
            stream: Stream = source
        else:
            key = (camera.camera_id, marked if masking is Masking.MARKED else None)
            masked = self.masked.get(key)
            if masked is None or masked.source is not source:
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
            key = (stream.camera.camera_id, stream.marked)
            if self.masked.get(key) is stream:
                del self.masked[key]
            self.close(stream.source)
        elif isinstance(stream, CameraSource) and stream.camera.camera_id not in self._warm:
            loop = asyncio.get_running_loop()
            self._lingering[stream.camera.camera_id] = loop.call_later(LINGER_S, self._release, stream)

    def _release(self, source: CameraSource) -> None:
        camera_id = source.camera.camera_id
        self._lingering.pop(camera_id, None)
        if not self._users.get(source) and camera_id not in self._warm:
            source.stop()
            if self.cameras.get(camera_id) is source:
                del self.cameras[camera_id]

    def stop(self) -> None:
        """Stop everything."""
        for timer in self._lingering.values():
            timer.cancel()
        for stream in (*self.masked.values(), *self.cameras.values()):
            stream.stop()
        self.maskers.stop()
        self.masked.clear()
        self.cameras.clear()
        self._users.clear()
