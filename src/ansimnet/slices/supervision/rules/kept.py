"""A belief as it is kept: the ids of its device and fix, then the very row of numbers that the rules work on.

Bytes here and there are equal to the bit, so a history judged again tells the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from ansimnet.kernel.ids import DeviceId, FixId
from ansimnet.slices.supervision.model import Estimate, Person, PersonId, Suspect
from ansimnet.slices.supervision.rules import motion
from ansimnet.slices.supervision.rules.estimate import belief_of, instant, row_of
from ansimnet.slices.supervision.rules.sift import Quiet

F64 = NDArray[np.float64]
_IDS = 32
"""Bytes of the ids of device and fix before the numbers."""


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
