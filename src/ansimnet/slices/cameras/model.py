"""Cameras as the rest of the city knows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from ansimnet.kernel.ids import CameraId


class Sense(StrEnum):
    """What a camera can sense (VA-02). What it has not, it never reports as covered."""

    DAY = "day"  # 주간 영상
    NIGHT = "night"  # 야간 영상: infrared or low light
    SOUND = "sound"  # 음향 감지
    HEAT = "heat"  # 열 감지


@dataclass(frozen=True, slots=True)
class Camera:
    """One registered camera. Degrees WGS 84; azimuth clockwise from north, None where unknown."""

    camera_id: CameraId
    code: str
    address: str
    purpose: str
    lat: float
    lon: float
    azimuth_deg: float | None
    fov_deg: float
    range_m: float
    live: bool
    senses: tuple[Sense, ...] = (Sense.DAY,)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a camera's streams come from, with their passwords: `url` always pulled, the others only when needed.

    `heat_url`: the pictures of its heat sensor, grey; `heat_c`: degrees Celsius of their darkest and brightest.
    """

    camera: Camera
    url: str = field(repr=False)
    main_url: str | None = field(repr=False)
    heat_url: str | None = field(default=None, repr=False)
    heat_c: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class SeeingCamera:
    """A camera that sees a point, with the rank's reasons."""

    camera: Camera
    distance_m: float
    off_axis_deg: float | None
    cost: float


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or why it did nothing (`import_id` None)."""

    import_id: UUID | None
    file_name: str
    encoding: str | None
    accepted: int
    refused: int
    refusals: list[tuple[int, str]]
    remarks: list[tuple[int, str]]
    why_not: str | None
    todo: str


@dataclass(frozen=True, slots=True)
class CameraRow:
    """One camera (or one pole with `count` of them) of a register. Degrees WGS 84; azimuth None where unknown."""

    line: int
    lat: float
    lon: float
    code: str | None
    agency: str
    address: str
    purpose: str
    count: int
    azimuth_deg: float | None
    fov_deg: float
    range_m: float
    retention_days: int | None
    installed: str | None
    senses: tuple[Sense, ...] = (Sense.DAY,)
    rtsp_url: str | None = field(default=None, repr=False)
    main_url: str | None = field(default=None, repr=False)
    heat_url: str | None = field(default=None, repr=False)
    heat_c: tuple[float, float] | None = None
    """Degrees Celsius of the darkest and the brightest grey of the heat sensor's pictures."""


@dataclass(frozen=True, slots=True)
class Restriction:
    """A place where no camera may be put (CC-06), and who answers for its gap until when."""

    restriction_id: UUID
    name: str
    clause: str
    lat: float
    lon: float
    radius_m: float
    owner: str
    close_by: date


@dataclass(frozen=True, slots=True)
class SoundGround:
    """Why the kinds of sound at a camera may be told, until when. `assessed_on`: date of the impact assessment;
    `sign_on`: since when the sign at the camera says so."""

    ground_id: UUID
    camera_id: CameraId
    clause: str
    decision: str
    assessed_on: date
    sign_on: date
    from_at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """How a restricted place fares: metres of street in it that nobody sees, and the cameras nearby that look in."""

    restriction: Restriction
    street_m: float
    blind_m: float
    substitutes: tuple[tuple[CameraId, float], ...]
    """Cameras with the metres each sees there, the best first."""

    @property
    def open(self) -> bool:
        """Return whether somebody must answer for it."""
        return self.blind_m > 0


@dataclass(frozen=True, slots=True)
class Turn:
    """A camera that would see more if it looked elsewhere."""

    camera_id: CameraId
    from_deg: float
    to_deg: float
    gained_m: float
    lost_m: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where another camera would see most."""

    lat: float
    lon: float
    azimuth_deg: float
    gained_m: float


@dataclass(frozen=True, slots=True)
class BlindMap:
    """What cameras of one sense do not cover of the streets. `lines` are blind stretches: lat, lon, lat, lon."""

    sense: Sense
    cameras: int
    without: int
    """Cameras in service that lack this sense: they cover nothing here."""
    street_m: float
    blind_m: float
    unsure_m: float
    """Metres that only cameras of unknown direction cover."""
    lines: tuple[tuple[float, float, float, float], ...]
    turns: tuple[Turn, ...]
    places: tuple[Place, ...]
    gaps: tuple[Gap, ...]
