"""SQL of searches, candidates and hops. What a search is about is JSON under its request's own key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import msgspec

from ansimnet.kernel.ids import AccountId, PermitId
from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row
from ansimnet.platform.sealing import SealedColumn, register, seal, unseal
from ansimnet.slices.tracing.model import Found, Looked, Search

register(
    SealedColumn("tracing_search", "search_id", "subject_sealed", "request_id", bound="search_id"),
    SealedColumn("tracing_candidate", "candidate_id", "candidate_sealed", "request_id", bound="candidate_id"),
)
_SEARCH: LiteralString = (
    "search_id, request_id, asked_by, missing, asked_at, until_at, ended_at, ended_why, destroyed_at"
)


def _search(r: Row) -> Search:
    return Search(
        search_id=r[0], request_id=r[1], asked_by=AccountId(r[2]), missing=r[3], asked_at=r[4], until_at=r[5],
        ended_at=r[6], ended_why=r[7], destroyed_at=r[8],
    )  # fmt: skip


async def add(tx: Tx, search: Search, subject: dict[str, Any]) -> None:
    """Put a search on file with whom it looks for."""
    sealed = _sealed(tx, search.request_id, search.search_id, subject)
    await tx.execute(
        """insert into tracing_search (search_id, request_id, asked_by, missing, asked_at, until_at, subject_sealed)
           values (%s, %s, %s, %s, %s, %s, %s)""",
        (
            search.search_id,
            search.request_id,
            search.asked_by,
            search.missing,
            search.asked_at,
            search.until_at,
            sealed,
        ),
    )


def _sealed(tx: Tx, request_id: UUID, key: UUID, content: dict[str, Any]) -> bytes:
    return seal(tx, request_id, msgspec.json.encode(content), bound_to=key.bytes)


def _opened(tx: Tx, request_id: UUID, key: UUID, sealed: bytes | None) -> dict[str, Any] | None:
    plain = None if sealed is None else unseal(tx, request_id, bytes(sealed), bound_to=key.bytes)
    return None if plain is None else msgspec.json.decode(plain, type=dict[str, Any])


async def load(tx: Tx, search_id: UUID) -> Search | None:
    """Return a search as it is."""
    row = await tx.one(f"select {_SEARCH} from tracing_search where search_id = %s", (search_id,))
    return None if row is None else _search(row)


async def lock(tx: Tx, search_id: UUID) -> Search | None:
    """Return a search as it is now; nobody ends it, or takes another step of it, before this transaction ends."""
    row = await tx.one(f"select {_SEARCH} from tracing_search where search_id = %s for update", (search_id,))
    return None if row is None else _search(row)


async def of_request(tx: Tx, request_id: UUID) -> Search | None:
    """Return the search that rests on a request, locked."""
    row = await tx.one(f"select {_SEARCH} from tracing_search where request_id = %s for update", (request_id,))
    return None if row is None else _search(row)


async def of_account(tx: Tx, account_id: AccountId) -> list[Search]:
    """Return the searches of an account, newest first."""
    rows = await tx.all(
        f"select {_SEARCH} from tracing_search where asked_by = %s order by asked_at desc limit 100", (account_id,)
    )
    return [_search(r) for r in rows]


async def due(tx: Tx, now: datetime) -> list[UUID]:
    """Return searches whose time has passed and that nobody ended."""
    rows = await tx.all("select search_id from tracing_search where ended_at is null and until_at <= %s", (now,))
    return [r[0] for r in rows]


async def old(tx: Tx, before: datetime) -> list[UUID]:
    """Return searches that ended before an instant and whose findings are still there."""
    rows = await tx.all("select search_id from tracing_search where ended_at < %s and destroyed_at is null", (before,))
    return [r[0] for r in rows]


async def subject(tx: Tx, search: Search) -> dict[str, Any] | None:
    """Return whom a search looks for; None once its key or its findings were destroyed."""
    row = await tx.one("select subject_sealed from tracing_search where search_id = %s", (search.search_id,))
    return None if row is None else _opened(tx, search.request_id, search.search_id, row[0])


async def looks(tx: Tx, search: Search) -> list[Looked]:
    """Return what a search looked at."""
    said = await subject(tx, search) or {}
    return [msgspec.convert(one, Looked, strict=False) for one in said.get("looked", ())]


async def add_look(tx: Tx, search: Search, span: Looked) -> None:
    """Keep what a search looked at, beside whom it looks for. One look at the same cameras takes in an earlier one.

    The caller holds the search locked.
    """
    said = await subject(tx, search)
    if said is None:
        return
    kept = [k for k in await looks(tx, search) if not _holds(span, k)]
    content = said | {"looked": [msgspec.to_builtins(k) for k in (*kept, span)]}
    await tx.execute(
        "update tracing_search set subject_sealed = %s where search_id = %s",
        (_sealed(tx, search.request_id, search.search_id, content), search.search_id),
    )


def _holds(span: Looked, other: Looked) -> bool:
    return span.from_at <= other.from_at and other.until_at <= span.until_at and set(other.cameras) <= set(span.cameras)


async def end(tx: Tx, search_id: UUID, why: str, now: datetime) -> None:
    """End a search."""
    await tx.execute(
        "update tracing_search set ended_at = %s, ended_why = %s where search_id = %s and ended_at is null",
        (now, why, search_id),
    )


async def destroy(tx: Tx, search_id: UUID, now: datetime) -> int:
    """Delete what a search found and whom it looked for; return how many candidates there were."""
    gone = await tx.all("delete from tracing_candidate where search_id = %s returning 1", (search_id,))
    await tx.execute(
        "update tracing_search set subject_sealed = null, destroyed_at = %s where search_id = %s", (now, search_id)
    )
    return len(gone)


# ------------------------------------------------------------------------------------------------- steps


async def add_hop(tx: Tx, search_id: UUID, hop_id: UUID, permit_id: PermitId, now: datetime) -> int:
    """Write a step down and return its number. The caller holds the search locked."""
    row = await tx.one(
        """insert into tracing_hop (hop_id, search_id, number, permit_id, made_at)
           select %s, %s, coalesce(max(number), 0) + 1, %s, %s from tracing_hop where search_id = %s
           returning number""",
        (hop_id, search_id, permit_id, now, search_id),
    )
    assert row is not None
    return int(row[0])


async def hops(tx: Tx, search_id: UUID) -> int:
    """Return how many steps a search took."""
    row = await tx.one("select count(*) from tracing_hop where search_id = %s", (search_id,))
    return 0 if row is None else int(row[0])


async def add_candidates(tx: Tx, search: Search, found: Sequence[Found], now: datetime) -> None:
    """Keep candidates; one that is known keeps its verdict and takes the new reasons."""
    await tx.many(
        """insert into tracing_candidate (candidate_id, search_id, request_id, found_at, candidate_sealed)
           values (%s, %s, %s, %s, %s)
           on conflict (candidate_id) do update set candidate_sealed = excluded.candidate_sealed""",
        [
            (
                f.candidate_id,
                search.search_id,
                search.request_id,
                now,
                _sealed(tx, search.request_id, f.candidate_id, msgspec.to_builtins(f)),
            )
            for f in found
        ],
    )


async def candidates(tx: Tx, search: Search) -> list[Found]:
    """Return the candidates of a search, likeliest first."""
    rows = await tx.all(
        "select candidate_id, candidate_sealed, verdict from tracing_candidate where search_id = %s",
        (search.search_id,),
    )
    found = []
    for candidate_id, sealed, verdict in rows:
        content = _opened(tx, search.request_id, candidate_id, sealed)
        if content is not None:
            said = msgspec.convert(content | {"verdict": verdict}, Found, strict=False)
            found.append(said)
    return sorted(found, key=lambda f: (-f.score, f.from_at))


async def judge(tx: Tx, search_id: UUID, candidate_id: UUID, verdict: str | None, now: datetime) -> bool:
    """Keep a verdict; None takes it back. False where the search has no such candidate."""
    row = await tx.one(
        """update tracing_candidate set verdict = %s, judged_at = %s where search_id = %s and candidate_id = %s
           returning 1""",
        (verdict, None if verdict is None else now, search_id, candidate_id),
    )
    return row is not None
