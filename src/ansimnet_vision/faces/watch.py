"""One home camera's faces: which to look at, the evidence of each track, and the word when it is enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.faces.detect import Face, FaceFinder
from ansimnet_vision.faces.evidence import DLIB, LEAST, Line, Normal, Said, Track
from ansimnet_vision.faces.gallery import Gallery
from ansimnet_vision.faces.quality import Unfit, infrared
from ansimnet_vision.types import Seen

HEAD = 0.45
"""Share of a standing person's box in which the head is, from above."""


@dataclass(frozen=True, slots=True)
class Match:
    """A track that is, as far as can be told, the person of a template. `ratio`: natural logarithm."""

    track: int
    template_id: UUID
    ratio: float
    faces: int


@dataclass(slots=True)
class _Person:
    """What is known of one track."""

    by_template: dict[UUID, Track] = field(default_factory=dict)
    unfit: Counter[Unfit] = field(default_factory=Counter)
    told: bool = False


class Watch:
    """The faces of one camera. `colour`: it sends colour by day, so that pictures without are infrared."""

    def __init__(
        self, models: Path, *, colour: bool = True, line: Line = DLIB, wiping: bool = True, provider: str = "cpu"
    ) -> None:
        self.finder = FaceFinder(models / "centerface.onnx", provider)
        self.gallery = Gallery(models / "dlib_face.onnx", provider, wiping=wiping)
        self.normal = Normal(allowed=line.other_of_templates)
        self._line = line
        self._colour = colour
        self._wiping = wiping
        self._people: dict[int, _Person] = {}

    def step(self, picture: NDArray[np.uint8], candidates: Iterable[Seen]) -> list[Match]:
        """Look at the faces of the candidates in a picture (H, W, 3); return who was recognised now, once a track."""
        if not self.gallery.enrolled:
            return []
        matches = []
        dark = self._colour and infrared(picture)
        looked = False
        for seen in candidates:
            person = self._people.setdefault(seen.track, _Person())
            if person.told:
                continue
            if dark:
                person.unfit[Unfit.INFRARED] += 1
                continue
            face = self._face(picture, seen)
            looked = True
            if face is not None and (match := self.take(picture, face, seen.track)):
                matches.append(match)
        if looked and self._wiping:
            self.gallery.wipe()
            self.finder.wipe()
        return matches

    def take(self, picture: NDArray[np.uint8], face: Face, track: int) -> Match | None:
        """Add one face to a track's evidence; return the match it completes."""
        person = self._people.setdefault(track, _Person())
        compared = self.gallery.compare(picture, face)
        if compared.unfit is not None:
            person.unfit[compared.unfit] += 1
            return None
        found: Match | None = None
        for template_id, distance in compared.distances.items():
            evidence = person.by_template.setdefault(template_id, Track(self._line))
            evidence.add(distance)
            if evidence.decide(self.normal) is Said.MATCH and not person.told:
                found = Match(track, template_id, evidence.ratio(self.normal), evidence.count)
        person.told = person.told or found is not None
        return found

    def gone(self, tracks: Collection[int]) -> Counter[Unfit]:
        """Forget tracks that ended, learn from those that were strangers; return why faces were not compared."""
        reasons: Counter[Unfit] = Counter()
        for track in tracks:
            person = self._people.pop(track, None)
            if person is None:
                continue
            reasons += person.unfit
            heard = [e.mean for e in person.by_template.values() if e.count >= LEAST]
            if heard and not person.told:
                self.normal.learn(self._line, sum(heard) / len(heard))
        return reasons

    def unable(self, track: int) -> Unfit | None:
        """Return why a track cannot be recognised: the commonest reason where no face of it passed the gate."""
        person = self._people.get(track)
        if person is None or any(e.count for e in person.by_template.values()) or not person.unfit:
            return None
        return person.unfit.most_common(1)[0][0]

    def _face(self, picture: NDArray[np.uint8], seen: Seen) -> Face | None:
        height, width = picture.shape[:2]
        x1, y1, x2, y2 = seen.box
        wide, tall = (x2 - x1) * width, (y2 - y1) * height
        side = max(wide, HEAD * tall, 48.0)
        middle = (x1 + x2) / 2 * width
        top = y1 * height - 0.05 * tall
        return self.finder.best(
            picture, int(middle - side / 2), int(top), int(middle + side / 2), int(top + max(side, HEAD * tall))
        )
