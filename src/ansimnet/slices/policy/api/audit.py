"""The auditor's view over HTTP: who looked at what, the chain walked again."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime

from ansimnet.kernel.permits import Act, GroundKind, Purpose, Role
from ansimnet.platform.db import Db
from ansimnet.platform.http import door
from ansimnet.platform.ledger.ranges import seqs_of
from ansimnet.platform.ledger.verify import verify_centre
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.api.sessions import TheDesk
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.rules import citation, what_is
from ansimnet.slices.policy.rules.words import ORGANISATIONS, PURPOSE_WORDS, REASONS, ROLE_WORDS
from ansimnet.slices.policy.service import Desk
from ansimnet.slices.policy.store import openness
from ansimnet.slices.policy.store import review as store

router = APIRouter(prefix="/api/v1", tags=["openness"])

Reads = Annotated[Account, Depends(door(Act.READ_LEDGER))]

_walking = asyncio.Semaphore(1)
"""Walking a chain reads all of it: one at a time in a process."""


async def _may(desk: Desk, account: Account) -> Db:
    db = desk.dbs.of(account.centre_id)
    await queries.permit(db, account, Act.READ_LEDGER, purpose=Purpose.AUDIT, screen="ledger", now=desk.clock.now())
    return db


def _words(row: openness.LookRow) -> dict[str, Any]:
    role, act, purpose = Role(row.role), Act(row.act), PURPOSE_WORDS
    what = what_is(act)
    why = [REASONS[r] for r in row.reasons if r in REASONS]
    return {
        "organisation": {"ko": ORGANISATIONS[role].ko, "en": ORGANISATIONS[role].en},
        "role_said": {"ko": ROLE_WORDS[role].ko, "en": ROLE_WORDS[role].en},
        "what": {"ko": what.ko, "en": what.en},
        "purpose_said": next(({"ko": w.ko, "en": w.en} for p, w in purpose.items() if p == row.purpose), None),
        "reasons": [{"ko": w.ko, "en": w.en} for w in why],
    }


@router.get("/ledger/looks")
async def read_looks(
    account: Reads,
    desk: TheDesk,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 60,
    subject: UUID | None = None,
    account_id: UUID | None = None,
    seat: Annotated[str | None, Query(max_length=64)] = None,
    role: Role | None = None,
    act: Act | None = None,
    allowed: bool | None = None,
    from_at: AwareDatetime | None = None,
    until_at: AwareDatetime | None = None,
) -> dict[str, Any]:
    """Who asked to see what, about whom, and the answer: newest first, no content. Each is an entry of the ledger."""
    db = await _may(desk, account)
    chosen = openness.Chosen(
        account_id=account_id, seat=seat, subject=subject, role=role, act=act, allowed=allowed, from_at=from_at,
        until_at=until_at,
    )  # fmt: skip
    now = desk.clock.now()
    async with db.transaction() as tx:
        rows = await openness.search_looks(tx, chosen, now=now, before=before, limit=limit + 1)
        shown = rows[:limit]
        numbers = await seqs_of(tx, [r.question_id for r in shown])
        judged = await store.judgements(tx, [f"entry:{n}" for n in numbers.values()])
    return {
        "looks": [_look(r, numbers.get(r.question_id), judged, now) for r in shown],
        "next": shown[-1].question_id if len(rows) > limit else None,
    }


def _look(r: openness.LookRow, seq: int | None, judged: dict[str, store.JudgementRow], now: datetime) -> dict[str, Any]:
    found = judged.get(f"entry:{seq}")
    return {
        "seq": seq,
        "look_id": r.question_id,
        "at": r.at,
        "account_id": r.account_id,
        "seat": r.seat,
        "role": r.role,
        "act": r.act,
        "purpose": r.purpose,
        "resources": r.resources,
        "allowed": r.allowed,
        "ground": [citation(c) for c in r.cites],
        "ground_kind": r.ground_kind,
        "permit": None if r.permit_id is None else _short(r),
        "duration_s": None
        if r.granted_at is None or r.end_at is None
        else max(0.0, (r.end_at - r.granted_at).total_seconds()),
        "running": r.end_at is not None and r.end_at >= now,
        "finding": None if found is None else found.finding,
        **_words(r),
    }


def _short(r: openness.LookRow) -> str:
    glass = r.ground_kind == GroundKind.VITAL_INTEREST
    return f"{'BG' if glass else 'PM'}-{r.permit_id.hex[-4:].upper() if r.permit_id is not None else ''}"


@router.post("/ledger/verify")
async def verify_chain(account: Reads, desk: TheDesk, request: Request) -> dict[str, Any]:
    """Walk one's own centre's chain from the first entry again: links, hashes, roots, signatures, witness file."""
    db = await _may(desk, account)
    async with _walking, db.transaction() as tx:
        await tx.execute("set transaction isolation level repeatable read, read only")
        report = await verify_centre(tx.conn, db.centre_id, request.app.state.ledger_folder)
    return {
        "whole": not report.findings,
        "entries": report.entries,
        "head": report.head.hex(),
        "checkpoints": report.checkpoints,
        "signed_entries": report.signed_entries,
        "pending": report.pending,
        "findings": [{"what": f.what, "seq": f.seq, "detail": f.detail} for f in report.findings[:50]],
        "at": desk.clock.now(),
    }
