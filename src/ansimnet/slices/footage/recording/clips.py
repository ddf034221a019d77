"""Clips: the seconds before and after a moment, as one file that phones play."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from ansimnet.kernel.errors import NotFound, Refusal
from ansimnet.kernel.ids import CameraId
from ansimnet.slices.footage.archive.model import Gap
from ansimnet.slices.footage.masking.tracks import fill
from ansimnet.slices.footage.model import Track
from ansimnet.slices.footage.recording.cutter import HOLE_S
from ansimnet.slices.footage.recording.frames import Frames
from ansimnet.slices.footage.recording.mp4 import movie
from ansimnet.slices.footage.recording.picture_worker import PictureWorker
from ansimnet.slices.footage.recording.pictures import Film
from ansimnet.slices.footage.recording.window import Window
from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ
from ansimnet.slices.footage.relay.gate import Span
from ansimnet.slices.footage.relay.onvif import Box

BEFORE_S = AFTER_S = 10.0
"""About 20 seconds of video go to the protected person (VP-06)."""
MOST_S = 60.0
"""What is longer than a minute is an export, with its own approval."""
ON_ITS_WAY_S = 0.3
"""How long the last picture of a clip may take from the lens to us."""
MARGIN = timedelta(seconds=5)
"""Sightings read around a clip (`masking.tracks.BRIDGE_S`)."""
MOST_CAMERAS = 9
"""Three by three: in smaller tiles nobody is recognised as the one who turned the corner."""


AROUND, LEAST_PART = 1.5, 0.2
"""A portrait is so many times as high as the person, and at least this part of the picture. Ours."""


class TooLong(Refusal):
    """A clip lasts a minute at most."""

    name = "too-long"


class NothingRecorded(NotFound):
    """There is no picture of that time."""

    name = "nothing-recorded"


@dataclass(frozen=True, slots=True)
class Clip:
    """An MP4 with its index in front. `from_at` may be up to a group of pictures before what was asked for."""

    data: bytes
    from_at: datetime
    until: datetime
    gaps: tuple[Gap, ...]


class Clips:
    """Cuts clips from the recorder's memory and the archive. Whoever asks holds a permit and says what it allows."""

    def __init__(self, window: Window, worker: PictureWorker) -> None:
        self.window = window
        self.worker = worker

    async def cut(
        self,
        camera_id: CameraId,
        at: datetime,
        before_s: float = BEFORE_S,
        after_s: float = AFTER_S,
        *,
        original: bool = False,
        clear: frozenset[str] = frozenset(),
    ) -> Clip:
        """Return the seconds around a moment, everybody hidden but the tracks in `clear`; waits for what is to come.

        Raises:
            TooLong: longer than a minute.
            NothingRecorded: there is no picture of it.
        """
        until = at + timedelta(seconds=after_s)
        left_s = (until - self.window.archive.guard.now()).total_seconds()
        if 0 < left_s <= MOST_S:
            await asyncio.sleep(left_s + ON_ITS_WAY_S)
        return await self.between(camera_id, (at - timedelta(seconds=before_s), until), original=original, clear=clear)

    async def between(
        self,
        camera_id: CameraId,
        span: Span,
        *,
        original: bool = False,
        clear: frozenset[str] = frozenset(),
        not_before: datetime | None = None,
        track: Track = Track.SUB,
    ) -> Clip:
        """Return a span as a clip. `not_before`: no older picture may be in it. Raises as `cut`."""
        film = await self.film(camera_id, span, original=original, clear=clear, not_before=not_before, track=track)
        if film is None:
            raise NothingRecorded
        frames = film.found.frames
        data = movie(frames) if original else await self.worker.ask("clip", film)
        first, last = film.found.at(frames[0].dts), film.found.at(frames[-1].dts)
        gaps = () if _whole(film.found, span) else tuple(await self.window.gaps(camera_id, *span, track))
        return Clip(data, first, last, gaps)

    async def film(
        self,
        camera_id: CameraId,
        span: Span,
        *,
        original: bool,
        clear: frozenset[str] = frozenset(),
        not_before: datetime | None = None,
        track: Track = Track.SUB,
    ) -> Film | None:
        """Return the frames of a span with what is hidden in them, None where there are none.

        Raises:
            TooLong: longer than a minute.
        """
        if (span[1] - span[0]).total_seconds() > MOST_S:
            raise TooLong
        margin = timedelta(0) if original else MARGIN
        around = await self.window.frames(camera_id, span[0] - margin, span[1] + margin, track)
        found = None if around is None else around.between(*span, not_before=not_before)
        if found is None or not found.frames:
            return None
        return film_of(found, original=original, clear=clear)

    async def merge(self, cameras: Sequence[CameraId], span: Span, *, original: bool) -> bytes:
        """Return several cameras side by side as MP4.

        Raises:
            TooLong: longer than a minute, or more cameras than nine.
        """
        if not 1 <= len(cameras) <= MOST_CAMERAS:
            raise TooLong("nine cameras at most")
        films = [await self.film(c, span, original=original, not_before=span[0]) for c in cameras]
        return await self.worker.ask("grid", films, *span)

    async def still(self, camera_id: CameraId, at: datetime, *, original: bool, clear: frozenset[str]) -> bytes:
        """Return the picture at an instant as JPEG.

        Raises:
            NothingRecorded: there is none within a second before it.
        """
        span = (at, at + timedelta(milliseconds=1))
        film = await self.film(camera_id, span, original=original, clear=clear)
        last = None if film is None else film.found.at(film.found.frames[-1].dts)
        if film is None or last is None or (at - last).total_seconds() > 1.0:
            raise NothingRecorded
        return await self.worker.ask("still", film)

    async def portrait(self, camera_id: CameraId, at: datetime, box: Box) -> tuple[bytes, Box]:
        """Return somebody large as JPEG, everybody else hidden, and where he is in it.

        Where no track stands in the box nobody is clear: what is not vouched for stays hidden.

        Raises:
            NothingRecorded: there is no picture within a second before the instant.
        """
        found = await self.film(camera_id, (at, at + timedelta(milliseconds=1)), original=False)
        last = None if found is None else found.found.frames[-1]
        if found is None or last is None or (at - found.found.at(last.dts)).total_seconds() > 1.0:
            raise NothingRecorded
        assert found.masks is not None
        name = found.masks.standing_in(box, last.pts)
        film = found._replace(clear=frozenset() if name is None else frozenset({name}))
        part = around(box)
        still = await self.worker.ask("still", film, part)
        return still, Box(*((v - o) / s for v, o, s in zip(box, part[:2] * 2, _sizes(part) * 2, strict=True)))

    async def strip(
        self, camera_id: CameraId, instants: Sequence[datetime], width: int, *, original: bool, clear: frozenset[str]
    ) -> bytes:
        """Return small pictures of these instants beside one another as one JPEG; hatched where there is none."""
        films = [await self._tile(camera_id, at, original=original, clear=clear) for at in instants]
        return await self.worker.ask("strip", films, width)

    async def _tile(self, camera_id: CameraId, at: datetime, *, original: bool, clear: frozenset[str]) -> Film | None:
        """Return the key frame at an instant or up to a group of pictures before it."""
        film = await self.film(camera_id, (at, at + timedelta(milliseconds=1)), original=original, clear=clear)
        if film is None or (at - film.found.at(film.found.frames[0].dts)).total_seconds() > MARGIN.total_seconds():
            return None
        found = film.found
        one = Frames(found.camera_id, found.track, found.start, found.frames[:1], found.sightings)
        return film_of(one, original=original, clear=clear)


def around(box: Box) -> Box:
    """Return the part of a picture that shows somebody large: one and a half of him high, four by three, inside it.

    >>> around(Box(0.4, 0.4, 0.5, 0.8))
    Box(x1=0.225, y1=0.3, x2=0.675, y2=0.9)
    """
    high = min(1.0, max(LEAST_PART, AROUND * (box.y2 - box.y1)))
    wide = min(1.0, max(high * 0.75, AROUND * (box.x2 - box.x1)))  # of a picture 16 by 9
    x = min(max(0.0, (box.x1 + box.x2 - wide) / 2), 1.0 - wide)
    y = min(max(0.0, (box.y1 + box.y2 - high) / 2), 1.0 - high)
    return Box(round(x, 6), round(y, 6), round(x + wide, 6), round(y + high, 6))


def _sizes(part: Box) -> tuple[float, float]:
    return part.x2 - part.x1, part.y2 - part.y1


def _whole(found: Frames, span: Span) -> bool:
    """Return whether frames cover a span without a hole."""
    times = [found.tick(span[0]), *(f.dts for f in found.frames), found.tick(span[1])]
    return all(b - a <= HOLE_S * CLOCK_HZ for a, b in pairwise(times))


def film_of(found: Frames, *, original: bool, clear: frozenset[str]) -> Film:
    """Return frames with what is hidden in them, by the boxes that lie beside them."""
    if original:
        return Film(found, None)
    return Film(found, fill(found.sightings, found.frames[0].pts, found.frames[-1].pts + CLOCK_HZ), clear)
