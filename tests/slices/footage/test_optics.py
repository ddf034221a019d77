"""Where a camera that turns looks: angles, sectors, zones in the picture. Pure."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.geo import Plane, Point
from ansimnet.kernel.ids import AccountId, CameraId, PermitId
from ansimnet.slices.footage.model import Hold
from ansimnet.slices.footage.onvif import sector as sectors
from ansimnet.slices.footage.onvif.holding import HOLD_LASTS, LIFE_IN_DANGER, PRIORITY, Held, may_take, until
from ansimnet.slices.footage.onvif.sector import BadSector, OutsideSector, Sector, TooWide
from ansimnet.slices.footage.relay.optics import ASPECT, Optics, Pose, Raw, offset
from ansimnet.slices.footage.relay.turning import FRESH_S, UNSURE_S, Position, Turned, Turning

OPTICS = Optics(90.0, -180.0, 180.0, -90.0, 30.0, 60.0, 6.0, 5.0)
EAST = Sector(30.0, 150.0, -60.0, 15.0, 0.8)
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)

azimuths = st.floats(0, 359.9)
tilts = st.floats(-80, 25)
zooms = st.floats(0, 1)
poses = st.builds(Pose, azimuths, tilts, zooms)


@st.composite
def optics(draw: st.DrawFn) -> Optics:
    half = draw(st.floats(60, 180))
    wide = draw(st.floats(20, 90))
    return Optics(
        *(draw(azimuths), -half, half, draw(st.floats(-90, -30)), draw(st.floats(0, 90))),
        *(wide, draw(st.floats(2, wide)), 5.0),
    )


@st.composite
def narrow(draw: st.DrawFn) -> Sector:
    start = draw(azimuths)
    return Sector(
        *(start, (start + draw(st.floats(5, 360))) % 360, draw(st.floats(-90, -20)), draw(st.floats(-10, 30))),
        draw(zooms),
    )


def ray(o: Optics, pose: Pose, x: float, y: float) -> tuple[float, float]:
    """Return azimuth and tilt of a point of the picture, by plain vectors: another writing of the geometry."""
    a = math.tan(math.radians(o.fov_deg(pose.zoom) / 2))
    right, up = (2 * x - 1) * a, (1 - 2 * y) * a / ASPECT
    t = math.radians(pose.tilt_deg)
    ahead, rise = math.cos(t) - up * math.sin(t), math.sin(t) + up * math.cos(t)
    az = pose.azimuth_deg + math.degrees(math.atan2(right, ahead))
    return az % 360, math.degrees(math.atan2(rise, math.hypot(ahead, right)))


def inside(polygon: tuple[tuple[float, float], ...], x: float, y: float) -> bool:
    """Return whether a point lies in a polygon (even-odd rule)."""
    hits = 0
    for (x1, y1), (x2, y2) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        if (y1 <= y) != (y2 <= y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
            hits += 1
    return hits % 2 == 1


@given(optics(), st.floats(-1, 1), st.floats(-1, 1), zooms)
def test_what_the_device_says_and_what_it_is_told_are_one(o: Optics, pan: float, tilt: float, zoom: float) -> None:
    pose = o.pose(Raw(pan, tilt, zoom))
    raw = o.raw(pose)
    assert raw is not None
    back = o.pose(raw)
    assert abs(offset(pose.azimuth_deg, back.azimuth_deg)) < 1e-6
    assert back.tilt_deg == pytest.approx(pose.tilt_deg, abs=1e-6)


@given(zooms)
def test_zoom_and_field_of_view_are_one(zoom: float) -> None:
    assert OPTICS.zoom_for(OPTICS.fov_deg(zoom)) == pytest.approx(zoom, abs=1e-6)


@given(optics(), poses, st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_no_point_of_the_picture_lies_beyond_what_it_is_said_to_reach(o: Optics, p: Pose, x: float, y: float) -> None:
    seen = o.seen(p.tilt_deg, p.zoom)
    azimuth, tilt = ray(o, p, x, y)
    assert abs(offset(p.azimuth_deg, azimuth)) <= seen.half_deg + 0.2
    assert seen.low_deg - 0.2 <= tilt <= seen.high_deg + 0.2


@given(optics(), poses, azimuths, tilts, st.floats(1, 20), st.floats(-0.9, 0.9), st.floats(-0.9, 0.9))
def test_whatever_lies_in_a_zone_is_covered_wherever_the_camera_looks(
    o: Optics, p: Pose, azimuth: float, tilt: float, size: float, u: float, v: float
) -> None:
    low, high = max(-89.0, tilt - size), min(89.0, tilt + size)
    zone = tuple((azimuth + dx, t) for dx, t in ((-size, low), (size, low), (size, high), (-size, high)))
    target = (azimuth + u * size, (low + high) / 2 + v * (high - low) / 2)
    t = math.radians(p.tilt_deg)
    az, el = math.radians(target[0] - p.azimuth_deg), math.radians(target[1])
    right, ahead, up = math.cos(el) * math.sin(az), math.cos(el) * math.cos(az), math.sin(el)
    depth, rise = ahead * math.cos(t) + up * math.sin(t), up * math.cos(t) - ahead * math.sin(t)
    assume(depth > 0.05)
    a = math.tan(math.radians(o.fov_deg(p.zoom) / 2))
    x, y = 0.5 + right / depth / a / 2, 0.5 - rise / depth / a * ASPECT / 2
    assume(0.001 < x < 0.999 and 0.001 < y < 0.999)
    polygon = o.project(zone, p, 1.0)
    assert polygon is not None
    # The chord of a zone bows away from its parallel by less than the degree it is grown by, for zones this small.
    bow = math.degrees(math.atan(math.tan(math.radians(abs(target[1]))) * (1 - math.cos(math.radians(size)))))
    assume(bow < 0.9)
    assert inside(polygon, x, y)


def test_a_zone_behind_the_camera_covers_nothing() -> None:
    zone = ((265.0, -5.0), (275.0, -5.0), (275.0, 5.0), (265.0, 5.0))
    assert OPTICS.project(zone, Pose(90, 0, 0), 1.0) is None
    assert OPTICS.project(zone, Pose(270, 0, 0), 1.0) is not None


# --- sectors


@given(optics(), narrow(), poses)
def test_what_is_clipped_shows_nothing_outside_the_sector(o: Optics, s: Sector, wish: Pose) -> None:
    try:
        target = sectors.clip(s, o, wish)
    except TooWide:
        return
    assert sectors.holds(s, o, target.pose)
    assert target.clipped or abs(offset(target.pose.azimuth_deg, wish.azimuth_deg)) <= 0.2
    again = sectors.clip(s, o, target.pose)
    assert abs(offset(again.pose.azimuth_deg, target.pose.azimuth_deg)) < 0.1


@given(poses)
def test_a_place_is_pointed_at_only_where_a_lawful_picture_shows_it(wish: Pose) -> None:
    beyond = (wish.azimuth_deg - EAST.from_deg) % 360 > EAST.span_deg
    beyond = beyond or not EAST.low_deg <= wish.tilt_deg <= EAST.high_deg
    try:
        sectors.checked_place(EAST, OPTICS, wish)
    except OutsideSector:
        assert sectors.clip(EAST, OPTICS, wish).clipped
    else:
        assert not beyond


@given(poses, st.floats(0.02, 0.98), st.floats(0.02, 0.98))
def test_no_pixel_of_a_clipped_picture_lies_outside(wish: Pose, x: float, y: float) -> None:
    pose = sectors.clip(EAST, OPTICS, wish).pose
    azimuth, tilt = ray(OPTICS, pose, x, y)
    assert -0.2 <= (azimuth - EAST.from_deg + 180) % 360 - 180 <= EAST.span_deg + 0.2
    assert EAST.low_deg - 0.2 <= tilt <= EAST.high_deg + 0.2


@given(poses, st.sampled_from([-1, 0, 1]), st.sampled_from([-1, 0, 1]), st.sampled_from([-1, 0, 1]))
def test_a_held_joystick_ends_inside_the_sector(start: Pose, pan: int, tilt: int, zoom: int) -> None:
    begun = sectors.clip(EAST, OPTICS, start).pose
    end = sectors.towards(EAST, OPTICS, begun, pan, tilt, zoom)
    assert sectors.holds(EAST, OPTICS, end.pose)
    sectors.checked_way(EAST, OPTICS, begun, end.pose)
    if pan and not zoom and not tilt and not end.clipped:
        turned = offset(begun.azimuth_deg, end.pose.azimuth_deg)
        assert turned * pan >= -0.1


@pytest.mark.parametrize(
    ("optics_", "sector", "start", "end"),
    [
        pytest.param(
            Optics(0, -170, 170, -90, 30, 60, 6, 5),
            Sector(100, 260, -60, 20),
            Pose(150, 0, 0.5),
            Pose(210, 0, 0.5),
            id="over-the-stop",
        ),
        pytest.param(
            Optics(0, -180, 180, -90, 30, 60, 6, 5, endless=True),
            Sector(0, 300, -60, 20),
            Pose(20, 0, 0.5),
            Pose(280, 0, 0.5),
            id="the-short-way-round-the-back",
        ),
        pytest.param(
            Optics(0, -90, 90, -90, 30, 60, 6, 5),
            Sector(0, 0, -60, 20),
            Pose(20, 0, 0.5),
            Pose(180, 0, 0.5),
            id="where-the-device-cannot-look",
        ),
        pytest.param(
            Optics(0, -180, 180, -90, 30, 60, 6, 5, endless=True),
            Sector(0, 0, -60, 20),
            Pose(0, 0, 0.5),
            Pose(175, 0, 0.5),
            id="too-far-for-one-turn",
        ),
    ],
)
def test_a_way_that_leaves_the_sector_is_refused(optics_: Optics, sector: Sector, start: Pose, end: Pose) -> None:
    with pytest.raises(OutsideSector):
        sectors.checked_way(sector, optics_, start, end)


def test_a_sector_narrower_than_the_picture_makes_it_zoom_in() -> None:
    target = sectors.clip(Sector(80, 100, -60, 15), OPTICS, Pose(90, -10, 0))
    assert target.clipped
    assert OPTICS.fov_deg(target.pose.zoom) < 20
    with pytest.raises(TooWide):
        sectors.clip(Sector(80, 100, -60, 15, zoom_most=0.05), OPTICS, Pose(90, -10, 0))


@pytest.mark.parametrize(
    ("sector", "changed"),
    [
        pytest.param(Sector(30, 150, 10, -10), {}, id="upside-down"),
        pytest.param(Sector(30, 150, -60, 15, 1.5), {}, id="zoom-beyond-tele"),
        pytest.param(EAST, {"fov_tele_deg": 90.0}, id="tele-wider-than-wide"),
        pytest.param(EAST, {"height_m": 0.0}, id="on-the-ground"),
        pytest.param(EAST, {"pan_from_deg": 0.0, "pan_until_deg": 0.0}, id="does-not-pan"),
        pytest.param(EAST, {"pan_from_deg": 150.0, "pan_until_deg": 180.0}, id="cannot-look-there"),
        pytest.param(Sector(80, 100, -60, 15, 0.0), {}, id="no-picture-fits"),
    ],
)
def test_impossible_set_ups_are_refused(sector: Sector, changed: dict[str, float]) -> None:
    values = {name: getattr(OPTICS, name) for name in Optics.__slots__} | changed
    with pytest.raises(BadSector):
        sectors.checked(sector, Optics(**values))


def test_a_sensible_set_up_is_taken() -> None:
    sectors.checked(EAST, OPTICS)


def test_a_place_on_the_map_is_pointed_at_from_where_the_camera_hangs() -> None:
    camera = Point(37.5, 127.0)
    place = Plane(camera).to_point(30.0, 30.0)
    pose = OPTICS.towards(camera, place, above_m=1.2, width_m=20.0)
    assert pose.azimuth_deg == pytest.approx(45, abs=0.1)
    assert pose.tilt_deg == pytest.approx(-math.degrees(math.atan2(3.8, math.hypot(30, 30))), abs=0.1)
    assert OPTICS.fov_deg(pose.zoom) == pytest.approx(2 * math.degrees(math.atan2(10, 42.6)), abs=0.3)


# --- zones while it turns


ZONE = ((85.0, -5.0), (95.0, -5.0), (95.0, 5.0), (85.0, 5.0))
TURNED = Turned(OPTICS, (ZONE,))


def at(azimuth: float, *, moving: bool = False, zoom: float = 0.0) -> Position:
    raw = OPTICS.raw(Pose(azimuth, 0.0, zoom))
    assert raw is not None
    return Position(raw, moving)


def told(*positions: tuple[float, Position]) -> Turning:
    turning = Turning()
    for at_s, position in positions:
        turning.tell(position, TURNED, at_s)
    return turning


def test_a_camera_that_stands_hides_its_zone_where_it_lies() -> None:
    (polygon,) = told((10.0, at(90)), (10.2, at(90))).zones(TURNED, 10.3) or ((),)
    assert inside(polygon, 0.5, 0.5)
    assert not inside(polygon, 0.1, 0.5)
    assert told((10.0, at(200)), (10.2, at(200))).zones(TURNED, 10.3) == ()


@pytest.mark.parametrize(
    ("turning", "at_s"),
    [
        pytest.param(Turning(), 10.0, id="never-told"),
        pytest.param(told((10.0, at(90)), (10.2, at(90))), 10.3 + FRESH_S, id="told-too-long-ago"),
        pytest.param(told((10.0, at(200, moving=True))), 10.1, id="moving-and-how-fast-is-not-known"),
        pytest.param(told((10.0, at(200, moving=True)), (10.2, at(190, moving=True))), 10.3, id="too-fast"),
    ],
)
def test_in_doubt_all_of_the_picture_is_hidden(turning: Turning, at_s: float) -> None:
    assert turning.zones(TURNED, at_s) is None


def test_a_command_hides_everything_until_the_camera_says_what_it_does() -> None:
    turning = told((10.0, at(200)), (10.2, at(200)))
    turning.command(10.25)
    assert turning.zones(TURNED, 10.3) is None
    turning.tell(at(200), TURNED, 10.4)
    assert turning.zones(TURNED, 10.5) is None, "it may not have begun yet"
    turning.tell(at(200, moving=True), TURNED, 10.6)
    assert turning.zones(TURNED, 10.6) == (), "it says that it turns, slowly, and looks elsewhere"
    still = told((10.0, at(200)), (10.2, at(200)))
    still.command(10.25)
    still.tell(at(200), TURNED, 10.25 + UNSURE_S)
    assert still.zones(TURNED, 10.25 + UNSURE_S + 0.01) == (), "it never turned"


def test_a_slow_turn_hides_more_of_the_zone_and_no_zone_hides_nothing() -> None:
    slow = told((10.0, at(90)), (10.2, at(91, moving=True)), (10.4, at(92, moving=True)))
    still = told((10.0, at(92)), (10.4, at(92)))
    (grown,), (small,) = slow.zones(TURNED, 10.4) or ((),), still.zones(TURNED, 10.4) or ((),)
    assert min(x for x, _ in grown) < min(x for x, _ in small)
    assert Turning().zones(Turned(OPTICS), 10.0) == ()


@given(st.floats(31, 149), st.floats(-20, 20), st.integers(2, 6))
def test_a_zone_stays_hidden_through_a_steady_turn_told_late(start: float, speed_dps: float, steps: int) -> None:
    """Positions come five times a second and 0.3 s before the picture they are used for."""
    turning, late_s = Turning(), 0.3
    for k in range(steps):
        turning.tell(at(start + speed_dps * 0.2 * k, moving=k > 0), TURNED, 10.0 + 0.2 * k)
    now_s = 10.0 + 0.2 * (steps - 1)
    pose = Pose(start + speed_dps * (0.2 * (steps - 1) + late_s), 0.0, 0.0)
    zones = turning.zones(TURNED, now_s)
    if zones is None:
        return
    for azimuth, tilt in ((90.0, 0.0), (85.5, -4.5), (94.5, 4.5)):
        a = math.tan(math.radians(30))
        aside, rise = math.radians(offset(pose.azimuth_deg, azimuth)), math.radians(tilt)
        x = 0.5 + math.tan(aside) / a / 2
        y = 0.5 - math.tan(rise) / math.cos(aside) / a * ASPECT / 2
        if abs(aside) < 1 and 0 < x < 1 and 0 < y < 1:
            assert any(inside(z, x, y) for z in zones), (azimuth, x, y)


# --- who holds it


def held(priority: int, *, account: AccountId | None = None, seconds: float = 30) -> Hold:
    return Hold(
        camera_id=CameraId(uuid4()),
        account_id=account or AccountId(uuid4()),
        holder="seat-07",
        permit_id=PermitId(uuid4()),
        provision_id=None,
        priority=priority,
        taken_at=NOW,
        until_at=NOW + timedelta(seconds=seconds),
    )


@given(st.integers(1, 5), st.integers(1, 5), st.booleans(), st.integers(-60, 60))
def test_it_is_taken_over_upwards_only(mine: int, theirs: int, own: bool, left_s: int) -> None:
    me = AccountId(uuid4())
    present = held(theirs, account=me if own else None, seconds=left_s)
    free = own or left_s <= 0
    if free or mine > theirs:
        assert may_take(present, me, mine, NOW)
    else:
        with pytest.raises(Held) as refused:
            may_take(present, me, mine, NOW)
        assert refused.value.facts["holder"] == "seat-07"
    assert may_take(None, me, mine, NOW)


def test_urgency_follows_how_near_somebody_is_to_harm() -> None:
    order = [Trigger.CURFEW, Trigger.TAMPER, Trigger.EXCLUSION_ZONE, Trigger.APPROACH]
    levels = [PRIORITY[t] for t in order]
    assert levels == sorted(set(levels))
    assert max(levels) < LIFE_IN_DANGER
    assert until(NOW, NOW + timedelta(hours=1)) == NOW + HOLD_LASTS
    assert until(NOW, NOW + timedelta(seconds=5)) == NOW + timedelta(seconds=5)
