"""A network on buffers of our own: what goes in and what comes out lies where we can overwrite it.

onnxruntime copies nothing at the ends where both are bound. What it keeps in between (its arena) it writes over by the
next picture; `wipe` runs it once over nothing, so that the next picture need not come.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.detectors import session


class Network:
    """A model with one input and fixed shapes. `given` and `made` are the only places where its ends ever lie."""

    def __init__(
        self, weights: Path | bytes, given: tuple[int, ...], made: tuple[tuple[int, ...], ...], provider: str = "cpu"
    ) -> None:
        self._session = session(weights, provider)
        self.given: NDArray[np.float32] = np.zeros(given, np.float32)
        self.made: tuple[NDArray[np.float32], ...] = tuple(np.zeros(shape, np.float32) for shape in made)
        self._binding = self._session.io_binding()
        name = self._session.get_inputs()[0].name
        self._binding.bind_input(name, "cpu", 0, np.float32, given, self.given.ctypes.data)
        for output, array in zip(self._session.get_outputs(), self.made, strict=True):
            self._binding.bind_output(output.name, "cpu", 0, np.float32, array.shape, array.ctypes.data)

    def run(self) -> None:
        """Compute `made` from `given`."""
        self._session.run_with_iobinding(self._binding)

    def wipe(self) -> None:
        """Overwrite both ends, and what lies in between by a run over a grey nothing."""
        self.given.fill(0.0)
        self.run()
        for array in self.made:
            array.fill(0.0)
