"""Decode a frame, hide parts of its picture, encode it again. Used by one thread at a time; knows no stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import av
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ
from ansimnet.slices.footage.relay.h264 import IDR, PPS, SLICE, SPS, Parameters, split_annex_b
from ansimnet.slices.footage.relay.hiding import Polygon
from ansimnet.slices.footage.relay.mosaic import hide
from ansimnet.slices.footage.relay.onvif import Box

GROUP_TICKS = 2 * CLOCK_HZ
"""A key frame at least every two seconds, as the cameras send."""
_TIME_BASE = Fraction(1, CLOCK_HZ)


@dataclass(frozen=True, slots=True)
class Quality:
    """How a rendition is encoded: x264 preset, constant rate factor, ceiling in bits a pixel and second."""

    preset: str
    crf: int
    bits: int


LIVE = Quality("ultrafast", 26, 4)
"""As good as its sub-stream; the ceiling holds a noisy night."""
EXPORT = Quality("veryfast", 20, 12)
"""What is not hidden must stay evidence: blocks of it are compared with the original's."""


@dataclass(frozen=True, slots=True)
class Coded:
    """One frame as a decoder takes it. `sets`: parameter sets with start codes; `units`: NAL units without."""

    codec: str
    sets: bytes
    units: Sequence[bytes]
    dts: int
    pts: int
    key: bool


@dataclass(frozen=True, slots=True)
class Made:
    """One encoded frame. `parameters` where the encoder gave new ones."""

    pts: int
    key: bool
    units: tuple[bytes, ...]
    parameters: Parameters | None


class Transcoder:
    """Decoder and encoder of one rendition. `burn` draws on the picture after hiding, before encoding."""

    def __init__(self, quality: Quality = LIVE, burn: Callable[[VideoFrame], None] | None = None) -> None:
        self._quality = quality
        self._burn = burn
        self._decoder: VideoCodecContext | None = None
        self._encoder: VideoCodecContext | None = None
        self._sets = b""
        self._group_pts = 0

    def decode(self, coded: Coded) -> VideoFrame | None:
        """Return the picture in a frame, None where the decoder holds it back or cannot read it."""
        if coded.sets != self._sets or self._decoder is None:
            if not coded.key:
                return None
            decoder = av.CodecContext.create("hevc" if coded.codec[:3] in ("hvc", "hev") else "h264", "r")
            decoder.thread_count = 1
            decoder.extradata = coded.sets
            decoder.flags |= Flags.low_delay
            self._decoder, self._sets = decoder, coded.sets
        packet = av.Packet(b"".join(part for unit in coded.units for part in (b"\0\0\0\1", unit)))
        packet.pts, packet.dts, packet.time_base = coded.pts, coded.dts, _TIME_BASE
        try:
            pictures = self._decoder.decode(packet)
        except av.FFmpegError:
            self._decoder = None  # begins again at the next key frame
            return None
        return pictures[-1] if pictures else None

    def encode(self, picture: VideoFrame, regions: Sequence[Box] | None, zones: tuple[Polygon, ...] = ()) -> list[Made]:
        """Hide and encode one picture."""
        pts = picture.pts or 0
        if picture.format.name not in ("yuv420p", "yuvj420p"):
            picture = picture.reformat(format="yuv420p")
        if regions is None or regions or zones or self._burn is not None:
            picture.make_writable()  # the decoder still predicts from its own copy
            hide(picture, regions, zones)
            if self._burn is not None:
                self._burn(picture)
        encoder, fresh = self._encoder_for(picture.width, picture.height)
        key = fresh or pts - self._group_pts >= GROUP_TICKS or pts < self._group_pts
        if key:
            self._group_pts = pts
        picture.pts, picture.time_base = pts, _TIME_BASE
        picture.pict_type = PictureType.I if key else PictureType.NONE
        return [_made(bytes(packet), packet.pts or pts, bool(packet.is_keyframe)) for packet in encoder.encode(picture)]

    def _encoder_for(self, width: int, height: int) -> tuple[VideoCodecContext, bool]:
        encoder = self._encoder
        if encoder is not None and (encoder.width, encoder.height) == (width, height):
            return encoder, False
        encoder = av.CodecContext.create("libx264", "w")
        encoder.width, encoder.height = width, height
        encoder.pix_fmt = "yuv420p"
        encoder.time_base = _TIME_BASE
        encoder.framerate = Fraction(25)
        encoder.thread_count = 1
        encoder.options = options_of(self._quality, width, height)
        self._encoder = encoder
        return encoder, True


def options_of(quality: Quality, width: int, height: int) -> dict[str, str]:
    """Return what x264 is told."""
    cap_kbit = max(256, width * height * quality.bits // 1000)
    return {
        "preset": quality.preset,
        "tune": "zerolatency",
        "profile": "baseline",
        "crf": str(quality.crf),
        "forced-idr": "1",
        "x264-params": f"keyint=10000:scenecut=0:vbv-maxrate={cap_kbit}:vbv-bufsize={cap_kbit}:sliced-threads=0",
    }


def _made(data: bytes, pts: int, key: bool) -> Made:
    units = split_annex_b(data)
    sps = next((u for u in units if u[0] & 31 == SPS), None)
    pps = tuple(u for u in units if u[0] & 31 == PPS)
    slices = tuple(u for u in units if u[0] & 31 in (SLICE, IDR))
    return Made(pts, key, slices, Parameters(sps, pps) if sps is not None and pps else None)
