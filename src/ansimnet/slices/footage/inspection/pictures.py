"""From a key frame to its luma plane: the one place where an inspection touches a picture."""

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from ansimnet.slices.footage.inspection.measuring import Reading, measure
from ansimnet.slices.footage.relay.fmp4 import units_of
from ansimnet.slices.footage.relay.transcode import Coded, Transcoder


def luma_of(picture: VideoFrame) -> NDArray[np.uint8]:
    """Return the luma plane (height, width), a view into the decoder's memory."""
    if picture.format.name not in ("yuv420p", "yuvj420p"):
        picture = picture.reformat(format="yuv420p")
    plane = picture.planes[0]
    return np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]  # type: ignore[call-overload, no-any-return]


def read_key_frame(codec: str, sets: bytes, fragment: bytes) -> Reading | None:
    """Decode one key frame and measure it; None where it cannot be read."""
    picture = Transcoder().decode(Coded(codec, sets, units_of(fragment), 0, 0, True))
    return None if picture is None else measure(luma_of(picture))
