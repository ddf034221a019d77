"""What leaves the relays of this process, noted where it leaves: when, to whom, and what it shows.

A viewer's own clock says when a picture came, after queues, networks and a loop shared with everybody; the exit says
when it was sent. So no allowance for the way is needed, and none is made.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from ansimnet.kernel.clock import now
from ansimnet.kernel.permits import Masking
from ansimnet.slices.footage.relay.fmp4 import units_of
from ansimnet.slices.footage.relay.outlet import Socket
from ansimnet.slices.footage.uplink.phone import PhoneSource

TELLING_BYTES = 16
"""Shorter slices say `nothing changed` in the same bytes for every camera."""
FILE = '{"type": "file"'
_RTP_HEADER, _EXTENSION, _MARKER = 12, 0x10, 0x80


class Sent(NamedTuple):
    """One message that holds pictures. `units`: coded slices as they were; `file`: a part of a file."""

    at_s: float
    pictures: int
    units: tuple[bytes, ...] = ()
    file: bytes = b""


class Exits:
    """Notes what goes to those who are followed: by both ports, the name of their peer, or the camera they bring.

    Their own port alone would not do: a system gives one out twice, towards two servers.
    """

    def __init__(self) -> None:
        self._to: dict[Hashable, list[Sent]] = {}

    def follow(self, who: Hashable) -> list[Sent]:
        """Note what goes to somebody from now on."""
        return self._to.setdefault(who, [])

    def forget(self, who: Hashable) -> None:
        """Note no more."""
        self._to.pop(who, None)

    def fragments(self, who: Hashable, parts: Sequence[bytes]) -> None:
        """Note a message of fragments."""
        found = self._to.get(who)
        pictures = [p for p in parts if p[4:8] == b"moof"] if found is not None else []
        if found is not None and pictures:
            found.append(Sent(now().timestamp(), len(pictures), tuple(u for p in pictures for u in units_of(p))))

    def words(self, who: Hashable, message: str | bytes) -> None:
        """Note a message that is a part of a file."""
        found = self._to.get(who)
        if found is not None and isinstance(message, str) and message.startswith(FILE):
            found.append(Sent(now().timestamp(), 1, file=base64.b64decode(json.loads(message)["data"])))

    def packet(self, who: Hashable, data: bytes) -> None:
        """Note an RTP packet; the last one of a picture bears the marker."""
        found = self._to.get(who)
        if found is None:
            return
        at = _RTP_HEADER + 4 * (data[0] & 15)
        if data[0] & _EXTENSION:
            at += 4 + 4 * int.from_bytes(data[at + 2 : at + 4], "big")
        found.append(Sent(now().timestamp(), int(bool(data[1] & _MARKER)), (data[at:],)))

    def taken(self, camera: Hashable) -> None:
        """Note that a picture was taken in."""
        found = self._to.get(camera)
        if found is not None:
            found.append(Sent(now().timestamp(), 1))


def _ports(socket: Socket) -> tuple[int, int]:
    """Return the viewer's port and the server's."""
    return socket.remote_address[1], socket.local_address[1]


@contextmanager
def noted(exits: Exits) -> Iterator[None]:
    """Have every exit of this process noted until the block ends."""
    from aiortc.rtcdtlstransport import RTCDtlsTransport
    from aiortc.rtp import is_rtcp

    put, send, rtp, take = Socket.put, Socket.send, RTCDtlsTransport._send_rtp, PhoneSource.take

    def puts(self: Socket, parts: Sequence[bytes], *, text: bool = False) -> None:
        put(self, parts, text=text)
        if not text:
            exits.fragments(_ports(self), parts)

    async def sends(self: Socket, message: Any, *more: Any, **options: Any) -> None:
        exits.words(_ports(self), message)
        await send(self, message, *more, **options)

    async def packets(self: RTCDtlsTransport, data: bytes) -> None:
        if not is_rtcp(data):
            exits.packet(self.transport._connection.remote_username, data)
        await rtp(self, data)

    def takes(self: PhoneSource, ticks: int, units: list[bytes]) -> bool:
        used = take(self, ticks, units)
        if used:
            exits.taken(self.camera.camera_id)
        return used

    names: Mapping[tuple[Any, str], Any] = {
        (Socket, "put"): puts,
        (Socket, "send"): sends,
        (RTCDtlsTransport, "_send_rtp"): packets,
        (PhoneSource, "take"): takes,
    }
    before = {key: getattr(*key) for key in names}
    try:
        for (owner, name), other in names.items():
            setattr(owner, name, other)
        yield
    finally:
        for (owner, name), own in before.items():
            setattr(owner, name, own)


class Originals:
    """The slices each camera sends: whoever is shown one of them sees that camera, and nobody in it is hidden."""

    def __init__(self, cameras: Mapping[Hashable, Sequence[bytes]]) -> None:
        self._of = {u: c for c, units in cameras.items() for u in units if len(u) >= TELLING_BYTES}
        self._whole = {c: sorted(set(units), key=len)[-8:] for c, units in cameras.items()}

    def wrong(self, sent: Sequence[Sent], camera: Hashable, masking: Masking) -> int:
        """Return how many pictures show another camera, or show somebody whom this right hides."""
        found = 0
        for one in sent:
            shown = {self._of[u] for u in one.units if u in self._of}
            found += bool(shown - {camera} or (shown and masking is not Masking.ORIGINAL)) * max(1, one.pictures)
        data = b"".join(one.file for one in sent)
        for other, units in self._whole.items():
            if other != camera or masking is not Masking.ORIGINAL:
                found += any(u in data for u in units)
        return found
