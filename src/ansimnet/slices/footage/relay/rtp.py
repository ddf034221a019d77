"""RTP packets (RFC 3550) as they come inside interleaved RTSP."""

from __future__ import annotations

from typing import NamedTuple

from ansimnet.slices.footage.relay.sdp import BadStream


class Packet(NamedTuple):
    """One packet without its header extension and padding. `ticks` is the 32-bit media time."""

    seq: int
    ticks: int
    marker: bool
    payload_type: int
    payload: bytes


def read(data: bytes) -> Packet:
    """Return the packet.

    Raises:
        BadStream: it is not RTP version 2, or shorter than it says.
    """
    if len(data) < 12 or data[0] >> 6 != 2:
        raise BadStream("not an RTP packet")
    start = 12 + 4 * (data[0] & 0x0F)
    if data[0] & 0x10:
        if len(data) < start + 4:
            raise BadStream("an RTP header extension is cut off")
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    end = len(data) - (data[-1] if data[0] & 0x20 else 0)
    if start > end:
        raise BadStream("an RTP packet is shorter than its header says")
    return Packet(
        seq=data[2] << 8 | data[3],
        ticks=int.from_bytes(data[4:8], "big"),
        marker=data[1] >= 0x80,
        payload_type=data[1] & 0x7F,
        payload=data[start:end],
    )
