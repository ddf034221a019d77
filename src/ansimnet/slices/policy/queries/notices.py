"""Notices to neighbours (EM-12): a coarse square and a window, under a court's order and two persons, off by default.

The centre that supervises gives a notice; the city, where neighbours have their accounts, takes in the square, the
window and the end, and never learns whom it is about.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from ansimnet.facts.policy import NoticeEnded, NoticeGiven
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, CentreId, FactId, GroundId, new_id
from ansimnet.kernel.permits import GroundKind
from ansimnet.platform import ledger
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger import Entry
from ansimnet.slices.policy.queries.grounds import end_ground, grant_ground
from ansimnet.slices.policy.queries.relations import notices_open
from ansimnet.slices.policy.rules.second import COARSE_M, NOTICE_CLAUSES, RULES_OF_TWO, RequestKind
from ansimnet.slices.policy.store import accounts
from ansimnet.slices.policy.store import notices as rows
from ansimnet.slices.policy.store.notices import NoticeRow
from ansimnet.slices.policy.store.requests import RequestRow


async def give_notice(
    tx: Tx, request: RequestRow, words: Mapping[str, object] | None, ground_id: GroundId, now: datetime
) -> None:
    """Give the notice that a second person has just approved, in the approval's own transaction."""
    area = None if words is None else words.get("area")
    if words is None or not isinstance(area, dict):
        return
    notice = NoticeRow(
        notice_id=request.request_id,
        ground_id=ground_id,
        resources=request.resources,
        statute=request.statute,
        lat=float(area["lat"]),
        lon=float(area["lon"]),
        from_at=datetime.fromisoformat(str(words["from_at"])),
        until_at=datetime.fromisoformat(str(words["until_at"])),
        given_at=now,
        ends_at=request.until_at,
        radius_m=float(area.get("radius_m", COARSE_M)),
        text=str(words.get("notice") or ""),
        author=await accounts.office_of(tx, request.asked_by) or "",
    )
    await rows.add_notice(tx, notice)
    fact = NoticeGiven(
        fact_id=FactId(new_id()),
        happened_at=now,
        notice_id=notice.notice_id,
        statute=notice.statute,
        from_at=notice.from_at,
        until_at=notice.until_at,
        ends_at=notice.ends_at,
        lat=notice.lat,
        lon=notice.lon,
        radius_m=notice.radius_m,
        text=notice.text,
        author=notice.author,
    )
    await ledger.append(tx, fact, actor="system:policy")


async def end_notice(tx: Tx, notice_id: UUID, now: datetime) -> None:
    """Take a notice back, here and, by its fact, in the city. Safe to run twice."""
    if await rows.close_notice(tx, notice_id, now):
        await _ended(tx, notice_id, now)


async def _ended(tx: Tx, notice_id: UUID, now: datetime) -> None:
    fact = NoticeEnded(fact_id=FactId(new_id()), happened_at=now, notice_id=notice_id)
    await ledger.append(tx, fact, actor="system:policy")


async def close_notices(tx: Tx, now: datetime) -> int:
    """Delete the squares of notices whose end has come; return how many. Run by a timer."""
    over = await rows.close_over(tx, now)
    for notice_id in over:
        await _ended(tx, notice_id, now)
    return len(over)


async def standing_notices(tx: Tx, now: datetime) -> list[NoticeRow]:
    """Return the notices of this centre that stand now. Each is read under a permit of its own."""
    return await rows.notices_standing(tx, now)


# ------------------------------------------------------------------------------------------------- between centres


async def to_city(tx: Tx, entry: Entry) -> list[CentreId]:
    """A notice of the supervising centre, and its end, cross to the city; nothing else does."""
    return [CITY_CENTRE] if tx.centre_id == TRACKING_CENTRE else []


async def hear_given(tx: Tx, fact: Fact, there: CentreId) -> None:
    """Take in a notice, with a ground of its own; nothing where this centre has not switched notices on."""
    assert isinstance(fact, NoticeGiven)
    if there != TRACKING_CENTRE or not notices_open() or fact.statute not in NOTICE_CLAUSES:
        return
    if await rows.ground_of(tx, fact.notice_id) is not None:
        return
    ground_id = await grant_ground(
        tx,
        GroundKind.ORDER,
        fact.statute,
        resources=(fact.notice_id,),
        until_at=fact.ends_at,
        now=fact.happened_at,
        about=(fact.notice_id,),
        acts=RULES_OF_TWO[RequestKind.DISCLOSURE].acts,
        request_id=fact.notice_id,
        actor=f"link:{there}",
    )
    notice = NoticeRow(
        notice_id=fact.notice_id,
        ground_id=ground_id,
        resources=frozenset({fact.notice_id}),
        statute=fact.statute,
        lat=fact.lat,
        lon=fact.lon,
        from_at=fact.from_at,
        until_at=fact.until_at,
        given_at=fact.happened_at,
        ends_at=fact.ends_at,
        radius_m=fact.radius_m,
        text=fact.text,
        author=fact.author,
    )
    await rows.add_notice(tx, notice)


async def hear_ended(tx: Tx, fact: Fact, there: CentreId) -> None:
    """Take a notice back that the supervising centre has ended; its permits end with it."""
    assert isinstance(fact, NoticeEnded)
    ground_id = await rows.ground_of(tx, fact.notice_id)
    if there != TRACKING_CENTRE or ground_id is None:
        return
    await rows.close_notice(tx, fact.notice_id, fact.happened_at)
    await end_ground(tx, ground_id, "withdrawn", fact.happened_at, actor=f"link:{there}")
