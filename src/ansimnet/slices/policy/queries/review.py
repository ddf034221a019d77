"""The monthly review of who looked, written by the system, judged and signed by a person; and the month's release."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from ansimnet.facts.duties import DutyMet
from ansimnet.facts.openness import (
    AccessJudged,
    AcquaintanceChanged,
    DownloadMade,
    ReleasePublished,
    ReviewDrafted,
    ReviewSigned,
)
from ansimnet.kernel.errors import Conflict, NotFound, Refusal
from ansimnet.kernel.ids import AccountId, FactId, new_id
from ansimnet.platform import ledger
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger import pages
from ansimnet.platform.ledger.canonical import canonical
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.queries.folding import (
    Folded,
    bounds,
    downloads_of,
    fold,
    glasses_of,
    month_before,
    month_of,
)
from ansimnet.slices.policy.rules.anomalies import CUT, CUT_DAY, CUT_SUBJECT, anomalies
from ansimnet.slices.policy.rules.release import release
from ansimnet.slices.policy.rules.review import Anomaly, seat_counts
from ansimnet.slices.policy.store import review as store
from ansimnet.slices.policy.store.review import JudgementRow, ReviewRow

PAST_MONTHS = 6
"""How far back a seat is compared with itself (ours)."""
FINDINGS = frozenset({"fine", "ask", "raise"})
REASON_KINDS = ("audit", "request_of_person", "investigation", "statistics", "court")
LEAST_REASON = 10
"""A reason of fewer letters says nothing (ours)."""


class NotJudged(Conflict):
    """Somebody has to look at these first."""

    name = "not-judged"


class Signed(Conflict):
    """The month is signed; it does not change any more."""

    name = "signed"


class NoDownloadReason(Refusal):
    """A download needs a reason that says something."""

    name = "no-download-reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A month's review as it is read: the row, its document, and what was found about each anomaly."""

    row: ReviewRow
    document: Mapping[str, Any]
    judged: Mapping[str, JudgementRow]
    seats: Mapping[UUID, str]


# ------------------------------------------------------------------------------------------------- writing it


async def draft(tx: Tx, month: date, now: datetime) -> ReviewRow | None:
    """Fold a month and keep its review: `running` while the month lasts, `draft` after. None where it is signed.

    The months before are folded first where nobody has. Safe to run again: the same ledger gives the same document.
    """
    known = await store.read_review(tx, month)
    if known is not None and known.state == "signed":
        return None
    after = await _begin(tx, month)
    history = await _history(tx, month, after)
    folded = await fold(tx, month, after_seq=after)
    found = anomalies(
        folded.tally,
        history,
        acquainted=await store.acquainted(tx),
        downloads=await downloads_of(tx, folded),
        glasses=glasses_of(folded, now),
    )
    over = now >= bounds(month)[1]
    document = canonical(_document(tx.centre_id, month, folded, found)).decode()
    row = ReviewRow(
        review_id=known.review_id if known is not None else new_id(),
        month=month,
        state="draft" if over else "running",
        folded_at=now,
        from_seq=folded.from_seq,
        through_seq=folded.through_seq,
        document=document,
        sha256=hashlib.sha256(document.encode()).digest(),
    )
    await store.put_months(tx, month, folded.tally.seats.values())
    if not await store.put_review(tx, row):
        return None
    if over and (known is None or known.state != "draft" or known.sha256 != row.sha256):
        await _tell_draft(tx, row, folded, len(found), now)
        await _publish(tx, month, folded, now)
    return row


async def _begin(tx: Tx, month: date) -> int:
    """Return behind which number to read: one before the first of the month before, where that is known."""
    before = await store.read_review(tx, month_before(month))
    return max(0, before.from_seq - 1) if before is not None and before.from_seq else 0


async def _history(tx: Tx, month: date, after: int) -> list[Any]:
    first = month_before(month, PAST_MONTHS)
    history = await store.months_between(tx, first, month)
    if not history and after == 0:  # nobody folded anything yet: a ledger older than its reviews
        for back in range(PAST_MONTHS, 0, -1):
            earlier = month_before(month, back)
            folded = await fold(tx, earlier)
            if folded.tally.seats:
                await store.put_months(tx, earlier, folded.tally.seats.values())
        history = await store.months_between(tx, first, month)
    return history


def _document(centre_id: UUID, month: date, folded: Folded, found: list[Anomaly]) -> dict[str, Any]:
    """Return the review's content. Numbers, roles and ids; the only words are the system's own sentences."""
    return {
        "v": 1,
        "centre_id": str(centre_id),
        "month": f"{month:%Y-%m}",
        "from_seq": folded.from_seq,
        "through_seq": folded.through_seq,
        "totals": {
            **seat_counts(folded.tally),
            "break_glass": len(folded.glasses),
            "downloads": len(folded.downloads),
        },
        "counts": [
            {"account_id": str(a), "role": role, "purpose": purpose, "clause": clause, "allowed": allowed, "n": n}
            for (a, role, purpose, clause, allowed), n in sorted(
                folded.tally.counts.items(), key=lambda c: (-c[1], str(c[0]))
            )
        ],
        "cuts": {"score": CUT, "day": CUT_DAY, "subject": CUT_SUBJECT},
        "anomalies": [
            {
                "key": a.key,
                "kind": a.kind.value,
                "broken": a.broken,
                "account_id": str(a.account_id),
                "role": a.role,
                "subject": None if a.subject is None else str(a.subject),
                "ko": a.says.ko,
                "en": a.says.en,
                "value": round(a.value, 2),
                "usual": None if a.usual is None else round(a.usual, 2),
                "spread": None if a.spread is None else round(a.spread, 2),
                "score": round(a.score, 2),
                "seqs": list(a.seqs),
            }
            for a in found
        ],
    }


async def _tell_draft(tx: Tx, row: ReviewRow, folded: Folded, many: int, now: datetime) -> None:
    totals = seat_counts(folded.tally)
    fact = ReviewDrafted(
        fact_id=FactId(new_id()),
        happened_at=now,
        review_id=row.review_id,
        month=f"{row.month:%Y-%m}",
        through_seq=row.through_seq,
        sha256=row.sha256.hex(),
        decisions=totals["decisions"],
        refused=totals["refused"],
        anomalies=many,
    )
    await ledger.append(tx, fact, actor="system:policy")


async def _publish(tx: Tx, month: date, folded: Folded, now: datetime) -> None:
    """Publish a finished month once, with the signed head it can be checked against."""
    head = await pages.read_head(tx)
    document = {
        "v": 1,
        "centre_id": str(tx.centre_id),
        "month": f"{month:%Y-%m}",
        "as_of": now.astimezone().isoformat(),
        "through_seq": folded.through_seq,
        "checkpoint": None
        if head.size is None or head.root is None
        else {
            "size": head.size,
            "root": head.root.hex(),
            "signed_at": None if head.signed_at is None else head.signed_at.isoformat(),
        },
        **release(folded.counts),
    }
    text = canonical(document).decode()
    sha256 = hashlib.sha256(text.encode()).digest()
    release_id = new_id()
    if not await store.add_release(tx, release_id, month, text, sha256, now):
        return
    fact = ReleasePublished(
        fact_id=FactId(new_id()),
        happened_at=now,
        release_id=release_id,
        month=f"{month:%Y-%m}",
        sha256=sha256.hex(),
        root=None if head.root is None else head.root.hex(),
        size=head.size or 0,
    )
    await ledger.append(tx, fact, actor="system:policy")


async def draft_due(tx: Tx, now: datetime) -> None:
    """Draft the month that is over, where nobody has, and keep the running one fresh: the job's hour."""
    this = month_of(now)
    last = await store.read_review(tx, month_before(this))
    if last is None or last.state == "running":
        await draft(tx, month_before(this), now)
    await draft(tx, this, now)


# ------------------------------------------------------------------------------------------------- reading, judging


async def reviews(tx: Tx) -> list[ReviewRow]:
    """Return every month's review, newest first."""
    return await store.list_reviews(tx)


async def review_of(tx: Tx, month: date) -> Review:
    """Return a month's review with what was found about it.

    Raises:
        NotFound: nobody has drafted that month.
    """
    row = await store.read_review(tx, month)
    if row is None:
        raise NotFound("that month has no review", todo="draft it")
    document = msgspec.json.decode(row.document, type=dict[str, Any])
    about = [f"anomaly:{a['key']}" for a in document["anomalies"]]
    ids = {UUID(c["account_id"]) for c in document["counts"]} | {UUID(a["account_id"]) for a in document["anomalies"]}
    return Review(
        row=row,
        document=document,
        judged=await store.judgements(tx, about),
        seats=await store.seats_of(tx, ids),
    )


async def judge(tx: Tx, about: str, finding: str, note: str | None, by: AccountId, now: datetime) -> None:
    """Write down what somebody found about a look or an anomaly: fine, ask or raise. A later one does not erase it.

    Raises:
        Refusal: no such finding.
    """
    if finding not in FINDINGS:
        raise Refusal(f"`{finding}` is no finding")
    judgement_id = new_id()
    said = None if note is None or not note.strip() else note.strip()
    await store.add_judgement(tx, judgement_id, JudgementRow(about=about, finding=finding, note=said, by=by, at=now))
    fact = AccessJudged(
        fact_id=FactId(new_id()), happened_at=now, judgement_id=judgement_id, about=about, finding=finding, by=by
    )
    await ledger.append(tx, fact, actor=f"account:{by}")


async def sign(tx: Tx, month: date, note: str, account: Account, now: datetime) -> None:
    """Sign a month off. Every anomaly has a finding by then; the duty of the month is met.

    Raises:
        NotFound: nobody has drafted that month.
        NotJudged: anomalies without a finding, by key; or the month still runs.
        Signed: it is signed.
    """
    row = await store.read_review(tx, month, lock=True)
    if row is None:
        raise NotFound("that month has no review", todo="draft it")
    if row.state == "signed":
        raise Signed
    if row.state == "running":
        raise NotJudged("the month is not over", todo="sign it after its last day")
    found = await review_of(tx, month)
    missing = [a["key"] for a in found.document["anomalies"] if f"anomaly:{a['key']}" not in found.judged]
    if missing:
        raise NotJudged(
            f"{len(missing)} anomalies have no finding", todo="say what you found about each", missing=missing
        )
    await store.sign_review(tx, month, account.account_id, note.strip(), now)
    signed = ReviewSigned(
        fact_id=FactId(new_id()),
        happened_at=now,
        review_id=row.review_id,
        month=f"{month:%Y-%m}",
        sha256=row.sha256.hex(),
        by=account.account_id,
    )
    await ledger.append(tx, signed, actor=f"account:{account.account_id}")
    met = DutyMet(
        fact_id=FactId(new_id()), happened_at=now, rule="access-review", about=tx.centre_id, by=account.account_id
    )
    await ledger.append(tx, met, actor=f"account:{account.account_id}")


async def declare_acquaintance(tx: Tx, account: Account, person_id: UUID, declared: bool, now: datetime) -> None:
    """Let an account's holder say that a person is known to him outside the work, or no longer so."""
    await store.set_acquaintance(tx, account.account_id, person_id, declared, now)
    fact = AcquaintanceChanged(
        fact_id=FactId(new_id()),
        happened_at=now,
        account_id=account.account_id,
        person_id=person_id,
        declared=declared,
    )
    await ledger.append(tx, fact, actor=f"account:{account.account_id}")


# ------------------------------------------------------------------------------------------------- downloads


async def note_download(
    tx: Tx,
    account: Account,
    *,
    what: str,
    chosen: Mapping[str, object],
    rows: int,
    content: bytes,
    reason_kind: str,
    reason: str,
    now: datetime,
) -> UUID:
    """Write down that a file leaves the system, with its reason and its hash, before it does.

    Raises:
        NoDownloadReason: no reason, or one too short to say anything.
    """
    if reason_kind not in REASON_KINDS or len(reason.strip()) < LEAST_REASON:
        raise NoDownloadReason(todo=f"say why in {LEAST_REASON} letters or more")
    download_id, sha256 = new_id(), hashlib.sha256(content).digest()
    await store.add_download(
        tx,
        download_id,
        account_id=account.account_id,
        role=account.role,
        what=what,
        chosen=chosen,
        rows=rows,
        sha256=sha256,
        reason_kind=reason_kind,
        reason=reason.strip(),
        now=now,
    )
    fact = DownloadMade(
        fact_id=FactId(new_id()),
        happened_at=now,
        download_id=download_id,
        what=what,
        rows=rows,
        sha256=sha256.hex(),
        reason_kind=reason_kind,
        by=account.account_id,
    )
    await ledger.append(tx, fact, actor=f"account:{account.account_id}")
    return download_id
