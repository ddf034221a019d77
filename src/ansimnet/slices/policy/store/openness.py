"""Who looked, as rows: for the person looked at, for those who watch the lookers, and what the person asks back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from ansimnet.kernel.ids import AccountId
from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row
from ansimnet.slices.policy.store.typed import seal, unseal

FOOTAGE: list[str] = ["request_footage", "view_stream", "unmask_track", "read_footage"]

# A look a law keeps back is not there, and neither is a refusal that only such a ground explains: whoever holds or has
# used a hidden ground over this person may meet its end, and that refusal would tell what the ground was kept back for.
# A refusal from before stays: what was on the page once must not vanish from it.
_SEEN: LiteralString = """
    from policy_question q left join policy_permit p using (permit_id)
    left join policy_ground g on g.ground_id = q.ground_id
    where (q.resources && %(subjects)s::uuid[] or (q.act = any(%(footage)s) and exists (
              select from policy_ground f where f.ground_id = q.ground_id and f.resources && %(subjects)s::uuid[])))
      and q.purpose <> 'own' and q.asked_at < %(until)s
      and (g.hidden_until_at is null or g.hidden_until_at <= %(now)s)
      and (q.allowed or not exists (
          select from policy_ground h where h.hidden_until_at > %(now)s and h.resources && %(subjects)s::uuid[]
              and q.asked_at >= h.from_at and (h.account_id = q.account_id or h.account_id is null and exists (
                  select from policy_question hq where hq.ground_id = h.ground_id and hq.account_id = q.account_id
                      and hq.asked_at <= q.asked_at))))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One look at a person, or an attempt, with the permit's beginning and end so far."""

    question_id: UUID
    at: datetime
    role: str
    act: str
    purpose: str
    allowed: bool
    reasons: tuple[str, ...]
    cites: tuple[str, ...]
    granted_at: datetime | None
    end_at: datetime | None


async def looks_at(
    tx: Tx, subjects: Collection[UUID], *, now: datetime, until: datetime, footage: bool, limit: int
) -> list[Seen]:
    """Return who looked at these ids or tried to, newest first, asked before `until`. Own looks are left out.

    `footage`: pictures asked for under a ground that names the person count too. What a law keeps back is not there.
    """
    rows = await tx.all(
        """select q.question_id, q.asked_at, q.role, q.act, q.purpose, q.allowed, q.reasons, q.cites, p.granted_at,
                  least(coalesce(p.revoked_at, p.not_after), p.not_after, %(now)s)"""
        + _SEEN
        + "order by q.asked_at desc, q.question_id desc limit %(limit)s",
        {
            "subjects": list(subjects),
            "footage": FOOTAGE if footage else [],
            "now": now,
            "until": until,
            "limit": limit,
        },
    )
    return [
        Seen(
            question_id=r[0],
            at=r[1],
            role=r[2],
            act=r[3],
            purpose=r[4],
            allowed=r[5],
            reasons=tuple(r[6]),
            cites=tuple(r[7]),
            granted_at=r[8],
            end_at=r[9],
        )
        for r in rows
    ]


# ------------------------------------------------------------------------------------------------- for auditors


@dataclass(frozen=True, slots=True, kw_only=True)
class LookRow:
    """One question with its answer as an auditor sees it: a seat, ids, no content."""

    question_id: UUID
    at: datetime
    account_id: AccountId | None
    seat: str
    role: str
    act: str
    purpose: str
    resources: tuple[UUID, ...]
    allowed: bool
    reasons: tuple[str, ...]
    cites: tuple[str, ...]
    permit_id: UUID | None
    ground_kind: str | None
    granted_at: datetime | None
    end_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What an auditor filters by; None takes all."""

    account_id: UUID | None = None
    seat: str | None = None
    subject: UUID | None = None
    role: str | None = None
    act: str | None = None
    allowed: bool | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None


async def search_looks(tx: Tx, chosen: Chosen, *, now: datetime, before: UUID | None, limit: int) -> list[LookRow]:
    """Return questions newest first, behind `before`; ids are ordered by time, so a page never skips one."""
    rows = await tx.all(
        """select q.question_id, q.asked_at, q.account_id, coalesce(p.holder, a.login, ''), q.role, q.act, q.purpose,
                  q.resources, q.allowed, q.reasons, q.cites, q.permit_id, p.ground_kind, p.granted_at,
                  least(coalesce(p.revoked_at, p.not_after), p.not_after, %(now)s)
           from policy_question q left join policy_permit p using (permit_id)
           left join policy_account a on a.account_id = q.account_id
           where (%(before)s::uuid is null or q.question_id < %(before)s)
             and (%(account)s::uuid is null or q.account_id = %(account)s)
             and (%(seat)s::text is null or coalesce(p.holder, a.login) = %(seat)s)
             and (%(subject)s::uuid is null or q.resources @> array[%(subject)s]::uuid[])
             and (%(role)s::text is null or q.role = %(role)s) and (%(act)s::text is null or q.act = %(act)s)
             and (%(allowed)s::boolean is null or q.allowed = %(allowed)s)
             and (%(from_at)s::timestamptz is null or q.asked_at >= %(from_at)s)
             and (%(until_at)s::timestamptz is null or q.asked_at < %(until_at)s)
           order by q.question_id desc limit %(limit)s""",
        {
            "now": now,
            "before": before,
            "account": chosen.account_id,
            "seat": chosen.seat,
            "subject": chosen.subject,
            "role": chosen.role,
            "act": chosen.act,
            "allowed": chosen.allowed,
            "from_at": chosen.from_at,
            "until_at": chosen.until_at,
            "limit": limit,
        },
    )
    return [_look_row(r) for r in rows]


def _look_row(r: Row) -> LookRow:
    return LookRow(
        question_id=r[0],
        at=r[1],
        account_id=r[2],
        seat=r[3],
        role=r[4],
        act=r[5],
        purpose=r[6],
        resources=tuple(r[7] or ()),
        allowed=r[8],
        reasons=tuple(r[9]),
        cites=tuple(r[10]),
        permit_id=r[11],
        ground_kind=r[12],
        granted_at=r[13],
        end_at=r[14],
    )


async def refusals_since(tx: Tx, since: datetime) -> list[tuple[str, str, int]]:
    """Return seat, role and number of refusals since an instant, most first."""
    rows = await tx.all(
        """select coalesce(a.login, ''), q.role, count(*) from policy_question q
           left join policy_account a using (account_id)
           where not q.allowed and q.asked_at >= %s group by 1, 2 order by 3 desc, 1 limit 20""",
        (since,),
    )
    return [(r[0], r[1], int(r[2])) for r in rows]


async def hours_since(tx: Tx, since: datetime) -> list[tuple[datetime, str, int]]:
    """Return allowed looks at persons by hour and clause since an instant: the board's field of hours."""
    rows = await tx.all(
        """select date_trunc('hour', asked_at), coalesce(cites[1], ''), count(*) from policy_question
           where allowed and asked_at >= %s and purpose <> 'own' and purpose <> 'operate'
           group by 1, 2 order by 1, 2""",
        (since,),
    )
    return [(r[0], r[1], int(r[2])) for r in rows]


# ------------------------------------------------------------------------------------------------- complaints


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintRow:
    """What a person asked about a look, with what was typed. Who asked is not told: a role and the look are enough."""

    complaint_id: UUID
    question_id: UUID
    account_id: AccountId
    role: str
    asked_at: datetime
    words: str | None
    answered_at: datetime | None
    answer: str | None


async def add_complaint(
    tx: Tx, complaint_id: UUID, question_id: UUID, account_id: AccountId, words: str, now: datetime
) -> bool:
    """Keep what a person asks about a look; False where it was asked about before."""
    row = await tx.one(
        """insert into policy_complaint (complaint_id, question_id, account_id, asked_at, words_sealed, key_year)
           values (%s, %s, %s, %s, %s, %s) on conflict (account_id, question_id) do nothing returning 1""",
        (
            complaint_id,
            question_id,
            account_id,
            now,
            seal(tx, complaint_id, now.year, {"words": words}, "words"),
            now.year,
        ),
    )
    return row is not None


async def answer_complaint(tx: Tx, complaint_id: UUID, by: AccountId, answer: str, now: datetime) -> bool:
    """Keep the privacy officer's answer; False where there is none to answer, or it was answered."""
    row = await tx.one(
        "select key_year from policy_complaint where complaint_id = %s and answered_at is null for update",
        (complaint_id,),
    )
    if row is None:
        return False
    await tx.execute(
        """update policy_complaint set answered_at = %s, answered_by = %s, answer_sealed = %s
           where complaint_id = %s""",
        (now, by, seal(tx, complaint_id, row[0], {"words": answer}, "answer"), complaint_id),
    )
    return True


async def list_complaints(tx: Tx, *, account_id: AccountId | None = None, limit: int = 100) -> list[ComplaintRow]:
    """Return the questions of one account, or of everybody, open ones first, then newest first."""
    rows = await tx.all(
        """select c.complaint_id, c.question_id, c.account_id, a.role, c.asked_at, c.words_sealed, c.answered_at,
                  c.answer_sealed, c.key_year
           from policy_complaint c join policy_account a using (account_id)
           where %s::uuid is null or c.account_id = %s
           order by c.answered_at is not null, c.asked_at desc limit %s""",
        (account_id, account_id, limit),
    )
    return [
        ComplaintRow(
            complaint_id=r[0],
            question_id=r[1],
            account_id=AccountId(r[2]),
            role=r[3],
            asked_at=r[4],
            words=_words(tx, r[0], r[8], r[5], "words"),
            answered_at=r[6],
            answer=_words(tx, r[0], r[8], r[7], "answer"),
        )
        for r in rows
    ]


def _words(tx: Tx, about: UUID, year: int, sealed: bytes | None, what: str) -> str | None:
    said = unseal(tx, about, year, sealed, what)
    return None if said is None else str(said["words"])
