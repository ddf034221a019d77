"""The process that looks: clips under neutral names, in any order, no labels. Writes what the behaviours say.

    python -m evaluation._behaviours_look FOLDER [MODELS]

`FOLDER/plan.json` maps names to camera configurations; `FOLDER/clips` holds the files. One JSON line a clip goes to
standard output; rows that a classifier would judge go with it, so that the scorer may also judge them by a model that
learned from other clips.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansimnet_vision.behaviours import build
from ansimnet_vision.behaviours.fire import Fire
from ansimnet_vision.behaviours.flames import numbers
from ansimnet_vision.behaviours.violence import Violence
from ansimnet_vision.clips import Eyes, scenes, still
from ansimnet_vision.training.rows import windows
from ansimnet_vision.types import PERSON, CameraConfig

STILLS = frozenset({".png", ".jpg", ".jpeg"})


def look(file: Path, told: dict[str, Any], eyes: Eyes, models: Path | None) -> dict[str, Any]:
    """Return what is said of one file."""
    config = CameraConfig.of({**told, "camera_id": "clip"})
    if file.suffix in STILLS:
        picture = still(file)
        return {"row": [round(float(v), 5) for v in numbers(picture)], "fire": Fire(config, models).ratio(picture)}
    seen = list(scenes(file, eyes, config))
    tall, wide = seen[0].luma.shape
    config = replace(config, width=wide, height=tall)
    watch, violence = build(config, models), Violence(config, models)
    said = []
    for scene in seen:
        violence.step(scene)
        said += [
            {"behaviour": s.behaviour, "at_s": s.at_s, "since_s": s.since_s, "box": s.box, "score": round(s.score, 3)}
            for s in watch.step(scene)
        ]
    return {
        "seconds": seen[-1].at_s,
        "looks": len(seen),
        "people": max(sum(s.kind == PERSON for s in scene.seen) for scene in seen),
        "said": said,
        "violence": violence.ratios,
        "rows": [[round(float(v), 5) for v in r] for r in windows(seen)],
        "thumb": seen[0].luma[::8, ::8].tolist(),
    }


def main() -> None:
    """Look at every clip of the plan."""
    folder, models = Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    eyes = Eyes(models)
    for name in sorted(plan):
        try:
            said = look(folder / "clips" / name, plan[name], eyes, models)
        except (OSError, IndexError) as error:  # not a video that can be read: the scorer says so
            said = {"unreadable": str(error)}
        print(json.dumps({"name": name, **said}), flush=True)


if __name__ == "__main__":
    main()
