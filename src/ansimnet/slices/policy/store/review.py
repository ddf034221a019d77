"""Reviews of who looked, as rows: folded months, documents, judgements, downloads, acquaintances, releases."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from ansimnet.kernel.ids import AccountId
from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row
from ansimnet.platform.sealing import SealedColumn, open_text, register, seal_text
from ansimnet.slices.policy.model import SeatMonth

_JUDGED, _WHY, _SIGNED = "policy_judgement.note", "policy_download.reason", "policy_review.note"

register(SealedColumn("policy_review", "review_id", "note", "centre_id"))

# ------------------------------------------------------------------------------------------------- folded months


async def put_months(tx: Tx, month: date, seats: Collection[SeatMonth]) -> None:
    """Keep a month's seats, in place of what was folded of it before."""
    await tx.execute("delete from policy_seat_month where month = %s", (month,))
    for s in seats:
        await tx.execute(
            """insert into policy_seat_month (month, account_id, role, days, hours, looks, refused, alone)
               values (%s, %s, %s, %s, %s, %s, %s, %s)""",
            (
                month,
                s.account_id,
                s.role,
                Jsonb({d.isoformat(): n for d, n in s.days.items()}),
                s.hours,
                s.looks,
                s.refused,
                s.alone,
            ),
        )


async def months_between(tx: Tx, from_month: date, before: date) -> list[SeatMonth]:
    """Return every seat's months of a period, oldest first."""
    rows = await tx.all(
        """select account_id, role, days, hours, looks, refused, alone from policy_seat_month
           where month >= %s and month < %s order by month, account_id""",
        (from_month, before),
    )
    return [
        SeatMonth(
            account_id=r[0],
            role=r[1],
            days={date.fromisoformat(d): n for d, n in r[2].items()},
            hours=list(r[3]),
            looks=r[4],
            refused=r[5],
            alone=r[6],
        )
        for r in rows
    ]


# ------------------------------------------------------------------------------------------------- reviews


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRow:
    """A month's review; `state` is running | draft | signed."""

    review_id: UUID
    month: date
    state: str
    folded_at: datetime
    from_seq: int
    through_seq: int
    document: str
    sha256: bytes
    signed_at: datetime | None = None
    signed_by: AccountId | None = None
    note: str | None = None


_REVIEW: LiteralString = """review_id, month, state, folded_at, from_seq, through_seq, document, sha256, signed_at,
    signed_by, note"""


def _review(tx: Tx, r: Row) -> ReviewRow:
    return ReviewRow(
        review_id=r[0],
        month=r[1],
        state=r[2],
        folded_at=r[3],
        from_seq=r[4],
        through_seq=r[5],
        document=r[6],
        sha256=bytes(r[7]),
        signed_at=r[8],
        signed_by=r[9],
        note=open_text(tx, tx.centre_id, r[10], of=_SIGNED),
    )


async def put_review(tx: Tx, review: ReviewRow) -> bool:
    """Keep a month's review in place of the one before; False where that is signed, and nothing changed."""
    row = await tx.one(
        """insert into policy_review (review_id, month, state, folded_at, from_seq, through_seq, document, sha256)
           values (%s, %s, %s, %s, %s, %s, %s, %s)
           on conflict (centre_id, month) do update set state = excluded.state, folded_at = excluded.folded_at,
               from_seq = excluded.from_seq, through_seq = excluded.through_seq, document = excluded.document,
               sha256 = excluded.sha256
           where policy_review.state <> 'signed' returning 1""",
        (
            review.review_id,
            review.month,
            review.state,
            review.folded_at,
            review.from_seq,
            review.through_seq,
            review.document,
            review.sha256,
        ),
    )
    return row is not None


async def read_review(tx: Tx, month: date, *, lock: bool = False) -> ReviewRow | None:
    """Return a month's review, or None."""
    sql: LiteralString = f"select {_REVIEW} from policy_review where month = %s"
    row = await tx.one(sql + (" for update" if lock else ""), (month,))
    return None if row is None else _review(tx, row)


async def list_reviews(tx: Tx, limit: int = 36) -> list[ReviewRow]:
    """Return the reviews, newest month first."""
    rows = await tx.all(f"select {_REVIEW} from policy_review order by month desc limit %s", (limit,))
    return [_review(tx, r) for r in rows]


async def sign_review(tx: Tx, month: date, by: AccountId, note: str, now: datetime) -> None:
    """Write the signature under a month's review."""
    await tx.execute(
        "update policy_review set state = 'signed', signed_at = %s, signed_by = %s, note = %s where month = %s",
        (now, by, seal_text(tx, tx.centre_id, note, of=_SIGNED), month),
    )


# ------------------------------------------------------------------------------------------------- judgements


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgementRow:
    """What somebody found about a look or an anomaly: fine | ask | raise."""

    about: str
    finding: str
    note: str | None
    by: AccountId
    at: datetime


async def add_judgement(tx: Tx, judgement_id: UUID, judgement: JudgementRow) -> None:
    """Write a judgement down; an earlier one stays beside it."""
    note = judgement.note
    if note is not None:
        note = seal_text(tx, judgement.by, note, of=_JUDGED, year=judgement.at.year)
    await tx.execute(
        """insert into policy_judgement (judgement_id, about, finding, note, judged_by, judged_at)
           values (%s, %s, %s, %s, %s, %s)""",
        (judgement_id, judgement.about, judgement.finding, note, judgement.by, judgement.at),
    )


async def judgements(tx: Tx, about: Collection[str]) -> dict[str, JudgementRow]:
    """Return the newest judgement of each of these."""
    rows = await tx.all(
        """select distinct on (about) about, finding, note, judged_by, judged_at from policy_judgement
           where about = any(%s) order by about, judged_at desc, judgement_id desc""",
        (list(about),),
    )
    return {
        r[0]: JudgementRow(
            about=r[0],
            finding=r[1],
            note=open_text(tx, r[3], r[2], of=_JUDGED, year=r[4].year),
            by=r[3],
            at=r[4],
        )
        for r in rows
    }


# ------------------------------------------------------------------------------------------------- downloads


async def add_download(
    tx: Tx,
    download_id: UUID,
    *,
    account_id: AccountId,
    role: str,
    what: str,
    chosen: Mapping[str, object],
    rows: int,
    sha256: bytes,
    reason_kind: str,
    reason: str,
    now: datetime,
) -> None:
    """Keep what was downloaded, by which seat, and why."""
    words = seal_text(tx, download_id, reason, of=_WHY, year=now.year)
    await tx.execute(
        """insert into policy_download (download_id, account_id, role, what, chosen, rows, sha256, reason_kind, reason,
               made_at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        (download_id, account_id, role, what, Jsonb(dict(chosen)), rows, sha256, reason_kind, words, now),
    )


async def reasons_of(tx: Tx, download_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the reasons of downloads."""
    rows = await tx.all(
        "select download_id, reason, made_at from policy_download where download_id = any(%s)", (list(download_ids),)
    )
    return {r[0]: open_text(tx, r[0], r[1], of=_WHY, year=r[2].year) or "" for r in rows}


async def list_downloads(tx: Tx, limit: int = 200) -> list[Row]:
    """Return downloads newest first: id, at, seat, role, what, rows, sha256, kind of reason, reason."""
    rows = await tx.all(
        """select d.download_id, d.made_at, a.login, d.role, d.what, d.rows, d.sha256, d.reason_kind, d.reason
           from policy_download d join policy_account a using (account_id) order by d.made_at desc limit %s""",
        (limit,),
    )
    return [(*r[:8], open_text(tx, r[0], r[8], of=_WHY, year=r[1].year) or "") for r in rows]


# ------------------------------------------------------------------------------------------------- acquaintances


async def set_acquaintance(tx: Tx, account_id: AccountId, person_id: UUID, declared: bool, now: datetime) -> None:
    """Note that an account's holder knows a person, or no longer says so."""
    await tx.execute(
        """insert into policy_acquaintance (account_id, person_id, declared_at, ended_at) values (%s, %s, %s, %s)
           on conflict (account_id, person_id) do update set ended_at = excluded.ended_at""",
        (account_id, person_id, now, None if declared else now),
    )


async def acquainted(tx: Tx) -> Sequence[tuple[UUID, UUID]]:
    """Return every declared pair of account and person."""
    rows = await tx.all("select account_id, person_id from policy_acquaintance where ended_at is null")
    return [(r[0], r[1]) for r in rows]


async def seats_of(tx: Tx, account_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the login of each account: a seat's name by rule, never a person's."""
    rows = await tx.all("select account_id, login from policy_account where account_id = any(%s)", (list(account_ids),))
    return {r[0]: r[1] for r in rows}


# ------------------------------------------------------------------------------------------------- releases


async def add_release(tx: Tx, release_id: UUID, month: date, document: str, sha256: bytes, now: datetime) -> bool:
    """Publish a month once; False where it is published."""
    row = await tx.one(
        """insert into policy_release (release_id, month, published_at, document, sha256) values (%s, %s, %s, %s, %s)
           on conflict (centre_id, month) do nothing returning 1""",
        (release_id, month, now, document, sha256),
    )
    return row is not None


async def list_releases(tx: Tx, limit: int = 36) -> list[tuple[date, datetime, str, bytes]]:
    """Return what is published, newest month first: month, when, document, its hash."""
    rows = await tx.all(
        "select month, published_at, document, sha256 from policy_release order by month desc limit %s", (limit,)
    )
    return [(r[0], r[1], r[2], bytes(r[3])) for r in rows]
