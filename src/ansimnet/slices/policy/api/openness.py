"""Openness over HTTP: a person's own page of who looked, the privacy officer's board, and the public's page."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from ansimnet.kernel.errors import Forbidden
from ansimnet.kernel.ids import AccountId
from ansimnet.kernel.permits import Act, Purpose, Role
from ansimnet.platform.http import door
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.api.sessions import (
    CodeForm,
    Form,
    SessionShown,
    TheDesk,
    caller_of,
    enter,
    refuse_foreign,
)
from ansimnet.slices.policy.model import Account, Said
from ansimnet.slices.policy.queries import board as boards
from ansimnet.slices.policy.queries.looks import (
    MOST_WORDS,
    WATCHED,
    answer_about,
    ask_about,
    own_looks,
    sealed_at,
)
from ansimnet.slices.policy.queries.people import new_phone
from ansimnet.slices.policy.rules import citation
from ansimnet.slices.policy.rules.words import ROLE_WORDS
from ansimnet.slices.policy.service import Desk

router = APIRouter(prefix="/api/v1", tags=["openness"])

PERSONS = (Role.VICTIM, Role.WEARER, Role.CITIZEN, Role.NEIGHBOUR)
"""Whose own page this is."""
BY_CODE = (Role.WEARER, Role.CITIZEN, Role.NEIGHBOUR)
"""Whose phone an administrator gives a code for; a neighbour reads the notices to residents there (EM-12)."""

Own = Annotated[Account, Depends(door(Act.READ_OWN))]
Reviews = Annotated[Account, Depends(door(Act.REVIEW_ACCESS))]


def said(words: Said) -> dict[str, str]:
    """Return a sentence in both languages."""
    return {"ko": words.ko, "en": words.en}


# ------------------------------------------------------------------------------------------------- one's own page


class LookShown(BaseModel):
    """A look at oneself: who (never a name), what, under which clause, how long; why it was refused; what was asked."""

    handle: str
    at: datetime
    organisation: dict[str, str]
    role: dict[str, str]
    what: dict[str, str]
    ground: list[str]
    duration_s: float | None
    granted: bool
    reasons: list[dict[str, str]]
    asked_at: datetime | None
    answer: str | None
    answered_at: datetime | None


class LooksShown(BaseModel):
    """A page, newest first. `until`: looks before this instant are shown; `next`: where the older ones begin."""

    looks: list[LookShown]
    until: datetime
    next: datetime | None
    days_over: bool
    sealed_at: datetime | None


class AskForm(Form):
    """What a person wants to know about a look."""

    words: str = Field(min_length=1, max_length=MOST_WORDS)


@router.post("/me/enrol")
async def enrol_person(
    form: CodeForm,
    request: Request,
    response: Response,
    desk: TheDesk,
    _: Annotated[None, Depends(door(Act.SIGN_IN, public_because="the one-time code is the proof"))],
) -> SessionShown:
    """Make this phone the phone of a wearer, a citizen or a neighbour: it opens their own page, and nothing else."""
    refuse_foreign(request)
    opened = await desk.enrol(form.code, BY_CODE, caller_of(request))
    return enter(opened, request, response, keep=True)


async def _own(desk: Desk, account: Account) -> None:
    if account.subject_id is None or account.role not in PERSONS:
        raise Forbidden("this account is nobody's own page", todo="enrol the phone with its code")
    await queries.permit(
        desk.dbs.of(account.centre_id),
        account,
        Act.READ_OWN,
        resource=account.subject_id,
        purpose=Purpose.OWN,
        screen="own-looks",
        now=desk.clock.now(),
    )


@router.get("/me/access")
async def read_own_looks(account: Own, desk: TheDesk, before: AwareDatetime | None = None) -> LooksShown:
    """Who looked at one's own data or was refused. What a law keeps back is not there, not even as a gap."""
    await _own(desk, account)
    async with desk.dbs.of(account.centre_id).transaction() as tx:
        page = await own_looks(tx, account, desk.clock.now(), before=before)
        signed_at = await sealed_at(tx)
    return LooksShown(
        looks=[
            LookShown(
                handle=own.handle,
                at=own.look.at,
                organisation=said(own.look.organisation),
                role=said(own.look.role),
                what=said(own.look.what),
                ground=list(own.look.ground),
                duration_s=own.look.duration_s,
                granted=own.look.granted,
                reasons=[said(r) for r in own.reasons],
                asked_at=own.asked_at,
                answer=own.answer,
                answered_at=own.answered_at,
            )
            for own in page.looks
        ],
        until=page.until,
        next=page.looks[-1].look.at if page.more else None,
        days_over=account.role in WATCHED,
        sealed_at=signed_at,
    )


@router.post("/me/access/{handle}/ask", status_code=201)
async def ask_about_look(handle: str, form: AskForm, account: Own, desk: TheDesk) -> dict[str, UUID]:
    """Ask the privacy officer about a look at oneself, or complain."""
    await _own(desk, account)
    async with desk.dbs.of(account.centre_id).transaction() as tx:
        return {"complaint_id": await ask_about(tx, account, handle, form.words, desk.clock.now())}


class PersonForm(Form):
    """Whose phone it will be: a registered wearer's, a citizen's who has data here, or a neighbour's."""

    person_id: UUID
    role: Role


@router.post("/persons/phone", status_code=201)
async def issue_person_code(
    form: PersonForm, account: Annotated[Account, Depends(door(Act.MANAGE_ACCOUNTS))], desk: TheDesk
) -> dict[str, str]:
    """Give a wearer, a citizen or a neighbour the one-time code with which a phone opens their own page."""
    if form.role not in BY_CODE:
        raise Forbidden("other phones are enrolled by those who register them")
    db, now = desk.dbs.of(account.centre_id), desk.clock.now()
    await queries.permit(db, account, Act.MANAGE_ACCOUNTS, purpose=Purpose.OPERATE, screen="accounts", now=now)
    async with db.transaction() as tx:
        _, code = await new_phone(
            tx,
            role=form.role,
            display=ROLE_WORDS[form.role].ko,
            subject_id=form.person_id,
            now=now,
            actor=f"account:{account.account_id}",
        )
    return {"code": code}


# ------------------------------------------------------------------------------------------------- the board


async def may_review(desk: Desk, account: Account, screen: str) -> None:
    """Ask for the permit of whoever reviews access.

    Raises:
        Forbidden: not a privacy officer or an auditor.
    """
    await queries.permit(
        desk.dbs.of(account.centre_id),
        account,
        Act.REVIEW_ACCESS,
        purpose=Purpose.AUDIT,
        screen=screen,
        now=desk.clock.now(),
    )


@router.get("/board")
async def read_board(account: Reviews, desk: TheDesk) -> dict[str, Any]:
    """What is open, owed and unusual, and whether the chain is whole: the privacy officer's board."""
    await may_review(desk, account, "board")
    now = desk.clock.now()
    async with desk.dbs.of(account.centre_id).transaction() as tx:
        b = await boards.board(tx, now)
    return {
        "now": now,
        "break_glass": [
            {
                "ground_id": g.ground_id,
                "short": f"BG-{g.ground_id.hex[-4:].upper()}",
                "seat": g.holder,
                "role": g.role,
                "opened_at": g.opened_at,
                "until_at": g.until_at,
                "open": g.ended_at is None and now < g.until_at,
                "justify_by": g.justify_by,
                "justified": g.justified_at is not None,
                "late": g.justified_at is None and now >= g.justify_by,
                "resources": len(g.resources),
            }
            for g in b.glasses
        ],
        "requests": [
            {
                "request_id": r.request_id,
                "kind": r.kind,
                "asked_at": r.asked_at,
                "answer_by": r.answer_by,
                "urgent": r.urgent,
            }
            for r in b.requests
        ],
        "refusals": [{"seat": seat, "role": role, "n": n} for seat, role, n in b.refusals],
        "questions": [
            {
                "complaint_id": c.complaint_id,
                "question_id": c.question_id,
                "role": c.role,
                "asked_at": c.asked_at,
                "words": c.words,
            }
            for c in b.complaints
        ],
        "hours": [{"at": at, "ground": citation(clause) if clause else "", "n": n} for at, clause, n in b.hours],
        "month": b.month,
        "folded_at": b.folded_at,
        "anomalies": [{**a, "seat": b.seats.get(UUID(a["account_id"]), "")} for a in b.anomalies],
        "rights": {"held": b.rights, "suspended": b.rights_suspended},
        "review": {"month": b.review_month, "state": b.review_state, "due_at": b.review_due},
        "chain": {
            "seq": b.head.seq,
            "hash": None if b.head.hash is None else b.head.hash.hex(),
            "signed": b.head.size,
            "root": None if b.head.root is None else b.head.root.hex(),
            "signed_at": b.head.signed_at,
            "witnesses": [{"centre_id": w.by, "size": w.size, "signed_at": w.signed_at} for w in b.witnesses],
        },
    }


@router.post("/questions/{complaint_id}/answer", status_code=204)
async def answer_question(complaint_id: UUID, form: AskForm, account: Reviews, desk: TheDesk) -> None:
    """Answer what a person asked about a look at them."""
    await may_review(desk, account, "board")
    if account.role is not Role.PRIVACY_OFFICER:
        raise Forbidden("the privacy officer answers", todo="tell the privacy officer")
    async with desk.dbs.of(account.centre_id).transaction() as tx:
        await answer_about(tx, complaint_id, AccountId(account.account_id), form.words, desk.clock.now())


# ------------------------------------------------------------------------------------------------- acquaintances


class AcquaintanceForm(Form):
    """Whom the holder of this account knows outside the work."""

    person_id: UUID
    declared: bool = True


@router.post("/me/acquaintances", status_code=204)
async def declare_acquaintance(
    form: AcquaintanceForm, account: Annotated[Account, Depends(door(Act.MANAGE_OWN))], desk: TheDesk
) -> None:
    """Declare that a person is known to oneself outside the work, or take it back: looks at them are reviewed."""
    db, now = desk.dbs.of(account.centre_id), desk.clock.now()
    await queries.permit(
        db,
        account,
        Act.MANAGE_OWN,
        resource=account.account_id,
        purpose=Purpose.OWN,
        screen="own-account",
        now=now,
    )
    async with db.transaction() as tx:
        await queries.declare_acquaintance(tx, account, form.person_id, form.declared, now)
