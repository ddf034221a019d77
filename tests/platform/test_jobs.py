"""Jobs exist if and only if their transaction commits, and belong to one centre."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, CentreId, new_id
from ansimnet.kernel.permits import Act
from ansimnet.platform import jobs
from ansimnet.platform.db import Db, Dbs
from ansimnet.platform.jobs import JobRun, JobTwice, JobUnknown, Registry


class Diary:
    """What the jobs of a test did."""

    def __init__(self) -> None:
        self.registry = Registry()
        self.done: list[tuple[CentreId, dict[str, object]]] = []
        self.failing = 0

        @jobs.job("test.note", act=Act.RUN_JOB, registry=self.registry)
        async def note(run: JobRun, **arguments: object) -> None:
            if self.failing:
                self.failing -= 1
                raise RuntimeError("not now")
            self.done.append((run.centre_id, arguments))

    async def defer(
        self, db: Db, *, once: str | None = None, schedule_at: datetime | None = None, **arguments: UUID | int
    ) -> int | None:
        async with db.transaction() as tx:
            return await jobs.defer(
                tx, "test.note", registry=self.registry, once=once, schedule_at=schedule_at, lock=None, priority=0,
                **arguments,
            )  # fmt: skip

    async def run(self, db: Db) -> None:
        await jobs.run_waiting(db, registry=self.registry)


@pytest.fixture
def diary() -> Diary:
    return Diary()


async def waiting(db: Db) -> list[tuple[str, int]]:
    async with db.transaction() as tx:
        return [
            (s, n) for s, n in await tx.all("select status::text, attempts from jobs.procrastinate_jobs order by id")
        ]


async def test_a_committed_job_runs_once_with_its_arguments(dbs: Dbs, diary: Diary) -> None:
    who = new_id()
    assert await diary.defer(dbs.tracking, who=who, n=3) is not None
    await diary.run(dbs.tracking)
    await diary.run(dbs.tracking)
    assert diary.done == [(TRACKING_CENTRE, {"who": str(who), "n": 3})]
    assert UUID(str(diary.done[0][1]["who"])) == who
    assert await waiting(dbs.tracking) == []


async def test_a_job_of_a_transaction_that_rolled_back_never_was(dbs: Dbs, diary: Diary) -> None:
    with pytest.raises(ZeroDivisionError):
        async with dbs.tracking.transaction() as tx:
            await jobs.defer(tx, "test.note", registry=diary.registry)
            raise ZeroDivisionError
    await diary.run(dbs.tracking)
    assert diary.done == []


async def test_each_centre_runs_its_own_jobs(dbs: Dbs, diary: Diary) -> None:
    await diary.defer(dbs.city, n=1)
    assert await waiting(dbs.tracking) == []
    await diary.run(dbs.tracking)
    assert diary.done == []
    await diary.run(dbs.city)
    assert diary.done == [(CITY_CENTRE, {"n": 1})]


async def test_a_job_that_fails_waits_to_be_tried_again(dbs: Dbs, diary: Diary) -> None:
    diary.failing = 1
    await diary.defer(dbs.tracking)
    await diary.run(dbs.tracking)
    assert await waiting(dbs.tracking) == [("todo", 1)]


async def test_a_job_for_later_waits(dbs: Dbs, diary: Diary) -> None:
    await diary.defer(dbs.tracking, schedule_at=datetime.now(UTC) + timedelta(hours=1))
    await diary.run(dbs.tracking)
    assert diary.done == []
    assert await waiting(dbs.tracking) == [("todo", 0)]


async def test_once_is_once_per_centre_while_it_waits(dbs: Dbs, diary: Diary) -> None:
    assert await diary.defer(dbs.tracking, once="x") is not None
    assert await diary.defer(dbs.tracking, once="x") is None
    assert await diary.defer(dbs.city, once="x") is not None
    await diary.run(dbs.tracking)
    assert await diary.defer(dbs.tracking, once="x") is not None


async def test_a_job_nobody_runs_is_refused_when_deferred(dbs: Dbs, diary: Diary) -> None:
    async with dbs.tracking.transaction() as tx:
        with pytest.raises(JobUnknown):
            await jobs.defer(tx, "test.nobody", registry=diary.registry)


def test_each_job_names_its_act_or_says_why_not(diary: Diary) -> None:
    with pytest.raises(JobTwice, match="names no act"):
        jobs.job("test.b", registry=diary.registry)(diary.run)
    with pytest.raises(JobTwice, match="twice"):
        jobs.job("test.note", why="tests", registry=diary.registry)(diary.run)
    jobs.every(1, "test.tick", why="tests", registry=diary.registry)(diary.run)
    assert set(diary.registry.timers) == {"test.tick"}


async def test_the_worker_runs_jobs_as_they_come_and_timers_all_the_time(dbs: Dbs, diary: Diary) -> None:
    ticks: list[tuple[CentreId, object]] = []

    @jobs.every(0.02, "test.tick", why="tests", registry=diary.registry)
    async def tick(run: JobRun) -> None:
        ticks.append((run.centre_id, run.context))
        if len(ticks) == 3:
            raise RuntimeError("a turn that fails is one turn")

    worker = asyncio.create_task(jobs.work(dbs, "context", registry=diary.registry))
    try:
        await diary.defer(dbs.tracking, n=1)
        await diary.defer(dbs.city, n=2)
        async with asyncio.timeout(30):
            while len(diary.done) < 2 or len(ticks) < 8:
                await asyncio.sleep(0.02)
    finally:
        worker.cancel()
        with pytest.raises(asyncio.CancelledError):
            await worker
    assert {centre for centre, _ in diary.done} == {TRACKING_CENTRE, CITY_CENTRE}
    assert {centre for centre, _ in ticks} == {TRACKING_CENTRE, CITY_CENTRE}
    assert {context for _, context in ticks} == {"context"}
