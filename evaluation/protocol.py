"""How would these cameras do in the national test, on a city's own clips?

`--data` names a folder with clips and `truth.json` or `truth.xml` (`ansimnet_vision.protocol` says what stands in it).
Clips go under neutral names into processes of their own; the truth is read here alone. A category that no clip names
is not looked for. `passes`: F1 of 0.90, as the certification asks.

Keys: categories.<name>.f1 .n .interval .passes .latency_aware .by_time .by_distance .by_weather false_alarms.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from random import Random
from typing import Any

from evaluation._behaviours_ask import installed, told

from ansimnet.app.measure import Options
from ansimnet_vision.protocol import Alarm, Clip, report, truth

FEW = 12
"""Clips in the small size."""


def run(options: Options) -> dict[str, Any]:
    """Look at the clips of a folder and return the figures."""
    if options.data is None or not any((options.data / name).is_file() for name in ("truth.json", "truth.xml")):
        return {"skipped": "no truth.json or truth.xml: name a folder of clips with --data"}
    clips = list(truth(options.data))
    Random(options.seed).shuffle(clips)
    if options.size == "small":
        clips = clips[:FEW]
    asked = sorted({event.category for clip in clips for event in clip.events})
    named: dict[str, Clip] = {}
    looked, unreadable = [], []
    with tempfile.TemporaryDirectory(prefix="ansimnet-look-") as name:
        jobs = []
        for n, clip in enumerate(clips):
            alias = f"c{n:04d}{Path(clip.file).suffix}"
            shutil.copyfile(options.data / clip.file, Path(name) / alias)
            named[alias] = clip
            jobs.append({"name": alias, "camera": {**(clip.camera or {}), "behaviours": asked}})
        for n, answer in enumerate(told(jobs, Path(name), installed(options.data))):
            clip = named[answer["name"]]
            options.progress(n + 1, len(jobs), "looking")
            if "unreadable" in answer:
                unreadable.append(clip.file)
                continue
            looked.append((clip, [Alarm(s["behaviour"], s["at_s"]) for s in answer["said"]], answer["seconds"]))
    return {**report(looked), "clips": len(looked), "unreadable": unreadable}
