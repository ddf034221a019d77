"""Reads what a worker tells of a track, and packs tracks to be sealed."""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from ansimnet.slices.tracing.model import DIMENSIONS, KEPT, hour_of

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Word = Annotated[str, msgspec.Meta(max_length=24, pattern=r"^[a-z_]*$")]
LONGEST = timedelta(hours=1)
"""A longer track is two: nobody stands in one view for longer and is still followed. Ours."""
MOST_PLAIN = 1 << 24
"""A block unpacks to this much at most: some twenty thousand tracks. Ours."""
FARTHEST_S = 1e11
"""No instant of ours is farther from 1970; beyond it Python has no date."""
AHEAD = timedelta(minutes=2)
"""How far a worker's clock may run before ours. Ours."""


class Track(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One track of one camera. Words are those of `rules.describe`; there is no face in it.

    `from_s until_s` POSIX seconds; `place` lon and lat where the camera is calibrated; `heading_deg` the course on
    leaving, clockwise from north; `shot` when its best picture was taken and where in it he is (x1 y1 x2 y2, parts of
    the picture); `plate_p` the probability of each character; `appearance` base64 of int8 (256,).
    """

    id: UUID
    camera_id: UUID
    from_s: float
    until_s: float
    kind: Literal["person", "cyclist", "vehicle"]
    place: tuple[float, float] | None = None
    heading_deg: float | None = None
    shot: tuple[float, Share, Share, Share, Share] | None = None
    upper_colour: Word = ""
    lower_colour: Word = ""
    carried: tuple[Word, ...] = ()
    vehicle: Word = ""
    vehicle_colour: Word = ""
    plate: Annotated[str, msgspec.Meta(max_length=9)] = ""
    plate_p: tuple[Share, ...] = ()
    appearance: Annotated[str, msgspec.Meta(max_length=400)] = ""

    def vector(self) -> bytes:
        """Return the appearance, int8 (256,), empty where there is none."""
        return base64.b64decode(self.appearance)


def read(said: object, now: datetime) -> Track | str:
    """Return a track, or why it is none: one sentence, for the worker's log."""
    try:
        track = msgspec.convert(said, Track)
        size = len(base64.b64decode(track.appearance, validate=True))
    except (msgspec.ValidationError, ValueError) as error:
        return str(error)
    if size not in (0, DIMENSIONS):
        return f"an appearance has {DIMENSIONS} bytes"
    if not (math.isfinite(track.from_s) and math.isfinite(track.until_s) and abs(track.from_s) < FARTHEST_S):
        return "times are POSIX seconds"
    if not 0 <= track.until_s - track.from_s <= LONGEST.total_seconds():
        return "a track begins before it ends and lasts an hour at most"
    began = datetime.fromtimestamp(track.from_s, UTC)
    if not now - KEPT < hour_of(began) or began > now + AHEAD:
        return "the track is not of the past 30 days"
    if len(track.plate) != len(track.plate_p):
        return "each character of a plate has one probability"
    return track if _pictured(track) else "a picture is of its track's time, and its box has a size"


def pack(tracks: Sequence[Track]) -> bytes:
    """Return tracks as bytes to be sealed."""
    return zlib.compress(msgspec.msgpack.encode(tracks), 1)


def unpack(plain: bytes, camera_id: UUID, hour_at: datetime) -> list[Track]:
    """Return the tracks of `pack` that are of this camera and hour.

    Workers seal by themselves, so nobody has read what is in a block: what is no track, or another camera's or hour's,
    is left out, and a block that is no list of tracks has none.
    """
    try:
        found = msgspec.msgpack.decode(zlib.decompressobj().decompress(plain, MOST_PLAIN), type=list[Track])
    except (zlib.error, msgspec.DecodeError):
        return []
    return [
        t
        for t in found
        if t.camera_id == camera_id
        and abs(t.from_s) < FARTHEST_S
        and hour_of(datetime.fromtimestamp(t.from_s, UTC)) == hour_at
        and 0 <= t.until_s - t.from_s <= LONGEST.total_seconds()
        and len(t.plate) == len(t.plate_p)
        and _sized(t)
        and _pictured(t)
    ]


def _pictured(track: Track) -> bool:
    if track.shot is None:
        return True
    at_s, x1, y1, x2, y2 = track.shot
    return track.from_s - 1 <= at_s <= track.until_s + 1 and x1 < x2 and y1 < y2


def _sized(track: Track) -> bool:
    try:
        return len(base64.b64decode(track.appearance, validate=True)) in (0, DIMENSIONS)
    except ValueError:  # no base64, or not even ASCII
        return False
