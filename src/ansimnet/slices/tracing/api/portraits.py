"""The route that reads a reference picture, before anything is asked."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from ansimnet.slices.tracing.api.desk import Asker, Desk
from ansimnet.slices.tracing.api.forms import AttributeShown, Form
from ansimnet.slices.tracing.service.portraits import MOST_BYTES, Portrait, Reader

Part = Annotated[float, Field(ge=0, le=1)]


class BoxForm(Form):
    """A box in parts of a picture, from its upper left corner."""

    x1: Part
    y1: Part
    x2: Part
    y2: Part


class PortraitForm(Form):
    """A picture of whom to look for. `box`: whom in it, where several are."""

    picture: str = Field(min_length=4, max_length=MOST_BYTES * 4 // 3 + 4, description="base64 of a JPEG or PNG file")
    box: BoxForm | None = None


class SubjectShown(BaseModel):
    """Somebody, or a vehicle, in the picture: kind, and box in parts of it. Score 0: nobody was found in that box."""

    kind: str
    box: BoxForm
    score: float


class PortraitShown(BaseModel):
    """Whom a picture shows, and what a search may take from it once the asker has looked.

    `chosen`: whose attributes and appearance these are; null: nobody was found, a box must be drawn.
    """

    subjects: list[SubjectShown]
    chosen: int | None
    attributes: list[AttributeShown]
    appearance: str
    by: str


def routes(desk: Desk, reader: Reader) -> APIRouter:
    """Return the route."""
    api = APIRouter(prefix="/api/v1/tracing", tags=["tracing"])

    @api.post("/portrait")
    async def read_portrait(form: PortraitForm, account: Asker) -> PortraitShown:
        """Read a reference picture into attributes and an appearance, to be looked at first. Nothing is kept."""
        desk.own(account)
        box = None if form.box is None else (form.box.x1, form.box.y1, form.box.x2, form.box.y2)
        return _shown(await reader.read(form.picture, box))

    return api


def _shown(portrait: Portrait) -> PortraitShown:
    return PortraitShown(
        subjects=[
            SubjectShown(kind=kind, box=BoxForm(x1=x1, y1=y1, x2=x2, y2=y2), score=score)
            for kind, (x1, y1, x2, y2), score in portrait.subjects
        ],
        chosen=portrait.chosen,
        attributes=[AttributeShown(key=a.key, value=a.value, confidence=a.confidence) for a in portrait.attributes],
        appearance=portrait.appearance,
        by=portrait.by,
    )
