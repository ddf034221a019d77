"""How wrong a worn receiver is.

The model, each part with where its numbers come from:

* white noise per fix, sigma 2.5 m per axis: smartphone-grade receivers under open sky are within 4.9 m (95 %:
  2 sigma per axis) (van Diggelen & Enge 2015, "The World's first GPS MOOC and Worldwide Laboratory using Smartphones");
* a slowly drifting bias, first-order Gauss-Markov per axis, sigma 5 m, correlation time 60 s: residual atmosphere,
  orbit and slow multipath; the form and the minute-scale constant are usual for pedestrian receivers in streets
  (Groves 2013, "Principles of GNSS, Inertial, and Multisensor Integrated Navigation Systems", ch. 14);
* urban-canyon outliers: reflected or non-line-of-sight signals shift fixes by 15-60 m, across the street more than
  along it, for 1-4 fixes at a time, on about 2 % of fixes (Wang, Groves & Ziebart 2012, "Multi-constellation GNSS
  performance evaluation for urban canyons": errors of tens of metres for a minority of epochs);
* claimed accuracy: what receivers report is a 68 % radius of their own estimate. Here it is drawn around the true
  sigma with a log-normal spread of 25 %; three outliers in four are admitted (the claim grows with them), one in four
  is not;
* under a roof: noise 6 m, bias 10 m, claims 12-30 m;
* delivery: losses come in bursts (Gilbert-Elliott: 1 % of fixes open a burst of mean length 4), lost fixes are kept
  by the device and come late, 3 % come twice, 2 % change places with the next one; delays are log-normal, median
  60 ms; the device's clock is off by a constant of sigma 0.4 s.

No field data of Korean devices is public; nothing here is fitted to one. Same seed, same errors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from random import Random

from ansimnet_sim.streets import Xy

NOISE_M, BIAS_M, BIAS_S = 2.5, 5.0, 60.0
ROOF_NOISE_M, ROOF_BIAS_M = 6.0, 10.0
OUTLIER_SHARE, OUTLIER_M = 0.02, (15.0, 60.0)
HONEST_SHARE = 0.75
LOSS_SHARE, LOSS_LENGTH = 0.01, 4.0
TWICE_SHARE, SWAP_SHARE = 0.03, 0.02
DELAY_MEDIAN_S, DELAY_SPREAD = 0.06, 0.5
CLOCK_SIGMA_S = 0.4


@dataclass(frozen=True, slots=True)
class Measured:
    """One fix as the receiver gives it, on the plane."""

    x: float
    y: float
    claimed_m: float
    """The receiver's own 68 % radius."""
    true_error_m: float
    outlier: bool


@dataclass(slots=True)
class Receiver:
    """A receiver with its drifting bias. Ask it in the order of time."""

    rng: Random
    indoors: bool = False
    _bias: list[float] = field(default_factory=lambda: [0.0, 0.0])
    _asked_s: float | None = None
    _outliers_left: int = 0
    _shift: Xy = (0.0, 0.0)

    def measure(self, t: float, x: float, y: float, heading: float) -> Measured:
        """Return the fix at time `t` (s) for a true place; `heading` is the street's, radians from north."""
        self._drift(t)
        noise = ROOF_NOISE_M if self.indoors else NOISE_M
        outlier = self._canyon(heading)
        ex = self._bias[0] + self.rng.gauss(0, noise) + (self._shift[0] if outlier else 0.0)
        ey = self._bias[1] + self.rng.gauss(0, noise) + (self._shift[1] if outlier else 0.0)
        sigma = math.hypot(noise, ROOF_BIAS_M if self.indoors else BIAS_M)
        claim = 1.5 * sigma * self.rng.lognormvariate(0, 0.25)  # the 68 % radius of a circular normal is 1.51 sigma
        if outlier and self.rng.random() < HONEST_SHARE:
            claim += math.hypot(*self._shift) * self.rng.uniform(0.6, 1.1)
        return Measured(x + ex, y + ey, round(max(3.0, claim), 1), math.hypot(ex, ey), outlier)

    def _drift(self, t: float) -> None:
        sigma = ROOF_BIAS_M if self.indoors else BIAS_M
        if self._asked_s is None:
            self._bias = [self.rng.gauss(0, sigma), self.rng.gauss(0, sigma)]
        else:
            keep = math.exp(-max(0.0, t - self._asked_s) / BIAS_S)
            fresh = sigma * math.sqrt(1 - keep * keep)
            self._bias = [b * keep + self.rng.gauss(0, fresh) for b in self._bias]
        self._asked_s = t

    def _canyon(self, heading: float) -> bool:
        if self._outliers_left == 0 and self.rng.random() < OUTLIER_SHARE / 2.5:  # runs last 2.5 fixes on average
            self._outliers_left = self.rng.randint(1, 4)
            size = self.rng.uniform(*OUTLIER_M) * self.rng.choice((-1, 1))
            across = heading + math.pi / 2 + self.rng.gauss(0, 0.5)
            self._shift = (size * math.sin(across), size * math.cos(across))
        if self._outliers_left:
            self._outliers_left -= 1
            return True
        return False


@dataclass(slots=True)
class Link:
    """The radio between a device and the centre: what it does to each fix."""

    rng: Random
    _lost_left: int = 0

    def fate(self) -> tuple[bool, bool, bool, float]:
        """Return (held back, sent twice, swapped with the next, delay in seconds) for the next fix."""
        if self._lost_left == 0 and self.rng.random() < LOSS_SHARE:
            self._lost_left = max(1, round(self.rng.expovariate(1 / LOSS_LENGTH)))
        held = self._lost_left > 0
        self._lost_left = max(0, self._lost_left - 1)
        delay = DELAY_MEDIAN_S * self.rng.lognormvariate(0, DELAY_SPREAD)
        return held, self.rng.random() < TWICE_SHARE, self.rng.random() < SWAP_SHARE, delay
