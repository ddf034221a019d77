"""Teaches the cry for help ("살려주세요") with speech of a synthesiser, and writes down what taught it.

    python -m ansimnet_vision.training.cry --data FOLDER --out FILE [--seed N]

Every voice, every second street noise and some of the near words are kept from teaching: voices are split by name
(`cry_speech.part_of`), recordings as everywhere (`sound_data`). Of recordings it uses ESC-10 (CC BY) alone. What comes
out is *not measured on people*: the card says so, and so must whoever shows it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ansimnet_vision.sound.cry import (
    BANDS,
    EVERY,
    STEP_SAMPLES,
    STEPS,
    Layer,
    Spotter,
    added,
    flattened,
    forward,
    save,
    steps_of,
)
from ansimnet_vision.sound.features import F32, RATE
from ansimnet_vision.training.cry_speech import (
    ACCENTS,
    NEAR,
    SENTENCES,
    UNTAUGHT_ACCENTS,
    UNTAUGHT_EVERY,
    WORD,
    NoSpeakerError,
    Speaker,
    Wave,
    part_of,
    shouted,
)
from ansimnet_vision.training.sound import active_rms, cut
from ansimnet_vision.training.sound_data import FREE, Clip, clips
from ansimnet_vision.training.sound_synthesis import MADE, NONE_OF_THEM, coloured_by, echoing

SECONDS = 3.6
"""Of a lesson."""
END = int(0.4 * RATE)
"""Samples at a lesson's end in which nobody speaks: a stream goes on."""
MANY = {"word": 1000, "near": 1100, "talk": 600, "sound": 400}
"""Lessons of each kind; ours. Near words weigh as much as the word: they are what it would be taken for."""
CHOOSE = {"word": 160, "near": 160, "talk": 100, "sound": 60}
"""Lessons by voices that taught nothing, on which the sum that starts a cry is chosen."""
LEAST = 3.2
"""Evidence that starts a cry at the least: more than one window may bring (`MOST` / 2)."""
DEAR = 4.0
"""How many misses a false cry counts where the sum is chosen; ours."""
SHAPE = ((5, 1, 24), (5, 2, 32), (3, 2, 48), (0, 1, 32), (0, 1, 1))
"""Taps, stride and outputs of each layer."""
VOTERS = ((False, 10), (False, 10), (True, 14))
"""Whether each hears its lessons `varied`, and how often all of them. Ours."""
AT_ONCE = 256
CLOSER = 2
"""Steps between windows that teach the word: rare as it is, it is seen at more places than are judged."""


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """`mel` (steps, BANDS); `span`: samples at which the word begins and ends, None where nobody says it; `said`: what
    is said or sounds."""

    mel: F32
    span: tuple[int, int] | None
    said: str


@dataclass(frozen=True, slots=True, eq=False)
class School:
    """Who speaks, before what, and what is said: of one part (`teach`, `choose`, `score`).

    `share`: of the word said by voices of other languages, `accents`."""

    speaker: Speaker
    voices: tuple[str, ...]
    behind: Sequence[Clip]
    part: str
    near_words: tuple[str, ...] = NEAR
    accents: tuple[str, ...] = tuple(a for a in ACCENTS if a not in UNTAUGHT_ACCENTS)
    share: float = 0.15

    def word(self, rng: Generator) -> tuple[Wave, tuple[int, int], str]:
        """Return the word in any voice, alone or between other words, where it lies, and its spelling."""
        if rng.random() < self.share:
            language = str(rng.choice(self.accents))
            text = ACCENTS[language]
        else:
            language, text = "ko", str(rng.choice(WORD))
        sound = self.spoken(rng, text, language)
        before = self.spoken(rng, *self._sentence(rng)) if rng.random() < 0.3 else np.zeros(0)
        before = before[-int(0.9 * RATE) :]
        pause = np.zeros(int(rng.uniform(0.05, 0.5) * RATE))
        start = len(before) + len(pause)
        return np.concatenate([before, pause, sound]), (start, start + len(sound)), text

    def near(self, rng: Generator) -> tuple[Wave, None, str]:
        """Return a near word, alone or after something."""
        text = str(rng.choice(self.near_words))
        before = self.spoken(rng, *self._sentence(rng))[-int(0.9 * RATE) :] if rng.random() < 0.3 else np.zeros(0)
        pause = np.zeros(int(rng.uniform(0.05, 0.5) * RATE))
        return np.concatenate([before, pause, self.spoken(rng, text, "ko")]), None, text

    def talk(self, rng: Generator) -> tuple[Wave, None, str]:
        """Return a sentence of any language."""
        return self.spoken(rng, *self._sentence(rng)), None, "talk"

    def sound(self, rng: Generator) -> tuple[Wave, None, str]:
        """Return a scream, glass, a shot, a siren, or a sound of the street."""
        makers = (*MADE.values(), MADE["scream"], *NONE_OF_THEM)
        return makers[int(rng.integers(len(makers)))](rng, int(SECONDS * RATE)), None, "sound"

    def _sentence(self, rng: Generator) -> tuple[str, str]:
        language = str(rng.choice(["ko", "ko", "ko", *SENTENCES]))
        some = [s for n, s in enumerate(SENTENCES[language]) if (n % UNTAUGHT_EVERY == 2) == (self.part == "score")]
        if not some:
            return self._sentence(rng)
        return str(rng.choice(some)), language

    def spoken(self, rng: Generator, text: str, language: str) -> Wave:
        """Return a text said by one of the voices, faster or slower, higher or lower, mostly shouted."""
        voice = str(rng.choice(self.voices))
        pace, pitch, sway = int(rng.integers(130, 230)), int(rng.integers(20, 100)), int(rng.integers(10, 100))
        sound = self.speaker.say(text, language, voice, pace, pitch, sway)
        return shouted(rng, sound) if rng.random() < 0.75 else sound


def lesson(rng: Generator, school: School, kind: str, above_db: float | None = None) -> tuple[Wave, Lesson]:
    """Return a stream of `SECONDS` and what is in it. `above_db`: of what is said over what is behind; None: any."""
    sound, span, said = getattr(school, kind)(rng)
    size = int(SECONDS * RATE)
    sound = sound[: size - END]
    at = int(rng.integers(0, size - END - len(sound) + 1))
    there = np.zeros(size)
    there[at : at + len(sound)] = sound
    if rng.random() < 0.5:
        there = echoing(rng, there)
    there = there / (active_rms(there) + 1e-9) * 10 ** ((rng.uniform(-2, 25) if above_db is None else above_db) / 20)
    mixed = coloured_by(rng, there + _behind(rng, school.behind, size))
    mixed = mixed / (np.abs(mixed).max() + 1e-9) * 10 ** rng.uniform(-1.5, -0.02)
    mixed = mixed + 10 ** rng.uniform(-4.5, -3) * rng.normal(size=size)
    where = None if span is None else (span[0] + at, min(size, span[1] + at))
    return mixed, Lesson(steps_of(mixed.astype(np.float32))[0], where, said)


def _behind(rng: Generator, recorded: Sequence[Clip], size: int) -> Wave:
    if recorded and rng.random() < 0.7:
        one: NDArray[Any] = np.resize(recorded[int(rng.integers(len(recorded)))].sound, 2 * size)
        out = cut(rng, one, size)
    else:
        out = NONE_OF_THEM[int(rng.integers(len(NONE_OF_THEM)))](rng, size)
    return np.asarray(out / (out.std() + 1e-6))


def windows(some: Sequence[Lesson], closer: int = EVERY) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (N, 2) lesson and last step of each window, and (N,) whether it holds the word: 1, 0, or -1 for in part.

    `closer`: steps from one to the next where the word is."""
    places, classes = [], []
    for k, one in enumerate(some):
        for end in range(STEPS, len(one.mel) + 1, closer):
            found = 0 if one.span is None else class_of(one.span, end)
            if found == 1 or (end - STEPS) % EVERY == 0:
                places.append((k, end))
                classes.append(found)
    return np.array(places), np.array(classes)


def class_of(span: tuple[int, int], end: int) -> int:
    """Return whether the window that ends with step `end` holds the word (`span`, samples): 1, 0, or -1 for in part."""
    last, first = end * STEP_SAMPLES, (end - STEPS) * STEP_SAMPLES
    length = min(span[1] - span[0], STEPS * STEP_SAMPLES)
    held = (min(last, span[1]) - max(first, span[0])) / length
    if held >= 0.9 and span[0] >= first - 0.08 * RATE:
        return 1
    return 0 if held < 0.5 else -1


def tops(spotter: Spotter, some: Sequence[Lesson]) -> NDArray[np.float64]:
    """Return the most evidence that the windows of each lesson add up to."""
    out = []
    for one in some:
        now = most = 0.0
        for odds in spotter.evidence(_gathered([one], windows([one])[0])):
            now = added(now, float(odds))
            most = max(most, now)
        out.append(most)
    return np.array(out)


def train(speaker: Speaker, known: Sequence[Clip], seed: int) -> Spotter:
    """Return a spotter taught by the voices and recordings that may teach; its sum is chosen on other voices."""
    taught = school(speaker, known, "teach")
    lessons = lessons_of(taught, MANY, seed, 1)
    voices = {p: [v for v in speaker.voices if part_of(v) == p] for p in ("teach", "choose", "score")}
    places, classes = windows(lessons, CLOSER)
    sure = classes >= 0
    places, classes = places[sure], classes[sure]
    seen = _gathered(lessons, places)
    some = flattened(seen[:: max(1, len(seen) // 20_000)])
    centre, scale = some.mean((0, 1)), 1 / (some.std((0, 1)) + 1e-3)

    def given(rng: Generator, rows: NDArray[np.int64]) -> F32:
        return np.asarray((flattened(varied(rng, seen[rows], seen)) - centre) * scale, np.float32)

    def plain(rng: Generator, rows: NDArray[np.int64]) -> F32:
        noise = 0.1 * rng.standard_normal((len(rows), STEPS, BANDS), dtype=np.float32)
        return np.asarray((flattened(seen[rows]) - centre) * scale + noise, np.float32)

    voters = tuple(
        _voter(given if other else plain, classes, rounds, np.random.default_rng([seed, 2, n]))
        for n, (other, rounds) in enumerate(VOTERS)
    )
    card = {
        "what": "one word (살려주세요) against everything else, in 1.2 s of log-mel",
        "measured": "not measured on people: synthetic speech only",
        "speech": "eSpeak NG 1.52 by espeakng-loader 0.2.4, spoken output only",
        "voices": voices,
        "recordings": {clip.name: clip.sha256 for clip in known if not clip.held_out},
        "licence": "CC BY 3.0: ESC-10, K. J. Piczak, and the authors it names; synthetic speech; made sounds",
        "lessons": MANY,
        "windows": np.bincount(classes, minlength=2).tolist(),
        "seed": seed,
    }
    spotter = Spotter("", centre.astype(np.float32), scale.astype(np.float32), voters, 0.0, card)
    other = lessons_of(school(speaker, known, "choose"), CHOOSE, seed, 3)
    _tell("choosing where a cry starts")
    return replace(spotter, starts_at=starts_at(tops(spotter, other), [one.span is not None for one in other]))


def starts_at(most: NDArray[np.float64], there: Sequence[bool]) -> float:
    """Return the sum that parts lessons with the word from those without best, a false cry counted `DEAR` times.

    >>> starts_at(np.array([9.0, 8.0, 4.0, 1.0]), [True, True, False, False])
    6.0
    """
    have = np.array(there)
    tries = np.arange(LEAST, 24, 0.1)
    cost = np.array([(most[have] < at).mean() + DEAR * (most[~have] >= at).mean() for at in tries])
    best = tries[cost <= cost.min() + 1e-9]
    return round(float(best[len(best) // 2]), 1)


def school(speaker: Speaker, known: Sequence[Clip], part: str) -> School:
    """Return who may speak in a part, and what may be behind it."""
    voices = tuple(v for v in speaker.voices if part_of(v) == part)
    return School(speaker, voices, [c for c in known if c.held_out == (part == "score")], part)


def lessons_of(school_: School, many: dict[str, int], seed: int, which: int) -> list[Lesson]:
    """Return lessons of every kind, each with a generator of its own."""
    wanted = [kind for kind, n in many.items() for _ in range(n)]
    out = []
    for n, kind in enumerate(wanted):
        if n % 200 == 0:
            _tell(f"{school_.part}: lesson {n} of {len(wanted)}")
        out.append(lesson(np.random.default_rng([seed, which, n]), school_, kind)[1])
    return out


def _gathered(lessons: Sequence[Lesson], places: NDArray[np.int64]) -> F32:
    out = np.empty((len(places), STEPS, BANDS), np.float32)
    for n, (k, end) in enumerate(places):
        out[n] = lessons[k].mel[end - STEPS : end]
    return out


def varied(rng: Generator, windows: F32, every: F32) -> F32:
    """Return (N, STEPS, BANDS) log-mel as other mouths, paces and places would give it: shifted by up to two bands and
    a step, drawn out or hurried by a tenth, tilted, and every third with another window 5 to 25 dB below it."""
    many = np.arange(len(windows))[:, None, None]
    step = np.arange(STEPS)[None, :] - STEPS / 2
    paced = step * rng.uniform(0.9, 1.1, (len(windows), 1)) + rng.uniform(-1, 1, (len(windows), 1)) + STEPS / 2
    at = np.clip(np.rint(paced), 0, STEPS - 1).astype(np.int64)[:, :, None]
    band = np.clip(np.arange(BANDS) + rng.integers(-2, 3, (len(windows), 1)), 0, BANDS - 1)[:, None, :]
    out = windows[many, at, band]
    out += (rng.uniform(-1.5, 1.5, (len(windows), 1, 1)) * np.linspace(-1, 1, BANDS)).astype(np.float32)
    mixed = np.flatnonzero(rng.random(len(windows)) < 1 / 3)
    other = every[rng.integers(len(every), size=len(mixed))]
    loud = out[mixed].max((1, 2)) - other.max((1, 2)) - rng.uniform(5, 25, len(mixed)) / 10 * np.log(10)
    out[mixed] = np.logaddexp(out[mixed], other + loud[:, None, None].astype(np.float32))
    return np.asarray(out, np.float32)


def _voter(
    given_of: Callable[[Generator, NDArray[np.int64]], F32], y: NDArray[np.int64], rounds: int, rng: Generator
) -> tuple[Layer, ...]:
    """Return layers taught by AdamW on cross entropy; the word weighs a third, and a round sees half of all else."""
    layers: list[list[Any]] = []
    steps, width = STEPS, BANDS
    for taps, stride, outputs in SHAPE:
        inputs = taps * width if taps else steps * width
        layers.append([rng.normal(0, np.sqrt(2 / inputs), (inputs, outputs)).astype(np.float32),
                       np.zeros(outputs, np.float32), taps, stride])  # fmt: skip
        steps, width = ((steps - taps) // stride + 1 if taps else 1), outputs
    memory = [[np.zeros_like(p), np.zeros_like(p)] for layer in layers for p in layer[:2]]
    weight = np.where(y == 1, 0.33 / y.mean(), 0.67 / (1 - y.mean())).astype(np.float32)
    step = 0
    for turn in range(rounds):
        rate = 2e-3 * 0.5 * (1 + np.cos(np.pi * turn / rounds)) + 1e-5
        lost = 0.0
        seen = rng.permutation(np.flatnonzero((y == 1) | (rng.random(len(y)) < 0.5)))
        for rows in np.array_split(seen, max(1, len(seen) // AT_ONCE)):
            step += 1
            loss, slopes = _slopes(layers, given_of(rng, rows), y[rows], weight[rows])
            lost += loss * len(rows)
            for n, slope in enumerate(slopes):
                kept, (first, second) = layers[n // 2][n % 2], memory[n]
                first += 0.1 * (slope - first)
                second += 0.001 * (slope**2 - second)
                kept -= rate * (first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8) + 0.01 * kept)
        _tell(f"round {turn + 1} of {rounds}: {lost / len(seen):.4f}")
    return tuple((matrix, offset, taps, stride) for matrix, offset, taps, stride in layers)


def _slopes(layers: Sequence[Any], given: F32, y: NDArray[np.int64], weight: F32) -> tuple[float, list[F32]]:
    """Return the weighted cross entropy and its gradient for every matrix and offset."""
    *rows, odds = forward(given, [tuple(layer) for layer in layers])
    chance = 1 / (1 + np.exp(-odds[:, 0]))
    truth = np.where(y == 1, 0.98, 0.02)
    loss = float(-(weight * (truth * np.log(chance + 1e-7) + (1 - truth) * np.log(1 - chance + 1e-7))).mean())
    slope: F32 = ((chance - truth) * weight / len(y)).astype(np.float32)[:, None]
    found: list[F32] = []
    for n in range(len(layers) - 1, -1, -1):
        matrix, _, taps, stride = layers[n]
        flat = slope.reshape(-1, slope.shape[-1])
        found[:0] = [rows[n].reshape(-1, rows[n].shape[-1]).T @ flat, flat.sum(0)]
        if not n:
            break
        back = slope @ matrix.T
        before = layers[n - 1][0].shape[1]
        if taps:
            steps = (back.shape[1] - 1) * stride + taps
            whole = np.zeros((len(y), _steps(n), before), np.float32)
            parts = back.reshape(len(y), back.shape[1], taps, before)
            for tap in range(taps):
                whole[:, tap : steps - taps + tap + 1 : stride] += parts[:, :, tap]
            slope = whole
        else:
            slope = back.reshape(len(y), -1, before) if layers[n - 1][2] else back
        slope = slope * (_outputs(layers, rows, n - 1).reshape(slope.shape) > 0)
    return loss, found


def _outputs(layers: Sequence[Any], rows: Sequence[F32], n: int) -> F32:
    return np.asarray(rows[n] @ layers[n][0] + layers[n][1], np.float32)


def _steps(n: int) -> int:
    """Return how many steps go into layer n."""
    steps = STEPS
    for taps, stride, _ in SHAPE[:n]:
        steps = (steps - taps) // stride + 1 if taps else 1
    return steps


def _tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def main() -> None:
    """Train and write the weights."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--data", type=Path, required=True, help="folder of recordings; of them ESC-10 alone is used")
    options.add_argument("--out", type=Path, required=True, help="file of the weights (.npz)")
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    try:
        speaker = Speaker()
    except NoSpeakerError as error:
        raise SystemExit(str(error)) from None
    known = [clip for clip in clips(chosen.data) if clip.name.startswith(FREE)]
    spotter = train(speaker, known, chosen.seed)
    save(spotter, chosen.out)
    print(f"{chosen.out}: {chosen.out.stat().st_size} bytes, starts at {spotter.starts_at}; not measured on people")


if __name__ == "__main__":
    main()
