"""How many fixes a second go from a gateway's message through judging to a commit on disk and an acknowledgement.

Real processes: PostgreSQL with fsync, gateways under uvicorn, and a load over loopback HTTP that counts only what was
acknowledged, and then counts the rows. All of it shares the machine's cores with whatever else runs there, so the
processor time of each fix is told beside, by gateways, database and load: it alone says what a machine of its own
would do, and `durable_fixes_per_s_alone` is no more than that division.

The hour of 5,000 wearers is a cut run: so many fixes as a second of them sends (333) times what one was measured to
cost here, in a makers' server's batches and as requests of their own. So is a million phones at a fix a minute: people
who are bound to each other stay in one shard, shards share nothing, and one shard is what was measured.
"""

from __future__ import annotations

import asyncio
import json
import math
import multiprocessing
import os
import socket
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import psycopg
import uvicorn
import uvloop
from fastapi import FastAPI

from ansimnet.app import collector
from ansimnet.app.measure import Options
from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.clock import SystemClock, now
from ansimnet.kernel.geo import Plane, Point
from ansimnet.kernel.ids import TRACKING_CENTRE, WearerId
from ansimnet.platform import migrations, roles
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.engines.postgres import SUPERUSER, Postgres
from ansimnet.platform.http import install
from ansimnet.platform.ledger.keys import KeyStore
from ansimnet.slices.supervision.api import gateway
from ansimnet.slices.supervision.rules import sift
from ansimnet.slices.supervision.service import register
from ansimnet.slices.supervision.store import devices

WEARERS = {"small": 400, "full": 2_000}
BATCHES = {"small": 150, "full": 1_500}
SINGLES = {"small": 4_000, "full": 20_000}
PER_BATCH = 100
LANES = 4
"""Batches under way at a time, each of wearers of its own, as makers' servers send."""
DEVICES = 100
"""Devices that send single requests at a time, each on a connection of its own."""
PROCESSES = 2
"""Gateways: as many as the goal has cores."""
WEARERS_OF_A_COUNTRY, EVERY_S = 5_000, 15.0
PHONES, PHONES_EVERY_S = 1_000_000, 60.0
CITY = Point(37.5, 127.03)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the benchmark's database and keys are."""

    url: str
    keys: Path
    postmaster: Path


def measure(options: Options) -> dict[str, Any]:
    """Measure and return the figures."""
    with tempfile.TemporaryDirectory(prefix="ansimnet-durable-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        server = Postgres(folder / "postgres")
        server.start()
        try:
            with psycopg.connect(server.url(SUPERUSER, "postgres"), autocommit=True) as conn:
                roles.create_database(conn, "durable")
            urls = server.urls("durable")
            migrations.migrate(urls.owner)
            place = Place(urls.tracking, folder / "keys", next(folder.rglob("postmaster.pid")))
            return asyncio.run(_measure(options, place))
        finally:
            server.stop()


async def _measure(options: Options, place: Place) -> dict[str, Any]:
    key = await _fill(place, WEARERS[options.size])
    names = [f"d-{i}" for i in range(WEARERS[options.size])]
    bodies = _bodies(np.random.default_rng(options.seed), names, BATCHES[options.size])
    singles = _singles(names, SINGLES[options.size])
    ports = [_free_port() for _ in range(PROCESSES)]
    context = multiprocessing.get_context("spawn")
    gateways: list[BaseProcess] = [context.Process(target=_serve, args=(place, p), daemon=True) for p in ports]
    for process in gateways:
        process.start()
    try:
        for port in ports:
            await _up(port)
        first = WEARERS[options.size] // LANES // PER_BATCH  # a round of everybody: what binds them is read once
        known = await asyncio.gather(*(_lane(ports[i % PROCESSES], key, bodies[i][:first]) for i in range(LANES)))
        options.progress(1, 3, "batches of 100")
        before, began = _Spent.now(gateways, place), perf_counter()
        told = await asyncio.gather(*(_lane(ports[i % PROCESSES], key, bodies[i][first:]) for i in range(LANES)))
        seconds = perf_counter() - began
        batched = _Spent.now(gateways, place).since(before, sum(a for a, _ in told))
        options.progress(2, 3, "single requests")
        before, began = _Spent.now(gateways, place), perf_counter()
        each = await asyncio.gather(*(_ask(ports[i % PROCESSES], key, singles[i::DEVICES]) for i in range(DEVICES)))
        single_s = perf_counter() - began
        alone = _Spent.now(gateways, place).since(before, sum(each))
    finally:
        for process in gateways:
            process.terminate()
            process.join(10)
    accepted = sum(a for a, _ in (*known, *told)) + sum(each)
    stored = await _stored(place)
    waits = [w for _, ws in told for w in ws]
    rate = sum(a for a, _ in told) / seconds
    a_second = WEARERS_OF_A_COUNTRY / EVERY_S / 1e6
    return {
        "durable_fixes_per_s": round(rate),
        "durable_fixes_per_s_alone": round(PROCESSES * 1e6 / batched.whole),
        "durable_batch": PER_BATCH,
        "durable_ack_ms_p50": round(float(np.percentile(waits, 50)) * 1000, 2),
        "durable_ack_ms_p99": round(float(np.percentile(waits, 99)) * 1000, 2),
        "osmand_requests_per_s": round(sum(each) / single_s),
        "osmand_requests_per_s_alone": round(PROCESSES * 1e6 / alone.whole),
        "durable_us_per_fix": batched.shown(),
        "osmand_us_per_request": alone.shown(),
        "core_share_of_5000_wearers_batched": round(a_second * (batched.gateways + batched.database), 4),
        "core_share_of_5000_wearers_single": round(a_second * (alone.gateways + alone.database), 4),
        "shards_of_a_million_phones": math.ceil(PHONES / PHONES_EVERY_S / rate),
        "durable_acknowledged": accepted,
        "durable_lost": accepted - stored,
        "durable_processes": PROCESSES,
        "durable_cores": os.cpu_count(),
    }


# ------------------------------------------------------------------------------------------------------------ the stage


async def _fill(place: Place, wearers: int) -> str:
    """Register wearers, each with a device and three zones about a home of his own; return a gateway's key."""
    plane, at = Plane(CITY), now()
    async with _db(place) as db, db.transaction() as tx:
        for i in range(wearers):
            await _register(tx, i, plane.to_point(500.0 * (i % 50), 500.0 * (i // 50)), at)
        _, key = await devices.add_gateway(tx, "maker", at)
    return key


async def _register(tx: Tx, i: int, home: Point, at: datetime) -> None:
    wearer_id: WearerId = await register.register_wearer(
        tx, code=f"W-{i}", offence="sexual_violence", office="해담보호관찰소", order_number=str(i),
        from_at=at - timedelta(days=30), until_at=at + timedelta(days=300), actor="system:benchmark", now=at,
    )  # fmt: skip
    await register.bind_device(tx, wearer_id, f"d-{i}", actor="system:benchmark", now=at)
    plane = Plane(home)
    for east_m in (2_000.0, 4_000.0, 6_000.0):
        zone = register.Draft(
            trigger=Trigger.EXCLUSION_ZONE, label="학교", centre=plane.to_point(east_m, 1_000), radius_m=300.0
        )
        await register.set_condition(tx, wearer_id, zone, actor="system:benchmark", now=at)


def _db(place: Place) -> Db:
    return Db(place.url, TRACKING_CENTRE, keys=KeyStore(place.keys), app="durable")


async def _stored(place: Place) -> int:
    async with _db(place) as db, db.transaction() as tx:
        row = await tx.one("select count(*) from supervision_fix")
    assert row is not None
    return int(row[0])


def _bodies(rng: np.random.Generator, names: Sequence[str], count: int) -> list[list[bytes]]:
    """Return each lane's batches: wearers who walk about their homes, one fix each 15 s, seen up to now."""
    plane, end = Plane(CITY), now() - timedelta(seconds=30)
    lanes: list[list[bytes]] = []
    per_lane = len(names) // LANES
    rounds = -(-count * PER_BATCH // len(names))
    for lane in range(LANES):
        mine = range(lane * per_lane, (lane + 1) * per_lane)
        out = []
        for r in range(rounds):
            seen = (end - timedelta(seconds=15 * (rounds - r))).isoformat()
            for first in range(mine.start, mine.stop, PER_BATCH):
                steps = rng.normal(0, 8, (PER_BATCH, 2))
                out.append(_batch(plane, names, range(first, min(first + PER_BATCH, mine.stop)), steps, seen))
        lanes.append(out)
    return lanes


def _batch(plane: Plane, names: Sequence[str], who: range, steps: Any, seen: str) -> bytes:
    positions = []
    for i, (east, north) in zip(who, steps, strict=False):
        p = plane.to_point(500.0 * (i % 50) + float(east), 500.0 * (i // 50) + float(north))
        positions.append(
            {"name": names[i], "seen_at": seen, "lat": p.lat, "lon": p.lon, "accuracy": 12, "speed": 1.2, "batt": 80}
        )
    return json.dumps({"positions": positions}).encode()


def _singles(names: Sequence[str], count: int) -> list[str]:
    """Return OsmAnd requests, later than every batch."""
    plane, end = Plane(CITY), now() - timedelta(seconds=20)
    out = []
    for k in range(count):
        i = k % len(names)
        p = plane.to_point(500.0 * (i % 50), 500.0 * (i // 50))
        at = end.timestamp() + 0.001 * (k // len(names))
        out.append(f"/ingest/osmand?id={names[i]}&lat={p.lat}&lon={p.lon}&timestamp={at:.3f}&accuracy=12&batt=80")
    return out


# ----------------------------------------------------------------------------------------------------- gateway and load


def _serve(place: Place, port: int) -> None:
    """Serve devices in a process of its own, as the API does."""

    async def run() -> None:
        sift.warm()
        async with _db(place) as db:
            app = FastAPI()
            install(app)
            gateway.install(app, gateway.Door(db, SystemClock()))
            collector.settle()
            config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)
            await uvicorn.Server(config).serve()

    uvloop.run(run())


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


async def _up(port: int) -> None:
    for _ in range(600):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
            continue
        writer.close()
        return
    raise TimeoutError("the gateway does not come up")


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length"))
    body = await reader.readexactly(length)
    if not head.startswith(b"HTTP/1.1 200"):
        raise AssertionError(body[:500])
    return body


async def _lane(port: int, key: str, bodies: Sequence[bytes]) -> tuple[int, list[float]]:
    """Send batches one after the other; return how many fixes were accepted, and how long each batch took, s."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    accepted, waits = 0, []
    for body in bodies:
        began = perf_counter()
        head = f"POST /ingest/positions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n"
        writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        accepted += json.loads(await _answer(reader))["accepted"]
        waits.append(perf_counter() - began)
    writer.close()
    return accepted, waits


async def _ask(port: int, key: str, paths: Sequence[str]) -> int:
    """Send requests one after the other; return how many fixes were accepted."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    accepted = 0
    for path in paths:
        writer.write(f"GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\r\n".encode())
        accepted += json.loads(await _answer(reader))["accepted"]
    writer.close()
    return accepted


@dataclass(frozen=True, slots=True)
class _Spent:
    """Processor time of those who take part: seconds, or microseconds a fix."""

    gateways: float
    database: float
    load: float

    @staticmethod
    def now(gateways: Sequence[BaseProcess], place: Place) -> _Spent:
        """Return the seconds spent so far."""
        postmaster = int(place.postmaster.read_text().split()[0])
        database = sum(cpu_s(pid, children=pid == postmaster) for pid in (postmaster, *_children(postmaster)))
        return _Spent(sum(cpu_s(p.pid) for p in gateways), database, process_time())

    def since(self, before: _Spent, fixes: int) -> _Spent:
        """Return what each of so many fixes cost since, µs."""
        return _Spent(*(1e6 * (getattr(self, n) - getattr(before, n)) / fixes for n in _Spent.__slots__))

    @property
    def whole(self) -> float:
        return self.gateways + self.database + self.load

    def shown(self) -> dict[str, float]:
        """Return the figures."""
        return {n: round(getattr(self, n), 1) for n in _Spent.__slots__}


def _children(pid: int) -> list[int]:
    found = []
    for each in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = each.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(each.parent.name))
    return found


def cpu_s(pid: int | None, *, children: bool = False) -> float:
    """Return the CPU seconds of a process, with those of its children that ended if asked (Linux; 0 elsewhere)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11 : 15 if children else 13])) / os.sysconf("SC_CLK_TCK")
