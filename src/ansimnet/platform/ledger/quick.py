"""Reads a chain from PostgreSQL for the quick walk: chunk by chunk beside the hashing, or in several processes."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from ansimnet.kernel.ids import CentreId
from ansimnet.platform.ledger.columns import (
    CHUNK,
    COLUMNS,
    SEGMENT,
    Joined,
    Segment,
    Stretch,
    columns_of,
    judge,
    segment_of,
)

START = "fork" if sys.platform == "linux" else "spawn"
"""How processes start: forked ones begin at once; elsewhere they are started anew and import the whole command."""
WORTH_PROCESSES = (2 if START == "fork" else 12) * SEGMENT
"""Entries from which on several processes are sooner done than one: a fork takes milliseconds, an import seconds."""
MOST_PROCESSES = 8
"""Ours: a verification leaves a big machine some cores for its other work."""
ENDS = """
    select (select seq from ledger_seal where centre_id = %(centre)s order by seq limit 1),
           coalesce((select seq from ledger_seal where centre_id = %(centre)s order by seq desc limit 1), 0)
"""
"""The first and the last number; that none is missing in between is seen on the way."""
PLAN = "set local enable_hashjoin = off; set local enable_mergejoin = off; set local jit = off"
"""Each chunk looks its entries up; a hash join would read all of them for every chunk."""


async def quick_walk(conn: AsyncConnection[Any], centre_id: CentreId, sizes: Iterable[int]) -> Joined | None:
    """Return roots and head of a centre's chain if every entry is whole; None says only that one must look closer.

    `conn` is inside a repeatable-read transaction; every process reads its snapshot.
    """
    found = await (await conn.execute(ENDS, {"centre": centre_id})).fetchone()
    assert found is not None
    first, count = found
    if first not in {None, 1}:
        return None
    await conn.execute(PLAN)
    wanted = frozenset(sizes)
    if count < WORTH_PROCESSES:
        return await _alone(conn, centre_id, count, wanted)
    return await _together(conn, centre_id, count, wanted)


async def _alone(conn: AsyncConnection[Any], centre_id: CentreId, count: int, sizes: frozenset[int]) -> Joined | None:
    """Hash one chunk in a thread while PostgreSQL reads out the next."""
    whole = Joined()
    for start in range(0, count, SEGMENT):
        stretches: list[Stretch | None] = []
        hashing: asyncio.Task[Stretch | None] | None = None
        for after in range(start, min(start + SEGMENT, count), CHUNK):
            async with conn.cursor(binary=True) as cursor:
                await cursor.execute(COLUMNS, (centre_id, after, start + SEGMENT, CHUNK))
                row = await cursor.fetchone()
            if hashing is not None:
                stretches.append(await hashing)
            assert row is not None
            hashing = asyncio.create_task(asyncio.to_thread(judge, columns_of(row), str(centre_id), after))
        if hashing is not None:
            stretches.append(await hashing)
        segment = _segment(stretches, sizes)
        if segment is None or not whole.take(segment):
            return None
    return whole if whole.entries == count else None


async def _together(
    conn: AsyncConnection[Any], centre_id: CentreId, count: int, sizes: frozenset[int]
) -> Joined | None:
    exported = await (await conn.execute("select pg_export_snapshot()")).fetchone()
    assert exported is not None
    url = make_conninfo(conn.info.dsn, password=conn.info.password)
    read = partial(_read, url, exported[0], centre_id)
    starts = range(0, count, SEGMENT)
    whole, loop = Joined(), asyncio.get_running_loop()
    with ProcessPoolExecutor(min(os.cpu_count() or 1, MOST_PROCESSES), mp_context=get_context(START)) as processes:
        jobs = [
            loop.run_in_executor(processes, read, k, frozenset(s for s in sizes if k < s <= k + SEGMENT))
            for k in starts
        ]
        found = await asyncio.gather(*jobs)
    for segment in found:
        if segment is None or not whole.take(segment):
            return None
    return whole if whole.entries == count else None


_kept: dict[str, psycopg.Connection[Any]] = {}
"""A process's connection, by snapshot: it reads many segments."""


def _read(url: str, snapshot: str, centre_id: UUID, start: int, sizes: frozenset[int]) -> Segment | None:
    """Return one segment if it is whole. Runs in a process of its own."""
    conn = _kept.get(snapshot)
    if conn is None:
        conn = _kept[snapshot] = psycopg.connect(url)
        conn.execute("set transaction isolation level repeatable read, read only")
        conn.execute(f"set transaction snapshot '{snapshot}'".encode())
        conn.execute(PLAN)
    stretches: list[Stretch | None] = []
    for after in range(start, start + SEGMENT, CHUNK):
        with conn.cursor(binary=True) as cursor:
            row = cursor.execute(COLUMNS, (centre_id, after, start + SEGMENT, CHUNK)).fetchone()
        assert row is not None
        if row[0] == 0:
            break
        stretches.append(judge(columns_of(row), str(centre_id), after))
    return _segment(stretches, sizes)


def _segment(stretches: list[Stretch | None], sizes: frozenset[int]) -> Segment | None:
    sound = [s for s in stretches if s is not None]
    return segment_of(sound, sizes) if sound and len(sound) == len(stretches) else None
