"""Sounds made by rule, for want of free recordings: screams, breaking glass, shots, sirens; and what is none of them.

Every maker takes a random generator and a length in samples of `RATE` and returns float32 samples with a peak of 1.
Screams follow what is known of them: fundamental of 300 to 2000 Hz, rough between 30 and 150 Hz, jumps between
octaves, stretches of chaos (Arnal et al., 2015; Schwartz et al., 2020). Made sounds teach, they do not measure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ansimnet_vision.sound.features import RATE

Wave = NDArray[np.float64]
Maker = Callable[[Generator, int], Wave]


def scream(rng: Generator, size: int) -> Wave:
    """Return one scream or several in a row, of a woman, a man or a child."""
    out = np.zeros(size)
    male = rng.random() < 0.45
    base = rng.uniform(280, 750) if male else rng.uniform(500, 1700)
    at = int(rng.uniform(0, 0.15) * size)
    while at < size - RATE // 4:
        many = min(size - at, int(rng.uniform(0.4, 2.6) * RATE))
        out[at : at + many] += _one_scream(rng, many, base * rng.uniform(0.8, 1.25))
        at += many + int(rng.exponential(0.5) * RATE)
    if rng.random() < 0.4:
        out = np.tanh(_peaked(out) * rng.uniform(1, 5))  # into the microphone's end
    return _peaked(out)


def _one_scream(rng: Generator, size: int, base: float) -> Wave:
    t = np.arange(size) / size
    arch = 1 + rng.uniform(0, 0.5) * np.sin(np.pi * t ** rng.uniform(0.3, 1.5)) + rng.uniform(-0.35, 0.2) * t
    shake = 1 + rng.uniform(0, 0.04) * np.sin(2 * np.pi * np.cumsum(rng.uniform(4, 9) * np.ones(size)) / RATE)
    pitch = base * arch * shake * (1 + rng.uniform(0.002, 0.03) * _slow(rng, size, rng.uniform(20, 150)))
    if rng.random() < 0.35:  # a jump of the register
        pitch[int(rng.uniform(0.2, 0.8) * size) :] *= rng.choice([0.5, 0.67, 1.5, 2.0])
    pitch = np.clip(pitch, 150, 2800)
    rough = np.zeros(size)
    for _ in range(rng.integers(0, 3)):  # chaos comes and goes
        rough = np.maximum(rough, _burst(size, rng.uniform(0, 1), rng.uniform(0.1, 0.7)) * rng.uniform(0.3, 1))
    mouth = _formants(rng, open_=True)
    wild = pitch * (1 + 0.5 * rough * _slow(rng, size, rng.uniform(60, 400)))
    voice = voiced(rng, wild, rng.uniform(0.1, 1.0), mouth)
    if rng.random() < 0.3:
        voice = voice + rng.uniform(0.2, 0.8) * voiced(rng, pitch / rng.choice([2, 3]), 0.5, mouth)
    depth = rng.uniform(0, 0.9) * np.clip(0.4 + _slow(rng, size, 4), 0, 1)
    trembling = np.cumsum(rng.uniform(35, 150) * (1 + 0.15 * _slow(rng, size, 12))) / RATE
    voice = voice * (1 - depth * (0.5 + 0.5 * np.sign(np.sin(2 * np.pi * trembling)) * rng.uniform(0.4, 1)))
    breath = shaped(rng.normal(size=size), mouth)
    voice = _peaked(voice) + _peaked(breath) * (rng.uniform(0.02, 0.35) + rng.uniform(0, 0.8) * rough)
    swell = np.minimum(1, t / rng.uniform(0.02, 0.25)) * np.minimum(1, (1 - t) / rng.uniform(0.04, 0.4))
    return np.asarray(_peaked(voice) * swell ** rng.uniform(0.5, 1.5))


def voiced(rng: Generator, pitch: Wave, fall: float, mouth: list[tuple[float, float, float]]) -> Wave:
    """Return a voice of a pitch (Hz per sample): harmonics that fall by 6 dB an octave times `fall`, and a mouth."""
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    lowest = float(pitch.min())
    out = np.zeros(len(pitch))
    few = slice(None, None, 64)
    for k in range(1, min(60, int(7600 / lowest)) + 1):
        loud = _gain(pitch[few] * k, mouth) * k ** (-2 * fall) * (pitch[few] * k < 7800)
        out += np.repeat(loud, 64)[: len(pitch)] * np.sin(k * phase + rng.uniform(0, 6.28))
    return out


def _formants(rng: Generator, *, open_: bool) -> list[tuple[float, float, float]]:
    """Return centre, width (Hz) and height of the mouth's resonances."""
    if open_:
        centres = (rng.uniform(700, 1400), rng.uniform(1300, 2300), rng.uniform(2500, 3800), rng.uniform(3800, 5200))
    else:
        centres = (rng.uniform(280, 900), rng.uniform(800, 2400), rng.uniform(2200, 3200), rng.uniform(3200, 4200))
    return [(c, rng.uniform(0.08, 0.25) * c, rng.uniform(0.3, 2.0) / (n + 1) ** 0.5) for n, c in enumerate(centres)]


def _gain(hz: NDArray[Any], mouth: list[tuple[float, float, float]]) -> Wave:
    return np.asarray(0.05 + sum(h / (1 + ((hz - c) / w) ** 2) for c, w, h in mouth))


def shaped(sound: Wave, mouth: list[tuple[float, float, float]]) -> Wave:
    """Return a sound through a mouth that stands still."""
    lines = np.fft.rfft(sound)
    return np.asarray(np.fft.irfft(lines * _gain(np.fft.rfftfreq(len(sound), 1 / RATE), mouth), len(sound)))


def speech(rng: Generator, size: int) -> Wave:
    """Return babble of syllables with the pitch, pace and pauses of talk, sometimes raised."""
    out = np.zeros(size)
    base = rng.uniform(85, 260) * (1.35 if rng.random() < 0.25 else 1)
    at = 0
    while at < size - RATE // 8:
        many = min(size - at, int(rng.uniform(0.08, 0.32) * RATE))
        t = np.arange(many) / many
        if rng.random() < 0.25:
            piece = 0.3 * _peaked(coloured(rng, many, rng.uniform(-1.5, 0)))
        else:
            pitch = base * (1 + rng.uniform(-0.2, 0.25) + rng.uniform(-0.15, 0.15) * t + 0.01 * _slow(rng, many, 30))
            piece = _peaked(voiced(rng, np.clip(pitch, 70, 500), rng.uniform(0.6, 1.2), _formants(rng, open_=False)))
        out[at : at + many] += piece * np.sin(np.pi * t) ** 0.6 * rng.uniform(0.4, 1)
        at += many + (int(rng.exponential(0.35) * RATE) if rng.random() < 0.2 else 0)
    return _peaked(out)


def glass(rng: Generator, size: int) -> Wave:
    """Return a pane that breaks: a blow, then splinters that ring."""
    t = np.arange(size) / RATE
    at = rng.uniform(0.05, max(0.1, size / RATE - 0.6))
    out = coloured(rng, size, rng.uniform(-0.8, 0.3)) * _after(t, at, rng.uniform(12, 45)) * rng.uniform(0.5, 1.5)
    for _ in range(rng.integers(30, 110)):
        one = at + rng.exponential(rng.uniform(0.08, 0.35))
        ring = np.sin(2 * np.pi * rng.uniform(1800, 7700) * t + rng.uniform(0, 6.28))
        out += rng.uniform(0.05, 0.6) * ring * _after(t, one, rng.uniform(15, 130))
    return _peaked(out)


def bang(rng: Generator, size: int) -> Wave:
    """Return one shot or blast, or a few."""
    t = np.arange(size) / RATE
    out = np.zeros(size)
    at = rng.uniform(0.05, max(0.1, size / RATE - 0.7))
    shots = 1 if rng.random() < 0.7 else rng.integers(2, 7)
    fall, slope, gap = rng.uniform(8, 60), rng.uniform(0, 1.4), rng.uniform(0.07, 0.5)
    for n in range(shots):
        one = at + n * gap
        crack = np.tanh(coloured(rng, size, slope) * _after(t, one, fall) * rng.uniform(2, 15))
        rumble = coloured(rng, size, 2.0) * _after(t, one, fall / rng.uniform(2, 6)) * rng.uniform(0.1, 0.8)
        out += crack + rumble
    return _peaked(out)


def siren(rng: Generator, size: int) -> Wave:
    """Return a wail, a yelp, high-low or a horn with a sweep, coming near or going away."""
    t = np.arange(size) / RATE
    kind, shift = rng.integers(4), rng.uniform(0, 10)
    low, high = rng.uniform(380, 800), rng.uniform(900, 1800)
    if kind == 0:
        pitch = low + (high - low) * (0.5 - 0.5 * np.cos(2 * np.pi * (t + shift) / rng.uniform(2, 7)))
    elif kind == 1:
        pitch = low + (high - low) * (((t + shift) / rng.uniform(0.15, 0.5)) % 1)
    elif kind == 2:
        pitch = np.where(((t + shift) / rng.uniform(0.7, 1.5)) % 1 < 0.5, low, low * rng.uniform(1.2, 1.6))
    else:
        pitch = low + (high - low) * np.abs(2 * (((t + shift) / rng.uniform(0.3, 1.2)) % 1) - 1)
    pitch = pitch * (1 + rng.uniform(-0.03, 0.03) * t)  # it drives
    horn = [(rng.uniform(700, 3000), rng.uniform(300, 1500), 1.0)]
    tone = voiced(rng, pitch, rng.uniform(0.2, 1.0), horn)
    return _peaked(tone * np.linspace(rng.uniform(0.3, 1), rng.uniform(0.3, 1), size))


def hum(rng: Generator, size: int) -> Wave:
    """Return wind, rain or traffic: noise that swells."""
    t = np.arange(size) / RATE
    swell = 1 + 0.5 * np.sin(2 * np.pi * rng.uniform(0.1, 2) * t)
    return _peaked(coloured(rng, size, rng.uniform(-0.2, 2.2)) * swell)


def engine(rng: Generator, size: int) -> Wave:
    """Return a motor, sometimes a saw: a buzz with noise. Revving, it climbs."""
    t = np.linspace(0, 1, size)
    pitch = rng.uniform(28, 220) * (1 + rng.uniform(-0.3, 0.6) * t + 0.04 * _slow(rng, size, 5))
    buzz = voiced(rng, np.clip(pitch, 20, 400), rng.uniform(0.1, 0.7), _formants(rng, open_=False))
    return _peaked(_peaked(buzz) + rng.uniform(0.1, 1.5) * _peaked(coloured(rng, size, rng.uniform(0, 2))))


def tones(rng: Generator, size: int) -> Wave:
    """Return beeps, bells, birds, whistles, squealing brakes or a car's horn: clear tones without roughness."""
    t = np.arange(size) / RATE
    kind = rng.integers(5)
    if kind == 0:  # bells, a piano
        out = np.zeros(size)
        for _ in range(rng.integers(3, 12)):
            hz, fall, at = 180 * 2 ** rng.uniform(0, 3.5), rng.uniform(2, 14), rng.uniform(0, size / RATE)
            for k in range(1, 6):
                out += np.sin(2 * np.pi * hz * k * t) * _after(t, at, fall * k**0.5) / k ** rng.uniform(0.8, 2)
    elif kind == 1:  # birds
        out = np.zeros(size)
        for _ in range(rng.integers(2, 20)):
            at, wide = rng.uniform(0, size / RATE), rng.uniform(0.02, 0.12)
            warble = rng.uniform(-20, 20) * np.sin(2 * np.pi * rng.uniform(3, 25) * t)
            glide = rng.uniform(1500, 6500) * t + warble
            out += np.sin(2 * np.pi * glide) * np.exp(-(((t - at) / wide) ** 2)) * rng.uniform(0.3, 1)
    elif kind == 2:  # a horn
        out = np.zeros(size)
        for hz in (rng.uniform(300, 480), rng.uniform(380, 620)):
            out += voiced(rng, np.full(size, hz), rng.uniform(0.2, 0.8), _formants(rng, open_=True))
        out *= np.clip(_burst(size, rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.9)) * 5, 0, 1)
    elif kind == 3:  # brakes, hinges, whistles
        pitch = rng.uniform(900, 3800) * (1 + 0.1 * np.sin(2 * np.pi * rng.uniform(0.1, 1.5) * t + rng.uniform(0, 6)))
        out = voiced(rng, pitch * (1 + 0.004 * _slow(rng, size, 40)), rng.uniform(0.8, 2), [(2500.0, 2000.0, 1.0)])
        out = out * np.clip(_burst(size, rng.uniform(0.2, 0.8), rng.uniform(0.3, 1)) * 3, 0, 1)
    else:  # an alarm clock, a crossing
        gap = rng.uniform(0.15, 1.2)
        gate = ((t / gap) % 1 < rng.uniform(0.2, 0.7)).astype(float)
        out = voiced(rng, np.full(size, rng.uniform(500, 3200)), rng.uniform(0.4, 2), [(2500.0, 2500.0, 1.0)]) * gate
    return _peaked(out + 1e-4 * rng.normal(size=size))


def knocks(rng: Generator, size: int) -> Wave:
    """Return steps, doors, hammers, dishes: short dull or ringing blows that are neither shots nor panes."""
    t = np.arange(size) / RATE
    out = np.zeros(size)
    gap, hz, fall = rng.uniform(0.2, 0.8), rng.uniform(90, 2500), rng.uniform(25, 150)
    slope, dull = rng.uniform(0.5, 2.0), rng.uniform(0, 1)
    for n in range(rng.integers(1, 9)):
        at = rng.uniform(0, 0.3) + n * gap * rng.uniform(0.8, 1.2)
        blow = dull * coloured(rng, size, slope) + (1 - dull) * np.sin(2 * np.pi * hz * rng.uniform(0.95, 1.05) * t)
        out += blow * _after(t, at, fall) * rng.uniform(0.4, 1)
    return _peaked(out + 1e-4 * rng.normal(size=size))


MADE: dict[str, Maker] = {"scream": scream, "glass": glass, "bang": bang, "siren": siren}
NONE_OF_THEM: tuple[Maker, ...] = (hum, engine, tones, knocks, speech, speech)


def coloured(rng: Generator, size: int, slope: float) -> Wave:
    """Return noise whose power falls as frequency to the power of -`slope`; rms 1."""
    lines = np.fft.rfft(rng.normal(size=size))
    hz = np.maximum(np.fft.rfftfreq(size, 1 / RATE), 25)
    out = np.fft.irfft(lines * hz ** (-slope / 2), size)
    return np.asarray(out / (out.std() + 1e-12))


def echoing(rng: Generator, sound: Wave) -> Wave:
    """Return a sound in a street, a court or a stairwell: an exponential tail of 0.1 to 0.9 s."""
    size = int(rng.uniform(0.1, 0.9) * RATE)
    tail = rng.normal(size=size) * np.exp(-6.9 * np.arange(size) / size) * rng.uniform(0.02, 0.15)
    tail[0] = 1.0
    padded = len(sound) + size
    out = np.fft.irfft(np.fft.rfft(sound, padded) * np.fft.rfft(tail, padded), padded)
    return np.asarray(out[: len(sound)])


def coloured_by(rng: Generator, sound: Wave) -> Wave:
    """Return a sound as another microphone gives it: tilted, and cut at 3.4 kHz or so as by a telephone or G.711."""
    lines, hz = np.fft.rfft(sound), np.fft.rfftfreq(len(sound), 1 / RATE)
    gain = (np.maximum(hz, 50) / 1000) ** rng.uniform(-0.35, 0.35)
    if rng.random() < 0.35:
        gain = gain / (1 + (hz / rng.uniform(3200, 6500)) ** 12)
    if rng.random() < 0.3:
        gain = gain / (1 + (rng.uniform(100, 350) / np.maximum(hz, 1)) ** 4)
    return np.asarray(np.fft.irfft(lines * gain, len(sound)))


def _slow(rng: Generator, size: int, hz: float) -> Wave:
    """Return noise that changes about `hz` times a second; within about 2 of 0."""
    points = rng.normal(size=max(4, int(size / RATE * hz * 2) + 2))
    return np.interp(np.linspace(0, len(points) - 1, size), np.arange(len(points)), points)


def _burst(size: int, middle: float, wide: float) -> Wave:
    return np.asarray(np.clip(1 - np.abs(np.linspace(0, 1, size) - middle) / max(1e-3, wide), 0, 1))


def _after(t: Wave, at: float, fall: float) -> Wave:
    return np.asarray(np.exp(-np.maximum(t - at, 0) * fall) * (t >= at))


def _peaked(sound: Wave) -> Wave:
    return np.asarray(sound / (np.abs(sound).max() + 1e-9))
