"""A camera's microphone: the street's noise and what is played into it, as G.711 or AAC over RTP.

Sounds are told by the number of the sample, so that a test knows to the millisecond what a camera heard and when.
"""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import Any, Literal

import av
import numpy as np
from numpy.typing import NDArray

from ansimnet_sim.rtp import Sender

F32 = NDArray[np.float32]
Codec = Literal["PCMU", "PCMA", "AAC"]

RATES_HZ: dict[Codec, int] = {"PCMU": 8000, "PCMA": 8000, "AAC": 16_000}
PAYLOAD_TYPES: dict[Codec, int] = {"PCMU": 0, "PCMA": 8, "AAC": 97}
PACKET_S = 0.064
"""Sound of one packet: 1024 samples of AAC at 16 kHz."""


class Microphone:
    """One microphone. `play` lets it hear a sound from its next packet on; otherwise there is noise of `noise_db`."""

    def __init__(self, codec: Codec = "PCMU", noise_db: float = -60.0, seed: int = 0) -> None:
        self.codec, self.rate_hz = codec, RATES_HZ[codec]
        self._rng = np.random.default_rng(seed)
        self._noise = 10 ** (noise_db / 20)
        self._size = round(PACKET_S * self.rate_hz)
        self._next = 0
        self._played = np.zeros(0, np.float32)
        self._encoder = _encoder(codec, self.rate_hz)

    def play(self, sound: NDArray[Any], rate_hz: int) -> None:
        """Let it hear samples in [-1, 1]; what it still had to hear is heard at the same time."""
        many = round(len(sound) * self.rate_hz / rate_hz)
        resampled = np.interp(np.arange(many) * rate_hz / self.rate_hz, np.arange(len(sound)), sound)
        both = np.zeros(max(many, len(self._played)), np.float32)
        both[: len(self._played)] += self._played
        both[:many] += resampled.astype(np.float32)
        self._played = both

    def description(self, control: str) -> list[str]:
        """Return its lines of the session description."""
        kind = PAYLOAD_TYPES[self.codec]
        lines = [f"m=audio 0 RTP/AVP {kind}", "c=IN IP4 0.0.0.0"]
        if self.codec == "AAC":
            config = bytes(self._encoder.extradata or b"").hex()
            lines += [f"a=rtpmap:{kind} MPEG4-GENERIC/{self.rate_hz}/1",
                      f"a=fmtp:{kind} streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;"
                      f"indexdeltalength=3;config={config}"]  # fmt: skip
        else:
            lines.append(f"a=rtpmap:{kind} {self.codec}/{self.rate_hz}")
        return [*lines, f"a=control:{control}"]

    def packets(self, since_start_s: float) -> list[tuple[int, bytes]]:
        """Return (time stamp, payload) of everything heard until now; a late caller gets no more than half a second."""
        due = int(since_start_s * self.rate_hz) // self._size * self._size
        self._next = max(self._next, due - self.rate_hz // 2 // self._size * self._size)
        out = []
        while self._next < due:
            stamp = self._next
            self._next += self._size
            out += [(stamp, payload) for payload in self._encoded(self._heard())]
        return out

    def sent(self, sender: Sender, packets: list[tuple[int, bytes]]) -> bytes:
        """Return packets as one viewer gets them."""
        return b"".join(sender.pack([(True, payload)], stamp) for stamp, payload in packets)

    def _heard(self) -> F32:
        out = (self._noise * self._rng.normal(size=self._size)).astype(np.float32)
        now, self._played = self._played[: self._size], self._played[self._size :]
        out[: len(now)] += now
        return np.clip(out, -1, 1)

    def _encoded(self, samples: F32) -> list[bytes]:
        frame = av.AudioFrame.from_ndarray(_as(self.codec, samples)[None], format=_FORMATS[self.codec], layout="mono")
        frame.sample_rate, frame.time_base = self.rate_hz, Fraction(1, self.rate_hz)
        packets = [bytes(packet) for packet in self._encoder.encode(frame)]
        if self.codec == "AAC":  # one access unit a packet (RFC 3640, AAC-hbr)
            return [struct.pack(">HH", 16, len(data) << 3) + data for data in packets if data]
        return packets


_FORMATS: dict[Codec, str] = {"PCMU": "s16", "PCMA": "s16", "AAC": "fltp"}


def _as(codec: Codec, samples: F32) -> NDArray[Any]:
    return samples if codec == "AAC" else (samples * 32767).astype(np.int16)


def _encoder(codec: Codec, rate_hz: int) -> Any:
    names: dict[Codec, str] = {"PCMU": "pcm_mulaw", "PCMA": "pcm_alaw", "AAC": "aac"}
    context: Any = av.CodecContext.create(names[codec], "w")
    context.sample_rate, context.layout, context.format = rate_hz, "mono", _FORMATS[codec]
    context.time_base = Fraction(1, rate_hz)
    if codec == "AAC":
        context.bit_rate = 48_000
        context.flags |= 1 << 22  # AV_CODEC_FLAG_GLOBAL_HEADER: the configuration goes into the description
    context.open()
    return context
