"""Transactions of one tenant on PostgreSQL: a pool per role that outlives a restart of the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, LiteralString, TypeAlias
from uuid import UUID

import psycopg
import structlog
from psycopg import sql as pgsql

from ansimnet.kernel.errors import Fault
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, CentreId
from ansimnet.platform.pool import Connection, Pool, Row
from ansimnet.platform.roles import Urls

if TYPE_CHECKING:
    from ansimnet.platform.ledger.keys import KeyStore

log = structlog.get_logger(__name__)

Query: TypeAlias = LiteralString | pgsql.SQL | pgsql.Composed
Params: TypeAlias = Sequence[Any] | Mapping[str, Any]

LEAVES = 2
"""Connections set aside for transactions inside others (decisions of policy); each is held for milliseconds."""

NO_CENTRE = CentreId(UUID(int=0))
"""The centre of the sealer, which works for all of them and owns no rows."""

BIGINT = 2**63 - 1
"""The greatest number a column of this type holds: what a query compares with one is bounded by it."""
SEARCH_PATH = "public,jobs"
STATEMENT_TIMEOUT_S = 30.0
"""No statement of ours takes longer than a second; one that does thirty is lost and must free its locks."""
IDLE_TRANSACTION_TIMEOUT_S = 300.0
"""A transaction may be held open for a minute and delay nobody; after five its holder is taken for dead."""
CHECKOUT_PATIENCE_S = 30.0
"""How long a caller waits for a free connection, a restart of the server included."""
LAST_WORD_S = 1.0
"""How long closing waits to tell the sealer; by then it looks by itself."""
LISTEN_BACKOFF_S = (0.05, 2.0)


@dataclass(slots=True)
class Tx:
    """One open transaction of one tenant. It commits when the block that opened it ends well."""

    conn: Connection
    centre_id: CentreId
    keys: KeyStore | None = None
    appended: bool = False
    """Whether it wrote to the ledger: then the sealer is told after the commit."""

    async def execute(
        self, sql: Query, params: Params | None = None, *, binary: bool = False
    ) -> psycopg.AsyncCursor[Row]:
        """Run one statement and return its cursor; `binary` rows are cheaper to read.

        In a pipelined transaction the statement is only sent: whoever reads the cursor waits for its answer.
        """
        return await self.conn.execute(sql, params, binary=binary)

    async def one(self, sql: Query, params: Params | None = None) -> Row | None:
        """Return the first row, or None."""
        return await (await self.conn.execute(sql, params)).fetchone()

    async def all(self, sql: Query, params: Params | None = None) -> list[Row]:
        """Return every row."""
        return await (await self.conn.execute(sql, params)).fetchall()

    async def many(self, sql: Query, params: Sequence[Params]) -> None:
        """Run one statement once per set of parameters, in one round trip."""
        if params:
            async with self.conn.cursor() as cursor:
                await cursor.executemany(sql, params)


class Db:
    """The database as one role sees it.

    Args:
        url: address of the role, password included.
        centre_id: whose rows the role sees; `NO_CENTRE` for the sealer.
        keys: what `ledger.append` seals personal fields with.
        app: what `pg_stat_activity` calls us.
    """

    def __init__(
        self,
        url: str,
        centre_id: CentreId,
        *,
        keys: KeyStore | None = None,
        app: str = "ansimnet",
        max_size: int = 8,
        statement_timeout_s: float = STATEMENT_TIMEOUT_S,
    ) -> None:
        self.centre_id = centre_id
        self.keys = keys
        self.url = url
        self._max_size = max_size
        self._options: dict[str, Any] = {
            "autocommit": True,  # every transaction is opened by name, below
            "application_name": app,
            "connect_timeout": 5,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "options": f"-c search_path={SEARCH_PATH} -c timezone=UTC"
            f" -c statement_timeout={int(statement_timeout_s * 1000)}"
            f" -c idle_in_transaction_session_timeout={int(IDLE_TRANSACTION_TIMEOUT_S * 1000)}",
        }
        self._pool: Pool | None = None
        self._leaves: Pool | None = None
        self._unsaid = False
        self._saying: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Open the pool; connections come as they are needed. Belongs to the running event loop."""
        self._pool = Pool(self.url, self._options, max_size=self._max_size, patience_s=CHECKOUT_PATIENCE_S)
        self._leaves = Pool(self.url, self._options, max_size=LEAVES, patience_s=CHECKOUT_PATIENCE_S)

    async def close(self) -> None:
        """Close the pool and its connections; whatever the sealer has to be told is told before."""
        if self._saying is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORD_S):
                    await self._saying
        for pool in (self._pool, self._leaves):
            if pool is not None:
                await pool.close()
        self._pool = self._leaves = None

    async def connect(self) -> Connection:
        """Return a connection outside the pool, in autocommit, that the caller closes."""
        return await psycopg.AsyncConnection.connect(self.url, **self._options)

    async def __aenter__(self) -> Db:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @asynccontextmanager
    async def transaction(self, *, leaf: bool = False, pipelined: bool = False) -> AsyncIterator[Tx]:
        """Open a transaction; commit when the block ends well, roll back when it raises.

        A `leaf` promises to open no other transaction while it lives. It comes from connections set aside, so that
        whoever holds an ordinary one can always get it: otherwise a few callers that each hold one and each want a
        second would wait for one another until they give up.

        `pipelined` sends statements without waiting for the answers of those before, its first one and its commit too.

        A connection found broken before the first statement is replaced in silence; one that breaks later raises
        `psycopg.OperationalError`, and then a commit may or may not have happened: repeat only what is safe to repeat.
        """
        async with AsyncExitStack() as stack:
            tx = await self._begin(stack, self._leaves if leaf else self._pool, pipelined)
            yield tx
        if tx.appended:
            self._wake_sealer()
            await asyncio.sleep(0)  # the word is on its way before the writer goes on, whatever he computes next

    def _wake_sealer(self) -> None:
        """Have the sealer told that entries wait, beside whoever committed them; once for all that commit meanwhile.

        Inside the transaction a notification makes every such commit wait for the sync of the one before; behind it the
        writer waits for one more answer. A lost one costs the entry a second: the sealer also looks by itself.
        """
        self._unsaid = True
        if self._saying is None or self._saying.done():
            self._saying = asyncio.create_task(self._say(), name="wake the sealer")

    async def _say(self) -> None:
        while self._unsaid and self._leaves is not None:
            self._unsaid = False
            with suppress(psycopg.Error, Fault):  # what was committed stays so
                async with self._leaves.connection() as conn:
                    await conn.execute("notify ledger_pending")

    async def _begin(self, stack: AsyncExitStack, pool: Pool | None, pipelined: bool) -> Tx:
        if pool is None:
            raise Fault("the database was not opened")
        for spare in range(self._max_size, -1, -1):
            attempt = AsyncExitStack()
            conn = await attempt.enter_async_context(pool.connection())
            tx = Tx(conn, self.centre_id, self.keys)
            try:
                if pipelined:
                    await attempt.enter_async_context(conn.pipeline())
                await attempt.enter_async_context(conn.transaction())
            except psycopg.OperationalError:  # it broke since it was last used, and nothing was said yet
                await conn.close()
                await attempt.aclose()
                if spare == 0:
                    raise
            except BaseException:
                await attempt.aclose()
                raise
            else:
                stack.push_async_exit(attempt)
                return tx
        raise AssertionError("the loop returns or raises")

    async def listen(self, channel: str) -> AsyncIterator[str]:
        """Yield the payload of every notification on a channel, over a connection of its own, for ever.

        Yields an empty string after each (re)connection: whatever was said meanwhile is lost, so look for yourself.
        """
        pause_s = LISTEN_BACKOFF_S[0]
        while True:
            try:
                async with await self.connect() as conn:
                    await conn.execute(pgsql.SQL("listen {}").format(pgsql.Identifier(channel)))
                    pause_s = LISTEN_BACKOFF_S[0]
                    yield ""
                    async for notice in conn.notifies():
                        yield notice.payload
            except psycopg.OperationalError:
                log.info("db.listen_again", channel=channel, again_in_s=pause_s)
                await asyncio.sleep(pause_s)
                pause_s = min(LISTEN_BACKOFF_S[1], pause_s * 2)


@dataclass(slots=True)
class Dbs:
    """The database as each of the three working roles sees it."""

    tracking: Db
    city: Db
    sealer: Db

    def of(self, centre_id: CentreId) -> Db:
        """Return the database of a centre."""
        return {TRACKING_CENTRE: self.tracking, CITY_CENTRE: self.city}[centre_id]

    @classmethod
    def at(
        cls, urls: Urls, *, keys: Mapping[CentreId, KeyStore] | None = None, app: str = "ansimnet", max_size: int = 8
    ) -> Dbs:
        """Return the three, not yet open. Each centre has a key store of its own; the sealer reads no payload."""

        def db(url: str, centre_id: CentreId, word: str) -> Db:
            return Db(url, centre_id, keys=(keys or {}).get(centre_id), app=f"{app} {word}", max_size=max_size)

        return cls(
            tracking=db(urls.tracking, TRACKING_CENTRE, "tracking"),
            city=db(urls.city, CITY_CENTRE, "city"),
            sealer=db(urls.sealer, NO_CENTRE, "sealer"),
        )

    async def open(self) -> None:
        """Open the three pools."""
        for db in (self.tracking, self.city, self.sealer):
            await db.open()

    async def close(self) -> None:
        """Close the three pools."""
        for db in (self.tracking, self.city, self.sealer):
            with suppress(psycopg.Error):
                await db.close()

    async def __aenter__(self) -> Dbs:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
