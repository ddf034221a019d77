"""Reads what workers send: a report that makes sense, or what is wrong with it, by its place in the batch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from ansimnet.facts.vision import Behaviour
from ansimnet.kernel.ids import CameraId
from ansimnet.slices.vision.model import Refused, Report
from ansimnet.slices.vision.rules.calibration import logit

AHEAD = timedelta(minutes=1)
"""How far a worker's clock may be before ours."""
OLDEST = timedelta(hours=24)
"""A worker that was cut off for longer has nothing to alarm of any more. Ours."""
LONGEST = timedelta(hours=6)

Part = Annotated[float, Meta(ge=0, le=1)]
Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class _Wire(Struct, forbid_unknown_fields=True):
    """A report as it comes. Instants are seconds since 1970, UTC; the place is longitude, latitude.

    A place that cannot be, and a number of the evidence that is none, are left out: they are no reason to hear nothing.
    """

    id: UUID
    camera_id: UUID
    behaviour: Behaviour
    at: float
    since: float
    probability: Part | None
    box: tuple[Part, Part, Part, Part]
    tracks: Annotated[tuple[Annotated[int, Meta(ge=-(2**53), le=2**53)], ...], Meta(max_length=64)]
    place: tuple[float, float] | None
    evidence: Annotated[dict[Name, float], Meta(max_length=32)]
    model: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}@[0-9a-f]{8}$")]
    shadow: bool


def read(index: int, said: object, now: datetime) -> Report | Refused:
    """Return one report of a batch, or what is wrong with it."""
    try:
        wire = msgspec.convert(said, _Wire)
        at, since = datetime.fromtimestamp(wire.at, UTC), datetime.fromtimestamp(wire.since, UTC)
    except (msgspec.ValidationError, ValueError, OverflowError, OSError) as error:
        return Refused(index, "malformed", str(error))
    wrong = _wrong(wire, at, since, now)
    if wrong is not None:
        return Refused(index, *wrong)
    return Report(
        report_id=wire.id,
        camera_id=CameraId(wire.camera_id),
        behaviour=wire.behaviour,
        at=at,
        since=since,
        score=_score(wire),
        probability=wire.probability,
        box=wire.box,
        tracks=wire.tracks,
        place=wire.place if wire.place is not None and _is_place(*wire.place) else None,
        evidence={name: value for name, value in wire.evidence.items() if math.isfinite(value)},
        model=wire.model,
        shadow=wire.shadow,
    )


def _wrong(wire: _Wire, at: datetime, since: datetime, now: datetime) -> tuple[str, str] | None:
    if at > now + AHEAD:
        return "in-the-future", "the instant has not come: set the worker's clock"
    if at < now - OLDEST:
        return "too-old", "more than a day has passed"
    if not at - LONGEST <= since <= at:
        return "malformed", "`since` is after `at`, or hours before it"
    if wire.box[0] >= wire.box[2] or wire.box[1] >= wire.box[3]:
        return "malformed", "`box` is empty"
    if not math.isfinite(wire.evidence.get("score", 0.0)):
        return "malformed", "`evidence.score` is no number"
    if wire.probability is None and "score" not in wire.evidence:
        return "malformed", "neither `probability` nor `evidence.score` is given"
    return None


def _is_place(lon: float, lat: float) -> bool:
    return -180 <= lon <= 180 and -90 <= lat <= 90


def _score(wire: _Wire) -> float:
    """Return the log likelihood ratio, or the log odds where the worker says only how probable it is."""
    given: Mapping[str, float] = wire.evidence
    if "score" in given:
        return max(-100.0, min(100.0, given["score"]))
    assert wire.probability is not None
    return logit(wire.probability)
