"""Tenancy, the append-only ledger tables, and a pool that outlives its connections."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from tests.platform.ledger_kit import plain

from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, new_id
from ansimnet.platform import migrations
from ansimnet.platform.db import NO_CENTRE, Db, Dbs, Tx
from ansimnet.platform.engines.postgres import Postgres
from ansimnet.platform.ledger import append
from ansimnet.platform.roles import Urls

if TYPE_CHECKING:
    from tests.conftest import Cluster

AT = datetime(2026, 11, 21, 14, 32, tzinfo=UTC)
ENTRY = (
    "insert into ledger_entry (entry_id, kind, happened_at, recorded_at, actor, body) "
    "values (%s, 'test.thing.done.v1', %s, %s, 'system:test', '{}')"
)


async def enter(db: Db) -> UUID:
    entry = new_id()
    async with db.transaction() as tx:
        await tx.execute(ENTRY, [entry, AT, AT])
    return entry


async def seen(db: Db) -> list[UUID]:
    async with db.transaction() as tx:
        return [entry for (entry,) in await tx.all("select entry_id from ledger_entry")]


# ---------------------------------------------------------------------------------------------- transactions


async def test_a_transaction_commits_when_the_block_ends_well(dbs: Dbs) -> None:
    entry = await enter(dbs.tracking)
    assert await seen(dbs.tracking) == [entry]


async def test_a_transaction_rolls_back_when_the_block_raises(dbs: Dbs) -> None:
    with pytest.raises(ZeroDivisionError):
        async with dbs.tracking.transaction() as tx:
            await tx.execute(ENTRY, [new_id(), AT, AT])
            raise ZeroDivisionError
    assert await seen(dbs.tracking) == []


async def test_part_of_a_transaction_can_fail_alone(dbs: Dbs) -> None:
    entry = new_id()
    async with dbs.tracking.transaction() as tx:
        await tx.execute(ENTRY, [entry, AT, AT])
        with pytest.raises(psycopg.errors.UniqueViolation):
            async with tx.conn.transaction():
                await tx.execute(ENTRY, [entry, AT, AT])
    assert await seen(dbs.tracking) == [entry]


async def test_times_come_back_in_utc_and_many_rows_go_in_one_trip(dbs: Dbs) -> None:
    rows = [[new_id(), AT, AT] for _ in range(20)]
    async with dbs.tracking.transaction() as tx:
        await tx.many(ENTRY, rows)
        await tx.many(ENTRY, [])
        assert await tx.one("select count(*), min(happened_at) from ledger_entry") == (20, AT)
        row = await tx.one("select happened_at from ledger_entry limit 1")
        assert row is not None
        assert row[0].utcoffset().total_seconds() == 0
        assert (tx.centre_id, tx.keys) == (TRACKING_CENTRE, dbs.tracking.keys)


async def test_centres_have_their_own(dbs: Dbs) -> None:
    assert dbs.of(TRACKING_CENTRE) is dbs.tracking
    assert dbs.of(CITY_CENTRE) is dbs.city
    assert dbs.tracking.keys is not dbs.city.keys
    for db, centre in ((dbs.tracking, TRACKING_CENTRE), (dbs.city, CITY_CENTRE), (dbs.sealer, None)):
        async with db.transaction() as tx:
            assert await tx.one("select my_centre()") == (centre,)
    assert dbs.sealer.centre_id == NO_CENTRE


# ---------------------------------------------------------------------------------------------- tenancy


async def test_neither_centre_sees_the_others_rows(dbs: Dbs) -> None:
    ours, theirs = await enter(dbs.tracking), await enter(dbs.city)
    assert await seen(dbs.tracking) == [ours]
    assert await seen(dbs.city) == [theirs]
    assert sorted(await seen(dbs.sealer)) == sorted([ours, theirs])


async def test_no_row_can_be_written_for_the_other_centre(dbs: Dbs) -> None:
    for statement in (
        "insert into reader_position (reader, seq, centre_id) values ('r', 1, %s)",
        "insert into link_seen (fact_id, from_centre, received_at, centre_id) values (gen_random_uuid(), "
        "gen_random_uuid(), now(), %s)",
    ):
        with pytest.raises(InsufficientPrivilege):
            async with dbs.city.transaction() as tx:
                await tx.execute(statement, [TRACKING_CENTRE])
    async with dbs.city.transaction() as tx:
        await tx.execute("insert into reader_position (reader, seq) values ('r', 1)")
    with pytest.raises(InsufficientPrivilege):
        async with dbs.city.transaction() as tx:
            await tx.execute("update reader_position set centre_id = %s", [TRACKING_CENTRE])
    async with dbs.tracking.transaction() as tx:
        assert (await tx.execute("update reader_position set seq = 9")).rowcount == 0
        assert (await tx.execute("delete from reader_position")).rowcount == 0


async def test_a_role_cannot_become_another(dbs: Dbs) -> None:
    for statement in (
        "set role ansimnet_tracking",
        "set session authorization ansimnet_tracking",
        "alter table ledger_entry disable row level security",
        "update centre set db_role = 'ansimnet_city'",
        "create table public.own (n int)",
        "create or replace function my_centre() returns uuid language sql as 'select null::uuid'",
        "call tenant_table('centre')",
    ):
        with pytest.raises(InsufficientPrivilege):
            async with dbs.city.transaction() as tx:
                await tx.execute(statement)


async def test_an_owner_that_looks_without_a_centre_sees_nothing(dbs: Dbs, urls: Urls) -> None:
    await enter(dbs.tracking)
    async with await psycopg.AsyncConnection.connect(urls.owner) as conn:
        assert await (await conn.execute("select count(*) from ledger_entry")).fetchone() == (0,)


def test_every_table_has_a_centre_and_forced_row_security(cluster: Cluster, urls: Urls) -> None:
    exempt = {"centre", "schema_migration"}  # who the centres are, and how the database came to be
    with psycopg.connect(cluster.superuser(urls)) as conn:
        tables = conn.execute(
            """select c.relname, c.relrowsecurity and c.relforcerowsecurity,
                      exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'centre_id'
                              and a.attnotnull and a.atttypid = 'uuid'::regtype),
                      exists (select 1 from pg_policy p where p.polrelid = c.oid and p.polname = 'tenant')
               from pg_class c join pg_namespace n on n.oid = c.relnamespace
               where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema')"""
        ).fetchall()
    assert exempt <= {name for name, *_ in tables}
    assert [row for row in tables if row[0] not in exempt and row[1:] != (True, True, True)] == []


def test_the_two_centres_are_the_kernels(cluster: Cluster, urls: Urls) -> None:
    with psycopg.connect(cluster.superuser(urls)) as conn:
        rows = conn.execute("select kind, centre_id, db_role from centre order by kind desc").fetchall()
    assert rows == [
        ("tracking", TRACKING_CENTRE, "ansimnet_tracking"),
        ("city", CITY_CENTRE, "ansimnet_city"),
    ]


# ---------------------------------------------------------------------------------------------- ledger tables


async def test_an_entry_waits_for_its_seal_and_wakes_the_sealer(dbs: Dbs) -> None:
    woken = dbs.sealer.listen("ledger_pending")
    assert await anext(woken) == ""
    fact = plain()
    async with dbs.city.transaction() as tx:
        await append(tx, fact, actor="system:test")
    entry = fact.fact_id
    await asyncio.wait_for(anext(woken), 10)
    async with dbs.sealer.transaction() as tx:
        assert await tx.all("select entry_id, centre_id from ledger_pending") == [(entry, CITY_CENTRE)]
    await closed(woken)


@pytest.mark.parametrize("table", ["ledger_entry", "ledger_seal", "ledger_checkpoint"])
async def test_nobody_changes_the_ledger(dbs: Dbs, cluster: Cluster, urls: Urls, table: str) -> None:
    await enter_sealed(dbs)
    for db in (dbs.tracking, dbs.city, dbs.sealer):
        for change in (
            f"update {table} set centre_id = centre_id",
            f"delete from {table}",
            f"truncate {table} cascade",
        ):
            with pytest.raises(InsufficientPrivilege):
                async with db.transaction() as tx:
                    await tx.execute(change)
    async with await psycopg.AsyncConnection.connect(cluster.superuser(urls), autocommit=True) as mighty:
        for change in (
            f"update {table} set centre_id = centre_id",
            f"delete from {table}",
            f"truncate {table} cascade",
        ):
            with pytest.raises(InsufficientPrivilege, match="append-only"):
                await mighty.execute(change)


async def test_only_the_sealer_seals(dbs: Dbs) -> None:
    entry = await enter(dbs.tracking)
    with pytest.raises(InsufficientPrivilege):
        async with dbs.tracking.transaction() as tx:
            await seal(tx, entry)
    with pytest.raises(InsufficientPrivilege):
        async with dbs.tracking.transaction() as tx:
            await tx.execute("delete from ledger_pending")
    with pytest.raises(InsufficientPrivilege):
        async with dbs.sealer.transaction() as tx:
            await tx.execute("select * from reader_position")
    async with dbs.sealer.transaction() as tx:
        await seal(tx, entry)


async def enter_sealed(dbs: Dbs) -> None:
    entry = await enter(dbs.tracking)
    async with dbs.sealer.transaction() as tx:
        await seal(tx, entry)
        await tx.execute(
            "insert into ledger_checkpoint (centre_id, size, root, head_hash, key_id, signature, signed_at) "
            "values (%s, 1, '', '', 'k', '', now())",
            [TRACKING_CENTRE],
        )


async def seal(tx: Tx, entry: UUID) -> None:
    await tx.execute(
        "insert into ledger_seal (centre_id, seq, entry_id, prev_hash, hash, sealed_at) "
        "values (%s, 1, %s, '', '', now())",
        [TRACKING_CENTRE, entry],
    )
    await tx.execute("delete from ledger_pending where entry_id = %s", [entry])


# ---------------------------------------------------------------------------------------------- broken connections


async def test_a_wrong_password_is_no_reason_to_wait(urls: Urls) -> None:
    host = urls.city.rpartition("@")[2]
    async with Db(f"postgresql://ansimnet_city:guess@{host}", CITY_CENTRE) as db:
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            await enter(db)


async def test_more_callers_than_connections_take_turns(urls: Urls) -> None:
    async with Db(urls.city, CITY_CENTRE, max_size=2) as db:
        await asyncio.gather(*(enter(db) for _ in range(20)))
        assert len(await seen(db)) == 20


async def test_a_cancelled_transaction_rolls_back_and_frees_its_connection(urls: Urls) -> None:
    async with Db(urls.city, CITY_CENTRE, max_size=1) as db:

        async def dawdle() -> None:
            async with db.transaction() as tx:
                await tx.execute(ENTRY, [new_id(), AT, AT])
                await tx.execute("select pg_sleep(60)")

        lost = asyncio.create_task(dawdle())
        await asyncio.sleep(0.2)
        lost.cancel()
        with pytest.raises(asyncio.CancelledError):
            await lost
        assert await seen(db) == []


async def test_connections_that_died_while_idle_are_replaced_in_silence(dbs: Dbs, cluster: Cluster, urls: Urls) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(6):
            group.create_task(enter(dbs.tracking))
    async with await psycopg.AsyncConnection.connect(cluster.superuser(urls), autocommit=True) as mighty:
        await mighty.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'test tracking'"
        )
    for _ in range(10):
        await enter(dbs.tracking)
    assert len(await seen(dbs.tracking)) == 16


async def test_listening_goes_on_after_the_connection_broke(dbs: Dbs, cluster: Cluster, urls: Urls) -> None:
    words = dbs.tracking.listen("test_channel")
    assert await anext(words) == ""
    async with await psycopg.AsyncConnection.connect(cluster.superuser(urls), autocommit=True) as mighty:
        await mighty.execute("notify test_channel, 'one'")
        assert await asyncio.wait_for(anext(words), 10) == "one"
        await mighty.execute("select pg_terminate_backend(pid, 5000) from pg_stat_activity where query like 'listen%'")
        assert await asyncio.wait_for(anext(words), 10) == ""  # look for yourself: something may be lost
        await mighty.execute("notify test_channel, 'two'")
        assert await asyncio.wait_for(anext(words), 10) == "two"
    await closed(words)


async def after_all(db: Db) -> list[UUID] | None:
    with suppress(psycopg.OperationalError):
        return await seen(db)
    return None


async def closed(words: AsyncIterator[str]) -> None:
    assert isinstance(words, AsyncGenerator)
    await words.aclose()


async def test_the_pool_outlives_kill_nine_of_the_server() -> None:
    folder = Path(tempfile.mkdtemp(prefix="ansimnet-pg-", dir="/tmp"))
    folder.chmod(0o711)
    server = Postgres(folder / "postgres", tuning={"shared_buffers": "16MB"})
    try:
        urls = await server.start_async()
        await asyncio.to_thread(migrations.migrate, urls.owner)
        async with Dbs.at(urls) as dbs:
            first = [await enter(dbs.tracking) for _ in range(5)]
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
            # A backend that outlived the server may still take a word before it goes: then repeat.
            async with asyncio.timeout(60):
                while server.restarts == 0 or (rows := await after_all(dbs.tracking)) is None:
                    await asyncio.sleep(0.01)
            assert sorted(rows) == sorted(first)
            later = await enter(dbs.tracking)
            assert sorted(await seen(dbs.tracking)) == sorted([*first, later])
    finally:
        await server.stop_async()
        shutil.rmtree(folder, ignore_errors=True)
