"""Agencies and their agreements, over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field

from ansimnet.facts.policy import AgencyKind
from ansimnet.kernel.errors import NotFound, Refusal
from ansimnet.kernel.ids import AccountId, new_id
from ansimnet.kernel.permits import Act, Purpose
from ansimnet.platform.db import Db
from ansimnet.platform.http import door
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.api.sessions import LOOPBACK, Form, TheDesk
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.queries import agencies
from ansimnet.slices.policy.rules import citation
from ansimnet.slices.policy.rules.agencies import CHARTERS
from ansimnet.slices.policy.service import Desk
from ansimnet.slices.policy.store import agencies as store
from ansimnet.slices.policy.store.agencies import Agency, Agreement

router = APIRouter(prefix="/api/v1", tags=["policy"])

Keeper = Annotated[Account, Depends(door(Act.MANAGE_AGENCIES))]
ProvenKeeper = Annotated[Account, Depends(door(Act.MANAGE_AGENCIES, step_up=True))]
"""Who keeps agencies; what opens or moves a door of ours asks for a proof of the last ten minutes."""


class AgencyForm(Form):
    """An agency to work with; purposes and grounds left out are all that its kind has."""

    kind: AgencyKind
    name: str = Field(min_length=1, max_length=80)
    name_en: str = Field(min_length=1, max_length=80)
    purposes: list[Purpose] | None = None
    grounds: list[str] | None = Field(None, max_length=10)
    needs_agreement: bool = False


class AgreementForm(Form):
    """협약. Acts and resources left out are all that the table of rules gives the agency."""

    title: str = Field(min_length=1, max_length=120)
    parties: list[str] = Field(min_length=2, max_length=20)
    signed_on: date
    purposes: list[Purpose] = Field(min_length=1)
    acts: list[Act] | None = None
    resources: list[UUID] | None = Field(None, max_length=5000)
    districts: list[str] = Field(default_factory=list, max_length=250)
    from_at: AwareDatetime
    until_at: AwareDatetime
    renews: UUID | None = None


class EndForm(Form):
    """Why it ends."""

    reason: str = Field(min_length=1, max_length=300)


class RelayForm(Form):
    """Where alarms are posted to an agency; null is nowhere."""

    url: str | None = Field(None, max_length=500)


class JoinForm(Form):
    """Who acts for an agency from now on."""

    account_id: UUID


class AgreementShown(BaseModel):
    """One agreement, as the list says it."""

    agreement_id: UUID
    title: str
    parties: list[str]
    signed_on: date
    purposes: list[Purpose]
    acts: list[Act] | None
    resources: int | None = Field(description="How many things it reaches; null is all that the table gives.")
    districts: list[str]
    from_at: datetime
    until_at: datetime
    renews: UUID | None
    state: Literal["to_come", "in_force", "ended", "terminated"]
    ended_at: datetime | None


class AgencyShown(BaseModel):
    """One agency with its agreements."""

    agency_id: UUID
    kind: AgencyKind
    kind_ko: str
    kind_en: str
    name: str
    name_en: str
    purposes: list[Purpose]
    grounds: list[str]
    needs_agreement: bool
    admitted: bool = Field(description="Whether its people and machines get anything now.")
    relay: bool = Field(description="Whether alarms can be posted to it.")
    people: int
    keys: int
    agreements: list[AgreementShown]


class AgenciesShown(BaseModel):
    """Whom this centre works with."""

    agencies: list[AgencyShown]
    now: datetime


async def may_keep(desk: Desk, account: Account) -> Db:
    """Return the centre's database once the account may keep its agencies."""
    db = desk.dbs.of(account.centre_id)
    now = desk.clock.now()
    await queries.permit(db, account, Act.MANAGE_AGENCIES, purpose=Purpose.OPERATE, screen="agencies", now=now)
    return db


def _state(a: Agreement, now: datetime) -> Literal["to_come", "in_force", "ended", "terminated"]:
    if a.ended_at is not None and a.ended_at <= now:
        return "terminated"
    return "in_force" if a.stands(now) else "to_come" if now < a.from_at else "ended"


def _agreement_shown(a: Agreement, now: datetime) -> AgreementShown:
    return AgreementShown(
        agreement_id=a.agreement_id,
        title=a.title,
        parties=list(a.parties),
        signed_on=a.signed_on,
        purposes=list(a.purposes),
        acts=None if a.acts is None else sorted(a.acts),
        resources=None if a.resources is None else len(a.resources),
        districts=list(a.districts),
        from_at=a.from_at,
        until_at=a.until_at,
        renews=a.renews,
        state=_state(a, now),
        ended_at=a.ended_at,
    )


def _agency_shown(a: Agency, people: int, keys: int, agreements: list[Agreement], now: datetime) -> AgencyShown:
    says = CHARTERS[a.kind].says
    own = [g for g in agreements if g.agency_id == a.agency_id]
    return AgencyShown(
        agency_id=a.agency_id,
        kind=a.kind,
        kind_ko=says.ko,
        kind_en=says.en,
        name=a.name,
        name_en=a.name_en,
        purposes=list(a.purposes),
        grounds=[citation(g) for g in a.grounds],
        needs_agreement=a.needs_agreement,
        admitted=a.ended_at is None and (not a.needs_agreement or any(g.stands(now) for g in own)),
        relay=a.relay_url is not None,
        people=people,
        keys=keys,
        agreements=[_agreement_shown(g, now) for g in own],
    )


@router.get("/agencies")
async def list_agencies(account: Keeper, desk: TheDesk) -> AgenciesShown:
    """Whom this centre works with, on which grounds, and until when."""
    db = await may_keep(desk, account)
    now = desk.clock.now()
    async with db.transaction() as tx:
        found, agreements = await store.list_agencies(tx), await store.list_agreements(tx)
    return AgenciesShown(agencies=[_agency_shown(a, p, k, agreements, now) for a, p, k in found], now=now)


@router.post("/agencies", status_code=201)
async def register_agency(form: AgencyForm, account: ProvenKeeper, desk: TheDesk) -> AgencyShown:
    """Register an agency to work with."""
    db = await may_keep(desk, account)
    charter, now = CHARTERS[form.kind], desk.clock.now()
    agency = Agency(
        agency_id=new_id(),
        kind=form.kind,
        name=form.name.strip(),
        name_en=form.name_en.strip(),
        purposes=tuple(form.purposes or charter.purposes),
        grounds=tuple(form.grounds or charter.grounds),
        needs_agreement=form.needs_agreement or charter.needs_agreement,
        relay_url=None,
        registered_at=now,
    )
    async with db.transaction() as tx:
        await agencies.register_agency(tx, account, agency)
    return _agency_shown(agency, 0, 0, [], now)


@router.post("/agencies/{agency_id}/agreements", status_code=201)
async def register_agreement(
    agency_id: UUID, form: AgreementForm, account: ProvenKeeper, desk: TheDesk
) -> AgreementShown:
    """Put an agreement with an agency on file, or renew one: its access runs until the day it names."""
    db = await may_keep(desk, account)
    now = desk.clock.now()
    agreement = Agreement(
        agreement_id=new_id(),
        agency_id=agency_id,
        title=form.title.strip(),
        parties=tuple(p.strip() for p in form.parties),
        signed_on=form.signed_on,
        purposes=tuple(form.purposes),
        acts=None if form.acts is None else frozenset(form.acts),
        resources=None if form.resources is None else frozenset(form.resources),
        districts=tuple(form.districts),
        from_at=form.from_at,
        until_at=form.until_at,
        renews=form.renews,
    )
    async with db.transaction() as tx:
        await agencies.register_agreement(tx, account, agreement, now)
    return _agreement_shown(agreement, now)


@router.post("/agreements/{agreement_id}/terminate", status_code=204)
async def terminate_agreement(agreement_id: UUID, form: EndForm, account: ProvenKeeper, desk: TheDesk) -> None:
    """End an agreement now; what the agency's people look at goes dark with it."""
    db = await may_keep(desk, account)
    async with db.transaction() as tx:
        await agencies.terminate_agreement(tx, account, agreement_id, form.reason, desk.clock.now())


@router.post("/agencies/{agency_id}/accounts", status_code=204)
async def join_agency(agency_id: UUID, form: JoinForm, account: ProvenKeeper, desk: TheDesk) -> None:
    """Say that an account acts for an agency; from then on it gets nothing beyond that agency's agreements."""
    db = await may_keep(desk, account)
    async with db.transaction() as tx:
        await agencies.join(tx, AccountId(form.account_id), agency_id, desk.clock.now())


@router.post("/agencies/{agency_id}/relay", status_code=204)
async def set_relay(agency_id: UUID, form: RelayForm, account: ProvenKeeper, desk: TheDesk) -> None:
    """Say where alarms are posted to an agency: over HTTPS, or to this very machine."""
    db = await may_keep(desk, account)
    if form.url is not None:
        to = urlsplit(form.url)
        if to.username or not to.hostname or (to.scheme != "https" and to.hostname not in LOOPBACK):
            raise Refusal("give an https address without a password in it")
    async with db.transaction() as tx:
        if not await store.set_relay(tx, agency_id, form.url):
            raise NotFound("there is no such agency")
