"""Embeddings: the enrolled few, and one buffer for everybody else's, overwritten before anything else happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ansimnet_vision.faces.align import SIDE, cut, similarity
from ansimnet_vision.faces.detect import Face
from ansimnet_vision.faces.network import Network
from ansimnet_vision.faces.quality import LIMITS, Limits, Unfit, unfit

LENGTH = 128
MOST = 5
"""Templates of one camera: those named in the orders of one protected person."""


class GalleryFullError(Exception):
    """A home camera knows at most `MOST` people."""


@njit(cache=True, nogil=True)
def _distances(probe: NDArray[np.float32], enrolled: NDArray[np.float32], out: NDArray[np.float64]) -> None:
    for row in range(enrolled.shape[0]):
        total = 0.0
        for k in range(enrolled.shape[1]):
            away = probe[k] - enrolled[row, k]
            total += away * away
        out[row] = np.sqrt(total)


@dataclass(frozen=True, slots=True)
class Compared:
    """What one face gave: distances by template, or why it was not compared."""

    distances: Mapping[UUID, float]
    unfit: Unfit | None


class Gallery:
    """The enrolled templates of one camera and the buffer of the face at hand.

    `wiping` off is for one test alone, which must then find what was not wiped.
    """

    def __init__(self, weights: Path, provider: str = "cpu", *, wiping: bool = True, limits: Limits = LIMITS) -> None:
        self.network = Network(weights, (1, 3, SIDE, SIDE), ((1, LENGTH),), provider)
        self._enrolled = np.zeros((MOST, LENGTH), np.float32)
        self._ids: list[UUID] = []
        self._distances = np.zeros(MOST)
        self._wiping = wiping
        self._limits = limits
        self.kept: list[NDArray[np.float32]] = []

    @property
    def enrolled(self) -> tuple[UUID, ...]:
        """Return whose templates are here."""
        return tuple(self._ids)

    def enrol(self, template_id: UUID, template: NDArray[np.float32]) -> None:
        """Take a template (128) and overwrite where it came from.

        Raises:
            GalleryFullError: there are `MOST` already.
        """
        if template_id not in self._ids:
            if len(self._ids) == MOST:
                raise GalleryFullError
            self._ids.append(template_id)
        self._enrolled[self._ids.index(template_id)] = template
        template.fill(0.0)

    def forget(self, template_id: UUID) -> None:
        """Overwrite a template whose order ended."""
        if template_id in self._ids:
            row = self._ids.index(template_id)
            self._enrolled[row:-1] = self._enrolled[row + 1 :]
            self._enrolled[-1] = 0.0
            self._ids.remove(template_id)

    def compare(self, picture: NDArray[np.uint8], face: Face) -> Compared:
        """Compare one face with everybody enrolled. Call `wipe` before the next picture."""
        reason = self._embed(picture, face)
        if reason is not None:
            return Compared({}, reason)
        _distances(self.network.made[0][0], self._enrolled, self._distances)
        found = {name: float(self._distances[row]) for row, name in enumerate(self._ids)}
        if self._wiping:
            self.network.made[0].fill(0.0)
        else:
            self.kept.append(self.network.made[0].copy())
        return Compared(found, None)

    def template(self, picture: NDArray[np.uint8], face: Face, out: NDArray[np.float64]) -> Unfit | None:
        """Add a face's embedding to `out` (128): enrolment alone. Return why it was not, None where it was."""
        reason = self._embed(picture, face)
        if reason is None:
            out += self.network.made[0][0]
        self.wipe()
        return reason

    def _embed(self, picture: NDArray[np.uint8], face: Face) -> Unfit | None:
        chip = self.network.given[0]
        cut(picture, similarity(face.points), chip)
        reason = unfit(face, chip, self._limits)
        if reason is None:
            self.network.run()
        return reason

    def wipe(self) -> None:
        """Overwrite what the network still holds of the last face."""
        if self._wiping:
            self.network.wipe()
