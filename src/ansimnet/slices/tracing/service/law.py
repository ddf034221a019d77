"""The law of a search: it is asked, another approves it, each step is on the ledger, and its end stops it at once.

Every step commits in one transaction that holds the search, its request and its permit: whoever withdraws, refuses or
revokes waits for it, or was there before, and then there is no step (TR-04).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import msgspec

from ansimnet.facts.tracing import FindingsDestroyed, HopMade, KeysReleased, SearchAsked, SearchEnded
from ansimnet.kernel.errors import Conflict, Forbidden, NotFound
from ansimnet.kernel.ids import CameraId, FactId, new_id
from ansimnet.kernel.permits import Act, Masking, Permit, Purpose
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.queries.approvals import NotUnderWay
from ansimnet.slices.policy.queries.permits import standing
from ansimnet.slices.tracing.model import OUTPUT, Scope, Search, SearchOver
from ansimnet.slices.tracing.store import searches

SCREEN = "tracing"
ACTOR = "system:tracing"
MISSING_ACT = "MISSING-ACT 9"
"""The clause under which missing children and people with dementia are searched for (TR-05)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A search that stands now, its permit, and where and when it may look."""

    search: Search
    permit: Permit
    scope: Scope
    purpose: Purpose


async def ask(
    db: Db, account: policy.Account, asking: policy.Asking, subject: Mapping[str, Any], now: datetime
) -> Search:
    """Ask for a search; nothing is opened before a second person approves it, but for an urgent one.

    Args:
        asking: its `resources` are the new search's id alone.

    Raises as `policy.request_approval` does; who asks for what is not his work is on the ledger for it.
    """
    [search_id] = asking.resources
    async with db.transaction() as tx:
        if not policy.may_ever(account, Act.SEARCH_PERSON):
            raise Forbidden("this role searches for nobody", detail_ko="이 역할은 사람을 찾지 않습니다")
        request = await policy.request_approval(tx, account, asking, now)
        search = Search(
            search_id=search_id,
            request_id=request.request_id,
            asked_by=account.account_id,
            missing=asking.statute == MISSING_ACT,
            asked_at=now,
            until_at=request.until_at,
        )
        await searches.add(tx, search, dict(subject))
        fact = SearchAsked(
            fact_id=FactId(new_id()),
            happened_at=now,
            search_id=search_id,
            request_id=request.request_id,
            missing=search.missing,
            by=account.account_id,
            until_at=request.until_at,
        )
        await append(tx, fact, actor=f"account:{account.account_id}")
    return search


async def stand(db: Db, account: policy.Account, search_id: UUID, now: datetime) -> Standing:
    """Return a search of this account that stands, with a permit of its own.

    Raises:
        NotFound: this account asked for no such search.
        SearchOver: it was not approved, or has ended.
        Forbidden: no ground opens it any more.
    """
    async with db.transaction() as tx:
        search = await _own(tx, account, search_id)
        if search.ended_at is not None or now >= search.until_at:
            raise SearchOver
        if not await policy.approved(tx, search.request_id, now):
            raise SearchOver(
                "no second person has approved it, or it has ended", detail_ko="승인되지 않았거나 끝난 찾기입니다"
            )
        await _never_revoked(tx, search)
        request = await policy.request_for(tx, account, search.request_id)
        words, _ = await policy.words_for(tx, request)
    permit = await policy.permit(
        db, account, Act.SEARCH_PERSON, resource=search_id, purpose=request.purpose, screen=SCREEN, now=now
    )
    return Standing(search, permit, _scope(words), request.purpose)


async def _own(tx: Tx, account: policy.Account, search_id: UUID) -> Search:
    search = await searches.load(tx, search_id)
    if search is None or search.asked_by != account.account_id:
        raise NotFound("there is no such search")
    return search


def _scope(words: Mapping[str, Any] | None) -> Scope:
    if words is None or words.get("area") is None:
        raise SearchOver
    area = cast(Mapping[str, float], words["area"])
    return Scope(
        lat=area["lat"],
        lon=area["lon"],
        radius_m=area["radius_m"],
        from_at=datetime.fromisoformat(words["from_at"]),
        until_at=datetime.fromisoformat(words["until_at"]),
    )


async def step(tx: Tx, stood: Standing, kind: str, content: Mapping[str, Any], now: datetime) -> int:
    """Write a step of a search on the ledger and return its number; the caller's transaction does what it allows.

    Raises:
        SearchOver, PermitOver: it ended meanwhile, and nothing was written.
    """
    search = await still(tx, stood, now)
    hop_id = new_id()
    number = await searches.add_hop(tx, search.search_id, hop_id, stood.permit.permit_id, now)
    fact = HopMade(
        fact_id=FactId(hop_id),
        happened_at=now,
        request_id=search.request_id,
        search_id=search.search_id,
        number=number,
        step=kind,
        permit_id=stood.permit.permit_id,
        content=msgspec.json.encode(content).decode(),
    )
    await append(tx, fact, actor=f"account:{stood.permit.account_id}")
    return number


async def still(tx: Tx, stood: Standing, now: datetime) -> Search:
    """Return a search that stands until the caller's transaction ends: whoever ends it waits, or was before.

    Raises:
        SearchOver, PermitOver: it ended meanwhile.
    """
    search = await searches.lock(tx, stood.search.search_id)
    if search is None or search.ended_at is not None or now >= search.until_at:
        raise SearchOver
    try:
        await policy.register_output(tx, search.request_id, OUTPUT, search.search_id, now)
    except NotUnderWay:
        raise SearchOver from None
    await permitted(tx, stood, now)
    return search


async def permitted(tx: Tx, stood: Standing, now: datetime) -> None:
    """Refuse where the permit in hand, or any other that this search ever had, was revoked.

    Raises:
        SearchOver, PermitOver: see their names.
    """
    await standing(tx, stood.permit, Act.SEARCH_PERSON, stood.search.search_id, now)
    await _never_revoked(tx, stood.search)


async def _never_revoked(tx: Tx, search: Search) -> None:
    """A permit that somebody took away is not asked for anew: the whole search is over."""
    about = [*await policy.permits_about(tx, search.search_id), *await policy.permits_about(tx, search.request_id)]
    if any(held.permit.revoked_at for held in about):
        raise SearchOver("a permit of this search was revoked", detail_ko="이 찾기의 허가가 취소되었습니다")


async def camera(
    db: Db, account: policy.Account, stood: Standing, kind: str, about: Mapping[str, Any], now: datetime,
    acts: Mapping[Act, Masking],
) -> list[Permit]:  # fmt: skip
    """Take a step that opens a camera's pictures, and return a permit for each act; `about` names `camera_id`.

    The camera joins the ground that the approval put on file, so that the end of the one ends all its pictures.

    Raises:
        SearchOver, PermitOver, Forbidden: see `stand`.
    """
    camera_id: CameraId = about["camera_id"]
    ground_id = stood.permit.ground_id
    assert ground_id is not None  # no search without a ground
    async with db.transaction() as tx:
        await step(tx, stood, kind, about, now)
        await policy.widen_ground(tx, ground_id, {camera_id}, now, actor=f"account:{account.account_id}")
    return [
        await policy.permit(
            db, account, act, resource=camera_id, purpose=stood.purpose, screen=SCREEN, now=now, masking=masking
        )
        for act, masking in acts.items()
    ]


async def release(tx: Tx, stood: Standing, cameras: list[CameraId], hours: list[datetime], now: datetime) -> None:
    """Write down which keys are released, in the step's own transaction; they are opened after its commit."""
    fact = KeysReleased(
        fact_id=FactId(new_id()),
        happened_at=now,
        search_id=stood.search.search_id,
        permit_id=stood.permit.permit_id,
        cameras=tuple(sorted(cameras)),
        from_at=hours[0],
        until_at=hours[-1],
        keys=len(cameras) * len(hours),
    )
    await append(tx, fact, actor=f"account:{stood.permit.account_id}")


# ------------------------------------------------------------------------------------------------- how it ends


async def close(db: Db, account: policy.Account, search_id: UUID, reason: str, now: datetime) -> Search:
    """Close one's own search: its request is withdrawn with it, and every permit under it ends.

    Raises:
        NotFound, AlreadyAnswered, NoReason: see their names.
    """
    async with db.transaction() as tx:
        search = await _own(tx, account, search_id)
        if search.ended_at is None:
            with suppress(Conflict):  # refused, expired or withdrawn already: it ends here as well
                await policy.withdraw_request(tx, account, search.request_id, reason, now)
            await end(tx, search, "closed", now)
        return await _own(tx, account, search_id)


async def end(tx: Tx, search: Search, why: str, now: datetime) -> None:
    """End a search; from this commit on there is no step, and what it found lies sealed. Safe to run twice."""
    locked = await searches.lock(tx, search.search_id)
    if locked is None or locked.ended_at is not None:
        return
    await searches.end(tx, search.search_id, why, now)
    fact = SearchEnded(
        fact_id=FactId(new_id()),
        happened_at=now,
        search_id=search.search_id,
        request_id=search.request_id,
        why=why,
        hops=await searches.hops(tx, search.search_id),
    )
    await append(tx, fact, actor=ACTOR)


async def destroy(tx: Tx, search: Search, now: datetime) -> None:
    """Destroy what a search found, and say so to the request it came from. Safe to run twice."""
    if search.destroyed_at is not None:
        return
    count = await searches.destroy(tx, search.search_id, now)
    await policy.output_destroyed(tx, search.request_id, OUTPUT, search.search_id, now)
    fact = FindingsDestroyed(
        fact_id=FactId(new_id()),
        happened_at=now,
        search_id=search.search_id,
        request_id=search.request_id,
        candidates=count,
    )
    await append(tx, fact, actor=ACTOR)
