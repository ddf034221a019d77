"""What the tests of the second person share: a search asked for, asking, approving, reading back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tests.slices.policy.conftest import NOW

from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import AccountId, new_id
from ansimnet.kernel.permits import GroundKind, Purpose
from ansimnet.platform.db import Db
from ansimnet.platform.ledger.append import opened
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.model import Account, Ground
from ansimnet.slices.policy.rules.asking import Area, Asking, Description
from ansimnet.slices.policy.rules.second import (
    RequestKind,
)
from ansimnet.slices.policy.store.requests import RequestRow

CAMERA, PERSON = new_id(), new_id()
ASKER, OTHER, THIRD = AccountId(new_id()), AccountId(new_id()), AccountId(new_id())
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def a_search(**changes: Any) -> Asking:
    whole = Asking(
        kind=RequestKind.SEARCH,
        resources=frozenset({CAMERA}),
        purpose=Purpose.INVESTIGATE,
        ground_kind=GroundKind.STATUTE,
        statute="PIPA 18(2)7",
        reason="골목에서 끌고 간 사람을 찾는다",
        until_at=NOW + 4 * HOUR,
        case_no="2026-형-4410",
        description=Description(clothes="검은 패딩, 흰 모자", vehicle="회색 승합차"),
        area=Area(lat=37.4979, lon=127.0276, radius_m=800),
        window=(NOW - HOUR, NOW + HOUR),
    )
    return replace(whole, **changes)


Ask = Callable[..., Awaitable[RequestRow]]


async def ask(db: Db, who: Account, now: datetime = NOW, **changes: Any) -> RequestRow:
    return await queries.ask(db, who, a_search(**changes), now)


async def approve(db: Db, who: Account, request_id: UUID, now: datetime = NOW + MINUTE) -> RequestRow:
    async with db.transaction() as tx:
        return await queries.approve_request(tx, who, request_id, "확인함", now)


async def grounds_of(db: Db, request_id: UUID) -> list[Ground]:
    async with db.transaction() as tx:
        return await queries.grounds_about(tx, request_id)


async def facts(db: Db, kind: type[Fact]) -> list[Any]:
    async with db.transaction() as tx:
        found = await tx.all(
            """select kind, entry_id, subject_id, key_year, body, payload from ledger_entry where kind = %s
               order by recorded_at""",
            (kind.kind,),
        )
    return [opened(k, e, s, y, bytes(b), None if p is None else bytes(p), db.keys) for k, e, s, y, b, p in found]
