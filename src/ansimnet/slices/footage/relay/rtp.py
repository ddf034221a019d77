"""RTP packets (RFC 3550) as they come inside interleaved RTSP."""

from __future__ import annotations

import struct
from typing import NamedTuple

from ansimnet.slices.footage.relay.sdp import BadStream

_HEAD = struct.Struct(">BBHI")
_PLAIN = 0x80
"""Version 2, no padding, no extension, no contributing source: what nearly every packet begins with."""


_REPORT = struct.Struct(">BBHIII")
_SENDER_REPORT = 200
_NTP_EPOCH_S = 2_208_988_800
"""1 January 1900 to 1 January 1970 (RFC 5905)."""


class Packet(NamedTuple):
    """One packet without its header extension and padding. `ticks` is the 32-bit media time.

    `payload` lies in the connection's buffer: whoever keeps it past the call copies it.
    """

    seq: int
    ticks: int
    marker: bool
    payload_type: int
    payload: memoryview


def read(data: memoryview) -> Packet:
    """Return the packet.

    Raises:
        BadStream: it is not RTP version 2, or shorter than it says.
    """
    if len(data) < 12:
        raise BadStream("not an RTP packet")
    flags, kind, seq, ticks = _HEAD.unpack_from(data)
    payload = data[12:] if flags == _PLAIN else _payload(data)
    return Packet(seq, ticks, kind >= 0x80, kind & 0x7F, payload)


def _payload(data: memoryview) -> memoryview:
    if data[0] >> 6 != 2:
        raise BadStream("not an RTP packet")
    start = 12 + 4 * (data[0] & 0x0F)
    if data[0] & 0x10:
        if len(data) < start + 4:
            raise BadStream("an RTP header extension is cut off")
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    end = len(data) - (data[-1] if data[0] & 0x20 else 0)
    if start > end:
        raise BadStream("an RTP packet is shorter than its header says")
    return data[start:end]


def sent_at(data: memoryview) -> float | None:
    """Return when a sender report was sent by the camera's own clock, Unix seconds; None where it does not say.

    A sender that has no clock writes zero (RFC 3550, 6.4.1); what is no sender report says nothing.
    """
    if len(data) < 16:
        return None
    flags, kind, _, _, seconds, fraction = _REPORT.unpack_from(data)
    if flags >> 6 != 2 or kind != _SENDER_REPORT or not seconds:
        return None
    return float(seconds - _NTP_EPOCH_S + fraction / (1 << 32))
