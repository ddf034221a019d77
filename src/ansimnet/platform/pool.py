"""A pool of database connections for one event loop, made for a server that is killed now and then.

Why not psycopg_pool: its check of a connection backs off after each broken one (1, 2, 4 … s, measured 30 s for five),
and so does its reconnecting. Here a broken connection costs a connect, and a server that is back is found in 50 ms.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias

import psycopg
import structlog
from psycopg.pq import TransactionStatus

from ansimnet.kernel.clock import monotonic_s
from ansimnet.kernel.errors import Fault

log = structlog.get_logger(__name__)

Row: TypeAlias = tuple[Any, ...]
Connection: TypeAlias = psycopg.AsyncConnection[Row]

BACKOFF_S = (0.05, 0.5)
"""Between attempts to connect: a killed server is back after 0.6 s, and asking it costs 1 ms."""

HOPELESS = ("authentication failed", "does not exist", "no password supplied", "permission denied")
"""What waiting does not mend. libpq gives no code for a failed connection, only words."""


class DatabaseAway(Fault):
    """The database did not answer in time, or every connection was busy for as long."""


class Pool:
    """At most `max_size` connections, opened when asked for, the last used first.

    Args:
        url: libpq address, password included.
        options: keyword arguments of each connection.
        patience_s: how long a caller waits for a connection, a restart of the server included.
    """

    def __init__(self, url: str, options: dict[str, Any], *, max_size: int, patience_s: float) -> None:
        self._url = url
        self._options = options
        self._patience_s = patience_s
        self._places = asyncio.Semaphore(max_size)
        self._idle: list[Connection] = []
        self._open = True

    async def close(self) -> None:
        """Close idle connections now and borrowed ones as they come back."""
        self._open = False
        while self._idle:
            await self._idle.pop().close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection; take it back when the block ends, unless it broke.

        Raises:
            DatabaseAway: none could be had within `patience_s`.
        psycopg.OperationalError: the server is there and does not let us in.
        """
        until = monotonic_s() + self._patience_s
        try:
            async with asyncio.timeout(self._patience_s):
                await self._places.acquire()
        except TimeoutError as error:
            raise DatabaseAway(f"every connection was busy for {self._patience_s:.0f} s") from error
        try:
            conn = await self._take(until)
            try:
                yield conn
            finally:
                await self._give(conn)
        finally:
            self._places.release()

    async def _take(self, until: float) -> Connection:
        while self._idle:
            conn = self._idle.pop()
            if alive(conn):
                return conn
            await conn.close()
        pause_s = BACKOFF_S[0]
        while True:
            try:
                return await psycopg.AsyncConnection.connect(self._url, **self._options)
            except psycopg.OperationalError as error:
                if any(words in str(error) for words in HOPELESS):
                    raise
                if monotonic_s() + pause_s > until:
                    raise DatabaseAway(f"the database does not answer: {type(error).__name__}") from error
                log.info("db.connect_again", app=self._options.get("application_name"), again_in_s=pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(BACKOFF_S[1], pause_s * 1.5)

    async def _give(self, conn: Connection) -> None:
        if self._open and not conn.closed and conn.info.transaction_status is TransactionStatus.IDLE:
            self._idle.append(conn)
        else:
            with suppress(psycopg.Error):
                await conn.close()


def alive(conn: Connection) -> bool:
    """Return whether an idle connection is worth trying, without asking the server.

    An idle server says nothing, so a socket with something to read brings a farewell, or an end of file.
    """
    if conn.closed:
        return False
    poll = select.poll()
    poll.register(conn.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
    return not poll.poll(0)
