"""Open-set trial of face matching: photographs enlarged to 40-64 px, blurred, grey, noisy, as approaches to a door.

Every person is once the one named in an order, on a camera of its own; everybody else passes that camera first, as
strangers, then the person comes. What decides is the product's own: finder, gate, network, sequential test,
normalisation. Odd photographs are enrolled, even ones come to the door, so no photograph is on both sides.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from ansimnet_vision.faces.detect import FaceFinder
from ansimnet_vision.faces.evidence import DLIB, Normal, Said, Track
from ansimnet_vision.faces.gallery import LENGTH, Gallery
from ansimnet_vision.faces.quality import Unfit

TUNED = Path(__file__).parent / "labels" / "homeguard_tuned.json"
"""Hashes of the people whose photographs set the line and the gate; everybody else is held back from both."""
FACE_IN_PHOTOGRAPH = 0.72
"""Part of these photographs' width that the face fills (23 of 28 pixels high, hair to chin)."""
ENROLLED_PX = 80
FRAMES = 2
"""Pictures of each photograph in an approach, degraded anew."""

Photograph = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Person:
    """One identity: photographs, and whether any threshold has seen them."""

    name: str
    photographs: tuple[Photograph, ...]
    tuned: bool


@dataclass(frozen=True, slots=True)
class Approach:
    """One way to the door: the embeddings of the pictures that passed the gate. Alive in this trial only."""

    person: str
    faces: NDArray[np.float32]


def people(folder: Path) -> list[Person]:
    """Return every folder with at least six photographs as a person."""
    tuned = set(json.loads(TUNED.read_text())) if TUNED.is_file() else set()
    found = []
    for place in sorted((p for p in folder.iterdir() if p.is_dir()), key=lambda p: (len(p.name), p.name)):
        files = sorted((f for f in place.iterdir() if f.suffix == ".pgm"), key=lambda p: (len(p.name), p.name))
        if len(files) >= 6:
            digest = hashlib.sha256(b"".join(f.read_bytes() for f in files)).hexdigest()
            found.append(Person(place.name, tuple(read_pgm(f.read_bytes()) for f in files), digest in tuned))
    return found


def read_pgm(data: bytes) -> Photograph:
    """Return a binary PGM (P5, 8 bit) as (H, W)."""
    head = re.match(rb"P5\s+(?:#[^\n]*\n\s*)*(\d+)\s+(\d+)\s+(?:#[^\n]*\n\s*)*\d+\s", data)
    if head is None:
        raise ValueError("not a binary PGM")
    width, height = int(head[1]), int(head[2])
    return np.frombuffer(data, np.uint8, width * height, head.end()).reshape(height, width)


def enlarged(photograph: Photograph, face_px: float, how: str = "BILINEAR") -> NDArray[np.uint8]:
    """Return a photograph (H, W, 3) with a face of `face_px`, its edges drawn out around it by half its height."""
    scale = face_px / (FACE_IN_PHOTOGRAPH * photograph.shape[1])
    grey = np.ascontiguousarray(np.repeat(photograph[..., None], 3, 2))
    frame = VideoFrame.from_ndarray(grey, format="rgb24").reformat(
        width=round(photograph.shape[1] * scale), height=round(photograph.shape[0] * scale), interpolation=how
    )
    large = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    edge = large.shape[0] // 2
    return np.pad(large, ((edge, edge), (edge, edge), (0, 0)), "edge")


def degraded(photograph: Photograph, rng: Random) -> NDArray[np.uint8]:
    """Return a picture as a door camera may give it: 40-64 px across, blur to 1 px, noise, light from 0.6 to 1.2."""
    picture = enlarged(photograph, rng.uniform(40, 64)).astype(np.float64)
    blur = rng.uniform(0.3, 1.0)
    taps = np.exp(-0.5 * (np.arange(-3, 4) / blur) ** 2)
    taps /= taps.sum()
    for axis in (0, 1):
        picture = np.sum([t * np.roll(picture, k - 3, axis) for k, t in enumerate(taps)], 0)
    noise = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(1, 4), picture.shape[:2])
    return np.asarray(((picture + noise[..., None]) * rng.uniform(0.6, 1.2)).clip(0, 255), np.uint8)


class Studio:
    """The product's eyes and its network, for a trial that may keep what they saw."""

    def __init__(self, models: Path) -> None:
        self._finder = FaceFinder(models / "centerface.onnx")
        self._gallery = Gallery(models / "dlib_face.onnx", wiping=False)
        self.looked = 0
        self.unfit: Counter[str] = Counter()

    def embedding(self, picture: NDArray[np.uint8]) -> NDArray[np.float64] | None:
        """Return the 128 numbers of the face in a picture, None where none passes the gate."""
        self.looked += 1
        face = self._finder.best(picture, 0, 0, picture.shape[1], picture.shape[0])
        if face is None:
            self.unfit["no face"] += 1
            return None
        out = np.zeros(LENGTH)
        reason: Unfit | None = self._gallery.template(picture, face, out)
        if reason is not None:
            self.unfit[reason] += 1
            return None
        return out

    def enrol(self, person: Person) -> NDArray[np.float64]:
        """Return a person's template: the mean over the odd photographs."""
        found = [self.embedding(enlarged(p, ENROLLED_PX, "BICUBIC")) for p in person.photographs[::2]]
        return np.asarray(np.mean([f for f in found if f is not None], 0))

    def approach(self, person: Person, rng: Random) -> Approach:
        """Return one approach over the even photographs."""
        found = [self.embedding(degraded(p, rng)) for p in person.photographs[1::2] for _ in range(FRAMES)]
        kept = [f for f in found if f is not None]
        return Approach(person.name, np.asarray(kept, np.float32).reshape(-1, LENGTH))


@dataclass(frozen=True, slots=True)
class Pair:
    """One approach before one enrolled template. `means`: after how many pictures, the mean distance."""

    enrolled: str
    came: str
    matched: bool
    faces: int
    mean: float


def decided(template: NDArray[np.float64], approach: Approach, normal: Normal) -> tuple[bool, Track]:
    """Return whether the sequential test calls an approach a match, and its evidence."""
    track = Track(DLIB)
    for face in approach.faces:
        track.add(float(np.linalg.norm(face - template)))
        if track.decide(normal) is Said.MATCH:
            return True, track
    return False, track


def tried(
    models: Path, everybody: Sequence[Person], approaches: int, rng: Random, progress: Callable[[int, int, str], None]
) -> tuple[list[Pair], Studio]:
    """Return every approach of everybody before everybody's camera: strangers first, then the one enrolled."""
    studio = Studio(models)
    templates: dict[str, NDArray[np.float64]] = {}
    came: dict[str, list[Approach]] = {}
    for i, person in enumerate(everybody):
        progress(i, len(everybody), person.name)
        templates[person.name] = studio.enrol(person)
        came[person.name] = [studio.approach(person, rng) for _ in range(approaches)]
    pairs = []
    for person in everybody:
        normal = Normal(allowed=DLIB.other_of_templates)
        strangers = [a for other in everybody if other.name != person.name for a in came[other.name]]
        rng.shuffle(strangers)
        for approach in (*strangers, *came[person.name]):
            matched, track = decided(templates[person.name], approach, normal)
            pairs.append(Pair(person.name, approach.person, matched, track.count, track.mean))
            if not matched and approach.person != person.name and track.count:
                normal.learn(DLIB, track.mean)
    return pairs, studio
