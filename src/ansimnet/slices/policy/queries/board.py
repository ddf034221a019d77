"""What a privacy officer must know at a glance: what is open, what is owed, what stands out, is the chain whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from ansimnet.kernel.ids import AccountId
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger import pages
from ansimnet.platform.ledger.witness import Witnessed, witnessed
from ansimnet.slices.policy.queries.folding import bounds, month_before, month_of
from ansimnet.slices.policy.rules.second import RequestKind
from ansimnet.slices.policy.store import glass, openness, requests, review, rights
from ansimnet.slices.policy.store.glass import GlassRow
from ansimnet.slices.policy.store.openness import ComplaintRow
from ansimnet.slices.policy.store.requests import RequestRow

NOBODY = AccountId(UUID(int=0))
DAY = timedelta(hours=24)
SPIKE = 3
"""So many refusals of one seat within a day are worth a look (as the review's series; ours)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The privacy officer's board at an instant."""

    glasses: tuple[GlassRow, ...]
    requests: tuple[RequestRow, ...]
    refusals: tuple[tuple[str, str, int], ...]
    complaints: tuple[ComplaintRow, ...]
    hours: tuple[tuple[datetime, str, int], ...]
    anomalies: tuple[dict[str, Any], ...]
    folded_at: datetime | None
    month: str
    rights: int
    rights_suspended: int
    review_month: str
    review_state: str
    review_due: datetime
    head: pages.Head
    witnesses: tuple[Witnessed, ...]
    seats: dict[UUID, str]


async def board(tx: Tx, now: datetime) -> Board:
    """Return the board: counts, clocks and seats; nobody's data."""
    this = month_of(now)
    running, last = await review.read_review(tx, this), await review.read_review(tx, month_before(this))
    held = await rights.list_rights(tx)
    found = [] if running is None else msgspec.json.decode(running.document, type=dict[str, Any])["anomalies"]
    judged = await review.judgements(tx, [f"anomaly:{a['key']}" for a in found])
    waiting = [a for a in found if f"anomaly:{a['key']}" not in judged]
    asked = await requests.requests_listed(tx, kinds=[k.value for k in RequestKind], asked_by=NOBODY)
    owed = [g for g, _ in await glass.list_glass(tx, account_id=None, limit=100) if g.accepted is None]
    return Board(
        glasses=tuple(owed),
        requests=tuple(r for r in asked if r.state == "waiting"),
        refusals=tuple(r for r in await openness.refusals_since(tx, now - DAY) if r[2] >= SPIKE),
        complaints=tuple(c for c in await openness.list_complaints(tx) if c.answered_at is None),
        hours=tuple(await openness.hours_since(tx, now - DAY)),
        anomalies=tuple(waiting[:10]),
        folded_at=None if running is None else running.folded_at,
        month=f"{this:%Y-%m}",
        rights=sum(r.ended_at is None and r.suspended_at is None for r in held),
        rights_suspended=sum(r.ended_at is None and r.suspended_at is not None for r in held),
        review_month=f"{month_before(this):%Y-%m}",
        review_state="missing" if last is None else last.state,
        review_due=bounds(this)[1],
        head=await pages.read_head(tx),
        witnesses=tuple(await witnessed(tx)),
        seats=await review.seats_of(tx, {UUID(a["account_id"]) for a in waiting[:10]}),
    )
