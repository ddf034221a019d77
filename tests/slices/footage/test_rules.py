"""Which cameras a provision opens, without any machine."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from ansimnet.kernel.geo import Point, bearing_deg, distance_m
from ansimnet.kernel.ids import CameraId, named_id
from ansimnet.slices.footage import rules
from ansimnet.slices.footage.model import Subject

HERE = Point(37.5, 127.0)
AT = datetime(2026, 11, 7, tzinfo=UTC)


def subject(speed: float | None = 1.4, course: float | None = 90.0, error: float = 5.0) -> Subject:
    return Subject(HERE, error, speed, course, AT)


def camera(name: str) -> CameraId:
    return CameraId(named_id("camera", name))


def test_ahead_is_reached_sooner_than_behind() -> None:
    found = {round(bearing_deg(HERE, p.point)): p for p in rules.probes(subject())[1:9]}
    assert found[90].arrives_in_s < found[180].arrives_in_s < found[270].arrives_in_s
    assert found[270].arrives_in_s == 2 * found[90].arrives_in_s


def test_who_stands_still_may_turn_anywhere() -> None:
    for standing in (subject(0.1), subject(None), subject(1.4, None)):
        ring = rules.probes(standing)[1:9]
        assert len({round(p.arrives_in_s, 3) for p in ring}) == 1


def test_a_blurred_fix_asks_beside_itself_too() -> None:
    for error in (12.0, 60.0):
        here, *beside = [p for p in rules.probes(subject(error=error)) if p.arrives_in_s == 0.0]
        assert here.point == HERE
        assert len(beside) == 8
        assert all(abs(distance_m(HERE, p.point) - error) < 0.5 for p in beside)


@given(
    st.floats(0, 500, allow_nan=False) | st.none(),
    st.floats(0, 360, allow_nan=False) | st.none(),
    st.floats(0, 5000, allow_nan=False),
)
def test_probes_stay_near_whatever_a_device_claims(speed: float | None, course: float | None, error: float) -> None:
    for probe in rules.probes(subject(speed, course, error)):
        assert distance_m(HERE, probe.point) <= rules.FARTHEST_M + 1
        assert 0 <= probe.arrives_in_s <= 2 * rules.HORIZONS_S[-1] + 1e-6


def test_what_sees_him_now_comes_first_and_a_silent_camera_last() -> None:
    now_, soon = rules.Probe(HERE, 0.0), rules.Probe(Point(37.501, 127.0), 60.0)
    chosen = rules.choose(
        [
            (now_, [rules.Sight(camera("far"), 9.0, True), rules.Sight(camera("dead"), 1.0, False)]),
            (soon, [rules.Sight(camera("next"), 1.0, True), rules.Sight(camera("far"), 1.0, True)]),
            (now_, [rules.Sight(camera("near"), 2.0, True)]),
        ]
    )
    assert [c.camera_id for c in chosen] == [camera(n) for n in ("near", "far", "next", "dead")]
    assert [c.sees for c in chosen] == [True, True, False, True]


def test_twelve_at_most() -> None:
    sights = [rules.Sight(camera(str(i)), float(i), True) for i in range(40)]
    assert len(rules.choose([(rules.Probe(HERE, 0.0), sights)])) == 12


def test_a_new_camera_or_a_new_best_one_is_news() -> None:
    a, b, c = camera("a"), camera("b"), camera("c")
    assert rules.worth_telling([a], [a, b])
    assert rules.worth_telling([a, b, c], [c, a, b])
    assert not rules.worth_telling([a, b], [b, a]), "neighbours that change places would shuffle the wall"
    assert not rules.worth_telling([a, b, c], [a, b, c])
