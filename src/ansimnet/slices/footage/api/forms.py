"""What goes in and out of the routes of live pictures."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from ansimnet.kernel.permits import Masking
from ansimnet.slices.footage.model import State


class Form(BaseModel):
    """What somebody sends. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class TicketForm(Form):
    """Which camera, and how much of the people in it."""

    camera_id: UUID
    masking: Masking = Masking.MASKED


class MarkForm(Form):
    """Which track is to be clear."""

    camera_id: UUID
    track: str = Field(min_length=1, max_length=64)


class ExtendForm(Form):
    """Why it must go on, in a sentence. It stays off the ledger."""

    reason: str = Field(min_length=1, max_length=500)


class TicketShown(BaseModel):
    """Show the ticket in the first message on the socket, within a minute, once."""

    ticket: str
    url: str
    not_after: datetime
    permit_id: UUID
    masking: Masking


class MarkShown(BaseModel):
    """A track is clear. A ticket with `masking: marked` shows it; an open socket takes `{"type": "mark"}` itself."""

    permit_id: UUID
    not_after: datetime
    track: str


class ExtendedShown(BaseModel):
    """The new end."""

    not_after: datetime


class CameraShown(BaseModel):
    """A listed camera. `arrives_in_s` is the earliest time the subject can be in its view."""

    camera_id: UUID
    code: str
    name: str
    lat: float
    lon: float
    azimuth_deg: float | None
    fov_deg: float
    range_m: float
    rank: int
    sees: bool
    arrives_in_s: float | None
    live: bool


class IncidentCameras(BaseModel):
    """What an incident may show. Cameras only while the provision is given."""

    provision_id: UUID | None
    state: Literal["none", "requested", "given", "refused", "ended"]
    reason: str | None = None
    not_after: datetime | None = None
    cameras: list[CameraShown]


class SubjectShown(BaseModel):
    """Where the subject was last."""

    lat: float
    lon: float
    error_m: float
    speed_mps: float | None
    course_deg: float | None
    seen_at: datetime


class ViewerShown(BaseModel):
    """Somebody looks now."""

    view_id: UUID
    viewer: str
    camera_id: UUID
    masking: str
    since: datetime


class ProvisionShown(BaseModel):
    """A provision as the giving centre sees it."""

    provision_id: UUID
    alarm_id: UUID
    trigger: str
    statute: str
    from_centre: UUID
    given_at: datetime | None
    not_after: datetime | None
    state: State
    reason: str | None
    subject: SubjectShown | None
    cameras: list[CameraShown]
    viewers: list[ViewerShown]


class ProvisionsShown(BaseModel):
    """Provisions, the newest first."""

    provisions: list[ProvisionShown]
