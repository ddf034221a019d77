"""From a score to a probability: Platt's sigmoid, fitted to a camera's verdicts, held back by a prior.

Two numbers a camera and behaviour: verdicts are few, and a sigmoid stays monotone where isotonic steps would follow
single alarms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ansimnet.slices.vision.model import Platt

SPREAD_SLOPE, SPREAD_OFFSET = 0.5, 2.0
"""How far a camera may lie from its class: standard deviations of log slope and offset (nats). Ours: a factor of 1.6,
and odds of 7 to 1 either way, before verdicts have to insist."""
STEPS = 50
STEEPEST = math.log(20.0)


def probability(platt: Platt, score: float) -> float:
    """Return the probability of a score; never 0 or 1 within double precision's reach.

    >>> probability(Platt(1.0, 0.0), 0.0)
    0.5
    """
    x = max(-30.0, min(30.0, platt.slope * score + platt.offset))
    return 1.0 / (1.0 + math.exp(-x))


def score_at(platt: Platt, p: float) -> float:
    """Return the score whose probability is p, 0 < p < 1."""
    return (math.log(p / (1.0 - p)) - platt.offset) / platt.slope


def logit(p: float) -> float:
    """Return log odds; certainty is cut at one in a million."""
    p = min(1.0 - 1e-6, max(1e-6, p))
    return math.log(p / (1.0 - p))


def fit(judged: Sequence[tuple[float, bool, float]], prior: Platt) -> Platt:
    """Return the most probable sigmoid, given (score, was true, weight) of judged alarms. No verdict: the prior.

    Maximum a posteriori by damped Newton steps over (log slope, offset); the prior makes it convex enough near its
    mean and finite for verdicts that a score separates perfectly.
    """
    u, b = math.log(prior.slope), prior.offset
    u0, b0 = u, b
    best = _loss(judged, u, b, u0, b0)
    for _ in range(STEPS):
        du, db = _newton(judged, u, b, u0, b0)
        length = 1.0
        while length > 1e-4:
            nu, nb = max(-STEEPEST, min(STEEPEST, u + length * du)), b + length * db
            loss = _loss(judged, nu, nb, u0, b0)
            if loss < best:
                break
            length /= 2
        else:
            break
        done = best - loss < 1e-10
        u, b, best = nu, nb, loss
        if done:
            break
    return Platt(math.exp(u), b)


def brier(judged: Sequence[tuple[float, bool]]) -> float | None:
    """Return the mean squared distance of (probability, was true); None without any.

    >>> brier([(1.0, True), (0.5, False)])
    0.125
    """
    return sum((p - true) ** 2 for p, true in judged) / len(judged) if judged else None


def _loss(judged: Sequence[tuple[float, bool, float]], u: float, b: float, u0: float, b0: float) -> float:
    slope, loss = math.exp(u), ((u - u0) / SPREAD_SLOPE) ** 2 / 2 + ((b - b0) / SPREAD_OFFSET) ** 2 / 2
    for s, true, weight in judged:
        x = slope * s + b
        x = -x if true else x
        loss += weight * (x + math.log1p(math.exp(-x)) if x > 0 else math.log1p(math.exp(x)))
    return loss


def _newton(
    judged: Sequence[tuple[float, bool, float]], u: float, b: float, u0: float, b0: float
) -> tuple[float, float]:
    """Return the Gauss-Newton step: its matrix is positive definite, so it always leads downhill."""
    slope = math.exp(u)
    gu, gb = (u - u0) / SPREAD_SLOPE**2, (b - b0) / SPREAD_OFFSET**2
    huu, hub, hbb = 1 / SPREAD_SLOPE**2, 0.0, 1 / SPREAD_OFFSET**2
    for s, true, weight in judged:
        p = probability(Platt(slope, b), s)
        du, wide = slope * s, weight * p * (1 - p)
        gu, gb = gu + weight * (p - true) * du, gb + weight * (p - true)
        huu, hub, hbb = huu + wide * du * du, hub + wide * du, hbb + wide
    det = huu * hbb - hub * hub
    return (hub * gb - hbb * gu) / det, (hub * gu - huu * gb) / det
