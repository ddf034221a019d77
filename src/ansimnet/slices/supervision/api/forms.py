"""What screens send."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import ConditionId, ProtectedPersonId
from ansimnet.slices.supervision.service.register import BadCondition, Draft, Stay

LatLon = tuple[Annotated[float, Field(ge=-90, le=90)], Annotated[float, Field(ge=-180, le=180)]]
"""A place as `[latitude, longitude]`, WGS 84 degrees."""


HOURS = "Seoul time; a curfew holds from 00:00 until 06:00 unless told, a zone always; may end on the next day"


class Form(BaseModel):
    """What comes in: no field that nobody knows."""

    model_config = ConfigDict(extra="forbid", str_max_length=500)


class OrderForm(Form):
    """The order that puts a wearer under supervision."""

    number: str = Field(min_length=1, max_length=100)
    from_at: datetime
    until_at: datetime


class WearerForm(Form):
    """A wearer. Another offence than the four is refused (EM-01)."""

    code: str = Field(min_length=1, max_length=40)
    offence: str | None = Field(
        None, description="sexual_violence | minor_abduction | robbery_murder | specified_violent; nothing else"
    )
    office: str = Field(min_length=1, max_length=80)
    order: OrderForm
    priors: int = Field(0, ge=0, le=200, description="previous convictions that the order names (EM-10)")


class OfficeForm(Form):
    """The probation office that is competent from now on."""

    office: str = Field(min_length=1, max_length=80)


class NameForm(Form):
    """A name for a device or gateway, by which it may report."""

    name: str = Field(min_length=1, max_length=128)


class ConditionForm(Form):
    """A condition: a zone to keep out of, hours to be home, or a person to stay away from."""

    trigger: Literal["exclusion_zone", "curfew", "approach"]
    label: str = Field("", max_length=200)
    ring: list[LatLon] | None = Field(None, min_length=3, max_length=1000)
    centre: LatLon | None = None
    home: LatLon | None = None
    radius_m: float | None = Field(None, gt=0, le=100_000)
    from_: str | None = Field(None, alias="from", pattern=r"^\d\d:\d\d$", description=HOURS)
    until: str | None = Field(None, pattern=r"^\d\d:\d\d$", description=HOURS)
    protected_person_id: ProtectedPersonId | None = None
    warn_m: float | None = Field(None, gt=0, le=100_000)
    alarm_m: float | None = Field(None, gt=0, le=100_000)


class ExceptionForm(Form):
    """A span in which a curfew does not bind."""

    from_at: datetime
    until_at: datetime
    reason: str = Field(min_length=1)


class MedicalForm(Form):
    """A medical stay, told before it begins or after (EM-08)."""

    condition_id: ConditionId
    enters_at: datetime
    leaves_at: datetime
    place_coarse: str = Field(min_length=1, max_length=200)
    accompanied_by: str = Field("", max_length=200)


class VerdictForm(Form):
    """Whether whoever handles an alarm holds it for real."""

    verdict: Literal["true", "false"]


class FindingForm(Form):
    """An officer's own finding, and why. The note stays off the ledger."""

    finding: Literal["confirmed", "medical", "false"]
    note: str = ""


def _point(place: LatLon | None) -> Point | None:
    return Point(*place) if place is not None else None


def _time(words: str | None) -> time | None:
    try:
        return time.fromisoformat(words) if words is not None else None
    except ValueError:
        raise BadCondition(f"no such time of day: `{words}`") from None


def draft_of(form: ConditionForm) -> Draft:
    """Return the condition a form asks for."""
    return Draft(
        trigger=Trigger(form.trigger),
        label=form.label,
        ring=tuple(Point(*p) for p in form.ring) if form.ring is not None else None,
        centre=_point(form.home if form.trigger == "curfew" else form.centre),
        radius_m=form.radius_m,
        since=_time(form.from_),
        until=_time(form.until),
        protected_person_id=form.protected_person_id,
        warn_m=form.warn_m,
        alarm_m=form.alarm_m,
    )


def stay_of(form: MedicalForm) -> Stay:
    """Return the stay a form tells."""
    return Stay(
        condition_id=form.condition_id,
        enters_at=form.enters_at,
        leaves_at=form.leaves_at,
        place_coarse=form.place_coarse,
        accompanied_by=form.accompanied_by,
    )
