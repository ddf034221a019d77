"""Visits: a worker notes whoever stays in view in parts of ten seconds; streets and times know coming and leaving.

A part that was cut goes on in the part of the same camera that begins where it ended and looks most alike. Taken for
a track of its own, the second part would be somebody who came back through a wall.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ansimnet.slices.tracing.rules.scoring import similarity
from ansimnet.slices.tracing.rules.types import Sighting, Verdict

CUT_S = 9.0
"""A part that lasted so long was cut; a shorter one ended. Workers cut after ten seconds."""
ON_S, LATER_S = 1.5, 12.0
"""The next part begins within so many seconds of its end: a few looks of a worker at its slowest. Or a part between
them had no picture worth a note, and it begins within the second. Ours."""
ROUND_DEG = 135.0
"""Who goes the other way, two steps after the last part ended, is somebody else who looks alike. Ours."""
LIKE, LIKE_LATER = 0.6, 0.8
"""Two parts of one track look at least so much alike (cosine), in one light. Ours."""


def visits(
    parts: Sequence[Sighting], verdicts: Mapping[str, Verdict]
) -> tuple[list[Sighting], dict[str, str], dict[str, Verdict]]:
    """Return whole visits, of which one each part (by id) is, and what was said of the visits.

    A visit has the id of its first part. What was said of one part holds for the visit; parts of which different
    things were said are never joined.
    """
    open_: dict[int, list[list[Sighting]]] = {}
    chains: list[list[Sighting]] = []
    for part in sorted(parts, key=lambda d: (d.from_s, d.id)):
        near = [c for c in open_.get(part.camera, []) if _goes_on(c[-1], part) and _agree(c, part, verdicts)]
        best = max(near, key=lambda c: _alike(c[-1], part), default=None)
        if best is not None and _alike(best[-1], part) >= (LIKE if _gap_s(best[-1], part) <= ON_S else LIKE_LATER):
            best.append(part)
            continue
        chains.append([part])
        open_.setdefault(part.camera, []).append(chains[-1])
    of = {part.id: chain[0].id for chain in chains for part in chain}
    said = {of[key]: verdict for key, verdict in verdicts.items() if key in of}
    return [_whole(chain) for chain in chains], of, said


def beyond(visit: Sighting, first: Sighting, *, backwards: bool) -> bool:
    """Return whether a visit may lie on the way from the first one on; backwards, on the way to it.

    On: he left that view later. To it: he came into that view earlier, and had left it when he left the first. Views
    overlap: he may still be in the one when he comes into the other.
    """
    later = visit.until_s > first.until_s
    return visit.from_s < first.from_s and not later if backwards else later


def _goes_on(before: Sighting, part: Sighting) -> bool:
    cut = before.until_s - before.from_s >= CUT_S and 0.0 <= _gap_s(before, part) <= LATER_S
    return cut and before.kind == part.kind and not _turned_round(before, part)


def _turned_round(before: Sighting, part: Sighting) -> bool:
    turn = abs((before.heading_deg - part.heading_deg + 540.0) % 360.0 - 180.0)  # NaN where one of them is unknown
    return turn > ROUND_DEG


def _gap_s(before: Sighting, part: Sighting) -> float:
    return part.from_s - before.until_s


def _agree(chain: Sequence[Sighting], part: Sighting, verdicts: Mapping[str, Verdict]) -> bool:
    said = {verdicts[d.id] for d in (*chain, part) if d.id in verdicts}
    return len(said) < 2


def _alike(a: Sighting, b: Sighting) -> float:
    """Return how much two parts look alike (cosine), `LIKE` where one of them has no picture."""
    if a.appearance is None or b.appearance is None:
        return LIKE
    return similarity(a.appearance.astype(np.float64), b.appearance)


def _whole(chain: Sequence[Sighting]) -> Sighting:
    """Return one sighting: begun as the first part, left as the last, looking as all of them."""
    first, last = chain[0], chain[-1]
    looks = [d.appearance for d in chain if d.appearance is not None]
    together = np.sum(looks, axis=0) if looks else None
    return replace(
        first,
        until_s=last.until_s,
        heading_deg=last.heading_deg,
        ground=last.ground,
        appearance=None if together is None else together / max(1e-9, float(np.linalg.norm(together))),
        plate=next((d.plate for d in reversed(chain) if d.plate is not None), None),
        described_llr=float(np.mean([d.described_llr for d in chain])),
    )
