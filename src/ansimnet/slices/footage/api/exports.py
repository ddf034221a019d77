"""Routes of exports: asked for and taken by one person, reviewed by another."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from ansimnet.kernel.ids import CameraId
from ansimnet.kernel.permits import Act
from ansimnet.platform.db import BIGINT
from ansimnet.platform.http import door
from ansimnet.platform.ledger.canonical import instant
from ansimnet.slices.footage.api.forms import Form
from ansimnet.slices.footage.masking.decisions import Verdict
from ansimnet.slices.footage.model import Span, Track
from ansimnet.slices.footage.relay.onvif import Box
from ansimnet.slices.footage.service.deciding import decide, decisions
from ansimnet.slices.footage.service.exports import MOST_SPANS, Exports, Wanted
from ansimnet.slices.footage.store.decisions import DecisionRow
from ansimnet.slices.footage.store.exports import ExportRow, Words
from ansimnet.slices.policy import queries as policy

Asks = Annotated[policy.Account, Depends(door(Act.EXPORT_DATA))]
Takes = Annotated[policy.Account, Depends(door(Act.EXPORT_DATA, step_up=True))]
Reviews = Annotated[policy.Account, Depends(door(Act.APPROVE))]
Steps = Annotated[policy.Account, Depends(door(Act.APPROVE, step_up=True))]


class RouteForm(Form):
    """The search whose route the export is of, and the step of it that asked for copies."""

    id: UUID
    step: int = Field(ge=1, le=BIGINT)


class SpanForm(Form):
    """The time of one camera. One that is named several times has times that do not overlap."""

    camera_id: UUID
    from_at: AwareDatetime
    until_at: AwareDatetime


class ExportForm(Form):
    """What to take out, why, for whom, and how often it may be taken until when."""

    spans: list[SpanForm] = Field(min_length=1, max_length=MOST_SPANS)
    track: Track = Track.SUB
    """`main`: the full picture, of the hours in which it was recorded, ten minutes of all cameras at most."""
    original: bool = False
    reason: str = Field(min_length=1, max_length=500)
    case_no: str = Field(min_length=1, max_length=60)
    recipient: str = Field(min_length=1, max_length=200)
    downloads: int = Field(1, ge=1, le=20)
    download_until: AwareDatetime
    search: RouteForm | None = None
    """Of a traced route: then the proof carries every step of that search."""

    def wanted(self) -> Wanted:
        """Return what is asked, as the service takes it."""
        return Wanted(
            spans=tuple(Span(CameraId(s.camera_id), s.from_at, s.until_at) for s in self.spans),
            original=self.original,
            track=self.track,
            words=Words(self.reason.strip(), self.case_no.strip(), self.recipient.strip()),
            downloads=self.downloads,
            download_until=self.download_until,
            search=None if self.search is None else (self.search.id, self.search.step),
        )


class PatchForm(Form):
    """What the reviewer hides besides: a rectangle x1 y1 x2 y2 in parts of the picture, from when until when."""

    camera_id: UUID
    from_at: AwareDatetime
    until_at: AwareDatetime
    box: tuple[float, float, float, float]


class ReviewForm(Form):
    """The review's outcome. Without patches the masks are good as they are."""

    patches: list[PatchForm] = Field(default=[], max_length=200)
    hide_rest: bool = False
    """Hide the whole picture wherever a doubt is left undecided; else the export waits until all are decided."""


class DecisionForm(Form):
    """What becomes of a doubtful place; `box` (x1 y1 x2 y2, parts of the picture) where more is hidden."""

    verdict: Verdict
    box: tuple[float, float, float, float] | None = None


class DecisionShown(BaseModel):
    """One decision, with who and when."""

    number: int
    verdict: Verdict
    box: tuple[float, float, float, float] | None
    decided_by: UUID
    decided_at: datetime


class DecisionsShown(BaseModel):
    """Decisions, by the doubts' numbers."""

    decisions: list[DecisionShown]


class DoubtShown(BaseModel):
    """What to look at: the worst frame of a doubtful span, the worst first."""

    camera_id: UUID
    at: datetime
    from_at: datetime
    until_at: datetime
    box: tuple[float, float, float, float]
    why: list[str]
    doubt: float


class DoubtsShown(BaseModel):
    """Doubts from number `first` on, of `total`."""

    first: int
    total: int
    doubts: list[DoubtShown]


PAGE = 60
"""Doubts in one answer: ten minutes of looking (ours). The rest follows page by page."""


class SpanShown(BaseModel):
    """What is taken of one camera."""

    camera_id: UUID
    from_at: datetime
    until_at: datetime


class ExportShown(BaseModel):
    """An export in a list. Its words are None once they are destroyed; `doubts` are the worst of `doubts_total`."""

    export_id: UUID
    state: str
    asked_at: datetime
    spans: list[SpanShown]
    track: Track
    original: bool
    reason: str | None
    case_no: str | None
    recipient: str | None
    doubts: list[DoubtShown]
    doubts_total: int
    reviewed_at: datetime | None
    sealed_at: datetime | None
    size: int | None
    downloads: int
    most_downloads: int
    download_until: datetime
    ended_at: datetime | None
    end_reason: str | None


class ExportsShown(BaseModel):
    """Exports, the newest first."""

    exports: list[ExportShown]


def shown(row: ExportRow, words: Words | None) -> ExportShown:
    """Return an export as lists show it."""
    return ExportShown(
        export_id=row.export_id,
        state=row.state,
        asked_at=row.asked_at,
        spans=[SpanShown(camera_id=s.camera_id, from_at=s.from_at, until_at=s.until_at) for s in row.spans],
        track=row.track,
        original=row.original,
        reason=None if words is None else words.reason,
        case_no=None if words is None else words.case_no,
        recipient=None if words is None else words.recipient,
        doubts=[DoubtShown(**d) for d in row.doubts[:PAGE]],
        doubts_total=len(row.doubts),
        reviewed_at=row.reviewed_at,
        sealed_at=row.sealed_at,
        size=row.size,
        downloads=row.downloads,
        most_downloads=row.most_downloads,
        download_until=row.download_until,
        ended_at=row.ended_at,
        end_reason=row.end_reason,
    )


def said(rows: list[DecisionRow]) -> DecisionsShown:
    """Return decisions as answers give them."""
    return DecisionsShown(
        decisions=[
            DecisionShown(
                number=r.number,
                verdict=Verdict(r.verdict),
                box=r.box,
                decided_by=r.decided_by,
                decided_at=r.decided_at,
            )
            for r in rows
        ]
    )


def routes(exports: Exports) -> APIRouter:
    """Return the routes."""
    api = APIRouter(prefix="/exports")

    @api.post("", status_code=201)
    async def ask_export(form: ExportForm, account: Takes) -> ExportShown:
        """Ask for an export. It waits for its masks, then for a second person."""
        wanted = form.wanted()
        return shown(await exports.ask(account, wanted), wanted.words)

    @api.get("")
    async def own_exports(account: Asks) -> ExportsShown:
        """One's own exports, the newest first."""
        return ExportsShown(exports=[shown(*each) for each in await exports.own(account)])

    @api.get("/reviews")
    async def exports_to_review(account: Reviews) -> ExportsShown:
        """The exports that wait for a second person."""
        return ExportsShown(exports=[shown(*each) for each in await exports.to_review(account)])

    @api.get("/{export_id}/doubts")
    async def doubts_of_export(
        export_id: UUID, account: Reviews, first: Annotated[int, Query(ge=0, le=BIGINT)] = 0
    ) -> DoubtsShown:
        """Sixty doubtful places from a number on, the worst first."""
        found = await exports.doubts(account, export_id)
        part = [DoubtShown(**d) for d in found[first : first + PAGE]]
        return DoubtsShown(first=first, total=len(found), doubts=part)

    @api.get("/{export_id}/doubts/{number}", response_class=Response)
    async def look_at_doubt(export_id: UUID, number: int, account: Reviews) -> Response:
        """A doubtful place as the export would show it, as JPEG."""
        data = await exports.look(account, export_id, number)
        return Response(data, media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    @api.get("/{export_id}/decisions")
    async def decided(export_id: UUID, account: Reviews) -> DecisionsShown:
        """What was decided about the doubtful places."""
        return said(await decisions(exports, account, export_id))

    @api.put("/{export_id}/doubts/{number}/decision")
    async def decide_one(export_id: UUID, number: int, form: DecisionForm, account: Reviews) -> DecisionsShown:
        """Decide about one doubtful place as the second person; nothing leaves before all are decided."""
        box = None if form.box is None else Box(*form.box)
        return said(await decide(exports, account, export_id, number, form.verdict, box))

    @api.post("/{export_id}/review")
    async def review_export(export_id: UUID, form: ReviewForm, account: Steps) -> ExportShown:
        """Let an export go on as the second person."""
        patches = [
            {
                "camera_id": str(p.camera_id),
                "from_at": instant(p.from_at),
                "until_at": instant(p.until_at),
                "box": list(p.box),
            }
            for p in form.patches
        ]
        return shown(await exports.review(account, export_id, patches, hide_rest=form.hide_rest), None)

    @api.get("/{export_id}/file", response_class=Response)
    async def download_export(export_id: UUID, account: Takes) -> Response:
        """The sealed file, counted and on the ledger before its first byte."""
        data = await exports.download(account, export_id)
        headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{export_id}.zip"'}
        return Response(data, media_type="application/zip", headers=headers)

    @api.post("/{export_id}/end", status_code=204)
    async def withdraw_export(export_id: UUID, account: Asks) -> None:
        """Take back one's own export; its bytes are destroyed."""
        await exports.withdraw(account, export_id)

    return api
