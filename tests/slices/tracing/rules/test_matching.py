"""Who becomes a candidate of a look, where words alone leave many equals (TR-01, TR-02)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from ansimnet.kernel.ids import CameraId
from ansimnet.slices.tracing.model import Found
from ansimnet.slices.tracing.rules import matching
from ansimnet.slices.tracing.rules.matching import Wanted
from ansimnet.slices.tracing.rules.tracks import Track

pytestmark = pytest.mark.requirement("TR-01", "TR-02")
BEGAN = datetime(2026, 11, 22, 12, tzinfo=UTC)
WANTED = Wanted(frozenset({("upper_colour", "green"), ("lower_colour", "black")}))


def chance(upper: str, lower: str) -> float:
    """Return how likely somebody of these colours is; "" where the camera told none."""
    track = Track(
        id=UUID(int=1), camera_id=UUID(int=2), from_s=BEGAN.timestamp(), until_s=BEGAN.timestamp() + 5, kind="person",
        upper_colour=upper, lower_colour=lower,
    )  # fmt: skip
    return matching.probability(matching.terms(WANTED, track))


def test_nobody_whose_colours_are_wrong_stands_before_one_whose_colours_are_unknown() -> None:
    unknown = chance("", "")
    assert chance("green", "black") > chance("green", "") > unknown
    assert unknown > max(chance("red", "white"), chance("red", ""), chance("", "white"), chance("red", "black"))


def seen(camera: int, minute: float, score: float) -> Found:
    begins = BEGAN + timedelta(minutes=minute)
    return Found(
        candidate_id=UUID(int=camera * 10_000 + int(minute * 10)), camera_id=CameraId(UUID(int=camera)),
        from_at=begins, until_at=begins + timedelta(seconds=5), score=score, why=(), why_not=(),
    )  # fmt: skip


def test_the_camera_he_comes_to_last_has_its_turn_among_equals() -> None:
    """Six cameras told sixty people without a colour before the seventh told him."""
    early = [seen(camera, n + camera / 10, 0.005) for camera in range(1, 7) for n in range(60)]
    him = seen(7, 90.0, 0.005)
    better = [seen(3, 200.0 + n, 0.08) for n in range(20)]
    worse = [seen(7, 300.0 + n, 0.001) for n in range(50)]
    for order in (1, -1):
        listed = matching.shortlist([*early, him, *better, *worse][::order], 50)
        assert set(map(id, listed[:20])) == set(map(id, better))
        assert him in listed
        assert not set(map(id, worse)) & set(map(id, listed))
        share = [sum(f.camera_id.int == camera and f.score == 0.005 for f in listed) for camera in range(1, 8)]
        assert sum(share) == 30
        assert max(share) - min(share[:6]) <= 1
        first = [f for f in listed if f.camera_id.int == 1]
        assert min(f.from_at for f in first) > BEGAN + timedelta(minutes=50), "the newest of each camera"


def test_fewer_than_the_list_holds_stay_all() -> None:
    few = [seen(1, n, 0.005 * n) for n in range(1, 6)]
    assert matching.shortlist(few, 50) == few[::-1]
    assert matching.shortlist([], 50) == []
