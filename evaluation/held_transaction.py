"""Does a writing transaction that somebody holds open delay an alert?

A stranger writes into the ledger and does not commit for 60 s (10 s in the small size). Meanwhile wearers walk into
their zones, one after another. Each alarm must be sealed, taken in by the readers and warned of as if nothing were
held. Beside it runs the rival: a follower that only takes rows below the oldest running transaction, which is how an
outbox without a sealer keeps its order; it shows what the delay would have been, and that the hold really was one.

Keys: hold_s alarms alert_ms_p50 alert_ms_worst rival_ms_worst delayed planted found ledger_verified.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psycopg
from evaluation._installation import Installation, fresh_settings, installed, workplace

from ansimnet.app.ledgers import verify_at
from ansimnet.app.measure import Options
from ansimnet.facts.policy import SignedIn
from ansimnet.kernel.clock import monotonic_s, now
from ansimnet.kernel.ids import FactId, new_id
from ansimnet.platform.engines.postgres import SUPERUSER
from ansimnet.platform.ledger import append
from ansimnet_sim.clients.api import Api

HOLD_S = {"small": 10.0, "full": 60.0}
ALARMS = {"small": 4, "full": 20}
ZONE_M = 150.0
AWAY_M = (600, 450, 300, 100, 20, 0, 0)
STEP_S = 10.0
METRES_PER_DEGREE = 111_195.0
DELAYED_MS = 5_000.0
"""An alert later than this is called delayed: a sixth of the hold, and far above any load of this machine."""


def run(options: Options) -> dict[str, Any]:
    """Run and return the figures."""
    with workplace("held") as folder:
        return asyncio.run(_run(options, folder))


async def _run(options: Options, folder: Path) -> dict[str, Any]:
    hold_s, count = HOLD_S[options.size], ALARMS[options.size]
    settings = fresh_settings(folder, log_level="warning")
    options.progress(0, count + 1, "starting the system")
    async with installed(settings, parts=("seal", "api", "work")) as house:
        walkers = [await _register(house, k) for k in range(count)]
        rival: dict[str, datetime] = {}
        follower = asyncio.create_task(_rival(house, rival))
        held, free = asyncio.Event(), asyncio.Event()
        holder = asyncio.create_task(_hold(house, held, free))
        await held.wait()
        began = monotonic_s()
        for k, (device, key) in enumerate(walkers):
            options.progress(k, count + 1, f"alarm {k + 1} of {count} while a transaction is open")
            await _walk(house, device, key, k)
            await asyncio.sleep(max(0.0, began + hold_s * (k + 1) / (count + 1) - monotonic_s()))
        seen_held = _alarms(house)
        await asyncio.sleep(max(0.0, began + hold_s - monotonic_s()))
        free.set()
        await holder
        await asyncio.sleep(2.0)
        follower.cancel()
        with suppress(asyncio.CancelledError):
            await follower
        alarms = _alarms(house)
        verified = (await verify_at(house.running.database.urls.sealer, settings)).verified
    ours = [(sealed - recorded).total_seconds() * 1000 for _, recorded, sealed in alarms]
    theirs = [(rival[i] - recorded).total_seconds() * 1000 for i, recorded, _ in alarms if i in rival]
    delayed = sum(ms > DELAYED_MS for ms in ours) + (count - len(seen_held))
    return {
        "hold_s": hold_s,
        "alarms": len(alarms),
        "alarms_expected": count,
        "seen_while_held": len(seen_held),
        "alert_ms_p50": _percentile(ours, 50),
        "alert_ms_worst": _percentile(ours, 100),
        "rival_ms_p50": _percentile(theirs, 50),
        "rival_ms_worst": _percentile(theirs, 100),
        "delayed": delayed,
        "planted": 1,
        "found": int(bool(theirs) and max(theirs) > hold_s * 500),
        "ledger_verified": verified,
    }


async def _hold(house: Installation, held: asyncio.Event, free: asyncio.Event) -> None:
    """Write a fact and keep the transaction open."""
    async with (
        house.running.database.dbs(house.running.settings, app="stranger") as dbs,
        dbs.tracking.transaction() as tx,
    ):
        fact = SignedIn(fact_id=FactId(new_id()), happened_at=now(), account_id=None, succeeded=False)
        await append(tx, fact, actor="system:policy")
        held.set()
        await free.wait()


async def _rival(house: Installation, seen: dict[str, datetime]) -> None:
    """Follow the ledger's table by commit horizon, and note when each alarm's incident is first seen."""
    server = house.running.database.server
    assert server is not None
    conn = await psycopg.AsyncConnection.connect(server.url(SUPERUSER), autocommit=True)
    async with conn:
        while True:
            rows = await conn.execute(
                "select entry_id::text from ledger_entry where kind = 'dispatch.incident.opened.v1'"
                " and xmin::text::bigint < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
            )
            at = now()
            for (entry_id,) in await rows.fetchall():
                seen.setdefault(entry_id, at)
            await asyncio.sleep(0.05)


async def _register(house: Installation, k: int) -> tuple[str, str]:
    officer: Api = await house.sign_in("officer")
    async with officer:
        code = f"W-{4001 + k}"
        order = {
            "number": f"2026전자{k:03d}",
            "from_at": (now() - timedelta(days=1)).isoformat(),
            "until_at": (now() + timedelta(days=365)).isoformat(),
        }
        made = await officer.post(
            "/api/v1/wearers", {"code": code, "offence": "sexual_violence", "office": "평가", "order": order}
        )
        path = f"/api/v1/wearers/{made['wearer_id']}"
        device = await officer.post(f"{path}/devices", {"name": f"{code}-1"})
        zone = {"trigger": "exclusion_zone", "label": "Z", "centre": [36.5 + 0.02 * k, 127.9], "radius_m": ZONE_M}
        await officer.post(f"{path}/conditions", zone)
    return f"{code}-1", str(device["device_key"])


async def _walk(house: Installation, device: str, key: str, k: int) -> None:
    """Send one walk into the zone as one batch."""
    began = now() - timedelta(seconds=STEP_S * len(AWAY_M))
    positions = [
        {
            "device_id": device,
            "seen_at": (began + timedelta(seconds=STEP_S * i)).isoformat(),
            "lat": 36.5 + 0.02 * k + away / METRES_PER_DEGREE,
            "lon": 127.9,
            "accuracy": 8.0,
        }
        for i, away in enumerate(AWAY_M)
    ]
    async with httpx.AsyncClient(base_url=house.base, timeout=20.0) as client:
        answer = await client.post(
            "/ingest/positions", json={"positions": positions}, headers={"Authorization": f"Bearer {key}"}
        )
        answer.raise_for_status()


def _alarms(house: Installation) -> list[tuple[str, datetime, datetime]]:
    """Return, per incident opened, its entry, when its trigger was recorded, and when its opening was sealed."""
    server = house.running.database.server
    assert server is not None
    with psycopg.connect(server.url(SUPERUSER), autocommit=True) as conn:
        return conn.execute(
            """select o.entry_id::text, t.recorded_at, s.sealed_at
            from ledger_entry o join ledger_seal s using (entry_id)
            join ledger_entry t on t.kind = 'supervision.trigger.confirmed.v1'
                and convert_from(t.body, 'utf8')::jsonb->>'alarm_id' = convert_from(o.body, 'utf8')::jsonb->>'alarm_id'
            where o.kind = 'dispatch.incident.opened.v1'"""
        ).fetchall()


def _percentile(values: list[float], q: float) -> float | None:
    return round(float(np.percentile(values, q)), 1) if values else None
