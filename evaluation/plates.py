"""Korean plates found and read, on rendered vehicles that nothing learned from: hard cases, unseen typefaces apart.

Every picture goes the whole way: vehicle → corners → upright strip → characters → form; `exact` counts a plate whose
every character is right and nothing else. `--data FILE|FOLDER` scores other pictures besides: a JSON file (or
`plates.json` in the folder) with `[{"picture": "a.jpg", "plate": "12가3456", "box": [x1, y1, x2, y2]?}]`, a vehicle's
picture each; with `box` (pixels) the part of the picture that is searched.

Rendered plates alone: no picture of a real Korean plate and no typeface of real plates was at hand. What these figures
say of a street is not known.

Keys: exact exact_interval exact_unseen_fonts exact_unseen_fonts_interval n n_unseen_fonts found conditions formats
characters calibration false_plates data limits.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

from ansimnet.app.measure import Options
from ansimnet.kernel.errors import Refusal
from ansimnet_vision.plates.drawing import FORMATS, Font, draw, fonts, text_of
from ansimnet_vision.plates.network import Networks
from ansimnet_vision.plates.optics import Grey
from ansimnet_vision.plates.reading import PlateReader, Read
from ansimnet_vision.plates.scenes import CONDITIONS, shot, taken, vehicle

EACH = {"small": 60, "full": 400}
"""Pictures of each condition, with typefaces that taught and as many with others."""
AROUND = (2.0, 5.0)
"""A vehicle is so many times as wide as its plate."""
LIMITS = "rendered plates in faces that real plates do not have; no real picture; motorcycles without their district"


@dataclass(frozen=True, slots=True)
class Case:
    """One picture and what came of it."""

    truth: str
    condition: str
    format: str
    unseen: bool
    found: bool
    read: Read | None

    @property
    def exact(self) -> bool:
        """Return whether every character is right."""
        return self.read is not None and self.read.chars == self.truth


def run(options: Options) -> dict[str, Any]:
    """Render, read and count.

    Raises:
        Refusal: `--data` holds no list of plates.
    """
    reader = PlateReader(networks := Networks())
    rng = np.random.default_rng(70_000 + options.seed)  # far from the seeds that taught
    cases = list(_cases(reader, EACH[options.size], rng))
    seen, unseen = ([c for c in cases if c.unseen is flag] for flag in (False, True))
    out: dict[str, Any] = {
        "exact": _share(seen),
        "exact_interval": _interval(seen),
        "exact_unseen_fonts": _share(unseen),
        "exact_unseen_fonts_interval": _interval(unseen),
        "n": len(seen),
        "n_unseen_fonts": len(unseen),
        "found": round(sum(c.found for c in cases) / len(cases), 4),
        "conditions": {name: _both(cases, "condition", name) for name in CONDITIONS},
        "formats": {name: _both(cases, "format", name) for name in FORMATS},
        "characters": round(sum(_right(c) for c in cases) / sum(len(c.truth) for c in cases), 4),
        "calibration": _calibration(cases),
        "false_plates": _false_plates(reader, EACH[options.size], rng),
        "weights": networks.title,
        "typefaces": {"taught": _names(False), "unseen": _names(True)},
        "limits": LIMITS,
    }
    if options.data is not None:
        out["data"] = _real(reader, options.data)
    return out


def _cases(reader: PlateReader, each: int, rng: np.random.Generator) -> Iterator[Case]:
    faces = {flag: [f for f in fonts() if f.unseen is flag] for flag in (False, True)}
    for name, condition in CONDITIONS.items():
        for flag, known in faces.items():
            for n in range(each):
                kind, font = FORMATS[n % len(FORMATS)], known[int(rng.integers(len(known)))]
                plate = draw(kind, text_of(kind, rng), font, rng)
                picture = shot(plate, condition, font, rng, AROUND)
                corners = reader.find(picture.picture)
                near = corners is not None and _near(corners, picture.corners)
                read = reader(picture.picture)
                yield Case(plate.text, name, kind, flag, near, read)


def _near(found: Any, truth: Any) -> bool:
    """Tell whether the middle that was found lies in the plate's middle half."""
    span = truth.max(0) - truth.min(0)
    return bool((np.abs(found.mean(0) - truth.mean(0)) < span / 4 + 1).all())


def _share(cases: Sequence[Case]) -> float:
    return round(sum(c.exact for c in cases) / max(1, len(cases)), 4)


def _interval(cases: Sequence[Case]) -> tuple[float, float]:
    """Return Wilson's interval of 95 % of the share of exact plates."""
    n, z = max(1, len(cases)), 1.96
    p = sum(c.exact for c in cases) / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return round((middle - half) / (1 + z * z / n), 4), round((middle + half) / (1 + z * z / n), 4)


def _both(cases: Sequence[Case], key: str, name: str) -> dict[str, Any]:
    mine = [c for c in cases if getattr(c, key) == name]
    known, others = ([c for c in mine if c.unseen is flag] for flag in (False, True))
    return {"exact": _share(known), "exact_unseen_fonts": _share(others), "n": len(mine),
            "found": round(sum(c.found for c in mine) / max(1, len(mine)), 4)}  # fmt: skip


def _right(case: Case) -> int:
    if case.read is None or len(case.read.chars) != len(case.truth):
        return 0
    return sum(a == b for a, b in zip(case.read.chars, case.truth, strict=True))


def _calibration(cases: Sequence[Case]) -> list[dict[str, float]]:
    """Return for bands of what a read says of itself how many were right."""
    out = []
    for low, high in ((0.0, 0.5), (0.5, 0.8), (0.8, 0.95), (0.95, 1.01)):
        mine = [c for c in cases if c.read is not None and low <= c.read.sure < high]
        if mine:
            said = float(np.mean([c.read.sure for c in mine if c.read is not None]))
            out.append({"said": round(said, 3), "right": _share(mine), "n": len(mine)})
    return out


def _false_plates(reader: PlateReader, each: int, rng: np.random.Generator) -> dict[str, int]:
    """Return how many vehicles without a plate were said to have one."""
    condition, told = CONDITIONS["day"], 0
    for n in range(each):
        font: Font = fonts()[n % len(fonts())]
        side = int(rng.integers(150, 500))
        told += reader(taken(vehicle(side, side, 90, font, rng), condition, rng)) is not None
    return {"told": told, "vehicles": each}


def _names(unseen: bool) -> list[str]:
    return [f.name for f in fonts() if f.unseen is unseen]


def _real(reader: PlateReader, place: Path) -> dict[str, Any]:
    """Return the figures of other pictures, named one by one where wrong."""
    file = place / "plates.json" if place.is_dir() else place
    if not file.is_file() or file.suffix != ".json":
        if place.is_dir():  # a folder of other data
            return {"n": 0, "note": f"no plates.json in {place.name}"}
        raise Refusal("no list of plates", todo="name a JSON file with [{picture, plate}]")
    cases, wrong = list[Case](), list[dict[str, Any]]()
    for told in json.loads(file.read_text(encoding="utf-8")):
        picture = _grey(file.parent / told["picture"])
        if told.get("box"):
            x1, y1, x2, y2 = (round(v) for v in told["box"])
            picture = np.ascontiguousarray(picture[y1:y2, x1:x2])
        read = reader(picture)
        case = Case(told["plate"].replace(" ", ""), "data", "data", True, read is not None, read)
        cases.append(case)
        if not case.exact:
            wrong.append({"picture": told["picture"], "truth": case.truth, "read": read.chars if read else None})
    return {"n": len(cases), "exact": _share(cases), "exact_interval": _interval(cases), "wrong": wrong[:50]}


def _grey(file: Path) -> Grey:
    with av.open(str(file)) as box:
        frame = next(box.decode(video=0))
    return np.asarray(frame.to_ndarray(format="gray"), np.float32)
