"""The rows of people: the locks of judging, and where each is believed to be, as numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from psycopg import AsyncCursor

from ansimnet.kernel.ids import DeviceId, FixId
from ansimnet.platform.arrays import BYTEA, array
from ansimnet.platform.arrays import ids as ids_of
from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row
from ansimnet.slices.supervision.model import Estimate, PersonId, Suspect
from ansimnet.slices.supervision.rules import motion
from ansimnet.slices.supervision.rules.estimate import belief_of, instant, row_of
from ansimnet.slices.supervision.rules.sift import Quiet

F64 = NDArray[np.float64]
_IDS = 32
"""Bytes of the ids of device and fix before the numbers."""


@dataclass(frozen=True, slots=True)
class Person:
    """A locked row: what binds this person is as remembered while `bound_by` is; the belief is as it is stored."""

    bound_by: UUID
    stored: bytes | None


async def ask(tx: Tx, ids: Iterable[PersonId]) -> AsyncCursor[Row]:
    """Lock some people in the order of their ids; `locked` reads the answer."""
    return await tx.execute(
        "select person_id, bound_by, estimate from supervision_person where person_id = any(%s) "
        "order by person_id for update",
        [ids_of(ids)],
        binary=True,
    )


async def locked(asked: AsyncCursor[Row]) -> dict[PersonId, Person]:
    """Return the rows of the people who were locked."""
    return {PersonId(r[0]): Person(r[1], r[2]) for r in await asked.fetchall()}


async def save(tx: Tx, beliefs: Mapping[PersonId, bytes]) -> None:
    """Write where some people, who are locked, are believed to be."""
    if beliefs:
        await tx.execute(
            "update supervision_person p set estimate = n.estimate "
            "from unnest(%s::uuid[], %s::bytea[]) as n (person_id, estimate) where p.person_id = n.person_id",
            [ids_of(beliefs), array(BYTEA, list(beliefs.values()))],
        )


def pack(e: Estimate) -> bytes:
    """Return an estimate as it is stored."""
    return bytes(e.device_id.bytes + e.fix_id.bytes + row_of(e).astype(">f8").tobytes())


def unpack(person_id: PersonId, stored: bytes) -> Estimate:
    """Return an estimate from what is stored; every number is the same, to the bit."""
    row = np.frombuffer(stored, ">f8", offset=_IDS).astype(np.float64)
    held = row[motion.SUSPECT_AT] > 0
    suspect = None
    if held:
        lat, lon, variance = row[motion.SUSPECT_LAT : motion.SUSPECTS].tolist()
        suspect = Suspect(instant(row[motion.SUSPECT_AT]), lat, lon, variance)
    device_id, fix_id = DeviceId(UUID(bytes=bytes(stored[:16]))), FixId(UUID(bytes=bytes(stored[16:32])))
    return belief_of(row, person_id, device_id, fix_id, instant(row[motion.AT]), suspect)


def rows_of(people: Mapping[PersonId, Person]) -> dict[PersonId, F64 | None]:
    """Return where people are believed to be as rows of numbers; None for who was never seen."""
    rows: dict[PersonId, F64 | None] = dict.fromkeys(people)
    seen = [(p, person.stored) for p, person in people.items() if person.stored is not None]
    numbers = b"".join(stored[_IDS:] for _, stored in seen)
    found = np.frombuffer(numbers, ">f8").astype(np.float64).reshape(-1, motion.WIDTH)
    rows.update(zip((p for p, _ in seen), found, strict=True))
    return rows


def of_quiet(quiet: Quiet, before: Mapping[PersonId, Person]) -> dict[PersonId, bytes]:
    """Return what a batch leaves of the quiet ones as it is stored; a fix that was held in doubt leaves the ids."""
    numbers, width = quiet.rows.astype(">f8").tobytes(), 8 * motion.WIDTH
    found: dict[PersonId, bytes] = {}
    for i, (person_id, fix) in enumerate(zip(quiet.people, quiet.taken, strict=True)):
        ids = (before[person_id].stored or b"")[:_IDS] if fix is None else fix.device_id.bytes + fix.fix_id.bytes
        found[person_id] = ids + numbers[i * width : (i + 1) * width]
    return found
