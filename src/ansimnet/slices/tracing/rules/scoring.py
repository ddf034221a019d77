"""What a candidate's looks, plate and description say: log likelihood ratios in nats, above 0 for him, below against.

Each is capped by what can always happen: clothes changed on the way, a look-alike, a character read wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ansimnet.slices.tracing.rules.types import F32, F64, PlateRead

KNOWN_PICTURES = (1, 3)
"""Bounds of the classes of how many pictures of him the template is made of: one, up to three, more."""
CHANGED = 0.03
"""Chance that he looks like a stranger at the next camera (coat off, back lit). ours."""
ALIKE = 0.008
"""Chance that a stranger looks like him (uniforms, black padding). ours."""
ALPHABET = 50
"""Characters that a position of a Korean plate may hold, about: ten digits, or one of 40 syllables."""
SAID = 7.0
"""Log odds of a character that a person named: wrong once in a thousand. ours."""
AGREES, DIFFERS = 0.85, 0.12
"""Chance that a described attribute reads as described on him; on a stranger `chance` of the attribute. ours."""


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """Cosine to his template: normal laws for him and for strangers, one each per class of pictures known (3,)."""

    same_mean: F64
    same_sd: F64
    other_mean: F64
    other_sd: F64


def looks_prior() -> Looks:
    """Return a cautious start, before any pair was judged. ours: a light OSNet across domains (mAP 0.557)."""
    return Looks(
        np.array([0.55, 0.63, 0.70]), np.array([0.11, 0.09, 0.08]), np.array([0.08, 0.09, 0.10]), np.full(3, 0.14)
    )


def looks_learn(looks: Looks, same: list[tuple[int, float]], other: list[tuple[int, float]]) -> Looks:
    """Return the laws after judged pairs (pictures known, cosine); the prior weighs as much as 20 pairs a class.

    Trimmed at both ends by 2 %: a changed coat belongs to `CHANGED`, not to the spread.
    """

    def fit(mean: F64, sd: F64, pairs: list[tuple[int, float]]) -> tuple[F64, F64]:
        mean, sd = mean.copy(), sd.copy()
        for row in range(3):
            values = np.sort([s for n, s in pairs if known_pictures(n) == row])
            cut = len(values) // 50
            values = values[cut : len(values) - cut]
            n = len(values)
            if n:
                centre = (20 * mean[row] + values.sum()) / (20 + n)
                spread = 20 * sd[row] ** 2 + float(((values - centre) ** 2).sum())
                mean[row], sd[row] = centre, np.sqrt(spread / (20 + n))
        return mean, sd

    same_mean, same_sd = fit(looks.same_mean, looks.same_sd, same)
    other_mean, other_sd = fit(looks.other_mean, looks.other_sd, other)
    return replace(looks, same_mean=same_mean, same_sd=same_sd, other_mean=other_mean, other_sd=other_sd)


def known_pictures(n: int) -> int:
    """Return the class of a template made of `n` pictures."""
    return int(np.searchsorted(KNOWN_PICTURES, n))


def similarity(template: F64, picture: F32) -> float:
    """Return the cosine of a template (the sum of its pictures' unit vectors) and a picture."""
    size = float(np.linalg.norm(template)) * float(np.linalg.norm(picture))
    return float(template @ picture) / size if size else 0.0


def looks_llr(looks: Looks, pictures: int, cosine: float) -> float:
    """Return what the looks say, given the cosine to a template of so many pictures (≥ 1)."""
    row = known_pictures(pictures)
    same = _normal(cosine, looks.same_mean[row], looks.same_sd[row])
    other = _normal(cosine, looks.other_mean[row], looks.other_sd[row])
    him = (1 - CHANGED) * same + CHANGED * other
    stranger = (1 - ALIKE) * other + ALIKE * same
    return float(np.log((him + 1e-12) / (stranger + 1e-12)))


def plate_llr(pattern: str, read: PlateRead) -> float:
    """Return what a plate read says about a pattern in which `?` is unknown.

    A character that agrees with reading probability p is 'p' likely on his plate and one in `ALPHABET` on another's.
    A read of another length says little: characters are lost, so only the tail of four digits is compared.

    >>> plate_llr("12가3456", PlateRead("12가3456", (0.9,) * 7)) > 15
    True
    >>> plate_llr("12가3456", PlateRead("98나7654", (0.9,) * 7)) < -10
    True
    """
    chars, chances = read.chars, read.probability
    if len(chars) != len(pattern):
        n = min(4, len(chars), len(pattern))
        pattern, chars, chances = pattern[-n:], chars[-n:], chances[-n:]
    total = 0.0
    for want, got, p in zip(pattern, chars, chances, strict=True):
        if want == "?":
            continue
        sure = min(0.99, max(0.02, p))
        share = 1 / (10 if want.isdigit() else ALPHABET - 10)
        wrong = (1 - sure) / (1 / share - 1)  # of his characters read as this other one
        total += float(np.log((sure if want == got else wrong) / share))
    return max(-20.0, min(25.0, total))


def plate_seen(pattern: str | None, reads: Sequence[PlateRead]) -> PlateRead | None:
    """Return the plate that a pattern and the reads of one vehicle's sightings tell together; None: nothing is known.

    Reads of another length than most are left out: a lost character shifts all behind it. A `?` has no probability.

    >>> plate_seen("????3456", [PlateRead("123가3456", (0.9,) * 8), PlateRead("128가3456", (0.6,) * 8)]).chars
    '123가3456'
    >>> plate_seen(None, []) is None
    True
    """
    if pattern is None and not reads:
        return None
    lengths = [len(r.chars) for r in reads]
    length = len(pattern) if pattern is not None else max(sorted(set(lengths)), key=lengths.count)
    chars, chances = [], []
    for i in range(length):
        votes: dict[str, float] = {}
        if pattern is not None and pattern[i] != "?":
            votes[pattern[i]] = SAID
        for read in reads:
            if len(read.chars) == length:
                sure, others = min(0.99, max(0.02, read.probability[i])), _letters(read.chars[i]) - 1
                votes[read.chars[i]] = votes.get(read.chars[i], 0.0) + float(np.log(sure * others / (1 - sure)))
        best = max(sorted(votes), key=lambda c: votes[c], default="?")
        odds = np.exp([votes[c] - votes[best] for c in votes])
        rest = max(0, _letters(best) - len(votes)) * float(np.exp(-votes.get(best, 0.0)))
        chars.append(best)
        chances.append(1 / (float(odds.sum()) + rest) if votes else 0.0)
    return PlateRead("".join(chars), tuple(chances))


def plates_llr(known: PlateRead, read: PlateRead) -> float:
    """Return what a plate read says about a plate that is itself only known from reads (or words).

    >>> plates_llr(PlateRead("12가3456", (0.9,) * 7), PlateRead("12가3456", (0.9,) * 7)) > 10
    True
    >>> plates_llr(PlateRead("12가3456", (0.9,) * 7), PlateRead("98나7654", (0.9,) * 7)) < -5
    True
    """
    want, chars, chances = known.chars, read.chars, read.probability
    n = len(want) if len(want) == len(chars) else min(4, len(want), len(chars))
    total = 0.0
    for a, p, b, q in zip(want[-n:], known.probability[-n:], chars[-n:], chances[-n:], strict=True):
        if a == "?":
            continue
        letters, sure = _letters(a), min(0.99, max(0.02, q))
        same = p * sure + (1 - p) * (1 - sure) / (letters - 1)
        other = (1 - same) / (letters - 1)
        total += float(np.log((same if a == b else other) * letters))
    return max(-20.0, min(25.0, total))


def _letters(char: str) -> int:
    """Return how many characters a position that shows this one may hold."""
    return 10 if char.isdigit() else ALPHABET - 10


def described_llr(attributes: Mapping[str, bool], chance: Mapping[str, float]) -> float:
    """Return what attributes say that agree (true) or differ (false) with the description.

    `chance` is the share of passers-by who have the attribute as described.

    >>> described_llr({"hat": True}, {"hat": 0.1}) > 0 > described_llr({"hat": False}, {"hat": 0.1})
    True
    """
    total = 0.0
    for name, agrees in attributes.items():
        share = min(0.95, max(0.005, chance.get(name, 0.2)))
        total += float(np.log(AGREES / share) if agrees else np.log(DIFFERS / (1 - share)))
    return max(-6.0, min(6.0, total))


def _normal(x: float, mean: float, sd: float) -> float:
    z = (x - mean) / sd
    return float(np.exp(-0.5 * z * z) / sd / 2.5066282746)
