"""Pages of the sealed ledger, and entries by what they name: public bodies only, nothing is decrypted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ansimnet.platform.ledger.append import body_of

if TYPE_CHECKING:
    from ansimnet.platform.db import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class PageEntry:
    """One sealed entry as an auditor sees it."""

    seq: int
    at: datetime
    kind: str
    actor: str
    body: dict[str, Any]
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where the chain ends, and the newest signed root below it."""

    seq: int
    hash: bytes | None
    size: int | None
    root: bytes | None
    signature: bytes | None
    signed_at: datetime | None


async def read_page(tx: Tx, *, after_seq: int | None, limit: int, kind: str | None) -> list[PageEntry]:
    """Return entries in order, from the one behind `after_seq`; without it the newest `limit`.

    `kind` keeps one kind, or with a trailing dot everything below it (`policy.`).
    """
    newest = after_seq is None
    rows = await tx.all(
        f"""select s.seq, e.happened_at, e.kind, e.actor, e.body, s.hash
            from ledger_seal s join ledger_entry e using (entry_id)
            where s.seq > %s and (%s::text is null or e.kind = %s or (right(%s, 1) = '.' and starts_with(e.kind, %s)))
            order by s.seq {"desc" if newest else "asc"} limit %s""",
        (after_seq or 0, kind, kind, kind, kind, limit),
    )
    found = [
        PageEntry(seq=r[0], at=r[1], kind=r[2], actor=r[3], body=body_of(bytes(r[4])), hash=bytes(r[5])) for r in rows
    ]
    return found[::-1] if newest else found


async def read_head(tx: Tx) -> Head:
    """Return the end of the chain and the newest checkpoint."""
    last = await tx.one("select seq, hash from ledger_seal order by seq desc limit 1")
    signed = await tx.one("select size, root, signature, signed_at from ledger_checkpoint order by size desc limit 1")
    size, root, signature, signed_at = signed if signed is not None else (None, None, None, None)
    return Head(
        seq=last[0] if last is not None else 0,
        hash=bytes(last[1]) if last is not None else None,
        size=size,
        root=None if root is None else bytes(root),
        signature=None if signature is None else bytes(signature),
        signed_at=signed_at,
    )


async def entries_naming(
    tx: Tx,
    kind: str,
    field: str,
    values: Collection[str],
    *,
    recorded: tuple[datetime, datetime] | None = None,
    about: tuple[datetime, datetime] | None = None,
) -> list[UUID]:
    """Return the ids of sealed entries of a kind whose public field is one of these values, or lists one, oldest first.

    `recorded`: when, `[from, until)`. `about`: only entries whose own `[from_at, until_at)` touches this time.
    """
    since, before = recorded or (None, None)
    first, behind = about or (None, None)
    rows = await tx.all(
        """select s.entry_id from ledger_entry e join ledger_seal s using (entry_id),
                  lateral (select convert_from(e.body, 'UTF8')::jsonb as told) as b
           where e.kind = %s and told -> %s ?| %s
             and (%s::timestamptz is null or (e.recorded_at >= %s and e.recorded_at < %s))
             and (%s::timestamptz is null
                  or ((told ->> 'from_at')::timestamptz < %s and (told ->> 'until_at')::timestamptz > %s))
           order by s.seq""",
        (kind, field, list(values), since, since, before, first, behind, first),
    )
    return [r[0] for r in rows]
