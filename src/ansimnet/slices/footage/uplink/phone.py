"""A phone's camera as a source: what it sends becomes frames like those of any camera."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ansimnet.kernel.clock import monotonic_s
from ansimnet.kernel.ids import CameraId
from ansimnet.slices.footage.relay.gate import Camera
from ansimnet.slices.footage.relay.h264 import Depacketiser, picture_size, split_annex_b
from ansimnet.slices.footage.relay.ring import Ring
from ansimnet.slices.footage.relay.sdp import BadStream
from ansimnet.slices.footage.relay.source import CameraSource
from ansimnet.slices.footage.relay.sources import Sources

MAX_SIDE, MIN_SIDE = 1920, 1088
"""The longer and the shorter side of a picture at most: 1080p, upright or not; 1088 is 68 macroblocks."""
AWAY = "no-phone"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a phone says it is. `error_m`: radius in which it is with 68 % (W3C Geolocation §9)."""

    lat: float
    lon: float
    error_m: float
    seen_at: datetime


class PhoneSource(CameraSource):
    """One phone's pictures. A phone that comes back goes on where the wall clock says, as a camera does."""

    def __init__(self, camera: Camera, *, ring: Ring | None = None) -> None:
        super().__init__(camera, ring=ring)
        self.reason = AWAY
        self.place: Place | None = None
        self.sending: object | None = None  # whoever sends now; a newer one takes over

    def start(self) -> None:
        """Wait: the phone comes to us."""

    def begin(self, sender: object) -> None:
        """Take pictures of this sender from its first key frame on, and of no other."""
        self.sending = sender
        self._depacketiser = Depacketiser()
        self._timeline.broken()

    def leave_off(self, sender: object) -> None:
        """Say that this sender is gone; where another has taken over, nothing happens."""
        if self.sending is sender:
            self.sending = None
            self.reason = AWAY
            self.fall_silent()

    def take(self, ticks: int, units: list[bytes]) -> bool:
        """Take one picture; return whether it was of use: before the first key frame none is.

        Raises:
            BadStream: no H.264 picture, or one that is too large.
        """
        known = self._depacketiser.parameters
        done = self._depacketiser.whole(ticks & 0xFFFFFFFF, units)
        now = self._depacketiser.parameters
        if now is not None and now != known:
            sides = picture_size(now.sps)
            if max(sides) > MAX_SIDE or min(sides) > MIN_SIDE:
                raise BadStream("a phone's picture is larger than 1080p")
        for unit in done:
            self._on_picture(unit)
        return bool(done)

    @property
    def silent_s(self) -> float:
        """Return for how long no picture came."""
        return monotonic_s() - self._last_s


def annex_b(data: bytes) -> list[bytes]:
    """Return the NAL units of one picture as an encoder gives it.

    Raises:
        BadStream: there is none in it.
    """
    units = split_annex_b(data)
    if not any(u[0] & 31 in (1, 5) for u in units):
        raise BadStream("this is no H.264 picture")
    return units


class Phones(Sources):
    """The streams of phones: they come when they come; a viewer may be there first."""

    def __init__(
        self,
        *,
        ring_s: float = 30.0,
        maskers: int = 0,
        follow: Callable[[PhoneSource], None] = lambda _: None,
        leave: Callable[[CameraId], None] = lambda _: None,
    ) -> None:
        """`follow` and `leave` are told which streams there are: for whoever records them."""
        super().__init__(ring_s=ring_s, maskers=maskers)
        self._follow = follow
        self._leave = leave

    def _pull(self, camera: Camera) -> CameraSource:
        source = self.cameras.get(camera.camera_id)
        if source is None:
            phone = PhoneSource(camera, ring=self._ring())
            self.cameras[camera.camera_id] = source = phone
            self._follow(phone)
        return source

    def phone(self, camera: Camera) -> PhoneSource:
        """Return a phone's own stream."""
        source = self._pull(camera)
        assert isinstance(source, PhoneSource)
        return source

    def _end(self, source: CameraSource) -> None:
        super()._end(source)
        self._leave(source.camera.camera_id)
