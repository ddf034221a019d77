"""Work done later or again and again: jobs deferred inside a transaction, and timers. On procrastinate.

A job belongs to the centre whose transaction deferred it; that centre's worker runs it, as that centre's role, at
least once: a job must be safe to run twice. Each names the act it is, or says why it needs none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

import procrastinate
import psycopg
import structlog
from procrastinate.exceptions import ConnectorException
from psycopg.types.json import Jsonb

from ansimnet.kernel.errors import Fault
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, CentreId, new_id
from ansimnet.kernel.permits import Act
from ansimnet.platform.db import SEARCH_PATH, Db, Dbs, Tx
from ansimnet.platform.pool import DatabaseAway
from ansimnet.platform.telemetry import FAULTS, JOB_SECONDS, JOBS, timed

log = structlog.get_logger(__name__)

Argument: TypeAlias = UUID | datetime | str | int | float | bool | None
QUEUE = "ansimnet"
MAX_ATTEMPTS = 12
"""With waits of 1, 2, 4 … s: a bit over an hour. After that the job is `failed`, counted, and a person looks."""
STALLED_S = 30.0
"""A worker that has not beaten for so long is dead (procrastinate's own default); its jobs run again."""
CONCURRENCY = 4
LEAD_CHECK_S = 1.0
"""How often the process that keeps time makes sure it still does."""


class JobUnknown(Fault):
    """A job was deferred that nobody runs."""


class JobTwice(Fault):
    """Two different jobs have the same name, or one says neither its act nor why it needs none."""


@dataclass(frozen=True, slots=True)
class JobRun:
    """What a job is run with. `context` is what the process gave `work`: the slices' own context."""

    db: Db
    context: Any
    attempt: int = 1

    @property
    def centre_id(self) -> CentreId:
        """The centre the job belongs to."""
        return self.db.centre_id


Handler: TypeAlias = Callable[..., Awaitable[None]]
H = TypeVar("H", bound=Handler)


@dataclass(frozen=True, slots=True)
class Job:
    """A named piece of background work. Arguments are ids and plain values, never personal data."""

    name: str
    handler: Handler
    act: Act | None
    why: str
    max_attempts: int = MAX_ATTEMPTS


@dataclass(frozen=True, slots=True)
class Timer:
    """Work repeated for ever, in one process at a time per centre."""

    name: str
    handler: Handler
    every: timedelta
    act: Act | None
    why: str
    centres: tuple[CentreId, ...]


@dataclass(slots=True)
class Registry:
    """Every job and timer of this process; the walking test reads it."""

    jobs: dict[str, Job] = field(default_factory=dict)
    timers: dict[str, Timer] = field(default_factory=dict)


REGISTRY = Registry()


def job(
    name: str, *, act: Act | None = None, why: str = "", max_attempts: int = MAX_ATTEMPTS, registry: Registry = REGISTRY
) -> Callable[[H], H]:
    """Register `async def handler(run: JobRun, **arguments)` under a name like `dispatch.ask-police`.

    Raises:
        JobTwice: the name is taken by another function, or neither `act` nor `why` is given.
    """

    def register(handler: H) -> H:
        _check(name, handler, registry.jobs.get(name), act, why)
        registry.jobs[name] = Job(name, handler, act, why, max_attempts)
        return handler

    return register


def every(
    seconds: float,
    name: str,
    *,
    act: Act | None = None,
    why: str = "",
    centres: Sequence[CentreId] = (TRACKING_CENTRE, CITY_CENTRE),
    registry: Registry = REGISTRY,
) -> Callable[[H], H]:
    """Register `async def handler(run: JobRun)` to run every so many seconds, for each centre, wherever `work` runs.

    Raises:
        JobTwice: as for `job`.
    """

    def register(handler: H) -> H:
        _check(name, handler, registry.timers.get(name), act, why)
        registry.timers[name] = Timer(name, handler, timedelta(seconds=seconds), act, why, tuple(centres))
        return handler

    return register


def _check(name: str, handler: Handler, before: Job | Timer | None, act: Act | None, why: str) -> None:
    if act is None and not why:
        raise JobTwice(f"`{name}` names no act and does not say why it needs none")
    if before is not None and _place(before.handler) != _place(handler):
        raise JobTwice(f"`{name}` is registered twice")


def _place(handler: Handler) -> tuple[str, str]:
    return handler.__module__, handler.__qualname__


async def defer(
    tx: Tx,
    name: str,
    *,
    schedule_at: datetime | None = None,
    lock: str | None = None,
    once: str | None = None,
    priority: int = 0,
    registry: Registry = REGISTRY,
    **arguments: Argument,
) -> int | None:
    """Defer a job in the caller's transaction: it exists if and only if the transaction commits.

    Args:
        schedule_at: not before this instant; None is at once.
        lock: jobs with the same lock run one after another, in order.
        once: while a waiting job of this centre has the same word, no second one is made, and None is returned.
        priority: higher first.

    Returns: the job's number.

    Raises:
        JobUnknown: nobody registered the name in this process.
    """
    if name not in registry.jobs:
        raise JobUnknown(f"no job is called `{name}`")
    if once is not None:
        once = f"{tx.centre_id}/{once}"
        # The unique index would end the caller's transaction, so ask first, one asker at a time.
        await tx.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [once])
        if await tx.one("select 1 from jobs.procrastinate_jobs where queueing_lock = %s and status = 'todo'", [once]):
            return None
    row = await tx.one(
        "select jobs.procrastinate_defer_jobs_v1(array[row(%s, %s, %s, %s, %s, %s, %s)"
        "::jobs.procrastinate_job_to_defer_v1])",
        [QUEUE, name, priority, lock, once, Jsonb({k: _plain(v) for k, v in arguments.items()}), schedule_at],
    )
    assert row is not None
    return int(row[0][0])


def _plain(value: Argument) -> str | int | float | bool | None:
    match value:
        case UUID():
            return str(value)
        case datetime():
            return value.isoformat()
        case _:
            return value


# ---------------------------------------------------------------------------------------------- the worker


async def work(dbs: Dbs, context: object = None, *, registry: Registry = REGISTRY) -> None:
    """Run every centre's jobs and timers until cancelled; come back by itself after the database was away."""
    async with asyncio.TaskGroup() as group:
        for centre_id in (TRACKING_CENTRE, CITY_CENTRE):
            db = dbs.of(centre_id)
            group.create_task(_work_for(db, context, registry), name=f"jobs {centre_id}")
            timers = [timer for timer in registry.timers.values() if centre_id in timer.centres]
            group.create_task(_keep_time(db, context, timers), name=f"timers {centre_id}")


async def run_waiting(db: Db, context: object = None, *, registry: Registry = REGISTRY) -> None:
    """Run what one centre has waiting now, and return when there is nothing left: for tests and one-off commands."""
    app = _app(db, context, registry)
    async with app.open_async():
        await app.run_worker_async(
            wait=False, listen_notify=False, install_signal_handlers=False, delete_jobs="successful"
        )


def _app(db: Db, context: object, registry: Registry) -> procrastinate.App:
    options: Mapping[str, Any] = {"application_name": "ansimnet jobs", "options": f"-c search_path={SEARCH_PATH}"}
    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(conninfo=db.url, kwargs=options, min_size=1, max_size=4, timeout=1.0)
    )
    for known in registry.jobs.values():
        retry = procrastinate.RetryStrategy(max_attempts=known.max_attempts, exponential_wait=2)
        app.task(name=known.name, queue=QUEUE, retry=retry, pass_context=True)(_runner(known, db, context))
    return app


def _runner(known: Job, db: Db, context: object) -> Callable[..., Awaitable[None]]:
    async def run(run_context: procrastinate.JobContext, **arguments: Argument) -> None:
        attempt = run_context.job.attempts + 1
        try:
            with timed(JOB_SECONDS, known.name):
                await known.handler(JobRun(db, context, attempt), **arguments)
        except Exception:
            JOBS.labels(known.name, "failed").inc()
            log.exception("job.failed", job=known.name, number=run_context.job.id, attempt=attempt)
            raise  # procrastinate waits and tries again
        JOBS.labels(known.name, "done").inc()

    return run


async def _work_for(db: Db, context: object, registry: Registry) -> None:
    pause_s = 0.1
    while True:
        try:
            await (await db.connect()).close()  # the queue's own pool asks an absent server too seldom: ask here
            app = _app(db, context, registry)
            async with app.open_async():
                rescuer = asyncio.create_task(_rescue(app))
                try:
                    await app.run_worker_async(
                        concurrency=CONCURRENCY,
                        install_signal_handlers=False,
                        delete_jobs="successful",
                        fetch_job_polling_interval=1.0,  # a safety net: NOTIFY wakes the worker
                        shutdown_graceful_timeout=5.0,
                        stalled_worker_timeout=STALLED_S,
                        name=f"worker-{new_id()}",
                    )
                finally:
                    rescuer.cancel()
            pause_s = 0.1
        except (psycopg.OperationalError, ConnectorException) as error:
            log.warning("jobs.database_away", error=type(error).__name__, again_in_s=pause_s)
        except Exception:
            FAULTS.labels("jobs").inc()
            log.exception("jobs.worker_ended", again_in_s=pause_s)
        await asyncio.sleep(pause_s)
        pause_s = min(1.0, pause_s * 2)


async def _rescue(app: procrastinate.App) -> None:
    """Give the jobs of dead workers back, for ever."""
    while True:
        with suppress(ConnectorException):
            for stalled in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_S):
                log.warning("job.rescued", job=stalled.task_name, number=stalled.id)
                await app.job_manager.retry_job(stalled)
        await asyncio.sleep(STALLED_S / 2)


async def _keep_time(db: Db, context: object, timers: Sequence[Timer]) -> None:
    """Run a centre's timers for ever, in one process at a time: whoever holds the lock keeps time for all."""
    while True:
        try:
            async with await db.connect() as conn, asyncio.TaskGroup() as group:
                await conn.execute("set statement_timeout = 0")  # the other process may live for weeks
                await conn.execute("select pg_advisory_lock(hashtextextended(%s, 0))", [f"timers {db.centre_id}"])
                for timer in timers:
                    group.create_task(_tick(timer, JobRun(db, context)), name=f"timer {timer.name}")
                while True:
                    await asyncio.sleep(LEAD_CHECK_S)
                    await conn.execute("select 1")  # the lock is gone with the connection: then stop the timers
        except* psycopg.OperationalError:
            log.info("timers.lead_lost", centre=str(db.centre_id))
        await asyncio.sleep(LEAD_CHECK_S)


async def _tick(timer: Timer, run: JobRun) -> None:
    """Repeat a timer for ever and survive what a turn raises."""
    while True:
        try:
            with timed(JOB_SECONDS, timer.name):
                await timer.handler(run)
            JOBS.labels(timer.name, "done").inc()
        except (psycopg.OperationalError, DatabaseAway) as error:
            JOBS.labels(timer.name, "failed").inc()
            log.warning("timer.failed", timer=timer.name, error=type(error).__name__)
        except Exception:
            JOBS.labels(timer.name, "failed").inc()
            FAULTS.labels("timers").inc()
            log.exception("timer.failed", timer=timer.name)
        await asyncio.sleep(timer.every.total_seconds())
