"""The sealed sequence inside one process: one listener per centre, however many follow it.

The newest rows stay in memory as they were stored, payloads encrypted, so that readers at the head cost no query each;
whoever is further behind reads the database.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
import structlog

from ansimnet.kernel.errors import Fault
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import CentreId
from ansimnet.platform.ledger.append import Entry, opened
from ansimnet.platform.ledger.keys import KeyStore
from ansimnet.platform.pool import DatabaseAway

if TYPE_CHECKING:
    from ansimnet.platform.db import Db, Tx

log = structlog.get_logger(__name__)

KEPT_ROWS = 2048
"""Newest rows kept per centre; below 2 MB at 1 kB each."""
FETCH_ROWS = 500
POLL_S = 1.0
"""How often to look without having been told; a lost notification costs this much at most."""
RETRY_S = 0.2

_COLUMNS = (
    "s.centre_id, s.seq, s.entry_id, s.hash, s.sealed_at, e.kind, e.recorded_at, e.actor, e.subject_id, e.key_year,"
    " e.body, e.payload"
)
_AFTER = f"""
    select {_COLUMNS} from ledger_seal s join ledger_entry e using (entry_id)
    where s.centre_id = %s and s.seq > %s order by s.seq limit %s
"""
_AFTER_OF_KINDS = f"""
    select {_COLUMNS} from ledger_seal s join ledger_entry e using (entry_id)
    where s.centre_id = %s and s.seq > %s and s.seq <= %s and e.kind = any(%s) order by s.seq limit %s
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A sealed row as stored. Opening it needs the centre's keys."""

    centre_id: CentreId
    seq: int
    entry_id: UUID
    entry_hash: bytes
    sealed_at: datetime
    kind: str
    recorded_at: datetime
    actor: str
    subject_id: UUID | None
    key_year: int | None
    body: bytes
    payload: bytes | None

    def open(self, keys: KeyStore | None) -> Entry:
        """Return the entry with its fact.

        Raises:
            UnknownKind: no imported class has this kind.
            msgspec.ValidationError: the bytes are not such a fact.
        """
        fact = opened(self.kind, self.entry_id, self.subject_id, self.key_year, self.body, self.payload, keys)
        return Entry(
            centre_id=self.centre_id,
            seq=self.seq,
            fact=fact,
            actor=self.actor,
            recorded_at=self.recorded_at,
            sealed_at=self.sealed_at,
            entry_hash=self.entry_hash,
        )


def kinds_of(facts: frozenset[type[Fact]] | set[type[Fact]]) -> frozenset[str]:
    """Return the kinds of fact classes."""
    return frozenset(f.kind for f in facts)


async def head_seq(db: Db) -> int:
    """Return the number of the newest sealed entry of this centre, 0 where there is none."""
    feed = _feeds.get(db)
    if feed is not None and feed.live:
        return feed.head
    return await _stored_head(db)


async def _stored_head(db: Db) -> int:
    async with db.transaction() as tx:
        row = await tx.one("select coalesce(max(seq), 0) from ledger_seal where centre_id = %s", (db.centre_id,))
        assert row is not None
        return int(row[0])


class Feed:
    """Follows one centre's sealed sequence while somebody is interested."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self.head = 0
        self.live = False
        self._rows: deque[Row] = deque(maxlen=KEPT_ROWS)
        self._known_after = 0  # every row behind this number and up to `head` is in `_rows`
        self._changed = asyncio.Event()
        self._poke = asyncio.Event()
        self._interested = 0
        self._tasks: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[Feed]:
        """Keep the feed alive for the length of this block."""
        self._interested += 1
        if self._interested == 1:
            self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._follow())]
        try:
            yield self
        finally:
            self._interested -= 1
            if self._interested == 0:
                self.live = False
                for task in self._tasks:
                    task.cancel()
                tasks, self._tasks = self._tasks, []
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self) -> None:
        mine = str(self._db.centre_id)
        async for told in self._db.listen("ledger_sealed"):
            if not told or told.startswith(mine):
                self._poke.set()

    async def _follow(self) -> None:
        self._rows.clear()
        while True:
            try:
                if not self.live:
                    self.head = self._known_after = await _stored_head(self._db)
                    self.live = True
                    self._tell()
                while await self._fetch():
                    pass
            except (psycopg.OperationalError, DatabaseAway):
                await asyncio.sleep(RETRY_S)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):  # `wait_for` of Python 3.11 may swallow a cancellation
                    await self._poke.wait()
            self._poke.clear()

    async def _fetch(self) -> bool:
        async with self._db.transaction() as tx:
            rows = await tx.all(_AFTER, (self._db.centre_id, self.head, FETCH_ROWS))
        for row in rows:
            if len(self._rows) == KEPT_ROWS:
                self._known_after = self._rows[0].seq
            self._rows.append(Row(*row))
        if rows:
            self.head = self._rows[-1].seq
            self._tell()
        return len(rows) == FETCH_ROWS

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def refresh(self) -> None:
        """Return when everything sealed before this call is known."""
        head = await _stored_head(self._db)
        self._poke.set()
        while not self.live or self.head < head:
            await self._changed.wait()

    async def row(self, tx: Tx, seq: int) -> Row:
        """Return one sealed row.

        Raises:
            Fault: nothing is sealed under this number.
        """
        found = await tx.all(_AFTER, (self._db.centre_id, seq - 1, 1))
        if not found or found[0][1] != seq:
            raise Fault(f"nothing is sealed as {seq}")
        return Row(*found[0])

    async def beyond(self, seq: int) -> None:
        """Return when something is sealed after `seq`."""
        while not self.live or self.head <= seq:
            await self._changed.wait()

    async def after(self, seq: int, kinds: frozenset[str] | None) -> tuple[list[Row], int]:
        """Return the next rows of these kinds and the number up to which all have been looked through."""
        head = self.head
        if head <= seq:
            return [], seq
        if seq >= self._known_after:
            first = max(0, len(self._rows) - (head - seq))
            found = [self._rows[i] for i in range(first, len(self._rows))]
            return [r for r in found if r.seq > seq and (kinds is None or r.kind in kinds)], head
        async with self._db.transaction() as tx:
            if kinds is None:
                rows = await tx.all(_AFTER, (self._db.centre_id, seq, FETCH_ROWS))
            else:
                rows = await tx.all(_AFTER_OF_KINDS, (self._db.centre_id, seq, head, list(kinds), FETCH_ROWS))
        got = [Row(*r) for r in rows]
        if len(got) == FETCH_ROWS:
            return got, got[-1].seq
        return got, max(head, got[-1].seq if got else 0)


_feeds: WeakKeyDictionary[Db, Feed] = WeakKeyDictionary()


def feed_of(db: Db) -> Feed:
    """Return the one feed of this database in this process."""
    feed = _feeds.get(db)
    if feed is None:
        feed = _feeds[db] = Feed(db)
    return feed
