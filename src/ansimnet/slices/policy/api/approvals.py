"""Requests that need a second person, over HTTP; and what neighbours may read under a court's order (EM-12)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field

from ansimnet.kernel.errors import Forbidden, Refusal
from ansimnet.kernel.ids import AccountId
from ansimnet.kernel.permits import Act, GroundKind, Purpose, Role
from ansimnet.platform.db import Db
from ansimnet.platform.http import door
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.api.sessions import Form, TheDesk
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.queries.approvals import NoSecondPerson
from ansimnet.slices.policy.queries.relations import notices_open
from ansimnet.slices.policy.rules import RULES, citation
from ansimnet.slices.policy.rules.asking import Area, Asking, Description
from ansimnet.slices.policy.rules.second import RULES_OF_TWO, RequestKind
from ansimnet.slices.policy.service import Desk
from ansimnet.slices.policy.store.requests import RequestRow

router = APIRouter(prefix="/api/v1", tags=["policy"])


async def _approver(desk: Desk, account: Account, request_id: UUID) -> None:
    """Ask for a permit to answer a request, for the purpose that the request itself names."""
    async with home_of(desk, account).transaction() as tx:
        row = await queries.request_known(tx, request_id)
    await may(desk, account, Act.APPROVE, request_id, "approvals", None if row is None else row.purpose)


def home_of(desk: Desk, account: Account) -> Db:
    """Return the database of an account's own centre."""
    return desk.dbs.of(account.centre_id)


def purpose_of(account: Account, act: Act, meant: Purpose | None = None) -> Purpose:
    """Return the purpose for which the table lets a role do this: that of the thing at hand where it is one of them."""
    known = sorted({p for ln in RULES.lines if account.role in ln.roles and act in ln.acts for p in ln.purposes})
    if meant in known or not known:
        return meant or Purpose.OPERATE
    return known[0]


async def may(
    desk: Desk, account: Account, act: Act, resource: UUID | None, screen: str, meant: Purpose | None = None
) -> None:
    """Ask for a permit of one's own centre, for the purpose of the thing at hand.

    Raises:
        Forbidden: no line of the table opens this to the role.
    """
    await queries.permit(
        home_of(desk, account),
        account,
        act,
        resource=resource,
        purpose=purpose_of(account, act, meant),
        screen=screen,
        now=desk.clock.now(),
    )


# ------------------------------------------------------------------------------------------------- what comes in


class DescriptionForm(Form):
    """Whom to look for."""

    appearance: str = Field("", max_length=500)
    clothes: str = Field("", max_length=500)
    vehicle: str = Field("", max_length=200)


class AreaForm(Form):
    """Where: a circle, WGS 84 degrees and metres."""

    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    radius_m: float = Field(500, gt=0)


class WindowForm(Form):
    """From when until when."""

    from_at: AwareDatetime
    until_at: AwareDatetime


class RequestForm(Form):
    """What somebody asks a second person to allow."""

    kind: RequestKind
    resources: list[UUID] = Field(min_length=1, max_length=64)
    purpose: Purpose
    ground_kind: GroundKind
    statute: str = Field("", max_length=40)
    order_id: UUID | None = None
    reason: str = Field(min_length=1, max_length=500)
    until_at: AwareDatetime
    urgent: bool = False
    case_no: str = Field("", max_length=60)
    description: DescriptionForm | None = None
    area: AreaForm | None = None
    window: WindowForm | None = None
    notice: str = Field("", max_length=1000, description="disclosure: what residents read")

    def asking(self) -> Asking:
        """Return what is asked, as the rules take it."""
        said = self.description
        return Asking(
            kind=self.kind,
            resources=frozenset(self.resources),
            purpose=self.purpose,
            ground_kind=self.ground_kind,
            statute=self.statute,
            reason=self.reason,
            until_at=self.until_at,
            order_id=self.order_id,
            urgent=self.urgent,
            case_no=self.case_no,
            description=Description() if said is None else Description(**said.model_dump()),
            area=None if self.area is None else Area(**self.area.model_dump()),
            window=None if self.window is None else (self.window.from_at, self.window.until_at),
            notice=self.notice,
        )


class AnswerForm(Form):
    """Why, in a sentence. It is sealed with the request."""

    reason: str = Field(min_length=1, max_length=500)


# ------------------------------------------------------------------------------------------------- what goes out


class RequestShown(BaseModel):
    """A request as its row shows it. What was described is asked for by itself."""

    request_id: UUID
    kind: RequestKind
    kind_ko: str
    kind_en: str
    asked_by: str
    asked_role: Role
    asked_at: datetime
    purpose: Purpose
    ground_kind: GroundKind
    ground: str
    resources: list[UUID]
    urgent: bool
    answer_by: datetime
    until_at: datetime
    state: str
    mine: bool
    may_answer: bool
    decided_role: Role | None
    decided_at: datetime | None
    destroyed: bool
    court_sealed: bool


class RequestsShown(BaseModel):
    """Requests, those that wait first; and what this account may ask for."""

    requests: list[RequestShown]
    asks: list[RequestKind]
    approves: list[RequestKind]


class RequestRead(RequestShown):
    """One request with what was typed; None where it was destroyed."""

    words: dict[str, Any] | None
    answer: dict[str, Any] | None


def _shown(row: RequestRow, account: Account, names: dict[AccountId, str], now: datetime) -> RequestShown:
    rule = RULES_OF_TWO[RequestKind(row.kind)]
    mine = row.asked_by == account.account_id
    return RequestShown(
        request_id=row.request_id,
        kind=rule.kind,
        kind_ko=rule.says.ko,
        kind_en=rule.says.en,
        asked_by=names.get(row.asked_by, ""),
        asked_role=row.asked_role,
        asked_at=row.asked_at,
        purpose=row.purpose,
        ground_kind=row.ground_kind,
        ground=citation(row.statute),
        resources=sorted(row.resources),
        urgent=row.urgent,
        answer_by=row.answer_by,
        until_at=row.until_at,
        state=row.state,
        mine=mine,
        may_answer=not mine and account.role in rule.approves and row.state == "waiting" and now < row.answer_by,
        decided_role=row.decided_role,
        decided_at=row.decided_at,
        destroyed=row.destroyed_at is not None,
        court_sealed=row.court_sealed_at is not None,
    )


# ------------------------------------------------------------------------------------------------- routes


@router.post("/requests", status_code=201)
async def ask_approval(
    form: RequestForm, account: Annotated[Account, Depends(door(Act.SEARCH_PERSON))], desk: TheDesk
) -> RequestShown:
    """Put a search, a disclosure, an original picture, a shelter's address or a watch list before a second person."""
    now = desk.clock.now()
    row = await queries.ask(home_of(desk, account), account, form.asking(), now)
    return _shown(row, account, {account.account_id: account.login}, now)


@router.get("/requests")
async def list_requests(account: Annotated[Account, Depends(door(Act.APPROVE))], desk: TheDesk) -> RequestsShown:
    """One's own requests and those one may answer; no word of what was described."""
    now = desk.clock.now()
    if any(account.role in rule.approves for rule in RULES_OF_TWO.values()):
        await may(desk, account, Act.APPROVE, None, "approvals")
    async with home_of(desk, account).transaction() as tx:
        found = await queries.requests_for(tx, account)
        names = await queries.logins(tx, {r.asked_by for r in found})
    return RequestsShown(
        requests=[_shown(r, account, names, now) for r in found],
        asks=[k for k, rule in RULES_OF_TWO.items() if account.role in rule.asks],
        approves=[k for k, rule in RULES_OF_TWO.items() if account.role in rule.approves],
    )


@router.get("/requests/{request_id}")
async def read_request(
    request_id: UUID, account: Annotated[Account, Depends(door(Act.APPROVE))], desk: TheDesk
) -> RequestRead:
    """One request with what was described: to its asker, to who may answer it, to a court where it is sealed."""
    now = desk.clock.now()
    db = home_of(desk, account)
    async with db.transaction() as tx:
        row = await queries.request_for(tx, account, request_id)
        names = await queries.logins(tx, {row.asked_by})
    if row.asked_by != account.account_id:
        await may(desk, account, Act.APPROVE, request_id, "approvals", row.purpose)
    async with db.transaction() as tx:
        asked, answered = await queries.words_for(tx, row)
    return RequestRead(**_shown(row, account, names, now).model_dump(), words=asked, answer=answered)


async def _answer(desk: Desk, account: Account, request_id: UUID, verb: str, reason: str) -> RequestShown:
    now, db = desk.clock.now(), home_of(desk, account)
    act = {"approve": queries.approve_request, "refuse": queries.refuse_request, "withdraw": queries.withdraw_request}
    try:
        async with db.transaction() as tx:
            row = await act[verb](tx, account, request_id, reason, now)
            names = await queries.logins(tx, {row.asked_by})
    except NoSecondPerson:
        purpose = purpose_of(account, Act.APPROVE)
        await queries.refused(db, account, Act.APPROVE, purpose, frozenset({request_id}), "approvals", now)
        raise
    return _shown(row, account, names, now)


@router.post("/requests/{request_id}/approve")
async def approve_request(
    request_id: UUID,
    form: AnswerForm,
    account: Annotated[Account, Depends(door(Act.APPROVE, step_up=True))],
    desk: TheDesk,
) -> RequestShown:
    """Approve as the second person."""
    await _approver(desk, account, request_id)
    return await _answer(desk, account, request_id, "approve", form.reason)


@router.post("/requests/{request_id}/refuse")
async def refuse_request(
    request_id: UUID,
    form: AnswerForm,
    account: Annotated[Account, Depends(door(Act.APPROVE, step_up=True))],
    desk: TheDesk,
) -> RequestShown:
    """Refuse as the second person; what began as urgent is undone."""
    await _approver(desk, account, request_id)
    return await _answer(desk, account, request_id, "refuse", form.reason)


@router.post("/requests/{request_id}/withdraw")
async def withdraw_request(
    request_id: UUID, form: AnswerForm, account: Annotated[Account, Depends(door(Act.SEARCH_PERSON))], desk: TheDesk
) -> RequestShown:
    """Take one's own request back, also after it was approved: the permits under it end now."""
    return await _answer(desk, account, request_id, "withdraw", form.reason)


class SamePersonForm(Form):
    """Another account of the same human being."""

    other: UUID


@router.post("/accounts/{account_id}/same-person", status_code=204)
async def note_same_person(
    account_id: UUID,
    form: SamePersonForm,
    account: Annotated[Account, Depends(door(Act.MANAGE_ACCOUNTS, step_up=True))],
    desk: TheDesk,
) -> None:
    """Note that two accounts are one person's: neither is the other's second person."""
    await may(desk, account, Act.MANAGE_ACCOUNTS, None, "accounts")
    if account_id == form.other:
        raise Refusal("name another account")
    async with home_of(desk, account).transaction() as tx:
        await queries.note_same_person(tx, AccountId(account_id), AccountId(form.other))


# ------------------------------------------------------------------------------------------------- neighbours (EM-12)


class NoticeShown(BaseModel):
    """What a neighbour is told: the middle of a square at least 500 m wide, a window, and when the notice ends."""

    notice_id: UUID
    lat: float
    lon: float
    side_m: float
    from_at: datetime
    until_at: datetime
    ends_at: datetime
    ground: str
    radius_m: float
    text: str
    author: str


class NoticesShown(BaseModel):
    """The notices that stand now."""

    notices: list[NoticeShown]


@router.get("/disclosures")
async def read_disclosures(
    account: Annotated[Account, Depends(door(Act.READ_DISCLOSURE))], desk: TheDesk
) -> NoticesShown:
    """The notices a court has ordered, each look on the ledger; nothing where this centre has not switched them on."""
    if not notices_open():
        raise Forbidden("notices to neighbours are switched off", detail_ko="주민 고지가 꺼져 있습니다")
    if not queries.may_ever(account, Act.READ_DISCLOSURE):  # where no notice stands, there is nothing to ask for
        raise Forbidden("this role reads no notices", detail_ko="이 역할은 고지를 보지 않습니다")
    now, db = desk.clock.now(), home_of(desk, account)
    async with db.transaction() as tx:
        found = await queries.standing_notices(tx, now)
    for notice in found:
        await queries.permit(
            db,
            account,
            Act.READ_DISCLOSURE,
            resources=notice.resources,
            purpose=Purpose.INFORM,
            screen="disclosures",
            now=now,
        )
    return NoticesShown(
        notices=[
            NoticeShown(
                notice_id=n.notice_id,
                lat=n.lat,
                lon=n.lon,
                side_m=queries.COARSE_M,
                from_at=n.from_at,
                until_at=n.until_at,
                ends_at=n.ends_at,
                ground=citation(n.statute),
                radius_m=n.radius_m,
                text=n.text,
                author=n.author,
            )
            for n in found
        ]
    )
