"""Evidence over time: single windows err, so what speaks for a sound is added up until it is enough.

Page's test per sound: the log odds of each window, less what a doubtful window should bring, are added and never fall
below zero. Windows overlap four times, so each counts for a quarter of what it says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ansimnet_vision.sound.features import F32, HOP, RATE, SPAN, STEP, Heard
from ansimnet_vision.sound.network import SOUNDS, Network

STEP_S = STEP * HOP / RATE
MOST = 6.0
"""A single window counts for no more (odds of 400 : 1): one odd second must not alarm alone. Ours."""
SURER = {"scream": 1.5, "glass": 1.5, "bang": 1.5, "siren": 4.0}
"""How much more than a lesson's mixture of six seconds asks for: a street is a stream, in which chance has longer. 1.5
is the middle of where F1 of screams is highest (1.25 to 2) on the teaching recordings, each heard by a network that no
recording of its source taught. A siren lasts; what is taken for one (helicopters, cocks) seldom does for three seconds:
4 leaves 3 of 13 false ones an hour on the same recordings."""
APART_S = 5.0
"""Silence of a sound after which the same sound is another event; ours."""
QUIET = 10
"""The noise behind a sound: this percentile of the levels of the last `BEHIND_S`."""
BEHIND_S = 30.0


@dataclass(frozen=True, slots=True)
class SoundEvent:
    """A sound was heard. Seconds since the beginning; `level_db` re. full scale, or dB SPL where `calibrated`."""

    sound: str
    at_s: float
    since_s: float
    score: float
    level_db: float
    snr_db: float
    calibrated: bool


class SoundEvents:
    """One microphone's evidence. `calibration_db`: sound pressure level (dB re. 20 µPa) of a full-scale signal.

    `starts_at`: a camera's own thresholds where verdicts moved them.
    """

    def __init__(
        self, network: Network, calibration_db: float | None = None, starts_at: Mapping[str, float] | None = None
    ) -> None:
        self._network = network
        self._calibration_db = calibration_db
        begins = {sound: SURER[sound] * least for sound, least in network.starts_at.items()} | dict(starts_at or {})
        self._starts_at = np.array([begins[sound] for sound in SOUNDS], np.float32)
        self.forget()

    def forget(self) -> None:
        """Begin anew: the stream broke off."""
        self._sum = np.zeros(len(SOUNDS), np.float32)
        self._since = np.zeros(len(SOUNDS))
        self._last = np.full(len(SOUNDS), -np.inf)
        self._told = np.zeros(len(SOUNDS), bool)
        self._levels = np.zeros(0, np.float32)

    def step(self, heard: Heard) -> list[SoundEvent]:
        """Return what this window makes certain; a sound that lasts is told once."""
        evidence = self._network.evidence(heard.numbers[None])[0]
        return self.weigh(evidence, heard.at / RATE, heard.level)

    def weigh(self, evidence: F32, at_s: float, level: F32) -> list[SoundEvent]:
        """Add the log odds (len(SOUNDS),) of a window that ends at `at_s`; `level` (SPAN,) dB of its frames."""
        self._levels = np.concatenate([self._levels, level[-STEP:] if len(self._levels) else level])
        self._levels = self._levels[-round(BEHIND_S * RATE / HOP) :]
        before = self._sum.copy()
        self._sum = _added(self._sum, evidence)
        began = (before == 0) & (self._sum > 0)
        self._since[began] = at_s - SPAN * HOP / RATE
        self._told &= at_s - self._last < APART_S
        self._last[evidence > 0] = at_s
        new = (self._sum >= self._starts_at) & ~self._told
        self._told |= new
        return [self._event(int(k), at_s, level) for k in np.flatnonzero(new)]

    def _event(self, k: int, at_s: float, level: F32) -> SoundEvent:
        loud = float(10 * np.log10(np.sort(10 ** (level / 10))[-SPAN // 4 :].mean()))
        behind = float(np.percentile(self._levels, QUIET))
        return SoundEvent(
            sound=SOUNDS[k],
            at_s=at_s,
            since_s=float(self._since[k]),
            score=float(self._sum[k]),
            level_db=loud + (self._calibration_db or 0.0),
            snr_db=max(0.0, loud - behind),
            calibrated=self._calibration_db is not None,
        )

    @staticmethod
    def tops(evidence: F32) -> F32:
        """Return the most evidence (len(SOUNDS),) that (N, len(SOUNDS)) windows in a row add up to."""
        now = most = np.zeros(len(SOUNDS), np.float32)
        for row in evidence:
            now = _added(now, row)
            most = np.maximum(most, now)
        return most


def _added(now: F32, evidence: F32) -> F32:
    return np.asarray(np.maximum(0, now + np.clip(evidence, -MOST, MOST) / 4), np.float32)
