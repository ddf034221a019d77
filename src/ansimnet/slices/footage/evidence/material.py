"""What the archive holds of one camera for an export: sealed groups and what was seen in them, on one clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansimnet.kernel.ids import CameraId
from ansimnet.slices.footage.archive.archive import Archive
from ansimnet.slices.footage.archive.model import Destroyed
from ansimnet.slices.footage.archive.segments import reel_of
from ansimnet.slices.footage.evidence.anchoring import Anchor, anchoring, anchors_in
from ansimnet.slices.footage.evidence.films import Group
from ansimnet.slices.footage.evidence.package import Missing
from ansimnet.slices.footage.masking.decisions import Decided, Verdict
from ansimnet.slices.footage.masking.doubts import Doubt, worst
from ansimnet.slices.footage.masking.spotting import OwnBoxes
from ansimnet.slices.footage.masking.tracks import Masks, Patch, fill
from ansimnet.slices.footage.model import Track
from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ
from ansimnet.slices.footage.relay.onvif import Box
from ansimnet.slices.footage.relay.ring import Frame, Init
from ansimnet.slices.footage.relay.source import Sighting
from ansimnet.slices.footage.store.decisions import DecisionRow

UNSEALED = "unsealed"
"""Cause of a gap: something was recorded without a seal, so it proves nothing and stays here."""


@dataclass(frozen=True, slots=True)
class Material:
    """What the archive holds of one camera: sealed groups and sightings on one clock that begins at `start`."""

    start: datetime
    groups: tuple[Group, ...]
    sightings: tuple[Sighting, ...]
    unsealed: tuple[Missing, ...]
    anchors: tuple[Anchor, ...]

    def tick(self, at: datetime) -> int:
        """Return the tick of an instant."""
        return round((at - self.start).total_seconds() * CLOCK_HZ)

    def decided(self, row: DecisionRow, doubt: dict[str, Any]) -> Decided:
        """Return a decision about a doubt (JSON values of an export) on this clock."""
        from_pts, until_pts = (self.tick(datetime.fromisoformat(doubt[k])) for k in ("from_at", "until_at"))
        box = None if row.box is None else Box(*row.box)
        return Decided(Verdict(row.verdict), doubt["track"], from_pts, until_pts, box)

    def doubts(self) -> tuple[Doubt, ...]:
        """Return everything that a person must look at, the worst first."""
        return worst(self.masks(), self.groups[0].frames[0].pts, self.groups[-1].frames[-1].pts)

    def masks(self, patches: Sequence[Patch] = ()) -> Masks:
        """Return everything that is hidden."""
        frames = [f for g in self.groups for f in g.frames]
        found = fill(self.sightings, frames[0].pts, frames[-1].pts + CLOCK_HZ)
        return Masks(found.tracks, found.blind, tuple(patches))


def collect(
    archive: Archive, own: OwnBoxes, camera_id: CameraId, track: Track, from_at: datetime, until: datetime
) -> Material | None:
    """Return one of a camera's streams in `[from_at, until)`; None: nothing sealed is there. Blocks."""
    groups, sightings, unsealed = list[Group](), list[Sighting](), list[Missing]()
    start: datetime | None = None
    inits: dict[bytes, Init] = {}
    folders: dict[str, None] = {}
    for segment in archive.everywhere(camera_id, track, from_at, until):
        try:
            body = archive.read(segment)
        except Destroyed:
            continue
        if not body.seals:
            unsealed.append(Missing(segment.start, segment.end, UNSEALED))
            continue
        start = start or segment.start
        folders[reel_of(segment).folder] = None
        init = inits.setdefault(body.init.segment, body.init)
        shift = round((segment.start - start).total_seconds() * CLOCK_HZ) - body.frames[0].dts
        frames, at = list[Frame](), 0
        for dts, pts, key, size in body.frames:
            frames.append(Frame(init, dts + shift, pts + shift, key, body.fragments[at : at + size], 0.0))
            at += size
        groups.append(Group(tuple(frames), body.seals))
        sightings += [Sighting(s.pts + shift, s.objects) for s in body.sightings]
    if start is None:
        return None
    sightings += own.of((camera_id, track, from_at, until), [f for g in groups for f in g.frames])
    lines = [a for folder in folders for a in anchors_in(archive.disk, folder, track)]
    anchors = anchoring(lines, (g.seal for g in groups))
    return Material(start, tuple(groups), tuple(sightings), tuple(unsealed), anchors)
