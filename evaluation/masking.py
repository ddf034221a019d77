"""Do masked copies show a head? Per track: a person counts as hidden only where the head is covered in every frame.

Real street and room videos whose heads were labelled by eye (`labels/heads.json`) go through the detector of our own,
the tracker, `fill` and the mosaic's rectangles, as an export of a camera without analytics does. Frames from
`held_back_from` on were never tuned on. Then a review is simulated: a person goes through the queue of doubtful frames
and overlooks `miss_rate` of what is there to see. Beside it, in the same run, the same boxes picture by picture,
without tracks. Last, faults are planted: a track is uncovered for half a second, and the scorer must find each.

Needs the videos (`--data`), and the weights in `models` beside that folder or in `ANSIMNET_MODELS_DIR`; without
weights motion alone is looked for, and the answer says so.

Keys: before_review after_review held_back single_pictures looks hidden_share clips weights planted found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import av
from evaluation._heads import Clip, Head, clips, free, painted, reviewed, wilson

from ansimnet.app.measure import Options
from ansimnet.platform.settings import settings
from ansimnet.slices.footage.masking.doubts import Doubt, worst
from ansimnet.slices.footage.masking.spotting import seen_of
from ansimnet.slices.footage.masking.tracks import Masks, Patch, Track, fill
from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ
from ansimnet.slices.footage.relay.hiding import dilated, parts_to_hide
from ansimnet.slices.footage.relay.onvif import Box
from ansimnet.slices.footage.relay.source import Sighting
from ansimnet_vision.detectors import detectors
from ansimnet_vision.spot import Spotter, spotted

MISS_RATE = 0.05
"""What people overlook who look at crops one by one. Ours: a stated assumption, not a measurement."""
LOOKS_A_SECOND = 5
LONG = frozenset({"intel_one_by_one"})
"""Left out of the small size."""
PLANTED = 20


@dataclass(frozen=True, slots=True)
class Looked:
    """One clip with what was found in it."""

    clip: Clip
    ticks: float
    sightings: tuple[Sighting, ...]
    masks: Masks
    doubts: tuple[Doubt, ...]


def run(options: Options) -> dict[str, Any]:
    """Look at the clips and return the figures."""
    if options.data is None or not options.data.is_dir():
        return {"skipped": "no videos: name their folder with --data"}
    folder = _models(options.data)
    looked = [clip for clip in _looked(options, folder) if clip is not None]
    if not looked:
        return {"skipped": f"none of the labelled videos lies in `{options.data}`"}
    planted, found = _planted(looked, Random(options.seed))
    tuning = [replace(c, clip=c.clip.part(held_back=False)) for c in looked]
    held = [replace(c, clip=c.clip.part(held_back=True)) for c in looked]
    return {
        **_figures(looked, options.seed),
        "tuning": _figures(tuning, options.seed),
        "held_back": _figures(held, options.seed),
        "clips": {c.clip.name: _figures([c], options.seed) for c in looked},
        "looks": sum(len(c.doubts) for c in looked),
        "looks_per_minute": sum(len(c.doubts) for c in looked) / sum(_minutes(c) for c in looked),
        "hidden_share": sum(_hidden_share(c) for c in looked) / len(looked),
        "miss_rate": MISS_RATE,
        "weights": "nanodet" if folder is not None else "none: motion alone",
        "planted": planted,
        "found": found,
    }


def _models(data: Path) -> Path | None:
    places = [settings().models_dir, data.resolve().parent / "models"]
    return next((p for p in places if p is not None and (p / "nanodet.slim.onnx").is_file()), None)


def _looked(options: Options, folder: Path | None) -> list[Looked | None]:
    assert options.data is not None
    known = [c for c in clips() if options.size == "full" or c.name not in LONG]
    out = []
    for i, clip in enumerate(known):
        options.progress(i, len(known), clip.name)
        out.append(_look(options.data / clip.file, clip, folder))
    return out


def _look(file: Path, clip: Clip, folder: Path | None) -> Looked | None:
    if not file.is_file():
        return None
    with av.open(str(file)) as box:
        every = max(1, round(float(box.streams.video[0].average_rate or 25) / LOOKS_A_SECOND))
    spotter = Spotter(detectors(folder))
    found = list(spotted(str(file), spotter, every))
    return looked_at(clip, tuple(Sighting(pts - found[0][0], seen_of(objects)) for pts, objects in found), every)


def looked_at(clip: Clip, sightings: tuple[Sighting, ...], every: int) -> Looked:
    """Return a clip with its masks; the first frame is at tick 0."""
    ticks = sightings[1].pts / every
    until = sightings[-1].pts + round(every * ticks)
    masks = fill(sightings, 0, until)
    return Looked(clip, ticks, sightings, masks, worst(masks, 0, until))


def _figures(looked: Sequence[Looked], seed: int) -> dict[str, Any]:
    rng = Random(seed)
    before = [(c, free(c.clip, c.masks, c.ticks)) for c in looked]
    after = [(c, _after(c, shown, rng)) for c, shown in before]
    single = [(c, free(c.clip, _single(c), c.ticks)) for c in looked]
    return {"before_review": _recall(before), "after_review": _recall(after), "single_pictures": _recall(single)}


def _after(looked: Looked, shown: list[Head], rng: Random) -> list[Head]:
    masks = reviewed(looked.masks, looked.doubts, shown, looked.ticks, rng, MISS_RATE)
    return free(looked.clip, masks, looked.ticks)


def _recall(scored: Sequence[tuple[Looked, list[Head]]]) -> dict[str, Any]:
    tracks = {(c.clip.name, h.track) for c, _ in scored for h in c.clip.heads}
    shown = {(c.clip.name, h.track) for c, heads in scored for h in heads}
    frames, bare = sum(len(c.clip.heads) for c, _ in scored), sum(len(heads) for _, heads in scored)
    hidden = len(tracks) - len(shown)
    return {
        "tracks": len(tracks),
        "recall_per_track": hidden / max(1, len(tracks)),
        "per_track_interval": wilson(hidden, len(tracks)),
        "frames": frames,
        "recall_per_frame": (frames - bare) / max(1, frames),
        "per_frame_interval": wilson(frames - bare, frames),
    }


def _single(looked: Looked) -> Masks:
    """Return what hiding picture by picture does: each box until the next look, no track."""
    step = looked.sightings[1].pts - looked.sightings[0].pts
    return Masks((), (), tuple(
        Patch(sighting.pts, sighting.pts + step, dilated(part))
        for sighting in looked.sightings for seen in sighting.objects for part in parts_to_hide(seen)
    ))  # fmt: skip


def _hidden_share(looked: Looked) -> float:
    """Share of all pixels under the mosaic, of 50 pictures."""
    last = looked.sightings[-1].pts
    size = 192, 192 * looked.clip.height // looked.clip.width
    shares = [float(painted(looked.masks.regions(round(last * i / 50)), *size).mean()) for i in range(50)]
    return sum(shares) / len(shares)


def _minutes(looked: Looked) -> float:
    return looked.sightings[-1].pts / CLOCK_HZ / 60


def _planted(looked: Sequence[Looked], rng: Random) -> tuple[int, int]:
    """Uncover one hidden head, again and again; return how often, and how often the scorer saw it."""
    planted = found = 0
    shown = {c.clip.name: {(h.track, h.frame) for h in free(c.clip, c.masks, c.ticks)} for c in looked}
    for _ in range(PLANTED):
        one = rng.choice(looked)
        hidden = [h for h in one.clip.heads if (h.track, h.frame) not in shown[one.clip.name]]
        if not hidden:
            continue
        head = rng.choice(hidden)
        planted += 1
        bare = Masks(_without(one.masks.tracks, head, one.ticks), ())
        found += bool(free(replace(one.clip, heads=(head,)), bare, one.ticks))
    return planted, found


def _without(tracks: Sequence[Track], head: Head, ticks: float) -> tuple[Track, ...]:
    pts = round(head.frame * ticks)
    return tuple(t for t in tracks if (r := t.region(pts)) is None or not _touch(r, head.box))


def _touch(a: Box, b: Box) -> bool:
    return a.x1 < b.x2 and b.x1 < a.x2 and a.y1 < b.y2 and b.y1 < a.y2
