"""Does tracing work on what real cameras saw? Hand-over between four views, looks of one camera, tracks of one.

No open data has pixels, streets and identities across cameras at once. So three recordings are asked apart: who walks
from view to view (`_tracing_hall`, no pixels), who looks alike (`_tracing_looks`, one camera), and whether the workers'
tracker keeps people apart (`_tracing_tracker`, true boxes). What `--data` lacks is null, with the reason.

Keys: handover_idf1 baseline_idf1 next_camera transit_error_median_s appearance.map appearance.rank1 tracker.idf1.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from evaluation import _tracing_hall, _tracing_looks, _tracing_tracker

from ansimnet.app.measure import Options


def run(options: Options) -> dict[str, Any]:
    """Measure and return the figures."""
    rng = np.random.default_rng([options.seed, 6])
    why: dict[str, str] = {}

    def asked(what: str, folder: str, of: Callable[[Path], dict[str, Any]]) -> dict[str, Any] | None:
        if options.data is None or not (options.data / folder).is_dir():
            why[what] = "no --data" if options.data is None else f"no {folder} in it"
            return None
        return of(options.data)

    options.progress(0, 3, "following from view to view")
    hall = asked("handover", "multicam/ucla_auditorium", _tracing_hall.run)
    options.progress(1, 3, "looking for the like")
    looks = asked("appearance", "reid/pets09_tracklets", lambda data: _tracing_looks.run(data, rng))
    options.progress(2, 3, "tracking in one view")
    tracker = asked("tracker", "tracking/MOT17_gt", lambda data: _tracing_tracker.run(data, rng))
    return {
        "handover_idf1": None,
        "baseline_idf1": None,
        **(hall or {}),
        "appearance": looks,
        "tracker": tracker,
        "why_null": why,
    }
