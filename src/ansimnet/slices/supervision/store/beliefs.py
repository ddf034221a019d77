"""The rows of people: the locks of judging, and where each is believed to be, as bytes (`rules.kept`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from psycopg import AsyncCursor

from ansimnet.platform.arrays import BYTEA, alike
from ansimnet.platform.arrays import ids as ids_of
from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row
from ansimnet.slices.supervision.model import Person, PersonId


async def ask(tx: Tx, ids: Iterable[PersonId]) -> AsyncCursor[Row]:
    """Lock some people in the order of their ids; `locked` reads the answer."""
    return await tx.execute(
        "select uuid_send(person_id), uuid_send(bound_by), estimate from supervision_person "
        "where person_id = any(%s) order by person_id for update",
        [ids_of(ids)],
        binary=True,
    )


async def locked(asked: AsyncCursor[Row], ids: Iterable[PersonId]) -> dict[PersonId, Person]:
    """Return the rows of the people who were locked; `ids` are those that were asked for."""
    known = {p.int: p for p in ids}  # rows come as plain bytes: making two ids of each costs more than all else here
    return {known[int.from_bytes(r[0])]: Person(r[1], r[2]) for r in await asked.fetchall()}


async def save(tx: Tx, beliefs: Mapping[PersonId, bytes]) -> None:
    """Write where some people, who are locked, are believed to be."""
    if beliefs:
        await tx.execute(
            "update supervision_person p set estimate = n.estimate "
            "from unnest(%s::uuid[], %s::bytea[]) as n (person_id, estimate) where p.person_id = n.person_id",
            [ids_of(beliefs), alike(BYTEA, list(beliefs.values()))],
        )
