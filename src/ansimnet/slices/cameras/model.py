"""Cameras as the rest of the city knows them."""

from __future__ import annotations

from dataclasses import dataclass, field
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
    """Where a camera's streams come from, with their passwords: `url` always pulled, `main_url` only when needed."""

    camera: Camera
    url: str = field(repr=False)
    main_url: str | None = field(repr=False)


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
