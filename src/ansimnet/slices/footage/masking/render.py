"""Masked copies of recorded frames, and crops of them for the review. Works in the caller's thread; no event loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction

import av
from av.video.frame import VideoFrame

from ansimnet.kernel.errors import Fault
from ansimnet.slices.footage.masking.tracks import Masks
from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ, fragment, units_of
from ansimnet.slices.footage.relay.onvif import Box
from ansimnet.slices.footage.relay.ring import Frame, Init
from ansimnet.slices.footage.relay.source import init_of
from ansimnet.slices.footage.relay.transcode import EXPORT, Coded, Made, Quality, Transcoder

CROP_AROUND = 1.5
"""Sizes of a doubtful region shown around it on each side: enough to tell a head from a lamp."""


def render(
    frames: Iterable[Frame],
    masks: Masks,
    clear: frozenset[str] = frozenset(),
    *,
    quality: Quality = EXPORT,
    burn: Callable[[VideoFrame], None] | None = None,
) -> Iterator[Frame]:
    """Yield a masked copy of each frame that decodes. Tracks named in `clear` stay visible.

    `burn` draws on each picture (yuv420p, writable) after hiding.

    Raises:
        Fault: a picture could not be read, so the copy would have a hole.
    """
    transcoder, init, last = Transcoder(quality, burn), None, -1
    for number, frame in enumerate(frames, 1):
        picture = transcoder.decode(coded(frame))
        if picture is None:
            raise Fault("a recorded picture cannot be read")
        for made in transcoder.encode(picture, masks.regions(frame.pts, clear)):
            init = _init(made, init)
            dts = max(last + 1, made.pts)
            duration = min(max(dts - last, 1), CLOCK_HZ) if last >= 0 else CLOCK_HZ // 25
            last = dts
            data = fragment(number, dts, made.pts - dts, duration, made.key, made.units)
            yield Frame(init, dts, made.pts, made.key, data, frame.at_s)


def coded(frame: Frame) -> Coded:
    """Return a frame as a decoder takes it."""
    return Coded(frame.init.codec, frame.init.sets, units_of(frame.fragment), frame.dts, frame.pts, frame.key)


def pictures(frames: Iterable[Frame]) -> Iterator[VideoFrame]:
    """Yield the decoded pictures of frames that begin with a key frame."""
    transcoder = Transcoder()
    for frame in frames:
        picture = transcoder.decode(coded(frame))
        if picture is not None:
            yield picture


def crop(frames: Iterable[Frame], pts: int, box: Box) -> bytes:
    """Return the JPEG of a region with its surroundings, of the picture at `pts` or the last one before it.

    Raises:
        Fault: there is no such picture.
    """
    picture = None
    for one in pictures(frames):
        if picture is not None and (one.pts or 0) > pts:
            break
        picture = one
    if picture is None:
        raise Fault("the picture to review cannot be read")
    return jpeg(picture, _surroundings(box))


def jpeg(picture: VideoFrame, part: Box) -> bytes:
    """Return a part of a picture as JPEG."""
    rgb = picture.to_ndarray(format="rgb24")
    height, width = rgb.shape[:2]
    x1, y1 = int(part.x1 * width) & ~1, int(part.y1 * height) & ~1
    x2, y2 = max(x1 + 16, int(part.x2 * width)), max(y1 + 16, int(part.y2 * height))
    cut = rgb[y1:y2, x1:x2]
    cut = cut[: cut.shape[0] & ~1, : cut.shape[1] & ~1]
    still = VideoFrame.from_ndarray(cut.copy(), format="rgb24").reformat(format="yuvj420p")
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = still.width, still.height, "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"q": "4"}
    still.pts = 0
    return b"".join(bytes(p) for p in (*encoder.encode(still), *encoder.encode(None)))


def _surroundings(box: Box) -> Box:
    dx, dy = CROP_AROUND * (box.x2 - box.x1), CROP_AROUND * (box.y2 - box.y1)
    return Box(box.x1 - dx, box.y1 - dy, box.x2 + dx, box.y2 + dy).clipped() or Box(0.0, 0.0, 1.0, 1.0)


def _init(made: Made, before: Init | None) -> Init:
    if made.parameters is not None:
        return init_of(made.parameters)
    assert before is not None
    return before
