"""Pictures and files made of recorded frames: stills, strips of small ones, masked clips, several cameras side by side.

Decodes what cameras sent, so it runs in a process of its own (`picture_worker`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from math import ceil, sqrt
from typing import NamedTuple

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from ansimnet.kernel.errors import Fault
from ansimnet.slices.footage.masking.render import coded, jpeg, render
from ansimnet.slices.footage.masking.tracks import Masks
from ansimnet.slices.footage.recording.frames import Frames
from ansimnet.slices.footage.recording.mp4 import movie
from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ, fragment
from ansimnet.slices.footage.relay.mosaic import hide
from ansimnet.slices.footage.relay.onvif import Box
from ansimnet.slices.footage.relay.ring import Frame, Init
from ansimnet.slices.footage.relay.source import init_of
from ansimnet.slices.footage.relay.transcode import LIVE, Made, Transcoder

Rgb = NDArray[np.uint8]
"""A picture, shape (height, width, 3)."""

WHOLE = Box(0.0, 0.0, 1.0, 1.0)
TILE_SHAPE = 16 / 9
GRID_WIDTH, GRID_HEIGHT, GRID_FPS = 1280, 720, 12.5
"""What a phone and a projector show; half the pictures of a camera are enough to follow a person side by side."""
STALE_TICKS = CLOCK_HZ
"""A picture older than this is not shown in a grid: a gap must not look like a street where nothing moves."""
GAP_DARK, GAP_LIGHT = 24, 44


class Film(NamedTuple):
    """Frames with what is hidden in them; `masks` None: the original."""

    found: Frames
    masks: Masks | None
    clear: frozenset[str] = frozenset()


def clip(film: Film) -> bytes:
    """Return a film as MP4."""
    if film.masks is None:
        return movie(film.found.frames)
    return movie(list(render(film.found.frames, film.masks, film.clear, quality=LIVE)))


def still(film: Film, part: Box = WHOLE) -> bytes:
    """Return the last picture of a film, or a part of it, as JPEG.

    Raises:
        Fault: it cannot be read.
    """
    picture = None
    for _, picture in _pictures(film):  # noqa: B007 - the last one is wanted
        pass
    if picture is None:
        raise Fault("this picture cannot be read")
    return jpeg(picture, part)


def strip(films: Sequence[Film | None], width: int) -> bytes:
    """Return the first picture of each film beside one another as one JPEG; a hatched tile where there is none."""
    height = round(width / TILE_SHAPE / 2) * 2
    tiles = [_hatch(width, height) for _ in films]
    for tile, film in zip(tiles, films, strict=True):
        first = None if film is None else next(_pictures(film), None)
        if first is not None:
            tile[:] = _scaled(first[1], width, height)
    return jpeg(VideoFrame.from_ndarray(np.concatenate(tiles, axis=1), format="rgb24"), WHOLE)


def grid(films: Sequence[Film | None], from_at: datetime, until: datetime) -> bytes:
    """Return several cameras side by side as MP4, in the order given, from one instant to another.

    A tile without a picture of that second is hatched.
    """
    columns = ceil(sqrt(len(films)))
    rows = ceil(len(films) / columns)
    wide, tall = GRID_WIDTH // columns // 2 * 2, GRID_HEIGHT // rows // 2 * 2
    canvas = np.concatenate([_hatch(wide * columns, tall) for _ in range(rows)])
    walks = [_Walk(f, from_at, wide, tall) for f in films]
    transcoder, frames, init = Transcoder(LIVE), list[Frame](), None
    step = round(CLOCK_HZ / GRID_FPS)
    for n in range(max(1, int((until - from_at).total_seconds() * GRID_FPS))):
        for i, walk in enumerate(walks):
            y, x = i // columns * tall, i % columns * wide
            canvas[y : y + tall, x : x + wide] = walk.at(n * step)
        picture = VideoFrame.from_ndarray(canvas, format="rgb24")
        picture.pts = n * step
        for made in transcoder.encode(picture, ()):
            init = init_of(made.parameters) if made.parameters is not None else init
            frames.append(_frame(made, init, len(frames), step))
    return movie(frames)


class _Walk:
    """Goes through a film along a clock that begins at an instant."""

    def __init__(self, film: Film | None, from_at: datetime, width: int, height: int) -> None:
        self._size = (width, height)
        self._hatch = _hatch(width, height)
        self._shift = 0 if film is None else film.found.tick(from_at)
        self._coming = iter(()) if film is None else _pictures(film)
        self._next = next(self._coming, None)
        self._shown, self._shown_at = self._hatch, -STALE_TICKS

    def at(self, ticks: int) -> Rgb:
        """Return the tile at an instant; instants come in order."""
        last = None
        while self._next is not None and self._next[0] - self._shift <= ticks:
            last = self._next
            self._next = next(self._coming, None)
        if last is not None:
            self._shown, self._shown_at = _scaled(last[1], *self._size), last[0] - self._shift
        return self._shown if ticks - self._shown_at < STALE_TICKS else self._hatch


def _pictures(film: Film) -> Iterator[tuple[int, VideoFrame]]:
    """Yield a film's pictures with their times, hidden parts hidden."""
    transcoder = Transcoder()
    for frame in film.found.frames:
        picture = transcoder.decode(coded(frame))
        if picture is None:
            continue
        if film.masks is not None:
            if picture.format.name not in ("yuv420p", "yuvj420p"):
                picture = picture.reformat(format="yuv420p")
            picture.make_writable()
            hide(picture, film.masks.regions(frame.pts, film.clear))
        yield frame.pts, picture


def _frame(made: Made, init: Init | None, number: int, step: int) -> Frame:
    assert init is not None
    data = fragment(number + 1, made.pts, 0, step, made.key, made.units)
    return Frame(init, made.pts, made.pts, made.key, data, 0.0)


def _scaled(picture: VideoFrame, width: int, height: int) -> Rgb:
    return np.asarray(picture.to_ndarray(format="rgb24", width=width, height=height), np.uint8)


def _hatch(width: int, height: int) -> Rgb:
    y, x = np.mgrid[0:height, 0:width]
    light = (x + y) // 8 % 2 == 0
    return np.repeat(np.where(light, GAP_LIGHT, GAP_DARK).astype(np.uint8)[:, :, None], 3, axis=2)


MAKES: dict[str, object] = {"clip": clip, "still": still, "strip": strip, "grid": grid}
"""What a worker may be asked for."""


def made(name: str, args: Iterable[object]) -> bytes:
    """Return what was asked for by name."""
    make = MAKES[name]
    assert callable(make)
    result = make(*args)
    assert isinstance(result, bytes)
    return result
