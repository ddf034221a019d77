"""What nobody asks for but must happen: what ran out is closed, told, reported or destroyed."""

from __future__ import annotations

from ansimnet.facts.duties import DutyBreached
from ansimnet.facts.policy import AccountDisabled, AccountMoved, UrgentRejected
from ansimnet.kernel.clock import now
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE
from ansimnet.kernel.permits import Act
from ansimnet.platform.db import Tx
from ansimnet.platform.jobs import JobRun, every
from ansimnet.platform.ledger import Entry, Reader
from ansimnet.slices.policy import queries, store
from ansimnet.slices.policy.queries import agencies, rights
from ansimnet.slices.policy.store.agencies import forget_nonces


@every(60, "policy.sweep", act=Act.RUN_JOB)
async def sweep(run: JobRun) -> None:
    """Close what ran out. Nothing waits for this: every check compares the end with the clock itself."""
    async with run.db.transaction() as tx:
        at = now()
        await store.close_expired(tx, at)
        await store.sweep(tx, at)


@every(5, "policy.second-person", act=Act.RUN_JOB)
async def second_person(run: JobRun) -> None:
    """End unanswered requests, undo urgent ones, report what was not justified, say what no privacy officer heard.

    Every five seconds, so that a minute without a privacy officer is noticed within the next few.
    """
    async with run.db.transaction() as tx:
        at = now()
        await queries.pass_time(tx, at)
        await queries.watch_break_glass(tx, at)
        await queries.destroy_undone(tx, at)
        await queries.close_notices(tx, at)


async def undo(tx: Tx, entry: Entry) -> None:
    """Destroy what an urgent request left, as soon as its rejection is sealed; the timer comes back to what is held."""
    fact = entry.fact
    assert isinstance(fact, UrgentRejected)
    await queries.destroy_rejected(tx, fact.request_id, entry.sealed_at)


READERS = tuple(
    Reader(name="policy.undo", kinds=frozenset({UrgentRejected}), centre=centre, handle=undo)
    for centre in (TRACKING_CENTRE, CITY_CENTRE)
)


# ------------------------------------------------------------------------------------------------- agencies, rights


@every(5, "policy.agreements", act=Act.RUN_JOB)
async def agreements(run: JobRun) -> None:
    """Act on the end of agreements. Permits under one end with it by themselves; the rest is done and told here."""
    async with run.db.transaction() as tx:
        at = now()
        await agencies.end_agreements(tx, at)
        await forget_nonces(tx, at)


@every(3600, "policy.footage-rights", act=Act.RUN_JOB)
async def footage_rights(run: JobRun) -> None:
    """Let rights rest that nobody used for 90 days."""
    async with run.db.transaction() as tx:
        await rights.suspend_unused(tx, now())


async def follow_rights(tx: Tx, entry: Entry) -> None:
    """Bring rights in line with who left, who moved, and who was not looked at again in time."""
    match entry.fact:
        case AccountDisabled() as fact:
            await rights.left(tx, fact.account_id, "disabled", entry.recorded_at)
        case AccountMoved() as fact:
            await rights.moved(tx, fact.account_id, entry.recorded_at)
        case DutyBreached() as fact:
            await rights.breached(tx, fact, entry.recorded_at)
        case _:
            pass


READERS += tuple(
    Reader(
        name="policy.footage-rights",
        kinds=frozenset({AccountDisabled, AccountMoved, DutyBreached}),
        centre=centre,
        handle=follow_rights,
    )
    for centre in (TRACKING_CENTRE, CITY_CENTRE)
)


# ------------------------------------------------------------------------------------------------- the monthly review


@every(3600, "policy.review", act=Act.RUN_JOB)
async def review(run: JobRun) -> None:
    """Draft the review of the month that is over and publish its counts; keep the running month's fresh."""
    async with run.db.transaction() as tx:
        await queries.draft_due(tx, now())
