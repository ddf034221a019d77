"""What a second of sound sounds like, as numbers: log-mel, pitch, roughness, onsets. Streaming, plain numpy.

Sound comes as float32 samples in [-1, 1], mono, `RATE` a second. A window of `SPAN` frames is described every `STEP`
frames; the description does not depend on how loud the microphone is set.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

RATE = 16_000
"""Samples a second. Cameras that send 8 kHz (G.711) are raised to it and have nothing above 4 kHz."""
WINDOW, HOP = 512, 256
"""Samples of a frame, and from one to the next: 32 and 16 ms, as usual for sound events."""
BANDS = 48
LOWEST_HZ, HIGHEST_HZ = 60.0, 7_800.0
SPAN, STEP = 64, 16
"""Frames of a window, and from one to the next: 1.02 and 0.26 s. Ours: most screams last longer than half a second."""
WINDOW_SAMPLES = (SPAN - 1) * HOP + WINDOW
PAST, QUIET = 32, 2
"""What is usual here: per band, the third quietest of the last 32 steps (8 s). Ours."""
FLOOR = 1e-10
"""Power below it is silence: -100 dB re. full scale."""
PITCHES_HZ = ((90, 250), (250, 500), (500, 1000), (1000, 2200))
"""Voices of men and women, raised voices, screams, whistles."""
ROUGH_HZ = (2, 6, 12, 30, 60, 100, 160, 300)
"""Edges of modulation bands; screams are rough between 30 and 150 Hz (Arnal et al., 2015), speech moves below 12."""
CARRIERS_HZ = ((250, 750), (750, 1500), (1500, 3000), (3000, 6000))
"""Bands whose envelopes are looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """One window: `at` is the number of samples since the beginning at its end; `level` (SPAN,) dB re. full scale."""

    at: int
    level: F32
    numbers: F32


class Listening:
    """Samples of one microphone in, windows out. Keeps less than two seconds and overwrites what it no longer needs.

    Of the eight seconds before it keeps how much sound there was in each band, four times a second.
    """

    def __init__(self) -> None:
        self._kept = np.zeros(0, np.float32)
        self._past: F32 = np.zeros((0, BANDS), np.float32)
        self._at = 0

    def push(self, samples: F32) -> Iterator[Heard]:
        """Yield every window that is complete; samples may come in pieces of any size."""
        kept = np.concatenate([self._kept, samples.astype(np.float32, copy=False)])
        self._wipe()
        begin, step = 0, STEP * HOP
        while len(kept) - begin >= WINDOW_SAMPLES:
            # A minute at a time at most, so that a long piece does not take much memory.
            many = min(256, 1 + (len(kept) - begin - WINDOW_SAMPLES) // step)
            until = begin + (many - 1) * step + WINDOW_SAMPLES
            numbers, level, self._past = described(kept[begin:until], self._past)
            for n in range(many):
                yield Heard(self._at + n * step + WINDOW_SAMPLES, level[n], numbers[n])
            begin += many * step
            self._at += many * step
        self._kept = kept[begin:].copy()
        kept.fill(0.0)

    def forget(self) -> None:
        """Wipe what is kept: the stream broke off."""
        self._at += len(self._kept)
        self._wipe()
        self._kept = np.zeros(0, np.float32)

    def _wipe(self) -> None:
        if self._kept.flags.writeable:
            self._kept.fill(0.0)


def described(sound: F32, past: F32 | None = None) -> tuple[F32, F32, F32]:
    """Return descriptions (N, K) and levels (N, SPAN) in dB re. full scale of all windows of a sound, and its past.

    `past`: what an earlier call returned of the sound just before.
    """
    frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP]
    spectrum = np.fft.rfft(frames * _HANN, axis=1).astype(np.complex64)
    power = (spectrum.real**2 + spectrum.imag**2) / _GAIN
    mel = np.log(power @ _MEL + FLOOR)
    tone = _tones(power)
    level = 10 * np.log10((frames.astype(np.float32) ** 2).mean(1) + FLOOR)
    count = (len(frames) - SPAN) // STEP + 1
    at = np.arange(count) * STEP
    mels = _windows(mel, at)
    tones = _windows(tone, at)
    step = STEP * HOP
    waves = np.stack([sound[n * step : n * step + WINDOW_SAMPLES] for n in range(count)])
    usual, past = _usual(mel, past, count)
    numbers = np.concatenate([_shape(mels), _pitch(tones), _above(mels, usual), _roughness(waves)], axis=1)
    return numbers.astype(np.float32), _windows(level.astype(np.float32)[:, None], at)[:, :, 0], past


def _usual(mel: F32, past: F32 | None, count: int) -> tuple[F32, F32]:
    """Return (count, BANDS) log-mel that is usual at each window's end, and the past for the windows after."""
    steps = mel[: len(mel) // STEP * STEP].reshape(-1, STEP, BANDS).mean(1)[: count + SPAN // STEP - 1]
    known = steps if past is None else np.concatenate([past, steps])
    empty = np.full((PAST, BANDS), np.inf, np.float32)
    rows = np.lib.stride_tricks.sliding_window_view(np.concatenate([empty, known]), PAST, axis=0)[-count:]
    # The last steps of these windows are the first of the next.
    return np.partition(rows, QUIET, axis=2)[:, :, QUIET], known[: len(known) - (SPAN // STEP - 1)][-PAST:]


def _above(mel: F32, usual: F32) -> F32:
    """Describe how (N, SPAN, BANDS) log-mel stands out from what is usual: per band on average and at its most."""
    out = np.clip(mel - usual[:, None, :], 0, 14)
    whole = out.mean(2)
    top = np.partition(out, -6, axis=1)[:, -6]
    more = np.stack([whole.mean(1), whole.max(1), whole.std(1), (out > 2).mean((1, 2))], 1)
    return np.concatenate([out.mean(1), top, more], axis=1)


def _windows(rows: F32, at: NDArray[np.int64]) -> F32:
    return np.stack([rows[n : n + SPAN] for n in at])


def _shape(mel: F32) -> F32:
    """Describe (N, SPAN, BANDS) log-mel: spectrum, its spread and motion, onsets. Loudness is taken out."""
    loud = mel.max(axis=(1, 2), keepdims=True)
    flat = np.maximum(mel - loud, -14.0)  # 60 dB below the loudest is out of hearing
    high, low = np.sort(flat, axis=1)[:, [-6, 9]].swapaxes(0, 1)
    moved = np.diff(flat, axis=1)
    whole = flat.mean(2)
    rise = np.diff(whole, axis=1)
    after = whole.argmax(1)
    late = np.take_along_axis(whole, np.minimum(after[:, None] + np.array([4, 10, 20, 32]), SPAN - 1), 1)
    top = whole.max(1, keepdims=True)
    middle = (np.exp(flat) @ np.arange(BANDS, dtype=np.float32)) / np.exp(flat).sum(2)
    peak = np.sort(flat, axis=2)
    crest = peak[:, :, -1] - peak.mean(2)
    few = [
        np.sort(rise, axis=1)[:, [0, 3, -4, -2, -1]],
        late - top,
        (top - np.median(whole, axis=1, keepdims=True)),
        (top - whole.min(1, keepdims=True)),
        np.stack([middle.mean(1), middle.std(1), np.abs(np.diff(middle, axis=1)).mean(1)], 1),
        np.stack([crest.mean(1), crest.std(1), crest.max(1)], 1),
        (mel.max(axis=2).mean(1) - loud[:, 0, 0])[:, None],
    ]
    return np.concatenate([flat.mean(1), flat.std(1), high, low, np.abs(moved).mean(1), *few], axis=1)


def _tones(power: F32) -> F32:
    """Return per frame and range of pitch how periodic it is, and at which pitch; and how much is in lines."""
    # Whitened, so that a strong rumble does not hide a voice.
    white = np.sqrt(power)
    repeat = np.fft.irfft(white, axis=1).astype(np.float32)
    repeat = repeat / (repeat[:, :1] + 1e-9)
    out = []
    for low, high in PITCHES_HZ:
        part = repeat[:, RATE // high : RATE // low + 1]
        best = part.argmax(1)
        out += [part.max(1), np.log2(RATE / (RATE // high + best) / low)]
    spread = np.log(power + FLOOR)
    out += [spread[:, 8:200].mean(1) - np.log(power[:, 8:200].mean(1) + FLOOR)]
    return np.stack(out, axis=1).astype(np.float32)


def _pitch(tones: F32) -> F32:
    """Describe (N, SPAN, K) tones: how periodic, how steady, how it glides."""
    strong = tones[:, :, 0:-1:2]
    height = tones[:, :, 1:-1:2]
    jump = np.abs(np.diff(height, axis=1))
    order = np.sort(strong, axis=1)
    glide = np.abs(height[:, 8:] - height[:, :-8])
    flat = tones[:, :, -1]
    return np.concatenate(
        [strong.mean(1), order[:, -8], order[:, 12], strong.std(1), height.mean(1), height.std(1), np.median(jump, 1),
         np.median(glide, 1), np.stack([flat.mean(1), flat.std(1), flat.min(1), flat.max(1)], 1)], axis=1)  # fmt: skip


def _roughness(waves: F32) -> F32:
    """Return the logarithm of each carrier's modulation per band of `ROUGH_HZ`, and how alike the carriers move."""
    size, points = 1 << 14, 1 << 10
    spectrum = np.fft.rfft(waves[:, -size:], axis=1)
    out = []
    envelopes = []
    for low, high in CARRIERS_HZ:
        lines = spectrum[:, low * size // RATE : high * size // RATE]
        # The band shifted to zero and sampled at 1 kHz: its envelope up to 500 Hz.
        narrow = np.zeros((len(waves), points), np.complex64)
        width = min(points, lines.shape[1])
        narrow[:, :width] = lines[:, :width]
        envelope = np.abs(np.fft.ifft(narrow, axis=1)).astype(np.float32)
        envelope = envelope / (envelope.mean(1, keepdims=True) + 1e-9)
        envelopes.append(envelope)
        moves = np.abs(np.fft.rfft(envelope - 1, axis=1))[:, :512] ** 2
        sums = np.add.reduceat(moves, [round(hz * size / RATE) for hz in ROUGH_HZ], axis=1)[:, :-1]
        out.append(np.log(sums / points**2 + 1e-7))
    alike = [
        (envelopes[i] * envelopes[i + 1]).mean(1)
        / np.sqrt((envelopes[i] ** 2).mean(1) * (envelopes[i + 1] ** 2).mean(1) + 1e-9)
        for i in range(len(CARRIERS_HZ) - 1)
    ]
    return np.concatenate([*out, np.stack(alike, 1)], axis=1)


def _mel_bands() -> F32:
    def mel(hz: float) -> float:
        return float(2595 * np.log10(1 + hz / 700))

    edges = 700 * (10 ** (np.linspace(mel(LOWEST_HZ), mel(HIGHEST_HZ), BANDS + 2) / 2595) - 1)
    lines = np.fft.rfftfreq(WINDOW, 1 / RATE)
    up = (lines[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    down = (edges[2:] - lines[:, None]) / (edges[2:] - edges[1:-1])
    bank = np.maximum(0, np.minimum(up, down))
    # The lowest bands are narrower than a line: they take the nearest one.
    for band in np.flatnonzero(bank.sum(0) < 0.5):
        bank[np.abs(lines - edges[band + 1]).argmin(), band] = 1.0
    return np.asarray(bank / bank.sum(0), np.float32)


_HANN = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
_GAIN = float((_HANN**2).sum())
_MEL = _mel_bands()
