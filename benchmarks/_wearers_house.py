"""The real system of `wearers`, what each of its processes spends while the load runs, and what it kept of it.

Counted is every process of the installation: the API with both doors of devices, the worker, the sealer, PostgreSQL
with all its backends, and this one, which supervises them. Not counted is the load. What was acknowledged is compared
with the tables by raw SQL as superuser.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import psycopg
from benchmarks._supervision_durable import cpu_s
from benchmarks._wearers_load import Plan
from benchmarks._wearers_people import ALARM_M, ZONE_M, Person, fill
from evaluation._compare import MISSING, TWICE
from evaluation._installation import Installation, fresh_settings, installed, workplace
from numpy.typing import NDArray

from ansimnet.app.demo.stage import free_port
from ansimnet.app.measure import ROOT
from ansimnet.kernel.clock import monotonic_s, now
from ansimnet.kernel.errors import Fault
from ansimnet.platform.engines.postgres import SUPERUSER

PARTS = ("seal", "api", "work")
"""No relay and no cameras: nobody looks at pictures here."""
SETTLED_S = 2.0
"""Readers of the ledger that do not move for so long have read what registering everybody told them."""
SETTLE_S = 600.0
BEGIN_S = 300.0
"""How long all devices may take to connect before the first fix."""
END_S = 180.0
"""How long the last answers may take, and the load to write them down."""
WITNESS = ("never-taken-by-reader", "taken-by-reader")
"""Comparisons of `durability` that need its second reader."""
MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Rounds of one fix: how many, how long each lasts here and in the time the fixes tell, how many warm up."""

    rounds: int
    round_s: float
    step_s: float
    warm: int

    @property
    def real(self) -> bool:
        """Whether the fixes tell the time in which they are sent."""
        return self.round_s == self.step_s


@dataclass(slots=True)
class Ran:
    """What a run leaves behind, of the rounds after the warm-up."""

    seconds: float
    spent: dict[str, float]
    minutes: list[float]
    disk: dict[str, int]
    load: dict[str, NDArray[Any]]
    story_s: float
    figures: dict[str, Any] = field(default_factory=dict)


@asynccontextmanager
async def house(people: Sequence[Person], tell: Any) -> AsyncIterator[tuple[Installation, Path]]:
    """Start a system in a fresh folder and register everybody."""
    with workplace("wearers") as folder:
        settings = fresh_settings(folder, mqtt_port=free_port(), log_level="warning")
        tell("starting the system")
        async with installed(settings, parts=PARTS) as running:
            tell(f"registering {len(people):,} people")
            async with running.running.database.dbs(settings, app="benchmark") as dbs:
                await fill(dbs.tracking, people, now())
            await _settled(running)
            yield running, folder


async def under_load(
    running: Installation, folder: Path, people: Sequence[Person], pace: Pace, seed: int, tell: Any
) -> Ran:
    """Send everything, and return what it cost.

    Raises:
        Fault: the load broke, or a process of the system died and was started anew.
    """
    settings = running.running.settings
    assert settings.mqtt_port is not None
    plan = Plan(
        settings.http_host, settings.http_port, settings.mqtt_port, pace.rounds, pace.round_s, pace.step_s, seed,
        list(people),
    )  # fmt: skip
    plan_file, begun, answers = folder / "plan.json", folder / "begun.json", folder / "answers.npz"
    plan_file.touch(mode=0o600)
    plan_file.write_bytes(msgspec.json.encode(plan))
    load = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks._wearers_load", str(plan_file), str(begun), str(answers),
        cwd=ROOT, stdin=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        tell("devices connect")
        began = await _begun(begun, load)
        pids = dict(running.running.pids)
        await _until(began["monotonic_s"] + pace.warm * pace.round_s)
        before, disk, from_s = _spent(running), _disk(running), monotonic_s()
        minutes, last, last_s = [], sum(before.values()), from_s
        end_s = began["monotonic_s"] + pace.rounds * pace.round_s
        while monotonic_s() < end_s and load.returncode is None:
            await _until(min(end_s, last_s + MINUTE_S))
            here, here_s = sum(_spent(running).values()), monotonic_s()
            if here_s - last_s > MINUTE_S / 2:
                minutes.append((here - last) / (here_s - last_s))
            last, last_s = here, here_s
            percent = 100 * (here - sum(before.values())) / (here_s - from_s)
            tell(f"{(here_s - from_s) / 60:.1f} min under load, {percent:.1f} % of a core")
        try:
            ended = await asyncio.wait_for(load.wait(), END_S)
        except TimeoutError:
            raise Fault(f"the system did not keep pace: devices still wait {END_S:.0f} s after the last fix") from None
        if ended != 0:
            raise Fault("the load broke; what it said stands above")
        # what was still to be answered is counted too, and the seconds are no more for it
        after, disk_after, seconds = _spent(running), _disk(running), end_s - from_s
    finally:
        with suppress(ProcessLookupError):
            load.kill()
        await load.wait()
    if dict(running.running.pids) != pids:
        raise Fault(f"a process of the system died meanwhile; see {running.running.log_dir}")
    with np.load(answers) as file:
        found = {name: file[name] for name in file.files}
    spent = {name: after[name] - before[name] for name in after}
    return Ran(seconds, spent, minutes, {k: disk_after[k] - disk[k] for k in disk}, found, began["story_s"])


# --------------------------------------------------------------------------------------------------------- what it cost


def _spent(running: Installation) -> dict[str, float]:
    """Return the seconds of processor time that each part has spent so far."""
    server = running.running.database.server
    assert server is not None
    return {part: cpu_s(running.running.pids.get(part)) for part in PARTS} | {
        "database": cpu_s(server.pid, children=True) + sum(map(cpu_s, _children_of(server.pid))),
        "supervisor": cpu_s(os.getpid()),
    }


def _children_of(pid: int | None) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, task.read_text().split())
    return found


def _disk(running: Installation) -> dict[str, int]:
    with _raw(running) as conn:
        row = conn.execute(
            "select pg_database_size(current_database()), pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint,"
            " pg_total_relation_size('supervision_fix')"
        ).fetchone()
    assert row is not None
    return {"database": int(row[0]), "wal": int(row[1]), "fixes": int(row[2])}


def cost(ran: Ran, warm: int) -> dict[str, Any]:
    """Return what the rounds after the warm-up cost, and how long devices waited for their answers."""
    percent = {name: round(100 * s / ran.seconds, 2) for name, s in ran.spent.items()}
    people, answers = ran.load["taken"], ran.load["answers"]
    fixes = int((people[:, 1] >= warm).sum())
    waits = answers[answers[:, 1] >= warm][:, 3] * 1000
    whole = sum(ran.spent.values())
    return {
        "core_percent": round(100 * whole / ran.seconds, 2),
        "core_percent_of": percent,
        "core_percent_worst_minute": round(100 * max(ran.minutes), 2) if ran.minutes else None,
        "us_per_fix": round(1e6 * whole / max(fixes, 1), 1),
        "measured_s": round(ran.seconds, 1),
        "fixes_per_s": round(fixes / ran.seconds, 1),
        "ack_ms_p50": _percentile(waits, 50),
        "ack_ms_p99": _percentile(waits, 99),
        "ack_ms_worst": _percentile(waits, 100),
        "load_behind_ms_p99": _percentile(ran.load["behind"] * 1000, 99),
        "sent_again": int(ran.load["counts"][0]),
        "refused": int(ran.load["counts"][1]),
        "bytes_per_fix": {name: round(size / max(fixes, 1)) for name, size in ran.disk.items()},
    }


def by_form(ran: Ran, people: Sequence[Person], warm: int) -> dict[str, Any]:
    """Return messages and waits of each way to speak."""
    answers = ran.load["answers"][ran.load["answers"][:, 1] >= warm]
    forms = np.array([p.form for p in people])[answers[:, 0].astype(int)]
    return {
        str(form): {
            "devices": sum(p.form == form for p in people),
            "messages": int((forms == form).sum()),
            "ack_ms_p50": _percentile(answers[forms == form][:, 3] * 1000, 50),
            "ack_ms_p99": _percentile(answers[forms == form][:, 3] * 1000, 99),
        }
        for form in np.unique(forms)
    }


# --------------------------------------------------------------------------------------------------------- what it kept


async def kept(running: Installation, people: Sequence[Person], ran: Ran, pace: Pace) -> dict[str, Any]:
    """Compare what was acknowledged and what was staged with what stands in the tables."""
    await _settled(running)
    with _raw(running) as conn:
        names = {p.name: i for i, p in enumerate(people)}
        rows = conn.execute(
            "select d.name, (extract(epoch from f.seen_at) * 1000)::bigint from supervision_fix f"
            " join supervision_device d using (device_id)"
        )
        stored = np.fromiter(((names[name] << 44) + ms for name, ms in rows), np.int64)
        facts_lost = [f"{w} {r[0]}" for w, q in MISSING.items() if w not in WITNESS for r in conn.execute(q)]
        facts_twice = [f"{w} {r[0]}" for w, q in TWICE.items() if w not in WITNESS for r in conn.execute(q)]
        alarms = _alarms(conn, people, ran, pace)
    taken = ran.load["taken"]
    sent = (taken[:, 0] << 44) + taken[:, 2]
    once = np.unique(stored)
    return {
        "fixes_acknowledged": len(taken),
        "fixes_stored": len(stored),
        "fixes_lost": int(np.setdiff1d(sent, once).size),
        "fixes_doubled": len(stored) - len(once),
        "fixes_of_nobody": int(np.setdiff1d(once, sent).size),
        "facts_lost": len(facts_lost),
        "facts_doubled": len(facts_twice),
        "findings": (facts_lost + facts_twice)[:10],
        "alarms": alarms,
    }


def _alarms(conn: psycopg.Connection[Any], people: Sequence[Person], ran: Ran, pace: Pace) -> dict[str, Any]:
    rows = conn.execute(
        "select w.code, a.trigger, extract(epoch from a.raised_at)::float8, a.confirmed_at is not null,"
        " a.cleared_at is not null from supervision_alarm a join supervision_wearer w using (wearer_id)"
    ).fetchall()
    notices = conn.execute("select notice, count(*) from supervision_notice group by notice").fetchall()
    staged = {p.name: p for p in people if p.breach is not None}
    expected = {(name, p.breach.trigger) for name, p in staged.items() if p.breach is not None}
    told = Counter((r[0], r[1]) for r in rows)
    waits = [r[2] - _inside_s(staged[r[0]], ran, pace) for r in rows if (r[0], r[1]) in expected]
    return {
        "staged": len(expected),
        "raised": sum(key in expected for key in told),
        "confirmed": sum((r[0], r[1]) in expected and r[3] for r in rows),
        "cleared": sum((r[0], r[1]) in expected and r[4] for r in rows),
        "missed": len(expected - told.keys()),
        "twice": sum(count - 1 for key, count in told.items() if key in expected),
        "not_staged": sum(count for key, count in told.items() if key not in expected),
        # from the first fix that was truly inside; an alarm may come before, while he comes near
        "raised_after_s_p50": _percentile(np.array(waits), 50) if pace.real else None,
        "raised_after_s_worst": _percentile(np.array(waits), 100) if pace.real else None,
        "notices": {str(name): int(count) for name, count in notices},
    }


def _inside_s(p: Person, ran: Ran, pace: Pace) -> float:
    """Return when the first fix was taken at which he was truly inside, s since 1970."""
    assert p.breach is not None
    reach = ALARM_M if p.breach.trigger == "approach" else ZONE_M
    for step in range(p.breach.step, pace.rounds):
        east, north = p.truth_m(step)
        if (east - p.breach.east_m) ** 2 + (north - p.breach.north_m) ** 2 <= reach**2:
            return ran.story_s + (step + p.phase) * pace.step_s
    raise Fault("a breach was staged after the end")


# -------------------------------------------------------------------------------------------------------------- waiting


async def _begun(file: Path, load: asyncio.subprocess.Process) -> dict[str, float]:
    until = monotonic_s() + BEGIN_S
    while monotonic_s() < until and load.returncode is None:
        with suppress(OSError, ValueError):
            found: dict[str, float] = json.loads(await asyncio.to_thread(file.read_bytes))
            return found
        await asyncio.sleep(0.05)
    raise Fault("the devices did not all connect")


async def _until(at_s: float) -> None:
    await asyncio.sleep(max(0.0, at_s - monotonic_s()))


async def _settled(running: Installation) -> None:
    """Wait until everything told is sealed and no reader moves."""
    seen: tuple[Any, ...] | None = None
    moved_s, until = monotonic_s(), monotonic_s() + SETTLE_S
    while monotonic_s() < until:
        with _raw(running) as conn:
            row = conn.execute(
                "select (select count(*) from ledger_pending), (select sum(seq) from reader_position)"
            ).fetchone()
        assert row is not None
        if row != seen:
            seen, moved_s = row, monotonic_s()
        if row[0] == 0 and monotonic_s() - moved_s > SETTLED_S:
            return
        await asyncio.sleep(0.25)
    raise Fault("the readers of the ledger did not come to rest")


def _raw(running: Installation) -> psycopg.Connection[Any]:
    server = running.running.database.server
    assert server is not None
    return psycopg.connect(server.url(SUPERUSER), autocommit=True)


def _percentile(values: NDArray[Any], q: float) -> float | None:
    return round(float(np.percentile(values, q)), 2) if len(values) else None
