"""Notices to neighbours as rows: a coarse square and a window, sealed, until the court's order or a person ends it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ansimnet.kernel.ids import GroundId
from ansimnet.platform.db import Tx
from ansimnet.slices.policy.store.typed import seal, unseal

BEFORE_M = 500.0
"""How far around a notice from before was told: its square."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """What a neighbour may be told: the middle of a square, a window of time, and when the notice itself ends."""

    notice_id: UUID
    ground_id: GroundId
    resources: frozenset[UUID]
    statute: str
    lat: float
    lon: float
    from_at: datetime
    until_at: datetime
    given_at: datetime
    ends_at: datetime
    radius_m: float
    text: str = ""
    author: str = ""


async def add_notice(tx: Tx, notice: NoticeRow) -> None:
    """Put a notice on file; it is there once, however often it is told."""
    year = notice.given_at.year
    told = {k: getattr(notice, k) for k in ("lat", "lon", "radius_m", "text", "author")}
    square = seal(tx, notice.notice_id, year, told, "notice")
    await tx.execute(
        """insert into policy_notice (notice_id, ground_id, resources, statute, square_sealed, key_year, from_at,
               until_at, given_at, ends_at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing""",
        (
            notice.notice_id,
            notice.ground_id,
            sorted(notice.resources),
            notice.statute,
            square,
            year,
            notice.from_at,
            notice.until_at,
            notice.given_at,
            notice.ends_at,
        ),
    )


async def ground_of(tx: Tx, notice_id: UUID) -> GroundId | None:
    """Return the ground under which a notice is read here, None where there is no such notice."""
    row = await tx.one("select ground_id from policy_notice where notice_id = %s", (notice_id,))
    return None if row is None else GroundId(row[0])


async def close_notice(tx: Tx, notice_id: UUID, now: datetime) -> bool:
    """Take a notice back and delete its square; False where none stands."""
    row = await tx.one(
        """update policy_notice set ended_at = %s, square_sealed = null where notice_id = %s and ended_at is null
           returning 1""",
        (now, notice_id),
    )
    return row is not None


async def close_over(tx: Tx, now: datetime) -> list[UUID]:
    """Close the notices whose end has come, and return them."""
    rows = await tx.all(
        """update policy_notice set ended_at = ends_at, square_sealed = null where ended_at is null and ends_at <= %s
           returning notice_id""",
        (now,),
    )
    return [r[0] for r in rows]


async def notices_standing(tx: Tx, now: datetime) -> list[NoticeRow]:
    """Return the notices that stand now, oldest first."""
    rows = await tx.all(
        """select notice_id, ground_id, resources, statute, square_sealed, key_year, from_at, until_at, given_at,
                  ends_at
           from policy_notice where ended_at is null and ends_at > %s order by given_at""",
        (now,),
    )
    found = []
    for r in rows:
        square = unseal(tx, r[0], r[5], r[4], "notice")
        if square is None:
            continue
        found.append(
            NoticeRow(
                notice_id=r[0],
                ground_id=GroundId(r[1]),
                resources=frozenset(r[2]),
                statute=r[3],
                lat=float(str(square["lat"])),
                lon=float(str(square["lon"])),
                from_at=r[6],
                until_at=r[7],
                given_at=r[8],
                ends_at=r[9],
                radius_m=float(str(square.get("radius_m", BEFORE_M))),
                text=str(square.get("text", "")),
                author=str(square.get("author", "")),
            )
        )
    return found
