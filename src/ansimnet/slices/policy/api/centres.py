"""The registry of centres and the state of the link to each (EM-22), over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from ansimnet.facts.policy import CentreRegistered
from ansimnet.kernel.errors import Conflict, NotFound
from ansimnet.kernel.ids import FactId, new_id
from ansimnet.platform import ledger
from ansimnet.slices.policy.api.agencies import Keeper, ProvenKeeper, may_keep
from ansimnet.slices.policy.api.sessions import Form, TheDesk
from ansimnet.slices.policy.store import agencies as store
from ansimnet.slices.policy.store.agencies import Centre

router = APIRouter(prefix="/api/v1", tags=["policy"])


class CentreForm(Form):
    """A centre of the country."""

    name: str = Field(min_length=1, max_length=80)
    municipality: str = Field(min_length=1, max_length=80)
    since: date
    agency_id: UUID | None = None


class CentreShown(BaseModel):
    """A centre and the state of the link to it."""

    member_id: UUID
    name: str
    municipality: str
    since: date
    agency_id: UUID | None
    heard_at: datetime | None
    skew_ms: int | None
    refused: int
    refused_at: datetime | None
    refused_because: str | None


class CentresShown(BaseModel):
    """The registry of centres."""

    centres: list[CentreShown]
    heard: int
    now: datetime


@router.get("/centres")
async def list_centres(account: Keeper, desk: TheDesk) -> CentresShown:
    """The centres of the country as this one knows them, and when each was last heard."""
    db = await may_keep(desk, account)
    async with db.transaction() as tx:
        found = await store.list_centres(tx)
    shown = [
        CentreShown(
            member_id=c.member_id,
            name=c.name,
            municipality=c.municipality,
            since=c.since,
            agency_id=c.agency_id,
            heard_at=c.heard_at,
            skew_ms=c.skew_ms,
            refused=c.refused,
            refused_at=c.refused_at,
            refused_because=c.refused_because,
        )
        for c in found
    ]
    return CentresShown(centres=shown, heard=sum(c.heard_at is not None for c in found), now=desk.clock.now())


@router.post("/centres", status_code=201)
async def register_centre(form: CentreForm, account: ProvenKeeper, desk: TheDesk) -> CentreShown:
    """Put a centre in the registry; with its agency, its machines' messages are its link's state."""
    db = await may_keep(desk, account)
    now = desk.clock.now()
    centre = Centre(
        member_id=new_id(),
        name=form.name.strip(),
        municipality=form.municipality.strip(),
        since=form.since,
        agency_id=form.agency_id,
        registered_at=now,
    )
    async with db.transaction() as tx:
        if form.agency_id is not None and await store.read_agency(tx, form.agency_id) is None:
            raise NotFound("there is no such agency")
        if not await store.add_centre(tx, centre):
            raise Conflict("this centre is registered")
        fact = CentreRegistered(
            fact_id=FactId(new_id()), happened_at=now, member_id=centre.member_id, agency_id=form.agency_id,
            by=account.account_id,
        )  # fmt: skip
        await ledger.append(tx, fact, actor=f"account:{account.account_id}")
    return CentreShown(
        member_id=centre.member_id, name=centre.name, municipality=centre.municipality, since=centre.since,
        agency_id=centre.agency_id, heard_at=None, skew_ms=None, refused=0, refused_at=None, refused_because=None,
    )  # fmt: skip
