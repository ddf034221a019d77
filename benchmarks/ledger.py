"""How fast is the ledger: facts appended and sealed, what a fact adds to its transaction, entries verified again?

Everything is the product's own: roles, row-level security, encrypted payloads, one sealer in a process of its own,
every commit synced to disk. `facts_per_s`: facts appended and sealed a second, 500 a transaction. `added_ms_p99`: open
loop, 5,000 facts/s offered in transactions of 25; between any two of them one with the same business and no fact; p99
of commit minus arrival with facts, minus p99 without, once the connections are open. `verify_per_s`: entries whose
hashes, links, roots and signatures `ansimnet ledger verify` computes again. Rivals in the same run: a hash chain in
SQLite, a plain table in PostgreSQL.

Keys: facts_per_s added_ms_p99 verify_per_s rivals.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from ansimnet.app.measure import Options
from ansimnet.facts.dispatch import StepReached, UnitMoved
from ansimnet.facts.policy import AccessDecided
from ansimnet.kernel.clock import monotonic_s, now
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import (
    CITY_CENTRE,
    TRACKING_CENTRE,
    AccountId,
    FactId,
    GroundId,
    IncidentId,
    PermitId,
    UnitId,
    new_id,
)
from ansimnet.platform import migrations
from ansimnet.platform.db import Dbs
from ansimnet.platform.engines import binaries
from ansimnet.platform.engines.postgres import SUPERUSER, Postgres
from ansimnet.platform.ledger import KeyStore, append_many, verify
from ansimnet.platform.ledger.canonical import split
from ansimnet.platform.roles import Urls

FACTS = {"small": 60_000, "full": 400_000}
GROUP = 500
"""Facts in a transaction of the first question: a gateway's batch, a night's import."""
LANES = 2
"""Transactions under way side by side: while one syncs, the next is written."""
OFFERED = 5_000
"""Facts offered a second in the second question."""
SMALL_GROUP = 25
CONNECTIONS = 8
"""Transactions under way at most: the pool's size."""
BEHIND = 1_000
"""Transactions waiting at once (2.5 s of them) that say the machine does not keep up, and end the question."""
SECONDS = {"small": 8.0, "full": 30.0}
WARM_S = 2.0
"""Offered before these, and not counted: eight log-ins to the server, as after every start."""
SUBJECTS = 200
"""Persons under whose keys a quarter of the facts is encrypted."""
RIVAL_FACTS = {"small": 20_000, "full": 100_000}
RIVAL_GROUP = 100
VERIFIED_TIMES = 3
"""How often everything is verified; the median counts."""
ROOT = Path(__file__).parents[1]


def run(options: Options) -> dict[str, Any]:
    """Measure and return the figures."""
    folder = Path(tempfile.mkdtemp(prefix="ansimnet-bench-"))
    server = Postgres(binaries.home_for(folder), passwords_file=folder / "passwords.json")
    try:
        urls = server.start()
        migrations.migrate(urls.owner)
        with psycopg.connect(urls.owner, autocommit=True) as conn:
            conn.execute("create table bench_business (id uuid primary key, at timestamptz, note text)")
            conn.execute("grant insert, select, update on bench_business to ansimnet_tracking")
        return asyncio.run(_measure(options, urls, server.url(SUPERUSER), folder))
    finally:
        gc.unfreeze()
        server.stop()
        binaries.remove_tree(folder)
        shutil.rmtree(folder, ignore_errors=True)


async def _measure(options: Options, urls: Urls, superuser: str, folder: Path) -> dict[str, Any]:
    facts = made(FACTS[options.size], random.Random(options.seed))
    gc.freeze()  # a server has no half a million facts in memory: the collector must not walk them in between
    async with _opened(urls, folder) as dbs:
        with _sealing(urls, folder):
            await _appended(dbs, made(2_000, random.Random(0)))  # keys, plans and pages that later runs find warm
            await _sealed(dbs, 2_000)
            options.progress(0, 5, "appending and sealing")
            began = monotonic_s()
            append_s = await _appended(dbs, facts)
            await _sealed(dbs, 2_000 + len(facts))
            sealed_s = monotonic_s() - began
            options.progress(1, 5, f"{OFFERED:,} facts a second beside business")
            added = await _added(dbs, SECONDS[options.size], random.Random(options.seed))
        options.progress(3, 5, "verifying")
        verified = await _verified(urls, folder)
    options.progress(4, 5, "the rivals")
    bodies = [split(f)[0] for f in facts[: RIVAL_FACTS[options.size]]]
    plain = _postgres(superuser, bodies)
    return {
        "facts_per_s": round(len(facts) / sealed_s),
        "append_per_s": round(len(facts) / append_s),
        "facts": len(facts),
        "group": GROUP,
        "added_ms_p99": added["p99_ms"]["added"],
        "added": added,
        "verify_per_s": verified,
        "rivals": {
            "sqlite_hash_chain": {"facts_per_s": _sqlite(folder, bodies), "commit_every": RIVAL_GROUP},
            "postgresql_plain_table": {"facts_per_s": plain, "commit_every": GROUP},
        },
    }


@asynccontextmanager
async def _opened(urls: Urls, folder: Path) -> AsyncIterator[Dbs]:
    keys = {TRACKING_CENTRE: KeyStore(folder / "keys-tracking"), CITY_CENTRE: KeyStore(folder / "keys-city")}
    async with Dbs.at(urls, keys=keys, app="bench") as dbs:
        yield dbs


@contextmanager
def _sealing(urls: Urls, folder: Path) -> Iterator[None]:
    argv = [sys.executable, "-m", "benchmarks._ledger_seal", urls.sealer, str(folder)]
    sealer = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        sealer.terminate()
        try:
            sealer.wait(10)
        except subprocess.TimeoutExpired:
            sealer.kill()
            sealer.wait()


PERSONS = [new_id() for _ in range(SUBJECTS)]


def made(n: int, rng: random.Random) -> list[Fact]:
    """Return facts as they come on a busy night: half of them decisions, a quarter with encrypted positions.

    They are about the same few persons: a person's key is made once, at his first fact, not with every one.
    """
    at, found = now(), list[Fact]()
    for k in range(n):
        person, fact_id = rng.choice(PERSONS), FactId(new_id())
        if k % 4 < 2:
            found.append(
                AccessDecided(
                    fact_id=fact_id,
                    happened_at=at,
                    account_id=AccountId(person),
                    role="tracking_controller",
                    act="view_stream",
                    purpose="respond",
                    resource=person,
                    ground_id=GroundId(person),
                    allowed=True,
                    reasons=("trigger",),
                    permit_id=PermitId(fact_id),
                    cites=("PIPA 18(2)3",),
                    screen="alarm",
                )
            )
        elif k % 4 == 2:
            found.append(
                StepReached(fact_id=fact_id, happened_at=at, incident_id=IncidentId(person), step=2, elapsed_ms=k)
            )
        else:
            found.append(
                UnitMoved(
                    fact_id=fact_id,
                    happened_at=at,
                    unit_id=UnitId(person),
                    incident_id=IncidentId(person),
                    lat=36.5 + rng.random(),
                    lon=127.1 + rng.random(),
                    eta_s=k % 600,
                )
            )
    return found


async def _appended(dbs: Dbs, facts: list[Fact]) -> float:
    """Append in groups over a few lanes and return the seconds until the last commit."""
    groups = iter([facts[k : k + GROUP] for k in range(0, len(facts), GROUP)])

    async def lane() -> None:
        for group in groups:
            async with dbs.tracking.transaction() as tx:
                await append_many(tx, group, actor="system:bench")

    began = monotonic_s()
    await asyncio.gather(*(lane() for _ in range(LANES)))
    return monotonic_s() - began


async def _sealed(dbs: Dbs, count: int) -> None:
    """Return when so many are sealed."""
    while True:
        async with dbs.tracking.transaction() as tx:
            row = await tx.one("select coalesce(max(seq), 0) from ledger_seal")
        if row is not None and row[0] >= count:
            return
        await asyncio.sleep(0.01)


async def _added(dbs: Dbs, seconds: float, rng: random.Random) -> dict[str, Any]:
    """Offer transactions at fixed instants, every other one with facts, and compare how long they take."""
    every_s = SMALL_GROUP / OFFERED / 2
    warm, count = int(WARM_S / every_s), int((WARM_S + seconds) / every_s)
    groups = [made(SMALL_GROUP, rng) if k % 2 else [] for k in range(count)]
    gc.freeze()
    took: tuple[list[float], list[float]] = ([], [])
    began = monotonic_s() + 0.2

    at_once = asyncio.Semaphore(CONNECTIONS)  # whoever waits, waits here, and it counts
    ended = 0

    async def one(k: int, due_s: float) -> None:
        nonlocal ended
        async with at_once, dbs.tracking.transaction() as tx:
            await tx.execute(
                "insert into bench_business values (%s, %s, %s)", (new_id(), now() + timedelta(0), "a fix, an order")
            )
            if groups[k]:
                await append_many(tx, groups[k], actor="system:bench")
        if k >= warm:
            took[k % 2].append((monotonic_s() - due_s) * 1000)
        ended += 1

    tasks: list[asyncio.Task[None]] = []
    for k in range(count):
        due_s = began + k * every_s
        await asyncio.sleep(max(0.0, due_s - monotonic_s()))
        if len(tasks) - ended >= BEHIND:
            break  # this machine is too busy for the question: what it has answered until here is told, with that word
        tasks.append(asyncio.create_task(one(k, due_s)))
    await asyncio.gather(*tasks)
    took_s = monotonic_s() - began - WARM_S

    def at(q: float) -> dict[str, float]:
        without, with_facts = (float(np.percentile(t, q)) for t in took)
        return {"without": round(without, 3), "with": round(with_facts, 3), "added": round(with_facts - without, 3)}

    return {
        "p50_ms": at(50),
        "p99_ms": at(99),
        "transactions": len(took[0]) + len(took[1]),
        "kept_up": len(tasks) == count,
        "facts_per_transaction": SMALL_GROUP,
        "facts_per_s": round(SMALL_GROUP * len(took[1]) / took_s),
    }


async def _verified(urls: Urls, folder: Path) -> int:
    """Return entries verified per second, the median of a few runs over the whole ledger."""
    speeds = []
    for _ in range(VERIFIED_TIMES):
        async with await psycopg.AsyncConnection.connect(urls.sealer, autocommit=True) as conn:
            began = monotonic_s()
            report = await verify(conn, [TRACKING_CENTRE], folder / "ledger")
            took_s = monotonic_s() - began
        assert report.verified, json.dumps(report.as_json())[:400]
        speeds.append(sum(c.entries for c in report.centres) / took_s)
    return round(sorted(speeds)[len(speeds) // 2])


def _sqlite(folder: Path, bodies: list[bytes]) -> int:
    """A hash chain as one would write it in SQLite: no encryption, no signatures, synced every 100."""
    began, prev = monotonic_s(), bytes(32)
    with sqlite3.connect(folder / "rival.sqlite", isolation_level=None) as conn:
        conn.execute("pragma journal_mode = wal")
        conn.execute("pragma synchronous = full")
        conn.execute("create table log (seq integer primary key, prev blob, hash blob, body blob)")
        for first in range(0, len(bodies), RIVAL_GROUP):
            conn.execute("begin")
            for seq, body in enumerate(bodies[first : first + RIVAL_GROUP], start=first + 1):
                digest = hashlib.sha256(prev + body).digest()
                conn.execute("insert into log values (?, ?, ?, ?)", (seq, prev, digest, body))
                prev = digest
            conn.execute("commit")
    conn.close()
    return round(len(bodies) / (monotonic_s() - began))


def _postgres(url: str, bodies: list[bytes]) -> int:
    """The physical limit: COPY into a plain table with a key, no chain, no tenancy, nothing to seal."""
    with psycopg.connect(url) as conn:
        conn.execute("create table rival (seq bigint primary key, at timestamptz, body bytea)")
        conn.commit()
        began, at = monotonic_s(), now()
        for first in range(0, len(bodies), GROUP):
            with conn.cursor() as cursor, cursor.copy("copy rival from stdin") as copy:
                for seq, body in enumerate(bodies[first : first + GROUP], start=first + 1):
                    copy.write_row((seq, at, body))
            conn.commit()
        return round(len(bodies) / (monotonic_s() - began))
