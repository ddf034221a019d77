"""RTP as RFC 3550, H.264 in it as RFC 6184, and the sender reports that tie its clock to the wall."""

from __future__ import annotations

import struct

NTP_EPOCH_S = 2_208_988_800
"""Seconds from 1900 to 1970."""
PAYLOAD = 1400
"""Bytes of payload per packet: fits an Ethernet frame with every header."""


def nals(annexb: bytes) -> list[bytes]:
    """Return the NAL units of an Annex B access unit, without start codes."""
    out, i = [], annexb.find(b"\x00\x00\x01")
    while i >= 0:
        j = annexb.find(b"\x00\x00\x01", i + 3)
        unit = annexb[i + 3 : j if j >= 0 else len(annexb)]
        out.append(unit.rstrip(b"\x00") if j >= 0 else unit)
        i = j
    return [u for u in out if u]


def h264_payloads(unit: bytes) -> list[tuple[bool, bytes]]:
    """Return (last of its access unit, payload) for one access unit: single NAL packets and FU-A fragments."""
    units = [u for u in nals(unit) if u[0] & 31 not in (6, 9)]
    out: list[tuple[bool, bytes]] = []
    for k, u in enumerate(units):
        last = k == len(units) - 1
        if len(u) <= PAYLOAD:
            out.append((last, u))
            continue
        kind, pieces = u[0] & 31, [u[i : i + PAYLOAD] for i in range(1, len(u), PAYLOAD)]
        for n, piece in enumerate(pieces):
            edge = (0x80 if n == 0 else 0) | (0x40 if n == len(pieces) - 1 else 0)
            out.append((last and n == len(pieces) - 1, bytes(((u[0] & 0xE0) | 28, edge | kind)) + piece))
    return out


def document_payloads(document: bytes) -> list[tuple[bool, bytes]]:
    """Return (last, payload) for one metadata document, cut into packets (ONVIF Streaming 5.1.2.1.1)."""
    pieces = [document[i : i + PAYLOAD] for i in range(0, len(document), PAYLOAD)]
    return [(n == len(pieces) - 1, piece) for n, piece in enumerate(pieces)]


class Sender:
    """One RTP stream to one client over an interleaved channel."""

    def __init__(self, channel: int, payload_type: int, ssrc: int, sequence: int) -> None:
        self.channel, self.payload_type, self.ssrc, self.sequence = channel, payload_type, ssrc, sequence
        self.packets = self.octets = 0

    def pack(self, payloads: list[tuple[bool, bytes]], timestamp: int) -> bytes:
        """Return interleaved frames ready to write."""
        out = []
        for marker, payload in payloads:
            out.append(
                struct.pack(
                    ">BBHBBHII", 0x24, self.channel, 12 + len(payload), 0x80,
                    (0x80 if marker else 0) | self.payload_type, self.sequence, timestamp & 0xFFFFFFFF, self.ssrc,
                )
            )  # fmt: skip
            out.append(payload)
            self.sequence = (self.sequence + 1) & 0xFFFF
            self.packets += 1
            self.octets += len(payload)
        return b"".join(out)

    def report(self, unix_s: float, timestamp: int) -> bytes:
        """Return an interleaved RTCP sender report."""
        ntp = unix_s + NTP_EPOCH_S
        body = struct.pack(
            ">BBHIIIIII", 0x80, 200, 6, self.ssrc, int(ntp), int((ntp % 1) * (1 << 32)), timestamp & 0xFFFFFFFF,
            self.packets & 0xFFFFFFFF, self.octets & 0xFFFFFFFF,
        )  # fmt: skip
        return struct.pack(">BBH", 0x24, self.channel + 1, len(body)) + body
