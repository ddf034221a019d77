"""What a reviewer decided about doubtful frames, put into the masks. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from ansimnet.slices.footage.masking.doubts import Doubt
from ansimnet.slices.footage.masking.tracks import Masks, Opening, Patch
from ansimnet.slices.footage.relay.onvif import Box


class Verdict(StrEnum):
    """What a person says who looked."""

    MASK = "mask"  # good as it is
    CLEAR = "clear"  # nobody and no plate: a sign, a shadow
    WIDEN = "widen"  # a head or plate stands free: hide this rectangle too


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision, for [from_pts, until_pts) of a track. `box`: what `WIDEN` hides."""

    verdict: Verdict
    track: str
    from_pts: int
    until_pts: int
    box: Box | None


SAME_TICKS = 2
"""Instants on their way through microseconds move a tick by one at most, on either side."""


def open_spans(doubts: Iterable[Doubt], decisions: Iterable[Decided]) -> tuple[tuple[int, int], ...]:
    """Return the spans of doubts that nobody decided about: there the whole picture is hidden."""
    known: dict[str, list[Decided]] = {}
    for d in decisions:
        known.setdefault(d.track, []).append(d)
    return tuple(
        (doubt.from_pts, doubt.until_pts)
        for doubt in doubts
        if not any(
            d.from_pts <= doubt.from_pts + SAME_TICKS and doubt.until_pts <= d.until_pts + SAME_TICKS
            for d in known.get(doubt.track, ())
        )
    )


def applied(masks: Masks, decisions: Iterable[Decided], whole: Iterable[tuple[int, int]] = ()) -> Masks:
    """Return the masks as the reviewer left them; in the spans `whole` everything is hidden."""
    patches, openings = list(masks.patches), list(masks.openings)
    for d in decisions:
        if d.verdict is Verdict.WIDEN and d.box is not None:
            patches.append(Patch(d.from_pts, d.until_pts, d.box))
        elif d.verdict is Verdict.CLEAR:
            openings.append(Opening(d.track, d.from_pts, d.until_pts))
    return replace(masks, blind=(*masks.blind, *whole), patches=tuple(patches), openings=tuple(openings))
