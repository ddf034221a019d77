"""The cry for help by its one word ("살려주세요"): 1.2 s of log-mel through a small network, nothing written.

*Not measured*: speech of a synthesiser alone taught it, nobody's voice was heard. So it is off until a person switches
it on for a camera, and wherever it is named it says so. It knows one word from everything else; what else is said is no
class of its own, is not told apart, not transcribed, not kept. Samples of 16 ms and the bands of 1.2 s are held.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.sound.evidence import APART_S, BEHIND_S, QUIET, SoundEvent
from ansimnet_vision.sound.features import F32, FLOOR, HOP, RATE, WINDOW

CRY = "cry"
"""Name of the behaviour in configuration and reports."""
WEIGHTS = "cry_synthetic.npz"
"""Taught by a synthesiser's speech (`training.cry`), which is anybody's to pass on."""
BANDS = 32
LOWEST_HZ, HIGHEST_HZ = 100.0, 7_000.0
"""Voices and the hiss of ㅅ and ㅈ, as far as a microphone of 16 kHz has it."""
STEP_SAMPLES = 2 * HOP
"""Two frames are one step of 32 ms: a syllable has five of them."""
STEPS = 38
"""Steps of a window, 1.2 s: the word, said slowly. Shouted it lasts 0.7 to 1.2 s."""
EVERY = 4
"""Steps from one window to the next: 0.13 s."""
DEPTH = 10.0
"""Bands further below the loudest (nepers of power, 43 dB) are out of hearing; ours."""
MOST = 6.0
"""One window counts for no more, then halved: about four windows hold the word, and one must not alarm alone. Ours."""

Layer = tuple[F32, F32, int, int]
"""Matrix (taps * inputs, outputs), offset (outputs,), taps and stride in steps; 0 taps: one matrix over all that is
left, so that the order of syllables counts."""


@dataclass(frozen=True, slots=True, eq=False)
class Spotter:
    """`centre`, `scale` (BANDS,); `voters`: layers of each; `starts_at`: sum of evidence from which it is a cry."""

    name: str
    centre: F32
    scale: F32
    voters: tuple[tuple[Layer, ...], ...]
    starts_at: float
    card: dict[str, Any]

    def evidence(self, windows: F32) -> F32:
        """Return (N,) natural logarithms of the odds that (N, STEPS, BANDS) log-mel holds the word whole."""
        given = (flattened(windows) - self.centre) * self.scale
        return np.asarray(np.mean([forward(given, layers)[-1][:, 0] for layers in self.voters], axis=0), np.float32)


class Spotting:
    """One microphone: samples in, cries out. `calibration_db`: sound pressure level (dB) of a full-scale signal."""

    def __init__(self, spotter: Spotter, calibration_db: float | None = None, starts_at: float | None = None) -> None:
        self._spotter = spotter
        self._calibration_db = calibration_db
        self._starts_at = spotter.starts_at if starts_at is None else starts_at
        self.forget()

    def forget(self) -> None:
        """Wipe what is held, and begin anew."""
        for held in ("_kept", "_mel"):
            if hasattr(self, held):
                getattr(self, held).fill(0.0)
        self._kept: F32 = np.zeros(0, np.float32)
        self._mel: F32 = np.zeros((0, BANDS), np.float32)
        self._level: F32 = np.zeros(0, np.float32)
        self._steps, self._sum, self._since_s, self._last_s, self._told = 0, 0.0, 0.0, -np.inf, False

    def push(self, samples: F32) -> list[SoundEvent]:
        """Take samples, pieces of any size; return the cries that they make certain, each told once."""
        kept = np.concatenate([self._kept, samples.astype(np.float32, copy=False)])
        self._kept.fill(0.0)
        many = max(0, (len(kept) - (WINDOW - HOP)) // STEP_SAMPLES)
        used = many * STEP_SAMPLES
        events: list[SoundEvent] = []
        if many:
            mel, level = steps_of(kept[: used + WINDOW - HOP])
            events = list(self._windows(mel, level))
        self._kept = kept[used:].copy()
        kept.fill(0.0)
        return events

    def _windows(self, mel: F32, level: F32) -> Iterator[SoundEvent]:
        before, held = self._steps - len(self._mel), np.concatenate([self._mel, mel])
        self._mel.fill(0.0)
        levels = np.concatenate([self._level, level])
        self._steps += len(mel)
        behind = len(levels) - len(held)
        ends = [
            n
            for n in range(max(STEPS, before + STEPS), self._steps + 1)
            if n % EVERY == 0 and n > self._steps - len(mel)
        ]
        if ends:
            odds = self._spotter.evidence(np.stack([held[n - before - STEPS : n - before] for n in ends]))
            for n, one in zip(ends, odds, strict=True):
                yield from self._weigh(float(one), n * STEP_SAMPLES / RATE, levels[: n - before + behind])
        self._mel = held[-STEPS:].copy()
        held.fill(0.0)
        self._level = levels[-round(BEHIND_S * RATE / STEP_SAMPLES) :]

    def _weigh(self, odds: float, at_s: float, levels: F32) -> Iterator[SoundEvent]:
        before, self._sum = self._sum, added(self._sum, odds)
        if before == 0 < self._sum:
            self._since_s = at_s - STEPS * STEP_SAMPLES / RATE
        if at_s - self._last_s >= APART_S:
            self._told = False
        if odds > 0:
            self._last_s = at_s
        if self._sum < self._starts_at or self._told:
            return
        self._told = True
        loud = float(10 * np.log10(np.sort(10 ** (levels[-STEPS:] / 10))[-STEPS // 4 :].mean()))
        yield SoundEvent(
            sound=CRY,
            at_s=at_s,
            since_s=max(0.0, self._since_s),
            score=self._sum,
            level_db=loud + (self._calibration_db or 0.0),
            snr_db=max(0.0, loud - float(np.percentile(levels, QUIET))),
            calibrated=self._calibration_db is not None,
        )


def added(now: float, odds: float) -> float:
    """Return Page's sum after one more window."""
    return max(0.0, now + min(MOST, max(-MOST, odds)) / 2)


def steps_of(sound: F32) -> tuple[F32, F32]:
    """Return log-mel (N, BANDS) and level (N,) in dB re. full scale of every whole step of 32 ms."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP]
    frames = frames[: len(frames) // 2 * 2]
    lines = np.fft.rfft(frames * _HANN, axis=1)
    power = (lines.real**2 + lines.imag**2).reshape(-1, 2, lines.shape[1]).mean(1) / float((_HANN**2).sum())
    level = (frames.astype(np.float64) ** 2).mean(1).reshape(-1, 2).mean(1)
    mel = np.log(power @ _MEL + FLOOR)
    return np.asarray(mel, np.float32), np.asarray(10 * np.log10(level + FLOOR), np.float32)


def flattened(windows: F32) -> F32:
    """Return (N, STEPS, BANDS) log-mel without how loud it is: within `DEPTH` of the loudest, about a mean of 0."""
    within = np.maximum(windows, windows.max(axis=(1, 2), keepdims=True) - np.float32(DEPTH))
    return np.asarray(within - within.mean(axis=(1, 2), keepdims=True), np.float32)


def forward(given: F32, layers: Sequence[Layer]) -> list[F32]:
    """Return what goes into each layer as rows, after it, and in the end (N, outputs): training walks back along it."""
    seen, now = [], given
    for n, (matrix, offset, taps, stride) in enumerate(layers):
        rows = now.reshape(len(now), -1) if not taps else unfolded(now, taps, stride)
        now = rows @ matrix + offset
        if n < len(layers) - 1:
            np.maximum(now, 0, out=now)
        seen += [rows]
    return [*seen, now]


def unfolded(x: F32, taps: int, stride: int) -> F32:
    """Return (N, T, taps * C): what each place of a convolution over (N, T', C) sees."""
    seen = np.lib.stride_tricks.sliding_window_view(x, taps, axis=1)[:, ::stride]
    return np.ascontiguousarray(seen.transpose(0, 1, 3, 2)).reshape(len(x), seen.shape[1], -1)


def found(file: Path | None = None) -> Spotter | None:
    """Return the spotter of a file, without one the committed one; None where there is none.

    Raises:
        ValueError: the file holds something else.
    """
    place = Path(str(files("ansimnet_vision.sound") / "weights" / WEIGHTS)) if file is None else file
    if not place.is_file():
        return None
    data = place.read_bytes()
    with np.load(place, allow_pickle=False) as kept:
        card = json.loads(str(kept["card"])) if "card" in kept else {}
        if "shape" not in card:
            raise ValueError(
                f"`{place.name}` holds no spotter of a word; `python -m ansimnet_vision.training.cry` makes one"
            )
        voters = tuple(
            tuple(
                (_wide(kept[f"w{v}{n}"]), _wide(kept[f"b{v}{n}"]), taps, stride)
                for n, (taps, stride) in enumerate(card["shape"])
            )
            for v in range(card["voters"])
        )
        centre, scale = _wide(kept["centre"]), _wide(kept["scale"])
    name = f"{place.stem}@{hashlib.sha256(data).hexdigest()[:8]}"
    return Spotter(name, centre, scale, voters, card["starts_at"], card)


def not_covered(spotter: Spotter | None) -> dict[str, str | None]:
    """Return why the cry for help is not listened for where it is switched on; None where it is."""
    return {CRY: "no-model" if spotter is None else None}


def save(spotter: Spotter, file: Path) -> None:
    """Write a spotter, numbers in half precision."""
    arrays: dict[str, NDArray[Any]] = {"centre": spotter.centre, "scale": spotter.scale}
    for v, layers in enumerate(spotter.voters):
        for n, (matrix, offset, _, _) in enumerate(layers):
            arrays[f"w{v}{n}"], arrays[f"b{v}{n}"] = matrix.astype(np.float16), offset.astype(np.float16)
    shape = [[taps, stride] for _, _, taps, stride in spotter.voters[0]]
    card = {**spotter.card, "shape": shape, "voters": len(spotter.voters), "starts_at": spotter.starts_at}
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(file, card=np.array(json.dumps(card, ensure_ascii=False, sort_keys=True)), **arrays)  # type: ignore[arg-type]


def _wide(stored: Any) -> F32:
    return np.asarray(stored, np.float32)


def _mel_bands() -> F32:
    """Return (lines, BANDS) triangles, even in mel; each sums to 1."""
    low, high = (2595 * np.log10(1 + hz / 700) for hz in (LOWEST_HZ, HIGHEST_HZ))
    edges = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    lines = np.fft.rfftfreq(WINDOW, 1 / RATE)
    up = (lines[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    down = (edges[2:] - lines[:, None]) / (edges[2:] - edges[1:-1])
    bank = np.maximum(0, np.minimum(up, down))
    return np.asarray(bank / bank.sum(0), np.float32)


_HANN = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
_MEL = _mel_bands()
