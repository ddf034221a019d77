"""The search for templates in a process's memory finds each of many, also where memory is empty but for them."""

from __future__ import annotations

import numpy as np
import pytest
from evaluation._homeguard_memory import Looking, forms
from numpy.typing import NDArray

STRANGERS = 300


def templates() -> list[NDArray[np.float32]]:
    rng = np.random.default_rng(1)
    return [(rng.normal(size=128) * 0.1).astype(np.float32) for _ in range(STRANGERS)]


@pytest.mark.requirement("VA-04", "VP-06")
def test_every_planted_template_is_found_in_empty_memory() -> None:
    everybody = templates()
    memory = np.zeros(1 << 23, np.uint8)
    for n, template in enumerate(everybody):
        kept = list(forms(template))[n % 6].tobytes()
        memory[1000 + n * 20_000 :][: len(kept)] = np.frombuffer(kept, np.uint8)
    looking = Looking(everybody)
    looking.at(memory)
    assert looking.result().templates == STRANGERS
    assert looking.result().searched == len(memory)


def test_what_is_no_template_is_not_found() -> None:
    looking = Looking(templates())
    looking.at(np.zeros(1 << 20, np.uint8))
    looking.at(np.random.default_rng(2).integers(0, 256, 1 << 20).astype(np.uint8))
    assert looking.result().found == 0


def test_one_run_at_the_very_end_is_found() -> None:
    everybody = templates()
    looking = Looking(everybody)
    looking.at(np.concatenate([np.zeros(999, np.uint8), np.frombuffer(everybody[7].tobytes()[:16], np.uint8)]))
    assert looking.result().templates == 1
