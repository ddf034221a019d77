"""Payload keys whose term is over go by themselves, once a day; whoever is on hold keeps theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from uuid import UUID

import structlog

from ansimnet.facts.ledger import PayloadErased
from ansimnet.kernel.clock import now
from ansimnet.kernel.ids import FactId, new_id
from ansimnet.kernel.permits import Act
from ansimnet.platform.db import Db
from ansimnet.platform.jobs import JobRun, every
from ansimnet.platform.ledger import erasure
from ansimnet.slices.policy.wiring import held

log = structlog.get_logger(__name__)

EVERY_S = 86_400.0
"""Ours: terms end with a year, so a day late is soon enough."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What an erasure of old keys did, or in a dry run would do."""

    keys: int = 0
    persons: int = 0
    held: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.keys + other.keys, self.persons + other.persons, self.held + other.held)


async def erase_old(db: Db, today: date, *, dry: bool = False) -> Counts:
    """Destroy a centre's payload keys whose years are over by two, each on the ledger; held persons stay."""
    counts = Counts()
    for subject, years in (await erasure.due(db, today)).items():
        if dry:
            counts += Counts(len(years), 1)
            continue
        try:
            done = await erasure.erase(
                db, subject, years=years, held=held, told=partial(_erased, subject), actor="system:ledger", at=now()
            )
        except erasure.OnHold:
            counts += Counts(held=1)
        else:
            counts += Counts(done.destroyed, 1)
    return counts


def _erased(subject: UUID, years: tuple[int, ...]) -> PayloadErased:
    return PayloadErased(
        fact_id=FactId(new_id()), happened_at=now(), subject_id=subject, years=years, because="term", by=None
    )


@every(EVERY_S, "ledger.erase-old", act=Act.RUN_JOB)
async def erase_daily(run: JobRun) -> None:
    """Destroy this centre's payload keys that have outlived their term."""
    counts = await erase_old(run.db, now().date())
    if counts != Counts():
        log.info("ledger.old_keys_erased", keys=counts.keys, persons=counts.persons, held=counts.held)
