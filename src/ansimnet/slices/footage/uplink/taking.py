"""Takes a phone's pictures over its WebSocket while its right stands: bounded, checked, and said clearly when refused.

To us: JSON in text messages; a picture in a binary one: its kind (a byte), its time (four bytes, big-endian, 90 kHz),
then an access unit with start codes; or a piece of fragmented MP4 after the kind alone.
"""

from __future__ import annotations

import asyncio
import json
import math
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from websockets.exceptions import ConnectionClosed

from ansimnet.kernel.clock import Clock, SystemClock, monotonic_s
from ansimnet.slices.footage.relay.gate import End
from ansimnet.slices.footage.relay.outlet import Socket
from ansimnet.slices.footage.relay.sdp import BadStream, UnsupportedStream
from ansimnet.slices.footage.relay.server import Door, Relay
from ansimnet.slices.footage.relay.view import View
from ansimnet.slices.footage.uplink.fragments import Fragments
from ansimnet.slices.footage.uplink.phone import Phones, PhoneSource, Place, annex_b

log = structlog.get_logger(__name__)

PATH = "/uplink"
PICTURE, PIECE = (0, 1), 2
"""First byte of a binary message: a picture, a key frame, a piece of fragmented MP4."""
MAX_MESSAGE_BYTES = 1 << 20
"""A 1080p key frame of a phone is some 200 kB; five times that."""
MAX_BYTES_PER_S, BURST_BYTES = 1 << 20, 4 << 20
"""8 Mbit/s on average, four seconds of it at once: four times what our page sends."""
STALL_S = 5.0
"""A phone that sends nothing for so long is asked to come again; networks change hands in two or three."""
TELL_S = 1.0
"""How often the phone hears how many look."""
REFUSED, REPLACED, SILENT = 4415, 4409, 4408
"""Close codes: what it sends cannot be used · the same person sends from elsewhere · nothing came."""


class TooMuch(BadStream):
    """This phone sends more than any of our pages does."""

    name = "too-much"


class _Allowance:
    """Bytes one phone may send: a bucket that fills with time."""

    def __init__(self) -> None:
        self._left = float(BURST_BYTES)
        self._at_s = monotonic_s()

    def take(self, size: int) -> None:
        now_s = monotonic_s()
        self._left = min(BURST_BYTES, self._left + (now_s - self._at_s) * MAX_BYTES_PER_S) - size
        self._at_s = now_s
        if self._left < 0:
            raise TooMuch("a phone sends more than 8 Mbit/s")


class Taking:
    """The door at which phones bring pictures."""

    def __init__(self, relay: Relay, phones: Phones, clock: Clock | None = None) -> None:
        self.relay = relay
        self.phones = phones
        self._clock = clock or SystemClock()
        relay.doors[PATH] = Door(self._take, sends=True)

    async def _take(self, view: View, socket_: Socket) -> None:
        socket_.protocol.max_message_size = MAX_MESSAGE_BYTES
        stream = self.phones.open(view.held.camera, view.held.masking)
        source = self.phones.phone(view.held.camera)
        session = _Session(view, socket_, source, self._clock)
        source.begin(session)
        view.viewer.say(json.dumps({"type": "ready", "not_after": view.held.not_after.astimezone(UTC).isoformat()}))
        tasks: list[asyncio.Task[object]] = [
            asyncio.create_task(session.run()),
            asyncio.create_task(view.cut.wait()),
            asyncio.create_task(self._tell(view, source)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            source.leave_off(session)
            view.finish(End.LEFT)
            view.viewer.frames, view.viewer.size = session.frames, session.size
            if session.code is None or view.end is not End.LEFT:
                await self.relay.hang_up(view, socket_)
            else:
                await socket_.close(session.code, session.why)
            await asyncio.gather(*tasks, return_exceptions=True)
            self.phones.close(stream)

    async def _tell(self, view: View, source: PhoneSource) -> None:
        """Tell the phone how many look, and those who look where it is, whenever that changes."""
        told, placed = -1, WeakKeyDictionary[View, Place]()
        while True:
            looking = [v for v in self.relay.views if v.held.camera == view.held.camera and not v.held.sends]
            if len(looking) != told:
                told = len(looking)
                view.viewer.say(json.dumps({"type": "watched", "count": told}))
            place = source.place
            for other in looking:
                if place is not None and placed.get(other) is not place:
                    placed[other] = place
                    other.viewer.say(_placed(place))
            await asyncio.sleep(TELL_S)


class _Session:
    """One connection of one phone."""

    def __init__(self, view: View, socket_: Socket, source: PhoneSource, clock: Clock) -> None:
        self.frames = 0
        self.size = 0
        self.code: int | None = None
        self.why = ""
        self._view = view
        self._socket = socket_
        self._source = source
        self._clock = clock
        self._allowance = _Allowance()
        self._pieces = Fragments()
        self._asked_key = False

    async def run(self) -> None:
        """Take messages until the phone leaves, or sends what cannot be used."""
        try:
            while self._source.sending is self:
                async with asyncio.timeout(STALL_S):
                    message = await self._socket.recv()
                if self._source.sending is self and self._view.viewer.entitled:
                    self._hear(message) if isinstance(message, str) else self._picture(message)
            self.code, self.why = REPLACED, "sent from elsewhere"
        except TimeoutError:
            self.code, self.why = SILENT, "no picture"
        except (BadStream, UnsupportedStream) as refusal:
            log.info("uplink refused", camera=self._source.camera.code, reason=refusal.message)
            self.code, self.why = REFUSED, refusal.name
            self._view.viewer.say(json.dumps({"type": "refused", "what": "uplink", "name": refusal.name}))
        except ConnectionClosed:
            pass

    def _picture(self, data: bytes) -> None:
        self._allowance.take(len(data))
        self.size += len(data)
        kind = data[0] if data else -1
        if kind in PICTURE and len(data) > 5:
            pictures = [(int.from_bytes(data[1:5], "big"), annex_b(data[5:]))]
        elif kind == PIECE:
            pictures = self._pieces.push(data[1:])
        else:
            raise BadStream("a message of no known kind")
        for ticks, units in pictures:
            if self._source.take(ticks, units):
                self.frames += 1
            elif not self._asked_key and kind != PIECE:
                self._asked_key = True
                self._view.viewer.say('{"type":"key"}')

    def _hear(self, text: str) -> None:
        try:
            said: Any = json.loads(text)
        except ValueError:
            return
        if isinstance(said, dict) and said.get("type") == "place":
            place = _place_in(said, self._clock.now())
            self._source.place = place or self._source.place


def _place_in(said: dict[str, Any], now: datetime) -> Place | None:
    """Return the place a phone says it is at, None where it says none that can be."""
    lat, lon, error_m = (
        float(v) if isinstance(v := said.get(k), int | float) else math.nan for k in ("lat", "lon", "error_m")
    )
    if not (abs(lat) <= 90 and abs(lon) <= 180 and 0 <= error_m < math.inf):
        return None
    return Place(lat, lon, error_m, now)


def _placed(place: Place) -> str:
    """Return the message that says where a phone is."""
    at = place.seen_at.astimezone(UTC).isoformat()
    return json.dumps({"type": "place", "lat": place.lat, "lon": place.lon, "error_m": place.error_m, "seen_at": at})
