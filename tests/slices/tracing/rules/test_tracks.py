"""What is read out of a sealed block: nobody but its worker has seen inside."""

from __future__ import annotations

import math
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansimnet.slices.tracing.rules.matching import Wanted, terms
from ansimnet.slices.tracing.rules.tracks import MOST_PLAIN, Track, pack, unpack

CAMERA = uuid4()
HOUR = datetime(2026, 11, 21, 12, tzinfo=UTC)


def track(**more: Any) -> Track:
    at = HOUR.timestamp() + 60
    given: dict[str, Any] = {"id": uuid4(), "camera_id": CAMERA, "from_s": at, "until_s": at + 9, "kind": "person"}
    return Track(**given | more)


@pytest.mark.requirement("TR-02")
def test_tracks_of_the_block_come_back() -> None:
    own = track(plate="12가", plate_p=(0.9, 0.8, 0.7))
    assert unpack(pack([own]), CAMERA, HOUR) == [own]


@pytest.mark.requirement("TR-02")
@pytest.mark.parametrize(
    "odd",
    [
        {"camera_id": uuid4()},  # a worker that would place somebody at another camera
        {"from_s": (HOUR + timedelta(hours=1)).timestamp(), "until_s": (HOUR + timedelta(hours=1)).timestamp()},
        {"from_s": math.nan},
        {"from_s": 1e300, "until_s": 1e300},
        {"until_s": math.inf},
        {"until_s": HOUR.timestamp()},
        {"plate": "12가"},
        {"appearance": "AAAA"},
        {"appearance": "!"},
        {"appearance": "해담"},
    ],
)
def test_what_does_not_belong_there_is_left_out(odd: dict[str, Any]) -> None:
    own = track()
    assert unpack(pack([track(**odd), own]), CAMERA, HOUR) == [own]


@given(st.binary(max_size=200))
def test_rubbish_has_no_tracks(plain: bytes) -> None:
    assert unpack(plain, CAMERA, HOUR) == []
    assert unpack(zlib.compress(plain), CAMERA, HOUR) == []


def test_a_block_that_would_unpack_to_everything_has_none() -> None:
    many = msgspec.msgpack.encode([b"\0" * (2 * MOST_PLAIN)])
    assert unpack(zlib.compress(many, 9), CAMERA, HOUR) == []


@pytest.mark.requirement("TR-01")
def test_a_camera_that_only_sees_a_car_says_nothing_of_its_class() -> None:
    suv = Wanted(attributes=frozenset({("vehicle", "suv")}), picture=None, plate=None)
    assert "vehicle" not in terms(suv, track(kind="vehicle", vehicle="car"))
    assert (
        terms(suv, track(kind="vehicle", vehicle="suv"))["vehicle"]
        > 0
        > terms(suv, track(kind="vehicle", vehicle="bus"))["vehicle"]
    )
