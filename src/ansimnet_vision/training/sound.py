"""Teaches the classifier of sounds, and writes down what taught it.

    python -m ansimnet_vision.training.sound --data FOLDER --out FILE [--free] [--seed N] [--room FOLDER --seconds S]

`--free` uses only what may be passed on (ESC-10 and made sounds) and so makes the committed weights. Without it every
recording of the folder teaches that is not held back, and the weights belong into the folder of models of whoever has
the right to those recordings. The held-back third (`sound_data`) teaches nothing and chooses nothing.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ansimnet_vision.sound.evidence import SoundEvents
from ansimnet_vision.sound.features import F32, HOP, RATE, SPAN, STEP, described
from ansimnet_vision.sound.network import CLASSES, SOUNDS, Network, save
from ansimnet_vision.training.sound_data import FREE, Clip, alike, clips, third
from ansimnet_vision.training.sound_synthesis import MADE, NONE_OF_THEM, coloured_by, echoing

LEAD, SECONDS = 2, 6
"""Of a mixture that teaches: all, and how much of its beginning is background alone."""
LOUD_DB = 20.0
"""A window holds a sound where its own frames come within this of the sound's loudest; ours."""
HIDDEN, VOTERS, ROUNDS = (64, 24), 2, 25
"""Size of the networks, how many vote, and how often each sees everything. Ours."""
AT_ONCE = 50
"""Mixtures of one piece of work."""
MADE_OF_EACH = {"scream": 220, "glass": 90, "bang": 110, "siren": 110}
"""How many made sounds of each kind teach."""
MADE_BACKGROUNDS = 170
TIMES = {"scream": 7, "bang": 6, "siren": 10, "background": 1}
"""How many mixtures one recording gets: rare sounds in many backgrounds."""

LICENCE = "CC BY 3.0: ESC-10, K. J. Piczak, and the authors it names; made sounds"

LEAST = 1.6
"""Evidence that starts an alarm at the least: a little more than one window may bring."""
DEAR = {"scream": 1.5, "glass": 20.0, "bang": 20.0, "siren": 20.0}
"""How many misses a false alarm counts on the inner folds. Ours: no scream is to be missed; streets bang and wail."""
HEARD_DB = -3.0
"""And no more than this below what is behind it; ours: fainter, a person would not be sure either."""

Progress = Callable[[float, float, str], None]


class PausedError(Exception):
    """The time given is over; what was made so far is kept."""


@dataclass(frozen=True, slots=True)
class Room:
    """Where a long run keeps what it has made, to go on later. `folder` None: nowhere. `seconds`: of processor time."""

    folder: Path | None = None
    seconds: float = float("inf")

    def keep(self, name: str, make: Callable[[], Sequence[NDArray[Any]]]) -> list[NDArray[Any]]:
        """Return arrays that were kept under a name, or make and keep them.

        Raises:
            PausedError: they are not there and the time is over.
        """
        file = None if self.folder is None else self.folder / f"{name}.npz"
        if file is not None and file.is_file():
            with np.load(file) as kept:
                return [kept[f"arr_{n}"] for n in range(len(kept.files))]
        if time.process_time() > self.seconds:
            raise PausedError
        made = list(make())
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            part = file.with_suffix(".part.npz")
            np.savez(part, *made)
            part.replace(file)
        return made


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Windows of one mixture: descriptions, classes (-1: neither one nor the other), and its fold."""

    numbers: F32
    classes: NDArray[np.int64]
    fold: int


def train(
    known: Sequence[Clip], seed: int, progress: Progress = lambda _d, _t, _w: None, room: Room | None = None
) -> Network:
    """Return a network taught by clips and made sounds; what starts an alarm is chosen on inner folds of the same.

    Every lesson and every voter has a generator of its own, so that a run that was broken off goes on in its `room`.

    Raises:
        PausedError: the room's time is over; call again.
    """
    room = room or Room()
    lessons = _lessons(known, seed, progress, room)
    numbers = np.concatenate([lesson.numbers for lesson in lessons])
    classes = np.concatenate([lesson.classes for lesson in lessons])
    centre, scale = numbers.mean(0), 1 / (numbers.std(0) + 1e-3)

    def taught(n: int, some: Sequence[Lesson]) -> tuple[tuple[F32, F32], ...]:
        progress(n, 3 + VOTERS, "teaching")
        rng = np.random.default_rng([seed, 2, n])
        kept = room.keep(
            f"voter-{n}-of-{len(lessons)}", lambda: [p for layer in _voter(some, centre, scale, rng) for p in layer]
        )
        return tuple((kept[2 * i], kept[2 * i + 1]) for i in range(len(kept) // 2))

    inner = [taught(f, [lesson for lesson in lessons if lesson.fold != f]) for f in range(3)]
    judges = [Network("", centre, scale, (one,), {}, {}) for one in inner]
    begins = starts_at([(lesson, judges[lesson.fold].evidence(lesson.numbers)) for lesson in lessons])
    voters = tuple(taught(3 + n, lessons) for n in range(VOTERS))
    by_source = tuple(replace(one, starts_at=begins) for one in judges)
    return Network("", centre, scale, voters, begins, _card(known, seed, classes), by_source)


def starts_at(untaught: Sequence[tuple[Lesson, F32]]) -> dict[str, float]:
    """Return per sound the evidence that splits mixtures with it from those without best, errors weighed by `DEAR`.

    `untaught`: lessons with the evidence of networks that did not see them.
    """
    out = {}
    for k, sound in enumerate(SOUNDS, 1):
        tops = [(float(SoundEvents.tops(evidence)[k - 1]), bool((lesson.classes == k).any()))
                for lesson, evidence in untaught]  # fmt: skip
        have = np.array([top for top, there in tops if there])
        not_ = np.array([top for top, there in tops if not there])
        tries = np.linspace(LEAST, 40, 154)
        cost = [(have < at).mean() + DEAR[sound] * (not_ >= at).mean() for at in tries]
        out[sound] = float(tries[int(np.argmin(cost))])
    return out


def inner_fold(clip: Clip) -> int:
    """Return which of the inner networks hears nothing of a clip's source."""
    return third(f"inner/{clip.source}")


def _lessons(known: Sequence[Clip], seed: int, progress: Progress, room: Room) -> list[Lesson]:
    backgrounds = [clip for clip in known if clip.label == "background"]
    wanted: list[tuple[str, Clip | None]] = [
        *((kind, None) for kind, many in MADE_OF_EACH.items() for _ in range(many)),
        *(("background", None) for _ in range(MADE_BACKGROUNDS)),
        *((clip.label, clip) for clip in known for _ in range(TIMES.get(clip.label, 1))),
    ]
    folds = [n % 3 if clip is None else inner_fold(clip) for n, (_, clip) in enumerate(wanted)]
    free = [[b for b in backgrounds if inner_fold(b) == fold and b.name.startswith(FREE)] for fold in range(3)]
    mine = [[b for b in backgrounds if inner_fold(b) == fold] for fold in range(3)]

    def made(some: Sequence[int]) -> list[NDArray[Any]]:
        out: list[NDArray[Any]] = []
        for n in some:
            (label, clip), rng = wanted[n], np.random.default_rng([seed, 1, n])
            own = clip is not None and not clip.name.startswith(FREE)
            behind = _background(rng, (mine if own else free)[folds[n]])
            sound = None if label == "background" and clip is None else _front(rng, label, clip)
            out += _mixture(rng, label, sound, behind)
        return out

    lessons: list[Lesson] = []
    for first in range(0, len(wanted), AT_ONCE):
        progress(first, len(wanted), "mixing sounds")
        some = range(first, min(first + AT_ONCE, len(wanted)))
        kept = room.keep(f"lessons-{first}-{len(some)}", partial(made, some))
        lessons += [Lesson(kept[2 * i], kept[2 * i + 1], folds[n]) for i, n in enumerate(some)]
    return lessons


def _front(rng: Generator, label: str, clip: Clip | None) -> NDArray[np.float64]:
    size, lead = (SECONDS - LEAD) * RATE, np.zeros(LEAD * RATE)
    if clip is None:
        return np.concatenate([lead, MADE[label](rng, size)])
    sound = np.asarray(clip.sound, np.float64)
    if rng.random() < 0.5:  # a little faster or slower, so higher or lower
        sound = np.interp(np.arange(0, len(sound) - 1, rng.uniform(0.88, 1.14)), np.arange(len(sound)), sound)
    return np.concatenate([lead, cut(rng, sound, size)])


def cut(rng: Generator, sound: NDArray[Any], size: int) -> NDArray[np.float64]:
    """Return `size` samples of a sound from anywhere in it; a short one lies anywhere in silence."""
    if len(sound) >= size:
        at = rng.integers(0, len(sound) - size + 1)
        return np.asarray(sound[at : at + size], np.float64)
    out = np.zeros(size)
    at = rng.integers(0, size - len(sound) + 1)
    out[at : at + len(sound)] = sound
    return out


def _background(rng: Generator, recorded: Sequence[Clip]) -> NDArray[np.float64]:
    size = SECONDS * RATE
    out = np.zeros(size)
    for _ in range(1 if rng.random() < 0.7 else 2):
        if recorded and rng.random() < 0.7:
            one: NDArray[Any] = np.resize(recorded[int(rng.integers(len(recorded)))].sound, 2 * size)
            one = np.roll(one, rng.integers(len(one)))[:size]
        else:
            one = NONE_OF_THEM[rng.integers(len(NONE_OF_THEM))](rng, size)
        out += one / (one.std() + 1e-6) * 10 ** rng.uniform(-0.7, 0)
    return np.asarray(out / (out.std() + 1e-9))


def _mixture(rng: Generator, label: str, sound: Any, behind: NDArray[np.float64]) -> tuple[F32, NDArray[np.int64]]:
    """Return descriptions and classes of the windows of a mixture.

    Put a sound in front of a background, -3 to 18 dB above it, through some room and microphone."""
    kind = CLASSES.index(label)
    if sound is None:
        mixed, there = behind, np.zeros(len(behind))
    else:
        if rng.random() < 0.35:
            sound = echoing(rng, sound)
        above = 10 ** (rng.uniform(-3, 18) / 20)
        there = sound / (active_rms(sound) + 1e-9)
        mixed = there * above + behind * (1 if rng.random() < 0.9 else 0.01)
    mixed = coloured_by(rng, mixed)
    mixed = mixed / (np.abs(mixed).max() + 1e-9) * 10 ** rng.uniform(-1.5, -0.02)
    mixed = mixed + 10 ** rng.uniform(-4.5, -3) * rng.normal(size=len(mixed))
    numbers, _, _ = described(mixed.astype(np.float32))
    if sound is None or not kind:
        return numbers, np.zeros(len(numbers), np.int64)
    return numbers, _classes(there * above, behind, len(numbers), kind)


def active_rms(sound: NDArray[Any]) -> float:
    """Return the root mean square of a sound over those 16 ms frames that come within `LOUD_DB` of its loudest.

    Pauses before, between and after do not make a scream fainter than it is.
    """
    frames = sound[: len(sound) // HOP * HOP].reshape(-1, HOP)
    power = (frames**2).mean(1)
    loud = power >= power.max() * 10 ** (-LOUD_DB / 10)
    return float(np.sqrt(power[loud].mean()))


def _classes(sound: NDArray[Any], behind: NDArray[Any], windows: int, kind: int) -> NDArray[np.int64]:
    """Return the class of each window: the sound's where it is heard in enough of it, -1 where it is hardly there."""
    power, other = ((x[: len(x) // HOP * HOP].reshape(-1, HOP) ** 2).mean(1) for x in (sound, behind))
    there = power >= power.max() * 10 ** (-LOUD_DB / 10)
    loud = there & (power >= other.mean() * 10 ** (HEARD_DB / 10))
    share = np.array([loud[n * STEP : n * STEP + SPAN].mean() for n in range(windows)])
    least = 0.08 if SOUNDS[kind - 1] in ("glass", "bang") else 0.3  # a blow is short
    any_ = np.array([there[n * STEP : n * STEP + SPAN].mean() for n in range(windows)])
    return np.where(share >= least, kind, np.where(any_ < 0.02, 0, -1))


def _voter(lessons: Sequence[Lesson], centre: F32, scale: F32, rng: Generator) -> tuple[tuple[F32, F32], ...]:
    """Return layers taught by Adam on cross entropy; every class weighs the same, noise and decay keep them plain."""
    x = np.clip((np.concatenate([n.numbers for n in lessons]) - centre) * scale, -6, 6).astype(np.float32)
    y = np.concatenate([n.classes for n in lessons])
    x, y = x[y >= 0], y[y >= 0]
    share = np.bincount(y, minlength=len(CLASSES)) / len(y)
    weight = (1 / np.sqrt(np.maximum(share, 1e-3)))[y].astype(np.float32)
    weight /= weight.mean()
    sizes = (x.shape[1], *HIDDEN, len(CLASSES))
    layers = [[rng.normal(0, np.sqrt(2 / a), (a, b)).astype(np.float32), np.zeros(b, np.float32)]
              for a, b in pairwise(sizes)]  # fmt: skip
    memory = [[np.zeros_like(p), np.zeros_like(p)] for layer in layers for p in layer]
    truth = np.full((len(y), len(CLASSES)), 0.05 / len(CLASSES), np.float32)
    truth[np.arange(len(y)), y] += 0.95
    step = 0
    for turn in range(ROUNDS):
        rate = 2e-3 * 0.5 * (1 + np.cos(np.pi * turn / ROUNDS)) + 1e-5
        for rows in np.array_split(rng.permutation(len(y)), max(1, len(y) // 256)):
            step += 1
            given = x[rows] + 0.15 * rng.standard_normal((len(rows), x.shape[1]), dtype=np.float32)
            given *= rng.random((len(rows), x.shape[1]), dtype=np.float32) > 0.1
            _learn(layers, memory, _slopes(layers, given, truth[rows], weight[rows], rng), rate, step)
    return tuple((matrix, offset) for matrix, offset in layers)


def _slopes(layers: Any, given: F32, truth: F32, weight: F32, rng: Generator) -> list[F32]:
    """Return the gradient of the weighted cross entropy for every matrix and offset, a quarter of the units dropped."""
    seen = [given]
    for n, (matrix, offset) in enumerate(layers):
        out = seen[-1] @ matrix + offset
        if n < len(layers) - 1:
            out = np.maximum(out, 0) * (rng.random(out.shape, dtype=np.float32) > 0.25) / 0.75
        seen.append(out)
    chance = np.exp(seen[-1] - seen[-1].max(1, keepdims=True))
    slope = (chance / chance.sum(1, keepdims=True) - truth) * weight[:, None] / len(given)
    found: list[F32] = []
    for n in range(len(layers) - 1, -1, -1):
        found[:0] = [seen[n].T @ slope, slope.sum(0)]
        if n:
            slope = (slope @ layers[n][0].T) * (seen[n] > 0) / 0.75
    return found


def _learn(layers: Any, memory: Any, slopes: list[F32], rate: float, step: int) -> None:
    """Take one step of AdamW (Loshchilov and Hutter, 2019)."""
    for n, slope in enumerate(slopes):
        kept = layers[n // 2][n % 2]
        first, second = memory[n]
        first += 0.1 * (slope - first)
        second += 0.001 * (slope**2 - second)
        kept -= rate * (first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8) + 0.02 * kept)


def _card(known: Sequence[Clip], seed: int, classes: NDArray[np.int64]) -> dict[str, Any]:
    return {
        "what": "scream, breaking glass, gunshot or bang, siren against everything else; windows of one second",
        "recordings": {clip.name: clip.sha256 for clip in known},
        "made": {**MADE_OF_EACH, "background": MADE_BACKGROUNDS},
        "windows": dict(zip(CLASSES, np.bincount(classes[classes >= 0], minlength=len(CLASSES)).tolist(), strict=True)),
        "licence": LICENCE if all(c.name.startswith(FREE) for c in known) else "not to be passed on",
        "seed": seed,
        "seconds_of_a_mixture": SECONDS,
    }


def teachers(folder: Path, *, free: bool) -> list[Clip]:
    """Return the clips that may teach: not held back, nor cut from what is; only free ones if `free`."""
    every = list(clips(folder))
    held = [clip for clip in every if clip.held_out]
    named = [clip for clip in every if not clip.held_out and (not free or clip.name.startswith(FREE))]
    return [c for c in named if c.label == "background" or not alike(c, [h for h in held if h.label == c.label])]


def _tell(done: float, total: float, words: str) -> None:
    print(f"{words} {done:g}/{total:g}", file=sys.stderr)


def main() -> None:
    """Train and write the weights."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--data", type=Path, required=True, help="folder of recordings")
    options.add_argument("--free", action="store_true", help="only what may be passed on")
    options.add_argument("--out", type=Path, required=True, help="file of the weights (.npz)")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--room", type=Path, help="folder in which a run that was broken off goes on")
    options.add_argument("--seconds", type=float, default=float("inf"), help="of processor time, then pause")
    chosen = options.parse_args()
    known = teachers(chosen.data, free=chosen.free)
    try:
        network = train(known, chosen.seed, _tell, Room(chosen.room, chosen.seconds))
    except PausedError:
        raise SystemExit("paused: run it again to go on") from None
    save(replace(network, inner=()) if chosen.free else network, chosen.out)  # the free part holds no scream to judge
    print(f"{chosen.out}: {len(known)} recordings, {chosen.out.stat().st_size} bytes, starts at {network.starts_at}")


if __name__ == "__main__":
    main()
