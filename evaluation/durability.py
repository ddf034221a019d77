"""Is anything lost or told twice when processes and the database are killed at random moments under load?

The real system runs in a fresh folder. A load process of its own sends fixes in which every wearer enters his zone
again and again, as makers' gateways and devices themselves do (JSON batches, OsmAnd, MQTT), and keeps, synced, what was
acknowledged. A killer ends (kill -9) API, sealer, worker, relay, readers, single database connections and the
postmaster; most kills that stand between a device and its receipt strike while a batch is under way, and
`kills_in_a_batch` counts those after which it was never answered. At the end raw SQL compares the tables with the
load's file and with the script. Then faults are planted into a copy, and the whole runs again with one check of the
product switched off at a time; every one of them must be found.

Keys: lost duplicated ledger_verified acknowledged alarms_expected alarms_found kills kills_in_a_batch by_door
recovery_s planted found plants.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from evaluation._compare import Acknowledged, Compared, compare
from evaluation._durability_holes import HOLES, Hole
from evaluation._installation import Installation, fresh_settings, installed, workplace
from evaluation._kills import Killer, recoveries, struck
from evaluation._load import LAP, PER_BATCH, STEP_S
from evaluation._plants import plant
from evaluation._witness import TABLE

from ansimnet.app.demo.stage import free_port
from ansimnet.app.ledgers import export_all, verify_at
from ansimnet.app.measure import Options
from ansimnet.kernel.clock import monotonic_s, now
from ansimnet.kernel.errors import Fault
from ansimnet.platform.database import database
from ansimnet.platform.engines.postgres import SUPERUSER, Postgres
from ansimnet.platform.settings import Settings
from ansimnet_sim.clients.api import Api

KILLS = {"small": 8, "full": 100}
WEARERS = {"small": 8, "full": 24}
LANES = 4
"""Batches under way side by side."""
PAUSE_S = {"small": 0.05, "full": 0.15}
"""Between two batches of a lane."""
ZONE_M = 150.0
DAYS_BACK = 3
"""The story's time begins so long ago and runs some hundred times faster than ours; it never reaches the present."""
WARM_UP_S = 1.0
STALLED_S = 30.0
"""After the last kill readers may take as long as they need, but may not stand still for so long."""
QUIET_S = 8.0
"""Nobody has anything left to say after this: a reader that waits for a neighbour asks again every 5 s."""
DRAIN_S = 900.0
"""And no longer than this: the witness takes in every fact there is, one transaction each, some hundred a second."""
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Run:
    """What a run under load leaves behind."""

    acknowledged: Acknowledged
    expected: dict[str, int]
    killer: Killer
    seconds: float
    drained: bool


def run(options: Options) -> dict[str, Any]:
    """Run and return the figures.

    Raises:
        Fault: the load ended by itself, so nothing was measured.
    """
    kills = options.kills or KILLS[options.size]
    with workplace("durability") as folder:
        settings = _settings(folder)
        ran = asyncio.run(_under_fire(options, kills, settings, folder))
        options.progress(kills, kills + 2, "comparing by raw SQL")
        with database(settings, migrate=False, say=lambda _: None) as db:
            assert db.server is not None
            figures = _judge(options, kills, settings, folder, db.server, ran)
    holes = {name: _finds(options, kills, name, hole) for name, hole in HOLES.items()}
    figures["plants"] |= holes
    figures["planted"] += len(holes)
    figures["found"] += sum(holes.values())
    return figures


def _settings(folder: Path) -> Settings:
    return fresh_settings(folder, log_level="warning", mqtt_port=free_port())


def _finds(options: Options, kills: int, name: str, hole: Hole) -> bool:
    """Run with one check switched off, and tell whether the comparison shows it."""
    options.progress(kills + 1, kills + 2, f"switched off: {name}")
    with workplace("durability") as folder:
        settings = _settings(folder)
        ran = asyncio.run(_under_fire(options, hole.kills, settings, folder, hole))
        with database(settings, migrate=False, say=lambda _: None) as db:
            assert db.server is not None
            return hole.shows(compare(db.server.url(SUPERUSER), ran.acknowledged.ids, ran.expected))


async def _under_fire(options: Options, kills: int, settings: Settings, folder: Path, hole: Hole | None = None) -> Run:
    """Run under load and kill; with a hole, in what it leaves open alone."""
    plan, acknowledged, stop = folder / "plan.json", folder / "acknowledged.jsonl", folder / "stop"

    def tell(done: float, words: str) -> None:
        if hole is None:
            options.progress(done, kills + 2, words)

    tell(0, "starting the system")
    around = hole.installation() if hole is not None else {}
    async with installed(settings, **around) as house:
        urls = house.running.database.urls
        with psycopg.connect(urls.owner, autocommit=True) as conn:
            conn.execute(TABLE)
        urls_file = folder / "urls.json"
        urls_file.touch(mode=0o600)
        urls_file.write_text(json.dumps(asdict(urls)), encoding="utf-8")
        await _register(house, plan, WEARERS[options.size], PAUSE_S[options.size])
        killer = Killer(house.running, urls_file, acknowledged, folder / "flight", random.Random(options.seed))
        if hole is not None:
            killer.weights, killer.witness = {hole.victim: 1}, hole.witness
        began = monotonic_s()
        with (folder / "witness.log").open("ab") as log:
            keepers = [asyncio.create_task(killer.keep_witness(k, log)) for k in range(2)]
            load = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "evaluation._load", str(plan), str(acknowledged), str(stop),
                cwd=ROOT, stdin=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            try:
                await asyncio.sleep(WARM_UP_S)
                await killer.run(kills, tell)
                stop.touch()
                tell(kills, "the load finishes its laps, readers catch up")
                if await asyncio.wait_for(load.wait(), 120) != 0:
                    raise Fault("the load process broke")
                drained = await _drained(house) if hole is None or hole.drains else False
            finally:
                for keeper in keepers:
                    keeper.cancel()
                await asyncio.gather(*keepers, return_exceptions=True)
                with suppress(ProcessLookupError):
                    load.kill()
                await load.wait()
        seconds = monotonic_s() - began
    found = Acknowledged.read(acknowledged)
    return Run(found, _laps(found, json.loads(plan.read_text(encoding="utf-8"))), killer, seconds, drained)


async def _register(house: Installation, plan: Path, wearers: int, pause_s: float) -> None:
    """Enter the wearers, a zone for each, and a gateway's key; write the load's plan."""
    officer: Api = await house.sign_in("officer")
    began = now().replace(microsecond=0) - timedelta(days=DAYS_BACK)
    walkers, keys = [], {}
    async with officer:
        for k in range(wearers):
            code, lat, lon = f"W-{2001 + k}", round(36.5 + 0.02 * k, 6), 127.9
            order = {
                "number": f"2026전자{k:03d}",
                "from_at": (began - timedelta(days=1)).isoformat(),
                "until_at": (now() + timedelta(days=365)).isoformat(),
            }
            made = await officer.post(
                "/api/v1/wearers", {"code": code, "offence": "sexual_violence", "office": "평가", "order": order}
            )
            path = f"/api/v1/wearers/{made['wearer_id']}"
            bound = await officer.post(f"{path}/devices", {"name": f"{code}-1"})
            keys[f"{code}-1"] = bound["device_key"]
            zone = {"trigger": "exclusion_zone", "label": "Z", "centre": [lat, lon], "radius_m": ZONE_M}
            await officer.post(f"{path}/conditions", zone)
            walkers.append({"device": f"{code}-1", "lat": lat, "lon": lon})
        gateway = await officer.post("/api/v1/gateways", {"name": "evaluation"})
    words = {
        "base": house.base, "gateway_key": gateway["gateway_key"], "begins_at": began.isoformat(), "lanes": LANES,
        "pause_s": pause_s, "walkers": walkers, "keys": keys, "flight": str(plan.with_name("flight")),
        "mqtt_port": house.running.settings.mqtt_port,
    }  # fmt: skip
    await asyncio.to_thread(plan.touch, 0o600)
    await asyncio.to_thread(plan.write_text, json.dumps(words), encoding="utf-8")


def _laps(found: Acknowledged, plan: dict[str, Any]) -> dict[str, int]:
    """Return how often each wearer truly entered his zone: once per lap."""
    counts = {w["device"]: 0 for w in plan["walkers"]}
    for fix in found.ids:
        counts[fix.partition(" ")[0]] += 1
    return {device: fixes // len(LAP) for device, fixes in counts.items()}


async def _drained(house: Installation) -> bool:
    """Wait until everything committed is sealed, the witness has read it, and no reader moves; say whether it came."""
    server, until = house.running.database.server, monotonic_s() + DRAIN_S
    assert server is not None
    seen: tuple[Any, ...] = ()
    moved_s = monotonic_s()
    while monotonic_s() < until and monotonic_s() - moved_s < STALLED_S:
        with suppress(psycopg.Error), psycopg.connect(server.url(SUPERUSER), connect_timeout=2) as conn:
            row = conn.execute(
                """select (select count(*) from ledger_pending),
                (select count(*) from ledger_seal) - (select count(*) from evaluation_taken),
                (select sum(seq) from reader_position), (select count(*) from ledger_entry)"""
            ).fetchone()
            assert row is not None
            if row != seen:
                seen, moved_s = row, monotonic_s()
            if row[0] == 0 and row[1] == 0 and monotonic_s() - moved_s > QUIET_S:
                return True
        await asyncio.sleep(0.5)
    return False


def _judge(
    options: Options, kills: int, settings: Settings, folder: Path, server: Postgres, ran: Run
) -> dict[str, Any]:
    compared = compare(server.url(SUPERUSER), ran.acknowledged.ids, ran.expected)
    ours = asyncio.run(verify_at(server.urls().sealer, settings))
    export_all(settings, folder / "export", say=lambda _: None)
    independent = independent_findings(folder / "export")
    options.progress(kills + 1, kills + 2, "planting faults into a copy, and looking for them")
    planted = plant(settings, folder, server, ran.acknowledged.ids, ran.expected, compared)
    return _figures(server, ran, compared) | {
        "ledger_verified": ours.verified and not independent,
        "ledger_verified_by_us": ours.verified,
        "ledger_verified_independently": not independent,
        "ledger_entries": sum(c.entries for c in ours.centres),
        "planted": len(planted),
        "found": sum(planted.values()),
        "plants": planted,
    }


def independent_findings(folder: Path) -> list[str]:
    """Return what `tools/verify_ledger.py` finds in an export of both centres."""
    found = []
    for centre in ("tracking", "city"):
        argv = [sys.executable, str(ROOT / "tools" / "verify_ledger.py"), str(folder / f"{centre}.jsonl")]
        argv += ["--key", str(folder / f"{centre}.pub"), "--json"]
        if (folder / f"{centre}.checkpoints").exists():
            argv += ["--witness", str(folder / f"{centre}.checkpoints")]
        said = subprocess.run(argv, check=False, capture_output=True, text=True)
        if said.returncode == 2:
            found.append(f"{centre}: {said.stderr.strip()}")
            continue
        found += [f"{centre}: {f['what']} at {f['seq']}" for f in json.loads(said.stdout)["findings"]]
    return found


def _figures(server: Postgres, ran: Run, compared: Compared) -> dict[str, Any]:
    with psycopg.connect(server.url(SUPERUSER)) as conn:
        signs = {
            "seal": [row[0] for row in conn.execute("select sealed_at from ledger_seal order by sealed_at")],
            "work": [
                row[0]
                for row in conn.execute(
                    "select recorded_at from ledger_entry where actor in ('system:dispatch', 'system:footage')"
                    " order by recorded_at"
                )
            ],
        }
    by_kind = recoveries(ran.killer.kills, ran.acknowledged.spans, signs)
    times = [t for kind in by_kind.values() for t in kind]
    counts: dict[str, int] = {}
    for kill in ran.killer.kills:
        counts[kill.kind] = counts.get(kill.kind, 0) + 1
    return {
        "lost": len(compared.lost),
        "duplicated": len(compared.duplicated),
        "findings": sorted(compared.findings)[:20],
        "acknowledged": len(ran.acknowledged.ids),
        "batches": ran.acknowledged.batches,
        "refused": ran.acknowledged.refused,
        "sent_again": ran.acknowledged.sent_again,
        "stored_before_told": ran.acknowledged.told_before,
        "alarms_expected": sum(ran.expected.values()),
        "alarms_found": compared.alarms_found,
        "alarms_missing": len(compared.alarms_missing),
        "drained": ran.drained,
        "kills": len(ran.killer.kills),
        "kills_by_kind": counts,
        "kills_in_a_batch": struck(ran.killer.kills, ran.acknowledged.unanswered),
        "by_door": dict(sorted(ran.acknowledged.by_door.items())),
        "recovery_s": {
            "p50": _percentile(times, 50),
            "p99": _percentile(times, 99),
            "worst": _percentile(times, 100),
            **{kind: _percentile(values, 50) for kind, values in sorted(by_kind.items())},
        },
        "seconds": round(ran.seconds, 1),
        **compared.figures,
        "fixes_per_lap": len(LAP),
        "story_s_per_batch": STEP_S * PER_BATCH,
    }


def _percentile(values: list[float], q: float) -> float | None:
    return round(float(np.percentile(values, q)), 3) if values else None
