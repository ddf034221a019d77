"""What a camera may be turned to: its registered sector (PIPA 25(5)). Pure.

The sector bounds what the picture shows, edges included, not where its middle points: whoever stands outside it is not
filmed. A wish that goes beyond is clipped to the nearest lawful pose, and said to be; where there is none, refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansimnet.kernel.errors import Conflict, Refusal
from ansimnet.slices.footage.relay.optics import Optics, Pose, offset

ALL_ROUND_DEG = 360.0
FARTHEST_DEG = 170.0
"""The widest single turn: an endless device takes the shorter way, which must be the one inside the sector."""
FINE = 50
"""Steps of zoom between wide and tele that are tried until the picture fits into the sector."""
NEAR_DEG = 0.01
"""Less than a device can tell."""


class BadSector(Refusal):
    """The sector or the calibration is impossible."""

    name = "bad-sector"


class OutsideSector(Conflict):
    """The camera may not be turned there: its registered sector ends before (PIPA 25(5))."""

    name = "outside-sector"


class TooWide(Conflict):
    """The picture is wider than the registered sector, however far it zooms in."""

    name = "wider-than-sector"


@dataclass(frozen=True, slots=True)
class Sector:
    """What may be shown: azimuths clockwise from `from_deg` to `until_deg` (equal: all round), tilts, the most zoom."""

    from_deg: float
    until_deg: float
    low_deg: float
    high_deg: float
    zoom_most: float = 1.0

    @property
    def span_deg(self) -> float:
        """Return how many degrees of azimuth it covers.

        >>> Sector(350, 80, -90, 5).span_deg
        90
        """
        return (self.until_deg - self.from_deg) % 360 or ALL_ROUND_DEG

    @property
    def all_round(self) -> bool:
        """Return whether every azimuth is inside."""
        return self.span_deg == ALL_ROUND_DEG


@dataclass(frozen=True, slots=True)
class Target:
    """A lawful pose, and whether it is less than was asked for."""

    pose: Pose
    clipped: bool


def holds(sector: Sector, optics: Optics, pose: Pose) -> bool:
    """Return whether all of the picture lies in the sector."""
    seen = optics.seen(pose.tilt_deg, pose.zoom)
    if seen.low_deg < sector.low_deg - NEAR_DEG or seen.high_deg > sector.high_deg + NEAR_DEG:
        return False
    if pose.zoom > sector.zoom_most + 1e-6:
        return False
    middle = (sector.from_deg + sector.span_deg / 2) % 360
    aside = abs(offset(middle, pose.azimuth_deg))
    return sector.all_round or aside + seen.half_deg <= sector.span_deg / 2 + NEAR_DEG


def clip(sector: Sector, optics: Optics, wish: Pose) -> Target:
    """Return the lawful pose nearest to a wish: zoomed in where the picture is too wide, then turned back.

    Raises:
        TooWide: no zoom makes the picture fit.
    """
    zoom = min(max(wish.zoom, 0.0), sector.zoom_most)
    steps = [zoom + (sector.zoom_most - zoom) * k / FINE for k in range(FINE + 1)]
    for z in steps:
        tilt = _tilt(sector, optics, wish.tilt_deg, z)
        if tilt is None:
            continue
        half = optics.seen(tilt, z).half_deg
        if sector.all_round:
            azimuth = wish.azimuth_deg % 360
        elif 2 * half > sector.span_deg:
            continue
        else:
            middle = (sector.from_deg + sector.span_deg / 2) % 360
            room = sector.span_deg / 2 - half
            azimuth = (middle + min(room, max(-room, offset(middle, wish.azimuth_deg)))) % 360
        pose = Pose(azimuth, tilt, z)
        return Target(pose, _differ(pose, wish))
    raise TooWide(todo="register a wider sector or one closer to what the camera can show")


def _tilt(sector: Sector, optics: Optics, wish_deg: float, zoom: float) -> float | None:
    """Return the tilt nearest to a wish at which the picture lies between the sector's lowest and highest."""
    reach = sorted((optics.tilt_from_deg, optics.tilt_until_deg))
    tilt = min(max(wish_deg, reach[0], -90.0), reach[1], 90.0)
    for _ in range(8):
        seen = optics.seen(tilt, zoom)
        over, under = seen.high_deg - sector.high_deg, sector.low_deg - seen.low_deg
        if over <= NEAR_DEG / 2 and under <= NEAR_DEG / 2:
            return tilt
        tilt = min(max(tilt - max(over, 0.0) + max(under, 0.0), reach[0]), reach[1])
    return None


def _differ(a: Pose, b: Pose) -> bool:
    far = max(abs(offset(a.azimuth_deg, b.azimuth_deg)), abs(a.tilt_deg - b.tilt_deg))
    return far > 0.1 or abs(a.zoom - b.zoom) > 0.005


def checked_place(sector: Sector, optics: Optics, wish: Pose) -> None:
    """Refuse a wish to look at a place that the lawful picture nearest to it does not show.

    Raises:
        OutsideSector: the place lies outside the registered sector.
        TooWide: see `clip`.
    """
    if optics.shows(clip(sector, optics, wish).pose, (wish.azimuth_deg, wish.tilt_deg)):
        return
    lies, span = f"{wish.azimuth_deg:.0f}°", f"{sector.from_deg:.0f}°–{sector.until_deg:.0f}°"
    raise OutsideSector(
        f"that place lies at {lies}; its registered sector is {span}",
        todo="choose another camera, or a place inside the sector",
        detail_ko=f"그곳은 방위 {lies}, 등록된 촬영범위 {span} 밖입니다",
        todo_ko="다른 카메라를 고르거나 촬영범위 안의 곳을 고르십시오",
    )


def checked_way(sector: Sector, optics: Optics, start: Pose, end: Pose) -> None:
    """Refuse a turn whose way leaves the sector: over the device's stop, or round the other side.

    Raises:
        OutsideSector: it would, or the device cannot look there at all.
    """
    turn = optics.turns(start, end)
    if turn is None or optics.raw(end) is None:
        raise OutsideSector("the device cannot look there", todo="choose a place that it reaches")
    if optics.endless and abs(turn) > FARTHEST_DEG:
        raise OutsideSector("that is too far for one turn", todo="turn in two steps")
    if sector.all_round:
        return
    within = (end.azimuth_deg - sector.from_deg) % 360 - (start.azimuth_deg - sector.from_deg) % 360
    if holds_azimuth(sector, start) and abs(within - turn) > 0.1:
        raise OutsideSector("the way there leads through what lies outside its registered sector")


def holds_azimuth(sector: Sector, pose: Pose) -> bool:
    """Return whether the middle of the picture lies in the sector."""
    return sector.all_round or (pose.azimuth_deg - sector.from_deg) % 360 <= sector.span_deg


def towards(sector: Sector, optics: Optics, start: Pose, pan: float, tilt: float, zoom: float) -> Target:
    """Return the farthest lawful pose in a direction: where a held joystick ends, whoever lets go of it or not.

    Args:
        pan, tilt, zoom: directions, of which the signs count; 0 keeps what is.

    Raises:
        TooWide: see `clip`.
    """
    room = FARTHEST_DEG
    if not sector.all_round:
        at = (start.azimuth_deg - sector.from_deg) % 360
        room = min(room, max(0.0, sector.span_deg - at if pan > 0 else at))
    wish = Pose(
        (start.azimuth_deg + _sign(pan) * room) % 360,
        {1: 90.0, -1: -90.0, 0: start.tilt_deg}[_sign(tilt)],
        {1: sector.zoom_most, -1: 0.0, 0: start.zoom}[_sign(zoom)],
    )
    reach = clip(sector, optics, wish)
    return Target(reach.pose, clipped=not _differ(reach.pose, start))


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def checked(sector: Sector, optics: Optics) -> None:
    """Refuse a set-up in which nothing could be shown, or whose numbers make no sense.

    Raises:
        BadSector: see its name.
    """
    numbers = sector.low_deg < sector.high_deg and 0 <= sector.zoom_most <= 1
    lenses = 1 <= optics.fov_tele_deg <= optics.fov_wide_deg <= 120 and optics.height_m > 0
    turns = (
        abs(optics.pan_until_deg - optics.pan_from_deg) >= 1 and abs(optics.tilt_until_deg - optics.tilt_from_deg) >= 1
    )
    if not (numbers and lenses and turns) or abs(optics.pan_until_deg - optics.pan_from_deg) > 360:
        raise BadSector
    middle = Pose((sector.from_deg + sector.span_deg / 2) % 360, (sector.low_deg + sector.high_deg) / 2, 0.0)
    try:
        pose = clip(sector, optics, middle).pose
    except TooWide as error:
        raise BadSector("no picture of this camera fits into the sector") from error
    if optics.raw(pose) is None:
        raise BadSector("the device cannot look into the sector")
