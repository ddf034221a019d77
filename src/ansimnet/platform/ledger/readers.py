"""Followers of the sealed sequence: each takes every fact of its kinds once, in order, and can be killed at any moment.

The reader's position moves in the transaction of its own effect. Two processes may run the same readers: the position's
row lets one through.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import psycopg
import structlog
from prometheus_client import Counter

from ansimnet.kernel.clock import now
from ansimnet.kernel.errors import Fault, Kind, Refusal
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import CentreId, new_id
from ansimnet.platform.ledger.append import Entry
from ansimnet.platform.ledger.canonical import UnknownKind
from ansimnet.platform.ledger.feed import Row, feed_of, kinds_of
from ansimnet.platform.pool import DatabaseAway

if TYPE_CHECKING:
    from ansimnet.platform.db import Db, Dbs, Tx

log = structlog.get_logger(__name__)

Handle: TypeAlias = Callable[["Tx", Entry], Awaitable[None]]
Outside: TypeAlias = Callable[["Db", Entry], Awaitable[None]]
OutsideMany: TypeAlias = Callable[["Db", Sequence[Entry]], Awaitable[None]]

RETRIES_S = (0.02, 0.1, 0.5)
"""Pauses between the attempts at one fact before it is parked: enough for a lock, too short to hold up an alarm."""
NOT_YET_S = (0.05, 5.0)
"""Pauses while a neighbour does not answer; short at first, since most outages are a restart."""
DATABASE_AWAY_S = (0.05, 2.0)
SKIPPED_BEFORE_NOTED = 1000
"""A position over kinds a reader does not follow is written down once per so many entries."""
MANY = 100
"""Facts told at once by a reader that is behind: a message of some 100 kB, a transaction of half a second (ours)."""
READERS_AT_ONCE = 5
"""Handlers of one centre that hold a connection at once, fewer than the pool has, so that each may take another."""

PARKED = Counter("ansimnet_ledger_parked", "Facts set aside because a reader failed on them", ["reader"])
TAKEN = Counter("ansimnet_ledger_taken", "Facts taken in by readers", ["reader"])


class NotYet(Refusal):
    """The fact cannot be taken in now, through no fault of its own."""

    kind = Kind.UNAVAILABLE
    name = "not-yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who follows what. `handle` gets the open transaction in which its position moves.

    `outside` is for what no transaction can hold, like telling another machine: it runs before, without one, and may
    run again after a crash. Either may raise `NotYet`: then the reader waits and tries again, in order, for ever.
    `outside_many` does the same for several facts in order, all or none, where a reader is behind and its `handle` has
    nothing to do: it is not called for them. What it refuses is tried again one by one.
    `name` is `slice.what-for` and keeps its place across restarts: renaming a reader makes it read everything again.
    """

    name: str
    kinds: frozenset[type[Fact]]
    centre: CentreId
    handle: Handle
    outside: Outside | None = None
    outside_many: OutsideMany | None = None


def database_away(error: BaseException) -> bool:
    """Return whether the server is unreachable or going down, which is nobody's fault here and passes."""
    if isinstance(error, DatabaseAway):
        return True
    if not isinstance(error, psycopg.OperationalError):
        return False
    state = error.sqlstate
    return state is None or state.startswith(("08", "57P", "53"))  # connection, shutdown, out of resources


def where_it_broke(error: BaseException) -> str:
    """Return the class of an error and the place it came from; never its words, which may name somebody."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


async def position(db: Db, reader: str) -> int:
    """Return how far a reader has read; a new one stands at 0."""
    async with db.transaction() as tx:
        await tx.execute(
            "insert into reader_position (centre_id, reader, seq) values (%s, %s, 0) on conflict do nothing",
            (db.centre_id, reader),
        )
        row = await tx.one(
            "select seq from reader_position where centre_id = %s and reader = %s", (db.centre_id, reader)
        )
    assert row is not None
    return int(row[0])


async def claim(tx: Tx, reader: str, seq: int) -> bool:
    """Move a reader's position to `seq` inside this transaction; False where it already stands there or beyond."""
    moved = await tx.execute(
        "update reader_position set seq = %s where centre_id = %s and reader = %s and seq < %s",
        (seq, tx.centre_id, reader, seq),
    )
    return moved.rowcount == 1


class _Run:
    """One reader at work."""

    def __init__(self, db: Db, reader: Reader, slots: asyncio.Semaphore) -> None:
        self.db = db
        self.reader = reader
        self.kinds = kinds_of(reader.kinds)
        self.slots = slots
        self.at = 0
        self.noted = 0

    async def start(self) -> None:
        self.at = self.noted = await position(self.db, self.reader.name)

    async def take(self, row: Row) -> None:
        """Take one fact in, or park it after the last attempt."""
        pauses, patience_s = iter((*RETRIES_S, None)), NOT_YET_S[0]
        while True:
            try:
                await self._attempt(row)
                return
            except NotYet:
                log.info("reader.waits", reader=self.reader.name, seq=row.seq, again_in_s=patience_s)
                await asyncio.sleep(patience_s)
                patience_s = min(NOT_YET_S[1], patience_s * 2)
            except Exception as error:
                if database_away(error):
                    raise
                log.warning("reader.failed", reader=self.reader.name, seq=row.seq, error=where_it_broke(error))
                if (pause_s := next(pauses)) is None:
                    await self._park(row, error)
                    return
                await asyncio.sleep(pause_s)

    async def _attempt(self, row: Row) -> None:
        if self.reader.outside is not None:
            await self.reader.outside(self.db, row.open(self.db.keys))
        async with self.slots, self.db.transaction() as tx:
            if not await claim(tx, self.reader.name, row.seq):
                return
            await self.reader.handle(tx, row.open(self.db.keys))
        TAKEN.labels(self.reader.name).inc()
        self.noted = row.seq

    async def _park(self, row: Row, error: Exception) -> None:
        fault_id = new_id()
        async with self.db.transaction() as tx:
            if await claim(tx, self.reader.name, row.seq):
                await tx.execute(
                    "insert into reader_parked (centre_id, reader, seq, error, parked_at) values (%s, %s, %s, %s, %s)"
                    " on conflict do nothing",
                    (self.db.centre_id, self.reader.name, row.seq, f"{where_it_broke(error)} fault {fault_id}", now()),
                )
        self.noted = row.seq
        PARKED.labels(self.reader.name).inc()
        log.error(
            "reader.parked", reader=self.reader.name, seq=row.seq, error=where_it_broke(error), fault_id=str(fault_id)
        )

    async def _take_many(self, rows: Sequence[Row]) -> bool:
        """Take several facts in, all or none; return whether they were."""
        assert self.reader.outside_many is not None
        try:
            await self.reader.outside_many(self.db, [row.open(self.db.keys) for row in rows])
            async with self.slots, self.db.transaction() as tx:
                await claim(tx, self.reader.name, rows[-1].seq)
        except NotYet:
            return False
        except Exception as error:
            if database_away(error):
                raise
            log.info("reader.one-by-one", reader=self.reader.name, seq=rows[0].seq, error=where_it_broke(error))
            return False
        TAKEN.labels(self.reader.name).inc(len(rows))
        self.at = self.noted = rows[-1].seq
        return True

    async def step(self) -> None:
        """Take in what the feed has for this reader."""
        rows, through = await feed_of(self.db).after(self.at, self.kinds)
        for at in range(0, len(rows), MANY):
            some = rows[at : at + MANY]
            if self.reader.outside_many is not None and len(some) > 1 and await self._take_many(some):
                continue
            for row in some:
                await self.take(row)
                self.at = row.seq
        self.at = max(self.at, through)
        if self.at - self.noted >= SKIPPED_BEFORE_NOTED:
            async with self.db.transaction() as tx:
                await claim(tx, self.reader.name, self.at)
            self.noted = self.at

    async def forever(self) -> None:
        """Follow until cancelled, over restarts of the database."""
        pause_s, started = DATABASE_AWAY_S[0], False
        feed = feed_of(self.db)
        async with feed.watching():
            while True:
                try:
                    if not started:
                        await self.start()
                        started = True
                    await feed.beyond(self.at)
                    await self.step()
                    pause_s = DATABASE_AWAY_S[0]
                except (psycopg.OperationalError, DatabaseAway) as error:
                    if not database_away(error):
                        raise
                    await asyncio.sleep(pause_s)
                    pause_s = min(DATABASE_AWAY_S[1], pause_s * 2)
                    started = False  # a commit in doubt: ask how far we came


def _check_names(readers: Iterable[Reader]) -> None:
    seen: set[tuple[CentreId, str]] = set()
    for r in readers:
        if (r.centre, r.name) in seen:
            raise Fault(f"two readers are named `{r.name}`")
        seen.add((r.centre, r.name))


async def run_readers(dbs: Dbs, readers: Iterable[Reader]) -> None:
    """Run all readers side by side until cancelled. A reader that breaks outside its handler ends all, loudly."""
    chosen = list(readers)
    _check_names(chosen)
    slots = {r.centre: asyncio.Semaphore(READERS_AT_ONCE) for r in chosen}
    async with asyncio.TaskGroup() as tasks:
        for r in chosen:
            tasks.create_task(_Run(dbs.of(r.centre), r, slots[r.centre]).forever(), name=f"reader {r.name}")


async def catch_up(dbs: Dbs, readers: Iterable[Reader]) -> None:
    """Let every reader take in what is sealed now, once, and return. For tests and tools."""
    chosen = list(readers)
    _check_names(chosen)
    for r in chosen:
        db = dbs.of(r.centre)
        run = _Run(db, r, asyncio.Semaphore(1))
        async with feed_of(db).watching() as feed:
            await run.start()
            await feed.refresh()
            while run.at < feed.head:
                await run.step()


async def replay_parked(db: Db, reader: Reader, seq: int) -> None:
    """Give a parked fact to its reader again; it leaves the list if that succeeds, and stays if it raises."""
    async with db.transaction() as tx:
        gone = await tx.execute(
            "delete from reader_parked where centre_id = %s and reader = %s and seq = %s",
            (db.centre_id, reader.name, seq),
        )
        if gone.rowcount == 0:
            raise Fault(f"`{reader.name}` has not parked {seq}")
        row = await feed_of(db).row(tx, seq)
        await reader.handle(tx, row.open(db.keys))


async def follow(db: Db, after_seq: int, kinds: frozenset[type[Fact]] | None = None) -> AsyncIterator[Entry]:
    """Yield sealed entries after a number, for ever, without keeping a position: for screens that resume by themselves.

    All followers of a process share one listener. Kinds nobody has imported are left out.
    """
    wanted = kinds_of(kinds) if kinds is not None else None
    feed = feed_of(db)
    at = after_seq
    async with feed.watching():
        while True:
            await feed.beyond(at)
            try:
                rows, through = await feed.after(at, wanted)
            except (psycopg.OperationalError, DatabaseAway):
                await asyncio.sleep(DATABASE_AWAY_S[0])
                continue
            for row in rows:
                try:
                    entry = row.open(db.keys)
                except UnknownKind:
                    continue
                yield entry
            at = max(at, through)
