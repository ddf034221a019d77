"""What goes in and out of the routes of ONVIF set-up and of turning: azimuths from north, tilts from the horizon."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from ansimnet.slices.footage.api.forms import Form

Azimuth = Annotated[float, Field(ge=0, le=360, allow_inf_nan=False)]
Tilt = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Zoom = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]
Turn = Annotated[float, Field(ge=-360, le=360, allow_inf_nan=False)]
Corner = tuple[Azimuth, Tilt]


class OpticsForm(Form):
    """What the device's units mean: measured once where it hangs. Pan and tilt at which it says -1 and +1."""

    north_deg: Azimuth
    pan_from_deg: Turn = -180.0
    pan_until_deg: Turn = 180.0
    tilt_from_deg: Tilt = -90.0
    tilt_until_deg: Tilt = 20.0
    fov_wide_deg: float = Field(60.0, ge=1, le=120)
    fov_tele_deg: float = Field(6.0, ge=1, le=120)
    height_m: float = Field(5.0, gt=0, le=200)
    endless: bool = False


class SectorForm(Form):
    """What may be shown, edges of the picture included: clockwise from, until (equal: all round), lowest, highest."""

    from_deg: Azimuth
    until_deg: Azimuth
    low_deg: Tilt = -90.0
    high_deg: Tilt = 10.0
    zoom_most: Zoom = 1.0


class TurningForm(Form):
    """A camera that turns: calibration, registered sector, privacy zones as polygons of azimuth and tilt."""

    optics: OpticsForm
    sector: SectorForm
    zones: list[Annotated[list[Corner], Field(min_length=3, max_length=64)]] = Field(default=[], max_length=16)


class OnvifForm(Form):
    """How a camera is asked, at the host of its registered stream. `user` null: with the stream's own login; a user
    without `password` keeps the password that is kept already. `turning` null: a fixed camera."""

    port: int = Field(80, ge=1, le=65535)
    user: str | None = Field(None, min_length=1, max_length=64)
    password: str | None = Field(None, min_length=1, max_length=128)
    turning: TurningForm | None = None


class ProfileShown(BaseModel):
    """A stream as the device lists it. `codec` `h265` cannot be shown by browsers here."""

    name: str
    codec: str
    width: int
    height: int
    fps: float
    turns: bool


class OnvifShown(BaseModel):
    """A camera's set-up and what its device said at `checked_at`; never a password. `clock_off_s`: minus ours."""

    camera_id: UUID
    code: str
    name: str
    host: str
    port: int
    user: str
    own_login: bool
    state: str
    ko: str
    en: str
    checked_at: datetime | None
    maker: str
    model: str
    firmware: str
    clock_off_s: float | None
    clock_at: datetime | None
    profiles: list[ProfileShown]
    turning: TurningForm | None


class OnvifListed(BaseModel):
    """Every camera that is set up."""

    cameras: list[OnvifShown]


class AnswerShown(BaseModel):
    """Who answered a probe. `elsewhere`: he says he is at another address than he answered from. Nothing is added."""

    host: str
    port: int
    name: str
    hardware: str
    elsewhere: str | None
    camera_id: UUID | None
    code: str | None


class DiscoveryShown(BaseModel):
    """Everybody who answered: known cameras first."""

    answers: list[AnswerShown]


class PoseShown(BaseModel):
    """Where a camera looks, and how wide."""

    azimuth_deg: float
    tilt_deg: float
    zoom: float
    fov_deg: float


class PresetShown(BaseModel):
    """A named pose. `home`: where it goes when nobody holds it."""

    preset_id: UUID
    name: str
    home: bool
    azimuth_deg: float
    tilt_deg: float
    zoom: float


class HoldShown(BaseModel):
    """Who holds the joystick until when. `priority`: 5 life in danger, 4 approach, 3 zone, 2 tampering, 1 curfew."""

    holder: str
    mine: bool
    priority: int
    provision_id: UUID | None
    taken_at: datetime
    until_at: datetime
    asked_by: str | None


class PtzShown(BaseModel):
    """A camera that turns. `pose` null: its device does not say where it looks, and nothing can be turned."""

    camera_id: UUID
    sector: SectorForm
    optics: OpticsForm
    hold: HoldShown | None
    presets: list[PresetShown]
    pose: PoseShown | None
    moving: bool


class TakeForm(Form):
    """For which provision; null: for the glass one broke, or for the most urgent provision that shows the camera."""

    provision_id: UUID | None = None


class MoveForm(Form):
    """A held joystick: shares of full speed, right, up and in positive. Repeat once a second; silence stops it."""

    pan: Share = 0.0
    tilt: Share = 0.0
    zoom: Share = 0.0


class TurnForm(Form):
    """A pose."""

    azimuth_deg: Azimuth
    tilt_deg: Tilt
    zoom: Zoom


class PointForm(Form):
    """A place on the map, and how many metres of it fill the picture's width."""

    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    width_m: float = Field(20.0, ge=2, le=500)


class PresetForm(Form):
    """A name for the pose the camera has now."""

    name: str = Field(min_length=1, max_length=40)
    home: bool = False


class MovedShown(BaseModel):
    """What the camera was told. `clipped`: the registered sector ends there, less than was asked for."""

    pose: PoseShown
    clipped: bool
    until_at: datetime
