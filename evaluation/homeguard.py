"""Is the one named in an order recognised at the door, nobody else, and nothing kept of anybody else?

Three parts, each on its own. Faces: an open-set trial on the photographs in `faces/att_faces` of the data folder, made
as poor as a door camera's (`_homeguard_faces`). Memory: strangers' templates are looked for in a process that has just
seen them, and on disk (`_homeguard_memory`). Alerts: from the decision of a door's process to her phone, through the
real server, also after a cut of the phone's network (`_homeguard_alerts`).

Photographs, not field pictures: grey, nearly frontal, of 1992-94, none from Korea, none by night; the files here are
23 x 28 pixels, so the pictures of 40-64 px hold less than a camera's of that size would.

Keys: tpir tpir_interval false_alerts impostor_pairs false_alert_interval held_back gated_share template_bytes_found
canaries control_templates_found p95_ms clip_complete_p95_ms after_cut_p95_ms after_cut_clip_complete_p95_ms camera_days
(marked extrapolated).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from evaluation._heads import wilson
from evaluation._homeguard_alerts import alerts
from evaluation._homeguard_faces import Pair, Person, Studio, people, tried
from evaluation._homeguard_memory import searched, stranger_pictures, templates_of
from evaluation._weights import weights

from ansimnet.app.measure import Options
from ansimnet_vision.install import NotInstalledError

APPROACHES = {"small": 2, "full": 6}
STRANGERS = {"small": 8, "full": 300}
PASSERS_A_DAY = 100
"""Strangers a day at a door, for the extrapolation alone. Ours."""
WEIGHTS = ("centerface", "dlib-face", "nanodet")
"""By the names of their cards: faces, whose they are, and the people of the film at the door."""


def run(options: Options) -> dict[str, Any]:
    """Try all three and return the figures."""
    folder = None if options.data is None else options.data / "faces" / "att_faces"
    if folder is None or not folder.is_dir():
        return {"skipped": "no photographs: name the data folder with --data"}
    try:
        with weights(WEIGHTS, options) as models:
            return _tried(options, models, people(folder))
    except NotInstalledError as error:
        return {"skipped": str(error)}


def _tried(options: Options, models: Path, everybody: Sequence[Person]) -> dict[str, Any]:
    rng = Random(options.seed)
    pairs, studio = tried(models, everybody, APPROACHES[options.size], rng, options.progress)
    return {
        **_figures(pairs, everybody, studio),
        **_left(models, everybody, STRANGERS[options.size], rng),
        **alerts(options, models, list(everybody)),
    }


def _figures(pairs: Sequence[Pair], everybody: Sequence[Person], studio: Studio) -> dict[str, Any]:
    tuned = {p.name for p in everybody if p.tuned}
    held = [p for p in pairs if p.enrolled not in tuned and p.came not in tuned]
    whole, back = _rates(pairs), _rates(held)
    faces = [p.faces for p in pairs if p.enrolled == p.came and p.matched]
    bound = whole["false_alert_interval"][1]
    return {
        **whole,
        "people": len(everybody),
        "people_held_back": len(everybody) - len(tuned),
        "held_back": back,
        "gated_share": 1 - sum(studio.unfit.values()) / max(1, studio.looked),
        "unfit": dict(studio.unfit),
        "pictures_to_decide": float(np.median(faces)) if faces else None,
        "camera_days": {
            "extrapolated": True,
            "passers_a_day": PASSERS_A_DAY,
            "false_alerts_per_1000_at_most": bound * PASSERS_A_DAY * 1000,
        },
    }


def _rates(pairs: Sequence[Pair]) -> dict[str, Any]:
    genuine = [p for p in pairs if p.enrolled == p.came]
    strangers = [p for p in pairs if p.enrolled != p.came]
    right, wrong = sum(p.matched for p in genuine), sum(p.matched for p in strangers)
    return {
        "tpir": right / len(genuine) if genuine else None,
        "tpir_interval": wilson(right, len(genuine)) if genuine else None,
        "approaches": len(genuine),
        "false_alerts": wrong,
        "false_alert_interval": wilson(wrong, len(strangers)) if strangers else (0.0, 1.0),
        "impostor_pairs": len({(p.enrolled, p.came) for p in strangers}),
        "impostor_approaches": len(strangers),
    }


def _left(models: Path, everybody: Sequence[Person], count: int, rng: Random) -> dict[str, Any]:
    if not Path("/proc/self/mem").exists():
        return {"template_bytes_found": None, "memory": "not searched: this system shows no process's memory"}
    pictures = stranger_pictures(everybody, count, rng)
    templates = templates_of(models, pictures)
    wiped = searched(models, pictures, templates, wiping=True)
    control = searched(models, pictures, templates, wiping=False)
    return {
        "template_bytes_found": wiped.found,
        "canaries": len(templates),
        "bytes_searched": wiped.searched,
        "control_templates_found": control.templates,
        "control_bytes_found": control.found,
        "planted": len(templates),
        "found": control.templates,
    }
