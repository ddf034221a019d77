"""What nobody asks for but must happen: searches end with their requests and by the clock, sightings after 30 days."""

from __future__ import annotations

from datetime import datetime

from ansimnet.facts.policy import ApprovalAnswered, UrgentRejected
from ansimnet.facts.tracing import SightingsDestroyed
from ansimnet.kernel.ids import CITY_CENTRE, FactId, new_id
from ansimnet.kernel.permits import Act
from ansimnet.platform.db import Tx
from ansimnet.platform.jobs import JobRun, every
from ansimnet.platform.ledger import Entry, Reader, append
from ansimnet.slices.duties import queries as duties
from ansimnet.slices.tracing.model import HOUR, KEPT, OUTPUT, hour_of
from ansimnet.slices.tracing.service import law
from ansimnet.slices.tracing.store import searches, sightings
from ansimnet.slices.tracing.store.keys import HourKeys

FINDINGS_RULE = "search-findings-destruction"
"""The duty table's row of how long what an ended search found lies sealed, for a court to ask for."""
_ENDS = frozenset({"refused", "withdrawn", "expired", "rejected"})


async def follow_answer(tx: Tx, entry: Entry) -> None:
    """End the search of a request that was refused, withdrawn, rejected or ran out."""
    fact = entry.fact
    assert isinstance(fact, ApprovalAnswered)
    if fact.outcome in _ENDS:
        search = await searches.of_request(tx, fact.request_id)
        if search is not None:
            await law.end(tx, search, fact.outcome, entry.sealed_at)


async def undo(tx: Tx, entry: Entry) -> None:
    """Destroy what an urgent search found that nobody approved; under a hold a court keeps it, sealed."""
    fact = entry.fact
    assert isinstance(fact, UrgentRejected)
    if fact.court_sealed or not any(o.startswith(f"{OUTPUT}:") for o in fact.outputs):
        return
    search = await searches.of_request(tx, fact.request_id)
    if search is not None:
        await law.end(tx, search, "rejected", entry.sealed_at)
        await law.destroy(tx, search, entry.sealed_at)


READERS = (
    Reader(
        name="tracing.follow-answers",
        kinds=frozenset({ApprovalAnswered}),
        centre=CITY_CENTRE,
        handle=follow_answer,
    ),
    Reader(name="tracing.undo", kinds=frozenset({UrgentRejected}), centre=CITY_CENTRE, handle=undo),
)


@every(60, "tracing.lapse", act=Act.RUN_JOB, centres=(CITY_CENTRE,))
async def lapse(run: JobRun) -> None:
    """End searches whose time has passed; from that instant on none of them took a step. Safe to run twice."""
    now = run.context.clock.now()
    async with run.db.transaction() as tx:
        due = await searches.due(tx, now)
    for search_id in due:
        async with run.db.transaction() as tx:
            search = await searches.lock(tx, search_id)
            if search is not None:
                await law.end(tx, search, "lapsed", now)


@every(3600, "tracing.forget", act=Act.RUN_JOB, centres=(CITY_CENTRE,))
async def forget(run: JobRun) -> None:
    """Destroy sightings past their 30 days, keys first, and findings past their term. Safe to run twice."""
    now = run.context.clock.now()
    await forget_sightings(run, HourKeys.of(run.context.settings), now)
    async with run.db.transaction() as tx:
        for search_id in await searches.old(tx, now - await duties.limit_of(tx, FINDINGS_RULE, now)):
            search = await searches.lock(tx, search_id)
            if search is not None:
                await law.destroy(tx, search, now)


async def forget_sightings(run: JobRun, keys: HourKeys, now: datetime) -> None:
    """Destroy the keys of hours whose first instant is 30 days ago, then the blocks that nobody can open any more."""
    before = hour_of(now - KEPT) + HOUR
    gone = sum(keys.destroy(hour_at) for hour_at in keys.hours() if hour_at < before)
    async with run.db.transaction() as tx:
        blocks = await sightings.forget(tx, before)
        if gone or blocks:
            fact = SightingsDestroyed(
                fact_id=FactId(new_id()), happened_at=now, before_at=before, keys=gone, blocks=blocks
            )
            await append(tx, fact, actor=law.ACTOR)
