"""How well a track fits a description, a reference picture and a plate: reasons for and against, in nats."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ansimnet.kernel.ids import CameraId
from ansimnet.slices.tracing.model import Found
from ansimnet.slices.tracing.rules import scoring
from ansimnet.slices.tracing.rules.tracks import Track
from ansimnet.slices.tracing.rules.types import F32, PlateRead

VEHICLES = frozenset({"sedan", "suv", "van", "truck", "pickup", "hatchback", "bus", "taxi", "ambulance", "car"})
RIDDEN = frozenset({"bicycle", "motorcycle", "kickboard"})
SHARE = {"black": 0.35, "white": 0.25, "gray": 0.2, "blue": 0.12, "navy": 0.12, "brown": 0.08, "beige": 0.08}
"""How many of those who pass wear or drive a colour: winter streets are dark. Ours; every other colour 5 %."""
OTHERS_SHARE = 0.05
CARRIED_SHARE, CLASS_SHARE = 0.15, 0.2
PRIOR = 1 / 200
"""One of so many passers-by that a camera's search looks at is him. Ours; the relay has better: streets and time."""


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """Whom a search looks for: attributes of `rules.describe`, a picture's vector (D,) or None, a plate with `?`."""

    attributes: frozenset[tuple[str, str]]
    picture: F32 | None = None
    plate: str | None = None

    def kinds(self) -> frozenset[str]:
        """Return as what a camera may see the subject: on foot, riding, driving."""
        vehicles = {v for k, v in self.attributes if k == "vehicle"}
        found = {"vehicle"} if vehicles & VEHICLES or self.plate else set[str]()
        found |= {"cyclist"} if vehicles & RIDDEN else set()
        worn = any(k.partition("_")[0] in ("upper", "lower", "whole", "hat", "bag") for k, _ in self.attributes)
        return frozenset(found | ({"person"} if worn or not found else set()))


def plate_pattern(attributes: frozenset[tuple[str, str]]) -> str | None:
    """Return the plate of a description, `?` where it is unknown.

    >>> plate_pattern(frozenset({("plate_part", "3456")}))
    '???3456'
    """
    said = dict(sorted(attributes))
    if "plate" in said:
        return said["plate"]
    part = said.get("plate_part", "")
    if not part:
        return None
    return part + "?" * 4 if not part.isdigit() else "?" * (7 - len(part)) + part


def terms(wanted: Wanted, track: Track) -> dict[str, float]:
    """Return what speaks for (above 0) and against a track being the subject, by name."""
    said: dict[str, float] = {}
    for key, value in (("upper_colour", track.upper_colour), ("lower_colour", track.lower_colour)):
        _colour(said, wanted, key, value)
    _colour(said, wanted, "vehicle_colour", track.vehicle_colour)
    classes = {v for k, v in wanted.attributes if k == "vehicle"} - {"car"}
    if classes and track.vehicle and track.vehicle != "car":  # a camera that cannot tell which says nothing of it
        said["vehicle"] = scoring.described_llr({"vehicle": track.vehicle in classes}, {"vehicle": CLASS_SHARE})
    bags = {v for k, v in wanted.attributes if k in ("bag", "carried")} - {"none"}
    if bags and track.kind == "person":
        said["carried"] = scoring.described_llr(
            {"carried": bool(bags & set(track.carried))}, {"carried": CARRIED_SHARE}
        )
    if wanted.plate and track.plate:
        said["plate"] = scoring.plate_llr(wanted.plate, PlateRead(track.plate, track.plate_p))
    if wanted.picture is not None and track.appearance:
        looks = np.frombuffer(track.vector(), np.int8).astype(np.float32)
        cosine = scoring.similarity(wanted.picture.astype(np.float64), looks)
        said["appearance"] = scoring.looks_llr(scoring.looks_prior(), 1, cosine)
    return said


def _colour(said: dict[str, float], wanted: Wanted, key: str, seen: str) -> None:
    colours = {v for k, v in wanted.attributes if k == key}
    if colours and seen:
        share = {key: sum(SHARE.get(c, OTHERS_SHARE) for c in colours)}
        said[key] = scoring.described_llr({key: seen in colours or _near(seen, colours)}, share)


def _near(seen: str, colours: set[str]) -> bool:
    return any(seen in near and colours & near for near in _NEAR)


_NEAR = tuple(
    frozenset(near.split())
    for near in ("black navy", "navy blue", "gray silver", "white ivory", "ivory beige", "beige brown", "red burgundy",
                 "green khaki", "green lime", "green mint", "blue sky_blue", "yellow gold", "pink purple")
)  # fmt: skip
"""Colours that cameras take for each other at night; a term agrees on either. Ours."""


def shortlist(found: Iterable[Found], most: int) -> list[Found]:
    """Return the likeliest of what was found, `most` at most.

    Words leave many equals: all of whom a camera told no colour are as likely. Of equals the cameras take turns, each
    with its newest first. By the clock alone those who passed first would fill the list, and whoever is followed by
    night was never among the candidates of the cameras that he comes to late.
    """
    turns, rows = Counter[tuple[float, CameraId]](), list[tuple[float, int, float, Found]]()
    for one in sorted(found, key=lambda f: (f.from_at, f.candidate_id), reverse=True):
        score = round(one.score, 9)
        rows.append((-score, turns[score, one.camera_id], -one.from_at.timestamp(), one))
        turns[score, one.camera_id] += 1
    return [row[3] for row in sorted(rows, key=lambda r: r[:3])[:most]]


def probability(said: Mapping[str, float]) -> float:
    """Return the probability of these terms together, from `PRIOR` on: what ranks before streets and time do.

    >>> probability({"plate": 20.0}) > 0.99 > probability({"upper_colour": 1.0})
    True
    """
    logit = sum(said.values()) + math.log(PRIOR / (1 - PRIOR))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
