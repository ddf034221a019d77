"""Append, seal, follow: on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.platform.ledger_kit import personal, plain, sealer_of

from ansimnet.facts.dispatch import NoteAdded, PoliceAcknowledged
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import TRACKING_CENTRE, new_id
from ansimnet.platform.db import Db, Dbs, Tx
from ansimnet.platform.ledger import Entry, Reader, append, catch_up, follow, head_seq, replay_parked, run_readers
from ansimnet.platform.pool import DatabaseAway

BOTH = frozenset({PoliceAcknowledged, NoteAdded})


async def tell(db: Db, *facts: Fact) -> None:
    async with db.transaction() as tx:
        for fact in facts:
            await append(tx, fact, actor="system:test")


@asynccontextmanager
async def running(*coroutines: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(c) for c in coroutines]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.005)


@pytest.mark.requirement("CC-03")
async def test_a_fact_comes_back_whole_and_in_order(dbs: Dbs, tmp_path: Path) -> None:
    facts = [plain("1"), personal("하나"), plain("2"), personal("둘")]
    got: list[Entry] = []

    async def handle(_: Tx, entry: Entry) -> None:
        got.append(entry)

    reader = Reader(name="test.all", kinds=BOTH, centre=TRACKING_CENTRE, handle=handle)
    async with running(sealer_of(dbs, tmp_path / "ledger").run(), run_readers(dbs, [reader])):
        await tell(dbs.tracking, *facts)
        await until(lambda: len(got) == 4)
    assert [e.fact for e in got] == facts
    assert [e.seq for e in got] == [1, 2, 3, 4]
    assert {e.actor for e in got} == {"system:test"}
    assert await head_seq(dbs.tracking) == 4
    assert await head_seq(dbs.city) == 0


async def test_what_rolls_back_is_never_told(dbs: Dbs, tmp_path: Path) -> None:
    async with dbs.tracking.transaction() as tx:
        await append(tx, plain(), actor="system:test")
        raise psycopg.Rollback
    assert await sealer_of(dbs, tmp_path / "ledger").once() == 0


@pytest.mark.requirement("EM-17")
async def test_an_open_transaction_delays_nobody_and_gets_a_later_number(dbs: Dbs, tmp_path: Path) -> None:
    late = plain("late")
    seen: list[str] = []

    async def handle(_: Tx, entry: Entry) -> None:
        assert isinstance(entry.fact, PoliceAcknowledged)
        seen.append(entry.fact.receipt)

    reader = Reader(name="test.open", kinds=BOTH, centre=TRACKING_CENTRE, handle=handle)
    async with running(sealer_of(dbs, tmp_path / "ledger").run(), run_readers(dbs, [reader])):
        async with dbs.tracking.transaction() as held:
            await append(held, late, actor="system:test")
            for n in range(5):
                await tell(dbs.tracking, plain(str(n)))
                await until(lambda n=n: len(seen) == n + 1)  # type: ignore[misc]
            assert seen == ["0", "1", "2", "3", "4"]
        await until(lambda: len(seen) == 6)
    assert seen[-1] == "late"


async def test_effect_and_position_commit_together_and_a_restart_repeats_nothing(dbs: Dbs, tmp_path: Path) -> None:
    sealer = sealer_of(dbs, tmp_path / "ledger")
    await tell(dbs.tracking, *(plain(str(n)) for n in range(20)))
    await sealer.once()
    taken: list[int] = []

    async def handle(tx: Tx, entry: Entry) -> None:
        await tx.execute("insert into link_seen (fact_id, from_centre, received_at) values (%s, %s, now())",
                         (entry.fact.fact_id, TRACKING_CENTRE))  # fmt: skip
        taken.append(entry.seq)
        if entry.seq == 10 and taken.count(10) == 1:
            raise asyncio.CancelledError  # the process dies between effect and commit

    reader = Reader(name="test.dies", kinds=BOTH, centre=TRACKING_CENTRE, handle=handle)
    with pytest.raises(asyncio.CancelledError):
        await catch_up(dbs, [reader])
    await catch_up(dbs, [reader])
    assert taken == [*range(1, 11), *range(10, 21)]
    async with dbs.tracking.transaction() as tx:
        assert await tx.one("select count(*) from link_seen") == (20,)
        assert await tx.one("select seq from reader_position where reader = 'test.dies'") == (20,)


async def test_two_processes_with_the_same_reader_take_each_fact_once(dbs: Dbs, tmp_path: Path) -> None:
    taken: list[int] = []

    async def handle(_: Tx, entry: Entry) -> None:
        await asyncio.sleep(0.001)
        taken.append(entry.seq)

    reader = Reader(name="test.twice", kinds=BOTH, centre=TRACKING_CENTRE, handle=handle)
    run = run_readers
    async with running(sealer_of(dbs, tmp_path / "ledger").run(), run(dbs, [reader]), run(dbs, [reader])):
        for n in range(30):
            await tell(dbs.tracking, plain(str(n)))
        await until(lambda: len(taken) >= 30)
        await asyncio.sleep(0.05)
    assert taken == list(range(1, 31))


async def test_a_bad_fact_is_parked_blocks_nobody_and_can_be_given_again(dbs: Dbs, tmp_path: Path) -> None:
    sealer = sealer_of(dbs, tmp_path / "ledger")
    await tell(dbs.tracking, plain("a"), plain("poison"), plain("b"))
    await sealer.once()
    taken: list[str] = []
    broken = True

    async def handle(_: Tx, entry: Entry) -> None:
        assert isinstance(entry.fact, PoliceAcknowledged)
        if broken and entry.fact.receipt == "poison":
            raise ValueError("a name that must not be stored")
        taken.append(entry.fact.receipt)

    reader = Reader(name="test.bad", kinds=BOTH, centre=TRACKING_CENTRE, handle=handle)
    await catch_up(dbs, [reader])
    assert taken == ["a", "b"]
    async with dbs.tracking.transaction() as tx:
        row = await tx.one("select seq, error from reader_parked where reader = 'test.bad'")
    assert row is not None
    assert row[0] == 2
    assert row[1].startswith("ValueError")
    assert "name" not in row[1]
    broken = False
    await replay_parked(dbs.tracking, reader, 2)
    assert taken == ["a", "b", "poison"]
    async with dbs.tracking.transaction() as tx:
        assert await tx.one("select count(*) from reader_parked") == (0,)


async def test_readers_wait_while_every_connection_is_busy_and_park_nothing(dbs: Dbs, tmp_path: Path) -> None:
    sealer = sealer_of(dbs, tmp_path / "ledger")
    got: list[str] = []

    async def handle(_: Tx, entry: Entry) -> None:
        got.append(entry.fact.text if isinstance(entry.fact, NoteAdded) else "")

    reader = Reader(name="test.waits", kinds=BOTH, centre=TRACKING_CENTRE, handle=handle)
    async with running(run_readers(dbs, [reader])):
        await tell(dbs.tracking, personal("before"))
        await sealer.once()
        await until(lambda: got == ["before"])
        await tell(dbs.tracking, personal("meanwhile"), personal("and more"))
        async with AsyncExitStack() as stack:
            dbs.tracking._pool._patience_s = 0.1
            with suppress(DatabaseAway):
                while True:
                    await stack.enter_async_context(dbs.tracking.transaction())
            await sealer.once()
            await asyncio.sleep(
                1.5
            )  # longer than a follower looks by itself, and than a fact is tried before it is parked
            assert got == ["before"]
        await until(lambda: len(got) == 3)
    assert got == ["before", "meanwhile", "and more"]
    async with dbs.tracking.transaction() as tx:
        assert await tx.one("select count(*) from reader_parked") == (0,)


async def test_skipped_kinds_move_the_position_on(dbs: Dbs, tmp_path: Path) -> None:
    sealer = sealer_of(dbs, tmp_path / "ledger")
    await tell(dbs.tracking, *(plain(str(n)) for n in range(1100)), personal())
    await sealer.once()
    taken: list[int] = []

    async def handle(_: Tx, entry: Entry) -> None:
        taken.append(entry.seq)

    await catch_up(dbs, [Reader(name="test.some", kinds=frozenset({NoteAdded}), centre=TRACKING_CENTRE, handle=handle)])
    assert taken == [1101]


async def test_follow_resumes_after_a_number_and_goes_on_live(dbs: Dbs, tmp_path: Path) -> None:
    sealer = sealer_of(dbs, tmp_path / "ledger")
    await tell(dbs.tracking, plain("1"), plain("2"), personal("3"))
    await sealer.once()
    got: list[int] = []

    async def watch() -> None:
        async for entry in follow(dbs.tracking, 1, BOTH):
            got.append(entry.seq)

    async with running(watch(), watch(), sealer.run()):
        await until(lambda: got.count(3) == 2)
        await tell(dbs.tracking, plain("4"))
        await until(lambda: got.count(4) == 2)
    assert sorted(got) == [2, 2, 3, 3, 4, 4]


@pytest.mark.requirement("DI-03")
async def test_a_destroyed_key_leaves_the_fact_without_its_words(dbs: Dbs, tmp_path: Path) -> None:
    sealer, incident = sealer_of(dbs, tmp_path / "ledger"), new_id()
    await tell(dbs.tracking, personal("전", incident))
    keys = dbs.tracking.keys
    assert keys is not None
    assert keys.destroy(incident) == 1
    await tell(dbs.tracking, personal("후", incident))
    await sealer.once()
    got: list[str | None] = []

    async def handle(_: Tx, entry: Entry) -> None:
        assert isinstance(entry.fact, NoteAdded)
        got.append(entry.fact.text)

    await catch_up(dbs, [Reader(name="test.gone", kinds=BOTH, centre=TRACKING_CENTRE, handle=handle)])
    assert got == [None, "후"]


async def test_the_second_sealer_waits_and_takes_over(dbs: Dbs, tmp_path: Path) -> None:
    first, second = sealer_of(dbs, tmp_path / "ledger"), sealer_of(dbs, tmp_path / "ledger")
    got: list[int] = []

    async def watch() -> None:
        async for entry in follow(dbs.tracking, 0):
            got.append(entry.seq)

    async with running(watch()):
        task = asyncio.create_task(first.run())
        await tell(dbs.tracking, plain())
        await until(lambda: got == [1])
        async with running(second.run()):
            await tell(dbs.tracking, plain())
            await until(lambda: got == [1, 2])
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await tell(dbs.tracking, plain())
            await until(lambda: got == [1, 2, 3])


async def test_the_sealer_outlives_its_connection(dbs: Dbs, tmp_path: Path) -> None:
    got: list[int] = []

    async def watch() -> None:
        async for entry in follow(dbs.tracking, 0):
            got.append(entry.seq)

    async with running(watch(), sealer_of(dbs, tmp_path / "ledger").run()):
        for n in range(3):
            await tell(dbs.tracking, plain())
            await until(lambda n=n: len(got) == n + 1)  # type: ignore[misc]
            async with dbs.sealer.transaction() as tx:
                await tx.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'ansimnet sealer'"
                )
    assert got == [1, 2, 3]


async def test_no_role_can_rewrite_what_is_written(dbs: Dbs, tmp_path: Path) -> None:
    await tell(dbs.tracking, plain())
    await sealer_of(dbs, tmp_path / "ledger").once(checkpoint=True)
    for db in (dbs.tracking, dbs.city, dbs.sealer):
        for table in ("ledger_entry", "ledger_seal", "ledger_checkpoint"):
            for statement in (f"delete from {table}", f"update {table} set centre_id = centre_id", f"truncate {table}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    async with db.transaction() as tx:
                        await tx.conn.execute(statement.encode())
