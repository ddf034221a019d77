"""Recorded sounds in a folder, each with what it is, where it comes from and whether it is held back.

The folder has the shape `esc10/NNN_Class/*.ogg`, `unverified_scream_set/{scream,speech,ambient,gunshot}/*.ogg`,
`siren_few/*.ogg`; any part may be missing. A third of all recordings, chosen by hash, is held back: no weight and no
threshold ever depends on it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from ansimnet_vision.sound.features import F32, RATE

FREE = "esc10"
"""The part whose licence (CC BY) lets weights be passed on."""
ALIKE = 0.25
"""Correlation at which two clips are one recording: unrelated ones in the sets stay below 0.2."""
_LABEL = {"scream": "scream", "gunshot": "bang", "speech": "background", "ambient": "background"}
_SHOTS = {"14": "14", "15": "14", "17": "14", "18": "14", "19": "14", "11": "11", "13": "11"}
"""Gunshots by the recording they were cut from; all but these and the first are cuts of one. Found by correlation."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """One file. `part`: folder; `label`: class; `source`: whose recording it is; `recording`: what it was cut from."""

    name: str
    part: str
    label: str
    source: str
    recording: str
    sha256: str
    sound: F32

    @property
    def held_out(self) -> bool:
        """Return whether no training may see it."""
        return third(self.recording) == 0

    @property
    def seconds(self) -> float:
        """Return its length."""
        return len(self.sound) / RATE


def third(name: str) -> int:
    """Return 0, 1 or 2, by the SHA-256 of a name; 0 is held back.

    >>> third("maleScream"), third("femaleScream")
    (1, 0)
    """
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % 3


def clips(folder: Path) -> Iterator[Clip]:
    """Yield every clip of the parts that are there, ordered by name."""
    folder = folder / "audio" if (folder / "audio").is_dir() else folder
    for file in sorted(folder.rglob("*.ogg")):
        told = _told(file.relative_to(folder))
        if told is not None:
            part, label, source, recording = told
            sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
            yield Clip(str(file.relative_to(folder)), part, label, source, recording, sha256, read(file))


def read(file: Path) -> F32:
    """Return the samples of a file, mono, at `RATE`."""
    pieces = []
    with av.open(str(file), metadata_errors="ignore") as box:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        for frame in box.decode(audio=0):
            pieces += [part.to_ndarray()[0] for part in resampler.resample(frame)]
        pieces += [part.to_ndarray()[0] for part in resampler.resample(None)]
    return np.concatenate(pieces).astype(np.float32)


def recording_of(name: str) -> str:
    """Return what a clip was cut from, by its name in the folder; an empty string for what no one labelled.

    >>> recording_of("esc10/001_Dog_bark/1-100032-A.ogg")
    '1-100032'
    """
    told = _told(Path(name))
    return "" if told is None else told[3]


def _told(path: Path) -> tuple[str, str, str, str] | None:
    """Return part, label, source and recording of a file by its path; None for what no one labelled."""
    stem, parts = path.stem, path.parts
    if parts[0] == "esc10" and len(parts) == 3:
        recording = stem.rsplit("-", 1)[0]
        return parts[1].partition("_")[2], "background", recording, recording
    if parts[0] == "siren_few":
        source = re.split(r"[_-]", stem)[0]
        return "siren", "siren", source, source
    if parts[0] != "unverified_scream_set" or len(parts) != 3 or parts[1] not in _LABEL:
        return None
    kind = parts[1]
    source = re.split(r"-|_+\d+$|__", stem)[0].rstrip("_") if kind in ("scream", "gunshot") else stem.split("-")[0]
    recording = source if kind == "ambient" or source.isdigit() else stem
    if kind == "gunshot":
        recording = f"gunshot_{_SHOTS.get(stem.rpartition('_')[2], '1' if stem.endswith('_1') else '3')}"
    if stem == "femaleScream-065":
        recording = "femaleScream-028"  # the same voice, cut elsewhere: correlation 0.66
    return kind, _LABEL[kind], source, recording


def alike(clip: Clip, others: list[Clip]) -> bool:
    """Return whether a clip is cut from the same recording as one of others, whatever its name says."""
    return any(_correlation(clip.sound, other.sound) > ALIKE for other in others)


def _correlation(a: F32, b: F32) -> float:
    a, b = (x[: len(x) // 4 * 4].reshape(-1, 4).mean(1) for x in (a, b))  # below 2 kHz is enough, and quicker
    size = 1 << (len(a) + len(b) - 1).bit_length()
    product = np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size))
    most = float(np.abs(np.fft.irfft(product, size)).max())
    return most / (float(np.linalg.norm(a)) * float(np.linalg.norm(b)) + 1e-9)
