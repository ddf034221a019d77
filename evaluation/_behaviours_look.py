"""The process that looks: clips under neutral names, in any order, no labels. Writes what the behaviours say.

    python -m evaluation._behaviours_look FOLDER [MODELS]

One line of JSON a clip on standard input, `{"name": …, "camera": {…}}`, and one on standard output; FOLDER holds the
files. `loop_s`: replay the clip's scenes for so long too; `night_s` with `seed` instead of a file: a simulated night.
`rows`: what a classifier of violence would judge goes with the answer, so that the scorer may also judge it by a model
that learned from other clips.
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any

from evaluation._behaviours_night import SIZE, alarms, looped, night

from ansimnet_vision.appearance import MODEL
from ansimnet_vision.behaviours import build
from ansimnet_vision.behaviours.violence import Violence
from ansimnet_vision.clips import Eyes, scenes, still
from ansimnet_vision.registry import usable
from ansimnet_vision.training.fire import looks
from ansimnet_vision.training.rows import windows
from ansimnet_vision.types import PERSON, CameraConfig

STILLS = frozenset({".png", ".jpg", ".jpeg"})


def look(folder: Path, job: dict[str, Any], eyes: Eyes, models: Path | None) -> dict[str, Any]:
    """Return what is said of one file."""
    config = CameraConfig.of({**job["camera"], "camera_id": "clip"})
    if "night_s" in job:
        dark = replace(config, width=SIZE[1], height=SIZE[0])
        return {"seconds": job["night_s"], "alarms": alarms(night(job["night_s"], job["seed"]), build(dark, models))}
    file = folder / job["name"]
    if file.suffix in STILLS:
        network = usable(models).get(MODEL)
        seen_as = [] if network is None else looks(still(file), network)
        return {"looks": [[round(float(v), 4) for v in row] for row in seen_as]}
    until_s = job.get("until_s") or math.inf
    seen = list(takewhile(lambda scene: scene.at_s <= until_s, scenes(file, eyes, config)))
    tall, wide = seen[0].luma.shape
    config = replace(config, width=wide, height=tall)
    watch, said = build(config, models), []
    for scene in seen:
        said += [
            {"behaviour": s.behaviour, "at_s": s.at_s, "since_s": s.since_s, "box": s.box, "score": round(s.score, 3)}
            for s in watch.step(scene)
        ]
    told: dict[str, Any] = {
        "seconds": seen[-1].at_s,
        "looks": len(seen),
        "people": max(sum(s.kind == PERSON for s in scene.seen) for scene in seen),
        "said": said,
    }
    if job.get("rows"):
        violence = Violence(config, models)
        for scene in seen:
            violence.step(scene)
        told["violence"] = violence.ratios
        told["rows"] = [[round(float(v), 5) for v in r] for r in windows(seen)]
        told["thumb"] = seen[0].luma[::8, ::8].tolist()
    if job.get("loop_s"):
        heard = alarms(looped(seen, job["loop_s"], job["seed"]), build(config, models))
        told["looped"] = {"seconds": job["loop_s"], "alarms": heard}
    return told


def main() -> None:
    """Look at every clip that is named on standard input."""
    folder, models = Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None
    eyes = Eyes(models)
    for line in sys.stdin:
        job = json.loads(line)
        try:
            said = look(folder, job, eyes, models)
        except (OSError, IndexError) as error:  # not a video that can be read: the scorer says so
            said = {"unreadable": str(error)}
        print(json.dumps({"name": job["name"], **said}), flush=True)


if __name__ == "__main__":
    main()
