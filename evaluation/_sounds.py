"""Streams of sound with a known truth, and the count of what a network made of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ansimnet_vision.sound.evidence import SURER, SoundEvent, SoundEvents
from ansimnet_vision.sound.features import F32, RATE, Listening
from ansimnet_vision.sound.network import SOUNDS, Network
from ansimnet_vision.training.sound import active_rms
from ansimnet_vision.training.sound_data import Clip

LEAD_S, AFTER_S = 3.0, 4.0
"""Background before and after a planted sound."""
LATE_S = 3.0
"""An alarm counts until so long after the sound ends; the national test grants 10 s after an event begins."""
Window = tuple[F32, float, F32]
"""Log odds of each sound, instant (s) and levels of a window."""
LONGEST_S = 6.0
"""More of a clip is not planted."""


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """`sound`: the class planted at `since_s` to `until_s`, None for background alone. `of`: whose recording."""

    samples: F32
    sound: str | None
    since_s: float
    until_s: float
    of: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was heard in one stream: whether the planted sound was, and how many alarms of that sound were wrong."""

    stream: Stream
    hit: bool
    wrong: int
    delay_s: float | None


def planted(
    rng: Generator, sound: str, name: str, samples: NDArray[Any], behind: Sequence[Clip], snr_db: float
) -> Stream:
    """Return a stream in which a sound stands `snr_db` above a real background (rms over where it is active)."""
    front = np.asarray(samples[: round(LONGEST_S * RATE)], np.float64)
    size = len(front) + round((LEAD_S + AFTER_S) * RATE)
    out = background(rng, behind, size)
    at = round(LEAD_S * RATE)
    here = float(np.sqrt((out[at : at + len(front)] ** 2).mean())) + 1e-6
    out[at : at + len(front)] += front / (active_rms(front) + 1e-9) * here * 10 ** (snr_db / 20)
    return Stream(_quiet_enough(out), sound, LEAD_S, LEAD_S + len(front) / RATE, name)


def empty(rng: Generator, behind: Sequence[Clip], seconds: float) -> Stream:
    """Return background alone."""
    samples = background(rng, behind, round(seconds * RATE))
    return Stream(_quiet_enough(samples), None, 0.0, 0.0, "")


def background(rng: Generator, behind: Sequence[Clip], size: int) -> NDArray[np.float64]:
    """Return one real recording from anywhere in it, repeated until it is long enough."""
    chosen = behind[int(rng.integers(len(behind)))].sound
    return np.roll(np.resize(np.asarray(chosen, np.float64), size), rng.integers(size))


def _quiet_enough(samples: NDArray[np.float64]) -> F32:
    """Return a stream as recorded, or turned down where the sum would clip."""
    return np.asarray(samples / max(1.0, float(np.abs(samples).max())), np.float32)


def hear(network: Network, samples: F32) -> list[SoundEvent]:
    """Return the events of a stream that comes in pieces of two seconds, as a worker takes it."""
    return events(network, windows(network, samples))


def windows(network: Network, samples: F32) -> list[Window]:
    """Return what the network says of each window of a stream."""
    listening = Listening()
    return [
        (network.evidence(heard.numbers[None])[0], heard.at / RATE, heard.level)
        for at in range(0, len(samples), 2 * RATE)
        for heard in listening.push(samples[at : at + 2 * RATE])
    ]


def events(network: Network, said: Iterable[Window], surer: float = 1.0) -> list[SoundEvent]:
    """Return what becomes of windows where alarms ask for `surer` times the evidence they ask for by themselves."""
    evidence = SoundEvents(network, starts_at={s: SURER[s] * surer * v for s, v in network.starts_at.items()})
    return [event for row, at_s, level in said for event in evidence.weigh(row, at_s, level)]


def judged(network: Network, streams: Iterable[Stream], sound: str) -> list[Outcome]:
    """Return how a network did on streams, for one sound."""
    return outcomes(((stream, hear(network, stream.samples)) for stream in streams), sound)


def outcomes(heard: Iterable[tuple[Stream, Sequence[SoundEvent]]], sound: str) -> list[Outcome]:
    """Return how right the events of streams are, for one sound."""
    out = []
    for stream, every in heard:
        told = [event for event in every if event.sound == sound]
        inside = [e for e in told if stream.sound == sound and stream.since_s <= e.at_s <= stream.until_s + LATE_S]
        wrong = len(told) - len(inside)
        out.append(Outcome(stream, bool(inside), wrong, inside[0].at_s - stream.since_s if inside else None))
    return out


def f1(outcomes: Sequence[Outcome], sound: str) -> float:
    """Return the harmonic mean of precision and recall over streams."""
    hits = sum(o.hit for o in outcomes)
    missed = sum(o.stream.sound == sound and not o.hit for o in outcomes)
    wrong = sum(o.wrong for o in outcomes)
    return 2 * hits / max(1, 2 * hits + missed + wrong)


def f1_interval(outcomes: Sequence[Outcome], sound: str, rng: Generator) -> list[float]:
    """Return the 95 % interval of F1: recordings, not streams, are drawn again 1,000 times (bootstrap)."""
    by_recording: dict[str, list[Outcome]] = {}
    for n, outcome in enumerate(outcomes):
        by_recording.setdefault(outcome.stream.of or f"background {n}", []).append(outcome)
    groups = list(by_recording.values())
    tries = []
    for _ in range(1000):
        drawn = [o for at in rng.integers(0, len(groups), len(groups)) for o in groups[at]]
        tries.append(f1(drawn, sound))
    return [float(np.percentile(tries, 2.5)), float(np.percentile(tries, 97.5))]


def rate(alarms: int, hours: float) -> dict[str, float]:
    """Return alarms per hour with the one-sided upper 95 % bound (Poisson, exact) and the hours behind it."""
    return {
        "alarms": alarms,
        "hours": round(hours, 3),
        "per_hour": alarms / hours if hours else float("nan"),
        "upper_95": poisson_upper(alarms) / hours if hours else float("nan"),
    }


def poisson_upper(count: int, part: float = 0.05) -> float:
    """Return the mean at which `count` events or fewer have only the chance `part`.

    >>> round(poisson_upper(0), 3), round(poisson_upper(2), 3)
    (2.996, 6.296)
    """
    low, high = float(count), count + 10 * math.sqrt(count + 1) + 10

    def chance(mean: float) -> float:
        term = total = math.exp(-mean)
        for k in range(1, count + 1):
            term *= mean / k
            total += term
        return total

    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if chance(middle) > part else (low, middle)
    return low


def false_alarms(network: Network, clips: Sequence[Clip], progress: Callable[[], None]) -> dict[str, Any]:
    """Return the alarms of any sound per hour of recordings that hold none, as one stream per part, as recorded."""
    parts: dict[str, list[Clip]] = {}
    for clip in clips:
        parts.setdefault(clip.part, []).append(clip)
    by_part, by_sound, seconds = {}, dict.fromkeys(SOUNDS, 0), 0.0
    for part, some in sorted(parts.items()):
        progress()
        events = hear(network, np.concatenate([clip.sound for clip in some]))
        for event in events:
            by_sound[event.sound] += 1
        length = sum(clip.seconds for clip in some)
        seconds += length
        by_part[part] = rate(len(events), length / 3600)
    hours = seconds / 3600
    return {
        **rate(sum(by_sound.values()), hours),
        "by_sound": {sound: rate(many, hours) for sound, many in by_sound.items()},
        "by_recordings": by_part,
    }
