"""Open notices, who is silent, and up to when the clock was judged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from psycopg import AsyncCursor

from ansimnet.facts.supervision import (
    NoticeKind,
)
from ansimnet.kernel.ids import (
    DeviceId,
    NoticeId,
    ProtectedPersonId,
    WearerId,
)
from ansimnet.platform.arrays import ids
from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row
from ansimnet.slices.supervision.model import (
    Hearing,
    OpenNotice,
)


async def open_notices(tx: Tx, wearers: Iterable[UUID], protected: Iterable[UUID] = ()) -> list[OpenNotice]:
    """Return the open notices of some wearers, and those about some protected persons."""
    rows = await tx.all(
        """
        select n.notice_id, n.notice, n.wearer_id, n.device_id, n.protected_person_id, n.since_at,
               d.protected_person_id is not null
        from supervision_notice n join supervision_device d using (device_id)
        where n.ended_at is null and (n.wearer_id = any(%s) or n.protected_person_id = any(%s))
        """,
        [list(wearers), list(protected)],
    )
    return [OpenNotice(NoticeId(r[0]), NoticeKind(r[1]), *r[2:]) for r in rows]


async def ask_of_whom(tx: Tx, people: Iterable[UUID]) -> AsyncCursor[Row]:
    """Ask of whom anything is remembered but a place; the rows are ids of people.

    What counts: a watch that is not quiet, an alarm that is not closed, a notice that stands about one of them.
    """
    return await tx.execute(
        """
        select wearer_id from supervision_watch where rests_since is null and wearer_id = any(%(people)s)
        union all select wearer_id from supervision_alarm where closed_at is null and wearer_id = any(%(people)s)
        union all select protected_person_id from supervision_alarm
            where closed_at is null and protected_person_id = any(%(people)s)
        union all select wearer_id from supervision_notice where ended_at is null and wearer_id = any(%(people)s)
        union all select protected_person_id from supervision_notice
            where ended_at is null and protected_person_id = any(%(people)s)
        """,
        {"people": ids(people)},
        binary=True,
    )


async def silent_wearers(
    tx: Tx, now: datetime, since: datetime, among: Sequence[WearerId] | None = None
) -> list[Hearing]:
    """Return the wearers under an order in force whom no device has placed after `since`, by their best device.

    One that was bound and never heard counts from when it was bound, or from when the order began if that is later;
    one that was placed comes before it, for binding places nobody.
    """
    rows = await tx.all(
        """
        select * from (
            select distinct on (d.wearer_id) d.device_id, d.wearer_id, greatest(d.bound_at, w.order_from_at) as from_at,
                   d.placed_at, d.battery, d.jammed
            from supervision_device d join supervision_wearer w using (wearer_id)
            where w.order_from_at <= %(now)s and w.order_until_at > %(now)s
              and (%(among)s::uuid[] is null or d.wearer_id = any(%(among)s))
            order by d.wearer_id, d.placed_at desc nulls last, from_at desc
        ) best where coalesce(placed_at, from_at) <= %(due)s
        """,
        {"now": now, "due": since, "among": list(among) if among is not None else None},
    )
    return [Hearing(*r) for r in rows]


async def silent_protected(
    tx: Tx, since: datetime, among: Sequence[UUID] | None = None
) -> list[tuple[ProtectedPersonId, DeviceId, datetime]]:
    """Return the protected persons whom no device of theirs has placed after `since`."""
    rows = await tx.all(
        """
        select * from (
            select distinct on (d.protected_person_id) d.protected_person_id, d.device_id,
                   coalesce(d.placed_at, d.bound_at) as placed_at
            from supervision_device d where d.protected_person_id is not null and d.heard_at is not null
              and (%(among)s::uuid[] is null or d.protected_person_id = any(%(among)s))
            order by d.protected_person_id, coalesce(d.placed_at, d.bound_at) desc
        ) best where placed_at <= %(due)s
        """,
        {"due": since, "among": list(among) if among is not None else None},
    )
    return [(ProtectedPersonId(r[0]), DeviceId(r[1]), r[2]) for r in rows]


async def ticked_at(tx: Tx) -> datetime | None:
    """Return up to when the clock has been judged."""
    row = await tx.one("select at from supervision_ticked")
    return row[0] if row is not None else None


async def set_ticked(tx: Tx, at: datetime) -> None:
    """Note up to when the clock has been judged."""
    await tx.execute(
        "insert into supervision_ticked (centre_id, at) values (%s, %s) "
        "on conflict (centre_id) do update set at = excluded.at",
        [tx.centre_id, at],
    )
