"""How people look to cameras: vectors as noisy as a published re-identification model is across domains.

A light OSNet trained on MSMT17 and tried on Market-1501 reaches mAP 0.557 (arXiv 2003.07618). `NOISE` gives this
figure on galleries of Market's shape (`check`); a camera adds half of it to all it sees.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

MAP = 0.557
DIMENSIONS = 64
PEOPLE, SHOTS, CAMERAS, DISTRACTORS, QUERIES = 750, 20, 6, 4732, 120
"""Market-1501: 750 people, 19,732 pictures in the gallery by six cameras; 120 of its 3,368 queries."""
OF_CAMERA = 0.55
"""Share of the noise (in amplitude) that is the camera's. ours."""
BIASES = 4096
NOISE = 1.056
"""Amplitude of the noise, set so that `check` gives the published figure."""
GALLERIES = tuple(range(20, 30))


def seen_as(rng: np.random.Generator, person: F32, bias: F32, noise: float) -> F32:
    """Return the unit vectors (n, D) of people (n, D) seen by cameras of these biases (n, D)."""
    own = rng.standard_normal(person.shape).astype(np.float32)
    out = person + noise * (OF_CAMERA * bias + np.sqrt(1 - OF_CAMERA**2) * own)
    return np.asarray(out / np.linalg.norm(out, axis=-1, keepdims=True), np.float32)


def person(rng: np.random.Generator) -> F32:
    """Return somebody's true looks (D,)."""
    return rng.standard_normal(DIMENSIONS).astype(np.float32)


def alike(rng: np.random.Generator, other: F32, how: float) -> F32:
    """Return the looks of somebody who looks like another: `how` is the correlation."""
    return np.asarray(how * other + np.sqrt(1 - how**2) * person(rng), np.float32)


def biases(seed: int) -> F32:
    """Return what cameras add, (BIASES, D); camera c has row c % BIASES."""
    return np.random.default_rng([seed, 5]).standard_normal((BIASES, DIMENSIONS)).astype(np.float32)


def average_precision(noise: float, seed: int = 11) -> float:
    """Return the mAP that this noise gives on a gallery of Market-1501's shape, other cameras only."""
    rng = np.random.default_rng([seed, 6])
    people = rng.standard_normal((PEOPLE + DISTRACTORS, DIMENSIONS)).astype(np.float32)
    of = np.concatenate([np.repeat(np.arange(PEOPLE), SHOTS), PEOPLE + np.arange(DISTRACTORS)])
    bias = rng.standard_normal((CAMERAS, DIMENSIONS)).astype(np.float32)
    camera = rng.integers(0, CAMERAS, len(of))
    gallery = seen_as(rng, people[of], bias[camera], noise)
    who = rng.integers(0, PEOPLE, QUERIES)
    at = rng.integers(0, CAMERAS, QUERIES)
    scores = seen_as(rng, people[who], bias[at], noise) @ gallery.T
    found = []
    for q in range(QUERIES):
        valid = ~((of == who[q]) & (camera == at[q]))
        order = np.argsort(-scores[q][valid])
        right = (of[valid] == who[q])[order]
        hits = np.flatnonzero(right)
        found.append(float(np.mean((np.arange(len(hits)) + 1) / (hits + 1))) if len(hits) else 0.0)
    return float(np.mean(found))


def check() -> float:
    """Return the mAP that `NOISE` gives, over galleries with cameras of their own."""
    return float(np.mean([average_precision(NOISE, seed) for seed in GALLERIES]))
