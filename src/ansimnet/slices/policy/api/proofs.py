"""Proofs about the ledger over HTTP: for the auditor with the entry in them, for everybody the signed heads alone."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, CentreId
from ansimnet.kernel.permits import Act, Purpose
from ansimnet.platform.db import BIGINT, Db
from ansimnet.platform.http import door
from ansimnet.platform.ledger import checkpoints, proofs, witness
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.api.sessions import TheDesk
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.service import Desk

router = APIRouter(prefix="/api/v1/ledger", tags=["policy"])

Reads = Annotated[Account, Depends(door(Act.READ_LEDGER))]
Public = Annotated[
    None, Depends(door(Act.READ_STATISTICS, public_because="signed hashes that witnesses keep; no entry is in them"))
]
Number = Query(ge=1, le=BIGINT)
Size = Annotated[int, Number]
CENTRES: dict[str, CentreId] = {"tracking": TRACKING_CENTRE, "city": CITY_CENTRE}


async def _may(desk: Desk, account: Account) -> Db:
    db = desk.dbs.of(account.centre_id)
    await queries.permit(db, account, Act.READ_LEDGER, purpose=Purpose.AUDIT, screen="proof", now=desk.clock.now())
    return db


def _centre(desk: Desk, name: str) -> Db:
    if name not in CENTRES:
        raise NotFound("there is no such centre", todo="say tracking or city")
    return desk.dbs.of(CENTRES[name])


@router.get("/inclusion")
async def prove_inclusion(
    account: Reads,
    desk: TheDesk,
    seq: Annotated[int | None, Number] = None,
    entry: UUID | None = None,
    size: Annotated[int | None, Number] = None,
) -> dict[str, Any]:
    """The proof that an entry, by number or id, is under a signed head: `tools/verify_ledger.py` checks it offline."""
    db = await _may(desk, account)
    which = seq if seq is not None else entry
    if which is None:
        raise NotFound("say which entry: `seq` or `entry`")
    async with db.transaction() as tx:
        return await proofs.prove_entry(db, tx, which, size=size)


@router.get("/heads")
async def list_heads(
    _: Public,
    desk: TheDesk,
    centre: str = "tracking",
    before: Annotated[int | None, Number] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
) -> dict[str, Any]:
    """A centre's signed heads, newest first, each with its code for paper and the centres that countersigned it."""
    db = _centre(desk, centre)
    async with db.transaction() as tx:
        found = await checkpoints.heads(tx, limit=limit, before=before)
        signed = await witness.countersigned(tx, [c.size for c in found])
    return {
        "heads": [{**c.object(), "code": witness.short_code(c), "witnesses": signed.get(c.size, [])} for c in found],
        "next": found[-1].size if len(found) == limit else None,
    }


@router.get("/consistency")
async def prove_consistency(
    _: Public, desk: TheDesk, older: Size, newer: Annotated[int | None, Number] = None, centre: str = "tracking"
) -> dict[str, Any]:
    """The proof that one signed head goes on from an older one: nothing under the older was changed or dropped."""
    db = _centre(desk, centre)
    async with db.transaction() as tx:
        return await proofs.prove_consistency(db, tx, older=older, newer=newer)
