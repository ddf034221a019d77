"""Reviews of who looked, judgements and downloads over HTTP: for the privacy officer and the auditor."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import AwareDatetime, Field

from ansimnet.kernel.errors import Forbidden, NotFound, Refusal
from ansimnet.kernel.ids import AccountId
from ansimnet.kernel.permits import Act, Purpose, Role
from ansimnet.platform.db import BIGINT, Tx
from ansimnet.platform.http import door
from ansimnet.platform.ledger import pages
from ansimnet.platform.ledger.canonical import canonical
from ansimnet.platform.ledger.ranges import seqs_of
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.api.openness import Reviews, may_review
from ansimnet.slices.policy.api.sessions import Form, TheDesk
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.queries import review
from ansimnet.slices.policy.queries.folding import month_of
from ansimnet.slices.policy.store import openness
from ansimnet.slices.policy.store import review as store

router = APIRouter(prefix="/api/v1", tags=["openness"])

MOST_ROWS = 10_000
"""Rows of one download; more is another download with its own reason (ours)."""

Exports = Annotated[Account, Depends(door(Act.EXPORT_DATA, step_up=True))]


def month_named(word: str) -> date:
    """Return the month a word like `2026-10` names.

    Raises:
        Refusal: it names none.
    """
    try:
        return date.fromisoformat(f"{word}-01")
    except ValueError:
        raise Refusal(f"`{word[:10]}` is no month", todo="write it as 2026-10") from None


# ------------------------------------------------------------------------------------------------- reviews


@router.get("/reviews")
async def list_reviews(account: Reviews, desk: TheDesk) -> dict[str, Any]:
    """Every month's review, newest first."""
    await may_review(desk, account, "review")
    async with desk.dbs.of(account.centre_id).transaction() as tx:
        rows = await review.reviews(tx)
    return {
        "reviews": [
            {
                "month": f"{r.month:%Y-%m}",
                "state": r.state,
                "folded_at": r.folded_at,
                "through_seq": r.through_seq,
                "sha256": r.sha256.hex(),
                "signed_at": r.signed_at,
            }
            for r in rows
        ]
    }


class DraftForm(Form):
    """Which month to fold again."""

    month: str = Field(max_length=7)


@router.post("/reviews", status_code=204)
async def draft_review(form: DraftForm, account: Reviews, desk: TheDesk) -> None:
    """Fold a month from the ledger now: its draft, or the state of the running month."""
    await may_review(desk, account, "review")
    now = desk.clock.now()
    month = month_named(form.month)
    if month > month_of(now):
        raise Refusal("that month has not begun")
    async with desk.dbs.of(account.centre_id).transaction() as tx:
        await review.draft(tx, month, now)


@router.get("/reviews/{month}")
async def read_review(month: str, account: Reviews, desk: TheDesk) -> dict[str, Any]:
    """A month's review: counts, what stands out and why, and what was found about it."""
    await may_review(desk, account, "review")
    async with desk.dbs.of(account.centre_id).transaction() as tx:
        found = await review.review_of(tx, month_named(month))
    judged = {
        about.partition(":")[2]: {"finding": j.finding, "note": j.note, "at": j.at} for about, j in found.judged.items()
    }
    return {
        **found.document,
        "state": found.row.state,
        "folded_at": found.row.folded_at,
        "sha256": found.row.sha256.hex(),
        "signed_at": found.row.signed_at,
        "note": found.row.note,
        "judged": judged,
        "seats": {str(k): v for k, v in found.seats.items()},
    }


class SignForm(Form):
    """What the privacy officer concludes."""

    note: str = Field(min_length=10, max_length=2000)


@router.post("/reviews/{month}/sign", status_code=204)
async def sign_review(month: str, form: SignForm, account: Reviews, desk: TheDesk) -> None:
    """Sign a month off with a note. Every anomaly has a finding by then."""
    await may_review(desk, account, "review")
    if account.role is not Role.PRIVACY_OFFICER:
        raise Forbidden("the privacy officer signs", todo="tell the privacy officer")
    async with desk.dbs.of(account.centre_id).transaction() as tx:
        await review.sign(tx, month_named(month), form.note, account, desk.clock.now())


class JudgementForm(Form):
    """What was found about a look or an anomaly."""

    about: str = Field(pattern=r"^(entry:[0-9]{1,15}|anomaly:[0-9a-f]{16})$")
    finding: Literal["fine", "ask", "raise"]
    note: str | None = Field(None, max_length=1000)


@router.post("/judgements", status_code=201)
async def judge(form: JudgementForm, account: Reviews, desk: TheDesk) -> None:
    """Say what was found: fine, ask (for an explanation), raise (to the audit). A later one stands beside it."""
    await may_review(desk, account, "review")
    if account.role is not Role.PRIVACY_OFFICER:
        raise Forbidden("the privacy officer judges", todo="tell the privacy officer")
    async with desk.dbs.of(account.centre_id).transaction() as tx:
        await review.judge(tx, form.about, form.finding, form.note, AccountId(account.account_id), desk.clock.now())


# ------------------------------------------------------------------------------------------------- downloads


class DownloadForm(Form):
    """What is to leave the system, and why."""

    what: Literal["looks", "ledger", "review"]
    reason_kind: Literal["audit", "request_of_person", "investigation", "statistics", "court"]
    reason: str = Field(max_length=1000)
    month: str | None = Field(None, max_length=7)
    after_seq: int | None = Field(None, ge=0, le=BIGINT)
    kind: str | None = Field(None, max_length=100)
    subject: UUID | None = None
    from_at: AwareDatetime | None = None
    until_at: AwareDatetime | None = None
    allowed: bool | None = None


@router.post("/downloads", responses={200: {"content": {"text/csv": {}}}}, response_class=Response)
async def download(form: DownloadForm, account: Exports, desk: TheDesk) -> Response:
    """A file of looks, ledger entries or a review, once its reason is on file and its hash on the ledger."""
    db, now = desk.dbs.of(account.centre_id), desk.clock.now()
    await queries.permit(db, account, Act.EXPORT_DATA, purpose=Purpose.AUDIT, screen="download", now=now)
    async with db.transaction() as tx:
        match form.what:
            case "looks":
                content, rows = await _looks(tx, form, now)
            case "ledger":
                content, rows = await _entries(tx, form)
            case _:
                content, rows = await _review(tx, form)
        chosen = form.model_dump(mode="json", exclude={"reason", "reason_kind", "what"}, exclude_none=True)
        download_id = await review.note_download(
            tx,
            account,
            what=form.what,
            chosen=chosen,
            rows=rows,
            content=content,
            reason_kind=form.reason_kind,
            reason=form.reason,
            now=now,
        )
    ending, media = ("json", "application/json") if form.what == "review" else ("csv", "text/csv; charset=utf-8")
    name = f"ansimnet-{form.what}-{now:%Y%m%d-%H%M}.{ending}"
    return Response(
        content,
        media_type=media,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Download-Id": str(download_id)},
    )


def _csv(head: list[str], rows: list[list[object]]) -> bytes:
    """Return rows as UTF-8 with a mark that spreadsheets know; no cell begins like a formula."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n")
    write.writerow(head)
    for row in rows:
        words = ["" if v is None else str(v) for v in row]
        write.writerow([f"'{w}" if w[:1] in ("=", "+", "-", "@") else w for w in words])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


async def _looks(tx: Tx, form: DownloadForm, now: datetime) -> tuple[bytes, int]:
    chosen = openness.Chosen(subject=form.subject, allowed=form.allowed, from_at=form.from_at, until_at=form.until_at)
    found = await openness.search_looks(tx, chosen, now=now, before=None, limit=MOST_ROWS)
    numbers = await seqs_of(tx, [r.question_id for r in found])
    rows: list[list[object]] = [
        [
            numbers.get(r.question_id),
            r.at.isoformat(),
            r.seat,
            r.role,
            r.act,
            r.purpose,
            " ".join(map(str, r.resources)),
            "allowed" if r.allowed else "refused",
            "; ".join(r.cites if r.allowed else r.reasons),
            r.permit_id,
        ]
        for r in found
    ]
    head = ["seq", "at", "seat", "role", "act", "purpose", "data_subjects", "answer", "ground_or_reason", "permit"]
    return _csv(head, rows), len(rows)


async def _entries(tx: Tx, form: DownloadForm) -> tuple[bytes, int]:
    found = await pages.read_page(tx, after_seq=form.after_seq or 0, limit=MOST_ROWS, kind=form.kind)
    rows: list[list[object]] = [
        [e.seq, e.at.isoformat(), e.kind, e.actor, canonical(e.body).decode(), e.hash.hex()] for e in found
    ]
    return _csv(["seq", "at", "kind", "actor", "body", "hash"], rows), len(rows)


async def _review(tx: Tx, form: DownloadForm) -> tuple[bytes, int]:
    row = await store.read_review(tx, month_named(form.month or ""))
    if row is None:
        raise NotFound("that month has no review")
    return row.document.encode(), 1


@router.get("/downloads")
async def list_downloads(account: Reviews, desk: TheDesk) -> dict[str, Any]:
    """What left the system, and why: newest first."""
    await may_review(desk, account, "review")
    async with desk.dbs.of(account.centre_id).transaction() as tx:
        rows = await store.list_downloads(tx)
    keys = ("download_id", "at", "seat", "role", "what", "rows", "sha256", "reason_kind", "reason")
    return {"downloads": [dict(zip(keys, (*r[:6], bytes(r[6]).hex(), *r[7:]), strict=True)) for r in rows]}
