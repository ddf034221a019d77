"""What counts as right, as wrong and as neither where people step into a zone."""

from __future__ import annotations

import numpy as np
import pytest
from evaluation._behaviours_tracks import Entry, _entries, _scored

from ansimnet_vision.types import Box, Zone

HERE: Box = (0.4, 0.3, 0.5, 0.6)
AWAY: Box = (0.8, 0.3, 0.9, 0.6)
ZONE = Zone("z", "zone", "intrusion", ((0.3, 0.4), (0.6, 0.4), (0.6, 0.9), (0.3, 0.9)))
EVERY_S = 0.2


def stay(visible: float, seconds: float = 2.0, box: Box = HERE) -> list[Entry]:
    frames = {n: [(1, box, visible)] for n in range(1, round(seconds / EVERY_S) + 1)}
    return _entries(frames, ZONE, 1 / EVERY_S, 1)


@pytest.mark.requirement("VA-01")
@pytest.mark.parametrize(
    ("entries", "alarm", "told"),
    [
        (stay(1.0), (0.8, HERE), (1, 0, 0)),
        (stay(1.0), (0.8, AWAY), (0, 1, 1)),  # it tells of nobody
        (stay(0.1), (0.8, HERE), (0, 0, 0)),  # he is hidden, but he is there
        (stay(0.1), (0.8, AWAY), (0, 0, 1)),
        (stay(1.0, 0.6), (0.6, HERE), (0, 0, 0)),  # too short to be asked for
        (stay(1.0, 20.0), (14.0, HERE), (0, 1, 0)),  # too late: missed, though it is he
        (stay(1.0, box=(0.4, 0.46, 0.41, 0.5)), (0.8, (0.4, 0.46, 0.41, 0.5)), (0, 0, 0)),  # too small to be asked for
    ],
)
def test_an_alarm_about_somebody_who_stands_in_the_zone_is_never_wrong(
    entries: list[Entry], alarm: tuple[float, Box], told: tuple[int, int, int]
) -> None:
    count = _scored(entries, [alarm], EVERY_S)
    assert (count.hits, count.missed, count.false) == told


def test_a_stay_begins_when_he_is_plainly_seen() -> None:
    frames = {n: [(1, HERE, 0.1 if n < 6 else 0.9)] for n in range(1, 20)}
    (entry,) = _entries(frames, ZONE, 1 / EVERY_S, 1)
    assert np.isclose(entry.at_s, 6 * EVERY_S)
    assert min(entry.boxes) < entry.at_s
