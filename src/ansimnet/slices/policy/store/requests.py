"""Requests that need a second person, and what came out of them, as rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from ansimnet.kernel.ids import AccountId, GroundId
from ansimnet.kernel.permits import GroundKind, Purpose, Role
from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row
from ansimnet.slices.policy.store.typed import seal, unseal

__all__ = ["RequestRow", "add_request", "load_request", "lock_request", "requests_due", "requests_listed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """A request as it stands. `state` and `kind` are values of the rules' enums; `urgent` ones began at once."""

    request_id: UUID
    kind: str
    asked_by: AccountId
    asked_role: Role
    asked_at: datetime
    purpose: Purpose
    ground_kind: GroundKind
    statute: str
    order_id: UUID | None
    resources: frozenset[UUID]
    urgent: bool
    answer_by: datetime
    until_at: datetime
    state: str
    ground_id: GroundId | None = None
    decided_by: AccountId | None = None
    decided_role: Role | None = None
    decided_at: datetime | None = None
    destroyed_at: datetime | None = None
    court_sealed_at: datetime | None = None


_COLUMNS: LiteralString = """request_id, kind, asked_by, asked_role, asked_at, purpose, ground_kind, statute, order_id,
    resources, urgent, answer_by, until_at, state, ground_id, decided_by, decided_role, decided_at, destroyed_at,
    court_sealed_at"""


def _row(r: Row) -> RequestRow:
    return RequestRow(
        request_id=r[0],
        kind=r[1],
        asked_by=AccountId(r[2]),
        asked_role=Role(r[3]),
        asked_at=r[4],
        purpose=Purpose(r[5]),
        ground_kind=GroundKind(r[6]),
        statute=r[7],
        order_id=r[8],
        resources=frozenset(r[9]),
        urgent=r[10],
        answer_by=r[11],
        until_at=r[12],
        state=r[13],
        ground_id=None if r[14] is None else GroundId(r[14]),
        decided_by=None if r[15] is None else AccountId(r[15]),
        decided_role=None if r[16] is None else Role(r[16]),
        decided_at=r[17],
        destroyed_at=r[18],
        court_sealed_at=r[19],
    )


async def add_request(tx: Tx, request: RequestRow, words: Mapping[str, object]) -> None:
    """Put a request on file; what was typed is sealed under a key of its own."""
    year = request.asked_at.year
    await tx.execute(
        """insert into policy_request (request_id, kind, asked_by, asked_role, asked_at, purpose, ground_kind, statute,
               order_id, resources, urgent, answer_by, until_at, state, ground_id, sealed, key_year)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        (
            request.request_id,
            request.kind,
            request.asked_by,
            request.asked_role,
            request.asked_at,
            request.purpose,
            request.ground_kind,
            request.statute,
            request.order_id,
            sorted(request.resources),
            request.urgent,
            request.answer_by,
            request.until_at,
            request.state,
            request.ground_id,
            seal(tx, request.request_id, year, words, "request"),
            year,
        ),
    )


async def load_request(tx: Tx, request_id: UUID) -> RequestRow | None:
    """Return a request as it is."""
    row = await tx.one(f"select {_COLUMNS} from policy_request where request_id = %s", (request_id,))
    return None if row is None else _row(row)


async def lock_request(tx: Tx, request_id: UUID) -> RequestRow | None:
    """Return a request as it is now; nobody answers it before this transaction ends."""
    row = await tx.one(f"select {_COLUMNS} from policy_request where request_id = %s for update", (request_id,))
    return None if row is None else _row(row)


async def requests_listed(tx: Tx, *, kinds: Collection[str], asked_by: AccountId, limit: int = 200) -> list[RequestRow]:
    """Return one's own requests and those of these kinds, newest first."""
    rows = await tx.all(
        f"""select {_COLUMNS} from policy_request where kind = any(%s) or asked_by = %s
            order by (state = 'waiting') desc, asked_at desc limit %s""",
        (sorted(kinds), asked_by, limit),
    )
    return [_row(r) for r in rows]


async def requests_due(tx: Tx, now: datetime) -> list[UUID]:
    """Return what waits past its time, oldest first."""
    rows = await tx.all(
        "select request_id from policy_request where state = 'waiting' and answer_by <= %s order by answer_by", (now,)
    )
    return [r[0] for r in rows]


async def requests_under(tx: Tx, order_id: UUID) -> list[RequestRow]:
    """Return the requests that rest on an order and still wait or stand."""
    rows = await tx.all(
        f"select {_COLUMNS} from policy_request where order_id = %s and state in ('waiting', 'approved')", (order_id,)
    )
    return [_row(r) for r in rows]


async def answer_request(
    tx: Tx,
    request: RequestRow,
    *,
    state: str,
    by: AccountId | None,
    role: Role | None,
    ground_id: GroundId | None,
    words: Mapping[str, object] | None,
    now: datetime,
) -> None:
    """Write the answer to a request that the caller holds locked."""
    year = request.asked_at.year
    sealed = None if words is None else seal(tx, request.request_id, year, words, "answer")
    await tx.execute(
        """update policy_request set state = %s, decided_by = %s, decided_role = %s, decided_at = %s, ground_id = %s,
               answer_sealed = coalesce(%s, answer_sealed) where request_id = %s""",
        (state, by, role, now, ground_id, sealed, request.request_id),
    )


async def words_of(tx: Tx, request: RequestRow) -> tuple[dict[str, object] | None, dict[str, object] | None]:
    """Return what was typed to ask and to answer; None where there is nothing, or its key was destroyed."""
    row = await tx.one("select sealed, answer_sealed from policy_request where request_id = %s", (request.request_id,))
    if row is None:
        return None, None
    year = request.asked_at.year
    return (
        unseal(tx, request.request_id, year, row[0], "request"),
        unseal(tx, request.request_id, year, row[1], "answer"),
    )


async def court_seal(tx: Tx, request_id: UUID, now: datetime) -> None:
    """Keep a rejected request's words and outputs for a court alone."""
    await tx.execute("update policy_request set court_sealed_at = %s where request_id = %s", (now, request_id))


async def forget_words(tx: Tx, request_id: UUID, now: datetime) -> None:
    """Delete the sealed words of a request: the row stays, empty."""
    await tx.execute(
        """update policy_request set sealed = null, answer_sealed = null, destroyed_at = %s, court_sealed_at = null
           where request_id = %s""",
        (now, request_id),
    )


async def undone(tx: Tx) -> list[UUID]:
    """Return rejected requests whose words are still there, sealed for a court or not yet destroyed."""
    rows = await tx.all("select request_id from policy_request where state = 'rejected' and destroyed_at is null")
    return [r[0] for r in rows]


# ------------------------------------------------------------------------------------------------- outputs


async def add_output(tx: Tx, request_id: UUID, kind: str, ref: UUID, now: datetime) -> bool:
    """Remember what came out of a request; False where it is known already."""
    row = await tx.one(
        """insert into policy_output (request_id, kind, ref, registered_at) values (%s, %s, %s, %s)
           on conflict do nothing returning 1""",
        (request_id, kind, ref, now),
    )
    return row is not None


async def outputs_of(tx: Tx, request_id: UUID) -> list[tuple[str, UUID, datetime | None]]:
    """Return kind, id and end of everything that came out of a request."""
    rows = await tx.all(
        "select kind, ref, destroyed_at from policy_output where request_id = %s order by kind, ref", (request_id,)
    )
    return [(r[0], r[1], r[2]) for r in rows]


async def output_gone(tx: Tx, request_id: UUID, kind: str, ref: UUID, now: datetime) -> bool:
    """Note that an output was destroyed; False where it was unknown or gone already."""
    row = await tx.one(
        """update policy_output set destroyed_at = %s
           where request_id = %s and kind = %s and ref = %s and destroyed_at is null returning 1""",
        (now, request_id, kind, ref),
    )
    return row is not None


# ------------------------------------------------------------------------------------------ one person, two names


async def same_person(tx: Tx, one: AccountId, other: AccountId) -> bool:
    """Return whether two accounts are known to be one human being's."""
    row = await tx.one(
        """select 1 from policy_same_person a join policy_same_person b using (person_id)
           where a.account_id = %s and b.account_id = %s""",
        (one, other),
    )
    return row is not None


async def join_persons(tx: Tx, one: AccountId, other: AccountId, person_id: UUID) -> None:
    """Remember that two accounts are one human being's, with all that were known for either. Safe to run twice."""
    await tx.execute(
        """update policy_same_person set person_id = %s where person_id in
               (select person_id from policy_same_person where account_id = any(%s))""",
        (person_id, [one, other]),
    )
    await tx.many(
        """insert into policy_same_person (account_id, person_id) values (%s, %s)
           on conflict (account_id) do update set person_id = excluded.person_id""",
        [(one, person_id), (other, person_id)],
    )


async def logins(tx: Tx, account_ids: Collection[AccountId]) -> dict[AccountId, str]:
    """Return the seats behind these accounts."""
    rows = await tx.all("select account_id, login from policy_account where account_id = any(%s)", (list(account_ids),))
    return {AccountId(r[0]): r[1] for r in rows}
