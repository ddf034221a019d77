"""The frames of MQTT 3.1.1 that a device and we exchange (OASIS standard, 29 October 2014). Bytes only, no I/O.

A device publishes and nobody subscribes, so this is the sending half of the protocol: CONNECT, PUBLISH at all three
levels, PING, DISCONNECT; a subscription is answered with its refusal. The numbers in brackets are the standard's own.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

MOST_BYTES = 1 << 20
"""The largest packet that is read: a batch over HTTP is no larger. The protocol would allow 256 MB."""
SHOWN_BYTES = 5
"""A fixed header has at the most so many bytes [2.2]."""


class Malformed(ValueError):  # noqa: N818 - what a stranger says is an expected no
    """The bytes are no MQTT 3.1.1; the connection ends [MQTT-4.8.0-1]."""


@dataclass(frozen=True, slots=True)
class Connect:
    client_id: str
    username: str | None
    password: bytes | None
    keep_alive_s: int


@dataclass(frozen=True, slots=True)
class UnknownLevel:
    """A CONNECT of another version of the protocol: answered with code 1 [MQTT-3.1.2-2]."""


@dataclass(frozen=True, slots=True)
class Publish:
    topic: str
    payload: bytes
    qos: int
    packet_id: int


@dataclass(frozen=True, slots=True)
class Release:
    """PUBREL: the second half of a delivery at level 2."""

    packet_id: int


@dataclass(frozen=True, slots=True)
class Subscribe:
    packet_id: int
    topics: int


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    packet_id: int


@dataclass(frozen=True, slots=True)
class Ping:
    pass


@dataclass(frozen=True, slots=True)
class Disconnect:
    pass


Packet = Connect | UnknownLevel | Publish | Release | Subscribe | Unsubscribe | Ping | Disconnect

CONNACK_OK, CONNACK_LEVEL, CONNACK_BUSY, CONNACK_STRANGER = 0, 1, 3, 5


class Decoder:
    """Bytes as they come into packets."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Yield the packets that are whole now.

        Raises:
            Malformed: what came is none, or larger than `MOST_BYTES`.
        """
        self._held += data
        while (found := _frame(self._held)) is not None:
            head, body, size = found
            del self._held[:size]
            yield _packet(head, body)


def _frame(held: bytearray) -> tuple[int, bytes, int] | None:
    """Return first byte, body and size of the first frame; None where it is not whole yet."""
    length, shift = 0, 0
    for i in range(1, SHOWN_BYTES):
        if i >= len(held):
            return None
        length |= (held[i] & 0x7F) << shift
        if length > MOST_BYTES:
            raise Malformed("larger than a packet may be")
        if not held[i] & 0x80:
            end = i + 1 + length
            return (held[0], bytes(held[i + 1 : end]), end) if len(held) >= end else None
        shift += 7
    raise Malformed("a length of five bytes")


class _Body:
    """Reads a packet's body from its beginning."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    def take(self, n: int) -> bytes:
        found = self._body[self._at : self._at + n]
        if len(found) < n:
            raise Malformed("the packet is cut short")
        self._at += n
        return found

    def number(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def packet_id(self) -> int:
        found = self.number()
        if found == 0:
            raise Malformed("a packet has an id above 0")
        return found

    def binary(self) -> bytes:
        return self.take(self.number())

    def text(self) -> str:
        try:
            found = self.binary().decode()
        except UnicodeDecodeError:
            raise Malformed("text is UTF-8") from None
        if "\0" in found:
            raise Malformed("text has no null character")
        return found

    def rest(self) -> bytes:
        found, self._at = self._body[self._at :], len(self._body)
        return found

    def end(self) -> None:
        if self._at != len(self._body):
            raise Malformed("the packet is longer than what it says")


def _packet(head: int, body: bytes) -> Packet:
    kind, flags, b = head >> 4, head & 0x0F, _Body(body)
    if kind != 3 and flags != (2 if kind in (6, 8, 10) else 0):
        raise Malformed("reserved flags are set")
    found: Packet
    match kind:
        case 1:
            return _connect(b)
        case 3:
            return _publish(b, flags)
        case 6:
            found = Release(b.packet_id())
        case 8:
            return _subscribe(b)
        case 10:
            found = Unsubscribe(b.packet_id())
            if not b.rest():
                raise Malformed("it names no topic")
        case 12:
            found = Ping()
        case 14:
            found = Disconnect()
        case _:
            raise Malformed("a device does not send this")
    b.end()
    return found


def _connect(b: _Body) -> Connect | UnknownLevel:
    name, level, flags = b.text(), b.take(1)[0], 0
    if name != "MQTT" or level != 4:
        if name in ("MQTT", "MQIsdp"):
            return UnknownLevel()
        raise Malformed("another protocol")
    flags = b.take(1)[0]
    will, will_qos = flags & 0x04, flags >> 3 & 0x03
    if flags & 0x01 or will_qos == 3 or (not will and flags & 0x38) or (flags & 0x40 and not flags & 0x80):
        raise Malformed("flags contradict one another")
    keep_alive_s = b.number()
    client_id = b.text()
    if will:  # read to its end and never told: nobody listens here
        b.text()
        b.binary()
    username = b.text() if flags & 0x80 else None
    password = b.binary() if flags & 0x40 else None
    b.end()
    return Connect(client_id, username, password, keep_alive_s)


def _publish(b: _Body, flags: int) -> Publish:
    qos = flags >> 1 & 0x03
    if qos == 3 or (qos == 0 and flags & 0x08):
        raise Malformed("no such level of delivery")
    topic = b.text()
    if not topic or "+" in topic or "#" in topic:
        raise Malformed("a topic has no wildcards")
    return Publish(topic, qos=qos, packet_id=b.packet_id() if qos else 0, payload=b.rest())


def _subscribe(b: _Body) -> Subscribe:
    packet_id, topics = b.packet_id(), 0
    rest = _Body(b.rest())
    while True:
        rest.text()
        if rest.take(1)[0] > 2:
            raise Malformed("no such level of delivery")
        topics += 1
        try:
            rest.end()
        except Malformed:
            continue
        return Subscribe(packet_id, topics)


def connack(code: int) -> bytes:
    """Return the answer to a CONNECT; no session is kept between connections."""
    return bytes((0x20, 2, 0, code))


def answer(kind: int, packet_id: int) -> bytes:
    """Return PUBACK (4), PUBREC (5), PUBCOMP (7) or UNSUBACK (11)."""
    return bytes((kind << 4, 2)) + struct.pack(">H", packet_id)


def suback(packet_id: int, topics: int) -> bytes:
    """Return the refusal of a subscription, topic by topic [3.9.3]."""
    body = struct.pack(">H", packet_id) + b"\x80" * topics
    return b"\x90" + _length(len(body)) + body


PONG = b"\xd0\x00"


def _length(n: int) -> bytes:
    out = bytearray()
    while True:
        n, low = n >> 7, n & 0x7F
        out.append(low | (0x80 if n else 0))
        if not n:
            return bytes(out)
