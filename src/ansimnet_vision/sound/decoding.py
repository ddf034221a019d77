"""Packets of G.711 and AAC to samples, in memory (RFC 3551, RFC 3640)."""

from __future__ import annotations

from typing import Any

import av
import numpy as np

from ansimnet_vision.sound.features import F32, RATE

CODECS = {"PCMU": "pcm_mulaw", "PCMA": "pcm_alaw", "MPEG4-GENERIC": "aac"}
"""Names in a session description, and the library's."""
MOST_UNITS = 16
"""Access units of one packet; cameras send one or two."""


class UnreadSoundError(ValueError):
    """These are not packets of a sound that is read here."""


class Decoder:
    """One stream of packets. `config`: `config` of the session description in hex, AAC only."""

    def __init__(self, encoding: str, clock_hz: int, config: str = "") -> None:
        """Make ready.

        Raises:
            UnreadSoundError: an encoding that is not read, or no configuration for AAC.
        """
        name = CODECS.get(encoding.upper())
        if name is None or not 0 < clock_hz <= 192_000:
            raise UnreadSoundError(f"`{encoding}` at {clock_hz} Hz is not read")
        context: Any = av.CodecContext.create(name, "r")
        if name == "aac":
            try:
                context.extradata = bytes.fromhex(config)
            except ValueError as error:
                raise UnreadSoundError("AAC without its configuration") from error
        context.sample_rate, context.layout = clock_hz, "mono"
        self._packed = name == "aac"
        self._context = context
        self._resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)

    def push(self, payload: bytes) -> F32:
        """Return the samples of one packet, mono, `RATE` a second; none of a damaged one."""
        pieces: list[F32] = []
        for unit in _units(payload) if self._packed else [payload]:
            try:
                frames = self._context.decode(av.Packet(unit))
            except av.FFmpegError:
                continue
            for frame in frames:
                pieces += [np.asarray(part.to_ndarray()[0], np.float32) for part in self._resampler.resample(frame)]
        return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def _units(payload: bytes) -> list[bytes]:
    """Return the access units of an AAC-hbr packet: headers of 13 bits of size and 3 of index."""
    many = int.from_bytes(payload[:2], "big") // 16
    if not 0 < many <= MOST_UNITS or len(payload) < 2 + 2 * many:
        return []
    at, out = 2 + 2 * many, []
    for n in range(many):
        size = int.from_bytes(payload[2 + 2 * n : 4 + 2 * n], "big") >> 3
        out.append(payload[at : at + size])
        at += size
    return [unit for unit in out if unit]
