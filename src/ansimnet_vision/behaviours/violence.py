"""Violence: blows, kicks, struggling between people, told from how the picture moves.

About two seconds of looks are one row of numbers (`turmoil`); a classifier trained on real surveillance clips gives
each row a log-likelihood ratio. Those clips may not be passed on and neither may what was learned from them: a city
trains on its own or on the set (`python -m ansimnet_vision.training.violence`). Without such weights a plain rule of
four of the numbers stands in, and says so (`rule`).
"""

from __future__ import annotations

from collections import deque
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.behaviours.evidence import NEEDED, Evidence, around, signal
from ansimnet_vision.behaviours.turmoil import Turmoil, row
from ansimnet_vision.kernel import Kernel
from ansimnet_vision.registry import LEARNED
from ansimnet_vision.types import PERSON, CameraConfig, Scene, Signal

FILE = LEARNED["violence"]
WINDOW_S = 2.0
STEP_S = 0.5
"""Rows overlap: each half second one, of which each adds a quarter of its evidence."""
LEAST_LOOKS = 6
MOST = 4.0
"""Of one window; no clip of two seconds proves more than 1 : 55. Ours."""
LEAST_MOVED = 0.002
"""Share of the picture; a fight moves more. Nothing is computed where nothing moves."""
FURTHER_S = 3.0
"""Without a look for so long everything begins anew."""


class Violence:
    """One camera."""

    def __init__(self, config: CameraConfig, models: Path | None = None) -> None:
        self._config = config
        learned = models / FILE if models is not None else None
        self._model = Kernel.load(learned) if learned is not None and learned.is_file() else None
        self._turmoil = Turmoil(config.width / config.height)
        self._looks: deque[tuple[float, tuple[NDArray[np.float32], NDArray[np.bool_]]]] = deque(maxlen=64)
        self._judged_s = -1e9
        self._gathered = Evidence(config.thresholds.get("violence", NEEDED))
        self.ratios: list[float] = []
        """Of the last windows, newest last; for who measures."""

    def step(self, scene: Scene) -> list[Signal]:
        """Return that violence has just become certain."""
        if self._looks and scene.at_s - self._looks[-1][0] > FURTHER_S:
            self._looks.clear()
        if scene.moved < LEAST_MOVED:
            self._gathered.add(-0.2, scene.at_s)
            return []
        look = self._turmoil.look(scene)
        if look is None:
            return []
        if self._looks and look[1].shape != self._looks[-1][1][1].shape:
            self._looks.clear()
        self._looks.append((scene.at_s, look))
        while scene.at_s - self._looks[0][0] > WINDOW_S:
            self._looks.popleft()
        if len(self._looks) < LEAST_LOOKS or scene.at_s - self._judged_s < STEP_S:
            return []
        self._judged_s = scene.at_s
        return self._judge(scene)

    def _judge(self, scene: Scene) -> list[Signal]:
        numbers = row([look for _, look in self._looks])
        ratio = rule(numbers) if self._model is None else float(self._model.log_ratios(numbers[None].astype(float))[0])
        ratio = max(-MOST, min(MOST, ratio))
        self.ratios = [*self.ratios[-99:], ratio]
        if not self._gathered.add(ratio * STEP_S / WINDOW_S, scene.at_s):
            return []
        people = [s for s in scene.seen if s.kind == PERSON]
        box = around([s.box for s in people]) if people else (0.0, 0.0, 1.0, 1.0)
        words = {"window_log_ratio": ratio, "people": len(people), "moving_share": scene.moved}
        tracks = tuple(s.track for s in people)
        return [signal(self._config, "violence", scene.at_s, self._gathered, tracks, box, words)]


def rule(numbers: NDArray[np.float32]) -> float:
    """Return a log-likelihood ratio without any weights: sudden, tangled motion of people who are near.

    Its four numbers are the ones that the literature on fights names (Hassner et al. 2012; Gracia et al. 2015); the
    constants are ours, chosen by eye on street clips, and it is weak: see the design.
    """
    sudden, tangled, near, theirs = (float(numbers[k]) for k in (7, 10, 16, 18))
    return 1.2 * (sudden - 0.6) + 0.5 * (tangled - 0.2) + 1.0 * (1.0 - near) + 0.3 * (theirs - 2.0)
